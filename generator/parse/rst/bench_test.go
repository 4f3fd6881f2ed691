package rst

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"docent/generator/doc"
)

// prose is a page as people write them: sections, paragraphs with markup,
// lists, listings, a table, references.
const prose = `
Section %[1]d
=============

This paragraph has *emphasis*, **strong text**, ` + "``literals``" + ` and a reference to target%[1]d_. It goes on for a few
lines, as paragraphs do, with a link to ` + "`the manual <https://example.org/manual/%[1]d>`__" + ` in it, and then it says a little
more about what the reader should do next. Nothing else is marked up in this sentence, which is long enough.

* First item, with :emphasis:` + "`a role`" + ` in it.
* Second item, which has more
  than one line of text.

  And a second paragraph.

.. _target%[1]d:

.. note:: Mind the gap between the train and the platform.

.. code-block:: shell

   docker build -f Dockerfile -t nvcr.io/org/team/image:%[1]d .
   docker run --rm -it nvcr.io/org/team/image:%[1]d bash -l

1. One
2. Two

+----------+-----------+
| Option   | Meaning   |
+==========+===========+
| -a       | All       |
+----------+-----------+

Term
   Its definition, with a footnote [#f%[1]d]_.

.. [#f%[1]d] The footnote.
`

func pages(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, prose, i)
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		text := pages(n)
		b.Run(fmt.Sprintf("%dkB", len(text)/1000), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Parse("a.rst", text, nil, Options{})
			}
		})
	}
}

func BenchmarkPlain(b *testing.B) {
	text := strings.Repeat(strings.Repeat("Some words of a paragraph without any markup in it, ", 2)+"\n", 10) + "\n"
	text = strings.Repeat(text, 500)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Parse("a.rst", text, nil, Options{})
	}
}

// shapes are texts that cost a careless parser more than linear time.
var shapes = map[string]func(n int) string{
	"open emphasis":     func(n int) string { return strings.Repeat("*a ", n) },
	"open strong":       func(n int) string { return strings.Repeat("**a ", n) },
	"open literals":     func(n int) string { return strings.Repeat("``a ", n) },
	"open backquotes":   func(n int) string { return strings.Repeat(":a:`b ", n) },
	"open bars":         func(n int) string { return strings.Repeat("|a ", n) },
	"open targets":      func(n int) string { return strings.Repeat("_`a ", n) },
	"open brackets":     func(n int) string { return strings.Repeat("[a", n) },
	"open angles":       func(n int) string { return strings.Repeat("`a <b", n) + ">`_" },
	"empty literals":    func(n int) string { return strings.Repeat("````", n) },
	"unclosed pairs":    func(n int) string { return strings.Repeat("*a*b ", n) },
	"names":             func(n int) string { return strings.Repeat("a-", n) },
	"underscores":       func(n int) string { return strings.Repeat("a_", n) },
	"dots and ats":      func(n int) string { return strings.Repeat("a.b@", n) },
	"hyphens and at":    func(n int) string { return strings.Repeat("-a", n) + "@" },
	"colons":            func(n int) string { return strings.Repeat("(a:(b", n) },
	"role suffixes":     func(n int) string { return "`a`" + strings.Repeat(":a", n) },
	"many suffixes":     func(n int) string { return strings.Repeat("`a`:a:a:a:a", n) },
	"queries":           func(n int) string { return "http://a" + strings.Repeat("?a#", n) },
	"backslashes":       func(n int) string { return strings.Repeat(`\`, n) },
	"escaped":           func(n int) string { return strings.Repeat(`\*`, n) },
	"adornment":         func(n int) string { return strings.Repeat("=", n) + "\nx\n" + strings.Repeat("=", n) },
	"short adornments":  func(n int) string { return strings.Repeat("a\n====\nlonger title\n=====\n", n/4) },
	"lists in a line":   func(n int) string { return strings.Repeat("- ", n) + "a" },
	"quotes":            func(n int) string { return stairs(n, "a\n\n") },
	"nested lists":      func(n int) string { return stairs(n, "- a\n\n") },
	"definitions":       func(n int) string { return stairs(n, "a\n") },
	"line block stairs": func(n int) string { return stairsOf(n, "| ", "a\n") },
	"fields":            func(n int) string { return strings.Repeat(":a", n) + "\n" },
	"field list":        func(n int) string { return strings.Repeat(":a: b\n", n) },
	"options":           func(n int) string { return strings.Repeat("-a, ", n) + "\n" },
	"enumerators":       func(n int) string { return strings.Repeat("1. a\n2. b\n\n", n) },
	"comments":          func(n int) string { return strings.Repeat("..\n\n", n) },
	"attributions":      func(n int) string { return strings.Repeat("  a\n\n  -- b\n\n", n) },
	"bad attributions":  func(n int) string { return strings.Repeat("  -- a\n     b\n       c\n\n", n) },
	"target lines":      func(n int) string { return ".. _a" + strings.Repeat("\n   b", n) },
	"target colons":     func(n int) string { return ".. _a" + strings.Repeat(":b", n) },
	"substitution":      func(n int) string { return ".. |a" + strings.Repeat("\n   b", n) },
	"indirect chain":    indirectChain,
	"anonymous":         func(n int) string { return strings.Repeat("a__ ", n) + strings.Repeat("\n\n__ b", n) },
	"duplicate targets": func(n int) string { return strings.Repeat(".. _a: b\n", n) },
	"same titles":       func(n int) string { return strings.Repeat("a\n=\n\n", n) },
	"chained targets":   chained,
	"unknown targets":   func(n int) string { return several(n, "a%d_ ") },
	"transitions":       func(n int) string { return strings.Repeat("----\n\n", n) },
	"section ends":      func(n int) string { return strings.Repeat("a\n=\n\nb\n\n----\n\n", n) },
	"grid rows":         func(n int) string { return "+---+\n" + strings.Repeat("| a |\n+---+\n", n) },
	"grid columns": func(n int) string {
		return strings.Repeat("+--", n) + "+\n" + strings.Repeat("|a ", n) + "|\n" + strings.Repeat("+--", n) + "+\n"
	},
	"open grid":      func(n int) string { return "+---+\n" + strings.Repeat("| a |\n", n) },
	"grid corners":   func(n int) string { return strings.Repeat("+-", n) + "+\n" + strings.Repeat("| ", n) + "|\n" },
	"simple rows":    func(n int) string { return "== ==\n" + strings.Repeat("a  b\n", n) + "== ==\n" },
	"open simple":    func(n int) string { return strings.Repeat("== ==\na  b\n", n) },
	"footnotes":      func(n int) string { return strings.Repeat("[#]_ ", n) + "\n\n" + strings.Repeat(".. [#] a\n", n) },
	"symbols":        func(n int) string { return strings.Repeat("[*]_ ", n/10) + "\n\n" + strings.Repeat(".. [*] a\n", n/10) },
	"substitutions":  func(n int) string { return ".. |a| replace:: b\n\n" + strings.Repeat("|a| ", n) },
	"undefined":      func(n int) string { return several(n, "|a%d| ") },
	"unknown":        func(n int) string { return strings.Repeat(".. nope::\n\n   a\n\n", n) },
	"classes":        func(n int) string { return strings.Repeat(".. class:: a\n\n", n) + "b\n" },
	"tabs":           func(n int) string { return strings.Repeat("\ta\n", n) },
	"blank lines":    func(n int) string { return strings.Repeat("\n", n) + "a" },
	"literal blocks": func(n int) string { return strings.Repeat("::\n\n  a\n\n", n) },
	"announced":      func(n int) string { return strings.Repeat("a::\n", n) },
}

func stairs(n int, s string) string { return stairsOf(n, "", s) }

// stairsOf makes about n bytes of lines that are indented ever deeper.
func stairsOf(n int, before, s string) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(before + strings.Repeat("  ", i) + s)
	}
	return b.String()
}

func several(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func indirectChain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ".. _a%d: a%d_\n", i, i+1)
	}
	fmt.Fprintf(&b, ".. _a%d: b\n\na0_\n", n)
	return b.String()
}

func chained(n int) string { return several(n, ".. _a%d:\n\n") + "text\n" }

// TestLinear reads each shape at one size and at sixteen times the size and
// compares what was allocated for each byte, which is the same on every
// machine. Quadratic work that allocates would make it sixteen times as much;
// for work that does not, there is BenchmarkShapes.
func TestLinear(t *testing.T) {
	allocated := func(s string) float64 {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		Parse("a.rst", s, nil, Options{})
		runtime.ReadMemStats(&b)
		return float64(b.TotalAlloc-a.TotalAlloc) / float64(len(s))
	}
	for name, shape := range shapes {
		small, large := shape(1_000), shape(16_000)
		Parse("a.rst", small, nil, Options{}) // tables that are made once
		// Slices grow in steps, so that twice as much is nothing.
		if a, b := allocated(small), allocated(large); b > 3*a+100 {
			t.Errorf("%s: for each byte of %d, %.0f are allocated; of %d, %.0f", name, len(small), a, len(large), b)
		}
	}
}

// BenchmarkShapes shows for each shape how much longer a byte of a large text
// takes than one of a text a sixteenth as long: "x/byte" is about 1 where the
// parser is linear, and 16 where it is quadratic.
func BenchmarkShapes(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		b.Run(name, func(b *testing.B) {
			small, large := shapes[name](2_000), shapes[name](32_000)
			b.SetBytes(int64(len(large)))
			var took [2]time.Duration
			for b.Loop() {
				for i, s := range []string{small, large} {
					start := time.Now()
					Parse("a.rst", s, nil, Options{})
					took[i] += time.Since(start)
				}
			}
			b.ReportMetric(float64(took[1])/float64(len(large))*float64(len(small))/float64(took[0]), "x/byte")
		})
	}
}

// FuzzParse looks for texts that make the parser panic, hang, or put a node or
// a message outside its source.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, name := range files {
		for _, c := range readCases(f, name) {
			f.Add(c.source)
		}
	}
	for _, shape := range shapes {
		f.Add(shape(20))
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		d := Parse("a.rst", text, nil, Options{})
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%d bytes take %v", len(text), took)
		}
		inside(t, d)
		if doc.PseudoXML(d.Root) == "" {
			t.Fatal("no tree")
		}
	})
}
