package directive

import (
	"strings"

	"docent/generator/doc"
)

// pyTypeTarget says what a type's name refers to: the kind of reference, the
// target, the text to show, and whether a leading dot asked for the nearest.
func pyTypeTarget(s string) (reftype, target, title string, specific bool) {
	target = s
	switch {
	case strings.HasPrefix(s, "."):
		target, specific = s[1:], true
		title = target
	case strings.HasPrefix(s, "~"):
		target = s[1:]
		title = target[strings.LastIndexByte(target, '.')+1:]
	case strings.HasPrefix(s, "typing."):
		title = s[len("typing."):]
	default:
		title = target
	}
	reftype = "class"
	if target == "None" || strings.HasPrefix(target, "typing.") {
		reftype = "obj"
	}
	return reftype, target, title, specific
}

func pyTypeRef(p Parser, s string, short bool, pos doc.Pos) *doc.Node {
	if short {
		s = "~" + s
	}
	reftype, target, title, specific := pyTypeTarget(s)
	n := doc.New(doc.KindPendingXref, pos, doc.NewText(pos, title)).Set(doc.AttrRefDomain, "py").Set(doc.AttrRefType, reftype).
		Set(doc.AttrRefTarget, target)
	if specific {
		n.Set(doc.AttrRefSpecific, "1")
	}
	setContext(p, n, "py")
	return n
}

// pyAnnotation gives a type annotation with references to its types; what is
// no annotation is one reference.
func pyAnnotation(p Parser, s string, pos doc.Pos) []*doc.Node {
	e, err := parsePython(s)
	var parts []*doc.Node
	if err == nil {
		parts, err = pyUnparse(e, pos)
	}
	if err != nil {
		return []*doc.Node{pyTypeRef(p, s, false, pos)}
	}
	var out []*doc.Node
	for _, n := range parts {
		switch {
		case n.Kind == doc.KindLiteral:
			out = append(out, n.Children...)
		case n.Kind == doc.KindText:
			short := false
			if len(out) > 0 && out[len(out)-1].Kind == doc.KindDescSigPunctuation && out[len(out)-1].PlainText() == "~" {
				out, short = out[:len(out)-1], true
			}
			out = append(out, pyTypeRef(p, n.Text, short, pos))
		default:
			out = append(out, n)
		}
	}
	return out
}

// pyUnparse writes an annotation as signature nodes; names are text nodes,
// names inside Literal[...] stand in a literal.
func pyUnparse(e *pyExpr, pos doc.Pos) ([]*doc.Node, error) {
	mark := func(s string) *doc.Node { return plain(doc.KindDescSigPunctuation, pos, s) }
	space := func() *doc.Node { return plain(doc.KindDescSigSpace, pos, " ") }
	commas := func(kids []*pyExpr) (out []*doc.Node, err error) {
		for i, k := range kids {
			if i > 0 {
				out = append(out, mark(","), space())
			}
			part, err := pyUnparse(k, pos)
			if err != nil {
				return nil, err
			}
			out = append(out, part...)
		}
		return out, nil
	}
	switch e.kind {
	case "name":
		return []*doc.Node{doc.NewText(pos, e.text)}, nil
	case "attr":
		v, err := pyUnparse(e.kids[0], pos)
		if err != nil || len(v) == 0 {
			return nil, errPython
		}
		return []*doc.Node{doc.NewText(pos, v[0].PlainText()+"."+e.text)}, nil
	case "const":
		switch e.text {
		case "...":
			return []*doc.Node{mark("...")}, nil
		case "None":
			return []*doc.Node{doc.NewText(pos, "None")}, nil
		}
		return []*doc.Node{plain(doc.KindDescSigKeyword, pos, e.text)}, nil
	case "number":
		if strings.ContainsAny(e.text, ".eEjJ") && !strings.HasPrefix(e.text, "0x") {
			return []*doc.Node{doc.NewText(pos, e.text)}, nil
		}
		return []*doc.Node{plain(doc.KindDescSigLiteralNumber, pos, e.text)}, nil
	case "string":
		return []*doc.Node{plain(doc.KindDescSigLiteralString, pos, e.text)}, nil
	case "binary":
		if e.text != "|" {
			return nil, errPython
		}
		left, err := pyUnparse(e.kids[0], pos)
		if err != nil {
			return nil, err
		}
		right, err := pyUnparse(e.kids[1], pos)
		return append(append(left, space(), mark("|"), space()), right...), err
	case "unary":
		if e.text != "~" {
			return nil, errPython
		}
		v, err := pyUnparse(e.kids[0], pos)
		return append([]*doc.Node{mark("~")}, v...), err
	case "list":
		v, err := commas(e.kids)
		return append(append([]*doc.Node{mark("[")}, v...), mark("]")), err
	case "tuple":
		if len(e.kids) == 0 {
			return []*doc.Node{mark("("), mark(")")}, nil
		}
		return commas(e.kids)
	case "sub":
		v, err := pyUnparse(e.kids[0], pos)
		if err != nil {
			return nil, err
		}
		index, err := pyUnparse(e.kids[1], pos)
		if err != nil {
			return nil, err
		}
		if name := e.kids[0].String(); name == "Literal" || name == "typing.Literal" {
			for i, n := range index {
				if n.Kind == doc.KindText {
					index[i] = doc.New(doc.KindLiteral, pos, n)
				}
			}
		}
		return append(append(append(v, mark("[")), index...), mark("]")), nil
	}
	return nil, errPython
}

// splitTop cuts a string at a separator outside brackets and strings.
func splitTop(s string, sep byte) ([]string, error) {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'':
			end := pyStringEnd(s, i)
			if end < 0 {
				return nil, errPython
			}
			i = end - 1
		case strings.IndexByte("([{", c) >= 0:
			depth++
		case strings.IndexByte(")]}", c) >= 0:
			if depth--; depth < 0 {
				return nil, errPython
			}
		case c == sep && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	if depth != 0 {
		return nil, errPython
	}
	return append(out, s[start:]), nil
}

// pyParameters reads the parameters of a function, or fails when they are
// not valid Python, as with "a[, b]".
func pyParameters(p Parser, args string, pos doc.Pos) (*doc.Node, error) {
	parts, err := splitTop(args, ',')
	if err != nil {
		return nil, err
	}
	if len(parts) > 1 && blank(parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	m := &p.State().Make
	list := m.New(doc.KindDescParameterlist, pos)
	op := func(s string) *doc.Node { return plain(doc.KindDescSigOperator, pos, s) }
	starred, bareStar, slashed, defaulted, last := false, false, false, false, false
	for i, part := range parts {
		part = strings.TrimSpace(part)
		if part == "" || last {
			return nil, errPython
		}
		if part == "/" {
			if i == 0 || slashed || starred {
				return nil, errPython
			}
			slashed = true
			list.Append(doc.New(doc.KindDescParameter, pos, op("/")))
			continue
		}
		if part == "*" {
			if starred || i+1 == len(parts) {
				return nil, errPython
			}
			starred, bareStar = true, true
			list.Append(doc.New(doc.KindDescParameter, pos, op("*")))
			continue
		}
		param := m.New(doc.KindDescParameter, pos)
		star := len(part) - len(strings.TrimLeft(part, "*"))
		if star > 2 || star == 1 && starred || star == 2 && bareStar && i > 0 && strings.TrimSpace(parts[i-1]) == "*" {
			return nil, errPython
		}
		if star > 0 {
			param.Append(op(part[:star]))
			part = strings.TrimSpace(part[star:])
			starred = true
			last = star == 2
		}
		name := identifierAt(part)
		rest := strings.TrimSpace(part[len(name):])
		if name == "" || pyKeywords[name] {
			return nil, errPython
		}
		m.Append(param, m.NewLeaf(doc.KindDescSigName, pos, name))
		annotated := false
		if strings.HasPrefix(rest, ":") {
			fields, err := splitTop(rest[1:], '=')
			if err != nil {
				return nil, err
			}
			anno, err := parsePython(fields[0])
			if err != nil {
				return nil, err
			}
			annotated = true
			param.Append(plain(doc.KindDescSigPunctuation, pos, ":"), plain(doc.KindDescSigSpace, pos, " "),
				doc.New(doc.KindDescSigName, pos, pyAnnotation(p, anno.String(), pos)...))
			rest = strings.TrimSpace(rest[1+len(fields[0]):])
		}
		switch {
		case strings.HasPrefix(rest, "="):
			value, err := parsePython(rest[1:])
			if err != nil || value.kind == "tuple" && !strings.HasPrefix(strings.TrimSpace(rest[1:]), "(") || star > 0 {
				return nil, errPython
			}
			defaulted = true
			if annotated {
				param.Append(plain(doc.KindDescSigSpace, pos, " "), op("="), plain(doc.KindDescSigSpace, pos, " "))
			} else {
				param.Append(op("="))
			}
			param.Append(plain(doc.KindInline, pos, value.String()).AddClass("default_value"))
		case rest != "":
			return nil, errPython
		case defaulted && !starred:
			return nil, errPython
		}
		m.Append(list, param)
	}
	return list, nil
}

// looseParameters reads parameters separated by commas, with optional ones in
// brackets, in any language.
func looseParameters(args string, pos doc.Pos) *doc.Node {
	list := doc.New(doc.KindDescParameterlist, pos)
	stack := []*doc.Node{list}
	open := func() {
		n := doc.New(doc.KindDescOptional, pos)
		stack[len(stack)-1].Append(n)
		stack = append(stack, n)
	}
	failed := false
	pop := func() {
		if stack = stack[:len(stack)-1]; len(stack) == 0 {
			failed = true
			stack = []*doc.Node{list}
		}
	}
	for _, arg := range strings.Split(args, ",") {
		arg = strings.TrimSpace(arg)
		opens, closes := 0, 0
		for strings.HasPrefix(arg, "[") {
			open()
			arg = strings.TrimSpace(arg[1:])
		}
		for strings.HasPrefix(arg, "]") {
			pop()
			arg = strings.TrimSpace(arg[1:])
		}
		for strings.HasSuffix(arg, "]") && !strings.HasSuffix(arg, "[]") {
			closes++
			arg = strings.TrimSpace(arg[:len(arg)-1])
		}
		for strings.HasSuffix(arg, "[") {
			opens++
			arg = strings.TrimSpace(arg[:len(arg)-1])
		}
		if arg != "" {
			stack[len(stack)-1].Append(doc.New(doc.KindDescParameter, pos, plain(doc.KindDescSigName, pos, arg)))
		}
		for range opens {
			open()
		}
		for range closes {
			pop()
		}
	}
	if failed || len(stack) != 1 {
		return doc.New(doc.KindDescParameterlist, pos, plain(doc.KindDescParameter, pos, args))
	}
	return list
}
