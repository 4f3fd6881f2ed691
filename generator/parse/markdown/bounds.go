package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
)

// goldmark looks for the end of a link, and for the partner of an emphasis,
// from every place where one may be, and goes into every quote and list. What
// no person writes makes that quadratic; so a page has an allowance of such
// work. When it is spent, marks are text.

const (
	// maxScanned is how many bytes a page may have looked at for links that
	// were none.
	maxScanned = 32 << 20
	// maxPairs is how many pairs of emphasis marks may be compared.
	maxPairs = 40e6
	// maxNested is how deep quotes, lists and definitions may stand in each
	// other, counted in goldmark's nodes: a list and its item are two.
	maxNested = 200
)

// An allowance is what is left of a page's work, and where it ended.
type allowance struct {
	scanned, pairs int
	marks          int // of emphasis, in the block being read
	// 1 + where in the piece it was spent, where blocks stand too deep, and
	// where a table is too sparse; 0 is nowhere.
	spent, nested, sparse int
	said                  [2]bool
}

var allowanceKey = parser.NewContextKey()

func allowanceOf(pc parser.Context) *allowance {
	if a, ok := pc.Get(allowanceKey).(*allowance); ok {
		return a
	}
	return &allowance{}
}

// sayBounds reports, once each, that a piece was cut short.
func (p *page) sayBounds(pc *piece) {
	a := &p.allowance
	if a.spent > 0 && !a.said[0] {
		p.Report(doc.Warning, "md-too-many", pc.at(a.spent-1), 1, "The page opens more links or emphases that do not end than are looked at; from here on such marks are text.",
			"Write a backslash before marks that are meant as text, or put them into a code block.")
	}
	if a.nested > 0 && !a.said[1] {
		p.Report(doc.Warning, "md-too-deep", pc.at(a.nested-1), 1, "Quotes and lists nest too deep here; the rest is shown as it is written.", "Nest fewer of them.")
	}
	if a.sparse > 0 {
		p.Report(doc.Warning, "md-table-sparse", pc.at(a.sparse-1), 1, "The table has far more columns than its rows fill; it is shown as it is written.", "Write the cells, or fewer columns.")
	}
	a.said = [2]bool{a.said[0] || a.spent > 0, a.said[1] || a.nested > 0}
	a.spent, a.nested, a.sparse = 0, 0, 0
}

// A boundedLink reads links and pictures within the allowance.
type boundedLink struct {
	parser.InlineParser
	spans bool // [text]{attributes} is read, too
}

func (p boundedLink) Parse(parent ast.Node, r text.Reader, pc parser.Context) ast.Node {
	a := allowanceOf(pc)
	line, seg := r.PeekLine()
	if a.scanned > maxScanned {
		return nil
	}
	var n ast.Node
	read := false
	if p.spans {
		n, read = p.span(parent, r, pc)
	}
	if !read {
		n = p.InlineParser.Parse(parent, r, pc)
	}
	if n == nil && line[0] == ']' {
		if len(line) > 1 && line[1] == '(' {
			a.scanned += len(line)
		} else {
			a.scanned += min(len(line), 1000) // a label is no longer
		}
		if a.scanned > maxScanned {
			a.spent = seg.Start + 1
		}
	}
	return n
}

func (p boundedLink) CloseBlock(parent ast.Node, r text.Reader, pc parser.Context) {
	p.InlineParser.(parser.CloseBlocker).CloseBlock(parent, r, pc)
}

// boundedMarks reads marks of emphasis within the allowance.
type boundedMarks struct{ parser.InlineParser }

func (p boundedMarks) Parse(parent ast.Node, r text.Reader, pc parser.Context) ast.Node {
	a := allowanceOf(pc)
	if a.pairs > maxPairs {
		return nil
	}
	_, seg := r.PeekLine()
	n := p.InlineParser.Parse(parent, r, pc)
	if n != nil {
		a.marks++
		if a.pairs += a.marks; a.pairs > maxPairs {
			a.spent = seg.Start + 1
		}
	}
	return n
}

func (p boundedMarks) CloseBlock(_ ast.Node, _ text.Reader, pc parser.Context) {
	allowanceOf(pc).marks = 0
}

// shallow opens a block unless it would stand too deep.
type shallow struct{ parser.BlockParser }

func (p shallow) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if depth++; depth > maxNested {
			_, seg := r.PeekLine()
			if a := allowanceOf(pc); a.nested == 0 {
				a.nested = seg.Start + 1
			}
			return nil, parser.NoChildren
		}
	}
	return p.BlockParser.Open(parent, r, pc)
}

// boundedInlines are goldmark's own parsers, those for links and emphasis
// within the allowance.
func boundedInlines(spans bool) []util.PrioritizedValue {
	all := parser.DefaultInlineParsers()
	for i, v := range all {
		switch v.Value {
		case parser.NewLinkParser():
			all[i].Value = boundedLink{parser.NewLinkParser(), spans}
		case parser.NewEmphasisParser():
			all[i].Value = boundedMarks{parser.NewEmphasisParser()}
		}
	}
	return all
}

// boundedBlocks are goldmark's own, without endless nesting.
func boundedBlocks() []util.PrioritizedValue {
	all := parser.DefaultBlockParsers()
	list, quote := parser.NewListParser(), parser.NewBlockquoteParser()
	for i, v := range all {
		if b, ok := v.Value.(parser.BlockParser); ok && (b == list || b == quote) {
			all[i].Value = shallow{b}
		}
	}
	return all
}

// boundedRefs takes the link definitions off the front of a paragraph, some
// lines at a time: goldmark copies all that follow for each of them.
type boundedRefs struct{ parser.ParagraphTransformer }

const refLines = 500

func (t boundedRefs) Transform(node *ast.Paragraph, r text.Reader, pc parser.Context) {
	for node.Lines().Len() > refLines {
		lines, part, rest := node.Lines(), ast.NewParagraph(), text.NewSegments()
		part.SetBlankPreviousLines(node.HasBlankPreviousLines())
		head := text.NewSegments()
		head.AppendAll(lines.Sliced(0, refLines))
		part.SetLines(head)
		parent := node.Parent()
		parent.InsertBefore(parent, node, part)
		t.ParagraphTransformer.Transform(part, r, pc)
		left := 0
		if part.Parent() != nil {
			left = part.Lines().Len()
			rest.AppendAll(part.Lines().Sliced(0, left))
			parent.RemoveChild(parent, part)
		}
		rest.AppendAll(lines.Sliced(refLines, lines.Len()))
		node.SetLines(rest)
		if left == refLines { // no definition stands first
			return
		}
	}
	t.ParagraphTransformer.Transform(node, r, pc)
}

func boundedParagraphs() []util.PrioritizedValue {
	all := parser.DefaultParagraphTransformers()
	for i, v := range all {
		if v.Value == any(parser.LinkReferenceParagraphTransformer) {
			all[i].Value = boundedRefs{parser.LinkReferenceParagraphTransformer}
		}
	}
	return all
}

// A boundedTable reads tables whose rows are not much shorter than their
// columns ask: what is left out is filled in, and a page of that could fill
// the memory.
type boundedTable struct{ parser.ParagraphTransformer }

func (t boundedTable) Transform(node *ast.Paragraph, r text.Reader, pc parser.Context) {
	lines, columns, size := node.Lines(), 0, 0
	for i := range lines.Len() {
		s := lines.At(i)
		columns = max(columns, bytes.Count(s.Value(r.Source()), []byte{'|'}))
		size += s.Len()
	}
	if cells := columns * lines.Len(); cells > 100_000 && cells > size {
		if a := allowanceOf(pc); a.sparse == 0 {
			a.sparse = lines.At(0).Start + 1
		}
		return
	}
	t.ParagraphTransformer.Transform(node, r, pc)
}
