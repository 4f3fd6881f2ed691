package network_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"docent/labs/network"
)

// What was mirrored on a machine with a network is there on one without: the
// image with its digest, the file with its bytes, through one layout folder.
func TestMirrorCarriesToAMachineWithoutANetwork(t *testing.T) {
	const ref, address = "nvcr.io/org/real:1", "https://files.lab.test/data/set.bin"
	inner, img := filled(t, ref)
	far := outside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "files.lab.test" && r.URL.Path == "/data/set.bin":
			_, _ = io.WriteString(w, "bytes of the set")
		case r.Host == "files.lab.test":
			http.NotFound(w, r)
		default:
			inner.ServeHTTP(w, r)
		}
	}))
	m, err := network.OpenMirror(t.TempDir(), far)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{ref, address, ref} { // a second pull takes the place of the first
		if _, err := m.Pull(t.Context(), what); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []string{"nvcr.io/org/none:1", "https://files.lab.test/none", "not an image"} {
		if _, err := m.Pull(t.Context(), what); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, to := range []string{filepath.Join(t.TempDir(), "layout"), filepath.Join(t.TempDir(), "mirror.tar")} {
		if err := m.Export(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(to); err != nil {
			t.Fatal(err)
		}
	}
	layout := filepath.Join(t.TempDir(), "carried")
	if err := m.Export(t.Context(), layout); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	there, err := network.OpenMirror(cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := there.Import(layout); err != nil || len(got) != 2 {
		t.Fatalf("imported %v, %v", got, err)
	}
	if list, err := there.List(); err != nil || len(list) != 2 || list[0].Name != ref || list[1].Name != address || list[1].Size < 16 {
		t.Errorf("list %v, %v", list, err)
	}
	n, err := network.Start(t.Context(), network.Options{Scratch: t.TempDir(), Cache: cache, Hermetic: true})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	got, err := remote.Image(tag(t, ref), remote.WithTransport(through(t, n, "")))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := img.Digest()
	if d, _ := got.Digest(); d != want {
		t.Errorf("%s, want %s", d, want)
	}
	if err := pull(t.Context(), tag(t, ref), through(t, n, "")); err != nil {
		t.Errorf("its layers: %v", err)
	}
	if held, ok, err := n.Provide(t.Context(), ref); err != nil || !ok {
		t.Errorf("provide: %v, %v, %v", held, ok, err)
	}
	resp, err := (&http.Client{Transport: through(t, n, "")}).Get(address)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if string(body) != "bytes of the set" {
		t.Errorf("the file: %s %q", resp.Status, body)
	}
	if f := n.Faults(); len(f) > 0 {
		t.Errorf("faults %v", f)
	}
}

func TestImportRefusesDamage(t *testing.T) {
	inner, _ := filled(t, "nvcr.io/org/real:1")
	m, err := network.OpenMirror(t.TempDir(), outside(t, inner))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Pull(t.Context(), "nvcr.io/org/real:1"); err != nil {
		t.Fatal(err)
	}
	layout := filepath.Join(t.TempDir(), "layout")
	if err := m.Export(t.Context(), layout); err != nil {
		t.Fatal(err)
	}
	blobs, _ := filepath.Glob(layout + "/blobs/sha256/*")
	for _, b := range blobs {
		if info, err := os.Stat(b); err == nil && info.Size() > 4000 {
			if err := os.Truncate(b, 100); err != nil {
				t.Fatal(err)
			}
		}
	}
	there, err := network.OpenMirror(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := there.Import(layout); err == nil {
		t.Errorf("imported %v with layers cut short", got)
	}
	if _, err := there.Import(t.TempDir()); err == nil {
		t.Error("imported an empty folder")
	}
}
