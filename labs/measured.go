package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/labs/report"
)

// A reading is a measured role whose text is not what the newest run measured.
type reading struct {
	file    string // on this machine
	name    string // below the content root
	line    int    // 1-based
	off     int    // of the text in the file, in bytes
	was, is string
}

// readings finds the measured roles of a page that are to change. The numbers
// are those that the site shows.
func (l *lesson) readings(o blessOptions, reports []report.Page) []reading {
	var roles []*doc.Node
	var exprs []string
	for n := range l.doc.Root.Find(doc.KindPendingXref) {
		if n.Attr(doc.AttrRefDomain) == "lab" && n.Attr(doc.AttrRefType) == "measured" {
			roles, exprs = append(roles, n), append(exprs, n.Attr(doc.AttrRefTarget))
		}
	}
	digests := map[string]string{}
	for _, s := range l.steps {
		digests[s.ID] = s.Digest
	}
	fresh := func(id, digest string) bool { return digests[id] == digest }
	var mine []report.Page
	for _, r := range reports {
		if o.engine == "" || r.Machine.Engine == o.engine {
			mine = append(mine, r)
		}
	}
	runs := report.Measuring(mine, l.doc.Name(), exprs, fresh)
	var out []reading
	for i, n := range roles {
		src, line, _ := l.doc.Locate(n.Pos)
		at, was, ok := sampleOf(src.Text[n.Pos.Off:], exprs[i])
		if !ok {
			continue
		}
		for _, r := range runs {
			if is, err := r.Measured(exprs[i], fresh); err == nil {
				if is != was {
					out = append(out, reading{filepath.Join(l.root, filepath.FromSlash(src.Name)), src.Name, line, int(n.Pos.Off) + at, was, is})
				}
				break
			}
		}
	}
	return out
}

// roleText is the text of a role that begins here, in either language.
var roleText = regexp.MustCompile("^[^`\n]*`([^`\n]*)`")

// sampleOf finds the text before the angle brackets of a role at the start of a
// source. One that is broken over lines is left alone.
func sampleOf(source, expr string) (at int, sample string, ok bool) {
	m := roleText.FindStringSubmatchIndex(source)
	if m == nil {
		return 0, "", false
	}
	sample, found := strings.CutSuffix(source[m[2]:m[3]], "<"+expr+">")
	sample = strings.TrimRight(sample, " ")
	return m[2], sample, found && sample != ""
}

// showReading prints one change as a difference.
func (v *view) showReading(r reading) {
	fmt.Fprintln(v.out, v.paint(bold, fmt.Sprintf("%s:%d", r.name, r.line)))
	v.diff("- " + r.was + "\n+ " + r.is)
	fmt.Fprintln(v.out)
}

// put writes readings into the text of their file.
func put(text, file string, readings []reading) string {
	slices.SortStableFunc(readings, func(a, b reading) int { return b.off - a.off }) // so that places stay what they are
	for _, r := range readings {
		if r.file == file && strings.HasPrefix(text[r.off:], r.was) {
			text = text[:r.off] + r.is + text[r.off+len(r.was):]
		}
	}
	return text
}
