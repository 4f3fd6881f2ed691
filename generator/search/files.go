package search

import (
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
	terms, words, backs shards
}

func (x *index) script() []byte {
	b := fmt.Appendf(nil, `docentIndex(0,{"v":"%s","p":%d,"x":"%s"`, x.version, x.pages, x.texts)
	for _, s := range []*shards{&x.terms, &x.words, &x.backs} {
		b = fmt.Appendf(b, `,"%c":"%s"`, s.kind, strings.Join(s.firsts, " "))
	}
	return append(b, "})\n"...)
}

func (x *index) putTexts(groups []*group, put func(name string, data []byte) error) error {
	n := 0
	for _, g := range groups {
		for i, f := range g.files {
			v := 2 * g.pages
			if i < len(g.sections) {
				v = 2*g.sections[i] + 1
			}
			x.texts = appendNumber(x.texts, uint32(v))
			b := make([]byte, 0, 40+2*(8*len(f)/13+2))
			b = strconv.AppendInt(append(b, "docentPages("...), int64(n), 10)
			b = appendBytes(appendNumber(append(b, `,"`...), uint32(len(f))), f)
			if err := put(fileName('p', n), append(b, "\")\n"...)); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

func (x *index) putTerms(terms []term, put func(name string, data []byte) error) error {
	x.terms = shards{kind: 't', call: "docentTerms", size: termBytes, put: put}
	x.words = shards{kind: 'v', call: "docentWords", size: wordBytes, put: put}
	x.backs = shards{kind: 'w', call: "docentBacks", size: wordBytes, put: put}
	var backs []string
	for _, t := range terms {
		shared, err := x.terms.next(t.name)
		if err != nil {
			return err
		}
		rest := t.name[shared:]
		b := append(x.terms.buf, digits[units(t.name[:shared])], digits[units(rest)])
		b = append(b, rest...)
		size := uint32(2 * len(t.list))
		if t.cut {
			size++
		}
		x.terms.buf = append(appendNumber(b, size), t.list...)
		if isWord(t.name) {
			if err := x.words.word(t.name); err != nil {
				return err
			}
			backs = append(backs, reversed(t.name))
		}
	}
	slices.Sort(backs)
	for _, w := range backs {
		if err := x.backs.word(w); err != nil {
			return err
		}
	}
	for _, s := range []*shards{&x.terms, &x.words, &x.backs} {
		if err := s.flush(); err != nil {
			return err
		}
	}
	return nil
}

// shards writes names in order into files of about a size. firsts says for
// every file a text that is not after its first name and after all before.
type shards struct {
	kind   byte
	call   string
	size   int
	put    func(name string, data []byte) error
	firsts []string
	buf    []byte
	last   string
}

// next makes room for a name, and gives how many bytes it has in common with
// the one before it in its file.
func (s *shards) next(name string) (shared int, err error) {
	shared = common(s.last, name)
	if s.firsts == nil {
		s.firsts = []string{""}
	} else if begins(name, len(s.buf), s.size) {
		if err := s.flush(); err != nil {
			return 0, err
		}
		_, n := utf8.DecodeRuneInString(name[shared:])
		s.firsts = append(s.firsts, name[:shared+n])
		shared = 0
	}
	s.last = name
	return shared, nil
}

// word writes a word: how many characters it has in common with the one
// before, as a digit or capital letter, and the rest.
func (s *shards) word(w string) error {
	shared, err := s.next(w)
	if err != nil {
		return err
	}
	for units(w[:shared]) > 35 {
		_, n := utf8.DecodeLastRuneInString(w[:shared])
		shared -= n
	}
	s.buf = append(append(s.buf, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[units(w[:shared])]), w[shared:]...)
	return nil
}

func (s *shards) flush() error {
	if len(s.firsts) == 0 {
		s.firsts = []string{""}
	}
	n := len(s.firsts) - 1
	data := fmt.Appendf(make([]byte, 0, len(s.buf)+32), "%s(%d,\"%s\")\n", s.call, n, s.buf)
	s.buf = s.buf[:0]
	return s.put(fileName(s.kind, n), data)
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
