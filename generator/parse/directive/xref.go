package directive

import (
	"strings"

	"docent/generator/doc"
)

// A crossRef says how a cross-reference role reads its text. The site
// resolves what it gives.
type crossRef struct {
	domain, kind string
	node         doc.Kind // KindPendingXref when zero
	inner        doc.Kind // KindLiteral when zero
	lower        bool     // the target's case does not matter
	parens       bool     // "()" follows the name of a function
	warn         bool     // a target that is not found is reported
	// link changes title and target and sets the context of the reference.
	link func(p Parser, n *doc.Node, explicit bool, title, target string) (string, string)
	// wrap adds nodes beside the reference.
	wrap func(p Parser, r *RoleUse, n *doc.Node) []*doc.Node
}

// xrefs are the roles that refer to pages, labels and files; those of the
// domains stand with their domain.
func xrefs(t *Table) {
	for _, c := range []crossRef{
		{domain: "std", kind: "ref", inner: doc.KindInline, lower: true, warn: true},
		{domain: "std", kind: "numref", lower: true, warn: true},
		{domain: "std", kind: "doc", inner: doc.KindInline, warn: true},
		{domain: "std", kind: "keyword", warn: true},
		{domain: "std", kind: "term", inner: doc.KindInline, warn: true},
		{domain: "std", kind: "token", link: tokenLink},
		{domain: "std", kind: "option", warn: true, link: optionLink},
		{domain: "math", kind: "eq", warn: true},
		{domain: "math", kind: "numref", warn: true},
		{kind: "any", warn: true, link: anyLink},
		{kind: "download", node: doc.KindDownloadReference},
	} {
		if c.domain != "math" || c.kind == "eq" {
			t.role(c.reading(), c.kind)
		}
		if c.domain != "" {
			t.role(c.reading(), c.domain+":"+c.kind)
		}
	}
}

// titleAndTarget reads "title <target>"; without a title both are the text.
func titleAndTarget(r *RoleUse) (title, target string, explicit bool) {
	src := r.source()
	plainText := func(s string) string { return s }
	if src != r.Text {
		plainText = unescape
	}
	if strings.HasSuffix(src, ">") && !(src != r.Text && strings.HasSuffix(src, `\>`)) {
		for i := 1; i < len(src); i++ { // the first one that may stand there
			if src[i] != '<' || src != r.Text && src[i-1] == '\\' {
				continue
			}
			if title = strings.TrimRight(src[:i], " \n\t"); title != "" {
				return plainText(title), plainText(src[i+1 : len(src)-1]), true
			}
		}
	}
	return r.Text, r.Text, false
}

// reading is the role that reads such references.
func (c crossRef) reading() Role {
	if c.inner == 0 {
		c.inner = doc.KindLiteral
	}
	if c.node == 0 {
		c.node = doc.KindPendingXref
	}
	classes := []string{"xref", c.kind}
	if c.domain != "" && c.domain != "math" {
		classes = []string{"xref", c.domain, c.domain + "-" + c.kind}
	}
	return func(p Parser, r *RoleUse) []*doc.Node { return c.role(p, r, classes) }
}

func (c crossRef) role(p Parser, r *RoleUse, classes []string) []*doc.Node {
	title, target, explicit := titleAndTarget(r)
	if strings.HasPrefix(r.Text, "!") && !r.Escaped {
		text := r.Text[1:]
		if c.parens {
			text = withParens(p, text)
		}
		return r.give(plain(c.inner, r.Pos, text).SetClasses(classes))
	}
	if c.lower {
		target = strings.ToLower(target)
	}
	if c.parens {
		if !explicit {
			title = withParens(p, title)
		}
		target = strings.TrimSuffix(target, "()")
	}
	m := &p.State().Make
	n := m.With(m.New(c.node, r.Pos), 4, doc.Attr{Key: doc.AttrRefDomain, Value: c.domain}, doc.Attr{Key: doc.AttrRefType, Value: c.kind})
	if explicit {
		n.Set(doc.AttrRefExplicit, "1")
	}
	if c.warn {
		n.Set(doc.AttrRefWarn, "1")
	}
	if c.link != nil {
		title, target = c.link(p, n, explicit, title, target)
	}
	n.Set(doc.AttrRefTarget, OneLine(target))
	n.Children = m.List(r.style(m.SetClasses(m.NewLeaf(c.inner, r.Pos, title), classes)))
	if c.wrap != nil {
		return c.wrap(p, r, n)
	}
	return m.List(n)
}

// withParens is the name of a function as it is shown.
func withParens(p Parser, s string) string {
	if switchedOff(p, "add_function_parentheses") {
		return strings.TrimSuffix(s, "()")
	}
	if strings.HasSuffix(s, "()") {
		return s
	}
	return s + "()"
}

// optionLink keeps the program that options belong to.
func optionLink(p Parser, n *doc.Node, _ bool, title, target string) (string, string) {
	if prog := p.State().Program; prog != "" {
		n.Set(doc.AttrProgram, prog)
	}
	return title, target
}

// tokenLink drops the group before a token's name: "~group:name".
func tokenLink(_ Parser, _ *doc.Node, explicit bool, title, target string) (string, string) {
	target = strings.TrimLeft(target, "~")
	if !explicit {
		if rest, ok := strings.CutPrefix(title, "~"); ok {
			title = rest[strings.LastIndexByte(rest, ':')+1:]
		}
	}
	return title, target
}

// anyLink gives a reference all the context there is.
func anyLink(p Parser, n *doc.Node, _ bool, title, target string) (string, string) {
	s := p.State()
	for key, v := range map[string]string{
		doc.AttrProgram: s.Program, doc.AttrPyModule: s.Module["py"], doc.AttrPyClass: s.Class["py"],
		doc.AttrJSModule: s.Module["js"], doc.AttrJSObject: s.Class["js"],
	} {
		if v != "" {
			n.Set(key, v)
		}
	}
	return title, target
}
