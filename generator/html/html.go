// Package html renders the document tree as HTML, for both languages.
//
// The result is valid, semantic HTML5 without inline style or script, so that
// a strict Content-Security-Policy holds. What comes from the source is plain
// markup; what the renderer adds for the reader's comfort (heading anchors,
// the top line of a listing, evidence) carries the attribute data-ui.
//
// # Listings
//
// A listing is one box, a div or, with a caption, a figure:
//
//	<div class="listing" id="code-1f2e3d4c" data-lang="console" data-prompts>
//	<pre><code><span class=gp>$ </span>…</code></pre>
//	…evidence…
//	</div>
//
// A theme draws its top line from data-name or else data-lang, and its script
// puts the tools there, which do nothing without it. A listing with a caption
// or with a file to download brings its top line: .listing-head, with the
// link a.download. Prompts are span.gp and
// program output is span.go: copying leaves both out when the listing has
// data-prompts. Lines are span.line where they must be told apart (numbers,
// emphasis, differences), an emphasised one has the class em, and its number
// is in data-line.
//
// # Tabs
//
// A tab set is div.tabs with one section.tab per panel, each with its label
// as p.tab-label. Without a script all panels stand one after the other; a
// script makes the tab list from the labels. data-sync names the choice that
// holds across the site.
package html

import (
	"bytes"
	"strings"

	"docent/generator/doc"
)

// An Env answers what a page alone cannot: where references lead, what
// pictures measure, what stands under a listing. One Env serves one page and
// is used by one goroutine. Embed [Nop] to answer only some of it.
type Env interface {
	// Options are the site's; the result is read-only and not nil.
	Options() *Options
	// Link resolves a pending_xref, a download_reference, a
	// number_reference or the relative refuri of a reference. Without an
	// answer the text stands there unlinked.
	Link(n *doc.Node) (Link, bool)
	// Image resolves the uri of an image or of any node that shows one.
	Image(uri string) (Image, bool)
	// Listing says what belongs to a literal block, beyond its text.
	Listing(n *doc.Node) Listing
	// Number gives the number to show before a title or caption, with the
	// space or stop that follows it, e.g. "1.2. " or "Fig. 3 "; or "".
	Number(n *doc.Node) string
	// Toctree gives the entries that a toctree shows in the text; none when
	// it is hidden.
	Toctree(n *doc.Node) []TocEntry
	// Show answers whether the content of an only element is for this site.
	Show(n *doc.Node) bool
	// Report takes a diagnostic about a node: raw content left out, an
	// address refused, a formula not understood.
	Report(n *doc.Node, sev doc.Severity, code, message, hint string)
}

// A Shaper is an Env that writes some containers itself: directives that a
// site has a template for. content is what stands in the container.
type Shaper interface {
	Shape(n *doc.Node, content []byte) ([]byte, bool)
}

// A Filler is an Env that knows what to show for an element whose
// content stands on other pages: a list of to-dos.
type Filler interface {
	Fill(n *doc.Node) []*doc.Node
}

// A Drawer is an Env that draws diagrams. Without a drawing, a diagram is shown
// as its source.
type Drawer interface {
	Diagram(n *doc.Node) (Drawing, bool)
}

// A Drawing is the picture of a diagram.
type Drawing struct {
	Image
	Alt   string // the text in it, for who cannot see it
	Links []Link // that the picture has, which an image cannot offer
}

// Options are what a site says about rendering, the same for all its pages.
type Options struct {
	// AllowRaw lets raw HTML of the content through, and lifts nothing else.
	AllowRaw bool
	// SmartQuotes turns straight quotes, dashes and dots into typographic
	// ones in running text, for the given language ("en", "de" ...).
	SmartQuotes string
	// ManpagesURL is where manual pages are: "{path}", "{page}" and
	// "{section}" in it are replaced. With "" they are not linked.
	ManpagesURL string
	// TrimDoctest leaves doctest's own marks out of Python sessions: its
	// flags, and the word that stands for an empty line.
	TrimDoctest bool
	// HighlightLanguage is that of listings that name none; "" is plain.
	HighlightLanguage string
	// Highlighter colours listings; nil leaves them plain.
	Highlighter *Highlighter
	// Phrases translates what the renderer says itself ("Note", "Copy").
	Phrases map[string]string
}

// A Link is where a reference leads.
type Link struct {
	Href  string
	Title string // the tooltip, or ""
	// Text replaces the text of the reference where it was not given by the
	// author; it may be nil.
	Text *doc.Node
	// Plain does the same as Text with a plain string.
	Plain   string
	Classes []string
	// Save is the name under which a download is kept, where it is not that
	// of its address.
	Save string
}

// An Image is a picture as the site will serve it.
type Image struct {
	Src  string
	W, H int // pixels; 0 when unknown
}

// A Listing is what a site knows about a literal block.
type Listing struct {
	ID       string // anchor; "" makes one from the content
	Name     string // shown in the top line in place of the language
	Role     string // run, file, output, transcript, example or ""
	Download string // address of the file, or ""
	Language string // replaces the one the source names, or ""
	Evidence string // HTML under the code; the site vouches for it
	Fold     bool   // start folded
}

// A TocEntry is a line of a toctree.
type TocEntry struct {
	Href     string
	Number   string    // of the section, or ""
	Title    *doc.Node // rendered without links
	Plain    string    // used when Title is nil
	Code     bool      // Plain is an object's name
	Current  bool
	Children []TocEntry
}

// Nop is an Env that knows nothing.
type Nop struct{ O Options }

func (e Nop) Options() *Options                                    { return &e.O }
func (Nop) Link(*doc.Node) (Link, bool)                            { return Link{}, false }
func (Nop) Image(uri string) (Image, bool)                         { return Image{Src: uri}, true }
func (Nop) Listing(*doc.Node) Listing                              { return Listing{} }
func (Nop) Number(*doc.Node) string                                { return "" }
func (Nop) Toctree(*doc.Node) []TocEntry                           { return nil }
func (Nop) Show(*doc.Node) bool                                    { return true }
func (Nop) Report(*doc.Node, doc.Severity, string, string, string) {}

// Render appends the HTML of n, a node of d or d.Root, to dst. It never
// fails: what it cannot show is reported to env.
func Render(dst []byte, d *doc.Document, n *doc.Node, env Env) []byte {
	w := newWriter(dst, d, env)
	if n.Kind == doc.KindDocument || n.Kind == doc.KindSection {
		w.level = levelAbove(d, n)
	}
	w.node(n)
	return w.b
}

// Inline appends the HTML of the inline children of n without links and
// anchors, for titles that become the text of a link.
func Inline(dst []byte, d *doc.Document, n *doc.Node, env Env) []byte {
	w := newWriter(dst, d, env)
	w.unlinked = true
	w.children(n)
	return w.b
}

// Text gives the visible text of a node, blocks separated by newlines.
func Text(d *doc.Document, n *doc.Node, env Env) string {
	if len(n.Children) == 1 && n.Children[0].Kind == doc.KindText && n.Kind == doc.KindTitle {
		return strings.TrimSpace(n.Children[0].Text)
	}
	return string(bytes.TrimSpace(AppendText(nil, n, env)))
}

// AppendText appends the visible text of a node, with a newline after each
// block in it.
func AppendText(b []byte, n *doc.Node, env Env) []byte {
	switch n.Kind {
	case doc.KindText:
		return append(b, n.Text...)
	case doc.KindComment, doc.KindSystemMessage, doc.KindSubstitutionDefinition, doc.KindRaw, doc.KindMeta,
		doc.KindIndex, doc.KindDecoration, doc.KindDocinfo, doc.KindPending, doc.KindTodolist, doc.KindToctree, doc.KindTabularColSpec, doc.KindHighlightlang:
		return b
	case doc.KindTarget:
		if n.Attr("refuri") != "" || n.Attr("refid") != "" && len(n.Children) == 0 {
			return b
		}
	case doc.KindOnly:
		if !env.Show(n) {
			return b
		}
	case doc.KindImage:
		b = append(b, n.Attr("alt")...)
	case doc.KindPendingXref, doc.KindNumberReference:
		if l, ok := env.Link(n); ok {
			if l.Text != nil {
				return AppendText(b, l.Text, env)
			}
			if l.Plain != "" {
				return append(b, l.Plain...)
			}
		}
	}
	for _, c := range n.Children {
		b = AppendText(b, c, env)
		if !c.Kind.Inline() {
			b = append(b, '\n')
		}
	}
	return b
}

// A Heading is one entry of a page's contents.
type Heading struct {
	Level int    // 1 to 6, as in h1 to h6
	ID    string // the section's anchor
	HTML  string // the title with its markup, without links
	Text  string // the title as plain text
	// Node is the section, so that a search index can cut the page there.
	Node *doc.Node
}

// TOC lists the titles of a document in order, the page's own first.
func TOC(d *doc.Document, env Env) []Heading {
	var out []Heading
	add := func(level int, ids []string, title, section *doc.Node) {
		h := Heading{Level: min(level, 6), Node: section, Text: Text(d, title, env)}
		if len(ids) > 0 {
			h.ID = ids[0]
		}
		h.HTML = escapeString(env.Number(section)) + string(Inline(nil, d, title, env))
		out = append(out, h)
	}
	var walk func(n *doc.Node, level int)
	walk = func(n *doc.Node, level int) {
		for _, c := range n.Children {
			switch c.Kind {
			case doc.KindTitle:
				if n.Is(doc.KindSection, doc.KindDocument) {
					add(max(level, 1), n.IDs(), c, n)
				}
			case doc.KindSection:
				walk(c, level+1)
			case doc.KindOnly:
				if env.Show(c) {
					walk(c, level)
				}
			case doc.KindCompound, doc.KindContainer:
				walk(c, level)
			}
		}
	}
	walk(d.Root, levelAbove(d, d.Root))
	return out
}

// levelAbove is the heading level that stands above the sections of n: 0 on
// a page whose title is its first section's, 1 where the document itself has
// a title.
func levelAbove(d *doc.Document, n *doc.Node) int {
	base := 0
	if d.Root.First(doc.KindTitle) != nil {
		base = 1
	}
	if n == d.Root {
		return base
	}
	if depth := depthOf(d.Root, n, base); depth >= 0 {
		return depth - 1
	}
	return base
}

// depthOf is the heading level of section target below n, or -1.
func depthOf(n, target *doc.Node, level int) int {
	for _, c := range n.Children {
		if c.Kind != doc.KindSection {
			continue
		}
		if c == target {
			return level + 1
		}
		if got := depthOf(c, target, level+1); got >= 0 {
			return got
		}
	}
	return -1
}
