package html

import (
	"strconv"
	"strings"

	"docent/generator/doc"
)

// tables renders tables, each in a box that scrolls by itself.
var tables = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindTable:   table,
	doc.KindTgroup:  (*writer).children,
	doc.KindColspec: nothing,
	doc.KindThead:   func(w *writer, n *doc.Node) { w.rows("thead", n) },
	doc.KindTbody:   func(w *writer, n *doc.Node) { w.rows("tbody", n) },
	doc.KindRow:     row,
	doc.KindEntry:   entry,
}

func table(w *writer, n *doc.Node) {
	w.nl()
	defer w.loosen()()
	w.str(`<div class="table-box">`)
	class := ""
	if a := n.Attr("align"); a != "" {
		class = "align-" + escapeString(a)
	}
	if _, percent := length(n.Attr("width")); percent > 0 {
		class = strings.TrimSpace(class + " w-" + strconv.Itoa(percent))
	}
	w.strictTag("table", n, class)
	w.nl()
	if t := n.First(doc.KindTitle); t != nil {
		w.tag("caption", t, "")
		if num := w.env.Number(n); num != "" {
			w.str(`<span class="caption-number">`)
			w.text(num)
			w.str(`</span>`)
		}
		w.str(`<span class="caption-text">`)
		w.run(t)
		w.str("</span>")
		w.anchorLink(n.IDs(), "Link to this table")
		w.str("</caption>\n")
	}
	for _, c := range n.Children {
		if c.Kind == doc.KindTitle {
			continue
		}
		if c.Kind == doc.KindTgroup {
			w.columns(c, n.HasClass("colwidths-given"))
		}
		w.node(c)
	}
	w.str("</table></div>\n")
}

// columns says how wide the columns are, where the author said so, and
// remembers which hold row headings.
func (w *writer) columns(tgroup *doc.Node, given bool) {
	total := 0
	var widths []int
	stubs := 0
	leading := true
	for _, c := range tgroup.Children {
		if c.Kind != doc.KindColspec {
			continue
		}
		v, _ := strconv.Atoi(strings.TrimSuffix(c.Attr("colwidth"), "%"))
		v = max(0, min(v, 1e6))
		widths = append(widths, v)
		total += v
		if s := c.Attr("stub"); leading && s != "" && s != "0" {
			stubs++
		} else {
			leading = false
		}
	}
	w.stubs = stubs
	if !given || total == 0 {
		return
	}
	w.str("<colgroup>")
	for _, v := range widths {
		w.str(`<col class="w-`)
		w.int(max(5, min(100, (v*100/total+2)/5*5)))
		w.str(`">`)
	}
	w.str("</colgroup>\n")
}

func (w *writer) rows(tag string, n *doc.Node) {
	w.nl()
	w.tag2(tag, n)
	was := w.inHead
	w.inHead = tag == "thead"
	for _, c := range n.Children {
		if c.Kind == doc.KindRow {
			w.node(c)
		} else {
			w.nl()
			w.str("<tr><td>")
			w.node(c)
			w.str("</td></tr>")
		}
	}
	w.inHead = was
	w.nl()
	w.str("</", tag, ">\n")
}

// tag2 opens an element that takes no anchors at all.
func (w *writer) tag2(name string, n *doc.Node) {
	w.str("<", name)
	ids := n.IDs()
	w.head(n, "", ids[:min(1, len(ids))])
	w.str(">")
}

func row(w *writer, n *doc.Node) {
	w.nl()
	w.tag2("tr", n)
	stubs := w.stubs
	for i, c := range n.Children {
		was := w.stub
		w.stub = i < stubs
		if c.Kind == doc.KindEntry {
			w.node(c)
		} else {
			w.str("<td>")
			w.node(c)
			w.str("</td>")
		}
		w.stub = was
	}
	w.stubs = stubs
	w.str("</tr>")
}

func entry(w *writer, n *doc.Node) {
	tag := "td"
	var attrs []string
	switch {
	case w.inHead:
		tag = "th" // a heading of its column, as HTML has it for a row of headings alone
	case w.stub:
		tag = "th"
		attrs = append(attrs, "scope", "row")
	}
	if k, ok := n.Int("morecols"); ok && k > 0 && k < 1000 {
		attrs = append(attrs, "colspan", strconv.Itoa(k+1))
		if w.inHead {
			attrs = append([]string{"scope", "colgroup"}, attrs...)
		}
	}
	if k, ok := n.Int("morerows"); ok && k > 0 && k < 65534 {
		attrs = append(attrs, "rowspan", strconv.Itoa(k+1))
	}
	class := ""
	if a := n.Attr("align"); a != "" && a != "left" {
		class = "text-" + escapeString(a)
	}
	if tag == "th" && len(n.Children) == 0 {
		// A heading with no text is none; the corner of a table is a cell.
		tag, attrs = "td", dropScope(attrs)
	}
	w.tag(tag, n, class, attrs...)
	was, wasHead, wasStub := w.tight, w.inHead, w.stub
	w.tight, w.inHead, w.stub = 0, false, false
	if len(n.Children) == 1 {
		w.tight = 1 // a cell of one paragraph needs no p
	}
	w.children(n)
	w.tight, w.inHead, w.stub = was, wasHead, wasStub
	w.end(tag)
}

func dropScope(attrs []string) []string {
	if len(attrs) >= 2 && attrs[0] == "scope" {
		return attrs[2:]
	}
	return attrs
}
