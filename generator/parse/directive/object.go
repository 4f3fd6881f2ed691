package directive

import (
	"strings"

	"docent/generator/doc"
)

// An objectKind is a directive that describes objects: functions, options,
// macros. The domains say how a signature is read.
type objectKind struct {
	domain, name string // as written: "py", "staticmethod"
	objtype      string // as found by references: "method"; "" is name
	options      map[string]Check
	fields       []fieldKind
	// signature fills the signature node and gives the object's name, or
	// false when it cannot be read; then it is shown as it is.
	signature func(o *object, sig string, n *doc.Node) (name string, ok bool)
	classes   []string // of the description
	// target sets ids, how references find the object, and index entries. It
	// is called once per name.
	target func(o *object, name string, n *doc.Node)
	// scope sets the context of the content, and gives what undoes it.
	scope func(o *object) (undo func())
}

// An object is one use of such a directive.
type object struct {
	p       Parser
	b       *Block
	kind    *objectKind
	names   []string
	prefix  string // py: the class part of the last signature
	entries []string
	pos     doc.Pos // of the signature that is read
}

var objectOptions = map[string]Check{
	"noindex": flag, "no-index": flag, "noindexentry": flag, "no-index-entry": flag, "nocontentsentry": flag, "no-contents-entry": flag,
	"no-typesetting": flag, "class": classOption, "name": text,
}

func (t *Table) addObject(k *objectKind, aliases ...string) {
	if k.objtype == "" {
		k.objtype = k.name
	}
	if k.domain != "" {
		k.classes = append(k.classes, k.domain)
	}
	last := k.objtype
	if k.domain == "std" {
		last = k.name
	}
	if last != k.domain {
		k.classes = append(k.classes, last)
	}
	d := &Directive{Name: k.name, Required: 1, FinalSpace: true, Content: MayContent, Options: checks(objectOptions, k.options),
		Run: func(p Parser, b *Block) ([]*doc.Node, error) { return k.run(p, b) }}
	if k.domain != "" {
		d.Name = k.domain + ":" + k.name
	}
	t.add(d, aliases...)
}

func (o *object) noIndex() bool { return o.b.has("noindex") || o.b.has("no-index") }

func (o *object) noEntry() bool { return o.b.has("noindexentry") || o.b.has("no-index-entry") }

// signatures gives the lines of an argument; a backslash joins lines.
func (b *Block) signatures() []Line {
	if lead := len(b.Args) - len(strings.TrimLeft(b.Args, " ")); strings.IndexByte(b.Args, '\n') < 0 && !strings.HasSuffix(b.Args, `\`) {
		return []Line{{strings.TrimSpace(b.Args), at(b.ArgPos, lead)}}
	}
	var out []Line
	pos := b.ArgPos
	var open *Line
	for _, l := range strings.Split(b.Args, "\n") {
		lead := len(l) - len(strings.TrimLeft(l, " "))
		joined := strings.HasSuffix(l, `\`)
		body := strings.TrimSuffix(l, `\`)
		if open != nil {
			open.Text += body
		} else {
			out = append(out, Line{body, at(pos, lead)})
			open = &out[len(out)-1]
		}
		if !joined {
			open.Text = strings.TrimSpace(open.Text)
			open = nil
		}
		pos = at(pos, len(l)+1)
	}
	if open != nil {
		open.Text = strings.TrimSpace(open.Text)
	}
	return out
}

func (k *objectKind) run(p Parser, b *Block) ([]*doc.Node, error) {
	o := &object{p: p, b: b, kind: k}
	m := &p.State().Make
	desc := m.With(m.New(doc.KindDesc, b.Pos), 1, doc.Attr{Key: doc.AttrDomain, Value: k.domain},
		doc.Attr{Key: doc.AttrObjType, Value: k.objtype}, doc.Attr{Key: doc.AttrDescType, Value: k.name}).SetClasses(k.classes)
	if o.noIndex() {
		desc.Set(doc.AttrNoIndex, "1")
	}
	if b.has("nocontentsentry") || b.has("no-contents-entry") {
		desc.Set(doc.AttrNoContents, "1")
	}
	b.classes(desc, "class")
	for _, sig := range b.signatures() {
		o.pos = sig.Pos
		n := m.New(doc.KindDescSignature, sig.Pos)
		m.Append(desc, n)
		name, ok := "", false
		if k.signature != nil {
			name, ok = k.signature(o, sig.Text, n)
		}
		if !ok {
			n.Children = []*doc.Node{plain(doc.KindDescName, sig.Pos, sig.Text)}
			continue
		}
		known := false
		for _, have := range o.names {
			known = known || have == name
		}
		if known {
			continue
		}
		o.names = append(o.names, name)
		if !o.noIndex() && k.target != nil {
			k.target(o, name, n)
		}
	}
	if first := desc.First(doc.KindDescSignature); first != nil {
		b.addName(p, first)
	}
	undo := func() {}
	if k.scope != nil {
		undo = k.scope(o)
	}
	content := m.New(doc.KindDescContent, b.contentPos())
	content.Children = p.Blocks(b.Content, true)
	o.groupFields(content)
	undo()
	if c := p.Config(); k.domain == "c" && c != nil && c.CPython != nil {
		c.CPython.annotate(p, desc, content)
	}
	m.Append(desc, content)
	return m.List(indexNode(p, b.Pos, o.entries), desc), nil
}

// found registers an id and the name under which references find the object.
func (o *object) found(n *doc.Node, id, name string) {
	n.AddID(id).Set(doc.AttrObject, name).Set(doc.AttrDomain, o.kind.domain).Set(doc.AttrObjType, o.kind.objtype)
	o.p.NoteTarget(n, "")
}

func (o *object) entry(kind, text, id string) {
	if !o.noEntry() {
		o.entries = append(o.entries, indexEntry(kind, text, id, "", ""))
	}
}

// describe and object show a signature as it is.
func objects(t *Table) {
	for _, name := range []string{"describe", "object"} {
		t.addObject(&objectKind{name: name})
	}
}
