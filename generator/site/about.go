package site

import (
	"net/url"
	"strings"
	"time"

	"docent/generator/doc"
	"docent/labs/report"
)

// about is what a page's head and foot tell of it: to other sites, to search
// engines, and to readers who want to change it.
type about struct {
	Modified string // RFC 3339, or ""
	Updated  string // the same day as people write it
	Edit     string // address at which the page is edited
	Markdown string // address of the page as Markdown
	Script   string // address of the lab as a script
	Feed     string
	Card     string // address of the picture that other sites show
	Facts    any    // JSON-LD
	// Translations are this page in all languages of the site.
	Translations []translation
}

// A translation is the address of a page in one language.
type translation struct{ Lang, Href string }

// tellAbout fills in what is known of a page.
func (s *Site) tellAbout(v *view, p *page) {
	if !p.updated.IsZero() {
		v.Modified, v.Updated = p.updated.Format(time.RFC3339), v.book.date(p.updated)
	}
	if to := s.set.EditURL; to != "" {
		u := url.URL{Path: p.name}
		v.Edit = strings.ReplaceAll(to, "{path}", u.EscapedPath())
	}
	v.Draft = isSet(p.meta.get("draft"))
	v.NoIndex = v.NoIndex || v.Draft || p.hidden()
	if s.set.Markdown && !s.opt.Preview {
		v.Markdown = relative(p.url, p.markdownName())
	}
}

// The types of JSON-LD that a page tells, as schema.org names their fields.
type (
	ldGraph struct {
		Context string `json:"@context"`
		Graph   []any  `json:"@graph"`
	}
	ldArticle struct {
		Type     string    `json:"@type"`
		Headline string    `json:"headline"`
		Language string    `json:"inLanguage"`
		Modified string    `json:"dateModified,omitempty"`
		URL      string    `json:"url,omitempty"`
		Image    string    `json:"image,omitempty"`
		Author   *ldNamed  `json:"author,omitempty"`
		Site     ldWebSite `json:"isPartOf"`
	}
	ldNamed struct {
		Type string `json:"@type"`
		Name string `json:"name"`
	}
	ldWebSite struct {
		Type        string `json:"@type"`
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
		URL         string `json:"url,omitempty"`
	}
	ldHowTo struct {
		Type     string   `json:"@type"`
		Name     string   `json:"name"`
		Language string   `json:"inLanguage"`
		Steps    []ldStep `json:"step"`
	}
	ldStep struct {
		Type     string `json:"@type"`
		Position int    `json:"position"`
		Name     string `json:"name"`
		Text     string `json:"text"`
		URL      string `json:"url,omitempty"`
	}
)

// facts tells search engines what the page is: an article, and, where a lab
// ran it, how to do something, step by step. The home page is the site. A
// site that does not know its address tells nothing.
func (s *Site) facts(v *view, e *env) any {
	if s.opt.BaseURL == "" {
		return nil
	}
	site := ldWebSite{Type: "WebSite", Name: v.Site, Description: s.set.Description, URL: s.absolute("")}
	if v.Kind == "home" {
		site.Description = first(site.Description, v.Desc)
		return ldGraph{"https://schema.org", []any{site}}
	}
	a := ldArticle{Type: "TechArticle", Headline: v.Title, Language: v.Lang, Modified: v.Modified, URL: v.Canonical, Image: v.Card, Site: site}
	if name := s.author(); name != "" {
		a.Author = &ldNamed{"Person", name}
	}
	out := []any{a}
	if steps := e.howTo(v.Canonical); len(steps) > 0 {
		out = append(out, ldHowTo{"HowTo", v.Title, v.Lang, steps})
	}
	return ldGraph{"https://schema.org", out}
}

// howTo gives the steps that a reader types, as the newest run typed them.
func (e *env) howTo(at string) []ldStep {
	var out []ldStep
	title := ""
	for n := range e.doc.Root.All() {
		if n.Kind == doc.KindTitle {
			title = strings.Join(strings.Fields(n.PlainText()), " ")
		}
		ev, ok := e.byBox[n]
		if !ok || n.Kind == doc.KindComment || len(ev.found) == 0 {
			continue
		}
		st := ev.found[0].Step
		if st.Command == "" || st.Role == "example" || st.Verdict == report.Failed {
			continue
		}
		step := ldStep{"HowToStep", len(out) + 1, title, st.Command, ""}
		if at != "" {
			step.URL = at + "#l-" + ev.listing.ID
		}
		out = append(out, step)
	}
	return out
}
