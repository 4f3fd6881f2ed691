package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

// The states of chroma's bash lexer.
type bashState uint8

const (
	bashRoot bashState = iota
	bashString
	bashParen
	bashMath
	bashBackticks
	bashCurly
)

var bashKeywords = wordSet("if fi else while do done for then return function case select continue until esac elif")

var bashBuiltins = wordSet(`alias bg bind break builtin caller cd command compgen complete declare dirs disown echo enable eval exec exit
export false fc fg getopts hash help history jobs kill let local logout popd printf pushd pwd read readonly set shift shopt source suspend
test time times trap true type typeset ulimit umask unalias unset wait`)

type bashScanner struct {
	scanner
	stack  []bashState
	budget int // bytes that searches for the ends of here-documents may read
}

// scanBash is the bash lexer.
func scanBash(dst []chroma.Token, text string) []chroma.Token {
	s := bashScanner{scanner: scanner{text: text, tokens: dst}, stack: append(make([]bashState, 0, 16), bashRoot), budget: 4<<20 + 16*len(text)}
	for s.at < len(text) {
		if s.step(text[s.at:]) {
			continue
		}
		if text[s.at] == '\n' && s.stack[len(s.stack)-1] != bashRoot {
			s.stack = append(s.stack[:0], bashRoot)
			continue
		}
		s.fail()
	}
	return s.tokens
}

func (s *bashScanner) push(t chroma.TokenType, n int, state bashState) bool {
	s.emit(t, n)
	s.stack = append(s.stack, state)
	return true
}

func (s *bashScanner) pop(t chroma.TokenType, n int) bool {
	s.emit(t, n)
	s.stack = s.stack[:len(s.stack)-1]
	return true
}

// step takes one token; false is text that no rule knows.
func (s *bashScanner) step(rest string) bool {
	c := rest[0]
	switch s.stack[len(s.stack)-1] {
	case bashString:
		if c == '"' {
			return s.pop(chroma.LiteralStringDouble, 1)
		}
		if n := stringRun(rest, '"', true); n > 0 {
			return s.give(chroma.LiteralStringDouble, n)
		}
		return s.interpolation(rest)
	case bashParen:
		if c == ')' {
			return s.pop(chroma.Keyword, 1)
		}
	case bashBackticks:
		if c == '`' {
			return s.pop(chroma.LiteralStringBacktick, 1)
		}
	case bashMath:
		switch {
		case strings.HasPrefix(rest, "))"):
			return s.pop(chroma.Keyword, 2)
		case strings.IndexByte("-+*/%^|&", c) >= 0:
			return s.give(chroma.Operator, 1)
		}
		if n := digits(rest); n > 0 {
			if hasAt(rest, n, '#') {
				if m := digits(rest[n+1:]); m > 0 || !hasAt(rest, n+1, ' ') {
					n += 1 + m
				}
			}
			return s.give(chroma.LiteralNumber, n)
		}
	case bashCurly:
		switch {
		case c == '}':
			return s.pop(chroma.LiteralStringInterpol, 1)
		case strings.HasPrefix(rest, ":-"):
			return s.give(chroma.Keyword, 2)
		case c == ':':
			return s.give(chroma.Punctuation, 1)
		}
		if n := words(rest); n > 0 {
			return s.give(chroma.NameVariable, n)
		}
		if n := until(rest, bashCurlyStops); n > 0 {
			return s.give(chroma.Punctuation, n)
		}
	}
	return s.basic(rest) || s.data(rest) || s.interpolation(rest)
}

// basic are words, comments, assignments and operators.
func (s *bashScanner) basic(rest string) bool {
	c := rest[0]
	if n := words(rest); n > 0 {
		return !s.afterWord() && s.word(rest, n)
	}
	switch c {
	case '#':
		line, _, nl := strings.Cut(rest, "\n")
		if s.at == 0 && nl && len(line) > 2 && line[1] == '!' {
			return s.give(chroma.CommentPreproc, len(line)+1)
		}
		return s.give(chroma.CommentSingle, len(line))
	case '\\':
		if len(rest) > 1 {
			_, n := utf8.DecodeRuneInString(rest[1:])
			return s.give(chroma.LiteralStringEscape, 1+n)
		}
	case '[', ']', '{', '}', '(', ')', '=':
		return s.give(chroma.Operator, 1)
	case '<':
		if strings.HasPrefix(rest, "<<<") {
			return s.give(chroma.Operator, 3)
		}
		if n := s.hereDocument(rest); n > 0 {
			return s.give(chroma.LiteralString, n)
		}
	case '&', '|':
		if len(rest) > 1 && rest[1] == c {
			return s.give(chroma.Operator, 2)
		}
	case '`':
		return s.push(chroma.LiteralStringBacktick, 1, bashBackticks)
	}
	return false
}

// word takes a keyword, a builtin or an assignment; n is the length of the
// word.
func (s *bashScanner) word(rest string, n int) bool {
	word := rest[:n]
	gap := spaces(rest[n:])
	if bashKeywords[word] {
		s.emit(chroma.Keyword, n)
		if wordAt(rest, n+gap) {
			s.emit(chroma.Text, gap)
		}
		return true
	}
	if bashBuiltins[word] && (gap > 0 || hasAt(rest, n, ')') || hasAt(rest, n, '`')) {
		return s.give(chroma.NameBuiltin, n)
	}
	sign := 0
	switch {
	case hasAt(rest, n+gap, '='):
		sign = 1
	case hasAt(rest, n+gap, '+') && hasAt(rest, n+gap+1, '='):
		sign = 2
	}
	if sign == 0 {
		return false
	}
	s.emit(chroma.NameVariable, n)
	s.emit(chroma.Text, gap)
	s.emit(chroma.Operator, sign)
	return true
}

// hereDocument gives the length of <<WORD ... WORD, or 0. As in chroma's
// rule, a word that does not come again may be shortened until it does. Once
// the searches have read their budget, no word comes again.
func (s *bashScanner) hereDocument(rest string) int {
	if !strings.HasPrefix(rest, "<<") {
		return 0
	}
	i := 2
	if i < len(rest) && rest[i] == '-' {
		i++
	}
	i += spaces(rest[i:])
	if i < len(rest) && rest[i] == '\'' {
		i++
	}
	if i < len(rest) && rest[i] == '\\' {
		i++
	}
	for n := words(rest[i:]); n > 0; n-- {
		if i+n == len(rest) || !utf8.RuneStart(rest[i+n]) {
			continue
		}
		_, one := utf8.DecodeRuneInString(rest[i+n:])
		from := i + n + one
		k := -1
		if s.budget > 0 {
			k = strings.Index(rest[from:], rest[i:i+n])
		}
		if k >= 0 {
			s.budget -= k
			return from + k + n
		}
		s.budget -= len(rest) - from
	}
	return 0
}

// stringRun gives the length of the inside of a string up to the quote; a
// dollar sign stops it too where dollar is set.
func stringRun(s string, quote byte, dollar bool) int {
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case c == quote || dollar && c == '$':
			return i
		case c == '\\':
			if i+1 >= len(s) {
				return i
			}
			i++
		}
		i++
	}
	return i
}

// data are strings, blanks, numbers and plain words.
func (s *bashScanner) data(rest string) bool {
	c := rest[0]
	switch c {
	case '"':
		if n := 1 + stringRun(rest[1:], '"', true); n < len(rest) && rest[n] == '"' {
			return s.give(chroma.LiteralStringDouble, n+1)
		}
		return s.push(chroma.LiteralStringDouble, 1, bashString)
	case '$':
		if len(rest) > 1 && rest[1] == '"' {
			if n := 2 + stringRun(rest[2:], '"', true); n < len(rest) && rest[n] == '"' {
				return s.give(chroma.LiteralStringDouble, n+1)
			}
		}
		if len(rest) > 1 && rest[1] == '\'' {
			if n := 2 + stringRun(rest[2:], '\'', false); n < len(rest) && rest[n] == '\'' {
				return s.give(chroma.LiteralStringSingle, n+1)
			}
		}
		return false
	case '\'':
		if n := strings.IndexByte(rest[1:], '\''); n >= 0 {
			return s.give(chroma.LiteralStringSingle, n+2)
		}
		return false
	case ';', '&', '|':
		return s.give(chroma.Punctuation, 1)
	case '<':
		return s.give(chroma.Text, 1)
	}
	if n := spaces(rest); n > 0 {
		return s.give(chroma.Text, n)
	}
	if n := digits(rest); n > 0 && (n == len(rest) || rest[n] == ' ' || rest[n] == '\n') {
		return s.give(chroma.LiteralNumber, n)
	}
	n := bashText(rest)
	return n > 0 && s.give(chroma.Text, n)
}

var (
	bashTextStops  = stopAtWide("=[]{}()$\"'`\\<&|; \t\n\v\f\r")
	bashCurlyStops = stopAt("}:\"'`$\\")
)

// bashText gives the length of a word that is nothing else.
func bashText(s string) int {
	for n := 0; ; {
		n += until(s[n:], bashTextStops)
		if n == len(s) || s[n] < utf8.RuneSelf {
			return n
		}
		r, size := utf8.DecodeRuneInString(s[n:])
		if unicode.IsSpace(r) {
			return n
		}
		n += size
	}
}

// interpolation is what a dollar sign begins.
func (s *bashScanner) interpolation(rest string) bool {
	if rest[0] != '$' {
		return false
	}
	if len(rest) == 1 {
		return s.give(chroma.Text, 1)
	}
	switch c := rest[1]; {
	case strings.HasPrefix(rest, "$(("):
		return s.push(chroma.Keyword, 3, bashMath)
	case c == '(':
		return s.push(chroma.Keyword, 2, bashParen)
	case strings.HasPrefix(rest, "${#"):
		return s.push(chroma.LiteralStringInterpol, 3, bashCurly)
	case c == '{':
		return s.push(chroma.LiteralStringInterpol, 2, bashCurly)
	case is(c, letter):
		return s.give(chroma.NameVariable, 1+words(rest[1:]))
	case strings.IndexByte("#$?!*@-", c) >= 0:
		return s.give(chroma.NameVariable, 2)
	}
	if n := digits(rest[1:]); n > 0 {
		return s.give(chroma.NameVariable, 1+n)
	}
	return s.give(chroma.Text, 1)
}
