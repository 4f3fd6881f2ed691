package html

import "docent/generator/doc"

// notes renders footnotes and citations, with the ways there and back.
var notes = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindFootnote:          note,
	doc.KindCitation:          note,
	doc.KindLabel:             (*writer).children,
	doc.KindFootnoteReference: noteReference,
	doc.KindCitationReference: noteReference,
}

func note(w *writer, n *doc.Node) {
	class, role := "footnote brackets", "doc-footnote"
	if n.Kind == doc.KindCitation {
		class, role = "citation", "note"
	}
	w.nl()
	tag := "aside"
	if n.Kind == doc.KindCitation {
		tag = "div"
	}
	w.tag(tag, n, class, "role", role)
	defer w.loosen()()
	w.nl()
	backs := n.Backrefs()
	for _, c := range n.Children {
		if c.Kind != doc.KindLabel {
			w.node(c)
			continue
		}
		w.str(`<span class="label">[`)
		if len(backs) == 1 && !w.unlinked {
			w.str(`<a role="doc-backlink"`)
			w.fragment(backs[0])
			w.str(">")
			w.children(c)
			w.str("</a>")
		} else {
			w.children(c)
		}
		w.str("]</span>\n")
		if len(backs) > 1 && !w.unlinked {
			w.str(`<span class="backrefs">(`)
			for i, b := range backs {
				if i > 0 {
					w.str(",")
				}
				w.str(`<a role="doc-backlink"`)
				w.fragment(b)
				w.str(">")
				w.int(i + 1)
				w.str("</a>")
			}
			w.str(")</span>\n")
		}
	}
	w.nl()
	w.str("</", tag, ">\n")
}

func noteReference(w *writer, n *doc.Node) {
	class, attrs := "footnote-reference brackets", []string{"role", "doc-noteref"}
	if n.Kind == doc.KindCitationReference {
		class, attrs = "citation-reference", nil
	}
	id := n.Attr("refid")
	if id == "" || w.unlinked {
		w.tag("span", n, class)
		w.str("[")
		w.children(n)
		w.str("]</span>")
		return
	}
	attrs = append(attrs, "href", "#"+escapeFragment(id))
	w.tag("a", n, class, attrs...)
	w.str("[")
	w.children(n)
	w.str("]</a>")
}
