package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

// A scanner is where a lexer stands in its text, and the tokens so far.
type scanner struct {
	text   string
	at     int // byte offset of what comes next
	tokens []chroma.Token
}

// emit takes the next n bytes as a token, or nothing where n is 0.
func (s *scanner) emit(t chroma.TokenType, n int) {
	if n > 0 {
		s.tokens = append(s.tokens, chroma.Token{Type: t, Value: s.text[s.at : s.at+n]})
		s.at += n
	}
}

// give is emit for a rule that matched.
func (s *scanner) give(t chroma.TokenType, n int) bool {
	s.emit(t, n)
	return true
}

// fail takes a character that no rule knows.
func (s *scanner) fail() {
	_, n := utf8.DecodeRuneInString(s.text[s.at:])
	s.emit(chroma.Error, n)
}

// nested gives the next n bytes to another lexer, as a text of their own.
func (s *scanner) nested(scan scan, n int) {
	if n > 0 {
		s.tokens = scan(s.tokens, s.text[s.at:s.at+n])
		s.at += n
	}
}

// lineStart is ^ of a regular expression.
func (s *scanner) lineStart() bool { return s.at == 0 || s.text[s.at-1] == '\n' }

// afterWord reports whether what was read ends in a character of a word.
func (s *scanner) afterWord() bool {
	if s.at == 0 {
		return false
	}
	if c := s.text[s.at-1]; c < utf8.RuneSelf {
		return is(c, word)
	}
	r, _ := utf8.DecodeLastRuneInString(s.text[:s.at])
	return isWordRune(r)
}

// A class is a set of ASCII classes.
type class uint8

const (
	space  class = 1 << iota // \s
	digit                    // \d
	letter                   // [A-Za-z_]
	hex                      // [0-9A-Fa-f]
	octal                    // [0-7]
	binary                   // [01]
	blank                    // \s, but not the end of a line
	word   = digit | letter
)

var classes = func() (t [256]class) {
	for c := range byte(utf8.RuneSelf) {
		if c == ' ' || c >= '\t' && c <= '\r' {
			t[c] |= space
			if c != '\n' {
				t[c] |= blank
			}
		}
		if c >= '0' && c <= '9' {
			t[c] |= digit | hex
		}
		if c >= '0' && c <= '7' {
			t[c] |= octal
		}
		if c == '0' || c == '1' {
			t[c] |= binary
		}
		if l := c | 0x20; l >= 'a' && l <= 'z' || c == '_' {
			t[c] |= letter
			if l <= 'f' && c != '_' {
				t[c] |= hex
			}
		}
	}
	return t
}()

func is(c byte, k class) bool { return classes[c]&k != 0 }

// isAt reports whether the byte at an offset is there and in a class.
func isAt(s string, i int, k class) bool { return i < len(s) && classes[s[i]]&k != 0 }

// hasAt reports whether the byte at an offset is there and is c.
func hasAt(s string, i int, c byte) bool { return i < len(s) && s[i] == c }

// run gives the length of the ASCII run of a class that s begins with.
func run(s string, k class) int {
	i := 0
	for i < len(s) && classes[s[i]]&k != 0 {
		i++
	}
	return i
}

// isWordRune, like the rest of this file, draws the line where the regular
// expressions of chroma's lexers do.
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return is(byte(r), word)
	}
	return unicode.IsLetter(r) || unicode.In(r, unicode.Mn, unicode.Nd, unicode.Pc) || r == '\u200c' || r == '\u200d'
}

// runOf is run with a predicate for what is not ASCII.
func runOf(s string, k class, wide func(rune) bool) int {
	for i := 0; ; {
		i += run(s[i:], k)
		if i == len(s) || s[i] < utf8.RuneSelf {
			return i
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !wide(r) {
			return i
		}
		i += n
	}
}

// words, spaces and digits are \w*, \s* and \d*.
func words(s string) int  { return runOf(s, word, isWordRune) }
func spaces(s string) int { return runOf(s, space, unicode.IsSpace) }
func blanks(s string) int { return runOf(s, blank, unicode.IsSpace) }
func digits(s string) int { return runOf(s, digit, isDigitRune) }

func isDigitRune(r rune) bool { return unicode.Is(unicode.Nd, r) }

// wordAt reports whether s has a character of a word at an offset.
func wordAt(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	if s[i] < utf8.RuneSelf {
		return is(s[i], word)
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return isWordRune(r)
}

// until gives the length of the run of s without the given ASCII characters.
func until(s string, stops *[256]bool) int {
	i := 0
	for i < len(s) && !stops[s[i]] {
		i++
	}
	return i
}

// stopAt makes the set of until.
func stopAt(chars string) *[256]bool {
	var t [256]bool
	for _, c := range []byte(chars) {
		t[c] = true
	}
	return &t
}

// stopAtWide is stopAt with all that is not ASCII.
func stopAtWide(chars string) *[256]bool {
	t := stopAt(chars)
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = true
	}
	return t
}

// line gives the length of the rest of the line, without its end.
func line(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// wordSet makes a set of words.
func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// A kind is a set of the lists of words that a word is in. One look-up says
// all that a lexer wants to know about a word.
type kind uint16

// kinds makes the table of the words of all lists; list i has the kind 1<<i.
func kinds(lists ...string) map[string]kind {
	m := map[string]kind{}
	for i, list := range lists {
		for _, w := range strings.Fields(list) {
			m[w] |= 1 << i
		}
	}
	return m
}

// A finder finds the next place of a text where something is, and remembers
// it: a rule that looks ahead from many places reads the text once.
type finder struct {
	from, to int // from any offset from..to the answer is to
	known    bool
}

// next gives the first offset at or after at where find, which gives an
// offset from where it starts or -1, finds something; len(text) if nowhere.
func (f *finder) next(text string, at int, find func(string) int) int {
	if f.known && f.from <= at && at <= f.to {
		return f.to
	}
	*f = finder{at, len(text), true}
	if n := find(text[at:]); n >= 0 {
		f.to = at + n
	}
	return f.to
}

// A lineLast finds the last place in a line where something is, and remembers
// it as a finder does.
type lineLast struct {
	end, last int
	known     bool
}

// find gives the offset of the last sep between at and the end of its line,
// or one before at.
func (l *lineLast) find(text string, at int, sep string) int {
	if !l.known || at > l.end {
		*l = lineLast{end: at + line(text[at:]), known: true}
		if l.last = strings.LastIndex(text[at:l.end], sep); l.last >= 0 {
			l.last += at
		}
	}
	return l.last
}

// quoted gives the length of a string that begins with its quote, as
// "(\\.|[^"])*" reads it: it ends at the first quote that no backslash takes,
// or else at the last that one takes; 0 if there is none. takes says which
// characters a backslash takes with it.
func quoted(s string, takes func(byte) bool) int {
	quote, last := s[0], 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			return i + 1
		case c == '\\' && i+1 < len(s) && takes(s[i+1]):
			if i++; s[i] == quote {
				last = i + 1
			}
		}
	}
	return last
}

func quoteOrBackslash(c byte) bool { return c == '\\' || c == '"' }
