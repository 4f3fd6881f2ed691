package directive

import "strings"

// pyObject finds a function, class or assigned name in a Python source, by
// its dotted name, and gives its first and last 1-based line, or 0, 0. It
// reads indentation and brackets, not Python: decorators belong to the object,
// strings over several lines and comments are passed over.
func pyObject(lines []string, name string) (from, to int) {
	type scope struct {
		indent int
		name   string
		start  int
	}
	var open []scope
	last := 0 // last line that is neither blank nor a comment
	decorated := 0
	var result [2]int
	closeTo := func(indent int) {
		for len(open) > 0 && open[len(open)-1].indent >= indent {
			s := open[len(open)-1]
			if s.name == name && result[0] == 0 {
				result = [2]int{s.start, last}
			}
			open = open[:len(open)-1]
		}
	}
	var lex pyLexer
	for i, line := range lines {
		inside := lex.open()
		code := lex.feed(line)
		if !inside && blank(code) {
			continue
		}
		if inside {
			if !blank(line) {
				last = i + 1
			}
			continue
		}
		indent := len(code) - len(strings.TrimLeft(code, " \t"))
		closeTo(indent)
		last = i + 1
		word := strings.TrimSpace(code)
		if strings.HasPrefix(word, "@") {
			if decorated == 0 {
				decorated = i + 1
			}
			continue
		}
		start := i + 1
		if decorated > 0 {
			start = decorated
		}
		decorated = 0
		prefix := ""
		if len(open) > 0 {
			prefix = open[len(open)-1].name + "."
		}
		if id := definedName(word); id != "" {
			open = append(open, scope{indent, prefix + id, start})
		} else if id := assignedName(word); id != "" && prefix+id == name && result[0] == 0 {
			return i + 1, endOfStatement(lines, i, lex)
		}
	}
	closeTo(0)
	return result[0], result[1]
}

func endOfStatement(lines []string, i int, lex pyLexer) int {
	for lex.open() && i+1 < len(lines) {
		i++
		lex.feed(lines[i])
	}
	return i + 1
}

// definedName is the name that a def or class statement defines.
func definedName(s string) string {
	rest, ok := strings.CutPrefix(s, "class ")
	if !ok {
		rest, ok = strings.CutPrefix(strings.TrimLeft(strings.TrimPrefix(s, "async "), " "), "def ")
	}
	if !ok {
		return ""
	}
	return identifierAt(strings.TrimLeft(rest, " "))
}

// assignedName is the name at the left of a simple assignment.
func assignedName(s string) string {
	id := identifierAt(s)
	rest := strings.TrimLeft(s[len(id):], " ")
	if id == "" || !(strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==") || strings.HasPrefix(rest, ":") && strings.Contains(rest, "=")) {
		return ""
	}
	return id
}

func identifierAt(s string) string {
	i := 0
	for i < len(s) && (s[i] == '_' || s[i] >= 0x80 || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || i > 0 && s[i] >= '0' && s[i] <= '9') {
		i++
	}
	return s[:i]
}

// A pyLexer knows whether a line of Python ends inside brackets, a long
// string or a continued line.
type pyLexer struct {
	quote string // of the long string that is open
	depth int
	slash bool
}

func (l *pyLexer) open() bool { return l.quote != "" || l.depth > 0 || l.slash }

// feed reads a line and gives it without comments and the insides of strings.
func (l *pyLexer) feed(line string) string {
	var code strings.Builder
	l.slash = false
	for i := 0; i < len(line); {
		if l.quote != "" {
			if line[i] == '\\' {
				i += 2
			} else if strings.HasPrefix(line[i:], l.quote) {
				i += len(l.quote)
				l.quote = ""
			} else {
				i++
			}
			continue
		}
		c := line[i]
		switch {
		case c == '#' || c == '\n':
			return code.String()
		case c == '\\' && strings.TrimRight(line[i+1:], "\r\n") == "":
			l.slash = true
			return code.String()
		case c == '"' || c == '\'':
			three := strings.Repeat(string(c), 3)
			code.WriteByte(c)
			if strings.HasPrefix(line[i:], three) {
				l.quote = three
				i += 3
				continue
			}
			for i++; i < len(line) && line[i] != c && line[i] != '\n'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
			i++
			continue
		case strings.IndexByte("([{", c) >= 0:
			l.depth++
		case strings.IndexByte(")]}", c) >= 0:
			l.depth = max(0, l.depth-1)
		}
		code.WriteByte(c)
		i++
	}
	return code.String()
}
