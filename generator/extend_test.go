package main

import (
	"bytes"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/cli"
	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// What follows up to the line "end" stands in the manual, in a main function.

// clip shows a film of our own server.
var clip = &directive.Directive{
	Name: "clip", Required: 1, Content: directive.MayContent,
	Options: map[string]func(string) (string, error){"width": directive.Length},
	Run: func(p directive.Parser, b *directive.Block) ([]*doc.Node, error) {
		film := directive.HTML(b.Pos, `<video controls src="/films/`+html.EscapeString(b.Arg(0))+`.webm"></video>`)
		return append([]*doc.Node{film}, p.Blocks(b.Content, false)...), nil
	},
}

// key is a role: :key:`Ctrl+C`.
func key(p directive.Parser, r *directive.RoleUse) []*doc.Node {
	return []*doc.Node{directive.HTML(r.Pos, "<kbd>"+html.EscapeString(r.Text)+"</kbd>")}
}

var extensions = []cli.Extension{cli.Directive(clip), cli.Role("key", key)}

// end

func TestExtensions(t *testing.T) {
	src := pages(t, "index.rst", "Home\n====\n\n.. clip:: in\"tro\n   :width: 3em\n\n   What the *film* shows.\n\nPress :key:`Ctrl+<C>`.\n\n.. clap:: x\n\n.. clip:: y\n   :width: wide\n",
		"b.md", "# B\n\n```{clip} other\n```\n\nPress {key}`Esc`.\n\n<b>raw</b>\n")
	out := filepath.Join(t.TempDir(), "public")
	var said bytes.Buffer
	cli.Run(t.Context(), []string{"build", "--source", src, "--out", out}, cli.Terminal{Out: &said, Err: &said}, extensions...)
	for _, want := range []string{"Unknown directive `clap`. Did you mean `clip`?", "index.rst:14:12: error: "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("not told: %s\n%s", want, said.String())
		}
	}
	for file, wants := range map[string][]string{
		"index.html":   {`<video controls src="/films/in&#34;tro.webm"></video>`, "What the <em>film</em> shows.", "Press <kbd>Ctrl+&lt;C&gt;</kbd>."},
		"b/index.html": {`<video controls src="/films/other.webm"></video>`, "Press <kbd>Esc</kbd>."},
	} {
		data, _ := os.ReadFile(filepath.Join(out, file))
		for _, want := range wants {
			if !strings.Contains(string(data), want) {
				t.Errorf("%s lacks %s:\n%s", file, want, data)
			}
		}
		if strings.Contains(string(data), "<b>raw</b>") {
			t.Error("raw HTML of a page is let through")
		}
	}
	if code, out, _ := call(t, "inspect", filepath.Join(src, "b.md")); code == cli.ExitFine {
		t.Errorf("without the extension the directive is known: %s", out)
	}
}

// TestManualShowsTheExample keeps the manual's program the one that is tested.
func TestManualShowsTheExample(t *testing.T) {
	code, err := os.ReadFile("extend_test.go")
	if err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../content/manual/extending.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(code), "in a main function.\n\n")
	example, _, _ = strings.Cut(example, "var extensions")
	if !strings.Contains(string(manual), strings.TrimSpace(example)) {
		t.Errorf("the manual does not show:\n%s", example)
	}
}
