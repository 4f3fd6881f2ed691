package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/cli"
)

const canary = "TOP-SECRET-OUTSIDE"

// TestHostileContent builds pages that try to get at files outside the source,
// at the reader's browser, or at the builder's memory. Each is refused with a
// diagnostic at its place, and nothing of it is in the site.
func TestHostileContent(t *testing.T) {
	outside := t.TempDir()
	put(t, filepath.Join(outside, "secret.txt"), canary+"\n")
	put(t, filepath.Join(outside, "secret.md"), "# "+canary+"\n")
	put(t, filepath.Join(outside, "secret.csv"), canary+",1\n")
	put(t, filepath.Join(outside, "secret.png"), canary)
	up := func(name string) string { return "../../../../../../../../../../.." + filepath.Join(outside, name) }
	esc := strings.NewReplacer(".", "%2e", "/", "%2f")
	alert := []string{"javascript:", "alert(1)", "vbscript:", "<script>"}
	rst, md := func(body string) map[string]string {
		return map[string]string{"index.rst": "Home\n====\n\n" + body + "\n"}
	},
		func(body string) map[string]string { return map[string]string{"index.md": "# Home\n\n" + body + "\n"} }
	svg := func(body string) map[string]string {
		return map[string]string{"index.md": "# Home\n\n![x](p.svg)\n", "p.svg": body}
	}
	bomb := "---\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("b%d: &b%d [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", i, i)
	}
	tests := []struct {
		name  string
		files map[string]string
		want  string   // a part of the diagnostic
		bad   []string // may not be in the site
	}{
		{"front matter: aliases", map[string]string{"index.md": bomb + "---\n# Home\n"}, "YAML anchors and aliases are not allowed", nil},
		{"front matter: deep", map[string]string{"index.md": "---\na: " + strings.Repeat("[", 100000) + "\n---\n# Home\n"}, "front matter", nil},
		{"front matter: nested lists", map[string]string{"index.md": "---\na:\n  " + strings.Repeat("- ", 20000) + "x\n---\n# Home\n"}, "nests too deep", nil},
		{"front matter: long", map[string]string{"index.md": "---\na: " + strings.Repeat("x", 1<<20) + "\n---\n# Home\n"}, "The front matter is 1024 KiB long", nil},

		{"raw: block in Markdown", md("<script>alert(1)</script>"), "index.md:3:1: warning: Raw HTML is left out", alert},
		{"raw: inline in Markdown", md("a <b onclick=alert(1)>x</b> b"), "Raw HTML is left out", []string{"onclick"}},
		{"raw: picture in Markdown", md("a <img src=x onerror=alert(1)> b"), "The picture `x` is not shown", []string{"onerror"}},
		{"raw: directive", rst(".. raw:: html\n\n   <script>alert(1)</script>"), "Raw HTML is left out", alert},
		{"raw: role", rst(".. role:: x(raw)\n   :format: html\n\n:x:`<script>alert(1)</script>`"), "Raw HTML is left out", alert},
		{"raw: file outside", rst(".. raw:: html\n   :file: " + up("secret.txt")), "index.rst:5:11: ", nil},
		{"raw: from the network", rst(".. raw:: html\n   :url: https://example.org/x"), "does not read from the network", nil},

		{"address: Markdown link", md("[x](javascript:alert(1))"), "could run code", alert},
		{"address: spelled with a tab", md("[x](<java\tscript:alert(1)>)"), "could run code", []string{"alert(1)"}},
		{"address: spelled with entities", md("[x](&#106;avascript&colon;alert(1))"), "could run code", alert},
		{"address: with capitals and blanks", md("[x](< JaVaScRiPt:alert(1)>)"), "could run code", []string{"alert(1)"}},
		{"address: autolink", md("<javascript:alert(1)>"), "", []string{`href="javascript`}},
		{"address: reference", md("[x][y]\n\n[y]: vbscript:alert(1)"), "could run code", []string{"vbscript:"}},
		{"address: data", md("[x](data:text/html;base64,PHNjcmlwdD4=)"), "could run code", []string{"data:text/html"}},
		{"address: picture", md("![x](javascript:alert(1))"), "could run code", alert},
		{"address: SVG as data", md("![x](data:image/svg+xml;base64,PHN2Zz4=)"), "could run code", []string{"data:image/svg"}},
		{"address: RST link", rst("`x <javascript:alert(1)>`_"), "could run code", alert},
		{"address: RST target", rst("x_\n\n.. _x: javascript:alert(1)"), "could run code", alert},
		{"address: picture's target", map[string]string{"index.rst": "Home\n====\n\n.. image:: p.png\n   :alt: x\n   :target: javascript:alert(1)\n", "p.png": "x"}, "could run code", alert},
		{"address: card", md(":::{card} x\n:link: javascript:alert(1)\ny\n:::"), "could run code", alert},
		{"address: toctree", rst(".. toctree::\n\n   x <javascript:alert(1)>"), "", []string{`href="javascript`, "](javascript"}},

		{"svg: script", svg(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "it holds a script", alert},
		{"svg: handler", svg(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "it holds a script", alert},
		{"svg: handler after a slash", svg(`<svg xmlns="http://www.w3.org/2000/svg"/onload="alert(1)"/>`), "is not published", alert},
		{"svg: handler after a line end", svg("<svg xmlns=\"http://www.w3.org/2000/svg\"\nonload\n=\"alert(1)\"/>"), "it holds a script", alert},
		{"svg: namespaced script", svg(`<x:svg xmlns:x="http://www.w3.org/2000/svg"><x:script>alert(1)</x:script></x:svg>`), "it holds a script", alert},
		{"svg: link", svg(`<svg xmlns="http://www.w3.org/2000/svg"><a href="java&#x09;script:alert(1)"><text>x</text></a></svg>`), "it holds a script", []string{"alert(1)"}},
		{"svg: animated link", svg(`<svg xmlns="http://www.w3.org/2000/svg"><a><animate attributeName="href" values="javascript:alert(1)"/></a></svg>`), "it holds a script", alert},
		{"svg: a foreign object", svg(`<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><p>x</p></foreignObject></svg>`), "it holds a script", []string{"foreignObject"}},
		{"svg: entities", svg(`<!DOCTYPE svg [<!ENTITY x "javascript">]><svg xmlns="http://www.w3.org/2000/svg"><a href="&x;:alert(1)"/></svg>`), "is not published", []string{"alert(1)"}},
		{"svg: style sheet", svg(`<?xml-stylesheet href="evil.xsl" type="text/xsl"?><svg xmlns="http://www.w3.org/2000/svg"/>`), "is not published", []string{"evil.xsl"}},
		{"svg: UTF-16", svg("\xfe\xff\x00<\x00s\x00v\x00g\x00>"), "is not published", []string{"\x00s\x00v\x00g"}},
		{"svg: broken off", svg(`<svg xmlns="http://www.w3.org/2000/svg"><g>`), "is not published", []string{"<g>"}},

		{"path: include", rst(".. include:: " + up("secret.txt")), "index.rst:4:14: ", nil},
		{"path: literalinclude", rst(".. literalinclude:: /../" + up("secret.txt")), "index.rst:4:21: ", nil},
		{"path: absolute", rst(".. literalinclude:: " + filepath.Join(outside, "secret.txt")), "index.rst:4:21: ", nil},
		{"path: table", rst(".. csv-table:: x\n   :file: " + up("secret.csv")), "index.rst:5:11: ", nil},
		{"path: Markdown include", md("```{include} " + up("secret.md") + "\n```"), "index.md:3:", nil},
		{"path: picture", md("![x](" + up("secret.png") + ")"), "it lies outside the content folder", nil},
		{"path: encoded picture", md("![x](" + esc.Replace(up("secret.png")) + ")"), "it lies outside the content folder", nil},
		{"path: figure", rst(".. figure:: " + up("secret.png") + "\n   :alt: x"), "it lies outside the content folder", nil},
		{"path: download", rst(":download:`x <" + up("secret.txt") + ">`"), "it lies outside the content folder", nil},
		{"path: encoded download", rst(":download:`x <" + esc.Replace(up("secret.txt")) + ">`"), "it lies outside the content folder", nil},
		{"path: link", md("[x](" + up("secret.txt") + ")"), "it lies outside the content folder", nil},
		{"path: NUL", rst(".. literalinclude:: a\x00b.txt"), "index.rst:4:", nil},
		{"path: reserved name", map[string]string{"index.md": "# Home\n\n[x](_assets/docent.css)\n", "_assets/docent.css": "mine"}, "the site has a page of its own there", []string{"mine"}},
		{"path: alias", map[string]string{"index.md": "---\naliases: /../../evil/\n---\n# Home\n"}, "is no address of the site", nil},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			src := filepath.Join(t.TempDir(), "content")
			for name, text := range c.files {
				put(t, filepath.Join(src, name), text)
			}
			out := filepath.Join(t.TempDir(), "public")
			code, said, diag := call(t, "build", "--strict", "--source", src, "--out", out)
			if c.want != "" && (code != cli.ExitContent || !strings.Contains(diag, c.want)) {
				t.Errorf("exit code %d, want %q; said\n%.2000s", code, c.want, said+diag)
			}
			call(t, "build", "--source", src, "--out", out)
			whole := ""
			for name, text := range snapshot(t, out) {
				if !strings.Contains(name, "_assets/") || strings.Contains(c.name, "reserved") && strings.HasSuffix(name, ".css") {
					whole += text
				}
			}
			for _, bad := range append(c.bad, canary) {
				// Text that says it is no danger; markup and addresses are.
				if strings.Contains(whole, bad) && !onlyAsText(whole, bad) {
					at := strings.Index(whole, bad)
					t.Errorf("the site holds %q: …%s…", bad, whole[max(0, at-80):min(len(whole), at+80)])
				}
			}
		})
	}
}

// onlyAsText reports whether every occurrence stands in running text or in the
// shown source of something refused.
func onlyAsText(whole, bad string) bool {
	for rest := whole; ; {
		i := strings.Index(rest, bad)
		if i < 0 {
			return true
		}
		open, shut := strings.LastIndexByte(rest[:i], '<'), strings.LastIndexByte(rest[:i], '>')
		if open > shut || bad == canary || strings.HasPrefix(bad, "<") {
			return false
		}
		rest = rest[i+len(bad):]
	}
}

// TestLinksOutOfTheSource puts symbolic links where a page may name a file.
func TestLinksOutOfTheSource(t *testing.T) {
	outside := t.TempDir()
	put(t, filepath.Join(outside, "page.md"), "# "+canary+"\n")
	put(t, filepath.Join(outside, "p.png"), canary)
	src := pages(t, "index.rst", "Home\n====\n\n.. include:: linked.txt\n\n.. literalinclude:: linked.txt\n\n.. image:: linked.png\n   :alt: x\n\n:download:`x <folder/p.png>`\n\n`y <linked.png>`_\n",
		"conf.py", "html_extra_path = ['folder', 'linked.png']\n")
	for link, to := range map[string]string{"linked.txt": "page.md", "linked.png": "p.png", "folder": "", "page.rst": "page.md", "versions.json": "page.md", "docent.yaml": "page.md"} {
		if err := os.Symlink(filepath.Join(outside, to), filepath.Join(src, link)); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "public")
	code, _, diag := call(t, "build", "--source", src, "--out", out)
	if code != cli.ExitContent {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"index.rst:4:14: ", "index.rst:6:21: ", "The picture `linked.png` is not shown: it is a link that leads outside", "The download `folder/p.png` is not offered: it is a link that leads outside",
		"The link `linked.png` leads nowhere: it is a link that leads outside", "page.rst:1:1: error: Not read: ", "docent.yaml:1:1: error: The configuration is not read.", "versions.json:1:1: error: The list of versions is not read"} {
		if !strings.Contains(diag, want) {
			t.Errorf("not told: %s\n%s", want, diag)
		}
	}
	for name, text := range snapshot(t, out) {
		if strings.Contains(text, canary) {
			t.Errorf("%s holds a file from outside", name)
		}
	}
	if strings.Contains(diag, canary) {
		t.Error("a file from outside is shown")
	}
}
