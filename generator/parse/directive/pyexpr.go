package directive

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A pyExpr is an expression of Python, as far as signatures need it.
type pyExpr struct {
	kind string // name number string const attr sub tuple list unary binary other
	text string // name, operator, or for "other" the expression written out
	kids []*pyExpr
}

var errPython = errors.New("not a Python expression")

// parsePython reads one expression; a bare comma makes a tuple.
func parsePython(s string) (*pyExpr, error) {
	tokens, err := pyTokens(s)
	if err != nil || len(tokens) == 0 {
		return nil, errPython
	}
	p := pyParser{tokens: tokens}
	e, err := p.tuple()
	if err != nil || len(p.tokens) > 0 {
		return nil, errPython
	}
	return e, nil
}

// A pyToken is a name, number, string or operator.
type pyToken struct {
	kind byte // n(ame) 0 (number) s(tring) o(perator)
	text string
}

var pyOperators = []string{"...", "**", "//", "<<", ">>", "==", "!=", "<=", ">=", ":=", "->"}

func pyTokens(s string) ([]pyToken, error) {
	var out []pyToken
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n':
			i++
		case c >= '0' && c <= '9' || c == '.' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			j := i
			for j < len(s) && (isWord(s[j]) || s[j] == '.' || (s[j] == '+' || s[j] == '-') && (s[j-1] == 'e' || s[j-1] == 'E') && !strings.HasPrefix(s[i:], "0x")) {
				j++
			}
			out = append(out, pyToken{'0', s[i:j]})
			i = j
		case c == '"' || c == '\'':
			j := pyStringEnd(s, i)
			if j < 0 {
				return nil, errPython
			}
			out = append(out, pyToken{'s', s[i:j]})
			i = j
		case c == '_' || c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			j := i + len(identifierAt(s[i:]))
			if j < len(s) && (s[j] == '"' || s[j] == '\'') && len(s[i:j]) <= 2 && strings.Trim(strings.ToLower(s[i:j]), "rbuf") == "" {
				k := pyStringEnd(s, j)
				if k < 0 {
					return nil, errPython
				}
				out = append(out, pyToken{'s', s[i:k]})
				i = k
				continue
			}
			out = append(out, pyToken{'n', s[i:j]})
			i = j
		default:
			op := ""
			for _, o := range pyOperators {
				if strings.HasPrefix(s[i:], o) {
					op = o
					break
				}
			}
			if op == "" {
				if strings.IndexByte("()[]{},:.=+-*/%@&|^~<>", c) < 0 {
					return nil, errPython
				}
				op = string(c)
			}
			out = append(out, pyToken{'o', op})
			i += len(op)
		}
	}
	return out, nil
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// pyStringEnd is where the string that starts at i ends, or -1.
func pyStringEnd(s string, i int) int {
	q := s[i : i+1]
	if strings.HasPrefix(s[i:], strings.Repeat(q, 3)) {
		q = strings.Repeat(q, 3)
	}
	for j := i + len(q); j < len(s); j++ {
		if s[j] == '\\' {
			j++
		} else if strings.HasPrefix(s[j:], q) {
			return j + len(q)
		}
	}
	return -1
}

type pyParser struct {
	tokens []pyToken
	depth  int
}

func (p *pyParser) peek(text string) bool {
	return len(p.tokens) > 0 && p.tokens[0].text == text && p.tokens[0].kind != 's'
}

func (p *pyParser) take(text string) bool {
	if p.peek(text) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *pyParser) tuple() (*pyExpr, error) {
	e, err := p.expr()
	if err != nil || !p.peek(",") {
		return e, err
	}
	t := &pyExpr{kind: "tuple", kids: []*pyExpr{e}}
	for p.take(",") {
		if len(p.tokens) == 0 || p.peek(")") || p.peek("]") {
			break
		}
		if e, err = p.expr(); err != nil {
			return nil, err
		}
		t.kids = append(t.kids, e)
	}
	return t, nil
}

// pyLevels are the binary operators, loosest first.
var pyLevels = [][]string{{"or"}, {"and"}, {"<", ">", "==", "!=", "<=", ">=", "in", "is"}, {"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%", "@"}}

func (p *pyParser) expr() (*pyExpr, error) {
	if p.depth++; p.depth > 100 {
		return nil, errPython
	}
	defer func() { p.depth-- }()
	if p.take("lambda") {
		return p.lambda()
	}
	e, err := p.binary(0)
	if err != nil || !p.take("if") {
		return e, err
	}
	cond, err := p.binary(0)
	if err != nil || !p.take("else") {
		return nil, errPython
	}
	other, err := p.expr()
	if err != nil {
		return nil, err
	}
	return &pyExpr{kind: "other", text: e.String() + " if " + cond.String() + " else " + other.String()}, nil
}

func (p *pyParser) lambda() (*pyExpr, error) {
	var args []string
	for !p.peek(":") {
		if len(p.tokens) == 0 {
			return nil, errPython
		}
		star := ""
		if p.take("*") {
			star = "*"
		} else if p.take("**") {
			star = "**"
		}
		if len(p.tokens) == 0 || p.tokens[0].kind != 'n' {
			return nil, errPython
		}
		args = append(args, star+p.tokens[0].text)
		p.tokens = p.tokens[1:]
		if p.take("=") {
			v, err := p.expr()
			if err != nil {
				return nil, err
			}
			args[len(args)-1] += "=" + v.String()
		}
		if !p.take(",") {
			break
		}
	}
	if !p.take(":") {
		return nil, errPython
	}
	if _, err := p.expr(); err != nil {
		return nil, err
	}
	// Sphinx does not show the body.
	return &pyExpr{kind: "other", text: strings.TrimSpace("lambda "+strings.Join(args, ", ")) + ": ..."}, nil
}

func (p *pyParser) binary(level int) (*pyExpr, error) {
	if level == len(pyLevels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := ""
		for _, o := range pyLevels[level] {
			if p.take(o) {
				op = o
				break
			}
		}
		if op == "" {
			return left, nil
		}
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		left = &pyExpr{kind: "binary", text: op, kids: []*pyExpr{left, right}}
	}
}

func (p *pyParser) unary() (*pyExpr, error) {
	if p.depth++; p.depth > 100 {
		return nil, errPython
	}
	defer func() { p.depth-- }()
	for _, op := range []string{"-", "+", "~", "not"} {
		if p.take(op) {
			e, err := p.unary()
			if err != nil {
				return nil, err
			}
			return &pyExpr{kind: "unary", text: op, kids: []*pyExpr{e}}, nil
		}
	}
	e, err := p.postfix()
	if err != nil || !p.take("**") {
		return e, err
	}
	right, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &pyExpr{kind: "binary", text: "**", kids: []*pyExpr{e, right}}, nil
}

func (p *pyParser) postfix() (*pyExpr, error) {
	e, err := p.atom()
	for err == nil {
		switch {
		case p.take("."):
			if len(p.tokens) == 0 || p.tokens[0].kind != 'n' {
				return nil, errPython
			}
			e = &pyExpr{kind: "attr", text: p.tokens[0].text, kids: []*pyExpr{e}}
			p.tokens = p.tokens[1:]
		case p.take("["):
			var index *pyExpr
			if index, err = p.subscript(); err != nil {
				return nil, err
			}
			e = &pyExpr{kind: "sub", kids: []*pyExpr{e, index}}
		case p.take("("):
			var args []string
			if args, err = p.items(")", true); err != nil {
				return nil, err
			}
			e = &pyExpr{kind: "other", text: e.String() + "(" + strings.Join(args, ", ") + ")"}
		default:
			return e, nil
		}
	}
	return nil, err
}

func (p *pyParser) subscript() (*pyExpr, error) {
	e, err := p.tuple()
	if err != nil {
		return nil, err
	}
	if !p.take("]") {
		return nil, errPython
	}
	return e, nil
}

// items reads what stands in brackets, written out.
func (p *pyParser) items(end string, keywords bool) ([]string, error) {
	var out []string
	for !p.take(end) {
		prefix := ""
		if p.take("*") {
			prefix = "*"
		} else if p.take("**") {
			prefix = "**"
		} else if keywords && len(p.tokens) > 1 && p.tokens[0].kind == 'n' && p.tokens[1].text == "=" {
			prefix = p.tokens[0].text + "="
			p.tokens = p.tokens[2:]
		}
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		text := prefix + e.String()
		if end == "}" && p.take(":") {
			v, err := p.expr()
			if err != nil {
				return nil, err
			}
			text += ": " + v.String()
		}
		out = append(out, text)
		if !p.take(",") {
			if !p.take(end) {
				return nil, errPython
			}
			return out, nil
		}
	}
	return out, nil
}

func (p *pyParser) atom() (*pyExpr, error) {
	if len(p.tokens) == 0 {
		return nil, errPython
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	switch {
	case t.kind == 'n' && (t.text == "True" || t.text == "False" || t.text == "None"):
		return &pyExpr{kind: "const", text: t.text}, nil
	case t.kind == 'n' && pyKeywords[t.text]:
		return nil, errPython
	case t.kind == 'n':
		return &pyExpr{kind: "name", text: t.text}, nil
	case t.kind == '0':
		return &pyExpr{kind: "number", text: t.text}, nil
	case t.kind == 's':
		value := pyStringValue(t.text)
		for len(p.tokens) > 0 && p.tokens[0].kind == 's' {
			value += pyStringValue(p.tokens[0].text)
			p.tokens = p.tokens[1:]
		}
		prefix := strings.ToLower(t.text[:strings.IndexAny(t.text, `"'`)])
		if strings.Contains(prefix, "f") {
			return nil, errPython
		}
		return &pyExpr{kind: "string", text: strings.Repeat("b", strings.Count(prefix, "b")) + pyRepr(value)}, nil
	case t.text == "...":
		return &pyExpr{kind: "const", text: "..."}, nil
	case t.text == "(":
		if p.take(")") {
			return &pyExpr{kind: "tuple"}, nil
		}
		e, err := p.tuple()
		if err != nil || !p.take(")") {
			return nil, errPython
		}
		return e, nil
	case t.text == "[":
		l := &pyExpr{kind: "list"}
		for !p.take("]") {
			e, err := p.expr()
			if err != nil {
				return nil, err
			}
			l.kids = append(l.kids, e)
			if !p.take(",") {
				if !p.take("]") {
					return nil, errPython
				}
				break
			}
		}
		return l, nil
	case t.text == "{":
		items, err := p.items("}", false)
		if err != nil {
			return nil, err
		}
		return &pyExpr{kind: "other", text: "{" + strings.Join(items, ", ") + "}"}, nil
	}
	return nil, errPython
}

var pyKeywords = map[string]bool{"and": true, "as": true, "assert": true, "async": true, "await": true, "break": true, "class": true,
	"continue": true, "def": true, "del": true, "elif": true, "else": true, "except": true, "finally": true, "for": true, "from": true,
	"global": true, "if": true, "import": true, "in": true, "is": true, "lambda": true, "nonlocal": true, "not": true, "or": true,
	"pass": true, "raise": true, "return": true, "try": true, "while": true, "with": true, "yield": true, "True": true, "False": true, "None": true}

// String writes the expression as Sphinx shows default values.
func (e *pyExpr) String() string {
	join := func() string {
		s := make([]string, len(e.kids))
		for i, k := range e.kids {
			s[i] = k.String()
		}
		return strings.Join(s, ", ")
	}
	switch e.kind {
	case "attr":
		return e.kids[0].String() + "." + e.text
	case "sub":
		index := e.kids[1].String()
		if e.kids[1].kind == "tuple" {
			index = strings.Trim(index, "()")
		}
		return e.kids[0].String() + "[" + index + "]"
	case "list":
		return "[" + join() + "]"
	case "tuple":
		if len(e.kids) == 1 {
			return "(" + join() + ",)"
		}
		return "(" + join() + ")"
	case "unary":
		if e.text == "not" {
			return "not " + e.kids[0].String()
		}
		return e.text + e.kids[0].String()
	case "binary":
		return e.kids[0].String() + " " + e.text + " " + e.kids[1].String()
	}
	return e.text
}

// pyStringValue gives the value of a string literal.
func pyStringValue(lit string) string {
	i := strings.IndexAny(lit, `"'`)
	raw := strings.ContainsAny(lit[:i], "rR")
	body := lit[i:]
	n := 1
	if len(body) >= 6 && body[0] == body[1] && body[1] == body[2] {
		n = 3
	}
	body = body[n : len(body)-n]
	if raw || !strings.Contains(body, `\`) {
		return body
	}
	var out strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			out.WriteByte(body[i])
			continue
		}
		i++
		switch c := body[i]; c {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'r':
			out.WriteByte('\r')
		case 'a', 'b', 'f', 'v':
			out.WriteByte(map[byte]byte{'a': 7, 'b': 8, 'f': 12, 'v': 11}[c])
		case '0', '1', '2', '3', '4', '5', '6', '7':
			n := 1
			for n < 3 && i+n < len(body) && body[i+n] >= '0' && body[i+n] <= '7' {
				n++
			}
			v, _ := strconv.ParseUint(body[i:i+n], 8, 32)
			out.WriteRune(rune(v))
			i += n - 1
		case '\n':
		case '\\', '\'', '"':
			out.WriteByte(c)
		case 'x':
			var v rune
			if _, err := fmt.Sscanf(body[i+1:min(len(body), i+3)], "%02x", &v); err == nil {
				out.WriteRune(v)
				i += 2
				continue
			}
			out.WriteString(`\x`)
		default:
			out.WriteByte('\\')
			out.WriteByte(c)
		}
	}
	return out.String()
}

// pyRepr writes a string as Python's repr does.
func pyRepr(s string) string {
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	var out strings.Builder
	out.WriteByte(q)
	for i, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\r':
			out.WriteString(`\r`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&out, `\x%02x`, r)
		case r == utf8.RuneError:
			out.WriteByte(s[i])
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte(q)
	return out.String()
}
