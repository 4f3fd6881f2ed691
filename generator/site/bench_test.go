package site

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// benchSite loads a site of a hundred pages in one folder.
func benchSite(b *testing.B) *Site {
	b.Helper()
	dir := b.TempDir()
	for i := range 100 {
		text := fmt.Sprintf("# Page %d\n\n", i) + strings.Repeat("## Section\n\nWords of a *page* that goes on, with `code` and [a link](https://example.org/).\n\n```bash\necho \"$HOME\" # here\n```\n\n", 8)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("page-%02d.md", i)), []byte(text), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	s, err := Load(context.Background(), Options{Source: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return s
}

// BenchmarkTemplate puts a page into its frame; its bytes are the page's.
func BenchmarkTemplate(b *testing.B) {
	s := benchSite(b)
	p := s.pages[len(s.pages)/2]
	d, err := s.tree(p)
	if err != nil {
		b.Fatal(err)
	}
	v := s.frame(p)
	data, err := s.pageHTML(&env{s: s, p: p, doc: d}, v, Nowhere{}, &scratch{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if data, err = s.render(data[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFrame says what stands around a page's text.
func BenchmarkFrame(b *testing.B) {
	s := benchSite(b)
	b.ReportAllocs()
	for b.Loop() {
		s.frame(s.pages[len(s.pages)/2])
	}
}

// BenchmarkWrite writes files of 16 KiB, and puts them in their place.
func BenchmarkWrite(b *testing.B) {
	const files, size = 100, 16 << 10
	data := []byte(strings.Repeat("<p>A line of a page.</p>\n", size/25+1)[:size])
	b.SetBytes(files * size)
	n := 0
	for b.Loop() {
		n++
		out, err := OpenDir(filepath.Join(b.TempDir(), fmt.Sprint(n)))
		if err != nil {
			b.Fatal(err)
		}
		for i := range files {
			if err := out.Put(fmt.Sprintf("page-%d/index.html", i), data); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := out.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}
