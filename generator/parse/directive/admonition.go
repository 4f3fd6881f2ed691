package directive

import "docent/generator/doc"

// admonitions are the boxes: note, warning and their kin, admonition with a
// title of its own, and Sphinx' seealso.
func admonitions(t *Table) {
	for name, kind := range map[string]doc.Kind{
		"attention": doc.KindAttention, "caution": doc.KindCaution, "danger": doc.KindDanger, "error": doc.KindError,
		"hint": doc.KindHint, "important": doc.KindImportant, "note": doc.KindNote, "tip": doc.KindTip, "warning": doc.KindWarning,
		"seealso": doc.KindSeealso,
	} {
		t.add(&Directive{Name: name, Content: MustContent, Options: named, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			n := b.classes(doc.New(kind, b.Pos), "class")
			b.addName(p, n)
			return one(n.Append(p.Blocks(b.Content, false)...))
		}})
	}
	t.add(&Directive{Name: "admonition", Required: 1, FinalSpace: true, Content: MustContent, Options: named, Run: admonition})
}

func admonition(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindAdmonition, b.Pos)
	b.addName(p, n)
	n.Append(wrap(p, doc.KindTitle, b.Arg(0), b.ArgPos))
	if b.has("class") {
		b.classes(n, "class")
	} else {
		n.AddClass("admonition-" + MakeID(b.Arg(0)))
	}
	return one(n.Append(p.Blocks(b.Content, false)...))
}

func one(n *doc.Node) ([]*doc.Node, error) { return []*doc.Node{n}, nil }
