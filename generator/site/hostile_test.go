package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
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
		"links.md":  strings.Repeat("[a](", 2_000), // goldmark takes a time that grows with the square
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
