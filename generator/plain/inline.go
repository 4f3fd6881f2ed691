package plain

import (
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
)

func (w *Writer) inline(nodes []*doc.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		w.span(&b, n)
	}
	return b.String()
}

// span writes one inline element.
func (w *Writer) span(b *strings.Builder, n *doc.Node) {
	switch n.Kind {
	case doc.KindText:
		b.WriteString(escape(n.Text))
	case doc.KindComment, doc.KindIndex, doc.KindRaw, doc.KindSubstitutionDefinition, doc.KindIcon:
	case doc.KindOnly:
		if w.Env.Show(n) {
			b.WriteString(w.inline(n.Children))
		}
	case doc.KindEmphasis, doc.KindTitleReference, doc.KindLiteralEmphasis:
		around(b, "*", w.inline(n.Children))
	case doc.KindStrong, doc.KindLiteralStrong:
		around(b, "**", w.inline(n.Children))
	case doc.KindStrikethrough:
		around(b, "~~", w.inline(n.Children))
	case doc.KindLiteral:
		b.WriteString(code(n.PlainText()))
	case doc.KindMath:
		b.WriteString("$" + strings.TrimSpace(n.PlainText()) + "$")
	case doc.KindSubscript:
		b.WriteString("<sub>" + w.inline(n.Children) + "</sub>")
	case doc.KindSuperscript:
		b.WriteString("<sup>" + w.inline(n.Children) + "</sup>")
	case doc.KindCheckbox:
		if v, ok := n.Lookup("checked"); ok && v != "0" {
			b.WriteString("[x] ")
		} else {
			b.WriteString("[ ] ")
		}
	case doc.KindFootnoteReference, doc.KindCitationReference:
		b.WriteString("[^" + strings.ReplaceAll(n.PlainText(), "]", "") + "]")
	case doc.KindImage:
		b.WriteString(w.image(n))
	case doc.KindReference, doc.KindPendingXref, doc.KindNumberReference, doc.KindDownloadReference, doc.KindButton:
		w.link(b, n)
	default:
		b.WriteString(w.inline(n.Children))
	}
}

// link writes a reference, as text where it leads nowhere.
func (w *Writer) link(b *strings.Builder, n *doc.Node) {
	text, href := w.inline(n.Children), n.Attr("refuri")
	if id := n.Attr("refid"); id != "" {
		href = "#" + id
	}
	relative := !strings.Contains(href, "://") && !strings.HasPrefix(href, "mailto:") && !strings.HasPrefix(href, "#")
	if n.Kind != doc.KindReference || relative && href != "" {
		l, ok := w.Env.Link(n)
		switch {
		case ok:
			href = l.Href
			if l.Text != nil {
				text = w.line(l.Text)
			} else if l.Plain != "" {
				text = escape(l.Plain)
			}
		case n.Kind != doc.KindReference:
			href = ""
		}
	}
	if text == "" {
		text = escape(href)
	}
	if href == "" || !html.SafeURL(href) {
		b.WriteString(text)
		return
	}
	b.WriteString("[" + strings.Join(strings.Fields(text), " ") + "](" + address(href) + ")")
}

// around puts marks around a text; Markdown wants them at its letters.
func around(b *strings.Builder, mark, text string) {
	inner := strings.TrimSpace(text)
	if inner == "" {
		b.WriteString(text)
		return
	}
	at := strings.Index(text, inner)
	b.WriteString(text[:at] + mark + inner + mark + text[at+len(inner):])
}

// code puts a text between backquotes, more than it holds.
func code(text string) string {
	marks := "`"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return marks + text + marks
}

// address keeps an address in one piece between the brackets of a link.
func address(u string) string {
	if strings.ContainsAny(u, " ()<>\n") {
		return strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\n", "").Replace(u)
	}
	return u
}

// escape keeps a text from reading as markup. An underscore or an asterisk
// between blanks, and one in a word, mean nothing and stay.
func escape(s string) string {
	if !strings.ContainsAny(s, "\\`*_[]<&~$") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch c {
		case '\\', '`', '[', ']', '<':
			b.WriteByte('\\')
		case '*', '_', '~', '$':
			before, after := i > 0 && word(s[i-1]), i+1 < len(s) && word(s[i+1])
			if !(c == '_' && before && after) && (before || after || i == 0 || i+1 == len(s)) {
				b.WriteByte('\\')
			}
		case '&':
			if semi := strings.IndexByte(s[i:], ';'); semi > 1 && semi < 10 {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// word reports whether a byte is a letter's or a digit's.
func word(c byte) bool {
	return c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
