package site

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"docent/generator/doc"
)

// A Conf is what the literal assignments of a Sphinx conf.py say. The file is
// read, never run: values are string, bool, int64, float64, nil, []any and
// map[string]any.
type Conf struct {
	Values map[string]any
	Source *doc.Source // nil when there is no conf.py
	Diags  []doc.Diag
}

// settings are the names that this program acts upon. An assignment to one
// of them that is no literal deserves a warning; any other only a note.
var settings = map[string]bool{
	"project": true, "author": true, "copyright": true, "project_copyright": true, "version": true, "release": true,
	"root_doc": true, "master_doc": true, "exclude_patterns": true, "include_patterns": true, "source_suffix": true,
	"html_static_path": true, "html_extra_path": true, "html_css_files": true, "html_js_files": true,
	"html_title": true, "html_short_title": true, "html_logo": true, "html_favicon": true, "html_baseurl": true,
	"manpages_url": true, "smartquotes": true, "trim_doctest_flags": true, "rst_prolog": true, "rst_epilog": true, "default_role": true, "primary_domain": true, "highlight_language": true,
	"numfig": true, "numfig_format": true, "extlinks": true, "intersphinx_mapping": true, "language": true,
	"today": true, "today_fmt": true, "nitpicky": true,
}

// ReadConf reads the literal assignments of a conf.py.
func ReadConf(src *doc.Source) *Conf {
	c := &Conf{Values: map[string]any{}, Source: src}
	p := pyReader{text: src.Text, values: c.Values}
	p.file()
	if len(p.skipped) > 0 {
		sev, names := doc.Info, []string{}
		first := p.skipped[0]
		for i, s := range p.skipped {
			if settings[s.name] && sev == doc.Info {
				sev, first = doc.Warning, p.skipped[i]
			}
			names = append(names, s.name)
		}
		sort.Strings(names)
		c.Diags = append(c.Diags, doc.Diag{Severity: sev, Code: "conf-not-literal",
			Message: "Not read, because the value is no literal: " + strings.Join(dedupe(names), ", ") + ".",
			Hint:    "conf.py is read, not run; write the value out if the site needs it.",
			Source:  src, Off: first.off, Len: len(first.name)})
	}
	return c
}

func dedupe(sorted []string) []string {
	out := sorted[:0]
	for i, s := range sorted {
		if i == 0 || s != sorted[i-1] {
			out = append(out, s)
		}
	}
	return out
}

// String gives a string setting, or "".
func (c *Conf) String(names ...string) string {
	for _, n := range names {
		if s, ok := c.Values[n].(string); ok {
			return s
		}
	}
	return ""
}

// Bool gives a boolean setting, or false.
func (c *Conf) Bool(name string) bool {
	switch v := c.Values[name].(type) {
	case bool:
		return v
	case int64:
		return v != 0
	}
	return false
}

// Strings gives a setting that is a list of strings, or a single one.
func (c *Conf) Strings(name string) []string {
	switch v := c.Values[name].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			switch e := e.(type) {
			case string:
				out = append(out, e)
			case []any: // html_css_files holds (name, attributes)
				if len(e) > 0 {
					if s, ok := e[0].(string); ok {
						out = append(out, s)
					}
				}
			}
		}
		return out
	case map[string]any: // source_suffix may map a suffix to a parser
		var out []string
		for k := range v {
			out = append(out, k)
		}
		sort.Strings(out)
		return out
	}
	return nil
}

type skippedName struct {
	name string
	off  int
}

// A pyReader reads the small part of Python that settings are written in.
type pyReader struct {
	text    string
	pos     int
	values  map[string]any
	skipped []skippedName
}

type notLiteral struct{ off int }

func (e notLiteral) Error() string { return "no literal at byte " + strconv.Itoa(e.off) }

func (p *pyReader) file() {
	for p.pos < len(p.text) {
		start := p.pos
		if name := p.ident(); name != "" {
			off := start
			p.blanks()
			op := ""
			switch {
			case strings.HasPrefix(p.text[p.pos:], "+="):
				op, p.pos = "+=", p.pos+2
			case p.peek() == '=' && !strings.HasPrefix(p.text[p.pos:], "=="):
				op, p.pos = "=", p.pos+1
			case p.peek() == ':' && !pyBlock[name]: // name: type = value
				if i := strings.IndexAny(p.text[p.pos:], "=\n"); i >= 0 && p.text[p.pos+i] == '=' {
					op, p.pos = "=", p.pos+i+1
				}
			}
			if op != "" {
				v, err := p.expr(0)
				if err == nil {
					p.blanks()
					if b := p.peek(); b != '\n' && b != 0 && b != '#' && b != ';' && b != '\r' {
						err = notLiteral{p.pos}
					}
				}
				if err == nil && op == "+=" {
					v, err = pyAdd(p.values[name], v)
				}
				if err != nil {
					delete(p.values, name)
					p.skipped = append(p.skipped, skippedName{name, off})
				} else {
					p.values[name] = v
				}
			}
		}
		p.restOfStatement(start)
	}
}

var pyBlock = map[string]bool{"if": true, "for": true, "while": true, "try": true, "else": true, "finally": true,
	"with": true, "class": true, "def": true, "elif": true, "except": true}

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
			if _, err := p.str(""); err != nil || p.pos == before {
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
			if depth == 0 {
				if n := p.pos + 1; n >= len(p.text) || !strings.ContainsRune(" \t\r\n", rune(p.text[n])) {
					p.pos = n
					return
				}
			}
		}
		p.pos++
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

// maxNesting bounds brackets in brackets, so that a hostile file cannot
// exhaust the stack.
const maxNesting = 64

func (p *pyReader) expr(depth int) (any, error) {
	if depth > maxNesting {
		return nil, notLiteral{p.pos}
	}
	gap := p.blanks
	if depth > 0 {
		gap = p.space
	}
	gap()
	v, err := p.atom(depth)
	for err == nil {
		gap()
		b := p.peek()
		if s, ok := v.(string); ok && (b == '"' || b == '\'' || p.prefixed()) {
			var more any
			if more, err = p.atom(depth); err == nil {
				if t, ok := more.(string); ok {
					v = s + t
					continue
				}
				err = notLiteral{p.pos}
			}
			break
		}
		if b != '+' {
			break
		}
		p.pos++
		gap()
		var more any
		if more, err = p.atom(depth); err == nil {
			v, err = pyAdd(v, more)
		}
	}
	return v, err
}

func pyAdd(a, b any) (any, error) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return a + b, nil
		}
	case []any:
		if b, ok := b.([]any); ok {
			return append(append([]any{}, a...), b...), nil
		}
	}
	return nil, notLiteral{}
}

// prefixed reports whether a prefixed string such as r'...' stands here.
func (p *pyReader) prefixed() bool {
	t := p.text[p.pos:min(len(p.text), p.pos+3)]
	i := strings.IndexAny(t, `'"`)
	return i > 0 && strings.Trim(strings.ToLower(t[:i]), "rub") == ""
}

func (p *pyReader) atom(depth int) (any, error) {
	start := p.pos
	switch b := p.peek(); {
	case b == '\'' || b == '"':
		return p.str("")
	case p.prefixed():
		i := strings.IndexAny(p.text[p.pos:], `'"`)
		prefix := strings.ToLower(p.text[p.pos : p.pos+i])
		p.pos += i
		return p.str(prefix)
	case b == '[' || b == '(':
		p.pos++
		return p.list(b, depth)
	case b == '{':
		p.pos++
		return p.dict(depth)
	case b == '-' || b >= '0' && b <= '9' || b == '.':
		end := p.pos + 1
		for end < len(p.text) && (p.text[end] == '.' || p.text[end] == '_' || p.text[end] >= '0' && p.text[end] <= '9' ||
			p.text[end] >= 'a' && p.text[end] <= 'z') {
			end++
		}
		s := p.text[p.pos:end]
		p.pos = end
		if n, err := strconv.ParseInt(s, 0, 64); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f, nil
		}
		return nil, notLiteral{start}
	}
	name := p.ident()
	if b := p.peek(); b == '.' || b == '(' || b == '[' || b == '"' || b == '\'' {
		return nil, notLiteral{start}
	}
	switch name {
	case "True":
		return true, nil
	case "False":
		return false, nil
	case "None":
		return nil, nil
	}
	if v, ok := p.values[name]; ok && name != "" { // release = version
		return v, nil
	}
	return nil, notLiteral{start}
}

func (p *pyReader) list(open byte, depth int) (any, error) {
	shut := byte(']')
	if open == '(' {
		shut = ')'
	}
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
		v, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		p.space()
		if p.peek() == ',' {
			p.pos++
			comma = true
		} else if p.peek() != shut {
			return nil, notLiteral{p.pos}
		}
	}
}

func (p *pyReader) dict(depth int) (any, error) {
	out := map[string]any{}
	for {
		p.space()
		if p.peek() == '}' {
			p.pos++
			return out, nil
		}
		k, err := p.expr(depth + 1)
		if err != nil {
			return nil, err
		}
		p.space()
		if p.peek() != ':' {
			return nil, notLiteral{p.pos}
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

func (p *pyReader) str(prefix string) (any, error) {
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
			return b.String(), nil
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
