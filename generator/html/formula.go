package html

import (
	"docent/generator/doc"
)

// formulas renders mathematics as MathML, which browsers draw without a
// script or a font download.
var formulas = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindMath: func(w *writer, n *doc.Node) {
		w.tag("span", n, "math")
		w.formula(n, n.Attr("display") == "1")
		w.str("</span>")
	},
	doc.KindMathBlock: func(w *writer, n *doc.Node) {
		w.nl()
		w.tag("div", n, "math", "tabindex", "0")
		if num := w.env.Number(n); num != "" {
			w.str(`<span class="eqno">`)
			w.text(num)
			w.anchorLink(n.IDs(), "Link to this equation")
			w.str("</span>")
		}
		w.formula(n, true)
		w.str("</div>\n")
	},
}

// formula writes a formula, or its source where it uses something that
// MathML is not made from here.
func (w *writer) formula(n *doc.Node, display bool) {
	tex := n.PlainText()
	out, err := AppendMathML(w.b, tex, display)
	if err == nil {
		w.b = out
		return
	}
	w.env.Report(n, doc.Warning, "html-math", "The formula is shown as its source: "+err.Error()+".",
		"Write it with the commands of amsmath that the manual lists.")
	w.str("<code>")
	w.b = appendEscaped(w.b, tex)
	w.str("</code>")
}
