// Package markdown reads CommonMark with GitHub's extensions and MyST:
// directives as backtick and colon fences, roles, targets, substitutions,
// definition and field lists, footnotes, mathematics, alerts and front
// matter. The result is the same document tree that reStructuredText gives.
//
// goldmark finds the structure; this package adds parsers for what MyST adds,
// one construct per file, and turns goldmark's tree into ours. Directives and
// roles stand in package directive. Every node carries the exact place in the
// source, also inside directives, quotes and lists.
package markdown

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// Options are choices of the caller.
type Options struct {
	// Plain reads CommonMark alone: no extension, and headings that make no
	// sections.
	Plain bool
	// RST reads reStructuredText, for eval-rst and for included files. With
	// nil these are reported.
	RST func(name, text string) *doc.Document
}

// maxDepth is how deep directives and quotes may nest; what is deeper is
// shown as it is written.
const maxDepth = 100

// Parse reads a page. The name is its path below the content root. It never
// fails: what is wrong with the text is in the document's diagnostics.
func Parse(name, text string, cfg *directive.Config, opt Options) *doc.Document {
	if cfg == nil {
		cfg = &directive.Config{}
	}
	p := &page{name: name, cfg: cfg, opt: opt, table: cfg.Table, root: doc.New(doc.KindDocument, doc.Pos{})}
	if p.table == nil {
		p.table = directive.Standard()
	}
	p.grammar = grammarOf(cfg.Myst)
	p.replace = p.grammar.has("replacements")
	src := doc.NewSource(name, text)
	p.sources = []*doc.Source{src}
	body := 0
	if strings.HasPrefix(text, "\ufeff") {
		body = len("\ufeff")
	}
	if !opt.Plain {
		body = p.frontMatter(text, body)
	}
	p.root.Children = p.file(0, body, len(text), true)
	p.headTitle()
	p.finishDirectives()
	p.finishNotes()
	p.finishTargets()
	d := &doc.Document{Sources: p.sources, Root: p.root, Diags: p.diags, Deps: p.deps, Meta: p.meta}
	sort.SliceStable(d.Diags, func(i, j int) bool {
		a, b := d.Diags[i], d.Diags[j]
		return a.Source == b.Source && a.Off < b.Off
	})
	return d
}

// finishDirectives carries out what directives left for the end of the page.
func (p *page) finishDirectives() {
	if p.state.Title != "" {
		p.root.Set("title", p.state.Title)
	}
	p.state.Meta = slices.DeleteFunc(p.state.Meta, func(n *doc.Node) bool { return n.Kind == doc.KindSystemMessage })
	p.state.Decorate(p.root)
	p.state.Aliases(p.root)
	if !p.pending {
		return
	}
	directive.Classes(p, p.root)
	directive.NumberSections(p.root)
	directive.Contents(p.root, func(n *doc.Node, prefix string) string {
		p.uniqueID(n, p.numbered(prefix))
		return n.IDs()[0]
	})
	p.dropPending(p.root)
}

// dropPending takes out what was carried out, and reports what cannot be.
func (p *page) dropPending(n *doc.Node) {
	kept := n.Children[:0]
	for _, c := range n.Children {
		if c.Kind != doc.KindPending {
			p.dropPending(c)
			kept = append(kept, c)
		} else if name := c.Attr(doc.AttrDirective); name == "target-notes" {
			p.Report(doc.Warning, "md-directive-rst", c.Pos, 1, "The `target-notes` directive works on the link targets of reStructuredText only.",
				"Write footnotes, `[^name]`, beside the links.")
		}
	}
	clear(n.Children[len(kept):])
	n.Children = kept
}

// A page is the reading of one page. It is what directives know as
// directive.Parser.
type page struct {
	name      string
	cfg       *directive.Config
	opt       Options
	table     *directive.Table
	root      *doc.Node
	sources   []*doc.Source
	diags     []doc.Diag
	deps      []doc.Dep
	meta      map[string]string
	state     directive.State
	pending   bool // a directive waits for the end of the page
	depth     int  // of directives
	nesting   int  // of quotes, lists and inline elements
	allowance allowance
	expanded  int                // bytes that substitutions added
	links     []parser.Reference // link definitions of the page

	grammar *grammar
	replace bool     // letters such as (c) become signs
	attrs   []placed // of the block that follows

	substitutions map[string]string
	expanding     map[string]bool // substitutions being read
	including     map[string]bool // files being read, with their bounds

	ids     map[string]*doc.Node
	serial  map[string]int  // numbers behind ids that were taken
	names   map[string]bool // explicit names
	notes   footnotes
	label   []pendingLabel // labels that wait for the next element
	targets []*doc.Node    // directives' targets that do
}

// file reads a part of a source.
func (p *page) file(file int32, from, to int, titles bool) []*doc.Node {
	pc := &piece{text: p.sources[file].Text[from:to], file: file, base: from}
	return p.parse(pc, titles)
}

// parse reads a piece of text as blocks.
func (p *page) parse(pc *piece, titles bool) []*doc.Node {
	if p.depth >= maxDepth {
		p.Report(doc.Error, "md-too-deep", pc.at(0), 1, "Directives nest too deep here; the rest is shown as it is written.", "Nest fewer of them.")
		return []*doc.Node{literalBlock(pc.at(0), pc.text)}
	}
	p.depth++
	defer func() { p.depth-- }()
	gm := p.grammar.of(pc.text).full
	if p.opt.Plain {
		gm = p.grammar.plain
	}
	tree := p.goldmark(gm, pc)
	c := &reader{p: p, pc: pc, titles: titles && !p.opt.Plain, sidebar: p.state.Sidebar}
	p.state.Sidebar = false
	return c.sections(tree)
}

// goldmark parses a piece with the link definitions known so far, and keeps
// those that it finds.
func (p *page) goldmark(gm parser.Parser, pc *piece) ast.Node {
	pc.src = []byte(pc.text)
	ctx := parser.NewContext()
	ctx.Set(allowanceKey, &p.allowance)
	defer p.sayBounds(pc)
	for _, l := range p.links {
		ctx.AddReference(l)
	}
	known := len(p.links)
	tree := gm.Parse(text.NewReader(pc.src), parser.WithContext(ctx))
	if refs := ctx.References(); len(refs) > known {
		have := map[string]bool{}
		for _, l := range p.links {
			have[string(l.Label())] = true
		}
		for _, r := range refs {
			if !have[string(r.Label())] {
				p.links = append(p.links, r)
			}
		}
	}
	return tree
}

// Blocks reads nested body elements.
func (p *page) Blocks(lines []directive.Line, titles bool) []*doc.Node {
	if len(lines) == 0 {
		return nil
	}
	return p.parse(joined(lines), titles)
}

// Inline reads one run of inline text.
func (p *page) Inline(s string, pos doc.Pos) []*doc.Node {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return p.inlinePiece(&piece{text: s, file: pos.File, base: int(pos.Off), limit: p.limit(pos)})
}

// limit is the length of the source that a place is in.
func (p *page) limit(pos doc.Pos) int {
	if pos.File < 0 || int(pos.File) >= len(p.sources) {
		return 0
	}
	return len(p.sources[pos.File].Text)
}

// Quote reads the lines as a block quote. A last paragraph that begins with
// two hyphens or a dash says whose words they are.
func (p *page) Quote(lines []directive.Line) []*doc.Node {
	if len(lines) == 0 {
		return nil
	}
	q := doc.New(doc.KindBlockQuote, lines[0].Pos, p.Blocks(lines, false)...)
	if k := len(q.Children); k > 0 {
		attribution(q.Children[k-1])
	}
	return []*doc.Node{q}
}

// attribution turns a paragraph "-- who" into one.
func attribution(n *doc.Node) {
	if n.Kind != doc.KindParagraph || len(n.Children) == 0 || n.Children[0].Kind != doc.KindText {
		return
	}
	first := n.Children[0]
	for _, dash := range [...]string{"---", "--", "—", "–"} {
		if rest, ok := strings.CutPrefix(first.Text, dash); ok {
			rest = strings.TrimLeft(rest, " ")
			if rest == "" && len(n.Children) == 1 {
				return
			}
			n.Kind = doc.KindAttribution
			moved := *first
			moved.Pos.Off += int32(len(first.Text) - len(rest))
			moved.Text = rest
			n.Children = append([]*doc.Node{&moved}, n.Children[1:]...)
			return
		}
	}
}

// Docname is the page's path below the root, without its suffix.
func (p *page) Docname() string { return strings.TrimSuffix(p.name, path.Ext(p.name)) }

// Source registers a further source.
func (p *page) Source(src *doc.Source) int32 {
	for i, s := range p.sources {
		if s == src {
			return int32(i)
		}
	}
	p.sources = append(p.sources, src)
	return int32(len(p.sources) - 1)
}

// ReadFile reads a file that the page names.
func (p *page) ReadFile(ref string) (*doc.Source, string, error) {
	src, dep, err := directive.ReadFile(p.cfg, p.name, ref)
	p.deps = append(p.deps, dep)
	return src, dep.Name, err
}

// Report adds a diagnostic.
func (p *page) Report(sev doc.Severity, code string, pos doc.Pos, length int, message, hint string) {
	if pos.File < 0 || int(pos.File) >= len(p.sources) {
		pos = doc.Pos{}
	}
	src := p.sources[pos.File]
	off := max(0, min(int(pos.Off), len(src.Text)))
	p.diags = append(p.diags, doc.Diag{Severity: sev, Code: code, Message: message, Hint: hint, Source: src, Off: off,
		Len: max(0, min(length, len(src.Text)-off))})
}

// State is what directives of the page remember.
func (p *page) State() *directive.State { return &p.state }

// Config is the site's.
func (p *page) Config() *directive.Config { return p.cfg }

// Include reads a part of another file as if it stood here.
func (p *page) Include(src *doc.Source, from, to int, as string) []*doc.Node {
	from, to = max(0, min(from, len(src.Text))), max(0, min(to, len(src.Text)))
	if to < from {
		to = from
	}
	key := fmt.Sprintf("%s %d %d", src.Name, from, to)
	if p.including[key] || src.Name == p.name && from == 0 {
		p.Report(doc.Error, "md-include-loop", doc.Pos{}, 1, fmt.Sprintf("The file `%s` includes itself.", src.Name), "Remove one of the include directives.")
		return nil
	}
	if p.including == nil {
		p.including = map[string]bool{}
	}
	p.including[key] = true
	defer delete(p.including, key)
	file := p.Source(src)
	if as == "rst" {
		pc := &piece{text: src.Text[from:to], file: file, base: from}
		return p.foreign(pc)
	}
	if from == 0 {
		if _, _, after := frontMatterOf(src.Text[:to], 0); after > 0 {
			from = after // of the other page
		}
	}
	return p.file(file, from, to, true)
}
