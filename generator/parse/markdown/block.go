package markdown

import (
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"docent/generator/doc"
)

// children reads the blocks inside a block.
func (r *reader) children(parent *doc.Node, n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		r.block(parent, c)
	}
}

// add appends nodes, the first of them under the labels that wait.
func (r *reader) add(parent *doc.Node, nodes ...*doc.Node) {
	for _, n := range nodes {
		switch {
		case n.Kind == doc.KindTarget && len(n.Children) == 0 && len(n.IDs()) > 0 && n.Attr(doc.AttrObjType) == "":
			// A directive's own target names what follows it.
			r.p.targets = append(r.p.targets, n)
		case n.Is(doc.KindComment, doc.KindSystemMessage, doc.KindTarget, doc.KindIndex, doc.KindSubstitutionDefinition,
			doc.KindHighlightlang, doc.KindTabularColSpec, doc.KindMeta, doc.KindPending):
		default:
			r.p.labels(parent, n)
		}
		parent.Append(n)
	}
}

// block reads one block and appends what it gives to parent.
func (r *reader) block(parent *doc.Node, n ast.Node) {
	if r.p.nesting >= maxNesting {
		// What nests deeper than anyone reads is shown flat.
		if t := r.blockText(n); t != "" {
			parent.Append(doc.New(doc.KindParagraph, r.pc.at(n.Pos()), doc.NewText(r.pc.at(n.Pos()), t)))
		}
		return
	}
	r.p.nesting++
	defer func() { r.p.nesting-- }()
	if b, ok := n.(*mystBlock); ok && b.kind == attrsBlockKind {
		r.p.attrs = append(r.p.attrs, r.placed(b.attrs, b.info.Start)...)
		return
	}
	if len(r.p.attrs) > 0 {
		r.attributedBlock(parent, n)
		return
	}
	pos := r.pc.at(n.Pos())
	switch n := n.(type) {
	case *ast.Paragraph:
		r.paragraph(parent, n, pos)
	case *ast.TextBlock:
		r.paragraph(parent, n, pos)
	case *ast.Heading:
		r.add(parent, r.rubric(n))
	case *ast.ThematicBreak:
		r.add(parent, doc.New(doc.KindTransition, pos))
	case *ast.CodeBlock:
		r.add(parent, r.listing(pos, n.Lines(), ""))
	case *ast.FencedCodeBlock:
		r.fenced(parent, n, pos)
	case *ast.Blockquote:
		r.quote(parent, n, pos)
	case *ast.List:
		r.add(parent, r.list(n, pos))
	case *ast.HTMLBlock:
		r.add(parent, r.htmlBlock(n, pos))
	case *ast.LinkReferenceDefinition:
	case *east.Table:
		r.add(parent, r.table(n, pos))
	case *east.DefinitionList:
		r.add(parent, r.definitions(n, pos))
	case *mystBlock:
		r.myst(parent, n, pos)
	default:
		r.children(parent, n)
	}
}

// maxNesting bounds quotes and lists in each other: every level is a frame on
// our stack.
const maxNesting = 500

func (r *reader) blockText(n ast.Node) string {
	var b strings.Builder
	for c := n; c != nil; c = c.FirstChild() {
		if c.Type() == ast.TypeInline {
			break
		}
		for i := range c.Lines().Len() {
			s := c.Lines().At(i)
			b.WriteString(r.pc.text[s.Start:s.Stop])
		}
	}
	return strings.TrimSpace(b.String())
}

func (r *reader) paragraph(parent *doc.Node, n ast.Node, pos doc.Pos) {
	if m, ok := n.FirstChild().(*mystInline); ok && m.kind == substKind && m.NextSibling() == nil {
		if strings.Contains(strings.TrimSpace(r.p.substitutions[m.name]), "\n") {
			r.add(parent, r.substitute(m, true)...)
			return
		}
	}
	kids := r.inlines(n)
	if len(kids) == 0 {
		return
	}
	if len(kids) == 1 && kids[0].Kind == doc.KindImage && !r.p.opt.Plain && strings.HasPrefix(kids[0].Attr("title"), "fig:") {
		kids[0].Set("title", strings.TrimPrefix(kids[0].Attr("title"), "fig:"))
	}
	para := r.p.state.Make.New(doc.KindParagraph, pos)
	para.Children = kids
	r.add(parent, para)
}

func literalBlock(pos doc.Pos, s string) *doc.Node {
	return doc.New(doc.KindLiteralBlock, pos, doc.NewText(pos, s)).Set("xml:space", "preserve")
}

// listing makes a literal block of raw lines. One run of the source is shared
// with it, not copied.
func (r *reader) listing(pos doc.Pos, segs *text.Segments, lang string) *doc.Node {
	code, at := "", pos
	if k := segs.Len(); k > 0 {
		at = r.pc.at(segs.At(0).Start)
		whole := true
		for i := range k {
			s := segs.At(i)
			if s.Padding > 0 || i > 0 && s.Start != segs.At(i-1).Stop {
				whole = false
				break
			}
		}
		if whole {
			code = r.pc.text[segs.At(0).Start:segs.At(k-1).Stop]
		} else {
			var b strings.Builder
			for i := range k {
				s := segs.At(i)
				for range s.Padding {
					b.WriteByte(' ')
				}
				b.WriteString(r.pc.text[s.Start:s.Stop])
			}
			code = b.String()
		}
	}
	if strings.IndexByte(code, '\r') >= 0 {
		code = strings.ReplaceAll(code, "\r\n", "\n")
	}
	code = strings.TrimSuffix(code, "\n")
	n := doc.New(doc.KindLiteralBlock, at, doc.NewText(at, code)).Set("xml:space", "preserve")
	if lang != "" {
		n.Set(doc.AttrLanguage, lang)
	} else {
		r.p.state.SetHighlight(n)
	}
	return n
}

func (r *reader) fenced(parent *doc.Node, n *ast.FencedCodeBlock, pos doc.Pos) {
	if n.Info == nil {
		r.add(parent, r.listing(pos, n.Lines(), ""))
		return
	}
	info := r.pc.text[n.Info.Segment.Start:n.Info.Segment.Stop]
	name, args, ok := directiveName(info, false)
	if !ok {
		name, args, ok = r.p.fencedDirective(info)
	}
	if ok && !r.p.opt.Plain {
		from := max(0, n.Pos())
		f := fence{pos: from, info: n.Info.Segment.Start, text: info, lines: r.lines(n.Lines())}
		f.mark = strings.TrimRight(r.pc.text[from:max(from, n.Info.Segment.Start)], " \t")
		r.add(parent, r.directive(f, name, args, r.top(n))...)
		return
	}
	lang, rest, _ := strings.Cut(info, " ")
	if i := strings.IndexByte(lang, '{'); i > 0 { // python{1,3}
		lang, rest = lang[:i], lang[i:]+" "+rest
	}
	lang = unescape(lang)
	if lang == "mermaid" && !r.p.opt.Plain {
		d := r.listing(pos, n.Lines(), "")
		r.add(parent, doc.New(doc.KindDiagram, pos, d.Children...).Set(doc.AttrType, "mermaid"))
		return
	}
	l := r.listing(pos, n.Lines(), lang)
	if m := r.p.cfg.Myst; m != nil && slices.Contains(m.Numbered, lang) {
		l.Set(doc.AttrLinenos, "1")
	}
	if rest != "" && !r.p.opt.Plain {
		l = r.fenceExtras(l, rest, n.Info.Segment.Start+strings.Index(info, `title="`)+len(`title="`))
	}
	r.add(parent, l)
}

// fenceExtras reads what other tools write behind the language: lines to
// emphasise in braces, and title="file name", which begins at an offset.
func (r *reader) fenceExtras(l *doc.Node, rest string, titleAt int) *doc.Node {
	if i, j := strings.IndexByte(rest, '{'), strings.IndexByte(rest, '}'); i >= 0 && j > i && strings.Trim(rest[i+1:j], "0123456789-, ") == "" {
		if spec := strings.ReplaceAll(rest[i+1:j], " ", ""); spec != "" {
			l.Set(doc.AttrEmphasize, spec)
		}
	}
	if strings.Contains(rest, "linenos") || strings.Contains(rest, "showLineNumbers") {
		l.Set(doc.AttrLinenos, "1")
	}
	_, after, ok := strings.Cut(rest, `title="`)
	if !ok {
		return l
	}
	title, _, ok := strings.Cut(after, `"`)
	if !ok || title == "" {
		return l
	}
	pos := r.pc.at(titleAt)
	c := doc.New(doc.KindCaption, pos, r.p.Inline(title, pos)...)
	return doc.New(doc.KindContainer, l.Pos, c, l).AddClass("literal-block-wrapper").Set("literal_block", "True")
}

// top reports whether a block stands where section titles are allowed.
func (r *reader) top(n ast.Node) bool {
	return r.titles && n.Parent() != nil && n.Parent().Kind() == ast.KindDocument
}

func (r *reader) myst(parent *doc.Node, b *mystBlock, pos doc.Pos) {
	switch b.kind {
	case targetKind:
		r.p.label = append(r.p.label, pendingLabel{b.label, pos})
	case commentKind:
		var s strings.Builder
		for _, l := range r.lines(b.Lines()) {
			s.WriteString(l.Text + "\n")
		}
		parent.Append(comment(pos, s.String()))
	case breakKind:
	case noteKind:
		r.note(b)
	case mathBlockKind:
		r.add(parent, r.mathBlock(b))
	case fieldKind:
		r.add(parent, r.fields(b))
	case fenceKind:
		from := max(0, b.Pos())
		f := fence{pos: from, info: b.info.Start, text: r.pc.text[b.info.Start:b.info.Stop], mark: strings.Repeat(":", b.depth), lines: r.lines(b.Lines())}
		if !b.shut {
			r.p.Report(doc.Warning, "md-fence-open", pos, b.depth, "The fence that begins here does not end.",
				"End it with a line `"+f.mark+"`.")
		}
		name, args, ok := directiveName(f.text, true)
		if !ok {
			r.add(parent, doc.New(doc.KindContainer, pos, r.p.Blocks(f.lines, false)...))
			return
		}
		r.add(parent, r.directive(f, name, args, r.top(b))...)
	}
}

// alerts are GitHub's boxes: a quote that begins with [!NOTE].
var alerts = map[string]doc.Kind{"[!NOTE]": doc.KindNote, "[!TIP]": doc.KindTip, "[!IMPORTANT]": doc.KindImportant,
	"[!WARNING]": doc.KindWarning, "[!CAUTION]": doc.KindCaution}

func (r *reader) quote(parent *doc.Node, n *ast.Blockquote, pos doc.Pos) {
	q := doc.New(doc.KindBlockQuote, pos)
	if first, ok := n.FirstChild().(*ast.Paragraph); ok && !r.p.opt.Plain && first.Lines().Len() > 0 {
		s := first.Lines().At(0)
		if k, ok := alerts[strings.ToUpper(strings.TrimSpace(r.pc.text[s.Start:s.Stop]))]; ok {
			q.Kind = k
			r.skip = s.Stop
		}
	}
	was := len(r.p.label)
	own := append([]pendingLabel(nil), r.p.label...)
	r.p.label = r.p.label[:0]
	r.children(q, n)
	r.skip = 0
	if was > 0 {
		r.p.label = append(own, r.p.label...)
	}
	if q.Kind == doc.KindBlockQuote && !r.p.opt.Plain && len(q.Children) > 0 {
		if last := q.Children[len(q.Children)-1]; len(q.Children) > 1 {
			attribution(last)
		}
	}
	r.add(parent, q)
}

func (r *reader) list(n *ast.List, pos doc.Pos) *doc.Node {
	l := doc.New(doc.KindBulletList, pos)
	if n.IsOrdered() {
		l.Kind = doc.KindEnumeratedList
		l.Set("enumtype", "arabic").Set("prefix", "").Set("suffix", string(n.Marker))
		if n.Start != 1 {
			l.Set("start", strconv.Itoa(n.Start))
		}
	} else {
		l.Set("bullet", string(n.Marker))
	}
	if n.IsTight {
		l.Set("tight", "1")
	} else {
		l.Set("tight", "0")
	}
	own := r.p.label
	r.p.label = nil
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		item := doc.New(doc.KindListItem, r.pc.at(c.Pos()))
		r.children(item, c)
		l.Append(item)
	}
	r.p.label = append(own, r.p.label...)
	return l
}

func (r *reader) htmlBlock(n *ast.HTMLBlock, pos doc.Pos) *doc.Node {
	var b strings.Builder
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		for range s.Padding {
			b.WriteByte(' ')
		}
		b.WriteString(r.pc.text[s.Start:s.Stop])
	}
	if n.HasClosure() {
		b.WriteString(r.pc.text[n.ClosureLine.Start:n.ClosureLine.Stop])
	}
	if inside, ok := htmlComment(b.String()); ok && !r.p.opt.Plain {
		return comment(pos, inside)
	}
	if img := r.p.htmlImage(b.String(), pos); img != nil {
		return img
	}
	return doc.New(doc.KindRaw, pos, doc.NewText(pos, b.String())).Set("format", "html").Set("xml:space", "preserve")
}

func (r *reader) table(n *east.Table, pos doc.Pos) *doc.Node {
	cols := len(n.Alignments)
	group := doc.New(doc.KindTgroup, pos).Set("cols", strconv.Itoa(cols))
	for range cols {
		group.Append(doc.New(doc.KindColspec, pos).Set("colwidth", strconv.Itoa(100/max(1, cols))))
	}
	row := func(src ast.Node) *doc.Node {
		out := doc.New(doc.KindRow, r.pc.at(src.Pos()))
		for c := src.FirstChild(); c != nil; c = c.NextSibling() {
			cell, ok := c.(*east.TableCell)
			if !ok {
				continue
			}
			at := r.pc.at(cell.Pos())
			e := doc.New(doc.KindEntry, at)
			if kids := r.inlines(cell); len(kids) > 0 {
				e.Append(doc.New(doc.KindParagraph, at, kids...))
			}
			switch cell.Alignment {
			case east.AlignCenter:
				e.AddClass("text-center")
			case east.AlignRight:
				e.AddClass("text-right")
			}
			out.Append(e)
		}
		return out
	}
	body := doc.New(doc.KindTbody, pos)
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Kind() == east.KindTableHeader {
			group.Append(doc.New(doc.KindThead, r.pc.at(c.Pos()), row(c)))
			continue
		}
		body.Append(row(c))
	}
	if len(body.Children) > 0 {
		body.Pos = body.Children[0].Pos
		group.Append(body)
	}
	return doc.New(doc.KindTable, pos, group)
}

func (r *reader) definitions(n *east.DefinitionList, pos doc.Pos) *doc.Node {
	l := doc.New(doc.KindDefinitionList, pos)
	var item *doc.Node
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		at := r.pc.at(c.Pos())
		switch c.(type) {
		case *east.DefinitionTerm:
			if item == nil || item.First(doc.KindDefinition) != nil {
				item = doc.New(doc.KindDefinitionListItem, at)
				l.Append(item)
			}
			item.Append(doc.New(doc.KindTerm, at, r.inlines(c)...))
		case *east.DefinitionDescription:
			if item == nil {
				item = doc.New(doc.KindDefinitionListItem, at)
				l.Append(item)
			}
			d := doc.New(doc.KindDefinition, at)
			r.children(d, c)
			item.Append(d)
		}
	}
	return l
}
