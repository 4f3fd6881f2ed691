package directive

import (
	"fmt"
	"strconv"
	"strings"

	"docent/generator/doc"
)

var tableOptions = checks(named, map[string]Check{
	"align": choice(alignH...), "width": lengthOrPercent, "widths": orElse([]string{"auto", "grid"}, positiveList),
})

// tables are table, list-table and csv-table.
func tables(t *Table) {
	rows := checks(tableOptions, map[string]Check{
		"widths": orElse([]string{"auto"}, positiveList), "header-rows": nonNegative, "stub-columns": nonNegative,
	})
	t.add(&Directive{Name: "table", Optional: 1, FinalSpace: true, Content: MayContent, Options: tableOptions, Run: tableDirective})
	t.add(&Directive{Name: "list-table", Optional: 1, FinalSpace: true, Content: MayContent, Options: rows, Run: listTable})
	t.add(&Directive{Name: "csv-table", Optional: 1, FinalSpace: true, Content: MayContent, Options: checks(rows, map[string]Check{
		"header": text, "file": path, "url": path, "encoding": encoding, "delim": oneCharOrSpace, "keepspace": flag,
		"quote": oneChar, "escape": oneChar,
	}), Run: csvTable})
}

// caption is the table's title node, or nil.
func (b *Block) caption(p Parser) *doc.Node {
	if b.Arg(0) == "" {
		return nil
	}
	return wrap(p, doc.KindTitle, b.Arg(0), b.ArgPos)
}

// noteWidths says in a class where the widths of a table come from.
func (b *Block) noteWidths(n *doc.Node) *doc.Node {
	switch b.opt("widths") {
	case "":
	case "auto":
		n.AddClass("colwidths-auto")
	default:
		n.AddClass("colwidths-given")
	}
	return n
}

// finishTable sets what all tables take, and puts the title first.
func (b *Block) finishTable(p Parser, n, title *doc.Node) ([]*doc.Node, error) {
	for _, k := range []string{"align", "width"} {
		if v, ok := b.Option(k); ok {
			n.Set(k, v)
		}
	}
	b.addName(p, n)
	if title != nil {
		n.Children = append([]*doc.Node{title}, n.Children...)
	}
	return one(n)
}

func tableDirective(p Parser, b *Block) ([]*doc.Node, error) {
	if len(b.Content) == 0 {
		f := b.noContent()
		f.Severity = doc.Warning
		return nil, f
	}
	title := b.caption(p)
	body := p.Blocks(b.Content, false)
	if len(body) != 1 || body[0].Kind != doc.KindTable {
		return nil, failf("table-content", "The content of `%s` must be exactly one table.", b.Name)
	}
	n := body[0]
	if w := b.opt("widths"); w != "" && w != "auto" && w != "grid" {
		var specs []*doc.Node
		if g := n.First(doc.KindTgroup); g != nil {
			for _, c := range g.Children {
				if c.Kind == doc.KindColspec {
					specs = append(specs, c)
				}
			}
		}
		widths, err := b.widths(len(specs))
		if err != nil {
			return nil, err
		}
		for i, c := range specs {
			c.Set("colwidth", widths[i])
		}
	}
	return b.finishTable(p, b.noteWidths(b.classes(n, "class")), title)
}

// widths are the column widths: those of the option, or equal ones.
func (b *Block) widths(cols int) ([]string, error) {
	w := b.opt("widths")
	if w == "" || w == "auto" || w == "grid" {
		if cols == 0 {
			return nil, failf("table-content", "There is no table data for `%s`.", b.Name)
		}
		out := make([]string, cols)
		for i := range out {
			out[i] = strconv.Itoa(100 / cols)
		}
		return out, nil
	}
	out := strings.Fields(w)
	if len(out) != cols {
		return nil, &Fail{Code: "table-widths", Message: fmt.Sprintf("The option `:widths:` of `%s` gives %s, but the table has %s.", b.Name, count(len(out), "width"), count(cols, "column")),
			Hint: "Give one number for each column.", Pos: b.valuePos("widths"), Len: len(w)}
	}
	return out, nil
}

// checkSize makes sure that a table has a body beside its header and stubs.
func (b *Block) checkSize(rows []int, header, stubs int) error {
	if len(rows) < header {
		return failf("table-content", "`%s` asks for %s, but has only %s.", b.Name, count(header, "header row"), count(len(rows), "row"))
	}
	if len(rows) == header && header > 0 {
		return failf("table-content", "`%s` has only header rows; there is no row left for the body.", b.Name)
	}
	for i, n := range rows {
		if n < stubs {
			return failf("table-content", "`%s` asks for %s, but row %d has only %s.", b.Name, count(stubs, "stub column"), i+1, count(n, "column"))
		}
		if n == stubs && stubs > 0 {
			return failf("table-content", "Row %d of `%s` has only stub columns; there is none left for the body.", i+1, b.Name)
		}
	}
	return nil
}

// grid builds the table of rows of entries.
func (b *Block) grid(widths []string, stubs int, head, body []*doc.Node) *doc.Node {
	group := doc.New(doc.KindTgroup, b.Pos).Set("cols", strconv.Itoa(len(widths)))
	for i, w := range widths {
		c := doc.New(doc.KindColspec, b.Pos).Set("colwidth", w)
		if i < stubs {
			c.Set("stub", "1")
		}
		group.Append(c)
	}
	if len(head) > 0 {
		group.Append(doc.New(doc.KindThead, head[0].Pos, head...))
	}
	group.Append(doc.New(doc.KindTbody, b.Pos, body...))
	return doc.New(doc.KindTable, b.Pos, group)
}

func (b *Block) number(option string) int {
	n, err := strconv.Atoi(b.opt(option))
	if err != nil {
		return 0
	}
	return n
}

func listTable(p Parser, b *Block) ([]*doc.Node, error) {
	if len(b.Content) == 0 {
		return nil, b.noContent()
	}
	title := b.caption(p)
	body := p.Blocks(b.Content, false)
	if len(body) != 1 || body[0].Kind != doc.KindBulletList {
		return nil, &Fail{Code: "table-content", Message: fmt.Sprintf("The content of `%s` must be exactly one bullet list.", b.Name),
			Hint: "Write a row as `* - cell` with further cells as `  - cell`."}
	}
	var sizes []int
	var rows []*doc.Node
	for i, item := range body[0].Children {
		if len(item.Children) != 1 || item.Children[0].Kind != doc.KindBulletList {
			return nil, &Fail{Code: "table-content", Message: fmt.Sprintf("Row %d of `%s` is not a list of cells.", i+1, b.Name),
				Hint: "Write a row as `* - cell` with further cells as `  - cell`.", Pos: item.Pos, Len: 1}
		}
		cells := item.Children[0].Children
		if i > 0 && len(cells) != sizes[0] {
			return nil, &Fail{Code: "table-content", Message: fmt.Sprintf("Row %d of `%s` has %s, but row 1 has %d.", i+1, b.Name, count(len(cells), "cell"), sizes[0]),
				Hint: "Give every row the same number of cells; an empty one is a `-` alone.", Pos: item.Pos, Len: 1}
		}
		row := doc.New(doc.KindRow, item.Pos)
		for _, c := range cells {
			row.Append(doc.New(doc.KindEntry, c.Pos, c.Children...))
		}
		rows, sizes = append(rows, row), append(sizes, len(cells))
	}
	widths, err := b.widths(sizes[0])
	if err != nil {
		return nil, err
	}
	header, stubs := b.number("header-rows"), b.number("stub-columns")
	if err := b.checkSize(sizes, header, stubs); err != nil {
		return nil, err
	}
	n := b.grid(widths, stubs, rows[:header], rows[header:])
	return b.finishTable(p, b.classes(b.noteWidths(n), "class"), title)
}
