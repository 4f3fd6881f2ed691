package search

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxWord = 40 // characters; longer words are cut

// Words gives the terms of a text: every run of letters, digits and `_`, in
// lower case without accents, and where such runs are joined by `-`, `_`,
// `.`, `:` or `/`, as in names of files and options, the whole as well as
// its parts. Two words with a hyphen between them are a word without it too,
// and a name in camel case has its humps as parts. The search script cuts
// queries at the same places.
func Words(text string, yield func(string)) {
	c := cutter{take: func(w []byte) { yield(string(w)) }}
	c.cut(text)
}

// A cutter cuts texts into terms. A term that take is given lasts until the
// next.
type cutter struct {
	take func(term []byte)
	word [64]byte
	part [maxWord]byte
}

// What a byte is to a word. The bits of all bytes of a word together say how
// much work it is.
const (
	letter = 1 << iota // of lower case, or a digit
	upper
	underscore
	joiner // belongs to a word when the word goes on after it
	beyond // part of a character beyond ASCII
)

var kinds = func() (t [256]uint8) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			t[c] = letter
		case 'A' <= c && c <= 'Z':
			t[c] = upper
		case c == '_':
			t[c] = underscore
		case c == '-' || c == '.' || c == ':' || c == '/':
			t[c] = joiner
		case c >= utf8.RuneSelf:
			t[c] = beyond
		}
	}
	return t
}()

const inWord = letter | upper | underscore

func (c *cutter) cut(text string) {
	for i := 0; i < len(text); {
		k := kinds[text[i]]
		if k&(inWord|beyond) == 0 {
			i++
			continue
		}
		if k == beyond {
			if n, ok := wordRune(text[i:]); !ok {
				i += n
				continue
			}
		}
		end, seen := wordEnd(text, i)
		c.give(text[i:end], seen)
		i = end
	}
}

// wordEnd finds the end of the word that begins at i, and what is in it.
func wordEnd(text string, i int) (end int, seen uint8) {
	for i < len(text) {
		k := kinds[text[i]]
		switch {
		case k&inWord != 0:
			i++
		case k == joiner:
			if i+1 == len(text) {
				return i, seen
			}
			if next := kinds[text[i+1]]; next&inWord == 0 {
				if next != beyond {
					return i, seen
				}
				if _, ok := wordRune(text[i+1:]); !ok {
					return i, seen
				}
			}
			i++
		case k == beyond:
			n, ok := wordRune(text[i:])
			if !ok {
				return i, seen
			}
			i += n
		default:
			return i, seen
		}
		seen |= k
	}
	return i, seen
}

// wordRune reports whether a text begins with a letter or digit, and how many
// bytes its first character has.
func wordRune(s string) (n int, ok bool) {
	r, n := utf8.DecodeRuneInString(s)
	return n, unicode.IsLetter(r) || unicode.IsDigit(r)
}

// give takes one word apart.
func (c *cutter) give(s string, seen uint8) {
	if seen == letter && len(s) <= maxWord { // most
		if w := c.word[:copy(c.word[:], s)]; len(w) > 1 || w[0] <= '9' {
			c.take(w)
		}
		return
	}
	plain := seen&beyond == 0
	var w []byte
	if len(s) <= len(c.word) {
		w = c.word[:copy(c.word[:], s)]
	} else {
		w = []byte(s)
	}
	switch {
	case !plain:
		w = append(w[:0], fold(s)...)
	case seen&upper != 0:
		for i, b := range w {
			if 'A' <= b && b <= 'Z' {
				w[i] = b | 0x20
			}
		}
		c.humps(s)
	}
	c.emit(w, plain)
	if seen&(joiner|underscore) == 0 {
		return
	}
	if at := bytes.IndexByte(w, '-'); at > 0 && len(w) <= maxWord && !bytes.ContainsAny(w[at+1:], "-_.:/") && !bytes.ContainsAny(w[:at], "_.:/") {
		c.emit(append(append(c.part[:0], w[:at]...), w[at+1:]...), plain)
	}
	whole := len(bytes.Trim(w, "_"))
	for from, i := 0, 0; i <= len(w); i++ {
		if i < len(w) && kinds[w[i]]&(joiner|underscore) == 0 {
			continue
		}
		if n := i - from; n > 0 && n < whole {
			c.emit(w[from:i], plain)
		}
		from = i + 1
	}
}

// humps gives the parts of a name in camel case, of ASCII letters: value and
// error of ValueError, http and server of HTTPServer.
func (c *cutter) humps(s string) {
	kind := func(i int) uint8 {
		if i == len(s) || '0' <= s[i] && s[i] <= '9' {
			return 0
		}
		return kinds[s[i]]
	}
	from, humped := 0, false
	give := func(to int) {
		if n := to - from; humped && 3 <= n && n <= maxWord {
			for k := range n {
				c.part[k] = s[from+k] | 0x20 // lower case
			}
			c.take(c.part[:n])
		}
	}
	last := kind(0)
	for i := 1; i < len(s); i++ {
		k := kind(i)
		switch {
		case k == upper && (last == letter || last == upper && kind(i+1) == letter):
			humped = true
			give(i)
			from = i
		case k != upper && k != letter: // a joiner or a digit
			give(i)
			from, humped = i+1, false
		}
		last = k
	}
	give(len(s))
}

// emit gives a term, unless it is a single letter.
func (c *cutter) emit(w []byte, plain bool) {
	for len(w) > 0 && w[0] == '_' {
		w = w[1:]
	}
	for len(w) > 0 && w[len(w)-1] == '_' {
		w = w[:len(w)-1]
	}
	if plain {
		if len(w) > 1 || len(w) == 1 && '0' <= w[0] && w[0] <= '9' {
			c.take(w[:min(len(w), maxWord)])
		}
		return
	}
	r, n := utf8.DecodeRune(w)
	if len(w) == 0 || n == len(w) && !unicode.IsDigit(r) {
		return
	}
	if utf8.RuneCount(w) > maxWord {
		w = []byte(string([]rune(string(w))[:maxWord]))
	}
	c.take(w)
}

// fold takes case and the common accents away.
func fold(s string) string {
	s = strings.ToLower(s)
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return folder.Replace(s)
		}
	}
	return s
}

var folder = strings.NewReplacer("à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "è", "e", "é", "e",
	"ê", "e", "ë", "e", "ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o",
	"ø", "o", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y", "ß", "ss")
