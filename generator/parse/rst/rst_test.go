package rst

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/docutilstest"
)

var update = flag.Bool("update", false, "write the trees of testdata anew, with docutils 0.19 (apt-get install python3-docutils)")

// build is a configuration with a date of the build.
var build = &directive.Config{Now: time.Date(2024, 4, 21, 0, 0, 0, 0, time.UTC)}

const sourceMark, treeMark = "%%%% source\n", "%%%% tree"

// A testCase is a source and what the reference makes of it: the tree, and how
// many messages of level warning or above.
type testCase struct {
	source, tree string
	messages     int
}

// mark is the line before the tree: "%%%% tree" or "%%%% tree, messages: 2".
func mark(messages int) string {
	if messages == 0 {
		return treeMark + "\n"
	}
	return fmt.Sprintf("%s, messages: %d\n", treeMark, messages)
}

func readCases(t testing.TB, name string) []testCase {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []testCase
	for _, part := range strings.Split(string(data), sourceMark)[1:] {
		source, tree, ok := strings.Cut(part, treeMark)
		if !ok && !*update {
			t.Fatalf("%s: a source without a tree:\n%s", name, part)
		}
		c := testCase{source: source}
		line, tree, _ := strings.Cut(tree, "\n")
		if _, number, some := strings.Cut(line, ": "); some {
			if c.messages, err = strconv.Atoi(number); err != nil {
				t.Fatal(name, err)
			}
		}
		c.tree = tree
		out = append(out, c)
	}
	return out
}

// TestTree compares the tree of every case of testdata, attributes included,
// with what the reference printed for it. There are never fewer messages.
func TestTree(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases in testdata", err)
	}
	total, equal := 0, 0
	var peer *docutilstest.Peer
	if *update {
		peer = docutilstest.Start(t, "")
	}
	for _, name := range files {
		cases := readCases(t, name)
		if *update {
			var b strings.Builder
			for _, c := range cases {
				a, ok := peer.Read(t, c.source)
				if !ok {
					t.Errorf("docutils fails on this, it is left out:\n%s", c.source)
					continue
				}
				b.WriteString(sourceMark + c.source + mark(len(a.Messages)) + a.Tree)
			}
			if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
			cases = readCases(t, name)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".txt")
		for i, c := range cases {
			total++
			key := fmt.Sprintf("%s/%d", base, i+1)
			d := Parse("<stdin>", c.source, build, Options{})
			got := doc.PseudoXML(d.Root)
			why, known := differs(c.source)
			if n := warnings(d); n < c.messages && !known {
				t.Errorf("%s: the reference has %d messages of warning or above, we have %d: %v\n%s", key, c.messages, n, d.Diags, c.source)
			}
			switch {
			case got == c.tree && known:
				t.Errorf("%s is equal now, though listed as different: %s", key, why)
			case got == c.tree:
				equal++
			case !known:
				t.Errorf("%s:\n%s\nwant\n%s\ngot\n%s", key, c.source, c.tree, got)
			}
		}
	}
	t.Logf("%d of %d trees equal the reference", equal, total)
}

// warnings counts the messages of level warning or above.
func warnings(d *doc.Document) (n int) {
	for _, g := range d.Diags {
		if g.Severity >= doc.Warning {
			n++
		}
	}
	return n
}

// differs tells why a source's tree is known to differ, if it is.
func differs(source string) (why string, known bool) {
	for part, why := range knownDifferences {
		if strings.Contains(source, part) {
			return why, true
		}
	}
	return "", false
}

// knownDifferences maps a piece of a case's source to the reason why its tree
// is not the reference's. A case that is listed and equal fails.
var knownDifferences = map[string]string{
	`.. |x\|y| replace:: z`: "the name is printed with its backslash, which the reference prints as NUL",
	":name:\n":              "an empty name is no name; the reference makes up an anchor",
	":nowrap:":              "an option that Sphinx adds",
	":label:":               "an option that Sphinx adds",
	":linenos:":             "an option that Sphinx adds",
	":caption:":             "an option that Sphinx adds",
	":loading:":             "an option of docutils 0.21",
	":figname:":             "an option of docutils 0.22",
	"`a`:class:":            "a role that Sphinx adds",
	":index:`":              "a role that Sphinx adds",
	":pep:`8#":              "Sphinx leads to a part of a PEP",
}

// TestPositions checks that every node and every message stands inside its
// source.
func TestPositions(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, name := range files {
		for _, c := range readCases(t, name) {
			inside(t, Parse("a.rst", c.source, nil, Options{}))
			inside(t, Parse("a.rst", strings.ReplaceAll(c.source, "\n", "\r\n"), nil, Options{}))
			inside(t, Parse("a.rst", "\ufeff\t"+strings.ReplaceAll(c.source, "  ", "\t"), nil, Options{}))
		}
	}
}

func inside(t testing.TB, d *doc.Document) {
	t.Helper()
	for n := range d.Root.All() {
		if int(n.Pos.File) >= len(d.Sources) || n.Pos.File < 0 || n.Pos.Off < 0 || int(n.Pos.Off) > len(d.Sources[n.Pos.File].Text) {
			t.Fatalf("%s at %v is outside the source\n%q", n.Kind, n.Pos, d.Sources[0].Text)
		}
	}
	for _, g := range d.Diags {
		if g.Source == nil || g.Off < 0 || g.Len < 0 || g.Off+g.Len > len(g.Source.Text) {
			t.Fatalf("%v at %d+%d is outside the source\n%q", g, g.Off, g.Len, d.Sources[0].Text)
		}
		if g.Code == "" || g.Message == "" {
			t.Fatalf("a message without code or text: %+v", g)
		}
	}
}

// TestManyOpenStarts: a text with thousands of start-strings that have no end
// keeps all its words, and does not drown the author in messages.
func TestManyOpenStarts(t *testing.T) {
	for _, start := range []string{"*", "**", "`", "``", "|", "_`"} {
		text := strings.TrimSpace(strings.Repeat(start+"a ", 3*maxOpen))
		d := Parse("a.rst", text, nil, Options{})
		if got := d.Root.PlainText(); got != text {
			t.Errorf("%q: the text became %.60q", start, got)
		}
		if len(d.Diags) != maxOpen+1 {
			t.Errorf("%q: %d messages", start, len(d.Diags))
		}
	}
}
