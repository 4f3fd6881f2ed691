package lex

import (
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

var goWords = func() map[string]chroma.TokenType {
	m := map[string]chroma.TokenType{}
	for t, words := range map[chroma.TokenType]string{
		chroma.KeywordNamespace:   "import package",
		chroma.KeywordDeclaration: "var func struct map chan type interface const",
		chroma.Keyword:            "break default select case defer go else goto switch fallthrough if range continue for return",
		chroma.KeywordConstant:    "true false iota nil",
		chroma.KeywordType: `uint uint8 uint16 uint32 uint64 int int8 int16 int32 int64 float float32 float64 complex64 complex128 byte rune
string bool error uintptr any`,
	} {
		for _, w := range strings.Fields(words) {
			m[w] = t
		}
	}
	return m
}()

// goCalls are the words that a parenthesis makes a builtin.
var goCalls = wordSet(`uint uint8 uint16 uint32 uint64 int int8 int16 int32 int64 float float32 float64 complex64 complex128 byte rune string
bool error uintptr print println panic recover close complex real imag len cap append copy delete new make clear min max`)

type goScanner struct {
	scanner
	comment, backtick finder
}

// scanGo is the Go lexer.
func scanGo(dst []chroma.Token, text string) []chroma.Token {
	s := goScanner{scanner: scanner{text: text, tokens: dst}}
	for s.at < len(text) {
		if !s.step(text[s.at:]) {
			s.fail()
		}
	}
	return s.tokens
}

// step takes one rule; false is text that none knows.
func (s *goScanner) step(rest string) bool {
	c := rest[0]
	if is(c, letter) {
		return s.word(rest)
	}
	switch c {
	case '\n':
		return s.give(chroma.TextWhitespace, 1)
	case '/':
		if n := s.comments(rest); n > 0 {
			return true
		}
	case '\'':
		n := goChar(rest)
		return n > 0 && s.give(chroma.LiteralStringChar, n)
	case '"':
		n := quoted(rest, quoteOrBackslash)
		return n > 0 && s.give(chroma.LiteralString, n)
	case '`':
		return s.raw(rest)
	}
	if is(c, digit) || c == '.' || c >= utf8.RuneSelf {
		if t, n := goNumber(rest, '_'); n > 0 {
			return s.give(t, n)
		}
	}
	if n := goOperator(rest); n > 0 {
		return s.give(chroma.Operator, n)
	}
	if strings.IndexByte("|^<>=!()[]{}.,;:~", c) >= 0 {
		return s.give(chroma.Punctuation, 1)
	}
	if n := spaces(rest); n > 0 {
		return s.give(chroma.TextWhitespace, n)
	}
	n := words(rest)
	return n > 0 && s.give(chroma.NameOther, n)
}

// word takes a word that begins with an ASCII letter, and the parenthesis of
// a call.
func (s *goScanner) word(rest string) bool {
	n := words(rest)
	w := rest[:n]
	t, known := goWords[w]
	if known && t != chroma.KeywordType {
		return s.give(t, n)
	}
	if hasAt(rest, n, '(') && goCalls[w] {
		s.emit(chroma.NameBuiltin, n)
		return s.give(chroma.Punctuation, 1)
	}
	if known {
		return s.give(t, n)
	}
	gap := spaces(rest[n:])
	if !hasAt(rest, n+gap, '(') {
		return s.give(chroma.NameOther, n)
	}
	s.emit(chroma.NameFunction, n)
	for end := s.at + gap; s.at < end; {
		if s.text[s.at] == '\n' {
			s.emit(chroma.TextWhitespace, 1)
		} else {
			s.emit(chroma.TextWhitespace, end-s.at)
		}
	}
	return s.give(chroma.Punctuation, 1)
}

// comments takes a comment and gives its length, or 0.
func (s *goScanner) comments(rest string) int {
	if hasAt(rest, 1, '/') {
		n := 2
		for n < len(rest) && rest[n] != '\n' && rest[n] != '\r' {
			n++
		}
		t := chroma.CommentSingle
		if n > 2 && oneSpace(rest[2:]) == 0 {
			t = chroma.CommentPreproc
		}
		s.emit(t, n)
		return n
	}
	i := 1
	if strings.HasPrefix(rest[1:], "\\\n") {
		i = 3
	}
	if !hasAt(rest, i, '*') {
		return 0
	}
	end := s.comment.next(s.text, s.at+i+1, func(t string) int {
		for at := 0; ; at++ {
			k := strings.IndexByte(t[at:], '*')
			if k < 0 {
				return -1
			}
			if at += k; hasAt(t, at+1, '/') || strings.HasPrefix(t[at+1:], "\\\n/") {
				return at
			}
		}
	})
	if end == len(s.text) {
		return 0
	}
	n := end + 2 - s.at
	if s.text[end+1] != '/' {
		n += 2
	}
	s.emit(chroma.CommentMultiline, n)
	return n
}

// raw takes a raw string, which is read as a template.
func (s *goScanner) raw(rest string) bool {
	end := s.backtick.next(s.text, s.at+1, func(t string) int { return strings.IndexByte(t, '`') })
	if end == len(s.text) {
		return false
	}
	s.emit(chroma.LiteralString, 1)
	s.nested(scanGoTemplate, end-s.at)
	return s.give(chroma.LiteralString, 1)
}

// goChar gives the length of a character literal, or 0.
func goChar(s string) int {
	if len(s) < 3 {
		return 0
	}
	n := 0
	if s[1] != '\\' {
		_, n = utf8.DecodeRuneInString(s[1:])
	} else {
		fixed := func(k int) {
			if run(s[3:min(len(s), 3+k)], hex) == k {
				n = 2 + k
			}
		}
		switch c := s[2]; c {
		case '\'', '"', '\\', 'a', 'b', 'f', 'n', 'r', 't', 'v':
			n = 2
		case 'x':
			fixed(2)
		case 'u':
			fixed(4)
		case 'U':
			fixed(8)
		default:
			if k := run(s[2:], octal); k > 0 && k <= 3 {
				n = 1 + k
			}
		}
	}
	if n == 0 || !hasAt(s, 1+n, '\'') {
		return 0
	}
	return n + 2
}

// goNumber gives the type and length of a number, or length 0. underscore is
// the character that may stand between digits of whole numbers.
func goNumber(s string, underscore byte) (chroma.TokenType, int) {
	whole := digits(s)
	// exponent gives the length of an exponent; signed asks for a sign.
	exponent := func(at int, signed bool) int {
		if at >= len(s) || s[at]|0x20 != 'e' {
			return 0
		}
		n := 1
		if hasAt(s, at+n, '+') || hasAt(s, at+n, '-') {
			n++
		} else if signed {
			return 0
		}
		if d := digits(s[at+n:]); d > 0 {
			return n + d
		}
		return 0
	}
	if hasAt(s, whole, '.') {
		part := digits(s[whole+1:])
		if whole+part == 0 {
			return 0, 0
		}
		at := whole + 1 + part
		if e := exponent(at, true); hasAt(s, at+e, 'i') {
			return chroma.LiteralNumber, at + e + 1
		}
		if part > 0 {
			at += exponent(at, false)
		}
		return chroma.LiteralNumberFloat, at
	}
	if whole == 0 {
		return 0, 0
	}
	if e := exponent(whole, true); hasAt(s, whole+e, 'i') {
		return chroma.LiteralNumber, whole + e + 1
	}
	if e := exponent(whole, false); e > 0 {
		return chroma.LiteralNumberFloat, whole + e
	}
	return goInteger(s, underscore)
}

// goInteger is goNumber for whole numbers.
func goInteger(s string, underscore byte) (chroma.TokenType, int) {
	group := func(i int, k class, between byte) int {
		for isAt(s, i, k) || between != 0 && hasAt(s, i, between) {
			i++
		}
		return i
	}
	if s[0] == '0' {
		if n := run(s[1:], octal); n > 0 {
			return chroma.LiteralNumberOct, 1 + n
		}
		if hasAt(s, 1, 'x') || hasAt(s, 1, 'X') {
			if n := group(2, hex, underscore); n > 2 {
				return chroma.LiteralNumberHex, n
			}
		}
		if hasAt(s, 1, 'b') {
			if n := group(2, binary, '_'); n > 2 {
				return chroma.LiteralNumberBin, n
			}
		}
		return chroma.LiteralNumberInteger, 1
	}
	if !is(s[0], digit) {
		return 0, 0
	}
	return chroma.LiteralNumberInteger, group(0, digit, underscore)
}

var goOperators = [...]string{"<<=", ">>=", "<<", ">>", "<=", ">=", "&^=", "&^", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "&&", "||", "<-",
	"++", "--", "==", "!=", ":=", "...", "+", "-", "*", "/", "%", "&"}

// goOperator gives the length of an operator, or 0.
func goOperator(s string) int {
	if strings.IndexByte("<>&+-*/%|=!:.", s[0]) < 0 {
		return 0
	}
	for _, op := range goOperators {
		if strings.HasPrefix(s, op) {
			return len(op)
		}
	}
	return 0
}

var goTemplateKeywords = wordSet(`range if else while with template end true false nil and call html index js len not or print printf println
urlquery eq ne lt le gt ge block break continue define slice`)

// goTemplateScanner reads the template that a raw string may hold. What is no
// template has the type of the string.
type goTemplateScanner struct {
	scanner
	depth int // of parentheses; 1 for the braces
}

func scanGoTemplate(dst []chroma.Token, text string) []chroma.Token {
	s := goTemplateScanner{scanner: scanner{text: text, tokens: dst}}
	for s.at < len(text) {
		rest := text[s.at:]
		switch {
		case s.depth == 0:
			s.outside(rest)
		case !s.inside(rest):
			s.fail()
		}
	}
	return s.tokens
}

func (s *goTemplateScanner) outside(rest string) {
	if !strings.HasPrefix(rest, "{{") {
		n := strings.IndexByte(rest, '{')
		if n < 0 {
			n = len(rest)
		}
		s.emit(chroma.LiteralString, max(n, 1))
		return
	}
	if n := goTemplateComment(rest); n > 0 {
		s.emit(chroma.CommentMultiline, n)
		return
	}
	s.depth = 1
	if hasAt(rest, 2, '-') {
		s.emit(chroma.CommentPreproc, 3)
		return
	}
	s.emit(chroma.CommentPreproc, 2)
}

// goTemplateComment gives the length of {{/* a comment */}}, or 0.
func goTemplateComment(s string) int {
	i := 2
	if strings.HasPrefix(s[i:], "- ") {
		i += 2
	}
	if !strings.HasPrefix(s[i:], "/*") {
		return 0
	}
	for i += 2; ; {
		k := strings.Index(s[i:], "*/")
		if k < 0 {
			return 0
		}
		i += k + 2
		end := i
		if strings.HasPrefix(s[end:], " -") {
			end += 2
		}
		if strings.HasPrefix(s[end:], "}}") {
			return end + 2
		}
	}
}

// inside are the rules between the braces. A number without a sign is a name
// there, since chroma's regular expressions take [^\W\d] for \w.
func (s *goTemplateScanner) inside(rest string) bool {
	c := rest[0]
	if s.depth == 1 {
		n := 0
		if strings.HasPrefix(rest, "}}") {
			n = 2
		} else if strings.HasPrefix(rest, "-}}") {
			n = 3
		}
		if n > 0 {
			s.depth = 0
			return s.give(chroma.CommentPreproc, n)
		}
	} else if c == ')' {
		s.depth--
		return s.give(chroma.Operator, 1)
	}
	switch c {
	case '(':
		s.depth++
		return s.give(chroma.Operator, 1)
	case '"':
		n := quoted(rest, quoteOrBackslash)
		return n > 0 && s.give(chroma.LiteralString, n)
	case '\'':
		n := goChar(rest)
		return n > 0 && s.give(chroma.LiteralStringChar, n)
	case '|', '=', ',':
		return s.give(chroma.Operator, 1)
	case ':':
		return hasAt(rest, 1, '=') && s.give(chroma.Operator, 2)
	case '$', '.':
		return s.variable(rest)
	case '-':
		t, n := goNumber(rest[1:], 0)
		return n > 0 && s.give(t, 1+n)
	}
	if n := spaces(rest); n > 0 {
		return s.give(chroma.TextWhitespace, n)
	}
	n := words(rest)
	if goTemplateKeywords[rest[:n]] {
		return s.give(chroma.Keyword, n)
	}
	return n > 0 && s.give(chroma.NameOther, n)
}

// variable takes $name, $ or .name.
func (s *goTemplateScanner) variable(rest string) bool {
	if rest[0] == '$' {
		if n := words(rest[1:]); n > 0 {
			return s.give(chroma.NameOther, 1+n)
		}
		return s.give(chroma.NameAttribute, 1)
	}
	return s.give(chroma.NameAttribute, 1+words(rest[1:]))
}
