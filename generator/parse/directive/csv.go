package directive

import (
	"fmt"
	"strings"

	"docent/generator/doc"
)

// A dialect says how the cells of a CSV text are told apart.
type dialect struct {
	delim, quote, escape rune // escape 0: a quote in a quoted cell is doubled
	keepSpace            bool
}

func (b *Block) dialect() dialect {
	d := dialect{delim: ',', quote: '"'}
	for option, r := range map[string]*rune{"delim": &d.delim, "quote": &d.quote, "escape": &d.escape} {
		if v, ok := b.Option(option); ok {
			*r = []rune(v)[0]
		}
	}
	d.keepSpace = b.has("keepspace")
	return d
}

// A cell is the text of one entry, line by line.
type cell []Line

func csvTable(p Parser, b *Block) ([]*doc.Node, error) {
	title := b.caption(p)
	lines, err := b.csvLines(p)
	if err != nil {
		return nil, err
	}
	var head [][]cell
	cols := 0
	if h, ok := b.Option("header"); ok {
		if head, err = b.csvRows(b.valueLines("header", h), dialect{delim: ',', quote: '"', escape: '\\'}); err != nil {
			return nil, err
		}
	}
	rows, err := b.csvRows(lines, b.dialect())
	if err != nil {
		return nil, err
	}
	sizes := make([]int, len(rows))
	for i, r := range rows {
		sizes[i] = len(r)
		cols = max(cols, len(r))
	}
	for _, r := range head {
		cols = max(cols, len(r))
	}
	header, stubs := b.number("header-rows"), b.number("stub-columns")
	if err := b.checkSize(sizes, header, stubs); err != nil {
		return nil, err
	}
	widths, err := b.widths(cols)
	if err != nil {
		return nil, err
	}
	build := func(rows [][]cell) (out []*doc.Node) {
		for _, r := range rows {
			row := doc.New(doc.KindRow, b.Pos)
			for i := range cols {
				entry := doc.New(doc.KindEntry, b.Pos)
				if i < len(r) {
					entry.Pos = r[i][0].Pos
					entry.Append(b.cellBody(p, r[i])...)
				}
				row.Append(entry)
			}
			if len(r) > 0 {
				row.Pos = r[0][0].Pos
			}
			out = append(out, row)
		}
		return out
	}
	n := b.grid(widths, stubs, append(build(head), build(rows[:header])...), build(rows[header:]))
	return b.finishTable(p, b.classes(b.noteWidths(n), "class"), title)
}

func (b *Block) cellBody(p Parser, c cell) []*doc.Node {
	lines := make([]Line, len(c))
	empty, white := true, true
	for i, l := range c {
		lines[i] = Line{strings.TrimRight(l.Text, " "), l.Pos}
		empty, white = empty && lines[i].Text == "", white && blank(lines[i].Text)
	}
	switch {
	case empty:
		return nil
	case white: // no-break spaces are text, of which nothing is left
		return []*doc.Node{doc.New(doc.KindParagraph, c[0].Pos)}
	}
	return p.Blocks(lines, false)
}

// csvLines gives the lines of data: the content, or those of the file.
func (b *Block) csvLines(p Parser) ([]Line, error) {
	file, fromFile := b.Option("file")
	if b.has("url") {
		return nil, &Fail{Severity: doc.Severe, Code: "url-refused", Message: fmt.Sprintf("`%s` does not read from the network.", b.Name),
			Hint: "Download the data into the content folder and name it with `:file:`.", Pos: b.valuePos("url"), Len: len(b.opt("url"))}
	}
	if len(b.Content) > 0 {
		if fromFile {
			return nil, failf("directive-content", "`%s` may not have both a file and content.", b.Name)
		}
		return b.Content, nil
	}
	if !fromFile {
		f := b.noContent()
		f.Severity = doc.Warning
		return nil, f
	}
	src, err := b.read(p, file, b.valuePos("file"), b.opt("encoding"))
	if err != nil {
		return nil, err
	}
	index := p.Source(src)
	var lines []Line
	off := 0
	for _, l := range splitLines(src.Text) {
		lines = append(lines, Line{strings.TrimSuffix(l, "\n"), doc.Pos{File: index, Off: int32(off)}})
		off += len(l)
	}
	return lines, nil
}

// csvRows reads CSV strictly, as Python's csv module does.
func (b *Block) csvRows(lines []Line, d dialect) ([][]cell, error) {
	const (
		startField = iota
		inField
		inQuoted
		quoteInQuoted
	)
	var rows [][]cell
	var row []cell
	var done cell // lines of the cell before the one that is read
	var text strings.Builder
	var pos doc.Pos // where text starts
	state := startField
	escaped, goesOn := false, false // goesOn: the line before ended with an escape
	flush := func() {
		row = append(row, append(done, Line{text.String(), pos}))
		done = nil
		text.Reset()
	}
	for _, l := range lines {
		if state != inQuoted && !goesOn && l.Text == "" && len(row) == 0 {
			rows = append(rows, nil)
			continue
		}
		if pos = l.Pos; state != inQuoted && !goesOn {
			state = startField
		}
		goesOn = false
		for off, c := range l.Text {
			if escaped {
				text.WriteRune(c)
				escaped = false
				continue
			}
			switch state {
			case startField:
				pos = at(l.Pos, off)
				switch {
				case c == d.quote:
					state = inQuoted
					pos = at(pos, 1)
				case d.escape != 0 && c == d.escape:
					escaped, state = true, inField
				case c == ' ' && !d.keepSpace:
				case c == d.delim:
					flush()
				default:
					text.WriteRune(c)
					state = inField
				}
			case inField:
				switch {
				case d.escape != 0 && c == d.escape:
					escaped = true
				case c == d.delim:
					flush()
					state = startField
				default:
					text.WriteRune(c)
				}
			case inQuoted:
				switch {
				case d.escape != 0 && c == d.escape:
					escaped = true
				case c == d.quote && d.escape == 0:
					state = quoteInQuoted
				case c == d.quote:
					state = inField
				default:
					text.WriteRune(c)
				}
			case quoteInQuoted:
				switch c {
				case d.quote:
					text.WriteRune(c)
					state = inQuoted
				case d.delim:
					flush()
					state = startField
				default:
					return nil, &Fail{Code: "csv-syntax", Message: fmt.Sprintf("In the CSV data of `%s`, `%c` or the end of the line is expected after `%c`.", b.Name, d.delim, d.quote),
						Hint: fmt.Sprintf("Double a `%c` that belongs to the text.", d.quote), Pos: at(l.Pos, off), Len: 1}
				}
			}
		}
		if state == inQuoted || escaped {
			done = append(done, Line{text.String(), pos})
			text.Reset()
			goesOn, escaped = state != inQuoted, false
			continue
		}
		if state == startField {
			pos = at(l.Pos, len(l.Text))
		}
		flush()
		rows, row = append(rows, row), nil
		state = startField
	}
	if state == inQuoted || goesOn || len(row) > 0 || text.Len() > 0 {
		return nil, &Fail{Code: "csv-syntax", Message: fmt.Sprintf("The CSV data of `%s` ends inside a quoted cell.", b.Name), Hint: "Close the quotation.",
			Pos: pos, Len: 1}
	}
	return rows, nil
}
