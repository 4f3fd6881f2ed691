package markdown_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	render "docent/generator/html"
	"docent/generator/parse/directive"
	"docent/generator/parse/markdown"
)

var verbose = flag.Int("example", 0, "print this example of the CommonMark specification")

// knownDifferences are examples of the specification whose HTML differs from
// ours, and why. An example that starts to pass must leave the table.
var knownDifferences = map[int]string{}

// TestCommonMark runs the examples of the CommonMark specification, as
// goldmark ships them, through the parser and the renderer, and compares the
// HTML without what we add: ids, classes, attributes and boxes.
func TestCommonMark(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/goldmark").Output()
	if err != nil {
		t.Skipf("cannot find goldmark's source: %v", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "_test", "spec.json"))
	if err != nil {
		t.Skipf("goldmark was packed without the specification: %v", err)
	}
	var examples []struct {
		Markdown, HTML, Section string
		Example                 int
	}
	if err := json.Unmarshal(data, &examples); err != nil {
		t.Fatal(err)
	}
	pass := 0
	for _, e := range examples {
		d := markdown.Parse("spec.md", e.Markdown, &directive.Config{}, markdown.Options{Plain: true})
		env := render.Nop{O: render.Options{AllowRaw: true}}
		raw := string(render.Render(nil, d, d.Root, env))
		// Our tree keeps code without the newline at its end.
		raw = codeEnd.ReplaceAllString(raw, "$1\n</code></pre>\n</div>")
		got, want := normal(t, raw), normal(t, e.HTML)
		_, known := knownDifferences[e.Example]
		switch {
		case got == want && known:
			t.Errorf("example %d (%s) passes now: take it out of knownDifferences", e.Example, e.Section)
		case got != want && !known:
			t.Errorf("example %d (%s)\nmarkdown %q\n    got %s\n   want %s", e.Example, e.Section, e.Markdown, got, want)
		}
		if got == want {
			pass++
		}
		if e.Example == *verbose {
			t.Logf("%q\n%s", e.Markdown, raw)
		}
	}
	t.Logf("%d of %d examples of CommonMark pass", pass, len(examples))
}

var codeEnd = regexp.MustCompile(`([^>])</code></pre>\n</div>`)

var spaces = regexp.MustCompile(`[ \t\n]+`)

// normal parses HTML and prints it with nothing left that the specification
// does not speak of.
func normal(t *testing.T, s string) string {
	t.Helper()
	root, err := nethtml.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(n *nethtml.Node, pre bool)
	attr := func(n *nethtml.Node, key string) (string, bool) {
		for _, a := range n.Attr {
			if a.Key == key {
				return a.Val, true
			}
		}
		return "", false
	}
	kids := func(n *nethtml.Node, pre bool) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, pre)
		}
	}
	walk = func(n *nethtml.Node, pre bool) {
		switch n.Type {
		case nethtml.TextNode:
			text := n.Data
			if pre {
				b.WriteString(strings.NewReplacer("\n", "⏎", " ", "␣").Replace(text))
				return
			}
			b.WriteString(spaces.ReplaceAllString(text, " "))
		case nethtml.CommentNode:
			b.WriteString("<!--" + n.Data + "-->")
		case nethtml.ElementNode:
			if _, ui := attr(n, "data-ui"); ui {
				return
			}
			class, _ := attr(n, "class")
			switch {
			case n.Data == "html" || n.Data == "head" || n.Data == "body", n.Data == "div" && strings.HasPrefix(class, "listing"),
				n.Data == "div" && class == "table-box":
				kids(n, pre)
				return
			}
			b.WriteString("<" + n.Data)
			for _, k := range []string{"href", "src", "alt", "title", "start", "type", "foo", "bar", "data-foo"} {
				if v, ok := attr(n, k); ok {
					b.WriteString(" " + k + "=" + v)
				}
			}
			b.WriteString(">")
			kids(n, pre || n.Data == "pre")
			b.WriteString("</" + n.Data + ">")
		default:
			kids(n, pre)
		}
	}
	walk(root, false)
	// White space next to the tags of blocks means nothing.
	out := spaces.ReplaceAllString(b.String(), " ")
	out = blockEdge.ReplaceAllString(blockEdge.ReplaceAllString(out, "$1"), "$1")
	return strings.TrimSpace(out)
}

var blockEdge = regexp.MustCompile(` ?(</?(?:p|h[1-6]|ul|ol|li|blockquote|pre|hr|table|thead|tbody|tr|td|th|div|dl|dt|dd|br|section|del|ins|style|script|textarea|iframe)(?: [^>]*)?>) ?`)
