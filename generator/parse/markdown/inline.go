package markdown

import (
	"path"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
)

// A textRun gathers neighbouring pieces of text into one node. As long as
// they follow each other in the source it is a part of the source and costs
// no copy.
type textRun struct {
	from, to int
	buf      []byte
	copied   bool
	active   bool
}

func (r *reader) addText(from, to int, s string) {
	t := &r.run
	if !t.active {
		*t = textRun{from: from, to: from, active: true, buf: t.buf[:0]}
	}
	if !t.copied && t.to == from && to-from == len(s) && r.pc.text[from:to] == s {
		t.to = to
		return
	}
	if !t.copied {
		t.copied = true
		t.buf = append(t.buf[:0], r.pc.text[t.from:t.to]...)
	}
	t.buf = append(t.buf, s...)
	t.to = to
}

// flush ends the run.
func (r *reader) flush(out []*doc.Node) []*doc.Node {
	t := &r.run
	if !t.active {
		return out
	}
	t.active = false
	s := r.pc.text[t.from:t.to]
	if t.copied {
		s = string(t.buf)
	}
	t.copied = false
	if s == "" {
		return out
	}
	return append(out, r.p.state.Make.NewText(r.pc.at(t.from), s))
}

// inlinePiece reads a piece as inline text.
func (p *page) inlinePiece(pc *piece) []*doc.Node {
	if p.depth >= maxDepth {
		return []*doc.Node{doc.NewText(pc.at(0), pc.text)}
	}
	p.depth++
	defer func() { p.depth-- }()
	tree := p.goldmark(p.grammar.of(pc.text).inline, pc)
	c := &reader{p: p, pc: pc, gaps: true}
	var out []*doc.Node
	for n := tree.FirstChild(); n != nil; n = n.NextSibling() {
		if out != nil {
			out = append(out, doc.NewText(pc.at(0), "\n"))
		}
		out = append(out, c.inlines(n)...)
	}
	return out
}

// inlines reads the inline children of a block or an inline element.
func (r *reader) inlines(parent ast.Node) []*doc.Node {
	saved := r.run
	r.run = textRun{}
	out := make([]*doc.Node, 0, min(parent.ChildCount(), 16))
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			out = r.text(out, t)
			continue
		}
		out = r.flush(out)
		out = r.inline(out, n)
	}
	out = r.flush(out)
	r.run = saved
	return trimEnd(out)
}

// trimEnd drops a line break that nothing follows.
func trimEnd(nodes []*doc.Node) []*doc.Node {
	if k := len(nodes); k > 0 && isBreak(nodes[k-1]) {
		return nodes[:k-1]
	}
	return nodes
}

func isBreak(n *doc.Node) bool { return n.Kind == doc.KindInline && n.HasClass("hard-break") }

func (r *reader) text(out []*doc.Node, t *ast.Text) []*doc.Node {
	s := t.Segment
	if s.Stop <= r.skip {
		return out
	}
	raw := r.pc.text[s.Start:s.Stop]
	plain := raw
	if !t.IsRaw() && strings.ContainsAny(raw, "\\&\x00") {
		plain = unescape(raw)
	}
	if r.p.replace {
		plain = replaced.Replace(plain)
	}
	if s.Padding > 0 {
		plain = strings.Repeat(" ", s.Padding) + plain
	}
	r.addText(s.Start, s.Stop, plain)
	switch {
	case t.HardLineBreak():
		out = r.flush(out)
		pos := r.pc.at(s.Stop)
		out = append(out, doc.New(doc.KindInline, pos, doc.NewText(pos, "\n")).AddClass("hard-break"))
	case t.SoftLineBreak():
		end := s.Stop
		if end < len(r.pc.text) && r.pc.text[end] == '\n' {
			r.addText(end, end+1, "\n")
		} else {
			r.addText(end, end, "\n")
		}
		if r.gaps {
			from := end + strings.IndexByte(r.pc.text[end:], '\n') + 1
			to := from
			for to < len(r.pc.text) && (r.pc.text[to] == ' ' || r.pc.text[to] == '\t') {
				to++
			}
			r.addText(from, to, r.pc.text[from:to])
		}
	}
	return out
}

func (r *reader) inline(out []*doc.Node, n ast.Node) []*doc.Node {
	if r.p.nesting >= maxNesting {
		return append(out, doc.NewText(r.pc.at(n.Pos()), r.plainText(n)))
	}
	r.p.nesting++
	defer func() { r.p.nesting-- }()
	at := max(0, n.Pos())
	pos := r.pc.at(at)
	switch n := n.(type) {
	case *ast.String:
		return append(out, doc.NewText(pos, string(n.Value)))
	case *ast.CodeSpan:
		return append(out, r.codeSpan(n, pos))
	case *ast.Emphasis:
		k := doc.KindEmphasis
		if n.Level == 2 {
			k = doc.KindStrong
		}
		return append(out, doc.New(k, pos, r.inlines(n)...))
	case *east.Strikethrough:
		return append(out, doc.New(doc.KindStrikethrough, pos, r.inlines(n)...))
	case *ast.Link:
		return append(out, r.link(n, pos))
	case *ast.Image:
		img := doc.New(doc.KindImage, pos).Set("uri", unescape(string(n.Destination))).Set("alt", r.plainText(n))
		if len(n.Title) > 0 {
			img.Set("title", unescape(string(n.Title)))
		}
		return append(out, img)
	case *ast.AutoLink:
		return append(out, r.autoLink(n, pos))
	case *ast.RawHTML:
		return append(out, r.rawHTML(n, pos))
	case *east.TaskCheckBox:
		c := doc.New(doc.KindCheckbox, pos)
		if n.IsChecked {
			c.Set("checked", "1")
		}
		return append(out, c)
	case *mystInline:
		switch n.kind {
		case roleKind:
			return append(out, r.role(n)...)
		case substKind:
			return append(out, r.substitute(n, false)...)
		case noteRefKind:
			return append(out, r.noteRef(n))
		case spanKind:
			return append(out, doc.New(doc.KindInline, pos, r.inlines(n)...))
		case attrsKind:
			return r.attributed(out, n)
		case mathKind:
			m := doc.New(doc.KindMath, r.pc.at(n.from), doc.NewText(r.pc.at(n.start), n.value))
			if n.display {
				m.Set("display", "1")
			}
			return append(out, m)
		}
	}
	return append(out, r.inlines(n)...)
}

// lineEnds reads as blanks.
var lineEnds = strings.NewReplacer("\r\n", " ", "\n", " ")

// codeSpan reads literal text; a line end in it reads as a blank.
func (r *reader) codeSpan(n *ast.CodeSpan, pos doc.Pos) *doc.Node {
	s, at := "", pos
	first, last := -1, -1 // in the source, as long as the pieces follow each other
	var joined []byte
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		t, ok := c.(*ast.Text)
		if !ok {
			continue
		}
		from, to := t.Segment.Start, t.Segment.Stop
		switch {
		case first < 0:
			first, at = from, r.pc.at(from)
		case joined == nil && from != last:
			joined = append(make([]byte, 0, to-first), r.pc.text[first:last]...)
		}
		if joined != nil {
			joined = append(joined, r.pc.text[from:to]...)
		}
		last = to
	}
	if joined != nil {
		s = string(joined)
	} else if first >= 0 {
		s = r.pc.text[first:last]
	}
	if strings.IndexByte(s, '\n') >= 0 {
		s = lineEnds.Replace(s)
	}
	m := &r.p.state.Make
	code := m.New(doc.KindLiteral, pos)
	code.Children = m.List(m.NewText(at, s))
	return code
}

// link is a reference: resolved by the site where it leads to a page, a label
// or a heading, downloaded where it leads to another file beside the page.
func (r *reader) link(n *ast.Link, pos doc.Pos) *doc.Node {
	dest := unescape(string(n.Destination))
	kids := r.inlines(n)
	title := unescape(string(n.Title))
	if r.p.opt.Plain {
		return withTitle(doc.New(doc.KindReference, pos, kids...).Set("refuri", dest), title)
	}
	if n := r.schemed(dest, pos, kids); n != nil {
		return withTitle(n, title)
	}
	dest, forced := trimScheme(dest)
	if isLocal(dest) {
		file, _, _ := strings.Cut(dest, "#")
		file, _, _ = strings.Cut(file, "?")
		ext := strings.ToLower(path.Ext(file))
		switch {
		case forced == "path" || ext != "" && file != "" && !isPage(ext) && !strings.HasSuffix(file, "/"):
			d := doc.New(doc.KindDownloadReference, pos, kids...).Set(doc.AttrRefTarget, dest).
				Set(doc.AttrRefType, "download").Set(doc.AttrRefDomain, "")
			if len(kids) == 0 {
				d.Append(doc.New(doc.KindLiteral, pos, doc.NewText(pos, path.Base(file))))
			}
			return withTitle(d, title)
		case forced == "project" || file == "" || isSource(ext):
			x := doc.New(doc.KindPendingXref, pos, kids...).Set(doc.AttrRefDomain, "std").Set(doc.AttrRefType, "myst").
				Set(doc.AttrRefTarget, dest).Set(doc.AttrRefWarn, "1")
			if len(kids) > 0 {
				x.Set(doc.AttrRefExplicit, "1")
			} else {
				// Shown only where the target is not found.
				x.Append(doc.NewText(pos, dest))
			}
			return withTitle(x, title)
		}
	}
	if len(kids) == 0 {
		kids = []*doc.Node{doc.NewText(pos, dest)}
	}
	return withTitle(doc.New(doc.KindReference, pos, kids...).Set("refuri", dest), title)
}

func withTitle(n *doc.Node, title string) *doc.Node {
	if title != "" {
		n.Set("reftitle", title)
	}
	return n
}

// trimScheme takes MyST's own schemes off an address.
func trimScheme(dest string) (rest, scheme string) {
	for _, s := range [...]string{"project", "path"} {
		if after, ok := strings.CutPrefix(dest, s+":"); ok {
			return after, s
		}
	}
	return dest, ""
}

// isLocal reports whether an address has no scheme and no host.
func isLocal(dest string) bool {
	if dest == "" || strings.HasPrefix(dest, "//") {
		return false
	}
	i := strings.IndexAny(dest, ":/?#")
	return i < 0 || dest[i] != ':'
}

func isSource(ext string) bool {
	return ext == ".md" || ext == ".rst" || ext == ".markdown" || ext == ".txt"
}

func isPage(ext string) bool {
	return isSource(ext) && ext != ".txt" || ext == ".html" || ext == ".htm" || ext == ".xhtml" || ext == ".php"
}

func (r *reader) autoLink(n *ast.AutoLink, pos doc.Pos) *doc.Node {
	label := string(n.Label(r.pc.src))
	url := string(n.URL(r.pc.src))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(url), "mailto:") {
		url = "mailto:" + url
	}
	if n := r.schemed(url, pos, nil); n != nil && !r.p.opt.Plain {
		return n
	}
	if rest, scheme := trimScheme(url); scheme != "" && !r.p.opt.Plain {
		return doc.New(doc.KindPendingXref, pos, doc.NewText(pos, rest)).Set(doc.AttrRefDomain, "std").Set(doc.AttrRefType, "myst").
			Set(doc.AttrRefTarget, rest).Set(doc.AttrRefWarn, "1")
	}
	return doc.New(doc.KindReference, pos, doc.NewText(pos, label)).Set("refuri", url)
}

func (r *reader) rawHTML(n *ast.RawHTML, pos doc.Pos) *doc.Node {
	var b strings.Builder
	for i := range n.Segments.Len() {
		s := n.Segments.At(i)
		b.WriteString(r.pc.text[s.Start:s.Stop])
	}
	if inside, ok := htmlComment(b.String()); ok && !r.p.opt.Plain {
		return comment(pos, inside)
	}
	if img := r.p.htmlImage(b.String(), pos); img != nil {
		return img
	}
	return doc.New(doc.KindRaw, pos, doc.NewText(pos, b.String())).Set("format", "html").Set("xml:space", "preserve")
}

// plainText is the text below a node, for an image's alternative.
func (r *reader) plainText(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch c := c.(type) {
		case *ast.Text:
			s := r.pc.text[c.Segment.Start:c.Segment.Stop]
			if !c.IsRaw() {
				s = unescape(s)
			}
			b.WriteString(s)
			if c.SoftLineBreak() || c.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(r.pc.src))
		case *mystInline:
			b.WriteString(c.value)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// unescape resolves backslash escapes and entities in one pass, so that
// neither makes the other.
func unescape(s string) string {
	if !strings.ContainsAny(s, "\\&\x00") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == 0:
			b.WriteString("\uFFFD")
		case c == '\\' && i+1 < len(s) && util.IsPunct(s[i+1]):
			i++
			b.WriteByte(s[i])
		case c == '&':
			end := strings.IndexByte(s[i:min(len(s), i+40)], ';')
			if end < 2 {
				b.WriteByte(c)
				continue
			}
			text, ok := entity(s[i+1 : i+end])
			if !ok {
				b.WriteByte(c)
				continue
			}
			b.WriteString(text)
			i += end
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// entity gives what stands for the name between & and ;.
func entity(name string) (string, bool) {
	if name[0] != '#' {
		e, ok := util.LookUpHTML5EntityByName(name)
		if !ok {
			return "", false
		}
		return string(e.Characters), true
	}
	digits, base, most := name[1:], rune(10), 7
	if len(digits) > 0 && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base, most = digits[1:], 16, 6
	}
	if digits == "" || len(digits) > most {
		return "", false
	}
	v := rune(0)
	for _, d := range digits {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case base == 16 && 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case base == 16 && 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return "", false
		}
		v = v*base + d
	}
	if v == 0 || v > 0x10ffff || v >= 0xd800 && v <= 0xdfff {
		v = 0xfffd
	}
	return string(v), true
}
