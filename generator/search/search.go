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
	"encoding/binary"
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
// What it gives does not depend on their order. It can be saved and loaded,
// and its pages replaced.
type Builder struct {
	mu     sync.Mutex
	number map[string]uint32 // of every term met so far
	terms  []string
	pages  []*found
	idle   []*counter
}

// found is what a page has: its terms, ascending by place, and the hash of
// its file.
type found struct {
	hash     uint64
	postings []posting
}

// A posting says that a term stands in a section (section*weights + weight).
type posting struct{ term, at uint32 }

// A counter counts the terms of one page after the other, for one goroutine
// at a time. It numbers terms by itself, so that it needs no lock.
type counter struct {
	ids      map[string]uint32
	terms    []string
	shared   []uint32 // by term: the builder's number of it, counted from 1
	postings []posting
	tf       []float64 // by term, of the section at hand; 0 between sections
	touched  []uint32  // terms whose tf is not 0
	last     []uint32  // by term: its latest posting on the page at hand, counted from 1
	word     []byte
}

// NewBuilder makes a Builder.
func NewBuilder() *Builder { return &Builder{number: map[string]uint32{}} }

func (b *Builder) take() *counter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.idle); n > 0 {
		c := b.idle[n-1]
		b.idle = b.idle[:n-1]
		return c
	}
	return &counter{ids: map[string]uint32{}}
}

// Add takes page number n, counted from 0 without gaps, in the place of one
// that was there, and gives its file. A page without sections is known to the
// index but never found.
func (b *Builder) Add(n int, p Page) (name string, data []byte) {
	out := struct {
		U string      `json:"u"`
		T string      `json:"t"`
		S [][3]string `json:"s"`
	}{U: p.URL, T: p.Title, S: [][3]string{}}
	c := b.take()
	c.postings = c.postings[:0]
	for i, s := range p.Sections {
		text := strings.Join(strings.Fields(clip(s.Text, maxText)), " ")
		out.S = append(out.S, [3]string{s.ID, s.Heading, text})
		title := ""
		if i == 0 {
			title = p.Title
		}
		c.section(uint32(n*perPage+min(i, perPage-1)), title, s.Heading, text)
	}
	data = script("docentPage", n, out)
	h := fnv.New64a()
	h.Write(data)
	f := &found{h.Sum64(), slices.Clone(c.postings)}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, p := range f.postings {
		c.last[p.term] = 0
		if c.shared[p.term] == 0 {
			c.shared[p.term] = b.name(c.terms[p.term]) + 1
		}
		f.postings[i].term = c.shared[p.term] - 1
	}
	for len(b.pages) <= n {
		b.pages = append(b.pages, nil)
	}
	b.pages[n] = f
	b.idle = append(b.idle, c)
	return fmt.Sprintf("p%d.js", n), data
}

func (b *Builder) name(term string) uint32 {
	n, ok := b.number[term]
	if !ok {
		n = uint32(len(b.terms))
		b.number[term] = n
		b.terms = append(b.terms, term)
	}
	return n
}

// Has reports whether the index knows page number n.
func (b *Builder) Has(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return n < len(b.pages) && b.pages[n] != nil
}

// Cut forgets the pages from number n on.
func (b *Builder) Cut(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages = b.pages[:min(n, len(b.pages))]
}

// Version names what all pages hold, whatever their order.
func (b *Builder) Version() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sum uint64
	for _, f := range b.pages {
		if f != nil {
			sum += f.hash
		}
	}
	return fmt.Sprintf("%012x", sum&(1<<48-1))
}

// Save writes the builder down.
func (b *Builder) Save() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := 0
	for _, t := range b.terms {
		size += len(t) + 2
	}
	for _, f := range b.pages {
		size += 20
		if f != nil {
			size += 6 * len(f.postings)
		}
	}
	out := binary.AppendUvarint(make([]byte, 0, size), uint64(len(b.terms)))
	for _, t := range b.terms {
		out = append(binary.AppendUvarint(out, uint64(len(t))), t...)
	}
	for n, f := range b.pages {
		if f == nil {
			f = &found{}
		}
		out = binary.AppendUvarint(out, f.hash)
		out = binary.AppendUvarint(out, uint64(len(f.postings)))
		last := uint32(n * perPage * weights)
		for _, p := range f.postings {
			out = binary.AppendUvarint(out, uint64(p.term))
			out = binary.AppendVarint(out, int64(p.at)-int64(last))
			last = p.at
		}
	}
	return out
}

// Load reads what Save wrote, and reports whether it could. The strings of
// the builder are parts of s then.
func (b *Builder) Load(s string) bool {
	r := saved{s: s}
	l := NewBuilder()
	l.terms = make([]string, r.length())
	l.number = make(map[string]uint32, len(l.terms))
	for i := range l.terms {
		n := r.length()
		l.terms[i], r.s = r.s[:n], r.s[n:]
		l.number[l.terms[i]] = uint32(i)
	}
	for r.s != "" {
		f := &found{hash: r.uint()}
		f.postings = make([]posting, r.length())
		last := int64(len(l.pages) * perPage * weights)
		for i := range f.postings {
			term, step := r.uint(), r.uint()
			last += int64(step>>1) ^ -int64(step&1)
			if term >= uint64(len(l.terms)) {
				return false
			}
			f.postings[i] = posting{uint32(term), uint32(last)}
		}
		l.pages = append(l.pages, f)
	}
	if r.bad {
		return false
	}
	b.number, b.terms, b.pages = l.number, l.terms, l.pages
	return true
}

// saved is what is left to read of a saved builder. What does not fit makes
// it bad, and empty.
type saved struct {
	s   string
	bad bool
}

func (r *saved) uint() uint64 {
	var v uint64
	for i := 0; i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(r.s[i]&0x7f) << (7 * i)
		if r.s[i] < 0x80 {
			r.s = r.s[i+1:]
			return v
		}
	}
	r.s, r.bad = "", true
	return 0
}

// length reads a number of things that take a byte or more each.
func (r *saved) length() int {
	v := r.uint()
	if v > uint64(len(r.s)) {
		r.s, r.bad = "", true
		return 0
	}
	return int(v)
}

// section adds the postings of one section.
func (c *counter) section(at uint32, title, heading, text string) {
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
		if k := c.last[t]; k > 0 && c.postings[k-1].at/weights == at { // beyond the last place of a page
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
			c.terms, c.shared, c.tf, c.last = append(c.terms, name), append(c.shared, 0), append(c.tf, 0), append(c.last, 0)
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

// Finish gives the term files and the files that name them to put.
func (b *Builder) Finish(put func(name string, data []byte) error) error {
	version := b.Version()
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
		return put(name, append(append(fmt.Appendf(nil, "docentTerms(%d,{", len(firsts)-1), buf...), "})\n"...))
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
		if err := put(fmt.Sprintf("v%d.js", n), script("docentWords", n, strings.Join(words[n], " "))); err != nil {
			return err
		}
	}
	index := struct {
		V string   `json:"v"`
		P int      `json:"p"`
		T []string `json:"t"`
		W []int    `json:"w"`
	}{version, len(b.pages), firsts, lengths}
	if index.T == nil {
		index.T = []string{}
	}
	if index.W == nil {
		index.W = []int{}
	}
	return put("index.js", script("docentIndex", 0, index))
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

// merge gives every term that stands on a page, in order, with its postings
// in order.
func (b *Builder) merge() (terms []string, lists [][]uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	counts := make([]int, len(b.terms)+1)
	for _, f := range b.pages {
		if f != nil {
			for _, p := range f.postings {
				counts[p.term+1]++
			}
		}
	}
	for i := range b.terms {
		counts[i+1] += counts[i]
	}
	flat := make([]uint32, counts[len(b.terms)])
	next := slices.Clone(counts)
	for _, f := range b.pages {
		if f != nil {
			for _, p := range f.postings {
				flat[next[p.term]] = p.at
				next[p.term]++
			}
		}
	}
	var order []uint32
	for i := range b.terms {
		if counts[i+1] > counts[i] {
			order = append(order, uint32(i))
		}
	}
	slices.SortFunc(order, func(i, j uint32) int { return strings.Compare(b.terms[i], b.terms[j]) })
	terms, lists = make([]string, len(order)), make([][]uint32, len(order))
	for i, t := range order {
		terms[i], lists[i] = b.terms[t], flat[counts[t]:counts[t+1]]
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
// its parts. Two words with a hyphen between them are a word without it too,
// and a name in camel case has its humps as parts. The search script cuts
// queries at the same places.
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
		if plain {
			humps(text[i:end], yield)
		}
		i = end
		emit(whole, plain, yield)
		if !parts {
			continue
		}
		if at := bytes.IndexByte(whole, '-'); at > 0 && len(whole) <= maxWord && !bytes.ContainsAny(whole[at+1:], "-_.:/") && !bytes.ContainsAny(whole[:at], "_.:/") {
			var joined [maxWord]byte
			emit(append(append(joined[:0], whole[:at]...), whole[at+1:]...), plain, yield)
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

// humps gives the parts of a name in camel case, of ASCII letters: value and
// error of ValueError, http and server of HTTPServer.
func humps(s string, yield func([]byte)) {
	upper := func(i int) bool { return i < len(s) && 'A' <= s[i] && s[i] <= 'Z' }
	lower := func(i int) bool { return i < len(s) && 'a' <= s[i] && s[i] <= 'z' }
	var part [maxWord]byte
	from, humped := 0, false
	give := func(to int) {
		if n := to - from; humped && 3 <= n && n <= maxWord {
			for k := range n {
				part[k] = s[from+k] | 0x20 // lower case
			}
			yield(part[:n])
		}
	}
	for i := 1; i < len(s); i++ {
		switch {
		case upper(i) && (lower(i-1) || upper(i-1) && lower(i+1)):
			humped = true
			give(i)
			from = i
		case !upper(i) && !lower(i): // a joiner or a digit
			give(i)
			from, humped = i+1, false
		}
	}
	give(len(s))
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
