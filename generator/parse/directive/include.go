package directive

import (
	"fmt"
	"strconv"
	"strings"

	"docent/generator/doc"
)

func includes(t *Table) {
	t.add(&Directive{Name: "include", Required: 1, FinalSpace: true, Options: checks(named, map[string]Check{
		"literal": flag, "code": text, "encoding": encoding, "parser": text, "tab-width": anyInt, "start-line": anyInt, "end-line": anyInt,
		"start-after": textRequired, "end-before": textRequired, "number-lines": text, "relative-docs": text, "relative-images": flag,
		"heading-offset": anyInt,
	}), Run: include})
}

// include reads another file as part of the page, or shows it.
func include(p Parser, b *Block) ([]*doc.Node, error) {
	ref, _ := path(b.Arg(0))
	src, as, err := b.included(p, ref)
	if err != nil {
		return nil, err
	}
	from, to, err := b.clip(src.Text)
	if err != nil {
		return nil, err
	}
	switch {
	case b.has("literal"):
		return b.shownFile(p, src, from, to)
	case b.has("code"):
		return b.codeFile(p, src, from, to)
	}
	if v, ok := b.Option("parser"); ok && v != "" {
		switch v = strings.ToLower(v); {
		case strings.Contains(v, "myst"), strings.Contains(v, "markdown"), strings.Contains(v, "commonmark"), strings.Contains(v, "recommonmark"):
			as = "markdown"
		case v == "rst" || v == "restructuredtext" || strings.HasSuffix(v, ".rst"):
			as = "rst"
		default:
			return nil, &Fail{Code: "directive-option-value", Message: fmt.Sprintf("The parser `%s` is not known.", v), Hint: "Write `rst` or `markdown`.",
				Pos: b.valuePos("parser"), Len: len(v)}
		}
	}
	if w := b.tabWidth(); w != 8 && strings.Contains(src.Text[from:to], "\t") {
		src = doc.NewSource(src.Name, expandTabs(src.Text[from:to], max(w, 1)))
		from, to = 0, len(src.Text)
	}
	return p.Include(src, from, to, as), nil
}

// lineEnds makes line feeds of all that ends a line in docutils.
var lineEnds = strings.NewReplacer("\v", "\n", "\f", "\n", "\x1c", "\n", "\x1d", "\n", "\x1e", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// included reads the file that an include names, and says in which language
// it is, or "".
func (b *Block) included(p Parser, ref string) (src *doc.Source, as string, err error) {
	if len(ref) > 2 && ref[0] == '<' && ref[len(ref)-1] == '>' {
		if text, ok := standardFile(ref[1 : len(ref)-1]); ok {
			return doc.NewSource(ref, text), "rst", nil
		}
		return nil, "", &Fail{Severity: doc.Severe, Code: "file-unreadable", Message: fmt.Sprintf("There is no standard definition file `%s`.", ref),
			Hint: "Define the substitutions that you need on the page.", Pos: b.ArgPos, Len: len(b.Args)}
	}
	if src, err = b.read(p, ref, b.ArgPos, b.opt("encoding")); err != nil {
		return nil, "", err
	}
	if s := lineEnds.Replace(src.Text); s != src.Text || s != "" && !strings.HasSuffix(s, "\n") {
		src = doc.NewSource(src.Name, strings.TrimSuffix(s, "\n")+"\n")
	}
	return src, languageOf(src.Name), nil
}

// languageOf gives the language that the suffix of a file says, or "".
func languageOf(name string) string {
	switch name = strings.ToLower(name); {
	case strings.HasSuffix(name, ".md"), strings.HasSuffix(name, ".markdown"):
		return "markdown"
	case strings.HasSuffix(name, ".rst"):
		return "rst"
	}
	return ""
}

// clip gives the bytes that the line and text options choose.
func (b *Block) clip(s string) (from, to int, err error) {
	lines := strings.Count(s, "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		lines++
	}
	bound := func(option string, otherwise int) int {
		v, ok := b.Option(option)
		if !ok {
			return otherwise
		}
		n, _ := strconv.Atoi(v)
		if n < 0 {
			n += lines
		}
		n = max(0, min(n, lines))
		if n == lines {
			return len(s)
		}
		return lineOffset(s, n+1)
	}
	from = bound("start-line", 0)
	to = max(from, bound("end-line", len(s)))
	if v, ok := b.Option("start-after"); ok {
		i := strings.Index(s[from:to], v)
		if i < 0 {
			return 0, 0, b.notFound("start-after")
		}
		from += i + len(v)
	}
	if v, ok := b.Option("end-before"); ok {
		i := strings.Index(s[from:to], v)
		if i < 0 {
			return 0, 0, b.notFound("end-before")
		}
		to = from + i
	}
	return from, to, nil
}

func (b *Block) notFound(option string) error {
	return &Fail{Severity: doc.Severe, Code: "excerpt-empty", Message: fmt.Sprintf("The text of `:%s:` is not in `%s`.", option, b.Arg(0)),
		Hint: "Compare it with the file; the text must match exactly.", Pos: b.valuePos(option), Len: len(b.opt(option))}
}

func (b *Block) tabWidth() int {
	if v, ok := b.Option("tab-width"); ok {
		n, _ := strconv.Atoi(v)
		return n
	}
	return 8
}

func (b *Block) fileText(src *doc.Source, from, to int) string {
	s := src.Text[from:to]
	if w := b.tabWidth(); w >= 0 && strings.Contains(s, "\t") {
		s = expandTabs(s, w)
	}
	return s
}

func (b *Block) shownFile(p Parser, src *doc.Source, from, to int) ([]*doc.Node, error) {
	s := b.fileText(src, from, to)
	n := literal(doc.Pos{File: p.Source(src), Off: int32(from)}, s).Set("source", src.Name).Set(doc.AttrFilename, src.Name)
	b.classes(n, "class")
	if err := numberLines(b, n, strings.TrimSuffix(s, "\n"), len(splitLines(s))); err != nil {
		return nil, err
	}
	b.addName(p, n)
	return one(n)
}

func (b *Block) codeFile(p Parser, src *doc.Source, from, to int) ([]*doc.Node, error) {
	lines := splitLines(b.fileText(src, from, to))
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \n")
	}
	s := strings.Join(lines, "\n")
	if strings.TrimSpace(s) == "" {
		return nil, b.noContent()
	}
	n := literal(doc.Pos{File: p.Source(src), Off: int32(from)}, s).Set("source", src.Name).Set(doc.AttrFilename, src.Name).AddClass("code")
	lang := strings.TrimSpace(b.opt("code"))
	if lang != "" {
		n.AddClass(lang).Set(doc.AttrLanguage, lang)
	}
	if err := numberLines(b, n, s, len(lines)); err != nil {
		return nil, err
	}
	b.classes(n, "class")
	b.addName(p, n)
	return one(n)
}
