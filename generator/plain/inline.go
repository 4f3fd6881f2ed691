package plain

import (
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
)

// inline writes inline elements. Their text grows at the end of one buffer,
// from which what is done is taken.
func (w *Writer) inline(nodes []*doc.Node) string {
	if len(nodes) == 1 && nodes[0].Kind == doc.KindText {
		return escape(nodes[0].Text)
	}
	from := len(w.b)
	for _, n := range nodes {
		w.span(n)
	}
	s := string(w.b[from:])
	w.b = w.b[:from]
	return s
}

func (w *Writer) put(s string) { w.b = append(w.b, s...) }

// span writes one inline element.
func (w *Writer) span(n *doc.Node) {
	switch n.Kind {
	case doc.KindText:
		w.b = appendEscaped(w.b, n.Text)
	case doc.KindComment, doc.KindIndex, doc.KindRaw, doc.KindSubstitutionDefinition, doc.KindIcon:
	case doc.KindOnly:
		if w.Env.Show(n) {
			w.put(w.inline(n.Children))
		}
	case doc.KindEmphasis, doc.KindTitleReference, doc.KindLiteralEmphasis:
		w.around("*", w.inline(n.Children))
	case doc.KindStrong, doc.KindLiteralStrong:
		w.around("**", w.inline(n.Children))
	case doc.KindStrikethrough:
		w.around("~~", w.inline(n.Children))
	case doc.KindLiteral:
		w.put(code(n.PlainText()))
	case doc.KindMath:
		w.put("$" + strings.TrimSpace(n.PlainText()) + "$")
	case doc.KindSubscript:
		w.put("<sub>" + w.inline(n.Children) + "</sub>")
	case doc.KindSuperscript:
		w.put("<sup>" + w.inline(n.Children) + "</sup>")
	case doc.KindCheckbox:
		if v, ok := n.Lookup("checked"); ok && v != "0" {
			w.put("[x] ")
		} else {
			w.put("[ ] ")
		}
	case doc.KindFootnoteReference, doc.KindCitationReference:
		w.put("[^" + strings.ReplaceAll(n.PlainText(), "]", "") + "]")
	case doc.KindImage:
		w.put(w.image(n))
	case doc.KindReference, doc.KindPendingXref, doc.KindNumberReference, doc.KindDownloadReference, doc.KindButton:
		w.link(n)
	default:
		w.put(w.inline(n.Children))
	}
}

// link writes a reference, as text where it leads nowhere.
func (w *Writer) link(n *doc.Node) {
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
		w.put(text)
		return
	}
	w.put("[" + strings.Join(strings.Fields(text), " ") + "](" + address(href) + ")")
}

// around puts marks around a text; Markdown wants them at its letters.
func (w *Writer) around(mark, text string) {
	inner := strings.TrimSpace(text)
	if inner == "" {
		w.put(text)
		return
	}
	at := strings.Index(text, inner)
	w.put(text[:at] + mark + inner + mark + text[at+len(inner):])
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
	return string(appendEscaped(make([]byte, 0, len(s)+8), s))
}

func appendEscaped(b []byte, s string) []byte {
	from := 0 // what is copied as it is
	for i := 0; i < len(s); i++ {
		if !mark[s[i]] {
			continue
		}
		meant := false
		switch c := s[i]; c {
		case '\\', '`', '[', ']', '<':
			meant = true
		case '*', '_', '~', '$':
			before, after := i > 0 && word(s[i-1]), i+1 < len(s) && word(s[i+1])
			if !(c == '_' && before && after) && (before || after || i == 0 || i+1 == len(s)) {
				meant = true
			}
		case '&':
			semi := strings.IndexByte(s[i:min(len(s), i+10)], ';')
			meant = semi > 1
		}
		if meant {
			b = append(append(b, s[from:i]...), '\\')
			from = i
		}
	}
	return append(b, s[from:]...)
}

// mark holds the bytes that may mean something in Markdown.
var mark = func() (t [256]bool) {
	for _, c := range []byte("\\`[]<*_~$&") {
		t[c] = true
	}
	return t
}()

// word reports whether a byte is a letter's or a digit's.
func word(c byte) bool {
	return c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
