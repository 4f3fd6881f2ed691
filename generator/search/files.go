package search

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	termBytes = 10 << 10 // of a file of terms
	wordBytes = 10 << 10 // of a file of words
)

// index collects what index.js says.
type index struct {
	version             string
	pages               int
	texts               []byte // for each file twice the number of its pages, or of its sections, plus 1, if the page goes on
	terms, words, backs *shards
	to                  Files
}

func (x *index) script() []byte {
	b := fmt.Appendf(nil, `docentIndex(0,{"id":"%s","p":%d,"x":"%s"`, x.version, x.pages, x.texts)
	for _, s := range []*shards{x.terms, x.words, x.backs} {
		b = fmt.Appendf(b, `,"%c":"%s"`, s.kind, strings.Join(s.firsts, " "))
	}
	return append(b, "})\n"...)
}

// staying says which texts lie where they should, and fetches all others.
func (b *Builder) staying(groups []*group, members [][]*entry, from Files) ([]bool, error) {
	stay := make([]bool, len(groups))
	var lost []*entry
	n := 0
	for k, g := range groups {
		stay[k] = b.before != nil && g.first == n
		for i := 0; stay[k] && i < g.number; i++ {
			stay[k] = from.Sure(fileName('p', n+i))
		}
		if !stay[k] && !b.fetch(g, from) {
			lost = append(lost, members[k]...)
		}
		n += g.number
	}
	if lost != nil {
		return nil, b.missing(lost)
	}
	return stay, nil
}

// putTexts writes the texts.
func (x *index) putTexts(groups []*group, stay []bool) error {
	n := 0
	for k, g := range groups {
		for i := range g.number {
			v := 2 * g.pages
			if i < len(g.sections) {
				v = 2*g.sections[i] + 1
			}
			x.texts = appendNumber(x.texts, uint32(v))
			name := fileName('p', n)
			if !stay[k] {
				packed, err := g.files[i].all()
				if err != nil {
					return err
				}
				if err := x.to.Put(name, textScript(n, packed)); err != nil {
					return err
				}
			} else if !x.to.Keep(name) {
				return errGone(name)
			}
			n++
		}
	}
	return nil
}

func errGone(name string) error {
	return fmt.Errorf("keep %s of the search index: it is gone; build again", name)
}

func textScript(n int, packed []byte) []byte {
	b := make([]byte, 0, 40+2*(8*len(packed)/13+2))
	b = strconv.AppendInt(append(b, "docentPages("...), int64(n), 10)
	b = appendBytes(appendNumber(append(b, `,"`...), uint32(len(packed))), packed)
	return append(b, "\")\n"...)
}

// inside gives the text in a file.
func inside(file []byte) string {
	from, to := bytes.IndexByte(file, '"'), bytes.LastIndexByte(file, '"')
	if from < 0 || to <= from {
		return ""
	}
	return string(file[from+1 : to])
}

// putTerms writes the terms and the words among them.
func (x *index) putTerms(terms []term) error {
	x.terms, x.words, x.backs = newShards('t', x.to), newShards('v', x.to), newShards('w', x.to)
	var backs []string
	for _, t := range terms {
		if err := x.terms.add(t); err != nil {
			return err
		}
		if isWord(t.name) {
			if err := x.words.add(term{name: t.name}); err != nil {
				return err
			}
			backs = append(backs, reversed(t.name))
		}
	}
	slices.Sort(backs)
	for _, w := range backs {
		if err := x.backs.add(term{name: w}); err != nil {
			return err
		}
	}
	for _, s := range []*shards{x.terms, x.words, x.backs} {
		if err := s.flush(); err != nil {
			return err
		}
	}
	return nil
}

// shards writes terms in order into files of about a size. firsts says for
// every file a text that is not after its first name and after all before.
type shards struct {
	kind   byte
	size   int
	give   func(text []byte) error // takes a file that is full
	firsts []string
	buf    []byte
	last   string
}

// newShards writes files of a kind: 't' for terms, 'v' for words, 'w' for
// words written backwards.
func newShards(kind byte, to Files) *shards {
	s := &shards{kind: kind, size: wordBytes}
	if kind == 't' {
		s.size = termBytes
	}
	n := 0
	s.give = func(text []byte) error {
		n++
		return to.Put(fileName(kind, n-1), script(kind, n-1, text))
	}
	return s
}

var calls = map[byte]string{'t': "docentTerms", 'v': "docentWords", 'w': "docentBacks"}

func script(kind byte, n int, text []byte) []byte {
	return fmt.Appendf(make([]byte, 0, len(text)+32), "%s(%d,\"%s\")\n", calls[kind], n, text)
}

// add writes a term to the file at hand or begins another one. Of a term it
// writes what it has in common with the one before, and the rest: both as
// lengths, and the postings as well; for words that are searched for when
// none was found, the first length is a digit or capital letter, and there is
// no other.
func (s *shards) add(t term) error {
	shared := common(s.last, t.name)
	if s.firsts == nil {
		s.firsts = []string{""}
	} else if begins(t.name, len(s.buf), s.size) {
		if err := s.flush(); err != nil {
			return err
		}
		_, n := utf8.DecodeRuneInString(t.name[shared:])
		s.firsts = append(s.firsts, t.name[:shared+n])
		shared = 0
	}
	s.last = t.name
	if s.kind != 't' {
		for units(t.name[:shared]) >= len(shares) {
			_, n := utf8.DecodeLastRuneInString(t.name[:shared])
			shared -= n
		}
		s.buf = append(append(s.buf, shares[units(t.name[:shared])]), t.name[shared:]...)
		return nil
	}
	rest := t.name[shared:]
	s.buf = append(append(s.buf, digits[units(t.name[:shared])], digits[units(rest)]), rest...)
	size := uint32(2 * len(t.list))
	if t.cut {
		size++
	}
	s.buf = append(appendNumber(s.buf, size), t.list...)
	return nil
}

const shares = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// read gives the terms of a file.
func (s *shards) read(text string) (l []term, ok bool) {
	last := ""
	if s.kind != 't' {
		for text != "" {
			n := strings.IndexByte(shares, text[0])
			end := strings.IndexAny(text[1:], shares) + 1
			if end == 0 {
				end = len(text)
			}
			r := unpacker{s: last}
			if n < 0 {
				return nil, false
			}
			last = r.text(uint32(n)) + text[1:end]
			l, text = append(l, term{name: last}), text[end:]
		}
		return l, true
	}
	r := unpacker{s: text}
	for r.s != "" {
		shared, rest := r.digit(), r.digit()
		before := unpacker{s: last}
		last = before.text(shared) + r.text(rest)
		size := r.number()
		if int(size/2) > len(r.s) || before.bad {
			return nil, false
		}
		l = append(l, term{name: last, list: r.s[:size/2], cut: size%2 == 1})
		r.s = r.s[size/2:]
	}
	return l, !r.bad
}

func (s *shards) flush() error {
	if len(s.firsts) == 0 {
		s.firsts = []string{""}
	}
	err := s.give(s.buf)
	s.buf = s.buf[:0]
	return err
}

// begins reports whether a name begins a file when the file before it has so
// many bytes. The name itself decides, within bounds, so that an edit changes
// the files near it only and not all that follow.
func begins(name string, size, want int) bool {
	if size < want/2 || size > 2*want {
		return size > 2*want
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32()%64 == 0
}

// isWord reports whether a term is looked for when a reader mistypes it.
func isWord(t string) bool {
	if n := len(t); n < 4 || n > 20 && utf8.RuneCountInString(t) > 20 {
		return false
	}
	for i := 0; i < len(t); i++ {
		if k := kinds[t[i]]; k == beyond {
			return utf8.RuneCountInString(t) >= 4 && strings.IndexFunc(t, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
		} else if k != letter || t[i] <= '9' {
			return false
		}
	}
	return true
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}
