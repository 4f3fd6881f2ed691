package site

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"docent/generator/doc"
)

// A redirect leads from an old address to where its page is now.
type redirect struct {
	from  string // below the site's root, without a leading slash
	to    string // below the site's root, or a whole address elsewhere
	title string
}

// outside reports whether the redirect leaves the site.
func (r redirect) outside() bool { return strings.Contains(r.to, "://") }

// planRedirects collects the aliases of all pages and the redirects of
// docent.yaml, and reports those that cannot be.
func (s *Site) planRedirects() {
	if len(s.set.Redirects) == 0 && !slices.ContainsFunc(s.pages, func(p *page) bool { return p.meta.has("aliases") }) {
		return
	}
	taken := map[string]string{} // output name -> who has it
	for _, p := range s.pages {
		taken[outName(p.url)] = p.name
	}
	add := func(r redirect, who string, fail func(message, hint string)) {
		out := outName(r.from)
		switch twin := taken[out]; {
		case r.from != "" && !fs.ValidPath(strings.TrimSuffix(r.from, "/")) || strings.ContainsAny(r.from, " \t\\?#*:<>\"'`|{}") || strings.HasPrefix(out, "_"):
			fail("`/"+r.from+"` is no address of the site.", "Write it like /old/page/.")
		case twin != "":
			fail("The address `/"+r.from+"` belongs to "+twin+".", "Remove one of them.")
		default:
			taken[out] = who
			s.redirects = append(s.redirects, r)
		}
	}
	for _, p := range s.pages {
		for _, alias := range strings.FieldsFunc(p.meta.get("aliases"), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
			add(redirect{address(alias), p.url, p.title}, p.name, func(message, hint string) {
				d := doc.Diag{Severity: doc.Warning, Code: "alias", Message: message, Hint: hint, Source: s.source(p, 0)}
				if i := strings.Index(d.Source.Text, alias); i >= 0 {
					d.Off, d.Len = i, len(alias)
				}
				s.report(d)
			})
		}
	}
	olds := make([]string, 0, len(s.set.Redirects))
	for old := range s.set.Redirects {
		olds = append(olds, old)
	}
	slices.Sort(olds)
	for _, old := range olds {
		fail := func(message, hint string) {
			s.report(s.set.Place(doc.Diag{Severity: doc.Warning, Code: "redirect", Message: message, Hint: hint}, "redirects", old))
		}
		to := s.set.Redirects[old]
		r := redirect{from: address(old), to: to, title: to}
		if u, err := url.Parse(to); err != nil || u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(to, " \t\n") {
			fail("`"+to+"` is no address.", "Lead to a page of the site, such as /new/, or to an https address.")
			continue
		}
		if !r.outside() {
			r.to = strings.TrimPrefix(to, "/")
			plain, _, _ := strings.Cut(r.to, "#")
			q := s.byURL[plain]
			if q == nil {
				if q = s.byURL[strings.TrimSuffix(plain, "/")+"/"]; q != nil {
					r.to = strings.Replace(r.to, plain, q.url, 1)
				}
			}
			if q == nil {
				fail("There is no page at `"+to+"`.", "Lead to a page of the site, such as /new/, or to an https address.")
				continue
			}
			r.title = q.title
		}
		add(r, "docent.yaml", fail)
	}
}

// address brings an address into the form that pages have: without a leading
// slash, and a folder ends in one.
func address(from string) string {
	from = strings.TrimPrefix(from, "/")
	if from != "" && !strings.HasSuffix(from, "/") && path.Ext(from) == "" {
		from += "/"
	}
	return from
}

// writeRedirects writes a small page at each old address, which works on any
// host, and Netlify's own list, which answers before a page is loaded.
func (s *Site) writeRedirects(sink Sink) error {
	if len(s.redirects) == 0 {
		return nil
	}
	var list bytes.Buffer
	for _, r := range s.redirects {
		v := s.view(r.from, "redirect", r.title)
		to := r.to
		if !r.outside() {
			v.Home, to = relative(r.from, r.to), "/"+r.to
			if v.Canonical = v.Home; s.opt.BaseURL != "" {
				plain, frag, has := strings.Cut(r.to, "#")
				if v.Canonical = s.absolute(plain); has {
					v.Canonical += "#" + frag
				}
			}
		} else {
			v.Home, v.Canonical = to, to
		}
		var page bytes.Buffer
		if err := v.book.page.ExecuteTemplate(&page, "redirect.html", v); err != nil {
			return s.theme.broken("redirect.html", "/"+r.from, err)
		}
		if err := sink.Put(outName(r.from), page.Bytes()); err != nil {
			return err
		}
		// The exclamation mark: the page above is there, and Netlify would
		// serve it in place of the redirect.
		fmt.Fprintf(&list, "/%s %s 301!\n", r.from, to)
	}
	return sink.Put("_redirects", list.Bytes())
}

// redirected reports whether an output name is that of a redirect's page.
func (s *Site) redirected(out string) bool {
	return slices.ContainsFunc(s.redirects, func(r redirect) bool { return outName(r.from) == out })
}
