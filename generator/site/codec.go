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
	w.int(len(f.heads))
	for _, h := range f.heads {
		w.int(h.level)
		w.string(h.id, h.text)
		w.node(h.title)
		w.strings(h.ids)
	}
	w.strings(f.ids)
	for _, l := range [][]fact{f.labels, f.objects, f.figures} {
		w.int(len(l))
		for _, x := range l {
			w.string(x.typ, x.name, x.id)
			w.pos(x.pos)
			w.node(x.text)
			w.strings(x.ids)
			w.strings(x.in)
			w.int(x.after)
			w.bool(x.implicit)
		}
	}
	w.nodes(f.toctrees)
	w.nodes(f.index)
	for _, in := range f.treesIn { // as many as toctrees
		w.strings(in)
	}
	w.parts(f.toc)
	w.strings(f.leads)
	w.int(f.listings)
	if places {
		w.string(f.desc)
		w.strings(f.deps)
	}
	return w.b
}

var errBroken = errors.New("the stored facts are broken")

// readFacts reads what append wrote with places. Its strings are parts of s.
func readFacts(s string) (*facts, error) {
	r := reader{s: s}
	f := &facts{title: r.string(), html: r.string(), meta: r.strings(), sources: r.strings()}
	f.heads = make([]heading, r.length())
	for i := range f.heads {
		f.heads[i] = heading{r.count(), r.string(), r.string(), r.node(), r.strings()}
	}
	f.ids = r.strings()
	for _, l := range []*[]fact{&f.labels, &f.objects, &f.figures} {
		if n := r.length(); n > 0 {
			*l = make([]fact, n)
		}
		for i := range *l {
			(*l)[i] = fact{typ: r.string(), name: r.string(), id: r.string(), pos: r.pos(), text: r.node(), ids: r.strings(), in: r.strings(), after: r.count(), implicit: r.bool()}
		}
	}
	f.toctrees, f.index = r.nodes(), r.nodes()
	for range f.toctrees {
		f.treesIn = append(f.treesIn, r.strings())
	}
	f.toc = r.parts(f, 0)
	f.leads, f.listings = r.strings(), r.count()
	f.desc, f.deps = r.string(), r.strings()
	for _, x := range f.figures {
		r.bad = r.bad || x.after > len(f.toctrees)
	}
	if r.bad || r.s != "" || len(f.meta)%2 != 0 {
		return nil, errBroken
	}
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

func (w *writer) parts(l []tocPart) {
	w.int(len(l))
	for _, p := range l {
		w.int(int(p.kind))
		w.int(p.index)
		w.string(p.text, p.id)
		w.parts(p.parts)
	}
}

// A reader reads what a writer wrote. What does not fit makes it bad, and
// everything after that empty.
type reader struct {
	s   string
	bad bool
}

func (r *reader) fail() { r.bad, r.s = true, "" }

func (r *reader) uint() uint64 {
	var v uint64
	for i := 0; i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(r.s[i]&0x7f) << (7 * i)
		if r.s[i] < 0x80 {
			r.s = r.s[i+1:]
			return v
		}
	}
	r.fail()
	return 0
}

// count reads a number of things that follow, or any other number below 2^31.
func (r *reader) count() int {
	v := r.uint()
	if v > 1<<31 {
		r.fail()
		return 0
	}
	return int(v)
}

// length reads a number of things that each take a byte or more.
func (r *reader) length() int {
	v := r.uint()
	if v > uint64(len(r.s)) {
		r.fail()
		return 0
	}
	return int(v)
}

func (r *reader) string() string {
	n := r.length()
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *reader) strings() []string {
	n := r.length()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.string()
	}
	return out
}

func (r *reader) bool() bool { return r.uint() == 1 }

func (r *reader) pos() doc.Pos { return doc.Pos{File: int32(r.uint()), Off: int32(r.uint())} }

func (r *reader) node() *doc.Node {
	if !r.bool() {
		return nil
	}
	n, rest, ok := doc.ReadNode(r.s)
	if !ok {
		r.fail()
		return nil
	}
	r.s = rest
	return n
}

func (r *reader) nodes() []*doc.Node {
	n := r.length()
	if n == 0 {
		return nil
	}
	out := make([]*doc.Node, n)
	for i := range out {
		if out[i] = r.node(); out[i] == nil {
			r.fail()
			return nil
		}
	}
	return out
}

func (r *reader) parts(f *facts, depth int) []tocPart {
	n := r.length()
	if n == 0 {
		return nil
	}
	if depth > 1000 {
		r.fail()
		return nil
	}
	out := make([]tocPart, n)
	for i := range out {
		p := tocPart{kind: tocKind(r.count()), index: r.count(), text: r.string(), id: r.string()}
		if p.kind == tocSection && p.index >= len(f.heads) || p.kind == tocTree && p.index >= len(f.toctrees) {
			r.fail()
			return nil
		}
		p.parts = r.parts(f, depth+1)
		out[i] = p
	}
	return out
}
