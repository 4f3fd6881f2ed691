package directive

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// exclusive are options of literalinclude that contradict each other.
var exclusive = [][2]string{
	{"lineno-match", "lineno-start"}, {"lineno-match", "append"}, {"lineno-match", "prepend"},
	{"start-after", "start-at"}, {"end-before", "end-at"}, {"diff", "pyobject"}, {"diff", "lineno-start"}, {"diff", "lineno-match"},
	{"diff", "lines"}, {"diff", "start-after"}, {"diff", "end-before"}, {"diff", "start-at"}, {"diff", "end-at"},
}

// An excerpt is the part of a file that is shown: its lines with their ends,
// and the number of the first in the file, or 0 when they are no one piece.
type excerpt struct {
	lines []string
	first int
}

func literalInclude(p Parser, b *Block) ([]*doc.Node, error) {
	for _, e := range exclusive {
		if b.has(e[0]) && b.has(e[1]) {
			return nil, &Fail{Severity: doc.Warning, Code: "directive-option", Message: fmt.Sprintf("`literalinclude` cannot use `:%s:` and `:%s:` together.", e[0], e[1]),
				Hint: "Drop one of them.", Pos: b.valuePos(e[1]), Len: len(b.opt(e[1]))}
		}
	}
	ref := strings.TrimSpace(b.Arg(0))
	src, err := b.read(p, ref, b.ArgPos, b.opt("encoding"))
	if err != nil {
		return nil, err
	}
	file := p.Source(src)
	text := expand(b, src.Text)
	x := excerpt{splitLines(text), 1}
	lang := b.opt("language")
	if older, ok := b.Option("diff"); ok {
		old, err := b.read(p, older, b.valuePos("diff"), b.opt("encoding"))
		if err != nil {
			return nil, err
		}
		x = excerpt{unifiedDiff(splitLines(expand(b, old.Text)), x.lines, old.Name, src.Name), 0}
		lang = "udiff"
	} else if err := b.cut(p, &x); err != nil {
		return nil, err
	}
	shown := strings.Join(x.lines, "")
	n := literal(doc.Pos{File: file, Off: int32(lineOffset(src.Text, x.first))}, shown).Set(doc.AttrFilename, src.Name).Set("source", src.Name)
	if x.first > 0 && shown != "" {
		n.Set(doc.AttrFileLine, strconv.Itoa(x.first))
	}
	if d, ok := b.Option("diff"); ok {
		n.Set(doc.AttrDiff, d)
	}
	first := 1
	if b.has("lineno-match") {
		first = x.first
	}
	caption := ""
	if v, ok := b.Option("caption"); ok {
		if caption = v; blank(v) {
			caption = ref
		}
	}
	if lang == "" {
		lang = p.State().Highlight
	}
	return listing(p, b, n, lang, len(x.lines), first, caption)
}

// expand turns tabs into spaces where :tab-width: says so.
func expand(b *Block, s string) string {
	w, err := strconv.Atoi(b.opt("tab-width"))
	if err != nil || !strings.Contains(s, "\t") {
		return s
	}
	return expandTabs(s, w)
}

func expandTabs(s string, width int) string {
	var out strings.Builder
	col := 0
	for _, c := range s {
		switch c {
		case '\t':
			if width > 0 {
				n := width - col%width
				out.WriteString(strings.Repeat(" ", n))
				col += n
			}
		case '\n':
			out.WriteByte('\n')
			col = 0
		default:
			out.WriteRune(c)
			col++
		}
	}
	return out.String()
}

// lineOffset is where a 1-based line of a text starts.
func lineOffset(s string, line int) int {
	off := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(s[off:], '\n')
		if i < 0 {
			return off
		}
		off += i + 1
	}
	return off
}

// cut carries out the options that choose lines, in Sphinx' order: pyobject,
// start, end, lines, dedent, prepend, append.
func (b *Block) cut(p Parser, x *excerpt) error {
	fail := func(option, format string, args ...any) error {
		return &Fail{Severity: doc.Warning, Code: "excerpt-empty", Message: fmt.Sprintf(format, args...),
			Hint: "Compare the value with the file.", Pos: b.valuePos(option), Len: len(b.opt(option))}
	}
	if name, ok := b.Option("pyobject"); ok {
		from, to := pyObject(x.lines, name)
		if from == 0 {
			return fail("pyobject", "There is no object `%s` in the file `%s`.", name, b.Arg(0))
		}
		x.lines, x.first = x.lines[from-1:to], from
	}
	for _, option := range []string{"start-at", "start-after"} {
		if v, ok := b.Option(option); ok {
			i := lineWith(x.lines, v, 0)
			if i < 0 {
				return fail(option, "The text `%s` of `:%s:` is not in `%s`.", v, option, b.Arg(0))
			}
			if option == "start-after" {
				i++
			}
			x.lines, x.first = x.lines[i:], x.first+i
		}
	}
	for _, option := range []string{"end-at", "end-before"} {
		if v, ok := b.Option(option); ok {
			start := 0
			if option == "end-before" {
				start = 1 // Sphinx passes over a match in the first line
			}
			i := lineWith(x.lines, v, start)
			if i < 0 {
				return fail(option, "The text `%s` of `:%s:` is not in the rest of `%s`.", v, option, b.Arg(0))
			}
			x.lines = x.lines[:i+1-start]
		}
	}
	if spec, ok := b.Option("lines"); ok {
		if err := b.pick(p, x, spec); err != nil {
			return fail("lines", "Invalid value of the option `:lines:` of `%s`: %v.", b.Name, err)
		}
	}
	x.lines = append([]string(nil), x.lines...)
	if d, ok := b.Option("dedent"); ok {
		x.lines = dedentLines(p, b, x.lines, d)
	}
	if v, ok := b.Option("prepend"); ok {
		x.lines, x.first = append([]string{v + "\n"}, x.lines...), 0
	}
	if v, ok := b.Option("append"); ok {
		x.lines = append(x.lines, v+"\n")
	}
	return nil
}

func lineWith(lines []string, text string, from int) int {
	for i := from; i < len(lines); i++ {
		if strings.Contains(lines[i], text) {
			return i
		}
	}
	return -1
}

func (b *Block) pick(p Parser, x *excerpt, spec string) error {
	numbers, err := lineNumbers(spec, len(x.lines))
	if err != nil {
		return err
	}
	kept := within(numbers, len(x.lines))
	if len(kept) < len(numbers) {
		b.outOfRange(p, "lines", len(x.lines))
	}
	if len(kept) == 0 {
		return errors.New("none of these lines is in the file")
	}
	whole := true
	var lines []string
	for i, n := range kept {
		whole = whole && n == kept[0]+i
		lines = append(lines, x.lines[n-1])
	}
	if !whole && b.has("lineno-match") {
		return errors.New("with `:lineno-match:` the lines must be one piece")
	}
	if x.lines = lines; whole {
		x.first += kept[0] - 1
	} else {
		x.first = 0
	}
	return nil
}
