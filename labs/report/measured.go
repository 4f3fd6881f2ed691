package report

import (
	"path"
	"strings"

	"docent/labs/match"
)

// Measured gives the value of an expression in one run: a captured value by
// its name, size(IMAGE), or what is calculated from them. fresh reports whether
// a step is still what it was when it ran; a value that a step captured which
// is not counts as missing.
func (p *Page) Measured(expr string, fresh func(id, digest string) bool) (string, error) {
	return match.Value(expr, match.Env{
		Size: p.Size,
		Value: func(name string) (string, bool) {
			for i := len(p.Steps) - 1; i >= 0; i-- {
				s := &p.Steps[i]
				if v, ok := s.Values[name]; ok && s.Verdict.OK() && (fresh == nil || fresh(s.ID, s.Digest)) {
					return v, true
				}
			}
			return "", false
		},
	})
}

// Measuring gives the runs of a page that measured any of some expressions, those
// that measured most of them first, so that numbers which are compared with each
// other come from one run; among equals in the order given.
func Measuring(reports []Page, page string, exprs []string, fresh func(id, digest string) bool) []*Page {
	by := map[int][]*Page{}
	for i := range reports {
		r := &reports[i]
		if r.Page != page {
			continue
		}
		count := 0
		for _, x := range exprs {
			if _, err := r.Measured(x, fresh); err == nil {
				count++
			}
		}
		by[count] = append(by[count], r)
	}
	runs := []*Page{}
	for count := len(exprs); count >= 0; count-- {
		runs = append(runs, by[count]...)
	}
	return runs
}

// Size gives the size in bytes of an image of the run by its reference, its
// tag, or the last part of its name.
func (p *Page) Size(name string) (int64, bool) {
	for i := range p.Images {
		if p.Images[i].Ref == name {
			return p.Images[i].SizeBytes, true
		}
	}
	for i := range p.Images {
		ref := p.Images[i].Ref
		repo, tag := ref, ""
		if j := strings.LastIndexByte(ref, ':'); j > strings.LastIndexByte(ref, '/') {
			repo, tag = ref[:j], ref[j+1:]
		}
		if tag == name || path.Base(repo) == name || path.Base(ref) == name {
			return p.Images[i].SizeBytes, true
		}
	}
	return 0, false
}
