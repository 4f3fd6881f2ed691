package doc

import "encoding/binary"

// AppendNode appends a node and all below it in a compact form, which
// [ReadNode] reads. The form is private to one build of the program: kinds
// are numbers in it. Without places, trees that say the same in different
// places have the same form.
func AppendNode(b []byte, n *Node, places bool) []byte {
	b = binary.AppendUvarint(b, uint64(n.Kind))
	pos := n.Pos
	if !places {
		pos = Pos{}
	}
	b = binary.AppendVarint(b, int64(pos.File))
	b = binary.AppendVarint(b, int64(pos.Off))
	b = appendString(b, n.Text)
	if a := n.attrs; a == nil {
		b = append(b, 0)
	} else {
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
	}
	b = binary.AppendUvarint(b, uint64(len(n.Children)))
	for _, c := range n.Children {
		b = AppendNode(b, c, places)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// ReadNode reads a node that begins at s, and gives what follows it. Its
// strings are parts of s. ok is false where s holds something else.
func ReadNode(s string) (n *Node, rest string, ok bool) {
	r := nodeReader{s: s}
	n = r.node(0)
	return n, r.s, !r.bad
}

type nodeReader struct {
	s   string
	bad bool
}

// maxCodecDepth is far above what a parser builds.
const maxCodecDepth = 10000

func (r *nodeReader) uint() uint64 {
	var v uint64
	for i := 0; i < len(r.s) && i < binary.MaxVarintLen64; i++ {
		v |= uint64(r.s[i]&0x7f) << (7 * i)
		if r.s[i] < 0x80 {
			r.s = r.s[i+1:]
			return v
		}
	}
	r.bad, r.s = true, ""
	return 0
}

func (r *nodeReader) int() int32 {
	v := r.uint()
	return int32(int64(v>>1) ^ -int64(v&1))
}

// count reads a length; nothing is longer than what is left.
func (r *nodeReader) count() int {
	v := r.uint()
	if v > uint64(len(r.s)) {
		r.bad, r.s = true, ""
		return 0
	}
	return int(v)
}

func (r *nodeReader) string() string {
	n := r.count()
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *nodeReader) strings() []string {
	n := r.count()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.string()
	}
	return out
}

func (r *nodeReader) node(depth int) *Node {
	if r.bad || depth > maxCodecDepth {
		r.bad = true
		return nil
	}
	n := &Node{Kind: Kind(r.uint()), Pos: Pos{r.int(), r.int()}, Text: r.string()}
	if int(n.Kind) >= Kinds {
		r.bad = true
		return nil
	}
	if r.uint() == 1 {
		l := lists{ids: r.strings(), names: r.strings(), dupnames: r.strings()}
		a := &attrs{classes: r.strings()}
		if l.backrefs = r.strings(); l.ids != nil || l.names != nil || l.dupnames != nil || l.backrefs != nil {
			a.lists = &l
		}
		if k := r.count(); k > 0 {
			a.other = make([]Attr, k)
			for i := range a.other {
				a.other[i] = Attr{r.string(), r.string()}
			}
		}
		n.attrs = a
	}
	if k := r.count(); k > 0 {
		n.Children = make([]*Node, k)
		for i := range n.Children {
			n.Children[i] = r.node(depth + 1)
		}
	}
	return n
}
