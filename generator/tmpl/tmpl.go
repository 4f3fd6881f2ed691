// Package tmpl executes a template of html/template many times over. What
// html/template decides for every value anew (which field, which method,
// which way of escaping, all by reflection) it decides once, when the
// template is compiled, from the tree that html/template has made safe.
//
// It knows what page frames are made of: fields, methods with constant
// arguments, if, with, range, template, eq, ne, and, or, not. A template that
// holds anything else is executed by html/template, as are all its values of
// other types than text and numbers. The output is the same, byte for byte.
package tmpl

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"strconv"
	"text/template/parse"
)

// A Program is a template for values of one type.
type Program struct {
	set   *template.Template
	name  string
	steps []step
}

// A step appends to the output of a run.
type step func(*run) error

// A run is one execution.
type run struct {
	out       []byte
	dot, root reflect.Value
}

// Compile makes a program of one template of a set, for values of the type of
// the example. The set must not be changed afterwards.
func Compile(set *template.Template, name string, example any) *Program {
	p := &Program{set: set, name: name}
	set.ExecuteTemplate(io.Discard, name, example) // makes the set safe; only that counts
	c := compiler{set: set}
	if steps, err := c.template(name, reflect.TypeOf(example), reflect.TypeOf(example)); err == nil {
		p.steps = steps
	}
	return p
}

// Compiled reports whether the program runs by itself.
func (p *Program) Compiled() bool { return p.steps != nil }

// Append executes the template and appends what it writes.
func (p *Program) Append(dst []byte, data any) ([]byte, error) {
	if !p.Compiled() {
		b := bytes.NewBuffer(dst)
		err := p.set.ExecuteTemplate(b, p.name, data)
		return b.Bytes(), err
	}
	v := reflect.ValueOf(data)
	r := run{out: dst, dot: v, root: v}
	err := r.do(p.steps)
	return r.out, err
}

func (r *run) do(steps []step) error {
	for _, s := range steps {
		if err := s(r); err != nil {
			return err
		}
	}
	return nil
}

// within runs steps with another dot.
func (r *run) within(dot reflect.Value, steps []step) error {
	was := r.dot
	r.dot = dot
	err := r.do(steps)
	r.dot = was
	return err
}

// errBeyond says that a template holds what is left to html/template.
var errBeyond = errors.New("beyond this package")

// A value computes what a part of a pipeline stands for.
type value func(*run) (reflect.Value, error)

// A compiler knows the templates that it is in, so that one that calls itself
// is left to html/template.
type compiler struct {
	set *template.Template
	in  []string
}

func (c *compiler) template(name string, dot, root reflect.Type) ([]step, error) {
	t := c.set.Lookup(name)
	if t == nil || t.Tree == nil || t.Tree.Root == nil || len(c.in) > 16 {
		return nil, errBeyond
	}
	c.in = append(c.in, name)
	defer func() { c.in = c.in[:len(c.in)-1] }()
	steps, err := c.list(t.Tree.Root, scope{dot, root})
	if steps == nil {
		steps = []step{}
	}
	return steps, err
}

// A scope is the types of the dot and of $.
type scope struct{ dot, root reflect.Type }

func (c *compiler) list(l *parse.ListNode, in scope) (steps []step, err error) {
	if l == nil {
		return nil, nil
	}
	for _, n := range l.Nodes {
		var s step
		switch n := n.(type) {
		case *parse.CommentNode:
			continue
		case *parse.TextNode:
			text := n.Text
			s = func(r *run) error { r.out = append(r.out, text...); return nil }
		case *parse.ActionNode:
			s, err = c.action(n.Pipe, in)
		case *parse.IfNode:
			s, err = c.branch(&n.BranchNode, in, false)
		case *parse.WithNode:
			s, err = c.branch(&n.BranchNode, in, true)
		case *parse.RangeNode:
			s, err = c.loop(&n.BranchNode, in)
		case *parse.TemplateNode:
			s, err = c.call(n, in)
		default:
			err = errBeyond
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// single gives the only command of a pipeline that declares nothing.
func single(p *parse.PipeNode) (*parse.CommandNode, error) {
	if p == nil || len(p.Decl) > 0 || len(p.Cmds) != 1 {
		return nil, errBeyond
	}
	return p.Cmds[0], nil
}

func (c *compiler) branch(n *parse.BranchNode, in scope, with bool) (step, error) {
	cmd, err := single(n.Pipe)
	if err != nil {
		return nil, err
	}
	inner := in
	var v value
	var truth func(*run) (bool, error)
	if with {
		if v, inner.dot, err = c.value(cmd, in); err != nil {
			return nil, err
		}
	} else if truth, err = c.truth(cmd, in); err != nil {
		return nil, err
	}
	then, err := c.list(n.List, inner)
	if err != nil {
		return nil, err
	}
	other, err := c.list(n.ElseList, in)
	if err != nil {
		return nil, err
	}
	if !with {
		return func(r *run) error {
			ok, err := truth(r)
			if err != nil {
				return err
			}
			if ok {
				return r.do(then)
			}
			return r.do(other)
		}, nil
	}
	return func(r *run) error {
		x, err := v(r)
		if err != nil {
			return err
		}
		if isTrue(x) {
			return r.within(x, then)
		}
		return r.do(other)
	}, nil
}

func isTrue(v reflect.Value) bool {
	if v.IsValid() && v.Kind() == reflect.String {
		return v.Len() > 0
	}
	truth, _ := template.IsTrue(reflectInterface(v))
	return truth
}

func reflectInterface(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	return v.Interface()
}

func (c *compiler) loop(n *parse.BranchNode, in scope) (step, error) {
	cmd, err := single(n.Pipe)
	if err != nil {
		return nil, err
	}
	v, typ, err := c.value(cmd, in)
	if err != nil || typ.Kind() != reflect.Slice {
		return nil, errBeyond
	}
	each, err := c.list(n.List, scope{typ.Elem(), in.root})
	if err != nil {
		return nil, err
	}
	none, err := c.list(n.ElseList, in)
	if err != nil {
		return nil, err
	}
	return func(r *run) error {
		x, err := v(r)
		if err != nil {
			return err
		}
		if x.Len() == 0 {
			return r.do(none)
		}
		for i := range x.Len() {
			if err := r.within(x.Index(i), each); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (c *compiler) call(n *parse.TemplateNode, in scope) (step, error) {
	cmd, err := single(n.Pipe)
	if err != nil {
		return nil, err
	}
	v, typ, err := c.value(cmd, in)
	if err != nil {
		return nil, err
	}
	steps, err := c.template(n.Name, typ, typ) // $ is the argument there
	if err != nil {
		return nil, err
	}
	return func(r *run) error {
		x, err := v(r)
		if err != nil {
			return err
		}
		was := r.root
		r.root = x
		err = r.within(x, steps)
		r.root = was
		return err
	}, nil
}

// value compiles a command that gives a value: a field, a method, a constant.
func (c *compiler) value(cmd *parse.CommandNode, in scope) (value, reflect.Type, error) {
	switch n := cmd.Args[0].(type) {
	case *parse.FieldNode:
		return fields(n.Ident, cmd.Args[1:], in.dot, func(r *run) (reflect.Value, error) { return r.dot, nil })
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return fields(n.Ident[1:], cmd.Args[1:], in.root, func(r *run) (reflect.Value, error) { return r.root, nil })
		}
	}
	if len(cmd.Args) == 1 {
		return operand(cmd.Args[0], in)
	}
	return nil, nil, errBeyond
}

func operand(n parse.Node, in scope) (value, reflect.Type, error) {
	constant := func(x any) (value, reflect.Type, error) {
		v := reflect.ValueOf(x)
		return func(*run) (reflect.Value, error) { return v, nil }, v.Type(), nil
	}
	switch n := n.(type) {
	case *parse.DotNode:
		return func(r *run) (reflect.Value, error) { return r.dot, nil }, in.dot, nil
	case *parse.FieldNode:
		return fields(n.Ident, nil, in.dot, func(r *run) (reflect.Value, error) { return r.dot, nil })
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return fields(n.Ident[1:], nil, in.root, func(r *run) (reflect.Value, error) { return r.root, nil })
		}
	case *parse.StringNode:
		return constant(n.Text)
	case *parse.BoolNode:
		return constant(n.True)
	}
	return nil, nil, errBeyond
}

// fields follows names from a value. The last may be a method.
func fields(names []string, args []parse.Node, typ reflect.Type, v value) (value, reflect.Type, error) {
	for i, name := range names {
		if m, ok := typ.MethodByName(name); ok && i == len(names)-1 {
			return method(m, args, v)
		}
		pointer := typ.Kind() == reflect.Pointer
		if pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return nil, nil, errBeyond
		}
		f, ok := typ.FieldByName(name)
		if !ok || !f.IsExported() {
			return nil, nil, errBeyond
		}
		from, whole := v, typ
		v = func(r *run) (reflect.Value, error) {
			x, err := from(r)
			if err != nil {
				return x, err
			}
			if pointer {
				if x.IsNil() {
					return x, fmt.Errorf("nil pointer evaluating %s.%s", whole, name)
				}
				x = x.Elem()
			}
			return x.FieldByIndex(f.Index), nil
		}
		typ = f.Type
	}
	if len(args) > 0 {
		return nil, nil, errBeyond
	}
	return v, typ, nil
}

// method calls a method with constant texts. Its second result is an error.
func method(m reflect.Method, args []parse.Node, on value) (value, reflect.Type, error) {
	if m.Type.NumIn() != len(args)+1 || m.Type.IsVariadic() || m.Type.NumOut() < 1 || m.Type.NumOut() > 2 {
		return nil, nil, errBeyond
	}
	var in []reflect.Value
	for i, a := range args {
		s, ok := a.(*parse.StringNode)
		if !ok || m.Type.In(i+1).Kind() != reflect.String {
			return nil, nil, errBeyond
		}
		in = append(in, reflect.ValueOf(s.Text))
	}
	return func(r *run) (reflect.Value, error) {
		x, err := on(r)
		if err != nil {
			return x, err
		}
		out := x.Method(m.Index).Call(in)
		if len(out) == 2 && !out[1].IsNil() {
			return out[0], out[1].Interface().(error)
		}
		return out[0], nil
	}, m.Type.Out(0), nil
}

// truth compiles the condition of an if.
func (c *compiler) truth(cmd *parse.CommandNode, in scope) (func(*run) (bool, error), error) {
	f, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok {
		v, _, err := c.value(cmd, in)
		if err != nil {
			return nil, err
		}
		return func(r *run) (bool, error) {
			x, err := v(r)
			return err == nil && isTrue(x), err
		}, nil
	}
	args := cmd.Args[1:]
	switch {
	case (f.Ident == "eq" || f.Ident == "ne") && len(args) == 2:
		a, ta, err := operand(args[0], in)
		if err != nil {
			return nil, err
		}
		b, tb, err := operand(args[1], in)
		if err != nil || ta.Kind() != reflect.String || tb.Kind() != reflect.String {
			return nil, errBeyond
		}
		want := f.Ident == "eq"
		return func(r *run) (bool, error) {
			x, err := a(r)
			if err != nil {
				return false, err
			}
			y, err := b(r)
			if err != nil {
				return false, err
			}
			return x.String() == y.String() == want, nil
		}, nil
	case (f.Ident == "and" || f.Ident == "or") && len(args) > 0, f.Ident == "not" && len(args) == 1:
		var all []func(*run) (bool, error)
		for _, a := range args {
			one := &parse.CommandNode{Args: []parse.Node{a}}
			if p, ok := a.(*parse.PipeNode); ok {
				var err error
				if one, err = single(p); err != nil {
					return nil, err
				}
			}
			t, err := c.truth(one, in)
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
		negate, until := f.Ident == "not", f.Ident == "or" // and stops at the first that is false
		return func(r *run) (ok bool, err error) {
			for _, t := range all {
				if ok, err = t(r); err != nil || !negate && ok == until {
					break
				}
			}
			return ok != negate, err
		}, nil
	}
	return nil, errBeyond
}

// action compiles a value with what html/template put behind it.
func (c *compiler) action(p *parse.PipeNode, in scope) (step, error) {
	if p == nil || len(p.Decl) > 0 || len(p.Cmds) < 2 {
		return nil, errBeyond
	}
	v, typ, err := c.value(p.Cmds[0], in)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, cmd := range p.Cmds[1:] {
		f, ok := cmd.Args[0].(*parse.IdentifierNode)
		if !ok || len(cmd.Args) != 1 {
			return nil, errBeyond
		}
		names = append(names, f.Ident)
	}
	escape, err := escaping(names, typ)
	if err != nil {
		return nil, err
	}
	return func(r *run) error {
		x, err := v(r)
		if err == nil {
			r.out, err = escape(r.out, x)
		}
		return err
	}, nil
}

// text gives the text of a value of a type, as fmt prints it.
func text(typ reflect.Type) (func(reflect.Value) string, error) {
	if _, ok := typ.MethodByName("String"); ok {
		return nil, errBeyond
	}
	if _, ok := typ.MethodByName("Error"); ok {
		return nil, errBeyond
	}
	switch typ.Kind() {
	case reflect.String:
		return reflect.Value.String, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) string { return strconv.FormatInt(v.Int(), 10) }, nil
	case reflect.Bool:
		return func(v reflect.Value) string { return strconv.FormatBool(v.Bool()) }, nil
	}
	return nil, errBeyond
}
