package site

import (
	"sort"
	"strings"

	"docent/generator/doc"
)

// An Outside is a link of a page that leaves the site.
type Outside struct {
	URL string
	// Diag stands at the link; its message is left to who tries the address.
	Diag doc.Diag
}

// Outside gives the links of all pages that leave the site, in the order of
// the pages. Only a site that is made with Options.Lint has them.
func (s *Site) Outside() []Outside {
	sort.SliceStable(s.outside, func(i, j int) bool {
		a, b := &s.outside[i].Diag, &s.outside[j].Diag
		if a.Source.Name != b.Source.Name {
			return a.Source.Name < b.Source.Name
		}
		return a.Off < b.Off
	})
	return s.outside
}

// lint looks for what a build lets pass: pictures that say nothing to those
// who do not see them. It also collects the links that leave the site.
func (e *env) lint() {
	var found []Outside
	source := map[int32]*doc.Source{}
	for n := range e.doc.Root.All() {
		address := ""
		switch n.Kind {
		case doc.KindImage:
			if alt, ok := n.Lookup("alt"); e.s.set.Check.Alt && (!ok || alt == n.Attr("uri") && alt != "") {
				e.warn(n, "image-alt", "The picture `"+n.Attr("uri")+"` has no text in its place.",
					"Say with `alt` what it shows; an empty one marks a decoration.")
			}
			address = n.Attr("uri")
		case doc.KindReference:
			address = n.Attr("refuri")
		case doc.KindCard, doc.KindGridItem, doc.KindButton:
			address = n.Attr(doc.AttrLink)
		}
		if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
			continue
		}
		src := source[n.Pos.File]
		if src == nil {
			src = e.s.source(e.p, n.Pos.File)
			source[n.Pos.File] = src
		}
		found = append(found, Outside{address, doc.Diag{Severity: doc.Warning, Code: "link-outside", Source: src, Off: int(n.Pos.Off)}})
	}
	e.s.mu.Lock()
	e.s.outside = append(e.s.outside, found...)
	e.s.mu.Unlock()
}
