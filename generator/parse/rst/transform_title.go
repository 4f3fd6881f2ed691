package rst

import (
	"slices"

	"docent/generator/doc"
)

// promoteTitle makes a lone section at the top of n the title of n.
func promoteTitle(n *doc.Node) bool {
	i := slices.IndexFunc(n.Children, func(c *doc.Node) bool { return !preBibliographic(c) })
	if i < 0 || i != len(n.Children)-1 || n.Children[i].Kind != doc.KindSection {
		return false
	}
	s := n.Children[i]
	before := n.Children[:i:i]
	n.AddID(s.IDs()...).AddName(s.Names()...).AddClass(s.Classes()...)
	n.Children = slices.Concat(s.Children[:1], before, s.Children[1:])
	return true
}

// promoteSubtitle makes a lone section after the title of n its subtitle.
func promoteSubtitle(n *doc.Node) bool {
	if len(n.Children) < 2 || n.Children[0].Kind != doc.KindTitle {
		return false
	}
	rest := n.Children[1:]
	i := slices.IndexFunc(rest, func(c *doc.Node) bool { return !preBibliographic(c) })
	if i < 0 || i != len(rest)-1 || rest[i].Kind != doc.KindSection {
		return false
	}
	s := rest[i]
	sub := s.Children[0]
	sub.Kind = doc.KindSubtitle
	sub.AddID(s.IDs()...).AddName(s.Names()...)
	n.Children = slices.Concat(n.Children[:1], []*doc.Node{sub}, rest[:i], s.Children[1:])
	return true
}

func preBibliographic(n *doc.Node) bool {
	return n.Is(doc.KindTitle, doc.KindSubtitle, doc.KindRubric, doc.KindDecoration, doc.KindMeta, doc.KindComment, doc.KindPending,
		doc.KindTarget, doc.KindSubstitutionDefinition, doc.KindSystemMessage, doc.KindRaw)
}

// docTitle carries out docutils' DocTitle transform.
func (p *parser) docTitle() {
	if promoteTitle(p.root) {
		promoteSubtitle(p.root)
		if _, ok := p.root.Lookup("title"); !ok {
			p.root.Set("title", p.root.Children[0].PlainText())
		}
	}
}

// sectionSubtitles carries out docutils' SectSubTitle transform.
func (p *parser) sectionSubtitles() {
	for s := range p.root.Find(doc.KindSection) {
		promoteSubtitle(s)
	}
}
