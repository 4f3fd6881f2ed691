package directive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"docent/generator/doc"
)

// quotes are block quotes with a class, line blocks and parsed literals.
func quotes(t *Table) {
	for _, name := range []string{"epigraph", "highlights", "pull-quote"} {
		t.add(&Directive{Name: name, Content: MustContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			nodes := p.Quote(b.Content)
			for _, n := range nodes {
				if n.Kind == doc.KindBlockQuote {
					n.AddClass(name)
				}
			}
			return nodes, nil
		}})
	}
	t.add(&Directive{Name: "line-block", Content: MustContent, Options: named, Run: lineBlock})
	t.add(&Directive{Name: "parsed-literal", Content: MustContent, Options: named, Run: parsedLiteral})
}

func lineBlock(p Parser, b *Block) ([]*doc.Node, error) {
	var lines []*doc.Node
	var indents []int
	for _, l := range b.Content {
		t := strings.TrimSpace(l.Text)
		before := l.Text[:len(l.Text)-len(strings.TrimLeftFunc(l.Text, unicode.IsSpace))]
		lead := utf8.RuneCountInString(before)
		if t == "" {
			lead, before = -1, ""
		}
		lines = append(lines, wrap(p, doc.KindLine, t, at(l.Pos, len(before))))
		indents = append(indents, lead)
	}
	// A blank line stands as deep as the line before it; one at the start
	// as deep as the block.
	for i, d := range indents {
		if d < 0 {
			indents[i] = 0
			if i > 0 {
				indents[i] = indents[i-1]
			}
		}
	}
	n := b.classes(doc.New(doc.KindLineBlock, b.Pos, NestLines(lines, indents)...), "class")
	b.addName(p, n)
	return one(n)
}

// NestLines puts lines of a line block that stand deeper than the shallowest
// into line blocks of their own. indents holds the columns of the lines.
func NestLines(lines []*doc.Node, indents []int) []*doc.Node {
	least := indents[0]
	for _, d := range indents {
		least = min(least, d)
	}
	var out []*doc.Node
	for i := 0; i < len(lines); {
		if indents[i] == least {
			out = append(out, lines[i])
			i++
			continue
		}
		start := i
		for i < len(lines) && indents[i] > least {
			i++
		}
		out = append(out, doc.New(doc.KindLineBlock, lines[start].Pos, NestLines(lines[start:i], indents[start:i])...))
	}
	return out
}

func parsedLiteral(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindLiteralBlock, b.Pos, p.Inline(joinLines(b.Content), b.contentPos())...).Set("xml:space", "preserve")
	b.classes(n, "class")
	b.addName(p, n)
	return one(n)
}
