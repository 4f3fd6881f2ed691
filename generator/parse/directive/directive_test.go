package directive_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/rst"
)

var testFiles = fstest.MapFS{
	"code.py":    {Data: []byte("import os\n\n\n@deco\ndef f(a,\n      b):\n    \"\"\"text\nclass X:\n    \"\"\"\n    return 1\n\n\nclass A:\n    x = [\n        1,\n    ]\n\n    # note\n    async def m(self):\n        pass\n\n\ny = 2\n")},
	"old.py":     {Data: []byte("import os\n\n\ndef f(a,\n      b):\n    return 1\n")},
	"part.rst":   {Data: []byte("Included.\n\nTwo.\n\n.. mark\n\nThree.\n")},
	"latin.txt":  {Data: []byte("caf\xe9\n")},
	"sub/a.txt":  {Data: []byte("a\n")},
	"data.csv":   {Data: []byte("a,b\n1,2\n")},
	"dot.gv":     {Data: []byte("digraph { a -> b }\n")},
	"tabbed.txt": {Data: []byte("a\tb\n")},
}

func parse(text string) *doc.Document {
	cfg := &directive.Config{FS: testFiles, Domain: "py", Now: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC), Values: map[string]string{"release": "1.2", "flag": "True"},
		ExtLinks: map[string]directive.ExtLink{"bug": {URL: "https://bugs.example/%s", Caption: "bug %s"}}}
	return rst.Parse("index.rst", text, cfg, rst.Options{})
}

// What is wrong with a directive is said at its place, with what to do.
func TestDiagnostics(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{".. code-blok:: c\n\n   x\n", "index.rst:1:1: error: Unknown directive `code-blok`. Did you mean `code-block`? [directive-unknown]"},
		{".. py:functon:: f()\n", "index.rst:1:1: error: Unknown directive `py:functon`. Did you mean `py:function`? [directive-unknown]"},
		{"A :reff:`x`.\n", "index.rst:1:3: error: Unknown role `reff`. Did you mean `ref`? [role-unknown]"},
		{".. image:: a.png\n   :widht: 10\n", "index.rst:2:4: error: Unknown option `:widht:` of `image`. Did you mean `width`? [directive-option-unknown]"},
		{".. image:: a.png\n   :width: big\n", "index.rst:2:12: error: Invalid value of the option `:width:` of `image`: `big` is not a positive number with one of the units em, ex, px, in, cm, mm, pt, pc, %, or none. [directive-option-value]"},
		{".. image::\n", "index.rst:1:1: error: The `image` directive needs 1 argument; 0 given. Write it after the colons: `image:: ...`. [directive-argument]"},
		{".. image:: a.png\n\n   text\n", "index.rst:3:4: error: The `image` directive takes no content. End it with a blank line and start what follows without indentation. [directive-content]"},
		{".. note::\n", "index.rst:1:1: error: The `note` directive needs content; none was found. Indent the content under the directive, after a blank line. [directive-content]"},
		{".. code:: c\n   :name: a\n   :name: b\n\n   x\n", "index.rst:3:4: error: The option `:name:` of `code` is given twice. Keep one of the two. [directive-option-duplicate]"},
		{".. literalinclude:: nosuch.c\n", "index.rst:1:21: severe: `literalinclude` cannot read the file `nosuch.c` (nosuch.c): there is no such file; check the name, which is relative to this page. [file-unreadable]"},
		{".. include:: ../x.rst\n", "index.rst:1:14: severe: `include` cannot read the file `../x.rst` (../x.rst): it lies outside the content folder; copy the file into it. [file-unreadable]"},
		{".. include:: sub\n", "index.rst:1:14: severe: `include` cannot read the file `sub` (sub): it is a folder; name a file in it. [file-unreadable]"},
		{".. literalinclude:: latin.txt\n", "index.rst:1:21: severe: The file `latin.txt` is not UTF-8 text. Save it as UTF-8, or name its encoding with `:encoding:`. [file-encoding]"},
		{".. csv-table:: t\n   :url: http://a/b\n", "index.rst:2:10: severe: `csv-table` does not read from the network. Download the data into the content folder and name it with `:file:`. [url-refused]"},
		{".. code-block:: c\n   :emphasize-lines: 1,9\n\n   a\n", "index.rst:2:22: warning: `:emphasize-lines: 1,9` names lines that are not there: the listing has 1 line. Correct the numbers. [lines-out-of-range]"},
		{".. literalinclude:: code.py\n   :pyobject: nosuch\n", "index.rst:2:15: warning: There is no object `nosuch` in the file `code.py`. Compare the value with the file. [excerpt-empty]"},
		{".. automodule:: os\n", "index.rst:1:1: warning: `automodule` reads Python modules, which are not run here. Describe the objects with py:module, py:class and py:function, or keep this page in Sphinx. [needs-python]"},
		{".. only:: a and\n\n   x\n", "index.rst:1:11: warning: The expression `a and` cannot be read: a tag is missing at its end. Write tags with and, or, not and parentheses; the content is shown. [only-expression]"},
		{".. raw:: html\n\n   <b>\n", "index.rst:1:1: info: Raw HTML is left out of the page. Allow it for the whole site if you trust every author, or write it with directives. [raw-left-out]"},
	} {
		d := parse(c.text)
		var got []string
		for _, g := range d.Diags {
			got = append(got, g.String())
		}
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.text, strings.Join(got, "\n     "), c.want)
		}
	}
}

// A directive that fails keeps its source in the tree.
func TestFailedDirectiveKeepsItsSource(t *testing.T) {
	for _, text := range []string{".. nosuch:: arg\n\n   kept text\n", ".. image:: a.png\n   :nosuch: 1\n\n   kept text\n", ".. csv-table::\n\n   \"kept text\n"} {
		d := parse(text)
		m := d.Root.First(doc.KindSystemMessage)
		if m == nil || !strings.Contains(m.PlainText(), "kept text") {
			t.Errorf("%q: the source is lost: %s", text, d.Root.PlainText())
		}
	}
}

// A page of aliases that each name a description with many members is no
// larger than it may be.
func TestAliasesAreBounded(t *testing.T) {
	text := ".. c:struct:: S\n\n" + strings.Repeat("   .. c:member:: int m\n\n", 500) + ".. c:alias:: S" + strings.Repeat("\n             S", 499) + "\n   :maxdepth: 0\n"
	n := 0
	for range parse(text).Root.Find(doc.KindDescSignature) {
		n++
	}
	if n < 10000 || n > 12000 {
		t.Errorf("%d signatures", n)
	}
}

func TestLiteralInclude(t *testing.T) {
	for _, c := range []struct{ options, text, lines, number string }{
		{"", "", "", ""},
		{":pyobject: f", "@deco\ndef f(a,\n      b):\n    \"\"\"text\nclass X:\n    \"\"\"\n    return 1\n", "", ""},
		{":pyobject: A.m\n:lineno-match:", "    async def m(self):\n        pass\n", "19", "19"},
		{":pyobject: A.x\n:dedent:", "x = [\n    1,\n]\n", "14", ""},
		{":lines: 1,4-5\n:dedent: 0", "import os\n@deco\ndef f(a,\n", "", ""},
		{":start-at: class A\n:end-before: # note\n:lineno-match:", "class A:\n    x = [\n        1,\n    ]\n\n", "13", "13"},
		{":start-after: # note\n:end-at: pass\n:dedent: 4", "async def m(self):\n    pass\n", "19", ""},
		{":lines: -1\n:prepend: # a\n:append: # b", "# a\nimport os\n# b\n", "", ""},
		{":lines: 23-\n:linenos:\n:lineno-start: 7", "y = 2\n", "23", "7"},
		{":diff: old.py", "--- old.py\n+++ code.py\n@@ -1,6 +1,23 @@\n import os\n \n \n+@deco\n def f(a,\n       b):\n+    \"\"\"text\n+class X:\n+    \"\"\"\n     return 1\n+\n+\n+class A:\n+    x = [\n+        1,\n+    ]\n+\n+    # note\n+    async def m(self):\n+        pass\n+\n+\n+y = 2\n", "", ""},
	} {
		text := ".. literalinclude:: code.py\n"
		for _, o := range strings.Split(c.options, "\n") {
			text += "   " + o + "\n"
		}
		d := parse(text)
		n := d.Root.First(doc.KindLiteralBlock)
		if n == nil || len(d.Diags) > 0 {
			t.Errorf("%s: %v", c.options, d.Diags)
			continue
		}
		want := c.text
		if want == "" {
			want = string(testFiles["code.py"].Data)
		}
		if got := n.PlainText(); got != want {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", c.options, got, want)
		}
		if c.lines != "" && n.Attr(doc.AttrFileLine) != c.lines {
			t.Errorf("%s: starts at line %q of the file, want %s", c.options, n.Attr(doc.AttrFileLine), c.lines)
		}
		if n.Attr(doc.AttrLinenos) != c.number {
			t.Errorf("%s: numbers start at %q, want %q", c.options, n.Attr(doc.AttrLinenos), c.number)
		}
		if f := n.Attr(doc.AttrFilename); f != "code.py" {
			t.Errorf("%s: from %q", c.options, f)
		}
	}
}

func TestTagExpressions(t *testing.T) {
	tags := map[string]bool{"html": true, "draft": false}
	for expr, want := range map[string]bool{
		"": true, "html": true, "draft": false, "not draft": true, "html and not draft": true, "html and (draft or not draft)": true,
		"latex or html": true, "not (html or latex)": false, "not not html": true,
	} {
		if got, err := directive.EvalTags(expr, tags); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", expr, got, err, want)
		}
	}
	for _, expr := range []string{"and", "html html", "(html", "html)", "not", strings.Repeat("(", 1000)} {
		if _, err := directive.EvalTags(expr, tags); err == nil {
			t.Errorf("%q was read", expr)
		}
	}
}

// Blocks that docutils and plain Sphinx do not have, in golden trees.
func TestOwnTrees(t *testing.T) {
	const file = "testdata/own.cases"
	names, inputs, wants := readCases(t, file)
	for i, name := range names {
		var got strings.Builder
		dump(&got, parse(inputs[i]).Root, 0)
		if *update {
			wants[i] = got.String()
		}
		if got.String() != wants[i] {
			t.Errorf("%s\ngot:\n%s\nwant:\n%s", name, got.String(), wants[i])
		}
	}
	if *update {
		writeCases(t, file, names, inputs, wants)
	}
}

// dump prints a tree with all its attributes.
func dump(b *strings.Builder, n *doc.Node, depth int) {
	pad := strings.Repeat("  ", depth)
	if n.Kind == doc.KindText {
		b.WriteString(pad + strings.ReplaceAll(n.Text, "\n", "\n"+pad) + "\n")
		return
	}
	b.WriteString(pad + "<" + n.Kind.String())
	if c := n.Classes(); len(c) > 0 {
		b.WriteString(` classes="` + strings.Join(c, " ") + `"`)
	}
	for _, a := range n.Attrs() {
		b.WriteString(" " + a.Key + `="` + a.Value + `"`)
	}
	b.WriteString(">\n")
	for _, c := range n.Children {
		dump(b, c, depth+1)
	}
}

func TestNothingIsReadOutsideTheRoot(t *testing.T) {
	fsys := os.DirFS("testdata/files")
	for _, ref := range []string{"../docutils_test.go", "/../x", "a/../../x", "", "a\x00b", "/", "."} {
		if _, _, err := directive.ReadFile(&directive.Config{FS: fsys}, "index.rst", ref); err == nil {
			t.Errorf("%q was read", ref)
		}
	}
	src, dep, err := directive.ReadFile(&directive.Config{FS: fsys}, "deep/page.rst", "/code.py")
	if err != nil || src.Name != "code.py" || dep.Name != "code.py" || len(dep.Digest) != 64 {
		t.Errorf("got %v, %v, %v", src, dep, err)
	}
	if _, dep, err := directive.ReadFile(&directive.Config{FS: fsys}, "deep/page.rst", "x.py"); err == nil || dep.Name != "deep/x.py" || dep.Digest != "" {
		t.Errorf("an absent file gives %v, %v", dep, err)
	}
}
