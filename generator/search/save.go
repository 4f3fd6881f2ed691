package search

import (
	"encoding/binary"
	"io"

	"docent/generator/doc"
)

// What is saved has two parts. The first names the pages and how their texts
// are packed. The second has the texts; it need not be the one of the same
// build: what it lacks is in the files of the index, or is asked for.

// Save writes the builder down. texts is nil where the ones that were saved
// before still do.
func (b *Builder) Save() (pages []byte, texts func(io.Writer) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.arranged()
	groups, members, err := b.pack(l, nowhere{})
	if err != nil {
		return nil, nil // it is made anew then
	}
	lost, there := 0, 0
	for _, g := range groups {
		if !g.kept {
			lost++
		}
		if g.files != nil {
			there++
		}
	}
	if there == len(groups) && lost*partPatched > len(groups) {
		for _, g := range groups {
			g.kept = true
		}
		texts = func(w io.Writer) error { return saveTexts(w, groups) }
	}
	first := b.before != nil && b.before.version == version(l)
	out := binary.AppendUvarint(nil, 1)
	for i, g := range groups {
		flags := uint64(0)
		if g.kept {
			flags = 1
		}
		if first && g.first >= 0 {
			flags |= 2
		}
		out = binary.AppendUvarint(out, flags)
		out = binary.AppendUvarint(out, uint64(g.number))
		out = binary.AppendUvarint(out, uint64(len(g.sections)))
		for _, n := range g.sections {
			out = binary.AppendUvarint(out, uint64(n))
		}
		out = binary.AppendUvarint(out, uint64(g.pages))
		for _, e := range members[i] {
			out = append(binary.AppendUvarint(out, uint64(len(e.url))), e.url...)
			out = append(binary.AppendUvarint(out, uint64(e.size)), e.digest[:]...)
		}
	}
	return out, texts
}

func saveTexts(w io.Writer, groups []*group) error {
	var out []byte
	for _, g := range groups {
		out = append(out[:0], g.key[:]...)
		out = binary.AppendUvarint(out, uint64(len(g.files)))
		for i := range g.files {
			f, err := g.files[i].all()
			if err != nil {
				return err
			}
			out = append(binary.AppendUvarint(out, uint64(len(f))), f...)
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	return nil
}

// Load reads the pages that Save wrote, and reports whether it could.
func (b *Builder) Load(s string) bool {
	r := doc.Read(s)
	if r.Uint() != 1 {
		return false
	}
	l, was, written := NewBuilder(), &before{}, true
	for r.More() {
		flags := r.Uint()
		g := &group{number: r.Count(), first: -1, kept: flags&1 > 0}
		g.sections = make([]int, r.Length())
		for i := range g.sections {
			g.sections[i] = r.Count()
		}
		g.pages = r.Length()
		begin := len(was.pages)
		for i := range g.pages {
			e := &entry{url: r.String(), size: r.Count(), group: g, at: i}
			e.rank = rankOf(e.url)
			copy(e.digest[:], r.Bytes(len(e.digest)))
			l.pages[e.url] = e
			was.pages, was.urls = append(was.pages, e), append(was.urls, e.url)
		}
		if r.Bad || g.number < 1 || len(g.sections) >= g.number {
			return false
		}
		g.key = keyOf(was.pages[begin:])
		if n := len(was.groups); flags&2 > 0 {
			g.first = 0
			if n > 0 {
				g.first = was.groups[n-1].first + was.groups[n-1].number
			}
		}
		written = written && g.first >= 0
		was.groups = append(was.groups, g)
		l.groups[g.key] = g
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order, b.pages, b.groups, b.before = was.urls, l.pages, l.groups, nil
	if was.version = version(was.pages); written {
		b.before = was
	}
	return true
}

// fetch gives a group its files, and reports whether they are anywhere.
func (b *Builder) fetch(g *group, from Files) bool {
	if g.files != nil {
		return true
	}
	if g.files = b.texts[g.key]; len(g.files) == g.number {
		return true
	}
	if b.before != nil && g.first >= 0 {
		for i := range g.number {
			data, ok := from.Old(fileName('p', g.first+i))
			if !ok {
				break
			}
			r := unpacker{s: inside(data)}
			if f := r.bytes(); !r.bad {
				g.files = append(g.files, inStore(f))
			}
		}
		if len(g.files) == g.number {
			return true
		}
	}
	g.files = nil
	if g.kept {
		b.readTexts()
		g.files = b.texts[g.key]
	}
	return len(g.files) == g.number
}

// readTexts reads what Save gave as texts.
func (b *Builder) readTexts() {
	if b.texts == nil && b.Kept != nil {
		b.texts = map[digest][]stored{}
		s, _ := b.Kept()
		for r := doc.Read(s); r.More(); {
			var key digest
			copy(key[:], r.Bytes(len(key)))
			files := make([]stored, r.Length())
			for i := range files {
				files[i] = inStore([]byte(r.String()))
			}
			b.texts[key] = files
		}
	}
}

// nowhere has no files.
type nowhere struct{}

func (nowhere) Put(string, []byte) error  { return nil }
func (nowhere) Old(string) ([]byte, bool) { return nil, false }
func (nowhere) Sure(string) bool          { return false }
func (nowhere) Keep(string) bool          { return false }
