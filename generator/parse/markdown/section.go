package markdown

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// A reader turns goldmark's tree of one piece into ours.
type reader struct {
	p       *page
	pc      *piece
	titles  bool // headings make sections here
	sidebar bool // it reads what a sidebar holds
	run     textRun
	gaps    bool // blanks at line starts count
	skip    int  // inline text that ends at or before this offset is left out
}

// sections reads the blocks of a whole piece and nests what follows a heading
// below it. A level that is left out nests one deep, with a warning, since a
// reader of headings hears the gap.
func (r *reader) sections(tree ast.Node) []*doc.Node {
	top := doc.New(doc.KindContainer, doc.Pos{})
	type open struct {
		node  *doc.Node
		level int
	}
	stack := []open{{top, 0}}
	for n := tree.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || !r.titles {
			r.block(stack[len(stack)-1].node, n)
			continue
		}
		for len(stack) > 1 && stack[len(stack)-1].level >= h.Level {
			stack = stack[:len(stack)-1]
		}
		parent := stack[len(stack)-1]
		pos := r.pc.at(h.Pos())
		if parent.level > 0 && h.Level > parent.level+1 {
			r.p.Report(doc.Warning, "md-heading-level", pos, h.Level,
				fmt.Sprintf("A heading of level %d follows one of level %d.", h.Level, parent.level),
				fmt.Sprintf("Write `%s`.", strings.Repeat("#", parent.level+1)))
		}
		title := doc.New(doc.KindTitle, pos, r.inlines(h)...)
		s := doc.New(doc.KindSection, pos, title)
		r.p.titleID(s, title)
		r.p.labels(parent.node, s)
		r.p.blockAttributes(s, r.p.attrs)
		r.p.attrs = nil
		parent.node.Append(s)
		stack = append(stack, open{s, h.Level})
	}
	r.p.leftAttributes()
	return top.Children
}

// rubric is a heading where no section can begin.
func (r *reader) rubric(h *ast.Heading) *doc.Node {
	return doc.New(doc.KindRubric, r.pc.at(h.Pos()), r.inlines(h)...).Set("heading-level", strconv.Itoa(h.Level))
}

// titleID gives a section the anchor that GitHub would give its title, and
// the name under which reStructuredText would find it.
func (p *page) titleID(s, title *doc.Node) {
	words := title.PlainText()
	id := Slug(words)
	if id == "" {
		id = "section"
	}
	p.uniqueID(s, id)
	if name := directive.NormalName(words); name != "" {
		s.AddName(name)
	}
}

// uniqueID gives a node an id, with a number behind it when it is taken.
func (p *page) uniqueID(n *doc.Node, id string) {
	if p.ids == nil {
		p.ids = map[string]*doc.Node{}
	}
	free := id
	for p.ids[free] != nil {
		if p.serial == nil {
			p.serial = map[string]int{}
		}
		p.serial[id]++
		free = id + "-" + strconv.Itoa(p.serial[id])
	}
	p.ids[free] = n
	n.AddID(free)
}

// numbered gives an id that is a prefix and the next free number.
func (p *page) numbered(prefix string) string {
	if p.serial == nil {
		p.serial = map[string]int{}
	}
	for {
		p.serial[prefix]++
		if id := prefix + "-" + strconv.Itoa(p.serial[prefix]); p.ids[id] == nil {
			return id
		}
	}
}

// Slug is the anchor that GitHub makes of a title: lower case, letters,
// digits, hyphens and underscores, blanks as hyphens.
func Slug(title string) string {
	var b strings.Builder
	for _, c := range strings.TrimSpace(title) {
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			b.WriteByte('-')
		case c == '-' || c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}
