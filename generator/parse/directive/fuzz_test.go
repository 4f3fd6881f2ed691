package directive_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/rst"
)

// FuzzDirective gives every directive any argument, options and content: it
// must not panic, and every position must lie inside its source.
func FuzzDirective(f *testing.F) {
	names := slices.Sorted(maps.Keys(directive.Standard().Directives))
	f.Add("code-block", "python", ":emphasize-lines: 1,3-", "a\nb")
	f.Add("csv-table", "t", ":header: a, \"b\n  c\"\n:stub-columns: 1", "1, \"x\ny\"")
	f.Add("list-table", "", ":header-rows: 1\n:widths: auto", "* - a\n  - b\n* - c\n  - d")
	f.Add("literalinclude", "code.py", ":pyobject: A.m\n:lines: 1-\n:dedent: 99", "")
	f.Add("py:function", "f(a: int = 1, *, b=[(1,), {'a': -1}]) -> ~a.B[c, ...]", ":async:", ":param x: y")
	f.Add("cpp:function", "template<typename T> auto (*f)(T &&) -> T const", "", "")
	f.Add("cpp:class", "template<", "", "")
	f.Add("c:function", "int (", "", "")
	f.Add("card", "T", ":link: x\n:link-type: doc", "h\n^^^\nb\n+++\nf")
	f.Add("glossary", "", ":sorted:", "a\nb\n  c\n\n  d\ne")
	f.Add("role", "x(raw)", ":format: html", "")
	f.Add("ifconfig", "a in ('b', 1) and not c", "", "x")
	f.Add("only", "not (a or b", "", "x")
	f.Add("include", "part.rst", ":start-line: -2\n:end-before: e", "")
	f.Add("index", "single: a; b\n  pair: c", "", "")
	for _, n := range names {
		f.Add(n, "a b", ":name: x\n:class: y", "text")
	}
	cfg := &directive.Config{FS: testFiles, Domain: "py", Values: map[string]string{"a": "b"}}
	f.Fuzz(func(t *testing.T, name, argument, options, content string) {
		indent := func(s string) string { return "   " + strings.ReplaceAll(s, "\n", "\n   ") + "\n" }
		text := ".. " + name + ":: " + strings.ReplaceAll(argument, "\n", "\n   ") + "\n" + indent(options) + "\n" + indent(content) + "\nend\n"
		d := rst.Parse("index.rst", text, cfg, rst.Options{})
		for n := range d.Root.All() {
			checkPos(t, d, n.Pos)
		}
		for _, g := range d.Diags {
			if g.Source != nil && (g.Off < 0 || g.Off > len(g.Source.Text)) {
				t.Fatalf("diagnostic outside its source: %v", g)
			}
			if g.Message == "" || g.Code == "" {
				t.Fatalf("diagnostic says nothing: %+v", g)
			}
		}
		_ = doc.PseudoXML(d.Root)
	})
}

func checkPos(t *testing.T, d *doc.Document, p doc.Pos) {
	t.Helper()
	if int(p.File) >= len(d.Sources) || p.File < 0 || p.Off < 0 || int(p.Off) > len(d.Sources[p.File].Text) {
		t.Fatalf("position %+v is outside its source", p)
	}
}

// FuzzRole gives every role any text.
func FuzzRole(f *testing.F) {
	for _, n := range slices.Sorted(maps.Keys(directive.Standard().Roles)) {
		f.Add(n, "Title <target>")
		f.Add(n, "~a.b.c()")
	}
	f.Add("samp", `a{b}\{c`)
	f.Add("menuselection", "&A --> &&B")
	f.Add("py:func", "!")
	f.Add("c:expr", "a->b[(")
	f.Fuzz(func(t *testing.T, name, text string) {
		d := rst.Parse("index.rst", "x :"+name+":`"+text+"` y\n", &directive.Config{Domain: "py"}, rst.Options{})
		for n := range d.Root.All() {
			checkPos(t, d, n.Pos)
		}
	})
}
