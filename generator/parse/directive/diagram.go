package directive

import (
	"fmt"
	"strings"

	"docent/generator/doc"
)

// diagrams are graphviz and mermaid: they are shown as their source.
func diagrams(t *Table) {
	options := checks(named, map[string]Check{
		"alt": text, "align": choice(alignH...), "caption": text, "layout": text, "graphviz_dot": text, "zoom": text, "config": text, "title": text,
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
			return diagram(p, b, map[string]string{"graphviz": "dot", "mermaid": "mermaid"}[name], source, pos)
		}})
	}
	for _, name := range []string{"graph", "digraph"} {
		t.add(&Directive{Name: name, Required: 1, Content: MayContent, Options: options, AnyOption: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			return diagram(p, b, "dot", fmt.Sprintf("%s %s {\n%s\n}\n", name, b.Arg(0), joinLines(b.Content)), b.contentPos())
		}})
	}
}

func diagram(p Parser, b *Block, kind, source string, pos doc.Pos) ([]*doc.Node, error) {
	p.Report(doc.Warning, "diagram-source", b.Pos, b.Len, "The diagram is shown as its source: nothing is drawn here.",
		"Draw it, keep the SVG beside the page, and show it with `image`.")
	n := plain(doc.KindDiagram, pos, source).Set(doc.AttrType, kind)
	for option, key := range map[string]string{"alt": doc.AttrAlt, "align": "align"} {
		if v := b.opt(option); v != "" {
			n.Set(key, v)
		}
	}
	b.classes(n, "class")
	b.addName(p, n)
	if c := strings.TrimSpace(b.opt("caption")); c != "" {
		n.Append(wrap(p, doc.KindCaption, c, b.valuePos("caption")))
	}
	return one(n)
}
