package search

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"Build the Image":  {"build", "the", "image"},
		"nbody_2M_1gpu.sh": {"nbody_2m_1gpu.sh", "nbody", "2m", "1gpu", "sh"},
		"--no-cache, -t x": {"no-cache", "no", "cache"},
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

func build(t testing.TB, pages []Page, order []int) map[string][]byte {
	var mu sync.Mutex
	files := map[string][]byte{}
	b := NewBuilder(func(name string, data []byte) error {
		mu.Lock()
		defer mu.Unlock()
		files[name] = data
		return nil
	})
	for _, i := range order {
		if err := b.Add(i, pages[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish(); err != nil {
		t.Fatal(err)
	}
	return files
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
