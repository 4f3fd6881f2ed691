package markdown

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// mystBlock is a block that goldmark does not know. Its lines are its text,
// as written.
type mystBlock struct {
	ast.BaseBlock
	end   string // of an environment of LaTeX
	kind  ast.NodeKind
	label string       // of a target, a footnote, a formula
	info  text.Segment // what follows the opening fence
	depth int          // length of the opening fence
	open  int          // columns before it
	shut  bool         // the closing fence was found
	attrs []attribute
}

func (b *mystBlock) Kind() ast.NodeKind            { return b.kind }
func (b *mystBlock) IsRaw() bool                   { return b.kind != noteKind }
func (b *mystBlock) Dump(source []byte, level int) { ast.DumpHelper(b, source, level, nil, nil) }

var targetKind = ast.NewNodeKind("MystTarget")

// targetParser reads a line `(label)=`: the label of what follows.
type targetParser struct{}

func (targetParser) Trigger() []byte { return []byte{'('} }

func (targetParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 || line[pos] != '(' {
		return nil, parser.NoChildren
	}
	rest := util.TrimRightSpace(line[pos:])
	if len(rest) < 4 || !bytes.HasSuffix(rest, []byte(")=")) {
		return nil, parser.NoChildren
	}
	label := rest[1 : len(rest)-2]
	if bytes.ContainsAny(label, "()\n") || util.IsBlank(label) {
		return nil, parser.NoChildren
	}
	_ = seg
	r.AdvanceToEOL()
	return &mystBlock{kind: targetKind, label: string(bytes.TrimSpace(label))}, parser.NoChildren
}

func (targetParser) Continue(ast.Node, text.Reader, parser.Context) parser.State { return parser.Close }
func (targetParser) Close(ast.Node, text.Reader, parser.Context)                 {}
func (targetParser) CanInterruptParagraph() bool                                 { return true }
func (targetParser) CanAcceptIndentedLine() bool                                 { return false }

// A pendingLabel waits for the element that it names.
type pendingLabel struct {
	name string
	pos  doc.Pos
}

// labels gives the labels that wait to an element. The target nodes stand
// before it, as docutils leaves them.
func (p *page) labels(parent, n *doc.Node) {
	for _, t := range p.targets {
		ids := t.IDs()
		n.AddID(ids...).AddName(t.Names()...)
		t.SetIDs(nil)
		t.SetNames(nil)
		t.Set("refid", ids[0])
	}
	p.targets = p.targets[:0]
	for _, l := range p.label {
		name := directive.NormalName(l.name)
		if p.taken(name, l) {
			continue
		}
		id := labelID(l.name)
		if p.ids[id] != n {
			p.uniqueID(n, id)
		}
		n.AddName(name)
		parent.Append(doc.New(doc.KindTarget, l.pos).Set("refid", id))
	}
	p.label = p.label[:0]
}

func (p *page) taken(name string, l pendingLabel) bool {
	if p.names == nil {
		p.names = map[string]bool{}
	}
	if p.names[name] {
		p.Report(doc.Warning, "md-duplicate-target", l.pos, len(l.name)+3,
			fmt.Sprintf("The target `%s` is already defined on this page.", l.name), "Rename one of the two.")
		return true
	}
	p.names[name] = true
	return false
}

// labelID makes an anchor of a label.
func labelID(name string) string {
	if id := directive.MakeID(name); id != "" {
		return id
	}
	if id := Slug(name); id != "" {
		return id
	}
	return "target"
}

// finishTargets puts labels that nothing follows at the end of the page.
func (p *page) finishTargets() {
	for _, l := range p.label {
		name := directive.NormalName(l.name)
		if p.taken(name, l) {
			continue
		}
		n := doc.New(doc.KindTarget, l.pos).AddName(name)
		p.uniqueID(n, labelID(l.name))
		p.root.Append(n)
	}
	p.label = nil
}

// NoteTarget registers an explicit target.
func (p *page) NoteTarget(n *doc.Node, name string) {
	if p.ids == nil {
		p.ids = map[string]*doc.Node{}
	}
	if name == "" {
		for _, id := range n.IDs() {
			if p.ids[id] == nil {
				p.ids[id] = n
			}
		}
		return
	}
	normal := directive.NormalName(name)
	if p.taken(normal, pendingLabel{name, n.Pos}) {
		return
	}
	n.AddName(normal)
	if id := labelID(name); !slices.Contains(n.IDs(), id) {
		p.uniqueID(n, id)
	}
}
