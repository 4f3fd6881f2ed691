package directive

import (
	"strings"

	"docent/generator/doc"
)

var jsFields = []fieldKind{
	{label: "Arguments", names: []string{"argument", "arg", "parameter", "param"}, typeNames: []string{"paramtype", "type"}, arg: true, grouped: true, typed: true, typeRole: "func"},
	{label: "Throws", names: []string{"throws"}, arg: true, grouped: true, collapse: true, role: "func"},
	{label: "Returns", names: []string{"returns", "return"}},
	{label: "Return type", names: []string{"rtype"}},
}

// A jsKind is a directive of the JavaScript domain.
type jsKind struct {
	name   string
	callee bool // it takes arguments
	nests  bool
}

func jsDomain(t *Table) {
	for _, k := range []jsKind{{"function", true, false}, {"method", true, false}, {"class", true, true}, {"data", false, false}, {"attribute", false, false}} {
		t.addObject(&objectKind{domain: "js", name: k.name, fields: jsFields, signature: k.signature, target: k.target, scope: k.scope})
	}
	t.add(&Directive{Name: "js:module", Required: 1, Content: MayContent, Options: map[string]Check{
		"noindex": flag, "no-index": flag, "nocontentsentry": flag, "no-contents-entry": flag,
	}, Run: jsModule})
	for _, kind := range []string{"func", "meth", "class", "data", "attr", "mod"} {
		t.role(crossRef{domain: "js", kind: kind, parens: kind == "func" || kind == "meth" || kind == "class", link: jsLink}.reading(), "js:"+kind)
	}
}

func (k jsKind) signature(o *object, sig string, n *doc.Node) (string, bool) {
	member, args, called := sig, "", false
	if i := strings.IndexByte(sig, '('); i >= 0 && strings.HasSuffix(sig, ")") {
		member, args, called = strings.TrimSpace(sig[:i]), strings.TrimSpace(sig[i+1:len(sig)-1]), true
	}
	if member == "" {
		return "", false
	}
	prefix := o.p.State().Class["js"]
	name := member
	if i := strings.LastIndexByte(member, '.'); i >= 0 {
		name = member[i+1:]
		prefix = strings.TrimPrefix(prefix+"."+member[:i], ".")
	}
	full := strings.TrimPrefix(prefix+"."+name, ".")
	if k.name == "class" {
		n.Append(doc.New(doc.KindDescAnnotation, o.pos, plain(doc.KindDescSigKeyword, o.pos, "class"), plain(doc.KindDescSigSpace, o.pos, " ")))
	}
	shown := prefix
	if shown == "" {
		shown = o.p.State().Module["js"]
	}
	if shown != "" {
		add := doc.New(doc.KindDescAddname, o.pos)
		for _, part := range strings.Split(shown, ".") {
			add.Append(plain(doc.KindDescSigName, o.pos, part), plain(doc.KindDescSigPunctuation, o.pos, "."))
		}
		n.Append(add)
	}
	n.Append(doc.New(doc.KindDescName, o.pos, plain(doc.KindDescSigName, o.pos, name))).Set(doc.AttrFullname, full)
	if k.callee {
		if called && args != "" {
			n.Append(looseParameters(args, o.pos))
		} else {
			n.Append(doc.New(doc.KindDescParameterlist, o.pos))
		}
	}
	o.prefix = prefix
	return full, true
}

func (k jsKind) target(o *object, name string, n *doc.Node) {
	full := strings.TrimPrefix(o.p.State().Module["js"]+"."+name, ".")
	id := o.p.State().newID("", full)
	o.found(n, id, full)
	of := ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		of = name[:i]
	}
	switch k.name {
	case "function":
		if of == "" {
			o.entry("single", name+"() (built-in function)", id)
		} else {
			o.entry("single", name+"() ("+of+" method)", id)
		}
	case "class":
		o.entry("single", name+"() (class)", id)
	case "data":
		o.entry("single", name+" (global variable or constant)", id)
	case "attribute":
		o.entry("single", name+" ("+of+" attribute)", id)
	}
}

func (k jsKind) scope(o *object) func() {
	before := o.p.State().Class["js"]
	if len(o.names) > 0 {
		switch {
		case k.nests:
			setClass(o.p, "js", o.names[len(o.names)-1])
		case o.prefix != "":
			setClass(o.p, "js", o.prefix)
		}
	}
	return func() { setClass(o.p, "js", before) }
}

func jsModule(p Parser, b *Block) ([]*doc.Node, error) {
	name := b.Arg(0)
	setModule(p, "js", name)
	var out []*doc.Node
	if !b.has("noindex") && !b.has("no-index") {
		id := p.State().newID("module", name)
		target := doc.New(doc.KindTarget, b.Pos).AddID(id).Set(doc.AttrDomain, "js").Set(doc.AttrObjType, "module").Set(doc.AttrObject, name)
		p.NoteTarget(target, "")
		out = append(out, target, indexNode(p, b.Pos, []string{indexEntry("single", name+" (module)", id, "", "")}))
	}
	return append(out, p.Blocks(b.Content, b.Titles)...), nil
}

func jsLink(p Parser, n *doc.Node, explicit bool, title, target string) (string, string) {
	setContext(p, n, "js")
	if !explicit {
		title, target = strings.TrimLeft(title, "."), strings.TrimLeft(target, "~")
		if rest, ok := strings.CutPrefix(title, "~"); ok {
			title = rest[strings.LastIndexByte(rest, '.')+1:]
		}
	}
	if rest, ok := strings.CutPrefix(target, "."); ok {
		target = rest
		n.Set(doc.AttrRefSpecific, "1")
	}
	return title, target
}
