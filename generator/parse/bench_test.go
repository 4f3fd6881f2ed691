package parse

import (
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"docent/generator/parse/directive"
)

var corpus = flag.String("corpus", "../../content", "folder of pages that BenchmarkPages reads")

// BenchmarkPages reads every page of a tree: this repository's own, or
// another that -corpus names, such as the Doc folder of CPython. It is
// parsing alone, with the files that pages include.
func BenchmarkPages(b *testing.B) {
	root := os.DirFS(*corpus)
	type page struct{ name, text string }
	for _, lang := range []string{"rst", "md"} {
		var pages []page
		size := 0
		fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(name, "."+lang) {
				if text, err := fs.ReadFile(root, name); err == nil {
					pages = append(pages, page{name, string(text)})
					size += len(text)
				}
			}
			return nil
		})
		if len(pages) == 0 {
			continue
		}
		b.Run(lang, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			cfg := &directive.Config{FS: root}
			for b.Loop() {
				for _, p := range pages {
					Page(p.name, p.text, cfg)
				}
			}
		})
	}
}
