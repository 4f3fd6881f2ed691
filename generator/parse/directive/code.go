package directive

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// codes are the listings: docutils' code, Sphinx' code-block, and highlight.
// Those that read files are in literalinclude.go.
func codes(t *Table) {
	t.add(&Directive{Name: "code", Optional: 1, Content: MustContent, Options: checks(named, listingOptions, map[string]Check{
		"number-lines": text, "caption": textRequired, "language": textRequired,
	}), Run: code}, "code-block", "sourcecode")
	t.add(&Directive{Name: "highlight", Required: 1, Options: map[string]Check{"force": flag, "linenothreshold": positive}, Run: highlight})
	t.add(&Directive{Name: "literalinclude", Required: 1, FinalSpace: true, Options: checks(named, listingOptions, map[string]Check{
		"caption": text, "lineno-match": flag, "tab-width": anyInt, "language": textRequired, "encoding": encoding, "pyobject": textRequired,
		"lines": textRequired, "start-after": textRequired, "end-before": textRequired, "start-at": textRequired,
		"end-at": textRequired, "prepend": textRequired, "append": textRequired, "diff": textRequired,
	}), Run: literalInclude})
	t.role(codeRole, "code")
}

// listingOptions are those that code-block and literalinclude share.
var listingOptions = map[string]Check{
	"force": flag, "linenos": flag, "dedent": orElse([]string{""}, anyInt), "lineno-start": anyInt, "emphasize-lines": textRequired,
}

func code(p Parser, b *Block) ([]*doc.Node, error) {
	lines := make([]string, len(b.Content))
	for i, l := range b.Content {
		lines[i] = l.Text
	}
	if d, ok := b.Option("dedent"); ok {
		lines = dedentLines(p, b, lines, d)
	}
	lang := b.Arg(0)
	if lang == "" {
		lang = b.opt("language")
	}
	n := literal(b.contentPos(), strings.Join(lines, "\n")).AddClass("code")
	if lang != "" {
		n.AddClass(lang)
	}
	if v, ok := b.Option("number-lines"); ok && ofSite(p) && (blank(v) || isWhole(v)) { // as in Sphinx, beside the text
		n.Set(doc.AttrLinenos, cmp.Or(strings.TrimSpace(v), "1"))
	} else if err := numberLines(b, n, strings.Join(lines, "\n"), len(lines)); err != nil {
		return nil, err
	}
	if lang == "" {
		lang = p.State().Highlight
	}
	return listing(p, b, n, lang, len(lines), 1, b.opt("caption"))
}

func isWhole(s string) bool {
	_, err := strconv.Atoi(strings.TrimSpace(s))
	return err == nil
}

// numberLines writes the numbers of :number-lines: into the text, as docutils
// does.
func numberLines(b *Block, n *doc.Node, text string, lines int) error {
	v, ok := b.Option("number-lines")
	if !ok {
		return nil
	}
	first := 1
	if !blank(v) {
		var err error
		if first, err = strconv.Atoi(strings.TrimSpace(v)); err != nil {
			return &Fail{Code: "directive-option-value", Message: fmt.Sprintf("The value `%s` of `:number-lines:` is not a whole number.", v),
				Hint: "Write the number of the first line, or nothing for 1.", Pos: b.valuePos("number-lines"), Len: len(v)}
		}
	}
	width := len(strconv.Itoa(first + lines))
	n.Set(doc.AttrLinenos, strconv.Itoa(first))
	n.Children = nil
	for i, l := range strings.SplitAfter(text, "\n") {
		n.Append(plain(doc.KindInline, n.Pos, fmt.Sprintf("%*d ", width, first+i)).AddClass("ln"))
		if l != "" {
			n.Append(doc.NewText(n.Pos, l))
		}
	}
	return nil
}

// listing finishes a literal block: language, numbers, emphasis, caption,
// name. first is the number of its first line.
func listing(p Parser, b *Block, n *doc.Node, lang string, lines, first int, caption string) ([]*doc.Node, error) {
	if lang != "" {
		n.Set(doc.AttrLanguage, lang)
	}
	if b.has("force") {
		n.Set(doc.AttrForce, "1")
	}
	if v, ok := b.Option("lineno-start"); ok {
		n.Set(doc.AttrLinenos, v)
	} else if b.has("linenos") || b.has("lineno-match") {
		n.Set(doc.AttrLinenos, strconv.Itoa(first))
	} else if t := p.State().LinenoThreshold; t > 0 && lines >= t {
		n.Set(doc.AttrLinenos, "1")
	}
	if spec, ok := b.Option("emphasize-lines"); ok {
		picked, err := lineNumbers(spec, lines)
		if err != nil {
			return nil, b.badLines(p, "emphasize-lines", err)
		}
		if kept := within(picked, lines); len(kept) < len(picked) {
			b.outOfRange(p, "emphasize-lines", lines)
			picked = kept
		}
		n.Set(doc.AttrEmphasize, joinInts(picked))
	}
	b.classes(n, "class")
	if caption == "" {
		b.addName(p, n)
		return one(n)
	}
	pos := b.valuePos("caption")
	if b.opt("caption") == "" {
		pos = b.ArgPos
	}
	box := doc.New(doc.KindContainer, b.Pos, wrap(p, doc.KindCaption, caption, pos), n).AddClass("literal-block-wrapper").Set("literal_block", "True")
	b.addName(p, box)
	return one(box)
}

func (b *Block) badLines(p Parser, option string, err error) error {
	return &Fail{Severity: doc.Warning, Code: "directive-option-value", Message: fmt.Sprintf("Invalid value of the option `:%s:` of `%s`: %v.", option, b.Name, err),
		Hint: "Write numbers and ranges, such as `1,3,5-10,20-`.", Pos: b.valuePos(option), Len: len(b.opt(option))}
}

func (b *Block) outOfRange(p Parser, option string, lines int) {
	p.Report(doc.Warning, "lines-out-of-range", b.valuePos(option), len(b.opt(option)),
		fmt.Sprintf("`:%s: %s` names lines that are not there: the listing has %s.", option, b.opt(option), count(lines, "line")), "Correct the numbers.")
}

// lineNumbers reads "1,3-5,-2,10-" into 1-based numbers, which may lie beyond
// the total.
func lineNumbers(spec string, total int) ([]int, error) {
	var out []int
	bad := fmt.Errorf("`%s` is not a list of line numbers", spec)
	number := func(s string, otherwise int) (int, bool) {
		if s = strings.TrimSpace(s); s == "" {
			return otherwise, true
		}
		n, err := strconv.Atoi(s)
		return n, err == nil && n < 1<<30
	}
	for _, part := range strings.Split(spec, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		a, ok := number(from, 1)
		if !ok || !isRange && from == "" || isRange && from == "" && to == "" || a < 1 {
			return nil, bad
		}
		if !isRange {
			out = append(out, a)
			continue
		}
		z, ok := number(to, max(a, total))
		if !ok || a > z {
			return nil, bad
		}
		for n := a; n <= min(z, total+1); n++ {
			out = append(out, n)
		}
		if a > total {
			out = append(out, a)
		}
	}
	return out, nil
}

func within(n []int, most int) []int {
	var out []int
	for _, v := range n {
		if v <= most {
			out = append(out, v)
		}
	}
	return out
}

func joinInts(n []int) string {
	s := make([]string, len(n))
	for i, v := range n {
		s[i] = strconv.Itoa(v)
	}
	return strings.Join(s, ",")
}

// dedentLines drops n characters from each line, or with "" what all lines
// have in common.
func dedentLines(p Parser, b *Block, lines []string, n string) []string {
	drop, err := strconv.Atoi(n)
	if err != nil || drop < 0 {
		drop = -1
		shared := ""
		for _, l := range lines {
			if !blank(l) {
				margin := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
				if drop < 0 {
					shared, drop = margin, len(margin)
				}
				for !strings.HasPrefix(margin, shared[:drop]) { // a tab is no blank
					drop--
				}
			}
		}
		drop = max(drop, 0)
	}
	out := make([]string, len(lines))
	lost := false
	for i, l := range lines {
		body := strings.TrimRight(l, "\n")
		r := []rune(body)
		k := min(drop, len(r))
		lost = lost || !blank(string(r[:k]))
		out[i] = string(r[k:]) + l[len(body):]
	}
	if lost {
		p.Report(doc.Warning, "dedent-text", b.valuePos("dedent"), len(n), fmt.Sprintf("`:dedent: %s` cuts off characters that are no white space.", n),
			"Use a smaller number, or none to drop what all lines have in common.")
	}
	return out
}

func highlight(p Parser, b *Block) ([]*doc.Node, error) {
	s := p.State()
	s.Highlight = b.Arg(0)
	s.LinenoThreshold, _ = strconv.Atoi(b.opt("linenothreshold"))
	s.Force = b.has("force")
	n := doc.New(doc.KindHighlightlang, b.Pos).Set(doc.AttrLanguage, b.Arg(0))
	if s.Force {
		n.Set(doc.AttrForce, "1")
	}
	return one(n)
}

// SetHighlight gives a literal block that has no directive (after "::", an
// indented block) what a highlight directive before it asked for.
func (s *State) SetHighlight(n *doc.Node) {
	if s.Highlight == "" {
		return
	}
	n.Set(doc.AttrLanguage, s.Highlight)
	if s.Force {
		n.Set(doc.AttrForce, "1")
	}
	if s.LinenoThreshold > 0 && strings.Count(n.PlainText(), "\n")+1 >= s.LinenoThreshold {
		n.Set(doc.AttrLinenos, "1")
	}
}

func codeRole(p Parser, r *RoleUse) []*doc.Node {
	n := plain(doc.KindLiteral, r.Pos, r.source()).AddClass("code")
	lang := r.Options["language"]
	if c := r.Options["class"]; c != "" {
		n.AddClass(strings.Fields(c)...)
	}
	if lang != "" {
		n.AddClass(lang).Set(doc.AttrLanguage, lang)
	}
	return []*doc.Node{n}
}

// splitLines cuts a text into lines that keep their ends.
func splitLines(s string) []string { return slices.Collect(strings.Lines(s)) }
