// Package match compares the output that a page promises with the output that
// came.
//
// The promise is a sample: a reader expects the same words, and other numbers,
// dates, digests and timings. The default comparison, [Shape], says exactly
// that:
//
//   - The lines of the sample must be there in their order; more lines may
//     stand before, between and after them.
//   - In a line the words must be equal. Numbers, sizes, timings, dates, ages,
//     digests and ids, and the names of GPUs may differ, but not what kind of
//     thing they are. A number inside a name (fp64, sm_90) is part of the name.
//   - A whole number of four or more digits that counts something must be the
//     same ("2000128 bodies"), because it comes from what was typed; so must
//     one that the command itself holds. [Options.Loose] lifts both rules.
//   - A number with a tolerance must be within it: "13936.007 GFLOP/s ±20%" in
//     the sample, or [Options.Within]. Sizes and timings are compared in bytes
//     and seconds whatever their units.
//   - Three dots stand for any text in a line; alone on a line, for any lines.
//   - Stars stand for a secret.
//   - Tables are compared by headings and rows: their order and the widths do
//     not matter, and more of both may be there. Ids, ages and states may
//     differ; names may not.
//   - A sample that was wrapped at a fixed width, even in mid-word, is joined
//     again; so is output that a terminal wrapped.
//
// The package is pure; no input makes it fail, hang or panic.
package match

import (
	"fmt"
	"regexp"
	"strings"
)

// A Mode is a way of comparing.
type Mode string

// The modes.
const (
	Shape Mode = "shape" // same words; numbers, sizes, dates, ids and timings may differ
	Exact Mode = "exact" // equal, but for blanks at line ends
	Regex Mode = "regex" // the sample is a regular expression that matches in the output
	None  Mode = "none"  // anything goes
)

// Options say how to compare.
type Options struct {
	Mode Mode // "" is Shape
	// Within are tolerances for numbers with a unit, besides those that the
	// sample itself holds.
	Within []Tolerance
	// Saves are expressions whose first group, or whole match, is kept. One
	// that finds nothing fails the comparison, whatever the mode.
	Saves []Save
	// Vars are values for ${NAME} in the sample.
	Vars map[string]string
	// Own are values that each reader has another of, such as the name of the
	// user: where one came, a sample may show the author's, everywhere the same.
	Own []string
	// Command is what was typed: the numbers in it must come out as promised.
	Command string
	// Loose says that another command ran than the one on the page, so that
	// no count needs to be the same.
	Loose bool
}

// A Save is an expression whose first group, or whole match, is kept in
// Result.Values under a name.
type Save struct{ Name, Regex string }

// A Tolerance bounds how far numbers before a unit may be from the sample's.
type Tolerance struct {
	Unit  string  // "GFLOP/s"; "" is every number
	Ratio float64 // 0.2 is ±20 %
}

// A Result is the outcome of a comparison.
type Result struct {
	OK bool
	// Diff is for a person: what was promised, what came, the first
	// difference marked. Empty when OK.
	Diff string
	// Why is one sentence about the first difference. Empty when OK.
	Why string
	// Values are what named groups and saves found.
	Values map[string]string
}

// Compare compares a sample with output.
func Compare(expected, got string, o Options) Result {
	want, have := Clean(expected), Clean(got)
	var r Result
	switch o.Mode {
	case None:
		r.OK = true
	case Exact:
		r = exact(want, have)
	case Regex:
		r = matchRegex(want, have)
	case Shape, "":
		r = shape(want, have, o)
		for _, theirs := range authors(want, have, o.Own) {
			if r.OK {
				break
			}
			if again := shape(theirs, have, o); again.OK {
				r = again
			}
		}
	default:
		r.Why = fmt.Sprintf("there is no way to compare called %q", o.Mode)
	}
	for _, s := range o.Saves {
		value, err := s.find(have)
		if err != nil {
			if r.OK {
				r.OK, r.Why = false, err.Error()
				r.Diff = "what came:\n" + excerpt(have, 20)
			}
			continue
		}
		r.keep(s.Name, value)
	}
	return r
}

func (r *Result) keep(name, value string) {
	if r.Values == nil {
		r.Values = map[string]string{}
	}
	r.Values[name] = value
}

// find gives the first group of the expression, or all that it matched.
func (s Save) find(text string) (string, error) {
	re, err := regexp.Compile("(?m)" + s.Regex)
	if err != nil {
		return "", fmt.Errorf("save=%s: %w", s.Name, err)
	}
	m := re.FindStringSubmatch(text)
	switch {
	case m == nil:
		return "", fmt.Errorf("nothing in the output matches save=%s:%s", s.Name, s.Regex)
	case len(m) > 1:
		return m[1], nil
	}
	return m[0], nil
}

// nameRE finds the words that a value may be a part of: bob, bob_nbody, /home/bob.
var nameRE = regexp.MustCompile(`[A-Za-z0-9_.-]+`)

// authors gives the sample as it would be if the words in it that stand where a
// reader's own value came were that value.
func authors(want, have string, own []string) (samples []string) {
	const most = 8 // words that the author's value may be
	promised := nameRE.FindAllString(want, -1)
	for _, value := range own {
		tried := map[string]bool{value: true, "": true}
		for _, came := range nameRE.FindAllString(have, -1) {
			before, after, ok := strings.Cut(came, value)
			if !ok || value == "" {
				continue
			}
			for _, word := range promised {
				word, starts := strings.CutPrefix(word, before)
				theirs, ends := strings.CutSuffix(word, after)
				if !starts || !ends || tried[theirs] || len(tried) == most {
					continue
				}
				tried[theirs] = true
				whole := regexp.MustCompile(`(^|[^A-Za-z0-9])` + regexp.QuoteMeta(theirs) + `($|[^A-Za-z0-9])`)
				samples = append(samples, whole.ReplaceAllString(want, "${1}"+strings.ReplaceAll(value, "$", "$$")+"${2}"))
			}
		}
	}
	return samples
}

func exact(want, have string) Result {
	if want == have {
		return Result{OK: true}
	}
	w, h := strings.Split(want, "\n"), strings.Split(have, "\n")
	i := 0
	for i < len(w) && i < len(h) && w[i] == h[i] {
		i++
	}
	d := differ{want: w, have: h, done: make([]int, len(w)), at: -1}
	for k := range w {
		d.done[k] = -1
		if k < i {
			d.done[k] = k
		}
	}
	why := fmt.Sprintf("line %d is not the same", i+1)
	switch {
	case i == len(w):
		why = fmt.Sprintf("more came than the %s promised", lines(len(w)))
	case i == len(h):
		why = fmt.Sprintf("only %s came, %d are promised", lines(len(h)), len(w))
	}
	return Result{Why: why, Diff: d.text(i, i)}
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// matchRegex searches the output for the expression. ^ and $ are line ends.
func matchRegex(want, have string) Result {
	re, err := regexp.Compile("(?m)" + want)
	if err != nil {
		return Result{Why: "the sample is no regular expression: " + err.Error(), Diff: "the page promises:\n" + excerpt(want, 20)}
	}
	m := re.FindStringSubmatch(have)
	if m == nil {
		return Result{Why: "nothing in the output matches the expression",
			Diff: "the page promises a match of:\n" + excerpt(want, 20) + "what came:\n" + excerpt(have, 20)}
	}
	r := Result{OK: true}
	for i, name := range re.SubexpNames() {
		if name != "" {
			r.keep(name, m[i])
		}
	}
	return r
}

// excerpt indents the first lines of a text.
func excerpt(text string, most int) string {
	all := strings.Split(text, "\n")
	var b strings.Builder
	for i, l := range all {
		if i == most {
			fmt.Fprintf(&b, "  (%s more)\n", lines(len(all)-most))
			break
		}
		b.WriteString("  " + cut(l) + "\n")
	}
	return b.String()
}

// cut bounds a line for display.
func cut(l string) string {
	if r := []rune(l); len(r) > 200 {
		return string(r[:200]) + "..."
	}
	return l
}
