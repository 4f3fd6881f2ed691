package rst

import (
	"slices"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// explicitMarker reports whether a line begins with "..".
func explicitMarker(s string) bool {
	return strings.HasPrefix(s, "..") && (len(s) == 2 || s[2] == ' ')
}

// anonymousMarker reports whether a line begins with "__".
func anonymousMarker(s string) bool {
	return strings.HasPrefix(s, "__") && (len(s) == 2 || s[2] == ' ')
}

// simpleName gives the bytes of a simple name at the start of s: letters and
// digits, with single "-._+:" between them.
func simpleName(s string) int {
	i := 0
	for {
		n := wordRun(s[i:])
		if n == 0 {
			return max(i-1, 0)
		}
		i += n
		if i >= len(s) || !connects(s[i]) {
			return i
		}
		i++
		if i >= len(s) {
			return i - 1
		}
	}
}

func connects(c byte) bool { return c == '-' || c == '.' || c == '_' || c == '+' || c == ':' }

func wordRun(s string) int {
	i := 0
	for i < len(s) {
		if s[i] < utf8.RuneSelf {
			if ascii[s[i]]&charWord == 0 {
				break
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isWord(r) {
			break
		}
		i += size
	}
	return i
}

// explicit reads what begins with "..": a footnote, citation, target,
// substitution definition, directive or comment.
func (b *body) explicit() {
	l := b.lines[b.i]
	start := 2
	for start < len(l.Text) && l.Text[start] == ' ' {
		start++
	}
	rest := l.Text[start:]
	finished, done := false, false
	if rest != "" {
		switch rest[0] {
		case '[':
			finished, done = b.footnote(start)
		case '_':
			finished, done = b.hyperlinkTarget(start)
		case '|':
			finished, done = b.substitutionDefinition(start)
		default:
			if name, n := directiveMarker(rest); n > 0 {
				finished, done = b.directive(name, start+n, nil), true
			}
		}
	}
	if !done {
		finished = b.comment(start, b.i)
	}
	b.endExplicit(finished)
}

// endExplicit warns when an explicit construct is followed at once by
// something that is none.
func (b *body) endExplicit(finished bool) {
	if finished || b.i >= len(b.lines) || blank(b.lines[b.i].Text) {
		return
	}
	if s := b.lines[b.i].Text; !explicitMarker(s) && !anonymousMarker(s) {
		b.unindent("The explicit markup")
	}
}

// comment reads a comment from a line on. A lone ".." takes nothing with it.
func (b *body) comment(start, from int) (finished bool) {
	l := b.lines[b.i]
	n := doc.New(doc.KindComment, l.Pos).Set("xml:space", "preserve")
	if b.blankAt(from+1) && start == len(l.Text) {
		b.parent.Append(n)
		b.i = from + 1
		return true
	}
	if b.blankAt(from+1) && strings.HasPrefix(l.Text, endOfFile) {
		b.i = from + 1
		return true
	}
	if from != b.i { // the marker's width counts in characters there
		start = shorter(b.lines[from].Text, utf8.RuneCountInString(l.Text[:start]))
	}
	block, _, next, finished := b.take(from, extent{first: start, known: -1})
	b.i = next
	block = dropBlankEnd(dropBlankTop(block))
	if len(block) > 0 {
		r := b.p.join(block)
		n.Append(doc.NewText(r.base, r.text))
	}
	b.parent.Append(n)
	return finished
}

// shorter gives the bytes of the first n characters.
func shorter(s string, n int) int {
	for i := range s {
		if n--; n < 0 {
			return i
		}
	}
	return len(s)
}

// directiveMarker gives the name of "name:: " and the bytes of all of it.
func directiveMarker(s string) (name string, n int) {
	end := simpleName(s)
	if end == 0 {
		return "", 0
	}
	i := end
	if i < len(s) && s[i] == ' ' {
		i++
	}
	if !strings.HasPrefix(s[i:], "::") {
		return "", 0
	}
	i += 2
	if i < len(s) && s[i] != ' ' {
		return "", 0
	}
	for i < len(s) && s[i] == ' ' {
		i++
	}
	return s[:end], i
}

// directive runs a directive whose name was found; its block begins start
// bytes into the line. subst is the definition it stands in, or nil.
func (b *body) directive(name string, start int, subst *doc.Node) (finished bool) {
	first := b.i
	l := b.lines[first]
	block, _, next, finished := b.take(first, extent{first: start, known: -1})
	whole := dropBlankEnd(b.lines[first:next])
	b.i = next
	for len(block) > len(whole) {
		block = block[:len(block)-1]
	}
	blk := &directive.Block{Name: name, Pos: l.Pos, Len: len(l.Text), Source: func() string { return sourceOf(whole) }, Lines: block, Inline: subst != nil, Subst: subst, Titles: b.titles, Sidebar: b.sidebar}
	if blk.Lines == nil {
		blk.Lines = []line{}
	}
	outer := b.p.body
	b.p.body = b
	nodes := b.p.table.Run(b.p, blk)
	b.p.body = outer
	for _, n := range nodes {
		switch n.Kind {
		case doc.KindSystemMessage:
			b.p.messages++
			if strings.EqualFold(name, "meta") && len(blk.Content) > 0 {
				// As in the reference this one stands where meta elements go.
				b.p.state.Meta, nodes = append(b.p.state.Meta, nodes...), nil
			}
		case doc.KindPending:
			b.p.pending++
		case doc.KindTopic:
			if k := len(n.Children); k > 0 && n.Children[k-1].Kind == doc.KindPending {
				b.p.pending++
				b.p.noteTopic(n)
			}
		}
	}
	if slices.ContainsFunc(b.p.state.Meta, func(n *doc.Node) bool { return n.Kind == doc.KindSystemMessage }) {
		b.p.messages++
	}
	if b.p.state.Meta != nil || b.p.state.Header != nil || b.p.state.Footer != nil {
		b.p.state.Decorate(b.p.root)
	}
	into := b.parent
	switch {
	case subst != nil:
		into = subst
	case len(nodes) == 1 && nodes[0].Kind == doc.KindOnly:
		into = b.levelOf(b.p.style)
	}
	into.Append(nodes...)
	return finished || b.blankAt(b.i)
}

// levelOf gives the element that sections of a style of title stand in. An only
// that begins with such a section stands there too, as in Sphinx.
func (b *body) levelOf(style string) *doc.Node {
	if b.memo == nil || style == "" {
		return b.parent
	}
	switch level := slices.Index(b.memo.styles, style); {
	case level < 0 || level >= len(b.open):
		return b.parent
	case level == 0:
		return b.root
	default:
		return b.open[level-1]
	}
}

// sourceOf is the text of lines without what all but the first have in
// common of indentation.
func sourceOf(lines []line) string {
	if len(lines) == 1 {
		return lines[0].Text
	}
	var s strings.Builder
	for i, l := range lines {
		if i > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(l.Text)
	}
	return s.String()
}

// footnote reads a footnote or citation.
func (b *body) footnote(start int) (finished, done bool) {
	l := b.lines[b.i]
	s := l.Text[start+1:]
	n := footnoteLabel(s)
	citation := false
	if n == 0 {
		n, citation = simpleName(s), true
	}
	if n == 0 || n >= len(s) || s[n] != ']' || n+1 < len(s) && s[n+1] != ' ' {
		return false, false
	}
	label := s[:n]
	body := start + 1 + n + 1
	for body < len(l.Text) && l.Text[body] == ' ' {
		body++
	}
	block, _, next, finished := b.take(b.i, extent{first: body, known: -1})
	b.i = next
	name := directive.NormalName(label)
	node := doc.New(doc.KindFootnote, l.Pos)
	labelPos := cut(l, start+1).Pos
	switch {
	case citation:
		node.Kind = doc.KindCitation
		node.Append(doc.New(doc.KindLabel, labelPos, doc.NewText(labelPos, label)))
		b.p.citations = append(b.p.citations, node)
	case name[0] == '#':
		name = name[1:]
		node.Set("auto", "1")
		b.p.autoNotes = append(b.p.autoNotes, node)
	case name == "*":
		name = ""
		node.Set("auto", "*")
		b.p.symbolNotes = append(b.p.symbolNotes, node)
	default:
		node.Append(doc.New(doc.KindLabel, labelPos, doc.NewText(labelPos, label)))
		b.p.footnotes = append(b.p.footnotes, node)
	}
	if name != "" {
		node.AddName(name)
		b.p.explicitTarget(node, node)
	} else {
		b.p.setID(node, "")
	}
	b.parent.Append(node)
	b.p.nested(dropBlankTop(block), node)
	return finished, true
}

// footnoteLabel gives the bytes of "1", "#", "#name" or "*" before a "]".
func footnoteLabel(s string) int {
	n := 0
	switch {
	case s == "":
		return 0
	case s[0] == '*':
		n = 1
	case s[0] == '#':
		n = 1 + simpleName(s[1:])
	default:
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
	}
	if n < len(s) && s[n] == ']' {
		return n
	}
	return 0
}
