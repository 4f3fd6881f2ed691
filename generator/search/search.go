// Package search makes the index that the site's search script asks: many
// small files, of which a query fetches only those it needs.
//
// The files are scripts that hand their data to a function, so that they
// also load from a disk, where a page may not fetch. All names are fixed;
// index.js holds a version that the script puts behind the other addresses.
//
//	index.js   version, counts, the first term of every term file
//	tN.js      terms in order, each with its postings
//	vL.js      the words of L letters, asked only for a word not found
//	pN.js      page N: address, title, and its sections with their text
//
// A posting is a section and a weight, as one number: the difference to the
// section before, times 32, plus the weight. A section is page*64 + its
// place on the page. A list that was cut to its best starts with -1: missing
// from it then says nothing about a section.
package search

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

const (
	shardBytes  = 24 << 10 // of a term file, before compression
	perPage     = 64       // sections told apart on a page
	maxPostings = 1200     // of one term
	maxText     = 20 << 10 // bytes of a section's text that are kept
	maxWord     = 40       // characters; longer ones are cut
	weights     = 32
)

// A Page is what the index knows of a page.
type Page struct {
	URL, Title string
	Sections   []Section
}

// A Section is a part of a page with a heading and an anchor.
type Section struct{ ID, Heading, Text string }

// A Builder makes the index of pages as they come, from several goroutines.
// What it writes does not depend on their order.
type Builder struct {
	put func(name string, data []byte) error

	mu    sync.Mutex
	idle  []*counter // one for each goroutine that has been here at once
	all   []*counter
	pages int
	hash  uint64 // of all pages, whatever their order
}

// A counter counts the terms of one page after the other, for one goroutine.
type counter struct {
	ids      map[string]uint32 // of the terms met so far
	terms    []string
	postings []posting
	tf       []float64 // by term, of the section at hand; 0 between sections
	touched  []uint32  // terms whose tf is not 0
	last     []uint32  // by term: its latest posting on the page at hand, counted from 1
	word     []byte
}

// A posting says that a term stands in a section (section*weights + weight).
type posting struct{ term, at uint32 }

// NewBuilder makes a Builder that gives its files to put.
func NewBuilder(put func(name string, data []byte) error) *Builder {
	return &Builder{put: put}
}

func (b *Builder) take() *counter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.idle); n > 0 {
		c := b.idle[n-1]
		b.idle = b.idle[:n-1]
		return c
	}
	c := &counter{ids: map[string]uint32{}}
	b.all = append(b.all, c)
	return c
}

// Add takes page number n, counted from 0 without gaps, and writes its file.
// A page without sections is known to the index but never found.
func (b *Builder) Add(n int, p Page) error {
	out := struct {
		U string      `json:"u"`
		T string      `json:"t"`
		S [][3]string `json:"s"`
	}{U: p.URL, T: p.Title, S: [][3]string{}}
	c := b.take()
	first := len(c.postings)
	for i, s := range p.Sections {
		text := strings.Join(strings.Fields(clip(s.Text, maxText)), " ")
		out.S = append(out.S, [3]string{s.ID, s.Heading, text})
		title := ""
		if i == 0 {
			title = p.Title
		}
		c.section(uint32(n*perPage+min(i, perPage-1)), first, title, s.Heading, text)
	}
	for _, p := range c.postings[first:] {
		c.last[p.term] = 0
	}
	data := script("docentPage", n, out)
	h := fnv.New64a()
	h.Write(data)
	b.mu.Lock()
	b.pages = max(b.pages, n+1)
	b.hash += h.Sum64()
	b.idle = append(b.idle, c)
	b.mu.Unlock()
	return b.put(fmt.Sprintf("p%d.js", n), data)
}

// section adds the postings of one section; those of its page begin at first.
func (c *counter) section(at uint32, first int, title, heading, text string) {
	body := 0
	c.words(text, func(t uint32) { c.add(t, 1); body++ })
	long := math.Sqrt(1 + float64(body)/600)
	for _, t := range c.touched {
		c.tf[t] = 1 + 2.5*math.Log2(1+c.tf[t])/long
	}
	c.words(heading, func(t uint32) { c.add(t, 9) })
	c.words(title, func(t uint32) { c.add(t, 14) })
	for _, t := range c.touched {
		v := uint32(min(weights-1, max(1, math.Round(c.tf[t]))))
		c.tf[t] = 0
		if k := int(c.last[t]); k > first && c.postings[k-1].at/weights == at { // beyond the last place of a page
			c.postings[k-1].at = max(c.postings[k-1].at, at*weights+v)
			continue
		}
		c.postings = append(c.postings, posting{t, at*weights + v})
		c.last[t] = uint32(len(c.postings))
	}
	c.touched = c.touched[:0]
}

func (c *counter) add(t uint32, v float64) {
	if c.tf[t] == 0 {
		c.touched = append(c.touched, t)
	}
	c.tf[t] += v
}

// words gives the numbers of a text's terms.
func (c *counter) words(text string, yield func(term uint32)) {
	cut(text, &c.word, func(w []byte) {
		t, known := c.ids[string(w)]
		if !known {
			t = uint32(len(c.terms))
			name := string(w)
			c.ids[name] = t
			c.terms, c.tf, c.last = append(c.terms, name), append(c.tf, 0), append(c.last, 0)
		}
		yield(t)
	})
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// script writes a call that hands data over.
func script(name string, key int, v any) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s(%d,", name, key)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(true)
	if err := enc.Encode(v); err != nil {
		return nil // no value here holds what JSON cannot
	}
	data := bytes.TrimRight(b.Bytes(), "\n")
	return append(data, ')', '\n')
}

// Finish writes the term files and the files that name them.
func (b *Builder) Finish() error {
	terms, lists := b.merge()
	texts := make([][]byte, len(terms))
	spread(len(terms), func(i int) { texts[i] = appendTerm(nil, terms[i], lists[i]) })
	var firsts []string
	words := map[int][]string{}
	var buf []byte
	flush := func() error {
		if len(firsts) == 0 {
			return nil
		}
		name := fmt.Sprintf("t%d.js", len(firsts)-1)
		return b.put(name, append(append(fmt.Appendf(nil, "docentTerms(%d,{", len(firsts)-1), buf...), "})\n"...))
	}
	for i, t := range terms {
		if len(firsts) == 0 || begins(t, len(buf)) {
			if err := flush(); err != nil {
				return err
			}
			buf = buf[:0]
			firsts = append(firsts, t)
		} else {
			buf = append(buf, ',')
		}
		buf = append(buf, texts[i]...)
		if n := utf8.RuneCountInString(t); n >= 4 && n <= 20 && isWord(t) {
			words[n] = append(words[n], t)
		}
	}
	if err := flush(); err != nil {
		return err
	}
	lengths := slices.Sorted(maps.Keys(words))
	for _, n := range lengths {
		if err := b.put(fmt.Sprintf("v%d.js", n), script("docentWords", n, strings.Join(words[n], " "))); err != nil {
			return err
		}
	}
	index := struct {
		V string   `json:"v"`
		P int      `json:"p"`
		T []string `json:"t"`
		W []int    `json:"w"`
	}{fmt.Sprintf("%012x", b.hash&(1<<48-1)), b.pages, firsts, lengths}
	if index.T == nil {
		index.T = []string{}
	}
	if index.W == nil {
		index.W = []int{}
	}
	return b.put("index.js", script("docentIndex", 0, index))
}

// begins reports whether a term begins a file when the file before it has so
// many bytes. The term itself decides, within bounds, so that an edit changes
// the files near it only and not all that follow.
func begins(term string, size int) bool {
	if size < shardBytes/2 || size > 2*shardBytes {
		return size > 2*shardBytes
	}
	h := fnv.New32a()
	h.Write([]byte(term))
	return h.Sum32()%64 == 0
}

// merge brings the postings of all counters together: every term in order,
// with its postings in order.
func (b *Builder) merge() (terms []string, lists [][]uint32) {
	number := map[string]uint32{}
	for _, c := range b.all {
		for _, t := range c.terms {
			if _, ok := number[t]; !ok {
				number[t] = 0
				terms = append(terms, t)
			}
		}
	}
	slices.Sort(terms)
	for i, t := range terms {
		number[t] = uint32(i)
	}
	counts := make([]int, len(terms)+1)
	for _, c := range b.all {
		for i, t := range c.terms {
			c.last[i] = number[t]
		}
		for _, p := range c.postings {
			counts[c.last[p.term]+1]++
		}
	}
	for i := range terms {
		counts[i+1] += counts[i]
	}
	flat := make([]uint32, counts[len(terms)])
	next := slices.Clone(counts)
	for _, c := range b.all {
		for _, p := range c.postings {
			t := c.last[p.term]
			flat[next[t]] = p.at
			next[t]++
		}
	}
	b.all, b.idle = nil, nil
	lists = make([][]uint32, len(terms))
	for i := range lists {
		lists[i] = flat[counts[i]:counts[i+1]]
	}
	return terms, lists
}

// spread runs f for 0..n-1 on all cores, a piece at a time.
func spread(n int, f func(i int)) {
	const piece = 256
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n/piece+1) {
		wg.Go(func() {
			for {
				from := int(next.Add(piece)) - piece
				if from >= n {
					return
				}
				for i := from; i < min(n, from+piece); i++ {
					f(i)
				}
			}
		})
	}
	wg.Wait()
}

func appendTerm(b []byte, t string, l []uint32) []byte {
	if !slices.IsSorted(l) {
		slices.Sort(l)
	}
	cut := len(l) > maxPostings
	if cut {
		l = best(l)
	}
	if b == nil {
		b = make([]byte, 0, len(t)+8+4*len(l))
	}
	name, _ := json.Marshal(t)
	b = append(append(b, name...), ":["...)
	if cut {
		b = append(b, "-1,"...)
	}
	last := uint32(0)
	for i, p := range l {
		if i > 0 {
			b = append(b, ',')
		}
		at := p / weights
		b = strconv.AppendUint(b, uint64((at-last)*weights+p%weights), 10)
		last = at
	}
	return append(b, ']')
}

// best gives the postings of the greatest weights, in order; of equal ones
// the first.
func best(l []uint32) []uint32 {
	var have [weights]int
	for _, p := range l {
		have[p%weights]++
	}
	least, room := uint32(weights), maxPostings
	for least > 0 && room-have[least-1] >= 0 {
		least--
		room -= have[least]
	}
	out := make([]uint32, 0, maxPostings)
	for _, p := range l {
		switch w := p % weights; {
		case w >= least:
			out = append(out, p)
		case w == least-1 && room > 0:
			out = append(out, p)
			room--
		}
	}
	return out
}

func isWord(t string) bool {
	for _, r := range t {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

// Words gives the terms of a text: every run of letters, digits and `_`, in
// lower case without accents, and where such runs are joined by `-`, `_`,
// `.`, `:` or `/`, as in names of files and options, the whole as well as
// its parts. The search script cuts queries the same way.
func Words(text string, yield func(string)) {
	var buf []byte
	cut(text, &buf, func(w []byte) { yield(string(w)) })
}

// cut does the work of Words; the terms it gives last until the next.
func cut(text string, buf *[]byte, yield func([]byte)) {
	for i := 0; i < len(text); {
		n, kind := class(text[i:])
		if kind != inWord {
			i += n
			continue
		}
		// A joiner belongs to the word when a word goes on after it.
		end, plain, parts := i, true, false
		for j := i; j < len(text); {
			n, kind := class(text[j:])
			if kind == other {
				break
			}
			if kind == joins {
				if _, next := class(text[j+n:]); next != inWord {
					break
				}
				parts = true
			}
			plain = plain && n == 1
			parts = parts || text[j] == '_'
			j += n
			end = j
		}
		whole := append((*buf)[:0], text[i:end]...)
		if plain {
			for k, c := range whole {
				if 'A' <= c && c <= 'Z' {
					whole[k] = c + 'a' - 'A'
				}
			}
		} else {
			whole = append(whole[:0], fold(text[i:end])...)
		}
		*buf = whole
		i = end
		emit(whole, plain, yield)
		if !parts {
			continue
		}
		trimmed := bytes.Trim(whole, "_")
		for part := range bytes.FieldsFuncSeq(whole, func(r rune) bool {
			return r == '-' || r == '.' || r == ':' || r == '/' || r == '_'
		}) {
			if !bytes.Equal(part, trimmed) {
				emit(part, plain, yield)
			}
		}
	}
}

// The kinds of characters, to a text that is cut into words.
const (
	other = iota
	inWord
	joins
)

var ascii = func() (t [utf8.RuneSelf]uint8) {
	for c := range t {
		switch r := rune(c); {
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			t[c] = inWord
		case r == '-' || r == '.' || r == ':' || r == '/':
			t[c] = joins
		}
	}
	return t
}()

// class gives the length in bytes and the kind of the first character.
func class(s string) (n int, kind uint8) {
	if s == "" {
		return 0, other
	}
	if c := s[0]; c < utf8.RuneSelf {
		return 1, ascii[c]
	}
	r, n := utf8.DecodeRuneInString(s)
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return n, inWord
	}
	return n, other
}

func emit(w []byte, plain bool, yield func([]byte)) {
	w = bytes.Trim(w, "_")
	if len(w) == 0 {
		return
	}
	n := len(w)
	if !plain {
		n = utf8.RuneCount(w)
	}
	if r, _ := utf8.DecodeRune(w); n < 2 && !unicode.IsDigit(r) {
		return
	}
	if n > maxWord {
		if plain {
			w = w[:maxWord]
		} else {
			w = []byte(string([]rune(string(w))[:maxWord]))
		}
	}
	yield(w)
}

// fold takes case and the common accents away.
func fold(s string) string {
	s = strings.ToLower(s)
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return folder.Replace(s)
		}
	}
	return s
}

var folder = strings.NewReplacer("à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "è", "e", "é", "e",
	"ê", "e", "ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o",
	"ø", "o", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y", "ß", "ss")
