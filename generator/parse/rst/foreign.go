package rst

import (
	"docent/generator/doc"
)

// foreign reads a part of a file as Markdown. Its elements stand where the
// directive does, and its names can be referred to from the page.
func (p *parser) foreign(src *doc.Source, from, to int) []*doc.Node {
	file := p.Source(src)
	if p.opt.Markdown == nil {
		at := doc.Pos{}
		if p.body != nil {
			at = p.body.pos()
		}
		p.Report(doc.Error, "rst-no-markdown", at, 1, "Markdown cannot be read here.", "Include a file of reStructuredText, or include it only once.")
		return []*doc.Node{literalBlock(doc.Pos{File: file, Off: int32(from)}, src.Text[from:to])}
	}
	d := p.opt.Markdown(p.name, src.Text[from:to])
	index := make([]int32, len(d.Sources))
	index[0] = file
	for i, s := range d.Sources[1:] {
		index[i+1] = p.Source(s)
	}
	place := func(at doc.Pos) doc.Pos {
		if at.File == 0 {
			at.Off += int32(from)
		}
		at.File = index[at.File]
		return at
	}
	for _, m := range d.Diags {
		for i, s := range d.Sources {
			if m.Source == s {
				at := place(doc.Pos{File: int32(i), Off: int32(m.Off)})
				p.Report(m.Severity, m.Code, at, m.Len, m.Message, m.Hint)
				break
			}
		}
	}
	p.deps = append(p.deps, d.Deps...)
	ids := map[string]string{} // new ones for those that the page has
	for n := range d.Root.All() {
		n.Pos = place(n.Pos)
		p.adopt(n, ids)
	}
	for n := range d.Root.All() {
		if id := ids[n.Attr("refid")]; id != "" {
			n.Set("refid", id)
		}
	}
	return d.Root.Children
}

// adopt makes the ids and names of an element from another language known. An
// id that the page has already gets a number.
func (p *parser) adopt(n *doc.Node, renamed map[string]string) {
	own := n.IDs()
	for i, id := range own {
		if p.ids[id] != nil {
			fresh := doc.New(n.Kind, n.Pos)
			own[i] = p.setID(fresh, id)
			renamed[id] = own[i]
		}
		p.ids[own[i]] = n
	}
	if len(own) == 0 {
		return
	}
	for _, name := range n.Names() {
		if _, taken := p.nameIDs[name]; !taken {
			p.nameIDs[name], p.explicit[name] = own[0], true
		}
	}
}
