package match

import (
	"slices"
	"strings"
)

// Rewrite gives the sample that a page should show for an output: the same
// sample where it says what came, with the numbers, ids and dates that came.
// What the author left out stays out, whether three dots say so or not; so do
// the width at which the sample was wrapped, blanks between words, tolerances,
// variables and stars. Lines that did not come make room for those that came
// in their place.
//
// A rewritten sample matches the output, and rewriting it again changes
// nothing. A sample that is a regular expression, or is not compared, stays.
func Rewrite(expected, got string, o Options) string {
	sample, have := strings.TrimRight(expected, "\n"), Clean(got)
	switch o.Mode {
	case Regex, None:
		return sample
	case Exact:
		if Clean(sample) == have {
			return sample
		}
		return have
	}
	if strings.TrimSpace(sample) == "" || len(have) > 4<<20 || Clean(sample) == have {
		return sample
	}
	// What was taken over in one place may let another be found; it settles at
	// once or not at all.
	for range 4 {
		next, ok := rewriteOnce(sample, have, o)
		if !ok || next == sample {
			return next
		}
		sample = next
	}
	return have
}

// rewriteOnce is Rewrite by shape. What does not hold together when it is put
// together again makes room for the whole output: then ok is false.
func rewriteOnce(sample, have string, o Options) (out string, ok bool) {
	c := newComparer(Clean(sample), have, o)
	if c == nil || have == "" {
		return have, false
	}
	// Blanks at line ends are the author's.
	raw := map[string]string{}
	for l := range strings.SplitSeq(sample, "\n") {
		raw[strings.TrimRight(l, " \t")] = l
	}
	lines := c.rewrite()
	for i, l := range lines {
		if r, ok := raw[l]; ok {
			lines[i] = r
		}
	}
	lead := len(sample) - len(strings.TrimLeft(sample, "\n"))
	out = strings.Repeat("\n", lead) + strings.Join(lines, "\n")
	o.Saves = nil
	if strings.TrimSpace(out) == "" || !Compare(out, have, o).OK {
		return have, false
	}
	return out, true
}

// A found is a part of the sample and where it was found in the output:
// sample lines from..to-1, output lines at..end-1. at is -1 for what was not
// found, and for elisions and empty lines.
type found struct {
	from, to, at, end int
	lines             []string // what the sample shows from now on
	missed            bool
}

// rewrite walks the sample as compare does, and does not stop where it fails.
func (c *comparer) rewrite() []string {
	var parts []found
	at := 0
	for i := 0; i < len(c.want); {
		trim := strings.TrimSpace(c.want[i])
		if trim == "" || anyLines(trim) {
			parts = append(parts, found{from: i, to: i + 1, at: -1, lines: c.want[i : i+1]})
			i++
			continue
		}
		if t := readTable(c.want, i); t != nil {
			if f, ok := c.rewriteTable(t, at); ok {
				parts = append(parts, f)
				at, i = f.end, max(t.to, i+1)
				continue
			}
		}
		from, to, used := c.findLine(i, at)
		if used == 0 {
			parts = append(parts, found{from: i, to: i + 1, at: -1, missed: true})
			i++
			continue
		}
		parts = append(parts, found{from: i, to: i + used, at: from, end: to, lines: c.takeOver(i, used, from, to)})
		at, i = to, i+used
	}
	return c.fill(parts)
}

// takeOver gives lines of the sample with the numbers that came.
func (c *comparer) takeOver(i, used, from, to int) []string {
	sample := c.want[i : i+used]
	if used == 1 && to == from+1 {
		return []string{c.substitute(sample[0], c.have[from])}
	}
	got := strings.Join(c.have[from:to], "")
	if blankless(strings.Join(sample, "")) == blankless(got) {
		return sample
	}
	if used == 1 {
		return []string{got}
	}
	return wrapAt(got, c.wantWidth)
}

// substitute puts what came into one line of a sample, token by token.
func (c *comparer) substitute(want, got string) string {
	if want == got || strings.Contains(want, "${") {
		return want
	}
	ts, tol := tokens(want, true), tokens(got, false)
	marks := inlineTolerance.FindAllStringIndex(want, -1)
	inMark := func(at int) bool {
		return slices.ContainsFunc(marks, func(m []int) bool { return at >= m[0] && at < m[1] })
	}
	ts = slices.DeleteFunc(ts, func(t token) bool { return inMark(t.at) })
	if slices.ContainsFunc(ts, func(t token) bool { return t.class == gap || t.class == hidden }) {
		return want
	}
	if len(ts) != len(tol) {
		return got
	}
	var b strings.Builder
	last := 0
	for k, t := range ts {
		if t.class != tol[k].class {
			return got
		}
		b.WriteString(want[last:t.at] + tol[k].text)
		last = t.at + len(t.text)
	}
	return b.String() + want[last:]
}

// rewriteTable finds a table of the sample and gives its headings and rows as
// they came. Rows that the author left out stay out.
func (c *comparer) rewriteTable(want *table, at int) (found, bool) {
	for _, t := range c.tables {
		if t.to <= at {
			continue
		}
		if _, _, ok := c.compareTable(want, t); !ok {
			continue
		}
		f := found{from: want.from, to: want.to, at: t.from, end: t.to, lines: c.want[want.from:want.to]}
		shown := strings.Join(f.lines, "\n")
		if len(want.head) != len(t.head) || strings.Contains(shown, "***") || strings.Contains(shown, "${") || strings.Contains(shown, "...") || inlineTolerance.MatchString(shown) {
			return f, true // the author chose its columns or cells
		}
		keep := c.rowsOf(want, t)
		var out []string
		for i := t.from; i < t.to; i++ {
			left := false
			for r := range t.rows {
				left = left || i >= t.rows[r].line && i < c.rowEnd(t, r) && !slices.Contains(keep, r)
			}
			if left {
				continue
			}
			out = append(out, c.have[i])
		}
		if sameButBlanks(out, f.lines) {
			return f, true
		}
		f.lines = out
		return f, true
	}
	return found{}, false
}

// rowEnd is the line after a row of a table of the output: a drawn row may
// have several lines.
func (c *comparer) rowEnd(t *table, r int) int {
	end := t.rows[r].line + 1
	for end < t.to && drawnRule.MatchString(c.have[t.from]) && !drawnRule.MatchString(c.have[end]) &&
		!slices.ContainsFunc(t.rows, func(o row) bool { return o.line == end }) {
		end++
	}
	return end
}

// rowsOf gives the rows of a table that the sample's rows stand for.
func (c *comparer) rowsOf(want, got *table) []int {
	cols := make([]int, len(want.head))
	for i, h := range want.head {
		cols[i] = slices.IndexFunc(got.head, func(g string) bool { return strings.EqualFold(g, h) })
	}
	var keep []int
	for _, w := range want.rows {
		for j, g := range got.rows {
			if !slices.Contains(keep, j) && c.sameRow(want.head, w.cells, g.cells, cols) {
				keep = append(keep, j)
				break
			}
		}
	}
	return keep
}

// fill puts lines that came in the place of those that did not.
func (c *comparer) fill(parts []found) []string {
	var out []string
	at := 0
	for i := 0; i < len(parts); {
		p := parts[i]
		if !p.missed {
			out = append(out, p.lines...)
			if p.at >= 0 {
				at = p.end
			}
			i++
			continue
		}
		// All up to the next part that was found makes room.
		next, end := i, len(c.have)
		elided := false
		for next < len(parts) && parts[next].at < 0 {
			elided = elided || !parts[next].missed && anyLines(strings.TrimSpace(strings.Join(parts[next].lines, "")))
			next++
		}
		if next < len(parts) {
			end = parts[next].at
		}
		came := trimEmpty(c.have[min(at, end):end])
		missing := 0
		for _, q := range parts[i:next] {
			if q.missed {
				missing += q.to - q.from
			}
		}
		out = append(out, c.replacement(came, missing, elided)...)
		// Blank lines before the next part stay.
		for k := next - 1; k >= i && !parts[k].missed && strings.TrimSpace(strings.Join(parts[k].lines, "")) == ""; k-- {
			out = append(out, "")
		}
		at, i = end, next
	}
	return out
}

// replacement is what stands for lines that did not come. Where the author had
// left lines out, a long run of new ones is shown by its ends.
func (c *comparer) replacement(came []string, missing int, elided bool) []string {
	var out []string
	for _, l := range came {
		if c.wantWidth > 0 && width(l) > c.wantWidth && c.wrapped() {
			out = append(out, wrapAt(l, c.wantWidth)...)
		} else {
			out = append(out, l)
		}
	}
	if most := max(2*missing, 6); elided && len(out) > most {
		half := most / 2
		return append(append(slices.Clone(out[:half]), "..."), out[len(out)-half:]...)
	}
	return out
}

// wrapped reports whether the sample shows signs of having been wrapped hard:
// several lines are as wide as its widest.
func (c *comparer) wrapped() bool {
	n := 0
	for _, l := range c.want {
		if w := width(l); w >= c.wantWidth-1 {
			n++
		}
	}
	return n >= 2
}

// wrapAt breaks a line at a width as a terminal does, also in mid-word.
func wrapAt(l string, at int) []string {
	if at <= 0 {
		return []string{l}
	}
	if strings.Contains(l, "\t") {
		var b strings.Builder
		n := 0
		for _, r := range l {
			if r == '\t' {
				pad := 8 - n%8
				b.WriteString(strings.Repeat(" ", pad))
				n += pad
				continue
			}
			b.WriteRune(r)
			n++
		}
		l = b.String()
	}
	runes := []rune(l)
	var out []string
	for len(runes) > at {
		out = append(out, strings.TrimRight(string(runes[:at]), " "))
		if runes = runes[at:]; runes[0] == ' ' && len(runes) > 1 {
			runes = runes[1:] // the blank at which it broke is gone
		}
	}
	return append(out, string(runes))
}

func blankless(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\n' {
			return -1
		}
		return r
	}, s)
}

func sameButBlanks(a, b []string) bool {
	return blankless(strings.Join(a, "\n")) == blankless(strings.Join(b, "\n"))
}

func trimEmpty(ls []string) []string {
	for len(ls) > 0 && strings.TrimSpace(ls[0]) == "" {
		ls = ls[1:]
	}
	for len(ls) > 0 && strings.TrimSpace(ls[len(ls)-1]) == "" {
		ls = ls[:len(ls)-1]
	}
	return ls
}
