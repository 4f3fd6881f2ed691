package site

import (
	"context"
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
)

// A target is where a reference may lead: an anchor of a page, or an address
// of another site.
type target struct {
	page *page
	id   string
	url  string    // of another site; page is nil then
	text *doc.Node // the title it has there, or nil
	name string    // plain text in place of a title
	kind string    // section, figure, table, code-block, or an object type
	doc  string    // what the tooltip says: another site's title
}

// facts are what other pages may ask of one page, gathered when it is read.
type facts struct {
	ids      map[string]bool
	labels   []fact
	objects  []fact
	toctrees []*doc.Node
	index    []*doc.Node
	figures  []fact // in order, for numbers
	listings []*doc.Node
	rst      bool
}

type fact struct {
	typ, name, id string
	node          *doc.Node // where it is, for diagnostics
	text          *doc.Node // its title
	implicit      bool
}

// fields are the bibliographic fields at a page's top (`:orphan:` and the
// like), below those of its front matter.
func (p *page) fields() map[string]string {
	out := map[string]string{}
	for _, n := range p.doc.Root.Children {
		if n.Is(doc.KindComment, doc.KindTarget, doc.KindSubstitutionDefinition, doc.KindTitle, doc.KindSubtitle, doc.KindMeta) {
			continue
		}
		if n.Is(doc.KindFieldList, doc.KindDocinfo) {
			for _, f := range n.Children {
				if f.Kind == doc.KindField && len(f.Children) > 0 {
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
	for k, v := range p.doc.Meta {
		out[k] = v
	}
	return out
}

// gather collects the facts of one page. It asks nothing of other pages.
func (p *page) gather() {
	d := p.doc
	p.facts = facts{ids: map[string]bool{}, rst: !strings.HasSuffix(p.name, ".md")}
	p.heads = html.TOC(d, html.Nop{})
	for i, h := range p.heads {
		if i == 0 {
			p.title, p.htm = strings.Join(strings.Fields(h.Text), " "), h.HTML
		}
	}
	if t := p.meta["title"]; t != "" && p.title == "" {
		p.title, p.htm = t, escape(t)
	}
	if p.title == "" {
		p.title = humane(p.docname)
		p.htm = escape(p.title)
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
	var section *doc.Node
	p.walk(d.Root, &section, explicit)
}

func (p *page) walk(n *doc.Node, section **doc.Node, explicit map[string]bool) {
	f := &p.facts
	for _, id := range n.IDs() {
		f.ids[id] = true
	}
	if names := n.Names(); len(names) > 0 && len(n.IDs()) > 0 {
		p.labelsOf(n, explicit)
	}
	switch n.Kind {
	case doc.KindToctree:
		f.toctrees = append(f.toctrees, n)
	case doc.KindIndex:
		f.index = append(f.index, n)
	case doc.KindFigure:
		if len(n.IDs()) > 0 && n.First(doc.KindCaption) != nil {
			f.figures = append(f.figures, fact{typ: "figure", id: n.IDs()[0], node: n})
		}
	case doc.KindTable:
		if len(n.IDs()) > 0 && n.First(doc.KindTitle) != nil {
			f.figures = append(f.figures, fact{typ: "table", id: n.IDs()[0], node: n})
		}
	case doc.KindContainer:
		if n.HasClass("literal-block-wrapper") && len(n.IDs()) > 0 {
			f.figures = append(f.figures, fact{typ: "code-block", id: n.IDs()[0], node: n})
		}
	case doc.KindLiteralBlock, doc.KindDoctestBlock:
		f.listings = append(f.listings, n)
	case doc.KindGlossary:
		for t := range n.Find(doc.KindTerm) {
			if len(t.IDs()) > 0 {
				name := t.PlainText()
				f.objects = append(f.objects, fact{typ: "std:term", name: name, id: t.IDs()[0], node: t})
			}
		}
	case doc.KindProduction:
		if len(n.IDs()) > 0 {
			f.objects = append(f.objects, fact{typ: "std:token", name: n.Attr(doc.AttrToken), id: n.IDs()[0], node: n})
		}
	case doc.KindTarget:
		if m := n.Attr(doc.AttrModule); m != "" && n.HasClass("module") && len(n.IDs()) > 0 && !truthy(n, doc.AttrNoIndex) {
			f.objects = append(f.objects, fact{typ: "py:module", name: m, id: n.IDs()[0], node: n})
		}
	case doc.KindDesc:
		p.describe(n)
	}
	for _, c := range n.Children {
		p.walk(c, section, explicit)
	}
}

// labelsOf notes the names of an element. An explicit name is a label that
// the whole site may use; a section's own title is one only for this page.
func (p *page) labelsOf(n *doc.Node, explicit map[string]bool) {
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
	case doc.KindFootnote, doc.KindCitation, doc.KindSubstitutionDefinition:
		return
	case doc.KindTarget:
		if n.Attr("refuri") != "" {
			return
		}
	}
	own := ""
	if title != nil && kind == "section" {
		own = normal(title.PlainText())
	}
	for _, name := range n.Names() {
		id := n.IDs()[0]
		for _, i := range n.IDs() {
			if i == name || explicit[i] && i == makeID(name) {
				id = i
			}
		}
		f := fact{typ: kind, name: name, id: id, node: n, text: title}
		f.implicit = kind == "section" && normal(name) == own && !explicit[makeID(name)]
		p.facts.labels = append(p.facts.labels, f)
	}
}

// describe notes the objects that a description defines.
func (p *page) describe(n *doc.Node) {
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
			p.facts.objects = append(p.facts.objects, fact{typ: domain + ":" + typ, name: one, id: sig.IDs()[0], node: sig})
		}
		if c := sig.Attr(doc.AttrCanonical); c != "" && c != name {
			p.facts.objects = append(p.facts.objects, fact{typ: domain + ":" + typ, name: c, id: sig.IDs()[0], node: sig, implicit: true})
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

// humane makes a title of a file's or folder's name.
func humane(name string) string {
	name = strings.TrimSuffix(name, "/index")
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ").Replace(name))
	if name == "" {
		return "Untitled"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// collect merges the facts of all pages and reports what two pages claim.
func (s *Site) collect() {
	s.each(context.Background(), "look up", len(s.pages), func(i int) error {
		s.pages[i].gather()
		return nil
	})
	for _, p := range s.pages {
		for _, f := range p.facts.labels {
			t := target{page: p, id: f.id, text: f.text, kind: f.typ}
			if f.implicit {
				s.anchors[f.name] = append(s.anchors[f.name], t)
				continue
			}
			if old, twice := s.labels[f.name]; twice && (old.page != p || old.id != f.id) {
				if old.page != p { // within a page the parser reports it
					s.warn(p, f.node, doc.Warning, "ref-duplicate-label",
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
			t := target{page: p, id: f.id, name: f.name, kind: f.typ}
			if old, twice := byName[f.name]; twice && (old.page != p || old.id != f.id) {
				if f.implicit {
					continue
				}
				s.warn(p, f.node, doc.Warning, "ref-duplicate-object",
					"`"+f.name+"` ("+f.typ+") is also described in "+old.page.name+".", "Give one of them the option `:no-index:`.")
				continue
			}
			byName[f.name] = t
		}
	}
}
