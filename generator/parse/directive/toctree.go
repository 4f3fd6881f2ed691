package directive

import (
	"regexp"
	"strings"

	"docent/generator/doc"
)

func toctrees(t *Table) {
	t.add(&Directive{Name: "toctree", Content: MayContent, Options: checks(named, map[string]Check{
		"maxdepth": anyInt, "caption": textRequired, "glob": flag, "hidden": flag, "includehidden": flag,
		"numbered": orElse([]string{""}, anyInt), "titlesonly": flag, "reversed": flag,
	}), Run: toctree})
}

var (
	tocTitle = regexp.MustCompile(`^(.+?)\s*<([^<>]*?)>$`)
	tocGlob  = regexp.MustCompile(`.*[*?\[].*`)
	tocURL   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://|^mailto:`)
)

// toctree keeps its lines as they were written; the site, which knows all
// pages, says what they mean.
func toctree(p Parser, b *Block) ([]*doc.Node, error) {
	n := doc.New(doc.KindToctree, b.Pos)
	for option, key := range map[string]string{
		"maxdepth": doc.AttrMaxDepth, "caption": doc.AttrCaption, "glob": doc.AttrGlob, "hidden": doc.AttrHidden,
		"includehidden": doc.AttrIncludeHidden, "numbered": doc.AttrNumbered, "titlesonly": doc.AttrTitlesOnly, "reversed": doc.AttrReversed,
	} {
		v, ok := b.Option(option)
		if !ok {
			continue
		}
		switch {
		case option == "numbered" && v == "":
			v = "999"
		case v == "":
			v = "1"
		}
		n.Set(key, v)
	}
	for _, l := range b.Content {
		text := strings.TrimSpace(l.Text)
		if text == "" {
			continue
		}
		e := doc.New(doc.KindReference, at(l.Pos, strings.Index(l.Text, text)))
		switch m := tocTitle.FindStringSubmatch(text); {
		case m != nil:
			e.Set(doc.AttrTitle, m[1]).Set(doc.AttrTarget, m[2])
		default:
			e.Set(doc.AttrTarget, text)
			if b.has("glob") && tocGlob.MatchString(text) && !tocURL.MatchString(text) {
				e.Set(doc.AttrGlob, "1")
			}
		}
		n.Append(e)
	}
	box := doc.New(doc.KindCompound, b.Pos, n).AddClass("toctree-wrapper")
	b.classes(box, "class")
	b.addName(p, box)
	return one(box)
}
