package site

import (
	"cmp"
	"html/template"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"docent/generator/build"
)

// A navItem is a line of the site's navigation: a page, a folder without a
// page of its own, an address elsewhere, or a caption over those that follow.
type navItem struct {
	page     *page
	url      string
	title    string
	caption  bool
	children []*navItem
	up       *navItem // nil at the top
	at       int      // its place among those beside it
}

// first is the first page below a line, or nil.
func (it *navItem) first() *page {
	for _, c := range it.children {
		if c.page != nil {
			return c.page
		}
		if p := c.first(); p != nil {
			return p
		}
	}
	return nil
}

// navigate makes the navigation: from the toctrees, or, for pages that no
// toctree asks for on a site without any, from the folders. It also sets the
// reading order.
func (s *Site) navigate(anyTree bool) {
	placed := map[*page]bool{}
	if s.home != nil {
		placed[s.home] = true
		s.nav = s.navOf(s.home, placed)
	}
	if s.home == nil || len(s.home.facts.toctrees) == 0 {
		s.nav = append(s.nav, s.folders(placed)...)
	}
	if s.home != nil {
		s.flat = append(s.flat, s.home)
	}
	met := make([]bool, len(s.pages))
	if s.home != nil {
		met[s.home.at] = true
	}
	s.flat = slices.Grow(s.flat, len(s.pages))
	s.flatten(s.nav, s.home, nil, met)
	for i, p := range s.flat {
		if i > 0 {
			p.prev = s.flat[i-1]
			s.flat[i-1].next = p
		}
	}
}

// flatten puts the pages in their reading order. A page that stands at
// several places is below the first of them; nothing stands above the home
// page, though a page may list it.
func (s *Site) flatten(items []*navItem, up *page, in *navItem, met []bool) {
	for i, it := range items {
		it.up, it.at = in, i
		parent := up
		if it.page != nil {
			if !met[it.page.at] {
				met[it.page.at], it.page.up, it.page.item = true, up, it
			}
			s.flat = append(s.flat, it.page)
			it.page.branch = len(it.children) > 0 || len(items) > 2*window
			parent = it.page
		}
		s.flatten(it.children, parent, it, met)
	}
}

func (s *Site) navOf(p *page, placed map[*page]bool) []*navItem {
	var out []*navItem
	for _, n := range p.facts.toctrees {
		t := s.toctreeOf(p, n, false)
		if t.caption != "" && len(t.entries) > 0 {
			out = append(out, &navItem{title: t.caption, caption: true})
		}
		for _, e := range t.entries {
			switch {
			case e.self:
			case e.page != nil && !placed[e.page]:
				placed[e.page] = true
				it := &navItem{page: e.page, title: e.title}
				it.children = s.navOf(e.page, placed)
				out = append(out, it)
			case e.page == nil && !strings.HasPrefix(e.url, "\x00"):
				out = append(out, &navItem{url: e.url, title: e.title})
			}
		}
	}
	return out
}

// folders places pages by where they stand. Within a folder the order is:
// the front matter's `order`, then the order in which the nearest index page
// links to them, then the title.
func (s *Site) folders(placed map[*page]bool) []*navItem {
	type dir struct {
		index *page
		pages []*page
		subs  map[string]bool
	}
	dirs := map[string]*dir{}
	var get func(name string) *dir
	get = func(name string) *dir {
		d := dirs[name]
		if d == nil {
			d = &dir{subs: map[string]bool{}}
			dirs[name] = d
			if name != "." {
				get(path.Dir(name)).subs[name] = true
			}
		}
		return d
	}
	at, d := "", (*dir)(nil) // pages of one folder mostly stand together
	for _, p := range s.pages {
		if placed[p] || p.orphan {
			continue
		}
		if here := dirOf(p.docname); d == nil || here != at {
			at, d = here, get(here)
		}
		if strings.HasSuffix(p.url, "/") && strings.TrimSuffix(p.url, "/") == at {
			d.index = p
		} else {
			d.pages = append(d.pages, p)
		}
	}
	if dirs["."] == nil {
		return nil
	}
	linked, links := make([]int, len(s.pages)), 0 // from 1 on
	note := func(p *page) {
		if p == nil {
			return
		}
		for _, ref := range p.facts.leads {
			if q := s.page(p, ref); q != nil {
				if linked[q.at] == 0 {
					links++
					linked[q.at] = links
				}
			}
		}
	}
	note(s.home)
	for _, p := range s.pages {
		if p != s.home && strings.HasSuffix(p.docname, "index") {
			note(p)
		}
	}
	rank := func(it *navItem) ranked {
		r := ranked{it, 1e9, 1 << 30, it.title}
		if p := it.page; p != nil {
			if order := p.meta.get("order"); order != "" {
				if v, err := strconv.ParseFloat(order, 64); err == nil {
					r.order = v
				}
			}
			if l := linked[p.at]; l > 0 {
				r.link = l
			}
			r.title = p.title
		}
		if r.link == 1<<30 { // else the title is never asked for
			r.title = strings.ToLower(r.title)
		}
		for _, c := range it.children { // a folder stands where its first page is linked
			if c.page != nil {
				if l := linked[c.page.at]; l > 0 && it.page == nil {
					r.link = min(r.link, l)
				}
			}
		}
		return r
	}
	var build func(name string) []*navItem
	build = func(name string) []*navItem {
		d := dirs[name]
		items := make([]navItem, len(d.pages))
		out := make([]ranked, 0, len(d.pages)+len(d.subs))
		for i, p := range d.pages {
			items[i].page = p
			out = append(out, rank(&items[i]))
		}
		var subs []string
		for sub := range d.subs {
			subs = append(subs, sub)
		}
		sort.Strings(subs)
		for _, sub := range subs {
			it := &navItem{page: dirs[sub].index, title: humane(sub), children: build(sub)}
			if it.page != nil {
				it.title = ""
				if len(it.page.facts.toctrees) > 0 {
					it.children = append(s.navOf(it.page, placed), it.children...)
				}
			}
			if it.page != nil || len(it.children) > 0 {
				out = append(out, rank(it))
			}
		}
		slices.SortStableFunc(out, ranked.compare)
		sorted := make([]*navItem, len(out))
		for i, r := range out {
			sorted[i] = r.navItem
		}
		return sorted
	}
	// Pages that a toctree below an index page asks for are placed there.
	for _, d := range dirs {
		if d.index != nil {
			for _, n := range d.index.facts.toctrees {
				for _, e := range s.toctreeOf(d.index, n, false).entries {
					if e.page != nil && !e.self {
						for _, o := range dirs {
							o.pages = slices.DeleteFunc(o.pages, func(p *page) bool { return p == e.page })
						}
					}
				}
			}
		}
	}
	return build(".")
}

// A ranked item has what its place in its folder follows from.
type ranked struct {
	*navItem
	order float64
	link  int
	title string
}

func (a ranked) compare(b ranked) int {
	if n := cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.link, b.link)); n != 0 {
		return n
	}
	return strings.Compare(a.title, b.title)
}

// maxFullNav is how many lines the navigation may have to stand whole on
// every page. A larger one shows the open branch only, so that the size of
// the site grows with its pages and not with their square.
const (
	maxFullNav = 120
	window     = 40 // neighbours shown on each side in a long branch
	maxNavs    = 64 // that are kept: pages come nearly in order
)

// A sharedNav is the navigation of pages that stand side by side, with none
// below them. On each it is the same but for the mark at the page itself: it
// is written once, as a page among them would have it that is not there.
type sharedNav struct {
	html   string
	answer build.Answer
}

// A navKey says which pages share a navigation: those of one folder that stand
// at one place.
type navKey struct {
	up  *page
	in  *navItem
	dir string
}

// sharedNav gives the navigation that a page shares with those beside it, and
// the folder in which they stand; or nil.
func (s *Site) sharedNav(p *page) (nav *sharedNav, dir string) {
	dir = path.Dir(strings.TrimSuffix(p.url, "/"))
	if p.branch || p.up == nil || dir == "." {
		return nil, dir
	}
	key := navKey{p.up, p.item.up, dir}
	known, ok := s.navs.Load(key)
	if !ok {
		if s.navCount.Add(1)%maxNavs == 0 {
			s.navs.Clear()
		}
		b := s.newNavTree(&page{url: dir + "/\x00/", up: p.up, item: p.item.up}).list(nil, s.nav, 0)
		known, _ = s.navs.LoadOrStore(key, &sharedNav{string(b), build.DigestBytes(b)})
	}
	return known.(*sharedNav), dir
}

// navigation writes the navigation as it stands on one page.
func (s *Site) navigation(p *page) template.HTML {
	nav, dir := s.sharedNav(p)
	if nav == nil {
		return template.HTML(s.newNavTree(p).list(nil, s.nav, 0)) //nolint:gosec // written escaped
	}
	link := "<a href=" + string(appendValue(nil, relative(dir+"/\x00/", p.url))) + ">"
	before, after, found := strings.Cut(nav.html, link)
	if found {
		before += "<a href=./ aria-current=page>" + after
	}
	return template.HTML(before) //nolint:gosec // written escaped
}

// A navTree writes the navigation as a page shows it.
type navTree struct {
	s    *Site
	p    *page
	open map[*page]bool // the page and those above it
	way  []*navItem     // that leads to the page, from the top
	full bool           // with all pages
	root string         // where links begin, if not at the page
}

func (s *Site) newNavTree(p *page) *navTree {
	t := &navTree{s: s, p: p, open: map[*page]bool{}, full: len(s.flat) <= maxFullNav}
	for q := p; q != nil; q = q.up {
		t.open[q] = true
	}
	for it := p.item; it != nil; it = it.up {
		t.way = append(t.way, it)
	}
	slices.Reverse(t.way)
	return t
}

// href writes where an address of the site is.
func (t *navTree) href(b []byte, url string) []byte {
	if t.root != "" {
		return appendValue(b, t.root+url)
	}
	return appendValue(b, relative(t.p.url, url))
}

// list writes a level of the tree. Each page has the tree of its part of
// the site, so it is written as short as HTML allows: the end of an item goes
// without saying, and so do quotes.
func (t *navTree) list(b []byte, items []*navItem, depth int) []byte {
	from, to := 0, len(items)
	if !t.full && len(items) > 2*window {
		at := -1
		if depth < len(t.way) && t.way[depth].at < len(items) && items[t.way[depth].at] == t.way[depth] {
			at = t.way[depth].at
		}
		from, to = max(0, at-window), min(len(items), max(at, 0)+window)
	}
	b = append(b, "<ul>"...)
	for i := from; i < to; i++ {
		it := items[i]
		if it.caption {
			b = append(b, "<li class=nav-caption>"...)
			b = appendEscaped(b, it.title)
			continue
		}
		isOpen := it.page != nil && t.open[it.page] && it.page != t.s.home
		if it.page == nil && len(it.children) > 0 {
			isOpen = depth < len(t.way) && t.way[depth] == it
		}
		kids := len(it.children) > 0 && (t.full || isOpen)
		b = append(b, "<li>"...)
		if kids {
			b = append(b, "<details"...)
			if isOpen || depth == 0 {
				b = append(b, " open"...)
			}
			b = append(b, "><summary>"...)
			b = t.link(b, it, true)
			b = append(b, "</summary>"...)
			b = t.list(b, it.children, depth+1)
			b = append(b, "</details>"...)
		} else {
			b = t.link(b, it, false)
		}
	}
	if to < len(items) || from > 0 {
		b = append(b, "<li><a class=nav-more href="...)
		up := ""
		if t.p.up != nil {
			up = t.p.up.url
		}
		b = t.href(b, up)
		b = append(b, '>')
		b = strconv.AppendInt(b, int64(len(items)-(to-from)), 10)
		b = append(b, " more</a>"...)
	}
	return append(b, "</ul>"...)
}

// link writes a line. A folder without a page that is not open leads to its
// first page.
func (t *navTree) link(b []byte, it *navItem, open bool) []byte {
	to := it.page
	if to == nil && it.url == "" {
		if !open { // what stands in it is not to be seen here
			to = it.first()
		}
	}
	if to == nil && it.url == "" {
		b = append(b, "<span>"...)
		b = appendEscaped(b, it.title)
		return append(b, "</span>"...)
	}
	b = append(b, "<a href="...)
	if to == nil {
		b = appendValue(b, it.url)
	} else {
		b = t.href(b, to.url)
	}
	if to == t.p {
		b = append(b, " aria-current=page"...)
	}
	b = append(b, '>')
	switch {
	case it.title != "":
		b = appendEscaped(b, it.title)
	case it.page != nil:
		if it.page.secnum != nil {
			if n := it.page.secnum[firstID(it.page.facts.outline())]; n != "" {
				b = append(b, n+". "...)
			}
		}
		b = append(b, it.page.htm...)
	default:
		b = appendEscaped(b, it.url)
	}
	return append(b, "</a>"...)
}

// appendValue writes the value of an attribute, in quotes if it needs them.
func appendValue(b []byte, s string) []byte {
	if s != "" && !strings.ContainsAny(s, " \t\n\f\r\"'=<>`") {
		return appendEscaped(b, s)
	}
	return append(appendEscaped(append(b, '"'), s), '"')
}

func escape(s string) string { return string(appendEscaped(nil, s)) }

// appendEscaped writes text so that it is safe in HTML and in a quoted
// attribute.
func appendEscaped(b []byte, s string) []byte {
	from := 0 // what is copied as it is
	for i := 0; i < len(s); i++ {
		with := ""
		switch s[i] {
		case '&':
			with = "&amp;"
		case '<':
			with = "&lt;"
		case '>':
			with = "&gt;"
		case '"':
			with = "&quot;"
		case '\'':
			with = "&#39;"
		default:
			continue
		}
		b = append(append(b, s[from:i]...), with...)
		from = i + 1
	}
	return append(b, s[from:]...)
}
