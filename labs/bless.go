package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"docent/labs/match"
	"docent/labs/report"
	"docent/labs/run"
	"docent/labs/step"
)

type blessOptions struct {
	source, reports, engine string
	check, failed, noColor  bool
}

func blessCommand(stdout, stderr io.Writer) *cobra.Command {
	var o blessOptions
	cmd := &cobra.Command{
		Use:   "bless [PAGE...]",
		Short: "Put what a run printed into the samples of the pages",
		Long: `bless rewrites the sample outputs of pages, in the source, with what the newest
report says was printed. It shows each change first. What you left out of a
sample stays out; its wrapping, its indentation, tolerances and variables stay.
The numbers in the text that a measured role shows become what was measured.
Nothing else on the page changes, and a second time nothing does.

Run "labs verify" first: a report of other commands than the page has now is not
used.`,
		Example: "  labs bless containers_on_bcp\n  labs bless --check\n  labs bless tutorial.md --failed --engine podman",
		RunE: func(_ *cobra.Command, args []string) error {
			return bless(o, args, newView(stdout, stderr, o.noColor))
		},
		ValidArgsFunction: pageNames(&o.source),
	}
	f := cmd.Flags()
	f.StringVar(&o.source, "source", "content", "folder with the pages")
	f.StringVar(&o.reports, "reports", "labs/reports", "folder with the reports")
	f.StringVar(&o.engine, "engine", "", "use the report of this engine only: docker, podman or oci")
	f.BoolVar(&o.check, "check", false, "only tell what would change; exit code 1 if anything would")
	f.BoolVar(&o.failed, "failed", false, "rewrite only samples that do not match what came")
	f.BoolVar(&o.noColor, "no-color", false, "no colours")
	cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"docker", "podman", "oci"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// An edit is one sample with its new text.
type edit struct {
	step   *step.Step
	sample step.Sample
	text   string
	file   string // on this machine
}

func bless(o blessOptions, args []string, v *view) error {
	pages, err := lessons(o.source, args)
	if err != nil {
		return err
	}
	reports, errs := report.ReadDir(o.reports)
	for _, err := range errs {
		fmt.Fprintf(v.err, "labs: %v\n", err)
	}
	changed, refused := 0, 0
	var files []string
	for _, l := range pages {
		edits, skipped := l.edits(o, reports)
		for _, e := range edits {
			v.showEdit(l, e)
		}
		for _, s := range skipped {
			refused++
			fmt.Fprintf(v.err, "labs: %s\n", s)
		}
		var readings []reading
		if !o.failed { // any number is what a role shows
			readings = l.readings(o, reports)
		}
		for _, r := range readings {
			v.showReading(r)
		}
		changed += len(edits) + len(readings)
		if o.check || len(edits)+len(readings) == 0 {
			continue
		}
		written, err := l.write(edits, readings)
		if err != nil {
			return err
		}
		files = append(files, written...)
		if err := l.keepEvidence(o.reports, reports); err != nil {
			return err
		}
	}
	switch {
	case changed == 0 && len(reports) == 0:
		return &fault{exitFault, fmt.Errorf("there is no report in %s; run labs verify first", o.reports)}
	case changed == 0:
		fmt.Fprintln(v.out, "Every sample says what came.")
	case o.check:
		return &fault{exitFault, fmt.Errorf("%s not what came; \"labs bless\" rewrites %s", plural(changed, "sample is", "samples are"), pick(changed == 1, "it", "them"))}
	default:
		fmt.Fprintf(v.out, "%s rewritten in %s.\n", plural(changed, "sample was", "samples were"), strings.Join(files, ", "))
	}
	if refused > 0 {
		return errAtFault
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// edits gives the samples of a page that are to change, and why others cannot.
func (l *lesson) edits(o blessOptions, reports []report.Page) (edits []edit, skipped []string) {
	found := report.Find(reports, l.doc.Name(), l.names())
	for i := range l.steps {
		s := &l.steps[i]
		if s.Expect == "" || s.Opt.Match == string(match.Regex) || s.Opt.Match == string(match.None) {
			continue
		}
		ev := o.evidence(found[i])
		if ev == nil {
			continue
		}
		samples, ok := s.Samples()
		if !ok {
			skipped = append(skipped, fmt.Sprintf("%s:%d: the sample is not in the source as it is shown, so it is not rewritten; edit it by hand", s.Source.Name, s.Line))
			continue
		}
		for _, smp := range samples {
			came, ok := printed(s, ev, smp)
			if !ok {
				skipped = append(skipped, fmt.Sprintf("%s:%d: the report does not tell the outputs of its commands apart; run labs verify again", s.Source.Name, s.Line))
				break
			}
			opt := run.MatchOptions(s)
			opt.Vars, opt.Saves = l.variables(ev), nil
			if o.failed && match.Compare(smp.Text, came, opt).OK {
				continue
			}
			if text := match.Rewrite(smp.Text, came, opt); text != smp.Text {
				edits = append(edits, edit{s, smp, text, filepath.Join(l.root, filepath.FromSlash(s.Body.Name))})
			}
		}
	}
	return edits, skipped
}

// names are how reports are asked about the steps of the page.
func (l *lesson) names() []report.Name {
	out := make([]report.Name, len(l.steps))
	for i, s := range l.steps {
		out[i] = report.Name{ID: s.ID, Place: s.Place, Digest: s.Digest, Sample: s.Sample}
	}
	return out
}

// evidence is the newest of what was found about a step that really ran and is
// still what the page says.
func (o *blessOptions) evidence(found []report.Evidence) *report.Evidence {
	for _, ev := range found {
		ran := ev.Step.Verdict.OK() || ev.Step.Verdict == report.Failed && ev.Step.Diff != ""
		if !ev.Stale && ran && ev.Step.Output != "" && (o.engine == "" || ev.Page.Machine.Engine == o.engine) {
			return &ev
		}
	}
	return nil
}

// printed is what the command of a sample printed in a run.
func printed(s *step.Step, ev *report.Evidence, smp step.Sample) (string, bool) {
	switch {
	case smp.Command < 0 || len(s.Commands) == 1:
		return ev.Step.Output, true
	case smp.Command < len(ev.Step.Outputs):
		return ev.Step.Outputs[smp.Command], true
	}
	return "", false
}

// variables are the values for ${NAME} in samples, as far as they are known
// without a run.
func (l *lesson) variables(ev *report.Evidence) map[string]string {
	vars := map[string]string{}
	for k, v := range l.platformValues() {
		vars[k] = v
	}
	for k, v := range ev.Page.Values {
		vars[k] = v
	}
	return vars
}

// showEdit prints one change as a difference.
func (v *view) showEdit(l *lesson, e edit) {
	fmt.Fprintln(v.out, v.paint(bold, fmt.Sprintf("%s:%d", e.step.Body.Name, e.sample.Line)))
	before, after := strings.Split(e.sample.Text, "\n"), strings.Split(e.text, "\n")
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	var b strings.Builder
	context := func(ls []string) {
		for _, x := range ls {
			b.WriteString("  " + x + "\n")
		}
	}
	context(before[max(0, head-2):head])
	for _, x := range before[head : len(before)-tail] {
		b.WriteString("- " + x + "\n")
	}
	for _, x := range after[head : len(after)-tail] {
		b.WriteString("+ " + x + "\n")
	}
	end := len(before) - tail
	context(before[end:min(len(before), end+2)])
	v.diff(b.String())
	fmt.Fprintln(v.out)
}

// write puts the new samples into the files, and reads the page again: should
// anything but these samples have changed, the files are put back.
func (l *lesson) write(edits []edit, readings []reading) (files []string, err error) {
	before := map[string][]byte{}
	defer func() {
		if err == nil {
			return
		}
		for file, data := range before {
			err = errors.Join(err, os.WriteFile(file, data, 0o644))
		}
	}()
	// From the bottom up, so that lines stay where they are.
	slices.SortStableFunc(edits, func(a, b edit) int { return b.sample.Line - a.sample.Line })
	for _, e := range edits {
		files = append(files, e.file)
	}
	for _, r := range readings {
		files = append(files, r.file)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the page: %w", err)
		}
		before[file] = data
	}
	for _, file := range files {
		text := put(string(before[file]), file, readings)
		for _, e := range edits {
			if e.file == file {
				text = e.apply(text)
			}
		}
		if err := replace(file, text); err != nil {
			return nil, err
		}
	}
	again, err := readLesson(l.root, filepath.Join(l.root, filepath.FromSlash(l.doc.Name())))
	if err != nil {
		return nil, err
	}
	if why := onlySamples(l, again, edits); why != "" {
		return nil, &fault{exitFault, fmt.Errorf("%s: the samples are not rewritten, since %s; edit them by hand", l.doc.Name(), why)}
	}
	*l = *again
	return files, nil
}

// apply puts one sample into the text of its file.
func (e edit) apply(text string) string {
	lines := strings.SplitAfter(text, "\n")
	end := "\n"
	if strings.HasSuffix(lines[e.sample.Line-1], "\r\n") {
		end = "\r\n"
	}
	var out []string
	for l := range strings.SplitSeq(e.text, "\n") {
		out = append(out, strings.TrimRight(e.sample.Indent+l, " \t")+end)
		if l != "" && strings.TrimRight(l, " \t") != l { // blanks at line ends are the author's
			out[len(out)-1] = e.sample.Indent + l + end
		}
	}
	last := e.sample.Line - 1 + e.sample.Lines
	if last == len(lines) && !strings.HasSuffix(lines[last-1], "\n") {
		out[len(out)-1] = strings.TrimSuffix(out[len(out)-1], end)
	}
	return strings.Join(slices.Concat(lines[:e.sample.Line-1], out, lines[last:]), "")
}

// replace writes a file as a whole, with the mode that it has.
func replace(file, text string) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	tmp := file + ".bless"
	if err := os.WriteFile(tmp, []byte(text), mode); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if err := os.Rename(tmp, file); err != nil {
		os.Remove(tmp)
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// onlySamples says what else than the samples of the edits has changed.
func onlySamples(before, after *lesson, edits []edit) string {
	if len(before.steps) != len(after.steps) {
		return "the page would have another number of listings"
	}
	for i := range before.steps {
		a, b := &before.steps[i], &after.steps[i]
		if a.ID != b.ID || a.Digest != b.Digest || a.Role != b.Role {
			return fmt.Sprintf("the listing at line %d would be read as another one", a.Line)
		}
		touched := slices.ContainsFunc(edits, func(e edit) bool { return e.step == a })
		if !touched && a.Text != b.Text {
			return fmt.Sprintf("the listing at line %d would change too", a.Line)
		}
	}
	return ""
}

// keepEvidence tells the reports of a page that its samples are new: those
// whose outputs match them were compared with them, as it were.
func (l *lesson) keepEvidence(dir string, reports []report.Page) error {
	for i := range reports {
		p := &reports[i]
		if p.Page != l.doc.Name() {
			continue
		}
		dirty := false
		for j := range p.Steps {
			r := &p.Steps[j]
			for k := range l.steps {
				s := &l.steps[k]
				if s.ID == r.ID && s.Digest == r.Digest && s.Sample != r.Sample && r.Verdict.OK() && l.agrees(s, &report.Evidence{Page: p, Step: r}) {
					r.Sample, dirty = s.Sample, true
				}
			}
		}
		if !dirty {
			continue
		}
		path := filepath.Join(dir, report.FileName(p.Page, p.Machine.Engine, len(p.Machine.GPUs) > 0))
		if _, err := os.Stat(path); err != nil {
			continue // its file has a name of the user's own
		}
		if err := report.Write(path, p); err != nil {
			return err
		}
	}
	return nil
}

// agrees compares all samples of a step with what a run printed.
func (l *lesson) agrees(s *step.Step, ev *report.Evidence) bool {
	samples, ok := s.Samples()
	for _, smp := range samples {
		came, known := printed(s, ev, smp)
		opt := run.MatchOptions(s)
		opt.Vars, opt.Saves = l.variables(ev), nil
		ok = ok && known && match.Compare(smp.Text, came, opt).OK
	}
	return ok
}
