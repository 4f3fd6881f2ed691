package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"docent/generator/doc"
)

var (
	commentKind = ast.NewNodeKind("MystComment")
	breakKind   = ast.NewNodeKind("MystBlockBreak")
)

// percentParser reads lines that begin with %: a comment.
type percentParser struct{}

func (percentParser) Trigger() []byte { return []byte{'%'} }

func (percentParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || line[pos] != '%' {
		return nil, parser.NoChildren
	}
	n := &mystBlock{kind: commentKind}
	n.Lines().Append(text.NewSegment(min(seg.Start-seg.Padding+pos+1, seg.Stop), seg.Stop))
	r.AdvanceToEOL()
	return n, parser.NoChildren
}

func (percentParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	line, seg := r.PeekLine()
	if len(line) == 0 || line[0] != '%' {
		return parser.Close
	}
	n.Lines().Append(text.NewSegment(min(seg.Start+1, seg.Stop), seg.Stop))
	r.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (percentParser) Close(ast.Node, text.Reader, parser.Context) {}
func (percentParser) CanInterruptParagraph() bool                 { return true }
func (percentParser) CanAcceptIndentedLine() bool                 { return false }

// breakParser reads a line `+++`, maybe with data behind it: it parts cells
// of a notebook and shows nothing.
type breakParser struct{}

func (breakParser) Trigger() []byte { return []byte{'+'} }

func (breakParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || !strings.HasPrefix(string(line[pos:min(len(line), pos+3)]), "+++") {
		return nil, parser.NoChildren
	}
	n := &mystBlock{kind: breakKind}
	n.Lines().Append(text.NewSegment(min(seg.Start-seg.Padding+pos+3, seg.Stop), seg.Stop))
	r.AdvanceToEOL()
	return n, parser.NoChildren
}

func (breakParser) Continue(ast.Node, text.Reader, parser.Context) parser.State { return parser.Close }
func (breakParser) Close(ast.Node, text.Reader, parser.Context)                 {}
func (breakParser) CanInterruptParagraph() bool                                 { return true }
func (breakParser) CanAcceptIndentedLine() bool                                 { return false }

// comment makes a comment node of text.
func comment(pos doc.Pos, s string) *doc.Node {
	n := doc.New(doc.KindComment, pos)
	if s = strings.TrimSpace(s); s != "" {
		n.Append(doc.NewText(pos, s))
	}
	return n
}

// htmlComment gives the inside of a text that is one HTML comment and
// nothing else.
func htmlComment(s string) (string, bool) {
	s = strings.TrimSpace(s)
	rest, ok := strings.CutPrefix(s, "<!--")
	if !ok {
		return "", false
	}
	inside, ok := strings.CutSuffix(rest, "-->")
	if !ok || strings.Contains(inside, "-->") {
		return "", false
	}
	return inside, true
}
