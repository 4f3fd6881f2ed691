package links

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func options() Options {
	return Options{Timeout: 2 * time.Second, Retries: 2, PerHost: 2, Fresh: time.Hour, Private: true}
}

func check(t *testing.T, o Options, addresses ...string) []Result {
	t.Helper()
	r, err := Check(t.Context(), addresses, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnswers(t *testing.T) {
	var flaky, heads atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.UserAgent(), "docent-check") {
			t.Error("who asks is not said")
		}
	})
	mux.HandleFunc("/get-only", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			heads.Add(1)
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	})
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		if flaky.Add(1) < 5 { // two tries of HEAD and GET
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusMovedPermanently) })
	mux.HandleFunc("/seen-elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/", http.NotFound)
	s := httptest.NewServer(mux)
	defer s.Close()
	o := options()
	o.Ignore = []string{"*/ignored/*"}
	want := map[string]string{"/ok": "", "/ok#part": "", "/get-only": "", "/flaky": "", "/moved": "", "/seen-elsewhere": "", "/ignored/x": "",
		"/gone": "answers 404 Not Found", "/loop": "redirects more than 10 times"}
	for path, why := range want {
		r := check(t, o, s.URL+path)[0]
		if why == "" && r.Why != "" || why != "" && !strings.Contains(r.Why, why) {
			t.Errorf("%s: %+v", path, r)
		}
		if moved := map[string]string{"/moved": s.URL + "/ok"}[path]; r.Moved != moved {
			t.Errorf("%s moved to %q", path, r.Moved)
		}
	}
	o.Timeout, o.Retries = 50*time.Millisecond, 0
	if r := check(t, o, s.URL+"/slow")[0]; r.Why != "did not answer within 50ms" {
		t.Errorf("/slow: %+v", r)
	}
	if r := check(t, o, "http://127.0.0.1:1/")[0]; !strings.Contains(r.Why, "cannot be reached") {
		t.Errorf("nobody there: %+v", r)
	}
	if heads.Load() == 0 {
		t.Error("the whole page was asked for without trying HEAD")
	}
}

// TestPolite counts what one host gets at the same time, and how soon.
func TestPolite(t *testing.T) {
	var mu sync.Mutex
	var now, most int
	var starts []time.Time
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		starts = append(starts, time.Now())
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
	}))
	defer s.Close()
	o := options()
	o.Pause = 10 * time.Millisecond
	var all []string
	for i := range 12 {
		all = append(all, fmt.Sprintf("%s/%d", s.URL, i), fmt.Sprintf("%s/%d#again", s.URL, i))
	}
	check(t, o, all...)
	if most > 2 || len(starts) != 12 {
		t.Errorf("%d requests, %d at the same time", len(starts), most)
	}
	if took := starts[len(starts)-1].Sub(starts[0]); took < 10*9*time.Millisecond {
		t.Errorf("12 requests within %s: there was no pause", took)
	}
}

func TestRetryAfter(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer s.Close()
	began := time.Now()
	if r := check(t, options(), s.URL)[0]; r.Why != "" || time.Since(began) < 900*time.Millisecond || asked.Load() != 2 {
		t.Errorf("%+v after %s and %d requests", r, time.Since(began), asked.Load())
	}
}

func TestGoodAnswersAreRemembered(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/bad" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	o := options()
	o.Cache = filepath.Join(t.TempDir(), "deep", "links.json")
	for range 3 {
		check(t, o, s.URL+"/good", s.URL+"/bad")
	}
	if n := asked.Load(); n != 1+3*2 { // bad: HEAD and GET, each time
		t.Errorf("%d requests", n)
	}
	o.Fresh = 0
	check(t, o, s.URL+"/good")
	if n := asked.Load(); n != 8 {
		t.Errorf("an old answer was taken: %d requests", n)
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer s.Close()
	o := options()
	o.Private = false
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, a := range []string{s.URL, "http://localhost" + port, "http://[::1]" + port, "http://0.0.0.0" + port, "http://10.1.2.3/", "http://192.168.0.1/",
		"http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.1]" + port, "http://100.64.0.1/", "http://[fd00::1]/", "http://2130706433" + port + "/"} {
		if r := check(t, o, a)[0]; r.Why == "" || !r.Ours && !strings.Contains(r.Why, "no host") {
			t.Errorf("%s: %+v", a, r)
		}
	}
	if asked.Load() != 0 {
		t.Error("a private address was asked")
	}
}

func TestStopped(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	o := options()
	o.Timeout = time.Minute
	if _, err := Check(ctx, []string{s.URL, s.URL + "/2", s.URL + "/3"}, o); err == nil {
		t.Error("a check that was stopped gave results")
	}
}
