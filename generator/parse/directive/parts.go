package directive

import (
	"fmt"
	"slices"
	"strings"

	"docent/generator/doc"
)

// parts are the directives about the page as a whole.
func parts(t *Table) {
	t.add(&Directive{Name: "contents", Optional: 1, FinalSpace: true, Options: map[string]Check{
		"depth": nonNegative, "local": flag, "backlinks": choice("top", "entry", "none"), "class": classOption,
	}, Run: contents})
	t.add(&Directive{Name: "sectnum", Options: map[string]Check{"depth": anyInt, "start": anyInt, "prefix": textRequired, "suffix": textRequired},
		Run: sectnum}, "section-numbering")
	t.add(&Directive{Name: "target-notes", Options: named, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		n := pending(b, "target-notes")
		if c := b.opt("class"); c != "" {
			n.Set(doc.AttrClass, c)
		}
		b.addName(p, n)
		return one(n)
	}})
	t.add(&Directive{Name: "header", Content: MustContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		return decorate(p, b, &p.State().Header)
	}})
	t.add(&Directive{Name: "footer", Content: MustContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		return decorate(p, b, &p.State().Footer)
	}})
	t.add(&Directive{Name: "title", Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		p.State().Title = b.Arg(0)
		return nil, nil
	}})
	t.add(&Directive{Name: "meta", Content: MustContent, Run: meta})
}

// decorate adds to the header or footer. What its content adds stands after it.
func decorate(p Parser, b *Block, to *[]*doc.Node) ([]*doc.Node, error) {
	before := len(*to)
	nodes := p.Blocks(b.Content, false)
	*to = slices.Insert(*to, before, nodes...)
	if *to == nil {
		*to = []*doc.Node{}
	}
	return nil, nil
}

// contents leaves a topic with a pending node: the list is made when all
// sections are known.
func contents(p Parser, b *Block) ([]*doc.Node, error) {
	if !b.Titles && !b.Sidebar {
		return nil, &Fail{Code: "directive-context", Message: "The `contents` directive may not stand within topics or body elements.",
			Hint: "Move it to the top level of the page or of a section."}
	}
	n := doc.New(doc.KindTopic, b.Pos).AddClass("contents")
	b.classes(n, "class")
	local := b.has("local")
	name := "contents"
	switch {
	case b.Arg(0) != "":
		title := wrap(p, doc.KindTitle, b.Arg(0), b.ArgPos)
		name = NormalName(title.PlainText())
		n.Append(title)
	case !local:
		n.Append(own(doc.KindTitle, b.Pos, "Contents"))
	}
	if local {
		n.AddClass("local")
	}
	todo := pending(b, "contents")
	for option, key := range map[string]string{"depth": doc.AttrDepth, "backlinks": doc.AttrBacklinks} {
		if v, ok := b.Option(option); ok {
			todo.Set(key, v)
		}
	}
	if local {
		todo.Set(doc.AttrLocal, "1")
	}
	return one(n.AddName(name).Append(todo))
}

func sectnum(p Parser, b *Block) ([]*doc.Node, error) {
	n := pending(b, "sectnum")
	for option, key := range map[string]string{"depth": doc.AttrDepth, "start": doc.AttrStart, "prefix": doc.AttrPrefix, "suffix": doc.AttrSuffix} {
		if v, ok := b.Option(option); ok {
			n.Set(key, v)
		}
	}
	return one(n)
}

// dedent cuts the indentation that all lines but the blank ones share.
func dedent(lines []string) {
	shared := -1
	for _, l := range lines {
		if in := len(l) - len(strings.TrimLeft(l, " ")); l != "" && (shared < 0 || in < shared) {
			shared = in
		}
	}
	for i, l := range lines {
		if l != "" {
			lines[i] = l[shared:]
		}
	}
}

// meta reads a field list of HTML meta elements; they stand at the start of
// the document, and so do, as in docutils, messages about them.
func meta(p Parser, b *Block) ([]*doc.Node, error) {
	for i := 0; i < len(b.Content); {
		l := b.Content[i]
		m := fieldMarker(l.Text)
		if m == 0 {
			return nil, &Fail{Code: "meta-syntax", Message: "The content of `meta` must be fields.", Hint: "Write `:name: content`.", Pos: l.Pos, Len: len(l.Text)}
		}
		name := unescape(l.Text[1 : m-1])
		parts := []string{strings.TrimSpace(l.Text[m:])}
		for i++; i < len(b.Content) && (strings.HasPrefix(b.Content[i].Text, " ") || blank(b.Content[i].Text)); i++ {
			parts = append(parts, strings.TrimRight(b.Content[i].Text, " "))
		}
		dedent(parts[1:]) // what is further in stays so, as in docutils
		for len(parts) > 0 && parts[0] == "" {
			parts = parts[1:] // blank lines after it count, as in docutils
		}
		if len(parts) == 0 {
			p.Report(doc.Info, "meta-empty", l.Pos, m, fmt.Sprintf("The meta element `%s` has no content.", name), "Write its content after the colon.")
			p.State().Meta = append(p.State().Meta, doc.New(doc.KindSystemMessage, l.Pos))
			continue
		}
		n := doc.New(doc.KindMeta, l.Pos).Set("content", unescape(strings.Join(parts, " ")))
		if bad := metaName(n, name); bad != "" {
			p.Report(doc.Error, "meta-syntax", l.Pos, m, fmt.Sprintf("`%s` in the meta element `%s` is no attribute.", bad, name), "Write `name=value`.")
			p.State().Meta = append(p.State().Meta, doc.New(doc.KindSystemMessage, l.Pos))
			continue
		}
		p.State().Meta = append(p.State().Meta, n)
	}
	return nil, nil
}

// metaName takes the name of a meta element and attributes after it over, and
// gives the first of them that is none.
func metaName(n *doc.Node, name string) (bad string) {
	for k, token := range strings.Fields(name) {
		key, value, ok := strings.Cut(token, "=")
		switch {
		case ok && key != "" && value != "":
			n.Set(strings.ToLower(key), strings.Trim(value, `"'`))
		case k == 0:
			n.Set("name", token)
		default:
			return token
		}
	}
	return ""
}
