package site

import (
	"path"
	"slices"
	"strings"
)

// withoutDrafts leaves out the pages that say `draft: true`, unless drafts are
// asked for.
func (s *Site) withoutDrafts() {
	s.drafts = map[string]bool{}
	s.pages = slices.DeleteFunc(s.pages, func(p *page) bool {
		draft := s.isDraftPage(p)
		if draft {
			s.drafts[p.docname] = true
		}
		return draft
	})
}

// isDraftPage reports whether a page is left out, as a draft.
func (s *Site) isDraftPage(p *page) bool { return !s.set.Drafts && p.facts.says("draft") }

// says reports whether a page's field is set: it stands there, and its value
// is none that means no.
func (f *facts) says(field string) bool {
	v := f.meta.get(field)
	return f.meta.has(field) && (v == "" || isSet(v))
}

// isSet reports whether a field's value means yes.
func isSet(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "", "false", "no", "off", "0":
		return false
	}
	return true
}

// isDraft reports whether a name that stands in a page is that of a page which
// is left out.
func (s *Site) isDraft(from *page, ref string) bool {
	if strings.HasPrefix(ref, "/") {
		ref = strings.TrimPrefix(path.Clean(ref), "/")
	} else {
		ref = path.Join(path.Dir(from.name), ref)
	}
	return s.drafts[ref] || s.drafts[trimSuffix(ref)]
}
