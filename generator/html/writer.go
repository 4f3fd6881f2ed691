package html

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

// A writer is one rendering of one tree.
type writer struct {
	b            []byte
	d            *doc.Document
	env          Env
	o            *Options
	level        int  // heading level of the section we are in
	unlinked     bool // leave out links and anchors
	inPre        bool // white space counts
	tight        int  // above 0: paragraphs of this list item stand without p
	inHead, stub bool // cells are headings of columns, of rows
	stubs        int  // how many columns hold row headings
	anchored     bool // terms get anchors
	resolved     bool // the reference around us leads somewhere
	depth        int  // of nesting, bounded by maxDepth
	used         map[string]int
	open         []*doc.Node // sections and documents around us
	quotes       quoteState
	language     *quoteLanguage // of the quotes; nil until one stands in a text
	educated     educated       // lent by smart
	params       paramState
	renderer     *[doc.Kinds]func(*writer, *doc.Node)
}

// maxDepth bounds nesting: browsers flatten trees at 512 levels, and a page
// made to nest deeper would cost more than it shows.
const maxDepth = 1000

func newWriter(dst []byte, d *doc.Document, env Env) *writer {
	return &writer{b: dst, d: d, env: env, o: env.Options(), renderer: &renderers}
}

// renderers holds the function of every kind. It is filled in once below,
// since the functions lead back to it.
var renderers [doc.Kinds]func(*writer, *doc.Node)

func init() {
	for _, part := range []map[doc.Kind]func(*writer, *doc.Node){
		structure, body, tables, notes, inlines, listings, objects, panels, formulas,
	} {
		for k, f := range part {
			renderers[k] = f
		}
	}
}

func (w *writer) node(n *doc.Node) {
	if n.Kind == doc.KindText {
		if raw, ok := n.Lookup(doc.AttrEscaped); ok && w.o.SmartQuotes != "" && !w.inPre {
			w.smart(raw)
		} else {
			w.text(n.Text)
		}
		return
	}
	if w.depth >= maxDepth || int(n.Kind) >= doc.Kinds {
		w.text(n.PlainText())
		return
	}
	w.depth++
	w.renderer[n.Kind](w, n)
	w.depth--
}

func (w *writer) children(n *doc.Node) {
	for _, c := range n.Children {
		w.node(c)
	}
}

func (w *writer) str(s ...string) {
	for _, t := range s {
		w.b = append(w.b, t...)
	}
}

func (w *writer) int(i int) { w.b = strconv.AppendInt(w.b, int64(i), 10) }

// nl ends a line unless one has just ended.
func (w *writer) nl() {
	if !w.inPre && len(w.b) > 0 && w.b[len(w.b)-1] != '\n' {
		w.b = append(w.b, '\n')
	}
}

// text writes running text, escaped.
func (w *writer) text(s string) {
	if w.o.SmartQuotes != "" && !w.inPre {
		w.smart(s)
		return
	}
	w.quotes.literal(s)
	w.b = appendText(w.b, s)
}

// attr writes an attribute with an escaped value.
func (w *writer) attr(name, value string) {
	w.b = append(w.b, ' ')
	w.b = append(w.b, name...)
	w.b = append(w.b, '=', '"')
	w.b = appendEscaped(w.b, value)
	w.b = append(w.b, '"')
}

// tag opens an element with the node's first id and its classes after the
// given ones. Further ids become empty spans inside, so it is for elements
// that may hold phrasing content.
func (w *writer) tag(name string, n *doc.Node, class string, attrs ...string) {
	w.b = append(w.b, '<')
	w.b = append(w.b, name...)
	ids := n.IDs()
	w.head(n, class, ids)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.attr(attrs[i], attrs[i+1])
	}
	w.b = append(w.b, '>')
	if len(ids) > 1 && !w.unlinked {
		w.anchors(ids[1:])
	}
}

// strictTag is tag for elements whose content model has no room for spans:
// further ids stand before it.
func (w *writer) strictTag(name string, n *doc.Node, class string, attrs ...string) {
	ids := n.IDs()
	if len(ids) > 1 && !w.unlinked {
		w.anchors(ids[1:])
	}
	w.b = append(w.b, '<')
	w.b = append(w.b, name...)
	w.head(n, class, ids)
	for i := 0; i+1 < len(attrs); i += 2 {
		w.attr(attrs[i], attrs[i+1])
	}
	w.b = append(w.b, '>')
}

// head writes the id and class attributes of a tag.
func (w *writer) head(n *doc.Node, class string, ids []string) {
	if len(ids) > 0 && !w.unlinked {
		w.attr("id", ids[0])
	}
	own := n.Classes()
	if class == "" && len(own) == 0 {
		return
	}
	w.b = append(w.b, ` class="`...)
	w.b = append(w.b, class...)
	for i, c := range own {
		if c == class {
			continue
		}
		if class != "" || i > 0 {
			w.b = append(w.b, ' ')
		}
		w.b = appendEscaped(w.b, c)
	}
	w.b = append(w.b, '"')
}

func (w *writer) anchors(ids []string) {
	for _, id := range ids {
		w.str("<span")
		w.attr("id", id)
		w.str("></span>")
	}
}

func (w *writer) end(name string) { w.b = append(append(append(w.b, '<', '/'), name...), '>') }

// block writes a block element around the children, each on its own line.
func (w *writer) block(name, class string, n *doc.Node, attrs ...string) {
	w.nl()
	w.tag(name, n, class, attrs...)
	w.nl()
	defer w.loosen()()
	w.children(n)
	w.nl()
	w.end(name)
	w.nl()
}

// leaf writes a block element around inline children.
func (w *writer) leaf(name, class string, n *doc.Node, attrs ...string) {
	w.nl()
	w.tag(name, n, class, attrs...)
	w.run(n)
	w.end(name)
	w.nl()
}

// run writes the inline children of a block: quotes begin anew in it.
func (w *writer) run(n *doc.Node) {
	w.quotes = quoteState{}
	w.children(n)
}

// loosen makes paragraphs stand in p again inside a nested block; the
// function it gives restores what was.
func (w *writer) loosen() func() {
	was := w.tight
	w.tight = 0
	return func() { w.tight = was }
}

// span writes an inline element around the children.
func (w *writer) span(name, class string, n *doc.Node, attrs ...string) {
	w.tag(name, n, class, attrs...)
	w.children(n)
	w.end(name)
}

// phrase is the renderer's own word in the language of the site.
func (w *writer) phrase(s string) string {
	if t, ok := w.o.Phrases[s]; ok {
		return t
	}
	return s
}

// ownWords writes the children of a node; words of the program that stand
// first in it (doc.AttrWords) are in the language of the page.
func (w *writer) ownWords(n *doc.Node) {
	said, ok := n.Lookup(doc.AttrWords)
	if !ok || w.o.Phrases == nil || len(n.Children) == 0 {
		w.run(n)
		return
	}
	values := strings.Split(said, "\t")
	english, own := values[0], w.phrase(values[0])
	for _, v := range values[1:] {
		english, own = strings.Replace(english, "%s", v, 1), strings.Replace(own, "%s", v, 1)
	}
	w.quotes = quoteState{}
	w.text(own + strings.TrimPrefix(n.Children[0].Text, english))
	for _, c := range n.Children[1:] {
		w.node(c)
	}
}

// once gives name, or name-2, name-3 ... when it was given before.
func (w *writer) once(name string) string {
	if w.used == nil {
		w.used = map[string]int{}
	}
	w.used[name]++
	if k := w.used[name]; k > 1 {
		return name + "-" + strconv.Itoa(k)
	}
	return name
}

// escapes says which bytes cannot stand as they are in text or an attribute.
// An escaping says what stands for a character in HTML. Where a text has
// something to look at, stop is set.
type escaping struct {
	with [256]string
	stop [256]bool
}

func newEscaping(with map[byte]string) *escaping {
	t := &escaping{}
	for c := range t.stop {
		t.stop[c] = c >= utf8.RuneSelf
		if c < ' ' && c != '\t' && c != '\n' || c == 0x7f {
			t.with[c], t.stop[c] = " ", true // HTML forbids it
		}
	}
	t.with[0], t.with['\r'] = "\uFFFD", "\n"
	for c, e := range with {
		t.with[c], t.stop[c] = e, true
	}
	return t
}

var (
	escapes     = newEscaping(map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;"})
	textEscapes = newEscaping(map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;"}) // in an element a quote is no more than a quote
)

// appendEscaped appends text so that it reads as text in an element and in a
// double-quoted attribute. Control characters, which HTML forbids, become
// spaces, and broken UTF-8 becomes U+FFFD.
func appendEscaped(dst []byte, s string) []byte { return appendSafe(dst, s, escapes) }

// appendText is appendEscaped for the text of an element only.
func appendText(dst []byte, s string) []byte { return appendSafe(dst, s, textEscapes) }

func appendSafe(dst []byte, s string, t *escaping) []byte {
	start, last, wide := len(dst), 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !t.stop[c] {
			continue
		}
		if c >= utf8.RuneSelf {
			wide = true
			continue
		}
		dst = append(dst, s[last:i]...)
		dst = append(dst, t.with[c]...)
		last = i + 1
	}
	dst = append(dst, s[last:]...)
	if wide && !utf8.Valid(dst[start:]) {
		fixed := bytes.ToValidUTF8(dst[start:], []byte("\uFFFD"))
		dst = append(dst[:start], fixed...)
	}
	return dst
}

func escapeString(s string) string { return string(appendEscaped(nil, s)) }
