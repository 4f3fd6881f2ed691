package directive

import (
	"fmt"
	"regexp"
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
	t.add(&Directive{Name: "miscnews", Required: 1, Run: silent})
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
		t.role(crossRef{domain: "std", kind: o.role}.role, o.role, "std:"+o.role)
	}
	for name, word := range map[string]string{
		"coroutinefunction": "coroutine", "coroutinemethod": "coroutine", "awaitablefunction": "awaitable", "awaitablemethod": "awaitable", "abstractmethod": "abstract",
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
	for name, link := range map[string]ExtLink{
		"source": {"https://github.com/python/cpython/tree/main/%s", "%s"}, "issue": {"https://bugs.python.org/issue?@action=redirect&bpo=%s", "bpo-%s"},
		"gh": {"https://github.com/python/cpython/issues/%s", "gh-%s"},
	} {
		t.role(extLink(link), name)
	}
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
	ref := doc.New(doc.KindPendingXref, b.Pos, plain(doc.KindInline, b.Pos, "Availability").AddClass("xref", "std", "std-ref"))
	ref.Set(doc.AttrRefDomain, "std").Set(doc.AttrRefType, "ref").Set(doc.AttrRefTarget, "availability").Set(doc.AttrRefExplicit, "1").Set(doc.AttrRefDoc, p.Docname())
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
	leadChange(n, b.Pos, fmt.Sprintf("Deprecated since version %s, will be removed in version %s", b.Arg(0), b.Arg(1)), "deprecated")
	return one(n)
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
