package directive

import (
	"regexp"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// cpythonDocs are the directives and roles of the extension that Python's own
// documentation brings along.
func cpythonDocs(t *Table) {
	t.add(&Directive{Name: "impl-detail", Content: MayContent, Run: implDetail})
	t.add(&Directive{Name: "availability", Required: 1, FinalSpace: true, Content: MayContent, Run: availability})
	t.add(&Directive{Name: "deprecated-removed", Required: 2, Optional: 1, FinalSpace: true, Content: MayContent, Run: deprecatedRemoved})
	t.add(&Directive{Name: "audit-event", Required: 1, Optional: 2, FinalSpace: true, Content: MayContent, Run: auditEvent})
	t.add(&Directive{Name: "audit-event-table", Optional: 2, Run: func(_ Parser, b *Block) ([]*doc.Node, error) { return one(pending(b, "audit-event-table")) }})
	t.add(&Directive{Name: "limited-api-list", Run: limitedAPIList})
	t.add(&Directive{Name: "miscnews", Required: 1, Run: miscNews})
	for _, o := range []struct {
		name, role, index string
		sig               func(o *object, sig string, n *doc.Node) (string, bool)
	}{
		{"opcode", "opcode", " (opcode)", opcodeSignature}, {"pdbcommand", "pdbcmd", " (pdb command)", pdbSignature}, {"2to3fixer", "2to3fixer", " (2to3 fixer)", plainSignature},
		{"monitoring-event", "monitoring-event", " (monitoring event)", plainSignature},
	} {
		t.addObject(&objectKind{domain: "std", name: o.name, signature: o.sig, target: func(x *object, name string, n *doc.Node) {
			id := x.p.State().newID(o.name, name)
			x.found(n, id, name)
			x.entry("pair", name+o.index, id)
		}}, o.name)
		t.role(crossRef{domain: "std", kind: o.role}.reading(), o.role, "std:"+o.role)
	}
	for name, word := range map[string]string{
		"coroutinefunction": "coroutine", "coroutinemethod": "coroutine", "awaitablefunction": "awaitable", "awaitablemethod": "awaitable", "abstractmethod": "abstractmethod",
	} {
		k := pyKind{name: "function", objtype: "function", parens: true}
		if strings.HasSuffix(name, "method") {
			k.name, k.objtype = "method", "method"
		}
		t.addObject(&objectKind{domain: "py", name: name, objtype: k.objtype, options: pyOptions, fields: pyFields, target: k.target, scope: k.scope,
			signature: func(o *object, sig string, n *doc.Node) (string, bool) {
				full, ok := k.signature(o, sig, n)
				n.Children = append([]*doc.Node{plain(doc.KindDescAnnotation, o.pos, word+" ")}, n.Children...)
				return full, ok
			}})
	}
	for name, link := range map[string]ExtLink{ // see cpythonRoles
		"issue": {"https://bugs.python.org/issue?@action=redirect&bpo=%s", "bpo-%s"},
		"gh":    {"https://github.com/python/cpython/issues/%s", "gh-%s"},
	} {
		t.role(extLink(link), name)
	}
	t.role(cpythonSource, "source")
}

// cpythonRoles lead to places of CPython's. In another tree their names mean
// something else.
var cpythonRoles = []string{"issue", "gh", "source"}

// CPython is what the documentation of Python says beside its pages.
type CPython struct {
	Version, Release string
	refs             map[string]string // C function -> what it returns
	abi              map[string]stableABI
	abiOrder         []string
}

type stableABI struct{ role, name, added, note, kind string }

// ReadRefcounts reads lines of "function:type:argument:count:comment".
func (c *CPython) ReadRefcounts(text string) {
	c.refs = map[string]string{}
	for _, l := range strings.Split(text, "\n") {
		f := strings.SplitN(strings.TrimSpace(l), ":", 5)
		if len(f) != 5 || strings.HasPrefix(f[0], "#") || f[2] != "" || !strings.HasSuffix(f[1], "Object*") {
			continue
		}
		switch f[3] {
		case "", "null":
			c.refs[f[0]] = "Return value: Always NULL."
		case "0":
			c.refs[f[0]] = "Return value: Borrowed reference."
		default:
			c.refs[f[0]] = "Return value: New reference."
		}
	}
}

// ReadStableABI reads the rows of a table whose first row names the columns.
func (c *CPython) ReadStableABI(rows [][]string) {
	c.abi = map[string]stableABI{}
	for i, row := range rows {
		if i == 0 {
			continue
		}
		r := stableABI{}
		for k, name := range rows[0] {
			switch name {
			case "role":
				r.role = row[k]
			case "name":
				r.name = row[k]
			case "added":
				r.added = row[k]
			case "ifdef_note":
				r.note = row[k]
			case "struct_abi_kind":
				r.kind = row[k]
			}
		}
		c.abi[r.name] = r
		c.abiOrder = append(c.abiOrder, r.name)
	}
}

// annotate says at the head of a C object's description what it returns and
// whether it is part of the stable ABI.
func (c *CPython) annotate(p Parser, desc, content *doc.Node) {
	sig := desc.First(doc.KindDescSignature)
	if sig == nil || len(sig.IDs()) == 0 {
		return
	}
	name := strings.TrimPrefix(sig.IDs()[0], "c.")
	var out []*doc.Node
	if said := c.refs[name]; said != "" && desc.Attr(doc.AttrObjType) == "function" {
		out = append(out, plain(doc.KindEmphasis, desc.Pos, said).AddClass("refcount"))
	}
	if r, ok := c.abi[name]; ok {
		api := "Stable ABI"
		if r.kind == "opaque" || r.kind == "members" {
			api = "Limited API"
		}
		n := plain(doc.KindEmphasis, desc.Pos, " Part of the ").AddClass("stableabi")
		n.Append(stdRef(p, desc.Pos, api, "stable"))
		switch {
		case r.kind == "opaque":
			n.Append(doc.NewText(desc.Pos, " (as an opaque struct)"))
		case r.kind == "full-abi":
			n.Append(doc.NewText(desc.Pos, " (including all members)"))
		}
		if r.note != "" {
			n.Append(doc.NewText(desc.Pos, " "+r.note))
		}
		if r.added != "3.2" { // which brought the stable ABI
			n.Append(doc.NewText(desc.Pos, " since version "+r.added))
		}
		n.Append(doc.NewText(desc.Pos, "."))
		if r.kind == "members" {
			n.Append(doc.NewText(desc.Pos, " (Only some members are part of the stable ABI.)"))
		}
		out = append(out, n)
	}
	content.Children = append(out, content.Children...)
}

// limitedAPIList lists all that the stable ABI holds.
func limitedAPIList(p Parser, b *Block) ([]*doc.Node, error) {
	c := p.Config().CPython
	if c == nil {
		return nil, nil
	}
	list := doc.New(doc.KindBulletList, b.Pos).Set("bullet", "*")
	for _, name := range c.abiOrder {
		role := map[string]string{"function": "func", "var": "data"}[c.abi[name].role]
		if role == "" {
			role = c.abi[name].role
		}
		list.Append(doc.New(doc.KindListItem, b.Pos, doc.New(doc.KindParagraph, b.Pos, p.Inline(":c:"+role+":`"+name+"`", b.Pos)...)))
	}
	return one(list)
}

func stdRef(p Parser, pos doc.Pos, title, label string) *doc.Node {
	ref := doc.New(doc.KindPendingXref, pos, plain(doc.KindInline, pos, title).AddClass("xref", "std", "std-ref"))
	return ref.Set(doc.AttrRefDomain, "std").Set(doc.AttrRefType, "ref").Set(doc.AttrRefTarget, label).Set(doc.AttrRefExplicit, "1")
}

func implDetail(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindCompound, b.Pos, p.Blocks(b.Content, false)...).AddClass("impl-detail")
	lead := []*doc.Node{plain(doc.KindStrong, b.Pos, "CPython implementation detail"), doc.NewText(b.Pos, ": ")}
	if first := n.First(doc.KindParagraph); first != nil && first == n.Children[0] {
		first.Children = append(lead, first.Children...)
	} else {
		n.Children = append([]*doc.Node{doc.New(doc.KindParagraph, b.Pos, lead...)}, n.Children...)
	}
	return one(n)
}

func availability(p Parser, b *Block) ([]*doc.Node, error) {
	ref := stdRef(p, b.Pos, "Availability", "availability")
	n := doc.New(doc.KindParagraph, b.Pos, ref, doc.NewText(b.Pos, ": ")).AddClass("availability")
	n.Append(p.Inline(b.Arg(0), b.ArgPos)...)
	return append([]*doc.Node{n}, p.Blocks(b.Content, false)...), nil
}

func deprecatedRemoved(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindVersionmodified, b.Pos).Set(doc.AttrType, "deprecated-removed").Set(doc.AttrVersion, b.Arg(0)+" "+b.Arg(1))
	if said := b.Arg(2); said != "" {
		n.Append(wrap(p, doc.KindParagraph, said, at(b.ArgPos, max(0, strings.Index(b.Args, said)))))
	}
	n.Append(p.Blocks(b.Content, false)...)
	label := "Deprecated since version %s, will be removed in version %s"
	if c := p.Config(); c != nil && c.CPython != nil && !versionLess(c.CPython.Version, b.Arg(1)) {
		label = "Deprecated since version %s, removed in version %s"
	}
	leadChange(n, b.Pos, "deprecated", label, b.Arg(0), b.Arg(1))
	return one(n)
}

// versionLess compares dotted numbers.
func versionLess(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := 0; i < len(x) && i < len(y); i++ {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m < n
		}
	}
	return len(x) < len(y)
}

// miscNews includes the file of news, which only a release brings along.
func miscNews(p Parser, b *Block) ([]*doc.Node, error) {
	src, _, err := p.ReadFile(b.Arg(0))
	if err != nil {
		return one(plain(doc.KindStrong, b.Pos, "The NEWS file is not available."))
	}
	from := 0 // its first three lines are its title
	for range 3 {
		from += strings.IndexByte(src.Text[from:]+"\n", '\n') + 1
	}
	return p.Include(src, min(from, len(src.Text)), len(src.Text), "rst"), nil
}

// cpythonSource links to a file of the source code, in the page's version.
func cpythonSource(p Parser, r *RoleUse) []*doc.Node {
	branch := "main"
	if c := p.Config(); c != nil && c.CPython != nil && c.CPython.Version != "" {
		branch = c.CPython.Version
	}
	return extLink(ExtLink{"https://github.com/python/cpython/tree/" + branch + "/%s", "%s"})(p, r)
}

func auditEvent(p Parser, b *Block) ([]*doc.Node, error) {
	var args []string
	for _, a := range strings.Split(strings.Trim(b.Arg(1), `"'`), ",") {
		if a = strings.TrimSpace(a); a != "" {
			args = append(args, "``"+a+"``")
		}
	}
	said := "Raises an :ref:`auditing event <auditing>` ``" + b.Arg(0) + "`` with "
	switch len(args) {
	case 0:
		said += "no arguments."
	case 1:
		said += "argument " + args[0] + "."
	default:
		said += "arguments " + strings.Join(args, ", ") + "."
	}
	// A target that is given is an anchor that the page has already.
	id := strings.Trim(b.Arg(2), `"'`)
	own := id == ""
	if own {
		id = p.State().serialID("audit_event_" + strings.Map(func(r rune) rune {
			if isWord(byte(min(r, 0x7f))) {
				return r
			}
			return '_'
		}, b.Arg(0)))
	}
	n := doc.New(doc.KindParagraph, b.Pos).AddClass("audit-hook")
	if own {
		n.AddID(id)
		p.NoteTarget(n, "")
	}
	if len(b.Content) > 0 {
		body := p.Blocks(b.Content, false)
		if len(body) > 0 && body[0].Kind == doc.KindParagraph {
			n.Append(body[0].Children...)
			body = body[1:]
		}
		return append([]*doc.Node{n}, body...), nil
	}
	return one(n.Append(p.Inline(said, b.Pos)...))
}

var opcodeSig = regexp.MustCompile(`^(\w+(?:\+\d)?)(?:\s*\((.*)\))?`)

func opcodeSignature(o *object, sig string, n *doc.Node) (string, bool) {
	m := opcodeSig.FindStringSubmatch(sig)
	if m == nil {
		return "", false
	}
	n.Append(plain(doc.KindDescName, o.pos, m[1]))
	if m[2] != "" {
		n.Append(doc.New(doc.KindDescParameterlist, o.pos, plain(doc.KindDescParameter, o.pos, m[2])))
	}
	return strings.TrimSpace(m[1]), true
}

var pdbSig = regexp.MustCompile(`^([a-z()!]+)\s*(.*)`)

func pdbSignature(o *object, sig string, n *doc.Node) (string, bool) {
	m := pdbSig.FindStringSubmatch(sig)
	if m == nil {
		return "", false
	}
	n.Append(plain(doc.KindDescName, o.pos, m[1]), plain(doc.KindDescAddname, o.pos, " "+m[2]))
	return strings.NewReplacer("(", "", ")", "").Replace(m[1]), true
}
