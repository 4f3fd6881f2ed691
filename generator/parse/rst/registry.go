package rst

import (
	"fmt"
	"slices"
	"strconv"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// The registry knows which names and ids a page has, and who refers to them.
type registry struct {
	ids      map[string]*doc.Node
	nameIDs  map[string]string // "" when the name is ambiguous
	explicit map[string]bool   // by name
	counter  map[string]int    // by id prefix
	refNames map[string][]*doc.Node
	refIDs   map[string][]*doc.Node
	raw      map[*doc.Node]string // source of what may become problematic
	indirect []*doc.Node
	settled  map[*doc.Node]bool // targets and references that are resolved
	visiting map[*doc.Node]bool // indirect targets that are being resolved
	shown    map[*doc.Node]bool // targets that are shown as their source

	substitutions map[string]*doc.Node // by name with spaces normalised
	folded        map[string]string    // lower-case name to name
	substRefs     int
	footnotes     []*doc.Node // numbered by the author
	citations     []*doc.Node
	autoNotes     []*doc.Node
	symbolNotes   []*doc.Node
	autoRefs      []*doc.Node
	symbolRefs    []*doc.Node
	noteRefs      map[string][]*doc.Node // by label
	citationRefs  map[string][]*doc.Node
	pending       int
	transitions   int
	messages      int
}

func (r *registry) init() {
	r.ids = map[string]*doc.Node{}
	r.nameIDs = map[string]string{}
	r.explicit = map[string]bool{}
	r.counter = map[string]int{}
	r.refNames = map[string][]*doc.Node{}
	r.refIDs = map[string][]*doc.Node{}
	r.raw = map[*doc.Node]string{}
	r.settled = map[*doc.Node]bool{}
	r.visiting = map[*doc.Node]bool{}
	r.shown = map[*doc.Node]bool{}
	r.substitutions = map[string]*doc.Node{}
	r.folded = map[string]string{}
	r.noteRefs = map[string][]*doc.Node{}
	r.citationRefs = map[string][]*doc.Node{}
}

// setID gives a node an id made from its names, or from its kind.
func (p *parser) setID(n *doc.Node, prefix string) string {
	if ids := n.IDs(); len(ids) > 0 {
		for _, id := range ids {
			if p.ids[id] == nil {
				p.ids[id] = n
			} else if p.ids[id] != n {
				p.Report(doc.Severe, "rst-duplicate-id", n.Pos, 1, fmt.Sprintf("The id `%s` is already taken.", id), "Give one of the two another name.")
			}
		}
		return ids[len(ids)-1]
	}
	base := ""
	for _, name := range n.Names() {
		base = directive.MakeID(name)
		if base != "" && p.ids[base] == nil {
			n.AddID(base)
			p.ids[base] = n
			return base
		}
	}
	switch {
	case p.cfg.SphinxIDs:
		prefix = "id"
	case base != "":
		prefix = base + "-"
	case prefix == "":
		prefix = directive.MakeID(n.Kind.String()) + "-"
	default:
		prefix += "-"
	}
	for {
		p.counter[prefix]++
		id := prefix + strconv.Itoa(p.counter[prefix])
		if p.ids[id] == nil {
			n.AddID(id)
			p.ids[id] = n
			return id
		}
	}
}

// implicitTarget registers a node whose name comes from its text.
func (p *parser) implicitTarget(n, messages *doc.Node) { p.target(n, messages, false) }

// explicitTarget registers a node whose name the author gave.
func (p *parser) explicitTarget(n, messages *doc.Node) { p.target(n, messages, true) }

func (p *parser) target(n, messages *doc.Node, explicit bool) {
	id := p.setID(n, "")
	for _, name := range n.Names() { // of a duplicate, n gets another list
		if _, taken := p.nameIDs[name]; taken {
			p.duplicateName(n, id, name, messages, explicit)
		} else {
			p.nameIDs[name] = id
			p.explicit[name] = explicit
		}
	}
}

// duplicateName settles who keeps a name that two nodes want: an explicit
// target wins over an implicit one, and of two equals neither keeps it.
func (p *parser) duplicateName(n *doc.Node, id, name string, messages *doc.Node, explicit bool) {
	oldID, wasExplicit := p.nameIDs[name], p.explicit[name]
	p.explicit[name] = wasExplicit || explicit
	switch {
	case explicit && wasExplicit:
		sev := doc.Warning
		if oldID != "" {
			old := p.ids[oldID]
			uri, has := n.Lookup("refuri")
			if oldURI, oldHas := old.Lookup("refuri"); has && oldHas && len(old.Names()) > 0 && uri == oldURI {
				sev = doc.Info
			} else {
				dupName(old, name)
				p.nameIDs[name] = ""
			}
		}
		p.message(messages, sev, "rst-duplicate-target", n.Pos, 1, "Rename one of the two, or end the reference with two underscores.",
			"The target `%s` is already defined on this page.", name)
		dupName(n, name)
	case explicit:
		p.nameIDs[name] = id
		if oldID != "" {
			dupName(p.ids[oldID], name)
		}
	default:
		if oldID != "" && !wasExplicit {
			p.nameIDs[name] = ""
			dupName(p.ids[oldID], name)
		}
		dupName(n, name)
	}
	if !explicit || !wasExplicit && oldID != "" {
		p.message(messages, doc.Info, "rst-duplicate-implicit", n.Pos, 1, "Give one of them an explicit target if you refer to it.",
			"Two places on this page have the name `%s`.", name)
	}
}

func dupName(n *doc.Node, name string) {
	n.SetNames(slices.DeleteFunc(slices.Clone(n.Names()), func(s string) bool { return s == name }))
	n.AddDupName(name)
}

// message reports and leaves docutils' system_message in the tree while the
// transforms run, since they look at what stands where.
func (p *parser) message(parent *doc.Node, sev doc.Severity, code string, pos doc.Pos, length int, hint, format string, args ...any) *doc.Node {
	p.Report(sev, code, pos, length, fmt.Sprintf(format, args...), hint)
	m := doc.New(doc.KindSystemMessage, pos)
	p.messages++
	if parent != nil {
		parent.Append(m)
	}
	return m
}

// NoteTarget registers a node under a name, or the ids that it has.
func (p *parser) NoteTarget(n *doc.Node, name string) {
	if name != "" {
		n.AddName(directive.NormalName(name))
	}
	var messages *doc.Node
	if p.body != nil {
		messages = p.body.parent
	}
	p.explicitTarget(n, messages)
}

// NoteReference registers a reference by name that a directive made.
func (p *parser) NoteReference(n *doc.Node) {
	p.raw[n] = ""
	p.noteRefName(n)
}

func (p *parser) noteRefName(n *doc.Node) {
	name := n.Attr("refname")
	p.refNames[name] = append(p.refNames[name], n)
}

func (p *parser) noteRefID(n *doc.Node) {
	id := n.Attr("refid")
	p.refIDs[id] = append(p.refIDs[id], n)
}
