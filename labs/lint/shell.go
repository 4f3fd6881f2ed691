package lint

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"

	"docent/generator/doc"
	"docent/labs/step"
)

// dialect is the shell that a file or listing says it is for.
func dialect(s *step.Step) syntax.LangVariant {
	first, _, _ := strings.Cut(s.Text, "\n")
	if strings.HasPrefix(first, "#!") {
		if strings.Contains(first, "bash") {
			return syntax.LangBash
		}
		return syntax.LangPOSIX
	}
	return syntax.LangBash
}

// shell reports what keeps a script from being read; the text starts at a line
// of the listing, from 0.
func (f *finder) shell(text string, line int, lang syntax.LangVariant) {
	_, err := syntax.NewParser(syntax.Variant(lang)).Parse(strings.NewReader(text), "")
	f.parseError(err, line, 0)
	for i, l := range strings.Split(text, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(l), "#") {
			f.typography(l, line+i, 0)
		}
	}
}

// parseError reports an error of the shell's parser.
func (f *finder) parseError(err error, line, col int) {
	if err == nil {
		return
	}
	var perr syntax.ParseError
	var lerr syntax.LangError
	text, at := err.Error(), syntax.Pos{}
	switch {
	case errors.As(err, &perr):
		text, at = perr.Text, perr.Pos
	case errors.As(err, &lerr):
		at = lerr.Pos
		text = lerr.Feature + " is bash's, and its first line says sh"
	}
	l, c := 0, 0
	if at.IsValid() {
		l, c = int(at.Line())-1, int(at.Col())-1
	}
	if l > 0 {
		col = 0
	}
	sev := doc.Error
	if f.s.Role != step.File {
		sev = doc.Warning // nobody runs it
	}
	f.report(sev, "shell-syntax", line+l, col+c, 1, "This is not what the shell can read: "+text+".", "")
}

// typed looks at one command that a reader types.
func (f *finder) typed(c step.Command) {
	line := c.Line - f.s.BodyLine
	if f.s.Body != f.s.Source {
		line = c.Line - f.s.Line
	}
	for i, l := range strings.Split(c.Text, "\n") {
		col := max(0, strings.Index(lineOf(f.s.Text, line+i), l))
		f.typography(l, line+i, col)
	}
}

// lookalikes are characters that word processors put in place of what a shell
// reads.
var lookalikes = map[rune]string{
	'\u201c': `a curly quote, which is no quote to a shell: write "`, '\u201d': `a curly quote, which is no quote to a shell: write "`,
	'\u2018': "a curly quote, which is no quote to a shell: write '", '\u2019': "a curly quote, which is no quote to a shell: write '",
	'\u00a0': "a no-break space, which does not part words: write a space", '\u200b': "a zero-width space: delete it", '\ufeff': "a byte-order mark: delete it",
}

// typography reports characters that look like what a shell reads, and are
// not.
func (f *finder) typography(l string, line, col int) {
	for i, r := range l {
		what, bad := lookalikes[r]
		if r == '\u2013' || r == '\u2014' {
			before, _ := utf8.DecodeLastRuneInString(l[:i])
			after, _ := utf8.DecodeRuneInString(l[i+utf8.RuneLen(r):])
			if (i == 0 || before == ' ') && after != ' ' && after != utf8.RuneError {
				what, bad = "a dash that starts no option: write - or --", true
			}
		}
		if bad {
			f.report(doc.Warning, "shell-typography", line, col+i, utf8.RuneLen(r), fmt.Sprintf("Here stands %s.", what), "")
			return
		}
	}
}
