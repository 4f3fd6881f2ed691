package rst

import (
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// maxNameLines is how many lines the name of a target or of a substitution
// may take.
const maxNameLines = 50

// hyperlinkTarget reads ".. _name: where".
func (b *body) hyperlinkTarget(start int) (finished, done bool) {
	l := b.lines[b.i]
	marker := start + 1
	if marker >= len(l.Text) || l.Text[marker] == ' ' {
		return false, false
	}
	block, _, next, finished := b.take(b.i, extent{first: marker, known: -1, untilBlank: true, keep: true})
	// The name may go on over several lines, joined as they are.
	escaped := ""
	for i, part := range block[:min(len(block), maxNameLines)] {
		text := escapeNull(part.Text)
		escaped += text
		name, end, ok := targetName(escaped)
		if !ok {
			continue
		}
		b.i = next
		rest := make([]string, 0, len(block)-i)
		from := max(0, end-(len(escaped)-len(text)))
		rest = append(rest, strings.TrimFunc(text[min(from, len(text)):], isSpace))
		for _, more := range block[i+1:] {
			rest = append(rest, escapeNull(more.Text))
		}
		b.parent.Append(b.makeTarget(l, name, rest))
		return finished, true
	}
	hint := "Write `.. _name: target`; a name with a colon or spaces around it stands in backquotes."
	b.p.at(doc.Warning, "rst-malformed-target", l, hint, "This hyperlink target is malformed, and read as a comment.")
	finished = b.comment(start, next-1) // as the reference does, from the last line
	b.p.messages++
	b.parent.Append(doc.New(doc.KindSystemMessage, l.Pos))
	return finished, true
}

// targetName finds the name of a target and the ": " after it. The name is
// "_" for an anonymous target, stands in backquotes, or ends at the first
// colon that is not escaped and has a blank after it.
func targetName(s string) (name string, end int, ok bool) {
	closes := func(i int) (int, bool) { // an optional blank, a colon, blanks
		if i < len(s) && s[i] == ' ' {
			i++
		}
		if i >= len(s) || s[i] != ':' || i+1 < len(s) && s[i+1] != ' ' {
			return 0, false
		}
		for i++; i < len(s) && s[i] == ' '; i++ {
		}
		return i, true
	}
	if s == "" {
		return "", 0, false
	}
	if s[0] == '_' {
		end, ok = closes(1)
		return "", end, ok
	}
	open := 0
	if s[0] == '`' {
		open = 1
	}
	if open < len(s) && (s[open] == ' ' || s[open] == '`') {
		return "", 0, false
	}
	for i := open + 1; i <= len(s); i++ {
		if open == 1 && (i >= len(s) || s[i] != '`') {
			continue
		}
		if c := s[i-1]; c == 0 || c < 128 && ascii[c]&charSpace != 0 {
			continue
		}
		after := i + open
		last := s[after-1]
		if last == ':' && (after < 2 || s[after-2] != 0) || last == 0 {
			continue
		}
		if end, ok := closes(after); ok {
			return s[open:i], end, true
		}
	}
	return "", 0, false
}

// anonymousTarget reads "__ where".
func (b *body) anonymousTarget() {
	l := b.lines[b.i]
	marker := 2
	for marker < len(l.Text) && l.Text[marker] == ' ' {
		marker++
	}
	block, _, next, finished := b.take(b.i, extent{first: marker, known: -1, untilBlank: true})
	b.i = next
	var rest []string
	for _, part := range block {
		rest = append(rest, escapeNull(part.Text))
	}
	b.parent.Append(b.makeTarget(l, "", rest))
	b.endExplicit(finished)
}

// makeTarget makes the target from what follows its name: another name that
// ends in "_", a URI, or nothing. The strings are null-escaped.
func (b *body) makeTarget(l line, name string, rest []string) *doc.Node {
	n := doc.New(doc.KindTarget, l.Pos)
	if indirect, ok := indirectName(rest); ok {
		n.Set("refname", directive.NormalName(indirect))
		b.p.raw[n] = l.Text
		b.noteTarget(n, name, "")
		b.p.noteIndirect(n)
		return n
	}
	if len(rest) == 0 || len(rest) == 1 && strings.TrimSpace(rest[0]) == "" {
		b.p.raw[n] = l.Text
	}
	b.noteTarget(n, name, joinURI(strings.Join(rest, " ")))
	return n
}

func (b *body) noteTarget(n *doc.Node, name, uri string) {
	if name == "" {
		if uri != "" {
			n.Set("refuri", uri)
		}
		n.Set("anonymous", "1")
		b.p.setID(n, "")
		return
	}
	n.AddName(directive.NormalName(unescape(name)))
	if uri != "" {
		n.Set("refuri", adjustURI(uri))
	}
	b.p.explicitTarget(n, b.parent)
}

func (p *parser) noteIndirect(n *doc.Node) {
	p.indirect = append(p.indirect, n)
	if len(n.Names()) > 0 {
		p.noteRefName(n)
	}
}

// indirectName gives the name that a target refers to, if it does.
func indirectName(rest []string) (string, bool) {
	if len(rest) == 0 || !strings.HasSuffix(strings.TrimFunc(rest[len(rest)-1], isSpace), "_") {
		return "", false
	}
	s := directive.OneLine(strings.Join(rest, " "))
	if n := simpleName(s); n > 0 && s[n:] == "_" {
		return unescape(s[:n]), true
	}
	if len(s) < 4 || s[0] != '`' || s[1] == ' ' || !strings.HasSuffix(s, "`_") {
		return "", false
	}
	phrase := s[1 : len(s)-2]
	if c := phrase[len(phrase)-1]; c == 0 || c == ' ' {
		return "", false
	}
	return unescape(phrase), true
}

// joinURI drops the white space from a URI, but keeps what is escaped.
func joinURI(s string) string {
	var parts []string
	for _, part := range splitEscapedSpace(s) {
		parts = append(parts, strings.Join(strings.Fields(unescape(part)), ""))
	}
	return strings.Join(parts, " ")
}

// splitEscapedSpace splits at white space that was escaped.
func splitEscapedSpace(s string) []string {
	var out []string
	start := 0
	for i := 0; i+1 < len(s); i++ {
		if s[i] == 0 && (s[i+1] == ' ' || s[i+1] == '\n') {
			out = append(out, s[start:i])
			start = i + 2
			i++
		}
	}
	return append(out, s[start:])
}

// adjustURI makes an e-mail address a mailto URI.
func adjustURI(uri string) string {
	if isEmail(uri) {
		return "mailto:" + uri
	}
	return uri
}
