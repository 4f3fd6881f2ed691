package directive

import (
	"fmt"
	"strings"

	"docent/generator/doc"
)

func maths(t *Table) {
	t.add(&Directive{Name: "math", Content: MustContent, Options: checks(named, map[string]Check{
		"label": text, "nowrap": flag, "no-wrap": flag,
	}), Run: mathBlock})
	t.role(mathRole, "math")
}

// mathBlock gives one block per run of lines, as docutils does; with a label,
// which can name one block only, and with nowrap it gives one.
func mathBlock(p Parser, b *Block) ([]*doc.Node, error) {
	all := joinLines(b.Content)
	label, labelled := b.Option("label")
	nowrap := b.has("nowrap") || b.has("no-wrap")
	if c := p.Config(); !labelled && c != nil && c.Values["math_number_all"] == "true" {
		label, labelled = fmt.Sprintf("%s:%s", p.Docname(), strings.TrimPrefix(p.State().serialID("equation"), "equation-")), true
	}
	parts := []string{all}
	if !labelled && !nowrap {
		parts = strings.Split(all, "\n\n")
	}
	var out []*doc.Node
	off := 0
	for _, text := range parts {
		pos := b.contentPos()
		start := off
		off += len(text) + 2
		if text == "" {
			continue
		}
		if line := strings.Count(all[:min(start, len(all))], "\n"); line < len(b.Content) {
			pos = b.Content[line].Pos
		}
		n := plain(doc.KindMathBlock, pos, text).Set("xml:space", "preserve")
		b.classes(n, "class")
		if len(out) == 0 {
			b.addName(p, n)
		}
		if nowrap {
			n.Set(doc.AttrNowrap, "True")
		}
		if labelled && label != "" {
			n.Set(doc.AttrLabel, label).AddID(MakeID("equation-" + label))
			p.NoteTarget(n, "")
		}
		out = append(out, n)
	}
	return out, nil
}

func mathRole(p Parser, r *RoleUse) []*doc.Node {
	return r.give(plain(doc.KindMath, r.Pos, r.source()))
}
