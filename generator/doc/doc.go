// Package doc is the document model that both languages share: a tree of
// nodes under docutils' element names, the sources the tree was read from,
// and the diagnostics that reading them gave.
//
// A parser returns a [Document] that nobody changes afterwards. Everything
// that needs other pages (cross-references, the toctree, numbers of figures)
// stands in it as an unresolved node and is answered at render time.
//
// A place in a source is a byte offset ([Pos]); it becomes a line and a
// column only when it is printed.
package doc

import (
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A Document is one parsed page. It is immutable once its parser returns it.
type Document struct {
	// Sources[0] is the page; the others were included by it. Pos.File
	// indexes this slice.
	Sources []*Source
	Root    *Node // Kind is KindDocument
	Diags   []Diag
	// Deps are the files that reading the page asked for, also those that
	// were not there, in the order asked.
	Deps []Dep
	// Meta holds front matter and bibliographic fields by lower-case name.
	Meta map[string]string
}

// Name is the page's path below the content root, with slashes.
func (d *Document) Name() string { return d.Sources[0].Name }

// Locate gives the source and the 1-based line and column of a position.
func (d *Document) Locate(p Pos) (src *Source, line, col int) {
	src = d.Sources[p.File]
	line, col = src.LineCol(int(p.Off))
	return src, line, col
}

// A Dep is a file that a page's reading depended on.
type Dep struct {
	Name   string // path below the content root, with slashes
	Digest string // hex SHA-256 of its content; empty if it was absent
}

// A Node is an element of the tree, or a piece of text (KindText).
type Node struct {
	Kind     Kind
	Pos      Pos
	Text     string // the text of KindText; empty in elements
	Children []*Node
	attrs    *attrs
}

// attrs is kept behind a pointer because most nodes are text and have none,
// and lists because most of the others have only attributes and classes.
type attrs struct {
	other   []Attr
	classes []string
	*lists
	first [1]Attr // where other begins
}

type lists struct {
	ids, names, dupnames, backrefs []string
	first                          [1]string // where ids begins
}

// An Attr is a named property of an element. Names are docutils' own where
// docutils has one.
type Attr struct{ Key, Value string }

// New makes an element with the given children.
func New(k Kind, pos Pos, children ...*Node) *Node {
	return &Node{Kind: k, Pos: pos, Children: children}
}

// NewText makes a text node.
func NewText(pos Pos, text string) *Node {
	return &Node{Kind: KindText, Pos: pos, Text: text}
}

// Unescape drops the NULs of [AttrEscaped], and a blank or line end after one.
func Unescape(s string) string {
	i := strings.IndexByte(s, 0)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if s[i] != 0 {
			b.WriteByte(s[i])
		} else if i+1 < len(s) && (s[i+1] == ' ' || s[i+1] == '\n') {
			i++
		}
	}
	return b.String()
}

// NewEscaped makes a text node of null-escaped text ([AttrEscaped]).
func NewEscaped(pos Pos, raw string) *Node {
	n := NewText(pos, Unescape(raw))
	if len(n.Text) != len(raw) {
		n.Set(AttrEscaped, raw)
	}
	return n
}

// NewLeaf makes an element that holds one text, at the same place.
func NewLeaf(k Kind, pos Pos, text string) *Node {
	l := &struct {
		element, text Node
		child         [1]*Node
	}{element: Node{Kind: k, Pos: pos}, text: Node{Kind: KindText, Pos: pos, Text: text}}
	l.child[0] = &l.text
	l.element.Children = l.child[:]
	return &l.element
}

// A Maker makes the nodes of one page, many in one piece of memory. The zero
// Maker works. It is for one goroutine.
type Maker struct {
	nodes    []Node
	children []*Node
	attrs    []attrs
	pairs    []Attr
	single   bool // one piece of memory for each: for trees of few nodes that live long
}

// New makes an element.
func (m *Maker) New(k Kind, pos Pos) *Node {
	if m.single {
		return &Node{Kind: k, Pos: pos}
	}
	at := len(m.nodes)
	if at == cap(m.nodes) {
		m.nodes = make([]Node, 0, min(64, max(8, 2*cap(m.nodes))))
		at = 0
	}
	m.nodes = m.nodes[:at+1]
	n := &m.nodes[at]
	n.Kind, n.Pos = k, pos
	return n
}

// cut gives n of what lies in a piece of memory, or in a new one of so many.
func cut[T any](piece *[]T, n, size int) []T {
	at := len(*piece)
	if at+n > cap(*piece) {
		*piece, at = make([]T, 0, max(n, size)), 0
	}
	*piece = (*piece)[:at+n]
	return (*piece)[at : at+n : at+n]
}

// With gives an element that has no attributes its first ones, with room for
// as many more as extra says.
func (m *Maker) With(n *Node, extra int, attrs ...Attr) *Node {
	o := m.own(n)
	if k := len(attrs) + extra; k <= len(o.first) {
		o.other = o.first[:0]
	} else {
		o.other = cut(&m.pairs, k, 64)[:0]
	}
	o.other = append(o.other, attrs...)
	return n
}

// SetClasses is [Node.SetClasses] for an element of this maker's page.
func (m *Maker) SetClasses(n *Node, v []string) *Node {
	m.own(n)
	return n.SetClasses(v)
}

func (m *Maker) own(n *Node) *attrs {
	if n.attrs == nil {
		n.attrs = &cut(&m.attrs, 1, min(32, max(4, 2*cap(m.attrs))))[0]
	}
	return n.attrs
}

// NewText makes a text node.
func (m *Maker) NewText(pos Pos, text string) *Node {
	n := m.New(KindText, pos)
	n.Text = text
	return n
}

// NewEscaped makes a text node of null-escaped text ([AttrEscaped]).
func (m *Maker) NewEscaped(pos Pos, raw string) *Node {
	n := m.NewText(pos, Unescape(raw))
	if len(n.Text) != len(raw) {
		n.Set(AttrEscaped, raw)
	}
	return n
}

// NewLeaf makes an element that holds one text, at the same place.
func (m *Maker) NewLeaf(k Kind, pos Pos, text string) *Node {
	n := m.New(k, pos)
	n.Children = m.List(m.NewText(pos, text))
	return n
}

// List gives a list of nodes that may be kept as children.
func (m *Maker) List(nodes ...*Node) []*Node {
	k := len(nodes)
	if k == 0 {
		return nil
	}
	if m.single {
		return slices.Clone(nodes)
	}
	if cap(m.children)-len(m.children) < k {
		m.children = make([]*Node, 0, max(k, min(128, max(16, 2*cap(m.children)))))
	}
	from := len(m.children)
	m.children = append(m.children, nodes...)
	return m.children[from : from+k : from+k]
}

// Append adds a child to an element of this maker's page.
func (m *Maker) Append(n, child *Node) {
	if n.Children == nil && !m.single {
		if cap(m.children)-len(m.children) < 2 {
			m.children = make([]*Node, 0, min(128, max(16, 2*cap(m.children))))
		}
		from := len(m.children)
		m.children = m.children[:from+2]
		n.Children = m.children[from : from : from+2]
	}
	n.Children = append(n.Children, child)
}

// Append adds children at the end; nil children are left out.
func (n *Node) Append(children ...*Node) *Node {
	if n.Children == nil && len(children) > 0 {
		n.Children = make([]*Node, 0, max(2, len(children)))
	}
	for _, c := range children {
		if c != nil {
			n.Children = append(n.Children, c)
		}
	}
	return n
}

func (n *Node) own() *attrs {
	if n.attrs == nil {
		n.attrs = &attrs{}
	}
	return n.attrs
}

func (n *Node) ownLists() *lists {
	a := n.own()
	if a.lists == nil {
		a.lists = &lists{}
	}
	return a.lists
}

func (n *Node) hasLists() bool { return n.attrs != nil && n.attrs.lists != nil }

// IDs are the anchors of the element in its page.
func (n *Node) IDs() []string {
	if !n.hasLists() {
		return nil
	}
	return n.attrs.ids
}

// Names are the normalised reference names (labels) of the element.
func (n *Node) Names() []string {
	if !n.hasLists() {
		return nil
	}
	return n.attrs.names
}

// DupNames are names that another element took away from this one.
func (n *Node) DupNames() []string {
	if !n.hasLists() {
		return nil
	}
	return n.attrs.dupnames
}

// Classes are the element's class names.
func (n *Node) Classes() []string {
	if n.attrs == nil {
		return nil
	}
	return n.attrs.classes
}

// Backrefs are the ids of references that lead here.
func (n *Node) Backrefs() []string {
	if !n.hasLists() {
		return nil
	}
	return n.attrs.backrefs
}

// AddID, AddName, AddDupName, AddClass and AddBackref append values that are
// not there yet. They return the node, so that building reads as one line.
func (n *Node) AddID(v ...string) *Node {
	l := n.ownLists()
	if l.ids == nil {
		l.ids = l.first[:0]
	}
	l.ids = addNew(l.ids, v)
	return n
}
func (n *Node) AddName(v ...string) *Node { l := n.ownLists(); l.names = addNew(l.names, v); return n }
func (n *Node) AddDupName(v ...string) *Node {
	l := n.ownLists()
	l.dupnames = addNew(l.dupnames, v)
	return n
}
func (n *Node) AddClass(v ...string) *Node {
	if len(v) == 0 {
		return n
	}
	a := n.own()
	a.classes = addNew(a.classes, v)
	return n
}
func (n *Node) AddBackref(v ...string) *Node {
	l := n.ownLists()
	l.backrefs = addNew(l.backrefs, v)
	return n
}

// AppendClass adds class names, also those that are there already: docutils
// keeps what an author wrote twice.
func (n *Node) AppendClass(v ...string) *Node {
	if len(v) > 0 {
		a := n.own()
		a.classes = append(a.classes, v...)
	}
	return n
}

// SetIDs, SetNames and SetDupNames replace the lists; the resolving
// transforms need it when a name moves to another element.
func (n *Node) SetIDs(v []string) *Node      { n.ownLists().ids = v; return n }
func (n *Node) SetNames(v []string) *Node    { n.ownLists().names = v; return n }
func (n *Node) SetDupNames(v []string) *Node { n.ownLists().dupnames = v; return n }

// SetClasses replaces the classes. Elements may share one list: it is never
// written to.
func (n *Node) SetClasses(v []string) *Node { n.own().classes = slices.Clip(v); return n }

// HasClass reports whether the element has the class.
func (n *Node) HasClass(c string) bool { return slices.Contains(n.Classes(), c) }

func addNew(have, more []string) []string {
	if have == nil {
		have = make([]string, 0, len(more))
	}
	for _, v := range more {
		if !slices.Contains(have, v) {
			have = append(have, v)
		}
	}
	return have
}

// Attr gives the value of an attribute, or "" if the element has none.
func (n *Node) Attr(key string) string {
	v, _ := n.Lookup(key)
	return v
}

// Int gives an attribute that is a whole number. ok is false where there is
// none, or something else.
func (n *Node) Int(key string) (v int, ok bool) {
	s, ok := n.Lookup(key)
	if !ok || s == "" {
		return 0, false
	}
	v, err := strconv.Atoi(s)
	return v, err == nil
}

// Lookup gives the value of an attribute and whether it is there.
func (n *Node) Lookup(key string) (string, bool) {
	if n.attrs != nil {
		for _, a := range n.attrs.other {
			if a.Key == key {
				return a.Value, true
			}
		}
	}
	return "", false
}

// Set gives the element an attribute, replacing an earlier value.
func (n *Node) Set(key, value string) *Node {
	o := n.own()
	for i := range o.other {
		if o.other[i].Key == key {
			o.other[i].Value = value
			return n
		}
	}
	if o.other == nil {
		o.other = o.first[:0]
	}
	o.other = append(o.other, Attr{key, value})
	return n
}

// Unset removes an attribute.
func (n *Node) Unset(key string) {
	if n.attrs != nil {
		n.attrs.other = slices.DeleteFunc(n.attrs.other, func(a Attr) bool { return a.Key == key })
	}
}

// Attrs gives all single-valued attributes, sorted by key.
func (n *Node) Attrs() []Attr {
	if n.attrs == nil {
		return nil
	}
	out := slices.Clone(n.attrs.other)
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}

// Is reports whether the node has one of the kinds.
func (n *Node) Is(kinds ...Kind) bool { return slices.Contains(kinds, n.Kind) }

// First gives the first direct child of one of the kinds, or nil.
func (n *Node) First(kinds ...Kind) *Node {
	for _, c := range n.Children {
		if c.Is(kinds...) {
			return c
		}
	}
	return nil
}

// All yields the node and everything below it, parents first.
func (n *Node) All() iter.Seq[*Node] {
	return func(yield func(*Node) bool) { n.walk(yield) }
}

func (n *Node) walk(yield func(*Node) bool) bool {
	if !yield(n) {
		return false
	}
	for _, c := range n.Children {
		if !c.walk(yield) {
			return false
		}
	}
	return true
}

// Find yields all nodes of the kinds at or below n, in document order.
func (n *Node) Find(kinds ...Kind) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for c := range n.All() {
			if c.Is(kinds...) && !yield(c) {
				return
			}
		}
	}
}

// PlainText joins the text at and below the node. Block elements below it
// are separated by a blank line, as docutils' astext does.
func (n *Node) PlainText() string {
	if n.Kind == KindText {
		return n.Text
	}
	var b strings.Builder
	n.plain(&b)
	return b.String()
}

func (n *Node) plain(b *strings.Builder) {
	if n.Kind == KindText {
		b.WriteString(n.Text)
		return
	}
	if n.Kind == KindImage {
		b.WriteString(n.Attr("alt"))
		return
	}
	for i, c := range n.Children {
		if i > 0 && !n.Kind.HoldsText() {
			b.WriteString("\n\n")
		}
		c.plain(b)
	}
}

// Copy makes a deep copy of the tree below n. Ids and names are copied too.
func (n *Node) Copy() *Node {
	m := *n
	if n.attrs != nil {
		a := attrs{other: slices.Clone(n.attrs.other), classes: slices.Clone(n.attrs.classes)}
		if l := n.attrs.lists; l != nil {
			a.lists = &lists{ids: slices.Clone(l.ids), names: slices.Clone(l.names), dupnames: slices.Clone(l.dupnames), backrefs: slices.Clone(l.backrefs)}
		}
		m.attrs = &a
	}
	if n.Children != nil {
		m.Children = make([]*Node, len(n.Children))
		for i, c := range n.Children {
			m.Children[i] = c.Copy()
		}
	}
	return &m
}
