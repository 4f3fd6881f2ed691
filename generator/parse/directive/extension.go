package directive

import (
	"slices"
	"strings"

	"docent/generator/doc"
)

// What a tree's own Sphinx extensions add to the table. The site reads their
// calls; see also [Table.AddObjectType].

// indexTemplate reads "pair: %s; setting".
func indexTemplate(index string) (kind, template string) {
	if k, rest, ok := strings.Cut(index, ":"); ok {
		return strings.TrimSpace(k), strings.TrimSpace(rest)
	}
	return "single", index
}

// ownRole adds a role of the tree's own, also under a name that Python's
// documentation has for another.
func (t *Table) ownRole(r Role, names ...string) {
	t.role(r, names...)
	for _, n := range names {
		if t.own != nil {
			t.own[n] = true
		}
	}
}

// AddCrossrefType adds a directive that marks a place of the site's own kind,
// and the role that refers to it, as Sphinx' add_crossref_type does.
func (t *Table) AddCrossrefType(name, role, index string) {
	kind, template := indexTemplate(index)
	t.add(&Directive{Name: name, Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		object := OneLine(b.Arg(0))
		id := p.State().newID(name, object)
		target := doc.New(doc.KindTarget, b.Pos).AddID(id).Set(doc.AttrDomain, "std").Set(doc.AttrObjType, name).Set(doc.AttrObject, object)
		p.NoteTarget(target, "")
		if template == "" {
			return one(target)
		}
		return []*doc.Node{indexNode(p, b.Pos, []string{indexEntry(kind, strings.ReplaceAll(template, "%s", object), id, "", "")}), target}, nil
	}})
	t.ownRole(crossRef{domain: "std", kind: role}.reading(), role, "std:"+role)
}

// AddGenericRole adds a role that puts its text in an element of docutils, as
// Sphinx' add_generic_role does.
func (t *Table) AddGenericRole(name, element string) {
	k := doc.KindInline
	for _, known := range []doc.Kind{doc.KindEmphasis, doc.KindStrong, doc.KindLiteral, doc.KindSubscript, doc.KindSuperscript, doc.KindTitleReference} {
		if strings.HasSuffix(element, "."+known.String()) {
			k = known
		}
	}
	t.ownRole(func(_ Parser, r *RoleUse) []*doc.Node { return r.give(plain(k, r.Pos, r.Text)) }, name)
}

// Known reports whether there is a role of a name.
func (t *Table) Known(role string) bool {
	return t.Roles[role] != nil && (t.own[role] || !slices.Contains(cpythonRoles, role))
}

// AddPlainRole adds a role of which nothing is known: its text is shown, the
// title where it has one.
func (t *Table) AddPlainRole(name string) {
	t.ownRole(func(_ Parser, r *RoleUse) []*doc.Node {
		title, _, _ := titleAndTarget(r)
		return r.give(plain(doc.KindInline, r.Pos, strings.TrimLeft(title, "!~")).AddClass(MakeID(name)))
	}, name)
}

// likenesses are the classes of docutils and Sphinx that directives of other
// people are made of, and what these are here.
var likenesses = map[string]string{
	"CodeBlock": "code-block", "LiteralInclude": "literalinclude", "Include": "include", "Cmdoption": "option", "Image": "image", "Figure": "figure",
	"VersionChange": "versionadded", "SeeAlso": "seealso", "Only": "only", "TocTree": "toctree", "Rubric": "rubric", "Container": "container", "Topic": "topic",
	"Sidebar": "sidebar", "Admonition": "admonition", "Note": "note", "Warning": "warning", "Tip": "tip", "Hint": "hint", "Important": "important",
	"ListTable": "list-table", "FlatTable": "list-table", "CSVTable": "csv-table", "RSTTable": "table", "ParsedLiteral": "parsed-literal", "Glossary": "glossary", "ProductionList": "productionlist",
	"Highlight": "highlight", "HList": "hlist", "Acks": "acks", "PyFunction": "py:function", "PyMethod": "py:method", "PyClasslike": "py:class",
	"PyAttribute": "py:attribute", "PyVariable": "py:data", "PyModule": "py:module", "PyClassMethod": "py:classmethod", "PyStaticMethod": "py:staticmethod",
}

// AddDirectiveLike adds a directive that is made of a class of docutils or of
// Sphinx. Of one that is made of anything else it adds one that shows its
// source, and gives false.
func (t *Table) AddDirectiveLike(name, class string) bool {
	if d := t.Directives[likenesses[class]]; d != nil {
		like := *d
		if like.Content == MustContent {
			like.Content = MayContent
		}
		like.AnyOption = true
		t.Directives[name] = &like
		return true
	}
	t.add(&Directive{Name: name, Optional: 1, FinalSpace: true, Content: MayContent, AnyOption: true, Run: func(_ Parser, b *Block) ([]*doc.Node, error) {
		if b.Source == nil {
			return nil, nil
		}
		return one(literal(b.Pos, b.Source()).Set(doc.AttrOwn, "1").Set(doc.AttrLanguage, "none"))
	}})
	return false
}
