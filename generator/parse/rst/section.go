package rst

import (
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// A titleMemo remembers which style of title stands for which level: one
// character for an underline, two for overline and underline.
type titleMemo struct{ styles []string }

// underlined reads a title with an underline. It reports whether the two
// lines were dealt with; else they are ordinary text.
func (b *body) underlined() bool {
	l, under := b.lines[b.i], strings.TrimRight(b.lines[b.i+1].Text, " ")
	title := strings.TrimRightFunc(l.Text, isSpace)
	short := width(title) > len(under)
	if short && len(under) < 4 {
		if b.titles {
			b.message(doc.Info, "rst-short-underline", b.lines[b.i+1], "Make it as long as the title if it is an underline.",
				"This may be a title's underline, but it is too short and taken as text.")
		}
		return false
	}
	b.i += 2
	if !b.titles {
		if short {
			b.shortUnderline(b.parent, l)
		}
		b.message(doc.Error, "rst-unexpected-title", l, "Take it out of the list, quote or directive, or use the rubric directive.",
			"A section title may not stand here.").Append(shown(l, b.lines[b.i-1]))
		return true
	}
	if s := b.section(l, under[:1], false); s != nil && short {
		b.shortUnderline(s, l)
	}
	return true
}

func (b *body) shortUnderline(parent *doc.Node, title line) {
	b.p.message(parent, doc.Warning, "rst-short-underline", title.Pos, len(title.Text), "Make the underline at least as long as the title.",
		"The title's underline is too short.")
}

// shown is the source of lines that did not become part of the tree.
func shown(lines ...line) *doc.Node {
	var text []string
	for _, l := range lines {
		text = append(text, l.Text)
	}
	return literalBlock(lines[0].Pos, strings.Join(text, "\n"))
}

// section opens a section with a title of a style, closing those that it does
// not belong to. It gives nil when the style does not fit the levels. brief
// says that its overline has less than four characters.
func (b *body) section(title line, style string, brief bool) *doc.Node {
	level, deepest := 0, len(b.open)
	if b.level > 0 {
		deepest = b.level
	}
	for i, s := range b.memo.styles {
		if s == style {
			level = i + 1
		}
	}
	if level == 0 && len(b.memo.styles) == deepest {
		b.memo.styles = append(b.memo.styles, style)
		level = len(b.memo.styles)
	}
	if level == 0 || level > deepest+1 {
		b.message(doc.Severe, "rst-title-level", title, "Use the adornment of the level below the current one; levels may not be skipped.",
			"The title's level does not fit: %s.", describe(b.memo.styles, style)).Append(shown(title))
		return nil
	}
	if b.again(level, b.i-len(style)-1) {
		return nil
	}
	b.open, b.brief, b.level = b.open[:level-1], b.brief[:level-1], 0
	parent := b.root
	if level > 1 {
		parent = b.open[level-2]
	}
	m := &b.p.state.Make
	s := m.New(doc.KindSection, title.Pos)
	parent.Append(s)
	b.open, b.brief = append(b.open, s), append(b.brief, brief)
	b.parent = s
	r := run{text: strings.TrimRightFunc(title.Text, isSpace), base: title.Pos}
	t := m.New(doc.KindTitle, title.Pos)
	var messages doc.Node
	t.Children = b.p.inlineWith(&r, false, &messages)
	s.AddName(directive.NormalName(t.PlainText()))
	s.Append(t)
	s.Append(messages.Children...)
	b.p.implicitTarget(s, s)
	return s
}

// again does what the reference does when a title at line at closes a section
// with a brief overline, and the section around that too: in between it takes
// the overline for text, and reads the two lines before the title again.
func (b *body) again(level, at int) bool {
	for k := len(b.open) - 1; k >= level; k-- {
		if !b.brief[k] || at < 2 {
			continue
		}
		b.open, b.brief, b.level = b.open[:k], b.brief[:k], level
		b.parent = b.open[k-1]
		b.i = at - 2
		if l := b.lines[b.i]; blank(l.Text) && b.blankAt(b.i+1) {
			b.parent.Append(doc.New(doc.KindParagraph, l.Pos))
			b.i += 2
		} else {
			b.text()
		}
		return true
	}
	return false
}

func describe(styles []string, style string) string {
	var seen []string
	for _, s := range styles {
		seen = append(seen, "`"+s+"`")
	}
	return "the page uses " + strings.Join(seen, ", ") + " from the top down, and this is `" + style + "`"
}

// adorned reads what starts with a line of punctuation: a transition, or a
// title with an overline.
func (b *body) adorned() {
	over := b.lines[b.i]
	mark := strings.TrimSpace(over.Text)
	short := len(mark) < 4
	switch {
	case b.titles:
	case mark == "::":
		b.text()
		return
	case short:
		b.message(doc.Info, "rst-short-overline", over, "", "This may be a title's overline or a transition, but it is short and taken as text.")
		b.text()
		return
	default:
		b.message(doc.Error, "rst-unexpected-title", over, "Take it out of the list, quote or directive.",
			"A section title or transition may not stand here.").Append(shown(over))
		b.i++
		return
	}
	asText := func() {
		if b.i+1 < len(b.lines) && !blank(b.lines[b.i+1].Text) {
			b.message(doc.Info, "rst-short-overline", over, "", "This may be an incomplete title, but the overline is short and taken as text.")
		}
		b.text()
	}
	if b.blankAt(b.i + 1) {
		if short {
			asText()
			return
		}
		b.i++
		b.parent.Append(doc.New(doc.KindTransition, over.Pos))
		b.p.transitions++
		return
	}
	title := b.lines[b.i+1]
	if adornment(title.Text) {
		if short {
			asText()
			return
		}
		b.message(doc.Error, "rst-invalid-title", over, "Write a line of text between the two, or a blank line.",
			"Two lines of punctuation follow each other: neither a title nor a transition.").Append(shown(over, title))
		b.i += 2
		return
	}
	overline, underline := strings.TrimRight(over.Text, " "), ""
	if b.i+2 < len(b.lines) {
		underline = strings.TrimRight(b.lines[b.i+2].Text, " ")
	}
	wide := width(strings.TrimRightFunc(title.Text, isSpace)) > len(overline)
	if short && (overline != underline || wide) {
		asText()
		return
	}
	end := min(b.i+3, len(b.lines))
	switch {
	case b.i+2 >= len(b.lines):
		b.badTitle(over, end, "The section title is incomplete: its underline is missing.")
		return
	case !adornment(underline):
		b.badTitle(over, end, "The overline has no matching underline.")
		return
	case overline != underline:
		b.badTitle(over, end, "The overline and the underline of a title differ.")
		return
	}
	b.i = end
	text := strings.TrimLeftFunc(title.Text, isSpace)
	s := b.section(cut(title, len(title.Text)-len(text)), overline[:1]+underline[:1], short)
	if s != nil && wide {
		b.p.message(s, doc.Warning, "rst-short-underline", over.Pos, len(over.Text), "Make both lines at least as long as the title.",
			"The title's overline is too short.")
	}
}

func (b *body) badTitle(over line, end int, text string) {
	b.message(doc.Severe, "rst-invalid-title", over, "Write the same line above and below the title.", "%s", text).Append(shown(b.lines[b.i:end]...))
	b.i = end
}
