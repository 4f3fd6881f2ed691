package search

import "testing"

// BenchmarkIndex counts the bytes of the pages' text.
func BenchmarkIndex(b *testing.B) {
	pages := sample(500)
	size := 0
	for _, p := range pages {
		for _, s := range p.Sections {
			size += len(s.Heading) + len(s.Text)
		}
	}
	whole := func() *Builder {
		index := NewBuilder()
		index.Arrange(urls(pages))
		for _, p := range pages {
			add(b, index, p)
		}
		return index
	}
	b.Run("add", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			whole()
		}
	})
	b.Run("finish", func(b *testing.B) {
		index := whole()
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			if err := index.Finish(nowhere{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
