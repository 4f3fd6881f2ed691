package rst

import (
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// biblioFields are the fields of a page's top that have an element of their
// own.
var biblioFields = map[string]doc.Kind{
	"author": doc.KindAuthor, "authors": doc.KindAuthors, "organization": doc.KindOrganization, "contact": doc.KindContact,
	"address": doc.KindAddress, "version": doc.KindVersion, "revision": doc.KindRevision, "status": doc.KindStatus,
	"date": doc.KindDate, "copyright": doc.KindCopyright, "dedication": doc.KindTopic, "abstract": doc.KindTopic,
}

// docInfo carries out docutils' DocInfo transform: a field list at the top of
// the page, before which only its title and what is not shown may stand,
// becomes its bibliographic data.
func (p *parser) docInfo() {
	i := slices.IndexFunc(p.root.Children, func(c *doc.Node) bool { return !preBibliographic(c) })
	if i < 0 || p.root.Children[i].Kind != doc.KindFieldList {
		return
	}
	list := p.root.Children[i]
	info := doc.New(doc.KindDocinfo, list.Pos)
	topics := map[string]*doc.Node{}
	for _, f := range list.Children {
		p.biblio(f, info, topics)
	}
	p.root.Children = slices.Delete(p.root.Children, i, i+1)
	var out []*doc.Node
	if len(info.Children) > 0 {
		out = append(out, info)
	}
	for _, name := range []string{"dedication", "abstract"} {
		if t := topics[name]; t != nil {
			out = append(out, t)
		}
	}
	at := slices.IndexFunc(p.root.Children, func(c *doc.Node) bool {
		return !c.Is(doc.KindTitle, doc.KindSubtitle, doc.KindDecoration, doc.KindMeta)
	})
	if at < 0 {
		at = len(p.root.Children)
	}
	p.root.Children = slices.Insert(p.root.Children, at, out...)
}

// biblio takes one field over, as what it is or as a plain field.
func (p *parser) biblio(f, info *doc.Node, topics map[string]*doc.Node) {
	name := directive.NormalName(f.Children[0].PlainText())
	kind, known := biblioFields[name]
	if known && len(f.Children) == 2 && p.biblioBody(f, name, kind, info, topics) {
		return
	}
	if len(f.Children) == 2 {
		if body := f.Children[1]; len(body.Children) == 1 && body.Children[0].Kind == doc.KindParagraph {
			expandKeyword(body.Children[0])
		}
	}
	if class := directive.MakeID(name); class != "" {
		f.AddClass(class)
	}
	info.Append(f)
}

func (p *parser) biblioBody(f *doc.Node, name string, kind doc.Kind, info *doc.Node, topics map[string]*doc.Node) bool {
	body := f.Children[1].Children
	complain := func(what string) bool {
		p.Report(doc.Warning, "rst-docinfo", f.Pos, len(name)+2, "The bibliographic field `"+name+"` "+what+".", "It is kept as a plain field.")
		return false
	}
	if len(body) == 0 {
		return complain("is empty")
	}
	switch kind {
	case doc.KindTopic:
		if topics[name] != nil {
			return complain("is there twice")
		}
		title := doc.New(doc.KindTitle, f.Pos, doc.NewText(f.Pos, strings.ToUpper(name[:1])+name[1:]))
		topics[name] = doc.New(doc.KindTopic, f.Pos, title).AddClass(name).Append(body...)
	case doc.KindAuthors:
		authors := authorsOf(body)
		if len(authors) == 0 {
			return complain("holds neither a paragraph, nor paragraphs, nor a bullet list of them")
		}
		info.Append(doc.New(doc.KindAuthors, f.Pos, authors...))
	default:
		if len(body) > 1 {
			return complain("has more than one paragraph")
		}
		if body[0].Kind != doc.KindParagraph {
			return complain("holds something other than a paragraph")
		}
		expandKeyword(body[0])
		n := doc.New(kind, f.Pos, body[0].Children...)
		if kind == doc.KindAddress {
			n.Set("xml:space", "preserve")
		}
		info.Append(n)
	}
	return true
}

// authorsOf reads one paragraph of names, several paragraphs, or a bullet
// list, each of one name.
func authorsOf(body []*doc.Node) []*doc.Node {
	var out []*doc.Node
	name := func(n *doc.Node) bool {
		if n.Kind != doc.KindParagraph {
			return false
		}
		out = append(out, doc.New(doc.KindAuthor, n.Pos, n.Children...))
		return true
	}
	switch {
	case len(body) == 1 && body[0].Kind == doc.KindParagraph:
		text := body[0].PlainText()
		names := strings.Split(text, ";")
		if len(names) == 1 {
			names = strings.Split(text, ",")
		}
		for _, s := range names {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, doc.New(doc.KindAuthor, body[0].Pos, doc.NewText(body[0].Pos, s)))
			}
		}
	case len(body) == 1 && body[0].Kind == doc.KindBulletList:
		for _, item := range body[0].Children {
			if len(item.Children) != 1 || !name(item.Children[0]) {
				return nil
			}
		}
	default:
		for _, n := range body {
			if !n.Is(doc.KindComment) && !name(n) {
				return nil
			}
		}
	}
	return out
}

var keywords = []struct {
	pattern *regexp.Regexp
	to      string
}{
	{regexp.MustCompile(`\$Date: (\d\d\d\d)[-/](\d\d)[-/](\d\d)[ T][\d:]+[^$]* \$`), "$1-$2-$3"},
	{regexp.MustCompile(`\$RCSfile: (.+),v \$`), "$1"},
	{regexp.MustCompile(`\$[a-zA-Z]+: (.+) \$`), "$1"},
}

// expandKeyword takes the marks of a version control system's keyword away.
func expandKeyword(n *doc.Node) {
	if len(n.Children) != 1 || n.Children[0].Kind != doc.KindText {
		return
	}
	text := n.Children[0]
	for _, k := range keywords {
		if k.pattern.MatchString(text.Text) {
			text.Text = k.pattern.ReplaceAllString(text.Text, k.to)
			text.Unset(doc.AttrEscaped)
			return
		}
	}
}
