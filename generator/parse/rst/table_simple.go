package rst

import (
	"strings"

	"docent/generator/doc"
)

// simpleTop reports whether a line is the top border of a simple table:
// at least two runs of "=".
func simpleTop(s string) bool {
	return ruler(s, '=') && strings.Contains(strings.TrimRight(s, " "), " ")
}

// ruler reports whether a line begins with a character and has nothing else
// but it and blanks.
func ruler(s string, c byte) bool {
	if s == "" || s[0] != c {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != c && s[i] != ' ' {
			return false
		}
	}
	return true
}

// simpleTable reads a table with borders of "=" above, below, and below the
// head.
func (b *body) simpleTable() {
	start := b.i
	top := len(strings.TrimRight(b.lines[start].Text, " "))
	found, foundAt := 0, 0
	end := -1
	for i := start + 1; i < len(b.lines); i++ {
		s := b.lines[i].Text
		if !ruler(s, '=') {
			continue
		}
		if len(strings.TrimSpace(s)) != top {
			b.i = i + 1
			b.malformed(b.lines[start:i+1], "The bottom border or the line under the head is not as long as the top border.")
			b.afterTable(b.blankAt(i + 1))
			return
		}
		found, foundAt = found+1, i
		if found == 2 || b.blankAt(i+1) {
			end = i
			break
		}
	}
	if end < 0 {
		if found > 0 {
			b.i = foundAt + 1
			b.malformed(b.lines[start:foundAt+1], "It has no bottom border, or no blank line after it.")
			b.afterTable(false)
		} else {
			b.i = len(b.lines)
			b.malformed(b.lines[start:], "It has no bottom border.")
		}
		return
	}
	b.i = end + 1
	t := &simple{lines: b.lines[start : end+1]}
	if problem := t.parse(); problem != "" {
		b.malformed(t.lines, problem)
	} else {
		b.parent.Append(t.table(b.p))
	}
	b.afterTable(b.blankAt(end + 1))
}

// A simple table's columns are given by its top border; the last one has no
// right edge.
type simple struct {
	lines []line
	cols  [][]int32
	spans []span
	edge  int // where the top border ends
	head  int // line of the separator under the head, or 0
	rows  [][]*cell
}

type span struct{ start, end int }

func (t *simple) parse() (problem string) {
	t.cols = make([][]int32, len(t.lines))
	for i, l := range t.lines {
		t.cols[i] = columns(l.Text)
		if i > 0 && i < len(t.lines)-1 && ruler(l.Text, '=') {
			t.head = i
		}
	}
	t.spans, _ = t.ruled(t.lines[0].Text)
	t.edge = t.spans[len(t.spans)-1].end
	first := t.spans[0]
	start, text := 1, false
	for i := 1; i < len(t.lines); i++ {
		s := t.lines[i].Text
		switch {
		case ruler(s, '-') || i == t.head || i == len(t.lines)-1:
			if problem := t.row(start, i, s, true); problem != "" {
				return problem
			}
			start, text = i+1, false
		case slice(t.lines[i], t.cols[i], first.start, first.end).Text != "" && strings.TrimSpace(slice(t.lines[i], t.cols[i], first.start, first.end).Text) != "":
			if text && i != start {
				if problem := t.row(start, i, "", false); problem != "" {
					return problem
				}
			}
			start, text = i, true
		case !text:
			start = i + 1
		}
	}
	return ""
}

// ruled gives the columns that a border or an underline marks.
func (t *simple) ruled(s string) (spans []span, problem string) {
	s = strings.TrimRight(s, " ")
	for i := 0; i < len(s); {
		if s[i] == ' ' {
			i++
			continue
		}
		end := i
		for end < len(s) && s[end] != ' ' {
			end++
		}
		spans = append(spans, span{i, end})
		i = end
	}
	if t.spans != nil {
		if spans[len(spans)-1].end != t.edge {
			return nil, "The line under a row that spans columns is not as long as the border."
		}
		spans[len(spans)-1].end = t.spans[len(t.spans)-1].end
	}
	return spans, ""
}

// row reads lines from..to as one row, whose columns the underline tells
// when there is one.
func (t *simple) row(from, to int, underline string, underlined bool) (problem string) {
	if from >= to && !underlined {
		return ""
	}
	spans := append([]span{}, t.spans...)
	if underlined {
		if spans, problem = t.ruled(underline); problem != "" {
			return problem
		}
	}
	if problem = t.margins(from, to, spans); problem != "" {
		return problem
	}
	var row []*cell
	col := 0
	for _, s := range spans {
		c := &cell{top: from}
		if col >= len(t.spans) || s.start != t.spans[col].start {
			return "A line that spans columns does not begin where a column does."
		}
		for s.end != t.spans[col].end {
			col++
			c.moreCols++
			if col >= len(t.spans) {
				return "A line that spans columns does not end where a column does."
			}
		}
		col++
		row = append(row, c)
	}
	for i, s := range spans {
		for k := from; k < to; k++ {
			row[i].lines = append(row[i].lines, slice(t.lines[k], t.cols[k], s.start, s.end))
		}
		row[i].lines = dedent(row[i].lines, s.end)
	}
	t.rows = append(t.rows, row)
	return ""
}

// margins looks for text between the columns, and widens the last column to
// the longest text in it.
func (t *simple) margins(from, to int, spans []span) (problem string) {
	last := len(spans) - 1
	for i := range spans {
		for k := from; k < to; k++ {
			n := columnCount(t.lines[k].Text, t.cols[k])
			end := spans[i].end
			if i < last {
				if padded(t.cols[k], end) || strings.TrimSpace(slice(t.lines[k], t.cols[k], end, spans[i+1].start).Text) != "" {
					return "There is text in the margin between two columns."
				}
				continue
			}
			if n > end && (padded(t.cols[k], end) || strings.TrimSpace(slice(t.lines[k], t.cols[k], end, n).Text) != "") {
				spans[i].end = max(end, n)
				own := &t.spans[len(t.spans)-1]
				spans[i].end = max(own.end, n)
				own.end = max(own.end, n)
			}
		}
	}
	return ""
}

// padded reports whether a column is the second half of a wide character.
func padded(cols []int32, i int) bool { return i > 0 && i+1 < len(cols) && cols[i] == cols[i+1] }

func (t *simple) table(p *parser) *doc.Node {
	var widths []int
	for _, s := range t.spans {
		widths = append(widths, s.end-s.start)
	}
	head := 0
	if t.head > 0 {
		for i, r := range t.rows {
			if r[0].top > t.head {
				head = i
				break
			}
		}
	}
	n := newTable(t.lines[0].Pos, widths)
	fillTable(p, n, t.rows, head)
	return n
}
