package match

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// fail tells that line miss of the sample was not found in the output from
// line at on.
func (c *comparer) fail(miss, at int, done []int, why string) Result {
	d := differ{want: c.want, have: c.have, done: done, at: -1}
	near := c.nearest(c.want[miss], at)
	if near >= 0 {
		if _, g, ok := c.firstDifference(c.want[miss], c.have[near]); ok {
			d.at, d.length = g.at, utf8.RuneCountInString(g.text)
		}
	}
	if why == "" {
		why = fmt.Sprintf("`%s` (line %d of the sample) is not in the output", strings.TrimSpace(cut(c.want[miss])), miss+1)
		if near >= 0 {
			if w, g, ok := c.firstDifference(c.want[miss], c.have[near]); ok {
				why = fmt.Sprintf("line %d of the sample has `%s`, and `%s` came", miss+1, w.text, g.text)
			}
		}
	}
	return Result{Why: why, Diff: d.text(miss, near)}
}

// firstDifference gives the first tokens that do not stand for each other.
func (c *comparer) firstDifference(want, got string) (w, g token, ok bool) {
	a, tol := c.sample(c.expand(want))
	b := tokens(got, false)
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i].class == gap {
			return w, g, false
		}
		if !c.sameToken(a, i, b, i, tol) {
			return a[i], b[i], true
		}
	}
	return w, g, false
}

// nearest is the line of the output, from line at on, that is most like the
// one that is missed; -1 if none has anything in common with it.
func (c *comparer) nearest(missed string, at int) int {
	want := map[string]int{}
	all := tokens(missed, true)
	for _, t := range all {
		want[key(t)]++
	}
	best, most := -1, 0
	for j := at; j < len(c.have) && j < at+500; j++ {
		have := map[string]int{}
		n, total := 0, 0
		for _, t := range tokens(c.have[j], false) {
			k := key(t)
			total++
			if have[k]++; have[k] <= want[k] {
				n++
			}
		}
		if score := n * 200 / max(1, len(all)+total); score > most && score >= 40 {
			best, most = j, score
		}
	}
	return best
}

func key(t token) string {
	if t.class == word {
		return t.text
	}
	return "\x00" + string(t.class)
}

// A differ prints a sample and an output side by side, line under line.
type differ struct {
	want, have []string
	done       []int // per line of the sample: the line of the output it was found at, or -1
	at, length int   // where the first difference stands in the line that came, in bytes, and its length; at is -1 if nobody said
}

// text shows the sample around the line that is missed, and under it the line
// that came instead (near, or -1), with the first difference marked.
//
//	  what was found
//	- what is promised and was not found
//	+ what came there
//	  ^^^ the first difference
func (d differ) text(miss, near int) string {
	var b strings.Builder
	from := max(0, miss-3)
	if from > 0 {
		fmt.Fprintf(&b, "  (%s before this came as promised)\n", lines(from))
	}
	for i := from; i < miss && i < len(d.want); i++ {
		b.WriteString("  " + cut(d.want[i]) + "\n")
	}
	switch {
	case miss >= len(d.want):
		b.WriteString("- (nothing more)\n")
	default:
		b.WriteString("- " + cut(d.want[miss]) + "\n")
	}
	switch {
	case near >= 0 && near < len(d.have):
		b.WriteString("+ " + cut(d.have[near]) + "\n")
		if miss < len(d.want) {
			at, n := d.at, d.length
			if at < 0 {
				at, n = marked(d.want[miss], d.have[near])
			}
			pad, n := blanks(d.have[near], at), min(n, 60)
			b.WriteString("  " + pad + strings.Repeat("^", n) + "\n")
		}
	case len(d.have) == 0 || len(d.have) == 1 && d.have[0] == "":
		b.WriteString("+ (nothing came)\n")
	default:
		b.WriteString("  what came from there on:\n")
		after := 0
		for i := miss - 1; i >= 0; i-- {
			if i < len(d.done) && d.done[i] >= 0 {
				after = d.done[i] + 1
				break
			}
		}
		if after >= len(d.have) {
			b.WriteString("+ (nothing)\n")
		}
		for j := after; j < len(d.have); j++ {
			if j == after+12 {
				fmt.Fprintf(&b, "  (%s more)\n", lines(len(d.have)-j))
				break
			}
			b.WriteString("+ " + cut(d.have[j]) + "\n")
		}
	}
	if rest := len(d.want) - miss - 1; rest > 0 {
		fmt.Fprintf(&b, "  (%s after this not looked at)\n", lines(rest))
	}
	return b.String()
}

// marked gives the place and the length of the first difference in the second
// line.
func marked(want, got string) (at, n int) {
	a, b := tokens(want, false), tokens(got, false)
	i := 0
	for i < len(a) && i < len(b) && a[i].class == b[i].class && (a[i].class != word || a[i].text == b[i].text) {
		i++
	}
	at, n = len(got), 1
	if i < len(b) {
		at, n = b[i].at, utf8.RuneCountInString(b[i].text)
	} else if i == len(a) && i == len(b) {
		// Only numbers differ: mark the first one.
		for k := range a {
			if a[k].text != b[k].text {
				at, n = b[k].at, utf8.RuneCountInString(b[k].text)
				break
			}
		}
	}
	return at, n
}

// blanks are what stands under a line up to a place in it.
func blanks(got string, at int) string {
	var p strings.Builder
	for k, r := range got {
		if k >= at || p.Len() >= 200 {
			break
		}
		if r == '\t' {
			p.WriteByte('\t')
		} else {
			p.WriteByte(' ')
		}
	}
	return p.String()
}
