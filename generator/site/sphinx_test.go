package site

import (
	"strings"
	"testing"
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
