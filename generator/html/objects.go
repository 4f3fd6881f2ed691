package html

import (
	"strings"

	"docent/generator/doc"
)

// objects renders the descriptions of functions, classes, options and their
// like, and the productions of grammars.
var objects = map[doc.Kind]func(*writer, *doc.Node){
	doc.KindDesc:              desc,
	doc.KindDescSignature:     signature,
	doc.KindDescSignatureLine: signatureLine,
	doc.KindDescContent:       func(w *writer, n *doc.Node) { w.block("dd", "", n) },
	doc.KindDescInline:        func(w *writer, n *doc.Node) { w.exact("span", "sig sig-inline", n) },
	doc.KindDescName:          func(w *writer, n *doc.Node) { w.span("span", "sig-name descname", n) },
	doc.KindDescAddname:       func(w *writer, n *doc.Node) { w.span("span", "sig-prename descclassname", n) },
	doc.KindDescAnnotation:    func(w *writer, n *doc.Node) { w.span("em", "property", n) },
	doc.KindDescType:          (*writer).children,
	doc.KindDescReturns: func(w *writer, n *doc.Node) {
		w.str(` <span class="sig-return"><span class="sig-return-icon">→</span> `)
		w.span("span", "sig-return-typehint", n)
		w.str("</span>")
	},
	doc.KindDescParameterlist: parameters,
	doc.KindDescParameter:     parameter,
	doc.KindDescOptional:      optional,

	doc.KindDescSigSpace:         func(w *writer, n *doc.Node) { w.children(n) },
	doc.KindDescSigName:          func(w *writer, n *doc.Node) { w.span("span", "n", n) },
	doc.KindDescSigOperator:      func(w *writer, n *doc.Node) { w.span("span", "o", n) },
	doc.KindDescSigPunctuation:   func(w *writer, n *doc.Node) { w.span("span", "p", n) },
	doc.KindDescSigKeyword:       func(w *writer, n *doc.Node) { w.span("span", "k", n) },
	doc.KindDescSigKeywordType:   func(w *writer, n *doc.Node) { w.span("span", "kt", n) },
	doc.KindDescSigLiteralNumber: func(w *writer, n *doc.Node) { w.span("span", "m", n) },
	doc.KindDescSigLiteralString: func(w *writer, n *doc.Node) { w.span("span", "s", n) },

	doc.KindProductionlist: productions,
	doc.KindProduction:     production,
}

func desc(w *writer, n *doc.Node) {
	class := "desc"
	for _, k := range [...]string{doc.AttrDomain, doc.AttrObjType} {
		if v := n.Attr(k); v != "" {
			class += " " + escapeString(v)
		}
	}
	w.nl()
	w.strictTag("dl", n, class)
	w.nl()
	defer w.loosen()()
	content := false
	for _, c := range n.Children {
		switch c.Kind {
		case doc.KindDescSignature:
			w.node(c)
		case doc.KindDescContent:
			content = true
			w.node(c)
		default:
			w.str("<dd>")
			w.node(c)
			w.str("</dd>\n")
			content = true
		}
	}
	if !content {
		w.str("<dd></dd>\n")
	}
	w.str("</dl>\n")
}

func signature(w *writer, n *doc.Node) {
	w.nl()
	w.tag("dt", n, "sig")
	was := w.inPre
	w.inPre = true
	w.children(n)
	w.inPre = was
	w.anchorLink(n.IDs(), "Link to this definition")
	w.str("</dt>\n")
}

func signatureLine(w *writer, n *doc.Node) {
	w.children(n)
	w.str("<br>")
}

// parameters writes a list in its brackets.
func parameters(w *writer, n *doc.Node) {
	open, closing := "(", ")"
	if v, ok := n.Lookup("open"); ok {
		open = v
	}
	if v, ok := n.Lookup("close"); ok {
		closing = v
	}
	w.str(`<span class="sig-paren">`)
	w.text(open)
	w.str(`</span>`)
	was := w.params
	w.params = paramState{first: true}
	for _, c := range n.Children {
		if c.Kind == doc.KindDescParameter {
			w.params.required++
		}
	}
	w.children(n)
	w.params = was
	w.str(`<span class="sig-paren">`)
	w.text(closing)
	w.str(`</span>`)
}

// A paramState says where in a list of parameters we are. While a parameter
// that must be given is still to come, the comma stands after each one, later
// before it: f([a, ]b, c[, d]).
type paramState struct {
	first    bool
	required int // still to come
	optional int // depth of groups
}

func parameter(w *writer, n *doc.Node) {
	s := &w.params
	if s.first {
		s.first = false
	} else if s.required == 0 {
		w.str(", ")
	}
	if s.optional == 0 {
		s.required--
	}
	w.span("em", "sig-param", n)
	if w.params.required > 0 {
		w.str(", ")
	}
}

func optional(w *writer, n *doc.Node) {
	w.params.optional++
	w.str(`<span class="optional">[</span>`)
	w.children(n)
	w.str(`<span class="optional">]</span>`)
	w.params.optional--
}

// productions writes a grammar, the names padded so that the signs stand
// under each other.
func productions(w *writer, n *doc.Node) {
	width := 0
	for _, p := range n.Children {
		width = max(width, len(p.Attr(doc.AttrToken)))
	}
	w.nl()
	w.strictTag("pre", n, "productions", "tabindex", "0")
	was := w.inPre
	w.inPre = true
	last := ""
	for _, p := range n.Children {
		if p.Kind != doc.KindProduction {
			w.node(p)
			continue
		}
		if name := p.Attr(doc.AttrToken); name != "" {
			w.tag("strong", p, "")
			w.text(name)
			w.str("</strong>", strings.Repeat(" ", width-len(name)), " ::= ")
			last = name
		} else if last != "" {
			w.str(strings.Repeat(" ", width+5))
		}
		w.children(p)
		w.str("\n")
	}
	w.inPre = was
	w.str("</pre>\n")
}

func production(w *writer, n *doc.Node) {
	w.nl()
	w.tag("p", n, "production")
	w.run(n)
	w.str("</p>\n")
}
