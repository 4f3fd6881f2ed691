package site

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
	"time"
)

const feedName = "feed.xml"

// absolute gives the whole address of a path below the site's root.
func (s *Site) absolute(path string) string {
	u := url.URL{Path: path}
	return strings.TrimSuffix(s.opt.BaseURL, "/") + "/" + u.EscapedPath()
}

// hasFeed reports whether the site has a feed: it needs whole addresses, and
// pages that know when they changed.
func (s *Site) hasFeed() bool {
	return s.opt.BaseURL != "" && s.set.Feed.Enabled && slices.ContainsFunc(s.pages, func(p *page) bool { return !p.updated.IsZero() })
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title   string   `xml:"title"`
	ID      string   `xml:"id"`
	Link    atomLink `xml:"link"`
	Updated string   `xml:"updated"`
	Summary string   `xml:"summary,omitempty"`
}

type atomFeed struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang     string      `xml:"xml:lang,attr"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle,omitempty"`
	ID       string      `xml:"id"`
	Links    []atomLink  `xml:"link"`
	Updated  string      `xml:"updated"`
	Author   string      `xml:"author>name"`
	Entries  []atomEntry `xml:"entry"`
}

// feed writes the Atom feed of the pages that changed last. The home page is
// left out: it changes with every page that is new.
func (s *Site) feed() []byte {
	var dated []*page
	for _, p := range s.pages {
		if !p.updated.IsZero() && p != s.home {
			dated = append(dated, p)
		}
	}
	slices.SortStableFunc(dated, func(a, b *page) int { return b.updated.Compare(a.updated) })
	dated = dated[:min(len(dated), s.set.Feed.Limit)]
	f := atomFeed{Lang: s.lang, Title: s.siteTitle(), Subtitle: s.set.Description, ID: s.absolute(""), Author: first(s.author(), s.siteTitle()),
		Links: []atomLink{{"self", "application/atom+xml", s.absolute(feedName)}, {"alternate", "text/html", s.absolute("")}}}
	newest := time.Unix(0, 0)
	for _, p := range s.pages {
		if p.updated.After(newest) {
			newest = p.updated
		}
	}
	f.Updated = newest.UTC().Format(time.RFC3339)
	for _, p := range dated {
		at := s.absolute(p.url)
		f.Entries = append(f.Entries, atomEntry{p.title, at, atomLink{"alternate", "text/html", at}, p.updated.Format(time.RFC3339), p.desc})
	}
	return marshalXML(f)
}

func (s *Site) author() string { return first(s.set.Author, s.conf.String("author")) }

type siteURL struct {
	Loc     string        `xml:"loc"`
	Lastmod string        `xml:"lastmod,omitempty"`
	Others  []siteURLLang `xml:"xhtml:link"`
}

type siteURLLang struct {
	Rel  string `xml:"rel,attr"`
	Lang string `xml:"hreflang,attr"`
	Href string `xml:"href,attr"`
}

// sitemap lists the pages for search engines, and when they changed.
func (s *Site) sitemap() []byte {
	set := struct {
		XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		XHTML   string    `xml:"xmlns:xhtml,attr,omitempty"`
		URLs    []siteURL `xml:"url"`
	}{}
	for _, p := range s.pages {
		if p.hidden() {
			continue
		}
		u := siteURL{Loc: s.absolute(p.url)}
		if !p.updated.IsZero() {
			u.Lastmod = p.updated.Format(time.RFC3339)
		}
		head, _ := s.translations(p.url)
		for _, t := range head {
			set.XHTML = "http://www.w3.org/1999/xhtml"
			u.Others = append(u.Others, siteURLLang{"alternate", t.Lang, t.Href})
		}
		set.URLs = append(set.URLs, u)
		for _, t := range head { // the page in the other languages
			if t.Lang != s.lang && t.Lang != "x-default" {
				u.Loc = t.Href
				set.URLs = append(set.URLs, u)
			}
		}
	}
	return marshalXML(set)
}

// hidden reports whether a page asks search engines to leave it out.
func (p *page) hidden() bool {
	return p.meta.get("robots") == "noindex" || p.meta.get("index") == "false"
}

func marshalXML(v any) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(v); err != nil {
		panic("site: " + err.Error()) // the types above can always be written
	}
	b.WriteByte('\n')
	return b.Bytes()
}
