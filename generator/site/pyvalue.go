package site

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// maxNesting bounds brackets in brackets, so that a hostile file cannot
// exhaust the stack; maxValue bounds what a value may grow to.
const (
	maxNesting = 64
	maxValue   = 1 << 20
)

// expr reads a value: terms with + and % between them.
func (p *pyReader) expr(depth int) (any, error) {
	if depth > maxNesting {
		return nil, notLiteral{p.pos}
	}
	gap := p.blanks
	if depth > 0 {
		gap = p.space
	}
	gap()
	v, err := p.term(depth, gap)
	for err == nil {
		gap()
		op := p.peek()
		if op != '+' && op != '%' {
			break
		}
		p.pos++
		gap()
		var more any
		if more, err = p.term(depth, gap); err == nil {
			if op == '+' {
				v, err = pyAdd(v, more)
			} else {
				v, err = pyPercent(v, more)
			}
		}
	}
	return v, err
}

// term reads an atom with what follows it: strings side by side, indices,
// methods.
func (p *pyReader) term(depth int, gap func()) (any, error) {
	v, err := p.atom(depth)
	for err == nil {
		here := p.pos
		gap()
		s, isText := v.(string)
		switch b := p.peek(); {
		case isText && (b == '"' || b == '\'' || p.prefixed()):
			var more any
			if more, err = p.atom(depth); err == nil {
				t, ok := more.(string)
				if !ok {
					return nil, notLiteral{p.pos}
				}
				v, err = pyAdd(s, t)
			}
		case b == '[':
			p.pos++
			v, err = p.subscript(v, depth)
		case b == '.':
			p.pos++
			method := p.ident()
			if p.blanks(); !p.take("(") {
				return nil, notLiteral{p.pos}
			}
			var args []any
			var named map[string]any
			if args, named, err = p.arguments(depth); err == nil {
				v, err = pyMethod(v, method, args, named)
			}
		default:
			p.pos = here
			return v, nil
		}
	}
	return nil, err
}

func tooLarge(n int) bool { return n > maxValue }

func pyAdd(a, b any) (any, error) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok && !tooLarge(len(a)+len(b)) {
			return a + b, nil
		}
	case []any:
		if b, ok := b.([]any); ok && !tooLarge(16*(len(a)+len(b))) {
			return append(append([]any{}, a...), b...), nil
		}
	case int64:
		if b, ok := b.(int64); ok {
			return a + b, nil
		}
	}
	return nil, notLiteral{}
}

// pyIndex turns an index of Python into one of Go. With clamp, what lies
// outside is moved to the end, as slices do.
func pyIndex(v any, n int, clamp bool) (int, bool) {
	i, ok := v.(int64)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(n)
	}
	if clamp {
		return int(max(0, min(i, int64(n)))), true
	}
	return int(i), i >= 0 && i < int64(n)
}

// subscript reads [index], [from:to] or [key] after its bracket.
func (p *pyReader) subscript(v any, depth int) (any, error) {
	bound := func() (any, error) {
		if p.space(); p.peek() == ':' || p.peek() == ']' {
			return nil, nil
		}
		return p.expr(depth + 1)
	}
	from, err := bound()
	if err != nil {
		return nil, err
	}
	p.space()
	slice := p.take(":")
	var to any
	if slice {
		if to, err = bound(); err != nil {
			return nil, err
		}
		p.space()
	}
	if !p.take("]") {
		return nil, notLiteral{p.pos}
	}
	switch v := v.(type) {
	case map[string]any:
		if e, ok := v[fmt.Sprint(from)]; ok && !slice {
			return e, nil
		}
	case []any:
		if slice {
			if a, b, ok := pyBounds(from, to, len(v)); ok {
				return v[a:b:b], nil
			}
		} else if i, ok := pyIndex(from, len(v), false); ok {
			return v[i], nil
		}
	case string:
		r := []rune(v)
		if slice {
			if a, b, ok := pyBounds(from, to, len(r)); ok {
				return string(r[a:b]), nil
			}
		} else if i, ok := pyIndex(from, len(r), false); ok {
			return string(r[i]), nil
		}
	}
	return nil, notLiteral{p.pos}
}

func pyBounds(from, to any, n int) (a, b int, ok bool) {
	b, ok = n, true
	if from != nil {
		a, ok = pyIndex(from, n, true)
	}
	if to != nil && ok {
		b, ok = pyIndex(to, n, true)
	}
	return min(a, b), b, ok
}

// arguments reads those of a call, after its bracket.
func (p *pyReader) arguments(depth int) (args []any, named map[string]any, err error) {
	named = map[string]any{}
	for {
		if p.space(); p.take(")") {
			return args, named, nil
		}
		here := p.pos
		name := p.ident()
		if p.space(); name == "" || p.peek() != '=' || strings.HasPrefix(p.text[p.pos:], "==") {
			p.pos, name = here, ""
		} else {
			p.pos++
		}
		v, err := p.expr(depth + 1)
		if err != nil {
			return nil, nil, err
		}
		if name != "" {
			named[name] = v
		} else {
			args = append(args, v)
		}
		if p.space(); !p.take(",") && p.peek() != ')' {
			return nil, nil, notLiteral{p.pos}
		}
	}
}

// prefixed reports whether a prefixed string such as r'...' stands here.
func (p *pyReader) prefixed() bool {
	t := p.text[p.pos:min(len(p.text), p.pos+3)]
	i := strings.IndexAny(t, `'"`)
	return i > 0 && strings.Trim(strings.ToLower(t[:i]), "rubf") == ""
}

func (p *pyReader) atom(depth int) (any, error) {
	start := p.pos
	switch b := p.peek(); {
	case b == '\'' || b == '"':
		return p.str("", depth)
	case p.prefixed():
		i := strings.IndexAny(p.text[p.pos:], `'"`)
		prefix := strings.ToLower(p.text[p.pos : p.pos+i])
		p.pos += i
		return p.str(prefix, depth)
	case b == '[' || b == '(':
		p.pos++
		return p.list(b, depth)
	case b == '{':
		p.pos++
		return p.dict(depth)
	case b == '-' || b >= '0' && b <= '9' || b == '.':
		return p.number()
	}
	name := p.ident()
	switch name {
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "None":
		return nil, nil
	case "str", "list", "tuple", "dict", "int":
		if _, own := p.values[name]; !own && p.take("(") {
			args, named, err := p.arguments(depth)
			if err != nil {
				return nil, err
			}
			return pyConvert(name, args, named)
		}
	}
	if v, ok := p.values[name]; ok && name != "" { // release = version
		return v, nil
	}
	here := p.pos
	if v, known, err := p.pathAtom(name, depth+1); known {
		return v, err
	}
	p.pos = here
	return nil, notLiteral{start}
}

func (p *pyReader) number() (any, error) {
	start, end := p.pos, p.pos+1
	for end < len(p.text) && (p.text[end] == '.' || p.text[end] == '_' || p.text[end] < 0x80 && (unicode.IsDigit(rune(p.text[end])) || unicode.IsLower(rune(p.text[end])))) {
		end++
	}
	s := p.text[start:end]
	p.pos = end
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		return n, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f, nil
	}
	return nil, notLiteral{start}
}

// pyConvert carries out the constructors of plain values.
func pyConvert(name string, args []any, named map[string]any) (any, error) {
	switch {
	case name == "dict" && len(args) == 0:
		return named, nil
	case len(args) != 1 || len(named) > 0:
	case name == "str":
		if s, ok := pyText(args[0]); ok {
			return s, nil
		}
	case name == "int":
		if n, ok := args[0].(int64); ok {
			return n, nil
		}
		if s, ok := args[0].(string); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
				return n, nil
			}
		}
	case name == "list" || name == "tuple":
		if l, ok := args[0].([]any); ok {
			return l, nil
		}
	}
	return nil, notLiteral{}
}

func (p *pyReader) list(open byte, depth int) (any, error) {
	shut := map[byte]byte{'[': ']', '(': ')', '{': '}'}[open]
	out := []any{}
	comma := false
	for {
		p.space()
		if p.peek() == shut {
			p.pos++
			if open == '(' && len(out) == 1 && !comma { // only brackets around one value
				return out[0], nil
			}
			return out, nil
		}
		star := p.take("*")
		v, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		if l, ok := v.([]any); star && ok && !tooLarge(16*(len(l)+len(out))) {
			out, comma = append(out, l...), true
		} else if star {
			return nil, notLiteral{p.pos}
		} else {
			out = append(out, v)
		}
		p.space()
		if p.peek() == ',' {
			p.pos++
			comma = true
		} else if p.peek() != shut {
			return nil, notLiteral{p.pos}
		}
	}
}

// dict reads a dictionary, and a set as a list.
func (p *pyReader) dict(depth int) (any, error) {
	out := map[string]any{}
	start := p.pos
	for {
		p.space()
		if p.peek() == '}' {
			p.pos++
			return out, nil
		}
		if p.take("**") {
			v, err := p.expr(depth + 1)
			more, ok := v.(map[string]any)
			if err != nil || !ok {
				return nil, notLiteral{p.pos}
			}
			for k, e := range more {
				out[k] = e
			}
			if p.space(); !p.take(",") && p.peek() != '}' {
				return nil, notLiteral{p.pos}
			}
			continue
		}
		k, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		p.space()
		if p.peek() != ':' {
			if len(out) > 0 {
				return nil, notLiteral{p.pos}
			}
			p.pos = start
			return p.list('{', depth)
		}
		p.pos++
		v, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		out[fmt.Sprint(k)] = v
		p.space()
		if p.peek() == ',' {
			p.pos++
		} else if p.peek() != '}' {
			return nil, notLiteral{p.pos}
		}
	}
}

func (p *pyReader) str(prefix string, depth int) (any, error) {
	start := p.pos
	q := p.text[p.pos : p.pos+1]
	if strings.HasPrefix(p.text[p.pos:], q+q+q) {
		q = q + q + q
	}
	p.pos += len(q)
	raw := strings.Contains(prefix, "r")
	var b strings.Builder
	for p.pos < len(p.text) {
		t := p.text[p.pos:]
		if strings.HasPrefix(t, q) {
			p.pos += len(q)
			if strings.Contains(prefix, "b") {
				return nil, notLiteral{start}
			}
			if !strings.Contains(prefix, "f") {
				return b.String(), nil
			}
			return pyFields(b.String(), func(field string) (any, error) { // f"{name}"
				in := pyReader{text: field, values: p.values, read: p.read}
				v, err := in.expr(depth + 1)
				if in.space(); err == nil && in.pos < len(field) {
					err = notLiteral{start}
				}
				return v, err
			})
		}
		if t[0] == '\n' && len(q) == 1 {
			return nil, notLiteral{start}
		}
		if t[0] == '\\' && len(t) > 1 {
			n := 2
			switch {
			case raw:
				b.WriteString(t[:2])
			case t[1] == '\n':
			default:
				if c, size, ok := pyEscape(t); ok {
					b.WriteString(c)
					n = size
				} else {
					b.WriteString(t[:2])
				}
			}
			p.pos += n
			continue
		}
		b.WriteByte(t[0])
		p.pos++
	}
	return nil, notLiteral{start}
}

func pyEscape(t string) (s string, size int, ok bool) {
	switch t[1] {
	case 'n':
		return "\n", 2, true
	case 't':
		return "\t", 2, true
	case 'r':
		return "\r", 2, true
	case '\\', '\'', '"':
		return t[1:2], 2, true
	case 'x', 'u', 'U':
		n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[t[1]]
		if len(t) >= 2+n {
			if v, err := strconv.ParseUint(t[2:2+n], 16, 32); err == nil {
				return string(rune(v)), 2 + n, true
			}
		}
	}
	return "", 0, false
}
