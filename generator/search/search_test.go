package search

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"Build the Image":  {"build", "the", "image"},
		"nbody_2M_1gpu.sh": {"nbody_2m_1gpu.sh", "nbody", "2m", "1gpu", "sh"},
		"--no-cache, -t x": {"no-cache", "nocache", "no", "cache"},
		"a stand-in":       {"stand-in", "standin", "stand", "in"},
		"one-two-three":    {"one-two-three", "one", "two", "three"},
		"ValueError":       {"value", "error", "valueerror"},
		"HTTPServer.start": {"http", "server", "httpserver.start", "httpserver", "start"},
		"Some iPhone":      {"some", "phone", "iphone"},
		"GFLOP/s":          {"gflop/s", "gflop"},
		"nvcr.io/nvidia.":  {"nvcr.io/nvidia", "nvcr", "io", "nvidia"},
		"Größe café":       {"grosse", "cafe"},
		"${USER}_nbody":    {"user", "nbody"},
		"page 7, a b":      {"page", "7"},
		"":                 nil,
		"...---___":        nil,
		"__init__.py":      {"init__.py", "init", "py"},
	} {
		var got []string
		Words(text, func(w string) { got = append(got, w) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func finish(t testing.TB, b *Builder, files map[string][]byte) map[string][]byte {
	t.Helper()
	if err := b.Finish(func(name string, data []byte) error { files[name] = data; return nil }); err != nil {
		t.Fatal(err)
	}
	return files
}

func build(t testing.TB, pages []Page, order []int) map[string][]byte {
	files := map[string][]byte{}
	b := NewBuilder()
	for _, i := range order {
		name, data := b.Add(i, pages[i])
		files[name] = data
	}
	return finish(t, b, files)
}

// TestSaved replaces pages in a builder that was saved and loaded: the index
// is the one of the pages as they are now.
func TestSaved(t *testing.T) {
	pages, other := sample(60), sample(70)[60:]
	order := make([]int, len(pages))
	b := NewBuilder()
	for i := range pages {
		order[i] = i
		b.Add(i, pages[i])
	}
	for round, p := range other[:3] {
		saved := string(b.Save())
		b = NewBuilder()
		if !b.Load(saved) {
			t.Fatal("what was saved cannot be loaded")
		}
		for cut := range 40 {
			NewBuilder().Load(saved[:len(saved)*cut/40]) // cut short: it must not panic
		}
		b.Add(7*round, p)
		pages[7*round] = p
		got, want := finish(t, b, map[string][]byte{}), build(t, pages, order)
		for name, data := range got {
			if !bytes.Equal(data, want[name]) {
				t.Fatalf("round %d: %s differs", round, name)
			}
		}
		for name := range want {
			if _, ok := got[name]; !ok && name[0] != 'p' {
				t.Errorf("round %d: %s is missing", round, name)
			}
		}
	}
}

func sample(n int) []Page {
	r := rand.New(rand.NewSource(1))
	vocabulary := make([]string, 8000)
	for i := range vocabulary {
		var w strings.Builder
		for range 3 + r.Intn(8) {
			w.WriteByte(byte('a' + r.Intn(26)))
		}
		vocabulary[i] = w.String()
	}
	zipf := rand.NewZipf(r, 1.1, 4, uint64(len(vocabulary)-1))
	pages := make([]Page, n)
	for i := range pages {
		pages[i] = Page{URL: fmt.Sprintf("section%d/page%d/", i/50, i), Title: fmt.Sprintf("Page %d of %s", i, vocabulary[zipf.Uint64()])}
		for s := range 5 {
			var text strings.Builder
			for range 130 {
				text.WriteString(vocabulary[zipf.Uint64()] + " ")
			}
			pages[i].Sections = append(pages[i].Sections, Section{ID: fmt.Sprintf("s%d", s), Heading: vocabulary[zipf.Uint64()], Text: text.String()})
		}
	}
	return pages
}

func TestOrderDoesNotMatter(t *testing.T) {
	pages := sample(40)
	up, down := make([]int, 40), make([]int, 40)
	for i := range up {
		up[i], down[i] = i, 39-i
	}
	if !reflect.DeepEqual(build(t, pages, up), build(t, pages, down)) {
		t.Error("the index depends on the order of the pages")
	}
}

// What a reader downloads until the first result: the script aside, the
// index, one term file, and the page files of the eight best pages.
func TestLittleIsDownloaded(t *testing.T) {
	pages := sample(1000)
	order := make([]int, len(pages))
	for i := range order {
		order[i] = i
	}
	files := build(t, pages, order)
	packed := func(name string) int {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		w.Write(files[name])
		w.Close()
		return b.Len()
	}
	most := 0
	for name := range files {
		if name[0] == 't' {
			most = max(most, packed(name))
		}
	}
	total := packed("index.js") + most
	for i := range 8 {
		total += packed(fmt.Sprintf("p%d.js", i))
	}
	t.Logf("index %d, largest term file %d, with 8 pages %d bytes", packed("index.js"), most, total)
	if total > 60<<10 {
		t.Errorf("%d bytes until the first result, want at most %d", total, 60<<10)
	}
}

func FuzzWords(f *testing.F) {
	f.Add("a-b_c.d/e:f \xff é")
	f.Fuzz(func(t *testing.T, s string) {
		Words(s, func(w string) {
			if w == "" || w != strings.ToLower(w) && fold(w) != w {
				t.Fatalf("term %q of %q", w, s)
			}
		})
	})
}
