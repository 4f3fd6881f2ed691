package html

import (
	"strings"

	"github.com/alecthomas/chroma/v2"
)

// The states of chroma's JSON lexer.
type jsonState uint8

const (
	jsonRoot jsonState = iota
	jsonObject
	jsonAttribute
	jsonArray
)

// scanJSON is the JSON lexer. Input in which it would need chroma's handling
// of errors is left to chroma.
func scanJSON(dst []chroma.Token, text string) ([]chroma.Token, bool) {
	stack := []jsonState{jsonRoot}
	for at := 0; at < len(text); {
		rest := text[at:]
		state := stack[len(stack)-1]
		t, n := jsonToken(rest, state)
		if n == 0 {
			return nil, false
		}
		if t == chroma.Punctuation {
			switch rest[0] {
			case '{':
				stack = append(stack, jsonObject)
			case '[':
				stack = append(stack, jsonArray)
			case '}':
				if state == jsonAttribute {
					stack = stack[:len(stack)-1]
				}
				stack = stack[:len(stack)-1]
			case ']':
				stack = stack[:len(stack)-1]
			case ',':
				if state == jsonAttribute {
					stack = stack[:len(stack)-1]
				}
			}
		}
		if t == chroma.NameTag {
			stack = append(stack, jsonAttribute)
		}
		if len(stack) > 10000 {
			return nil, false
		}
		dst = append(dst, chroma.Token{Type: t, Value: rest[:n]})
		at += n
	}
	return dst, true
}

// jsonToken gives the type and length of the next token, or length 0 where no
// rule of the state matches.
func jsonToken(s string, state jsonState) (chroma.TokenType, int) {
	c := s[0]
	if isSpace(c) {
		return chroma.Text, spanOf(s, isSpace)
	}
	if strings.HasPrefix(s, "//") {
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return chroma.CommentSingle, i + 1
		}
		return 0, 0
	}
	if state == jsonObject {
		switch c {
		case '"':
			return chroma.NameTag, jsonString(s)
		case '}':
			return chroma.Punctuation, 1
		}
		return 0, 0
	}
	switch c {
	case '{', '[':
		return chroma.Punctuation, 1
	case '"':
		return chroma.LiteralStringDouble, jsonString(s)
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
	}
	for _, w := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s, w) && (len(s) == len(w) || !isWord(s[len(w)])) {
			return chroma.KeywordConstant, len(w)
		}
	}
	return jsonNumber(s)
}

// jsonString gives the length of a string, or 0 when it does not end. A
// backslash takes only a quote or another backslash with it.
func jsonString(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i + 1
		case '\\':
			if i+1 < len(s) && (s[i+1] == '\\' || s[i+1] == '"') {
				i++
			}
		}
	}
	return 0
}

func jsonNumber(s string) (chroma.TokenType, int) {
	i := 0
	if s[0] == '-' {
		i++
	}
	switch digits := spanOf(s[i:], isDigit); {
	case digits == 0:
		return 0, 0
	case s[i] == '0':
		i++
	default:
		i += digits
	}
	exponent := func(at int) int {
		if at >= len(s) || s[at] != 'e' && s[at] != 'E' {
			return 0
		}
		n := 1
		if at+n < len(s) && (s[at+n] == '+' || s[at+n] == '-') {
			n++
		}
		if d := spanOf(s[at+n:], isDigit); d > 0 {
			return n + d
		}
		return 0
	}
	if i < len(s) && s[i] == '.' {
		if d := spanOf(s[i+1:], isDigit); d > 0 {
			return chroma.LiteralNumberFloat, i + 1 + d + exponent(i+1+d)
		}
	} else if e := exponent(i); e > 0 {
		return chroma.LiteralNumberFloat, i + e
	}
	return chroma.LiteralNumberInteger, i
}
