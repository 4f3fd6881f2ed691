package site

import "testing"

// TestMystConf: a Sphinx tree has its Markdown read as its conf.py says.
func TestMystConf(t *testing.T) {
	page := "# Home\n\n{{name}} ~~gone~~ [words]{.mine} <wiki:Docker>\n\n:::{note}\nInside.\n:::\n"
	src := tree(t, "index.md", page, "conf.py", `project = 'P'
extensions = ['myst_parser']
myst_enable_extensions = {
    "attrs_inline", "substitution",
    "nonsense",
}
myst_substitutions = {"name": "the **value**"}
myst_url_schemes = {"https": None, "wiki": {"url": "https://en.wikipedia.org/wiki/{{path}}", "title": "About {{path}}"}}
`)
	m, diags := buildSite(t, Options{Source: src})
	has(t, "the page", shown(t, m, "index.html"), "the <strong>value</strong>", "~~gone~~", `<span class="mine">words</span>`,
		`<a href="https://en.wikipedia.org/wiki/Docker">About Docker</a>`, ":::{note}")
	has(t, "diagnostics", said(diags), "conf.py:3:1: warning: There is no MyST extension `nonsense`.")

	// Without MyST-Parser all is read, as on a site of our own; with it and no list, nothing is added.
	m, _ = buildSite(t, Options{Source: tree(t, "index.md", page, "conf.py", "source_suffix = ['.md']\n")})
	has(t, "a tree without MyST", shown(t, m, "index.html"), "<del>gone</del>", "admonition")
	m, _ = buildSite(t, Options{Source: tree(t, "index.md", page, "conf.py", "extensions = ['myst_parser']\n")})
	has(t, "a tree with MyST's defaults", shown(t, m, "index.html"), "~~gone~~", ":::{note}", "{{name}}")
	m, _ = buildSite(t, Options{Source: tree(t, "index.md", page, "conf.py", "extensions = ['myst_parser']\nmyst_enable_extensions = names()\n")})
	has(t, "a tree whose list cannot be read", shown(t, m, "index.html"), "<del>gone</del>", "admonition")
}
