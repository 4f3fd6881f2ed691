package site

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"docent/generator/doc"
)

// An indexEntry is one line of the general index before it is merged: a term,
// maybe one below it, and where it leads or what to see instead.
type indexEntry struct {
	term, sub string
	url       string // below the site's root, with the anchor; "" for see
	see       string // "see" or "see also"
	main      bool
}

// loadIndex takes the index entries of all pages apart.
func (s *Site) loadIndex() {
	for _, p := range s.pages {
		for _, n := range p.facts.index {
			for _, line := range strings.Split(n.Attr(doc.AttrEntries), "\n") {
				f := strings.Split(line, "\t")
				if len(f) < 3 {
					continue
				}
				e := indexEntry{url: p.url + "#" + f[2], main: len(f) > 3 && f[3] == "main"}
				var parts []string
				for _, part := range strings.Split(f[1], ";") {
					parts = append(parts, strings.TrimSpace(part))
				}
				s.terms = append(s.terms, e.expand(f[0], parts)...)
			}
		}
	}
}

// expand gives the lines that an entry of a type makes, as Sphinx does.
func (e indexEntry) expand(typ string, parts []string) []indexEntry {
	with := func(term, sub string) indexEntry {
		x := e
		x.term, x.sub = term, sub
		return x
	}
	join := func(p []string, sep string) string { return strings.Join(p, sep) }
	switch {
	case parts[0] == "":
		return nil
	case typ == "pair" && len(parts) > 1:
		return []indexEntry{with(parts[0], parts[1]), with(parts[1], parts[0])}
	case typ == "triple" && len(parts) > 2:
		return []indexEntry{with(parts[0], parts[1]+" "+parts[2]), with(parts[1], parts[2]+", "+parts[0]), with(parts[2], parts[0]+" "+parts[1])}
	case (typ == "see" || typ == "seealso") && len(parts) > 1:
		x := with(parts[0], "")
		x.url, x.see, x.sub = "", map[string]string{"see": "see ", "seealso": "see also "}[typ]+join(parts[1:], "; "), ""
		return []indexEntry{x}
	case len(parts) > 1:
		return []indexEntry{with(parts[0], join(parts[1:], "; "))}
	}
	return []indexEntry{with(parts[0], "")}
}

// indexHTML writes the general index.
func (s *Site) indexHTML(at string) string {
	type sub struct {
		urls []string
		see  []string
	}
	type term struct {
		own  sub
		subs map[string]*sub
	}
	terms := map[string]*term{}
	for _, e := range s.terms {
		t := terms[e.term]
		if t == nil {
			t = &term{subs: map[string]*sub{}}
			terms[e.term] = t
		}
		to := &t.own
		if e.sub != "" {
			if t.subs[e.sub] == nil {
				t.subs[e.sub] = &sub{}
			}
			to = t.subs[e.sub]
		}
		switch {
		case e.see != "":
			to.see = append(to.see, e.see)
		case e.main:
			to.urls = append([]string{e.url}, to.urls...)
		default:
			to.urls = append(to.urls, e.url)
		}
	}
	names := make([]string, 0, len(terms))
	for n := range terms {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := indexKey(names[i]), indexKey(names[j])
		if a != b {
			return a < b
		}
		return names[i] < names[j]
	})
	letter := func(n string) string {
		r, _ := utf8.DecodeRuneInString(indexKey(n))
		if unicode.IsLetter(r) {
			return string(unicode.ToUpper(r))
		}
		if r == '_' {
			return "_"
		}
		return "Symbols"
	}
	var b []byte
	b = append(b, "<h1>"+escape(s.bookOf(nil).of("Index"))+`</h1><div class="genindex">`...)
	entry := func(name string, x *sub) {
		for i, u := range x.urls {
			if i > 0 {
				b = append(b, `, <a href="`...)
			} else {
				b = append(b, `<a href="`...)
			}
			b = appendEscaped(b, relative(at, u))
			b = append(b, `">`...)
			if i == 0 {
				b = appendEscaped(b, name)
			} else {
				b = append(b, '[')
				b = append(b, strings.Repeat("i", 0)...)
				b = appendEscaped(b, string(rune('0'+min(i, 9))))
				b = append(b, ']')
			}
			b = append(b, "</a>"...)
		}
		if len(x.urls) == 0 {
			b = appendEscaped(b, name)
		}
		for _, see := range x.see {
			b = append(b, ", <i>"...)
			b = appendEscaped(b, see)
			b = append(b, "</i>"...)
		}
	}
	last := ""
	for _, n := range names {
		if l := letter(n); l != last {
			if last != "" {
				b = append(b, "</ul>"...)
			}
			last = l
			b = append(b, `<h2 id="`...)
			b = appendEscaped(b, "index-"+l)
			b = append(b, `">`...)
			b = appendEscaped(b, l)
			b = append(b, "</h2><ul>"...)
		}
		t := terms[n]
		b = append(b, "<li>"...)
		entry(n, &t.own)
		var subs []string
		for k := range t.subs {
			subs = append(subs, k)
		}
		sort.Slice(subs, func(i, j int) bool { return indexKey(subs[i])+subs[i] < indexKey(subs[j])+subs[j] })
		for i, k := range subs {
			if i == 0 {
				b = append(b, "<ul>"...)
			}
			b = append(b, "<li>"...)
			entry(k, t.subs[k])
			b = append(b, "</li>"...)
		}
		if len(subs) > 0 {
			b = append(b, "</ul>"...)
		}
		b = append(b, "</li>"...)
	}
	if last != "" {
		b = append(b, "</ul>"...)
	}
	return string(append(b, "</div>"...))
}

func indexKey(s string) string {
	return strings.ToLower(strings.TrimLeft(s, " -~'\"`"))
}
