package site

import (
	"fmt"
	"strings"

	"docent/generator/doc"
	"docent/generator/html"
	"docent/labs/report"
)

// measured resolves a measured role: the number comes from a run of the page,
// and leads to it. Without a run that measured it the sample of the page
// stands there, and a diagnostic says so.
func (e *env) measured(n *doc.Node, expr string) (html.Link, bool) {
	if e.runs == nil {
		e.runs = e.measuringRuns()
	}
	var why error
	for _, r := range e.runs {
		v, err := r.Measured(expr, e.isFresh)
		if err != nil {
			if why == nil {
				why = err
			}
			continue
		}
		return html.Link{Href: relative(e.p.url, "lab-report/") + "#" + reportID(r), Plain: v, Classes: []string{"measured"},
			Title: "Measured on " + r.Started.UTC().Format("2 January 2006") + ", " + where(r, &report.Step{})}, true
	}
	if why == nil || e.saved[expr] {
		// Nobody has run the page yet, or not the step that measures it where
		// it can be run: that is no mistake in it.
		e.Report(n, doc.Info, "measured-no-run", fmt.Sprintf("No lab report has `%s`, so the sample stands there.", expr), "Run labs verify on this page.")
		return html.Link{}, false
	}
	message := why.Error()
	if _, rest, ok := strings.Cut(message, ": "); ok {
		message = rest // the column in the expression
	}
	e.warn(n, "measured-missing", fmt.Sprintf("No run of this page has measured `%s`: %s.", expr, message), "Run labs verify again, or correct the expression.")
	return html.Link{}, false
}

// measuringRuns are the runs of the page that measured any of its numbers.
func (e *env) measuringRuns() []*report.Page {
	var exprs []string
	for n := range e.doc.Root.Find(doc.KindPendingXref) {
		if n.Attr(doc.AttrRefDomain) == "lab" {
			exprs = append(exprs, n.Attr(doc.AttrRefTarget))
		}
	}
	return report.Measuring(e.s.reports, e.p.name, exprs, e.isFresh) // newest first
}

// isFresh reports whether a step is on the page as it was when it ran.
func (e *env) isFresh(id, digest string) bool { return e.digests[id] == digest }
