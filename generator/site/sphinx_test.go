package site

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/build"
)

// TestSphinxDefaults is about what a Sphinx tree may count on without saying
// so.
func TestSphinxDefaults(t *testing.T) {
	src := tree(t, "conf.py", "project = 'P'\n", "index.rst", `Home |version|
==============

Release |release|.

* :ref:`+"`genindex`"+`
* :ref:`+"`modindex`"+`
* :ref:`+"`search`"+`

:any.config:option:`+"`group.name`"+` :issue:`+"`12`"+`

.. program:: clang

.. option:: -MJ <arg>

:option:`+"`-MJ argument <clang -MJ<arg>>`"+`

.. index:: ! pair: built; in
   single: ; (semicolon)
   see: other; built
   builtin: print
   triple: a; b; c

.. py:module:: pkg.sub
   :synopsis: Does it.
   :platform: Unix
   :deprecated:

.. py:function:: f()

.. py:module:: other

.. py:function:: f()

.. c:type:: T

   .. c:macro:: M
`)
	m, diags := buildSite(t, Options{Source: src})
	page := shown(t, m, "index.html")
	has(t, "the page", page, ">Home ", "Release .", `href="genindex/">Index</a>`, `href="py-modindex/">Module Index</a>`, `href="search/">Search Page</a>`,
		"group.name", "-MJ argument</", `:issue:`)
	if strings.Contains(page, "bugs.python.org") {
		t.Error("a role of CPython's is one of every tree")
	}
	has(t, "diagnostics", said(diags), "Unknown role `any.config:option`: it is read as `option`.", "Unknown role `issue`")
	has(t, "the index", shown(t, m, "genindex/index.html"), `<p class="letters"><a href="#Symbols"><strong>Symbols</strong></a> | <a href="#A">`,
		`<li>see built</li></ul></li>`, `>; (semicolon)</a>`, `<li>built-in function<ul><li><a href="../#index-0">print</a>`,
		`<li>a<ul><li><a href="../#index-0">b c</a>`, `>T.M (C macro)</a>`, `<strong><a href="../#index-0">in</a></strong>`,
		`<a href="../#other.f">f() (in module other)</a><ul><li><a href="../#pkg.sub.f">(in module pkg.sub)</a></li></ul>`)
	has(t, "the modules", shown(t, m, "py-modindex/index.html"), "<h1>Python Module Index</h1>", `<th colspan="2" id="o">o</th>`, `<code>pkg</code></td>`,
		`<td class="inside"><a href="../#module-pkg.sub"><code>pkg.sub</code></a> <em>(Unix)</em></td><td><strong>Deprecated:</strong> <em>Does it.</em>`)
}

// TestIndexMD is about a page whose name is that of the Markdown form of the
// first page.
func TestIndexMD(t *testing.T) {
	m, diags := buildSite(t, Options{Source: tree(t, "index.rst", "Home\n====\n\n:doc:`index.md`\n", "index.md.rst", "Other\n=====\n",
		"sub/index.md.rst", "Third\n=====\n")})
	has(t, "diagnostics", said(diags)+"none", "none")
	has(t, "the first page", shown(t, m, "index.html"), `href="index.md.page/">`)
	has(t, "its Markdown form", shown(t, m, "index.md"), "# Home")
	has(t, "the other page", shown(t, m, "index.md.page/index.html"), ">Other<")
	has(t, "the third page", shown(t, m, "sub/index.md.page/index.html"), ">Third<")
}

// TestLikeSphinx is about what Sphinx does with a page's structure.
func TestLikeSphinx(t *testing.T) {
	m, diags := buildSite(t, Options{Source: tree(t, "conf.py", "project = 'P'\n", "index.rst", `Top
===

.. toctree::

   bare
   Say "this" <titled>

.. highlight:: c
   :linenothreshold: 3

Here::

   >>> int x;

Long::

   a
   b
   c

Below
-----

.. only:: html

   Beside
   ------

   Text.
`, "bare.rst", "No title.\n", "titled.rst", "Titled\n======\n")})
	page := shown(t, m, "index.html")
	has(t, "the page", page, `>Say "this"</a>`, `data-lang="c"`, "<section id=\"beside\">\n<h2>Beside")
	if strings.Contains(page, `data-lang="pycon"`) || !strings.Contains(page, `data-line="3"`) {
		t.Error("the highlight directive does not hold for the literal blocks after it")
	}
	if article, _, _ := strings.Cut(page[strings.Index(page, "<article"):], "</article>"); strings.Contains(article, `href="bare/"`) {
		t.Error("a page without a title is listed")
	}
	has(t, "diagnostics", said(diags), "index.rst:6:4: warning: The toctree names `bare`, which has no title: it is not listed here. Give that page a title.")
}

// TestInventoryLikeSphinx is about the entries of objects.inv.
func TestInventoryLikeSphinx(t *testing.T) {
	m, _ := buildSite(t, Options{Source: tree(t, "conf.py", "project = 'P'\n", "index.rst", `It's --- `+"``it's``"+`
===================

.. contents::

.. _one-two:

One two
-------

.. _aterm:

A term
   Text.

[CIT]_

.. [CIT] A citation.

.. program:: prog

.. option:: --flag

.. c:var:: int counter
`)})
	inv, err := ReadInventory(strings.NewReader(shown(t, m, "objects.inv")), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []struct{ typ, name, title string }{
		{"std:doc", "index", "It’s — it's"}, {"std:label", "one-two", "One two"}, {"std:label", "aterm", "A term"}, {"std:label", "cit", "-"},
		{"std:cmdoption", "prog.--flag", "-"}, {"c:member", "counter", "-"},
	} {
		if it, ok := inv.Objects[w.typ][w.name]; !ok || it.Title != w.title {
			t.Errorf("%s %s: %+v, want the title %q", w.typ, w.name, it, w.title)
		}
	}
	for _, name := range []string{"one two", "contents"} {
		if _, ok := inv.Objects["std:label"][name]; ok {
			t.Errorf("the implicit name %q is a label of the site", name)
		}
	}
}

// TestNearMisses is about references and settings that are nearly right.
func TestNearMisses(t *testing.T) {
	_, diags := buildSite(t, Options{Source: tree(t, "conf.py", "project = 'P'\nhtml_titel = 'x'\nlanguages = []\nfor l in languages: pass\n", "index.rst", `Top
===

.. _my-label:

Section
-------

.. math:: a
   :label: euler

:ref:`+"`my-lable` :eq:`euler1` :keyword:`wiht`"+` [CIT1]_ |nmae|

.. [CIT2] A.
.. |name| replace:: N

.. image:: a.png
   :align: midle
`)})
	has(t, "diagnostics", said(diags), "conf.py:2:1: warning: `html_titel` is no setting that is read. Did you mean `html_title`?",
		"index.rst:12:1: warning: There is no label `my-lable`. Did you mean `my-label`?",
		"There is no equation `euler1`. Did you mean `euler`?", "index.rst:12:30: warning: There is no keyword `wiht`.",
		"There is no citation `CIT1`. Did you mean `[CIT2]_`?", "The substitution `nmae` is not defined. Did you mean `|name|`?",
		"did you mean `middle`")
	for _, d := range diags {
		if d.Code == "ref-label" && d.Len != len(":ref:`my-lable`") {
			t.Errorf("%d bytes of the reference are marked", d.Len)
		}
		if strings.Contains(d.Message, "`languages`") {
			t.Error("a variable that conf.py itself uses is taken for a setting")
		}
	}
}

// TestNearFiles: a file that is not there is named with the one that may be
// meant, also in a page that comes from the cache.
func TestNearFiles(t *testing.T) {
	dir := tree(t, "docs/parts/intro.rst", "x\n", "docs/code/main.py", "x = 1\n", "docs/picture.png", "", "docs/data.csv", "a,b\n", "docs/index.rst", `Top
===

.. include:: parts/intor.rst
.. literalinclude:: code/Main.py
.. image:: pictrue.png
.. csv-table::
   :file: /dat.csv
.. include:: nothing/like/it.txt

:download:`+"`x <data>`"+`
`, "docs/sub/page.rst", "Sub\n===\n\n.. include:: code/main.py\n")
	for _, part := range []string{"intro.rst", "intorr.rst"} {
		cache, err := build.OpenCache(filepath.Join(dir, "cache"), "site")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Load(context.Background(), Options{Source: filepath.Join(dir, "docs"), Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Write(context.Background(), &Memory{}); err != nil {
			t.Fatal(err)
		}
		got := said(s.Diags())
		has(t, "diagnostics", got, "there is no such file; check the name, which is relative to this page. Did you mean `parts/"+part+"`?",
			"Did you mean `code/main.py`?", "`pictrue.png` is not shown: there is no such file. Did you mean `picture.png`?",
			"Did you mean `/data.csv`?", "`data` is not offered: there is no such file. Did you mean `data.csv`?", "Did you mean `/code/main.py`?")
		if n := strings.Count(got, "Did you mean"); n != 6 {
			t.Errorf("%d suggestions:\n%s", n, got)
		}
		if err := s.Remember(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		cache.Close()
		os.Rename(filepath.Join(dir, "docs/parts", part), filepath.Join(dir, "docs/parts/intorr.rst"))
	}
}

// TestNumbersWithoutNames is about numfig: what nobody can refer to is counted
// too.
func TestNumbersWithoutNames(t *testing.T) {
	m, _ := buildSite(t, Options{Source: tree(t, "conf.py", "project = 'P'\nnumfig = True\n", "index.rst", `Top
===

.. code-block:: c
   :caption: First

   x

.. code-block:: c
   :caption: Second
   :name: second

   y

.. table:: A table

   == ==
   a  b
   == ==

:numref:`+"`second`"+`
`)})
	has(t, "the page", shown(t, m, "index.html"), "Listing 1", ">Listing 2</", "Table 1")
}

// TestProse builds the tree that scripts/compare builds with Sphinx, too.
func TestProse(t *testing.T) {
	m, diags := buildSite(t, Options{Source: "../testdata/sphinx/prose"})
	for page, want := range map[string][]string{
		"numbers":      {"Drawing 2.1.3", "(2.2.1)", "Eq.2.2.1"},
		"links":        {"fixed7", ">Both in third</a>", `href="https://other.example/doc/both.html#both"`, "&lt;no title&gt;", ">mod.Cls</code></a>"},
		"versions":     {`<a href="#todo-0"><em>original entry</em></a> is located in versions.rst, line 47.)`},
		"objects":      {"[anonymous]", `href="#c.c_fun"`},
		"code/include": {"<pre"},
		"blocks":       {"Footnotes<a"},
	} {
		has(t, page, shown(t, m, page+"/index.html"), want...)
	}
	has(t, "diagnostics", said(diags), "The toctree names `not/there`", "There is no label `none-such`")
	for _, d := range diags {
		if d.Source == nil {
			t.Errorf("%s has no place", d.Message)
		}
	}
}

// TestOwnExtensions is about what the extensions of a tree add: their calls
// are read, their Python is not run.
func TestOwnExtensions(t *testing.T) {
	m, diags := buildSite(t, Options{Source: tree(t, "conf.py", `import sys, os
sys.path.append(os.path.join(os.path.dirname(__file__), "more", "own"))
extensions = ["sphinx.ext.todo", "kinds"]

def setup(app):
    # app.add_role("ghost", ghost)
    app.add_object_type("command", "cmd", indextemplate="pair: %s; command", objname="a (command)", parse_node=lambda *a: a)
    app.add_generic_role("shout", nodes.strong)
    app.add_role("issue", issue_role)
    app.add_directive("synopsis", Synopsis)
    app.add_directive("versionadded", Strange)
    app.add_directive("odd", Odd)
    app.add_directive(name_of(), Odd)
`, "own/kinds.py", `from classes import Synopsis
def setup(app):
    app.add_crossref_type(directivename="setting", rolename="setting", indextemplate="pair: %s; setting")
`, "own/classes.py", "from x import y\nclass Base(directives.CodeBlock):\n    pass\n\nclass Synopsis(Base):\n    pass\n",
		"index.rst", `Top
===

.. setting:: DEBUG

Text.

.. command:: run [FILE]

   It runs.

.. synopsis::
   :strange:

   run FILE

.. odd:: one

   two

.. versionadded:: 1.0

:setting:`+"`DEBUG` :cmd:`run` :shout:`loud` :issue:`7` :ghost:`x` :py:ref:`genindex`\n")})
	has(t, "the page", shown(t, m, "index.html"), `<a href="#setting-DEBUG"><code`, `<a href="#command-run-FILE"><code`, "<strong>loud</strong>", ">7</span>",
		"It runs.", "run FILE", ".. odd:: one", "New in version 1.0", `href="genindex/"`)
	has(t, "the index", shown(t, m, "genindex/index.html"), "setting", "command")
	has(t, "diagnostics", said(diags), "conf.py:9:5: warning: Defined in Python, which is not run: :issue:, odd::.", "Unknown role `ghost`")
	if n := strings.Count(said(diags), "\n"); n > 3 {
		t.Errorf("%d lines of diagnostics: %s", n, said(diags))
	}
}

// TestSwitchedOff is about settings that turn off what Sphinx does by default,
// or on what it does not.
func TestSwitchedOff(t *testing.T) {
	src := tree(t, "setup.py", "", "linked.rst", "Linked\n======\n", "docs/conf.py", `project = 'P'
add_module_names = False
add_function_parentheses = False
toc_object_entries = False
show_authors = True
`, "docs/index.rst", `Top
===

.. toctree::

   other
   link

`, "docs/other.rst", `Other
=====

.. sectionauthor:: Me

.. py:module:: pkg

.. py:function:: func(a)

:py:func:`+"`func` :py:func:`!g()`"+`

.. code-block:: c

After.
`)
	if err := os.Symlink("../linked.rst", filepath.Join(src, "docs", "link.rst")); err != nil {
		t.Fatal(err)
	}
	m, diags := buildSite(t, Options{Source: filepath.Join(src, "docs")})
	page := shown(t, m, "other/index.html")
	has(t, "the page", page, "<em>Section author: Me</em>", ">func</code></a>", "<code>g</code>", `data-lang="c"`)
	if strings.Contains(page, "pkg.</span>") || strings.Contains(shown(t, m, "index.html"), "func") {
		t.Error("the name of the module, or the function in the table of contents, is shown")
	}
	has(t, "a page that is a link into the project", shown(t, m, "link/index.html"), ">Linked<")
	has(t, "diagnostics", said(diags), "The `code-block` is empty.")
}

// TestPyspecific is about Python's own documentation: its extension is built
// in, so its Python file says nothing.
func TestPyspecific(t *testing.T) {
	m, diags := buildSite(t, Options{Source: tree(t, "conf.py", "import sys\nsys.path.append('tools')\nextensions = ['pyspecific']\n",
		"tools/pyspecific.py", "def setup(app):\n    app.add_role('issue', issue_role)\n    app.add_object_type('opcode', 'opcode', '%s (opcode)', parse)\n",
		"index.rst", "Top\n===\n\n:issue:`12`\n\n.. opcode:: COPY (i)\n")})
	has(t, "the page", shown(t, m, "index.html"), ">bpo-12</a>", "COPY</span>")
	has(t, "diagnostics", said(diags)+"none", "none")
}

// Titles that are there many times are labels once, in every build the same.
func TestInventoryOfTwins(t *testing.T) {
	pairs := []string{"conf.py", "extensions = ['sphinx.ext.autosectionlabel']\n", "index.rst", "Home\n====\n\n.. toctree::\n   :glob:\n\n   *\n"}
	for i := range 30 {
		pairs = append(pairs, fmt.Sprintf("p%02d.rst", i), fmt.Sprintf("Page %d\n========\n\nTwin\n----\n\n.. c:enum:: E\n\n   .. c:enumerator:: A%d\n", i, i%3))
	}
	dir := tree(t, pairs...)
	m, _ := buildSite(t, Options{Source: dir})
	first := shown(t, m, "objects.inv")
	inv, err := ReadInventory(strings.NewReader(first), "")
	if err != nil || inv.Objects["std:label"]["twin"].URI != "/p00/#$" && inv.Objects["std:label"]["twin"].URI != "/p00/#twin" {
		t.Errorf("twin leads to %q: %v", inv.Objects["std:label"]["twin"].URI, err)
	}
	for range 5 {
		again, _ := buildSite(t, Options{Source: dir})
		if shown(t, again, "objects.inv") != first {
			t.Fatal("the inventory differs from build to build")
		}
	}
}

// A module of the tree's own is part of the configuration: another text of it
// makes other pages, with a cache too.
func TestOwnExtensionsAndTheCache(t *testing.T) {
	dir := tree(t, "conf.py", "extensions = ['kinds']\n", "index.rst", "T\n=\n\n:shout:`a`\n", "other/x.rst", "X\n=\n")
	at, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	for _, step := range []struct{ file, class, want string }{
		{"", "", "a"}, {"_ext/kinds.py", "strong", "<strong>a</strong>"}, {"_ext/kinds.py", "emphasis", "<em>a</em>"}, {"kinds.py", "strong", "<strong>a</strong>"},
	} {
		if step.file != "" {
			file := filepath.Join(dir, step.file)
			os.MkdirAll(filepath.Dir(file), 0o777)
			if err := os.WriteFile(file, []byte("def setup(app):\n    app.add_generic_role('shout', nodes."+step.class+")\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		cache, err := build.OpenCache(at, "x")
		if err != nil {
			t.Fatal(err)
		}
		buildTo(t, out, Options{Source: dir, Cache: cache})
		cache.Close()
		page, err := os.ReadFile(filepath.Join(out, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		has(t, step.file+" "+step.class, string(page), step.want)
	}
}
