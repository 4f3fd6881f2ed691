package rst

import (
	"fmt"
	"slices"
	"strings"

	"docent/generator/doc"
)

// propagateTargets moves the names and ids of a target that stands before an
// element to that element.
func (p *parser) propagateTargets(f *found) {
	// Of targets in a row, each moves to where the last one does; the names
	// of the last come first.
	var moved map[*doc.Node]*doc.Node
	for i := len(f.before) - 1; i >= 0; i-- {
		target, to := f.before[i].target, f.before[i].next
		if further := moved[to]; further != nil {
			to = further
		}
		if p.propagate(target, to) {
			if moved == nil {
				moved = map[*doc.Node]*doc.Node{}
			}
			moved[target] = to
		}
	}
}

// propagate moves what a target has to an element, if both allow it.
func (p *parser) propagate(target, to *doc.Node) bool {
	for _, key := range []string{"refuri", "refid", "refname"} {
		if _, ok := target.Lookup(key); ok {
			return false
		}
	}
	ids := target.IDs()
	if to == nil || len(target.Children) > 0 || len(ids) == 0 {
		return false
	}
	if to.Is(doc.KindText, doc.KindComment, doc.KindPending, doc.KindSubstitutionDefinition, doc.KindIndex, doc.KindFootnote, doc.KindCitation) {
		return false
	}
	for _, id := range ids {
		p.ids[id] = to
	}
	to.SetIDs(append(to.IDs(), ids...)).SetNames(append(to.Names(), target.Names()...))
	target.Set("refid", ids[0])
	p.noteRefID(target)
	target.SetIDs(nil).SetNames(nil)
	return true
}

// moveModules gives a section that begins with the description of a module
// that module's anchor.
func (p *parser) moveModules(n *doc.Node) {
	for _, c := range n.Children {
		if c.Kind != doc.KindSection {
			continue
		}
		if len(c.Children) > 1 {
			if t := c.Children[1]; t.Kind == doc.KindTarget && t.HasClass("module") && len(t.IDs()) > 0 {
				for _, id := range t.IDs() {
					p.ids[id] = c
				}
				c.SetIDs(append(slices.Clone(t.IDs()), c.IDs()...))
				t.Set("refid", t.IDs()[0]).Set(doc.AttrOwn, "1").SetIDs(nil)
			}
		}
		p.moveModules(c)
	}
}

// sortIDs puts the anchors of sections that mean something before the one that
// was made up.
func sortIDs(n *doc.Node) {
	for _, c := range n.Children {
		if c.Kind != doc.KindSection {
			continue
		}
		if ids := c.IDs(); len(ids) > 1 && strings.HasPrefix(ids[0], "id") {
			c.SetIDs(append(slices.Clone(ids[1:]), ids[0]))
		}
		sortIDs(c)
	}
}

// anonymous pairs anonymous references and targets by their order.
func (p *parser) anonymous(f *found) {
	var refs, targets []*doc.Node
	for _, n := range f.refs {
		if _, ok := n.Lookup("anonymous"); ok {
			refs = append(refs, n)
		}
	}
	for _, n := range f.targets {
		if _, ok := n.Lookup("anonymous"); ok {
			targets = append(targets, n)
		}
	}
	if len(refs) != len(targets) {
		for _, n := range refs {
			p.Report(doc.Error, "rst-anonymous-mismatch", n.Pos, 1, fmt.Sprintf("There are %d anonymous references and %d anonymous targets on this page.", len(refs), len(targets)),
				"Give each `reference`__ its own `__ target`, in the same order.")
			p.problematic(n)
		}
		if len(refs) == 0 {
			p.Report(doc.Error, "rst-anonymous-mismatch", targets[0].Pos, 1, fmt.Sprintf("There are no anonymous references and %d anonymous targets on this page.", len(targets)),
				"Refer to it by `text`__, or drop it.")
		}
		return
	}
	for i, ref := range refs {
		target := targets[i]
		for range 100 {
			if uri, ok := target.Lookup("refuri"); ok {
				ref.Set("refuri", uri)
				p.settled[ref] = true
				break
			}
			if ids := target.IDs(); len(ids) > 0 {
				ref.Set("refid", ids[0])
				p.noteRefID(ref)
				break
			}
			next := p.ids[target.Attr("refid")]
			if next == nil || next == target {
				break
			}
			target = next
		}
	}
}

// indirectTargets resolves targets that name another target.
func (p *parser) indirectTargets() {
	for _, t := range p.indirect {
		if !p.settled[t] {
			p.resolveIndirect(t)
		}
		p.passOn(t)
	}
}

// resolveIndirect follows a target to the one it names, and that one first
// where it is indirect too.
func (p *parser) resolveIndirect(t *doc.Node) {
	name, named := t.Lookup("refname")
	id := t.Attr("refid")
	if named {
		id = p.nameIDs[name]
	}
	to := p.ids[id]
	if id == "" || to == nil {
		why := "which does not exist"
		if _, ok := p.nameIDs[name]; ok {
			why = "which stands on this page more than once"
		}
		p.badIndirect(t, why)
		return
	}
	if _, more := to.Lookup("refname"); more && to.Kind == doc.KindTarget && !p.settled[to] {
		if p.visiting[t] {
			p.badIndirect(t, "which leads back to it in a circle")
			return
		}
		p.visiting[t] = true
		p.resolveIndirect(to)
		delete(p.visiting, t)
	}
	if uri, ok := to.Lookup("refuri"); ok {
		t.Set("refuri", uri)
		t.Unset("refid")
	} else if further, ok := to.Lookup("refid"); ok {
		t.Set("refid", further)
		p.noteRefID(t)
	} else if len(to.IDs()) > 0 {
		t.Set("refid", id)
		p.noteRefID(t)
	} else {
		p.badIndirect(t, "which does not exist")
		return
	}
	t.Unset("refname")
	p.settled[t] = true
}

func (p *parser) badIndirect(t *doc.Node, why string) {
	p.Report(doc.Error, "rst-indirect-target", t.Pos, 1, fmt.Sprintf("This target refers to `%s`, %s.", t.Attr("refname"), why), "Define that target, or write a URI.")
	var refs []*doc.Node
	for _, n := range t.Names() {
		refs = append(refs, p.refNames[n]...)
	}
	for _, id := range t.IDs() {
		refs = append(refs, p.refIDs[id]...)
	}
	for _, r := range refs {
		switch r.Kind {
		case doc.KindProblematic:
		case doc.KindTarget: // others may still ask where it leads
			p.shown[r] = true
		default:
			p.problematic(r)
		}
	}
	p.settled[t] = true
}

// passOn gives what a target refers to on to those that refer to it.
func (p *parser) passOn(t *doc.Node) {
	work := []*doc.Node{t}
	for len(work) > 0 {
		t := work[len(work)-1]
		work = work[:len(work)-1]
		key := "refid"
		value, ok := t.Lookup(key)
		if !ok {
			key = "refuri"
			if value, ok = t.Lookup(key); !ok {
				continue
			}
		}
		pass := func(refs []*doc.Node, old string) {
			for _, r := range refs {
				if p.settled[r] {
					continue
				}
				r.Unset(old)
				r.Set(key, value)
				if key == "refid" {
					p.noteRefID(r)
				}
				p.settled[r] = true
				if r.Kind == doc.KindTarget {
					work = append(work, r)
				}
			}
		}
		for _, name := range t.Names() {
			pass(p.refNames[name], "refname")
		}
		for _, id := range t.IDs() {
			pass(slices.Clone(p.refIDs[id]), "refid")
		}
	}
}

// externalTargets gives references the URIs of the targets they name.
func (p *parser) externalTargets(f *found) {
	for _, t := range f.targets {
		uri, ok := t.Lookup("refuri")
		if !ok {
			continue
		}
		for _, name := range t.Names() {
			for _, r := range p.refNames[name] {
				if !p.settled[r] {
					r.Unset("refname")
					r.Set("refuri", uri)
					p.settled[r] = true
				}
			}
		}
	}
}

// internalTargets gives references the ids of inline targets.
func (p *parser) internalTargets(f *found) {
	for _, t := range f.targets {
		if _, ok := t.Lookup("refuri"); ok {
			continue
		}
		if _, ok := t.Lookup("refid"); ok {
			continue
		}
		for _, name := range t.Names() {
			for _, r := range p.refNames[name] {
				if p.settled[r] {
					continue
				}
				if id := p.nameIDs[name]; id != "" {
					r.Unset("refname")
					r.Set("refid", id)
				}
				p.settled[r] = true
			}
		}
	}
}

// dangling resolves references to what has an implicit name, and reports
// those to what is not there.
func (p *parser) dangling(f *found) {
	for _, list := range [][]*doc.Node{f.refs, f.notes} {
		for _, n := range list {
			name, ok := n.Lookup("refname")
			if !ok || p.settled[n] || n.Kind == doc.KindProblematic {
				continue
			}
			id, known := p.nameIDs[name]
			if to := p.ids[id]; n.Kind == doc.KindFootnoteReference && to != nil && to.Kind != doc.KindFootnote {
				p.Report(doc.Error, "rst-unknown-target", n.Pos, len(p.raw[n]), fmt.Sprintf("No footnote on this page has the name `%s`.", name), "Write the footnote: `.. [#"+name+"] text`.")
			}
			if id != "" {
				n.Unset("refname")
				n.Set("refid", id)
				continue
			}
			if n.Kind == doc.KindCitationReference && !known && p.cfg.SphinxIDs { // another page may have it
				p.elsewhere(n)
				continue
			}
			length := len(p.raw[n])
			if known {
				p.Report(doc.Error, "rst-ambiguous-reference", n.Pos, length, fmt.Sprintf("The name `%s` stands for more than one place on this page.", name), "Rename one of them.")
			} else {
				p.Report(doc.Error, "rst-unknown-target", n.Pos, length, fmt.Sprintf("Nothing on this page has the name `%s`.", name), p.nearName(n, name))
			}
			p.problematic(n)
		}
	}
}

// elsewhere makes a reference to a citation one that the site resolves.
func (p *parser) elsewhere(n *doc.Node) {
	label := n.PlainText()
	n.Kind = doc.KindPendingXref
	n.Unset("refname")
	n.Set(doc.AttrRefDomain, "citation").Set(doc.AttrRefType, "ref").Set(doc.AttrRefTarget, label).Set(doc.AttrRefExplicit, "1").
		Set(doc.AttrRefWarn, "1")
	n.Children = []*doc.Node{doc.New(doc.KindInline, n.Pos, doc.NewText(n.Pos, "["+label+"]"))}
	p.settled[n] = true
}

// nearName suggests what a reference may have meant.
func (p *parser) nearName(n *doc.Node, name string) string {
	some := func(yield func(string) bool) { // a page may have very many
		count := 0
		for have := range p.nameIDs {
			if count++; count > 2000 || !yield(have) {
				return
			}
		}
	}
	if near := doc.Nearest(name, some); near != "" {
		return "Did you mean `" + near + "`?"
	}
	switch n.Kind {
	case doc.KindFootnoteReference:
		return "Add the footnote `.. [" + name + "]`."
	case doc.KindCitationReference:
		return "Add the citation `.. [" + name + "]`."
	}
	return "Define it with `.. _" + name + ": ...`, or write a backslash before the underscore."
}
