package run

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"docent/labs/report"
	"docent/labs/step"
)

// broken is what the steps that failed, or were skipped, should have left
// behind: later steps that need it are not reached, the others still run.
type broken struct {
	words map[string]lack // by variable, image, file or session
	// missing are files that the page shows or offers and that are not there,
	// by the name that a reader has on disk: why. A step may fetch them yet.
	missing map[string]string
	there   func(name string) bool // is such a file in the working folder?
}

// A lack is why something is not there, and what that makes of a step that
// needs it: what depends on a step that was skipped is skipped itself.
type lack struct {
	why     string
	verdict report.Verdict
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

// add notes that a step did not do its work, for a reason.
func (b *broken) add(s step.Step, l lack) {
	for _, w := range leaves(s) {
		b.words[w] = l
	}
}

// failed notes that a step failed, or was not reached.
func (b *broken) failed(s step.Step, v report.Verdict) {
	what := "failed"
	if v == report.Unreached {
		what = "was not reached"
	}
	b.add(s, lack{fmt.Sprintf("the step at line %d %s", s.Line, what), report.Unreached})
}

// skipped notes that a step was skipped: what it would have left is not there.
// A variable that was set before keeps its value.
func (b *broken) skipped(s step.Step, why string, vars map[string]string) {
	for _, w := range leaves(s) {
		if name, ok := strings.CutPrefix(w, "$"); !ok || vars[name] == "" {
			b.words[w] = lack{fmt.Sprintf("the step at line %d was skipped: %s", s.Line, why), report.Skipped}
		}
	}
}

// mended notes that a step did its work after all.
func (b *broken) mended(s step.Step) {
	for _, w := range leaves(s) {
		delete(b.words, w)
	}
}

// reaches says why a step cannot be reached; ok is true if it can.
func (b *broken) reaches(s step.Step) (l lack, ok bool) {
	if len(b.words)+len(b.missing) == 0 || s.Opt.Cleanup {
		return lack{}, true
	}
	if l, gone := b.words["session "+s.Session]; gone {
		return l, false
	}
	for _, n := range s.Opt.Needs {
		if l, gone := b.words["session "+step.Job]; n.Name == "job" && gone {
			return l, false
		}
	}
	for _, img := range s.Images {
		if l, gone := b.words[img]; gone {
			return l, false
		}
	}
	own := map[string]bool{}
	for _, w := range leaves(s) {
		own[w] = !strings.HasPrefix(w, "$") // a file that it makes anew
	}
	for _, c := range s.Commands {
		for _, m := range uses.FindAllStringSubmatch(c.Text, -1) {
			if l, gone := b.words["$"+m[1]]; gone && !own["$"+m[1]] {
				return l, false
			}
		}
		for word := range strings.FieldsSeq(c.Text) {
			word = strings.Trim(word, `"'`)
			if l, gone := b.words[word]; gone {
				return l, false
			}
			if _, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(word, "-") {
				word = value
			}
			if why := b.missing[word]; why != "" && !own[word] && !fetches.MatchString(c.Text) && !b.there(word) {
				return lack{why, report.Unreached}, false
			}
		}
		for _, m := range assigned.FindAllStringSubmatch(c.Text, -1) {
			own["$"+m[1]] = true
		}
	}
	return lack{}, true
}

// fetches finds commands that a reader gets a file with.
var fetches = regexp.MustCompile(`(?:^|[\s;&|(])(?:wget|curl|touch|cp|mv|ln|tee|git|scp|rsync|install)\s`)

// promised says why what a sample shows cannot come: an image or a file in it
// is not there. ok is true if nothing is known to lack.
func (b *broken) promised(sample string) (l lack, ok bool) {
	if sample == "" {
		return lack{}, true
	}
	words := map[string]bool{}
	for w := range strings.FieldsSeq(sample) {
		words[strings.Trim(w, `"'`)] = true
		words[path.Base(w)] = true
	}
	for w, l := range b.words {
		if strings.HasPrefix(w, "$") || strings.HasPrefix(w, "session ") {
			continue
		}
		if words[w] {
			return l, false
		}
		// A table of images shows names and tags apart, and with values of the
		// author's: the tag has to do, if it says anything.
		if repo, tag, ok := cutTag(w); strings.Contains(repo, "/") && (ok && tag != "latest" && words[tag] || words[path.Base(repo)]) {
			return l, false
		}
	}
	for name, why := range b.missing {
		if words[name] && !b.there(name) {
			return lack{why, report.Unreached}, false
		}
	}
	return lack{}, true
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
