package html

import (
	"strings"

	"github.com/alecthomas/chroma/v2"
)

// scanDocker is the Dockerfile lexer. It reads as chroma's rules do, in their
// order; shell and JSON parts go to the lexers of those languages.
func scanDocker(dst []chroma.Token, text string) ([]chroma.Token, bool) {
	s := dockerScanner{text: text, tokens: dst}
	for s.at < len(text) {
		if !s.step() {
			return nil, false
		}
	}
	return s.tokens, true
}

type dockerScanner struct {
	text   string
	at     int
	tokens []chroma.Token
}

func (s *dockerScanner) emit(t chroma.TokenType, n int) {
	if n > 0 {
		s.tokens = append(s.tokens, chroma.Token{Type: t, Value: s.text[s.at : s.at+n]})
		s.at += n
	}
}

// nested gives the next n bytes to another lexer.
func (s *dockerScanner) nested(scan func([]chroma.Token, string) ([]chroma.Token, bool), n int) bool {
	tokens, ok := scan(s.tokens, s.text[s.at:s.at+n])
	if ok {
		s.tokens = tokens
		s.at += n
	}
	return ok
}

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
	n := spanOf(s, isSpace)
	if n < len(s) && s[n] == '\\' {
		n++
		n += spanOf(s[n:], isSpace)
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
		name := spanOf(s[i:], isWord)
		if i += name; name == 0 || i >= len(s) || s[i] != '=' {
			return n
		}
		value := spanOf(s[i+1:], isWord)
		if value == 0 {
			return n
		}
		i += 1 + value
		n = i + gap(s[i:])
	}
}

// step takes one instruction or a part of it; false leaves all to chroma.
func (s *dockerScanner) step() bool {
	rest := s.text[s.at:]
	line, _, _ := strings.Cut(rest, "\n")
	if rest[0] == '#' {
		s.emit(chroma.Comment, len(line))
		return true
	}
	if rest[0] == '\n' {
		s.emit(chroma.Error, 1) // as chroma's rules have it
		return true
	}
	if n := keyword(rest, "ONBUILD"); n > 0 {
		s.emit(chroma.Keyword, n)
		return s.nested(scanBash, gap(rest[n:]))
	}
	if n := keyword(rest, "HEALTHCHECK"); n > 0 {
		s.emit(chroma.Keyword, n)
		return s.nested(scanBash, settings(rest[n:], "--"))
	}
	if n := keyword(rest, "VOLUME", "ENTRYPOINT", "CMD", "SHELL"); n > 0 {
		g := gap(rest[n:])
		list := rest[n+g:]
		line, _, _ := strings.Cut(list, "\n")
		if end := strings.IndexByte(line, ']'); end > 0 && line[0] == '[' {
			s.emit(chroma.Keyword, n)
			return s.nested(scanBash, g) && s.nested(scanJSON, end+1)
		}
	}
	if n := keyword(rest, "LABEL", "ENV", "ARG"); n > 0 {
		s.emit(chroma.Keyword, n)
		return s.nested(scanBash, settings(rest[n:], ""))
	}
	if s.name(rest) {
		return true
	}
	if n := keyword(rest, "RUN", "CMD", "ENTRYPOINT", "ENV", "ARG", "LABEL", "ADD", "COPY"); n > 0 {
		s.emit(chroma.Keyword, n)
		return true
	}
	return s.nested(scanBash, continued(rest))
}

// name takes an instruction with one name: FROM image AS stage.
func (s *dockerScanner) name(rest string) bool {
	n := keyword(rest, "FROM", "MAINTAINER", "EXPOSE", "WORKDIR", "USER", "STOPSIGNAL", "VOLUME")
	if n == 0 || n >= len(rest) || !isSpace(rest[n]) {
		return false
	}
	first := bounded(rest, n+1)
	if first < 0 {
		return false
	}
	s.emit(chroma.Keyword, n)
	s.emit(chroma.TextWhitespace, 1)
	s.emit(chroma.LiteralString, first-n-1)
	if first < len(rest) && isSpace(rest[first]) {
		as := first + 1
		if k := keyword(rest[as:], "AS"); k > 0 && as+k < len(rest) && isSpace(rest[as+k]) {
			if end := bounded(rest, as+k+1); end >= 0 {
				s.emit(chroma.TextWhitespace, 1)
				s.emit(chroma.Keyword, k)
				s.emit(chroma.TextWhitespace, 1)
				s.emit(chroma.LiteralString, end-as-k-1)
			}
		}
	}
	return true
}

// bounded gives where the longest run without blanks from an offset ends at
// the edge of a word, or -1.
func bounded(s string, from int) int {
	end := from + spanOf(s[from:], func(c byte) bool { return !isSpace(c) })
	for ; end >= from; end-- {
		before := end > 0 && isWord(s[end-1])
		after := end < len(s) && isWord(s[end])
		if before != after {
			return end
		}
	}
	return -1
}

// continued gives the length of a line with those that it continues on.
func continued(s string) int {
	n := 0
	for {
		line, _, more := strings.Cut(s[n:], "\n")
		if !more || !strings.HasSuffix(line, `\`) || n+len(line)+1 >= len(s) || s[n+len(line)+1] == '\n' {
			return n + len(line)
		}
		n += len(line) + 1
	}
}
