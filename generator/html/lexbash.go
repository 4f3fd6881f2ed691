package html

import (
	"strings"

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

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// bashScanner reads shell text as chroma's rules do, in their order.
type bashScanner struct {
	text   string
	at     int
	tokens []chroma.Token
	stack  []bashState
	budget int // bytes that searches for the ends of here-documents may read
}

// scanBash is the bash lexer. It reads each byte a bounded number of times.
func scanBash(dst []chroma.Token, text string) ([]chroma.Token, bool) {
	s := bashScanner{text: text, tokens: dst, stack: []bashState{bashRoot}, budget: 4<<20 + 16*len(text)}
	for s.at < len(text) {
		if s.budget < 0 || len(s.stack) > 10000 {
			return nil, false
		}
		if !s.step() {
			s.emit(chroma.Error, 1)
		}
	}
	return s.tokens, true
}

func (s *bashScanner) emit(t chroma.TokenType, n int) {
	if n > 0 {
		s.tokens = append(s.tokens, chroma.Token{Type: t, Value: s.text[s.at : s.at+n]})
		s.at += n
	}
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

func (s *bashScanner) give(t chroma.TokenType, n int) bool {
	s.emit(t, n)
	return true
}

// step takes one token; false is text that no rule knows.
func (s *bashScanner) step() bool {
	rest := s.text[s.at:]
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
		case isDigit(c):
			n := spanOf(rest, isDigit)
			if n < len(rest) && rest[n] == '#' {
				if m := spanOf(rest[n+1:], isDigit); m > 0 {
					return s.give(chroma.LiteralNumber, n+1+m)
				}
				if n+1 == len(rest) || rest[n+1] != ' ' {
					return s.give(chroma.LiteralNumber, n+1)
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
		case isWord(c):
			return s.give(chroma.NameVariable, spanOf(rest, isWord))
		case strings.IndexByte("}:\"'`$\\", c) < 0:
			return s.give(chroma.Punctuation, spanOf(rest, func(c byte) bool { return strings.IndexByte("}:\"'`$\\", c) < 0 }))
		case c == ':':
			return s.give(chroma.Punctuation, 1)
		}
	}
	return s.basic(rest) || s.data(rest) || s.interpolation(rest)
}

// basic are words, comments, assignments and operators.
func (s *bashScanner) basic(rest string) bool {
	c := rest[0]
	if isWord(c) {
		return (s.at == 0 || !isWord(s.text[s.at-1])) && s.word(rest)
	}
	switch c {
	case '#':
		line, _, nl := strings.Cut(rest, "\n")
		if s.at == 0 && nl && len(line) > 2 && line[1] == '!' {
			return s.give(chroma.CommentPreproc, len(line)+1)
		}
		return s.give(chroma.CommentSingle, len(line))
	case '\\':
		return len(rest) > 1 && s.give(chroma.LiteralStringEscape, 2)
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

// word takes a keyword, a builtin or an assignment.
func (s *bashScanner) word(rest string) bool {
	n := spanOf(rest, isWord)
	word := rest[:n]
	blanks := spanOf(rest[n:], isSpace)
	next := byte(0)
	if n+blanks < len(rest) {
		next = rest[n+blanks]
	}
	if bashKeywords[word] {
		s.emit(chroma.Keyword, n)
		if isWord(next) {
			s.emit(chroma.Text, blanks)
		}
		return true
	}
	if bashBuiltins[word] && n < len(rest) && (isSpace(rest[n]) || rest[n] == ')' || rest[n] == '`') {
		return s.give(chroma.NameBuiltin, n)
	}
	sign := 0
	switch {
	case next == '=':
		sign = 1
	case next == '+' && n+blanks+1 < len(rest) && rest[n+blanks+1] == '=':
		sign = 2
	}
	if sign == 0 {
		return false
	}
	s.emit(chroma.NameVariable, n)
	s.emit(chroma.Text, blanks)
	s.emit(chroma.Operator, sign)
	return true
}

// hereDocument gives the length of <<WORD ... WORD, or 0. As in chroma's
// rule, a word that does not come again may be shortened until it does.
func (s *bashScanner) hereDocument(rest string) int {
	if !strings.HasPrefix(rest, "<<") {
		return 0
	}
	i := 2
	if i < len(rest) && rest[i] == '-' {
		i++
	}
	i += spanOf(rest[i:], isSpace)
	if i < len(rest) && rest[i] == '\'' {
		i++
	}
	if i < len(rest) && rest[i] == '\\' {
		i++
	}
	for n := spanOf(rest[i:], isWord); n > 0; n-- {
		if s.budget -= len(rest); s.budget < 0 {
			return 0
		}
		from := i + n + 1
		if from > len(rest) {
			continue
		}
		if k := strings.Index(rest[from:], rest[i:i+n]); k >= 0 {
			return from + k + n
		}
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
	if isSpace(c) {
		return s.give(chroma.Text, spanOf(rest, isSpace))
	}
	if isDigit(c) {
		if n := spanOf(rest, isDigit); n == len(rest) || rest[n] == ' ' || rest[n] == '\n' {
			return s.give(chroma.LiteralNumber, n)
		}
	}
	if n := spanOf(rest, isBashWord); n > 0 {
		return s.give(chroma.Text, n)
	}
	return false
}

func isBashWord(c byte) bool { return !isSpace(c) && strings.IndexByte("=[]{}()$\"'`\\<&|;", c) < 0 }

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
	case isDigit(c):
		return s.give(chroma.NameVariable, 1+spanOf(rest[1:], isDigit))
	case isWord(c):
		return s.give(chroma.NameVariable, 1+spanOf(rest[1:], isWord))
	case strings.IndexByte("#$?!*@-", c) >= 0:
		return s.give(chroma.NameVariable, 2)
	}
	return s.give(chroma.Text, 1)
}
