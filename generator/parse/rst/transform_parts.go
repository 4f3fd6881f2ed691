package rst

import (
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// pendingClasses carries out the class directive on the element that follows.
func (p *parser) pendingClasses() {
	// waiting are the classes for the next element that is visible, wherever
	// it stands: after its siblings, or after one of its parents.
	type wait struct {
		node  *doc.Node
		level int
	}
	var waiting []wait
	var walk func(n *doc.Node, level int)
	walk = func(n *doc.Node, level int) {
		for _, c := range n.Children {
			if c.Kind == doc.KindPending && c.Attr(doc.AttrDirective) == "class" {
				waiting = append(waiting, wait{c, level})
				continue
			}
			if invisible(c) {
				continue
			}
			if len(waiting) > 0 && c.Kind != doc.KindText {
				for _, w := range waiting {
					c.AddClass(strings.Fields(w.node.Attr(doc.AttrClass))...)
				}
				waiting = nil
			}
			if c.Kind != doc.KindText {
				walk(c, level+1)
			}
		}
	}
	walk(p.root, 0)
	for _, w := range waiting {
		p.Report(doc.Error, "rst-class-target", w.node.Pos, 1, "No element follows that the class could be set on.", "Put the directive before an element, or indent the element under it.")
	}
}

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

func number1(s string, other int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return other
}

// numberSections carries out the sectnum directive.
func (p *parser) numberSections() {
	nodes, _ := p.pendings("sectnum")
	for _, n := range nodes {
		depth := number1(n.Attr(doc.AttrDepth), 1<<30)
		start := number1(n.Attr(doc.AttrStart), 1)
		numberBelow(p.root, n.Attr(doc.AttrPrefix), n.Attr(doc.AttrSuffix), "", start, 1, depth)
	}
}

func numberBelow(n *doc.Node, prefix, suffix, above string, number, level, depth int) {
	for _, s := range n.Children {
		if s.Kind != doc.KindSection || len(s.Children) == 0 {
			continue
		}
		title := s.Children[0]
		own := above + strconv.Itoa(number)
		mark := doc.New(doc.KindGenerated, title.Pos, doc.NewText(title.Pos, prefix+own+suffix+"\u00a0\u00a0\u00a0")).AddClass("sectnum")
		title.Children = slices.Insert(title.Children, 0, mark)
		title.Set("auto", "1")
		if level < depth {
			numberBelow(s, prefix, suffix, own+".", 1, level+1, depth)
		}
		number++
	}
}

// contents carries out the contents directive: the pending node in the topic
// becomes a list of the sections.
func (p *parser) contents() {
	todos, topics := p.pendings("contents")
	s := &splice{replace: map[*doc.Node][]*doc.Node{}}
	for i, todo := range todos {
		from := p.root
		if todo.Attr(doc.AttrLocal) != "" {
			from = p.sectionOf(topics[i])
		}
		backlinks, ok := todo.Lookup(doc.AttrBacklinks)
		if !ok {
			backlinks = "entry"
		}
		c := &contentsList{p: p, depth: number1(todo.Attr(doc.AttrDepth), 1<<30), backlinks: backlinks}
		if ids := topics[i].IDs(); len(ids) > 0 {
			c.topic = ids[0]
		}
		if list := c.build(from, 1); list != nil {
			s.replace[todo] = []*doc.Node{list}
		} else {
			s.replace[topics[i]] = nil
		}
	}
	if len(todos) > 0 {
		s.apply(p.root)
	}
}

// sectionOf gives the innermost section that a node stands in.
func (p *parser) sectionOf(n *doc.Node) *doc.Node {
	var find func(at, section *doc.Node) *doc.Node
	find = func(at, section *doc.Node) *doc.Node {
		if at == n {
			return section
		}
		if at.Kind == doc.KindSection {
			section = at
		}
		for _, c := range at.Children {
			if c.Kind == doc.KindText {
				continue
			}
			if s := find(c, section); s != nil {
				return s
			}
		}
		return nil
	}
	return find(p.root, p.root)
}

type contentsList struct {
	p         *parser
	depth     int
	backlinks string
	topic     string
}

func (c *contentsList) build(n *doc.Node, level int) *doc.Node {
	var list *doc.Node
	auto := false
	for _, s := range n.Children {
		if s.Kind != doc.KindSection || len(s.Children) == 0 || len(s.IDs()) == 0 {
			continue
		}
		title := s.Children[0]
		_, auto = title.Lookup("auto")
		ref := doc.New(doc.KindReference, title.Pos, entryText(title.Children)...).Set("refid", s.IDs()[0])
		id := c.p.setID(ref, "toc-entry")
		if c.backlinks == "entry" || c.backlinks == "top" {
			linked := false
			for range title.Find(doc.KindReference) {
				linked = true
			}
			if !linked {
				to := id
				if c.backlinks == "top" {
					to = c.topic
				}
				title.Set("refid", to)
			}
		}
		item := doc.New(doc.KindListItem, title.Pos, doc.New(doc.KindParagraph, title.Pos, ref))
		if level < c.depth {
			item.Append(c.build(s, level+1))
		}
		if list == nil {
			list = doc.New(doc.KindBulletList, title.Pos)
		}
		list.Append(item)
	}
	if list != nil && auto {
		list.AddClass("auto-toc")
	}
	return list
}

// entryText copies a title without what cannot stand in a link.
func entryText(nodes []*doc.Node) (out []*doc.Node) {
	for _, n := range nodes {
		switch n.Kind {
		case doc.KindFootnoteReference, doc.KindCitationReference:
		case doc.KindImage:
			if alt := n.Attr("alt"); alt != "" {
				out = append(out, doc.NewText(n.Pos, alt))
			}
		case doc.KindTarget, doc.KindReference, doc.KindProblematic:
			out = append(out, entryText(n.Children)...)
		case doc.KindText:
			out = append(out, doc.NewText(n.Pos, n.Text))
		default:
			c := *n
			c.Children = nil
			m := c.Copy()
			m.SetIDs(nil).SetNames(nil)
			out = append(out, m.Append(entryText(n.Children)...))
		}
	}
	return out
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

// decorate puts what directives left for the top of the page there: meta
// elements and the page's header and footer.
func (p *parser) decorate() {
	place := func() int {
		i := 0
		for i < len(p.root.Children) && p.root.Children[i].Is(doc.KindTitle, doc.KindSubtitle, doc.KindRubric, doc.KindMeta) {
			i++
		}
		return i
	}
	if meta := p.state.Meta; len(meta) > 0 {
		i := place()
		if i == len(p.root.Children) {
			i = 0
		}
		p.root.Children = slices.Insert(p.root.Children, i, meta...)
		p.state.Meta = nil
	}
	if len(p.state.Header)+len(p.state.Footer) == 0 {
		return
	}
	d := p.root.First(doc.KindDecoration)
	if d == nil {
		d = doc.New(doc.KindDecoration, doc.Pos{})
		p.root.Children = slices.Insert(p.root.Children, place(), d)
	}
	d.Children = nil
	if h := p.state.Header; len(h) > 0 {
		d.Append(doc.New(doc.KindHeader, h[0].Pos, h...))
	}
	if f := p.state.Footer; len(f) > 0 {
		d.Append(doc.New(doc.KindFooter, f[0].Pos, f...))
	}
}

// moveTransitions moves a transition at the end of a section behind it, and
// reports those that separate nothing.
func (p *parser) moveTransitions() {
	var path []*doc.Node
	var walk func(n *doc.Node)
	moved := map[*doc.Node]bool{}
	walk = func(n *doc.Node) {
		path = append(path, n)
		for i := 0; i < len(n.Children); i++ {
			c := n.Children[i]
			if c.Kind == doc.KindTransition && !moved[c] {
				p.checkTransition(path, i, moved)
				if i < len(n.Children) && n.Children[i] != c {
					i--
				}
				continue
			}
			if c.Is(doc.KindSection, doc.KindDocument, doc.KindOnly) {
				walk(c)
			}
		}
		path = path[:len(path)-1]
	}
	walk(p.root)
}

func (p *parser) checkTransition(path []*doc.Node, i int, moved map[*doc.Node]bool) {
	parent := path[len(path)-1]
	n := parent.Children[i]
	moved[n] = true
	report := func(message string) {
		p.Report(doc.Error, "rst-transition", n.Pos, 4, message, "Put text on both sides of it, or take it out.")
	}
	titled := parent.Children[0].Kind == doc.KindTitle
	switch {
	case i == 0, titled && i == 1, titled && i == 2 && parent.Children[1].Kind == doc.KindSubtitle:
		report("A page or section may not begin with a transition.")
	case parent.Children[i-1].Kind == doc.KindTransition:
		report("Two transitions follow each other with nothing between them.")
	}
	if i < len(parent.Children)-1 {
		return
	}
	depth := len(path) - 1
	at := n
	for ; ; depth-- {
		up := path[depth]
		if up.Children[len(up.Children)-1] != at {
			k := slices.Index(up.Children, at)
			parent.Children = parent.Children[:i]
			up.Children = slices.Insert(up.Children, k+1, n)
			return
		}
		if depth == 0 {
			report("A page may not end with a transition.")
			return
		}
		at = up
	}
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
