package search

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// A term with its postings as they stand in a file.
type term struct {
	name, list string
	cut        bool // the list was cut to its best
}

// merge gives all terms of pages in order, ascending, with their postings.
func merge(pages []*entry) ([]term, error) {
	var tables [parts]*table
	var errs [parts]error
	spread(parts, 1, func(p int) {
		lists, err := partOfAll(pages, p)
		if errs[p] = err; err == nil {
			tables[p] = mergePart(pages, lists)
		}
	})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	type key struct {
		first uint64 // bytes of the term
		term  *term
	}
	n := 0
	for _, t := range tables {
		n += len(t.terms)
	}
	order := make([]key, 0, n)
	for _, t := range tables {
		for i := range t.terms {
			var first [8]byte
			copy(first[:], t.terms[i].name)
			order = append(order, key{binary.BigEndian.Uint64(first[:]), &t.terms[i]})
		}
	}
	slices.SortFunc(order, func(a, b key) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return strings.Compare(a.term.name, b.term.name)
	})
	out := make([]term, n)
	for i, k := range order {
		out[i] = *k.term
	}
	return out, nil
}

// A table numbers the terms of one part.
type table struct {
	slots  []uint32 // number+1 of a term, where its hash or what follows says
	hashes []uint32
	bytes  []byte
	ends   []uint32 // in bytes
	counts []uint32 // of postings
	terms  []term
}

// mergePart makes the table of one part, of which each page has a list.
func mergePart(pages []*entry, lists [][]byte) *table {
	t := &table{slots: make([]uint32, 1024)}
	var met []uint32 // the terms of all entries, as they come
	for _, b := range lists {
		for len(b) > 0 {
			n := int(b[0])
			id := t.number(b[1 : 1+n])
			met = append(met, id)
			k, size := binary.Uvarint(b[1+n:])
			t.counts[id] += uint32(k)
			b = b[1+n+size:]
			for ; k > 0; k-- {
				b = b[uvarintLen(b):]
			}
		}
	}
	next := make([]uint32, len(t.counts)+1)
	for i, n := range t.counts {
		next[i+1] = next[i] + n
	}
	places := make([]place, next[len(t.counts)])
	for page, b := range lists {
		for ; len(b) > 0; met = met[1:] {
			b = b[1+int(b[0]):]
			k, size := binary.Uvarint(b)
			b = b[size:]
			at := &next[met[0]]
			section := uint32(0)
			for ; k > 0; k-- {
				v, size := binary.Uvarint(b)
				b = b[size:]
				p := uint32(v) + section*weights
				section = p / weights
				places[*at] = place{uint32(page), p}
				*at++
			}
		}
	}
	t.write(pages, places)
	return t
}

func uvarintLen(b []byte) int {
	n := 0
	for b[n] >= 0x80 {
		n++
	}
	return n + 1
}

// write fills in the terms.
func (t *table) write(pages []*entry, places []place) {
	names := string(t.bytes)
	t.terms = make([]term, len(t.counts))
	buf := make([]byte, 0, 2*len(places))
	ends := make([]int, len(t.counts))
	from, begin := uint32(0), uint32(0)
	for i, n := range t.counts {
		l := places[from : from+n]
		from += n
		t.terms[i] = term{name: names[begin:t.ends[i]], cut: n > maxPostings}
		begin = t.ends[i]
		list := choose(l, pages)
		buf = list.append(buf)
		ends[i] = len(buf)
	}
	lists := string(buf)
	last := 0
	for i, end := range ends {
		t.terms[i].list = lists[last:end]
		last = end
	}
}

// number gives the number of a term.
func (t *table) number(w []byte) uint32 {
	h := hash(w)
	mask := uint32(len(t.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		n := t.slots[i]
		if n == 0 {
			n = uint32(len(t.hashes))
			t.slots[i] = n + 1
			t.bytes = append(t.bytes, w...)
			t.hashes, t.ends, t.counts = append(t.hashes, h), append(t.ends, uint32(len(t.bytes))), append(t.counts, 0)
			if 2*len(t.hashes) > len(t.slots) {
				t.grow()
			}
			return n
		}
		if t.hashes[n-1] == h {
			from := uint32(0)
			if n > 1 {
				from = t.ends[n-2]
			}
			if string(t.bytes[from:t.ends[n-1]]) == string(w) {
				return n - 1
			}
		}
	}
}

func (t *table) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	mask := uint32(len(t.slots) - 1)
	for n, h := range t.hashes {
		i := h & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(n) + 1
	}
}
