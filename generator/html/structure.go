package html

import (
	"docent/generator/doc"
)

// structure renders what a page is divided into.
var structure = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindText:       func(w *writer, n *doc.Node) { w.text(n.Text) },
	doc.KindDocument:   document,
	doc.KindSection:    section,
	doc.KindTitle:      title,
	doc.KindSubtitle:   func(w *writer, n *doc.Node) { w.leaf("p", "subtitle", n) },
	doc.KindRubric:     rubric,
	doc.KindTopic:      func(w *writer, n *doc.Node) { w.titled("div", "topic", n, "") },
	doc.KindSidebar:    func(w *writer, n *doc.Node) { w.titled("div", "sidebar", n, "") },
	doc.KindTransition: func(w *writer, n *doc.Node) { w.nl(); w.strictTag("hr", n, ""); w.nl() },
	doc.KindDecoration: (*writer).children,
	doc.KindHeader:     func(w *writer, n *doc.Node) { w.block("div", "page-header", n, "data-ui", "") },
	doc.KindFooter:     func(w *writer, n *doc.Node) { w.block("div", "page-footer", n, "data-ui", "") },
	doc.KindMeta:       nothing,
	doc.KindPending:    nothing,
	doc.KindTodolist: func(w *writer, n *doc.Node) {
		if f, ok := w.env.(Filler); ok {
			for _, c := range f.Fill(n) {
				w.node(c)
			}
		}
	},
	// Bibliographic data is for programs, as in Sphinx.
	doc.KindDocinfo: nothing, doc.KindAddress: nothing, doc.KindAuthor: nothing, doc.KindAuthors: nothing, doc.KindContact: nothing,
	doc.KindCopyright: nothing, doc.KindDate: nothing, doc.KindOrganization: nothing, doc.KindRevision: nothing,
	doc.KindStatus: nothing, doc.KindVersion: nothing,

	doc.KindOnly: func(w *writer, n *doc.Node) {
		if w.env.Show(n) {
			w.children(n)
		}
	},
	doc.KindPendingXrefCondition: xrefCondition,
	doc.KindToctree:              toctree,
}

func nothing(*writer, *doc.Node) {}

func document(w *writer, n *doc.Node) {
	if n.First(doc.KindTitle) == nil {
		w.children(n)
		return
	}
	was := w.level
	w.level = 1
	w.open = append(w.open, n)
	w.children(n)
	w.open = w.open[:len(w.open)-1]
	w.level = was
}

func section(w *writer, n *doc.Node) {
	w.level++
	w.open = append(w.open, n)
	w.block("section", "", n)
	w.open = w.open[:len(w.open)-1]
	w.level--
}

// headings are the tags by level; what is deeper stays at the last, since
// HTML has no more.
var headings = [...]string{"h1", "h1", "h2", "h3", "h4", "h5", "h6"}

// title is a section's heading with its anchor. Titles of other elements are
// written by those elements.
func title(w *writer, n *doc.Node) {
	tag := headings[max(1, min(w.level, 6))]
	w.nl()
	w.tag(tag, n, "")
	parent := w.titleOwner(n)
	if parent != nil {
		if num := w.env.Number(parent); num != "" {
			w.str(`<span class="section-number">`)
			w.text(num)
			w.str(`</span>`)
		}
	}
	if back := n.Attr("refid"); back != "" && !w.unlinked { // to its line in the page's own contents
		w.str(`<a class="toc-backref" role="doc-backlink"`)
		w.fragment(back)
		w.str(">")
		w.unlinked = true
		w.run(n)
		w.unlinked = false
		w.str("</a>")
	} else {
		w.run(n)
	}
	if parent != nil {
		w.anchorLink(parent.IDs(), "Link to this heading")
	}
	w.end(tag)
	w.nl()
}

// titleOwner is the section or document whose title is being written.
func (w *writer) titleOwner(n *doc.Node) *doc.Node {
	if len(w.open) == 0 {
		return nil
	}
	return w.open[len(w.open)-1]
}

// anchorLink writes the link to an element's own anchor. It has no text, so
// that a heading read aloud is the heading; a theme draws the sign.
func (w *writer) anchorLink(ids []string, label string) {
	if len(ids) == 0 || w.unlinked {
		return
	}
	w.str(`<a class="headerlink"`)
	w.fragment(ids[0])
	w.attr("aria-label", w.phrase(label))
	w.str(`></a>`)
}

// fragment writes the href of a place on the page.
func (w *writer) fragment(id string) {
	w.str(` href="#`)
	w.b = appendEscaped(w.b, escapeFragment(id))
	w.str(`"`)
}

// rubric is a heading that opens no section. Where it has a level it is a
// heading to a screen reader too.
func rubric(w *writer, n *doc.Node) {
	if l := n.Attr("heading-level"); len(l) == 1 && l[0] >= '1' && l[0] <= '6' {
		w.leaf("h"+l, "rubric", n)
		return
	}
	w.leaf("p", "rubric", n)
}

// titled writes a box whose title, when it has one, comes first. With
// standard not empty, that is the title of a box that brings none.
func (w *writer) titled(tag, class string, n *doc.Node, standard string, attrs ...string) {
	w.nl()
	w.tag(tag, n, class, attrs...)
	defer w.loosen()()
	w.nl()
	first := true
	if standard != "" && n.First(doc.KindTitle) == nil {
		w.str(`<p class="admonition-title">`)
		w.text(w.phrase(standard))
		w.str("</p>\n")
	}
	for _, c := range n.Children {
		switch {
		case c.Kind == doc.KindTitle && first:
			first = false
			name := "topic-title"
			switch n.Kind {
			case doc.KindSidebar:
				name = "sidebar-title"
			case doc.KindTopic:
			default:
				name = "admonition-title"
			}
			w.tag("p", c, name)
			w.ownWords(c)
			w.str("</p>\n")
		case c.Kind == doc.KindTitle:
			w.leaf("p", "rubric", c)
		default:
			w.node(c)
		}
	}
	w.nl()
	w.end(tag)
	w.nl()
}

func toctree(w *writer, n *doc.Node) {
	entries := w.env.Toctree(n)
	w.nl()
	if len(entries) == 0 {
		w.anchors(n.IDs())
		return
	}
	w.tag("div", n, "toctree-wrapper")
	w.nl()
	if c := n.Attr("caption"); c != "" {
		w.str(`<p class="caption" role="heading" aria-level="`)
		w.int(min(w.level+1, 6))
		w.str(`"><span class="caption-text">`)
		w.text(c)
		w.str("</span></p>\n")
	}
	w.tocList(entries, 1)
	w.str("</div>\n")
}

func (w *writer) tocList(entries []TocEntry, level int) {
	w.str("<ul>\n")
	for _, e := range entries {
		w.str(`<li class="toctree-l`)
		w.int(min(level, 9))
		if e.Current {
			w.str(" current")
		}
		w.str(`"><a`)
		w.href(e.Href)
		w.str(">")
		if e.Number != "" {
			w.text(e.Number + ". ")
		}
		if e.Code {
			w.str("<code>")
			w.b = appendEscaped(w.b, e.Plain)
			w.str("</code>")
		} else if e.Title != nil {
			was := w.unlinked
			w.unlinked = true
			w.run(e.Title)
			w.unlinked = was
		} else {
			w.b = appendText(w.b, e.Plain) // quotes stay as they were given
		}
		w.str("</a>")
		if len(e.Children) > 0 && level < maxDepth {
			w.str("\n")
			w.tocList(e.Children, level+1)
		}
		w.str("</li>\n")
	}
	w.str("</ul>\n")
}
