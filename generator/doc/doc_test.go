package doc

import (
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEveryKindHasAName(t *testing.T) {
	if len(kindNames) != Kinds {
		t.Fatalf("%d names for %d kinds", len(kindNames), Kinds)
	}
	for k, want := range map[Kind]string{KindText: "#text", KindCheckbox: "checkbox", KindWarning: "warning",
		KindToctree: "toctree", KindGrid: "grid", KindDescSigLiteralString: "desc_sig_literal_string", KindMath: "math"} {
		if k.String() != want {
			t.Errorf("kind %d is called %q, want %q", k, k, want)
		}
	}
}

func TestLineCol(t *testing.T) {
	s := NewSource("a.rst", "ab\n\nçd\n")
	for _, c := range []struct{ off, line, col int }{
		{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {4, 3, 1}, {6, 3, 2}, {7, 3, 3}, {8, 4, 1}, {99, 4, 1}, {-1, 1, 1},
	} {
		if line, col := s.LineCol(c.off); line != c.line || col != c.col {
			t.Errorf("offset %d is %d:%d, want %d:%d", c.off, line, col, c.line, c.col)
		}
	}
}

func TestDiagPrints(t *testing.T) {
	d := Diag{Severity: Error, Code: "x-y", Message: "Unknown thing.", Hint: "Did you mean `that`?",
		Source: NewSource("a.rst", "one\n\ttwo three\n"), Off: 9, Len: 5}
	if got, want := d.String(), "a.rst:2:6: error: Unknown thing. Did you mean `that`? [x-y]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := d.Excerpt(), "  \ttwo three\n  \t    ^^^^^\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestLongLines: on a line of megabytes a message costs what it costs on any
// other, its column is right, and its excerpt shows the spot.
func TestLongLines(t *testing.T) {
	text := "x\n" + strings.Repeat("日本`a\xff ", 300_000) + "\nlast"
	s := NewSource("a.rst", text)
	for _, off := range []int{0, 2, 3, 5, 4000, 4097, 99_999, 1_234_567, len(text) - 5, len(text)} {
		line, col := s.LineCol(off)
		start := strings.LastIndexByte(text[:off], '\n') + 1
		if want := utf8.RuneCountInString(text[start:off]) + 1; col != want || line != strings.Count(text[:off], "\n")+1 {
			t.Errorf("offset %d is %d:%d, want column %d", off, line, col, want)
		}
	}
	at := 2 + 100_000*len("日本`a\xff ") + len("日本")
	d := Diag{Source: s, Off: at, Len: 2}
	line, mark, _ := strings.Cut(d.Excerpt(), "\n")
	if n := utf8.RuneCountInString(line); n > 2+excerptWidth+2 || !strings.HasPrefix(line, "  …") || !strings.HasSuffix(line, "…") {
		t.Errorf("%d characters are shown: %s", n, line)
	}
	shown := []rune(line)
	if from := strings.IndexByte(mark, '^'); string(shown[from:from+2]) != "`a" || strings.TrimSpace(mark) != "^^" {
		t.Errorf("the spot is not marked:\n%s\n%s", line, mark)
	}
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	for range 100 {
		_ = d.Excerpt()
	}
	runtime.ReadMemStats(&b)
	if used := (b.TotalAlloc - a.TotalAlloc) / 100; used > 8192 {
		t.Errorf("an excerpt takes %d bytes", used)
	}
}
