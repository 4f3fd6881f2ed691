package rst

import (
	"fmt"
	"maps"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// maxSubstitutions bounds how often substitutions of a page are put in, since
// definitions that hold others may double with each.
const maxSubstitutions = 100_000

// A substRef is a substitution reference that waits, and the one in the text
// that it came from.
type substRef struct {
	node, origin *doc.Node
	definition   *doc.Node // it stands in this definition, or nil
}

// substitute puts the content of definitions in place of references to them.
func (p *parser) substitute() {
	var work []substRef
	var walk func(n, definition *doc.Node)
	walk = func(n, definition *doc.Node) {
		if n.Kind == doc.KindSubstitutionDefinition {
			definition = n
		}
		for _, c := range n.Children {
			if c.Kind == doc.KindSubstitutionReference {
				work = append(work, substRef{node: c, origin: c, definition: definition})
			} else if c.Kind != doc.KindText {
				walk(c, definition)
			}
		}
	}
	walk(p.root, nil)
	s := &splice{replace: map[*doc.Node][]*doc.Node{}}
	trims := map[*doc.Node]string{}
	nested := map[string][]string{}
	gone := map[*doc.Node]bool{}
	size := 0
	for i := 0; i < len(work); i++ {
		ref := work[i].node
		name := ref.Attr("refname")
		def := p.substitutions[name]
		key := name
		if def == nil {
			key = p.folded[strings.ToLower(name)]
			def = p.substitutions[key]
		}
		if def == nil {
			p.undefined(ref, name)
			continue
		}
		if trim := trimOf(def); trim != "" {
			trims[ref] = trim
		}
		copied := p.content(def, s)
		inner := substRefsIn(copied)
		circular := false
		for _, r := range inner {
			in := p.folded[strings.ToLower(r.Attr("refname"))]
			if in == "" {
				work = append(work, substRef{node: r, origin: work[i].origin, definition: work[i].definition})
				continue
			}
			for _, k := range nested[in] {
				circular = circular || k == in
			}
			if circular {
				break
			}
			nested[in] = append(nested[in], key)
			work = append(work, substRef{node: r, origin: work[i].origin, definition: work[i].definition})
		}
		if size += 1 + len(copied); size > maxSubstitutions {
			circular = true
		}
		if circular {
			p.circular(work[i], name, gone)
			continue
		}
		s.replace[ref] = copied
		for _, c := range copied {
			if _, ok := c.Lookup("refname"); ok && c.Kind == doc.KindReference {
				p.noteRefName(c)
			}
		}
	}
	for def := range gone {
		s.replace[def] = []*doc.Node{doc.New(doc.KindSystemMessage, def.Pos)}
	}
	trim(p.root, trims)
	s.apply(p.root)
}

// content copies what a definition holds now, with the references in it that
// are already replaced.
func (p *parser) content(def *doc.Node, s *splice) []*doc.Node {
	var out []*doc.Node
	var expand func(list []*doc.Node) []*doc.Node
	expand = func(list []*doc.Node) (out []*doc.Node) {
		for _, c := range list {
			if r, ok := s.replace[c]; ok {
				out = append(out, expand(r)...)
				continue
			}
			n := c.Copy()
			n.Children = expand(c.Children)
			if raw, ok := p.raw[c]; ok {
				p.raw[n] = raw
			}
			out = append(out, n)
		}
		return out
	}
	out = expand(def.Children)
	return out
}

func substRefsIn(nodes []*doc.Node) (out []*doc.Node) {
	for _, n := range nodes {
		for c := range n.Find(doc.KindSubstitutionReference) {
			out = append(out, c)
		}
	}
	return out
}

func (p *parser) undefined(ref *doc.Node, name string) {
	hint := "Define it with `.. |" + name + "| replace:: ...`, or write a backslash before the bar."
	if near := doc.Nearest(name, maps.Keys(p.substitutions)); near != "" {
		hint = "Did you mean `|" + near + "|`?"
	}
	p.Report(doc.Error, "rst-unknown-substitution", ref.Pos, len(p.raw[ref]), fmt.Sprintf("The substitution `%s` is not defined.", name), hint)
	p.problematic(ref)
}

// circular reports a definition that leads back to itself: in a definition it
// takes the definition out, in the text the reference.
func (p *parser) circular(r substRef, name string, gone map[*doc.Node]bool) {
	const hint = "Take the reference out of one of the definitions."
	if r.definition != nil {
		p.Report(doc.Error, "rst-circular-substitution", r.definition.Pos, 1, fmt.Sprintf("The substitution `%s` leads back to itself.", name), hint)
		gone[r.definition] = true
		p.messages++
		return
	}
	p.Report(doc.Error, "rst-circular-substitution", r.origin.Pos, len(p.raw[r.origin]), fmt.Sprintf("The substitution `%s` leads back to itself.", name), hint)
	p.problematic(r.node)
}

// trimOf gives "l", "r" or "lr" for a definition whose neighbours lose their
// white space.
func trimOf(def *doc.Node) string {
	_, both := def.Lookup("trim")
	_, left := def.Lookup("ltrim")
	_, right := def.Lookup("rtrim")
	out := ""
	if both || left {
		out = "l"
	}
	if both || right {
		out += "r"
	}
	return out
}

func trim(n *doc.Node, trims map[*doc.Node]string) {
	if len(trims) == 0 {
		return
	}
	for i, c := range n.Children {
		how := trims[c]
		if strings.Contains(how, "l") && i > 0 && n.Children[i-1].Kind == doc.KindText {
			trimText(n.Children[i-1], strings.TrimRightFunc)
		}
		if strings.Contains(how, "r") && i+1 < len(n.Children) && n.Children[i+1].Kind == doc.KindText {
			trimText(n.Children[i+1], strings.TrimLeftFunc)
		}
		if c.Kind != doc.KindText {
			trim(c, trims)
		}
	}
}

// trimText takes white space away that is not escaped.
func trimText(n *doc.Node, cut func(string, func(rune) bool) string) {
	raw, escaped := n.Lookup(doc.AttrEscaped)
	if !escaped {
		n.Text = cut(n.Text, isSpace)
		return
	}
	raw = cut(raw, isSpace)
	n.Set(doc.AttrEscaped, raw)
	n.Text = doc.Unescape(raw)
}

// configured defines the substitutions that the site gives every page, where
// the page has none of that name.
func (p *parser) configured() {
	for name, text := range p.cfg.Substitutions {
		if p.substitutions[name] == nil {
			p.substitutions[name] = doc.New(doc.KindSubstitutionDefinition, doc.Pos{}, doc.NewText(doc.Pos{}, text))
			if key := directive.NormalName(name); p.folded[key] == "" {
				p.folded[key] = name
			}
		}
	}
}
