package rst

import (
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// substitutionDefinition reads ".. |name| directive:: ...".
func (b *body) substitutionDefinition(start int) (finished, done bool) {
	l := b.lines[b.i]
	marker := start + 1
	if marker >= len(l.Text) || l.Text[marker] == ' ' {
		return false, false
	}
	block, _, next, finished := b.take(b.i, extent{first: marker, known: -1, keep: true})
	name, rest, ok := substitutionName(block)
	if !ok {
		b.p.at(doc.Warning, "rst-malformed-substitution", l, "Write `.. |name| replace:: text`.", "This substitution definition is malformed, and read as a comment.")
		finished = b.comment(start, next-1) // as the reference does, from the last line
		b.p.messages++
		b.parent.Append(doc.New(doc.KindSystemMessage, l.Pos))
		return finished, true
	}
	whole := dropBlankEnd(b.lines[b.i:next])
	b.i = next
	rest = dropBlankEnd(rest)
	if len(rest) > 0 && rest[0].Text == "" {
		rest = rest[1:]
	}
	if len(rest) > 0 && rest[0].Text == "" { // what is indented below stands as a quote
		inner := &body{p: b.p, lines: rest, parent: b.parent}
		inner.runNested()
		rest = nil
	}
	if len(rest) == 0 {
		b.message(doc.Warning, "rst-empty-substitution", l, "Follow it with a directive: replace, image, unicode or date.",
			"The substitution `%s` has no content.", name).Append(shown(whole...))
		return finished, true
	}
	n := doc.New(doc.KindSubstitutionDefinition, l.Pos)
	// The reference keeps backslashes in the names of definitions, not in
	// those of references.
	name = restore(name)
	n.AddName(directive.OneLine(name))
	first := rest[0]
	trimmed := strings.TrimLeft(first.Text, " ")
	rest[0] = line{Text: strings.TrimRight(trimmed, " "), Pos: cut(first, len(first.Text)-len(trimmed)).Pos}
	dname, size := directiveMarker(rest[0].Text)
	if size > 0 && rest[0].Text[len(dname)] == ' ' { // here none may stand before the colons
		size = 0
	}
	if size > 0 {
		inner := &body{p: b.p, lines: rest, parent: b.parent}
		ok := inner.directive(dname, size, n)
		if inner.i < len(rest) {
			finished = ok
		}
	} else if len(rest) > 1 {
		if finished = blank(rest[1].Text); !finished && b.blankAt(b.i) {
			b.p.message(b.parent, doc.Warning, "rst-unindent", rest[1].Pos, len(rest[1].Text), "Follow the name with a directive: replace, image, unicode or date.",
				"The substitution definition ends before this line.")
		}
	}
	b.settleSubstitution(n, name, dname, l, whole)
	return finished, true
}

// takesAlt reports whether an element of a definition that may not stand there
// gets the name as its option alt, as in the reference. made is the directive.
func takesAlt(n *doc.Node, made string) bool {
	switch n.Kind {
	case doc.KindAdmonition, doc.KindMathBlock, doc.KindRubric:
		return true
	case doc.KindLiteralBlock:
		return strings.EqualFold(made, "parsed-literal")
	}
	return n.Kind >= doc.KindAttention && n.Kind <= doc.KindWarning
}

// settleSubstitution checks what a definition holds and registers it. made is
// the directive that it comes from.
func (b *body) settleSubstitution(n *doc.Node, name, made string, l line, whole []line) {
	var inline []*doc.Node
	for _, c := range n.Children {
		if c.Kind.Inline() || c.Kind == doc.KindImage || c.Kind == doc.KindRaw || c.Kind == doc.KindTarget {
			inline = append(inline, c)
		} else {
			if takesAlt(c, made) {
				c.Set("alt", directive.OneLine(name))
			}
			b.parent.Append(c)
		}
	}
	n.Children = inline
	for c := range n.All() {
		_, anonymous := c.Lookup("anonymous")
		_, auto := c.Lookup("auto")
		if len(c.IDs()) > 0 || c.Kind == doc.KindProblematic || c.Kind == doc.KindReference && anonymous || c.Kind == doc.KindFootnoteReference && auto {
			b.message(doc.Error, "rst-illegal-substitution", l, "Keep targets, anonymous references and automatic footnotes out of substitutions.",
				"The substitution `%s` holds an element <%s>, which it may not.", name, c.Kind).Append(shown(whole...))
			return
		}
	}
	if len(n.Children) == 0 {
		b.message(doc.Warning, "rst-empty-substitution", l, "Follow it with a directive: replace, image, unicode or date.",
			"The substitution `%s` is empty or invalid.", name).Append(shown(whole...))
		return
	}
	b.p.defineSubstitution(n, name, b.parent)
	b.parent.Append(n)
}

func (p *parser) defineSubstitution(n *doc.Node, name string, messages *doc.Node) {
	name = directive.OneLine(name)
	if old := p.substitutions[name]; old != nil {
		p.message(messages, doc.Error, "rst-duplicate-substitution", n.Pos, 1, "Rename one of the two.", "The substitution `%s` is already defined on this page.", name)
		dupName(old, name)
	}
	p.substitutions[name] = n
	p.folded[directive.NormalName(name)] = name
}

// substitutionName finds the name before the closing "|" and gives the lines
// after it. The name may go on over lines.
func substitutionName(block []line) (name string, rest []line, ok bool) {
	escaped := ""
	for i, l := range block[:min(len(block), maxNameLines)] {
		text := strings.TrimFunc(escapeNull(l.Text), isSpace)
		before := 0
		if i == 0 {
			text = strings.TrimRightFunc(escapeNull(l.Text), isSpace)
			escaped = text
		} else {
			before = len(escaped) + 1
			escaped += " " + text
		}
		if escaped == "" || escaped[0] == ' ' {
			return "", nil, false
		}
		for k := max(1, before); k < len(escaped); k++ {
			if escaped[k] != '|' || k+1 < len(escaped) && escaped[k+1] != ' ' {
				continue
			}
			if r, _ := utf8.DecodeLastRuneInString(escaped[:k]); r == 0 || isSpace(r) {
				continue
			}
			end := k + 1
			for end < len(escaped) && escaped[end] == ' ' {
				end++
			}
			lead := 0
			if i > 0 {
				_, lead = leading(l.Text)
			}
			rest = append([]line{}, block[i:]...)
			rest[0] = cut(l, min(len(l.Text), lead+end-before))
			return escaped[:k], rest, true
		}
	}
	return "", nil, false
}
