package search

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// When few pages have another text, and none came or went, the files of the
// index before are changed: only those with terms that a page gained or lost
// are read and written. What comes out is what a new index would be, byte for
// byte; where that cannot be told from these files, there is a new index.

// partPatched is the part of all pages that may change for that.
const partPatched = 20

// A change is what becomes of the postings of a term.
type change struct {
	touched    map[uint32]bool // pages
	gone, more []place
}

// patch says how the files of the index before change, by kind, if that is
// enough.
func (b *Builder) patch(pages []*entry, from Files) ([]*patched, bool) {
	old := b.before
	if old == nil || len(old.pages) != len(pages) {
		return nil, false
	}
	var due []int
	for n, e := range pages {
		if old.urls[n] != e.url {
			return nil, false
		}
		if old.pages[n].digest != e.digest {
			due = append(due, n)
		}
	}
	if len(due)*partPatched > len(pages)+partPatched {
		return nil, false
	}
	firsts := old.firsts
	changes, ok := b.changes(pages, due, from)
	if !ok {
		return nil, false
	}
	var came, went []string
	edit := func(t term, there bool) (term, bool, bool) {
		c := changes[t.name]
		l, ok := list{}, true
		if there {
			l, ok = readList(t.list, t.cut)
		}
		if ok {
			l, ok = l.change(c.touched, c.gone, c.more, pages)
		}
		if !ok {
			return t, false, false
		}
		switch stays := len(l.places) > 0 || l.cut; {
		case stays && !there:
			came = append(came, t.name)
		case !stays && there:
			went = append(went, t.name)
		}
		return term{t.name, string(l.append(nil)), l.cut}, len(l.places) > 0 || l.cut, true
	}
	done := make([]*patched, 3)
	if done[0], ok = patchShards('t', firsts["t"], from, slices.Sorted(maps.Keys(changes)), edit); !ok {
		return nil, false
	}
	words, backs := map[string]bool{}, map[string]bool{}
	for there, l := range map[bool][]string{true: came, false: went} {
		for _, w := range l {
			if isWord(w) {
				words[w], backs[reversed(w)] = there, there
			}
		}
	}
	for i, l := range []map[string]bool{words, backs} {
		kind := "vw"[i]
		done[i+1], ok = patchShards(kind, firsts[string(kind)], from, slices.Sorted(maps.Keys(l)), func(t term, _ bool) (term, bool, bool) { return t, l[t.name], true })
		if !ok {
			return nil, false
		}
	}
	for _, p := range done {
		if !p.ready(from) {
			return nil, false
		}
	}
	return done, true
}

// putChanged writes the files that patch gave.
func (x *index) putChanged(done []*patched) (err error) {
	for i, to := range []**shards{&x.terms, &x.words, &x.backs} {
		if *to, err = done[i].write(x.to); err != nil {
			return err
		}
	}
	return nil
}

// check forgets the index before if it does not stand here.
func (b *Builder) check(to Files) {
	if b.before == nil {
		return
	}
	var ok bool
	if b.before.firsts, ok = b.before.read(to); ok {
		return
	}
	for _, g := range b.before.groups {
		g.first = -1
	}
	b.before = nil
}

// read reads where the files of the index before begin, by kind.
func (o *before) read(from Files) (map[string][]string, bool) {
	data, ok := from.Old("index.js")
	if !ok {
		return nil, false
	}
	at, end := bytes.IndexByte(data, '{'), bytes.LastIndexByte(data, '}')
	var all map[string]any
	if at < 0 || end < at || json.Unmarshal(data[at:end+1], &all) != nil || all["id"] != o.version {
		return nil, false
	}
	out := map[string][]string{}
	for _, kind := range []string{"t", "v", "w"} {
		s, ok := all[kind].(string)
		if !ok {
			return nil, false
		}
		out[kind] = strings.Split(s, " ")
	}
	return out, true
}

// changes compares the terms of pages with what they were.
func (b *Builder) changes(pages []*entry, due []int, from Files) (map[string]*change, bool) {
	out := map[string]*change{}
	c := newCounter()
	record := func(e *entry) bool {
		if e.record != nil {
			return true
		}
		if e.text == nil && !b.fetch(e.group, from) || e.open() != nil {
			return false
		}
		e.record = c.page(page(string(e.text)))
		return true
	}
	for _, n := range due {
		was, is := b.before.pages[n], pages[n]
		if !record(was) || !record(is) {
			return nil, false
		}
		had, has := postings(was.record), postings(is.record)
		note := func(name string) *change {
			c := out[name]
			if c == nil {
				c = &change{touched: map[uint32]bool{}}
				out[name] = c
			}
			c.touched[uint32(n)] = true
			return c
		}
		put := func(l []place, all []posting) []place {
			for _, p := range all {
				l = append(l, place{uint32(n), p})
			}
			return l
		}
		for name, l := range had {
			if !slices.Equal(l, has[name]) {
				c := note(name)
				c.gone, c.more = put(c.gone, l), put(c.more, has[name])
			}
		}
		for name, l := range has {
			if had[name] == nil {
				c := note(name)
				c.more = put(c.more, l)
			}
		}
	}
	return out, true
}

// postings reads a record.
func postings(record []byte) map[string][]posting {
	out := map[string][]posting{}
	for part := range parts {
		for b := entries(record, part); len(b) > 0; {
			name := string(b[1 : 1+b[0]])
			b = b[1+b[0]:]
			k, size := binary.Uvarint(b)
			b = b[size:]
			l, section := make([]posting, k), uint32(0)
			for i := range l {
				v, size := binary.Uvarint(b)
				b = b[size:]
				l[i] = uint32(v) + section*weights
				section = l[i] / weights
			}
			out[name] = l
		}
	}
	return out
}

// patched are the files of a kind as they will be: old ones and new ones.
type patched struct {
	kind  byte
	files []patchedFile
}

type patchedFile struct {
	old   int // its number, or -1
	text  []byte
	first string
}

// patchShards changes the terms of some names, given in order. edit is given
// a term, and whether it was there, and gives it as it will be, whether it
// will be there, and whether that can be told.
func patchShards(kind byte, firsts []string, from Files, names []string, edit func(t term, there bool) (term, bool, bool)) (*patched, bool) {
	p, firsts := &patched{kind: kind}, slices.Clone(firsts)
	s := newShards(kind, from)
	read := func(k int) ([]term, bool) {
		data, ok := from.Old(fileName(kind, k))
		if !ok {
			return nil, false
		}
		return s.read(inside(data))
	}
	due := func(k int) bool { return len(names) > 0 && (k+1 == len(firsts) || names[0] < firsts[k+1]) }
	for k := 0; k < len(firsts); {
		if !due(k) {
			p.files = append(p.files, patchedFile{old: k, first: firsts[k]})
			k++
			continue
		}
		l, ok := read(k)
		if !ok {
			return nil, false
		}
		// Where a file begins depends on what stands before.
		if n := len(p.files); n > 0 && (len(l) == 0 || names[0] <= l[0].name) {
			if p.files[n-1].old != k-1 {
				return nil, false
			}
			p.files = p.files[:n-1]
			k--
			if l, ok = read(k); !ok {
				return nil, false
			}
		}
		begin := len(p.files)
		s.buf, s.last, s.firsts = s.buf[:0], "", []string{firsts[k]}
		if k == 0 {
			s.firsts = nil
		}
		s.give = func(text []byte) error {
			p.files = append(p.files, patchedFile{old: -1, text: bytes.Clone(text)})
			return nil
		}
		for {
			if names, ok = s.merge(l, names, firsts, k, edit); !ok {
				return nil, false
			}
			if k++; k == len(firsts) {
				break
			}
			if l, ok = read(k); !ok || len(l) == 0 {
				return nil, false
			}
			if due(k) && names[0] <= l[0].name || !begins(l[0].name, len(s.buf), s.size) {
				continue
			}
			shared := common(s.last, l[0].name)
			_, n := utf8.DecodeRuneInString(l[0].name[shared:])
			firsts[k] = l[0].name[:shared+n]
			break
		}
		if len(s.buf) == 0 && begin > 0 || s.flush() != nil {
			return nil, false
		}
		for i := range p.files[begin:] {
			p.files[begin+i].first = s.firsts[i]
		}
	}
	return p, true
}

// merge adds the terms of file k, changed.
func (s *shards) merge(l []term, names, firsts []string, k int, edit func(t term, there bool) (term, bool, bool)) (rest []string, ok bool) {
	due := func() bool { return len(names) > 0 && (k+1 == len(firsts) || names[0] < firsts[k+1]) }
	for len(l) > 0 || due() {
		var t term
		there, stays, ok := false, true, true
		switch {
		case due() && (len(l) == 0 || names[0] < l[0].name):
			t, names = term{name: names[0]}, names[1:]
			t, stays, ok = edit(t, false)
		case due() && names[0] == l[0].name:
			there = true
			t, stays, ok = edit(l[0], there)
			l, names = l[1:], names[1:]
		default:
			t, l = l[0], l[1:]
		}
		if !ok {
			return nil, false
		}
		if stays {
			if s.add(t) != nil {
				return nil, false
			}
		}
	}
	return names, true
}

// ready reads what will have another number, and reports whether all else is
// in its place.
func (p *patched) ready(from Files) bool {
	for n := range p.files {
		f := &p.files[n]
		switch {
		case f.old == n && !from.Sure(fileName(p.kind, n)):
			return false
		case f.old >= 0 && f.old != n:
			data, ok := from.Old(fileName(p.kind, f.old))
			if !ok {
				return false
			}
			f.text = []byte(inside(data))
		}
	}
	return true
}

// write puts the files in their places.
func (p *patched) write(to Files) (*shards, error) {
	s := newShards(p.kind, to)
	for n, f := range p.files {
		s.firsts = append(s.firsts, f.first)
		name := fileName(p.kind, n)
		if f.old == n {
			if !to.Keep(name) {
				return nil, errGone(name)
			}
			continue
		}
		if err := to.Put(name, script(p.kind, n, f.text)); err != nil {
			return nil, err
		}
	}
	return s, nil
}
