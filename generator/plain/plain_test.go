package plain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/doc"
	"docent/generator/html"
	"docent/generator/parse"
)

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a.rst", "Title\n=====\n\nText *em* **strong** ``co`de`` :sub:`2`.\n\nUnder\n-----\n\nMore.\n", "# Title\n\nText *em* **strong** ``co`de`` <sub>2</sub>.\n\n## Under\n\nMore.\n"},
		{"a.rst", "A `link <https://x.example/a(b)>`_ and `bad <javascript:alert(1)>`_.\n", "A [link](https://x.example/a%28b%29) and bad.\n"},
		{"a.rst", "1. one\n2. two\n\n   * deep\n   * deeper\n", "1. one\n\n2. two\n\n   - deep\n   - deeper\n"},
		{"a.rst", "term\n  What it is.\n\n-o FILE  the file\n\n:Field: value\n", "- **term**: What it is.\n\n- `-o FILE`: the file\n\n- **Field**: value\n"},
		{"a.rst", ".. code-block:: shell\n   :caption: It **is**\n\n   echo ```\n", "**It **is****\n\n````shell\necho ```\n````\n"},
		{"a.rst", "=====  =====\nA      B|C\n=====  =====\n1      2\n=====  =====\n", "| A | B\\|C |\n| --- | --- |\n| 1 | 2 |\n"},
		{"a.rst", "+---+---+\n| a | b |\n+---+---+\n", "|  |  |\n| --- | --- |\n| a | b |\n"},
		{"a.rst", ".. note:: Mind\n\n   this.\n\n.. admonition:: My own\n\n   Text.\n", "> [!NOTE]\n> Mind\n>\n> this.\n\n> **My own**\n>\n> Text.\n"},
		{"a.rst", "| one\n|   two\n", "one\\\n\u2003two\n"},
		{"a.rst", "See [1]_.\n\n.. [1] A note.\n", "See [^1].\n\n[^1]: A note.\n"},
		{"a.rst", ".. math:: a^2\n\nInline :math:`b`.\n", "$$\na^2\n$$\n\nInline $b$.\n"},
		{"a.rst", ".. image:: p.png\n   :alt: A *picture*\n\n.. figure:: q.png\n\n   Caption\n", "![A \\*picture\\*](p.png)\n\n![](q.png)\n\n**Caption**\n"},
		{"a.rst", ".. py:function:: f(x)\n\n   Does it.\n", "- `f(x)`: Does it.\n"},
		{"a.rst", "\\# no title, 2 * 3, snake_case, \\*x\\*, <b>\n", "\\# no title, 2 * 3, snake_case, \\*x\\*, \\<b>\n"},
		{"a.rst", ".. unknown-thing:: x\n\n   y\n", "```\n.. unknown-thing:: x\n\n   y\n```\n"},
		{"a.rst", ".. raw:: html\n\n   <b>x</b>\n\n.. comment\n\nEnd\n", "End\n"},
		{"a.md", "- [x] done\n- [ ] not ~~yet~~\n", "- [x] done\n- [ ] not ~~yet~~\n"},
		{"a.md", "````{tab-set}\n```{tab-item} One\nA\n```\n```{tab-item} Two\nB\n```\n````\n", "**One**\n\nA\n\n**Two**\n\nB\n"},
	} {
		d := parse.Page(c.name, c.in, &parse.Config{})
		w := Writer{Env: shower{}}
		if got := string(w.Document(nil, d)); got != c.want {
			t.Errorf("%s\ngot  %q\nwant %q", c.in, got, c.want)
		}
	}
}

// A shower finds every picture where its name says.
type shower struct{ html.Nop }

func (shower) Image(uri string) (html.Image, bool) { return html.Image{Src: uri}, true }
func (shower) Show(*doc.Node) bool                 { return true }

// TestNothingIsLost reads what was written with our own parser, and finds the
// words of the pages of this site in it, in their order.
func TestNothingIsLost(t *testing.T) {
	root := "../../content"
	found := 0
	err := filepath.WalkDir(root, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(name) != ".md" && filepath.Ext(name) != ".rst" {
			return err
		}
		found++
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		cfg := &parse.Config{FS: os.DirFS(root)}
		d := parse.Page(filepath.ToSlash(rel), string(text), cfg)
		w := Writer{Env: shower{}}
		again := parse.Page("again.md", string(w.Document(nil, d)), cfg)
		want, got := words(d), words(again)
		for i := range want {
			if i >= len(got) || want[i] != got[i] {
				t.Errorf("%s: word %d is %q, was %q; after %q", rel, i, strings.Join(got[min(i, len(got)):min(len(got), i+6)], " "),
					strings.Join(want[i:min(len(want), i+6)], " "), strings.Join(want[max(0, i-6):i], " "))
				break
			}
		}
		return nil
	})
	if err != nil || found < 5 {
		t.Fatal(found, err)
	}
}

// words are the letters and digits of a page's running text and listings.
func words(d *doc.Document) []string {
	return strings.FieldsFunc(html.Text(d, d.Root, shower{}), func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f)
	})
}

func FuzzDocument(f *testing.F) {
	f.Add("T\n=\n\n| a | b |\n\n.. table::\n\n   == ==\n   a  b\n   == ==\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.rst", "a.md"} {
			w := Writer{Env: shower{}}
			w.Document(nil, parse.Page(name, text, &parse.Config{}))
		}
	})
}
