package parse

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"docent/generator/doc"
)

// TestIncludeOtherLanguage: a page reads what it includes in the language that
// the file's suffix says. Files that include each other come to an end, with
// a diagnostic, and every position is in its source.
func TestIncludeOtherLanguage(t *testing.T) {
	files := fstest.MapFS{
		"a.rst": {Data: []byte("A\n=\n\nUsage\n-----\n\n.. include:: b.md\n\nSee label_ and `B's *own*`_.\n")},
		"b.md":  {Data: []byte("---\ntitle: B\n---\n\n(label)=\n## Usage\n\n*Of* b, {ref}`label`.\n")},
		"c.md":  {Data: []byte("# C\n\n```{include} d.rst\n```\n\n```{include} d.rst\n```\n")},
		"d.rst": {Data: []byte("D\n\n.. include:: c.md\n\n.. include:: c.md\n")},
	}
	for _, name := range []string{"a.rst", "c.md", "d.rst"} {
		start := time.Now()
		d := Page(name, string(files[name].Data), &Config{FS: files})
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
		ids := map[string]bool{}
		for n := range d.Root.All() {
			if int(n.Pos.File) >= len(d.Sources) || n.Pos.Off < 0 || int(n.Pos.Off) > len(d.Sources[n.Pos.File].Text) {
				t.Fatalf("%s: a %s stands at %v", name, n.Kind, n.Pos)
			}
			for _, id := range n.IDs() {
				if ids[id] && name == "a.rst" {
					t.Errorf("%s: two elements have the id %s", name, id)
				}
				ids[id] = true
			}
		}
		for _, m := range d.Diags {
			if m.Off < 0 || m.Off+m.Len > len(m.Source.Text) {
				t.Errorf("%s: %s is about nothing", name, m)
			}
		}
		if name == "a.rst" {
			if tree := doc.PseudoXML(d.Root); !strings.Contains(tree, `<pending_xref`) || !strings.Contains(tree, `refid="usage-1"`) {
				t.Errorf("the Markdown is not read, or its label not found:\n%s", tree)
			}
		} else if len(d.Diags) == 0 {
			t.Errorf("%s includes itself, and nothing is said", name)
		}
	}
}
