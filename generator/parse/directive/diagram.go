package directive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"docent/generator/doc"
)

// layouts are the ways in which Graphviz places a graph.
var layouts = []string{"dot", "neato", "twopi", "circo", "fdp", "sfdp", "osage", "patchwork"}

// diagrams are graphviz and mermaid. They give the source; the site draws it,
// if the machine has the program.
func diagrams(t *Table) {
	options := checks(named, map[string]Check{
		"alt": text, "align": choice(alignH...), "caption": text, "layout": choice(layouts...), "graphviz_dot": text, "zoom": text, "config": text, "title": text,
	})
	for _, name := range []string{"graphviz", "mermaid"} {
		t.add(&Directive{Name: name, Optional: 1, FinalSpace: true, Content: MayContent, Options: options, AnyOption: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			source, pos := joinLines(b.Content), b.contentPos()
			if file := b.Arg(0); file != "" {
				if len(b.Content) > 0 {
					return nil, failf("directive-content", "`%s` may not have both a file and content.", b.Name)
				}
				src, err := b.read(p, file, b.ArgPos, "")
				if err != nil {
					return nil, err
				}
				source, pos = src.Text, doc.Pos{File: p.Source(src)}
			} else if len(b.Content) == 0 {
				return nil, b.noContent()
			}
			return diagram(p, b, plain(doc.KindDiagram, pos, source).Set(doc.AttrType, map[string]string{"graphviz": "dot", "mermaid": "mermaid"}[name]))
		}})
	}
	for _, name := range []string{"graph", "digraph"} {
		t.add(&Directive{Name: name, Required: 1, Content: MayContent, Options: options, AnyOption: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			source := fmt.Sprintf("%s %s {\n%s\n}\n", name, b.Arg(0), joinLines(b.Content))
			return diagram(p, b, plain(doc.KindDiagram, b.contentPos(), source).Set(doc.AttrType, "dot").Set(doc.AttrAbove, "1"))
		}})
	}
}

// diagram gives the node what the options say. With a caption it stands in a
// figure, which then is what has the name.
func diagram(p Parser, b *Block, n *doc.Node) ([]*doc.Node, error) {
	if v := b.opt("alt"); v != "" {
		n.Set(doc.AttrAlt, v)
	}
	if v := cmp.Or(b.opt("layout"), b.opt("graphviz_dot")); slices.Contains(layouts, v) {
		n.Set(doc.AttrLayout, v)
	}
	b.classes(n, "class")
	outer := n
	if c := strings.TrimSpace(b.opt("caption")); c != "" {
		outer = doc.New(doc.KindFigure, b.Pos, n, wrap(p, doc.KindCaption, c, b.valuePos("caption")))
	}
	if v := b.opt("align"); v != "" {
		outer.Set("align", v)
	}
	b.addName(p, outer)
	return one(outer)
}
