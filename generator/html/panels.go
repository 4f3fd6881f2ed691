package html

import (
	"slices"
	"strings"

	"docent/generator/doc"
)

// panels renders tabs, grids, cards and what else arranges a page.
var panels = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindTabSet:     func(w *writer, n *doc.Node) { w.block("div", "tabs", n) },
	doc.KindTabItem:    tabItem,
	doc.KindTabLabel:   func(w *writer, n *doc.Node) { w.leaf("p", "tab-label", n) },
	doc.KindTabContent: func(w *writer, n *doc.Node) { w.block("div", "tab-content", n) },
	doc.KindGrid:       func(w *writer, n *doc.Node) { w.block("div", "grid", n) },
	doc.KindGridRow:    func(w *writer, n *doc.Node) { w.block("div", "grid-row", n) },
	doc.KindGridItem:   func(w *writer, n *doc.Node) { w.block("div", "grid-item", n) },
	doc.KindCard:       card,
	doc.KindCardHeader: func(w *writer, n *doc.Node) { w.block("div", "card-header", n) },
	doc.KindCardBody:   func(w *writer, n *doc.Node) { w.titled("div", "card-body", n, "") },
	doc.KindCardFooter: func(w *writer, n *doc.Node) { w.block("div", "card-footer", n) },
	doc.KindDropdown:   dropdown,
	doc.KindBadge:      func(w *writer, n *doc.Node) { w.span("span", "badge", n) },
	doc.KindButton:     button,
	doc.KindIcon:       icon,
}

// tabItem is a section with its label first, so that without a script, in
// print and to a screen reader the panels read one after the other.
func tabItem(w *writer, n *doc.Node) {
	var attrs []string
	for _, k := range [...]string{"sync", "sync-id", "sync_id"} {
		if v := n.Attr(k); v != "" {
			attrs = append(attrs, "data-sync", v)
			break
		}
	}
	if v := n.Attr("selected"); v != "" && v != "0" && v != "false" {
		attrs = append(attrs, "data-selected", "")
	}
	w.block("div", "tab", n, attrs...)
}

func card(w *writer, n *doc.Node) {
	w.nl()
	w.tag("div", n, "card")
	defer w.loosen()()
	w.nl()
	var link *doc.Node
	for _, c := range n.Children {
		if c.Kind == doc.KindTitle {
			w.leaf("p", "card-title", c)
			continue
		}
		if c.HasClass("stretched-link") || c.HasClass("sd-stretched-link") {
			link = c
		}
		w.node(c)
	}
	if u := n.Attr("link"); u != "" && link == nil && !w.unlinked {
		if !safeURL(u) {
			w.refuse(n, u)
		} else {
			w.str(`<a class="card-link"`)
			w.href(u)
			title := n.Attr("link-alt")
			if title == "" {
				if t := n.First(doc.KindTitle); t != nil {
					title = t.PlainText()
				} else {
					title = u
				}
			}
			w.attr("aria-label", title)
			w.str("></a>")
		}
	}
	w.nl()
	w.str("</div>\n")
}

func dropdown(w *writer, n *doc.Node) {
	w.nl()
	var attrs []string
	if v, ok := n.Lookup("open"); ok && v != "0" && v != "false" || n.Attr("opened") == "1" {
		attrs = append(attrs, "open", "")
	}
	w.tag("details", n, "dropdown", attrs...)
	defer w.loosen()()
	w.nl()
	t := n.First(doc.KindTitle)
	w.str("<summary>")
	if t != nil {
		w.run(t)
	} else if s := n.Attr("title"); s != "" {
		w.text(s)
	} else {
		w.text(w.phrase("Details"))
	}
	w.str("</summary>\n")
	for _, c := range n.Children {
		if c != t {
			w.node(c)
		}
	}
	w.nl()
	w.str("</details>\n")
}

// button is a link that looks like a button.
func button(w *writer, n *doc.Node) {
	u := n.Attr("refuri")
	if u == "" {
		if l, ok := w.env.Link(n); ok {
			u = l.Href
		}
	}
	if u == "" || w.unlinked {
		w.span("span", "button", n)
		return
	}
	if !safeURL(u) {
		w.refuse(n, u)
		w.span("span", "button", n)
		return
	}
	w.link(n, "button", []string{"href", escapeURL(u)})
}

// icon is drawn by the theme; it says nothing to a screen reader.
func icon(w *writer, n *doc.Node) {
	name := n.Attr("name")
	if name == "" || slices.ContainsFunc([]byte(name), func(c byte) bool { return c <= ' ' || strings.IndexByte(`"'<>&`, c) >= 0 }) {
		return
	}
	w.tag("span", n, "icon icon-"+name, "aria-hidden", "true")
	w.str("</span>")
}
