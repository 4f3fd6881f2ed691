package rst

import (
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// optionMarker gives the bytes of the options at the start of a line with the
// blanks after them, and of the options alone; 0 when there are none. What
// follows stands after two blanks, or on the next line.
func optionMarker(s string) (all, options int) {
	i := 0
	for {
		n := oneOption(s[i:])
		if n == 0 {
			return 0, 0
		}
		i += n
		if !strings.HasPrefix(s[i:], ", ") {
			break
		}
		i += 2
	}
	switch rest := s[i:]; {
	case rest == "", rest == " ":
		return len(s), i
	case strings.HasPrefix(rest, "  "):
		all = i
		for all < len(s) && s[all] == ' ' {
			all++
		}
		return all, i
	}
	return 0, 0
}

// oneOption gives the bytes of "-a", "-a ARG", "--long=ARG", "/V" or "+x".
func oneOption(s string) int {
	if len(s) < 2 {
		return 0
	}
	i, long := 1, false
	switch {
	case strings.HasPrefix(s, "--"):
		i, long = 2, true
	case s[0] == '/':
		long = true
	case s[0] != '-' && s[0] != '+':
		return 0
	}
	if i >= len(s) || !alnum(s[i]) {
		return 0
	}
	i++
	if !long {
		if n := optionArgument(s[i:]); n > 0 && i < len(s) {
			return i + n
		}
		if i < len(s) && s[i] == ' ' {
			if n := optionArgument(s[i+1:]); n > 0 {
				return i + 1 + n
			}
		}
		return i
	}
	for i < len(s) && optionChar(s[i]) {
		i++
	}
	if i < len(s) && (s[i] == ' ' || s[i] == '=') {
		if n := optionArgument(s[i+1:]); n > 0 {
			return i + 1 + n
		}
	}
	return i
}

// optionArgument gives the bytes of a name, or of anything in angle brackets.
func optionArgument(s string) int {
	if s == "" {
		return 0
	}
	if s[0] == '<' {
		if n := strings.IndexAny(s[1:], "<>"); n > 0 && s[n+1] == '>' {
			return n + 2
		}
		return 0
	}
	if !alnum(s[0]) || s[0] >= '0' && s[0] <= '9' {
		return 0
	}
	i := 1
	for i < len(s) && optionChar(s[i]) {
		i++
	}
	return i
}

func alnum(c byte) bool      { return c < 128 && ascii[c]&charWord != 0 }
func optionChar(c byte) bool { return alnum(c) || c == '_' || c == '-' }

// optionList reads command-line options and their descriptions. It reports
// false when the first line is ordinary text.
func (b *body) optionList() bool {
	first := b.lines[b.i]
	item, finished := b.option()
	if item == nil {
		return false
	}
	list := doc.New(doc.KindOptionList, first.Pos, item)
	b.parent.Append(list)
	for b.skipBlank(); b.i < len(b.lines); b.skipBlank() {
		item, ok := b.option()
		if item == nil {
			break
		}
		finished = ok
		list.Append(item)
	}
	if !finished {
		b.unindent("The option list")
	}
	return true
}

// option reads one item, or gives nil.
func (b *body) option() (item *doc.Node, finished bool) {
	l := b.lines[b.i]
	all, n := optionMarker(l.Text)
	if all == 0 {
		return nil, false
	}
	block, _, next, finished := b.take(b.i, extent{first: all, known: -1})
	block = dropBlankTop(block)
	if len(block) == 0 {
		return nil, false
	}
	group := doc.New(doc.KindOptionGroup, l.Pos)
	off := 0
	for part := range strings.SplitSeq(l.Text[:n], ", ") {
		group.Append(optionNode(part, cut(l, off).Pos))
		off += len(part) + 2
	}
	b.i = next
	description := doc.New(doc.KindDescription, block[0].Pos)
	b.p.nested(block, description)
	return doc.New(doc.KindOptionListItem, l.Pos, group, description), finished
}

func optionNode(s string, pos doc.Pos) *doc.Node {
	name, argument, delimiter := s, "", ""
	first, rest, spaced := strings.Cut(s, " ")
	short := len(first) > 2 && (first[0] == '-' && first[1] != '-' || first[0] == '+')
	switch i := strings.IndexByte(first, '='); {
	case i > 0 && !short:
		name, argument, delimiter = s[:i], s[i+1:], "="
	case short:
		name, argument = s[:2], s[2:]
	case spaced:
		name, argument, delimiter = first, rest, " "
	}
	n := doc.New(doc.KindOption, pos, doc.New(doc.KindOptionString, pos, doc.NewText(pos, name)))
	if argument != "" {
		n.Append(doc.New(doc.KindOptionArgument, pos, doc.NewText(pos, directive.OneLine(argument))).Set("delimiter", delimiter))
	}
	return n
}
