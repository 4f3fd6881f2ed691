package site

import (
	"cmp"
	"slices"
	"strings"

	"docent/generator/doc"
)

// A moduleLine is a line of the index of modules.
type moduleLine struct {
	name   string
	inside bool // a part of the package above it
	page   *page
	fact   *fact
}

// modules lists the Python modules that pages describe, by letter, as Sphinx
// does: the parts of a package stand below it, whether it is described or not.
func (s *Site) modules() (letters []string, lines map[string][]moduleLine) {
	type described struct {
		fact *fact
		page *page
	}
	known := map[string]described{}
	var names []string
	for _, p := range s.pages {
		for i := range p.facts.objects {
			f := &p.facts.objects[i]
			if _, twice := known[f.name]; f.typ == "py:module" && f.name != "" && !twice {
				known[f.name] = described{f, p}
				names = append(names, f.name)
			}
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	prefixes := s.conf.Strings("modindex_common_prefix")
	slices.SortStableFunc(prefixes, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	lines = map[string][]moduleLine{}
	before := ""
	for _, full := range names {
		name, cut := full, ""
		for _, p := range prefixes {
			if strings.HasPrefix(full, p) && len(full) > len(p) {
				name, cut = full[len(p):], p
				break
			}
		}
		letter := strings.ToLower(string([]rune(name)[:1]))
		if lines[letter] == nil {
			letters = append(letters, letter)
		}
		top, _, inside := strings.Cut(name, ".")
		if inside && before != top && !strings.HasPrefix(before, top) {
			lines[letter] = append(lines[letter], moduleLine{name: cut + top})
		}
		lines[letter] = append(lines[letter], moduleLine{full, inside, known[full].page, known[full].fact})
		before = name
	}
	slices.Sort(letters)
	return letters, lines
}

// modindexHTML writes the index of modules.
func (s *Site) modindexHTML(at string) string {
	letters, lines := s.modules()
	words := s.bookOf(nil)
	b := []byte("<h1>" + escape(words.generated("py-modindex")) + "</h1>")
	b = appendLetters(b, words, letters)
	b = append(b, `<table class="modindex">`...)
	for _, l := range letters {
		b = append(b, `<tbody><tr><th colspan="2" id="`+escape(l)+`">`+escape(l)+"</th></tr>"...)
		for _, m := range lines[l] {
			class := ""
			if m.inside {
				class = ` class="inside"`
			}
			b = append(b, "<tr><td"+class+">"...)
			b = m.append(b, words, at)
			b = append(b, "</td></tr>"...)
		}
		b = append(b, "</tbody>"...)
	}
	return string(append(b, "</table>"...))
}

func (m moduleLine) append(b []byte, words *book, at string) []byte {
	code := "<code>" + escape(m.name) + "</code>"
	if m.page == nil {
		return append(b, code+"</td><td>"...)
	}
	b = append(b, `<a href="`+escape(relative(at, m.page.url+"#"+m.fact.id))+`">`+code+"</a>"...)
	about := m.fact.text.node()
	if about == nil {
		return append(b, "</td><td>"...)
	}
	if p := about.Attr(doc.AttrPlatform); p != "" {
		b = append(b, " <em>("+escape(p)+")</em>"...)
	}
	b = append(b, "</td><td>"...)
	if truthy(about, doc.AttrDeprecated) {
		b = append(b, "<strong>"+escape(words.of("Deprecated"))+":</strong> "...)
	}
	return append(b, "<em>"+escape(about.Attr(doc.AttrSynopsis))+"</em>"...)
}

// hasModules reports whether there is an index of modules.
func (s *Site) hasModules() bool { return len(s.objects["py:module"]) > 0 }

// hasIndex reports whether there is a general index: a Sphinx tree has one
// always.
func (s *Site) hasIndex() bool { return s.conf.Source != nil || len(s.terms()) > 0 }
