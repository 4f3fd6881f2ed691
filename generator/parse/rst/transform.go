package rst

import (
	"slices"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// transform resolves what could only be known at the end of the page, in the
// order of docutils' priorities.
func (p *parser) transform() {
	if p.state.Title != "" {
		p.root.Set("title", p.state.Title)
	}
	if p.pending > 0 {
		directive.Classes(p, p.root)
	}
	if p.cfg.SphinxIDs && p.cfg.Values["numfig"] == "true" {
		p.anchorFigures(p.root)
	}
	if p.substRefs > 0 {
		p.configured()
		p.substitute()
	}
	found := p.collect()
	if p.cfg.SphinxIDs {
		p.moveModules(p.root)
	}
	p.propagateTargets(found)
	if p.cfg.SphinxIDs {
		sortIDs(p.root)
	}
	if p.opt.DocTitle {
		p.docTitle()
	}
	if p.opt.SectSubTitle {
		p.sectionSubtitles()
	}
	if p.cfg.DocInfo {
		p.docInfo()
	}
	p.anonymous(found)
	p.indirectTargets()
	if p.pending > 0 && p.targetNotes(found) {
		found = p.collect()
	}
	p.resolveNotes()
	p.externalTargets(found)
	p.internalTargets(found)
	if p.pending > 0 {
		directive.NumberSections(p.root)
		directive.Contents(p.root, p.setID)
	}
	p.state.Aliases(p.root)
	if p.transitions > 0 {
		if p.pending > 0 {
			dropPending(p.root)
		}
		p.moveTransitions()
	}
	p.dangling(found)
	for t := range p.shown {
		p.problematic(t)
	}
}

// anchorFigures gives what gets a number an anchor, where it has none.
func (p *parser) anchorFigures(n *doc.Node) {
	for _, c := range n.Children {
		switch c.Kind {
		case doc.KindText:
			continue
		case doc.KindFigure, doc.KindTable, doc.KindContainer:
			titled := c.First(doc.KindCaption, doc.KindTitle) != nil && (c.Kind != doc.KindContainer || c.HasClass("literal-block-wrapper"))
			if titled && len(c.IDs()) == 0 {
				p.setID(c, "")
			}
		}
		p.anchorFigures(c)
	}
}

// found holds the elements that the transforms ask for, in document order. On
// the way to them, every place is put inside its source.
type found struct {
	files                []*file
	targets, refs, notes []*doc.Node
	// before are the targets that stand among body elements, each with the
	// node that follows it, messages left out.
	before  []targetBefore
	waiting bool // the last of them has not met its next node
	aside   int  // how many messages the walk is in
}

type targetBefore struct{ target, next *doc.Node }

func (p *parser) collect() *found {
	f := &found{files: p.files}
	f.walk(p.root)
	return f
}

func (f *found) walk(n *doc.Node) {
	switch n.Kind {
	case doc.KindTarget:
		f.targets = append(f.targets, n)
	case doc.KindReference:
		f.refs = append(f.refs, n)
	case doc.KindFootnoteReference, doc.KindCitationReference:
		f.notes = append(f.notes, n)
	}
	for _, c := range n.Children {
		if end := len(f.files[c.Pos.File].text); int(c.Pos.Off) > end {
			c.Pos.Off = int32(end)
		}
		if f.waiting {
			f.meet(c)
		}
		switch c.Kind {
		case doc.KindText:
		case doc.KindSystemMessage:
			f.aside++
			f.walk(c)
			f.aside--
		case doc.KindTarget:
			f.walk(c)
			if f.aside == 0 && !n.Kind.HoldsText() {
				f.before, f.waiting = append(f.before, targetBefore{target: c}), true
			}
		default:
			f.walk(c)
		}
	}
}

// meet notes the node that follows a target.
func (f *found) meet(c *doc.Node) {
	if f.aside > 0 || c.Kind == doc.KindSystemMessage || c.Kind == doc.KindPending && c.Attr(doc.AttrDirective) == "class" {
		return
	}
	f.before[len(f.before)-1].next = c
	f.waiting = false
}

// dropPending takes out what directives left for the transforms; all of it is
// done.
func dropPending(n *doc.Node) {
	n.Children = slices.DeleteFunc(n.Children, func(c *doc.Node) bool { return c.Kind == doc.KindPending })
	for _, c := range n.Children {
		if c.Kind != doc.KindText {
			dropPending(c)
		}
	}
}

// problematic turns a reference that cannot be resolved into its source.
func (p *parser) problematic(n *doc.Node) {
	raw, ok := p.raw[n]
	if !ok {
		raw = n.PlainText()
	}
	p.settled[n] = true
	*n = doc.Node{Kind: doc.KindProblematic, Pos: n.Pos}
	if raw != "" {
		n.Append(doc.NewText(n.Pos, raw))
	}
}

// A splice replaces nodes by others, and puts nodes after others, in one walk.
type splice struct {
	replace, after map[*doc.Node][]*doc.Node
}

func (s *splice) apply(n *doc.Node) {
	change := false
	for _, c := range n.Children {
		if _, ok := s.replace[c]; ok {
			change = true
		}
		if _, ok := s.after[c]; ok {
			change = true
		}
	}
	if change {
		n.Children = s.expand(nil, n.Children)
	}
	for _, c := range n.Children {
		if c.Kind != doc.KindText {
			s.apply(c)
		}
	}
}

// expand appends a list of nodes with what replaces and follows them, which
// may be replaced in turn.
func (s *splice) expand(out, list []*doc.Node) []*doc.Node {
	for _, c := range list {
		if r, ok := s.replace[c]; ok {
			out = s.expand(out, r)
		} else {
			out = append(out, c)
		}
		out = append(out, s.after[c]...)
	}
	return out
}
