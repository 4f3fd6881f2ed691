package markdown

import (
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

var fenceKind = ast.NewNodeKind("MystColonFence")

// colonFenceParser reads `:::{name} arguments` up to a line of at least as
// many colons.
type colonFenceParser struct{}

func (colonFenceParser) Trigger() []byte { return []byte{':'} }

func (colonFenceParser) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, seg := r.PeekLine()
	pos := pc.BlockOffset()
	if pos < 0 {
		return nil, parser.NoChildren
	}
	n := 0
	for pos+n < len(line) && line[pos+n] == ':' {
		n++
	}
	if n < 3 {
		return nil, parser.NoChildren
	}
	from := pos + n
	for from < len(line) && (line[from] == ' ' || line[from] == '\t') {
		from++
	}
	to := len(line) - util.TrimRightSpaceLength(line)
	if to < from {
		to = from
	}
	off := seg.Start - seg.Padding
	b := &mystBlock{kind: fenceKind, depth: n, open: pc.BlockIndent(), info: text.NewSegment(off+from, off+to)}
	r.AdvanceToEOL()
	return b, parser.NoChildren
}

func (colonFenceParser) Continue(n ast.Node, r text.Reader, pc parser.Context) parser.State {
	b := n.(*mystBlock)
	line, seg := r.PeekLine()
	w, pos := util.IndentWidth(line, r.LineOffset())
	if w < 4 {
		k := 0
		for pos+k < len(line) && line[pos+k] == ':' {
			k++
		}
		if k >= b.depth && util.IsBlank(line[pos+k:]) {
			b.shut = true
			r.AdvanceToEOL()
			return parser.Close
		}
	}
	pos, padding := util.IndentPositionPadding(line, r.LineOffset(), seg.Padding, b.open)
	if pos < 0 {
		pos = max(0, util.FirstNonSpacePosition(line)) - seg.Padding
		padding = 0
	}
	b.Lines().Append(text.NewSegmentPadding(seg.Start+pos, seg.Stop, padding))
	r.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (colonFenceParser) Close(ast.Node, text.Reader, parser.Context) {}
func (colonFenceParser) CanInterruptParagraph() bool                 { return true }
func (colonFenceParser) CanAcceptIndentedLine() bool                 { return false }

// lines gives the raw lines of a block with their places.
func (r *reader) lines(segs *text.Segments) []directive.Line {
	out := make([]directive.Line, segs.Len())
	for i := range out {
		s := segs.At(i)
		t := r.pc.text[s.Start:s.Stop]
		t = strings.TrimRight(t, "\r\n")
		if s.Padding > 0 {
			t = strings.Repeat(" ", s.Padding) + t
		}
		// The blanks of a tab are no bytes of the source; they are cut off mostly.
		out[i] = directive.Line{Text: t, Pos: r.pc.at(max(0, s.Start-s.Padding))}
	}
	return out
}

// directiveName takes the info string of a fence apart. A name in braces is
// a directive; colon fences also take it bare.
func directiveName(info string, bare bool) (name, args string, ok bool) {
	if rest, braced := strings.CutPrefix(info, "{"); braced {
		name, args, ok = strings.Cut(rest, "}")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t{=.#") {
			return "", "", false
		}
		return name, args, true
	}
	if !bare || info == "" {
		return "", "", false
	}
	name, args, _ = strings.Cut(info, " ")
	return name, args, true
}

// fence is what a backtick or a colon fence holds.
type fence struct {
	pos, info int    // where the fence and its info string begin in the piece
	text      string // the info string
	mark      string // the fence's own characters
	lines     []directive.Line
}

// directive carries a fence out as the directive that it names.
func (r *reader) directive(f fence, name, args string, titles bool) []*doc.Node {
	switch name {
	case "code-cell":
		name = "code-block"
	case "eval-rst":
		return r.p.foreign(joined(f.lines))
	}
	b := &directive.Block{Name: name, Pos: r.pc.at(f.pos), Len: len(f.mark) + len(f.text), Titles: titles, Sidebar: r.sidebar}
	lead := len(args) - len(strings.TrimLeft(args, " \t"))
	b.Args = strings.TrimSpace(args)
	b.ArgPos = r.pc.at(f.info + len(f.text) - len(args) + lead)
	b.Source = func() string { return source(f) }
	b.Content = f.lines
	if d, _ := r.p.table.Lookup(r.p, name); d == nil || d.Options != nil || d.AnyOption {
		b.Options, b.Content = r.p.options(f.lines)
	}
	nodes := r.p.table.Run(r.p, b)
	for _, n := range nodes {
		if !directive.IsPending(n) {
			continue
		}
		r.p.pending = true
		if names := n.Names(); len(names) > 0 && len(n.IDs()) == 0 {
			r.p.uniqueID(n, labelID(names[0]))
		}
	}
	return nodes
}

func source(f fence) string {
	var s strings.Builder
	s.WriteString(f.mark + f.text + "\n")
	for _, l := range f.lines {
		s.WriteString(l.Text + "\n")
	}
	s.WriteString(f.mark)
	return s.String()
}

// options takes the options off the front of a directive's lines: a YAML
// block between --- and ---, or lines `:name: value`.
func (p *page) options(lines []directive.Line) ([]directive.Option, []directive.Line) {
	if len(lines) > 0 && strings.TrimRight(lines[0].Text, " ") == "---" {
		for i := 1; i < len(lines); i++ {
			if strings.TrimRight(lines[i].Text, " ") == "---" {
				return p.yamlOptions(lines[1:i]), lines[i+1:]
			}
		}
		p.Report(doc.Error, "md-options-open", lines[0].Pos, 3, "The options that begin with `---` do not end.", "End them with a line `---`.")
		return nil, lines
	}
	var out []directive.Option
	i := 0
	for ; i < len(lines); i++ {
		t := lines[i].Text
		name, value, at := optionLine(t)
		if name == "" {
			if len(out) > 0 && strings.HasPrefix(t, "  ") && strings.TrimSpace(t) != "" {
				// A longer value goes on, indented.
				o := &out[len(out)-1]
				o.Value = strings.TrimLeft(o.Value+"\n"+strings.TrimSpace(t), "\n")
				continue
			}
			break
		}
		pos := lines[i].Pos
		vpos := pos
		vpos.Off += int32(at)
		if plain, quoted := unquoted(value); quoted {
			value = plain
			vpos.Off++
		}
		out = append(out, directive.Option{Name: name, Value: value, Pos: pos, ValuePos: vpos})
	}
	return out, lines[i:]
}

// unquoted takes the quotes of YAML off a value that stands in them: MyST
// reads options as YAML.
func unquoted(value string) (string, bool) {
	if len(value) < 2 || value[0] != value[len(value)-1] {
		return "", false
	}
	switch inner := value[1 : len(value)-1]; value[0] {
	case '\'':
		if strings.Contains(strings.ReplaceAll(inner, "''", ""), "'") {
			return "", false
		}
		return strings.ReplaceAll(inner, "''", "'"), true
	case '"':
		var plain string
		if strings.ContainsRune(strings.NewReplacer(`\\`, "", `\"`, "").Replace(inner), '"') || yaml.Unmarshal([]byte(value), &plain) != nil {
			return "", false
		}
		return plain, true
	}
	return "", false
}

// optionLine reads `:name: value` and says where the value starts.
func optionLine(s string) (name, value string, at int) {
	if len(s) < 3 || s[0] != ':' {
		return "", "", 0
	}
	end := strings.IndexByte(s[1:], ':') + 1
	if end < 2 || strings.ContainsAny(s[1:end], " \t`{") || end+1 < len(s) && s[end+1] != ' ' && s[end+1] != '\t' {
		return "", "", 0
	}
	rest := s[end+1:]
	value = strings.TrimSpace(rest)
	return s[1:end], value, end + 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
}
