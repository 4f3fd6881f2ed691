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
	doc.KindGrid: func(w *writer, n *doc.Node) {
		w.block("div", strings.TrimSpace("grid "+columnClasses(n.Attr(doc.AttrColumns))), n)
	},
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
	if v := n.Attr(doc.AttrSync); v != "" {
		attrs = append(attrs, "data-sync", v)
	}
	if n.Attr(doc.AttrSelected) != "" {
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
	if link == nil && !w.unlinked {
		w.cardLink(n)
	}
	w.nl()
	w.str("</div>\n")
}

// cardLink lays a link over the whole card.
func (w *writer) cardLink(n *doc.Node) {
	to := n.Attr(doc.AttrLink)
	if to == "" {
		return
	}
	l, ok := w.env.Link(n)
	if !ok {
		if t := n.Attr(doc.AttrLinkType); t != "" && t != "url" {
			return // a reference that leads nowhere; the site has said so
		}
		l.Href = to
	}
	if !SafeURL(l.Href) {
		w.refuse(n, l.Href)
		return
	}
	title := n.Attr(doc.AttrLinkAlt)
	if title == "" {
		title = to
		for t := range n.Find(doc.KindTitle) {
			title = t.PlainText()
			break
		}
	}
	w.str(`<a class="card-link"`)
	w.href(l.Href)
	w.attr("aria-label", title)
	w.str("></a>")
}

// columnClasses turns "1 2 3 4" into one class per width of the screen.
func columnClasses(columns string) string {
	var out []string
	for i, c := range strings.Fields(columns) {
		if len(c) > 4 || i > 3 {
			break
		}
		out = append(out, [...]string{"cols-", "cols-sm-", "cols-md-", "cols-lg-"}[i]+escapeString(c))
	}
	return strings.Join(out, " ")
}

func dropdown(w *writer, n *doc.Node) {
	w.nl()
	var attrs []string
	if n.Attr(doc.AttrOpen) != "" {
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
	if l, ok := w.env.Link(n); ok {
		u = l.Href
	}
	if u == "" || w.unlinked {
		w.span("span", "button", n)
		return
	}
	if !SafeURL(u) {
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
