package doc

import "testing"

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
