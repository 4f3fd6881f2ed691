package directive

import (
	"slices"
	"strings"

	"docent/generator/doc"
)

var cFields = []fieldKind{
	{label: "Parameters", names: []string{"param", "parameter", "arg", "argument"}, typeNames: []string{"type"}, arg: true, grouped: true, typed: true, typeRole: "expr"},
	{label: "Return values", names: []string{"retvals", "retval"}, arg: true, grouped: true, collapse: true},
	{label: "Returns", names: []string{"returns", "return"}},
	{label: "Return type", names: []string{"rtype"}},
}

// A cKind is a directive of the C or C++ domain.
type cKind struct {
	cDialect
	name    string // function
	display string // what the index calls it
	prefix  string // the word shown before it
	nests   bool
}

func (k cKind) add(t *Table, fields []fieldKind, aliases ...string) {
	t.addObject(&objectKind{domain: k.domain, name: k.name, fields: fields, signature: k.signature, target: k.target, scope: k.scope,
		options: map[string]Check{"tparam-line-spec": flag, "single-line-parameter-list": flag}}, aliases...)
}

func cDomain(t *Table) {
	for _, k := range []cKind{
		{name: "function"}, {name: "member"}, {name: "var"}, {name: "macro"},
		{name: "struct", prefix: "struct", nests: true}, {name: "union", prefix: "union", nests: true},
		{name: "enum", prefix: "enum", nests: true}, {name: "enumerator", prefix: "enumerator"}, {name: "type", prefix: "type", nests: true},
	} {
		k.cDialect = dialectC
		k.add(t, cFields)
	}
	addNamespaces(t, "c")
	for _, kind := range []string{"member", "data", "var", "func", "macro", "struct", "union", "enum", "enumerator", "type"} {
		t.role(crossRef{domain: "c", kind: kind, parens: kind == "func", link: dialectC.link}.reading(), "c:"+kind)
	}
	t.role(dialectC.expr, "c:expr", "c:texpr")
}

// addNamespaces adds the directives that set the scope by hand.
func addNamespaces(t *Table, domain string) {
	set := func(p Parser, scope []string) {
		s := p.State()
		if s.Scope == nil {
			s.Scope = map[string][]string{}
		}
		s.Scope[domain] = scope
	}
	names := func(b *Block) []string {
		if a := b.Arg(0); a != "NULL" && a != "0" && a != "nullptr" {
			return strings.FieldsFunc(a, func(r rune) bool { return r == ':' || r == '.' || r == ' ' })
		}
		return nil
	}
	t.add(&Directive{Name: domain + ":namespace", Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		set(p, names(b))
		return nil, nil
	}})
	t.add(&Directive{Name: domain + ":namespace-push", Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		set(p, append(append([]string{}, p.State().Scope[domain]...), names(b)...))
		return nil, nil
	}})
	t.add(&Directive{Name: domain + ":namespace-pop", Run: func(p Parser, _ *Block) ([]*doc.Node, error) {
		if s := p.State().Scope[domain]; len(s) > 0 {
			set(p, s[:len(s)-1])
		}
		return nil, nil
	}})
	t.add(&Directive{Name: domain + ":alias", Required: 1, FinalSpace: true, Options: map[string]Check{"maxdepth": nonNegative, "noroot": flag},
		Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			desc := doc.New(doc.KindDesc, b.Pos).Set(doc.AttrDomain, domain).Set(doc.AttrObjType, "alias").Set(doc.AttrNoIndex, "1").AddClass(domain, "alias")
			for _, l := range b.signatures() {
				desc.Append(doc.New(doc.KindDescSignature, l.Pos, plain(doc.KindDescName, l.Pos, l.Text)))
			}
			p.State().aliases = append(p.State().aliases, alias{desc: desc, scope: p.State().Scope[domain], depth: numberOr(b.opt("maxdepth"), 1), noRoot: b.has("noroot")})
			return one(desc)
		}})
}

func (k cKind) signature(o *object, sig string, n *doc.Node) (string, bool) {
	if k.name == "macro" {
		return k.macro(o, sig, n)
	}
	sig, semicolon := strings.CutSuffix(strings.TrimSpace(sig), ";")
	tokens := cTokens(sig)
	if k.domain == "c" && slices.Contains(tokens, "::") { // C has no such names
		return "", false
	}
	line := doc.New(doc.KindDescSignatureLine, o.pos)
	template := 0
	if k.domain == "cpp" {
		for template < len(tokens) && tokens[template] == "template" {
			c := -1
			if template+1 < len(tokens) && tokens[template+1] == "<" {
				c = closing(tokens, template+1)
			}
			if c < 0 {
				return "", false
			}
			n.Append(k.templateLine(o, tokens[template:c+1]))
			template = c + 1
		}
	}
	templates := tokens[:template]
	tokens = tokens[template:]
	if k.prefix != "" {
		for len(tokens) > 1 && (tokens[0] == k.prefix || tokens[0] == "class" || tokens[0] == "typedef") {
			tokens = tokens[1:]
		}
	}
	x, ok := k.declaration(tokens)
	if !ok {
		n.Children = nil
		return "", false
	}
	if k.prefix != "" {
		word := k.prefix
		if k.name == "type" && len(x.before) > 0 {
			word = "typedef"
		}
		if k.domain == "cpp" && k.name == "type" && len(x.after) > 0 && x.after[0] == "=" {
			word = "using"
		}
		for _, w := range strings.Fields(word) { // enum class
			line.Append(plain(doc.KindDescSigKeyword, o.pos, w), plain(doc.KindDescSigSpace, o.pos, " "))
		}
	}
	if k.nests && k.name != "type" {
		// What follows the name of a class are its bases.
		bases := x.after
		x.after = nil
		k.fill(o, x, line)
		if len(bases) > 0 && bases[0] == "final" {
			line.Append(plain(doc.KindDescSigSpace, o.pos, " "), plain(doc.KindDescSigKeyword, o.pos, "final"))
			bases = bases[1:]
		}
		if len(bases) > 0 {
			line.Append(plain(doc.KindDescSigSpace, o.pos, " "), plain(doc.KindDescSigPunctuation, o.pos, bases[0]), plain(doc.KindDescSigSpace, o.pos, " "))
			line.Append(k.show(o, bases[1:], -1)...)
		}
	} else {
		k.fill(o, x, line)
	}
	if semicolon {
		line.Append(plain(doc.KindDescSigPunctuation, o.pos, ";"))
	}
	n.Append(line)
	n.Set("is_multiline", "True")
	parts := append(append([]string{}, o.p.State().Scope[k.domain]...), x.name...)
	full := strings.Join(parts, k.sep)
	if k.domain == "cpp" {
		n.Set(doc.AttrFullname, full)
		full += "\t" + mangle(parts, x, templates, k.name)
	}
	return full, true
}

// templateLine shows "template<typename T, int N>", where the parameters'
// own names refer to nothing.
func (k cKind) templateLine(o *object, t []string) *doc.Node {
	line := doc.New(doc.KindDescSignatureLine, o.pos, plain(doc.KindDescSigKeyword, o.pos, t[0]), plain(doc.KindDescSigPunctuation, o.pos, "<"))
	for i, p := range splitTokens(t[2 : len(t)-1]) {
		if i > 0 {
			line.Append(plain(doc.KindDescSigPunctuation, o.pos, ","), plain(doc.KindDescSigSpace, o.pos, " "))
		}
		own := k.paramName(p)
		if len(p) > 1 && (p[0] == "typename" || p[0] == "class") {
			for own = 1; own < len(p) && !isName(p[own]); own++ {
			}
		}
		for j, n := range k.show(o, p, own) {
			if n.Kind == doc.KindDescSigName && n.HasClass("sig-param") && j > 0 {
				n = doc.New(doc.KindDescName, o.pos, plain(doc.KindDescSigName, o.pos, n.PlainText()))
			}
			line.Append(n)
		}
	}
	return line.Append(plain(doc.KindDescSigPunctuation, o.pos, ">"))
}

// macro reads "NAME" or "NAME(a, b, ...)", whose parameters have no types.
func (k cKind) macro(o *object, sig string, n *doc.Node) (string, bool) {
	name, args, isFunc := strings.Cut(strings.TrimSpace(sig), "(")
	name = strings.TrimSpace(name)
	if name == "" || identifierAt(name) != name {
		return "", false
	}
	line := doc.New(doc.KindDescSignatureLine, o.pos, doc.New(doc.KindDescName, o.pos, plain(doc.KindDescSigName, o.pos, name)))
	if isFunc {
		list := doc.New(doc.KindDescParameterlist, o.pos)
		for _, a := range strings.Split(strings.TrimSuffix(strings.TrimSpace(args), ")"), ",") {
			kind := doc.KindDescSigName
			if a = strings.TrimSpace(a); a == "..." {
				kind = doc.KindDescSigPunctuation
			}
			if a != "" {
				list.Append(doc.New(doc.KindDescParameter, o.pos, plain(kind, o.pos, a)))
			}
		}
		line.Append(list)
	}
	n.Append(line).Set("is_multiline", "True")
	return strings.Join(append(slices.Clone(o.p.State().Scope[k.domain]), name), k.sep), true
}

func (k cKind) target(o *object, name string, n *doc.Node) {
	full, id, _ := strings.Cut(name, "\t")
	language := "C++"
	if k.domain == "c" {
		language, id = "C", "c."+full
	}
	if s := o.p.State(); s.IDs[id] {
		id = s.serialID(id)
	} else {
		if s.IDs == nil {
			s.IDs = map[string]bool{}
		}
		s.IDs[id] = true
	}
	o.found(n, id, full)
	display := k.display
	if display == "" {
		display = k.name
	}
	o.entry("single", nameless(full)+" ("+language+" "+display+")", id)
}

func (k cKind) scope(o *object) func() {
	s := o.p.State()
	before := s.Scope[k.domain]
	if len(o.names) > 0 {
		if s.Scope == nil {
			s.Scope = map[string][]string{}
		}
		full, _, _ := strings.Cut(o.names[len(o.names)-1], "\t")
		s.Scope[k.domain] = strings.Split(full, k.sep)
	}
	return func() {
		if s.Scope != nil {
			s.Scope[k.domain] = before
		}
	}
}

func (d cDialect) link(p Parser, n *doc.Node, explicit bool, title, target string) (string, string) {
	setContext(p, n, d.domain)
	if !explicit {
		target = strings.TrimLeft(target, "~")
		if rest, ok := strings.CutPrefix(title, "~"); ok {
			title = rest[strings.LastIndexByte(rest, d.sep[len(d.sep)-1])+1:]
		}
		title = nameless(title)
		if strings.IndexByte(strings.TrimSuffix(title, "()"), '(') > 0 { // all parameters are there
			title = strings.TrimSuffix(title, "()")
		}
	}
	return title, target
}

// expr shows an expression or type with references.
func (d cDialect) expr(p Parser, r *RoleUse) []*doc.Node {
	o := &object{p: p, pos: r.Pos}
	d.expression = true
	kind := r.Name[strings.LastIndexByte(r.Name, ':')+1:]
	return r.give(doc.New(doc.KindDescInline, r.Pos, d.show(o, cTokens(r.Text), -1)...).AddClass(d.domain+"-"+kind, "sig", "sig-inline", d.domain).Set(doc.AttrDomain, d.domain))
}
