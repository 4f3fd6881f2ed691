package site

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"docent/generator/doc"
	"docent/generator/html"
	"docent/generator/search"
)

// Write writes the whole site into a sink: what is not there from the build
// before, or has changed since.
func (s *Site) Write(ctx context.Context, sink Sink) error {
	if d, ok := sink.(*Dir); ok {
		s.dir = d
		record := ""
		if last := s.graph.Last("out"); last != nil {
			record = last.Value
		}
		d.Trust(record)
	}
	if err := s.each(ctx, "render", len(s.pages), func(i int) error { return s.writePage(s.pages[i], sink) }); err != nil {
		return err
	}
	searched := make(chan error, 1)
	go func() { searched <- s.finishSearch(sink) }()
	err := s.writeRest(ctx, sink)
	if err = errors.Join(err, <-searched); err != nil {
		return err
	}
	return s.writeLanguages(ctx, sink)
}

// writeRest writes what is no page: what stands for the whole site, and the
// files that pages show and offer.
func (s *Site) writeRest(ctx context.Context, sink Sink) error {
	extras, err := s.task("extras", "site", sink, func(sink Sink) ([]doc.Diag, error) {
		for name, data := range s.theme.files {
			if err := sink.Put(name, data); err != nil {
				return nil, err
			}
		}
		return nil, s.writeExtras(sink)
	})
	if err != nil {
		return err
	}
	for name := range extras.Outputs() {
		if addr, ok := strings.CutSuffix(name, "index.html"); ok {
			s.gen[addr] = true
		}
	}
	return s.writeFiles(ctx, sink)
}

// frame fills in what stands around a page's text but for the navigation,
// which is long. It asks nothing of the page's tree.
func (s *Site) frame(p *page) *view {
	kind := "page"
	if p == s.home {
		kind = "home"
		if p.facts.listings > 0 {
			kind = "page"
		}
	}
	v := s.view(p.url, kind, p.title)
	v.Desc = p.desc
	if lang := p.meta.get("language"); isLanguage(lang) {
		v.Lang, v.Dir = lang, direction(lang)
		v.speak(s.bookOf(p))
	}
	v.Crumbs = s.crumbs(p)
	link := func(q *page) *themeLink {
		if q == nil {
			return nil
		}
		return &themeLink{relative(p.url, q.url), q.title}
	}
	v.Prev, v.Next = link(p.prev), link(p.next)
	for _, f := range s.styles {
		v.Styles = append(v.Styles, s.static(p, f))
	}
	for _, f := range s.scripts {
		v.Scripts = append(v.Scripts, s.static(p, f))
	}
	s.tellAbout(v, p)
	return v
}

// A scratch is memory that one page after the other is rendered in.
type scratch struct{ body, page []byte }

var scratches = sync.Pool{New: func() any { return &scratch{} }}

// pageHTML renders one page into its frame. What it gives lies in the scratch.
func (s *Site) pageHTML(e *env, v *view, sink Sink, buf *scratch) (_ []byte, err error) {
	e.sink = sink
	e.loadEvidence()
	e.checkImages()
	if s.opt.Lint {
		e.lint()
	}
	e.heads = html.TOC(e.doc, e)
	shown := *e.doc
	shown.Root = withoutFields(e.doc.Root)
	buf.body = html.Render(buf.body[:0], &shown, shown.Root, e)
	if e.failed != nil {
		return nil, e.failed
	}
	values := e.values()
	buf.body = e.underTitle(buf.body, values)
	// It lies in the scratch, which lasts longer than the view needs it.
	v.Body = template.HTML(unsafe.String(unsafe.SliceData(buf.body), len(buf.body))) //nolint:gosec // the renderer escapes what the content says
	v.Contents = contents(e.heads)
	if s.set.Markdown && !s.opt.Preview {
		buf.page = e.markdown(buf.page[:0], v)
		if err := sink.Put(e.p.markdownName(), buf.page); err != nil {
			return nil, err
		}
	}
	if text := e.script(v); text != nil {
		name := strings.TrimSuffix(e.p.markdownName(), "index.md") + scriptName
		if err := sink.Put(name, text); err != nil {
			return nil, err
		}
		v.Script = relative(e.p.url, name)
	}
	if v.Card, err = s.putCard(sink, card{v.Title, v.Desc, v.Site}); err != nil {
		return nil, err
	}
	v.Facts = s.facts(v, e)
	buf.page, err = s.render(buf.page[:0], v)
	return buf.page, err
}

// withoutFields leaves out the field list that stands before everything else
// on a page, as Sphinx does: it is about the page, not part of it.
func withoutFields(root *doc.Node) *doc.Node {
	for i, n := range root.Children {
		if n.Kind == doc.KindComment {
			continue
		}
		if n.Kind == doc.KindFieldList && root.Kind == doc.KindDocument {
			shown := *root
			shown.Children = slices.Delete(slices.Clone(root.Children), i, i+1)
			return &shown
		}
		break
	}
	return root
}

// static gives the address of a file that conf.py adds to every page.
func (s *Site) static(p *page, f string) string {
	if elsewhere(f) {
		return f
	}
	return relative(p.url, "_static/"+f)
}

func (s *Site) crumbs(p *page) []themeLink {
	if p == s.home {
		return nil
	}
	var out []themeLink
	if p.up != nil && p.up != s.home {
		for q := p.up; q != nil && q != s.home; q = q.up {
			out = append([]themeLink{{relative(p.url, q.url), q.title}}, out...)
		}
	} else if dir := path.Dir(strings.TrimSuffix(p.url, "/")); dir != "." {
		for d, i := strings.Split(dir, "/"), 1; i <= len(d); i++ {
			u := strings.Join(d[:i], "/") + "/"
			if q := s.byURL[u]; q != nil {
				out = append(out, themeLink{relative(p.url, u), q.title})
			} else {
				out = append(out, themeLink{"", humane(d[i-1])})
			}
		}
	}
	out = append([]themeLink{{relative(p.url, ""), s.bookOf(p).of("Home")}}, out...)
	return append(out, themeLink{"", p.title})
}

// firstSentences takes a description from a page's first paragraph, up to
// 160 characters.
func firstSentences(root *doc.Node) string {
	b := make([]byte, 0, 800)
	for n := range root.Find(doc.KindParagraph) {
		if n.First(doc.KindRaw) != nil {
			continue
		}
		t := b[:0]
		for w := range strings.FieldsSeq(n.PlainText()) {
			if len(t) > 0 {
				t = append(t, ' ')
			}
			if t = append(t, w...); len(t) > 160*utf8.UTFMax { // enough
				break
			}
		}
		if len(t) < 30 {
			continue
		}
		if utf8.RuneCount(t) <= 160 {
			return string(t)
		}
		cut := string([]rune(string(t))[:160])
		if i := strings.LastIndex(cut, ". "); i > 60 {
			return cut[:i+1]
		}
		if i := strings.LastIndexByte(cut, ' '); i > 0 {
			cut = cut[:i]
		}
		return cut + " …"
	}
	return ""
}

// searchPage cuts the page into its sections for the search index.
func (e *env) searchPage(buf *scratch) search.Page {
	p := e.p
	out := search.Page{URL: p.url, Title: p.title}
	if p.meta.get("search") == "false" || p.meta.has("nosearch") {
		return out
	}
	cut := map[*doc.Node]int{}
	for i, h := range e.heads {
		out.Sections = append(out.Sections, search.Section{ID: h.ID, Heading: strings.Join(strings.Fields(h.Text), " ")})
		if i == 0 {
			out.Sections[0].ID = ""
		}
		if h.Node != nil {
			cut[h.Node] = i
		}
	}
	if len(out.Sections) == 0 {
		out.Sections = []search.Section{{Heading: p.title}}
	}
	// The text of all sections lies in one buffer, in runs of one section.
	type run struct{ section, from int }
	var runs []run
	b := buf.page[:0]
	var walk func(n *doc.Node, at int)
	walk = func(n *doc.Node, at int) {
		if i, ok := cut[n]; ok {
			at = i
		}
		switch n.Kind {
		case doc.KindSection, doc.KindDocument, doc.KindCompound, doc.KindContainer:
			for _, c := range n.Children {
				if c.Kind == doc.KindTitle && n.Is(doc.KindSection, doc.KindDocument) {
					continue
				}
				walk(c, at)
			}
			return
		}
		if len(runs) == 0 || runs[len(runs)-1].section != at {
			runs = append(runs, run{at, len(b)})
		}
		if f := n.Attr(doc.AttrFilename); f != "" { // shown above the listing, not in it
			b = append(append(b, path.Base(f)...), '\n')
		}
		b = append(html.AppendText(b, n, e), '\n')
	}
	walk(e.doc.Root, 0)
	for i, r := range runs {
		to := len(b)
		if i+1 < len(runs) {
			to = runs[i+1].from
		}
		out.Sections[r.section].Text += string(b[r.from:to])
	}
	buf.page = b
	return out
}

// elsewhere reports whether a style or script of conf.py is another site's.
func elsewhere(f string) bool {
	return strings.HasPrefix(f, "https://") || strings.HasPrefix(f, "http://")
}

// confFiles are the styles or scripts that conf.py names for every page:
// files of the static folders, or of another site, whose owner is trusted.
func (s *Site) confFiles(setting string) []string {
	return slices.DeleteFunc(s.conf.Strings(setting), func(f string) bool {
		if elsewhere(f) || fs.ValidPath(f) && !strings.ContainsAny(f, ":\\") {
			return false
		}
		s.reportConf("conf-file", setting, "The file `"+f+"` of `"+setting+"` is left out: it is neither in a static folder nor at an http address.", "Name a file below `html_static_path`.")
		return true
	})
}

// offered are the files that pages show and offer, and those that conf.py
// asks for, by the name that they have on the site.
func (s *Site) offered() map[string]string {
	names := map[string]string{} // output -> content
	s.published.Range(func(k, v any) bool {
		names[k.(string)] = v.(string)
		return true
	})
	for _, key := range []string{"html_static_path", "html_extra_path"} {
		for _, dir := range s.conf.Strings(key) {
			dir = path.Clean(dir)
			if !fs.ValidPath(dir) {
				continue
			}
			fs.WalkDir(s.files, dir, func(name string, e fs.DirEntry, err error) error {
				if err != nil || !e.Type().IsRegular() {
					return nil
				}
				out := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
				if out == "" {
					out = path.Base(name)
				}
				if key == "html_static_path" {
					out = "_static/" + out
				}
				if _, ok := names[out]; !ok {
					names[out] = name
				}
				return nil
			})
		}
	}
	return names
}

// writeFiles copies what the site offers.
func (s *Site) writeFiles(ctx context.Context, sink Sink) error {
	names := s.offered()
	sorted := make([]string, 0, len(names))
	for n := range names {
		sorted = append(sorted, n)
	}
	sort.Strings(sorted)
	return s.each(ctx, "copy", len(sorted), func(i int) error {
		out := sorted[i]
		name := names[out]
		taken := s.taken(out)
		_, err := s.task(fmt.Sprint("copy ", taken, " ", out), "file "+name, sink, func(sink Sink) ([]doc.Diag, error) {
			refuse := func(code, message, hint string) ([]doc.Diag, error) {
				return []doc.Diag{{Severity: doc.Warning, Code: code, Source: doc.NewSource(name, ""), Message: message, Hint: hint}}, nil
			}
			if taken {
				return refuse("site-name-taken", "The file is not published: the site has a page of its own there.", "Give the file another name.")
			}
			if strings.HasSuffix(strings.ToLower(name), ".svg") {
				if data, err := fs.ReadFile(s.files, name); err == nil {
					if why := checkSVG(data); why != "" {
						return refuse("image-svg", "The picture is not published: "+why+".", "Export it as plain SVG, without scripts.")
					}
				}
			}
			if err := sink.Copy(out, s.open(name)); err != nil {
				return nil, fmt.Errorf("publish %s: %w", name, err)
			}
			return nil, nil
		})
		return err
	})
}

// rootFiles are the files that the top folder of a site may have.
var rootFiles = map[string]bool{"index.html": true, "404.html": true, "sitemap.xml": true, "robots.txt": true, "objects.inv": true, "llms.txt": true,
	schemaName: true, feedName: true, "_redirects": true, marker: true, building: true}

// beside gives the address of a page such that no folder of it is called like
// a file of the site.
func beside(url string) string {
	if !strings.Contains(url, ".") {
		return url
	}
	parts := strings.Split(url, "/")
	for i, c := range parts {
		if c == "index.html" || c == "index.md" || c == scriptName || i == 0 && rootFiles[c] {
			parts[i] = c + ".page"
		}
	}
	return strings.Join(parts, "/")
}

// taken reports whether an output name belongs to a page or to the theme.
func (s *Site) taken(out string) bool {
	if strings.HasPrefix(out, "_assets/") || strings.HasPrefix(out, "_search/") || strings.HasPrefix(out, "_cards/") || strings.HasPrefix(out, "_diagrams/") || s.redirected(out) {
		return true
	}
	if s.byURL[strings.TrimSuffix(out, "index.html")] != nil && strings.HasSuffix(out, "index.html") {
		return true
	}
	if p := s.byURL[strings.TrimSuffix(out, "index.md")]; s.set.Markdown && p != nil && p.markdownName() == out {
		return true
	}
	if p := s.byURL[strings.TrimSuffix(out, scriptName)]; p != nil && strings.HasSuffix(out, scriptName) {
		return true
	}
	if rootFiles[out] || s.byURL[out+"/"] != nil { // of a file and a folder, only one can be there
		return true
	}
	if dir := path.Dir(out); dir != "." && s.taken(dir) && s.byURL[dir+"/"] == nil {
		return true
	}
	return s.gen[strings.TrimSuffix(out, "index.html")] && strings.HasSuffix(out, "index.html")
}
