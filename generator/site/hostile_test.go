package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// peak runs f and gives how far the heap grew while it ran, in bytes.
func peak(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	from, most := m.HeapAlloc, uint64(0)
	done := make(chan struct{})
	go func() { f(); close(done) }()
	for {
		select {
		case <-done:
			return most
		case <-time.After(20 * time.Millisecond):
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > from {
				most = max(most, m.HeapAlloc-from)
			}
		}
	}
}

// TestHugePages builds pages that nobody writes by hand. Time is bounded by
// the test's own deadline, memory by a multiple of the source.
func TestHugePages(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	words := strings.Repeat("Words and words and words, one line after the other, as a log has them.\n", 1000)
	for name, text := range map[string]string{
		"long.md":   "# Long\n\n" + strings.Repeat(words+"\n", 12), // under 1 MB; DOCENT_HUGE makes it 50
		"long.rst":  "Long\n====\n\n" + strings.Repeat(words+"\n", 12),
		"stars.md":  strings.Repeat("*a ", 1_000_000),
		"ticks.rst": strings.Repeat("`a ", 300_000),
		"bars.rst":  strings.Repeat("|a ", 300_000),
		"open.md":   strings.Repeat("[", 200_000),
		"links.md":  strings.Repeat("[a](", 100_000), // beyond a number of open ones they are text
		"html.md":   strings.Repeat("<a ", 200_000),
		"code.md":   "```bash\n" + strings.Repeat("if $(echo \"\n", 100_000),
		"deep.md":   strings.Repeat("> ", 10_000) + "deep\n",
		"deep.rst":  func() (s string) { return deepList(3000) }(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if os.Getenv("DOCENT_HUGE") != "" && strings.HasPrefix(name, "long") {
				text = strings.Repeat(text, 57)
			}
			began := time.Now()
			dir := tree(t, name, text)
			s, err := Load(context.Background(), Options{Source: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Write(context.Background(), Nowhere{}); err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			t.Logf("%d bytes in %s, %d diagnostics", len(text), took.Round(time.Millisecond), len(s.Diags()))
			if limit := 2 * time.Minute; took > limit {
				t.Errorf("%d bytes took %s", len(text), took)
			}
		})
	}
}

func deepList(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("  ", i%200) + "* item\n\n")
	}
	return b.String()
}

// TestManyEmptyPages holds the memory that a page costs, whatever is in it.
func TestManyEmptyPages(t *testing.T) {
	count := 3000
	if os.Getenv("DOCENT_HUGE") != "" {
		count = 100_000
	}
	dir := t.TempDir()
	for i := range count {
		if i%500 == 0 {
			os.MkdirAll(filepath.Join(dir, fmt.Sprint(i/500)), 0o777)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i/500), fmt.Sprintf("%d.md", i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	grown := peak(func() {
		s, err := Load(context.Background(), Options{Source: dir})
		if err == nil {
			defer s.Close()
			err = s.Write(context.Background(), Nowhere{})
		}
		if err != nil {
			t.Error(err)
		}
	})
	t.Logf("%d empty pages, %d bytes of memory each", count, grown/uint64(count))
	if grown/uint64(count) > 20_000 {
		t.Errorf("an empty page costs %d bytes of memory", grown/uint64(count))
	}
}

// TestLoopOfLinks builds a tree with a folder that leads back to its own
// root, and one that leads outside.
func TestLoopOfLinks(t *testing.T) {
	dir := tree(t, "index.md", "# Home\n\n[a](sub/index.md)\n", "sub/index.md", "# Sub\n")
	for name, to := range map[string]string{"sub/loop": "..", "sub/self": "self", "outside": t.TempDir(), "sub/page.md": "page.md"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	m, diags := buildSite(t, Options{Source: dir})
	pages := 0
	for _, n := range m.Names() {
		if strings.HasSuffix(n, "index.html") {
			pages++
		}
	}
	if _, ok := m.File("sub/index.html"); !ok || pages > 6 {
		t.Errorf("%d pages: %v", pages, m.Names())
	}
	if len(diags) != 1 || diags[0].Code != "site-unreadable" || diags[0].Source.Name != "sub/page.md" {
		t.Errorf("said %v", diags)
	}
}

// TestSavedWhileItIsRead changes a page between the two times that it is
// read: what was learned of it no longer holds, and the build says so.
func TestSavedWhileItIsRead(t *testing.T) {
	dir := tree(t, "index.md", "# Home\n", "a.md", "# A\n")
	s, err := Load(context.Background(), Options{Source: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, p := range s.pages {
		p.kept = nil // as where there is no room for it
	}
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("# B\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	var changed *Changed
	if err := s.Write(context.Background(), &Memory{}); !errors.As(err, &changed) || changed.Page != "a.md" {
		t.Errorf("got %v", err)
	}
}

// TestActiveFiles: what a browser would run on a host that sends no policy is
// published as text, and kept under its own name.
func TestActiveFiles(t *testing.T) {
	script := "<script>alert(1)</script>"
	files := []string{"index.md", "# Home\n\n{download}`demo <a/demo.html>` {download}`data <data.csv>` [look](a/demo.html)\n\n```{literalinclude} a/x.XML\n```\n",
		"r.rst", "R\n=\n\n:download:`a/demo.html`\n", "a/demo.html", script, "a/x.XML", "<x/>", "data.csv", "1,2"}
	m, diags := buildSite(t, Options{Source: tree(t, files...)})
	home := shown(t, m, "index.html")
	has(t, "the page", home, `<a href="a/demo.html.txt" download="demo.html"><code>demo</code></a>`, `<a href="data.csv" download><code>data</code></a>`, `<a href="a/demo.html.txt">look</a>`, `href="a/x.XML.txt" download="x.XML">`)
	has(t, "the other page", shown(t, m, "r/index.html"), `<a href="../a/demo.html.txt" download="demo.html">`)
	has(t, "the file", shown(t, m, "a/demo.html.txt"), script)
	has(t, "the diagnostics", said(diags), "index.md:3:60: warning: The file `a/demo.html` could run scripts in the reader's browser; it is published as text, `demo.html.txt`.")
	for _, n := range m.Names() {
		if n == "a/demo.html" || n == "a/x.XML" {
			t.Errorf("%s is published", n)
		}
	}
	m, diags = buildSite(t, Options{Source: tree(t, append(files, "docent.yaml", "raw_html: true\n")...)})
	has(t, "a site that trusts its authors", shown(t, m, "index.html"), `<a href="a/demo.html">look</a>`)
	has(t, "its file", shown(t, m, "a/demo.html"), script)
	if got := said(diags); strings.Contains(got, "could run") {
		t.Error(got)
	}
}

// TestNastySite is a site whose every word was written by an enemy: pages,
// catalogue, theme words, conf.py. Nothing of it runs, nothing outside the
// content is read, and each attempt is reported.
func TestNastySite(t *testing.T) {
	const alert = "<script>alert(1)</script>"
	src := tree(t,
		"conf.py", "project = '"+alert+"'\nhtml_title = 'T</title>"+alert+"'\nextensions = ['myst_parser']\nmyst_enable_extensions = ['attrs_inline', 'html_image', 'deflist', 'substitution']\n"+
			"html_css_files = ['javascript:alert(1)', '../outside.txt', 'ok.css']\nhtml_js_files = ['../outside.txt']\nhtml_static_path = ['..', '/etc']\nextlinks = {'e': ('javascript:%s', 'x %s')}\nmyst_url_schemes = {'bad': 'javascript:{{path}}'}\n",
		"docent.yaml", "languages: {de: '<b>D</b>'}\nredirects:\n  /loop/: /loop2/\n  /loop2/: /loop/\n  /ev/: //evil.example/\n",
		"index.md", "# Home\n\n```{toctree}\nfront\nraw\nurls\nfiles\nrst\n```\n",
		"front.md", "---\ntitle: '"+alert+"{{.Title}}{{template \"head.html\"}}'\ndescription: '\" onload=alert(1) x=\"{{define \"page.html\"}}'\naliases: [/../../etc/x, '/a<b>', //evil.example/]\nlanguage: 'en\" onclick=\"alert(1)'\n---\n# {{.Page}}\n\n{{ \"x\".__class__ }} {% include \"/etc/passwd\" %}\n",
		"raw.md", "# Raw\n\n"+alert+"\n\n| a <b onclick=alert(1)>x</b> | "+alert+" |\n| --- | --- |\n| <img src=x.png onerror=alert(1)> | [x](raw.md \""+alert+"\") |\n\n[x](https://e.org \"\\\" onmouseover=alert(1) x=\\\"\") ![a\"onload=\"alert(1)](x.png)\n\n"+
			"Term "+alert+"\n: <iframe src=//evil.example></iframe>\n\n```{raw} html\n"+alert+"\n```\n\n```python title=\""+alert+"\"\nx\n```\n\n```{code-block} python\n:caption: "+alert+"\n:name: \"><script>\nx\n```\n\n[x]{.a onclick=\"alert(1)\"}\n\nWords.\n",
		"urls.md", "# URLs\n\n[a](JaVaScRiPt:alert(1)) [b](java&#115;cript:alert(1)) [c](&#x6A;avascript&colon;alert(1)) [d](<java\tscript:alert(1)>) [e](vbscript:x) [f](data:text/html,x) [g](feed:javascript:alert(1)) [h](ms-msdt:/id) [i](intent://x) [j](bad:alert(1))\n\n"+
			"![a](data:image/svg+xml;base64,PHN2Zz4=) <img src=\"&#106;avascript:alert(1)\"> <javascript:alert(1)>\n\n```{image} x.png\n:target: javascript:alert(1)\n```\n",
		"files.md", "# Files\n\n[a](../outside.txt) [b](%2e%2e/outside.txt) [c](..%2foutside.txt) [d](link.txt) [e](up/outside.txt) ![f](../outside.png) {download}`/../outside.txt`\n\n```{include} ../outside.txt\n```\n\n```{literalinclude} up/outside.txt\n```\n",
		"rst.rst", "RST\n===\n\n.. include:: link.txt\n.. literalinclude:: sub/../../outside.txt\n.. csv-table::\n   :file: ../outside.txt\n.. raw:: html\n   :file: ../outside.txt\n\n:e:`alert(1)` `x <java&#115;cript:alert(1)>`__ `y <vbscript:x>`__\n\n.. meta::\n   :http-equiv=refresh: 0;url=javascript:alert(1)\n",
		"x.png", "", "locale/de/LC_MESSAGES/raw.po", "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n\nmsgid \"Words.\"\nmsgstr \""+alert+" [x](javascript:alert(1))\"\n",
		"_theme/words/de.yaml", "Search: '"+alert+"'\nPrevious: '{{.Title}}\"><script>'\nCopy: '</script>"+alert+"'\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(src), "outside.txt"), []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link.txt": "../outside.txt", "up": ".."} {
		if err := os.Symlink(to, filepath.Join(src, name)); err != nil {
			t.Fatal(err)
		}
	}
	m, diags := buildSite(t, Options{Source: src})
	schemes := []string{"javascript", "vbscript", "data", "feed", "ms-msdt", "intent", "file", "bad"}
	for _, name := range m.Names() {
		data, _ := m.File(name)
		text := string(data)
		if strings.Contains(text, "a secret") {
			t.Errorf("%s holds what lies outside the content", name)
		}
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for z := html.NewTokenizer(strings.NewReader(text)); z.Next() != html.ErrorToken; {
			tok := z.Token()
			if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
				continue
			}
			if slices.Contains([]string{"iframe", "object", "embed", "base", "b", "style"}, tok.Data) {
				t.Errorf("%s: %s", name, tok)
			}
			src := ""
			for _, a := range tok.Attr {
				to := strings.ToLower(strings.TrimSpace(a.Val))
				bad, _, _ := strings.Cut(to, ":")
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "http-equiv", a.Key == "style",
					(a.Key == "href" || a.Key == "src" || a.Key == "action") && (slices.Contains(schemes, bad) || strings.HasPrefix(to, "//")):
					t.Errorf("%s: %s", name, tok)
				case a.Key == "src":
					src = a.Val
				}
			}
			if tok.Data == "script" && src == "" && !strings.Contains(tok.String(), "ld+json") {
				t.Errorf("%s: a script stands in the page", name)
			}
		}
	}
	if words := shown(t, m, "de/front/index.html"); strings.Contains(words, ">"+alert) {
		t.Error("a word of the theme runs")
	}
	has(t, "the diagnostics", said(diags), "html-unsafe-url", "no address of the site", "`ms-msdt:/id` could run code", "`feed:javascript:alert(1)` could run code", "no language; the page has the site's",
		"`javascript:alert(1)` of `html_css_files` is left out", "`../outside.txt` of `html_js_files` is left out", "is a link that leads outside the content folder", "it lies outside the content folder",
		"path escapes from parent", "Raw HTML is left out", "`onclick=alert(1)` does nothing here", "There is no page at `//evil.example/`")
}
