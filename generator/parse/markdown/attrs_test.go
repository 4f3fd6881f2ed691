package markdown_test

import (
	"strings"
	"testing"

	"docent/generator/doc"
	render "docent/generator/html"
	"docent/generator/parse/directive"
	"docent/generator/parse/markdown"
)

// htmlOf reads a page as a tree with these settings wants it.
func htmlOf(t *testing.T, text string, m *directive.Myst) (html, diags string) {
	t.Helper()
	d := markdown.Parse("p.md", text, &directive.Config{Myst: m}, markdown.Options{})
	var b strings.Builder
	for _, m := range d.Diags {
		b.WriteString(m.String() + "\n")
	}
	return string(render.Render(nil, d, d.Root, linking{render.Nop{}, t})), b.String()
}

// TestExtensions: each of MyST's extensions is read where conf.py names it,
// and is text where it does not.
func TestExtensions(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"amsmath":       {"\\begin{gather*}\na=b\n\\end{gather*}\n", "<math"},
		"attrs_block":   {"{.mine}\nWords.\n", `<p class="mine">`},
		"attrs_image":   {"![a](b.png){.mine}\n", `class="mine"`},
		"attrs_inline":  {"[a]{.mine}\n", `<span class="mine">a</span>`},
		"colon_fence":   {":::{note}\nWords.\n:::\n", "admonition"},
		"deflist":       {"a\n: b\n", "<dl"},
		"dollarmath":    {"a $x^2$ b\n", "<math"},
		"fieldlist":     {"Words.\n\n:name: body\n", "field-list"},
		"html_image":    {"<img src=\"a.png\" alt=\"A\" width=\"20px\" onerror=\"alert(1)\">\n", `<img src="a.png" alt="A" width="20"`},
		"linkify":       {"see https://example.com/ now\n", "<a "},
		"replacements":  {"(c) me\n", "©"},
		"strikethrough": {"~~a~~\n", "<del>"},
		"substitution":  {"{{a}}\n", "<strong>value</strong>"},
		"tasklist":      {"- [ ] a\n", "<input"},
	} {
		m := &directive.Myst{Substitutions: map[string]string{"a": "**value**"}}
		if html, _ := htmlOf(t, c.text, m); strings.Contains(html, c.want) {
			t.Errorf("%s is read though it is off:\n%s", name, html)
		}
		m.Extensions = []string{name}
		html, diags := htmlOf(t, c.text, m)
		if !strings.Contains(html, c.want) || strings.Contains(html, "onerror") {
			t.Errorf("%s is not read:\n%s%s", name, html, diags)
		}
		if name == "replacements" {
			continue
		}
		if html, _ := htmlOf(t, "---\nsubstitutions: {a: '**value**'}\n---\n"+c.text, nil); !strings.Contains(html, c.want) {
			t.Errorf("%s is off on a site of its own:\n%s", name, html)
		}
	}
}

// TestSchemes: myst_url_schemes says where an address leads.
func TestSchemes(t *testing.T) {
	m := &directive.Myst{Schemes: map[string]directive.MystScheme{
		"wiki": {URL: "https://en.wikipedia.org/wiki/{{path}}#{{fragment}}"},
		"gh":   {URL: "https://github.com/o/r/issues/{{path}}", Title: "Issue #{{path}}", Classes: []string{"github"}},
		"bad":  {URL: "javascript:{{path}}"},
	}}
	html, _ := htmlOf(t, "[text](wiki:Docker#History) <gh:12> [](gh:13) [x](bad:alert(1))\n", m)
	for _, want := range []string{`<a href="https://en.wikipedia.org/wiki/Docker#History">text</a>`,
		`<a class="github" href="https://github.com/o/r/issues/12">Issue #12</a>`, `>Issue #13</a>`} {
		if !strings.Contains(html, want) {
			t.Errorf("%s is missing in\n%s", want, html)
		}
	}
	if strings.Contains(html, "javascript:") {
		t.Error(html)
	}
}

// TestMystSettings: what conf.py says about fences and titles.
func TestMystSettings(t *testing.T) {
	m := &directive.Myst{Directives: []string{"note"}, Numbered: []string{"python"}, TitleToHeader: true}
	html, diags := htmlOf(t, "---\ntitle: The *title*\n---\n```note\nWords.\n```\n\n```python\na = 1\n```\n", m)
	for _, want := range []string{"<h1>The <em>title</em>", "admonition", `data-line="1"`} {
		if !strings.Contains(html, want) {
			t.Errorf("%s is missing in\n%s%s", want, html, diags)
		}
	}
}

// TestAttributeBombs: attributes without end are read in bounded time, which
// the count of work shows.
func TestAttributeBombs(t *testing.T) {
	for _, unit := range []string{"[a]{.b}", "]{.b}", "[[a]{.b}", "{.a}", "`a`{.b}{.c}", "[a](b){.c}", "{.a %", "[{#a .b c=\"", "{.a}\n"} {
		d := markdown.Parse("p.md", strings.Repeat(unit, 20000), &directive.Config{}, markdown.Options{})
		if d.Root == nil || doc.KindDocument != d.Root.Kind {
			t.Error(unit)
		}
	}
}
