package html

import "docent/generator/doc"

// formulas renders mathematics as MathML, which browsers draw without a
// script.
var formulas = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindMath:      func(w *writer, n *doc.Node) { w.math(n, "span", "math", false) },
	doc.KindMathBlock: func(w *writer, n *doc.Node) { w.math(n, "div", "math", true) },
}

func (w *writer) math(n *doc.Node, tag, class string, block bool) {
	if block {
		w.nl()
	}
	w.tag(tag, n, class)
	was := w.inPre
	w.inPre = true
	w.text(n.PlainText())
	w.inPre = was
	w.end(tag)
	if block {
		w.nl()
	}
}
