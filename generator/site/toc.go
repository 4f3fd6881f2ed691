package site

import (
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
)

// A tocPart is a line of a page's own table of contents, or a toctree in it:
// what Sphinx keeps of a page for the toctrees that name it.
type tocPart struct {
	kind tocKind
	// index is that of a section in facts.heads, of a toctree in
	// facts.toctrees.
	index int
	// text is an object's name, or the expression of an only; id is the
	// object's anchor.
	text, id string
	parts    []tocPart
}

type tocKind uint8

const (
	tocSection tocKind = iota
	tocObject
	tocTree
	tocOnly
)

// contents cuts a page into the parts of its table of contents. Objects stand
// below the object whose name begins theirs, where the same section has it.
// heads are the places of the sections among the page's titles.
func (f *facts) contents(nodes []*doc.Node, objects bool, heads map[*doc.Node]int) []tocPart {
	var out []tocPart
	memo := map[string][]int{} // an object's name -> the way to it in out
	for _, n := range nodes {
		switch n.Kind {
		case doc.KindSection:
			if i, ok := heads[n]; ok {
				out = append(out, tocPart{kind: tocSection, index: i, parts: f.contents(n.Children, objects, heads)})
			}
		case doc.KindOnly:
			if parts := f.contents(n.Children, objects, heads); len(parts) > 0 {
				out = append(out, tocPart{kind: tocOnly, text: n.Attr(doc.AttrExpr), parts: parts})
			}
		default:
			for c := range n.Find(doc.KindToctree, doc.KindDesc) {
				if c.Kind == doc.KindToctree {
					out = append(out, tocPart{kind: tocTree, index: slices.Index(f.toctrees, c)})
					continue
				}
				for _, sig := range c.Children {
					if name, way := tocName(c, sig); name != "" && objects {
						out = nest(out, memo, way, tocPart{kind: tocObject, text: name, id: sig.IDs()[0]})
					}
				}
			}
		}
	}
	return out
}

// nest puts an object below the one that holds it, or at the end.
func nest(out []tocPart, memo map[string][]int, way []string, p tocPart) []tocPart {
	key, up := strings.Join(way, "\x00"), strings.Join(way[:len(way)-1], "\x00")
	at, ok := memo[up]
	if up == "" || !ok {
		memo[key] = []int{len(out)}
		return append(out, p)
	}
	list := &out
	for _, i := range at {
		list = &(*list)[i].parts
	}
	memo[key] = append(slices.Clone(at), len(*list))
	*list = append(*list, p)
	return out
}

// tocName is the name under which a signature stands in tables of contents,
// and the names of what it belongs to followed by its own. Only some domains
// have one.
func tocName(desc, sig *doc.Node) (name string, way []string) {
	full := sig.Attr(doc.AttrFullname)
	if sig.Kind != doc.KindDescSignature || len(sig.IDs()) == 0 || truthy(desc, doc.AttrNoContents) {
		return "", nil
	}
	switch desc.Attr(doc.AttrDomain) {
	case "py", "js":
		if full == "" {
			return "", nil
		}
		way = strings.Split(full, ".")
		if m := sig.Attr(doc.AttrModule); m != "" {
			way = append([]string{m}, way...)
		}
		switch desc.Attr(doc.AttrObjType) {
		case "function", "method":
			full += "()"
		}
		return full, way
	case "rst":
		object := sig.Attr(doc.AttrObject)
		if object == "" {
			return "", nil
		}
		way = strings.Split(object, ":")
		switch desc.Attr(doc.AttrObjType) {
		case "directive":
			return ".. " + object + "::", way
		case "role":
			return ":" + object + ":", way
		}
		return ":" + way[len(way)-1] + ":", way
	}
	return "", nil
}

// A tocWalk makes the lines of one toctree.
type tocWalk struct {
	s        *Site
	from     *page
	depth    int // of lists; 0 is unlimited
	titles   bool
	hidden   bool // toctrees that are hidden are shown too
	showOnly func(expr string) bool
}

// shown makes the lines that a toctree shows in the text of its page.
func (s *Site) shown(p *page, n *doc.Node) []html.TocEntry {
	t := s.toctreeOf(p, n, false)
	if t.hidden {
		return nil
	}
	w := &tocWalk{s: s, from: p, depth: t.depth, titles: t.titles, hidden: truthy(n, doc.AttrIncludeHidden),
		showOnly: func(expr string) bool { return onlyExpr(expr, s.cfg.Tags) }}
	return w.tree(t, nil, 1)
}

// deep reports whether a list at a depth is beyond what is shown.
func (w *tocWalk) deep(level, depth int) bool {
	return depth > 0 && level > depth || level > maxTocDepth
}

// maxTocDepth bounds lists in lists, so that pages that name each other in
// rings of toctrees cannot grow without end.
const maxTocDepth = 40

// tree makes the lines of a toctree that stands in a list at a level. above
// are the pages it stands in.
func (w *tocWalk) tree(t *toctree, above []*page, level int) []html.TocEntry {
	var out []html.TocEntry
	if w.deep(level, w.depth) {
		return nil
	}
	for _, e := range t.entries {
		switch {
		case e.page == nil:
			out = append(out, w.elsewhere(e))
		case e.self:
			title := e.title
			if title == "" {
				title = e.page.title
			}
			out = append(out, html.TocEntry{Href: relative(w.from.url, e.page.url), Plain: title, Current: e.page == w.from})
		case !slices.Contains(above, e.page):
			out = append(out, w.page(e.page, e.title, append(slices.Clip(above), e.page), level)...)
		}
	}
	return out
}

func (w *tocWalk) elsewhere(e tocEntry) html.TocEntry {
	url, title := e.url, e.title
	if rest, ok := strings.CutPrefix(url, "\x00"); ok {
		url = relative(w.from.url, w.s.generatedURL(rest))
		if title == "" {
			title = w.s.bookOf(nil).generated(rest)
		}
	}
	if title == "" {
		title = url
	}
	return html.TocEntry{Href: url, Plain: title}
}

// page makes the lines of a page that a toctree names.
func (w *tocWalk) page(q *page, title string, above []*page, level int) []html.TocEntry {
	o := q.facts.outline()
	parts := w.visible(o.toc)
	depth := 0
	if d, err := strconv.Atoi(strings.TrimSpace(q.meta.get("tocdepth"))); err == nil && d > 0 {
		depth = level + d - 1
	}
	out := w.lines(q, o.heads, parts, above, level, depth)
	if title != "" && len(parts) == 1 && parts[0].kind == tocSection && len(out) > 0 {
		out[0].Plain, out[0].Title, out[0].Number = title, nil, q.secnum[firstID(o)]
	}
	if len(out) == 0 && !w.s.cfg.SphinxIDs { // a page without a title; Sphinx lists none
		out = append(out, html.TocEntry{Href: relative(w.from.url, q.url), Plain: q.title, Current: q == w.from})
	}
	return out
}

// visible replaces what stands in an only by what it shows.
func (w *tocWalk) visible(parts []tocPart) []tocPart {
	if !slices.ContainsFunc(parts, func(p tocPart) bool { return p.kind == tocOnly }) {
		return parts
	}
	var out []tocPart
	for _, p := range parts {
		switch {
		case p.kind != tocOnly:
			out = append(out, p)
		case w.showOnly(p.text):
			out = append(out, w.visible(p.parts)...)
		}
	}
	return out
}

// lines makes the lines of a page's parts that stand in a list at a level.
// heads are the page's titles, depth is how deep the page itself goes, besides
// the toctree's own limit.
func (w *tocWalk) lines(q *page, heads []heading, parts []tocPart, above []*page, level, depth int) []html.TocEntry {
	var out []html.TocEntry
	for _, p := range parts {
		if p.kind == tocTree {
			n := q.facts.toctrees[p.index]
			if t := w.s.toctreeOf(q, n, false); !t.hidden || w.hidden {
				out = append(out, w.tree(t, above, level)...)
			}
			continue
		}
		e := w.line(q, heads, p)
		below := w.visible(p.parts)
		if w.titles && len(above) > 0 && p.kind == tocSection {
			below = trees(below)
		}
		if len(below) > 0 && !w.deep(level+1, w.depth) && !w.deep(level+1, depth) {
			e.Children = w.lines(q, heads, below, above, level+1, depth)
		}
		out = append(out, e)
	}
	return out
}

// trees gives the toctrees in the parts, wherever they stand.
func trees(parts []tocPart) []tocPart {
	var out []tocPart
	for _, p := range parts {
		if p.kind == tocTree {
			out = append(out, p)
		}
		out = append(out, trees(p.parts)...)
	}
	return out
}

func (w *tocWalk) line(q *page, heads []heading, p tocPart) html.TocEntry {
	if p.kind == tocObject {
		return html.TocEntry{Href: relative(w.from.url, q.url+"#"+p.id), Plain: p.text, Code: true}
	}
	h := heads[p.index]
	e := html.TocEntry{Href: relative(w.from.url, q.url), Plain: h.text, Title: h.title.node(), Number: q.secnum[h.id]}
	if p.index > 0 {
		e.Href = relative(w.from.url, q.url+"#"+h.id)
	} else {
		e.Current = q == w.from
	}
	return e
}

func firstID(o *outline) string {
	if len(o.heads) > 0 {
		return o.heads[0].id
	}
	return ""
}

// A numbering gives sections their numbers below numbered toctrees, and
// figures, tables, listings and formulas theirs.
type numbering struct {
	s        *Site
	assigned map[*page]bool
	stack    []int
	counts   map[string]int // of figures, by type and section
	secDepth int            // how many parts of a section's number stand in that of a figure
}

func (s *Site) number() {
	n := &numbering{s: s, assigned: map[*page]bool{}, counts: map[string]int{}, secDepth: 1}
	if d, ok := s.conf.Values["numfig_secnum_depth"].(int64); ok {
		n.secDepth = int(d)
	}
	for _, p := range s.pages {
		p.secnum, p.fignum = nil, nil
	}
	order := slices.Clone(s.pages)
	if s.home != nil { // where numbered toctrees nest, the outer one counts
		order = append([]*page{s.home}, order...)
	}
	seen := map[*page]bool{}
	for _, p := range order {
		if len(p.facts.toctrees) == 0 {
			continue
		}
		for _, node := range p.facts.toctrees {
			if t := s.toctreeOf(p, node, false); t.numbered > 0 && !seen[p] {
				n.assigned[p] = true
				n.stack = []int{0} // every numbered toctree begins anew
				n.tree(t, t.numbered)
			}
		}
		seen[p] = true
	}
	if s.conf.Bool("numfig") && s.home != nil {
		n.assigned = map[*page]bool{}
		n.figures(s.home, "")
		return
	}
	for _, p := range s.pages { // formulas are counted page by page
		count := 0
		for _, f := range p.facts.figures {
			if f.typ == "displaymath" {
				count++
				made(&p.fignum)
				p.fignum[f.id] = strconv.Itoa(count)
			}
		}
	}
}

func (n *numbering) tree(t *toctree, depth int) {
	if depth == 0 {
		return
	}
	for _, e := range t.entries {
		if e.page != nil && !e.self && !n.assigned[e.page] {
			n.assigned[e.page] = true
			o := e.page.facts.outline()
			n.parts(e.page, o.heads, o.toc, depth)
		}
	}
}

func (n *numbering) parts(p *page, heads []heading, parts []tocPart, depth int) {
	for _, x := range parts {
		switch x.kind {
		case tocTree:
			n.tree(n.s.toctreeOf(p, p.facts.toctrees[x.index], false), depth)
		case tocOnly: // counted whether it is shown or not
			n.parts(p, heads, x.parts, depth)
		case tocSection:
			n.stack[len(n.stack)-1]++
			made(&p.secnum)
			id := heads[x.index].id
			p.secnum[id] = "" // too deep for a number
			if depth > 0 {
				p.secnum[id] = dotted(n.stack)
			}
			if len(x.parts) > 0 && len(n.stack) < maxTocDepth {
				n.stack = append(n.stack, 0)
				n.parts(p, heads, x.parts, depth-1)
				n.stack = n.stack[:len(n.stack)-1]
			}
		}
	}
}

// upTo gives the first parts of a section's number, with a point at the end.
func upTo(number string, parts int) string {
	end := 0
	for ; parts > 0 && end < len(number); parts-- {
		if i := strings.IndexByte(number[end:], '.'); i >= 0 {
			end += i + 1
		} else {
			return number + "."
		}
	}
	return number[:end]
}

// figures numbers what is counted on a page, and on the pages of its
// toctrees where they stand. section is the number of the section around.
func (n *numbering) figures(p *page, section string) {
	if n.assigned[p] {
		return
	}
	n.assigned[p] = true
	trees := 0
	within := func(ids []string) string {
		out := section
		for _, id := range ids {
			num, ok := p.secnum[id]
			if !ok {
				num = p.secnum[firstID(p.facts.outline())]
			}
			if num != "" {
				out = num
			}
		}
		return out
	}
	tree := func() {
		in := within(p.facts.treesIn[trees])
		for _, e := range n.s.toctreeOf(p, p.facts.toctrees[trees], false).entries {
			if e.page != nil && !e.self {
				n.figures(e.page, in)
			}
		}
		trees++
	}
	for _, f := range p.facts.figures {
		for trees < f.after {
			tree()
		}
		first := upTo(within(f.in), n.secDepth)
		n.counts[f.typ+first]++
		made(&p.fignum)
		p.fignum[f.id] = first + strconv.Itoa(n.counts[f.typ+first])
	}
	for trees < len(p.facts.toctrees) {
		tree()
	}
}

func dotted(n []int) string {
	b := strconv.AppendInt(nil, int64(n[0]), 10)
	for _, v := range n[1:] {
		b = strconv.AppendInt(append(b, '.'), int64(v), 10)
	}
	return string(b)
}
