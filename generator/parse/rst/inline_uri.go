package rst

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

// plain puts text out, with the URIs and e-mail addresses in it as
// references. As in docutils, text after something that looks like a URI of
// an unknown scheme is not searched.
func (in *inliner) plain(s string, off int) {
	for in.links && s != "" {
		u, ok := findURI(s)
		if !ok || u.mail == "" && !schemes[strings.ToLower(u.scheme)] {
			break
		}
		in.pepsAndText(s[:u.start], off)
		text := s[u.start:u.end]
		pos := in.r.pos(off + u.start)
		in.put(doc.NewLeaf(doc.KindReference, pos, unescape(text)).Set("refuri", u.mail+unescape(text)))
		s, off = s[u.end:], off+u.end
	}
	in.pepsAndText(s, off)
}

// pepsAndText looks for "PEP 1" and "RFC 1" where the options ask for it.
func (in *inliner) pepsAndText(s string, off int) {
	for in.p.opt.PEP || in.p.opt.RFC {
		start, end, uri := in.p.findNumbered(s)
		if end == 0 {
			break
		}
		if start > 0 {
			in.addText(s[:start], off)
		}
		pos := in.r.pos(off + start)
		in.put(doc.NewLeaf(doc.KindReference, pos, unescape(s[start:end])).Set("refuri", uri))
		s, off = s[end:], off+end
	}
	if s != "" {
		in.addText(s, off)
	}
}

// findNumbered finds "PEP 287", "pep-0287" or "RFC 2822" in a text.
func (p *parser) findNumbered(s string) (start, end int, uri string) {
	for i := 0; i+4 < len(s); i++ {
		if i > 0 && !mayPrecedeStart(first(utf8.DecodeLastRuneInString(s[:i]))) {
			continue
		}
		k := i + 4
		switch rest := s[i:]; {
		case p.opt.PEP && (strings.HasPrefix(rest, "PEP ") || strings.HasPrefix(rest, "PEP\n") || strings.HasPrefix(rest, "pep-")):
		case p.opt.RFC && strings.HasPrefix(rest, "RFC"):
			k = i + 3
			if s[k] == ' ' || s[k] == '\n' || s[k] == '-' {
				k++
			}
		default:
			continue
		}
		digits := k
		for k < len(s) && s[k] >= '0' && s[k] <= '9' {
			k++
		}
		n, err := strconv.Atoi(s[digits:k])
		if err != nil || k < len(s) && !mayFollowEnd(first(utf8.DecodeRuneInString(s[k:]))) {
			continue
		}
		if s[i] == 'R' {
			return i, k, "https://tools.ietf.org/html/rfc" + strconv.Itoa(n) + ".html"
		}
		number := strconv.Itoa(n)
		return i, k, "https://peps.python.org/pep-" + strings.Repeat("0", max(0, 4-len(number))) + number
	}
	return 0, 0, ""
}

// A uriMatch is what findURI found.
type uriMatch struct {
	start, end int
	scheme     string
	mail       string // "mailto:" for an e-mail address
}

// findURI finds the first URI or e-mail address in null-escaped text. It goes
// from colon to "@" and looks back from there, so that it is linear.
func findURI(s string) (u uriMatch, ok bool) {
	if strings.IndexByte(s, ':') < 0 && strings.IndexByte(s, '@') < 0 {
		return u, false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != ':' && c != '@' {
			continue
		}
		if c == ':' {
			if start := schemeStart(s, i); start >= 0 {
				if end := uriEnd(s, i+1); end > 0 {
					return uriMatch{start: start, end: end, scheme: s[start:i]}, true
				}
			}
			continue
		}
		if start := mailStart(s, i); start >= 0 {
			if end := mailEnd(s, i+1); end > 0 {
				return uriMatch{start: start, end: end, mail: "mailto:"}, true
			}
		}
	}
	return u, false
}

// isURI reports whether a text begins with a URI.
func isURI(s string) bool {
	u, ok := findURI(s)
	return ok && u.start == 0
}

// isEmail reports whether a text is an e-mail address and nothing else.
func isEmail(s string) bool {
	i := strings.IndexByte(s, '@')
	if i <= 0 || mailStart(s, i) != 0 {
		return false
	}
	return mailEnd(s, i+1) == len(s)
}

func startsMarkup(s string, i int) bool {
	return i == 0 || mayPrecedeStart(first(utf8.DecodeLastRuneInString(s[:i])))
}

func endsMarkup(s string, i int) bool {
	return i == len(s) || mayFollowEnd(first(utf8.DecodeRuneInString(s[i:])))
}

func class(c byte, class uint16) bool { return c < utf8.RuneSelf && ascii[c]&class != 0 }

func letter(c byte) bool { return alnum(c) && (c < '0' || c > '9') }

// schemeStart gives the earliest place where the scheme before a colon may
// begin, or -1.
func schemeStart(s string, colon int) int {
	best := -1
	for i := colon - 1; i >= 0; i-- {
		c := s[i]
		if !alnum(c) && c != '.' && c != '+' && c != '-' {
			break
		}
		if letter(c) && startsMarkup(s, i) {
			best = i
		}
	}
	return best
}

// uriLast reports whether a URI may end before i: after a letter, digit or
// one of "_~*/=+", or after any URI character when ">" follows.
func uriLast(s string, i int) bool {
	c := s[i-1]
	if alnum(c) || strings.IndexByte("_~*/=+", c) >= 0 {
		return true
	}
	return i < len(s) && s[i] == '>' && class(c, charURI)
}

// uriEnd gives where the URI ends whose part after the colon begins at from,
// or 0.
func uriEnd(s string, from int) int {
	// try gives the end when a part of the URI begins at from: the longest
	// one, with the query or fragment that may follow it.
	var try func(from int, stage byte) int
	try = func(from int, stage byte) int {
		limit := from
		for limit < len(s) && class(s[limit], charURI) {
			limit++
		}
		for end := limit; end > from; end-- {
			if !uriLast(s, end) {
				continue
			}
			if end == limit && end < len(s) {
				if s[end] == '?' && stage == ':' {
					if e := try(end+1, '?'); e > 0 {
						return e
					}
				}
				if s[end] == '#' && stage != '#' {
					if e := try(end+1, '#'); e > 0 {
						return e
					}
				}
			}
			if endsMarkup(s, end) {
				return end
			}
		}
		return 0
	}
	return try(from, ':')
}

// mailStart gives the earliest place where the name before an "@" may begin,
// or -1.
func mailStart(s string, at int) int {
	if at == 0 || s[at-1] == 0 || s[at-1] == '.' {
		return -1
	}
	best := -1
	for i := at - 1; i >= 0; i-- {
		if s[i] == '.' {
			if i == 0 || !class(s[i-1], charEmail) {
				break
			}
			continue
		}
		if !class(s[i], charEmail) {
			break
		}
		if startsMarkup(s, i) {
			best = i
		}
	}
	return best
}

// mailEnd gives where the host ends that begins at from, or 0.
func mailEnd(s string, from int) int {
	limit := from
	for limit < len(s) && (class(s[limit], charEmail) || s[limit] == '.') {
		limit++
	}
	if limit == from || s[from] == '.' {
		return 0
	}
	if limit+1 < len(s) && s[limit+1] == '>' && class(s[limit], charURI) {
		limit++
	}
	for end := limit; end > from+1; end-- {
		if uriLast(s, end) && endsMarkup(s, end) {
			return end
		}
	}
	return 0
}
