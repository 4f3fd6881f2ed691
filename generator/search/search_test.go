package search

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
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
	b := NewBuilder()
	b.Arrange(urls(pages))
	for _, i := range order {
		add(t, b, pages[i])
	}
	return finish(t, b, map[string][]byte{})
}

func urls(pages []Page) (out []string) {
	for _, p := range pages {
		out = append(out, p.URL)
	}
	return out
}

func add(t testing.TB, b *Builder, p Page) {
	t.Helper()
	if err := b.Add(p); err != nil {
		t.Fatal(err)
	}
}

// TestSaved replaces pages in a builder that was saved and loaded: the index
// is the one of the pages as they are now.
func TestSaved(t *testing.T) {
	pages, other := sample(60), sample(70)[60:]
	pages[50] = large()
	b := NewBuilder()
	b.Arrange(urls(pages))
	order := make([]int, len(pages))
	for i := range pages {
		order[i] = i
		add(t, b, pages[i])
	}
	for round, p := range other[:4] {
		saved, err := b.Save()
		if err != nil {
			t.Fatal(err)
		}
		b = NewBuilder()
		if !b.Load(string(saved)) {
			t.Fatal("what was saved cannot be loaded")
		}
		for cut := range 40 {
			NewBuilder().Load(string(saved[:len(saved)*cut/40])) // cut short: it must not panic
		}
		switch round {
		case 0: // a page more
			pages, order = slices.Insert(pages, 20, p), append(order, len(order))
		case 1: // one less
			pages, order = slices.Delete(pages, 3, 4), order[1:]
			order = order[:len(pages)]
			for i := range order {
				order[i] = i
			}
		default: // another text
			p.URL = pages[7*round].URL
			pages[7*round] = p
		}
		b.Arrange(urls(pages))
		if round != 1 {
			add(t, b, p)
		}
		got, want := finish(t, b, map[string][]byte{}), build(t, pages, order)
		if len(got) != len(want) {
			t.Errorf("round %d: %d files in place of %d", round, len(got), len(want))
		}
		for name, data := range got {
			if !bytes.Equal(data, want[name]) {
				t.Fatalf("round %d: %s differs", round, name)
			}
		}
	}
}

// large is a page that takes several files.
func large() Page {
	p := Page{URL: "large/", Title: "A large page"}
	for i, s := range sample(20) {
		for _, s := range s.Sections {
			s.Heading = fmt.Sprintf("%d %s", i, s.Heading)
			p.Sections = append(p.Sections, s)
		}
	}
	return p
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
// index, one term file, and the texts of the four best pages.
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
	for i := range 4 {
		total += packed(fmt.Sprintf("p%d.js", i))
	}
	t.Logf("index %d, largest term file %d, with four files of texts %d bytes", packed("index.js"), most, total)
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

func TestLines(t *testing.T) {
	for _, s := range []string{"", " ", "a", " a  b\n c ", "a b", "\u00a0a\u2003\u2003b\x01\x7f é\n", "x\r\ny\t", "\xff \xfe"} {
		if got, want := string(appendLine(nil, s)), strings.Join(strings.Fields(s), " "); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

func TestHash(t *testing.T) {
	for _, w := range []string{"a", "term", "eight888", "more than eight"} {
		long := append(make([]byte, 0, 64), w...)
		if short := slices.Clip([]byte(w)); hash(long) != hash(short[:len(w):len(w)]) {
			t.Errorf("%s has two hashes", w)
		}
	}
}
