package run

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"docent/labs/report"
	"docent/labs/step"
)

// broken is what the steps that failed, or were skipped, should have left
// behind: later steps that need it are not reached, the others still run.
type broken struct {
	words map[string]string // variable, image, file or session -> why it is missing
}

var (
	assigned = regexp.MustCompile(`(?m)(?:^|[;&|\s(])(?:export\s+|declare\s+(?:-\S+\s+)*|read\s+(?:-\S+\s+)*)?([A-Za-z_][A-Za-z0-9_]*)=`)
	built    = regexp.MustCompile(`(?:\s-t|\s--tag)[ =](\S+)`)
	written  = regexp.MustCompile(`(?:>>?|\btee(?:\s+-a)?)\s*([A-Za-z0-9_./-]+)`)
	uses     = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

// leaves lists what a step would leave behind.
func leaves(s step.Step) []string {
	var out []string
	if s.Role == step.File {
		return []string{s.File}
	}
	for _, c := range s.Commands {
		for _, m := range assigned.FindAllStringSubmatch(c.Text, -1) {
			out = append(out, "$"+m[1])
		}
		if strings.Contains(c.Text, "build") {
			for _, m := range built.FindAllStringSubmatch(c.Text, -1) {
				out = append(out, m[1])
			}
		}
		for _, m := range written.FindAllStringSubmatch(c.Text, -1) {
			if !strings.HasPrefix(m[1], "/dev/") {
				out = append(out, m[1])
			}
		}
	}
	if s.Opens != "" {
		out = append(out, "session "+s.Opens)
	}
	if s.Session == step.Job {
		out = append(out, "session "+step.Job)
	}
	return out
}

// add notes that a step failed, or was not reached, for a reason.
func (b *broken) add(s step.Step, why string) {
	for _, w := range leaves(s) {
		b.words[w] = why
	}
}

// failed notes that a step failed, or was not reached.
func (b *broken) failed(s step.Step, v report.Verdict) {
	what := "failed"
	if v == report.Unreached {
		what = "was not reached"
	}
	b.add(s, fmt.Sprintf("the step at line %d %s", s.Line, what))
}

// skipped notes that a step was skipped: what it would have left is not there.
// A variable that was set before keeps its value.
func (b *broken) skipped(s step.Step, why string, vars map[string]string) {
	for _, w := range leaves(s) {
		if name, ok := strings.CutPrefix(w, "$"); !ok || vars[name] == "" {
			b.words[w] = fmt.Sprintf("the step at line %d was skipped: %s", s.Line, why)
		}
	}
}

// mended notes that a step did its work after all.
func (b *broken) mended(s step.Step) {
	for _, w := range leaves(s) {
		delete(b.words, w)
	}
}

// reaches says why a step cannot be reached, or "" if it can.
func (b *broken) reaches(s step.Step) string {
	if len(b.words) == 0 || s.Opt.Cleanup {
		return ""
	}
	if why := b.words["session "+s.Session]; why != "" {
		return why
	}
	for _, n := range s.Opt.Needs {
		if why := b.words["session "+step.Job]; n.Name == "job" && why != "" {
			return why
		}
	}
	for _, img := range s.Images {
		if why := b.words[img]; why != "" {
			return why
		}
	}
	own := map[string]bool{}
	for _, c := range s.Commands {
		for _, m := range uses.FindAllStringSubmatch(c.Text, -1) {
			if why := b.words["$"+m[1]]; why != "" && !own[m[1]] {
				return why
			}
		}
		for word := range strings.FieldsSeq(c.Text) {
			if why := b.words[strings.Trim(word, `"'`)]; why != "" {
				return why
			}
		}
		for _, m := range assigned.FindAllStringSubmatch(c.Text, -1) {
			own[m[1]] = true
		}
	}
	return ""
}

// loaded names the image that a step would have built and that was put into
// the engine beforehand; "" if there is none.
func (r *runner) loaded(s step.Step) string {
	vars := r.shells[step.Host].variables()
	for _, c := range s.Commands {
		for _, m := range built.FindAllStringSubmatch(c.Text, -1) {
			ref := os.Expand(m[1], func(k string) string { return vars[k] })
			if slices.Contains(r.deps.Loaded, ref) {
				return ref
			}
		}
	}
	return ""
}
