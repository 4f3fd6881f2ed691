package rst

import (
	"slices"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

// A body reads a block of lines into the children of a node.
type body struct {
	p      *parser
	lines  []line
	i      int // the line to read next
	parent *doc.Node
	titles bool // sections may begin here

	sidebar bool // the lines are those of a sidebar

	// With titles: where the outermost sections go, those that are open, and
	// which styles of title stand for which level.
	root  *doc.Node
	open  []*doc.Node
	brief []bool // which of those have an overline of less than four characters
	level int    // that a title last asked for, while lines before it are read again; or 0
	memo  *titleMemo

	holder doc.Node // of what is read for a directive
}

func (b *body) run() {
	outer := b.p.body
	b.p.body = b
	for b.i < len(b.lines) {
		b.element()
	}
	b.p.body = outer
}

// nested reads lines into a node, one level deeper. What is nested too deep
// is kept as a literal block.
func (p *parser) nested(lines []line, into *doc.Node) {
	if len(lines) == 0 {
		return
	}
	b := p.newBody()
	*b = body{p: p, lines: lines, parent: into, root: into}
	b.runNested()
	p.idle = append(p.idle, b)
}

func (p *parser) newBody() *body {
	if k := len(p.idle); k > 0 {
		b := p.idle[k-1]
		p.idle = p.idle[:k-1]
		return b
	}
	return new(body)
}

func (b *body) runNested() {
	p := b.p
	if p.depth >= maxDepth {
		p.at(doc.Error, "rst-nesting", b.lines[0], "Take some levels out, or start a new section.",
			"Body elements are nested more than %d levels deep.", maxDepth)
		r := p.join(b.lines)
		b.parent.Append(literalBlock(r.base, r.text))
		return
	}
	p.depth++
	b.run()
	p.depth--
}

// source is the file that the current line comes from.
func (b *body) source() *file { return b.p.files[b.pos().File] }

// pos is the place of the current line, or of the end.
func (b *body) pos() doc.Pos {
	if len(b.lines) == 0 {
		return doc.Pos{}
	}
	return b.lines[max(0, min(b.i, len(b.lines))-1)].Pos
}

// insert puts lines before the next one to be read.
func (b *body) insert(lines []line) { b.lines = slices.Insert(slices.Clip(b.lines), b.i, lines...) }

// blankAt reports whether line i is blank or the end.
func (b *body) blankAt(i int) bool { return i >= len(b.lines) || blank(b.lines[i].Text) }

// message reports about a line, and leaves a message in the tree.
func (b *body) message(sev doc.Severity, code string, l line, hint, format string, args ...any) *doc.Node {
	return b.p.message(b.parent, sev, code, l.Pos, len(l.Text), hint, format, args...)
}

// unindent warns that a construct ended without a blank line.
func (b *body) unindent(what string) {
	if b.i < len(b.lines) {
		b.message(doc.Warning, "rst-unindent", b.lines[b.i], "Put a blank line before this line, or indent it like the lines above.",
			"%s ends without a blank line.", what)
	}
}

// element reads one body element. It looks at the first characters only; the
// order among constructs that start alike is docutils'.
func (b *body) element() {
	s := b.lines[b.i].Text
	if blank(s) {
		b.i++
		return
	}
	c := s[0]
	switch {
	case c == ' ':
		b.indented()
		return
	case c >= utf8.RuneSelf:
		if size, _ := bulletMarker(s); size > 0 {
			b.bulletList()
		} else {
			b.text()
		}
		return
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		if len(s) > 1 && enumeratorEnd(s) > 0 && b.enumeratedList() {
			return
		}
		b.text()
		return
	case c < ' ':
		b.text()
		return
	}
	switch c {
	case '-', '+', '*':
		if size, _ := bulletMarker(s); size > 0 {
			b.bulletList()
			return
		}
		if c != '*' && b.optionList() {
			return
		}
		if c == '+' && gridTop(s) {
			b.gridTable()
			return
		}
	case '/':
		if b.optionList() {
			return
		}
	case '#', '(':
		if enumeratorEnd(s) > 0 && b.enumeratedList() {
			return
		}
	case ':':
		if isField(s) {
			b.fieldList()
			return
		}
	case '>':
		if strings.HasPrefix(s, ">>>") && (len(s) == 3 || s[3] == ' ') {
			b.doctest()
			return
		}
	case '|':
		if len(s) == 1 || s[1] == ' ' {
			b.lineBlock()
			return
		}
	case '=':
		if simpleTop(s) {
			b.simpleTable()
			return
		}
	case '.':
		if explicitMarker(s) {
			b.explicit()
			return
		}
	case '_':
		if anonymousMarker(s) {
			b.anonymousTarget()
			return
		}
	}
	if adornment(s) {
		b.adorned()
		return
	}
	b.text()
}

// adornment reports whether a line is one punctuation character repeated.
func adornment(s string) bool {
	s = strings.TrimRight(s, " ")
	if s == "" || s[0] >= utf8.RuneSelf || ascii[s[0]]&charPunct == 0 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			return false
		}
	}
	return true
}

// An extent says how get_indented takes lines.
type extent struct {
	first      int  // bytes of the first line that are marker; -1: the first line is like the others
	known      int  // columns of indentation, or -1 to take the least there is
	untilBlank bool // a blank line ends the block
	keep       bool // leave the indentation of all lines but the first
}

// take takes indented lines from line start. It gives the lines without their
// indentation, the columns of indentation, the line after them, and whether
// the block ended with a blank line or the end of the text.
func (b *body) take(start int, x extent) (block []line, indent, next int, finished bool) {
	end := start
	indent = x.known
	if x.first >= 0 {
		end++
	}
	finished = true
	for ; end < len(b.lines); end++ {
		s := b.lines[end].Text
		if s == "" {
			if x.untilBlank {
				break
			}
			continue
		}
		if s[0] != ' ' {
			finished = end > start && blank(b.lines[end-1].Text)
			break
		}
		columns, bytes := leading(s)
		if x.known >= 0 && columns < x.known && bytes < len(s) {
			finished = end > start && blank(b.lines[end-1].Text)
			break
		}
		if bytes == len(s) {
			if x.untilBlank {
				break
			}
			continue
		}
		if x.known < 0 && (indent < 0 || columns < indent) {
			indent = columns
		}
	}
	if end == start {
		return nil, max(indent, 0), end, finished
	}
	block = b.p.copyLines(b.lines[start:end])
	i := 0
	if x.first >= 0 {
		block[0] = cut(block[0], min(x.first, len(block[0].Text)))
		i = 1
	}
	if indent > 0 && !x.keep {
		for ; i < len(block); i++ {
			block[i] = cutColumns(block[i], indent)
		}
	}
	return block, max(indent, 0), end, finished
}

// copyLines copies lines into memory that many blocks of the page share.
func (p *parser) copyLines(lines []line) []line {
	k := len(lines)
	if cap(p.cuts)-len(p.cuts) < k {
		p.cuts = make([]line, 0, max(k, min(256, max(16, 2*cap(p.cuts)))))
	}
	from := len(p.cuts)
	p.cuts = append(p.cuts, lines...)
	return p.cuts[from : from+k : from+k]
}

// dropBlankTop drops blank lines at the start.
func dropBlankTop(lines []line) []line {
	for len(lines) > 0 && blank(lines[0].Text) {
		lines = lines[1:]
	}
	return lines
}

func dropBlankEnd(lines []line) []line {
	for len(lines) > 0 && blank(lines[len(lines)-1].Text) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// text reads a title, a definition list or a paragraph.
func (b *body) text() {
	start := b.i
	if start+1 < len(b.lines) && !blank(b.lines[start+1].Text) {
		next := b.lines[start+1].Text
		if next[0] == ' ' {
			b.definitionList()
			return
		}
		if adornment(next) && b.underlined() {
			return
		}
	}
	b.paragraph()
}

// paragraph reads lines up to a blank or indented one, and the literal block
// that a "::" at their end announces.
func (b *body) paragraph() {
	start, end := b.i, b.i+1
	indented := false
	for ; end < len(b.lines) && !blank(b.lines[end].Text); end++ {
		if b.lines[end].Text[0] == ' ' {
			indented = end > start+1
			break
		}
	}
	b.i = end
	r := b.p.join(b.lines[start:end])
	text := strings.TrimRightFunc(r.text, isSpace)
	literal, alone := announces(text), false
	if literal {
		switch {
		case len(text) == 2:
			alone = true
		case text[len(text)-3] == ' ' || text[len(text)-3] == '\n':
			text = strings.TrimRightFunc(text[:len(text)-3], isSpace)
		default:
			text = text[:len(text)-1]
		}
	}
	if !alone {
		r.text = text
		n := b.p.state.Make.New(doc.KindParagraph, r.base)
		// Messages about targets stand before the paragraph, all others after.
		late := &b.p.late
		n.Children = b.p.inlineWith(&r, false, late)
		b.p.state.Make.Append(b.parent, n)
		if len(late.Children) > 0 {
			b.parent.Append(late.Children...)
			late.Children = nil
		}
	}
	if indented {
		b.message(doc.Error, "rst-indent", b.lines[end], "Put a blank line before it for a block quote, or align it with the lines above.",
			"This line is indented, and the paragraph above it goes on.")
	}
	if literal {
		b.literal()
	}
}

// announces reports whether a text ends with "::" that is not escaped.
func announces(s string) bool {
	if !strings.HasSuffix(s, "::") {
		return false
	}
	n := 0
	for i := len(s) - 3; i >= 0 && s[i] == '\\'; i-- {
		n++
	}
	return n%2 == 0
}
