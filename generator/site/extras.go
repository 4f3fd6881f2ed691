package site

import (
	"html/template"
	"net/url"
	"strings"

	"docent/generator/config"
	"docent/labs/report"
)

// schemaName is where the site publishes the schema of docent.yaml.
const schemaName = "docent.schema.json"

// writeExtras writes the pages and files that no source stands for.
func (s *Site) writeExtras(sink Sink) error {
	about := map[string]string{
		"search": "Search all pages of " + s.siteTitle() + ", without a server: titles, headings, text and code.",
		"report": "Every listing of " + s.siteTitle() + " that a machine has run: verdict, time, machine, image sizes, throughput.",
		"wide":   "The index of " + s.siteTitle() + ", from A to Z.",
		"home":   "All pages of " + s.siteTitle() + ".",
	}
	words := s.bookOf(nil)
	put := func(addr, kind, title, body string) error {
		if s.byURL[addr] != nil {
			return nil // the content has a page of that name
		}
		v := s.view(addr, kind, title)
		v.Desc = about[kind]
		v.Body = template.HTML(body) //nolint:gosec // written escaped
		v.Nav = s.navigation(&page{url: addr})
		v.Crumbs = []themeLink{{relative(addr, ""), v.book.of("Home")}, {"", title}}
		if addr == "" {
			v.Crumbs = nil
		}
		data, err := s.render(nil, v)
		if err != nil {
			return err
		}
		return sink.Put(outName(addr), data)
	}
	if s.home == nil {
		if err := put("", "home", s.siteTitle(), s.listing()); err != nil {
			return err
		}
	}
	if err := put("search/", "search", words.of("Search"), searchBody(words)); err != nil {
		return err
	}
	if s.hasIndex() {
		if err := put("genindex/", "wide", words.of("Index"), s.indexHTML("genindex/")); err != nil {
			return err
		}
	}
	if s.hasModules() {
		if err := put("py-modindex/", "wide", words.generated("py-modindex"), s.modindexHTML("py-modindex/")); err != nil {
			return err
		}
	}
	if len(s.reports) > 0 || len(s.results) > 0 {
		if err := put("lab-report/", "report", words.of("Lab report"), s.reportHTML("lab-report/")); err != nil {
			return err
		}
		if err := sink.Put("lab-report/schema.json", report.SchemaJSON); err != nil {
			return err
		}
	}
	if err := s.writeMissing(sink); err != nil {
		return err
	}
	if err := sink.Put("objects.inv", s.inventory()); err != nil {
		return err
	}
	if err := sink.Put(schemaName, config.Schema); err != nil {
		return err
	}
	if err := sink.Put("robots.txt", s.robots()); err != nil {
		return err
	}
	if err := sink.Put("llms.txt", s.llms()); err != nil {
		return err
	}
	if err := s.writeRedirects(sink); err != nil {
		return err
	}
	if s.hasFeed() {
		if err := sink.Put(feedName, s.feed()); err != nil {
			return err
		}
	}
	if s.opt.BaseURL != "" {
		return sink.Put("sitemap.xml", s.sitemap())
	}
	return nil
}

func searchBody(words *book) string {
	return "<h1>" + escape(words.of("Search")) + `</h1>
<div class="search-page" data-ui><form role="search"><input type="search" name="q" aria-label="` + escape(words.of("Search this site")) + `" autocomplete="off"></form>
<div class="results" role="listbox" aria-label="` + escape(words.of("Results")) + `" aria-live="polite"></div></div>
<noscript><p>` + escape(words.of("Searching needs JavaScript. The list of pages is beside this text.")) + `</p></noscript>`
}

// writeMissing writes the page for addresses that are not there. A host shows
// it at any depth, so its links start at the site's root.
func (s *Site) writeMissing(sink Sink) error {
	root := "/"
	if u, err := url.Parse(s.opt.BaseURL); err == nil && u.Path != "" {
		root = strings.TrimSuffix(u.Path, "/") + "/"
	}
	words := s.bookOf(nil)
	v := s.view("404.html", "missing", words.of("Page not found"))
	v.Root, v.Home, v.Canonical, v.NoIndex = root, root, "", true
	v.speak(words)
	v.Translations, v.Languages = nil, nil
	if v.Feed != "" {
		v.Feed = root + feedName
	}
	find := escape(words.of("Search this site"))
	v.Body = template.HTML("<h1>" + escape(v.Title) + "</h1><p>" + escape(words.of("There is no page at this address. It may have moved.")) + //nolint:gosec // escaped
		` <a href="` + escape(root) + `">` + escape(words.of("Home")) + `</a></p><div class="search-page" data-ui><form role="search" action="` + escape(root) +
		`search/"><input type="search" name="q" aria-label="` + find + `" placeholder="` + find + `" autocomplete="off"></form></div>`)
	tree := s.newNavTree(&page{url: "404.html"})
	tree.root = root
	v.Nav = template.HTML(tree.list(nil, s.nav, 0)) //nolint:gosec // written escaped
	data, err := s.render(nil, v)
	if err != nil {
		return err
	}
	return sink.Put("404.html", data)
}

// listing is the home page of a site that brings none: its pages by name.
func (s *Site) listing() string {
	var b []byte
	b = append(b, "<h1>"...)
	b = appendEscaped(b, s.siteTitle())
	b = append(b, `</h1><ul class="page-list">`...)
	for _, p := range s.flat {
		b = append(b, `<li><a href="`...)
		b = appendEscaped(b, relative("", p.url))
		b = append(b, `">`...)
		b = append(b, p.htm...)
		b = append(b, "</a></li>"...)
	}
	return string(append(b, "</ul>"...))
}

// robots says what search engines may read.
func (s *Site) robots() []byte {
	if !s.set.Index {
		return []byte("User-agent: *\nDisallow: /\n")
	}
	out := "User-agent: *\nAllow: /\n"
	if s.opt.BaseURL != "" {
		out += "Sitemap: " + s.absolute("sitemap.xml") + "\n"
	}
	return []byte(out)
}
