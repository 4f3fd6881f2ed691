package parse

import (
	"flag"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"docent/generator/parse/directive"
)

var corpus = flag.String("corpus", "../../content", "folder of pages that BenchmarkPages reads")

// BenchmarkPages reads every page of a tree: this repository's own, or
// another that -corpus names, such as the Doc folder of CPython. It is
// parsing alone, with the files that pages include. The collector is set as a
// build sets it.
func BenchmarkPages(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(2400))
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
			if conf, err := fs.ReadFile(root, "conf.py"); err == nil { // as the site reads a Sphinx tree
				cfg.Domain, cfg.SphinxIDs = "py", true
				if strings.Contains(string(conf), "pyspecific") {
					cfg.CPython, cfg.ArabicOnly = &directive.CPython{}, true
				}
			}
			for b.Loop() {
				for _, p := range pages {
					Page(p.name, p.text, cfg)
				}
			}
		})
	}
}
