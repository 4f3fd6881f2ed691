package site

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"docent/generator/config"
	"docent/generator/doc"
)

func said(diags []doc.Diag) string {
	var b strings.Builder
	for _, d := range diags {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

func TestOwnThemeFiles(t *testing.T) {
	src := tree(t, "index.md", "# Home\n\n```{shout} So <loud>\n:by: Ada\n:src: javascript:alert(1)\n\nInner *text* and [link](b.rst).\n```\n", "b.rst", "B\n=\n\n.. shout:: Again\n\n   Inner **bold**.\n\n.. shouts::\n",
		"_theme/templates/redirect.html", "Gone to {{.Home}}", "_theme/assets/css/docent.css", "body { color : red }", "_theme/assets/img/logo.svg", "<svg/>",
		"_theme/templates/directives/shout.html", "<aside class=\"shout\" title=\"{{.Argument}}\"><b>{{.Options.by}}</b><a href=\"{{.Options.src}}\">x</a>{{.Content}}<img alt=\"\" src=\"{{.Root}}{{.Asset \"img/logo.svg\"}}\"></aside>",
		"_theme/index.md", "# No page\n", "docent.yaml", "redirects: {/old/: /b/}\n")
	m, diags := buildSite(t, Options{Source: src})
	if got := said(diags); !strings.Contains(got, "Unknown directive `shouts`. Did you mean `shout`?") || strings.Count(got, "\n") != 1 {
		t.Errorf("diagnostics: %s", got)
	}
	if got := shown(t, m, "old/index.html"); got != "Gone to ../b/" {
		t.Errorf("the template is not taken: %s", got)
	}
	css, logo := "", ""
	for _, n := range m.Names() {
		if strings.HasPrefix(n, "_assets/docent.") && strings.HasSuffix(n, ".css") {
			css = shown(t, m, n)
		}
		if strings.HasPrefix(n, "_assets/logo.") {
			logo = n
		}
		if strings.HasPrefix(n, "_theme") {
			t.Errorf("%s is published", n)
		}
	}
	if strings.TrimSpace(css) != "body{color:red}" || logo == "" {
		t.Errorf("the assets are not taken: %q %q", css, logo)
	}
	has(t, "Markdown", shown(t, m, "index.html"), `<aside class="shout" title="So &lt;loud&gt;"><b>Ada</b><a href="#ZgotmplZ">x</a>`, `Inner <em>text</em> and <a href="b/">link</a>.`, `<img alt="" src="./`+logo+`">`)
	has(t, "reStructuredText", shown(t, m, "b/index.html"), `<aside class="shout" title="Again">`, `Inner <strong>bold</strong>.`, `src="../`+logo)
	has(t, "the search index's text", shown(t, m, "index.md"), "Inner *text* and [link](b/).")
}

func TestBrokenThemeFiles(t *testing.T) {
	for name, text := range map[string]string{"templates/page.html": "{{if}}", "templates/directives/x.html": "{{.", "templates/head.html": "{{define \"head\"}}{{.Nothing}}{{end}}", "assets/js/docent.js": "const = 1"} {
		s, err := Load(context.Background(), Options{Source: tree(t, "index.md", "# Home\n", "_theme/"+name, text)})
		if err == nil {
			err = s.Write(context.Background(), &Memory{})
			s.Close()
		}
		var bad *BadTheme
		if !errors.As(err, &bad) || bad.File == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	src := tree(t, "index.md", "# Home\n\n```{fails}\n```\n", "_theme/templates/directives/fails.html", "{{.Nothing}}", "_theme/templates/directives/A b.html", "x")
	outside := t.TempDir() + "/secret.css"
	os.WriteFile(outside, []byte("secret{}"), 0o666)
	os.MkdirAll(src+"/_theme/assets/css", 0o777)
	if err := os.Symlink(outside, src+"/_theme/assets/css/docent.css"); err != nil {
		t.Fatal(err)
	}
	m, diags := buildSite(t, Options{Source: src})
	has(t, "the diagnostics", said(diags), "The template of `fails` fails", "No directive can be called `A b`", "it is a link that leads outside the content folder")
	for _, n := range m.Names() {
		if strings.Contains(shown(t, m, n), "secret{") {
			t.Errorf("%s holds a file from outside", n)
		}
	}
}

func TestDrafts(t *testing.T) {
	src := tree(t, "index.rst", "Home\n====\n\n.. toctree::\n\n   a\n   b\n", "a.md", "---\ndraft: true\n---\n# A\n", "b.rst", ":draft: no\n\nB\n=\n", "c.rst", ":draft:\n\nC\n=\n")
	m, diags := buildSite(t, Options{Source: src, BaseURL: "https://example.org"})
	if got := said(diags); got != "" {
		t.Errorf("diagnostics: %s", got)
	}
	if all := strings.Join(m.Names(), " "); strings.Contains(all, "a/index.html") || strings.Contains(all, "c/index.html") || !strings.Contains(all, "b/index.html") {
		t.Error(all)
	}
	if strings.Contains(shown(t, m, "sitemap.xml")+shown(t, m, "llms.txt"), "/a/") {
		t.Error("a draft is listed")
	}
	m, _ = buildSite(t, Options{Source: src, Settings: []config.Setting{{Key: "drafts", Value: "true"}}})
	has(t, "a draft that is asked for", shown(t, m, "a/index.html"), "This page is a draft.", `content="noindex"`)
}

func TestVersions(t *testing.T) {
	list := `[{"version": "2.0", "name": "2.0 (new)", "url": "https://example.org/2.0/", "preferred": true}, {"version": "1.0", "url": "/1.0/"}]`
	m, diags := buildSite(t, Options{Source: tree(t, "index.md", "# Home\n", "versions.json", list, "docent.yaml", "version: '1.0'\n")})
	if len(diags) > 0 {
		t.Error(diags)
	}
	has(t, "the switcher", shown(t, m, "index.html"), `<summary>1.0</summary>`, `<li><a href="https://example.org/2.0/">2.0 (new)</a></li><li><span aria-current="true">1.0</span></li>`)
	for text, want := range map[string]string{"[{]": "versions.json:1:3: error: The list of versions cannot be read", `[{"version": "1", "url": "javascript:alert(1)"}]`: "versions.json:1:27: error: Version 1 of the list has no name or no address.", `{"a": 1}`: "cannot be read"} {
		_, diags := buildSite(t, Options{Source: tree(t, "index.md", "# Home\n", "versions.json", text)})
		has(t, text, said(diags), want)
	}
	_, diags = buildSite(t, Options{Source: tree(t, "index.md", "# Home\n", "docent.yaml", "versions: ../../etc/passwd\n")})
	has(t, "a list outside", said(diags), "docent.yaml:1:11: error: The list of versions lies outside the source folder.")
}
