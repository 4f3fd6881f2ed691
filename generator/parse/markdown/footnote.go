package markdown

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

var (
	noteKind    = ast.NewNodeKind("MystFootnote")
	noteRefKind = ast.NewNodeKind("MystFootnoteReference")
)

// noteParser reads a definition `[^label]: text`, whose further lines are
// indented by four.
type noteParser struct{}

func (noteParser) Trigger() []byte { return []byte{'['} }

func (noteParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || seg.Padding > 0 {
		return nil, parser.NoChildren
	}
	label, n := noteLabel(line[pos:])
	if n == 0 || pos+n >= len(line) || line[pos+n] != ':' {
		return nil, parser.NoChildren
	}
	r.Advance(pos + n + 1)
	return &mystBlock{kind: noteKind, label: label}, parser.HasChildren
}

func (noteParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	line, _ := r.PeekLine()
	if util.IsBlank(line) {
		return parser.Continue | parser.HasChildren
	}
	pos, padding := util.IndentPosition(line, r.LineOffset(), 4)
	if pos < 0 {
		return parser.Close
	}
	r.AdvanceAndSetPadding(pos, padding)
	return parser.Continue | parser.HasChildren
}

func (noteParser) Close(ast.Node, text.Reader, parser.Context) {}
func (noteParser) CanInterruptParagraph() bool                 { return true }
func (noteParser) CanAcceptIndentedLine() bool                 { return false }

// noteLabel reads [^label] at the start of a line and gives its length, or 0.
func noteLabel(line []byte) (label string, n int) {
	if len(line) < 4 || line[0] != '[' || line[1] != '^' {
		return "", 0
	}
	end := bytes.IndexByte(line[:min(len(line), 200)], ']')
	if end < 3 || bytes.ContainsAny(line[2:end], " \t\n[^") {
		return "", 0
	}
	return string(line[2:end]), end + 1
}

// mystInline is an inline element that goldmark does not know.
type mystInline struct {
	ast.BaseInline
	kind     ast.NodeKind
	name     string // of a role or a substitution; the label of a footnote
	from, to int    // the whole of it in the piece
	value    string // its content
	start    int    // where that begins
	display  bool
	attrs    []attribute
	hidden   *ast.Link // see boundedLink.span
}

func (n *mystInline) Kind() ast.NodeKind            { return n.kind }
func (n *mystInline) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// noteRefParser reads [^label]. Whether there is such a footnote is known at
// the end of the page.
type noteRefParser struct{}

func (noteRefParser) Trigger() []byte { return []byte{'['} }

func (noteRefParser) Parse(parent ast.Node, r text.Reader, pc parser.Context) ast.Node {
	line, seg := r.PeekLine()
	label, n := noteLabel(line)
	if n == 0 {
		return nil
	}
	r.Advance(n)
	return &mystInline{kind: noteRefKind, name: label, from: seg.Start, to: seg.Start + n}
}

// footnotes are those of a page, while it is read.
type footnotes struct {
	byLabel map[string]*doc.Node
	order   []*doc.Node // as they were written
	refs    []noteRef
}

type noteRef struct {
	node  *doc.Node // a footnote_reference, still empty
	label string
}

func (r *reader) note(b *mystBlock) {
	p := r.p
	pos := r.pc.at(b.Pos())
	label := directive.NormalName(b.label)
	n := doc.New(doc.KindFootnote, pos)
	r.children(n, b)
	if p.notes.byLabel[label] != nil {
		p.Report(doc.Warning, "md-duplicate-footnote", pos, len(b.label)+3, fmt.Sprintf("The footnote `%s` is already defined.", b.label),
			"Give one of the two another label.")
		return
	}
	if p.notes.byLabel == nil {
		p.notes.byLabel = map[string]*doc.Node{}
	}
	n.AddName(label)
	p.notes.byLabel[label] = n
	p.notes.order = append(p.notes.order, n)
}

func (r *reader) noteRef(m *mystInline) *doc.Node {
	n := doc.New(doc.KindFootnoteReference, r.pc.at(m.from))
	r.p.notes.refs = append(r.p.notes.refs, noteRef{n, m.name})
	return n
}

// finishNotes numbers the footnotes in the order in which the page refers to
// them and puts them at its end. A number that the author gave stays.
func (p *page) finishNotes() {
	taken := map[string]bool{}
	for _, n := range p.notes.order {
		if l := n.Names()[0]; isNumber(l) {
			taken[l] = true
		}
	}
	next := 0
	number := func() string {
		for {
			next++
			if s := strconv.Itoa(next); !taken[s] {
				return s
			}
		}
	}
	var placed []*doc.Node
	labels := map[*doc.Node]string{}
	place := func(n *doc.Node) string {
		if l, ok := labels[n]; ok {
			return l
		}
		name := n.Names()[0]
		l := name
		if !isNumber(name) {
			l = number()
			n.Set("auto", "1")
		}
		labels[n] = l
		p.uniqueID(n, "fn-"+labelID(name))
		n.Children = append([]*doc.Node{doc.New(doc.KindLabel, n.Pos, doc.NewText(n.Pos, l))}, n.Children...)
		placed = append(placed, n)
		return l
	}
	for _, ref := range p.notes.refs {
		note := p.notes.byLabel[directive.NormalName(ref.label)]
		if note == nil {
			p.Report(doc.Warning, "md-footnote-missing", ref.node.Pos, len(ref.label)+3, fmt.Sprintf("There is no footnote `%s`.", ref.label),
				fmt.Sprintf("Write `[^%s]: text` on a line of its own.", ref.label))
			// What was written stands there as text.
			ref.node.Kind = doc.KindInline
			ref.node.Append(doc.NewText(ref.node.Pos, "[^"+ref.label+"]"))
			continue
		}
		l := place(note)
		p.uniqueID(ref.node, "fnref-"+labelID(directive.NormalName(ref.label)))
		ref.node.Set("refid", note.IDs()[0]).Append(doc.NewText(ref.node.Pos, l))
		note.AddBackref(ref.node.IDs()[0])
	}
	for _, n := range p.notes.order {
		if _, ok := labels[n]; !ok {
			p.Report(doc.Warning, "md-footnote-unused", n.Pos, 1, fmt.Sprintf("Nothing refers to the footnote `%s`.", n.Names()[0]),
				"Refer to it, or remove it.")
			place(n)
		}
	}
	p.root.Append(placed...)
}

func isNumber(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && strconv.Itoa(n) == s
}
