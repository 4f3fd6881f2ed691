package rst

import (
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// bulletMarker gives the bytes of a bullet with the blanks after it, or 0,
// and the columns they take.
func bulletMarker(s string) (bytes, columns int) {
	size := 1
	switch s[0] {
	case '-', '+', '*':
	case 0xe2:
		switch r, n := utf8.DecodeRuneInString(s); r {
		case '•', '‣', '⁃':
			size = n
		default:
			return 0, 0
		}
	default:
		return 0, 0
	}
	n := size
	for n < len(s) && s[n] == ' ' {
		n++
	}
	if n == size && n < len(s) {
		return 0, 0
	}
	return n, n - size + 1
}

// item reads a list item whose marker takes so many bytes and columns.
func (b *body) item(bytes, columns int) (item *doc.Node, finished bool) {
	l := b.lines[b.i]
	item = b.p.state.Make.New(doc.KindListItem, l.Pos)
	x := extent{first: bytes, known: columns}
	if bytes == len(l.Text) {
		x.known = -1
	}
	block, _, next, finished := b.take(b.i, x)
	b.i = next
	b.p.nested(dropBlankTop(block), item)
	return item, finished
}

func (b *body) skipBlank() {
	for b.i < len(b.lines) && blank(b.lines[b.i].Text) {
		b.i++
	}
}

// bulletList reads items as long as the bullet stays the same.
func (b *body) bulletList() {
	first := b.lines[b.i]
	_, size := utf8.DecodeRuneInString(first.Text)
	bullet := first.Text[:size]
	list := doc.New(doc.KindBulletList, first.Pos).Set("bullet", bullet)
	b.parent.Append(list)
	finished := true
	for b.i < len(b.lines) {
		s := b.lines[b.i].Text
		if s == "" || !strings.HasPrefix(s, bullet) {
			break
		}
		bytes, columns := bulletMarker(s)
		if bytes == 0 {
			break
		}
		var item *doc.Node
		item, finished = b.item(bytes, columns)
		list.Append(item)
		b.skipBlank()
	}
	if !finished {
		b.unindent("The bullet list")
	}
}

// definitionList reads terms and their definitions.
func (b *body) definitionList() {
	list := doc.New(doc.KindDefinitionList, b.lines[b.i].Pos)
	b.parent.Append(list)
	finished := true
	for {
		var item *doc.Node
		item, finished = b.definition()
		list.Append(item)
		b.skipBlank()
		if b.i+1 >= len(b.lines) || !b.plainText(b.i) || blank(b.lines[b.i+1].Text) || b.lines[b.i+1].Text[0] != ' ' {
			break
		}
	}
	if !finished {
		b.unindent("The definition list")
	}
}

// plainText reports whether line i begins no other construct.
func (b *body) plainText(i int) bool {
	s := b.lines[i].Text
	switch c := s[0]; {
	case c == ' ':
		return false
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
		return enumeratorEnd(s) == 0
	case c >= utf8.RuneSelf:
		n, _ := bulletMarker(s)
		return n == 0
	case c < ' ':
		return true
	case c == '#' || c == '(':
		if enumeratorEnd(s) > 0 {
			return false
		}
	case c == ':':
		if isField(s) {
			return false
		}
	case c == '>':
		if strings.HasPrefix(s, ">>>") && (len(s) == 3 || s[3] == ' ') {
			return false
		}
	case c == '|':
		if len(s) == 1 || s[1] == ' ' {
			return false
		}
	case c == '=':
		if simpleTop(s) {
			return false
		}
	case c == '.':
		if explicitMarker(s) {
			return false
		}
	case c == '_':
		if anonymousMarker(s) {
			return false
		}
	}
	if n, _ := bulletMarker(s); n > 0 {
		return false
	}
	if n, _ := optionMarker(s); n > 0 {
		return false
	}
	return !gridTop(s) && !adornment(s)
}

func (b *body) definition() (item *doc.Node, finished bool) {
	term := b.lines[b.i]
	item = b.p.state.Make.New(doc.KindDefinitionListItem, term.Pos)
	block, _, next, finished := b.take(b.i+1, extent{first: -1, known: -1})
	b.i = next
	item.Append(b.p.term(term)...)
	def := b.p.state.Make.New(doc.KindDefinition, block[0].Pos)
	item.Append(def)
	if strings.HasSuffix(term.Text, "::") {
		b.p.message(def, doc.Info, "rst-literal-blank", term.Pos, len(term.Text), "Put a blank line after the `::`.",
			"This is read as a definition list; for a literal block a blank line is missing.")
	}
	b.p.nested(block, def)
	return item, finished
}

// term reads a term and its classifiers, which stand after " : ". Only plain
// text is looked at, and what is escaped in it does not count.
func (p *parser) term(l line) []*doc.Node {
	r := run{text: l.Text, base: l.Pos}
	cur := doc.New(doc.KindTerm, l.Pos)
	out := []*doc.Node{cur}
	for _, n := range p.inline(&r, true) {
		if n.Kind != doc.KindText {
			cur.Append(n)
			continue
		}
		parts := splitClassifiers(n.Text)
		if len(parts) == 1 {
			if n = doc.NewEscaped(n.Pos, n.Text); n.Text != "" {
				cur.Append(n)
			}
			continue
		}
		if t := doc.NewEscaped(n.Pos, strings.TrimRightFunc(parts[0], isSpace)); t.Text != "" {
			cur.Append(t)
		}
		for _, part := range parts[1:] {
			cur = doc.New(doc.KindClassifier, n.Pos)
			if t := doc.NewEscaped(n.Pos, part); t.Text != "" {
				cur.Append(t)
			}
			out = append(out, cur)
		}
	}
	return out
}

// splitClassifiers splits a text at " : " with any number of blanks.
func splitClassifiers(s string) (parts []string) {
	start := 0
	for i := 1; i < len(s)-1; i++ {
		if s[i] != ':' || s[i-1] != ' ' || s[i+1] != ' ' {
			continue
		}
		end := i
		for end > start && s[end-1] == ' ' {
			end--
		}
		if end == i { // the blank before belongs to the separator before
			continue
		}
		parts = append(parts, s[start:end])
		start = i + 1
		for start < len(s) && s[start] == ' ' {
			start++
		}
		i = start
	}
	return append(parts, s[start:])
}

// fieldMarker gives the bytes of a field marker with its colons, and with the
// blanks after it, or 0. A colon inside the name ends it only before a blank,
// and an interpreted text in it may hold colons.
func fieldMarker(s string) (marker, all int) {
	if len(s) < 3 || s[0] != ':' || s[1] == ':' || s[1] == ' ' {
		return 0, 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i >= len(s) {
				return 0, 0
			}
		case ':':
			if i+1 == len(s) || s[i+1] == ' ' {
				if i == 1 || s[i-1] == ' ' {
					return 0, 0
				}
				all = i + 1
				for all < len(s) && s[all] == ' ' {
					all++
				}
				return i + 1, all
			}
			if s[i+1] == '`' {
				return 0, 0
			}
		}
	}
	return 0, 0
}

// fieldList reads fields.
func (b *body) fieldList() {
	list := doc.New(doc.KindFieldList, b.lines[b.i].Pos)
	b.parent.Append(list)
	finished := true
	for b.i < len(b.lines) && isField(b.lines[b.i].Text) {
		var f *doc.Node
		f, finished = b.field()
		list.Append(f)
		b.skipBlank()
	}
	if !finished {
		b.unindent("The field list")
	}
}

func (b *body) field() (field *doc.Node, finished bool) {
	l := b.lines[b.i]
	marker, all := fieldMarker(l.Text)
	block, _, next, finished := b.take(b.i, extent{first: all, known: -1})
	b.i = next
	name := b.p.state.Make.New(doc.KindFieldName, l.Pos)
	r := run{text: l.Text[1 : marker-1], base: cut(l, 1).Pos}
	content := b.p.state.Make.New(doc.KindFieldBody, cut(l, marker).Pos)
	name.Children = b.p.inlineWith(&r, false, content)
	b.p.nested(dropBlankTop(block), content)
	return doc.New(doc.KindField, l.Pos, name, content), finished
}

// lineBlock reads lines that begin with "|".
func (b *body) lineBlock() {
	first := b.lines[b.i]
	var lines []*doc.Node
	var indents []int
	finished := false
	for !finished && b.i < len(b.lines) {
		l := b.lines[b.i]
		s := l.Text
		if s == "" || s[0] != '|' || len(s) > 1 && s[1] != ' ' {
			break
		}
		n := 1
		for n < len(s) && s[n] == ' ' {
			n++
		}
		var block []line
		block, _, b.i, finished = b.takeLine(n)
		node := b.p.state.Make.New(doc.KindLine, l.Pos)
		if block = dropBlankTop(block); len(block) > 0 {
			r := b.p.join(block)
			node.Pos = r.base
			node.Children = b.p.inlineWith(&r, false, b.parent)
		}
		lines = append(lines, node)
		if n == len(s) {
			indents = append(indents, -1)
		} else {
			indents = append(indents, n-2)
		}
	}
	for i, d := range indents {
		if d < 0 {
			indents[i] = 0
			if i > 0 {
				indents[i] = indents[i-1]
			}
		}
	}
	b.parent.Append(doc.New(doc.KindLineBlock, first.Pos, directive.NestLines(lines, indents)...))
	if !finished && b.i < len(b.lines) {
		b.message(doc.Warning, "rst-unindent", b.lines[b.i], "Put a blank line before this line.", "The line block ends without a blank line.")
	}
}

// takeLine takes one line of a line block and its continuation lines.
func (b *body) takeLine(marker int) (block []line, indent, next int, finished bool) {
	return b.take(b.i, extent{first: marker, known: -1, untilBlank: true})
}
