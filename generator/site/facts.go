package site

import (
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"docent/generator/doc"
	"docent/generator/html"
)

// A target is where a reference may lead: an anchor of a page, or an address
// of another site.
type target struct {
	page  *page
	id    string
	url   string  // of another site; page is nil then
	text  written // the title it has there
	name  string  // plain text in place of a title
	kind  string  // section, figure, table, code-block, or an object type
	doc   string  // what the tooltip says: another site's title
	alias bool    // it is another name of an object
	site  string  // the name of the other site that the reference begins with
}

// facts are what other pages may ask of one page, gathered when it is read.
// They hold nothing of the page's tree, which is dropped then. codec.go
// writes and reads them. The outline stays as it is written until someone asks.
type facts struct {
	title    string // plain text
	html     string // title as inline HTML
	meta     fields
	sources  []string // names of the files that positions refer to
	labels   []fact   // for the whole site
	objects  []fact
	toctrees []*doc.Node
	index    []*doc.Node
	figures  []fact     // in order, for numbers
	todos    []fact     // name is their place
	leads    []string   // of a page that may order its folder: where its links lead
	treesIn  [][]string // of each toctree, the sections it stands in
	listings int
	unlisted int      // 1 of a page without a title, of which a toctree has nothing to show
	written  string   // the outline
	gathered *outline // the same, before it is written

	// What no other page asks, only the files that stand for the whole site
	// (feed, site map, llms.txt): it is no part of the digest.
	desc string   // one or two sentences
	deps []string // files that reading the page asked for
}

// An outline is what is in a page, by its anchors. Few are asked for.
type outline struct {
	heads   []heading
	ids     []string // all anchors, sorted
	anchors []fact   // the sections by their titles: labels for Markdown
	toc     []tocPart
}

// fields are keys and values, by turns. Few pages have more than three.
type fields []string

// get gives the value of a key, or "".
func (f fields) get(key string) string {
	for i := 0; i+1 < len(f); i += 2 {
		if f[i] == key {
			return f[i+1]
		}
	}
	return ""
}

func (f fields) has(key string) bool {
	for i := 0; i+1 < len(f); i += 2 {
		if f[i] == key {
			return true
		}
	}
	return false
}

// A heading is a section's title, as other pages show it.
type heading struct {
	level    int
	id, text string
	title    written
	ids      []string // all anchors of the section
}

type fact struct {
	typ, name, id string
	pos           doc.Pos  // for diagnostics
	text          written  // its title
	ids           []string // of a figure: all its anchors
	in            []string // of a figure: the sections it stands in, outermost first
	after         int      // of a figure: how many toctrees stand before it
	implicit      bool     // of an object: it has another name
}

// A written node is one in its compact form, without places: most titles are
// never asked for. "" is none.
type written string

func writeNode(n *doc.Node) written {
	if n == nil {
		return ""
	}
	return written(doc.AppendNode(nil, n, false))
}

func (w written) node() *doc.Node {
	if w == "" {
		return nil
	}
	r := doc.Read(string(w))
	return r.Node()
}

// fieldsOf are the bibliographic fields at a page's top (`:orphan:` and the
// like), below those of its front matter.
func fieldsOf(d *doc.Document) map[string]string {
	out := map[string]string{}
	for _, n := range d.Root.Children {
		if n.Is(doc.KindComment, doc.KindTarget, doc.KindSubstitutionDefinition, doc.KindTitle, doc.KindSubtitle, doc.KindMeta) {
			continue
		}
		if n.Is(doc.KindFieldList, doc.KindDocinfo) {
			for _, f := range n.Children {
				switch {
				case f.Kind == doc.KindAuthors:
					var all []string
					for _, a := range f.Children {
						all = append(all, a.PlainText())
					}
					out["authors"] = strings.Join(all, ", ")
				case f.Kind != doc.KindField:
					out[f.Kind.String()] = strings.TrimSpace(f.PlainText())
				case len(f.Children) > 0:
					body := ""
					if len(f.Children) > 1 {
						body = strings.TrimSpace(f.Children[1].PlainText())
					}
					out[strings.ToLower(f.Children[0].PlainText())] = body
				}
			}
		}
		break
	}
	for k, v := range d.Meta {
		out[k] = v
	}
	return out
}

// gather collects the facts of one page. It asks nothing of other pages.
// orders says that the page's links may order the pages of its folder, objects
// that what it describes stands in tables of contents.
func gather(d *doc.Document, orders, objects bool) *facts {
	o := &outline{}
	f := &facts{gathered: o}
	meta := fieldsOf(d)
	for _, k := range slices.Sorted(maps.Keys(meta)) {
		f.meta = append(f.meta, k, meta[k])
	}
	for _, src := range d.Sources {
		f.sources = append(f.sources, src.Name)
	}
	heads := map[*doc.Node]int{}
	for i, h := range html.TOC(d, html.Nop{}) {
		if i == 0 {
			f.title, f.html = strings.Join(strings.Fields(h.Text), " "), h.HTML
		}
		o.heads = append(o.heads, heading{h.Level, h.ID, h.Text, writeNode(h.Node.First(doc.KindTitle)), h.Node.IDs()})
		heads[h.Node] = i
	}
	name := trimSuffix(d.Name())
	if t := meta["title"]; t != "" && f.title == "" {
		f.title, f.html = t, escape(t)
	}
	if f.title == "" {
		f.title = humane(name)
		f.html = escape(f.title)
	}
	if orders || strings.HasSuffix(name, "index") || path.Base(name) == "README" {
		f.leads = leads(d)
	}
	if f.desc = meta["description"]; f.desc == "" {
		f.desc = firstSentences(d.Root)
	}
	for _, dep := range d.Deps {
		f.deps = append(f.deps, dep.Name)
	}
	explicit := map[string]bool{} // ids that an explicit target gave
	for n := range d.Root.Find(doc.KindTarget) {
		if id := n.Attr("refid"); id != "" {
			explicit[id] = true
		}
		for _, id := range n.IDs() {
			explicit[id] = true
		}
	}
	f.walk(o, d, d.Root, explicit, nil)
	if o.toc = f.contents(d.Root.Children, objects, heads); len(o.toc) == 0 {
		f.unlisted = 1
	}
	slices.Sort(o.ids)
	o.ids = slices.Compact(o.ids)
	return f
}

// leads gives the names of pages that a page's references may mean, in order.
func leads(d *doc.Document) []string {
	var out []string
	for n := range d.Root.Find(doc.KindReference, doc.KindPendingXref) {
		ref := n.Attr("refuri")
		if ref == "" {
			ref = n.Attr("reftarget")
		}
		if ref, _, _ = strings.Cut(ref, "#"); ref != "" && !slices.Contains(out, ref) && !strings.Contains(ref, "://") {
			out = append(out, ref)
		}
	}
	return out
}

func (f *facts) walk(o *outline, d *doc.Document, n *doc.Node, explicit map[string]bool, in []string) {
	o.ids = append(o.ids, n.IDs()...)
	if names := n.Names(); len(names) > 0 && len(n.IDs()) > 0 {
		f.labelsOf(o, n, explicit)
	}
	figure := func(typ string) {
		f.figures = append(f.figures, fact{typ: typ, id: n.IDs()[0], ids: n.IDs(), pos: n.Pos, in: in, after: len(f.toctrees)})
	}
	object := func(typ, name string, n *doc.Node) {
		f.objects = append(f.objects, fact{typ: typ, name: name, id: n.IDs()[0], pos: n.Pos})
	}
	switch n.Kind {
	case doc.KindToctree:
		f.toctrees, f.treesIn = append(f.toctrees, n), append(f.treesIn, in)
	case doc.KindSection:
		if ids := n.IDs(); len(ids) > 0 {
			in = append(slices.Clip(in), ids[0])
		}
	case doc.KindIndex:
		f.index = append(f.index, n)
	case doc.KindFigure:
		if len(n.IDs()) > 0 && n.First(doc.KindCaption) != nil {
			figure("figure")
		}
	case doc.KindTable:
		if len(n.IDs()) > 0 && n.First(doc.KindTitle) != nil {
			figure("table")
		}
	case doc.KindContainer:
		if n.HasClass("literal-block-wrapper") && len(n.IDs()) > 0 {
			figure("code-block")
		}
	case doc.KindMathBlock:
		if len(n.IDs()) > 0 {
			figure("displaymath")
		}
	case doc.KindLiteralBlock, doc.KindDoctestBlock:
		f.listings++
	case doc.KindTodo:
		t := fact{name: place(d, n), text: writeNode(n)}
		if len(n.IDs()) > 0 {
			t.id = n.IDs()[0]
		}
		f.todos = append(f.todos, t)
	case doc.KindGlossary:
		for t := range n.Find(doc.KindTerm) {
			if len(t.IDs()) > 0 {
				object("std:term", t.PlainText(), t)
			}
		}
	case doc.KindProduction:
		if len(n.IDs()) > 0 {
			object("std:token", first(n.Attr(doc.AttrObject), n.Attr(doc.AttrToken)), n)
		}
	case doc.KindCitation:
		if label := n.First(doc.KindLabel); label != nil && len(n.IDs()) > 0 {
			object("citation:ref", label.PlainText(), n)
		}
	case doc.KindTarget:
		if typ := n.Attr(doc.AttrObjType); typ != "" && n.Attr(doc.AttrObject) != "" && n.Attr(doc.AttrDomain) != "py" { // js:module, and what a tree adds
			if id := first(n.Attr("refid"), firstOf(n.IDs())); id != "" {
				f.objects = append(f.objects, fact{typ: n.Attr(doc.AttrDomain) + ":" + typ, name: n.Attr(doc.AttrObject), id: id, pos: n.Pos})
			}
		}
		if m := n.Attr(doc.AttrModule); m != "" && n.HasClass("module") && !truthy(n, doc.AttrNoIndex) {
			if id := first(n.Attr("refid"), firstOf(n.IDs())); id != "" {
				f.objects = append(f.objects, fact{typ: "py:module", name: m, id: id, pos: n.Pos, text: writeNode(aboutModule(n))})
			}
		}
	case doc.KindDesc:
		f.describe(n)
	}
	for _, c := range n.Children {
		f.walk(o, d, c, explicit, in)
	}
}

// aboutModule keeps what the index of modules says of one, or nil.
func aboutModule(n *doc.Node) *doc.Node {
	about := doc.New(doc.KindTarget, doc.Pos{})
	for _, key := range []string{doc.AttrSynopsis, doc.AttrPlatform, doc.AttrDeprecated} {
		if v := n.Attr(key); v != "" {
			about.Set(key, v)
		}
	}
	if len(about.Attrs()) == 0 {
		return nil
	}
	return about
}

// labelsOf notes the names of an element. An explicit name is a label that
// the whole site may use; a section's own title is one only for this page.
func (f *facts) labelsOf(o *outline, n *doc.Node, explicit map[string]bool) {
	kind, title := "", n.First(doc.KindTitle, doc.KindCaption)
	switch n.Kind {
	case doc.KindSection, doc.KindDocument:
		kind = "section"
	case doc.KindFigure, doc.KindTable:
		kind = n.Kind.String()
	case doc.KindContainer:
		if n.HasClass("literal-block-wrapper") {
			kind = "code-block"
		}
	case doc.KindRubric:
		title = n
	case doc.KindCompound:
		if t := n.First(doc.KindToctree); t != nil && t.Attr(doc.AttrCaption) != "" {
			title = doc.New(doc.KindCaption, n.Pos, doc.NewText(n.Pos, t.Attr(doc.AttrCaption)))
		}
	case doc.KindDefinitionList, doc.KindFieldList:
		if len(n.Children) > 0 {
			title = n.Children[0].First(doc.KindTerm, doc.KindFieldName)
		}
	case doc.KindFootnote, doc.KindCitation, doc.KindSubstitutionDefinition:
		return
	case doc.KindTarget:
		if n.Attr("refuri") != "" {
			return
		}
	}
	own := ""
	implicit := kind == "section" || n.Kind == doc.KindTopic && n.HasClass("contents")
	if title != nil && implicit {
		for _, c := range title.Children {
			if c.Kind != doc.KindGenerated { // the section's number
				own += c.PlainText()
			}
		}
		own = normal(own)
	}
	for _, name := range n.Names() {
		id := n.IDs()[0]
		for _, i := range n.IDs() {
			if i == name || explicit[i] && i == makeID(name) {
				id = i
			}
		}
		l := fact{typ: kind, name: name, id: id, pos: n.Pos, text: writeNode(title)}
		if implicit && normal(name) == own && (!explicit[makeID(name)] || twin(n.Names(), name)) {
			o.anchors = append(o.anchors, l)
		} else {
			f.labels = append(f.labels, l)
		}
	}
}

// twin reports whether another name gives the same anchor: then that one is
// the explicit target's.
func twin(names []string, name string) bool {
	return slices.ContainsFunc(names, func(other string) bool { return other != name && makeID(other) == makeID(name) })
}

// describe notes the objects that a description defines.
func (f *facts) describe(n *doc.Node) {
	domain, typ := n.Attr(doc.AttrDomain), n.Attr(doc.AttrObjType)
	if domain == "" {
		domain = "std"
	}
	if truthy(n, doc.AttrNoIndex) {
		return
	}
	for _, sig := range n.Children {
		if sig.Kind != doc.KindDescSignature || len(sig.IDs()) == 0 {
			continue
		}
		name := sig.Attr(doc.AttrObject)
		if name == "" {
			continue
		}
		for _, one := range strings.Split(name, "\n") { // options have several
			f.objects = append(f.objects, fact{typ: domain + ":" + typ, name: one, id: sig.IDs()[0], pos: sig.Pos})
		}
		if c := sig.Attr(doc.AttrCanonical); c != "" && c != name {
			f.objects = append(f.objects, fact{typ: domain + ":" + typ, name: c, id: sig.IDs()[0], pos: sig.Pos, implicit: true})
		}
	}
}

// normal is docutils' normalised reference name.
func normal(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// makeID is docutils' make_id for names that hold ASCII only; others never
// equal an id that was made from them, which is all that is asked here.
func makeID(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	return strings.TrimLeft(strings.TrimSuffix(b.String(), "-"), "-0123456789")
}

var joined = strings.NewReplacer("_", " ", "-", " ")

// humane makes a title of a file's or folder's name.
func humane(name string) string {
	name = strings.TrimSuffix(name, "/index")
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(joined.Replace(name))
	if name == "" {
		return "Untitled"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// collect merges the facts of all pages and reports what two pages claim.
func (s *Site) collect() {
	s.labels, s.objects = map[string]target{}, map[string]map[string]target{}
	s.anchors = sync.OnceValue(func() map[string][]target {
		all := map[string][]target{}
		for _, p := range s.pages {
			for _, f := range p.facts.outline().anchors {
				all[f.name] = append(all[f.name], target{page: p, id: f.id, text: f.text, kind: f.typ})
			}
		}
		return all
	})
	for _, p := range s.pages {
		for _, f := range p.facts.labels {
			t := target{page: p, id: f.id, text: f.text, kind: f.typ}
			if old, twice := s.labels[f.name]; twice && (old.page != p || old.id != f.id) {
				if old.page != p { // within a page the parser reports it
					s.warn(p, f.pos, doc.Warning, "ref-duplicate-label",
						"The label `"+f.name+"` is also in "+old.page.name+".", "Rename one of them; references lead to the other one.")
				}
				continue
			}
			s.labels[f.name] = t
		}
		for _, f := range p.facts.objects {
			made(&s.objects)
			byName := s.objects[f.typ]
			if byName == nil {
				byName = map[string]target{}
				s.objects[f.typ] = byName
			}
			t := target{page: p, id: f.id, name: f.name, kind: f.typ, alias: f.implicit}
			if old, twice := byName[f.name]; twice && (old.page != p || old.id != f.id) {
				if f.implicit {
					continue
				}
				s.warn(p, f.pos, doc.Warning, "ref-duplicate-object",
					"`"+f.name+"` ("+f.typ+") is also described in "+old.page.name+".", "Give one of them the option `:no-index:`.")
				continue
			}
			byName[f.name] = t
		}
	}
	s.indexObjects()
}

func firstOf(l []string) string {
	if len(l) == 0 {
		return ""
	}
	return l[0]
}
