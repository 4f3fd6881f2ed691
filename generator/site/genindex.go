package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"docent/generator/doc"
)

// An indexEntry is one line of the general index before it is merged: a term,
// maybe one below it, and where it leads.
type indexEntry struct {
	term, sub string
	letter    string // under which it stands; "" is that of the term
	link      indexLink
}

// An indexLink is where a line of the index leads. Without an address it leads
// nowhere: "see" and "see also" are terms below a term.
type indexLink struct {
	url   string // below the site's root, with the anchor
	order string // by which the links of a term are sorted
	main  bool
}

// indexEntries takes the index entries of all pages apart.
func (s *Site) indexEntries() (all []indexEntry) {
	pages := slices.SortedFunc(slices.Values(s.pages), func(a, b *page) int { return strings.Compare(a.docname, b.docname) })
	words := s.bookOf(nil)
	for _, p := range pages {
		for _, n := range p.facts.index {
			for _, line := range strings.Split(n.Attr(doc.AttrEntries), "\n") {
				f := strings.Split(line, "\t")
				if len(f) < 3 {
					continue
				}
				e := indexEntry{link: indexLink{p.url + "#" + f[2], p.docname + ".html#" + f[2], len(f) > 3 && f[3] == "main"}}
				if len(f) > 4 {
					e.letter = f[4]
				}
				all = append(all, e.expand(words, f[0], f[1])...)
			}
		}
	}
	return all
}

// expand gives the lines that an entry of a type makes, as Sphinx does.
func (e indexEntry) expand(words *book, typ, value string) []indexEntry {
	with := func(term, sub string) indexEntry {
		x := e
		x.term, x.sub = term, sub
		return x
	}
	n := 2
	if typ == "triple" {
		n = 3
	}
	parts := strings.SplitN(value, ";", n)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return nil
	case len(parts) < n || slices.Contains(parts, ""): // "; (semicolon)" is a term, too
		return []indexEntry{with(value, "")}
	case typ == "pair":
		return []indexEntry{with(parts[0], parts[1]), with(parts[1], parts[0])}
	case typ == "triple":
		return []indexEntry{with(parts[0], parts[1]+" "+parts[2]), with(parts[1], parts[2]+", "+parts[0]), with(parts[2], parts[0]+" "+parts[1])}
	case typ == "see", typ == "seealso":
		x := with(parts[0], fmt.Sprintf(words.of("see %s"), parts[1]))
		if typ == "seealso" {
			x.sub = fmt.Sprintf(words.of("see also %s"), parts[1])
		}
		x.link = indexLink{}
		return []indexEntry{x}
	}
	return []indexEntry{with(parts[0], parts[1])}
}

// An indexTerm is a term of the index with what stands below it.
type indexTerm struct {
	name, letter string
	links        []indexLink
	subs         []*indexTerm
	byName       map[string]*indexTerm // of subs
}

// sub gives the term of a name below another one, and makes it.
func (t *indexTerm) sub(name string) *indexTerm {
	if x := t.byName[name]; x != nil {
		return x
	}
	made(&t.byName)
	x := &indexTerm{name: name}
	t.byName[name] = x
	t.subs = append(t.subs, x)
	return x
}

// indexTree merges the entries of all pages and puts them in order. What only
// differs in brackets at its end ("open() (in module os)") stands below one
// term.
func (s *Site) indexTree() []*indexTerm {
	root := &indexTerm{}
	for _, e := range s.terms() {
		t := root.sub(e.term)
		if len(t.links) == 0 && len(t.subs) == 0 {
			t.letter = e.letter
		}
		if e.sub != "" {
			t = t.sub(e.sub)
		}
		if e.link.url != "" {
			t.links = append(t.links, e.link)
		}
	}
	slices.SortFunc(root.subs, func(a, b *indexTerm) int { return strings.Compare(a.name, b.name) })
	sortTerms(root.subs, func(t *indexTerm) string {
		key := folded(first(t.letter, strings.TrimPrefix(t.name, "\u200f")))
		if sortsAsWord(key) {
			return "1" + key
		}
		return "0" + key
	})
	var out []*indexTerm
	before := "" // the last term without its brackets
	for _, t := range root.subs {
		for _, part := range append([]*indexTerm{t}, t.subs...) {
			slices.SortStableFunc(part.links, func(a, b indexLink) int {
				if a.main != b.main {
					return map[bool]int{true: -1, false: 1}[a.main]
				}
				return strings.Compare(a.order, b.order)
			})
		}
		if len(t.subs) == 0 {
			name, brackets := cutBrackets(t.name)
			if brackets != "" && name == before {
				x := out[len(out)-1].sub(brackets)
				x.links = append(x.links, t.links...)
				continue
			}
			before = name
		}
		out = append(out, t)
	}
	for _, t := range out {
		sortTerms(t.subs, func(t *indexTerm) string {
			key := folded(t.name)
			if sortsAsWord(key) {
				return "\x7f" + key
			}
			return key
		})
	}
	return out
}

// cutBrackets gives what stands before the last brackets of a term that have
// none in them, and these; without such brackets, the term.
func cutBrackets(s string) (before, brackets string) {
	for end := len(s); ; {
		i := strings.LastIndex(s[:end], " (")
		if i < 0 {
			return s, ""
		}
		if j := strings.IndexAny(s[i+2:], "()"); j >= 0 && s[i+2+j] == ')' {
			return s[:i], s[i+1 : i+2+j+1]
		}
		end = i + 1
	}
}

// folded is a term without case and with its accents apart, as it is sorted.
func folded(s string) string { return norm.NFD.String(strings.ToLower(s)) }

func sortsAsWord(key string) bool {
	r, _ := utf8.DecodeRuneInString(key)
	return unicode.IsLetter(r) || r == '_'
}

func sortTerms(l []*indexTerm, key func(*indexTerm) string) {
	type keyed struct {
		key  string
		term *indexTerm
	}
	by := make([]keyed, len(l))
	for i, t := range l {
		by[i] = keyed{key(t), t}
	}
	slices.SortStableFunc(by, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	for i, k := range by {
		l[i] = k.term
	}
}

// symbols is the heading of the terms that begin with no letter, and its
// anchor.
const symbols = "Symbols"

// letter is a heading of an index in the language of the book.
func (b *book) letter(l string) string {
	if l == symbols {
		return b.of("Symbols")
	}
	return l
}

// letterOf is the heading under which a term stands.
func (t *indexTerm) letterOf() string {
	if t.letter != "" {
		return t.letter
	}
	r, _ := utf8.DecodeRuneInString(norm.NFD.String(strings.TrimPrefix(t.name, "\u200f")))
	if r = unicode.ToUpper(r); unicode.IsLetter(r) || r == '_' {
		return string(r)
	}
	return symbols
}

// indexHTML writes the general index.
func (s *Site) indexHTML(at string) string {
	tree := s.indexTree()
	words := s.bookOf(nil)
	b := []byte("<h1>" + escape(words.of("Index")) + "</h1>")
	var letters []string
	for _, t := range tree {
		if l := t.letterOf(); len(letters) == 0 || letters[len(letters)-1] != l {
			letters = append(letters, l)
		}
	}
	b = appendLetters(b, words, letters)
	b = append(b, `<div class="genindex">`...)
	last := ""
	for _, t := range tree {
		if l := t.letterOf(); l != last {
			if last != "" {
				b = append(b, "</ul>"...)
			}
			last = l
			b = append(b, `<h2 id="`+escape(l)+`">`+escape(words.letter(l))+"</h2><ul>"...)
		}
		b = t.append(b, at)
	}
	if last != "" {
		b = append(b, "</ul>"...)
	}
	return string(append(b, "</div>"...))
}

// appendLetters writes the links to the parts of an index.
func appendLetters(b []byte, words *book, letters []string) []byte {
	if len(letters) == 0 {
		return b
	}
	b = append(b, `<p class="letters">`...)
	for i, l := range letters {
		if i > 0 {
			b = append(b, " | "...)
		}
		b = append(b, `<a href="#`+escape(l)+`"><strong>`+escape(words.letter(l))+"</strong></a>"...)
	}
	return append(b, "</p>"...)
}

func (t *indexTerm) append(b []byte, at string) []byte {
	b = append(b, "<li>"...)
	if len(t.links) == 0 {
		b = appendEscaped(b, t.name)
	}
	for i, l := range t.links {
		text := t.name
		if i > 0 {
			b = append(b, ", "...)
			text = "[" + strconv.Itoa(i) + "]"
		}
		if l.main {
			b = append(b, "<strong>"...)
		}
		b = appendEscaped(append(b, `<a href="`...), relative(at, l.url))
		b = append(appendEscaped(append(b, `">`...), text), "</a>"...)
		if l.main {
			b = append(b, "</strong>"...)
		}
	}
	if len(t.subs) > 0 {
		b = append(b, "<ul>"...)
		for _, x := range t.subs {
			b = x.append(b, at)
		}
		b = append(b, "</ul>"...)
	}
	return append(b, "</li>"...)
}
