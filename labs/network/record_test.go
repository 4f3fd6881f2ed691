package network_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"docent/labs/network"
)

// What a recorded run brings from outside, over http and https, is there in a
// hermetic one on another machine: with its query, where it moved to, and whole,
// also when only a part was asked for. What failed, or was cut, is not kept.
func TestRecord(t *testing.T) {
	cut := 0
	far := outside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/set":
			_, _ = io.WriteString(w, "set "+r.URL.RawQuery+" of "+r.Host)
		case "/old":
			http.Redirect(w, r, "https://files.lab.test/set?v=2", http.StatusMovedPermanently)
		case "/part":
			if r.Header.Get("Range") != "" || r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
			}
			_, _ = io.WriteString(w, "all of it")
		case "/cut":
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "a beginning")
			cut++
		default:
			http.NotFound(w, r)
		}
	}))
	open := func(cache string, record bool) (*network.Network, func(address string) string) {
		n, err := network.Start(t.Context(), network.Options{Cache: cache, Scratch: t.TempDir(), RunID: "t", Hermetic: !record, Record: record, Outside: far})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close() })
		client := &http.Client{Transport: through(t, n, "")}
		return n, func(address string) string {
			req, err := http.NewRequest(http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("If-None-Match", "tag")
			if strings.HasSuffix(address, "/part") {
				req.Header.Set("Range", "bytes=0-2")
			}
			resp, err := client.Do(req)
			if err != nil {
				return err.Error()
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				return err.Error()
			}
			return resp.Status + " " + string(text)
		}
	}
	cache := t.TempDir()
	n, get := open(cache, true)
	if !n.LeadsAll() {
		t.Error("a recorded run does not lead containers through the proxy")
	}
	all := []string{"https://files.lab.test/set?v=1", "https://files.lab.test/set?v=2", "https://files.lab.test/old", "https://files.lab.test/part", "https://files.lab.test/none", "https://files.lab.test/cut"}
	for _, address := range append(all, all[0]) {
		get(address)
	}
	kept, errs := n.Recorded()
	if len(errs) > 0 || len(kept) != 4 {
		t.Errorf("kept %v, %v", kept, errs)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	m, err := network.OpenMirror(cache, nil)
	if err != nil {
		t.Fatal(err)
	}
	layout := filepath.Join(t.TempDir(), "layout")
	if err := m.Export(t.Context(), layout); err != nil {
		t.Fatal(err)
	}
	there := t.TempDir()
	if m, err = network.OpenMirror(there, nil); err == nil {
		_, err = m.Import(layout)
	}
	if err != nil {
		t.Fatal(err)
	}
	n, get = open(there, false)
	for address, want := range map[string]string{
		all[0]: "200 OK set v=1 of files.lab.test",
		all[1]: "200 OK set v=2 of files.lab.test",
		all[2]: "200 OK set v=2 of files.lab.test",
		all[3]: "206 Partial Content all",
	} {
		if got := get(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	for _, address := range append(all[4:], "https://files.lab.test/other", "https://elsewhere.test/set") {
		if got := get(address); strings.HasPrefix(got, "200") {
			t.Errorf("%s: %q", address, got)
		}
	}
	for _, h := range n.Hosts() {
		if h.Outcome == "allowed" {
			t.Errorf("the host %s was asked", h.Host)
		}
	}
}

// A Debian archive of which the mirror has answers is not asked in a hermetic
// run, also if this machine is set up with it.
func TestRecordedArchive(t *testing.T) {
	asked := 0
	far := outside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	cache := t.TempDir()
	start := func(record bool) *network.Network {
		n, err := network.Start(t.Context(), network.Options{Cache: cache, Scratch: t.TempDir(), RunID: "t", Hermetic: !record, Record: record, Outside: far, Allow: []string{"deb.lab.test"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close() })
		return n
	}
	get := func(n *network.Network, path string) int {
		resp, err := (&http.Client{Transport: through(t, n, "")}).Get("https://deb.lab.test" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	if start(false).LeadsAll() {
		t.Error("without answers in the mirror, containers are led through the proxy")
	}
	n := start(true)
	get(n, "/debian/dists/bookworm/InRelease")
	asked = 0
	n = start(false)
	if !n.LeadsAll() {
		t.Error("containers are not led through the proxy")
	}
	if got := get(n, "/debian/dists/bookworm/InRelease"); got != http.StatusOK {
		t.Errorf("status %d", got)
	}
	if got := get(n, "/debian/pool/other.deb"); got != http.StatusNotFound {
		t.Errorf("what was not kept: status %d", got)
	}
	if asked != 0 {
		t.Error("the archive was asked")
	}
}
