package search

import (
	"encoding/binary"
	"hash/maphash"
	"math"
)

// A posting says that a term stands in a section of a page, and how much
// that says about the section: section*weights + weight.
type posting = uint32

const (
	weights     = 32
	maxSections = 4096 // told apart on a page
	parts       = 32   // of all terms, so that each can be merged by itself
)

// What a term counts in the heading of a section and in the title of a page.
const (
	inHeading = 9
	inTitle   = 14
)

// A counter counts the terms of one page after the other. All that it holds
// is of one page, so that it stays in the processor's near memory.
type counter struct {
	cutter
	slots []slot
	epoch uint32 // of the page at hand; slots of others are empty
	terms []counted
	bytes []byte // of all terms
	text  []byte // of the page at hand, as it is kept

	above    int32 // what a term counts where the text is now; 0 for plain text
	body     int   // terms of the section's text
	touched  []uint32
	postings []found
	order    []uint32
}

type slot struct{ epoch, hash, term uint32 }

// counted is a term of the page at hand.
type counted struct {
	from, to    uint32 // its bytes
	hash        uint32
	count       int32 // in the section's text
	above       int32 // what it counts in headings
	first, last int32 // of its postings, counted from 1
}

// found is a posting of a term, and the next one of the same term.
type found struct {
	at   posting
	next int32
}

// seed changes from run to run; nothing that is written depends on it.
var seed, salt = maphash.MakeSeed(), maphash.String(maphash.MakeSeed(), "salt")

// hash is quickest for terms of up to eight bytes: most are.
func hash(term []byte) uint32 {
	var key uint64
	switch {
	case len(term) > 8:
		return uint32(maphash.Bytes(seed, term))
	case cap(term) >= 8:
		key = binary.LittleEndian.Uint64(term[:8]) << (8 * (8 - len(term)))
	default:
		for i, c := range term {
			key |= uint64(c) << (8 * (i + 8 - len(term)))
		}
	}
	h := (key ^ salt) * 0x9e3779b97f4a7c15
	return uint32((h ^ h>>29) * 0xbf58476d1ce4e5b9 >> 32)
}

// partOf gives the part of all terms that a term belongs to.
func partOf(hash uint32) uint32 { return hash >> 27 }

func newCounter() *counter {
	c := &counter{slots: make([]slot, 1024)}
	c.take = c.count
	return c
}

// page counts the terms of a page and gives its record: the offsets of its
// parts, then in each part for every term its length, its bytes, the number
// of its postings and their differences.
func (c *counter) page(p Page) []byte {
	c.epoch++
	if c.epoch == 0 {
		clear(c.slots)
		c.epoch = 1
	}
	c.terms, c.bytes, c.postings = c.terms[:0], c.bytes[:0], c.postings[:0]
	for i, s := range p.Sections {
		title := ""
		if i == 0 {
			title = p.Title
		}
		c.section(uint32(min(i, maxSections-1)), title, s.Heading, s.Text)
	}
	return c.record()
}

// section adds the postings of one section.
func (c *counter) section(at uint32, title, heading, text string) {
	c.body, c.above = 0, 0
	c.cut(text)
	c.above = inHeading
	c.cut(heading)
	c.above = inTitle
	c.cut(title)
	long := math.Sqrt(1 + float64(c.body)/600)
	for _, n := range c.touched {
		t := &c.terms[n]
		w := float64(t.above)
		if t.count > 0 {
			w += 1 + 2.5*log2(t.count)/long
		}
		t.count, t.above = 0, 0
		v := at*weights + uint32(min(weights-1, max(1, math.Round(w))))
		if t.last > 0 && c.postings[t.last-1].at/weights == at { // beyond the last place of a page
			c.postings[t.last-1].at = max(c.postings[t.last-1].at, v)
			continue
		}
		c.postings = append(c.postings, found{v, 0})
		if n := int32(len(c.postings)); t.last > 0 {
			c.postings[t.last-1].next, t.last = n, n
		} else {
			t.first, t.last = n, n
		}
	}
	c.touched = c.touched[:0]
}

// log2 gives log2(1+n).
func log2(n int32) float64 {
	if int(n) < len(logs) {
		return logs[n]
	}
	return math.Log2(1 + float64(n))
}

var logs = func() (t [64]float64) {
	for i := range t {
		t[i] = math.Log2(1 + float64(i))
	}
	return t
}()

// count takes a term where it stands.
func (c *counter) count(w []byte) {
	n := c.find(w)
	t := &c.terms[n]
	if t.count|t.above == 0 {
		c.touched = append(c.touched, n)
	}
	if c.above == 0 {
		t.count++
		c.body++
	} else {
		t.above += c.above
	}
}

// find gives the number of a term on the page at hand.
func (c *counter) find(w []byte) uint32 {
	h := hash(w)
	mask := uint32(len(c.slots) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		s := &c.slots[i]
		if s.epoch != c.epoch {
			n := uint32(len(c.terms))
			*s = slot{c.epoch, h, n}
			from := uint32(len(c.bytes))
			c.bytes = append(c.bytes, w...)
			c.terms = append(c.terms, counted{from: from, to: uint32(len(c.bytes)), hash: h})
			if len(c.terms)*2 > len(c.slots) {
				c.grow()
			}
			return n
		}
		if s.hash == h {
			if t := &c.terms[s.term]; string(c.bytes[t.from:t.to]) == string(w) {
				return s.term
			}
		}
	}
}

func (c *counter) grow() {
	c.slots = make([]slot, 2*len(c.slots))
	mask := uint32(len(c.slots) - 1)
	for n, t := range c.terms {
		i := t.hash & mask
		for c.slots[i].epoch == c.epoch {
			i = (i + 1) & mask
		}
		c.slots[i] = slot{c.epoch, t.hash, uint32(n)}
	}
}

const recordHead = 4 * parts

func (c *counter) record() []byte {
	var ends [parts + 1]uint32 // of the parts in order; first of all their sizes
	for i := range c.terms {
		ends[partOf(c.terms[i].hash)+1]++
	}
	for i := range parts {
		ends[i+1] += ends[i]
	}
	if cap(c.order) < len(c.terms) {
		c.order = make([]uint32, 2*len(c.terms))
	}
	c.order = c.order[:len(c.terms)]
	next := ends
	for i := range c.terms {
		p := partOf(c.terms[i].hash)
		c.order[next[p]] = uint32(i)
		next[p]++
	}
	b := make([]byte, recordHead, recordHead+len(c.bytes)+2*len(c.terms)+2*len(c.postings))
	for p := range parts {
		for _, n := range c.order[ends[p]:ends[p+1]] {
			b = c.entry(b, &c.terms[n])
		}
		binary.LittleEndian.PutUint32(b[4*p:], uint32(len(b)))
	}
	return b
}

func (c *counter) entry(b []byte, t *counted) []byte {
	b = append(append(b, byte(t.to-t.from)), c.bytes[t.from:t.to]...)
	n := 0
	for k := t.first; k > 0; k = c.postings[k-1].next {
		n++
	}
	b = binary.AppendUvarint(b, uint64(n))
	last := uint32(0)
	for k := t.first; k > 0; k = c.postings[k-1].next {
		at := c.postings[k-1].at
		b = binary.AppendUvarint(b, uint64(at-last*weights))
		last = at / weights
	}
	return b
}

// entries gives the entries of one part of a record.
func entries(record []byte, part int) []byte {
	from := uint32(recordHead)
	if part > 0 {
		from = binary.LittleEndian.Uint32(record[4*part-4:])
	}
	return record[from:binary.LittleEndian.Uint32(record[4*part:])]
}
