package site

import (
	"fmt"
	"image"
	_ "image/gif" // pictures whose size a page states
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"docent/generator/build"
	"docent/generator/doc"
	"docent/generator/html"
	"docent/labs/report"
)

// newHighlighter remembers listings for a preview, which shows them again and
// again; a build shows each once.
func newHighlighter(preview bool) *html.Highlighter {
	if preview {
		return html.NewHighlighter(32 << 20)
	}
	return html.NewHighlighter(0)
}

// An env answers the renderer for one page.
type env struct {
	s       *Site
	p       *page
	doc     *doc.Document
	byBox   map[*doc.Node]evidence // what labs say, by listing
	options *html.Options          // nil until someone asks
	heads   []html.Heading         // with references resolved and numbers
	seen    map[string]bool
	ran     bool // there is a report of this page

	digests map[string]string // what runs, by step
	saved   map[string]bool   // names of values that steps capture
	runs    []*report.Page    // that answer for the page's measured numbers

	trace    *build.Trace // what the page asked; nil when nobody wants to know
	question []byte       // the last one
	needs    need         // of the answer to it
	links    map[*doc.Node]resolved
	trees    map[*doc.Node][]html.TocEntry
	diags    []doc.Diag
	files    []string // of the content, that the page publishes

	sink   Sink     // takes what the page draws
	drawn  []string // tasks of its diagrams
	failed error    // of writing a drawing
}

var _ html.Env = (*env)(nil)

func (e *env) Options() *html.Options {
	if e.options == nil {
		e.options = e.s.options(e.p)
	}
	return e.options
}

// word gives a word of the theme in the language of the page.
func (e *env) word(s string) string { return e.s.bookOf(e.p).of(s) }

func (e *env) Report(n *doc.Node, sev doc.Severity, code, message, hint string) {
	d := doc.Diag{Severity: sev, Code: code, Message: message, Hint: hint}
	if e.doc != nil { // else only the answer counts
		d.Source = e.doc.Sources[0]
		if n != nil && int(n.Pos.File) < len(e.doc.Sources) {
			d.Source, d.Off = e.doc.Sources[n.Pos.File], int(n.Pos.Off)
			if n.Is(doc.KindPendingXref, doc.KindDownloadReference) {
				d.Len = referenceLen(d.Source.Text[min(d.Off, len(d.Source.Text)):])
			}
		}
	}
	e.diags = append(e.diags, d)
}

// referenceLen gives the bytes of the role or citation reference that a text
// begins with, as far as they stand on its first line, or 0.
func referenceLen(s string) int {
	s, _, _ = strings.Cut(s, "\n")
	if s == "" {
		return 0
	}
	switch s[0] {
	case '[':
		if i := strings.Index(s, "]_"); i > 0 {
			return i + 2
		}
	case ':', '{', '`':
		open := strings.IndexByte(s, '`')
		if open < 0 {
			return 0
		}
		if i := strings.IndexByte(s[open+1:], '`'); i >= 0 {
			return open + 1 + i + 1
		}
		return len(strings.TrimRight(s, " \r"))
	}
	return 0
}

// Toctree makes the lines of a toctree, once for all forms of the page.
func (e *env) Toctree(n *doc.Node) []html.TocEntry {
	if t, known := e.trees[n]; known {
		return t
	}
	t := e.s.shown(e.p, n)
	if e.trace != nil {
		e.asked(tocQuestion(n), tocAnswer(t))
	}
	made(&e.trees)
	e.trees[n] = t
	return t
}

func (e *env) Show(n *doc.Node) bool {
	expr := n.Attr(doc.AttrExpr)
	return expr == "" || onlyExpr(expr, e.s.cfg.Tags)
}

func (e *env) Number(n *doc.Node) string {
	if len(n.IDs()) == 0 {
		return ""
	}
	id := n.IDs()[0]
	switch n.Kind {
	case doc.KindSection, doc.KindDocument:
		if v := e.p.secnum[id]; v != "" {
			return v + ". "
		}
	case doc.KindMathBlock:
		if v := e.p.fignum[id]; v != "" && (n.Attr(doc.AttrNowrap) == "" || !e.s.cfg.SphinxIDs) { // its own environment may number it
			return "(" + v + ")"
		}
	case doc.KindFigure, doc.KindTable, doc.KindContainer:
		if v := e.p.fignum[id]; v != "" {
			kind := n.Kind.String()
			if n.Kind == doc.KindContainer {
				kind = "code-block"
			}
			return fmt.Sprintf(e.s.figFormat(kind), v) + " "
		}
	}
	return ""
}

// figFormat is how a numbered thing is called, with one %s.
func (s *Site) figFormat(kind string) string {
	if m, ok := s.conf.Values["numfig_format"].(map[string]any); ok {
		if f, ok := m[kind].(string); ok && strings.Count(f, "%") == 1 && strings.Contains(f, "%s") {
			return f
		}
	}
	switch kind {
	case "table":
		return s.bookOf(nil).of("Table %s")
	case "code-block":
		return s.bookOf(nil).of("Listing %s")
	case "section":
		return s.bookOf(nil).of("Section %s")
	}
	return s.bookOf(nil).of("Fig. %s")
}

// Image finds a picture of the content. It measures it, so that the page
// does not jump when it loads.
func (e *env) Image(uri string) (html.Image, bool) {
	if strings.Contains(uri, ":") && (strings.Contains(uri, "://") || strings.HasPrefix(uri, "data:")) || strings.HasPrefix(uri, "//") {
		return html.Image{Src: uri}, true
	}
	uri, _, _ = strings.Cut(uri, "#")
	name, why := e.file(e.anyFormat(uri))
	if why != "" { // reported by checkImages
		return html.Image{Src: relative(e.p.url, strings.TrimPrefix(name, "/"))}, name != ""
	}
	img := html.Image{Src: relative(e.p.url, name)}
	if !strings.HasSuffix(name, ".svg") {
		if e.trace != nil {
			e.asked("file "+name, e.s.table.answer(name))
		}
		if f, err := e.s.files.Open(name); err == nil {
			if c, _, err := image.DecodeConfig(f); err == nil {
				img.W, img.H = c.Width, c.Height
			}
			f.Close()
		}
	}
	return img, true
}

// anyFormat replaces the "*" of a picture that is there in several formats by
// the one that suits browsers best.
func (e *env) anyFormat(uri string) string {
	stem, ok := strings.CutSuffix(uri, ".*")
	if !ok {
		return uri
	}
	for _, suffix := range []string{".svg", ".png", ".gif", ".jpg", ".jpeg", ".webp", ".avif"} {
		if _, why := e.file(stem + suffix); why == "" {
			return stem + suffix
		}
	}
	return uri
}

// checkImages reports the pictures that are not there.
func (e *env) checkImages() {
	for n := range e.doc.Root.Find(doc.KindImage) {
		uri := n.Attr("uri")
		if uri == "" || strings.Contains(uri, "://") || strings.HasPrefix(uri, "data:") || strings.HasPrefix(uri, "//") {
			continue
		}
		uri, _, _ = strings.Cut(uri, "#")
		if _, why := e.file(e.anyFormat(uri)); why != "" {
			e.warn(n, "image-missing", "The picture `"+uri+"` is not shown: "+why+".",
				"Its name is relative to this page, or begins with / at the content folder.")
		}
	}
}

// file makes a file of the content part of the site and gives its name in
// the content, or says why not.
func (e *env) file(ref string) (name, why string) {
	ref = unescapeURL(ref)
	name = path.Join(path.Dir(e.p.name), ref)
	if rest, ok := strings.CutPrefix(ref, "/"); ok {
		name = path.Clean(rest)
	}
	if ref == "" || !fs.ValidPath(name) {
		return "", "it lies outside the content folder"
	}
	if e.trace != nil {
		e.asked("there "+name, e.s.table.there(name))
	}
	info, err := fs.Stat(e.s.files, name)
	switch {
	case err != nil:
		return name, fileError(err)
	case info.IsDir():
		return name, "it is a folder"
	case !info.Mode().IsRegular():
		return name, "it is no regular file"
	}
	if f, err := e.s.files.Open(name); err != nil {
		return name, fileError(err)
	} else {
		f.Close()
	}
	e.files = append(e.files, name)
	return name, ""
}

func fileError(err error) string {
	why := rootless(err)
	switch {
	case strings.Contains(why, "escapes"):
		return "it is a link that leads outside the content folder"
	case strings.Contains(why, "no such file"):
		return "there is no such file"
	}
	return why
}

func unescapeURL(u string) string {
	if !strings.Contains(u, "%") {
		return u
	}
	var b strings.Builder
	for i := 0; i < len(u); i++ {
		if u[i] == '%' && i+2 < len(u) {
			if v, err := strconv.ParseUint(u[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(u[i])
	}
	return b.String()
}

// once reports whether a node's problem is new: titles are rendered more
// than once, a problem is told once.
func (e *env) warn(n *doc.Node, code, message, hint string) {
	key := fmt.Sprint(n.Pos, code, message)
	if e.seen[key] {
		return
	}
	made(&e.seen)
	e.seen[key] = true
	e.Report(n, doc.Warning, code, message, hint)
}

// Link resolves a reference, once for all who ask.
func (e *env) Link(n *doc.Node) (html.Link, bool) {
	if e.trace == nil || n.Attr(doc.AttrRefDomain) == "lab" { // the page's own text and reports decide
		return e.link(n)
	}
	if r, known := e.links[n]; known {
		return r.link, r.ok
	}
	before := len(e.diags)
	e.needs = needsAll
	l, ok := e.link(n)
	e.question = doc.AppendAlone(append(e.question[:0], e.needs.question()...), n)
	if !e.trace.Has(e.question) {
		e.trace.Asked(string(e.question), linkAnswer(l, ok, e.diags[before:]))
	}
	made(&e.links)
	e.links[n] = resolved{l, ok}
	return l, ok
}

type resolved struct {
	link html.Link
	ok   bool
}

func (e *env) link(n *doc.Node) (html.Link, bool) {
	switch n.Kind {
	case doc.KindDownloadReference:
		return e.download(n)
	case doc.KindReference:
		return e.relativeLink(n, n.Attr("refuri"))
	case doc.KindPendingXref, doc.KindNumberReference:
		return e.xref(n)
	}
	if l := n.Attr(doc.AttrLink); l != "" { // cards and buttons
		switch n.Attr(doc.AttrLinkType) {
		case "ref", "doc", "any":
			x := doc.New(doc.KindPendingXref, n.Pos).Set(doc.AttrRefType, n.Attr(doc.AttrLinkType)).
				Set(doc.AttrRefTarget, l).Set(doc.AttrRefExplicit, "1").Set(doc.AttrRefDomain, "std")
			return e.xref(x)
		}
		if strings.Contains(l, ":") {
			return html.Link{Href: l}, true
		}
		return e.relativeLink(n, l)
	}
	return html.Link{}, false
}

func (e *env) download(n *doc.Node) (html.Link, bool) {
	ref := n.Attr(doc.AttrRefTarget)
	if strings.Contains(ref, "://") {
		return html.Link{Href: ref}, true
	}
	name, why := e.file(ref)
	if why != "" {
		e.warn(n, "download-missing", "The download `"+ref+"` is not offered: "+why+".",
			"Its name is relative to this page, or begins with / at the content folder.")
		return html.Link{}, false
	}
	l := html.Link{Href: relative(e.p.url, e.s.served(name))}
	if isActive(name) {
		l.Save = path.Base(name)
	}
	return l, true
}

// relativeLink resolves an address without a scheme, as Markdown links and
// plain hyperlinks have it: a source page, a file of the content, an anchor.
func (e *env) relativeLink(n *doc.Node, uri string) (html.Link, bool) {
	// A link without a text of its own shows the title of where it leads.
	bare := len(n.Children) == 0 || n.Kind == doc.KindPendingXref && !truthy(n, doc.AttrRefExplicit)
	ref, frag, hasFrag := strings.Cut(uri, "#")
	ref, query, _ := strings.Cut(ref, "?")
	if query != "" {
		query = "?" + query
	}
	if ref == "" {
		if !hasFrag || frag == "" || e.p.facts.hasID(frag) || e.p.facts.hasID(unescapeURL(frag)) {
			return e.titled(n, html.Link{Href: uri}, e.p, frag, bare), true
		}
		if t, ok := e.s.anchor(e.p, unescapeURL(frag)); ok {
			return e.linkTo(n, t, !bare), true
		}
		e.warn(n, "link-anchor", "The anchor `#"+frag+"` is not on this page, and no label of the site has that name.", e.s.nearLabel(frag))
		return html.Link{}, false
	}
	plain := unescapeURL(ref)
	q := e.s.page(e.p, plain)
	if q == nil && strings.HasSuffix(plain, ".html") {
		q = e.s.page(e.p, strings.TrimSuffix(plain, ".html"))
	}
	if q == nil && strings.HasSuffix(plain, "/") {
		if q = e.s.page(e.p, plain+"index"); q == nil {
			q = e.s.page(e.p, strings.TrimSuffix(plain, "/"))
		}
	}
	if q != nil {
		href := relative(e.p.url, q.url) + query
		if hasFrag && frag != "" {
			if !q.facts.hasID(frag) && !q.facts.hasID(unescapeURL(frag)) {
				e.warn(n, "link-anchor", "There is no anchor `#"+frag+"` in "+q.name+".", "Check the heading or label that it names.")
			}
			href += "#" + frag
		} else if !bare {
			e.needs = needsNames
		}
		return e.titled(n, html.Link{Href: href}, q, frag, bare), true
	}
	name, why := e.file(plain)
	if why == "" {
		out := e.s.served(name)
		if out != name {
			e.warn(n, "file-active", "The file `"+name+"` could run scripts in the reader's browser; it is published as text, `"+path.Base(out)+"`.",
				"Where every author is trusted, say raw_html: true in docent.yaml.")
		}
		return html.Link{Href: relative(e.p.url, out) + query}, true
	}
	if to := strings.TrimSuffix(strings.TrimSuffix(plain, "/"), ".html"); generated[to] != "" {
		return html.Link{Href: relative(e.p.url, e.s.generatedURL(to))}, true
	}
	if e.s.gen[name+"/"] {
		return html.Link{Href: relative(e.p.url, name+"/")}, true
	}
	hint := "Its name is relative to this page, or begins with / at the content folder."
	if near := e.s.nearestPage(e.p, plain); near != "" {
		hint = "Did you mean `" + near + "`?"
	}
	e.warn(n, "link-broken", "The link `"+uri+"` leads nowhere: "+why+".", hint)
	return html.Link{}, false
}

// titled gives a link that is bare the title of its page, or of the place on
// it that it leads to.
func (e *env) titled(n *doc.Node, l html.Link, q *page, frag string, bare bool) html.Link {
	if !bare {
		return l
	}
	if t, ok := e.s.anchor(q, unescapeURL(frag)); ok && frag != "" && t.page == q && (t.text != "" || t.name != "") {
		l.Text, l.Plain = e.linkTo(n, t, false).Text, t.name
		return l
	}
	if q != e.p {
		l.Plain = q.title
	}
	return l
}

// linkTo makes the link for a target. With explicit, the author's text stays.
func (e *env) linkTo(n *doc.Node, t target, explicit bool) html.Link {
	l := html.Link{Href: t.url, Title: t.doc}
	if t.page != nil {
		l.Href = relative(e.p.url, t.page.url)
		if t.page == e.p && t.id != "" {
			l.Href = ""
		}
		if t.id != "" {
			l.Href += "#" + t.id
		}
	}
	if !explicit {
		if t.text != "" {
			l.Text = t.text.node()
		} else if t.name != "" {
			l.Plain = t.name
		}
	}
	return l
}

// embedded writes what a picture of the content holds, for pages that show it.
func (s *Site) open(name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return s.files.Open(name) }
}

// onlyExpr evaluates a tag expression: names, and, or, not, brackets. What it
// cannot read counts as true, so that nothing is lost.
func onlyExpr(expr string, tags map[string]bool) bool {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expr))
	pos, bad := 0, false
	var or func(depth int) bool
	atom := func(depth int) bool {
		negated := false
		for pos < len(words) && words[pos] == "not" {
			negated = !negated
			pos++
		}
		v := false
		switch {
		case pos >= len(words) || depth > maxNesting:
			bad = true
		case words[pos] == "(":
			pos++
			v = or(depth + 1)
			if pos >= len(words) || words[pos] != ")" {
				bad = true
			}
			pos++
		default:
			v = tags[words[pos]]
			pos++
		}
		return v != negated
	}
	and := func(depth int) bool {
		v := atom(depth)
		for pos < len(words) && words[pos] == "and" {
			pos++
			v = atom(depth) && v
		}
		return v
	}
	or = func(depth int) bool {
		v := and(depth)
		for pos < len(words) && words[pos] == "or" {
			pos++
			v = and(depth) || v
		}
		return v
	}
	v := or(0)
	return v || bad || pos < len(words)
}
