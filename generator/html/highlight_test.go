package html

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	nethtml "golang.org/x/net/html"
)

// visible is the text of HTML without line numbers.
func visible(t *testing.T, s string) string {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader("<pre><code>" + s + "</code></pre>"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *nethtml.Node)
	walk = func(n *nethtml.Node) {
		if n.Type == nethtml.TextNode {
			b.WriteString(n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "data-ui" {
				return
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return b.String()
}

func TestHighlightKeepsTheCode(t *testing.T) {
	h := NewHighlighter(1 << 20)
	for lang, code := range samples {
		for _, f := range []Lines{{}, {Numbers: true, Start: 98}, {Emphasis: []int{1, 3}}, {Diff: true}} {
			for range 2 { // the second comes from the memory
				out := string(h.Append(nil, lang, code, f))
				if got := visible(t, out); got != code {
					t.Errorf("%s %+v changes the code to\n%s", lang, f, got)
				}
				if !strings.Contains(out, "<span") {
					t.Errorf("%s %+v colours nothing", lang, f)
				}
			}
		}
	}
	for _, lang := range []string{"", "text", "no-such-language", "none"} {
		if got := string(h.Append(nil, lang, "a < b\n", Lines{})); got != "a &lt; b\n" {
			t.Errorf("%q gives %q", lang, got)
		}
	}
}

func TestLines(t *testing.T) {
	var h Highlighter
	for _, c := range []struct {
		lang, code string
		f          Lines
		want       string
	}{
		{"text", "a\nb", Lines{Numbers: true, Start: 9}, `<span class="line" data-line=" 9">a
</span><span class="line" data-line="10">b</span>`},
		{"text", "a\n\nb\n", Lines{Emphasis: []int{2}}, "<span class=\"line\">a\n</span><span class=\"line em\">\n</span><span class=\"line\">b\n</span>"},
		{"diff", "+a\n-b\n", Lines{Diff: true}, "<span class=\"line added\"><span class=gi>+a\n</span></span><span class=\"line removed\"><span class=gd>-b\n</span></span>"},
		{"python", "x = '''a\nb'''", Lines{Emphasis: []int{1}}, "<span class=\"line em\">x = <span class=s1>&#39;&#39;&#39;a\n</span></span><span class=\"line\"><span class=s1>b&#39;&#39;&#39;</span></span>"},
	} {
		got := strings.ReplaceAll(string(h.Append(nil, c.lang, c.code, c.f)), "'", "&#39;")
		if got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.code, got, c.want)
		}
	}
}

// TestSession shows what copying takes: prompts (gp) and output (go) have
// their own classes.
func TestSession(t *testing.T) {
	var h Highlighter
	for _, c := range []struct{ code, want string }{
		{"$ ls\na b\n", "gp:$ |ls\n|go:a b\n"},
		{"user@host:~/x$ ls\n", "gp:user@host:~/x$ |ls\n"},
		{"[root@box etc]# ls\n", "gp:[root@box etc]# |ls\n"},
		{"(venv) $ ls\n", "gp:(venv) $ |ls\n"},
		{"sh-5.2# ls\n", "gp:sh-5.2# |ls\n"},
		{"root@f5e06e291d60:/# nbody -h\nRun $5\n", "gp:root@f5e06e291d60:/# |nbody -h\n|go:Run $5\n"},
		{"$ a \\\n> b\n", "gp:$ |a |se:\\\n|gp:> |b\n"},
		{"$ a \\\n  b\nout\n", "gp:$ |a |se:\\\n|  b\n|go:out\n"},
		{">>> x\n1\n", "gp:>>> |n:x\n|go:1\n"},
		{"cost is 5$ a\n#hashtag\n", "go:cost is 5$ a\n|go:#hashtag\n"},
	} {
		var got []string
		for _, tok := range h.session(c.code) {
			s := tok.text
			if tok.class != "" {
				s = tok.class + ":" + s
			}
			got = append(got, s)
		}
		want := strings.ReplaceAll(c.want, "n:x", "x")
		if strings.Join(got, "|") != want {
			t.Errorf("%q\n got %s\nwant %s", c.code, strings.Join(got, "|"), want)
		}
	}
}

func TestHighlighterRemembersWithinItsLimit(t *testing.T) {
	h := NewHighlighter(4000)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 100 {
				code := fmt.Sprintf("echo \"%d\" # %d\n", i, g%2)
				out := string(h.Append(nil, "bash", code, Lines{}))
				if got := visible(t, out); got != code {
					t.Errorf("%q became %q", code, got)
				}
			}
		})
	}
	wg.Wait()
	if h.size > h.limit || h.size == 0 {
		t.Errorf("it holds %d of %d bytes", h.size, h.limit)
	}
	sum := 0
	for _, e := range h.byKey {
		sum += len(e.Value.(*coloured).html)
	}
	if sum != h.size || len(h.byKey) != h.recent.Len() {
		t.Errorf("it counts %d bytes and %d entries, and holds %d and %d", h.size, len(h.byKey), sum, h.recent.Len())
	}
	code := "echo \"99\" # 1\n"
	h.Append(nil, "bash", code, Lines{})
	if _, ok := h.get(digest("bash", code, Lines{})); !ok {
		t.Error("the last listing is not remembered")
	}
	if _, ok := h.get(digest("bash", "echo \"0\" # 0\n", Lines{})); ok {
		t.Error("the first listing is still remembered")
	}
	// Other lines, another language: other listings.
	if digest("bash", code, Lines{}) == digest("bash", code, Lines{Numbers: true}) || digest("a", "bc", Lines{}) == digest("ab", "c", Lines{}) {
		t.Error("two listings have one digest")
	}
}

func FuzzHighlight(f *testing.F) {
	for lang, code := range samples {
		f.Add(lang, code)
	}
	f.Add("console", "$ \\\n$ \\")
	f.Add("diff", "\xff\n@@")
	f.Fuzz(func(t *testing.T, lang, code string) {
		if len(code) > 2000 || strings.ContainsAny(code, "\x00\r") || strings.ToValidUTF8(code, "") != code || strings.IndexFunc(code, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) >= 0 {
			return
		}
		var h Highlighter
		out := string(h.Append(nil, lang, code, Lines{Numbers: true, Start: 1}))
		balanced(t, lang, out)
		if got := visible(t, out); got != code && "\n"+got != code { // HTML drops a newline after <pre>
			t.Errorf("%s: %q became %q", lang, code, got)
		}
	})
}
