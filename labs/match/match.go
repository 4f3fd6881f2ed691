// Package match compares the output that a page promises with the output that
// came.
//
// The promise is a sample: a reader expects the same words, and other numbers,
// dates, digests and timings. The default comparison, [Shape], says exactly
// that. The package is pure; no input makes it fail, hang or panic.
package match

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
	// Within are tolerances for numbers with a unit.
	Within []Tolerance
	// Saves are expressions whose first group, or whole match, is kept.
	Saves []Save
	// Vars are the values of the session's variables: a sample that shows a
	// value which the lab had to replace still matches.
	Vars map[string]string
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
