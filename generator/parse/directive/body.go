package directive

import (
	"fmt"
	"strings"

	"docent/generator/doc"
)

// bodies are topic, sidebar, rubric and the plain containers.
func bodies(t *Table) {
	t.add(&Directive{Name: "topic", Required: 1, FinalSpace: true, Content: MayContent, Options: named, Run: topic})
	t.add(&Directive{Name: "sidebar", Optional: 1, FinalSpace: true, Content: MayContent,
		Options: checks(named, map[string]Check{"subtitle": textRequired}), Run: sidebar})
	t.add(&Directive{Name: "rubric", Required: 1, FinalSpace: true, Options: checks(named, map[string]Check{"heading-level": positive}), Run: rubric})
	t.add(&Directive{Name: "compound", Content: MustContent, Options: named, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		n := b.classes(doc.New(doc.KindCompound, b.Pos), "class")
		b.addName(p, n)
		return one(n.Append(p.Blocks(b.Content, false)...))
	}})
	t.add(&Directive{Name: "container", Optional: 1, FinalSpace: true, Content: MustContent, Options: map[string]Check{"name": text}, Run: container})
	t.add(&Directive{Name: "class", Required: 1, FinalSpace: true, Content: MayContent, Run: class}, "rst-class", "cssclass")
}

func pseudoSection(p Parser, b *Block, kind doc.Kind) ([]*doc.Node, error) {
	if !b.Titles && !b.Sidebar {
		return nil, &Fail{Code: "directive-context", Message: fmt.Sprintf("The `%s` directive may not stand within topics or body elements.", b.Name),
			Hint: "Move it to the top level of the page or of a section, without indentation."}
	}
	if len(b.Content) == 0 {
		return nil, b.noContent()
	}
	n := doc.New(kind, b.Pos)
	if b.Arg(0) != "" {
		n.Append(wrap(p, doc.KindTitle, b.Arg(0), b.ArgPos))
		if sub, ok := b.Option("subtitle"); ok {
			n.Append(wrap(p, doc.KindSubtitle, sub, b.valuePos("subtitle")))
		}
	}
	b.classes(n, "class")
	b.addName(p, n)
	p.State().Sidebar = kind == doc.KindSidebar
	return one(n.Append(p.Blocks(b.Content, false)...))
}

// topic may stand in a sidebar, but nothing of the kind in a topic.
func topic(p Parser, b *Block) ([]*doc.Node, error) { return pseudoSection(p, b, doc.KindTopic) }

func sidebar(p Parser, b *Block) ([]*doc.Node, error) {
	if b.Sidebar {
		return nil, &Fail{Code: "directive-context", Message: "A `sidebar` may not stand within a sidebar.", Hint: "End the outer one first."}
	}
	if b.has("subtitle") && b.Arg(0) == "" {
		return nil, &Fail{Code: "directive-option", Message: "The option `:subtitle:` of `sidebar` needs a title.", Hint: "Write the title after the colons."}
	}
	return pseudoSection(p, b, doc.KindSidebar)
}

func rubric(p Parser, b *Block) ([]*doc.Node, error) {
	n := b.classes(wrap(p, doc.KindRubric, b.Arg(0), b.ArgPos), "class")
	b.addName(p, n)
	return one(n)
}

func container(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindContainer, b.Pos)
	if b.Arg(0) != "" {
		c, err := b.classArg()
		if err != nil {
			return nil, err
		}
		n.AppendClass(c...)
	}
	b.addName(p, n)
	return one(n.Append(p.Blocks(b.Content, false)...))
}

func (b *Block) classArg() ([]string, error) {
	c, err := classOption(b.Arg(0))
	if err != nil {
		return nil, &Fail{Code: "directive-argument", Message: fmt.Sprintf("Invalid class names for `%s`: %v.", b.Name, err), Pos: b.ArgPos, Len: len(b.Args)}
	}
	return strings.Fields(c), nil
}

// class sets class names on its content, or by a pending node on the element
// that follows.
func class(p Parser, b *Block) ([]*doc.Node, error) {
	c, err := b.classArg()
	if err != nil {
		return nil, err
	}
	if len(b.Content) == 0 {
		return one(pending(b, "class").Set(doc.AttrClass, strings.Join(c, " ")))
	}
	nodes := p.Blocks(b.Content, false)
	for _, n := range nodes {
		if n.Kind != doc.KindText {
			n.AppendClass(c...)
		}
	}
	return nodes, nil
}

// pending is work for the transforms that follow parsing.
func pending(b *Block, what string) *doc.Node {
	return doc.New(doc.KindPending, b.Pos).Set(doc.AttrDirective, what)
}
