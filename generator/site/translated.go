package site

import (
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse"
)

// finish translates what stands in no line of its own: the texts of pictures,
// captions of toctrees, cells of drawn tables and included files, as far as
// they hold no markup. And it gives sections the anchors of the original
// first, as Sphinx does: a link to a place leads there in every language.
func (c catalogue) finish(name string, original, d *doc.Document, cfg *parse.Config) {
	docname := trimSuffix(name)
	keepAnchors(original, d)
	var plain []*doc.Node
	for n := range d.Root.All() {
		switch {
		case n.Kind == doc.KindImage:
			c.attr(docname, n, "alt")
		case n.Kind == doc.KindToctree:
			c.attr(docname, n, "caption")
		case slices.Contains(translated, n.Kind) && len(n.Children) == 1 && n.Children[0].Kind == doc.KindText:
			plain = append(plain, n)
		}
	}
	for _, n := range plain {
		message := strings.Join(strings.Fields(n.PlainText()), " ")
		to := c.of(docname, message)
		if to == "" || message == to {
			continue
		}
		quiet := *cfg
		p := parse.Page(name, to, &quiet).Root.First(doc.KindParagraph)
		if p == nil {
			continue
		}
		at := n.Children[0].Pos
		for k := range p.All() { // its places are those of the message
			k.Pos = at
		}
		n.Children = p.Children
	}
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
