package engine_test

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"docent/labs/engine"
	"docent/labs/network"
)

// TestRealBaseImage pulls a base image from a registry outside, which loopback
// plays, in a run that is not hermetic: no stand-in takes its place. Then the
// registry breaks, which is told with its name.
func TestRealBaseImage(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts real engines")
	}
	n, _ := lab(t)
	base, ok, err := n.Provide(t.Context(), image)
	if err != nil || !ok {
		t.Fatalf("%v, %v", ok, err)
	}
	config, err := base.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Config.Labels = map[string]string{"vendor": "the real one"}
	if base, err = mutate.ConfigFile(base, config); err != nil {
		t.Fatal(err)
	}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	broken := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken {
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	far := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // it plays nvcr.io under a name of its own
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
	}
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, base, remote.WithTransport(far)); err != nil {
		t.Fatal(err)
	}
	for _, engineName := range []string{"docker", "podman", "oci"} {
		t.Run(engineName, func(t *testing.T) {
			broken = false
			scratch := t.TempDir()
			n, err := network.Start(t.Context(), network.Options{Scratch: scratch, RunID: "real", Outside: far, Cache: t.TempDir(), Patience: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			e := open(t, engineName, n, scratch)
			docker := func(args ...string) int {
				t.Helper()
				exit, err := e.Docker(t.Context(), engine.Call{Args: args, Dir: scratch, Stderr: os.Stderr})
				if err != nil {
					t.Fatal(err)
				}
				return exit
			}
			if docker("run", "--rm", image, "true") != 0 {
				t.Fatal("the image did not run")
			}
			img, err := e.Image(t.Context(), image)
			if err != nil {
				t.Fatal(err)
			}
			if img.Labels["vendor"] != "the real one" || img.Labels["docent.standin"] != "" {
				t.Errorf("labels %v", img.Labels)
			}
			if s, ok := n.StandInFor(image); ok {
				t.Errorf("the stand-in %s plays it", s.Recipe)
			}
			broken = true
			if docker("pull", "nvcr.io/org/other:1") == 0 {
				t.Error("pulled from a registry that is out of order")
			}
			if f := n.Faults(); len(f) == 0 || !strings.Contains(f[0].String(), "nvcr.io: ") || !strings.Contains(f[0].What, "500") {
				t.Errorf("faults %v", f)
			}
			_ = e.Close(t.Context())
		})
	}
}
