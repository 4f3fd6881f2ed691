package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

// scanDocker is the Dockerfile lexer; shell and JSON parts go to the lexers of
// those languages.
func scanDocker(dst []chroma.Token, text string) []chroma.Token {
	s := dockerScanner{scanner{text: text, tokens: dst}}
	for s.at < len(text) {
		s.step(text[s.at:])
	}
	return s.tokens
}

type dockerScanner struct{ scanner }

// keyword gives the length of the first word that the text begins with, in
// capitals or not, or 0.
func keyword(s string, words ...string) int {
	for _, w := range words {
		if len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) {
			return len(w)
		}
	}
	return 0
}

// gap is \s*\\?\s*: blanks, maybe with a line continued in them.
func gap(s string) int {
	n := spaces(s)
	if hasAt(s, n, '\\') {
		n++
		n += spaces(s[n:])
	}
	return n
}

// settings is a run of name=value, each after a prefix, with gaps.
func settings(s, prefix string) int {
	n := 0
	for {
		i := n + gap(s[n:])
		if !strings.HasPrefix(s[i:], prefix) {
			return n
		}
		i += len(prefix)
		name := words(s[i:])
		if i += name; name == 0 || i >= len(s) || s[i] != '=' {
			return n
		}
		value := words(s[i+1:])
		if value == 0 {
			return n
		}
		i += 1 + value
		n = i + gap(s[i:])
	}
}

// step takes one instruction or a part of it.
func (s *dockerScanner) step(rest string) {
	switch rest[0] {
	case '#':
		s.emit(chroma.Comment, line(rest))
		return
	case '\n':
		s.fail() // as chroma's rules have it
		return
	}
	if n := keyword(rest, "ONBUILD"); n > 0 {
		s.emit(chroma.Keyword, n)
		s.nested(scanBash, gap(rest[n:]))
		return
	}
	if n := keyword(rest, "HEALTHCHECK"); n > 0 {
		s.emit(chroma.Keyword, n)
		s.nested(scanBash, settings(rest[n:], "--"))
		return
	}
	if n := keyword(rest, "VOLUME", "ENTRYPOINT", "CMD", "SHELL"); n > 0 {
		g := gap(rest[n:])
		list := rest[n+g:]
		if end := strings.IndexByte(list[:line(list)], ']'); end > 0 && list[0] == '[' {
			s.emit(chroma.Keyword, n)
			s.nested(scanBash, g)
			s.nested(scanJSON, end+1)
			return
		}
	}
	if n := keyword(rest, "LABEL", "ENV", "ARG"); n > 0 {
		s.emit(chroma.Keyword, n)
		s.nested(scanBash, settings(rest[n:], ""))
		return
	}
	if s.name(rest) {
		return
	}
	if n := keyword(rest, "RUN", "CMD", "ENTRYPOINT", "ADD", "COPY"); n > 0 {
		s.emit(chroma.Keyword, n)
		return
	}
	s.nested(scanBash, continued(rest))
}

// name takes an instruction with one name: FROM image AS stage.
func (s *dockerScanner) name(rest string) bool {
	n := keyword(rest, "FROM", "MAINTAINER", "EXPOSE", "WORKDIR", "USER", "STOPSIGNAL", "VOLUME")
	blank := oneSpace(rest[n:])
	if n == 0 || blank == 0 {
		return false
	}
	first := bounded(rest, n+blank)
	if first < 0 {
		return false
	}
	s.emit(chroma.Keyword, n)
	s.emit(chroma.TextWhitespace, blank)
	s.emit(chroma.LiteralString, first-n-blank)
	before := oneSpace(rest[first:])
	as := first + before
	k := keyword(rest[as:], "AS")
	after := oneSpace(rest[as+k:])
	if before == 0 || k == 0 || after == 0 {
		return true
	}
	if end := bounded(rest, as+k+after); end >= 0 {
		s.emit(chroma.TextWhitespace, before)
		s.emit(chroma.Keyword, k)
		s.emit(chroma.TextWhitespace, after)
		s.emit(chroma.LiteralString, end-as-k-after)
	}
	return true
}

// oneSpace gives the length of the blank that s begins with, or 0.
func oneSpace(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || !unicode.IsSpace(r) {
		return 0
	}
	return n
}

// bounded gives where the longest run without blanks from an offset ends at
// the edge of a word, or -1.
func bounded(s string, from int) int {
	end := from
	for end < len(s) && oneSpace(s[end:]) == 0 {
		end++
	}
	for ; end >= from; end-- {
		if end < len(s) && !utf8.RuneStart(s[end]) {
			continue
		}
		if r, _ := utf8.DecodeLastRuneInString(s[:end]); isWordRune(r) != wordAt(s, end) {
			return end
		}
	}
	return -1
}

// continued gives the length of a line with those that it continues on.
func continued(s string) int {
	n := 0
	for {
		end := n + line(s[n:])
		if !strings.HasSuffix(s[n:end], `\`) || end+1 >= len(s) || s[end+1] == '\n' {
			return end
		}
		n = end + 1
	}
}
