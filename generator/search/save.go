package search

import (
	"encoding/binary"

	"docent/generator/doc"
)

// Save writes the builder down: the texts of the pages, compressed. Their
// terms are counted again when they are needed.
func (b *Builder) Save() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pages, urls := b.arranged()
	groups, err := b.pack(pages)
	if err != nil {
		return nil, err
	}
	size := 1
	for _, g := range groups {
		for _, f := range g.files {
			size += len(f) + 200
		}
	}
	out := append(make([]byte, 0, size), 1) // a cache holds nothing that is empty
	for _, g := range groups {
		out = binary.AppendUvarint(out, uint64(len(g.files)))
		for i, f := range g.files {
			out = append(binary.AppendUvarint(out, uint64(len(f))), f...)
			if i < len(g.sections) {
				out = binary.AppendUvarint(out, uint64(g.sections[i]))
			}
		}
		out = binary.AppendUvarint(out, uint64(g.pages))
		for i, e := range pages[:g.pages] {
			out = append(binary.AppendUvarint(out, uint64(len(urls[i]))), urls[i]...)
			out = append(binary.AppendUvarint(out, uint64(e.size)), e.digest[:]...)
		}
		pages, urls = pages[g.pages:], urls[g.pages:]
	}
	return out, nil
}

// Load reads what Save wrote, and reports whether it could. The builder holds
// parts of s then.
func (b *Builder) Load(s string) bool {
	if s == "" || s[0] != 1 {
		return false
	}
	r := doc.Reader{S: s[1:]}
	l := NewBuilder()
	for r.S != "" {
		g := &group{files: make([][]byte, r.Length())}
		for i := range g.files {
			g.files[i] = []byte(r.String())
			if i < len(g.files)-1 {
				g.sections = append(g.sections, r.Count())
			}
		}
		g.pages = r.Length()
		var members []*entry
		for i := range g.pages {
			url := r.String()
			e := &entry{size: r.Count(), rank: rankOf(url), group: g, at: i}
			copy(e.digest[:], r.Bytes(len(e.digest)))
			l.pages[url] = e
			l.order, members = append(l.order, url), append(members, e)
		}
		if r.Bad {
			return false
		}
		l.groups[keyOf(members)] = g
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order, b.pages, b.groups = l.order, l.pages, l.groups
	return true
}
