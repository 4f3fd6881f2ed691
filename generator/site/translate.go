package site

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/leonelquinteros/gotext"

	"docent/generator/doc"
	"docent/generator/parse"
)

// A catalogue is what the translators of one language wrote: Sphinx's gettext
// files, by the name of the page or folder that each is for.
type catalogue map[string]*gotext.Po

// localeRoots are the folders that hold the catalogues of a language.
func (s *Site) localeRoots(language string) []string {
	dirs := s.set.LocaleDirs
	if len(dirs) == 0 {
		if dirs = s.conf.Strings("locale_dirs"); len(dirs) == 0 {
			dirs = []string{"locale", "locales"}
		}
	}
	var roots []string
	for _, dir := range dirs {
		roots = append(roots, path.Join(path.Clean(dir), strings.ReplaceAll(language, "-", "_"), "LC_MESSAGES"))
	}
	return roots
}

// openCatalogue reads LANGUAGE/LC_MESSAGES/*.po below the locale folders.
func (s *Site) openCatalogue(language string) catalogue {
	c := catalogue{}
	for _, root := range s.localeRoots(language) {
		if !fs.ValidPath(root) {
			s.report(s.set.Place(doc.Diag{Severity: doc.Error, Code: "locale-outside", Message: "The folder `" + path.Dir(path.Dir(root)) + "` lies outside the source folder.",
				Hint: "Put the catalogues below it."}, "locale_dirs"))
			continue
		}
		fs.WalkDir(s.files, root, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || path.Ext(name) != ".po" {
				return nil
			}
			text, err := fs.ReadFile(s.files, name)
			if err != nil || !utf8.Valid(text) {
				s.report(doc.Diag{Severity: doc.Error, Code: "locale-unreadable", Source: doc.NewSource(name, ""),
					Message: "The catalogue is not read.", Hint: "It must be UTF-8 and lie below the source folder."})
				return nil
			}
			if bad := checkCatalogue(name, string(text)); len(bad) > 0 {
				s.report(bad...)
			}
			po := gotext.NewPo()
			po.Parse([]byte(withoutFuzzy(string(text))))
			c[strings.TrimSuffix(strings.TrimPrefix(name, root+"/"), ".po")] = po
			return nil
		})
	}
	return c
}

// withoutFuzzy drops the entries that translators marked as guesses, as Sphinx
// does; the header may be one of them.
func withoutFuzzy(text string) string {
	entries := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	return strings.Join(slices.DeleteFunc(entries, func(e string) bool {
		for _, l := range strings.Split(e, "\n") {
			if strings.HasPrefix(l, "#,") && strings.Contains(l, "fuzzy") {
				return !strings.Contains(e, "\nmsgid \"\"\nmsgstr \"\"\n\"")
			}
		}
		return false
	}), "\n\n")
}

// catalogues are the names that the catalogues of a page may have, below the
// source, whether or not they are there.
func (s *Site) catalogues(docname string) []string {
	if s.words == nil {
		return nil
	}
	first, _, _ := strings.Cut(docname, "/")
	var out []string
	for _, root := range s.localeRoots(s.lang) {
		out = append(out, root+"/"+docname+".po", root+"/"+first+".po")
	}
	return out
}

// of gives the translation of a message of a page, or "". Sphinx names a file
// after the page, or after the first folder of its path.
func (c catalogue) of(docname, message string) string {
	first, _, _ := strings.Cut(docname, "/")
	for _, name := range []string{docname, first} {
		if po := c[name]; po != nil && po.IsTranslated(message) {
			get := po.Get // takes the message for a format only with values to put in
			return strings.Join(strings.Fields(get(message)), " ")
		}
	}
	return ""
}

// translated are the elements whose text Sphinx hands to translators.
var translated = []doc.Kind{doc.KindTitle, doc.KindSubtitle, doc.KindParagraph, doc.KindTerm, doc.KindCaption, doc.KindRubric, doc.KindLine, doc.KindAttribution}

// A change is a piece of a page that is replaced.
type change struct {
	from, to int
	text     string
}

// translate gives the text of a page in another language: each message that
// the catalogue has stands in the place of the original, in the markup of the
// page. It gives the page as it was, too. What no piece of the text stands for
// is for finish.
func (c catalogue) translate(name, text string, cfg *parse.Config) (string, *doc.Document) {
	docname := trimSuffix(name)
	quiet := *cfg
	d := parse.Page(name, text, &quiet)
	var changes []change
	for n := range d.Root.Find(translated...) {
		if n.Pos.File != 0 || int(n.Pos.Off) >= len(text) {
			continue
		}
		if ch, ok := c.change(docname, text, n, parse.IsMarkdown(name)); ok {
			changes = append(changes, ch)
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for _, ch := range changes {
		if ch.from < at {
			continue // two elements of the same text
		}
		b.WriteString(text[at:ch.from] + ch.text)
		at = ch.to
	}
	return b.String() + text[at:], d
}

// maxMessage bounds how many lines one message may have.
const maxMessage = 100

// change finds the message that begins at an element: the lines up to the next
// empty one, or as many of them as the catalogue knows.
func (c catalogue) change(docname, text string, n *doc.Node, markdown bool) (change, bool) {
	from := int(n.Pos.Off)
	if n.Kind == doc.KindTitle && markdown { // its place is that of its marks
		marks := len(text[from:]) - len(strings.TrimLeft(text[from:], "#"))
		from += marks
		from += len(text[from:]) - len(strings.TrimLeft(text[from:], " \t"))
	}
	var lines []string
	var ends []int
	for at := from; at < len(text) && len(lines) < maxMessage; {
		end := at + strings.IndexByte(text[at:]+"\n", '\n')
		line := strings.TrimSpace(text[at:end])
		if line == "" {
			break
		}
		lines, ends = append(lines, line), append(ends, at+len(strings.TrimRight(text[at:end], " \t\r")))
		at = end + 1
	}
	for k := len(lines); k > 0; k-- {
		if to := c.of(docname, strings.Join(lines[:k], " ")); to != "" {
			ch := change{from, ends[k-1], to}
			if n.Kind == doc.KindTitle && k == 1 && !markdown {
				ch = adorn(text, ch)
			}
			return ch, true
		}
	}
	if markdown && len(lines) > 0 { // a cell of a table
		if cell, _, ok := strings.Cut(lines[0], "|"); ok {
			cell = strings.TrimSpace(cell)
			if to := c.of(docname, cell); to != "" {
				return change{from, from + len(cell), strings.ReplaceAll(to, "|", `\|`)}, true
			}
		}
	}
	return change{}, false
}

var adornment = regexp.MustCompile(`^([!-/:-@[-` + "`" + `{-~])[!-/:-@[-` + "`" + `{-~]*[ \t\r]*$`)

// adorn makes the lines under and over a title as long as its new text.
func adorn(text string, ch change) change {
	width := 2 * utf8.RuneCountInString(ch.text) // wide letters count twice
	next := text[min(len(text), ch.to):]
	skip := strings.IndexByte(next+"\n", '\n') + 1
	if skip > len(next) {
		return ch
	}
	under, _, _ := strings.Cut(next[skip:], "\n")
	m := adornment.FindStringSubmatch(under)
	if m == nil {
		return ch
	}
	row := strings.Repeat(m[1], max(width, len(under)))
	start := strings.LastIndexByte(text[:ch.from], '\n') + 1
	indent := text[start:ch.from]
	out := change{ch.from, ch.to + skip + len(under), ch.text + "\n" + row}
	if start > 0 {
		over := text[strings.LastIndexByte(text[:start-1], '\n')+1 : start-1]
		if strings.TrimSpace(over) == strings.TrimSpace(under) && strings.TrimSpace(indent) == "" {
			out.from = start - 1 - len(over)
			out.text = row + "\n" + indent + out.text
		}
	}
	return out
}
