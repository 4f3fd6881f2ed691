package directive

import (
	"fmt"
	"strings"

	"docent/generator/doc"
)

// todos are sphinx.ext.todo and sphinx.ext.ifconfig.
func todos(t *Table) {
	t.add(&Directive{Name: "todo", Content: MayContent, Options: named, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		if hidesTodos(p) {
			return nil, nil
		}
		n := b.classes(doc.New(doc.KindTodo, b.Pos), "class").AddClass("admonition-todo")
		b.addName(p, n)
		if len(n.IDs()) == 0 {
			n.AddID(p.State().serialID("todo"))
		}
		return one(n.Append(p.Blocks(b.Content, false)...))
	}})
	// The list of all to-dos needs other pages; the site fills it in.
	t.add(&Directive{Name: "todolist", Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		if hidesTodos(p) {
			return nil, nil
		}
		return one(doc.New(doc.KindTodolist, b.Pos))
	}})
	t.add(&Directive{Name: "ifconfig", Required: 1, FinalSpace: true, Content: MayContent, Run: ifConfig})
}

// hidesTodos reports whether a conf.py leaves to-dos out, as Sphinx does
// unless todo_include_todos is set.
func hidesTodos(p Parser) bool {
	c := p.Config()
	if c == nil || c.Domain == "" {
		return false
	}
	v := c.Values["todo_include_todos"]
	return v == "" || strings.EqualFold(v, "false") || v == "0"
}

// ifConfig shows its content if an expression of conf.py's values is true.
// What cannot be answered without running Python is reported and shown.
func ifConfig(p Parser, b *Block) ([]*doc.Node, error) {
	show, ok := false, false
	if e, err := parsePython(b.Arg(0)); err == nil {
		var v pyValue
		values := map[string]string{}
		if c := p.Config(); c != nil {
			values = c.Values
		}
		if v, ok = e.eval(values); ok {
			show = v.truth()
		}
	}
	if !ok {
		p.Report(doc.Warning, "ifconfig-expression", b.ArgPos, len(b.Args), fmt.Sprintf("The condition `%s` cannot be answered without running conf.py.", b.Arg(0)),
			"Compare literal values of conf.py only; the content is shown.")
		show = true
	}
	if !show {
		return nil, nil
	}
	return p.Blocks(b.Content, b.Titles), nil
}

// A pyValue is a literal: its text, and whether it is a string.
type pyValue struct {
	text   string
	quoted bool
	items  []pyValue // of a list or tuple
	isList bool
}

func (v pyValue) truth() bool {
	if v.isList {
		return len(v.items) > 0
	}
	if v.quoted {
		return v.text != ""
	}
	return v.text != "False" && v.text != "None" && v.text != "0" && v.text != ""
}

func (v pyValue) equal(w pyValue) bool { return v.text == w.text && !v.isList && !w.isList }

func truthValue(b bool) pyValue {
	if b {
		return pyValue{text: "True"}
	}
	return pyValue{text: "False"}
}

// eval answers an expression of literals and values; ok is false when it
// needs more than that.
func (e *pyExpr) eval(values map[string]string) (v pyValue, ok bool) {
	switch e.kind {
	case "name":
		s, ok := values[e.text]
		return pyValue{text: s, quoted: s != "True" && s != "False" && s != "None"}, ok
	case "const", "number":
		return pyValue{text: e.text}, true
	case "string":
		return pyValue{text: pyStringValue(e.text), quoted: true}, true
	case "list", "tuple":
		v.isList = true
		for _, k := range e.kids {
			item, ok := k.eval(values)
			if !ok {
				return v, false
			}
			v.items = append(v.items, item)
		}
		return v, true
	case "unary":
		if e.text != "not" {
			return v, false
		}
		v, ok = e.kids[0].eval(values)
		return truthValue(!v.truth()), ok
	case "binary":
		l, ok := e.kids[0].eval(values)
		if !ok {
			return v, false
		}
		r, ok := e.kids[1].eval(values)
		if !ok {
			return v, false
		}
		switch e.text {
		case "or":
			if l.truth() {
				return l, true
			}
			return r, true
		case "and":
			if !l.truth() {
				return l, true
			}
			return r, true
		case "==":
			return truthValue(l.equal(r)), true
		case "!=":
			return truthValue(!l.equal(r)), true
		case "in":
			if !r.isList {
				return truthValue(strings.Contains(r.text, l.text)), r.quoted
			}
			for _, item := range r.items {
				if item.equal(l) {
					return truthValue(true), true
				}
			}
			return truthValue(false), true
		}
	}
	return v, false
}
