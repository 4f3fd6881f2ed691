package directive

import (
	"fmt"
	"strings"

	"docent/generator/doc"
)

// prose are Sphinx' directives for running text.
func prose(t *Table) {
	for name, label := range versionLabels {
		t.add(&Directive{Name: name, Required: 1, Optional: 1, FinalSpace: true, Content: MayContent, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			return versionChange(p, b, name, label)
		}})
	}
	t.add(&Directive{Name: "only", Required: 1, FinalSpace: true, Content: MayContent, Run: only})
	t.add(&Directive{Name: "centered", Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		return one(wrap(p, doc.KindCentered, b.Arg(0), b.ArgPos))
	}})
	t.add(&Directive{Name: "hlist", Content: MayContent, Options: map[string]Check{"columns": positive}, Run: hlist})
	t.add(&Directive{Name: "acks", Content: MayContent, Run: acks})
	t.add(&Directive{Name: "tabularcolumns", Required: 1, FinalSpace: true, Run: func(_ Parser, b *Block) ([]*doc.Node, error) {
		return one(doc.New(doc.KindTabularColSpec, b.Pos).Set("spec", b.Arg(0)))
	}})
	for name, before := range map[string]string{"sectionauthor": "Section author: ", "codeauthor": "Code author: ", "moduleauthor": "Module author: "} {
		t.add(&Directive{Name: name, Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			if c := p.Config(); c == nil || c.Values["show_authors"] != "true" { // as in Sphinx by default
				return nil, nil
			}
			text := append([]*doc.Node{doc.NewText(b.Pos, before)}, p.Inline(b.Arg(0), b.ArgPos)...)
			return one(doc.New(doc.KindParagraph, b.Pos, doc.New(doc.KindEmphasis, b.Pos, text...)))
		}})
	}
	t.add(&Directive{Name: "default-domain", Required: 1, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		p.State().found = nil
		p.State().Domain = strings.ToLower(b.Arg(0))
		return nil, nil
	}})
}

// versionLabels are the words that a change begins with, and their class.
var versionLabels = map[string][2]string{
	"versionadded":   {"New in version %s", "added"},
	"versionchanged": {"Changed in version %s", "changed"},
	"deprecated":     {"Deprecated since version %s", "deprecated"},
	"versionremoved": {"Removed in version %s", "removed"},
}

func versionChange(p Parser, b *Block, name string, label [2]string) ([]*doc.Node, error) {
	n := doc.New(doc.KindVersionmodified, b.Pos).Set(doc.AttrType, name).Set(doc.AttrVersion, b.Arg(0))
	if said := b.Arg(1); said != "" {
		pos := at(b.ArgPos, max(0, strings.Index(b.Args, said)))
		n.Append(wrap(p, doc.KindParagraph, said, pos))
	}
	n.Append(p.Blocks(b.Content, false)...)
	leadChange(n, b.Pos, label[1], label[0], b.Arg(0))
	return one(n)
}

// leadChange puts the label of a change, words with its versions, before its
// first paragraph.
func leadChange(n *doc.Node, pos doc.Pos, class, words string, versions ...string) {
	end := "."
	if len(n.Children) > 0 {
		end = ": "
	}
	lead := own(doc.KindInline, pos, words, versions...).AddClass("versionmodified", class)
	lead.Children[0].Text += end
	if len(n.Children) > 0 && n.Children[0].Kind == doc.KindParagraph {
		first := n.Children[0]
		first.Children = []*doc.Node{lead, doc.New(doc.KindInline, first.Pos, first.Children...)}
		return
	}
	n.Children = append([]*doc.Node{doc.New(doc.KindParagraph, pos, lead)}, n.Children...)
}

// only keeps its content with the expression; the renderer asks the site
// whether to show it. An expression that cannot be read is reported here.
func only(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindOnly, b.Pos).Set(doc.AttrExpr, b.Arg(0))
	if _, err := EvalTags(b.Arg(0), nil); err != nil {
		p.Report(doc.Warning, "only-expression", b.ArgPos, len(b.Args), fmt.Sprintf("The expression `%s` cannot be read: %v.", b.Arg(0), err),
			"Write tags with and, or, not and parentheses; the content is shown.")
		n.Set(doc.AttrExpr, "")
	}
	return one(n.Append(p.Blocks(b.Content, b.Titles)...))
}

// EvalTags answers an expression of tags with and, or, not and parentheses.
// The empty expression is true.
func EvalTags(expr string, tags map[string]bool) (bool, error) {
	e := tagExpr{tags: tags}
	e.words = strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expr))
	if len(e.words) == 0 {
		return true, nil
	}
	v, err := e.or()
	if err == nil && len(e.words) > 0 {
		err = fmt.Errorf("`%s` was not expected", e.words[0])
	}
	return v, err
}

type tagExpr struct {
	words []string
	tags  map[string]bool
	depth int
}

func (e *tagExpr) take(word string) bool {
	if len(e.words) > 0 && e.words[0] == word {
		e.words = e.words[1:]
		return true
	}
	return false
}

func (e *tagExpr) or() (bool, error) {
	v, err := e.and()
	for err == nil && e.take("or") {
		var w bool
		w, err = e.and()
		v = v || w
	}
	return v, err
}

func (e *tagExpr) and() (bool, error) {
	v, err := e.not()
	for err == nil && e.take("and") {
		var w bool
		w, err = e.not()
		v = v && w
	}
	return v, err
}

func (e *tagExpr) not() (bool, error) {
	if e.depth++; e.depth > 200 {
		return false, fmt.Errorf("it is nested too deeply")
	}
	defer func() { e.depth-- }()
	if e.take("not") {
		v, err := e.not()
		return !v, err
	}
	if e.take("(") {
		v, err := e.or()
		if err == nil && !e.take(")") {
			err = fmt.Errorf("a parenthesis is not closed")
		}
		return v, err
	}
	if len(e.words) == 0 {
		return false, fmt.Errorf("a tag is missing at its end")
	}
	word := e.words[0]
	switch word {
	case ")", "and", "or":
		return false, fmt.Errorf("a tag was expected before `%s`", word)
	case "true", "True":
		e.words = e.words[1:]
		return true, nil
	case "false", "False":
		e.words = e.words[1:]
		return false, nil
	}
	e.words = e.words[1:]
	return e.tags[word], nil
}

// onlyList gives the one bullet list that the content must be.
func onlyList(p Parser, b *Block) (*doc.Node, error) {
	body := p.Blocks(b.Content, false)
	if len(body) != 1 || body[0].Kind != doc.KindBulletList {
		return nil, &Fail{Severity: doc.Warning, Code: "directive-content", Message: fmt.Sprintf("The content of `%s` must be one bullet list.", b.Name),
			Hint: "Begin every item with `*` or `-`."}
	}
	return body[0], nil
}

func hlist(p Parser, b *Block) ([]*doc.Node, error) {
	list, err := onlyList(p, b)
	if err != nil {
		return nil, err
	}
	cols := b.number("columns")
	if cols == 0 {
		cols = 2
	}
	cols = min(cols, 100)
	n := doc.New(doc.KindHlist, b.Pos).Set(doc.AttrNumCols, fmt.Sprint(cols))
	per, more := len(list.Children)/cols, len(list.Children)%cols
	start := 0
	for c := range cols {
		end := start + per
		if c < more {
			end++
		}
		n.Append(doc.New(doc.KindHlistcol, b.Pos, doc.New(doc.KindBulletList, b.Pos, list.Children[start:end]...)))
		start = end
	}
	return one(n)
}

func acks(p Parser, b *Block) ([]*doc.Node, error) {
	list, err := onlyList(p, b)
	if err != nil {
		return nil, err
	}
	return one(doc.New(doc.KindAcks, b.Pos, list))
}
