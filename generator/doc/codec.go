package doc

import (
	"encoding/binary"
	"maps"
	"slices"
)

// AppendNode appends a node and all below it in a compact form, which
// [Reader.Node] reads. The form is private to one build of the program: kinds
// are numbers in it. Without places, trees that say the same in different
// places have the same form.
func AppendNode(b []byte, n *Node, places bool) []byte {
	b = appendHead(b, n, places)
	b = binary.AppendUvarint(b, uint64(len(n.Children)))
	for _, c := range n.Children {
		b = AppendNode(b, c, places)
	}
	return b
}

// AppendAlone appends an element without its place and what stands in it, but
// for its text.
func AppendAlone(b []byte, n *Node) []byte {
	alone := Node{Kind: n.Kind}
	if n.attrs != nil {
		alone.attrs = &attrs{other: n.attrs.other}
	}
	b = appendHead(b, &alone, false)
	if len(n.Children) == 0 {
		return append(b, 0)
	}
	text := Node{Kind: KindText}
	if text.Text = n.Children[0].Text; len(n.Children) > 1 || n.Children[0].Kind != KindText {
		text.Text = n.PlainText()
	}
	return AppendNode(append(b, 1), &text, false)
}

func appendHead(b []byte, n *Node, places bool) []byte {
	b = binary.AppendUvarint(b, uint64(n.Kind))
	pos := n.Pos
	if !places {
		pos = Pos{}
	}
	b = binary.AppendVarint(b, int64(pos.File))
	b = binary.AppendVarint(b, int64(pos.Off))
	b = appendString(b, n.Text)
	a := n.attrs
	if a == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	for _, l := range [...][]string{n.IDs(), n.Names(), n.DupNames(), a.classes, n.Backrefs()} {
		b = binary.AppendUvarint(b, uint64(len(l)))
		for _, s := range l {
			b = appendString(b, s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(a.other)))
	for _, o := range a.other {
		b = appendString(appendString(b, o.Key), o.Value)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendDocument appends a page but for its diagnostics. [ReadDocument] reads
// it.
func AppendDocument(b []byte, d *Document) []byte {
	b = binary.AppendUvarint(b, uint64(len(d.Sources)))
	for _, src := range d.Sources {
		b = appendString(appendString(b, src.Name), src.Text)
	}
	b = binary.AppendUvarint(b, uint64(len(d.Meta)))
	for _, k := range slices.Sorted(maps.Keys(d.Meta)) {
		b = appendString(appendString(b, k), d.Meta[k])
	}
	b = binary.AppendUvarint(b, uint64(len(d.Deps)))
	for _, dep := range d.Deps {
		b = appendString(appendString(b, dep.Name), dep.Digest)
	}
	return AppendNode(b, d.Root, true)
}

// ReadDocument reads what AppendDocument wrote. Its strings are parts of s.
func ReadDocument(s string) (*Document, bool) {
	r := nodeReader{Reader: Read(s)}
	d := &Document{Sources: make([]*Source, r.Length())}
	for i := range d.Sources {
		d.Sources[i] = NewSource(r.String(), r.String())
	}
	if n := r.Length(); n > 0 {
		d.Meta = make(map[string]string, n)
		for range n {
			k := r.String()
			d.Meta[k] = r.String()
		}
	}
	if n := r.Length(); n > 0 {
		d.Deps = make([]Dep, n)
		for i := range d.Deps {
			d.Deps[i] = Dep{r.String(), r.String()}
		}
	}
	d.Root = r.node(0)
	return d, !r.Bad && !r.More() && len(d.Sources) > 0
}

// Node reads what AppendNode wrote, or is nil where the reader holds something
// else. Its strings are parts of what is read.
func (r *Reader) Node() *Node {
	in := nodeReader{Reader: *r, make: Maker{single: true}}
	n := in.node(0)
	if *r = in.Reader; r.Bad {
		return nil
	}
	return n
}

// A nodeReader reads a tree. What its nodes hold lies side by side, many in
// one piece of memory, unless the tree is one of few nodes.
type nodeReader struct {
	Reader
	make  Maker
	list  []*Node // children that wait for their element, of all depths
	attrs []attrs
	lists []lists
	pairs []Attr
	texts []string
}

// maxCodecDepth is far above what a parser builds.
const maxCodecDepth = 10000

func (r *nodeReader) int() int32 { return int32(r.Int()) }

func (r *nodeReader) strings(size int) []string {
	n := r.Length()
	if n == 0 {
		return nil
	}
	out := cut(&r.texts, n, size)
	for i := range out {
		out[i] = r.String()
	}
	return out
}

func (r *nodeReader) node(depth int) *Node {
	if r.Bad || depth > maxCodecDepth {
		r.Fail()
		return nil
	}
	n := r.make.New(Kind(r.Uint()), Pos{})
	n.Pos, n.Text = Pos{r.int(), r.int()}, r.String()
	if int(n.Kind) >= Kinds {
		r.Fail()
		return nil
	}
	if r.Uint() == 1 {
		n.attrs = r.attributes()
	}
	if k := r.Length(); k > 0 {
		at := len(r.list)
		for range k {
			r.list = append(r.list, r.node(depth+1))
		}
		n.Children = r.make.List(r.list[at:]...)
		r.list = r.list[:at]
	}
	return n
}

func (r *nodeReader) attributes() *attrs {
	size := 64
	if r.make.single {
		size = 1
	}
	a := &cut(&r.attrs, 1, size)[0]
	l := lists{ids: r.strings(size), names: r.strings(size), dupnames: r.strings(size)}
	a.classes = r.strings(size)
	if l.backrefs = r.strings(size); l.ids != nil || l.names != nil || l.dupnames != nil || l.backrefs != nil {
		a.lists = &cut(&r.lists, 1, size)[0]
		*a.lists = l
	}
	if k := r.Length(); k > 0 {
		a.other = cut(&r.pairs, k, size)
		for i := range a.other {
			a.other[i] = Attr{r.String(), r.String()}
		}
	}
	return a
}
