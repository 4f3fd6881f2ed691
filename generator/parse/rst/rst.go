// Package rst reads reStructuredText: the language of the docutils
// specification, as docutils 0.19 reads it, into the same document tree.
//
// The text is read once, line by line, by a body (block.go) that knows one
// construct per file; runs of text go through the inline reader (inline.go);
// then the transforms resolve what could only be known at the end
// (transform_*.go). Directives and roles stand in package directive.
//
// Time is linear in the size of the text, also where an author left thousands
// of start-strings open or nested without end; nesting deeper than
// [maxDepth] is reported and shown as it is.
package rst

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// Options are the choices that docutils' settings leave to its caller.
type Options struct {
	// DocTitle makes a lone first section the document's title (and its lone
	// subsection the subtitle). Sites leave it off. The bibliographic field
	// list at the start of a page always stays a field list.
	DocTitle bool
	// SectSubTitle makes a section's lone subsection its subtitle.
	SectSubTitle bool
	// Markdown reads Markdown, for files that are included. With nil these
	// are reported.
	Markdown func(name, text string) *doc.Document
	// PEP and RFC make "PEP 287" and "RFC 2822" references.
	PEP, RFC bool
}

// maxDepth is how deep body elements may nest.
const maxDepth = 160

// Parse reads a page. The name is its path below the content root. It never
// fails: what is wrong with the text is in the document's diagnostics, and
// every position is inside its source.
func Parse(name, text string, cfg *directive.Config, opt Options) *doc.Document {
	p := newParser(name, cfg, opt)
	page := doc.NewSource(name, text)
	f := newFile(page, 0, len(text))
	p.addFile(f)
	p.root = doc.New(doc.KindDocument, doc.Pos{}).Set("source", name)
	lines := f.lines(0, 0, len(f.text))
	lines = p.around(lines)
	b := &body{p: p, lines: lines, parent: p.root, root: p.root, titles: true, memo: &titleMemo{}}
	b.run()
	p.transform()
	return p.finish()
}

// around puts the configured prolog and epilog around a page's lines. The
// prolog stands after the field list that a page may open with, as metadata.
func (p *parser) around(lines []line) []line {
	if p.cfg.Prolog != "" {
		f := newFile(doc.NewSource("<rst_prolog>", p.cfg.Prolog), 0, len(p.cfg.Prolog))
		at := 0
		for at < len(lines) && isField(lines[at].Text) {
			at++
			for at < len(lines) && strings.HasPrefix(lines[at].Text, " ") {
				at++
			}
		}
		pro := append([]line{{}}, f.lines(p.addFile(f), 0, len(f.text))...)
		lines = slices.Concat(lines[:at], pro, []line{{}}, lines[at:])
	}
	if p.cfg.Epilog != "" {
		f := newFile(doc.NewSource("<rst_epilog>", p.cfg.Epilog), 0, len(p.cfg.Epilog))
		lines = slices.Concat(lines, []line{{}}, f.lines(p.addFile(f), 0, len(f.text)))
	}
	return lines
}

func isField(s string) bool { name, _ := fieldMarker(s); return name > 0 }

// A parser reads one page. It is what directives know as directive.Parser.
type parser struct {
	name  string
	cfg   *directive.Config
	table *directive.Table
	opt   Options
	root  *doc.Node
	files []*file
	deps  []doc.Dep
	diags []diag
	state directive.State
	depth int
	body  *body                // the innermost one that is reading
	idle  []*body              // to be used again
	uses  []*directive.RoleUse // to be used again
	cuts  []line               // room for the lines of blocks
	style string               // of the first title of what a directive read last, or ""
	texts strings.Builder      // room for the texts of blocks
	nodes []*doc.Node          // a stack: what inline readers have put out so far
	late  doc.Node             // messages that wait until a paragraph is put out
	registry
}

// A diag is a message whose place is not yet mapped to the source.
type diag struct {
	doc.Diag
	pos doc.Pos
}

func newParser(name string, cfg *directive.Config, opt Options) *parser {
	if cfg == nil {
		cfg = &directive.Config{}
	}
	p := &parser{name: name, cfg: cfg, opt: opt, table: cfg.Table}
	if p.table == nil {
		p.table = directive.Standard()
	}
	p.registry.init()
	return p
}

func (p *parser) addFile(f *file) int32 {
	p.files = append(p.files, f)
	return int32(len(p.files) - 1)
}

// finish maps every position to its source and hands the document over.
func (p *parser) finish() *doc.Document {
	d := &doc.Document{Root: p.root, Deps: p.deps}
	mapped := false
	for _, f := range p.files {
		d.Sources = append(d.Sources, f.src)
		mapped = mapped || f.edits != nil
	}
	if e := (ending{p.files, mapped, p.messages > 0 || p.pending > 0}); e.mapped || e.drop {
		e.settle(p.root)
	}
	for _, m := range p.diags {
		f := p.files[m.pos.File]
		end := f.source(int(m.pos.Off) + m.Len)
		m.Source, m.Off = f.src, f.source(int(m.pos.Off))
		m.Len = max(0, end-m.Off)
		d.Diags = append(d.Diags, m.Diag)
	}
	sort.SliceStable(d.Diags, func(i, j int) bool {
		a, b := d.Diags[i], d.Diags[j]
		return a.Source == b.Source && a.Off < b.Off
	})
	return d
}

// An ending is the last walk over a page's tree.
type ending struct {
	files  []*file
	mapped bool // places are to be mapped back to the sources
	drop   bool // messages and what is pending go
}

// settle maps the places of all nodes, and takes the messages out of the tree
// but for those that show source which would be lost without them.
func (e *ending) settle(n *doc.Node) {
	if e.mapped {
		n.Pos.Off = int32(e.files[n.Pos.File].source(int(n.Pos.Off)))
	}
	if e.drop {
		gone := func(c *doc.Node) bool {
			return c.Kind == doc.KindSystemMessage && len(c.Children) == 0 || c.Kind == doc.KindPending
		}
		if slices.ContainsFunc(n.Children, gone) {
			n.Children = slices.DeleteFunc(n.Children, gone)
		}
	}
	for _, c := range n.Children {
		e.settle(c)
	}
}

// Report adds a diagnostic.
func (p *parser) Report(sev doc.Severity, code string, pos doc.Pos, length int, message, hint string) {
	if int(pos.File) >= len(p.files) || pos.File < 0 {
		pos = doc.Pos{}
	}
	p.diags = append(p.diags, diag{doc.Diag{Severity: sev, Code: code, Message: message, Hint: hint, Len: max(0, length)}, pos})
}

// at reports about a whole line.
func (p *parser) at(sev doc.Severity, code string, l line, hint, format string, args ...any) {
	p.Report(sev, code, l.Pos, len(l.Text), fmt.Sprintf(format, args...), hint)
}

// Blocks reads nested body elements.
func (p *parser) Blocks(lines []line, titles bool) []*doc.Node {
	if len(lines) == 0 {
		return nil
	}
	if f := p.fileOf(lines[0]); f != nil && f.foreign {
		lines = p.domesticate(lines)
	}
	b := p.newBody()
	holder := &b.holder
	*b = body{p: p, lines: lines, parent: holder, root: holder, titles: titles, sidebar: p.state.Sidebar}
	p.state.Sidebar = false
	holder.Kind, holder.Pos = doc.KindContainer, lines[0].Pos
	if titles {
		b.memo = &titleMemo{}
	}
	b.runNested()
	p.style = ""
	if titles && len(b.memo.styles) > 0 {
		p.style = b.memo.styles[0]
	}
	p.idle = append(p.idle, b)
	return holder.Children
}

func (p *parser) fileOf(l line) *file {
	if int(l.Pos.File) < len(p.files) {
		return p.files[l.Pos.File]
	}
	return nil
}

// domesticate expands tabs and drops trailing blanks of lines that did not
// come through newFile.
func (p *parser) domesticate(lines []line) []line {
	out := slices.Clone(lines)
	for i, l := range out {
		f := newFile(doc.NewSource("", l.Text), 0, len(l.Text))
		out[i].Text = strings.TrimSuffix(f.text, "\n")
	}
	return out
}

// Quote reads the lines as block quotes with attributions.
func (p *parser) Quote(lines []line) []*doc.Node {
	b := &body{p: p}
	return b.blockQuote(lines)
}

// Inline reads one run of inline text.
func (p *parser) Inline(text string, pos doc.Pos) []*doc.Node {
	r := p.locate(text, pos)
	return p.inline(&r, false)
}

// locate finds out where the lines of a text stand that a directive took
// from the source at pos.
func (p *parser) locate(text string, pos doc.Pos) run {
	if int(pos.File) >= len(p.files) {
		return run{text: text}
	}
	r := run{text: text, base: pos}
	if !strings.Contains(text, "\n") {
		return r
	}
	source := p.files[pos.File].text
	off := min(int(pos.Off), len(source))
	for part := range strings.SplitSeq(text, "\n") {
		for off < len(source) && source[off] == ' ' && !strings.HasPrefix(source[off:], part) {
			off++
		}
		r.lines = append(r.lines, line{Text: part, Pos: doc.Pos{File: pos.File, Off: int32(off)}})
		if i := strings.IndexByte(source[off:], '\n'); i >= 0 {
			off += i + 1
		}
	}
	return r
}

// endOfFile begins the comment that the reference puts after what it includes.
// It leaves no element, but ends lists.
const endOfFile = `.. end of inclusion from "`

// Include puts a file's text where the directive stands, so that its sections
// join the page's; what it holds appears in the tree after the directive.
func (p *parser) Include(src *doc.Source, from, to int, as string) []*doc.Node {
	from, to = max(0, min(from, len(src.Text))), max(0, min(to, len(src.Text)))
	if as == "markdown" {
		return p.foreign(src, from, max(from, to))
	}
	f := newFile(src, from, max(from, to))
	b := p.body
	if b == nil {
		return nil
	}
	f.parent = b.source()
	for up := f.parent; up != nil; up = up.parent {
		if up.src.Name == src.Name && up.from == f.from && (up.to == f.to || up.parent == nil && f.to == len(src.Text)) {
			p.Report(doc.Warning, "rst-include-cycle", b.pos(), 1, fmt.Sprintf("`%s` includes itself.", src.Name),
				"Include only a part of it with :start-after: and :end-before:, or drop the directive.")
			return nil
		}
	}
	index := p.addFile(f)
	end := doc.Pos{File: index, Off: int32(len(f.text))}
	b.insert(slices.Concat([]line{{Pos: doc.Pos{File: index}}}, f.lines(index, 0, len(f.text)),
		[]line{{Pos: end}, {Text: endOfFile + src.Name + `"`, Pos: end}, {Pos: end}}))
	return nil
}

// Docname is the page's path without its suffix.
func (p *parser) Docname() string { return strings.TrimSuffix(p.name, path.Ext(p.name)) }

// Source registers a further source.
func (p *parser) Source(src *doc.Source) int32 {
	return p.addFile(&file{src: src, text: src.Text, to: len(src.Text), foreign: true})
}

// ReadFile reads a file that the page names and records the dependency.
func (p *parser) ReadFile(ref string) (*doc.Source, string, error) {
	page := p.name
	if p.body != nil {
		if f := p.body.source(); f != nil && !strings.HasPrefix(f.src.Name, "<") {
			page = f.src.Name
		}
	}
	src, dep, err := directive.ReadFile(p.cfg, page, ref)
	p.deps = append(p.deps, dep)
	return src, dep.Name, err
}

// State is what directives remember.
func (p *parser) State() *directive.State { return &p.state }

// Config is what the site says.
func (p *parser) Config() *directive.Config { return p.cfg }
