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
	b.Run("add", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			index := NewBuilder()
			for i, p := range pages {
				index.Add(i, p)
			}
		}
	})
	b.Run("finish", func(b *testing.B) {
		index := NewBuilder()
		for i, p := range pages {
			index.Add(i, p)
		}
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			if err := index.Finish(func(string, []byte) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
