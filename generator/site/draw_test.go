package site

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"docent/generator/build"
)

// drawWith puts a script called dot on PATH.
func drawWith(t *testing.T, script string) (path string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in is a shell script")
	}
	dir := t.TempDir()
	path = filepath.Join(dir, "dot")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	return path
}

const graphs = `Home
====

.. digraph:: flow
   :caption: The way
   :name: way

   parse [URL="b.html"];
   parse -> site -> out;

.. graphviz::
   :layout: neato
   :align: center
   :alt: a triangle

   graph { a -- b -- c -- a }

.. digraph:: broken

   a ->
   ->

.. digraph:: script

   out [URL="javascript:alert(1)"];

.. digraph:: secret

   a [image="/etc/hostname.png"]
`

// TestGraphvizDraws is about the real program.
func TestGraphvizDraws(t *testing.T) {
	if _, err := exec.LookPath("dot"); err != nil {
		map[bool]func(...any){true: t.Fatal, false: t.Skip}[os.Getenv("CI") == "true"]("Graphviz is not here: apt-get install graphviz")
	}
	m, diags := buildSite(t, Options{Source: tree(t, "index.rst", graphs, "b.rst", "B\n=\n", "conf.py", "numfig = True\n")})
	page := shown(t, m, "index.html")
	has(t, "the page", page, `<figure id="way">`, `alt="Diagram: parse, site, out" width="`, `Links in the diagram: <a href="b/">parse</a>`,
		`<summary>Source of the diagram</summary>`, `Fig. 1`, `<div class="diagram align-center">`, `alt="a triangle"`, "<pre class=\"diagram-source\" data-diagram=\"dot\"><code>digraph broken")
	drawn := 0
	for _, name := range m.Names() {
		if strings.HasPrefix(name, "_diagrams/") {
			drawn++
			has(t, name, shown(t, m, name), "<svg", "</svg>")
			has(t, "the page", page, `src="`+name+`"`)
		}
	}
	if drawn < 2 {
		t.Errorf("%d drawings", drawn)
	}
	got := said(diags)
	has(t, "diagnostics", got, "index.rst:21:4: warning: The diagram is shown as its source. `dot` says: syntax error near '->'", "A diagram can show no picture from a file", "The drawing cannot be shown: it holds a script.")
}

// TestDiagramsWithoutAProgram is about a machine that lacks the programs.
func TestDiagramsWithoutAProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	m, diags := buildSite(t, Options{Source: tree(t, "index.md", "# A\n\n```mermaid\ngraph LR\n```\n\n```{graphviz}\ndigraph { a }\n```\n")})
	has(t, "the page", shown(t, m, "index.html"), `data-diagram="mermaid"><code>graph LR`, `data-diagram="dot"><code>digraph { a }`)
	has(t, "diagnostics", said(diags), "index.md:3:1: warning: The diagram is shown as its source: `mmdc` is not installed. Install the Mermaid CLI", "`dot` is not installed. Install Graphviz (`apt-get install graphviz`)")
}

// TestMermaidIsCalled is about what Mermaid's program is told: no HTML in the
// picture, no network, the text on its standard input.
func TestMermaidIsCalled(t *testing.T) {
	script := drawWith(t, "")
	mmdc := filepath.Join(filepath.Dir(script), "mmdc")
	text := "#!/bin/sh\ngrep -q '\"htmlLabels\":false' \"$9\" || exit 1\ngrep -q 'MAP . ~NOTFOUND' \"${11}\" || exit 1\n" +
		`echo "<svg xmlns='http://www.w3.org/2000/svg' width='100%' viewBox='0 0 40.2 20'><text>$(cat)</text></svg>"` + "\n"
	if err := os.WriteFile(mmdc, []byte(text), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	m, diags := buildSite(t, Options{Source: tree(t, "index.md", "# A\n\n```mermaid\ngraph LR\n```\n")})
	if got := said(diags); got != "" {
		t.Errorf("diagnostics: %s", got)
	}
	has(t, "the page", shown(t, m, "index.html"), `alt="Diagram: graph LR" width="40" height="20"`)
}

// TestDrawingsAreChecked refuses what no page may show.
func TestDrawingsAreChecked(t *testing.T) {
	for script, want := range map[string]string{
		`echo '<svg><script>alert(1)</script></svg>'`: "it holds a script",
		`echo '<svg></svg><svg></svg>'`:               "it is not one picture",
		`true`:                                        "it is empty",
		`echo '<svg>'`:                                "it cannot be read",
		`echo "Error: <stdin>: syntax error in line 1 near 'x'" >&2; exit 1`: "`dot` says: syntax error near 'x'.",
		`exit 1`:                     "failed and did not say why",
		`head -c 20000000 /dev/zero`: "larger than 16 MiB",
	} {
		drawWith(t, script)
		m, diags := buildSite(t, Options{Source: tree(t, "index.rst", "A\n=\n\n.. graphviz::\n\n   digraph { a }\n")})
		has(t, script, said(diags), "index.rst:6:4: warning: The diagram is shown as its source. ", want)
		has(t, script, shown(t, m, "index.html"), `<code>digraph { a }</code>`)
	}
}

// TestDrawingEnds stops a program that does not, with what it started, and
// tries again in the next build.
func TestDrawingEnds(t *testing.T) {
	was := drawers["dot"]
	defer func() { drawers["dot"] = was }()
	short := was
	short.limit = 200 * time.Millisecond
	drawers["dot"] = short
	dir := t.TempDir()
	drawWith(t, "[ -e "+dir+"/now ] || { sleep 600 & sleep 600; }; echo '<svg width=\"10\" height=\"10\"></svg>'")
	src := tree(t, "index.rst", "A\n=\n\n.. graphviz::\n\n   digraph { a }\n")
	for _, want := range []string{"`dot` was not done after 200ms", ""} {
		cache, err := build.OpenCache(filepath.Join(dir, "cache"), "x")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Load(context.Background(), Options{Source: src, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Write(context.Background(), &Memory{}); err != nil {
			t.Fatal(err)
		}
		if got := said(s.Diags()); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("want %q, got %s", want, got)
		}
		if err := s.Remember(); err != nil {
			t.Fatal(err)
		}
		s.Close()
		cache.Close()
		os.WriteFile(filepath.Join(dir, "now"), nil, 0o600)
		drawers["dot"] = was
	}
}

// TestDrawingsAreRemembered counts how often the program runs: once for each
// diagram, however many pages show it and however often they change; and anew
// when another program is there.
func TestDrawingsAreRemembered(t *testing.T) {
	dir := t.TempDir()
	const script = `echo x >> LOG; echo '<svg width="10" height="10"></svg>'`
	log := filepath.Join(dir, "log")
	drawWith(t, strings.Replace(script, "LOG", log, 1))
	graph := "A\n=\n\n.. graphviz::\n\n   digraph { a }\n"
	src := tree(t, "index.rst", graph, "b.rst", graph)
	build1 := func(want int) {
		t.Helper()
		cache, err := build.OpenCache(filepath.Join(dir, "cache"), "x")
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		buildTo(t, filepath.Join(dir, "out"), Options{Source: src, Cache: cache})
		if n, _ := os.ReadFile(log); len(n)/2 != want {
			t.Errorf("the program ran %d times, want %d", len(n)/2, want)
		}
		if all, _ := filepath.Glob(filepath.Join(dir, "out", "_diagrams", "*.svg")); len(all) != 1 {
			t.Errorf("drawings: %v", all)
		}
	}
	build1(1)
	build1(1)
	os.WriteFile(filepath.Join(src, "b.rst"), []byte(graph+"\nMore.\n"), 0o600)
	build1(1)
	os.WriteFile(filepath.Join(src, "index.rst"), []byte("A\n=\n"), 0o600) // the page that wrote the file
	build1(1)
	drawWith(t, strings.Replace(script, "LOG", log, 1)+"\n# another")
	build1(2)
}
