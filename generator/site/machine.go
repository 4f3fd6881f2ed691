package site

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"docent/generator/doc"
	"docent/generator/plain"
	"docent/labs/report"
)

// markdownName is where a page stands as Markdown, beside its HTML.
func (p *page) markdownName() string {
	if strings.HasSuffix(p.url, "/") || p.url == "" {
		return p.url + "index.md"
	}
	return p.url + ".md"
}

// markdown appends a page for programs that read: the same text, and under
// each listing what a lab says about it.
func (e *env) markdown(b []byte, v *view) []byte {
	b = append(b, "---\n"...)
	put := func(key, value string) {
		if value != "" {
			b = append(append(b, key...), ": "...)
			b = append(strconv.AppendQuote(b, value), '\n')
		}
	}
	put("title", v.Title)
	put("description", v.Desc)
	put("url", v.Canonical)
	put("modified", v.Modified)
	if e.ran {
		if t := e.count(); t.listings > 0 {
			put("lab", fmt.Sprintf("%d of %d listings ran, last on %s", t.ran, t.listings, t.newest.UTC().Format("2 January 2006")))
		}
	}
	b = append(b, "---\n\n"...)
	w := plain.Writer{Env: e, After: e.evidenceText}
	return w.Document(b, e.doc)
}

// evidenceText says what a lab found, in words, and what it printed.
func (e *env) evidenceText(n *doc.Node) string {
	ev, ok := e.byBox[n]
	if !ok || !e.ran || ev.role == "example" {
		return ""
	}
	if len(ev.found) == 0 {
		return "Lab: " + verdictWords[verdictNone] + "."
	}
	var out []string
	for i, x := range ev.found {
		if i > 0 && x.Stale {
			continue
		}
		lines := evidenceLines(x)
		if i > 0 { // what it printed stands there once
			lines = lines[:1]
		}
		out = append(out, lines...)
	}
	return strings.Join(out, "\n\n")
}

func evidenceLines(x report.Evidence) []string {
	st := x.Step
	words := []string{verdictWords[verdictOf(x)], where(x.Page, st), ranAt(x.Page, st).UTC().Format("2 January 2006")}
	if st.Duration > 0 {
		words = append(words, duration(st.Duration))
	}
	if st.Exit != nil {
		words = append(words, "exit code "+strconv.Itoa(*st.Exit))
	}
	words = slices.DeleteFunc(words, func(s string) bool { return s == "" })
	line := "Lab: " + strings.Join(words, ", ") + "."
	if st.Why != "" {
		line += " " + strings.ToUpper(st.Why[:1]) + st.Why[1:]
		if !strings.HasSuffix(line, ".") {
			line += "."
		}
	}
	out := []string{line}
	if st.Command != "" && st.Role != "transcript" && st.Verdict == report.Failed {
		out = append(out, "It typed:", plain.Fence("shell", st.Command))
	}
	if st.Output != "" {
		out = append(out, "It printed:", plain.Fence("text", st.Output))
	}
	return out
}

var brackets = strings.NewReplacer("[", `\[`, "]", `\]`)

// llms lists the pages with what they are about, for programs that read.
func (s *Site) llms() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", s.siteTitle())
	about := s.set.Description
	if about == "" && s.home != nil {
		about = s.home.desc
	}
	if about != "" {
		fmt.Fprintf(&b, "> %s\n\n", about)
	}
	b.WriteString("## Pages\n\n")
	for _, p := range s.flat {
		name := p.url
		if s.set.Markdown {
			name = p.markdownName()
		}
		at := s.absolute(name)
		if s.opt.BaseURL == "" {
			at = relative("", name)
		}
		fmt.Fprintf(&b, "- [%s](%s)", brackets.Replace(p.title), at)
		if p.desc != "" {
			b.WriteString(": " + p.desc)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
