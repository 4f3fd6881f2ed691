package directive

import (
	"strings"

	"docent/generator/doc"
)

// classes adds the classes of an option that classOption has checked.
func (b *Block) classes(n *doc.Node, option string) *doc.Node {
	if v := b.opt(option); v != "" {
		n.AppendClass(strings.Fields(v)...)
	}
	return n
}

// addName makes the node a target under the :name: option.
func (b *Block) addName(p Parser, n *doc.Node) *doc.Node {
	if v, ok := b.Option("name"); ok && !blank(v) {
		p.NoteTarget(n, v)
	}
	return n
}

// wrap is the node with inline text.
func wrap(p Parser, k doc.Kind, text string, pos doc.Pos) *doc.Node {
	return doc.New(k, pos, p.Inline(text, pos)...)
}

// literal is a literal block of plain text.
func literal(pos doc.Pos, text string) *doc.Node {
	return doc.New(doc.KindLiteralBlock, pos, doc.NewText(pos, text)).Set("xml:space", "preserve")
}

// plain is a node of one plain text.
func plain(k doc.Kind, pos doc.Pos, text string) *doc.Node {
	return doc.NewLeaf(k, pos, text)
}

// own is plain for words of the program, with %s for each value: a page says
// them in its language.
func own(k doc.Kind, pos doc.Pos, words string, values ...string) *doc.Node {
	text := words
	for _, v := range values {
		text = strings.Replace(text, "%s", v, 1)
	}
	return plain(k, pos, text).Set(doc.AttrWords, strings.Join(append([]string{words}, values...), "\t"))
}

// contentPos is where the content starts, or the directive.
func (b *Block) contentPos() doc.Pos {
	if len(b.Content) > 0 {
		return b.Content[0].Pos
	}
	return b.Pos
}

// unescape drops backslashes: one before white space goes with it, any other
// escapes the character after it.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			continue
		}
		if i++; i < len(s) && s[i] != ' ' && s[i] != '\n' {
			out.WriteByte(s[i])
		}
	}
	return out.String()
}

// uri drops white space that is not escaped, and backslashes. Escaped white
// space is one blank.
func uri(s string) string {
	var out, part strings.Builder
	end := func() {
		for _, f := range strings.Fields(part.String()) {
			out.WriteString(f)
		}
		part.Reset()
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			part.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			break
		}
		if s[i] == ' ' || s[i] == '\n' {
			end()
			out.WriteByte(' ')
		} else {
			part.WriteByte(s[i])
		}
	}
	end()
	return out.String()
}
