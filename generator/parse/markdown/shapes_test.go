package markdown

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// shapes are texts in which marks promise more than they keep, n times over.
func shapes() map[string]func(n int) string {
	r := strings.Repeat
	return map[string]func(n int) string{
		"[a](":      func(n int) string { return r("[a](", n) },
		"![":        func(n int) string { return r("![", n) },
		"[":         func(n int) string { return r("[", n) },
		"[a":        func(n int) string { return r("[a", n) },
		"[a]":       func(n int) string { return r("[a]", n) },
		"[a][":      func(n int) string { return r("[a][", n) },
		"[a](<":     func(n int) string { return r("[a](<", n) },
		"[a](<b":    func(n int) string { return r("[a](<b", n) },
		"[a](b \"":  func(n int) string { return r("[a](b \"", n) },
		"](":        func(n int) string { return r("](", n) },
		"nest link": func(n int) string { return r("[", n) + "a" + r("](b)", n) },
		"nest img":  func(n int) string { return r("![", n) + "a" + r("](b)", n) },
		"<":         func(n int) string { return r("<", n) },
		"<a":        func(n int) string { return r("<a", n) },
		"<!--":      func(n int) string { return "x " + r("<!--", n) },
		"<?":        func(n int) string { return "x " + r("<?", n) },
		"<!A ":      func(n int) string { return "x " + r("<!A ", n) },
		"<![CDATA[": func(n int) string { return "x " + r("<![CDATA[", n) },
		"`runs": func(n int) string {
			var b strings.Builder
			for i := 1; b.Len() < n*3; i++ {
				b.WriteString(r("`", i) + " ")
			}
			return b.String()
		},
		"` open":   func(n int) string { return r("a` `` ", n) },
		"*_":       func(n int) string { return r("*_", n) },
		"*a_":      func(n int) string { return r("*a_b", n) },
		"a**b":     func(n int) string { return r("a**b", n) + r("c*", n) },
		"_ close":  func(n int) string { return r("a_ ", n) },
		"*** mix":  func(n int) string { return r("*a **b ", n) + r("c* d** ", n) },
		"~":        func(n int) string { return r("~~a ~b", n) },
		"quotes":   func(n int) string { return r("> ", min(n, 2000)) + "a\n" },
		"quotes n": func(n int) string { return r("> ", n) + "a\n" },
		"lists":    func(n int) string { return r("- ", n) + "a\n" },
		"list steps": func(n int) string {
			var b strings.Builder
			for i := 0; b.Len() < n*3; i++ {
				b.WriteString(r("  ", i) + "- a\n")
			}
			return b.String()
		},
		"refs": func(n int) string { return r("[a]: b\n", n) },
		"refs use": func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "[a%d]: b\n", i)
			}
			return b.String() + "\n" + r("[a1] ", n)
		},
		"ref open":     func(n int) string { return r("[a\n", n) },
		"ref title":    func(n int) string { return r("[a]: b \"\n", n) },
		"cols":         func(n int) string { return r("|a", n) + "|\n" + r("|-", n) + "|\n" + r("|b", n) + "|\n" },
		"rows":         func(n int) string { return "|a|b|\n|-|-|\n" + r("|c|\n", n) },
		"wide rows":    func(n int) string { return r("|a", 300) + "|\n" + r("|-", 300) + "|\n" + r("|\n", n/10) },
		"| para":       func(n int) string { return r("|a|b|\n", n) },
		"html block":   func(n int) string { return r("<div>\n", n) },
		"html open":    func(n int) string { return r("<!-- \n\n", n) },
		"[^":           func(n int) string { return r("[^a]", n) },
		"footdefs":     func(n int) string { return r("[^a]: x\n", n) + "\n[^a]" },
		"footnest":     func(n int) string { return r("[^a]: ", n) },
		"entities":     func(n int) string { return r("&amp;", n) },
		"&":            func(n int) string { return r("&", n) },
		"&#":           func(n int) string { return r("&#", n) },
		"backslash":    func(n int) string { return r("\\", n) },
		"setext":       func(n int) string { return r("a\n=\n", n) },
		"headings":     func(n int) string { return r("# a\n", n) },
		"lazy":         func(n int) string { return "> a\n" + r("b\n", n) },
		"deflist":      func(n int) string { return r("a\n: b\n", n) },
		"deflist nest": func(n int) string { return "a\n" + r(": ", n) + "b\n" },
		"$":            func(n int) string { return r("$a", n) },
		"$$":           func(n int) string { return r("$$a ", n) },
		"{role}`":      func(n int) string { return r("{r}`a", n) },
		"{":            func(n int) string { return r("{", n) },
		"{{":           func(n int) string { return r("{{a", n) },
		"(a)=":         func(n int) string { return r("(a)=\n", n) },
		"fences":       func(n int) string { return r("```{note}\n", n) },
		":::":          func(n int) string { return r(":::{note}\n", n) },
		":::: steps": func(n int) string {
			var b strings.Builder
			for i := 3; b.Len() < n*3; i++ {
				b.WriteString(r(":", i) + "{note}\n")
			}
			return b.String()
		},
		"http":      func(n int) string { return r("http://a.b/", n) },
		"www.":      func(n int) string { return r("www.a", n) },
		"@":         func(n int) string { return r("a@b.", n) },
		"a@":        func(n int) string { return r("a@", n) },
		"(":         func(n int) string { return "[a](" + r("(", n) },
		"url)":      func(n int) string { return r("http://a.b)", n) },
		"tabs":      func(n int) string { return r("\t", n) + "a" },
		"blank":     func(n int) string { return r("- a\n\n\n", n) },
		"loose":     func(n int) string { return r("- a\n\n", n) },
		"alerts":    func(n int) string { return r("> [!NOTE]\n> a\n\n", n) },
		"field":     func(n int) string { return r(":a: b\n", n) },
		"comment %": func(n int) string { return r("% a\n", n) },
		"plus":      func(n int) string { return r("+++\n", n) },
	}
}

// within parses a text; the time is there to end what would hang.
func within(t *testing.T, text string) *page {
	t.Helper()
	done := make(chan *page, 1)
	go func() {
		p := &page{name: "a.md", grammar: grammarOf(nil), cfg: &directive.Config{}, table: directive.Standard(), root: doc.New(doc.KindDocument, doc.Pos{}), sources: []*doc.Source{doc.NewSource("a.md", text)}}
		p.root.Children = p.file(0, 0, len(text), true)
		done <- p
	}()
	select {
	case p := <-done:
		return p
	case <-time.After(2 * time.Minute):
		t.Fatal("it takes too long")
		return nil
	}
}

// TestBounds: what would take minutes ends when the page's allowance is spent,
// and is told once.
func TestBounds(t *testing.T) {
	all := shapes()
	for name, code := range map[string]string{"[a](": "md-too-many", "[a](<b": "md-too-many", "a**b": "md-too-many", "~": "md-too-many", "*a_": "md-too-many", "lists": "md-too-deep", "quotes n": "md-too-deep", "wide rows": "md-table-sparse"} {
		text := all[name](100_000)
		p := within(t, text)
		if a := p.allowance; a.scanned > maxScanned+len(text) || a.pairs > maxPairs+len(text) {
			t.Errorf("%s: %d bytes scanned, %d pairs", name, a.scanned, a.pairs)
		}
		if len(p.diags) != 1 || p.diags[0].Code != code {
			t.Errorf("%s: %d diagnostics: %.300v", name, len(p.diags), p.diags)
		}
	}
	// What people write is far below.
	p := within(t, strings.Repeat("*a* **b** ~~c~~ [d](e) ![f](g) ", 1000)+"\n\n"+strings.Repeat("> ", 50)+"- x\n\n"+strings.Repeat("[r]: s\n", 2000)+"\n[r] [a] [b](c d)\n")
	kinds := map[doc.Kind]int{}
	for n := range p.root.All() {
		kinds[n.Kind]++
	}
	if len(p.diags) > 0 || kinds[doc.KindEmphasis] != 1000 || kinds[doc.KindStrikethrough] != 1000 || kinds[doc.KindReference] != 1001 || kinds[doc.KindImage] != 1000 || kinds[doc.KindBlockQuote] != 50 {
		t.Errorf("%v %v", p.diags, kinds)
	}
}

func TestLatexEnvironments(t *testing.T) {
	p := within(t, "Words\n\\begin{align*}\na &= b \\\\\n\n  c &= d\n\\end{align*}\nmore\n\n> \\begin{equation} x \\end{equation}\n\n\\begin{document}\n\n\\begin{gather}\ny\n")
	var got []string
	for n := range p.root.Find(doc.KindMathBlock) {
		got = append(got, n.PlainText())
	}
	want := []string{"\\begin{align*}\na &= b \\\\\n\n  c &= d\n\\end{align*}", "\\begin{equation} x \\end{equation}", "\\begin{gather}\ny"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if len(p.diags) != 1 || p.diags[0].Code != "md-math-open" || !strings.Contains(p.diags[0].Hint, `\end{gather}`) {
		t.Error(p.diags)
	}
}

func TestOptionsInQuotes(t *testing.T) {
	for in, want := range map[string]string{`"A: b"`: "A: b", `'it''s'`: "it's", `"a \"b\" \u00e9"`: `a "b" é`, `"a" and "b"`: `"a" and "b"`, `'a' 'b'`: `'a' 'b'`, `"`: `"`, `""`: "", `plain`: "plain", `"open`: `"open`} {
		p := within(t, "```{any}\n```")
		options, _ := p.options([]directive.Line{{Text: ":caption: " + in}})
		if len(options) != 1 || options[0].Value != want {
			t.Errorf("%s: %q, want %s", in, options, want)
		}
	}
}

func BenchmarkShapes(b *testing.B) {
	for name, shape := range shapes() {
		text := shape(20_000)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Parse("a.md", text, nil, Options{})
			}
		})
	}
}
