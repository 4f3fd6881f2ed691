package match

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A table is a table in output: drawn with + and |, or in columns under
// headings in capitals (docker images), or over a line of dashes (pip list).
type table struct {
	head []string
	rows []row
	from int // first line
	to   int // line after the last
}

type row struct {
	cells []string // as many as the table has headings
	line  int
}

var (
	drawnRule = regexp.MustCompile(`^\s*[+├┌└╭╰][-=+─═┼┬┴┐┘┤╮╯]+\s*$`)
	headings  = regexp.MustCompile(`^[A-Z][A-Z0-9_()%/#.-]*(?: [A-Z0-9_()%/#.-]+)*(?: {2,}[A-Z%#][A-Z0-9_()%/#.-]*(?: [A-Z0-9_()%/#.-]+)*)+$`)
	dashes    = regexp.MustCompile(`^-{2,}(?: +-{2,})+$`)
	columnGap = regexp.MustCompile(` {2,}|\t+`)
)

// readTable reads the table that starts at line i, or nil.
func readTable(lines []string, i int) *table {
	switch {
	case drawnRule.MatchString(lines[i]):
		return readDrawn(lines, i)
	case headings.MatchString(strings.TrimSpace(lines[i])):
		return readColumns(lines, i, i+1, columnGap)
	case i+1 < len(lines) && dashes.MatchString(strings.TrimSpace(lines[i+1])) && strings.TrimSpace(lines[i]) != "":
		return readColumns(lines, i, i+2, regexp.MustCompile(`\s+`))
	}
	return nil
}

// readDrawn reads a table between rules. A row whose first cell is empty goes
// on with the row above: cells are wrapped that way.
func readDrawn(lines []string, i int) *table {
	t := &table{from: i}
	body := false
	for ; i < len(lines); i++ {
		l := strings.TrimSpace(lines[i])
		if drawnRule.MatchString(lines[i]) {
			if t.head != nil {
				body = true
			}
			continue
		}
		l = strings.ReplaceAll(l, "│", "|")
		if len(l) < 2 || l[0] != '|' || l[len(l)-1] != '|' {
			break
		}
		cells := strings.Split(l[1:len(l)-1], "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		switch {
		case t.head == nil:
			t.head = cells
		case len(cells) != len(t.head):
			t.to = i
			return t.ok()
		case !body:
			join(t.head, cells)
		case len(t.rows) > 0 && cells[0] == "":
			join(t.rows[len(t.rows)-1].cells, cells)
		default:
			t.rows = append(t.rows, row{cells, i})
		}
	}
	t.to = i
	return t.ok()
}

func (t *table) ok() *table {
	if len(t.head) == 0 {
		return nil
	}
	return t
}

func join(cells, more []string) {
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i] + " " + more[i])
	}
}

// readColumns reads rows under headings. Cells stand apart by gaps; where a
// row has fewer, its cells belong to the headings that they stand under.
func readColumns(lines []string, head, body int, gap *regexp.Regexp) *table {
	h := strings.TrimSpace(lines[head])
	shift := strings.Index(lines[head], h)
	t := &table{from: head, head: gap.Split(h, -1)}
	if len(t.head) < 2 {
		return nil
	}
	starts := make([]int, len(t.head))
	at := 0
	for i, name := range t.head {
		at += strings.Index(h[at:], name)
		starts[i] = shift + utf8.RuneCountInString(h[:at])
		at += len(name)
	}
	i := body
	for ; i < len(lines); i++ {
		l := strings.TrimRight(lines[i], " \t")
		if strings.TrimSpace(l) == "" || drawnRule.MatchString(l) {
			break
		}
		chunks, places := split(l, gap)
		cells := make([]string, len(t.head))
		switch {
		case len(chunks) == len(t.head):
			copy(cells, chunks)
		case len(chunks) > len(t.head) || len(chunks) < 2:
			t.to = i
			return t
		default:
			for k, c := range chunks {
				col := 0
				for col+1 < len(starts) && starts[col+1] <= places[k] {
					col++
				}
				cells[col] = strings.TrimSpace(cells[col] + " " + c)
			}
		}
		t.rows = append(t.rows, row{cells, i})
	}
	t.to = i
	return t
}

// split gives the parts of a line between gaps and where each starts, in
// characters.
func split(l string, gap *regexp.Regexp) (parts []string, places []int) {
	from := len(l) - len(strings.TrimLeft(l, " \t"))
	for from < len(l) {
		end, next := len(l), len(l)
		if m := gap.FindStringIndex(l[from:]); m != nil {
			end, next = from+m[0], from+m[1]
		}
		parts = append(parts, l[from:end])
		places = append(places, utf8.RuneCountInString(l[:from]))
		from = next
	}
	return parts, places
}

// volatile columns hold what every run makes anew.
var volatile = []string{"ID", "IMAGE ID", "CONTAINER ID", "CREATED", "CREATED AT", "AGE", "STATUS", "PORTS", "UPTIME", "PID", "TIME", "DURATION", "STARTED", "UPDATED", "LAST SEEN", "DIGEST"}

// names are columns whose text says which row it is.
var names = []string{"REPOSITORY", "TAG", "NAME", "KEY", "PACKAGE", "SERVICE", "DRIVER"}

// compareTable looks for a table with the sample's columns and rows. Columns
// and rows may stand in another order, and more of both may be there. miss is
// the sample's row that was not found, -1 for the headings.
func (c *comparer) compareTable(want, got *table) (miss int, why string, ok bool) {
	cols := make([]int, len(want.head))
	for i, h := range want.head {
		cols[i] = slices.IndexFunc(got.head, func(g string) bool { return strings.EqualFold(g, h) })
		if cols[i] < 0 {
			return -1, "there is no column `" + h + "`", false
		}
	}
	used := make([]bool, len(got.rows))
	for i, w := range want.rows {
		found := false
		for j, g := range got.rows {
			if !used[j] && c.sameRow(want.head, w.cells, g.cells, cols) {
				used[j], found = true, true
				break
			}
		}
		if !found {
			return i, "no row is like `" + strings.Join(w.cells, "  ") + "`", false
		}
	}
	return 0, "", true
}

func (c *comparer) sameRow(head, want, got []string, cols []int) bool {
	for i, w := range want {
		g := got[cols[i]]
		name := strings.ToUpper(head[i])
		switch {
		case w == g:
		case strings.Contains(w, "***"):
			// A secret: what the page leaves of it is another secret's end.
			if g == "" {
				return false
			}
		case slices.Contains(volatile, name):
			if (w == "") != (g == "") {
				return false
			}
		case slices.Contains(names, name):
			if c.expand(w) != g && !gapped(c.expand(w), g) {
				return false
			}
		case !c.sameCell(name, w, g):
			return false
		}
	}
	return true
}

// sameCell compares one cell; a tolerance may name its column.
func (c *comparer) sameCell(column, want, got string) bool {
	for _, t := range c.Within {
		if strings.EqualFold(t.Unit, column) {
			in := *c
			in.Within = []Tolerance{{Ratio: t.Ratio}}
			return in.sameLine(want, got)
		}
	}
	return c.sameLine(want, got)
}

// gapped matches a cell with three dots in it.
func gapped(want, got string) bool {
	if !strings.Contains(want, "...") {
		return false
	}
	parts := strings.Split(want, "...")
	if !strings.HasPrefix(got, parts[0]) || !strings.HasSuffix(got, parts[len(parts)-1]) {
		return false
	}
	at := len(parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(got[min(at, len(got)):], p)
		if i < 0 {
			return false
		}
		at += i + len(p)
	}
	return at+len(parts[len(parts)-1]) <= len(got)
}
