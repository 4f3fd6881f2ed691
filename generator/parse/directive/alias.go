package directive

import (
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
)

// An alias is a c:alias or cpp:alias: descriptions that stand elsewhere on the
// page, shown once more.
type alias struct {
	desc   *doc.Node // its signatures are the names of what is shown
	scope  []string
	depth  int // of members; 0 is unlimited
	noRoot bool
	shown  *int // by all aliases of the page
}

// inAnonymous is what a name says of the anonymous union that it is in, whose
// members are those of what holds it.
var inAnonymous = regexp.MustCompile(`@[\pL\pN_]+(?:\.|::)`)

// mostShown bounds how many signatures the aliases of a page show: each may
// name a description with all that is in it.
const mostShown = 10000

// Aliases carries out the alias directives of a page. A name that the page
// does not describe stays as it is, and refers to where it is described.
func (s *State) Aliases(root *doc.Node) {
	if len(s.aliases) == 0 {
		return
	}
	found := map[string][]described{}
	for d := range root.Find(doc.KindDesc) {
		if domain := d.Attr(doc.AttrDomain); domain == "c" || domain == "cpp" {
			for _, sig := range d.Children {
				if name := sig.Attr(doc.AttrObject); sig.Kind == doc.KindDescSignature && name != "" {
					key := domain + " " + inAnonymous.ReplaceAllString(name, "")
					found[key] = append(found[key], described{sig, d})
				}
			}
		}
	}
	shown := 0
	for _, a := range s.aliases {
		a.shown = &shown
		var out []*doc.Node
		for _, sig := range a.desc.Children {
			all := a.find(found, sig.PlainText())
			if shown > mostShown {
				all = nil
			}
			for _, f := range all {
				out = append(out, a.show(f, 1)...)
			}
			if len(all) == 0 {
				out = append(out, a.refer(sig))
			}
		}
		a.desc.Children = out
	}
	s.aliases = nil
}

// A described thing is a signature and the description it stands in.
type described struct{ sig, desc *doc.Node }

func (a *alias) dialect() cDialect {
	if a.desc.Attr(doc.AttrDomain) == "c" {
		return dialectC
	}
	return dialectX
}

// find gives what a name means from where the directive stands: the innermost
// scope counts. With parameters it is one of the functions of the name.
func (a *alias) find(all map[string][]described, text string) []described {
	d := a.dialect()
	x, ok := d.declaration(cTokens(text))
	if !ok {
		return nil
	}
	for n := len(a.scope); n >= 0; n-- {
		parts := append(slices.Clone(a.scope[:n]), x.name...)
		found := all[d.domain+" "+inAnonymous.ReplaceAllString(strings.Join(parts, d.sep), "")]
		if x.isFunc && d.domain == "cpp" {
			id := mangle(parts, x, nil, "function")
			found = slices.DeleteFunc(slices.Clone(found), func(f described) bool { return !slices.Contains(f.sig.IDs(), id) })
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// show gives the signatures of a description and of its members.
func (a *alias) show(f described, level int) []*doc.Node {
	var out []*doc.Node
	if *a.shown++; *a.shown > mostShown {
		return nil
	}
	if level > 1 || !a.noRoot {
		out = append(out, a.copy(f.sig))
	}
	if a.depth != 0 && level >= a.depth {
		return out
	}
	var members []*doc.Node
	for _, c := range f.desc.Children {
		if c.Kind != doc.KindDescContent {
			continue
		}
		for _, m := range c.Children {
			for _, sig := range m.Children {
				if m.Kind == doc.KindDesc && sig.Kind == doc.KindDescSignature && sig.Attr(doc.AttrObject) != "" {
					members = append(members, a.show(described{sig, m}, level+1)...)
				}
			}
		}
	}
	if len(members) == 0 || len(out) == 0 {
		return append(out, members...)
	}
	inner := a.like(members...)
	return append(out, doc.New(doc.KindDescContent, a.desc.Pos, inner))
}

func (a *alias) like(signatures ...*doc.Node) *doc.Node {
	d := *a.desc
	d.Children = signatures
	return &d
}

// copy gives a signature without its anchors; its name leads to it.
func (a *alias) copy(sig *doc.Node) *doc.Node {
	n := sig.Copy()
	n.SetIDs(nil).SetNames(nil)
	object := n.Attr(doc.AttrObject)
	n.Unset(doc.AttrObject)
	for name := range n.Find(doc.KindDescName) {
		if len(name.Children) == 1 && name.Children[0].Kind == doc.KindDescSigName {
			name.Children = []*doc.Node{a.link(name.Children[0], object)}
		}
	}
	return n
}

func (a *alias) link(text *doc.Node, object string) *doc.Node {
	return doc.New(doc.KindPendingXref, a.desc.Pos, text).Set(doc.AttrRefDomain, a.dialect().domain).Set(doc.AttrRefType, "identifier").Set(doc.AttrRefTarget, object)
}

// refer makes a reference of a name that another page describes.
func (a *alias) refer(sig *doc.Node) *doc.Node {
	name := sig.Children[0]
	link := a.link(doc.NewText(name.Pos, nameless(name.PlainText())), name.PlainText())
	if len(a.scope) > 0 {
		link.Set(doc.AttrScope, strings.Join(a.scope, a.dialect().sep))
	}
	name.Children = []*doc.Node{link}
	return sig
}
