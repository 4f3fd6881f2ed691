package run

import (
	"context"
	"fmt"
	"maps"
	"regexp"

	"docent/labs/match"
	"docent/labs/report"
	"docent/labs/step"
)

// notInNames is what stands between the names in a claim.
var notInNames = regexp.MustCompile(`[()+*<>=,\s]+`)

// checkAsserts judges the claims of a step, over sizes of images and captured
// values: size(efficient) < size(simple)/10.
func (r *runner) checkAsserts(ctx context.Context, s step.Step, out *report.Step) {
	if len(s.Opt.Asserts) == 0 || out.Verdict == report.Skipped || out.Verdict == report.Unreached {
		return
	}
	values := map[string]string{}
	for _, f := range r.done {
		maps.Copy(values, f.report.Values)
	}
	maps.Copy(values, out.Values)
	r.measure(ctx, nil) // a claim may be about images that another step built
	env := match.Env{Size: r.size, Value: func(name string) (string, bool) { v, ok := values[name]; return v, ok }}
	for _, expr := range s.Opt.Asserts {
		res, err := match.Assert(expr, env)
		if err != nil {
			res = match.Claim{Shown: err.Error()}
		}
		out.Asserts = append(out.Asserts, report.Assert{Expr: expr, OK: res.OK, Shown: res.Shown})
		if l, ok := r.broken.promised(notInNames.ReplaceAllString(expr, " ")); !res.OK && !ok {
			out.Verdict, out.Why = l.verdict, fmt.Sprintf("the claim %s is about what is not there, since %s", expr, l.why)
			return
		}
		if !res.OK && out.Verdict != report.Failed {
			out.Verdict, out.Blame = report.Failed, report.BlamePage
			out.Why = fmt.Sprintf("the claim %s does not hold: %s", expr, res.Shown)
		}
	}
}
