package lex

import (
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

type yamlScanner struct {
	scanner
	key                          finder // of what ends the search for a key
	lastKey, lastHash, lastSlash lineLast
}

// scanYAML is the YAML lexer, which has one state.
func scanYAML(dst []chroma.Token, text string) []chroma.Token {
	s := yamlScanner{scanner: scanner{text: text, tokens: dst}}
	for s.at < len(text) {
		rest := text[s.at:]
		if n := spaces(rest); n > 0 {
			s.emit(chroma.TextWhitespace, n)
			continue
		}
		if s.mark(rest) || s.keyed(rest) || s.value(rest) {
			continue
		}
		t := chroma.Text
		if strings.IndexByte("?:,[]", rest[0]) >= 0 {
			t = chroma.Punctuation
		}
		_, n := utf8.DecodeRuneInString(rest)
		s.emit(t, n)
	}
	return s.tokens
}

// mark takes what stands between values: dashes, comments, anchors, tags.
func (s *yamlScanner) mark(rest string) bool {
	if s.lineStart() && (strings.HasPrefix(rest, "---") || strings.HasPrefix(rest, "...")) {
		return s.give(chroma.NameNamespace, 3)
	}
	switch c := rest[0]; c {
	case '?':
		n := 1 + spaces(rest[1:])
		return strings.HasPrefix(rest[n:], "- ") && s.give(chroma.Text, n+2)
	case '-':
		return hasAt(rest, 1, ' ') && s.give(chroma.Text, 2)
	case '#':
		return s.give(chroma.Comment, line(rest))
	case '/':
		return hasAt(rest, 1, '/') && s.give(chroma.Comment, line(rest))
	case '!', '&', '*':
		n := 1
		if c == '!' {
			if !hasAt(rest, 1, '!') {
				return false
			}
			n = 2
		}
		k := notSpaces(rest[n:])
		return k > 0 && s.give(chroma.CommentPreproc, n+k)
	case '%':
		if n := len("%include"); s.lineStart() && strings.HasPrefix(rest, "%include") && spaces(rest[n:]) > 0 {
			from, end := restOfLine(rest, n)
			if i := strings.IndexByte(rest[from:end], '\r'); i >= 0 {
				end = from + i
			}
			return from > n && end > from && s.give(chroma.CommentPreproc, end)
		}
	}
	return false
}

// notSpaces is \S*.
func notSpaces(s string) int {
	n := 0
	for n < len(s) && oneSpace(s[n:]) == 0 {
		n++
	}
	return n
}

// keyed takes a key with its colon.
func (s *yamlScanner) keyed(rest string) bool {
	if len(rest) > 1 && rest[0] == '"' && strings.IndexByte("\"\n#", rest[1]) < 0 {
		_, one := utf8.DecodeRuneInString(rest[1:])
		if last := s.lastKey.find(s.text, s.at, `": `); last >= s.at+1+one {
			return s.give(chroma.NameTag, last+3-s.at)
		}
	}
	end := s.key.next(s.text, s.at, yamlKeyEnd)
	switch {
	case end == len(s.text):
		return false
	case s.text[end] == ':':
	case s.text[end] == '\n' && end > s.at && s.text[end-1] == ':':
		end--
	default:
		return false
	}
	s.emit(chroma.NameTag, end-s.at)
	s.emit(chroma.Punctuation, 1)
	return s.give(chroma.TextWhitespace, 1)
}

var yamlKeyStops = stopAt("\"\n{#/:")

// yamlKeyEnd gives the offset of a colon before a space, or of what stands in
// no key; -1 for neither.
func yamlKeyEnd(s string) int {
	for i := 0; ; i++ {
		i += until(s[i:], yamlKeyStops)
		switch {
		case i == len(s):
			return -1
		case s[i] == ':' && !hasAt(s, i+1, ' '):
		case s[i] == '/' && !hasAt(s, i+1, '/'):
		default:
			return i
		}
	}
}

var (
	yamlConstants = wordSet("false False FALSE true True TRUE null Off off yes Yes YES OFF On ON no No on NO n N Y y")
	yamlNoLiteral = stopAt("{}[]?,:!-*&@")
)

// value takes a value.
func (s *yamlScanner) value(rest string) bool {
	switch c := rest[0]; c {
	case '>', '|':
		if mark, n := yamlBlock(rest); n > 0 {
			s.emit(chroma.Punctuation, mark)
			return s.give(chroma.LiteralStringDoc, n)
		}
	case '"', '\'':
		if n := quoted(rest, func(c byte) bool { return c != '\n' }); n > 0 {
			if c == '"' {
				return s.give(chroma.LiteralStringDouble, n)
			}
			return s.give(chroma.LiteralStringSingle, n)
		}
	}
	if w := words(rest); w > 0 && yamlConstants[rest[:w]] {
		return s.give(chroma.KeywordConstant, w)
	}
	if n := yamlDate(rest); n > 0 {
		return s.give(chroma.LiteralDate, n)
	}
	if n := s.number(rest); n > 0 {
		return s.give(chroma.LiteralNumber, n)
	}
	if yamlNoLiteral[rest[0]] {
		return false
	}
	_, one := utf8.DecodeRuneInString(rest)
	comment := s.lastHash.find(s.text, s.at, " #")
	if comment < s.at+one {
		comment = s.lastSlash.find(s.text, s.at, " //")
	}
	if comment >= s.at+one {
		end := s.at + line(rest)
		s.emit(chroma.Literal, comment-s.at)
		s.emit(chroma.TextWhitespace, 1)
		return s.give(chroma.Comment, end-s.at)
	}
	return s.give(chroma.Literal, line(rest))
}

// yamlBlock gives the lengths of the mark of a block scalar and of its text,
// which begins with a line end. It goes on as long as lines that are not
// empty begin with the blanks of the first.
func yamlBlock(s string) (mark, n int) {
	mark = 1
	if hasAt(s, 1, '+') || hasAt(s, 1, '-') {
		mark = 2
	}
	if !hasAt(s, mark, '\n') {
		return 0, 0
	}
	from := mark + 1
	depth := 0
	for hasAt(s, from+depth, ' ') {
		depth++
	}
	if depth == 0 {
		return 0, 0
	}
	indent := s[from : from+depth]
	end := from + line(s[from:])
	for {
		next := end
		for hasAt(s, next, '\n') {
			next++
		}
		if next == end || !strings.HasPrefix(s[next:], indent) {
			return mark, end - mark
		}
		end = next + line(s[next:])
	}
}

// yamlDate gives the length of a date, maybe with a time, or 0.
func yamlDate(s string) int {
	form := func(i int, form string) int {
		for _, f := range []byte(form) {
			n := 1
			if f == '0' {
				r, size := utf8.DecodeRuneInString(s[min(i, len(s)):])
				if n = size; !isAt(s, i, digit) && !isDigitRune(r) {
					return 0
				}
			} else if !hasAt(s, i, f) {
				return 0
			}
			i += n
		}
		return i
	}
	day := form(0, "0000-00-00")
	if day == 0 || !hasAt(s, day, 'T') && !hasAt(s, day, ' ') {
		return day
	}
	end := form(day+1, "00:00:00")
	if end == 0 {
		return day
	}
	if hasAt(s, end, '.') {
		if d := digits(s[end+1:]); d > 0 {
			end += 1 + d
		}
	}
	if hasAt(s, end, 'Z') {
		return end + 1
	}
	if gap := spaces(s[end:]); gap > 0 && (hasAt(s, end+gap, '+') || hasAt(s, end+gap, '-')) {
		if d := digits(s[end+gap+1:]); d > 0 {
			return end + gap + 1 + d
		}
	}
	return end
}

// number gives the length of a number between the edges of words, or 0.
func (s *yamlScanner) number(rest string) int {
	if s.afterWord() == wordAt(rest, 0) {
		return 0
	}
	i := 0
	if rest[0] == '+' || rest[0] == '-' {
		i = 1
	}
	edge := func(i int) bool {
		r, _ := utf8.DecodeLastRuneInString(rest[:i])
		return isWordRune(r) != wordAt(rest, i)
	}
	if strings.HasPrefix(rest[i:], "0x") {
		n := i + 2
		for n < len(rest) && (is(rest[n], digit) || rest[n] >= 'a' && rest[n] <= 'f') {
			n++
		}
		n += digits(rest[n:])
		if n > i+2 && edge(n) {
			return n
		}
	}
	if strings.HasPrefix(rest[i:], "0o") {
		if n := run(rest[i+2:], octal); n > 0 && edge(i+2+n) {
			return i + 2 + n
		}
	}
	for _, w := range [...]string{".inf", ".nan"} {
		if strings.HasPrefix(rest[i:], w) && edge(i+len(w)) {
			return i + len(w)
		}
	}
	return yamlDecimal(rest, i, edge)
}

// yamlDecimal gives where a decimal number ends that begins at i, or 0. Where
// it does not end at the edge of a word, less of it is tried.
func yamlDecimal(s string, i int, edge func(int) bool) int {
	// ends tries an end with an exponent, then without.
	ends := func(at int) int {
		if hasAt(s, at, 'e') {
			n := at + 1
			if hasAt(s, n, '+') || hasAt(s, n, '-') {
				n++
			}
			if d := digits(s[n:]); d > 0 && edge(n+d) {
				return n + d
			}
		}
		if edge(at) {
			return at
		}
		return 0
	}
	whole := digits(s[i:])
	at := i + whole
	if !hasAt(s, at, '.') {
		if whole == 0 {
			return 0
		}
		return ends(at)
	}
	part := digits(s[at+1:])
	if whole == 0 {
		if part == 0 {
			return 0
		}
		return ends(at + 1 + part)
	}
	for _, end := range [...]int{at + 1 + part, at + 1, at} {
		if n := ends(end); n > 0 {
			return n
		}
	}
	return 0
}
