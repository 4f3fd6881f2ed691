package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"docent/generator/site"
)

type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *log) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// start serves a folder and gives its address and a function that stops it.
func start(t *testing.T, dir string) (url string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Site: site.Options{Source: dir}, Addr: "127.0.0.1:0", Log: &log{}, Ready: func(u string) { ready <- u }})
	}()
	select {
	case url = <-ready:
	case err := <-done:
		cancel()
		t.Fatal(err)
	}
	stop = func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(5 * time.Second):
			t.Fatal("the server does not stop")
			return nil
		}
	}
	t.Cleanup(cancel)
	return url, stop
}

func get(t *testing.T, url, host string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A follower is what an open page hears.
type follower struct {
	t     *testing.T
	lines chan message
	last  message
}

type message struct {
	Reload, Evidence bool
	Diags            []shownDiag
}

func follow(t *testing.T, url, page string) *follower {
	t.Helper()
	resp, err := http.Get(url + "_preview/events?page=" + page)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	f := &follower{t: t, lines: make(chan message, 1000)}
	go func() {
		defer close(f.lines)
		sc := bufio.NewScanner(resp.Body)
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			if d, ok := strings.CutPrefix(sc.Text(), "data: "); ok {
				var m message
				if err := json.Unmarshal([]byte(d), &m); err != nil {
					t.Errorf("%v: %s", err, d)
				}
				f.lines <- m
			}
		}
	}()
	return f
}

// next waits for the next message.
func (f *follower) next() message {
	f.t.Helper()
	select {
	case f.last = <-f.lines:
	case <-time.After(30 * time.Second):
		f.t.Fatal("no message")
	}
	return f.last
}

// reloads waits for the message that reloads the page.
func (f *follower) reloads() {
	f.t.Helper()
	for !f.next().Reload {
	}
}

// rests reports whether the page is told nothing for a moment that would
// reload it.
func (f *follower) rests() bool {
	for quiet := time.After(300 * time.Millisecond); ; {
		select {
		case l := <-f.lines:
			if l.Reload {
				return false
			}
		case <-quiet:
			return true
		}
	}
}

func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.md", "# Home\n")
	write(t, dir, "a.md", "# A\n")
	url, stop := start(t, dir)
	for _, c := range []struct {
		path, host string
		status     int
		want       string
	}{
		{"", "", 200, "<h1>Home"},
		{"a/", "", 200, "<h1>A"},
		{"a", "", 301, ""},
		{"gone/", "", 404, "Page not found"},
		{"..%2f..%2fetc/passwd", "", 404, "Page not found"},
		{"", "evil.example", 421, "only under its own address"},
		{"_preview/preview.js", "", 200, "EventSource"},
	} {
		resp, body := get(t, url+c.path, c.host)
		if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("/%s at %q: %d, want %d, with %q", c.path, c.host, resp.StatusCode, c.status, c.want)
		}
		if c.status == 200 && !strings.Contains(resp.Header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("/%s has no policy", c.path)
		}
		if c.status == 301 && resp.Header.Get("Location") != "./a/" {
			t.Errorf("sent to %s", resp.Header.Get("Location"))
		}
	}
	if resp, err := http.Post(url, "text/plain", nil); err != nil || resp.StatusCode != 405 {
		t.Errorf("POST: %v", resp)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestReload saves a page and expects the message that reloads it, with the
// new diagnostics, and the new page.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.md", "# Home\n")
	write(t, dir, "a.md", "# A\n")
	url, stop := start(t, dir)
	f := follow(t, url, "/a/")
	if l := f.next(); l.Reload || len(l.Diags) > 0 {
		t.Errorf("first message %v", l)
	}
	// As many editors do: write another file, then rename it.
	write(t, dir, ".a.md.tmp", "# A new\n\n[x](gone.md)\n")
	if err := os.Rename(filepath.Join(dir, ".a.md.tmp"), filepath.Join(dir, "a.md")); err != nil {
		t.Fatal(err)
	}
	f.reloads()
	for len(f.last.Diags) == 0 {
		f.next()
	}
	if d := f.last.Diags[0]; !strings.HasPrefix(d.At, "a.md:3:") || d.Code != "link-broken" || !strings.Contains(d.Excerpt, "[x](gone.md)") {
		t.Errorf("said %v", d)
	}
	if _, body := get(t, url+"a/", ""); !strings.Contains(body, "A new") {
		t.Error("the old page is served")
	}
	write(t, dir, "a.md", "# A mended\n")
	f.reloads()
	for len(f.last.Diags) > 0 {
		f.next()
	}
	missing := follow(t, url, "/b/")
	write(t, dir, "b.md", "# B in a new file\n") // the navigation of a changes
	f.reloads()
	missing.reloads()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestSavedWhileItLoads saves a page between the moment at which it is served
// and the one at which it begins to listen: it is told at once.
func TestSavedWhileItLoads(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.md", "# Home\n")
	write(t, dir, "a.md", "# A\n")
	url, stop := start(t, dir)
	shown := func(page string) string {
		t.Helper()
		_, body := get(t, url+page, "")
		_, rest, found := strings.Cut(body, script+"?shown=")
		token, _, _ := strings.Cut(rest, `"`)
		if !found || token == "" {
			t.Fatalf("%s does not know what it shows: %.300s", page, body)
		}
		return "&shown=" + token
	}
	old, missing := shown("a/"), shown("b/")
	if l := follow(t, url, "/a/"+old).next(); l.Reload {
		t.Error("a page is loaded again though nothing changed")
	}
	if l := follow(t, url, "/b/"+missing).next(); l.Reload {
		t.Error("a page that is not there is loaded again though nothing changed")
	}
	write(t, dir, "a.md", "# A saved\n")
	write(t, dir, "b.md", "# B\n")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, a := get(t, url+"a/", "")
		_, b := get(t, url+"b/", "")
		if strings.Contains(a, "A saved") && strings.Contains(b, "<h1>B") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new pages are not served: %.500s", b)
		}
	}
	for page, token := range map[string]string{"/a/": old, "/b/": missing} {
		if l := follow(t, url, page+token).next(); !l.Reload {
			t.Errorf("%s was saved while it was loaded, and is not told", page)
		}
		if l := follow(t, url, page+shown(page[1:])).next(); l.Reload {
			t.Errorf("%s is loaded again and again", page)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	write(t, dir, "index.md", "# A\n")
	err = Run(context.Background(), Options{Site: site.Options{Source: dir}, Addr: l.Addr().String(), Log: &log{}})
	if err == nil || !strings.Contains(err.Error(), "is in use") || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("got %v", err)
	}
}

// TestNews: pages hear of what is mended, however late a page is checked after
// its save. What they were told in the meantime counts, not what they were
// told when all was found out last.
func TestNews(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.md", "# Home\n")
	ctx := context.Background()
	live, err := site.OpenLive(ctx, site.Options{Source: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	s := &server{opt: Options{Site: site.Options{Source: dir}, Log: &log{}}, live: live, waiting: map[chan struct{}]bool{}}
	for s.check() {
	}
	s.find()
	s.tell()
	save := func(text string) {
		write(t, dir, "index.md", text)
		if err := live.Update(ctx, "index.md"); err != nil {
			t.Fatal(err)
		}
	}
	save("# Home\n\n[x](gone.md)\n")
	for s.check() {
	}
	if !s.find() {
		t.Error("a mistake is no news")
	}
	s.tell()
	save("# Home\n\nMended.\n")
	s.find() // before the page is checked
	s.tell()
	for s.check() {
	}
	if !s.find() {
		t.Error("that it is mended is no news")
	}
}
