package directive

import (
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// A language's parser calls what follows when it has read a page: it carries
// out what directives left for the end, as KindPending or in the State.

// Classes carries out the class directive on the element that follows it.
func Classes(p Parser, root *doc.Node) {
	// waiting are the classes for the next element that is visible, wherever
	// it stands: after its siblings, or after one of its parents.
	var waiting []*doc.Node
	var walk func(n *doc.Node)
	walk = func(n *doc.Node) {
		for _, c := range n.Children {
			if c.Kind == doc.KindPending && c.Attr(doc.AttrDirective) == "class" {
				waiting = append(waiting, c)
				continue
			}
			if Invisible(c) {
				continue
			}
			if len(waiting) > 0 && c.Kind != doc.KindText {
				for _, w := range waiting {
					c.AppendClass(strings.Fields(w.Attr(doc.AttrClass))...)
				}
				waiting = nil
			}
			if c.Kind != doc.KindText {
				walk(c)
			}
		}
	}
	walk(root)
	for _, w := range waiting {
		p.Report(doc.Error, "rst-class-target", w.Pos, 1, "No element follows that the class could be set on.", "Put the directive before an element, or indent the element under it.")
	}
}

// Invisible reports elements that leave no mark on the page.
func Invisible(n *doc.Node) bool {
	return n.Is(doc.KindComment, doc.KindPending, doc.KindTarget, doc.KindSubstitutionDefinition, doc.KindSystemMessage)
}

// IsPending reports whether a node that a directive gave waits for the end of
// the page, or holds what does.
func IsPending(n *doc.Node) bool {
	if k := len(n.Children); n.Kind == doc.KindTopic && k > 0 {
		n = n.Children[k-1]
	}
	return n.Kind == doc.KindPending
}

// A waiting node, the node that holds it, the one that holds that, and the
// section in which it stands.
type waiting struct{ node, parent, above, section *doc.Node }

// pendings gives the pending nodes of a directive.
func pendings(root *doc.Node, name string) (found []waiting) {
	var walk func(n, above, section *doc.Node)
	walk = func(n, above, section *doc.Node) {
		if n.Kind == doc.KindSection {
			section = n
		}
		for _, c := range n.Children {
			if c.Kind == doc.KindPending && c.Attr(doc.AttrDirective) == name {
				found = append(found, waiting{c, n, above, section})
			} else if c.Kind != doc.KindText {
				walk(c, n, section)
			}
		}
	}
	walk(root, nil, root)
	return found
}

func numberOr(s string, other int) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	return other
}

// NumberSections carries out the sectnum directive.
func NumberSections(root *doc.Node) {
	for _, at := range pendings(root, "sectnum") {
		n := at.node
		depth := numberOr(n.Attr(doc.AttrDepth), 1<<30)
		start := numberOr(n.Attr(doc.AttrStart), 1)
		numberBelow(root, n.Attr(doc.AttrPrefix), n.Attr(doc.AttrSuffix), "", start, 1, depth)
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

// Contents carries out the contents directive: the pending node in the topic
// becomes a list of the sections, and a topic without any goes. newID gives a
// node an id that begins with a prefix.
func Contents(root *doc.Node, newID func(n *doc.Node, prefix string) string) {
	var change []func()
	for _, at := range pendings(root, "contents") {
		from := root
		if at.node.Attr(doc.AttrLocal) != "" {
			from = at.section
		}
		c := &contentsList{newID: newID, depth: numberOr(at.node.Attr(doc.AttrDepth), 1<<30), backlinks: "entry"}
		if b, ok := at.node.Lookup(doc.AttrBacklinks); ok {
			c.backlinks = b
		}
		if ids := at.parent.IDs(); len(ids) > 0 {
			c.topic = ids[0]
		}
		list := c.build(from, 1)
		change = append(change, func() {
			if list != nil {
				at.parent.Children[slices.Index(at.parent.Children, at.node)] = list
			} else if at.above != nil {
				at.above.Children = slices.DeleteFunc(at.above.Children, func(n *doc.Node) bool { return n == at.parent })
			}
		})
	}
	for _, f := range change {
		f()
	}
}

type contentsList struct {
	newID     func(n *doc.Node, prefix string) string
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
		id := c.newID(ref, "toc-entry")
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

// Decorate puts what directives left for the top of the page there: meta
// elements and the page's header and footer.
func (s *State) Decorate(root *doc.Node) {
	place := func() int {
		i := 0
		for i < len(root.Children) && root.Children[i].Is(doc.KindTitle, doc.KindSubtitle, doc.KindRubric, doc.KindMeta) {
			i++
		}
		return i
	}
	if meta := s.Meta; len(meta) > 0 {
		i := place()
		if i == len(root.Children) {
			i = 0
		}
		root.Children = slices.Insert(root.Children, i, meta...)
		s.Meta = nil
	}
	if s.Header == nil && s.Footer == nil {
		return
	}
	d := root.First(doc.KindDecoration)
	if d == nil {
		d = doc.New(doc.KindDecoration, doc.Pos{})
		root.Children = slices.Insert(root.Children, place(), d)
	}
	d.Children = nil
	part := func(kind doc.Kind, nodes []*doc.Node) {
		if nodes == nil {
			return
		}
		n := doc.New(kind, doc.Pos{}, nodes...)
		if len(nodes) > 0 {
			n.Pos = nodes[0].Pos
		}
		d.Append(n)
	}
	part(doc.KindHeader, s.Header)
	part(doc.KindFooter, s.Footer)
}
