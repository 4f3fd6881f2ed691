package search

import "math/bits"

// maxPostings is how many postings of one term are kept, those of the
// greatest weights.
const maxPostings = 1200

// A place is a posting with its page.
type place struct {
	page uint32
	at   posting
}

// A list is the postings of a term. One that is cut has the best of them:
// those of buckets above one, which with it would be too many.
type list struct {
	places []place
	cut    bool
	all    uint32 // postings before the cut
	with   uint32 // how many there would be with one bucket more
	bucket uint32 // the first that is left out
}

// bucketOf orders postings: by weight, and those of one weight by chance, so
// that half of the pages are in the lowest bucket, a quarter in the next, and
// so on. What is kept of a page then says nothing of other pages.
func bucketOf(p place, pages []*entry) uint32 {
	return p.at%weights*ranks + uint32(pages[p.page].rank)
}

const ranks = 16

// rankBits gives every page a rank by chance: half of them have 0, a quarter 1.
func rankBits(h uint64) uint8 { return uint8(min(bits.LeadingZeros64(h), ranks-1)) }

// choose makes a list of all postings of a term.
func choose(l []place, pages []*entry) list {
	if len(l) <= maxPostings {
		return list{places: l}
	}
	return cutList(l, uint32(len(l)), pages)
}

// cutList cuts a list of more than maxPostings.
func cutList(l []place, all uint32, pages []*entry) list {
	var have [weights * ranks]uint32
	for _, p := range l {
		have[bucketOf(p, pages)]++
	}
	kept, b := uint32(0), uint32(len(have)-1)
	for ; kept+have[b] <= maxPostings; b-- {
		kept += have[b]
	}
	out := list{cut: true, all: all, with: kept + have[b], bucket: b, places: make([]place, 0, kept)}
	for _, p := range l {
		if bucketOf(p, pages) > b {
			out.places = append(out.places, p)
		}
	}
	return out
}

// change gives the list with other postings in place of the ones of some
// pages, as if it were made of all postings anew. It cannot where a bucket
// that is not in the list would be.
func (l list) change(touched map[uint32]bool, gone, more []place, pages []*entry) (list, bool) {
	out := list{cut: l.cut, bucket: l.bucket, with: l.with + count(more, l.bucket, pages) - count(gone, l.bucket, pages),
		all: l.all + uint32(len(more)-len(gone)), places: make([]place, 0, len(l.places)+len(more))}
	add := func(upTo uint32) {
		for len(more) > 0 && more[0].page < upTo {
			if !l.cut || bucketOf(more[0], pages) > l.bucket {
				out.places = append(out.places, more[0])
			}
			more = more[1:]
		}
	}
	for _, p := range l.places {
		if !touched[p.page] {
			add(p.page)
			out.places = append(out.places, p)
		}
	}
	add(^uint32(0))
	switch {
	case !l.cut:
		return choose(out.places, pages), true
	case out.all <= maxPostings || out.with <= maxPostings:
		return list{}, false
	case len(out.places) > maxPostings:
		return cutList(out.places, out.all, pages), true
	}
	return out, true
}

// count counts the postings of a bucket and above.
func count(l []place, bucket uint32, pages []*entry) (n uint32) {
	for _, p := range l {
		if bucketOf(p, pages) >= bucket {
			n++
		}
	}
	return n
}

// usual is the weight of a word that stands once in a section: it is not
// written.
const usual = 3

// append writes a list: for each posting, as one number, how many pages on
// it is, the section (of the same page: how many sections on, less one), and
// whether a weight follows that is not the usual one. A section beyond 6
// follows as a number of its own. A list that is cut begins with how many
// postings there are, with one bucket more, and with which.
func (l *list) append(b []byte) []byte {
	if l.cut {
		b = appendNumber(appendNumber(appendNumber(b, l.all), l.with), l.bucket)
	}
	page, next := ^uint32(0), uint32(0) // before the first
	for _, p := range l.places {
		section, weight := p.at/weights, p.at%weights
		if p.page != page {
			next = 0
		}
		v := (p.page-page)*16 | min(section-next, 7)*2
		if weight != usual {
			v |= 1
		}
		b = appendNumber(b, v)
		if section-next >= 7 {
			b = appendNumber(b, section-next-7)
		}
		if weight != usual {
			b = append(b, digits[weight])
		}
		page, next = p.page, section+1
	}
	return b
}

// readList reads what append wrote.
func readList(s string, cut bool) (l list, ok bool) {
	r := unpacker{s: s}
	l.cut = cut
	if cut {
		l.all, l.with, l.bucket = r.number(), r.number(), r.number()
	}
	page, next := ^uint32(0), uint32(0)
	for len(r.s) > 0 {
		v := r.number()
		if v >= 16 {
			page, next = page+v/16, 0
		}
		section := next + v/2%8
		if v/2%8 == 7 {
			section += r.number()
		}
		weight := uint32(usual)
		if v%2 == 1 {
			weight = r.digit()
		}
		l.places = append(l.places, place{page, section*weights + weight})
		next = section + 1
	}
	return l, !r.bad
}
