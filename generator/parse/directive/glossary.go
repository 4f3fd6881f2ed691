package directive

import (
	"regexp"
	"sort"
	"strings"

	"docent/generator/doc"
)

func glossaries(t *Table) {
	t.add(&Directive{Name: "glossary", Content: MayContent, Options: map[string]Check{"sorted": flag}, Run: glossary})
}

// A glossaryEntry is one or more terms that share a definition.
type glossaryEntry struct {
	terms []Line
	body  []Line
}

// glossary reads a definition list in which several terms may stand before
// one definition.
func glossary(p Parser, b *Block) ([]*doc.Node, error) {
	list := doc.New(doc.KindDefinitionList, b.Pos).AddClass("glossary")
	for _, e := range glossaryEntries(p, b.Content) {
		item := doc.New(doc.KindDefinitionListItem, e.terms[0].Pos)
		for _, l := range e.terms {
			item.Append(glossaryTerm(p, l))
		}
		def := doc.New(doc.KindDefinition, item.Pos)
		if body := trimBlank(e.body); len(body) > 0 {
			def.Pos = body[0].Pos
			def.Append(p.Blocks(body, false)...)
		}
		list.Append(item.Append(def))
	}
	n := doc.New(doc.KindGlossary, b.Pos, list)
	if b.has("sorted") {
		n.Set("sorted", "True")
		key := func(item *doc.Node) string { return strings.ToLower(item.Children[0].PlainText()) }
		sort.SliceStable(list.Children, func(i, j int) bool { return key(list.Children[i]) < key(list.Children[j]) })
	}
	return one(n)
}

func glossaryEntries(p Parser, lines []Line) []glossaryEntry {
	var out []glossaryEntry
	inBody, inComment, afterBlank := true, false, true
	indent := 0
	for _, l := range lines {
		warn := func(message, hint string) {
			p.Report(doc.Warning, "glossary-layout", l.Pos, len(l.Text), message, hint)
		}
		switch {
		case blank(l.Text):
			if inBody && len(out) > 0 {
				e := &out[len(out)-1]
				e.body = append(e.body, Line{"", l.Pos})
			}
			afterBlank = true
			continue
		case l.Text[0] != ' ':
			if inComment = strings.HasPrefix(l.Text, ".. "); inComment {
				continue
			}
			if inBody {
				if !afterBlank {
					warn("A glossary term must have a blank line before it.", "Put one between the definition and the term.")
				}
				out = append(out, glossaryEntry{})
				inBody = false
			} else if afterBlank {
				warn("Terms that share a definition must not have a blank line between them.", "Remove the blank line.")
			}
			e := &out[len(out)-1]
			e.terms = append(e.terms, l)
		case inComment:
		case len(out) == 0:
			warn("The glossary begins with an indented line; a term was expected.", "Start terms in the first column of the block.")
		default:
			lead := len(l.Text) - len(strings.TrimLeft(l.Text, " "))
			if !inBody {
				inBody, indent = true, lead
			}
			n := min(indent, lead)
			e := &out[len(out)-1]
			e.body = append(e.body, Line{l.Text[n:], at(l.Pos, n)})
		}
		afterBlank = false
	}
	return out
}

var classifierSep = regexp.MustCompile(` +: +`)

func glossaryTerm(p Parser, l Line) *doc.Node {
	// What follows " : " is the key under which the index files the term.
	parts := classifierSep.Split(l.Text, 3)
	key := ""
	if len(parts) > 1 {
		key = parts[1]
	}
	return defineTerm(p, wrap(p, doc.KindTerm, parts[0], l.Pos), key)
}

// Glossary makes the terms of a definition list those of a glossary.
func Glossary(p Parser, list *doc.Node) {
	for _, item := range list.Children {
		for _, n := range item.Children {
			if n.Kind == doc.KindTerm {
				defineTerm(p, n, "")
			}
		}
	}
}

// defineTerm makes a term one that references and the index lead to.
func defineTerm(p Parser, n *doc.Node, key string) *doc.Node {
	text := n.PlainText()
	id := p.State().newID("term", text)
	n.AddID(id)
	n.Set(doc.AttrObject, text).Set(doc.AttrObjType, "term")
	p.NoteTarget(n, "")
	return n.Append(indexNode(p, n.Pos, []string{indexEntry("single", text, id, "main", key)}))
}
