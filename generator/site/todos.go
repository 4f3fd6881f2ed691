package site

import (
	"fmt"

	"docent/generator/build"
	"docent/generator/doc"
)

// place is where a node stands, as a list of to-dos says it.
func place(d *doc.Document, n *doc.Node) string {
	src, line, _ := d.Locate(n.Pos)
	return fmt.Sprintf("%s, line %d", src.Name, line)
}

// Fill gives what a todolist directive shows: the to-dos of all pages, each
// with a link to where it stands.
func (e *env) Fill(n *doc.Node) []*doc.Node {
	if e.trace != nil {
		e.asked("todos", e.s.todosAnswer())
	}
	var out []*doc.Node
	for _, p := range e.s.pages {
		for _, t := range p.facts.todos {
			todo := t.text.node()
			if todo == nil {
				continue
			}
			todo.SetIDs(nil).SetNames(nil)
			link := doc.New(doc.KindPendingXref, n.Pos, doc.New(doc.KindEmphasis, n.Pos, doc.NewText(n.Pos, "original entry"))).
				Set(doc.AttrRefDomain, "std").Set(doc.AttrRefType, "todo").Set(doc.AttrRefTarget, p.docname+"#"+t.id).Set(doc.AttrRefExplicit, "1")
			para := doc.New(doc.KindParagraph, n.Pos, doc.NewText(n.Pos, "(The "), link, doc.NewText(n.Pos, " is located in "+t.name+".)")).AddClass("todo-source")
			if e.s.conf.Bool("todo_link_only") {
				link.Children[0].Children[0].Text = "<<original entry>>"
				para.Children = []*doc.Node{link}
			}
			stand(todo, n.Pos)
			out = append(out, todo, para)
		}
	}
	return out
}

// stand puts a copy where it is shown, for diagnostics about it.
func stand(n *doc.Node, at doc.Pos) {
	n.Pos = at
	for _, c := range n.Children {
		stand(c, at)
	}
}

// todosAnswer is the answer to which to-dos there are.
func (s *Site) todosAnswer() build.Answer {
	var w writer
	for _, p := range s.pages {
		if len(p.facts.todos) > 0 {
			w.string(p.docname, p.url)
			w.facts(p.facts.todos)
		}
	}
	return build.DigestBytes(w.b)
}
