package doc

import (
	"bufio"
	"io"
	"slices"
	"sort"
	"strings"
)

// WritePseudoXML writes the tree as docutils' rst2pseudoxml does at report
// level 5: one element or line of text per line, four blanks of indentation
// per level, attributes sorted by name.
//
// What only this program knows is left out: attributes that [HiddenAttr]
// names, elements marked [AttrOwn], and messages. A problematic piece of
// text is printed as the text it is, which is what docutils does when the
// message about it is below the report level.
func WritePseudoXML(w io.Writer, root *Node) error {
	b := bufio.NewWriterSize(w, 1<<16)
	pseudo(b, root, 0)
	return b.Flush()
}

// PseudoXML gives what WritePseudoXML writes.
func PseudoXML(root *Node) string {
	var s strings.Builder
	_ = WritePseudoXML(&s, root) // a strings.Builder takes everything
	return s.String()
}

func pseudo(b *bufio.Writer, n *Node, level int) {
	switch n.Kind {
	case KindText:
		pseudoText(b, n.Text, level)
		return
	case KindSystemMessage:
		return
	case KindProblematic:
		for _, c := range n.Children {
			pseudo(b, c, level)
		}
		return
	}
	if _, own := n.Lookup(AttrOwn); own {
		return
	}
	indent(b, level)
	b.WriteByte('<')
	b.WriteString(n.Kind.String())
	for _, a := range pseudoAttrs(n) {
		b.WriteByte(' ')
		b.WriteString(a.Key)
		b.WriteString(`="`)
		b.WriteString(a.Value)
		b.WriteByte('"')
	}
	b.WriteString(">\n")
	for _, c := range n.Children {
		pseudo(b, c, level+1)
	}
}

func pseudoText(b *bufio.Writer, text string, level int) {
	for text != "" {
		line := text
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		indent(b, level)
		b.WriteString(line)
		b.WriteByte('\n')
	}
}

func indent(b *bufio.Writer, level int) {
	const blanks = "                                "
	for n := level * 4; n > 0; n -= len(blanks) {
		b.WriteString(blanks[:min(n, len(blanks))])
	}
}

// pseudoAttrs gives what docutils would print of an element's attributes,
// lists joined with blanks, sorted.
func pseudoAttrs(n *Node) []Attr {
	if n.attrs == nil {
		return nil
	}
	out := make([]Attr, 0, len(n.attrs.other)+2)
	for _, l := range []struct {
		key  string
		list []string
	}{
		{"backrefs", n.Backrefs()}, {"classes", n.Classes()}, {"dupnames", n.DupNames()},
		{"ids", n.IDs()}, {"names", n.Names()},
	} {
		if len(l.list) > 0 {
			out = append(out, Attr{l.key, joinList(l.list)})
		}
	}
	for _, a := range n.attrs.other {
		if !HiddenAttr(a.Key) {
			out = append(out, a)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}

// joinList writes a list as docutils does: a blank inside a value stands
// after a backslash, and a backslash is doubled.
func joinList(list []string) string {
	plain := !slices.ContainsFunc(list, func(s string) bool { return strings.ContainsAny(s, `\ `) })
	if plain {
		return strings.Join(list, " ")
	}
	escape := strings.NewReplacer(`\`, `\\`, " ", `\ `)
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = escape.Replace(s)
	}
	return strings.Join(quoted, " ")
}
