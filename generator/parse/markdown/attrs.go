package markdown

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// Attributes, `{#id .class key=value}`, stand behind an inline element
// (MyST's attrs_inline) or on a line of their own before a block
// (attrs_block).
var (
	attrsKind      = ast.NewNodeKind("MystAttributes")
	attrsBlockKind = ast.NewNodeKind("MystBlockAttributes")
	spanKind       = ast.NewNodeKind("MystSpan")
)

// An attribute is one of those in braces: a class (key "."), an identifier
// (key "#") or a key with a value. Its place is an offset in what was read.
type attribute struct {
	key, value string
	at, length int
}

// attributes reads `{...}` at the start of line. It gives how long that is,
// or 0 where it is something else. A `%` begins a comment, which ends with
// the next one or with the brace.
func attributes(line []byte) (out []attribute, length int) {
	if len(line) < 3 || line[0] != '{' {
		return nil, 0
	}
	for i := 1; i < len(line); {
		switch c := line[i]; {
		case c == '}':
			return out, i + 1
		case c == ' ' || c == '\t':
			i++
		case c == '%':
			for i++; i < len(line) && line[i] != '%' && line[i] != '}' && line[i] != '\n'; i++ {
			}
			if i < len(line) && line[i] == '%' {
				i++
			}
		case c == '.' || c == '#':
			n := wordLength(line[i+1:])
			if n == 0 {
				return nil, 0
			}
			out = append(out, attribute{string(c), string(line[i+1 : i+1+n]), i, n + 1})
			i += n + 1
		default:
			n := wordLength(line[i:])
			if n == 0 || i+n >= len(line) || line[i+n] != '=' {
				return nil, 0
			}
			value, k := attributeValue(line[i+n+1:])
			if k == 0 {
				return nil, 0
			}
			out = append(out, attribute{string(line[i : i+n]), value, i, n + 1 + k})
			i += n + 1 + k
		}
	}
	return nil, 0
}

// wordLength is how long the name at the start of s is: letters of any
// script, digits, and - _ : as MyST takes them.
func wordLength(s []byte) int {
	for i, c := range s {
		if c < 0x80 && !isWordByte(c) {
			return i
		}
	}
	return len(s)
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == ':'
}

// attributeValue reads a bare or a quoted value and gives its length as
// written.
func attributeValue(s []byte) (string, int) {
	if len(s) == 0 || s[0] != '"' {
		n := wordLength(s)
		for n < len(s) && (s[n] == '%' || s[n] == '.') && n > 0 { // 50%, 1.5em
			n += 1 + wordLength(s[n+1:])
		}
		return string(s[:n]), n
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), i + 1
		case s[i] == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0
}

// attrsParser reads attributes behind an inline element that can have some.
type attrsParser struct {
	imagesOnly bool // MyST's older attrs_image
}

func (attrsParser) Trigger() []byte { return []byte{'{'} }

func (p attrsParser) Parse(parent ast.Node, r text.Reader, _ parser.Context) ast.Node {
	switch last := parent.LastChild().(type) {
	case *ast.Image:
	case *ast.Link, *ast.CodeSpan, *ast.AutoLink:
		if p.imagesOnly {
			return nil
		}
	case *mystInline:
		if last.kind != spanKind && last.kind != attrsKind {
			return nil
		}
	default:
		return nil
	}
	line, seg := r.PeekLine()
	list, n := attributes(line)
	if n == 0 {
		return nil
	}
	r.Advance(n)
	return &mystInline{kind: attrsKind, attrs: list, from: seg.Start, to: seg.Start + n}
}

// anyReference is a context in which every label leads somewhere, so that
// goldmark reads `[text]` as a link.
type anyReference struct{ parser.Context }

func (anyReference) Reference(string) (parser.Reference, bool) {
	return parser.NewReference(nil, nil, nil), true
}

// span reads the end of `[text]{attributes}`. goldmark finds the beginning and
// pairs the emphasis; links inside are hidden from it meanwhile, since it
// would take the span for a link around them.
//
// read says whether goldmark was asked; with nil, the bracket is text then.
func (p boundedLink) span(parent ast.Node, r text.Reader, pc parser.Context) (span ast.Node, read bool) {
	line, _ := r.PeekLine()
	if len(line) < 4 || line[0] != ']' || line[1] != '{' {
		return nil, false
	}
	if list, n := attributes(line[1:]); n == 0 || len(list) == 0 {
		return nil, false
	}
	open := parent.LastChild()
	for ; open != nil && open.Kind().String() != "LinkLabelState"; open = open.PreviousSibling() {
		allowanceOf(pc).scanned++
	}
	if open == nil || isImageLabel(open, r) { // ![text]{...} is no picture
		return nil, false
	}
	var hidden []*mystInline
	for c := open.NextSibling(); c != nil; c = c.NextSibling() {
		if l, ok := c.(*ast.Link); ok {
			h := &mystInline{kind: spanKind, hidden: l}
			parent.ReplaceChild(parent, l, h)
			hidden = append(hidden, h)
			c = h
		}
	}
	n := p.InlineParser.Parse(parent, r, anyReference{pc})
	for _, h := range hidden {
		h.Parent().ReplaceChild(h.Parent(), h, h.hidden)
	}
	l, ok := n.(*ast.Link)
	if !ok {
		return n, true
	}
	s := &mystInline{kind: spanKind}
	for c := l.FirstChild(); c != nil; {
		next := c.NextSibling()
		s.AppendChild(s, c)
		c = next
	}
	s.SetPos(l.Pos())
	return s, true
}

// isImageLabel reports whether a label that is still open began with "![".
func isImageLabel(n ast.Node, r text.Reader) bool {
	s, ok := n.(interface{ Text([]byte) []byte })
	return ok && bytes.HasPrefix(s.Text(r.Source()), []byte("!"))
}

// attrsBlockParser reads a line of attributes alone.
type attrsBlockParser struct{}

func (attrsBlockParser) Trigger() []byte { return []byte{'{'} }

func (attrsBlockParser) Open(_ ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 {
		return nil, parser.NoChildren
	}
	list, n := attributes(line[pos:])
	if n == 0 || !util.IsBlank(line[pos+n:]) {
		return nil, parser.NoChildren
	}
	from := seg.Start - seg.Padding + pos
	r.AdvanceToEOL()
	return &mystBlock{kind: attrsBlockKind, attrs: list, info: text.NewSegment(from, from+n)}, parser.NoChildren
}

func (attrsBlockParser) Continue(ast.Node, text.Reader, parser.Context) parser.State {
	return parser.Close
}
func (attrsBlockParser) Close(ast.Node, text.Reader, parser.Context) {}
func (attrsBlockParser) CanInterruptParagraph() bool                 { return false }
func (attrsBlockParser) CanAcceptIndentedLine() bool                 { return false }

// placed are attributes with the place of each in the source.
type placed struct {
	attribute
	pos doc.Pos
}

func (r *reader) placed(list []attribute, from int) []placed {
	out := make([]placed, len(list))
	for i, a := range list {
		out[i] = placed{a, r.pc.at(from + a.at)}
	}
	return out
}

// attributed gives the attributes behind an inline element to it: the last
// node of out, which it may wrap.
func (r *reader) attributed(out []*doc.Node, m *mystInline) []*doc.Node {
	if len(out) == 0 {
		return out
	}
	n := out[len(out)-1]
	// What a reference resolves to brings its own classes; so these stand around it.
	target := n
	if n.Is(doc.KindPendingXref, doc.KindDownloadReference) {
		target = doc.New(doc.KindInline, n.Pos, n)
		out[len(out)-1] = target
	} else if n.Kind == doc.KindInline && len(n.Children) == 1 && n.Children[0].Is(doc.KindPendingXref, doc.KindDownloadReference) {
		n = n.Children[0]
	}
	for _, a := range r.placed(m.attrs, m.from) {
		r.p.giveAttribute(target, a, func(key, value string) bool { return inlineAttribute(n, key, value) })
	}
	return out
}

// inlineAttribute sets what MyST knows for an inline element.
func inlineAttribute(n *doc.Node, key, value string) bool {
	switch n.Kind {
	case doc.KindLiteral:
		if key == "l" || key == "lexer" || key == "language" {
			n.Set(doc.AttrLanguage, value)
			return true
		}
	case doc.KindImage:
		switch key {
		case "w", "width":
			n.Set("width", value)
		case "h", "height":
			n.Set("height", value)
		case "a", "align":
			if !slices.Contains([]string{"left", "center", "right", "top", "middle", "bottom"}, value) {
				return false
			}
			n.Set("align", value)
		case "alt", "title":
			n.Set(key, value)
		default:
			return false
		}
		return true
	case doc.KindReference, doc.KindPendingXref, doc.KindDownloadReference:
		if key == "title" {
			n.Set("reftitle", value)
			return true
		}
	}
	return false
}

// giveAttribute sets a class or an identifier, or leaves the key to set.
func (p *page) giveAttribute(n *doc.Node, a placed, set func(key, value string) bool) {
	switch {
	case a.key == "." || a.key == "class":
		for _, c := range strings.Fields(a.value) {
			if wordLength([]byte(c)) < len(c) {
				c = directive.MakeID(c)
			}
			if c != "" {
				n.AddClass(c)
			}
		}
		if n.Kind == doc.KindDefinitionList && n.HasClass("glossary") {
			directive.Glossary(p, n)
		}
	case a.key == "#" || a.key == "id":
		p.NoteTarget(n, a.value)
	case !set(a.key, a.value):
		p.Report(doc.Warning, "md-attribute", a.pos, a.length, fmt.Sprintf("The attribute `%s=%s` does nothing here.", a.key, a.value),
			"Remove it. Classes, identifiers, and what the manual lists for this element are read.")
	}
}

// attributedBlock reads a block that attributes stand before. What is inside
// it has none of them.
func (r *reader) attributedBlock(parent *doc.Node, b ast.Node) {
	p, before := r.p, len(parent.Children)
	own := p.attrs
	p.attrs = nil
	r.block(parent, b)
	p.leftAttributes()
	for _, n := range parent.Children[before:] {
		if !n.Is(doc.KindComment, doc.KindTarget, doc.KindSystemMessage, doc.KindIndex) {
			p.blockAttributes(n, own)
			return
		}
	}
	p.attrs = own // a label or a comment stands between
}

// blockAttributes gives attributes to a block.
func (p *page) blockAttributes(n *doc.Node, list []placed) {
	for _, a := range list {
		p.giveAttribute(n, a, func(key, value string) bool { return p.blockAttribute(n, a, key, value) })
	}
}

// listStyles are the numbers that a list may have, under CSS' names.
var listStyles = map[string]string{"decimal": "arabic", "lower-alpha": "loweralpha", "upper-alpha": "upperalpha",
	"lower-roman": "lowerroman", "upper-roman": "upperroman"}

// blockAttribute sets what MyST knows for a block.
func (p *page) blockAttribute(n *doc.Node, a placed, key, value string) bool {
	switch n.Kind {
	case doc.KindEnumeratedList:
		if t := listStyles[value]; key == "style" && t != "" {
			n.Set("enumtype", t)
			return true
		}
	case doc.KindLiteralBlock:
		switch key {
		case "lineno-start":
			n.Set(doc.AttrLinenos, value)
			return strings.Trim(value, "0123456789") == ""
		case "emphasize-lines":
			if strings.Trim(value, "0123456789-, ") != "" {
				return false
			}
			n.Set(doc.AttrEmphasize, strings.ReplaceAll(value, " ", ""))
			return true
		}
	case doc.KindBlockQuote:
		if key == "attribution" {
			n.Append(doc.New(doc.KindAttribution, a.pos, p.Inline(value, doc.Pos{File: a.pos.File, Off: a.pos.Off + int32(len(key)) + 2})...))
			return true
		}
	}
	return false
}

// leftAttributes reports attributes that no block follows.
func (p *page) leftAttributes() {
	if len(p.attrs) > 0 {
		a := p.attrs[0]
		p.Report(doc.Warning, "md-attribute", a.pos, a.length, "No block follows these attributes.", "Put them on the line before the block that they are for.")
		p.attrs = nil
	}
}
