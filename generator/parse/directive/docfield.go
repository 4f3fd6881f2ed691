package directive

import (
	"regexp"
	"strings"

	"docent/generator/doc"
)

// A fieldKind is a kind of field in an object's description, such as
// ":param x:", with the label under which such fields are shown.
type fieldKind struct {
	label     string
	names     []string
	typeNames []string // fields that give the type of an argument
	arg       bool     // whether it has an argument
	grouped   bool     // all fields of the kind make one list
	typed     bool
	collapse  bool   // a single one is not shown as a list
	role      string // of the argument
	typeRole  string
	bodyRole  string
}

type fieldItem struct {
	arg  string
	body []*doc.Node
}

// groupFields rewrites the field lists that stand directly in a description.
func (o *object) groupFields(content *doc.Node) {
	for _, c := range content.Children {
		if c.Kind == doc.KindFieldList {
			o.groupFieldList(c)
		}
	}
}

func (o *object) groupFieldList(list *doc.Node) {
	type group struct {
		kind  *fieldKind
		field *doc.Node // passed through when kind is nil
		items []fieldItem
	}
	var groups []*group
	byKind := map[*fieldKind]*group{}
	types := map[*fieldKind]map[string][]*doc.Node{}
	setType := func(k *fieldKind, arg string, t []*doc.Node) {
		if types[k] == nil {
			types[k] = map[string][]*doc.Node{}
		}
		types[k][arg] = t
	}
	for _, field := range list.Children {
		if len(field.Children) != 2 {
			continue
		}
		name, body := field.Children[0], field.Children[1]
		word, arg, _ := strings.Cut(strings.TrimSpace(name.PlainText()), " ")
		arg = strings.TrimSpace(arg)
		if o.kind.domain == "py" && word == "meta" {
			continue
		}
		content := body.Children
		if len(content) == 1 && content[0].Kind == doc.KindParagraph {
			content = content[0].Children
		}
		kind, isType := o.fieldKind(word)
		if kind == nil || kind.arg != (arg != "") {
			title := strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):]
			if arg != "" {
				title += " " + arg
			}
			name.Children = []*doc.Node{doc.NewText(name.Pos, title)}
			if kind != nil && isType && len(content) == 1 && content[0].Kind == doc.KindText {
				body.Children = []*doc.Node{doc.New(doc.KindParagraph, body.Pos, o.fieldRefs(kind.typeRole, content[0].Text, 0, body.Pos)...)}
			}
			groups = append(groups, &group{field: field})
			continue
		}
		if isType {
			if len(content) > 0 && content[0].Kind.Inline() {
				setType(kind, arg, content)
			}
			continue
		}
		if kind.typed {
			if i := strings.LastIndexAny(arg, " \t"); i >= 0 {
				setType(kind, arg[i+1:], []*doc.Node{doc.NewText(name.Pos, strings.TrimSpace(arg[:i]))})
				arg = arg[i+1:]
			}
		}
		g := byKind[kind]
		if g == nil || !kind.grouped {
			g = &group{kind: kind}
			byKind[kind] = g
			groups = append(groups, g)
		}
		g.items = append(g.items, fieldItem{arg, content})
	}
	list.Children = nil
	for _, g := range groups {
		switch {
		case g.kind == nil:
			list.Append(g.field)
		case g.kind.grouped:
			list.Append(o.groupedField(g.kind, g.items, types[g.kind], list.Pos))
		default:
			list.Append(o.singleField(g.kind, g.items[0], list.Pos))
		}
	}
}

func (o *object) fieldKind(word string) (k *fieldKind, isType bool) {
	for i := range o.kind.fields {
		k := &o.kind.fields[i]
		for _, n := range k.names {
			if n == word {
				return k, false
			}
		}
		for _, n := range k.typeNames {
			if n == word {
				return k, true
			}
		}
	}
	return nil, false
}

func newField(label string, pos doc.Pos, body ...*doc.Node) *doc.Node {
	return doc.New(doc.KindField, pos, own(doc.KindFieldName, pos, label), doc.New(doc.KindFieldBody, pos, body...))
}

func (o *object) singleField(k *fieldKind, item fieldItem, pos doc.Pos) *doc.Node {
	content := item.body
	if k.bodyRole != "" && len(content) == 1 && content[0].Kind == doc.KindText {
		content = o.fieldRefs(k.bodyRole, content[0].Text, doc.KindText, pos)
	}
	f := newField(k.label, pos, blocksOf(content, pos)...)
	if item.arg != "" {
		f.Children[0].Append(doc.NewText(pos, " "))
		f.Children[0].Append(o.fieldRefs(k.role, item.arg, doc.KindText, pos)...)
	}
	return f
}

// blocksOf puts inline nodes into a paragraph and leaves blocks as they are.
func blocksOf(content []*doc.Node, pos doc.Pos) []*doc.Node {
	if len(content) > 0 && !content[0].Kind.Inline() {
		return content
	}
	return []*doc.Node{doc.New(doc.KindParagraph, pos, content...)}
}

func (o *object) groupedField(k *fieldKind, items []fieldItem, types map[string][]*doc.Node, pos doc.Pos) *doc.Node {
	var shown [][]*doc.Node
	for _, it := range items {
		par := doc.New(doc.KindParagraph, pos, o.fieldRefs(k.role, it.arg, doc.KindLiteralStrong, pos)...)
		if t, ok := types[it.arg]; ok {
			par.Append(doc.NewText(pos, " ("))
			if len(t) == 1 && t[0].Kind == doc.KindText {
				par.Append(o.fieldRefs(k.typeRole, t[0].Text, doc.KindLiteralEmphasis, pos)...)
			} else {
				par.Append(t...)
			}
			par.Append(doc.NewText(pos, ")"))
			delete(types, it.arg)
		}
		par.Append(doc.NewText(pos, " -- "))
		blocks := []*doc.Node{par}
		if len(it.body) > 0 && !it.body[0].Kind.Inline() {
			rest := it.body
			if rest[0].Kind == doc.KindParagraph {
				par.Append(rest[0].Children...)
				rest = rest[1:]
			}
			blocks = append(blocks, rest...)
		} else {
			par.Append(it.body...)
		}
		shown = append(shown, blocks)
	}
	if len(items) == 1 && k.collapse {
		return newField(k.label, pos, shown[0]...)
	}
	kind := doc.KindBulletList
	list := doc.New(kind, pos)
	for _, blocks := range shown {
		list.Append(doc.New(doc.KindListItem, pos, blocks...))
	}
	return newField(k.label, pos, list)
}

var typeDelims = regexp.MustCompile(`\s*[\[\](),](?:\s*o[rf]\s)?\s*|\s+o[rf]\s+|\s*\|\s*|\.\.\.`)

// fieldRefs makes references of an argument or a type. inner is the kind of
// the shown text, KindText for none; 0 is emphasis.
func (o *object) fieldRefs(role, target string, inner doc.Kind, pos doc.Pos) []*doc.Node {
	show := func(s string) *doc.Node {
		if inner == doc.KindText {
			return doc.NewText(pos, s)
		}
		return plain(inner, pos, s)
	}
	if role == "" || target == "" {
		return []*doc.Node{show(target)}
	}
	if o.kind.domain != "py" {
		if r := table(o.p).LookupRole(o.p, o.kind.domain+":"+role); r != nil {
			return []*doc.Node{doc.New(doc.KindInline, pos, r(o.p, &RoleUse{Name: o.kind.domain + ":" + role, Raw: "`" + target + "`", Text: target, Pos: pos})...)}
		}
		return []*doc.Node{o.fieldRef(role, target, show(target), pos)}
	}
	var out []*doc.Node
	literal := false
	one := func(s string) {
		switch {
		case s == "":
		case literal:
			out = append(out, show(s))
		default:
			reftype, ref, title := role, s, s
			if t, r, shown, _ := pyTypeTarget(s); r != shown {
				reftype, ref, title = t, r, shown
			}
			n := o.fieldRef(reftype, ref, show(title), pos)
			out = append(out, n.Set(doc.AttrRefSpecific, "1"))
		}
		literal = literal || s == "Literal" || s == "typing.Literal" || s == "~typing.Literal"
	}
	last := 0
	for _, m := range typeDelims.FindAllStringIndex(target, -1) {
		one(target[last:m[0]])
		out = append(out, show(target[m[0]:m[1]]))
		last = m[1]
	}
	one(target[last:])
	return out
}

func (o *object) fieldRef(role, target string, shown *doc.Node, pos doc.Pos) *doc.Node {
	n := doc.New(doc.KindPendingXref, pos, shown).Set(doc.AttrRefDomain, o.kind.domain).Set(doc.AttrRefType, role).
		Set(doc.AttrRefTarget, target)
	setContext(o.p, n, o.kind.domain)
	return n
}

// setContext gives a reference the module and class that it stands in.
func setContext(p Parser, n *doc.Node, domain string) {
	s := p.State()
	module, class := doc.AttrPyModule, doc.AttrPyClass
	switch domain {
	case "js":
		module, class = doc.AttrJSModule, doc.AttrJSObject
	case "py":
	case "c", "cpp":
		if len(s.Scope[domain]) > 0 {
			n.Set(doc.AttrScope, strings.Join(s.Scope[domain], map[string]string{"c": ".", "cpp": "::"}[domain]))
		}
		return
	default:
		return
	}
	if v := s.Module[domain]; v != "" {
		n.Set(module, v)
	}
	if v := s.Class[domain]; v != "" {
		n.Set(class, v)
	}
}
