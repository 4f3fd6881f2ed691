package site

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A skippedName is a setting whose value is not known.
type skippedName struct {
	name string
	off  int
}

// A pyReader reads the small part of Python that settings are written in:
// assignments of literals, of names assigned before, and of what a few pure
// operations make of them. Statements are in this file, values in pyvalue.go.
// What it cannot read it skips whole; a name is then forgotten.
type pyReader struct {
	text    string
	pos     int
	values  map[string]any
	skipped []skippedName
	quiet   int                                      // one more than where the last block began whose lines were read
	read    func(name string) (text string, ok bool) // a file of the tree; nil where there is none
}

type notLiteral struct{ off int }

func (e notLiteral) Error() string { return "no literal at byte " + strconv.Itoa(e.off) }

func (p *pyReader) file() {
	for p.pos < len(p.text) {
		start := p.pos
		p.statement()
		p.restOfStatement(start)
	}
}

var pyBlock = map[string]bool{"if": true, "for": true, "while": true, "try": true, "else": true, "finally": true,
	"with": true, "class": true, "def": true, "elif": true, "except": true, "import": true, "from": true, "async": true}

// statement reads one that changes names, if it is one.
func (p *pyReader) statement() {
	start := p.pos
	if p.changes() {
		return
	}
	p.pos = start
	if p.take("with ") && p.with() {
		p.quiet = start + 1
		return
	}
	p.pos = start
	targets := p.targets()
	if targets.names == nil {
		return
	}
	op := ""
	switch {
	case p.take("+="):
		op = "+="
	case p.peek() == '=' && !strings.HasPrefix(p.text[p.pos:], "=="):
		op, p.pos = "=", p.pos+1
	case p.peek() == ':' && !targets.unpack: // name: type = value
		i := strings.IndexAny(p.text[p.pos:], "=\n")
		if i < 0 || p.text[p.pos+i] == '\n' {
			return
		}
		op, p.pos = "=", p.pos+i+1
	default:
		return
	}
	all := []pyTargets{targets}
	for op == "=" { // a = b = value
		here := p.pos
		p.blanks()
		more := p.targets()
		if more.names == nil || p.peek() != '=' || strings.HasPrefix(p.text[p.pos:], "==") {
			p.pos = here
			break
		}
		p.pos++
		all = append(all, more)
	}
	if p.blanks(); strings.HasPrefix(p.text[p.pos:], "patchlevel.get_version_info()") { // see patchLevel
		return
	}
	v, err := p.whole()
	for _, t := range all {
		p.assign(t, op, v, err)
	}
}

// whole reads a value up to the end of its statement; values with commas
// between them are a tuple.
func (p *pyReader) whole() (any, error) {
	v, err := p.expr(0)
	if p.blanks(); err == nil && p.peek() == ',' {
		all := []any{v}
		for err == nil && p.take(",") {
			if p.blanks(); p.atEnd() {
				break
			}
			if v, err = p.expr(0); err == nil {
				all = append(all, v)
			}
			p.blanks()
		}
		v = all
	}
	if err == nil && !p.atEnd() {
		err = notLiteral{p.pos}
	}
	return v, err
}

func (p *pyReader) atEnd() bool {
	b := p.peek()
	return b == '\n' || b == 0 || b == '#' || b == ';' || b == '\r'
}

// pyTargets are the names on the left of an assignment. unpack says that each
// takes a part of the value.
type pyTargets struct {
	names  []skippedName
	unpack bool
}

func (p *pyReader) targets() (out pyTargets) {
	open := p.peek()
	shut := map[byte]string{'(': ")", '[': "]"}[open]
	if shut != "" {
		p.pos++
	}
	for {
		p.blanks()
		off := p.pos
		name := p.ident()
		if name == "" || pyBlock[name] {
			return pyTargets{}
		}
		out.names = append(out.names, skippedName{name, off})
		if p.blanks(); !p.take(",") {
			break
		}
		out.unpack = true
		if p.blanks(); p.peek() == '=' || shut != "" && p.peek() == shut[0] { // a, = value
			break
		}
	}
	if shut != "" {
		if !p.take(shut) {
			return pyTargets{}
		}
		p.blanks()
	}
	return out
}

func (p *pyReader) assign(t pyTargets, op string, v any, err error) {
	names := t.names
	if !t.unpack {
		set := p.set
		if op == "+=" {
			old := p.values[names[0].name]
			if err == nil {
				v, err = pyAdd(old, v)
			}
			if _, list := old.([]any); list {
				set = p.extend
			}
		}
		set(names[0], v, err)
		return
	}
	parts, ok := v.([]any)
	for i, n := range names {
		if err == nil && ok && op == "=" && len(parts) == len(names) {
			p.set(n, parts[i], nil)
		} else {
			p.set(n, nil, notLiteral{n.off})
		}
	}
}

func (p *pyReader) set(n skippedName, v any, err error) {
	if err != nil {
		delete(p.values, n.name)
		p.skipped = append(p.skipped, n)
		return
	}
	p.values[n.name] = v
}

// extend sets what a list or a dict became. Where that cannot be read, what
// was known of it before stays.
func (p *pyReader) extend(n skippedName, v any, err error) {
	if err != nil {
		p.skipped = append(p.skipped, n)
		return
	}
	p.values[n.name] = v
}

// changes reads a statement that changes a list or a dict: name.append(value)
// and its kin, name[key] = value.
func (p *pyReader) changes() bool {
	n := skippedName{off: p.pos}
	n.name = p.ident()
	old, known := p.values[n.name]
	if !known {
		return false
	}
	p.blanks()
	switch {
	case p.take("."):
		method := p.ident()
		if p.blanks(); !p.take("(") {
			return false
		}
		args, named, err := p.arguments(0)
		var v any
		if err == nil {
			v, err = pyChange(old, method, args)
		}
		if p.blanks(); err == nil && (len(named) > 0 || !p.atEnd()) {
			err = notLiteral{p.pos}
		}
		p.extend(n, v, err)
		return true
	case p.take("["):
		key, err := p.expr(1)
		if p.space(); err == nil && !p.take("]") {
			return false
		}
		if p.blanks(); p.peek() != '=' || strings.HasPrefix(p.text[p.pos:], "==") {
			return false
		}
		p.pos++
		var v any
		if err == nil {
			v, err = p.whole()
		}
		made := map[string]any{}
		if m, ok := old.(map[string]any); ok {
			for k, e := range m {
				made[k] = e
			}
			made[fmt.Sprint(key)] = v
		} else {
			err = notLiteral{p.pos}
		}
		p.extend(n, made, err)
		return true
	}
	return false
}

// pyChange gives what a method makes of a list or a dict.
func pyChange(old any, method string, args []any) (any, error) {
	switch old := old.(type) {
	case []any:
		switch {
		case method == "append" && len(args) == 1:
			return pyAdd(old, []any{args[0]})
		case method == "extend" && len(args) == 1:
			return pyAdd(old, args[0])
		case method == "insert" && len(args) == 2:
			at, ok := pyIndex(args[0], len(old), true)
			if !ok {
				return nil, notLiteral{}
			}
			v, err := pyAdd(append([]any{}, old[:at]...), []any{args[1]})
			if err != nil {
				return nil, err
			}
			return pyAdd(v, append([]any{}, old[at:]...))
		case method == "remove" && len(args) == 1:
			for i, v := range old {
				if s, ok := v.(string); ok && s == args[0] {
					return append(append([]any{}, old[:i]...), old[i+1:]...), nil
				}
			}
		}
	case map[string]any:
		if more, ok := first0(args).(map[string]any); method == "update" && ok && len(args) == 1 {
			made := map[string]any{}
			for _, m := range []map[string]any{old, more} {
				for k, v := range m {
					made[k] = v
				}
			}
			return made, nil
		}
	}
	return nil, notLiteral{}
}

func first0(l []any) any {
	if len(l) == 0 {
		return nil
	}
	return l[0]
}

// restOfStatement moves to the next line that starts in the first column,
// stepping over strings, brackets and indented lines.
func (p *pyReader) restOfStatement(start int) {
	p.pos = start
	depth := 0
	for p.pos < len(p.text) {
		switch b := p.text[p.pos]; b {
		case '#':
			p.pos += strings.IndexByte(p.text[p.pos:]+"\n", '\n')
			continue
		case '\'', '"':
			before := p.pos
			if _, err := p.str("", 0); err != nil || p.pos == before {
				p.pos = before + 1
			}
			continue
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '\\':
			if strings.HasPrefix(p.text[p.pos:], "\\\n") {
				p.pos++
			}
		case '\n':
			if depth > 0 {
				break
			}
			n := p.pos + 1
			if n >= len(p.text) || !strings.ContainsRune(" \t\r\n", rune(p.text[n])) {
				p.pos = n
				return
			}
			p.noteInside(start, n)
		}
		p.pos++
	}
}

// noteInside notes a setting that an indented line assigns: whether it holds
// depends on what runs.
func (p *pyReader) noteInside(start, line int) {
	if p.quiet == start+1 {
		return
	}
	if w := (&pyReader{text: p.text, pos: start}).ident(); w == "def" || w == "class" || w == "async" {
		return
	}
	in := pyReader{text: p.text, pos: line}
	in.blanks()
	n := skippedName{off: in.pos}
	n.name = in.ident()
	if in.blanks(); settings[n.name] && in.peek() == '=' && !strings.HasPrefix(in.text[in.pos:], "==") {
		p.skipped = append(p.skipped, n)
	}
}

func (p *pyReader) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *pyReader) blanks() {
	for p.pos < len(p.text) {
		if b := p.text[p.pos]; b == ' ' || b == '\t' {
			p.pos++
		} else if strings.HasPrefix(p.text[p.pos:], "\\\n") {
			p.pos += 2
		} else {
			return
		}
	}
}

// space also steps over line ends and comments: inside brackets.
func (p *pyReader) space() {
	for p.pos < len(p.text) {
		switch b := p.text[p.pos]; {
		case b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\\':
			p.pos++
		case b == '#':
			p.pos += strings.IndexByte(p.text[p.pos:]+"\n", '\n')
		default:
			return
		}
	}
}

func (p *pyReader) ident() string {
	i := p.pos
	for i < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[i:])
		if r == '_' || unicode.IsLetter(r) || (i > p.pos && unicode.IsDigit(r)) {
			i += n
			continue
		}
		break
	}
	s := p.text[p.pos:i]
	p.pos = i
	return s
}

func (p *pyReader) take(s string) bool {
	if strings.HasPrefix(p.text[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}
