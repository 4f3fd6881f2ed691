package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"docent/generator/cli"
	"docent/labs/report/sarifschema"
)

func TestCheckFindsEachMistake(t *testing.T) {
	src := pages(t, "index.rst", "Home\n====\n\n.. toctree::\n\n   a\n   b\n\n.. _twice:\n\nPart\n----\n\n.. image:: there.png\n\n.. image:: there.png\n   :alt:\n\n.. imege:: there.png\n",
		"a.rst", "A\n=\n\n.. _twice:\n\nPart\n----\n\n`x <b.rst#gone>`_ and `y <none.rst>`_ :duc:`b` :ref:`twise`\n\n.. figure:: gone.png\n   :alt: x\n",
		"b.rst", "B\n=\n\nText.\n", "alone.rst", "Alone\n=====\n\nNothing leads here.\n", "there.png", "")
	want := []string{
		"alone.rst:1:1: warning: The page is in no toctree.",
		"a.rst:9:1: warning: There is no anchor `#gone` in b.rst.",
		"a.rst:9:23: warning: The link `none.rst` leads nowhere",
		"a.rst:9:39: error: Unknown role `duc`. Did you mean `doc`?",
		"a.rst:9:48: warning: There is no label `twise`. Did you mean `twice`?",
		"a.rst:11:1: warning: The picture `gone.png` is not shown: there is no such file.",
		"index.rst:14:1: warning: The picture `there.png` has no text in its place.",
		"index.rst:19:1: error: Unknown directive `imege`. Did you mean `image`?",
		"index.rst:11:1: warning: The label `twice` is also in a.rst.",
	}
	code, _, said := call(t, "check", "--source", src)
	if code != cli.ExitContent {
		t.Errorf("exit code %d", code)
	}
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("not told: %s", w)
		}
	}
	if n := strings.Count(said, "warning: ") + strings.Count(said, "error: "); n != len(want) || t.Failed() {
		t.Errorf("%d were told, want %d:\n%s", n, len(want), said)
	}
	_, _, said = call(t, "check", "--source", src, "--set", "check.alt=false", "--set", "check.orphans=false")
	if strings.Contains(said, "image-alt") || strings.Contains(said, "toctree-orphan") {
		t.Error("what is turned off is told:", said)
	}
	if code, _, said := call(t, "build", "--source", src, "--out", filepath.Join(t.TempDir(), "public")); code != cli.ExitContent || strings.Contains(said, "image-alt") {
		t.Error("a build looks for what is a check's:", said)
	}
}

// TestCheckRemembers: what the last check found is told again without
// rendering, and is what a check from nothing finds.
func TestCheckRemembers(t *testing.T) {
	src := pages(t, "index.md", "# Home\n\n[a](a.md#gone) [b](b.md) ![](x.png)\n", "a.md", "# A\n", "b.md", "# B\n\n[x](none.md)\n", "x.png", "")
	cache := t.TempDir()
	told := func(args ...string) string {
		_, _, said := call(t, append([]string{"check", "--source", src}, args...)...)
		return said
	}
	same := func(what string) {
		t.Helper()
		if first, fresh := told("--cache", cache), told("--no-cache"); first != fresh {
			t.Errorf("%s: with the cache\n%sfrom nothing\n%s", what, first, fresh)
		}
	}
	same("the first check")
	kept, err := filepath.Glob(filepath.Join(cache, "*", "graph*"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("nothing is remembered: %v", err)
	}
	same("the second check")
	os.WriteFile(filepath.Join(src, "a.md"), []byte("# A\n\n## Gone\n"), 0o666)
	same("a heading that another page asks for")
	os.Remove(filepath.Join(src, "b.md"))
	same("a page that is gone")
}

func TestCheckAsSARIF(t *testing.T) {
	schema := sarifschema.Schema(t)
	if schema.Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{"nothing": 1}}}) == nil {
		t.Fatal("the schema takes anything")
	}
	for _, src := range []string{pages(t, "index.md", "# Fine\n"), pages(t, "index.md", "# Ä\n\nÄ [x](gone \"t.md).md)\n", "sub dir/b%.md", "# B\n\n[x](gone.md)\n\n```{imege} x\n```\n", "docent.yaml", "titel: x\n")} {
		code, out, _ := call(t, "check", "--format", "sarif", "--source", src)
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Error(err)
		}
		var log struct {
			Runs []struct {
				Results []struct{ RuleID, Level string }
			}
		}
		if err := json.Unmarshal([]byte(out), &log); err != nil || (len(log.Runs[0].Results) > 0) != (code == cli.ExitContent) {
			t.Errorf("exit code %d: %v %+v", code, err, log)
		}
	}
}

func TestCheckExternal(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		case "/old":
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
		}
	}))
	defer s.Close()
	src := pages(t, "index.md", "# A\n\n[fine]("+s.URL+"/fine) and [gone]("+s.URL+"/gone#x)\n\n<"+s.URL+"/old>\n", "docent.yaml", "check:\n  external:\n    pause: 1ms\n")
	cache := filepath.Join(t.TempDir(), "links.json")
	if code, _, said := call(t, "check", "--source", src); code != cli.ExitFine {
		t.Errorf("exit code %d without --external: %s", code, said)
	}
	args := []string{"check", "--source", src, "--external", "--link-cache", cache}
	if code, _, said := call(t, args...); code != cli.ExitContent || strings.Count(said, "is an address of a private network, which is not tried") != 3 {
		t.Errorf("exit code %d: %s", code, said)
	}
	args = append(args, "--set", "check.external.private=true")
	code, _, said := call(t, args...)
	if code != cli.ExitContent || strings.Count(said, "warning: ") != 1 || !strings.Contains(said, "index.md:3:") || !strings.Contains(said, "/gone#x` answers 404 Not Found.") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code, out, _ := call(t, append(args, "--set", "check.external.ignore=*/gone", "--json")...); code != cli.ExitFine || !strings.Contains(out, "link-moved") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
