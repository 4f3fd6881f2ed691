package markdown_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"docent/generator/doc"
	render "docent/generator/html"
	"docent/generator/parse"
	"docent/generator/parse/directive"
	"docent/generator/parse/markdown"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden reads testdata/*.md and compares what a person can read: the
// diagnostics, the front matter and the HTML.
func TestGolden(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("there are no pages: %v", err)
	}
	for _, name := range pages {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			d := parse.Page(filepath.Base(name), string(text), &parse.Config{FS: os.DirFS("testdata")})
			var b strings.Builder
			for _, m := range d.Diags {
				b.WriteString(m.String() + "\n" + m.Excerpt())
			}
			for _, k := range slices.Sorted(func(yield func(string) bool) {
				for k := range d.Meta {
					if !yield(k) {
						return
					}
				}
			}) {
				b.WriteString(k + " = " + d.Meta[k] + "\n")
			}
			b.Write(render.Render(nil, d, d.Root, linking{render.Nop{O: render.Options{Highlighter: &render.Highlighter{}}}, t}))
			golden := strings.TrimSuffix(name, ".md") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s differs; run with -update and read the difference\n%s", golden, b.String())
			}
			places(t, d)
		})
	}
}

// places checks that text which stands in the source as it is has exactly
// that place, and that no place lies outside its source.
func places(t *testing.T, d *doc.Document) {
	t.Helper()
	// The text of a role or a comment has the place of the whole construct.
	const mark = 16
	for n := range d.Root.All() {
		if n.Pos.File < 0 || int(n.Pos.File) >= len(d.Sources) {
			t.Fatalf("%s stands in source %d of %d", n.Kind, n.Pos.File, len(d.Sources))
		}
		src := d.Sources[n.Pos.File].Text
		off := int(n.Pos.Off)
		if off < 0 || off > len(src) {
			t.Fatalf("%s stands at %d of %d", n.Kind, off, len(src))
		}
		if n.Kind != doc.KindText {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(n.Text), "\n")
		if len(word) < 4 || !strings.Contains(src, word) {
			continue
		}
		near := src[off:min(len(src), off+len(word)+mark)]
		if !strings.Contains(near, word) && !strings.HasPrefix(near, "{{") {
			t.Errorf("%q stands at %q", word, near)
		}
	}
	for _, m := range d.Diags {
		if m.Source == nil || m.Off < 0 || m.Off+m.Len > len(m.Source.Text) {
			t.Errorf("%s stands outside its source", m)
		}
	}
}

// TestFrontMatterBombs: what is made to be slow or huge is refused, quickly.
func TestFrontMatterBombs(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for _, c := range "bcdefghi" {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + ",*" + p + "]\n"
	}
	for name, yaml := range map[string]string{
		"aliases":  bomb,
		"merge":    "a: &a {b: 1}\nc:\n  <<: *a\n",
		"brackets": "a: " + strings.Repeat("[", 50000) + "\n",
		"dashes":   "a:\n  " + strings.Repeat("- ", 20000) + "x\n",
		"size":     "a: " + strings.Repeat("x", 100<<10) + "\n",
		"broken":   "a: [1, 2\nb: }\n",
		"list":     "- a\n- b: [1]\n",
	} {
		start := time.Now()
		d := markdown.Parse("p.md", "---\n"+yaml+"---\n\nWords.\n", &directive.Config{}, markdown.Options{})
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
		if len(d.Diags) == 0 && name != "list" {
			t.Errorf("%s is not reported", name)
		}
		for _, m := range d.Diags {
			if m.Code != "md-front-matter" {
				t.Errorf("%s: %s", name, m)
			}
		}
		if got := d.Root.PlainText(); got != "Words." {
			t.Errorf("%s: the page reads %.40q", name, got)
		}
	}
}

// TestBadShapes: input that is cheap to write is cheap to read.
func TestBadShapes(t *testing.T) {
	for name, s := range map[string]string{
		"quotes":        strings.Repeat(">", 20000) + "x",
		"lists":         strings.Repeat("- ", 5000) + "x",
		"stars":         strings.Repeat("*a ", 30000),
		"brackets":      strings.Repeat("[", 30000),
		"links":         strings.Repeat("[a](", 5000),
		"ticks":         strings.Repeat("`a``", 5000),
		"roles":         strings.Repeat("{r}`", 10000),
		"dollars":       strings.Repeat("$a ", 30000),
		"substitution":  strings.Repeat("{{", 30000),
		"footnotes":     strings.Repeat("[^a]", 20000),
		"same headings": strings.Repeat("# a\n\n", 10000),
		"colons":        strings.Repeat(":::{note}\n", 3000),
		"fences":        nested(300),
		"table":         "|a|b|\n|-|-|\n" + strings.Repeat("|1|2|\n", 10000),
		"fields":        strings.Repeat(":a: b\n", 10000),
		"html":          strings.Repeat("<a ", 20000),
		"one line":      strings.Repeat("word ", 200000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			d := parse.Page("p.md", s, &parse.Config{})
			render.Render(nil, d, d.Root, render.Nop{})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%d KB take %v", len(s)>>10, took)
			} else if took > time.Second/2 {
				t.Logf("%d KB take %v", len(s)>>10, took)
			}
		})
	}
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(":", n-i+3) + "{note}\n")
	}
	b.WriteString("x\n")
	for i := range n {
		b.WriteString(strings.Repeat(":", i+4) + "\n")
	}
	return b.String()
}

func TestInclude(t *testing.T) {
	files := fstest.MapFS{
		"a.md":      {Data: []byte("# A\n\n```{include} b.md\n```\n")},
		"b.md":      {Data: []byte("## B\n\n*from* b\n\n```{include} c.rst\n:parser: rst\n```\n\n```{include} b.md\n```\n")},
		"c.rst":     {Data: []byte("``from`` c\n")},
		"secret.md": {Data: []byte("secret")},
	}
	d := parse.Page("a.md", string(files["a.md"].Data), &parse.Config{FS: files})
	out := string(render.Render(nil, d, d.Root, render.Nop{}))
	for _, want := range []string{"<h1>A", "<em>from</em> b", "<code>from</code> c"} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %s in\n%s", want, out)
		}
	}
	if len(d.Diags) != 1 || d.Diags[0].Code != "md-include-loop" {
		t.Errorf("got %v", d.Diags)
	}
	if len(d.Deps) < 2 {
		t.Errorf("the page depends on %v", d.Deps)
	}
	places(t, d)
}

func FuzzMarkdown(f *testing.F) {
	pages, _ := filepath.Glob("testdata/*.md")
	for _, name := range pages {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(string(text))
		}
	}
	for _, s := range []string{"{a}`b", "{{x}}", "$$\na\n$$ (b)", "(a)=\n# b", ":::{note}\nx", "> [!NOTE]\n> x", "[^a]: b\n\n[^a]", "---\na: [\n---\n", "|a|\n|-|\n\t> b", ":a: b\n c",
		"- \t:::{note}\n\t  x", "\ufeff# x", "a\r\nb\r\n```\r\nx\r\n```", "% a\n% b", "+++ x", "\x00&#0;\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4000 {
			return
		}
		d := parse.Page("p.md", s, &parse.Config{})
		for n := range d.Root.All() {
			if n.Pos.File < 0 || int(n.Pos.File) >= len(d.Sources) || n.Pos.Off < 0 || int(n.Pos.Off) > len(d.Sources[n.Pos.File].Text) {
				t.Fatalf("%s stands at %v, outside the source", n.Kind, n.Pos)
			}
		}
		for _, m := range d.Diags {
			if m.Source == nil || m.Off < 0 || m.Off+m.Len > len(m.Source.Text) {
				t.Fatalf("%s stands outside its source", m)
			}
		}
		render.Render(nil, d, d.Root, render.Nop{})
		render.TOC(d, render.Nop{})
	})
}

func BenchmarkMarkdown(b *testing.B) {
	text, err := os.ReadFile("testdata/tutorial.md")
	if err != nil {
		b.Fatal(err)
	}
	s := strings.Repeat(string(text), 10)
	cfg := &directive.Config{}
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		markdown.Parse("p.md", s, cfg, markdown.Options{})
	}
}
