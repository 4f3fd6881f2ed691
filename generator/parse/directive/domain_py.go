package directive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"docent/generator/doc"
)

var pyFields = []fieldKind{
	{label: "Parameters", names: []string{"param", "parameter", "arg", "argument", "keyword", "kwarg", "kwparam"},
		typeNames: []string{"paramtype", "type"}, arg: true, grouped: true, typed: true, collapse: true, typeRole: "class"},
	{label: "Variables", names: []string{"var", "ivar", "cvar"}, typeNames: []string{"vartype"}, arg: true, grouped: true, typed: true,
		collapse: true, typeRole: "class"},
	{label: "Raises", names: []string{"raises", "raise", "exception", "except"}, arg: true, grouped: true, collapse: true, role: "exc"},
	{label: "Returns", names: []string{"returns", "return"}},
	{label: "Return type", names: []string{"rtype"}, bodyRole: "class"},
}

var pyOptions = map[string]Check{"module": text, "canonical": text, "annotation": text, "async": flag, "final": flag,
	"type": text, "value": text, "abstractmethod": flag, "classmethod": flag, "property": flag, "staticmethod": flag}

// A pyKind says what a directive of the Python domain adds to the common ones.
type pyKind struct {
	name, objtype string
	nests         bool // its content is in its scope
	parens        bool // "()" without arguments
	decorator     bool
	implied       string // an option that the name stands for
}

func pythonDomain(t *Table) {
	for _, k := range []pyKind{
		{name: "function", parens: true}, {name: "data"}, {name: "class", nests: true}, {name: "exception", nests: true},
		{name: "method", parens: true}, {name: "classmethod", objtype: "method", parens: true, implied: "classmethod"},
		{name: "staticmethod", objtype: "method", parens: true, implied: "staticmethod"}, {name: "attribute"}, {name: "property"},
		{name: "decorator", objtype: "function", decorator: true}, {name: "decoratormethod", objtype: "method", decorator: true},
	} {
		if k.objtype == "" {
			k.objtype = k.name
		}
		t.addObject(&objectKind{domain: "py", name: k.name, objtype: k.objtype, options: pyOptions, fields: pyFields,
			signature: k.signature, target: k.target, scope: k.scope})
	}
	t.add(&Directive{Name: "py:module", Required: 1, Content: MayContent, Options: map[string]Check{
		"platform": text, "synopsis": text, "noindex": flag, "no-index": flag, "nocontentsentry": flag, "no-contents-entry": flag,
		"deprecated": flag, "no-typesetting": flag,
	}, Run: pyModule})
	t.add(&Directive{Name: "py:currentmodule", Required: 1, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		setModule(p, "py", b.Arg(0))
		return nil, nil
	}})
	for _, kind := range []string{"data", "exc", "func", "class", "const", "attr", "meth", "mod", "obj", "type"} {
		c := crossRef{domain: "py", kind: kind, parens: kind == "func" || kind == "meth", link: pyLink}
		t.role(c.reading(), "py:"+kind)
	}
}

// setModule makes a module the current one; None is none.
func setModule(p Parser, domain, name string) {
	s := p.State()
	if s.Module == nil {
		s.Module = map[string]string{}
	}
	if name == "None" {
		name = ""
	}
	s.Module[domain] = name
}

func setClass(p Parser, domain, name string) {
	s := p.State()
	if s.Class == nil {
		s.Class = map[string]string{}
	}
	s.Class[domain] = name
}

func (o *object) module() string {
	if m, ok := o.b.Option("module"); ok {
		return m
	}
	return o.p.State().Module[o.kind.domain]
}

// cutPySignature reads "prefix.name(args) -> returns", of which only the name
// must be there.
func cutPySignature(sig string) (prefix, name, args, returns string, ok bool) {
	n := 0
	for n < len(sig) {
		r, size := utf8.DecodeRuneInString(sig[n:])
		if r != '.' && r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			break
		}
		n += size
	}
	dot := strings.LastIndexByte(sig[:n], '.') + 1
	prefix, name = sig[:dot], sig[dot:n]
	rest := strings.TrimLeft(sig[n:], pySpace)
	if name == "" || rest == "" {
		return prefix, name, "", "", name != ""
	}
	if rest[0] != '(' {
		return "", "", "", "", false
	}
	// The last parenthesis closes after which there is nothing, or an arrow.
	for end := strings.LastIndexByte(rest, ')'); end > 0; end = strings.LastIndexByte(rest[:end], ')') {
		after := strings.TrimLeft(rest[end+1:], pySpace)
		arrow := strings.HasPrefix(after, "->")
		if rest[end+1:] == "" || arrow {
			if arrow {
				returns = strings.TrimLeft(after[2:], pySpace)
			}
			return prefix, name, strings.TrimLeft(rest[1:end], pySpace), returns, true
		}
	}
	return "", "", "", "", false
}

const pySpace = " \t\n\f\r"

func (k pyKind) has(o *object, option string) bool { return o.b.has(option) || k.implied == option }

// signature reads "pkg.Class.method(a, b=1) -> int".
func (k pyKind) signature(o *object, sig string, n *doc.Node) (string, bool) {
	prefix, name, args, returns, ok := cutPySignature(sig)
	if !ok {
		return "", false
	}
	module, class := o.module(), o.p.State().Class["py"]
	full, addModule := prefix+name, class == ""
	if class != "" {
		switch {
		case prefix != "" && (prefix == class || strings.HasPrefix(prefix, class+".")):
			prefix = strings.TrimLeft(prefix[len(class):], ".")
		default:
			full = class + "." + full
		}
	}
	m := &o.p.State().Make
	m.With(n, 4, doc.Attr{Key: doc.AttrModule, Value: module}, doc.Attr{Key: doc.AttrFullname, Value: full})
	if c := o.b.opt("canonical"); c != "" {
		n.Set(doc.AttrCanonical, c)
	}
	pos := o.pos
	if k.decorator {
		n.Append(plain(doc.KindDescAddname, pos, "@"))
	}
	if words := k.before(o); len(words) > 0 {
		anno := doc.New(doc.KindDescAnnotation, pos)
		for _, w := range words {
			anno.Append(doc.NewText(pos, w), plain(doc.KindDescSigSpace, pos, " "))
		}
		n.Append(anno)
	}
	switch {
	case prefix != "":
		n.Append(plain(doc.KindDescAddname, pos, prefix))
	case module != "" && addModule && !switchedOff(o.p, "add_module_names"):
		n.Append(plain(doc.KindDescAddname, pos, module+"."))
	}
	m.Append(n, m.NewLeaf(doc.KindDescName, pos, name))
	if args != "" {
		list, err := pyParameters(o.p, args, pos)
		if err != nil {
			list = looseParameters(args, pos)
		}
		n.Append(list)
	} else if k.parens && !o.b.has("property") {
		m.Append(n, m.New(doc.KindDescParameterlist, pos))
	}
	if returns != "" {
		n.Append(doc.New(doc.KindDescReturns, pos, pyAnnotation(o.p, returns, pos)...))
	}
	if a := o.b.opt("annotation"); a != "" {
		n.Append(doc.New(doc.KindDescAnnotation, pos, plain(doc.KindDescSigSpace, pos, " "), doc.NewText(pos, a)))
	}
	if v := o.b.opt("type"); v != "" {
		n.Append(doc.New(doc.KindDescAnnotation, pos, plain(doc.KindDescSigPunctuation, pos, ":"), plain(doc.KindDescSigSpace, pos, " ")).
			Append(pyAnnotation(o.p, v, pos)...))
	}
	if v := o.b.opt("value"); v != "" {
		n.Append(doc.New(doc.KindDescAnnotation, pos, plain(doc.KindDescSigSpace, pos, " "), plain(doc.KindDescSigPunctuation, pos, "="),
			plain(doc.KindDescSigSpace, pos, " "), doc.NewText(pos, v)))
	}
	o.prefix = prefix
	return full, true
}

// before gives the words that stand before a name.
func (k pyKind) before(o *object) []string {
	var words []string
	add := func(option, word string) {
		if k.has(o, option) {
			words = append(words, word)
		}
	}
	switch k.objtype {
	case "class", "exception":
		add("final", "final")
		return append(words, k.objtype)
	case "function":
		add("async", "async")
	case "property":
		add("abstractmethod", "abstract")
		add("classmethod", "class")
		return append(words, "property")
	case "method":
		add("final", "final")
		add("abstractmethod", "abstract")
		add("async", "async")
		add("classmethod", "classmethod")
		add("property", "property")
		add("staticmethod", "static")
	}
	return words
}

func (k pyKind) target(o *object, name string, n *doc.Node) {
	module := o.module()
	full := name
	if module != "" {
		full = module + "." + name
	}
	id := o.p.State().newID("", full)
	o.found(n, id, full)
	class, last := "", name
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		class, last = name[:i], name[i+1:]
		if module != "" {
			class = module + "." + class
		}
	}
	in := func(s, otherwise string) string {
		if module != "" {
			return s + " (in module " + module + ")"
		}
		return s + otherwise
	}
	switch k.objtype {
	case "function":
		if module == "" {
			o.entry("pair", "built-in function; "+name+"()", id)
			return
		}
		o.entry("single", in(name+"()", ""), id)
	case "data":
		o.entry("single", in(name, " (built-in variable)"), id)
	case "class":
		if module == "" {
			o.entry("single", name+" (built-in class)", id)
			return
		}
		o.entry("single", name+" (class in "+module+")", id)
	case "exception":
		o.entry("single", name, id)
	case "method":
		switch {
		case class == "":
			o.entry("single", in(name+"()", ""), id)
		case k.has(o, "classmethod"):
			o.entry("single", last+"() ("+class+" class method)", id)
		case k.has(o, "property"):
			o.entry("single", last+" ("+class+" property)", id)
		case k.has(o, "staticmethod"):
			o.entry("single", last+"() ("+class+" static method)", id)
		default:
			o.entry("single", last+"() ("+class+" method)", id)
		}
	case "attribute", "property":
		if class == "" {
			o.entry("single", in(name, ""), id)
			return
		}
		o.entry("single", last+" ("+class+" "+k.objtype+")", id)
	}
}

// scope puts the content into the class that is described.
func (k pyKind) scope(o *object) func() {
	s := o.p.State()
	class, module := s.Class["py"], s.Module["py"]
	if len(o.names) > 0 {
		switch {
		case k.nests:
			setClass(o.p, "py", o.names[len(o.names)-1])
		case o.prefix != "":
			setClass(o.p, "py", strings.Trim(o.prefix, "."))
		}
	}
	if m, ok := o.b.Option("module"); ok {
		setModule(o.p, "py", m)
	}
	return func() {
		setClass(o.p, "py", class)
		setModule(o.p, "py", module)
	}
}

func pyModule(p Parser, b *Block) ([]*doc.Node, error) {
	name := b.Arg(0)
	setModule(p, "py", name)
	var out []*doc.Node
	if !b.has("noindex") && !b.has("no-index") {
		id := p.State().newID("module", name)
		target := doc.New(doc.KindTarget, b.Pos).AddID(id).Set(doc.AttrDomain, "py").Set(doc.AttrObjType, "module").
			Set(doc.AttrObject, name).Set(doc.AttrModule, name).AddClass("module")
		for option, key := range map[string]string{"synopsis": doc.AttrSynopsis, "platform": doc.AttrPlatform} {
			if v, ok := b.Option(option); ok {
				target.Set(key, v)
			}
		}
		if b.has("deprecated") {
			target.Set(doc.AttrDeprecated, "1")
		}
		p.NoteTarget(target, "")
		out = append(out, target, indexNode(p, b.Pos, []string{indexEntry("pair", "module; "+name, id, "", "")}))
	}
	return append(out, p.Blocks(b.Content, b.Titles)...), nil
}

func pyLink(p Parser, n *doc.Node, explicit bool, title, target string) (string, string) {
	setContext(p, n, "py")
	if !explicit {
		title = strings.TrimLeft(title, ".")
		target = strings.TrimLeft(target, "~")
		if strings.HasPrefix(title, "~") {
			title = title[1:]
			title = title[strings.LastIndexByte(title, '.')+1:]
		}
	}
	if strings.HasPrefix(target, ".") {
		target = target[1:]
		n.Set(doc.AttrRefSpecific, "1")
	}
	return title, target
}
