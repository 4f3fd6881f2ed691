package directive

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
)

func indexes(t *Table) {
	t.add(&Directive{Name: "index", Required: 1, FinalSpace: true, Options: map[string]Check{"name": text}, Run: indexDirective})
	t.role(indexRole, "index")
}

// pairTypes are old names of index entries that stand for a pair.
var pairTypes = []string{"module", "keyword", "operator", "object", "exception", "statement", "builtin"}

var entryTypes = []string{"single", "pair", "double", "triple", "see", "seealso"}

// indexEntries reads one line of an index directive into entries as
// [doc.AttrEntries] holds them.
func indexEntries(p Parser, line, id string, pos doc.Pos) []string {
	line = strings.TrimSpace(line)
	entry, emphasis := line, ""
	if rest, ok := strings.CutPrefix(entry, "!"); ok {
		entry, emphasis = strings.TrimSpace(rest), "main"
	}
	if kind, value, ok := strings.Cut(entry, ":"); ok {
		value = strings.TrimSpace(value)
		switch {
		case slices.Contains(pairTypes, kind):
			if kind == "builtin" {
				kind = "built-in function"
			}
			return []string{indexEntry("pair", kind+"; "+value, id, emphasis, "")}
		case slices.Contains(entryTypes, kind):
			if kind == "double" {
				kind = "pair"
			}
			least := map[string]int{"pair": 2, "triple": 3, "see": 2, "seealso": 2}[kind]
			if filled := len(slices.DeleteFunc(strings.Split(value, ";"), blank)); filled < max(1, least) {
				p.Report(doc.Warning, "index-entry", pos, len(line), fmt.Sprintf("An index entry of type `%s` needs %s.", kind, count(max(1, least), "part")), "Separate the parts with `;`.")
				return nil
			}
			return []string{indexEntry(kind, value, id, emphasis, "")}
		}
	}
	var out []string
	for _, value := range strings.Split(line, ",") {
		value, emphasis = strings.TrimSpace(value), ""
		if rest, ok := strings.CutPrefix(value, "!"); ok {
			value, emphasis = strings.TrimSpace(rest), "main"
		}
		if value != "" {
			out = append(out, indexEntry("single", value, id, emphasis, ""))
		}
	}
	return out
}

// clean keeps the fields and lines of entries apart.
var clean = strings.NewReplacer("\t", " ", "\n", " ")

func indexEntry(kind, value, id, emphasis, key string) string {
	return strings.Join([]string{kind, clean.Replace(value), id, emphasis, clean.Replace(key)}, "\t")
}

func indexNode(p Parser, pos doc.Pos, entries []string) *doc.Node {
	m := &p.State().Make
	return m.With(m.New(doc.KindIndex, pos), 0, doc.Attr{Key: doc.AttrEntries, Value: strings.Join(entries, "\n")})
}

func indexDirective(p Parser, b *Block) ([]*doc.Node, error) {
	target := doc.New(doc.KindTarget, b.Pos)
	if name, ok := b.Option("name"); ok && !blank(name) {
		p.NoteTarget(target, name)
	}
	if len(target.IDs()) == 0 {
		target.AddID(p.State().serialID("index"))
		p.NoteTarget(target, "")
	}
	id := target.IDs()[0]
	var entries []string
	pos := b.ArgPos
	for _, line := range strings.Split(b.Arg(0), "\n") {
		entries = append(entries, indexEntries(p, line, id, pos)...)
		pos = at(pos, len(line)+1)
	}
	return []*doc.Node{indexNode(p, b.Pos, entries), target}, nil
}

func indexRole(p Parser, r *RoleUse) []*doc.Node {
	title, target, explicit := titleAndTarget(r)
	id := p.State().serialID("index")
	var entries []string
	switch {
	case explicit:
		entries = indexEntries(p, target, id, r.Pos)
	case strings.HasPrefix(target, "!"):
		title = title[1:]
		entries = []string{indexEntry("single", target[1:], id, "main", "")}
	default:
		entries = []string{indexEntry("single", target, id, "", "")}
	}
	return append(indexed(p, r.Pos, id, entries), doc.NewText(r.Pos, title))
}

// indexed gives the index node and the target that it leads to.
func indexed(p Parser, pos doc.Pos, id string, entries []string) []*doc.Node {
	target := doc.New(doc.KindTarget, pos).AddID(id)
	p.NoteTarget(target, "")
	return []*doc.Node{indexNode(p, pos, entries), target}
}

// serialID numbers the ids of a kind from 0, as Sphinx does.
func (s *State) serialID(prefix string) string {
	if s.Serial == nil {
		s.Serial = map[string]int{}
	}
	n := s.Serial[prefix]
	s.Serial[prefix]++
	return prefix + "-" + strconv.Itoa(n)
}

// newID makes an id of a prefix and a term as Sphinx does, once per page.
func (s *State) newID(prefix, term string) string {
	id := sphinxID(term)
	serial := "id"
	if prefix != "" {
		if id = sphinxID(prefix + "-" + term); id == prefix {
			id = ""
		}
		serial = prefix
	}
	for id == "" || s.IDs[id] {
		id = s.serialID(serial)
		if prefix == "" {
			id = strings.Replace(id, "-", "", 1)
		}
	}
	if s.IDs == nil {
		s.IDs = map[string]bool{}
	}
	s.IDs[id] = true
	return id
}
