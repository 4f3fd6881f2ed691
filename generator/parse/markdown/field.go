package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

var fieldKind = ast.NewNodeKind("MystFieldList")

// fieldParser reads a list of fields, `:name: body`, whose further lines are
// indented.
type fieldParser struct{}

func (fieldParser) Trigger() []byte { return []byte{':'} }

func (fieldParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || seg.Padding > 0 || fieldName(string(line[pos:])) == 0 {
		return nil, parser.NoChildren
	}
	b := &mystBlock{kind: fieldKind, open: pc.BlockIndent()}
	b.Lines().Append(text.NewSegment(seg.Start+pos, seg.Stop))
	r.AdvanceToEOL()
	return b, parser.NoChildren
}

func (fieldParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	line, seg := r.PeekLine()
	if !util.IsBlank(line) {
		if w, _ := util.IndentWidth(line, r.LineOffset()); w == 0 && fieldName(string(line)) == 0 {
			return parser.Close
		}
	}
	n.Lines().Append(seg)
	r.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (fieldParser) Close(ast.Node, text.Reader, parser.Context) {}
func (fieldParser) CanInterruptParagraph() bool                 { return false }
func (fieldParser) CanAcceptIndentedLine() bool                 { return false }

// fieldName gives the length of `:name:` at the start of a line, or 0.
func fieldName(s string) int {
	if len(s) < 3 || s[0] != ':' || s[1] == ':' || s[1] == ' ' {
		return 0
	}
	end := strings.IndexByte(s[1:], ':') + 1
	if end < 2 || s[end-1] == ' ' || strings.ContainsAny(s[1:end], "\n`") {
		return 0
	}
	if end+1 < len(s) && s[end+1] != ' ' && s[end+1] != '\t' && s[end+1] != '\n' && s[end+1] != '\r' {
		return 0
	}
	return end + 1
}

func (r *reader) fields(b *mystBlock) *doc.Node {
	list := doc.New(doc.KindFieldList, r.pc.at(b.Pos()))
	lines := r.lines(b.Lines())
	for i := 0; i < len(lines); {
		l := lines[i]
		k := fieldName(l.Text)
		if k == 0 {
			i++
			continue
		}
		name := l.Pos
		name.Off++
		f := doc.New(doc.KindField, l.Pos, doc.New(doc.KindFieldName, name, r.p.Inline(l.Text[1:k-1], name)...))
		body := []directive.Line{cut(l, k)}
		for i++; i < len(lines) && fieldName(lines[i].Text) == 0; i++ {
			body = append(body, lines[i])
		}
		dedent(body)
		f.Append(doc.New(doc.KindFieldBody, body[0].Pos, r.p.Blocks(body, false)...))
		list.Append(f)
	}
	return list
}

// cut drops the first k bytes of a line and the blanks after them.
func cut(l directive.Line, k int) directive.Line {
	rest := strings.TrimLeft(l.Text[k:], " \t")
	l.Pos.Off += int32(len(l.Text) - len(rest))
	l.Text = rest
	return l
}

// dedent takes the indentation that all lines but the first share off them.
func dedent(lines []directive.Line) {
	least := -1
	for _, l := range lines[1:] {
		if t := strings.TrimLeft(l.Text, " "); t != "" && (least < 0 || len(l.Text)-len(t) < least) {
			least = len(l.Text) - len(t)
		}
	}
	for i := range lines[1:] {
		l := &lines[i+1]
		k := max(0, min(least, len(l.Text)-len(strings.TrimLeft(l.Text, " "))))
		l.Text = l.Text[k:]
		l.Pos.Off += int32(k)
	}
}
