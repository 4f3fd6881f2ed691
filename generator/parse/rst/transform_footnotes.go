package rst

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// symbols number the footnotes of [*]_, doubled when they are used up.
var symbols = []string{"*", "†", "‡", "§", "¶", "#", "♠", "♥", "♦", "♣"}

// resolveNotes numbers footnotes and leads references to them.
func (p *parser) resolveNotes() {
	labels := p.numberNotes()
	p.numberReferences(labels)
	p.symbolNotesAndReferences()
	for _, n := range p.footnotes {
		p.resolveNote(n, p.noteRefs)
	}
	for _, n := range p.citations {
		p.resolveNote(n, p.citationRefs)
	}
}

func (p *parser) resolveNote(n *doc.Node, refs map[string][]*doc.Node) {
	for _, name := range n.Names() {
		for _, r := range refs[name] {
			if !p.settled[r] {
				r.Unset("refname")
				p.leadTo(r, n)
			}
		}
	}
}

func (p *parser) leadTo(ref, note *doc.Node) {
	ref.Set("refid", note.IDs()[0])
	note.AddBackref(ref.IDs()[0])
	p.settled[ref] = true
}

func label(n *doc.Node, text string) {
	n.Children = slices.Insert(n.Children, 0, doc.New(doc.KindLabel, n.Pos, doc.NewText(n.Pos, text)))
}

// numberNotes gives automatic footnotes the numbers that are free, and gives
// the labels of those without a name.
func (p *parser) numberNotes() (labels []string) {
	number := 1
	for _, n := range p.autoNotes {
		text := strconv.Itoa(number)
		for _, taken := p.nameIDs[text]; taken; _, taken = p.nameIDs[text] {
			number++
			text = strconv.Itoa(number)
		}
		number++
		label(n, text)
		for _, name := range n.Names() {
			for _, r := range p.noteRefs[name] {
				r.Append(doc.NewText(r.Pos, text))
				r.Unset("refname")
				p.leadTo(r, n)
			}
		}
		if len(n.Names()) == 0 && len(n.DupNames()) == 0 {
			n.AddName(text)
			p.explicitTarget(n, n)
			labels = append(labels, text)
		}
	}
	return labels
}

func (p *parser) numberReferences(labels []string) {
	i := 0
	for k, r := range p.autoRefs {
		if _, ok := r.Lookup("refid"); ok || p.settled[r] && r.Kind != doc.KindProblematic {
			continue
		}
		if i >= len(labels) {
			if _, named := r.Lookup("refname"); named || r.Kind == doc.KindProblematic {
				p.Report(doc.Error, "rst-footnote-count", r.Pos, len(p.raw[r]), fmt.Sprintf("No footnote is numbered for `%s`.", p.raw[r]), "Add a footnote with its label.")
			}
			for _, r := range p.autoRefs[k:] {
				if _, named := r.Lookup("refname"); named || p.settled[r] {
					continue
				}
				p.Report(doc.Error, "rst-footnote-count", r.Pos, len(p.raw[r]), fmt.Sprintf("There are more references `[#]_` than footnotes `.. [#]`, of which there are %d.", len(labels)),
					"Add the footnote, or name both: `[#name]_`.")
				p.problematic(r)
			}
			return
		}
		if p.settled[r] {
			continue
		}
		r.Append(doc.NewText(r.Pos, labels[i]))
		if n := p.ids[p.nameIDs[labels[i]]]; n != nil {
			p.leadTo(r, n)
		}
		p.settled[r] = true
		i++
	}
}

func (p *parser) symbolNotesAndReferences() {
	var labels []string
	for i, n := range p.symbolNotes {
		text := strings.Repeat(symbols[i%len(symbols)], i/len(symbols)+1)
		labels = append(labels, text)
		label(n, text)
	}
	for i, r := range p.symbolRefs {
		if i < len(labels) {
			r.Append(doc.NewText(r.Pos, labels[i]))
			p.leadTo(r, p.symbolNotes[i])
			continue
		}
		p.Report(doc.Error, "rst-footnote-count", r.Pos, len(p.raw[r]), fmt.Sprintf("There are more references `[*]_` than footnotes `.. [*]`, of which there are %d.", len(labels)),
			"Add the footnote.")
		p.problematic(r)
	}
}
