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
	desc := doc.New(doc.KindDesc, b.Pos).Set(doc.AttrDomain, k.domain).Set(doc.AttrObjType, k.objtype).Set(doc.AttrDescType, k.name)
	if o.noIndex() {
		desc.Set(doc.AttrNoIndex, "1")
	}
	if b.has("nocontentsentry") || b.has("no-contents-entry") {
		desc.Set(doc.AttrNoContents, "1")
	}
	if k.domain != "" {
		desc.AddClass(k.domain)
	}
	if k.domain == "std" {
		desc.AddClass(k.name)
	} else {
		desc.AddClass(k.objtype)
	}
	b.classes(desc, "class")
	for _, sig := range b.signatures() {
		o.pos = sig.Pos
		n := doc.New(doc.KindDescSignature, sig.Pos)
		desc.Append(n)
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
	content := doc.New(doc.KindDescContent, b.contentPos(), p.Blocks(b.Content, true)...)
	o.groupFields(content)
	undo()
	if c := p.Config(); k.domain == "c" && c != nil && c.CPython != nil {
		c.CPython.annotate(p, desc, content)
	}
	return []*doc.Node{indexNode(b.Pos, o.entries), desc.Append(content)}, nil
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
