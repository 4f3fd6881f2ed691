package html

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	nethtml "golang.org/x/net/html"

	"docent/generator/doc"
)

func TestEveryKindHasARenderer(t *testing.T) {
	for k := range doc.Kinds {
		if renderers[k] == nil {
			t.Errorf("no renderer for %s", doc.Kind(k))
		}
	}
}

// Any kind may stand in any other: what comes out must still hold the text
// and leave nothing open.
func TestAnyKindInAnyKind(t *testing.T) {
	silent := map[doc.Kind]bool{doc.KindMeta: true, doc.KindPending: true, doc.KindTodolist: true, doc.KindComment: true, doc.KindSystemMessage: true,
		doc.KindSubstitutionDefinition: true, doc.KindTabularColSpec: true, doc.KindHighlightlang: true, doc.KindToctree: true,
		doc.KindRaw: true, doc.KindIndex: true, doc.KindImage: true, doc.KindColspec: true, doc.KindTransition: true,
		doc.KindDocinfo: true, doc.KindAddress: true, doc.KindAuthor: true, doc.KindAuthors: true, doc.KindContact: true,
		doc.KindCopyright: true, doc.KindDate: true, doc.KindOrganization: true, doc.KindRevision: true, doc.KindStatus: true,
		doc.KindVersion: true, doc.KindIcon: true, doc.KindCheckbox: true, doc.KindPendingXrefCondition: true}
	for outer := range doc.Kinds {
		for inner := range doc.Kinds {
			o, i := doc.Kind(outer), doc.Kind(inner)
			if o == doc.KindText || i == doc.KindText {
				continue
			}
			n := doc.New(o, doc.Pos{}, doc.New(i, doc.Pos{}, doc.NewText(doc.Pos{}, "needle")).AddID("a", "b").AddClass("c"))
			d := &doc.Document{Sources: []*doc.Source{doc.NewSource("x", "")}, Root: n}
			out := string(Render(nil, d, n, Nop{O: Options{Highlighter: &Highlighter{}}}))
			balanced(t, fmt.Sprintf("%s in %s", i, o), out)
			if !silent[o] && !silent[i] && !strings.Contains(out, "needle") {
				t.Errorf("%s in %s loses its text: %s", i, o, out)
			}
		}
	}
}

// void elements have no end tag.
var void = map[string]bool{"img": true, "br": true, "hr": true, "input": true, "col": true}

// balanced checks that every tag is closed in order and carries nothing that
// could run: no style, no handler, no script.
func balanced(t *testing.T, what, out string) {
	t.Helper()
	z := nethtml.NewTokenizer(strings.NewReader(out))
	var open []string
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			if len(open) > 0 {
				t.Fatalf("%s: %v stay open in %s", what, open, out)
			}
			return
		case nethtml.StartTagToken:
			tok := z.Token()
			if tok.Data == "script" || tok.Data == "style" || tok.Data == "iframe" {
				t.Fatalf("%s: there is a %s in %s", what, tok.Data, out)
			}
			for _, a := range tok.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Fatalf("%s: there is the attribute %s in %s", what, a.Key, out)
				}
				if (a.Key == "href" || a.Key == "src") && !SafeURL(a.Val) {
					t.Fatalf("%s: there is the address %q in %s", what, a.Val, out)
				}
			}
			if !void[tok.Data] {
				open = append(open, tok.Data)
			}
		case nethtml.EndTagToken:
			tok := z.Token()
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("%s: </%s> closes %v in %s", what, tok.Data, open, out)
			}
			open = open[:len(open)-1]
		}
	}
}

// reports remembers what was reported.
type reports struct {
	Nop
	codes []string
}

func (r *reports) Report(_ *doc.Node, _ doc.Severity, code, _, _ string) {
	r.codes = append(r.codes, code)
}

func TestHostileContent(t *testing.T) {
	text := doc.NewText(doc.Pos{}, "x")
	for _, c := range []struct {
		name, code string
		n          *doc.Node
		want       string
	}{
		{"script address", "html-unsafe-url", doc.New(doc.KindReference, doc.Pos{}, text).Set("refuri", " Java\tscript:alert(1)"), "x"},
		{"vbscript", "html-unsafe-url", doc.New(doc.KindReference, doc.Pos{}, text).Set("refuri", "vbscript:x"), "x"},
		{"data page", "html-unsafe-url", doc.New(doc.KindReference, doc.Pos{}, text).Set("refuri", "data:text/html,<script>"), "x"},
		{"data SVG", "html-unsafe-url", doc.New(doc.KindImage, doc.Pos{}).Set("uri", "data:image/svg+xml;base64,AAAA").Set("alt", "a<b"), "a&lt;b"},
		{"local file", "html-unsafe-url", doc.New(doc.KindReference, doc.Pos{}, text).Set("refuri", "file:///etc/passwd"), "x"},
		{"button", "html-unsafe-url", doc.New(doc.KindButton, doc.Pos{}, text).Set("refuri", "javascript:x"), `<span class="button">x</span>`},
		{"raw", "html-raw", doc.New(doc.KindRaw, doc.Pos{}, doc.NewText(doc.Pos{}, "<script>")).Set("format", "html"), ""},
		{"attribute", "", doc.New(doc.KindReference, doc.Pos{}, text).Set("refuri", `http://a/"onclick="x`).Set("reftitle", `"><script>`),
			`<a href="http://a/%22onclick=%22x" title="&quot;&gt;&lt;script&gt;">x</a>`},
		{"class", "", doc.New(doc.KindInline, doc.Pos{}, text).AddClass(`"><b>`), `<span class="&quot;&gt;&lt;b&gt;">x</span>`},
		{"id", "", doc.New(doc.KindInline, doc.Pos{}, text).AddID(`"><b>`), `<span id="&quot;&gt;&lt;b&gt;">x</span>`},
		{"controls", "", doc.NewText(doc.Pos{}, "a\x00b\x1bc\xff&"), "a\uFFFDb c\uFFFD&amp;"},
		{"data PNG", "", doc.New(doc.KindImage, doc.Pos{}).Set("uri", "data:image/png;base64,AAAA").Set("alt", ""),
			`<img src="data:image/png;base64,AAAA" alt="" loading="lazy">`},
	} {
		env := &reports{}
		d := &doc.Document{Root: c.n}
		if got := string(Render(nil, d, c.n, env)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.name, got, c.want)
		}
		if got := strings.Join(env.codes, " "); got != c.code {
			t.Errorf("%s reports %q, want %q", c.name, got, c.code)
		}
	}
}

func TestRawWhereAllowed(t *testing.T) {
	n := doc.New(doc.KindRaw, doc.Pos{}, doc.NewText(doc.Pos{}, "<b>x</b>")).Set("format", "html")
	if got := string(Render(nil, &doc.Document{Root: n}, n, Nop{O: Options{AllowRaw: true}})); got != "<b>x</b>" {
		t.Errorf("got %q", got)
	}
	n.Set("format", "latex")
	if got := string(Render(nil, &doc.Document{Root: n}, n, Nop{O: Options{AllowRaw: true}})); got != "" {
		t.Errorf("LaTeX shows as %q", got)
	}
}

func TestTOC(t *testing.T) {
	p := doc.Pos{}
	title := func(s string) *doc.Node { return doc.New(doc.KindTitle, p, doc.NewText(p, s)) }
	h := doc.New(doc.KindTitle, p, doc.NewText(p, "A & "), doc.New(doc.KindReference, p, doc.New(doc.KindLiteral, p, doc.NewText(p, "b"))).Set("refuri", "x"))
	root := doc.New(doc.KindDocument, p, doc.New(doc.KindSection, p, h, doc.New(doc.KindSection, p, title("Two")).AddID("two", "zwei")).AddID("one"))
	d := &doc.Document{Root: root}
	var got []string
	for _, h := range TOC(d, Nop{}) {
		got = append(got, fmt.Sprintf("%d %s %s|%s", h.Level, h.ID, h.HTML, h.Text))
	}
	want := "1 one A &amp; <code>b</code>|A & b\n2 two Two|Two"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	out := string(Render(nil, d, root, Nop{}))
	for _, s := range []string{`<section id="one">`, `<h1>A &amp; <a href="x"><code>b</code></a><a class="headerlink" href="#one"`,
		`<section id="two"><span id="zwei"></span>`, "<h2>Two"} {
		if !strings.Contains(out, s) {
			t.Errorf("there is no %s in\n%s", s, out)
		}
	}
}

func TestSmartQuotes(t *testing.T) {
	for _, c := range []struct{ lang, in, want string }{
		{"en", `"It's" -- he said... 'no' --- ("x")`, `“It’s” – he said… ‘no’ — (“x”)`},
		{"de", `"Ja", sagte er`, `„Ja“, sagte er`},
		{"de-AT", `"Ja"`, `„Ja“`},
		{"en", `the '90s, rock 'n roll`, `the ’90s, rock ‘n roll`},
		{"", `"x" -- y`, `"x" -- y`},
	} {
		p := doc.New(doc.KindParagraph, doc.Pos{}, doc.NewText(doc.Pos{}, c.in))
		got := string(Render(nil, &doc.Document{Root: p}, p, Nop{O: Options{SmartQuotes: c.lang}}))
		if got != "<p>"+c.want+"</p>\n" {
			t.Errorf("%s: %s gives %s", c.lang, c.in, got)
		}
	}
	// A mark after code closes, and code keeps its own.
	p := doc.New(doc.KindParagraph, doc.Pos{}, doc.NewText(doc.Pos{}, `"`), doc.New(doc.KindLiteral, doc.Pos{}, doc.NewText(doc.Pos{}, `"a"--`)), doc.NewText(doc.Pos{}, `"`))
	if got := string(Render(nil, &doc.Document{Root: p}, p, Nop{O: Options{SmartQuotes: "en"}})); got != "<p>“<code>\"a\"--</code>”</p>\n" {
		t.Errorf("got %s", got)
	}
}

// kinds and texts from bytes: a tree of any shape.
func FuzzRender(f *testing.F) {
	for k := range doc.Kinds {
		f.Add([]byte{byte(k), 1, 'x', 2, byte(k), 0, 9})
	}
	f.Add([]byte("\x45\x46\x47\x48 javascript:alert(1) <script>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		root := doc.New(doc.KindDocument, doc.Pos{})
		stack := []*doc.Node{root}
		for i := 0; i+2 < len(data) && i < 4000; i += 3 {
			k, s := doc.Kind(int(data[i])%doc.Kinds), string(data[i+1:min(len(data), i+8)])
			n := doc.New(k, doc.Pos{})
			if k == doc.KindText {
				n.Text = s
			} else {
				n.AddID(s).AddClass(s)
				for _, key := range []string{"refuri", "refid", "uri", "language", "linenos", "emphasize-lines", "width", "align", "start", "enumtype", "morecols",
					"heading-level", "link", "format", "type", "name", "columns", "scale"} {
					if data[i+2]%3 == byte(len(key)%3) {
						n.Set(key, s)
					}
				}
			}
			top := stack[len(stack)-1]
			top.Append(n)
			switch {
			case k != doc.KindText && data[i+1]%3 == 0:
				stack = append(stack, n)
			case len(stack) > 1 && data[i+1]%3 == 1:
				stack = stack[:len(stack)-1]
			}
		}
		d := &doc.Document{Sources: []*doc.Source{doc.NewSource("x", "")}, Root: root}
		env := Nop{O: Options{SmartQuotes: "en", Highlighter: &Highlighter{}}}
		balanced(t, "tree", string(Render(nil, d, root, env)))
		TOC(d, env)
		Text(d, root, env)
	})
}

// TestQuotesAsDocutils compares with what docutils 0.19 makes of the same
// texts (utils.smartquotes.educate_tokens with "qDe"). A NUL in a text stands
// before a character that was escaped.
func TestQuotesAsDocutils(t *testing.T) {
	data, err := os.ReadFile("testdata/quotes.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var c [3]string
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		p := doc.New(doc.KindParagraph, doc.Pos{}, doc.NewEscaped(doc.Pos{}, c[1]))
		got := string(Render(nil, &doc.Document{Root: p}, p, Nop{O: Options{SmartQuotes: c[0]}}))
		want := "<p>" + escapeString(c[2]) + "</p>\n"
		if got != want {
			t.Errorf("%s %q: got %q, want %q", c[0], c[1], got, want)
		}
	}
}
