package site

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"docent/generator/build"
	"docent/generator/doc"
	"docent/generator/html"
)

// Diagrams are drawn when the site is built, by a program that the machine
// may have. The content never names the program and never gives it a file: it
// gets the text of the diagram on its standard input, an empty folder to work
// in, and a time limit. What it draws is published as a file of its own, if it
// passes the check that every SVG has to pass.

// A drawer draws the diagrams of one language.
type drawer struct {
	program string // looked for on PATH
	install string // what to do where it is missing
	limit   time.Duration
	// call gives the arguments and variables for a run in an empty folder.
	call func(dir, layout string) (args, env []string, err error)
}

var drawers = map[string]drawer{
	"dot": {program: "dot", limit: 20 * time.Second, call: callDot,
		install: "Install Graphviz (`apt-get install graphviz`) and build again, or draw it and show the SVG with `image`."},
	"mermaid": {program: "mmdc", limit: time.Minute, call: callMermaid,
		install: "Install the Mermaid CLI (`npm install -g @mermaid-js/mermaid-cli`) and build again, or draw it and show the SVG with `image`."},
}

const (
	maxDiagram = 1 << 20  // bytes of source
	maxDrawing = 16 << 20 // bytes of SVG
	maxLabels  = 200      // bytes of text that stands for a diagram nobody described
)

// callDot has Graphviz draw with the site's kind of letters where the graph
// names none. Under a SERVER_NAME it opens no file but those of GV_FILE_PATH.
func callDot(dir, layout string) (args, env []string, err error) {
	args = []string{"-Tsvg", "-Gfontname=Helvetica", "-Nfontname=Helvetica", "-Efontname=Helvetica"}
	if layout != "" {
		args = append(args, "-K"+layout)
	}
	return args, []string{"HOME=" + dir, "SERVER_NAME=docent", "GV_FILE_PATH=" + dir}, nil
}

// callMermaid has Mermaid's browser draw without HTML in the picture, which
// no page may load, and without a network. As root a Chromium starts only
// without its sandbox.
func callMermaid(dir, _ string) (args, env []string, err error) {
	plain := map[string]any{"htmlLabels": false}
	config := map[string]any{"htmlLabels": false, "flowchart": plain, "class": plain, "state": plain,
		"securityLevel": "strict", "deterministicIds": true, "deterministicIDSeed": "docent"}
	flags := []string{"--host-resolver-rules=MAP * ~NOTFOUND"}
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox")
	}
	for name, v := range map[string]any{"config.json": config, "browser.json": map[string]any{"args": flags}} {
		b, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for _, v := range os.Environ() { // where its browser is
		if strings.HasPrefix(v, "PUPPETEER_") || strings.HasPrefix(v, "HOME=") {
			env = append(env, v)
		}
	}
	return []string{"--input", "-", "--output", "-", "--outputFormat", "svg", "--quiet",
		"--configFile", filepath.Join(dir, "config.json"), "--puppeteerConfigFile", filepath.Join(dir, "browser.json")}, env, nil
}

// A program is one of this machine, or that it is not there.
type program struct {
	path   string
	answer build.Answer // says which one it is
}

func (s *Site) program(name string) program {
	if t, ok := s.programs.Load(name); ok {
		return t.(program)
	}
	t := program{answer: absent}
	if p, err := exec.LookPath(name); err == nil {
		real, err := filepath.EvalSymlinks(p)
		info, err2 := os.Stat(real)
		if err == nil && err2 == nil {
			t = program{p, build.Digest(real, strconv.FormatInt(info.Size(), 10), info.ModTime().UTC().String())}
		}
	}
	s.programs.Store(name, t)
	return t
}

// A drawing is what a program made of a diagram.
type drawing struct {
	svg    []byte
	w, h   int      // CSS pixels; 0 when unknown
	labels string   // the text in it
	links  []string // address and text, by turns
	failed string   // why there is none; else what the program warned of
	line   int      // of the source, 1-based; 0 is unknown
}

// draw gives the drawing of a source: the remembered one, if the program is
// the same. An error means that another try may have another result.
func (s *Site) draw(kind, layout, source string) (drawing, string, error) {
	with := drawers[kind]
	d := build.Digest(kind, layout, source)
	name := fmt.Sprintf("diagram %x", d)
	once, _ := s.drawn.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		r, _, err := s.graph.Do(name, func(q string) build.Answer { return s.ask(nil, q) }, nil, func(t *build.Trace) (string, error) {
			found := s.program(with.program)
			t.Asked("program "+with.program, found.answer)
			made, err := run(with, found.path, layout, source)
			if err != nil {
				return "", err
			}
			return string(made.encode()), nil
		})
		if err != nil {
			return "", err
		}
		return r.Value, nil
	}))
	v, err := once.(func() (string, error))()
	if err != nil {
		return drawing{}, name, err
	}
	return readDrawing(v), name, nil
}

func (d *drawing) encode() []byte {
	w := writer{places: true}
	w.string(string(d.svg), d.labels, d.failed)
	w.strings(d.links)
	w.int(d.w)
	w.int(d.h)
	w.int(d.line)
	return w.b
}

func readDrawing(v string) drawing {
	r := doc.Read(v)
	return drawing{svg: []byte(r.String()), labels: r.String(), failed: r.String(), links: r.Strings(), w: r.Count(), h: r.Count(), line: r.Count()}
}

// run starts the program.
func run(with drawer, path, layout, source string) (drawing, error) {
	dir, err := os.MkdirTemp("", "docent-diagram-")
	if err != nil {
		return drawing{}, err
	}
	defer os.RemoveAll(dir)
	args, env, err := with.call(dir, layout)
	if err != nil {
		return drawing{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), with.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	out, said := &bounded{most: maxDrawing}, &bounded{most: 64 << 10}
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(source), out, said
	cmd.Env = append(env, "PATH="+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TMPDIR="+dir)
	cmd.WaitDelay = time.Second
	withChildren(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return drawing{}, fmt.Errorf("`%s` was not done after %s", with.program, with.limit)
	case out.over:
		return drawing{failed: fmt.Sprintf("The drawing is larger than %d MiB.", maxDrawing>>20)}, nil
	case errors.As(err, &exit) && exit.Exited():
		why, line := complaint(with.program, said.b.String())
		return drawing{failed: why, line: line}, nil
	case err != nil:
		return drawing{}, fmt.Errorf("run `%s`: %w", with.program, err)
	}
	made, err := readSVG(out.b.Bytes())
	if err != nil {
		return drawing{failed: "The drawing cannot be shown: " + err.Error() + "."}, nil //nolint:nilerr // it is part of the result
	}
	made.failed, made.line = warning(said.b.String())
	return made, nil
}

// bounded keeps what a program writes, up to a limit.
type bounded struct {
	b    bytes.Buffer
	most int
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.b.Len()+len(p) > b.most {
		b.over = true
		return 0, errors.New("too much output")
	}
	return b.b.Write(p)
}

var atLine = regexp.MustCompile(`(?i)\bline (\d+)`)

// complaint takes the sentence that matters, and the line it names, out of
// what a program said before it gave up.
func complaint(program, said string) (why string, line int) {
	for _, l := range strings.Split(said, "\n") {
		l = strings.TrimSpace(l)
		if l == "" || why != "" && !strings.Contains(l, "rror") {
			continue
		}
		if _, rest, ok := strings.Cut(l, "Error: "); ok {
			why = strings.TrimPrefix(rest, "<stdin>: ")
			break
		}
		why = l
	}
	if why == "" {
		return "`" + program + "` failed and did not say why.", 0
	}
	if m := atLine.FindStringSubmatch(why); m != nil {
		line, _ = strconv.Atoi(m[1])
		why = strings.TrimRight(strings.TrimSpace(strings.Replace(why, "in "+m[0], "", 1)), ":")
	}
	return "`" + program + "` says: " + strings.Join(strings.Fields(why), " ") + ".", line
}

// warning is the first thing that Graphviz found odd in a graph that it drew;
// the machine's letters are no fault of the page.
func warning(said string) (string, int) {
	for _, l := range strings.Split(said, "\n") {
		if rest, ok := strings.CutPrefix(l, "Warning: "); ok && !strings.Contains(rest, "font") {
			if strings.Contains(rest, "only permitted to be loaded") {
				return "A diagram can show no picture from a file.", 0
			}
			return complaint("dot", rest)
		}
	}
	return "", 0
}

// readSVG checks a drawing and takes out of it what the page says about it.
func readSVG(data []byte) (d drawing, err error) {
	if why := checkSVG(data); why != "" {
		return d, errors.New(why)
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	depth, link := 0, -1
	words := []string{}
	inText := 0
	for {
		t, err := dec.Token()
		if err != nil {
			break // checked above
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				if d.svg != nil || t.Name.Local != "svg" {
					return d, errors.New("it is not one picture")
				}
				d.svg = data
				d.w, d.h = svgSize(t)
			}
			depth++
			switch t.Name.Local {
			case "a":
				if href := svgAttr(t, "href"); href != "" {
					link = len(d.links) + 1
					d.links = append(d.links, href, svgAttr(t, "title"))
				}
			case "text":
				inText = depth
			}
		case xml.EndElement:
			if t.Name.Local == "a" {
				link = -1
			}
			if inText == depth {
				inText = 0
			}
			depth--
		case xml.CharData:
			text := strings.Join(strings.Fields(string(t)), " ")
			if inText == 0 || text == "" {
				continue
			}
			if link > 0 {
				d.links[link] = text
			}
			if !slices.Contains(words, text) {
				words = append(words, text)
			}
		}
	}
	if d.svg == nil {
		return d, errors.New("it is empty")
	}
	if d.labels = strings.Join(words, ", "); len(d.labels) > maxLabels {
		cut := strings.LastIndex(d.labels[:maxLabels], ", ")
		d.labels = strings.ToValidUTF8(d.labels[:max(cut, 0)], "") + " …"
	}
	return d, nil
}

func svgAttr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// svgSize gives a picture's size in CSS pixels, of which four are three points.
func svgSize(e xml.StartElement) (w, h int) {
	length := func(v string) float64 {
		scale := 1.0
		if n, ok := strings.CutSuffix(v, "pt"); ok {
			v, scale = n, 4.0/3
		}
		f, err := strconv.ParseFloat(strings.TrimSuffix(v, "px"), 64)
		if err != nil || f <= 0 || f > 1e5 {
			return 0
		}
		return f * scale
	}
	x, y := length(svgAttr(e, "width")), length(svgAttr(e, "height"))
	if box := strings.Fields(svgAttr(e, "viewBox")); (x == 0 || y == 0) && len(box) == 4 {
		x, y = length(box[2]), length(box[3])
	}
	if x == 0 || y == 0 {
		return 0, 0
	}
	return int(x + 0.5), int(y + 0.5)
}

var _ html.Drawer = (*env)(nil)

// Diagram draws a diagram, or says why its source is shown.
func (e *env) Diagram(n *doc.Node) (html.Drawing, bool) {
	kind := n.Attr(doc.AttrType)
	with, ok := drawers[kind]
	if !ok {
		return html.Drawing{}, false
	}
	t := e.s.program(with.program)
	e.asked("program "+with.program, t.answer)
	if t.path == "" {
		e.warn(n, "diagram-source", "The diagram is shown as its source: `"+with.program+"` is not installed.", with.install)
		return html.Drawing{}, false
	}
	source := n.PlainText()
	if len(source) > maxDiagram {
		e.warn(n, "diagram-failed", fmt.Sprintf("The diagram is shown as its source: it is longer than %d KiB.", maxDiagram>>10), "Draw it by hand, and show the SVG with `image`.")
		return html.Drawing{}, false
	}
	d, task, err := e.s.draw(kind, n.Attr(doc.AttrLayout), source)
	e.drawn = append(e.drawn, task)
	if err != nil {
		e.asked("again", build.Answer{}) // the next build tries it again
		e.warn(n, "diagram-failed", "The diagram is shown as its source: "+err.Error()+".", "Make it smaller, or build again when the machine is less busy.")
		return html.Drawing{}, false
	}
	if len(d.svg) == 0 {
		e.warn(e.lineOf(n, d.line), "diagram-syntax", "The diagram is shown as its source. "+d.failed, "Correct the diagram.")
		return html.Drawing{}, false
	}
	if d.failed != "" {
		e.warn(e.lineOf(n, d.line), "diagram-odd", d.failed, "Correct the diagram.")
	}
	name := "_diagrams/" + contentHash(d.svg) + ".svg"
	if err := e.s.share(e.sink, name, d.svg); err != nil {
		e.failed = errors.Join(e.failed, err)
	}
	out := html.Drawing{Image: html.Image{Src: relative(e.p.url, name), W: d.w, H: d.h}, Alt: d.labels}
	for i := 0; i < len(d.links); i += 2 {
		l := html.Link{Href: d.links[i], Plain: d.links[i+1]}
		if !strings.Contains(l.Href, ":") {
			to, ok := e.relativeLink(n, l.Href)
			if !ok {
				continue
			}
			l.Href = to.Href
		}
		out.Links = append(out.Links, l)
	}
	return out, true
}

// lineOf stands for a line of a diagram's source, in a report.
func (e *env) lineOf(n *doc.Node, line int) *doc.Node {
	above, _ := strconv.Atoi(n.Attr(doc.AttrAbove))
	if above > 0 { // the last line is the directive's own, too
		line = min(line, strings.Count(n.PlainText(), "\n")-1)
	}
	if line -= above; e.doc == nil || line < 1 || int(n.Pos.File) >= len(e.doc.Sources) {
		return n
	}
	text, off := e.doc.Sources[n.Pos.File].Text, int(n.Pos.Off)
	for ; line > 1; line-- {
		i := strings.IndexByte(text[min(off, len(text)):], '\n')
		if i < 0 {
			return n
		}
		off += i + 1
	}
	for off < len(text) && (text[off] == ' ' || text[off] == '\t') {
		off++
	}
	return doc.New(n.Kind, doc.Pos{File: n.Pos.File, Off: int32(off)}) //nolint:gosec // sources are smaller
}

// share writes a file whose name says what it holds, and which several pages
// may show.
func (s *Site) share(sink Sink, name string, data []byte) error {
	if _, twice := s.cards.LoadOrStore(name, true); twice && !s.opt.Preview {
		if t, ok := sink.(traced); ok {
			t.shares(name, len(data))
		}
		return nil
	}
	return sink.Put(name, data)
}
