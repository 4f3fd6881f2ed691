package rst

import (
	"strings"

	"docent/generator/doc"
)

// pendings gives the pending nodes of a directive, and their parents.
func (p *parser) pendings(name string) (nodes, parents []*doc.Node) {
	for n := range p.root.All() {
		for _, c := range n.Children {
			if c.Kind == doc.KindPending && c.Attr(doc.AttrDirective) == name {
				nodes = append(nodes, c)
				parents = append(parents, n)
			}
		}
	}
	return nodes, parents
}

// targetNotes makes a footnote of each external target, and a reference to it
// after each reference to the target.
func (p *parser) targetNotes(f *found) bool {
	todos, _ := p.pendings("target-notes")
	if len(todos) == 0 {
		return false
	}
	s := &splice{replace: map[*doc.Node][]*doc.Node{}, after: map[*doc.Node][]*doc.Node{}}
	for _, todo := range todos {
		classes := strings.Fields(todo.Attr(doc.AttrClass))
		names := map[string]string{} // of the footnote, by URI
		var notes []*doc.Node
		add := func(uri string, refs []*doc.Node) {
			name, ok := names[uri]
			if !ok {
				n := doc.New(doc.KindFootnote, todo.Pos, doc.New(doc.KindParagraph, todo.Pos,
					doc.New(doc.KindReference, todo.Pos, doc.NewText(todo.Pos, uri)).Set("refuri", uri))).Set("auto", "1")
				name = "TARGET_NOTE: " + p.setID(n, "")
				n.AddName(name)
				names[uri] = name
				p.autoNotes = append(p.autoNotes, n)
				p.explicitTarget(n, n)
				if len(notes) == 0 {
					n.AddClass(todo.Classes()...)
				}
				notes = append(notes, n)
			}
			for _, r := range refs {
				if r.Kind == doc.KindTarget {
					continue
				}
				ref := doc.New(doc.KindFootnoteReference, r.Pos).Set("auto", "1").Set("refname", name).AddClass(classes...)
				p.setID(ref, "")
				p.autoRefs = append(p.autoRefs, ref)
				p.noteRefs[name] = append(p.noteRefs[name], ref)
				p.noteRefName(ref)
				space := doc.NewText(r.Pos, " ")
				if len(classes) > 0 {
					space = doc.New(doc.KindInline, r.Pos, space).AddClass(classes...)
				}
				s.after[r] = append([]*doc.Node{space, ref}, s.after[r]...)
			}
		}
		for _, t := range f.targets {
			uri, ok := t.Lookup("refuri")
			if !ok {
				continue
			}
			var refs []*doc.Node
			for _, name := range t.Names() {
				refs = append(refs, p.refNames[name]...)
			}
			if len(refs) > 0 {
				add(uri, refs)
			}
		}
		for _, r := range f.refs {
			if _, ok := r.Lookup("anonymous"); ok {
				if uri, ok := r.Lookup("refuri"); ok {
					add(uri, []*doc.Node{r})
				}
			}
		}
		s.replace[todo] = notes
	}
	s.apply(p.root)
	return true
}

// moveTransitions moves a transition at the end of a section behind it, and
// reports those that separate nothing.
func (p *parser) moveTransitions() { p.settle(p.root, false) }

// settle looks at the transitions in n and gives the one that ends n and
// belongs behind it. more says that something follows n.
func (p *parser) settle(n *doc.Node, more bool) *doc.Node {
	var out []*doc.Node // the new children, once there are other ones
	for i, c := range n.Children {
		before := out
		if out == nil {
			before = n.Children[:i:i]
		}
		last := i == len(n.Children)-1
		var moved *doc.Node
		switch {
		case c.Kind == doc.KindTransition:
			p.checkTransition(before, c)
			if last && more {
				n.Children = before
				return c
			}
			if last {
				p.transitionFault(c, "A page may not end with a transition.")
			}
		case c.Is(doc.KindSection, doc.KindDocument, doc.KindOnly):
			moved = p.settle(c, more || !last)
		}
		switch {
		case moved != nil && last:
			if out != nil {
				n.Children = append(out, c)
			}
			return moved
		case moved != nil:
			out = append(before, c, moved)
		case out != nil:
			out = append(out, c)
		}
	}
	if out != nil {
		n.Children = out
	}
	return nil
}

func (p *parser) checkTransition(before []*doc.Node, n *doc.Node) {
	titled := len(before) > 0 && before[0].Kind == doc.KindTitle
	switch {
	case len(before) == 0, titled && len(before) == 1, titled && len(before) == 2 && before[1].Kind == doc.KindSubtitle:
		p.transitionFault(n, "A page or section may not begin with a transition.")
	case before[len(before)-1].Kind == doc.KindTransition:
		p.transitionFault(n, "Two transitions follow each other with nothing between them.")
	}
}

func (p *parser) transitionFault(n *doc.Node, message string) {
	p.Report(doc.Error, "rst-transition", n.Pos, 4, message, "Put text on both sides of it, or take it out.")
}

// noteTopic registers the topic of a contents directive under its title.
func (p *parser) noteTopic(topic *doc.Node) {
	for _, name := range topic.Names() {
		if _, taken := p.nameIDs[name]; taken {
			topic.SetNames(nil)
		}
	}
	p.implicitTarget(topic, nil)
}
