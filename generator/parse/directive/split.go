package directive

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"docent/generator/doc"
)

// prepare takes the block apart and checks it against what d takes.
func (d *Directive) prepare(p Parser, b *Block) error {
	if b.Lines != nil {
		if err := d.split(p, b); err != nil {
			return err
		}
	} else if b.Args != "" && d.Required+d.Optional == 0 {
		// A language that splits by itself cannot know that the first line
		// is content here.
		var first []Line
		pos := b.ArgPos
		for _, l := range strings.Split(b.Args, "\n") {
			first = append(first, Line{Text: l, Pos: pos})
			pos.Off += int32(len(l)) + 1
		}
		b.Content, b.Args = append(first, b.Content...), ""
	}
	if err := d.checkOptions(b); err != nil {
		return err
	}
	if err := d.checkArgs(b); err != nil {
		return err
	}
	b.Content = trimBlank(b.Content)
	if len(b.Content) > 0 && d.Content == NoContent {
		return &Fail{Code: "directive-content", Message: fmt.Sprintf("The `%s` directive takes no content.", b.Name),
			Hint: "End it with a blank line and start what follows without indentation.", Pos: b.Content[0].Pos, Len: len(b.Content[0].Text)}
	}
	if len(b.Content) == 0 && d.Content == MustContent {
		if (b.Name == "code-block" || b.Name == "sourcecode") && ofSite(p) { // Sphinx shows it
			p.Report(doc.Warning, "directive-empty", b.Pos, b.Len, fmt.Sprintf("The `%s` is empty.", b.Name), "Indent the code under it, or remove it.")
			return nil
		}
		return b.noContent()
	}
	return nil
}

func (b *Block) noContent() *Fail {
	return &Fail{Code: "directive-content", Message: fmt.Sprintf("The `%s` directive needs content; none was found.", b.Name),
		Hint: "Indent the content under the directive, after a blank line."}
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// trimBlank drops blank lines at both ends.
func trimBlank(lines []Line) []Line {
	for len(lines) > 0 && blank(lines[0].Text) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1].Text) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// split takes apart Lines: arguments up to the first option, options up to
// the first blank line, content.
func (d *Directive) split(p Parser, b *Block) error {
	lines := b.Lines
	if len(lines) > 0 && blank(lines[0].Text) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1].Text) {
		lines = lines[:len(lines)-1]
	}
	takesArgs, takesOptions := d.Required+d.Optional > 0, d.Options != nil || d.AnyOption
	if !takesArgs && !takesOptions {
		b.Content = lines
		return nil
	}
	n := slices.IndexFunc(lines, func(l Line) bool { return blank(l.Text) })
	if n < 0 {
		n = len(lines)
	}
	head, rest := lines[:n], lines[n:]
	if takesOptions {
		for i, l := range head {
			if fieldMarker(l.Text) > 0 {
				options, err := parseOptions(p, head[i:])
				if err != nil {
					return err
				}
				b.Options, head = append(b.Options, options...), head[:i]
				break
			}
		}
	}
	if len(head) > 0 && !takesArgs {
		b.Content = append(slices.Clone(head), rest...)
		return nil
	}
	if len(head) > 0 {
		b.ArgPos = head[0].Pos
		b.Args = joinLines(head)
	}
	b.Content = rest
	return nil
}

func joinLines(lines []Line) string {
	if len(lines) == 0 {
		return ""
	}
	if len(lines) == 1 {
		return lines[0].Text
	}
	var s strings.Builder
	for i, l := range lines {
		if i > 0 {
			s.WriteByte('\n')
		}
		s.WriteString(l.Text)
	}
	return s.String()
}

// fieldMarker gives the length of a field marker at the start of a line, with
// both colons and without the spaces after it, or 0.
func fieldMarker(s string) int {
	if len(s) < 3 || s[0] != ':' || s[1] == ':' || s[1] == ' ' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			if i+1 == len(s) || s[i+1] == ' ' {
				if s[i-1] == ' ' {
					return 0
				}
				return i + 1
			}
			if s[i+1] == '`' {
				return 0
			}
		}
	}
	return 0
}

// parseOptions reads `:name: value` lines, values continued by indentation.
func parseOptions(p Parser, lines []Line) ([]Option, error) {
	var out []Option
	for i := 0; i < len(lines); {
		l := lines[i]
		m := fieldMarker(l.Text)
		if m == 0 {
			return nil, &Fail{Code: "directive-option-block", Message: fmt.Sprintf("Invalid option block: `%s` is no option.", l.Text),
				Hint: "Write options as `:name: value`, and a blank line before the content.", Pos: l.Pos, Len: len(l.Text)}
		}
		o := Option{Name: optionName(p, l.Text[1:m-1], at(l.Pos, 1)), Pos: l.Pos}
		value := strings.TrimLeft(l.Text[m:], " ")
		o.ValuePos = at(l.Pos, len(l.Text)-len(value))
		i++
		start := i
		indent := -1
		for ; i < len(lines) && strings.HasPrefix(lines[i].Text, " "); i++ {
			n := len(lines[i].Text) - len(strings.TrimLeft(lines[i].Text, " "))
			if indent < 0 || n < indent {
				indent = n
			}
		}
		if value != "" {
			o.Lines = append(o.Lines, Line{value, o.ValuePos})
		}
		for k := start; k < i; k++ {
			if len(o.Lines) == 0 {
				o.ValuePos = at(lines[k].Pos, indent)
			}
			o.Lines = append(o.Lines, Line{lines[k].Text[indent:], at(lines[k].Pos, indent)})
		}
		o.Value = joinLines(o.Lines)
		out = append(out, o)
	}
	return out, nil
}

// optionName is what an option is called whose name is written as a text: as
// every name of a field it may hold inline markup.
func optionName(p Parser, text string, pos doc.Pos) string {
	if strings.ContainsAny(text, "\\*`|[") || strings.Contains(text+" ", "_ ") {
		text = doc.New(doc.KindFieldName, pos, p.Inline(text, pos)...).PlainText()
	}
	return strings.ToLower(text)
}

// at is the place n bytes after p.
func at(p doc.Pos, n int) doc.Pos {
	p.Off += int32(n)
	return p
}

// checkOptions replaces each option's value by what its check makes of it.
func (d *Directive) checkOptions(b *Block) error {
	for i := range b.Options {
		o := &b.Options[i]
		mark := func(f *Fail) *Fail {
			f.Pos, f.Len = o.Pos, len(o.Name)+2
			return f
		}
		if len(strings.Fields(o.Name)) != 1 {
			return mark(&Fail{Code: "directive-option", Message: fmt.Sprintf("Invalid option `:%s:` of `%s`: an option's name is one word.", o.Name, b.Name),
				Hint: "Join the words with hyphens, or put a blank line before the content."})
		}
		if slices.ContainsFunc(b.Options[:i], func(e Option) bool { return e.Name == o.Name }) {
			return mark(&Fail{Code: "directive-option-duplicate", Message: fmt.Sprintf("The option `:%s:` of `%s` is given twice.", o.Name, b.Name),
				Hint: "Keep one of the two."})
		}
		if d.AnyOption {
			if _, known := d.Options[o.Name]; !known {
				continue
			}
		}
		check, ok := d.Options[o.Name]
		if !ok {
			hint := didYouMean(doc.Nearest(o.Name, maps.Keys(d.Options)))
			if hint == "" {
				hint = "It takes " + list(slices.Sorted(maps.Keys(d.Options))) + "."
			}
			return mark(&Fail{Code: "directive-option-unknown", Message: fmt.Sprintf("Unknown option `:%s:` of `%s`.", o.Name, b.Name), Hint: hint})
		}
		v, err := check(o.Value)
		if err != nil {
			f := &Fail{Code: "directive-option-value", Message: fmt.Sprintf("Invalid value of the option `:%s:` of `%s`: %v.", o.Name, b.Name, err)}
			f.Pos, f.Len = o.ValuePos, len(o.Value)
			if o.Value == "" {
				return mark(f)
			}
			return f
		}
		o.Value = v
	}
	return nil
}

// list writes names as a sentence does.
func list(names []string) string {
	switch len(names) {
	case 0:
		return "no options"
	case 1:
		return "only `" + names[0] + "`"
	}
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = "`" + n + "`"
	}
	return strings.Join(q[:len(q)-1], ", ") + " and " + q[len(q)-1]
}

// checkArgs counts the arguments and splits them.
func (d *Directive) checkArgs(b *Block) error {
	most := d.Required + d.Optional
	if most == 0 {
		return nil
	}
	if arg := strings.TrimSpace(b.Args); most == 1 && arg != "" { // as below, without a list of words
		several := strings.IndexFunc(arg, unicode.IsSpace) >= 0
		if several {
			arg = strings.TrimLeftFunc(b.Args, unicode.IsSpace)
		}
		if !several || d.FinalSpace {
			b.first[0] = arg
			b.args = b.first[:]
			return nil
		}
	}
	words := strings.Fields(b.Args)
	if len(words) < d.Required {
		return &Fail{Code: "directive-argument", Message: fmt.Sprintf("The `%s` directive needs %s; %d given.", b.Name, count(d.Required, "argument"), len(words)),
			Hint: fmt.Sprintf("Write it after the colons: `%s:: ...`.", b.Name)}
	}
	if len(words) > most {
		if !d.FinalSpace {
			return &Fail{Code: "directive-argument", Message: fmt.Sprintf("The `%s` directive takes at most %s; %d given.", b.Name, count(most, "argument"), len(words)),
				Hint: "Put a blank line before the content.", Pos: b.ArgPos, Len: len(b.Args)}
		}
		words = nil
		rest := strings.TrimLeft(b.Args, " \n\t")
		for range most - 1 {
			i := strings.IndexAny(rest, " \n\t")
			words = append(words, rest[:i])
			rest = strings.TrimLeft(rest[i:], " \n\t")
		}
		words = append(words, rest)
	}
	b.args = words
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Arg gives the i-th argument, or "". The last one holds the spaces and lines
// that follow it where the directive allows them.
func (b *Block) Arg(i int) string {
	if i < len(b.args) {
		return b.args[i]
	}
	return ""
}

// opt gives an option's value, or "".
func (b *Block) opt(name string) string {
	v, _ := b.Option(name)
	return v
}

func (b *Block) has(name string) bool {
	_, ok := b.Option(name)
	return ok
}

// valuePos is where an option's value stands.
func (b *Block) valuePos(name string) doc.Pos {
	for _, o := range b.Options {
		if o.Name == name {
			return o.ValuePos
		}
	}
	return b.Pos
}

// valueLines gives the lines of an option's value.
func (b *Block) valueLines(name, value string) []Line {
	for _, o := range b.Options {
		if o.Name == name && o.Lines != nil {
			return o.Lines
		}
	}
	var out []Line
	pos := b.valuePos(name)
	for _, l := range strings.Split(value, "\n") {
		out = append(out, Line{l, pos})
		pos = at(pos, len(l)+1)
	}
	return out
}
