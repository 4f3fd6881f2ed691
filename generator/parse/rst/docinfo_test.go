package rst

import (
	"testing"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/docutilstest"
)

// TestDocInfo compares bibliographic data with what docutils makes of it
// (rst2pseudoxml --no-doc-title).
func TestDocInfo(t *testing.T) {
	cfg := &directive.Config{DocInfo: true}
	for _, c := range readCases(t, "testdata/docinfo.cases") {
		got := doc.PseudoXML(Parse("<stdin>", c.source, cfg, Options{}).Root)
		if docutilstest.Structure(got) != docutilstest.Structure(c.tree) {
			t.Errorf("%s\nwant\n%s\ngot\n%s", c.source, docutilstest.Structure(c.tree), docutilstest.Structure(got))
		}
	}
}

// TestSphinxIDs checks the anchors that Sphinx makes up.
func TestSphinxIDs(t *testing.T) {
	cfg := &directive.Config{SphinxIDs: true, Domain: "py"}
	d := Parse("a.rst", `.. _method-objects:

Method Objects
==============

.. py:module:: m

[#]_

Same
----

Same
----

.. [#] note
`, cfg, Options{})
	want := map[string]string{"method objects": "module-m", "same": "same"}
	for n := range d.Root.Find(doc.KindSection) {
		title := directive.NormalName(n.First(doc.KindTitle).PlainText())
		if first, ok := want[title]; ok {
			if len(n.IDs()) == 0 || n.IDs()[0] != first {
				t.Errorf("%s: the anchors are %v, want %s first", title, n.IDs(), first)
			}
			delete(want, title)
		} else if n.IDs()[0] != "id3" {
			t.Errorf("the second %s has the anchors %v", title, n.IDs())
		}
	}
	for n := range d.Root.Find(doc.KindFootnote) {
		if n.IDs()[0] != "id4" {
			t.Errorf("the footnote has the anchors %v", n.IDs())
		}
	}
}
