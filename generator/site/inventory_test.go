package site

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Sphinx itself loads the inventory that we write.
func TestSphinxLoadsOurInventory(t *testing.T) {
	if err := exec.Command("/usr/bin/python3", "-c", "import sphinx").Run(); err != nil {
		t.Skip("Sphinx is not here: apt-get install python3-sphinx")
	}
	src := tree(t, "conf.py", "project = 'P \"q\"'\nversion = '1.2'\n",
		"index.rst", "Home\n====\n\n.. _a label:\n\nA section\n---------\n\n.. py:module:: m\n\n.. py:class:: C\n\n.. c:function:: int f(int a)\n\n.. option:: --all <what>\n\n.. glossary::\n\n   two words\n     x\n",
		"a/b.rst", ":orphan:\n\nB\n=\n")
	m, _ := buildSite(t, Options{Source: src})
	file := filepath.Join(t.TempDir(), "objects.inv")
	if err := os.WriteFile(file, m.files["objects.inv"], 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("/usr/bin/python3", "-c", `
import json, posixpath, sys
from sphinx.util.inventory import InventoryFile
with open(sys.argv[1], "rb") as f:
    inv = InventoryFile.load(f, "https://x.org", posixpath.join)
print(json.dumps({t + " " + n: list(v) for t, o in inv.items() for n, v in o.items()}))
`, file).Output()
	if err != nil {
		t.Fatalf("Sphinx: %v", err)
	}
	var inv map[string][4]string
	if err := json.Unmarshal(out, &inv); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][2]string{
		"std:label a label":   {"https://x.org/#a-label", "A section"},
		"std:doc index":       {"https://x.org/", "Home"},
		"std:doc a/b":         {"https://x.org/a/b/", "B"},
		"py:module m":         {"https://x.org/#module-m", "-"},
		"py:class m.C":        {"https://x.org/#m.C", "-"},
		"c:function f":        {"https://x.org/#c.f", "-"},
		"std:cmdoption --all": {"https://x.org/#cmdoption-all", "-"},
		"std:term two words":  {"https://x.org/#term-two-words", "-"},
	} {
		if got, ok := inv[key]; !ok || got[0] != `P "q"` || got[1] != "1.2" || got[2] != want[0] || got[3] != want[1] {
			t.Errorf("%s: Sphinx reads %q, want %q", key, got, want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
