package site

import (
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// A tocEntry is one entry of a toctree, resolved: a page, an address, or the
// page itself.
type tocEntry struct {
	page  *page
	url   string
	title string // given by the author, or ""
	self  bool
}

// A toctree is a toctree directive of a page, resolved.
type toctree struct {
	node     *doc.Node
	entries  []tocEntry
	caption  string
	hidden   bool
	titles   bool // titlesonly
	numbered int  // depth of numbering; 0 is none
	depth    int  // 0 is unlimited
}

func truthy(n *doc.Node, key string) bool {
	v, ok := n.Lookup(key)
	return ok && v != "0" && !strings.EqualFold(v, "false")
}

func number(n *doc.Node, key string, otherwise int) int {
	if v, err := strconv.Atoi(strings.TrimSpace(n.Attr(key))); err == nil {
		return v
	}
	return otherwise
}

// toctreeOf resolves a toctree, and reports entries that lead nowhere when
// complain is set.
func (s *Site) toctreeOf(p *page, n *doc.Node, complain bool) *toctree {
	t := &toctree{node: n, caption: n.Attr(doc.AttrCaption), hidden: truthy(n, doc.AttrHidden), titles: truthy(n, doc.AttrTitlesOnly),
		depth: max(0, number(n, doc.AttrMaxDepth, 0))}
	if v, ok := n.Lookup(doc.AttrNumbered); ok && v != "0" {
		if t.numbered = number(n, doc.AttrNumbered, 999); t.numbered <= 0 {
			t.numbered = 999
		}
	}
	glob := truthy(n, doc.AttrGlob)
	seen := map[*page]bool{}
	add := func(q *page, title string) {
		t.entries = append(t.entries, tocEntry{page: q, title: title})
		seen[q] = true
	}
	for _, line := range tocLines(n) {
		ref, title := line.ref, line.title
		switch {
		case ref == "self":
			t.entries = append(t.entries, tocEntry{page: p, title: title, self: true})
		case strings.Contains(ref, "://") || strings.HasPrefix(ref, "mailto:"):
			t.entries = append(t.entries, tocEntry{url: ref, title: title})
		case glob && isGlob(ref) && title == "":
			pattern := strings.TrimPrefix(ref, "/")
			if !strings.HasPrefix(ref, "/") {
				pattern = path.Join(path.Dir(p.docname), ref)
			}
			var found []*page
			match := compileGlobs([]string{pattern})
			for _, q := range s.pages {
				if (match(q.docname)) && q != p && !seen[q] && strings.Count(q.docname, "/") == strings.Count(pattern, "/") || strings.Contains(pattern, "**") && match(q.docname) && q != p && !seen[q] {
					found = append(found, q)
				}
			}
			sort.Slice(found, func(i, j int) bool { return found[i].docname < found[j].docname })
			for _, q := range found {
				add(q, "")
			}
			if len(found) == 0 && complain {
				s.warnAt(p, line, "toctree-glob", "The pattern `"+ref+"` of the toctree matches no page.", "Remove it, or write a page that it matches.")
			}
		default:
			q := s.page(p, ref)
			if q == nil {
				if generated[ref] != "" {
					t.entries = append(t.entries, tocEntry{url: "\x00" + ref, title: title})
					continue
				}
				if complain && !s.isDraft(p, ref) {
					hint := "Write the page, or remove the entry."
					if isGlob(ref) {
						hint = "Patterns need the option `:glob:`."
					} else if near := s.nearestPage(p, ref); near != "" {
						hint = "Did you mean `" + near + "`?"
					}
					s.warnAt(p, line, "toctree-missing", "The toctree names `"+ref+"`, but there is no such page.", hint)
				}
				continue
			}
			if complain && s.cfg.SphinxIDs && q.facts.unlisted > 0 && !truthy(n, doc.AttrHidden) {
				s.warnAt(p, line, "toctree-no-title", "The toctree names `"+ref+"`, which has no title: it is not listed here.", "Give that page a title.")
			}
			add(q, title)
		}
	}
	if truthy(n, doc.AttrReversed) {
		slices.Reverse(t.entries)
	}
	return t
}

// generated are the pages that a toctree may name although no file is there,
// and their titles.
var generated = map[string]string{"genindex": "Index", "search": "Search Page", "modindex": "Module Index", "py-modindex": "Python Module Index"}

// generated is the title of such a page in the language of the book.
func (b *book) generated(name string) string {
	switch {
	case len(b.words) == 0:
		return generated[name]
	case name == "search":
		return b.of("Search")
	case name == "modindex":
		return b.of("Module Index")
	case name == "py-modindex":
		return b.of("Python Module Index")
	}
	return b.of("Index")
}

// generatedURL is the address of such a page.
func (s *Site) generatedURL(name string) string {
	switch {
	case !strings.HasSuffix(name, "modindex"):
		return name + "/"
	case s.hasModules():
		return "py-modindex/"
	}
	return "genindex/" // there is no module to list
}

type tocLine struct {
	ref, title string
	node       *doc.Node
}

// tocLines takes the entries of a toctree node apart.
func tocLines(n *doc.Node) []tocLine {
	var out []tocLine
	for _, c := range n.Children {
		if ref := strings.TrimSpace(c.Attr(doc.AttrTarget)); ref != "" {
			out = append(out, tocLine{ref: ref, title: c.Attr(doc.AttrTitle), node: c})
		}
	}
	return out
}

// warnAt reports something about an entry, and marks what was written.
func (s *Site) warnAt(p *page, e tocLine, code, message, hint string) {
	d := doc.Diag{Severity: doc.Warning, Code: code, Message: message, Hint: hint, Source: s.source(p, e.node.Pos.File), Off: int(e.node.Pos.Off)}
	if strings.HasPrefix(d.Source.Text[min(d.Off, len(d.Source.Text)):], e.ref) {
		d.Len = len(e.ref)
	}
	s.report(d)
}

// nearestPage gives the name, as it would stand in the page, of the page that
// a name which leads nowhere may have meant; or "".
func (s *Site) nearestPage(p *page, ref string) string {
	withSuffix := strings.HasSuffix(ref, ".md") || strings.HasSuffix(ref, ".rst")
	want := strings.ToLower(path.Join(path.Dir(p.docname), trimSuffix(strings.TrimPrefix(ref, "/"))))
	base := path.Base(want)
	best, found := 4, (*page)(nil)
	for _, q := range s.pages {
		if q == p {
			continue
		}
		name := strings.ToLower(q.docname)
		d := distance(want, name, best)
		if path.Base(name) == base { // the right page in another folder
			d = min(d, 3)
		}
		if d < best && d < max(2, len(base)) {
			best, found = d, q
		}
	}
	if found == nil {
		return ""
	}
	name := found.docname
	if withSuffix {
		name = found.name
	}
	if strings.HasPrefix(ref, "/") {
		return "/" + name
	}
	return strings.TrimPrefix(relative(p.docname, name), "./")
}

// distance counts insertions, deletions and replacements, up to a bound.
func distance(a, b string, bound int) int {
	if len(a)-len(b) >= bound || len(b)-len(a) >= bound {
		return bound
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := last
			if a[i-1] != b[j-1] {
				cost++
			}
			last = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return min(bound, row[len(b)])
}

// link reads all toctrees: who stands below whom, in what order, with which
// numbers.
func (s *Site) link() {
	reached := map[*page]bool{}
	anyTree := false
	for _, p := range s.pages {
		for _, n := range p.facts.toctrees {
			anyTree = true
			t := s.toctreeOf(p, n, true)
			for _, e := range t.entries {
				if e.page != nil && !e.self {
					reached[e.page] = true
				}
			}
		}
	}
	s.number()
	s.navigate(anyTree)
	if anyTree && s.home != nil && len(s.home.facts.toctrees) > 0 {
		for _, p := range s.pages {
			if s.set.Check.Orphans && !reached[p] && p != s.home && !p.orphan && p.docname != s.conf.String("root_doc", "master_doc") {
				s.warn(p, doc.Pos{}, doc.Warning, "toctree-orphan", "The page is in no toctree.",
					"Add it to one, or put `:orphan:` at its top.")
			}
		}
	}
}
