package rst

import (
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

func literalBlock(pos doc.Pos, text string) *doc.Node {
	return doc.New(doc.KindLiteralBlock, pos, doc.NewText(pos, text)).Set("xml:space", "preserve")
}

// literal reads the literal block after a "::": indented lines, or lines that
// all start with the same punctuation character.
func (b *body) literal() {
	block, _, next, finished := b.take(b.i, extent{first: -1, known: -1})
	block = dropBlankTop(block)
	block = dropBlankEnd(block)
	if len(block) == 0 {
		b.i = next
		b.quotedLiteral()
		return
	}
	b.i = next
	r := b.p.join(block)
	n := literalBlock(r.base, r.text)
	b.p.state.SetHighlight(n)
	b.parent.Append(n)
	if !finished {
		b.unindent("The literal block")
	}
}

func (b *body) quotedLiteral() {
	start := b.i
	quote := byte(0)
	if start < len(b.lines) {
		quote = b.lines[start].Text[0]
	}
	if quote == 0 || quote >= utf8.RuneSelf || ascii[quote]&charPunct == 0 {
		l := line{Pos: b.pos()}
		if start < len(b.lines) {
			l = b.lines[start]
		}
		b.message(doc.Warning, "rst-literal-missing", l, "Indent the block under the paragraph, or write one colon.",
			"A literal block was announced by `::`, and none follows.")
		return
	}
	end := start
	for end < len(b.lines) && b.lines[end].Text != "" && b.lines[end].Text[0] == quote {
		end++
	}
	b.i = end
	r := b.p.join(b.lines[start:end])
	n := literalBlock(r.base, r.text)
	b.p.state.SetHighlight(n)
	b.parent.Append(n)
	if end == len(b.lines) || blank(b.lines[end].Text) {
		return
	}
	if b.lines[end].Text[0] == ' ' {
		b.message(doc.Error, "rst-indent", b.lines[end], "Put a blank line before it.", "This line is indented, and the quoted literal block above it goes on.")
	} else {
		b.message(doc.Error, "rst-literal-quotes", b.lines[end], "Start the line with the same character, or put a blank line before it.",
			"The lines of a quoted literal block start with `%c`; this one does not.", quote)
	}
}

// doctest reads an interactive Python session.
func (b *body) doctest() {
	start := b.i
	for b.i < len(b.lines) && !blank(b.lines[b.i].Text) {
		b.i++
	}
	r := b.p.join(b.lines[start:b.i])
	n := literalBlock(r.base, r.text)
	n.Kind = doc.KindDoctestBlock
	b.parent.Append(n)
}

// indented reads a block quote.
func (b *body) indented() {
	block, _, next, finished := b.take(b.i, extent{first: -1, known: -1})
	b.i = next
	b.parent.Append(b.p.quotes(block)...)
	if !finished {
		b.unindent("The block quote")
	}
}

func (b *body) blockQuote(lines []line) []*doc.Node { return b.p.quotes(lines) }

// quotes reads lines as block quotes; an attribution ends one.
func (p *parser) quotes(lines []line) []*doc.Node {
	var out []*doc.Node
	for lines = dropBlankTop(lines); len(lines) > 0; lines = dropBlankTop(lines) {
		q := doc.New(doc.KindBlockQuote, lines[0].Pos)
		own, attribution, rest := splitAttribution(lines)
		p.nested(own, q)
		out = append(out, q)
		if attribution != nil {
			r := p.join(attribution)
			r.text = strings.TrimRightFunc(r.text, isSpace)
			a := doc.New(doc.KindAttribution, r.base)
			a.Children = p.inline(&r, false)
			q.Append(a)
		}
		lines = rest
	}
	return out
}

// splitAttribution finds the attribution of a block quote: a line that starts
// with dashes after a blank line, its further lines all indented alike.
func splitAttribution(lines []line) (own, attribution, rest []line) {
	blankAt, seen := -2, false
	for i, l := range lines {
		if blank(l.Text) {
			blankAt = i
			continue
		}
		if seen && blankAt == i-1 {
			if size := attributionMarker(l.Text); size > 0 {
				if end, indent, ok := attributionEnd(lines, i); ok {
					a := append([]line{cut(l, size)}, lines[i+1:end]...)
					for j := 1; j < len(a); j++ {
						a[j] = cutColumns(a[j], indent)
					}
					return lines[:i], a, lines[end:]
				}
			}
		}
		seen = true
	}
	return lines, nil, nil
}

// attributionMarker gives the bytes of "-- ", "--- " or an em dash with the
// blanks after it, when something follows.
func attributionMarker(s string) int {
	n := 0
	switch {
	case strings.HasPrefix(s, "—"):
		n = len("—")
	case strings.HasPrefix(s, "---") && !strings.HasPrefix(s, "----"):
		n = 3
	case strings.HasPrefix(s, "--") && !strings.HasPrefix(s, "---"):
		n = 2
	default:
		return 0
	}
	for n < len(s) && s[n] == ' ' {
		n++
	}
	if n == len(s) {
		return 0
	}
	return n
}

func attributionEnd(lines []line, start int) (end, indent int, ok bool) {
	indent = -1
	for end = start + 1; end < len(lines) && !blank(lines[end].Text); end++ {
		columns, _ := leading(lines[end].Text)
		if indent >= 0 && columns != indent {
			return 0, 0, false
		}
		indent = columns
	}
	return end, max(indent, 0), true
}
