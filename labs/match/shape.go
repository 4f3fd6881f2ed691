package match

import (
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxLines = 20000 // of output: the first and last halves are looked at
	maxWant  = 4000  // lines of a sample
	maxJoin  = 12    // lines that are joined to one
	minWidth = 60    // narrower text was not wrapped hard
)

// A comparer compares one sample with one output.
type comparer struct {
	Options
	typed map[float64]bool // numbers in the command
	want  []string
	have  []string

	wantWidth, haveWidth int // where the text may have been wrapped; 0 if nowhere

	plain  map[string][]int // signature -> lines of the output
	joined map[string][]hit // squeezed text -> output lines, alone or joined
	tables []*table         // of the output
}

type hit struct{ from, to int } // lines from..to-1

func shape(want, have string, o Options) Result {
	if want == "" || want == have {
		return Result{OK: true} // nothing is promised, or exactly this
	}
	c := newComparer(want, have, o)
	if c == nil {
		return Result{Why: fmt.Sprintf("the sample has more than %d lines", maxWant)}
	}
	return c.compare()
}

// newComparer reads a sample and an output; nil if the sample is too long.
func newComparer(want, have string, o Options) *comparer {
	c := &comparer{Options: o, typed: map[float64]bool{}}
	c.want = strings.Split(want, "\n")
	if len(c.want) > maxWant {
		return nil
	}
	c.have = strings.Split(have, "\n")
	if n := len(c.have); n > maxLines {
		c.have = append(c.have[:maxLines/2:maxLines/2], c.have[n-maxLines/2:]...)
	}
	for _, t := range tokens(o.Command, false) {
		if q, ok := parseQuantity(t.text); ok && t.class == number && math.Abs(q.value) >= 100 {
			c.typed[q.value] = true
		}
	}
	c.index()
	return c
}

// index reads the output once.
func (c *comparer) index() {
	c.wantWidth, c.haveWidth = wrapWidth(c.want), wrapWidth(c.have)
	c.plain, c.joined = map[string][]int{}, map[string][]hit{}
	for i, l := range c.have {
		if strings.TrimSpace(l) == "" {
			continue
		}
		sig := signature(tokens(l, false))
		c.plain[sig] = append(c.plain[sig], i)
		eachJoin(c.have, i, c.haveWidth, func(text string, to int) {
			sq := squeezed(text)
			c.joined[sq] = append(c.joined[sq], hit{i, to})
		})
	}
	for i := 0; i < len(c.have); {
		if t := readTable(c.have, i); t != nil {
			c.tables = append(c.tables, t)
			i = max(t.to, i+1)
			continue
		}
		i++
	}
}

// wrapWidth is the width at which a text may have been wrapped: that of its
// longest line. A shorter text was not wrapped.
func wrapWidth(ls []string) int {
	w := 0
	for _, l := range ls {
		w = max(w, width(l))
	}
	if w < minWidth {
		return 0
	}
	return w
}

// width counts characters, a tab up to the next multiple of eight.
func width(l string) int {
	if !strings.Contains(l, "\t") {
		return utf8.RuneCountInString(l)
	}
	n := 0
	for _, r := range l {
		if r == '\t' {
			n += 8 - n%8
		} else {
			n++
		}
	}
	return n
}

// eachJoin gives line i, and then line i joined with those after it as long
// as the last one joined is so full that it may have been wrapped there. The
// blank at which a line broke may be gone, and a tab may hide some more.
func eachJoin(ls []string, i, full int, f func(text string, to int)) {
	text := ls[i]
	f(text, i+1)
	for j := i; full > 0 && j+1 < len(ls) && j-i < maxJoin; j++ {
		if width(ls[j]) < full-1 || strings.TrimSpace(ls[j+1]) == "" {
			return
		}
		text += ls[j+1]
		f(text, j+2)
	}
}

// compare finds the sample's lines in the output, one after the other.
func (c *comparer) compare() Result {
	done := make([]int, len(c.want)) // line of the output, or -1
	for i := range done {
		done[i] = -1
	}
	at := 0
	for i := 0; i < len(c.want); {
		l := c.want[i]
		if trim := strings.TrimSpace(l); trim == "" || anyLines(trim) {
			i++
			continue
		}
		if t := readTable(c.want, i); t != nil {
			miss, why, next, columns := c.findTable(t, at)
			if why == "" {
				for k := t.from; k < t.to; k++ {
					done[k] = max(0, next-1)
				}
				at, i = next, max(t.to, i+1)
				continue
			}
			// What only looks like a table may be there word by word.
			if columns && len(c.Within) > 0 || !c.verbatim(l, at) {
				return c.fail(miss, at, done, why)
			}
		}
		from, to, used := c.findLine(i, at)
		if used == 0 {
			return c.fail(i, at, done, "")
		}
		for k := i; k < i+used; k++ {
			done[k] = from
		}
		at, i = to, i+used
	}
	return Result{OK: true}
}

func anyLines(l string) bool { return l == "..." || l == "…" || l == "[...]" }

// verbatim reports whether the output has exactly this line, from a line on.
func (c *comparer) verbatim(l string, at int) bool {
	for _, h := range c.plain[signature(tokens(l, false))] {
		if h >= at && c.have[h] == l {
			return true
		}
	}
	return false
}

// findTable finds the sample's table in the output. next is the line after
// it; columns reports whether one with the same headings is there.
func (c *comparer) findTable(want *table, at int) (miss int, why string, next int, columns bool) {
	why = "a table with the columns " + strings.Join(want.head, ", ") + " is not in the output"
	best := -2
	miss = want.from
	for _, t := range c.tables {
		if t.to <= at {
			continue
		}
		m, w, ok := c.compareTable(want, t)
		if ok {
			return 0, "", t.to, true
		}
		columns = columns || m >= 0
		if m > best {
			best, why, miss = m, w, want.from
			if m >= 0 {
				miss = want.rows[m].line
			}
		}
	}
	return miss, why, at, columns
}

// findLine finds line i of the sample, alone or joined with the lines after
// it, in the output from line at on. used is how many lines of the sample it
// took; 0 means that it is not there.
func (c *comparer) findLine(i, at int) (from, to, used int) {
	line := c.expand(c.want[i])
	ts, tol := c.sample(line)
	wild := false
	for _, t := range ts {
		wild = wild || t.class == gap || t.class == hidden
	}
	if wild {
		for j := at; j < len(c.have); j++ {
			if c.have[j] != "" && c.sameTokens(ts, tokens(c.have[j], false), tol) {
				return j, j + 1, 1
			}
		}
	} else if at2 := c.plain[signature(ts)]; len(at2) > 0 {
		for _, j := range at2[sort.SearchInts(at2, at):] {
			if c.sameTokens(ts, tokens(c.have[j], false), tol) {
				return j, j + 1, 1
			}
		}
	}
	if same := c.plain[signature(tokens(c.want[i], false))]; len(same) > 0 {
		for _, j := range same[sort.SearchInts(same, at):] {
			if c.have[j] == c.want[i] {
				return j, j + 1, 1
			}
		}
	}
	// Wrapped text, on either side.
	first := true
	eachJoin(c.want, i, c.wantWidth, func(text string, end int) {
		alone := first
		first = false
		if used > 0 {
			return
		}
		hits := c.joined[squeezed(c.expand(text))]
		k := sort.Search(len(hits), func(k int) bool { return hits[k].from >= at })
		for _, h := range hits[k:] {
			if alone && h.to == h.from+1 {
				continue // two whole lines: compared above, and stricter
			}
			if c.sameNumbers(text, strings.Join(c.have[h.from:h.to], "")) {
				from, to, used = h.from, h.to, end-i
				return
			}
		}
	})
	return from, to, used
}

var numbersRE = regexp.MustCompile(`\d[\d,]*(?:\.\d+)?`)

// sameNumbers compares the counts of lines that were joined: they must be the
// same where a count must be.
func (c *comparer) sameNumbers(want, got string) bool {
	if c.Loose {
		return true
	}
	w, g := numbersRE.FindAllString(want, -1), numbersRE.FindAllString(got, -1)
	if len(w) != len(g) {
		return true // cut in two by the wrapping
	}
	for i := range w {
		if q, ok := parseQuantity(w[i]); ok && c.typed[q.value] && w[i] != g[i] {
			return false
		}
	}
	return true
}

// expand puts values in for ${NAME}.
func (c *comparer) expand(l string) string {
	if len(c.Vars) == 0 || !strings.Contains(l, "${") {
		return l
	}
	var b strings.Builder
	for {
		i := strings.Index(l, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(l[i:], '}')
		if end < 0 {
			break
		}
		v, ok := c.Vars[l[i+2:i+end]]
		if !ok {
			v = l[i : i+end+1]
		}
		b.WriteString(l[:i] + v)
		l = l[i+end+1:]
	}
	return b.String() + l
}

var inlineTolerance = regexp.MustCompile(`\s*(?:±|\+/-)\s*(\d+(?:\.\d+)?)\s*%`)

// sample splits a line of the sample and gives the tolerances of its tokens,
// by index: those the line itself holds, and those of the options.
func (c *comparer) sample(line string) ([]token, map[int]float64) {
	tol := map[int]float64{}
	type mark struct {
		at    int
		ratio float64
	}
	var marks []mark
	for {
		m := inlineTolerance.FindStringSubmatchIndex(line)
		if m == nil {
			break
		}
		if v, err := strconv.ParseFloat(line[m[2]:m[3]], 64); err == nil {
			marks = append(marks, mark{m[0], v / 100})
		}
		line = line[:m[0]] + line[m[1]:]
	}
	ts := tokens(line, true)
	set := func(before int, ratio float64) {
		for k := len(ts) - 1; k >= 0; k-- {
			if ts[k].at < before && (ts[k].class == number || ts[k].class == size || ts[k].class == duration) {
				tol[k] = ratio
				return
			}
		}
	}
	for _, w := range c.Within {
		if w.Unit == "" {
			for k := range ts {
				tol[k] = w.Ratio
			}
			continue
		}
		for from := 0; ; {
			i := strings.Index(line[from:], w.Unit)
			if i < 0 {
				break
			}
			set(from+i+len(w.Unit), w.Ratio)
			from += i + len(w.Unit)
		}
	}
	for _, m := range marks {
		set(m.at, m.ratio)
	}
	return ts, tol
}

// sameLine compares one line, or one cell, by shape.
func (c *comparer) sameLine(want, got string) bool {
	if want == got {
		return true
	}
	ts, tol := c.sample(c.expand(want))
	return c.sameTokens(ts, tokens(got, false), tol)
}

// sameTokens matches tokens with gaps: as a shell pattern is matched, the
// last gap being the only one that has to give way.
func (c *comparer) sameTokens(want, got []token, tol map[int]float64) bool {
	i, j := 0, 0
	star, mark := -1, 0
	for j < len(got) {
		switch {
		case i < len(want) && want[i].class == gap:
			star, mark = i, j
			i++
		case i < len(want) && c.sameToken(want, i, got, j, tol):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(want) && want[i].class == gap {
		i++
	}
	return i == len(want)
}

// sameToken compares one token of the sample with one of the output.
func (c *comparer) sameToken(want []token, i int, got []token, j int, tol map[int]float64) bool {
	w, g := want[i], got[j]
	if w.class == hidden {
		return true
	}
	if w.class != g.class {
		return false
	}
	switch w.class {
	case word:
		return w.text == g.text
	case number, size, duration:
		if w.text == g.text {
			return true
		}
		a, okA := parseQuantity(w.text)
		b, okB := parseQuantity(g.text)
		if ratio, has := tol[i]; has && okA && okB {
			return within(a.value, b.value, ratio)
		}
		return w.class != number || !okA || !c.mustKeep(want, i, a.value)
	}
	return true
}

// mustKeep reports whether a number of the sample has to come out the same:
// it is in the command, or it is a large whole number that counts something.
func (c *comparer) mustKeep(want []token, i int, v float64) bool {
	if c.Loose {
		return false
	}
	if c.typed[v] {
		return true
	}
	if v < 1000 || v != math.Trunc(v) || strings.Contains(want[i].text, ".") || i+1 >= len(want) {
		return false
	}
	next := want[i+1]
	if next.class != word || next.at == want[i].at+len(want[i].text) || !countRE.MatchString(next.text) {
		return false
	}
	return !measured[next.text]
}

var countRE = regexp.MustCompile(`^[a-z]{3,}s$|^bodies$`)

// measured are plurals that a run measures or that grow on their own.
var measured = map[string]bool{"files": true, "packages": true, "objects": true, "directories": true, "bytes": true, "blocks": true,
	"sectors": true, "records": true, "pages": true, "ticks": true, "cycles": true, "tokens": true, "flops": true, "this": true, "was": true, "has": true, "its": true}
