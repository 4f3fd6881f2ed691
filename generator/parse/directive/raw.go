package directive

import (
	"fmt"
	"slices"
	"strings"

	"docent/generator/doc"
)

func raws(t *Table) {
	t.add(&Directive{Name: "raw", Required: 1, FinalSpace: true, Content: MayContent, Options: map[string]Check{
		"file": path, "url": path, "encoding": encoding, "class": classOption,
	}, Run: raw})
	t.role(rawRole, "raw")
}

// raw hands text through to one output format.
func raw(p Parser, b *Block) ([]*doc.Node, error) {
	format := strings.Join(strings.Fields(strings.ToLower(b.Arg(0))), " ")
	n := doc.New(doc.KindRaw, b.contentPos()).Set("format", format).Set("xml:space", "preserve")
	file, fromFile := b.Option("file")
	switch {
	case b.has("url"):
		return nil, &Fail{Severity: doc.Severe, Code: "url-refused", Message: "`raw` does not read from the network.",
			Hint: "Download the text into the content folder and name it with `:file:`.", Pos: b.valuePos("url"), Len: len(b.opt("url"))}
	case len(b.Content) > 0 && fromFile:
		return nil, failf("directive-content", "`raw` may not have both a file and content.")
	case fromFile:
		src, err := b.read(p, file, b.valuePos("file"), b.opt("encoding"))
		if err != nil {
			return nil, err
		}
		n.Pos = doc.Pos{File: p.Source(src)}
		n.Set("source", src.Name).Append(doc.NewText(n.Pos, src.Text))
	case len(b.Content) == 0:
		return nil, b.noContent()
	default:
		n.Append(doc.NewText(n.Pos, joinLines(b.Content)))
	}
	b.classes(n, "class")
	noteRaw(p, n, b.Pos, b.Len)
	return one(n)
}

// noteRaw says once per place that raw HTML will not be shown.
func noteRaw(p Parser, n *doc.Node, pos doc.Pos, length int) {
	if c := p.Config(); c != nil && c.AllowRaw || !slices.Contains(strings.Fields(n.Attr("format")), "html") {
		return
	}
	p.Report(doc.Info, "raw-left-out", pos, length, "Raw HTML is left out of the page.",
		"Allow it for the whole site if you trust every author, or write it with directives.")
}

func rawRole(p Parser, r *RoleUse) []*doc.Node {
	format, ok := r.Options["format"]
	if !ok {
		return r.problem(p, doc.Error, "role-raw", fmt.Sprintf("The role `%s` has no format.", r.Name),
			"Make a role of your own: `.. role:: raw-html(raw)` with `:format: html`.")
	}
	n := plain(doc.KindRaw, r.Pos, r.source()).Set("format", format).Set("xml:space", "preserve")
	noteRaw(p, n, r.Pos, r.Len)
	return r.give(n)
}

// HTML is a node that a directive or role of a program's own returns to write
// HTML itself. It is let through as it is: put nothing into it that a page
// says, unless it is escaped.
func HTML(pos doc.Pos, text string) *doc.Node {
	return doc.New(doc.KindRaw, pos, doc.NewText(pos, text)).Set("format", "html").Set("xml:space", "preserve").Set(doc.AttrTrusted, "1")
}
