package markdown

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
)

var (
	mathKind      = ast.NewNodeKind("MystMath")
	mathBlockKind = ast.NewNodeKind("MystMathBlock")
)

// mathParser reads $x$ and $$x$$ inside a line. So that prices and shell
// variables stay what they are, no blank stands inside next to the signs, and
// no letter or digit follows the last.
type mathParser struct{}

func (mathParser) Trigger() []byte { return []byte{'$'} }

func (mathParser) Parse(parent ast.Node, r text.Reader, pc parser.Context) ast.Node {
	line, seg := r.PeekLine()
	signs := 1
	if len(line) > 1 && line[1] == '$' {
		signs = 2
	}
	if signs >= len(line) || signs == 1 && util.IsSpace(line[1]) {
		return nil
	}
	if prev := r.PrecendingCharacter(); prev == '\\' || prev == '$' {
		return nil
	}
	for i := signs; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '$':
			if signs == 2 && (i+1 >= len(line) || line[i+1] != '$') {
				continue
			}
			after := byte(' ')
			if i+signs < len(line) {
				after = line[i+signs]
			}
			if i == signs || signs == 1 && (util.IsSpace(line[i-1]) || util.IsAlphaNumeric(after) || after == '$') {
				return nil
			}
			r.Advance(i + signs)
			return &mystInline{kind: mathKind, from: seg.Start, to: seg.Start + i + signs, start: seg.Start + signs,
				value: string(line[signs:i]), display: signs == 2}
		}
	}
	return nil
}

// mathBlockParser reads a formula between lines of $$, the last maybe with a
// label: $$ (label).
type mathBlockParser struct{}

func (mathBlockParser) Trigger() []byte { return []byte{'$'} }

func (mathBlockParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || !bytes.HasPrefix(line[pos:], []byte("$$")) {
		return nil, parser.NoChildren
	}
	b := &mystBlock{kind: mathBlockKind}
	from := pos + 2
	off := seg.Start - seg.Padding
	rest := line[from:]
	if i := bytes.Index(rest, []byte("$$")); i >= 0 {
		label, ok := mathLabel(rest[i+2:])
		if !ok || util.IsBlank(rest[:i]) {
			return nil, parser.NoChildren
		}
		b.label, b.shut = label, true
		b.Lines().Append(text.NewSegment(off+from, off+from+i))
	} else if !util.IsBlank(rest) {
		b.Lines().Append(text.NewSegment(off+from, seg.Stop))
	}
	r.AdvanceToEOL()
	return b, parser.NoChildren
}

func (mathBlockParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	b := n.(*mystBlock)
	if b.shut {
		return parser.Close
	}
	line, seg := r.PeekLine()
	if i := bytes.Index(line, []byte("$$")); i >= 0 {
		if label, ok := mathLabel(line[i+2:]); ok {
			b.label, b.shut = label, true
			if !util.IsBlank(line[:i]) {
				b.Lines().Append(text.NewSegmentPadding(seg.Start, seg.Start-seg.Padding+i, seg.Padding))
			}
			r.AdvanceToEOL()
			return parser.Close
		}
	}
	b.Lines().Append(seg)
	r.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (mathBlockParser) Close(ast.Node, text.Reader, parser.Context) {}
func (mathBlockParser) CanInterruptParagraph() bool                 { return true }
func (mathBlockParser) CanAcceptIndentedLine() bool                 { return false }

// A latexParser reads a formula that is an environment of LaTeX's amsmath, from
// \begin{align} to \end{align}, as MyST's extension amsmath does.
type latexParser struct{ mathBlockParser }

func (latexParser) Trigger() []byte { return []byte{'\\'} }

// latexEnvironments are those that stand outside of other mathematics.
var latexEnvironments = map[string]bool{"equation": true, "multline": true, "gather": true, "align": true, "alignat": true, "flalign": true,
	"eqnarray": true, "matrix": true, "pmatrix": true, "bmatrix": true, "Bmatrix": true, "vmatrix": true, "Vmatrix": true}

func (latexParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 {
		return nil, parser.NoChildren
	}
	rest, ok := bytes.CutPrefix(line[pos:], []byte(`\begin{`))
	name, _, closed := bytes.Cut(rest[:min(len(rest), 20)], []byte("}"))
	if !ok || !closed || !latexEnvironments[strings.TrimSuffix(string(name), "*")] {
		return nil, parser.NoChildren
	}
	b := &mystBlock{kind: mathBlockKind, end: `\end{` + string(name) + "}"}
	r.Advance(pos)
	return b, latexParser{}.Continue(b, r, pc)
}

func (latexParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	b := n.(*mystBlock)
	if b.shut {
		return parser.Close
	}
	line, seg := r.PeekLine()
	if _, after, ok := bytes.Cut(line, []byte(b.end)); ok && util.IsBlank(after) {
		b.shut = true
	}
	b.Lines().Append(seg)
	r.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

// mathLabel reads what may follow the closing $$.
func mathLabel(rest []byte) (label string, ok bool) {
	s := strings.TrimSpace(string(rest))
	if s == "" {
		return "", true
	}
	if len(s) > 2 && s[0] == '(' && strings.IndexByte(s, ')') == len(s)-1 {
		return strings.TrimSpace(s[1 : len(s)-1]), true
	}
	return "", false
}

func (r *reader) mathBlock(b *mystBlock) *doc.Node {
	pos := r.pc.at(b.Pos())
	if !b.shut {
		r.p.Report(doc.Warning, "md-math-open", pos, 2, "The formula that begins here does not end.", "End it with a line `"+cmp.Or(b.end, "$$")+"`.")
	}
	var lines []string
	for _, l := range r.lines(b.Lines()) {
		lines = append(lines, l.Text)
	}
	at := pos
	if b.Lines().Len() > 0 {
		at = r.pc.at(b.Lines().At(0).Start)
	}
	n := doc.New(doc.KindMathBlock, pos, doc.NewText(at, strings.Trim(strings.Join(lines, "\n"), "\n ")))
	if b.label != "" {
		n.Set(doc.AttrLabel, b.label)
		r.p.uniqueID(n, "equation-"+labelID(b.label))
	}
	return n
}
