package html

import (
	"slices"
	"strings"

	"docent/generator/doc"
)

// inlines renders what stands inside a line of text.
var inlines = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindEmphasis:              func(w *writer, n *doc.Node) { w.span("em", "", n) },
	doc.KindStrong:                func(w *writer, n *doc.Node) { w.span("strong", "", n) },
	doc.KindLiteral:               literal,
	doc.KindLiteralStrong:         func(w *writer, n *doc.Node) { w.exact("strong", "literal", n) },
	doc.KindLiteralEmphasis:       func(w *writer, n *doc.Node) { w.exact("em", "literal", n) },
	doc.KindManpage:               manpage,
	doc.KindReference:             reference,
	doc.KindPendingXref:           xref,
	doc.KindNumberReference:       xref,
	doc.KindDownloadReference:     download,
	doc.KindSubstitutionReference: (*writer).children,
	doc.KindTitleReference:        func(w *writer, n *doc.Node) { w.span("cite", "", n) },
	doc.KindAbbreviation: func(w *writer, n *doc.Node) {
		if t := n.Attr("explanation"); t != "" {
			w.span("abbr", "", n, "title", t)
			return
		}
		w.span("abbr", "", n)
	},
	doc.KindAcronym:       func(w *writer, n *doc.Node) { w.span("abbr", "acronym", n) },
	doc.KindSuperscript:   func(w *writer, n *doc.Node) { w.span("sup", "", n) },
	doc.KindSubscript:     func(w *writer, n *doc.Node) { w.span("sub", "", n) },
	doc.KindInline:        inline,
	doc.KindProblematic:   func(w *writer, n *doc.Node) { w.exact("span", "problematic", n) },
	doc.KindGenerated:     func(w *writer, n *doc.Node) { w.span("span", "generated", n) },
	doc.KindStrikethrough: func(w *writer, n *doc.Node) { w.span("del", "", n) },
	doc.KindCheckbox:      checkbox,
}

// exact is span for text that is code: quotes and dashes stay as they are.
func (w *writer) exact(name, class string, n *doc.Node, attrs ...string) {
	was := w.inPre
	w.inPre = true
	w.span(name, class, n, attrs...)
	w.inPre = was
}

// manpage links to the page of a manual where the site says where those are.
func manpage(w *writer, n *doc.Node) {
	name := n.PlainText()
	page, section, ok := strings.Cut(strings.TrimSuffix(name, ")"), "(")
	if !ok {
		page, section, _ = strings.Cut(name, ".")
	}
	href := strings.NewReplacer("{path}", name, "{page}", page, "{section}", section).Replace(w.o.ManpagesURL)
	if href == "" || w.unlinked || !SafeURL(href) {
		w.exact("em", "manpage", n)
		return
	}
	w.tag("em", n, "manpage")
	w.str("<a")
	w.attr("href", escapeURL(href))
	w.str(">")
	w.inPre, w.unlinked = true, true
	w.children(n)
	w.inPre, w.unlinked = false, false
	w.str("</a></em>")
}

func literal(w *writer, n *doc.Node) {
	if n.HasClass("kbd") {
		w.exact("kbd", "", n)
		return
	}
	if isRole(n) && len(n.IDs()) == 0 {
		was := w.inPre
		w.inPre = true
		w.str("<code>")
		w.children(n)
		w.str("</code>")
		w.inPre = was
		return
	}
	lang := n.Attr(doc.AttrLanguage)
	if lang == "" || w.o.Highlighter == nil || len(n.Children) != 1 || n.Children[0].Kind != doc.KindText {
		w.exact("code", "", n)
		return
	}
	w.tag("code", n, "")
	w.b = w.o.Highlighter.Append(w.b, strings.ToLower(lang), n.Children[0].Text, Lines{Start: 1})
	w.str("</code>")
	w.quotes.literal(n.Children[0].Text)
}

// isRole reports whether the classes of a node only name the role of a
// reference: those are for programs that read the tree.
func isRole(n *doc.Node) bool {
	c := n.Classes()
	return len(c) > 0 && c[0] == "xref"
}

func inline(w *writer, n *doc.Node) {
	classes := n.Classes()
	if len(classes) == 1 && classes[0] == "hard-break" {
		w.str("<br>\n")
		return
	}
	if (len(classes) == 0 || isRole(n)) && len(n.IDs()) == 0 {
		w.children(n)
		return
	}
	if slices.Contains(classes, "kbd") {
		w.exact("kbd", "", n)
		return
	}
	if w.o.Phrases != nil && hasLookup(n, doc.AttrWords) {
		w.tag("span", n, "")
		w.ownWords(n)
		w.str("</span>")
		return
	}
	w.span("span", "", n)
}

// reference is a link that the page itself resolved.
func reference(w *writer, n *doc.Node) {
	if w.unlinked {
		w.children(n)
		return
	}
	id, uri := n.Attr("refid"), strings.TrimSpace(n.Attr("refuri"))
	var attrs []string
	switch {
	case id != "" && uri == "":
		attrs = append(attrs, "href", "#"+escapeFragment(id))
	case hasLookup(n, "refuri"):
		if !SafeURL(uri) {
			w.refuse(n, uri)
			w.children(n)
			return
		}
		title := n.Attr("reftitle")
		if title == "" {
			title = n.Attr("title")
		}
		if isRelative(uri) {
			if l, ok := w.env.Link(n); ok && SafeURL(l.Href) {
				uri = l.Href
				if title == "" {
					title = l.Title
				}
			}
		}
		attrs = append(attrs, "href", escapeURL(uri))
		if title != "" {
			attrs = append(attrs, "title", title)
		}
	default:
		w.children(n)
		return
	}
	w.link(n, "", attrs)
}

// link writes the a element around the children. Links do not nest in HTML,
// so what is inside stands without its own.
func (w *writer) link(n *doc.Node, class string, attrs []string) {
	w.tag("a", n, class, attrs...)
	w.inLink(n)
	w.str("</a>")
}

func (w *writer) inLink(n *doc.Node) {
	was := w.unlinked
	w.unlinked = true
	w.children(n)
	w.unlinked = was
}

func hasLookup(n *doc.Node, key string) bool { _, ok := n.Lookup(key); return ok }

// isRelative reports whether an address names no scheme and no host.
func isRelative(u string) bool {
	if strings.HasPrefix(u, "//") {
		return false
	}
	scheme, _, ok := strings.Cut(u, ":")
	return !ok || strings.ContainsAny(scheme, "/?#.")
}

// xref is a reference that the site resolves. One that leads nowhere is
// plain text; the site has reported it.
func xref(w *writer, n *doc.Node) {
	l, ok := w.env.Link(n)
	if !ok {
		w.xrefText(n, Link{})
		return
	}
	if w.unlinked || l.Href == "" {
		w.xrefText(n, l)
		return
	}
	if !SafeURL(l.Href) {
		w.refuse(n, l.Href)
		w.xrefText(n, l)
		return
	}
	attrs := []string{"href", escapeURL(l.Href)}
	if l.Title != "" {
		attrs = append(attrs, "title", l.Title)
	}
	w.str("<a")
	if ids := n.IDs(); len(ids) > 0 {
		w.attr("id", ids[0])
	}
	if len(l.Classes) > 0 {
		w.attr("class", strings.Join(l.Classes, " "))
	}
	for i := 0; i < len(attrs); i += 2 {
		w.attr(attrs[i], attrs[i+1])
	}
	w.str(">")
	was := w.unlinked
	w.unlinked = true
	w.xrefText(n, l)
	w.unlinked = was
	w.str("</a>")
}

func (w *writer) xrefText(n *doc.Node, l Link) {
	switch {
	case l.Text != nil: // quotes of another title are a matter of that title
		w.quotes = quoteState{}
		w.node2(l.Text)
		w.quotes.literal(n.PlainText())
	case l.Plain != "":
		w.quotes = quoteState{}
		w.text(l.Plain)
		w.quotes.literal(n.PlainText())
	default:
		was := w.resolved
		w.resolved = l.Href != ""
		w.children(n)
		w.resolved = was
	}
}

// node2 writes a title or an inline node as running text.
func (w *writer) node2(n *doc.Node) {
	if n.Kind.Inline() && n.Kind != doc.KindText {
		w.node(n)
		return
	}
	if n.Kind == doc.KindText {
		w.text(n.Text)
		return
	}
	w.children(n)
}

// xrefCondition is one of two texts of a reference: with condition "resolved"
// it is for a reference that leads somewhere, with "*" for one that does not.
func xrefCondition(w *writer, n *doc.Node) {
	if (n.Attr("condition") == "resolved") == w.resolved {
		w.children(n)
	}
}

// download links to a file that the site copies beside its pages.
func download(w *writer, n *doc.Node) {
	l, ok := w.env.Link(n)
	if !ok && n.Attr("refuri") != "" {
		l, ok = Link{Href: n.Attr("refuri")}, true
	}
	if !ok || w.unlinked || l.Href == "" {
		w.children(n)
		return
	}
	if !SafeURL(l.Href) {
		w.refuse(n, l.Href)
		w.children(n)
		return
	}
	w.str("<a")
	w.href(l.Href)
	w.download(l.Save)
	w.str(">")
	w.inLink(n)
	w.str("</a>")
}

// download writes the attribute that keeps a file in place of showing it.
func (w *writer) download(name string) {
	w.str(" download")
	if name != "" {
		w.str(`="`)
		w.b = appendEscaped(w.b, name)
		w.str(`"`)
	}
}

func checkbox(w *writer, n *doc.Node) {
	w.str(`<input type="checkbox" disabled`)
	label := "Not done"
	if v := n.Attr("checked"); v != "" && v != "0" && v != "false" {
		w.str(" checked")
		label = "Done"
	}
	w.attr("aria-label", w.phrase(label))
	w.str("> ")
}
