package site

import (
	"encoding/binary"
	"errors"

	"docent/generator/doc"
)

// The facts of a page have one compact form: between the two phases of a
// build, in the cache, and, without places, in the digest that says whether
// anything changed that another page may ask.

// append writes the facts. Without places, two texts that say the same in
// different lines give the same bytes.
func (f *facts) append(b []byte, places bool) []byte {
	w := writer{b, places}
	w.string(f.title, f.html)
	w.strings(f.meta)
	w.strings(f.sources)
	w.facts(f.labels)
	w.facts(f.objects)
	w.facts(f.figures)
	w.facts(f.todos)
	w.nodes(f.toctrees)
	w.nodes(f.index)
	for _, in := range f.treesIn { // as many as toctrees
		w.strings(in)
	}
	w.strings(f.leads)
	w.int(f.listings)
	w.int(f.unlisted)
	if places {
		w.string(f.desc)
		w.strings(f.deps)
	}
	f.outline().append(&w) // the last, without its length
	return w.b
}

// tables is what references by name may find on the page, without titles.
func (f *facts) tables() []byte {
	var w writer
	for _, l := range [][]fact{f.labels, f.objects} {
		w.int(len(l))
		for _, x := range l {
			w.string(x.typ, x.name, x.id)
			w.bool(x.implicit)
		}
	}
	return w.b
}

func (o *outline) append(w *writer) {
	w.strings(o.ids)
	w.int(len(o.heads))
	for _, h := range o.heads {
		w.int(h.level)
		w.string(h.id, h.text)
		w.string(string(h.title))
		w.strings(h.ids)
	}
	w.facts(o.anchors)
	w.parts(o.toc)
}

// outline gives what is in the page.
func (f *facts) outline() *outline {
	if f.gathered != nil {
		return f.gathered
	}
	r := reader{doc.Read(f.written)}
	o := &outline{ids: r.Strings(), heads: make([]heading, r.Length())}
	for i := range o.heads {
		o.heads[i] = heading{r.Count(), r.String(), r.String(), written(r.String()), r.Strings()}
	}
	o.anchors = r.facts()
	o.toc = r.parts(len(o.heads), len(f.toctrees), 0)
	if r.Bad || r.More() {
		panic("site: " + errBroken.Error()) // their checksum was right
	}
	return o
}

// hasID reports whether a page has an anchor.
func (f *facts) hasID(id string) bool {
	r := doc.Read(f.written)
	for range r.Length() {
		if r.String() == id {
			return true
		}
	}
	return false
}

var errBroken = errors.New("the stored facts are broken")

// readFacts reads what append wrote with places. Its strings are parts of s.
func readFacts(s string) (*facts, error) {
	r := reader{doc.Read(s)}
	f := &facts{title: r.String(), html: r.String(), meta: r.Strings(), sources: r.Strings(),
		labels: r.facts(), objects: r.facts(), figures: r.facts(), todos: r.facts()}
	f.toctrees, f.index = r.nodes(), r.nodes()
	for range f.toctrees {
		f.treesIn = append(f.treesIn, r.Strings())
	}
	f.leads, f.listings, f.unlisted = r.Strings(), r.Count(), r.Count()
	f.desc, f.deps = r.String(), r.Strings()
	for _, x := range f.figures {
		r.Bad = r.Bad || x.after > len(f.toctrees)
	}
	if r.Bad || len(f.meta)%2 != 0 {
		return nil, errBroken
	}
	f.written = r.Rest()
	return f, nil
}

type writer struct {
	b      []byte
	places bool
}

func (w *writer) int(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *writer) string(all ...string) {
	for _, s := range all {
		w.int(len(s))
		w.b = append(w.b, s...)
	}
}

func (w *writer) strings(l []string) {
	w.int(len(l))
	w.string(l...)
}

func (w *writer) bool(v bool) {
	n := 0
	if v {
		n = 1
	}
	w.int(n)
}

func (w *writer) pos(p doc.Pos) {
	if !w.places {
		p = doc.Pos{}
	}
	w.b = binary.AppendUvarint(binary.AppendUvarint(w.b, uint64(uint32(p.File))), uint64(uint32(p.Off)))
}

func (w *writer) node(n *doc.Node) {
	w.bool(n != nil)
	if n != nil {
		w.b = doc.AppendNode(w.b, n, w.places)
	}
}

func (w *writer) nodes(l []*doc.Node) {
	w.int(len(l))
	for _, n := range l {
		w.node(n)
	}
}

func (w *writer) facts(l []fact) {
	w.int(len(l))
	for _, x := range l {
		w.string(x.typ, x.name, x.id)
		w.pos(x.pos)
		w.string(string(x.text))
		w.strings(x.ids)
		w.strings(x.in)
		w.int(x.after)
		w.bool(x.implicit)
	}
}

func (w *writer) parts(l []tocPart) {
	w.int(len(l))
	for _, p := range l {
		w.int(int(p.kind))
		w.int(p.index)
		w.string(p.text, p.id)
		w.parts(p.parts)
	}
}

// A reader reads what a writer wrote.
type reader struct{ doc.Reader }

func (r *reader) pos() doc.Pos { return doc.Pos{File: int32(r.Uint()), Off: int32(r.Uint())} }

func (r *reader) node() *doc.Node {
	if !r.Bool() {
		return nil
	}
	return r.Node()
}

func (r *reader) nodes() []*doc.Node {
	n := r.Length()
	if n == 0 {
		return nil
	}
	out := make([]*doc.Node, n)
	for i := range out {
		if out[i] = r.node(); out[i] == nil {
			r.Fail()
			return nil
		}
	}
	return out
}

func (r *reader) facts() []fact {
	n := r.Length()
	if n == 0 {
		return nil
	}
	l := make([]fact, n)
	for i := range l {
		l[i] = fact{typ: r.String(), name: r.String(), id: r.String(), pos: r.pos(), text: written(r.String()), ids: r.Strings(), in: r.Strings(), after: r.Count(), implicit: r.Bool()}
	}
	return l
}

// parts reads the parts of a page that has so many headings and toctrees.
func (r *reader) parts(heads, trees, depth int) []tocPart {
	n := r.Length()
	if n == 0 {
		return nil
	}
	if depth > 1000 {
		r.Fail()
		return nil
	}
	out := make([]tocPart, n)
	for i := range out {
		p := tocPart{kind: tocKind(r.Count()), index: r.Count(), text: r.String(), id: r.String()}
		if p.kind == tocSection && p.index >= heads || p.kind == tocTree && p.index >= trees {
			r.Fail()
			return nil
		}
		p.parts = r.parts(heads, trees, depth+1)
		out[i] = p
	}
	return out
}
