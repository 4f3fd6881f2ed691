package markdown

import (
	"docent/generator/doc"
)

// foreign reads a piece as reStructuredText: eval-rst, and files that say
// they are.
func (p *page) foreign(pc *piece) []*doc.Node {
	if p.opt.RST == nil {
		p.Report(doc.Error, "md-no-rst", pc.at(0), 1, "reStructuredText cannot be read here.", "Write this part in Markdown.")
		return []*doc.Node{literalBlock(pc.at(0), pc.text)}
	}
	if p.depth >= maxDepth {
		return []*doc.Node{literalBlock(pc.at(0), pc.text)}
	}
	d := p.opt.RST(p.name, pc.text)
	// The text's own source is a part of ours; further ones are new.
	index := make([]int32, len(d.Sources))
	for i, s := range d.Sources {
		if i > 0 {
			index[i] = p.Source(s)
		}
	}
	place := func(at doc.Pos) doc.Pos {
		if at.File == 0 {
			return pc.at(int(at.Off))
		}
		at.File = index[at.File]
		return at
	}
	for n := range d.Root.All() {
		n.Pos = place(n.Pos)
	}
	for _, m := range d.Diags {
		if m.Source == d.Sources[0] {
			at := pc.at(m.Off)
			m.Source, m.Off = p.sources[at.File], int(at.Off)
			m.Len = min(m.Len, len(m.Source.Text)-m.Off)
		}
		p.diags = append(p.diags, m)
	}
	p.deps = append(p.deps, d.Deps...)
	for _, n := range d.Root.Children {
		p.adopt(n)
	}
	return d.Root.Children
}

// adopt makes the ids of a foreign tree known, so that ours keep clear of
// them.
func (p *page) adopt(tree *doc.Node) {
	if p.ids == nil {
		p.ids = map[string]*doc.Node{}
	}
	for n := range tree.All() {
		for _, id := range n.IDs() {
			if p.ids[id] == nil {
				p.ids[id] = n
			}
		}
	}
}
