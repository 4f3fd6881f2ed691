package directive

import (
	"regexp"
	"testing"
)

// FuzzCutPySignature compares with the form that Sphinx gives signatures.
func FuzzCutPySignature(f *testing.F) {
	for _, sig := range []string{
		"f", "a.b.f", "f()", "f (a, b=(1, 2)) -> int", "pkg.C.m( x )", "f(a) -> Callable[[int], (str)]", "f(a) b", "f(", "f)", ".f", "a.", "f(a)->(b)->c",
		"größe(ü)", "f(a)\n-> b", "f ()  ", "  f", "f(a) -> ", "f(a)b -> c)", "f()(->)", "_x[0]",
	} {
		f.Add(sig)
	}
	form := regexp.MustCompile(`(?s)^([\pL\pN_.]*\.)?([\pL\pN_]+)\s*(?:\(\s*(.*)\s*\)(?:\s*->\s*(.*))?)?$`)
	f.Fuzz(func(t *testing.T, sig string) {
		prefix, name, args, returns, ok := cutPySignature(sig)
		m := form.FindStringSubmatch(sig)
		if (m != nil) != ok || ok && (m[1] != prefix || m[2] != name || m[3] != args || m[4] != returns) {
			t.Errorf("%q: %q %q %q %q %v, want %q", sig, prefix, name, args, returns, ok, m)
		}
	})
}
