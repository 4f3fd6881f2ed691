// Package plain writes a document as Markdown, for readers that are programs:
// what stands beside each page's HTML. It says the same as the page, in the
// order of the page, and needs nothing but the text: no anchors, no classes,
// no raw HTML of the content.
package plain

import (
	"bytes"
	"strconv"
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
)

// A Writer writes the pages of a site. Env answers for one page, like the one
// that the page's HTML is rendered with.
type Writer struct {
	Env html.Env
	// After gives what stands below a listing, as Markdown, or "".
	After func(listing *doc.Node) string

	level int    // of the section that is being written
	b     []byte // inline text that is being written
}

// Document appends the whole page as Markdown.
func (w *Writer) Document(dst []byte, d *doc.Document) []byte {
	from := len(dst)
	dst = w.write(dst, from, d.Root.Children)
	text := bytes.TrimSpace(dst[from:])
	return append(append(dst[:from], text...), '\n')
}

// blocks joins block elements with an empty line between them.
func (w *Writer) blocks(nodes []*doc.Node) string {
	if len(nodes) == 1 && !nodes[0].Kind.Inline() && nodes[0].Kind != doc.KindSection {
		return w.block(nodes[0])
	}
	return string(w.write(nil, 0, nodes))
}

// write appends block elements to what begins at from.
func (w *Writer) write(b []byte, from int, nodes []*doc.Node) []byte {
	for i := 0; i < len(nodes); i++ {
		if nodes[i].Kind.Inline() { // bare text in a block element
			j := i
			for j < len(nodes) && nodes[j].Kind.Inline() {
				j++
			}
			b = join(b, from, w.paragraph(nodes[i:j]))
			i = j - 1
			continue
		}
		if nodes[i].Kind == doc.KindSection {
			w.level++
			b = w.write(b, from, nodes[i].Children)
			w.level--
			continue
		}
		b = join(b, from, w.block(nodes[i]))
	}
	return b
}

func join(b []byte, from int, block string) []byte {
	if block == "" {
		return b
	}
	if len(b) > from {
		b = append(b, "\n\n"...)
	}
	return append(b, block...)
}

func (w *Writer) block(n *doc.Node) string {
	if kind, ok := alerts[n.Kind]; ok {
		return quote("[!" + kind + "]\n" + w.blocks(n.Children))
	}
	switch n.Kind {
	case doc.KindComment, doc.KindSubstitutionDefinition, doc.KindMeta, doc.KindIndex, doc.KindPending, doc.KindTodolist, doc.KindRaw,
		doc.KindTabularColSpec, doc.KindHighlightlang, doc.KindDecoration, doc.KindTarget:
		return ""
	case doc.KindOnly:
		if !w.Env.Show(n) {
			return ""
		}
	case doc.KindTitle:
		return strings.Repeat("#", min(6, max(1, w.level))) + " " + w.line(n)
	case doc.KindSubtitle, doc.KindRubric, doc.KindCentered, doc.KindTabLabel, doc.KindCaption:
		return bold(w.line(n))
	case doc.KindParagraph:
		return w.paragraph(n.Children)
	case doc.KindAttribution:
		return "— " + w.line(n)
	case doc.KindTransition:
		return "---"
	case doc.KindBulletList, doc.KindEnumeratedList:
		return w.list(n)
	case doc.KindDefinitionListItem:
		return w.definition(n)
	case doc.KindField, doc.KindOptionListItem, doc.KindDesc:
		return w.entry(n)
	case doc.KindLiteralBlock, doc.KindDoctestBlock, doc.KindProductionlist, doc.KindDiagram:
		return w.listing(n)
	case doc.KindMathBlock:
		return "$$\n" + strings.TrimSpace(n.PlainText()) + "\n$$"
	case doc.KindLineBlock:
		return strings.Join(w.lines(n, ""), "\\\n")
	case doc.KindBlockQuote:
		return quote(w.blocks(n.Children))
	case doc.KindTable:
		return w.table(n)
	case doc.KindImage:
		return w.image(n)
	case doc.KindFootnote, doc.KindCitation:
		return w.note(n)
	case doc.KindAdmonition, doc.KindTopic, doc.KindSidebar, doc.KindSeealso, doc.KindTodo:
		if n.HasClass("contents") {
			return ""
		}
		return w.box(n)
	case doc.KindToctree:
		return w.toctree(w.Env.Toctree(n), "")
	case doc.KindSystemMessage:
		if src := n.First(doc.KindLiteralBlock); src != nil {
			return fence("", src.PlainText())
		}
		return ""
	}
	if n.Kind.HoldsText() {
		return w.line(n)
	}
	return w.blocks(n.Children)
}

// alerts are the admonitions that GitHub's Markdown knows.
var alerts = map[doc.Kind]string{
	doc.KindNote: "NOTE", doc.KindTip: "TIP", doc.KindHint: "TIP", doc.KindImportant: "IMPORTANT", doc.KindWarning: "WARNING",
	doc.KindAttention: "WARNING", doc.KindCaution: "CAUTION", doc.KindDanger: "CAUTION", doc.KindError: "CAUTION",
}

func (w *Writer) box(n *doc.Node) string {
	title, rest := "", n.Children
	if len(rest) > 0 && rest[0].Kind == doc.KindTitle {
		title, rest = w.line(rest[0]), rest[1:]
	}
	switch {
	case title != "":
	case n.Kind == doc.KindSeealso:
		title = "See also"
	case n.Kind == doc.KindTodo:
		title = "Todo"
	}
	return quote(string(join([]byte(bold(title)), 0, w.blocks(rest))))
}

// paragraph writes running text. What would begin another kind of block at
// its start is escaped.
func (w *Writer) paragraph(nodes []*doc.Node) string {
	text := strings.TrimSpace(w.inline(nodes))
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	switch {
	case text == "":
	case strings.IndexByte("#>+-=~|", text[0]) >= 0:
		text = `\` + text
	case digits > 0 && digits < len(text) && (text[digits] == '.' || text[digits] == ')'):
		text = text[:digits] + `\` + text[digits:]
	}
	return text
}

// line writes an element's text as one line.
func (w *Writer) line(n *doc.Node) string {
	return strings.Join(strings.Fields(w.inline(n.Children)), " ")
}

func (w *Writer) list(n *doc.Node) string {
	at, ok := n.Int("start")
	if !ok {
		at = 1
	}
	var items []string
	loose := false
	for _, item := range n.Children {
		if item.Kind == doc.KindComment {
			continue
		}
		text := w.blocks(item.Children)
		loose = loose || strings.Contains(text, "\n\n")
		mark := "- "
		if n.Kind == doc.KindEnumeratedList {
			mark = strconv.Itoa(at) + ". "
			at++
		}
		items = append(items, mark+indent(text, len(mark)))
	}
	if loose {
		return strings.Join(items, "\n\n")
	}
	return strings.Join(items, "\n")
}

func (w *Writer) definition(n *doc.Node) string {
	var terms []string
	var rest []*doc.Node
	for _, c := range n.Children {
		switch c.Kind {
		case doc.KindTerm, doc.KindClassifier:
			terms = append(terms, w.line(c))
		default:
			rest = append(rest, c)
		}
	}
	return w.item(bold(strings.Join(terms, ", ")), rest)
}

// entry writes a field, an option or the description of an object.
func (w *Writer) entry(n *doc.Node) string {
	var heads []string
	var rest []*doc.Node
	for _, c := range n.Children {
		switch c.Kind {
		case doc.KindFieldName:
			heads = append(heads, bold(w.line(c)))
		case doc.KindOptionGroup, doc.KindDescSignature:
			heads = append(heads, code(strings.Join(strings.Fields(signature(c)), " ")))
		default:
			rest = append(rest, c)
		}
	}
	return w.item(strings.Join(heads, ", "), rest)
}

// signature writes an option, or how an object is called, on one line.
func signature(n *doc.Node) string {
	var parts []string
	for _, c := range n.Children {
		parts = append(parts, signature(c))
	}
	all := strings.Join(parts, "")
	switch n.Kind {
	case doc.KindText:
		return n.Text
	case doc.KindOptionGroup:
		return strings.Join(parts, ", ")
	case doc.KindOptionArgument:
		if delim, ok := n.Lookup("delimiter"); ok {
			return delim + all
		}
		return " " + all
	case doc.KindDescParameterlist:
		return "(" + strings.Join(parts, ", ") + ")"
	case doc.KindDescOptional:
		return "[" + strings.Join(parts, ", ") + "]"
	case doc.KindDescReturns:
		return " -> " + all
	}
	return all
}

func (w *Writer) item(head string, rest []*doc.Node) string {
	body := w.blocks(rest)
	switch {
	case body == "":
		return "- " + head
	case strings.Contains(body, "\n"):
		return "- " + head + "\n\n  " + indent(body, 2)
	}
	return "- " + head + ": " + body
}

func (w *Writer) listing(n *doc.Node) string {
	language := n.Attr(doc.AttrLanguage)
	switch n.Kind {
	case doc.KindDoctestBlock:
		language = "pycon"
	case doc.KindDiagram:
		language = n.Attr(doc.AttrType)
	}
	text := n.PlainText()
	if n.Kind == doc.KindProductionlist {
		var lines []string
		for _, c := range n.Children {
			lines = append(lines, c.PlainText())
		}
		text = strings.Join(lines, "\n")
	}
	out := fence(language, text)
	if w.After != nil {
		if more := w.After(n); more != "" {
			out += "\n\n" + more
		}
	}
	return out
}

func (w *Writer) lines(n *doc.Node, in string) []string {
	var out []string
	for _, c := range n.Children {
		if c.Kind == doc.KindLineBlock {
			out = append(out, w.lines(c, in+"\u2003")...)
		} else {
			out = append(out, in+w.line(c))
		}
	}
	return out
}

// table writes rows and columns; a cell that spans several stands in the
// first of them.
func (w *Writer) table(n *doc.Node) string {
	var rows [][]string
	for row := range n.Find(doc.KindRow) {
		var cells []string
		for _, c := range row.Children {
			cells = append(cells, cell(w.blocks(c.Children)))
			if more, ok := c.Int("morecols"); ok {
				cells = append(cells, make([]string, min(more, 100))...)
			}
		}
		rows = append(rows, cells)
	}
	heads, width := 0, 0
	for range n.Find(doc.KindThead) {
		heads++
	}
	for _, r := range rows {
		width = max(width, len(r))
	}
	if width == 0 {
		return ""
	}
	var b strings.Builder
	if t := n.First(doc.KindTitle, doc.KindCaption); t != nil {
		b.WriteString(bold(w.line(t)) + "\n\n")
	}
	write := func(r []string) {
		b.WriteByte('|')
		for i := range width {
			text := ""
			if i < len(r) {
				text = r[i]
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteByte('\n')
	}
	if heads == 0 { // Markdown's tables need a head
		rows = append([][]string{nil}, rows...)
	}
	for i, r := range rows {
		write(r)
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", width) + "\n")
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// cell brings blocks into one line.
func cell(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(text), "\n\n", "<br>"), "\n", " ")
	return strings.ReplaceAll(text, "|", `\|`)
}

func (w *Writer) image(n *doc.Node) string {
	alt := escape(strings.Join(strings.Fields(n.Attr("alt")), " "))
	img, ok := w.Env.Image(n.Attr("uri"))
	if !ok || !html.SafeURL(img.Src) {
		return alt
	}
	return "![" + alt + "](" + address(img.Src) + ")"
}

func (w *Writer) note(n *doc.Node) string {
	label := ""
	var rest []*doc.Node
	for _, c := range n.Children {
		if c.Kind == doc.KindLabel {
			label = c.PlainText()
		} else {
			rest = append(rest, c)
		}
	}
	return "[^" + strings.ReplaceAll(label, "]", "") + "]: " + indent(w.blocks(rest), 4)
}

func (w *Writer) toctree(entries []html.TocEntry, in string) string {
	var out []string
	for _, e := range entries {
		title := escape(e.Plain)
		if e.Title != nil {
			title = w.line(e.Title)
		}
		out = append(out, in+"- ["+title+"]("+address(e.Href)+")")
		if more := w.toctree(e.Children, in+"  "); more != "" {
			out = append(out, more)
		}
	}
	return strings.Join(out, "\n")
}

// fence puts a text between two lines of backquotes, more than it holds.
func fence(language, text string) string {
	marks := "```"
	for strings.Contains(text, marks) {
		marks += "`"
	}
	language = strings.Join(strings.Fields(strings.ReplaceAll(language, "`", "")), "-")
	return marks + language + "\n" + strings.TrimRight(text, "\n") + "\n" + marks
}

// Fence is a listing that the site adds: what a lab printed.
func Fence(language, text string) string { return fence(language, text) }

func quote(text string) string {
	return strings.TrimRight("> "+strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\n> "), "\n> \n", "\n>\n"), " ")
}

// indent moves all lines but the first to the right.
func indent(text string, by int) string {
	pad := "\n" + strings.Repeat(" ", by)
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", pad), pad+"\n", "\n\n")
}

func bold(text string) string {
	if text == "" {
		return ""
	}
	return "**" + text + "**"
}
