package network_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"docent/labs/network"
)

func start(t *testing.T, opts network.Options) *network.Network {
	t.Helper()
	opts.Scratch = t.TempDir()
	if opts.Cache == "" {
		opts.Cache = t.TempDir()
	}
	n, err := network.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// through is a transport that goes through the lab's proxy, with its token or
// another.
func through(t *testing.T, n *network.Network, token string) *http.Transport {
	t.Helper()
	u, err := url.Parse(n.ProxyURL())
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		u.User = url.UserPassword("lab", token)
	}
	pem, err := os.ReadFile(n.CACert())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	tr := &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func image(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(4096, 3)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func tag(t *testing.T, s string) name.Tag {
	t.Helper()
	r, err := name.NewTag(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPushAndPull(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	for _, ref := range []string{"nvcr.io/org/team/app:1", "docker.io/someone/app:2"} {
		img := image(t)
		r := tag(t, ref)
		if err := remote.Write(r, img, remote.WithTransport(through(t, n, ""))); err != nil {
			t.Fatalf("push %s: %v", ref, err)
		}
		back, err := remote.Image(r, remote.WithTransport(through(t, n, "")))
		if err != nil {
			t.Fatalf("pull %s: %v", ref, err)
		}
		held, err := n.Pushed(ref)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := img.Digest()
		for _, i := range []v1.Image{back, held} {
			if got, err := i.Digest(); err != nil || got != want {
				t.Errorf("%s came back as %s (%v), not %s", ref, got, err, want)
			}
			layers, err := i.Layers()
			if err != nil || len(layers) != 3 {
				t.Fatalf("layers %v, %v", layers, err)
			}
			rc, err := layers[0].Uncompressed()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, rc); err != nil {
				t.Errorf("read a layer of %s: %v", ref, err)
			}
		}
	}
	if _, err := n.Pushed("nvcr.io/org/team/other:1"); err == nil {
		t.Error("an image that nobody pushed was pushed")
	}
}

func TestAcceptAndProvide(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	img := image(t)
	if err := n.Accept(t.Context(), "nvcr.io/org/app:1", img); err != nil {
		t.Fatal(err)
	}
	got, ok, err := n.Provide(t.Context(), "nvcr.io/org/app:1")
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	a, _ := img.Digest()
	if b, _ := got.Digest(); a != b {
		t.Errorf("%s, want %s", b, a)
	}
	if _, ok, err := n.Provide(t.Context(), "nvcr.io/org/none:1"); ok || err == nil {
		t.Errorf("provided what is nowhere: %v, %v", ok, err)
	}
}

func TestUnknownImageIsNotFound(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	_, err := remote.Image(tag(t, "nvcr.io/org/none:1"), remote.WithTransport(through(t, n, "")))
	if err == nil || !strings.Contains(err.Error(), "MANIFEST_UNKNOWN") || !strings.Contains(err.Error(), "hermetic") {
		t.Errorf("error %v", err)
	}
}

func TestTokenIsNeeded(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	for _, target := range []string{"https://nvcr.io/v2/", "http://nvcr.io/v2/"} {
		_, err := (&http.Client{Transport: through(t, n, "wrong")}).Get(target)
		if err == nil && strings.HasPrefix(target, "https") {
			t.Errorf("%s answered without the token", target)
		}
	}
	u, _ := url.Parse(n.ProxyURL())
	u.User = nil
	resp, err := (&http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u)}}).Get("http://nvcr.io/v2/")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusProxyAuthRequired {
		t.Errorf("status %s, want 407", resp.Status)
	}
}

func TestHermeticRefusesOtherHosts(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	client := &http.Client{Transport: through(t, n, "")}
	if _, err := client.Get("https://example.org/"); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("https: %v", err)
	}
	resp, err := client.Get("http://example.org/")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("http: %s", resp.Status)
	}
	hosts := n.Hosts()
	if len(hosts) != 1 || hosts[0].Host != "example.org" || hosts[0].Outcome != "refused" || hosts[0].Requests != 2 {
		t.Errorf("hosts %+v", hosts)
	}
}

func TestOtherHostsAreRecorded(t *testing.T) {
	far := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "far") }))
	defer far.Close()
	n := start(t, network.Options{})
	tr := through(t, n, "")
	tr.TLSClientConfig = far.Client().Transport.(*http.Transport).TLSClientConfig
	resp, err := (&http.Client{Transport: tr}).Get(far.URL)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	tr.CloseIdleConnections()
	if string(body) != "far" {
		t.Errorf("body %q", body)
	}
	for range 100 {
		if h := n.Hosts(); len(h) == 1 && h[0].Outcome == "allowed" && h[0].Bytes > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("hosts %+v", n.Hosts())
}

func TestPublishedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(path, []byte("the file"), 0o644); err != nil {
		t.Fatal(err)
	}
	n := start(t, network.Options{Hermetic: true, Files: map[string]string{
		"https://docs.lab.test/a/x.tar.gz": path, "https://docs.lab.test/a/gone": path + ".gone",
	}})
	client := &http.Client{Transport: through(t, n, "")}
	for target, want := range map[string]int{
		"https://docs.lab.test/a/x.tar.gz":     200,
		"http://docs.lab.test/a/x.tar.gz":      200,
		"https://docs.lab.test/a/gone":         404,
		"https://docs.lab.test/a/unpublished":  404,
		"https://docs.lab.test/a/../../../etc": 404,
	} {
		resp, err := client.Get(target)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != want || want == 200 && string(body) != "the file" {
			t.Errorf("%s: %s %q, want %d", target, resp.Status, body, want)
		}
	}
}

func TestListensOnLoopbackAndIsGone(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	u, _ := url.Parse(n.ProxyURL())
	if host := u.Hostname(); !net.ParseIP(host).IsLoopback() {
		t.Errorf("listens on %s", host)
	}
	if _, err := os.Stat(n.CACert()); err != nil {
		t.Error(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if c, err := net.DialTimeout("tcp", u.Host, time.Second); err == nil {
		_ = c.Close()
		t.Error("still listens")
	}
	if _, err := os.Stat(filepath.Dir(n.CACert())); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

// TestFaultyRegistries pulls from registries that fail, and wants an error that
// says so in good time.
func TestFaultyRegistries(t *testing.T) {
	img := image(t)
	raw, _ := img.RawManifest()
	kind, _ := img.MediaType()
	layers, _ := img.Layers()
	blob := func(damage func([]byte) []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.Contains(r.URL.Path, "/manifests/"):
				w.Header().Set("Content-Type", string(kind))
				_, _ = w.Write(raw)
			case strings.Contains(r.URL.Path, "/blobs/"):
				for _, l := range layers {
					if h, _ := l.Digest(); strings.HasSuffix(r.URL.Path, h.String()) {
						rc, _ := l.Compressed()
						text, _ := io.ReadAll(rc)
						w.Header().Set("Content-Length", fmt.Sprint(len(text)))
						_, _ = w.Write(damage(text))
						return
					}
				}
				config, _ := img.RawConfigFile()
				_, _ = w.Write(config)
			}
		}
	}
	for title, h := range map[string]http.HandlerFunc{
		"500":             func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) },
		"hangs":           func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"truncated layer": blob(func(b []byte) []byte { return b[:len(b)/2] }),
		"wrong digest":    blob(func(b []byte) []byte { return bytes.Repeat([]byte{0}, len(b)) }),
	} {
		t.Run(title, func(t *testing.T) {
			n := start(t, network.Options{Hermetic: true, Answer: map[string]http.Handler{"bad.lab.test": h}})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			err := pull(ctx, tag(t, "bad.lab.test/x:1"), through(t, n, ""))
			if err == nil {
				t.Fatal("pulled an image from a registry that fails")
			}
			t.Log(err)
			began := time.Now()
			if err := n.Close(); err != nil || time.Since(began) > 2*time.Second {
				t.Errorf("Close took %v: %v", time.Since(began), err)
			}
		})
	}
}

func pull(ctx context.Context, r name.Tag, tr http.RoundTripper) error {
	img, err := remote.Image(r, remote.WithContext(ctx), remote.WithTransport(tr), remote.WithRetryBackoff(remote.Backoff{Steps: 1}))
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		rc, err := l.Compressed()
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, rc)
		_ = rc.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func TestCertificatesAreForTheirHostOnly(t *testing.T) {
	n := start(t, network.Options{Hermetic: true})
	tr := through(t, n, "")
	tr.TLSClientConfig.ServerName = "other.example"
	if _, err := (&http.Client{Transport: tr}).Get("https://nvcr.io/v2/"); err == nil {
		t.Error("a connection to nvcr.io got a certificate for other.example")
	}
}

func TestCleanRemovesHalfBuiltStandIns(t *testing.T) {
	cache := t.TempDir()
	dead := filepath.Join(cache, "standins", "build-999999999-x")
	mine := filepath.Join(cache, "standins", fmt.Sprintf("build-%d-x", os.Getpid()))
	for _, d := range []string{dead, mine} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := network.Clean(t.Context(), cache)
	if err != nil || len(lines) != 1 {
		t.Errorf("%v, %v", lines, err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the dead build is left")
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error("a build that is alive was removed")
	}
}
