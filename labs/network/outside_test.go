package network_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"docent/labs/network"
)

// outside leads every request that leaves the lab to a server on loopback.
func outside(t *testing.T, h http.Handler) *http.Transport {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	return &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it plays nvcr.io under a name of its own
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
	}
}

// damaged is a registry whose layers are damaged on their way.
func damaged(inner http.Handler, damage func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
			inner.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, r)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		if body := rec.Body.Bytes(); len(body) > 1000 { // a layer, not the configuration
			_, _ = w.Write(damage(body))
			return
		}
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func filled(t *testing.T, ref string) (http.Handler, v1.Image) {
	t.Helper()
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(inner)
	t.Cleanup(server.Close)
	img := image(t)
	host := strings.TrimPrefix(server.URL, "http://")
	if err := remote.Write(tag(t, strings.Replace(ref, "nvcr.io", host, 1)), img); err != nil {
		t.Fatal(err)
	}
	return inner, img
}

// A run that is not hermetic pulls the image itself, through the lab, with its
// digest; what is asked for that is not there is nobody's fault but the page's.
func TestRealImageIsPulled(t *testing.T) {
	inner, img := filled(t, "nvcr.io/org/real:1")
	n := start(t, network.Options{Outside: outside(t, inner)})
	if err := pull(t.Context(), tag(t, "nvcr.io/org/real:1"), through(t, n, "")); err != nil {
		t.Fatal(err)
	}
	got, err := remote.Image(tag(t, "nvcr.io/org/real:1"), remote.WithTransport(through(t, n, "")))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := img.Digest()
	if d, _ := got.Digest(); d != want {
		t.Errorf("pulled %s, want %s", d, want)
	}
	if s, ok := n.StandInFor("nvcr.io/org/real:1"); ok {
		t.Errorf("the stand-in %s plays an image that can be pulled", s.Recipe)
	}
	if h := n.Hosts(); len(h) == 0 || h[0].Host != "nvcr.io" || h[0].Outcome != "allowed" {
		t.Errorf("hosts %+v", h)
	}
	if err := pull(t.Context(), tag(t, "nvcr.io/org/none:1"), through(t, n, "")); err == nil {
		t.Error("pulled an image that is not there")
	}
	if f := n.Faults(); len(f) > 0 {
		t.Errorf("faults %v of a registry that does as it should", f)
	}
	// A push goes nowhere.
	if err := remote.Write(tag(t, "nvcr.io/org/mine:1"), image(t), remote.WithTransport(through(t, n, ""))); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	inner.ServeHTTP(rec, httptest.NewRequest(http.MethodHead, "/v2/org/mine/manifests/1", nil))
	if rec.Code != http.StatusNotFound {
		t.Errorf("the push reached the outside: %d", rec.Code)
	}
}

// A registry outside that fails is told, with its name, and in good time.
func TestFaultyRegistriesOutside(t *testing.T) {
	const ref = "nvcr.io/org/real:1"
	inner, _ := filled(t, ref)
	for title, c := range map[string]struct {
		h    http.Handler
		said string
	}{
		"500":             {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", 500) }), "500"},
		"hangs":           {http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "timeout"},
		"truncated layer": {damaged(inner, func(b []byte) []byte { return b[:len(b)/2] }), "layer sha256:"},
		"wrong digest":    {damaged(inner, func(b []byte) []byte { return bytes.Repeat([]byte{7}, len(b)) }), "layer sha256:"},
		"stops in a layer": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			damaged(inner, func(b []byte) []byte {
				w.Header().Set("Content-Length", strconv.Itoa(len(b)))
				_, _ = w.Write(b[:len(b)/2])
				w.(http.Flusher).Flush()
				<-r.Context().Done()
				return nil
			}).ServeHTTP(w, r)
		}), "said nothing"},
	} {
		t.Run(title, func(t *testing.T) {
			n := start(t, network.Options{Outside: outside(t, c.h), Patience: 500 * time.Millisecond})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := pull(ctx, tag(t, ref), through(t, n, "")); err == nil {
				t.Error("pulled an image from a registry that fails")
			}
			if took := time.Since(began); took > 25*time.Second {
				t.Errorf("took %v", took)
			}
			f := n.Faults()
			if len(f) == 0 || f[0].Host != "nvcr.io" || !strings.Contains(f[0].What, c.said) {
				t.Errorf("faults %v, want one that says %q", f, c.said)
			}
		})
	}
}

// What a hermetic run refuses is told, too.
func TestRefusalIsAFault(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	resp, err := (&http.Client{Transport: through(t, n, "")}).Get("http://example.org/")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if f := n.Faults(); len(f) != 1 || !strings.Contains(f[0].String(), "example.org: it is not in the lab's mirror") {
		t.Errorf("faults %v", f)
	}
}
