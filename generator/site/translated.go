package site

import (
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse"
)

// finish translates what stands in no line of its own: the texts of pictures,
// captions of toctrees, entries of the index, cells of drawn tables and
// included files. And it gives sections the anchors of the original
// first, as Sphinx does: a link to a place leads there in every language.
func (c catalogue) finish(name string, original, d *doc.Document, cfg *parse.Config) {
	docname := trimSuffix(name)
	keepAnchors(original, d)
	var left []*doc.Node
	for n := range d.Root.All() {
		switch {
		case n.Kind == doc.KindImage:
			c.attr(docname, n, "alt")
		case n.Kind == doc.KindToctree:
			c.attr(docname, n, "caption")
		case n.Kind == doc.KindIndex:
			c.entries(docname, n)
		case slices.Contains(translated, n.Kind) && len(n.Children) > 0:
			left = append(left, n)
		}
	}
	for _, n := range left {
		to := c.ofElement(docname, d, n)
		if to == "" {
			continue
		}
		quiet := *cfg
		part := parse.Page(name, to, &quiet)
		p := part.Root.First(doc.KindParagraph)
		if p == nil || len(part.Diags) > 0 { // it refers to what only the page has
			continue
		}
		at := n.Children[0].Pos
		for k := range p.All() { // its places are those of the message
			k.Pos = at
		}
		n.Children = p.Children
	}
}

// ofElement gives the translation of an element that stands in no lines of its
// own: by its text, or, where that has markup, by how it is written in its
// file.
func (c catalogue) ofElement(docname string, d *doc.Document, n *doc.Node) string {
	if len(n.Children) == 1 && n.Children[0].Kind == doc.KindText {
		message := strings.Join(strings.Fields(n.PlainText()), " ")
		if to := c.of(docname, message); to != message {
			return to
		}
		return ""
	}
	if n.Pos.File < 0 || int(n.Pos.File) >= len(d.Sources) {
		return ""
	}
	src := d.Sources[n.Pos.File]
	off := int(n.Pos.Off)
	if off >= len(src.Text) {
		return ""
	}
	if n.Pos.File != 0 {
		if ch, ok := c.change(docname, src.Text, n, parse.IsMarkdown(src.Name)); ok {
			return ch.text
		}
	}
	return c.ofCell(docname, src.Text, off)
}

// ofCell gives the translation of what a cell of a drawn table holds: its
// lines stand under each other, from the same column on.
func (c catalogue) ofCell(docname, text string, off int) string {
	column := off - (strings.LastIndexByte(text[:off], '\n') + 1)
	message := ""
	for rest := text[off:]; ; {
		line, more, _ := strings.Cut(rest, "\n")
		if i := strings.Index(line, "  "); i >= 0 {
			line = line[:i]
		}
		line, _, _ = strings.Cut(line, "|")
		if line = strings.TrimSpace(line); line == "" || strings.Trim(line, "=-+") == "" {
			return ""
		}
		message = strings.TrimPrefix(message+" "+line, " ")
		if to := c.of(docname, message); to != "" {
			return to
		}
		next, _, _ := strings.Cut(more, "\n")
		if len(next) <= column || len(message) > 4000 {
			return ""
		}
		rest = more[column:]
	}
}

// entries translates the terms of index entries, one by one, as Sphinx does.
func (c catalogue) entries(docname string, n *doc.Node) {
	lines := strings.Split(n.Attr(doc.AttrEntries), "\n")
	for i, line := range lines {
		f := strings.Split(line, "\t")
		if len(f) < 2 {
			continue
		}
		parts := strings.Split(f[1], ";")
		for k, p := range parts {
			p = strings.TrimSpace(p)
			parts[k] = first(c.of(docname, p), p)
		}
		f[1] = strings.ReplaceAll(strings.Join(parts, "; "), "\t", " ")
		lines[i] = strings.Join(f, "\t")
	}
	n.Set(doc.AttrEntries, strings.Join(lines, "\n"))
}

func (c catalogue) attr(docname string, n *doc.Node, key string) {
	if v, ok := n.Lookup(key); ok && v != "" {
		if to := c.of(docname, strings.Join(strings.Fields(v), " ")); to != "" {
			n.Set(key, to)
		}
	}
}

// keepAnchors puts the anchors of the original's sections before those of
// their translations. Where a translation has other sections, nothing is kept:
// no anchor may lead to another place.
func keepAnchors(original, d *doc.Document) {
	from, to := slices.Collect(original.Root.Find(doc.KindSection)), slices.Collect(d.Root.Find(doc.KindSection))
	if original.Root.First(doc.KindTitle) != nil {
		from = append(from, original.Root)
	}
	if d.Root.First(doc.KindTitle) != nil {
		to = append(to, d.Root)
	}
	if len(from) != len(to) {
		return
	}
	taken := map[string]bool{}
	for _, n := range from {
		for _, id := range n.IDs() {
			taken[id] = true
		}
	}
	for i, n := range to {
		ids := slices.Clone(from[i].IDs())
		for _, id := range n.IDs() {
			if !taken[id] {
				ids = append(ids, id)
			}
		}
		n.SetIDs(ids)
	}
}

// checkCatalogue finds the first line of a catalogue that is none, since
// whatever follows may be lost.
func checkCatalogue(name, text string) []doc.Diag {
	off := 0
	open := false // a string may go on
	for line := range strings.Lines(text) {
		t := strings.TrimSpace(line)
		at := off + strings.Index(line, t)
		off += len(line)
		why := ""
		switch {
		case t == "":
			open = false
			continue
		case t[0] == '#':
			continue
		case t[0] == '"':
			if !open {
				why = "a text stands here that belongs to no msgid and no msgstr"
			}
		default:
			word, rest, _ := strings.Cut(t, "\"")
			word = strings.TrimSpace(word)
			base, _, _ := strings.Cut(word, "[")
			if !slices.Contains([]string{"msgctxt", "msgid", "msgid_plural", "msgstr"}, base) {
				why = "the line begins with no word of a catalogue"
			} else if !strings.Contains(t, "\"") {
				why = "a text in quotes is missing after " + word
			}
			if why == "" { // the mistake, if there is one, is in the quotes
				at += len(t) - len(rest) - 1
			}
			t = "\"" + rest
			open = true
		}
		if why == "" {
			why = unclosed(t)
		}
		if why != "" {
			return []doc.Diag{{Severity: doc.Error, Code: "locale-broken", Source: doc.NewSource(name, text), Off: min(at, len(text)),
				Message: "The catalogue is broken: " + why + ".", Hint: "Correct it; msgfmt --check finds such mistakes too."}}
		}
	}
	return nil
}

// unclosed says what is wrong with a text in quotes, or "".
func unclosed(t string) string {
	for i := 1; i < len(t); i++ {
		switch t[i] {
		case '\\':
			if i++; i < len(t) && strings.IndexByte(`\"ntrabfvx01234567`, t[i]) < 0 {
				return "there is no such escape as \\" + t[i:i+1]
			}
		case '"':
			if strings.TrimSpace(t[i+1:]) != "" {
				return "something follows the closing quote"
			}
			return ""
		}
	}
	return "the text has no closing quote"
}
