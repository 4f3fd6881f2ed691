package rst

import (
	"container/heap"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

// gridTop reports whether a line is a border of a grid table.
func gridTop(s string) bool { return border(s, '-') }

func border(s string, fill byte) bool {
	s = strings.TrimRight(s, " ")
	if len(s) < 5 || s[0] != '+' || s[1] != fill || s[len(s)-1] != '+' || s[len(s)-2] != fill {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != fill && s[i] != '+' {
			return false
		}
	}
	return true
}

// A cell is one entry of a table: what it spans and the lines in it.
type cell struct {
	top, left, bottom, right int
	moreRows, moreCols       int
	lines                    []line
}

// gridTable reads a table drawn with lines on all sides.
func (b *body) gridTable() {
	start, end := b.i, b.i
	finished := true
	for end < len(b.lines) && !blank(b.lines[end].Text) {
		if b.lines[end].Text[0] == ' ' {
			b.message(doc.Error, "rst-indent", b.lines[end], "Put a blank line after the table.", "This line is indented, and the table above it goes on.")
			finished = false
			break
		}
		end++
	}
	for i := start; i < end; i++ {
		if c := b.lines[i].Text[0]; c != '+' && c != '|' {
			finished = false
			end = i
			break
		}
	}
	block := b.lines[start:end]
	b.i = end
	if !gridTop(block[len(block)-1].Text) {
		finished = false
		found := false
		for i := len(block) - 2; i > 1; i-- {
			if gridTop(block[i].Text) {
				// The reference goes on two lines before the border.
				b.i = start + i - 1
				block = block[:i+1]
				found = true
				break
			}
		}
		if !found {
			b.malformed(block, "It has no bottom border.")
			b.afterTable(finished)
			return
		}
	}
	g, ok := newGrid(block)
	if !ok {
		b.malformed(block, "Its right edge is not straight: every line ends with `+` or `|` in the same column.")
		b.afterTable(finished)
		return
	}
	if problem := g.parse(); problem != "" {
		b.malformed(block, problem)
	} else {
		b.parent.Append(g.table(b.p, block[0].Pos))
	}
	b.afterTable(finished)
}

func (b *body) afterTable(finished bool) {
	if !finished {
		b.message(doc.Warning, "rst-unindent", b.lines[min(b.i, len(b.lines)-1)], "Put a blank line after the table.", "The table ends without a blank line.")
	}
}

func (b *body) malformed(block []line, detail string) {
	b.message(doc.Error, "rst-malformed-table", block[0], "The table is shown as it is written.", "The table is malformed. %s", detail).Append(shown(block...))
}

// A grid is a table's text by row and column. Wide characters take two
// columns.
type grid struct {
	lines  []line
	cols   [][]int32 // byte offset of each column, for lines that are not ASCII
	bottom int       // index of the last row
	right  int
	done   []int
	cells  []*cell
	rows   []bool // rows and columns where a cell begins or ends
	col    []bool
	head   int // row of the "===" separator, or 0
}

func newGrid(block []line) (*grid, bool) {
	g := &grid{lines: make([]line, len(block)), cols: make([][]int32, len(block))}
	for i, l := range block {
		l.Text = strings.TrimRightFunc(l.Text, isSpace)
		g.lines[i] = l
		g.cols[i] = columns(l.Text)
	}
	g.right = g.width(0) - 1
	g.bottom = len(block) - 1
	for i := range block {
		if c := g.lines[i].Text; g.width(i) != g.right+1 || c[len(c)-1] != '+' && c[len(c)-1] != '|' {
			return nil, false
		}
	}
	return g, true
}

// columns gives the byte offset of each column, and of the end, or nil when
// the text is ASCII. The second column of a wide character has the offset of
// what follows it.
func columns(s string) []int32 {
	i := 0
	for i < len(s) && s[i] < utf8.RuneSelf {
		i++
	}
	if i == len(s) {
		return nil
	}
	out := make([]int32, 0, len(s)+1)
	for i, r := range s {
		out = append(out, int32(i))
		if in(wide, r) {
			out = append(out, int32(i+utf8.RuneLen(r)))
		}
	}
	return append(out, int32(len(s)))
}

func columnCount(s string, cols []int32) int {
	if cols == nil {
		return len(s)
	}
	return len(cols) - 1
}

func (g *grid) width(row int) int { return columnCount(g.lines[row].Text, g.cols[row]) }

// char gives the byte at a row and column: 0 for the second half of a wide
// character, some other byte above 127 for what is not ASCII.
func (g *grid) char(row, col int) byte {
	if cols := g.cols[row]; cols != nil {
		if col > 0 && col+1 < len(cols) && cols[col] == cols[col+1] {
			return 0
		}
		col = int(cols[col])
	}
	c := g.lines[row].Text[col]
	if row == g.head && g.head > 0 && c == '=' {
		return '-'
	}
	return c
}

// block takes the text between two rows and columns, without the indentation
// that its lines have in common.
func (g *grid) block(top, left, bottom, right int) []line {
	out := make([]line, 0, bottom-top)
	for i := top; i < bottom; i++ {
		out = append(out, slice(g.lines[i], g.cols[i], left, right))
	}
	return dedent(out, right)
}

// slice takes columns left to right of a line, without blanks at the end.
func slice(l line, cols []int32, left, right int) line {
	from, to := min(left, len(l.Text)), min(right, len(l.Text))
	if cols != nil {
		from, to = int(cols[min(left, len(cols)-1)]), int(cols[min(right, len(cols)-1)])
	}
	to = max(from, to)
	text := strings.TrimRightFunc(l.Text[from:to], isSpace)
	return line{Text: text, Pos: cut(l, from).Pos}
}

func dedent(lines []line, limit int) []line {
	indent := limit
	for _, l := range lines {
		if l.Text != "" {
			n, _ := leading(l.Text)
			indent = min(indent, n)
		}
	}
	if indent > 0 && indent < limit {
		for i := range lines {
			lines[i] = cutColumns(lines[i], indent)
		}
	}
	return lines
}

// A corner is where a cell may begin.
type corner struct{ top, left int }

type corners []corner

func (c corners) Len() int { return len(c) }
func (c corners) Less(i, j int) bool {
	return c[i].top < c[j].top || c[i].top == c[j].top && c[i].left < c[j].left
}
func (c corners) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *corners) Push(x any)   { *c = append(*c, x.(corner)) }
func (c *corners) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

// parse finds the cells by following their edges clockwise from each corner.
func (g *grid) parse() (problem string) {
	for i := range g.lines {
		if !border(g.lines[i].Text, '=') {
			continue
		}
		if g.head > 0 {
			return "It has two separators of `=` between head and body; only one is allowed."
		}
		if i == g.bottom {
			return "The separator of `=` between head and body may not be the last line of the table."
		}
		g.head = i
	}
	g.done = make([]int, g.right+1)
	for i := range g.done {
		g.done[i] = -1
	}
	g.rows, g.col = make([]bool, g.bottom+1), make([]bool, g.right+1)
	g.rows[0], g.col[0] = true, true
	queue := &corners{{0, 0}}
	for queue.Len() > 0 {
		c := heap.Pop(queue).(corner)
		if c.top == g.bottom || c.left == g.right || c.top <= g.done[c.left] {
			continue
		}
		bottom, right, ok := g.scan(c.top, c.left)
		if !ok {
			continue
		}
		for col := c.left; col < right; col++ {
			if g.done[col] != c.top-1 {
				return "Its cells overlap."
			}
			g.done[col] = bottom - 1
		}
		g.cells = append(g.cells, &cell{top: c.top, left: c.left, bottom: bottom, right: right})
		heap.Push(queue, corner{c.top, right})
		heap.Push(queue, corner{bottom, c.left})
	}
	for col := range g.right {
		if g.done[col] != g.bottom-1 {
			return "Its lines do not close into cells."
		}
	}
	return ""
}

// scan follows the top edge to the right until a corner closes the cell.
func (g *grid) scan(top, left int) (bottom, right int, ok bool) {
	for i := left + 1; i <= g.right; i++ {
		switch g.char(top, i) {
		case '+':
			if bottom, ok := g.scanDown(top, left, i); ok {
				return bottom, i, true
			}
		case '-':
		default:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

func (g *grid) scanDown(top, left, right int) (bottom int, ok bool) {
	for i := top + 1; i <= g.bottom; i++ {
		switch g.char(i, right) {
		case '+':
			if g.closes(top, left, i, right) {
				return i, true
			}
		case '|':
		default:
			return 0, false
		}
	}
	return 0, false
}

// closes follows the bottom edge to the left and the left edge up, and notes
// the rows and columns that the edges of a closed cell meet.
func (g *grid) closes(top, left, bottom, right int) bool {
	if g.char(bottom, left) != '+' {
		return false
	}
	for i := right - 1; i > left; i-- {
		if c := g.char(bottom, i); c != '+' && c != '-' {
			return false
		}
	}
	for i := bottom - 1; i > top; i-- {
		if c := g.char(i, left); c != '+' && c != '|' {
			return false
		}
	}
	g.rows[top], g.rows[bottom], g.col[left], g.col[right] = true, true, true, true
	for i := left + 1; i < right; i++ {
		g.col[i] = g.col[i] || g.char(top, i) == '+' || g.char(bottom, i) == '+'
	}
	for i := top + 1; i < bottom; i++ {
		g.rows[i] = g.rows[i] || g.char(i, left) == '+' || g.char(i, right) == '+'
	}
	return true
}

// table makes the element from the cells.
func (g *grid) table(p *parser, pos doc.Pos) *doc.Node {
	// What edges cross inside a cell's own edges are corners of neighbours,
	// which are noted there; rows and columns are those where cells begin.
	rowIndex, rows := number(g.rows)
	colIndex, cols := number(g.col)
	t := tableHead(pos, cols)
	byRow := make([][]*cell, len(rows)-1)
	for _, c := range g.cells {
		row := rowIndex[c.top]
		c.moreRows = rowIndex[c.bottom] - row - 1
		c.moreCols = colIndex[c.right] - colIndex[c.left] - 1
		c.lines = g.block(c.top+1, c.left+1, c.bottom, c.right)
		byRow[row] = append(byRow[row], c)
	}
	head := 0
	if g.head > 0 {
		head = rowIndex[g.head]
	}
	for _, r := range byRow {
		slices.SortFunc(r, func(a, b *cell) int { return a.left - b.left })
	}
	fillTable(p, t, byRow, head)
	return t
}

// number gives each marked place its index, and the marked places.
func number(marked []bool) (index []int, places []int) {
	index = make([]int, len(marked))
	for i, m := range marked {
		index[i] = len(places)
		if m {
			places = append(places, i)
		}
	}
	return index, places
}

// tableHead makes a table with the columns between the edges.
func tableHead(pos doc.Pos, edges []int) *doc.Node {
	var widths []int
	for i := 1; i < len(edges); i++ {
		widths = append(widths, edges[i]-edges[i-1]-1)
	}
	return newTable(pos, widths)
}

func newTable(pos doc.Pos, widths []int) *doc.Node {
	group := doc.New(doc.KindTgroup, pos).Set("cols", strconv.Itoa(len(widths)))
	for _, w := range widths {
		group.Append(doc.New(doc.KindColspec, pos).Set("colwidth", strconv.Itoa(w)))
	}
	return doc.New(doc.KindTable, pos, group)
}

// fillTable puts rows into a table: the first so many as its head.
func fillTable(p *parser, t *doc.Node, rows [][]*cell, head int) {
	group := t.Children[0]
	if head > 0 {
		h := doc.New(doc.KindThead, t.Pos)
		group.Append(h)
		p.tableRows(h, rows[:head])
	}
	body := doc.New(doc.KindTbody, t.Pos)
	group.Append(body)
	p.tableRows(body, rows[head:])
}

func (p *parser) tableRows(into *doc.Node, rows [][]*cell) {
	for _, cells := range rows {
		row := p.state.Make.New(doc.KindRow, into.Pos)
		into.Append(row)
		for _, c := range cells {
			entry := p.state.Make.New(doc.KindEntry, row.Pos)
			if c.moreRows > 0 {
				entry.Set("morerows", strconv.Itoa(c.moreRows))
			}
			if c.moreCols > 0 {
				entry.Set("morecols", strconv.Itoa(c.moreCols))
			}
			if lines := dropBlankTop(c.lines); len(lines) > 0 {
				entry.Pos = lines[0].Pos
				p.nested(lines, entry)
			}
			p.state.Make.Append(row, entry)
		}
	}
}
