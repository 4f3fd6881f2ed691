package markdown

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// dump writes goldmark's tree with the text of its leaves.
func dump(gm parser.Parser, s string) string {
	var b strings.Builder
	src := []byte(s)
	depth := 0
	ast.Walk(gm.Parse(text.NewReader(src)), func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if !in {
			depth--
			return ast.WalkContinue, nil
		}
		depth++
		if x, ok := n.(*ast.Text); ok { // texts that touch are one
			if before, ok := n.PreviousSibling().(*ast.Text); ok && before.Segment.Stop == x.Segment.Start && !before.SoftLineBreak() && !before.HardLineBreak() {
				x.Segment.Start = before.Segment.Start
			}
			if after, ok := n.NextSibling().(*ast.Text); ok && after.Segment.Start == x.Segment.Stop && !x.SoftLineBreak() && !x.HardLineBreak() {
				return ast.WalkContinue, nil
			}
		}
		fmt.Fprintf(&b, "%*s%s", 2*depth, "", n.Kind())
		switch n := n.(type) {
		case *ast.Text:
			// goldmark leaves a blank at the end of a line where it stopped before it
			fmt.Fprintf(&b, " %q %v", bytes.TrimRight(n.Segment.Value(src), " \t"), n.SoftLineBreak())
		case *ast.AutoLink:
			fmt.Fprintf(&b, " %s %s", n.Protocol, n.Label(src))
		}
		b.WriteByte('\n')
		return ast.WalkContinue, nil
	})
	return b.String()
}

func sameAddresses(t *testing.T, s string) {
	t.Helper()
	g := grammarOf(nil)
	if want, got := dump(g.withMail.full, s), dump(g.without.full, s); want != got {
		t.Fatalf("%q: a reader that stops at every word makes\n%sthe other\n%s", s, want, got)
	}
}

// addresses are pieces of which texts about addresses consist.
var addresses = strings.Split("http:|https:|ftp:|http|www.|//|a.b|ex.org/x|a_b|_|*|**|~|~~|(|)|[|]|](|<|>| |  |\n|\n\n|\\|\\\\|`|.|:|,|&amp;|- |> |# |1. |\t|é|!|{|}|$|x|\"|?|;||a|b||\n|-|-|", "|")

func TestBareAddresses(t *testing.T) {
	for _, s := range []string{"See http://a.b/c_d_e, (https://x.org), *www.a.org* and \\*http://no.org.", "`x`http://a.b", "xhttp://a.b", "http://a.b",
		"> http://a.b\n> www.c.d", "[http://a.b](x)", "[x](http://a.b)", "|a|b|\n|-|-|\n|http://a.b|www.c.d/\\|e|\n", "www..a", "http:x", "\thttp://a.b",
		"_http://a_b.c_", "a\\ http://b.c", "<b>http://a.b</b>", "![x](y)www.a.b", "- www.a.b\n\n  ftp://c.d:80/"} {
		sameAddresses(t, s)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 30000 {
		var b strings.Builder
		for range 1 + r.IntN(14) {
			b.WriteString(addresses[r.IntN(len(addresses))])
		}
		sameAddresses(t, b.String())
	}
}

func FuzzBareAddresses(f *testing.F) {
	f.Add("See http://a.b/c_d_e, (https://x.org), *www.a.org* and \\*http://no.org.")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 2000 && !strings.Contains(s, "@") {
			sameAddresses(t, s)
		}
	})
}
