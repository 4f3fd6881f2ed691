package search

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
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

// memory holds the files of an index, and those of the one before.
type memory struct{ old, now map[string][]byte }

func (m *memory) Put(name string, data []byte) error {
	if m.now[name] != nil {
		return fmt.Errorf("%s is written twice", name)
	}
	m.now[name] = bytes.Clone(data)
	return nil
}

func (m *memory) Old(name string) ([]byte, bool) {
	data, ok := m.old[name]
	return data, ok
}

func (m *memory) Sure(name string) bool { return m.old[name] != nil }

func (m *memory) Keep(name string) bool {
	m.now[name] = m.old[name]
	return m.old[name] != nil
}

// finish gives the files; pages are those that can be asked for again.
func finish(t testing.TB, b *Builder, old map[string][]byte, pages ...Page) map[string][]byte {
	t.Helper()
	m := &memory{old, map[string][]byte{}}
	for range 10 {
		err := b.Finish(m)
		if err == nil {
			return m.now
		}
		var lost *Missing
		if !errors.As(err, &lost) {
			t.Fatal(err)
		}
		for _, p := range pages {
			if slices.Contains(lost.URLs, p.URL) {
				add(t, b, p)
			}
		}
	}
	t.Fatal("pages are missing again and again")
	return nil
}

func build(t testing.TB, pages []Page, order []int) map[string][]byte {
	b := NewBuilder()
	b.Arrange(urls(pages))
	if order == nil {
		for _, p := range pages {
			add(t, b, p)
		}
	}
	for _, i := range order {
		add(t, b, pages[i])
	}
	return finish(t, b, nil)
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

// TestChanged changes, adds and removes pages of an index that was saved and
// loaded. The files are those of an index made anew, byte for byte.
func TestChanged(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	pages, other := sample(320), sample(500)[320:]
	pages[250] = large()
	b := NewBuilder()
	b.Arrange(urls(pages))
	for _, p := range pages {
		add(t, b, p)
	}
	files := finish(t, b, nil)
	kept, texts := 0, ""
	for round := range 12 {
		table, more := b.Save()
		if more != nil {
			var all strings.Builder
			if err := more(&all); err != nil {
				t.Fatal(err)
			}
			texts = all.String()
		}
		b = NewBuilder()
		b.Kept = func() (string, bool) { return texts, true }
		if !b.Load(string(table)) {
			t.Fatal("what was saved cannot be loaded")
		}
		for cut := range 10 {
			NewBuilder().Load(string(table[:len(table)*cut/10])) // cut short: it must not panic
		}
		var due []Page
		switch {
		case round%10 == 7: // a page more
			p := other[round]
			pages, due = slices.Insert(pages, r.Intn(len(pages)), p), []Page{p}
		case round%10 == 8: // one less
			at := r.Intn(len(pages))
			pages = slices.Delete(pages, at, at+1)
		default: // other texts
			for range 1 + r.Intn(3) {
				p := &pages[r.Intn(len(pages))]
				p.Sections = slices.Clone(p.Sections)
				s := &p.Sections[r.Intn(len(p.Sections))]
				switch r.Intn(8) {
				case 0:
					s.Text = strings.ToLower(other[round].Sections[1].Text)
				case 1:
					p.Sections = p.Sections[:1+len(p.Sections)/2]
				default:
					s.Text += fmt.Sprintf(" aaa new%cword %s", 'a'+rune(round), s.Heading)
				}
				due = append(due, *p)
			}
		}
		b.Arrange(urls(pages))
		for _, p := range due {
			add(t, b, p)
		}
		if round%10 == 5 { // another hand was here
			files = maps.Clone(files)
			delete(files, fmt.Sprintf("t%d.js", r.Intn(20)))
			delete(files, fmt.Sprintf("p%d.js", r.Intn(20)))
		}
		old := files
		files = finish(t, b, old, pages...)
		want := build(t, pages, nil)
		if len(files) != len(want) {
			t.Errorf("round %d: %d files in place of %d", round, len(files), len(want))
		}
		for name, data := range files {
			if !bytes.Equal(data, want[name]) {
				t.Fatalf("round %d: %s differs:\n%.300s\n%.300s", round, name, data, want[name])
			}
			if o := old[name]; o != nil && name[0] == 't' && &o[0] == &data[0] {
				kept++
			}
		}
	}
	if kept < 50 {
		t.Errorf("only %d files of terms were left as they were", kept)
	}
	t.Logf("%d files of terms were left as they were, of %d", kept, len(files))
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
	r := rand.New(rand.NewSource(1))
	for range 20000 {
		var s strings.Builder
		for range r.Intn(40) {
			s.WriteRune([]rune("abcdefgh    \n\t\x01\x7fé\u00a0")[r.Intn(18)])
		}
		if got, want := string(appendLine(nil, s.String())), strings.Join(strings.Fields(s.String()), " "); got != want {
			t.Fatalf("%q: got %q, want %q", s.String(), got, want)
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
