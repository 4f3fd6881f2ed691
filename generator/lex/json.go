package lex

import (
	"github.com/alecthomas/chroma/v2"
)

// The states of the JSON lexer.
type jsonState uint8

const (
	jsonRoot jsonState = iota
	jsonObject
	jsonAttribute
	jsonArray
)

type jsonScanner struct {
	scanner
	stack []jsonState
	open  bool // no line ends any more
}

// scanJSON is the JSON lexer.
func scanJSON(dst []chroma.Token, text string) []chroma.Token {
	s := jsonScanner{scanner: scanner{text: text, tokens: dst}, stack: append(make([]jsonState, 0, 16), jsonRoot)}
	for s.at < len(text) {
		s.step(text[s.at:])
	}
	return s.tokens
}

// step takes one token.
func (s *jsonScanner) step(rest string) {
	state := s.stack[len(s.stack)-1]
	t, n := s.token(rest, state)
	if n == 0 {
		s.fail()
		return
	}
	s.emit(t, n)
	pop := 0
	switch {
	case t == chroma.NameTag:
		s.stack = append(s.stack, jsonAttribute)
	case t != chroma.Punctuation:
	case rest[0] == '{':
		s.stack = append(s.stack, jsonObject)
	case rest[0] == '[':
		s.stack = append(s.stack, jsonArray)
	case rest[0] == ']':
		pop = 1
	case rest[0] == ',' && state == jsonAttribute:
		pop = 1
	case rest[0] == '}' && state == jsonAttribute:
		pop = 2
	case rest[0] == '}':
		pop = 1
	}
	s.stack = s.stack[:len(s.stack)-pop]
}

// token gives the type and length of the next token, or length 0 where no
// rule of the state matches.
func (s *jsonScanner) token(rest string, state jsonState) (chroma.TokenType, int) {
	if n := spaces(rest); n > 0 {
		return chroma.Text, n
	}
	c := rest[0]
	if c == '/' && hasAt(rest, 1, '/') && !s.open {
		if n := line(rest); n < len(rest) {
			return chroma.CommentSingle, n + 1
		}
		s.open = true
	}
	if state == jsonObject {
		switch c {
		case '"':
			return chroma.NameTag, quoted(rest, quoteOrBackslash)
		case '}':
			return chroma.Punctuation, 1
		}
		return 0, 0
	}
	switch c {
	case '{', '[':
		return chroma.Punctuation, 1
	case '"':
		return chroma.LiteralStringDouble, quoted(rest, quoteOrBackslash)
	case ':', '}':
		if state == jsonAttribute {
			return chroma.Punctuation, 1
		}
		return 0, 0
	case ',':
		if state == jsonAttribute || state == jsonArray {
			return chroma.Punctuation, 1
		}
		return 0, 0
	case ']':
		if state == jsonArray {
			return chroma.Punctuation, 1
		}
		return 0, 0
	case 't', 'f', 'n':
		if w := rest[:words(rest)]; w == "true" || w == "false" || w == "null" {
			return chroma.KeywordConstant, len(w)
		}
		return 0, 0
	}
	return jsonNumber(rest)
}

func jsonNumber(s string) (chroma.TokenType, int) {
	i := 0
	if s[0] == '-' {
		i++
	}
	switch {
	case hasAt(s, i, '0'):
		i++
	case isAt(s, i, digit):
		i += digits(s[i:])
	default:
		return 0, 0
	}
	exponent := func(at int) int {
		if at >= len(s) || s[at]|0x20 != 'e' {
			return 0
		}
		n := 1
		if hasAt(s, at+n, '+') || hasAt(s, at+n, '-') {
			n++
		}
		if d := digits(s[at+n:]); d > 0 {
			return n + d
		}
		return 0
	}
	if hasAt(s, i, '.') {
		if d := digits(s[i+1:]); d > 0 {
			return chroma.LiteralNumberFloat, i + 1 + d + exponent(i+1+d)
		}
	} else if e := exponent(i); e > 0 {
		return chroma.LiteralNumberFloat, i + e
	}
	return chroma.LiteralNumberInteger, i
}
