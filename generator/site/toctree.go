package site

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
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
				if generated[ref] {
					t.entries = append(t.entries, tocEntry{url: "\x00" + ref, title: title})
					continue
				}
				if complain {
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
			add(q, title)
		}
	}
	if truthy(n, doc.AttrReversed) {
		slices.Reverse(t.entries)
	}
	return t
}

// generated are the pages that a toctree may name although no file is there.
var generated = map[string]bool{"genindex": true, "search": true, "modindex": true, "py-modindex": true}

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

// shown makes the lines that a toctree shows in the text of its page.
func (s *Site) shown(p *page, n *doc.Node) []html.TocEntry {
	t := s.toctreeOf(p, n, false)
	if t.hidden {
		return nil
	}
	depth := t.depth
	if depth == 0 {
		depth = 99
	}
	return s.tocOf(p, t, depth, map[*page]bool{p: true})
}

func (s *Site) tocOf(p *page, t *toctree, depth int, above map[*page]bool) []html.TocEntry {
	var out []html.TocEntry
	for _, e := range t.entries {
		if e.page == nil {
			url, title := e.url, e.title
			if rest, ok := strings.CutPrefix(url, "\x00"); ok {
				url = relative(p.url, strings.TrimPrefix(rest, "py-")+"/")
				if title == "" {
					title = map[string]string{"search": "Search"}[rest]
				}
				if title == "" {
					title = "Index"
				}
				if rest == "modindex" || rest == "py-modindex" {
					url = relative(p.url, "genindex/")
				}
			}
			if title == "" {
				title = url
			}
			out = append(out, html.TocEntry{Href: url, Plain: title})
			continue
		}
		q := e.page
		entry := html.TocEntry{Href: relative(p.url, q.url), Plain: e.title, Current: q == p}
		if entry.Plain == "" {
			entry.Plain = numbered(q.secnum[firstID(q)]) + q.title
			if len(q.facts.heads) > 0 && q.secnum[firstID(q)] == "" {
				entry.Title = q.facts.heads[0].title
			}
		}
		if depth > 1 && !e.self && !above[q] {
			above[q] = true
			if !t.titles {
				entry.Children = append(entry.Children, s.sectionsOf(p, q, depth-1)...)
			}
			for _, n := range q.facts.toctrees {
				sub := s.toctreeOf(q, n, false)
				if !sub.hidden || truthy(t.node, doc.AttrIncludeHidden) {
					sub.titles = sub.titles || t.titles
					entry.Children = append(entry.Children, s.tocOf(p, sub, depth-1, above)...)
				}
			}
			delete(above, q)
		}
		out = append(out, entry)
	}
	return out
}

func numbered(n string) string {
	if n == "" {
		return ""
	}
	return n + ". "
}

func firstID(p *page) string {
	if len(p.facts.heads) > 0 {
		return p.facts.heads[0].id
	}
	return ""
}

// sectionsOf are the sections of a page below its title, to a depth.
func (s *Site) sectionsOf(from, q *page, depth int) []html.TocEntry {
	if len(q.facts.heads) < 2 {
		return nil
	}
	base := q.facts.heads[0].level
	root := html.TocEntry{}
	stack := []*html.TocEntry{&root}
	for _, h := range q.facts.heads[1:] {
		level := h.level - base
		if level < 1 || level > depth {
			continue
		}
		for len(stack) > level {
			stack = stack[:len(stack)-1]
		}
		top := stack[len(stack)-1]
		e := html.TocEntry{Href: relative(from.url, q.url+"#"+h.id), Plain: numbered(q.secnum[h.id]) + h.text}
		if q.secnum[h.id] == "" {
			e.Title = h.title
		}
		top.Children = append(top.Children, e)
		stack = append(stack, &top.Children[len(top.Children)-1])
	}
	return root.Children
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
			if !reached[p] && p != s.home && !p.orphan && p.docname != s.conf.String("root_doc", "master_doc") {
				s.warn(p, doc.Pos{}, doc.Warning, "toctree-orphan", "The page is in no toctree.",
					"Add it to one, or put `:orphan:` at its top.")
			}
		}
	}
}

// number gives sections their numbers below numbered toctrees, and figures,
// tables and listings theirs when the site numbers figures.
func (s *Site) number() {
	if s.home == nil {
		return
	}
	done := map[*page]bool{}
	figures := map[string]int{}
	numfig := s.conf.Bool("numfig")
	var visit func(p *page, prefix []int, depth int)
	visit = func(p *page, prefix []int, depth int) {
		if done[p] {
			return
		}
		done[p] = true
		p.secnum, p.fignum = map[string]string{}, map[string]string{}
		if len(prefix) > 0 && len(p.facts.heads) > 0 {
			base := p.facts.heads[0].level
			var nums []int
			for i, h := range p.facts.heads {
				if i == 0 {
					p.secnum[h.id] = dotted(prefix)
					continue
				}
				level := h.level - base
				if level < 1 {
					continue
				}
				for len(nums) < level {
					nums = append(nums, 0)
				}
				nums = nums[:level]
				nums[level-1]++
				if len(prefix)+level <= depth {
					p.secnum[h.id] = dotted(append(slices.Clone(prefix), nums...))
				}
			}
		}
		if numfig {
			for _, f := range p.facts.figures {
				key := f.typ
				lead := ""
				if len(prefix) > 0 {
					lead = strconv.Itoa(prefix[0]) + "."
					key += lead
				}
				figures[key]++
				p.fignum[f.id] = lead + strconv.Itoa(figures[key])
			}
		}
		count := 0
		if len(prefix) > 0 { // entries are counted on after the page's own sections
			for _, h := range p.facts.heads[min(1, len(p.facts.heads)):] {
				if h.level-p.facts.heads[0].level == 1 {
					count++
				}
			}
		}
		for _, n := range p.facts.toctrees {
			t := s.toctreeOf(p, n, false)
			for _, e := range t.entries {
				if e.page == nil || e.self || done[e.page] {
					continue
				}
				switch {
				case len(prefix) > 0:
					count++
					visit(e.page, append(slices.Clone(prefix), count), depth)
				case t.numbered > 0:
					count++
					visit(e.page, []int{count}, t.numbered)
				default:
					visit(e.page, nil, 0)
				}
			}
		}
	}
	visit(s.home, nil, 0)
	for _, p := range s.pages {
		visit(p, nil, 0)
	}
}

func dotted(n []int) string {
	var b strings.Builder
	for i, v := range n {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, v)
	}
	return b.String()
}
