package network_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"docent/labs/network"
)

// The index knows a package by any spelling of its name, and leads to the files
// that the mirror has, with their digests. For what it lacks a run that may asks
// the index itself; one that may not says what is missing.
func TestPackageIndex(t *testing.T) {
	far := outside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "outside: "+r.Host+r.URL.Path)
	}))
	cache := t.TempDir()
	m, err := network.OpenMirror(cache, far)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"https://files.pythonhosted.org/packages/ab/My_Pkg-1.0-py3-none-any.whl", "https://files.pythonhosted.org/x/my-pkg-0.9.tar.gz",
		"https://example.org/other-1.0-py3-none-any.whl"} {
		if _, err := m.Pull(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	}
	get := func(n *network.Network, address string) (int, string) {
		t.Helper()
		resp, err := (&http.Client{Transport: through(t, n, "")}).Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	shut := start(t, network.Options{Cache: cache, Hermetic: true})
	for _, name := range []string{"my-pkg", "My.Pkg", "my_pkg"} {
		code, body := get(shut, "https://pypi.org/simple/"+name+"/")
		if code != 200 || strings.Count(body, "<a ") != 2 || !strings.Contains(body, `href="https://files.pythonhosted.org/packages/ab/My_Pkg-1.0-py3-none-any.whl#sha256=`) {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	if code, body := get(shut, "https://files.pythonhosted.org/x/my-pkg-0.9.tar.gz"); code != 200 || body != "outside: files.pythonhosted.org/x/my-pkg-0.9.tar.gz" {
		t.Errorf("the file: %d %q", code, body)
	}
	for _, address := range []string{"https://pypi.org/simple/other/", "https://files.pythonhosted.org/x/none.whl"} {
		before := len(shut.Faults())
		if code, _ := get(shut, address); code != 404 || len(shut.Faults()) != before+1 {
			t.Errorf("%s: %d, faults %v", address, code, shut.Faults())
		}
	}
	open := start(t, network.Options{Cache: cache, Outside: far})
	if code, body := get(open, "https://pypi.org/simple/other/"); code != 200 || body != "outside: pypi.org/simple/other/" {
		t.Errorf("not hermetic: %d %q", code, body)
	}
}
