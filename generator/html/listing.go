package html

import (
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// listings renders code in its box.
var listings = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindLiteralBlock: func(w *writer, n *doc.Node) { w.listing(n, nil) },
	doc.KindDoctestBlock: func(w *writer, n *doc.Node) { w.listing(n, nil) },
	doc.KindDiagram:      diagram,
}

// isCaptioned reports whether a container holds a listing and its caption.
func isCaptioned(n *doc.Node) bool {
	return n.First(doc.KindLiteralBlock) != nil && (n.Attr("literal_block") != "" || n.First(doc.KindCaption) != nil)
}

func (w *writer) captionedListing(n *doc.Node) {
	for _, c := range n.Children {
		switch c.Kind {
		case doc.KindCaption:
		case doc.KindLiteralBlock:
			w.listing(c, n)
		default:
			w.node(c)
		}
	}
}

var (
	blankLine    = regexp.MustCompile(`(?m)^\s*<BLANKLINE>`)
	doctestMarks = regexp.MustCompile(`#\s*doctest:.+`)
)

// Language gives the language in which a listing is written, lower case, or
// "" when the source names none.
func Language(n *doc.Node) string {
	if l := n.Attr(doc.AttrLanguage); l != "" {
		return strings.ToLower(l)
	}
	if n.Kind == doc.KindDoctestBlock {
		return "pycon"
	}
	// docutils' own code directive writes the language as a class.
	for i, c := range n.Classes() {
		if c == "code" && i+1 < len(n.Classes()) {
			return strings.ToLower(n.Classes()[i+1])
		}
	}
	return ""
}

// ListingID is the anchor of a listing that has none of its own: it comes
// from the code alone, so that a link survives edits around it.
func ListingID(code string) string {
	h := fnv.New32a()
	h.Write([]byte(code))
	s := strconv.FormatUint(uint64(h.Sum32()), 16)
	return "code-" + strings.Repeat("0", 8-len(s)) + s
}

func (w *writer) listing(n, box *doc.Node) {
	l := w.env.Listing(n)
	lang := Language(n)
	if l.Language != "" {
		lang = l.Language
	}
	code := n.PlainText()
	if lang == "" {
		lang = strings.ToLower(w.o.HighlightLanguage)
	}
	lang = guess(lang, code)
	shown := code
	trim := w.o.TrimDoctest
	if v, ok := n.Lookup("trim_flags"); ok {
		trim = v == "True"
	}
	if trim && (lang == "pycon" || lang == "pycon3") {
		if strings.Contains(shown, "<BLANKLINE>") {
			shown = blankLine.ReplaceAllString(shown, "")
		}
		if strings.Contains(shown, "doctest:") {
			shown = doctestMarks.ReplaceAllString(shown, "")
		}
	}

	var caption *doc.Node
	owner := n
	if box != nil {
		owner, caption = box, box.First(doc.KindCaption)
	}
	ids := owner.IDs()
	if box != nil {
		ids = append(ids[:len(ids):len(ids)], n.IDs()...)
	}
	switch {
	case len(ids) > 0:
	case l.ID != "":
		ids = []string{l.ID}
	default:
		ids = []string{w.once(ListingID(code))}
	}

	tag := "div"
	if caption != nil {
		tag = "figure"
	}
	w.nl()
	w.str("<", tag, ` class="listing`)
	if l.Role != "" {
		w.str(" listing-", escapeString(l.Role))
	}
	for _, c := range owner.Classes() {
		if c != "code" && c != "literal-block-wrapper" {
			w.str(" ", escapeString(c))
		}
	}
	w.str(`"`)
	if !w.unlinked {
		w.attr("id", ids[0])
	}
	w.attr("data-lang", languageName(lang))
	headed := caption != nil || l.Download != "" && SafeURL(l.Download)
	if !headed && l.Name != "" {
		w.attr("data-name", l.Name)
	}
	if isSession(lang) {
		w.str(" data-prompts")
	}
	if l.Fold {
		w.str(" data-fold")
	}
	w.str(">")
	if len(ids) > 1 && !w.unlinked {
		w.anchors(ids[1:])
	}
	w.nl()
	if headed {
		w.listingHead(l, lang, caption, owner)
	}
	w.str("<pre><code>")
	w.code(n, lang, shown)
	w.str("</code></pre>\n")
	if l.Evidence != "" {
		w.str(l.Evidence)
		w.nl()
	}
	w.str("</", tag, ">\n")
}

// listingHead writes the top line of a listing that has a caption or can be
// downloaded. A theme draws that of others from their attributes.
func (w *writer) listingHead(l Listing, lang string, caption, owner *doc.Node) {
	if caption != nil {
		w.str(`<figcaption class="listing-head"`)
		if cids := caption.IDs(); len(cids) > 0 {
			w.attr("id", cids[0])
		}
		w.str(">")
		if num := w.env.Number(owner); num != "" {
			w.str(`<span class="caption-number">`)
			w.text(num)
			w.str(`</span>`)
		}
		w.str(`<span class="caption-text">`)
		w.run(caption)
		w.str("</span>")
	} else {
		w.str(`<div class="listing-head" data-ui><span>`)
		name := l.Name
		if name == "" {
			name = languageName(lang)
		}
		w.b = appendEscaped(w.b, name)
		w.str("</span>")
	}
	if l.Download != "" && SafeURL(l.Download) {
		w.str(`<a class="download" data-ui`)
		w.href(l.Download)
		if save := l.Name; strings.HasSuffix(l.Download, "/"+save) || l.Download == save {
			w.download("")
		} else {
			w.download(save)
		}
		w.str(">")
		w.b = appendEscaped(w.b, w.phrase("Download"))
		w.str("</a>")
	}
	if caption != nil {
		w.str("</figcaption>\n")
	} else {
		w.str("</div>\n")
	}
}

// code writes the code, in colours where it can.
func (w *writer) code(n *doc.Node, lang, code string) {
	f := lineFormat(n, lang)
	for _, c := range n.Children {
		if c.Kind != doc.KindText {
			// Parsed literals and lines coloured by the author's hand keep
			// their own markup.
			was := w.inPre
			w.inPre = true
			w.children(n)
			w.inPre = was
			return
		}
	}
	if w.o.Highlighter == nil {
		w.b = appendLines(w.b, nil, code, f)
		return
	}
	w.b = w.o.Highlighter.Append(w.b, lang, code, f)
}

// lineFormat reads how a listing wants its lines from the attributes that
// the directives set.
func lineFormat(n *doc.Node, lang string) Lines {
	f := Lines{Start: 1, Diff: lang == "diff" || lang == "udiff"}
	if v, ok := n.Lookup(doc.AttrLinenos); ok {
		f.Numbers = true
		if start, err := strconv.Atoi(v); err == nil && start >= 0 {
			f.Start = start
		}
	}
	f.Emphasis = ranges(n.Attr(doc.AttrEmphasize))
	return f
}

// ranges reads "1,3-5 7" as line numbers, at most 10,000.
func ranges(s string) []int {
	var out []int
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '[' || r == ']' }) {
		lo, hi, ok := strings.Cut(f, "-")
		a, err := strconv.Atoi(lo)
		if err != nil || a < 1 {
			continue
		}
		b := a
		if ok {
			if b, err = strconv.Atoi(hi); err != nil {
				continue
			}
		}
		for ; a <= b && len(out) < 10000; a++ {
			out = append(out, a)
		}
	}
	return out
}

// diagram shows a picture that was drawn when the site was built, with its
// source folded under it; without one, the source.
func diagram(w *writer, n *doc.Node) {
	class := "diagram"
	if a := n.Attr("align"); a != "" {
		class += " align-" + escapeString(a)
	}
	w.nl()
	w.str("<div")
	w.head(n, class, n.IDs())
	w.str(">\n")
	drawer, _ := w.env.(Drawer)
	if drawer == nil {
		w.diagramSource(n)
	} else if d, ok := drawer.Diagram(n); ok {
		w.drawing(n, d)
	} else {
		w.diagramSource(n)
	}
	w.str("</div>\n")
}

func (w *writer) diagramSource(n *doc.Node) {
	w.str(`<pre class="diagram-source"`)
	if lang := n.Attr(doc.AttrType); lang != "" {
		w.attr("data-diagram", lang)
	}
	w.str("><code>")
	was := w.inPre
	w.inPre = true
	w.text(n.PlainText())
	w.inPre = was
	w.str("</code></pre>\n")
}

func (w *writer) drawing(n *doc.Node, d Drawing) {
	alt := n.Attr(doc.AttrAlt)
	if alt == "" {
		alt = w.phrase("Diagram") + ": " + d.Alt
	}
	w.str("<img")
	w.attr("src", escapeURL(d.Src))
	w.attr("alt", strings.TrimSuffix(alt, ": "))
	if d.W > 0 && d.H > 0 {
		w.attr("width", strconv.Itoa(d.W))
		w.attr("height", strconv.Itoa(d.H))
	}
	w.str(` loading="lazy" decoding="async">`, "\n")
	if len(d.Links) > 0 && !w.unlinked {
		w.str(`<p class="diagram-links" data-ui>`)
		w.text(w.phrase("Links in the diagram") + ":")
		for _, l := range d.Links {
			if !SafeURL(l.Href) {
				w.refuse(n, l.Href)
				continue
			}
			w.str(" <a")
			w.attr("href", escapeURL(l.Href))
			w.str(">")
			if l.Plain == "" {
				l.Plain = l.Href
			}
			w.text(l.Plain)
			w.str("</a>")
		}
		w.str("</p>\n")
	}
	w.str(`<details class="diagram-code" data-ui><summary>`)
	w.text(w.phrase("Source of the diagram"))
	w.str("</summary>\n")
	w.diagramSource(n)
	w.str("</details>\n")
}
