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
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
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
	terms map[string][]uint32 // postings: section*weights + weight
	pages int
	hash  uint64 // of all pages, whatever their order
}

// NewBuilder makes a Builder that gives its files to put.
func NewBuilder(put func(name string, data []byte) error) *Builder {
	return &Builder{put: put, terms: map[string][]uint32{}}
}

// Add takes page number n, counted from 0 without gaps, and writes its file.
// A page without sections is known to the index but never found.
func (b *Builder) Add(n int, p Page) error {
	out := struct {
		U string      `json:"u"`
		T string      `json:"t"`
		S [][3]string `json:"s"`
	}{U: p.URL, T: p.Title, S: [][3]string{}}
	found := map[string][]uint32{}
	for i, s := range p.Sections {
		text := strings.Join(strings.Fields(clip(s.Text, maxText)), " ")
		out.S = append(out.S, [3]string{s.ID, s.Heading, text})
		score := map[string]float64{}
		body := 0
		Words(text, func(w string) { score[w]++; body++ })
		for w, tf := range score {
			long := 1 + float64(body)/600
			score[w] = 1 + 2.5*math.Log2(1+tf)/math.Sqrt(long)
		}
		Words(s.Heading, func(w string) { score[w] += 9 })
		if i == 0 {
			Words(p.Title, func(w string) { score[w] += 14 })
		}
		at := uint32(n*perPage + min(i, perPage-1))
		for w, v := range score {
			v := uint32(min(weights-1, max(1, math.Round(v))))
			if l := found[w]; len(l) > 0 && l[len(l)-1]/weights == at { // beyond the last place of a page
				l[len(l)-1] = max(l[len(l)-1], at*weights+v)
				continue
			}
			found[w] = append(found[w], at*weights+v)
		}
	}
	data := script("docentPage", n, out)
	h := fnv.New64a()
	h.Write(data)
	b.mu.Lock()
	b.pages = max(b.pages, n+1)
	b.hash += h.Sum64()
	for w, l := range found {
		b.terms[w] = append(b.terms[w], l...)
	}
	b.mu.Unlock()
	return b.put(fmt.Sprintf("p%d.js", n), data)
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
	terms := make([]string, 0, len(b.terms))
	for t := range b.terms {
		terms = append(terms, t)
	}
	sort.Strings(terms)
	var firsts []string
	words := map[int][]string{}
	var buf bytes.Buffer
	flush := func() error {
		if buf.Len() == 0 {
			return nil
		}
		data := append(append([]byte(fmt.Sprintf("docentTerms(%d,{", len(firsts)-1)), buf.Bytes()...), "})\n"...)
		buf.Reset()
		return b.put(fmt.Sprintf("t%d.js", len(firsts)-1), data)
	}
	for _, t := range terms {
		if buf.Len() > shardBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		if buf.Len() == 0 {
			firsts = append(firsts, t)
		} else {
			buf.WriteByte(',')
		}
		appendTerm(&buf, t, b.terms[t])
		if n := utf8.RuneCountInString(t); n >= 4 && n <= 20 && isWord(t) {
			words[n] = append(words[n], t)
		}
	}
	if err := flush(); err != nil {
		return err
	}
	lengths := []int{}
	for n := range words {
		lengths = append(lengths, n)
	}
	sort.Ints(lengths)
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
	return b.put("index.js", script("docentIndex", 0, index))
}

func appendTerm(buf *bytes.Buffer, t string, l []uint32) {
	slices.Sort(l)
	cut := false
	if len(l) > maxPostings {
		cut = true
		best := slices.Clone(l)
		slices.SortFunc(best, func(a, b uint32) int {
			if a%weights != b%weights {
				return int(b%weights) - int(a%weights)
			}
			return int(a) - int(b)
		})
		l = best[:maxPostings]
		slices.Sort(l)
	}
	name, _ := json.Marshal(t)
	buf.Write(name)
	buf.WriteString(":[")
	if cut {
		buf.WriteString("-1,")
	}
	last := uint32(0)
	for i, p := range l {
		if i > 0 {
			buf.WriteByte(',')
		}
		at := p / weights
		fmt.Fprint(buf, (at-last)*weights+p%weights)
		last = at
	}
	buf.WriteByte(']')
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
	runes := []rune(text)
	for i := 0; i < len(runes); {
		if !inWord(runes[i]) {
			i++
			continue
		}
		j := i
		for j < len(runes) && (inWord(runes[j]) || joins(runes[j]) && j+1 < len(runes) && inWord(runes[j+1])) {
			j++
		}
		whole := fold(string(runes[i:j]))
		emit(whole, yield)
		if strings.ContainsAny(whole, "-_.:/") {
			for _, part := range strings.FieldsFunc(whole, func(r rune) bool { return joins(r) || r == '_' }) {
				if part != strings.Trim(whole, "_") {
					emit(part, yield)
				}
			}
		}
		i = j
	}
}

func emit(w string, yield func(string)) {
	w = strings.Trim(w, "_")
	if n := utf8.RuneCountInString(w); n < 2 && !unicode.IsDigit(firstRune(w)) || w == "" {
		return
	} else if n > maxWord {
		w = string([]rune(w)[:maxWord])
	}
	yield(w)
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func joins(r rune) bool { return r == '-' || r == '.' || r == ':' || r == '/' }

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
