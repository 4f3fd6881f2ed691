// Package run carries the plan of a page out: it puts the page's files where a
// reader would have them, types its commands into real shells, compares what
// comes with what the page promises, and says how each listing fared.
//
// A page has one scratch folder, in which everything happens:
//
//	work/   the folder a reader works in, with the page's downloads
//	home/   the reader's home
//	tmp/    temporary files
//	bin/    docker and ngc: labs under another name, which hand their calls to
//	        this package over a socket; and sudo, which finds them
//	state/  what the sessions keep from step to step
//
// Steps are carried out one after another, in the order of the page. Whatever
// happens, Page ends every process, terminal and job that it started.
package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"docent/generator/doc"
	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/match"
	"docent/labs/network"
	"docent/labs/ngc"
	"docent/labs/report"
	"docent/labs/step"
)

// DefaultTimeout is how long a step may take if nothing else is said.
const DefaultTimeout = 10 * time.Minute

// Deps is what a page's run works with. Engine, NGC, Scratch, Labs and Content
// must be there.
type Deps struct {
	Engine  engine.Engine
	Network *network.Network // nil: the sessions' requests go out as they are
	NGC     *ngc.Platform
	GPUs    []gpu.Device
	Labs    string // path of the labs program, for the session's docker and ngc
	// Programs are put on the session's PATH: name to path.
	Programs map[string]string
	Scratch  string // the page's folder, absolute, empty
	Content  string // content root, where downloads come from

	Values    []step.Value    // what the page sets for its lab
	Downloads []step.Download // what the page offers for download
	// Missing are files that the page shows or offers and that are not there:
	// the name that a reader has on disk, and a sentence that says so.
	Missing map[string]string
	// Loaded are the images that were put into the engine beforehand. A build
	// that is skipped is not missed if it would have made one of them.
	Loaded []string
	Ahead  bool   // build Dockerfiles before the page comes to them
	Visit  *Visit // stop at a step and open a shell there; nil does not
	// Resume has the page go on from where an earlier run was; nil runs all of
	// it, and keeps nothing.
	Resume *Resume

	Timeout time.Duration       // of a step; 0 is DefaultTimeout
	Limits  Limits              // of a step
	Mask    func(string) string // takes secrets out of a text; nil takes none
	Now     func() time.Time    // nil is time.Now
	Events  func(Event)         // nil drops them; called from several goroutines
}

// An Event says how far a page's run is.
type Event struct {
	Page   string
	Index  int // of the step in the plan, from 0
	Total  int
	Step   *step.Step
	Kind   EventKind
	Line   string       // of Output: one line, without terminal codes
	Result *report.Step // of StepDone
}

// An EventKind is what an Event is about.
type EventKind int

// The kinds of events.
const (
	StepStarted EventKind = iota
	StepOutput
	StepDone
)

type runner struct {
	deps    Deps
	socket  string
	started time.Time

	group      *stepGroup // of the step under way
	groups     int
	shells     map[string]*shell
	terminals  map[string]*terminal
	background []*process
	ahead      *ahead // nil builds nothing ahead

	called    atomic.Bool // has a step, or a program of one, called the engine or the platform?
	mu        sync.Mutex
	processes []*process          // all that were started, to be closed at the end
	current   *stepUse            // what the step under way uses
	taint     map[string][]string // image, as written -> stand-ins in it
	jobTaint  []string            // stand-ins in the image of the latest job
	termTaint map[string][]string // stand-ins in the image of a terminal's container
	images    map[string]*report.Image
	hosts     []string        // outside, of the runs that this one goes on from
	due       map[string]bool // images to be measured: see measure

	own    []string             // values that each reader has another of
	done   map[string]*finished // by step ID
	broken broken
}

// finished is what a later step may want to know of one that ran.
type finished struct {
	report  *report.Step
	output  string
	instead bool // another command ran than the page shows
}

// Page carries a plan out. The report is complete also when ctx ends early:
// what was not reached says so. The error is a failure of this machine or of
// labs, not of the page.
func Page(ctx context.Context, d *doc.Document, plan []step.Planned, deps Deps) (page report.Page, err error) {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Events == nil {
		deps.Events = func(Event) {}
	}
	if deps.Timeout == 0 {
		deps.Timeout = DefaultTimeout
	}
	deps.Limits = deps.Limits.filled()
	r := &runner{deps: deps, started: deps.Now(),
		shells: map[string]*shell{}, terminals: map[string]*terminal{},
		taint: map[string][]string{}, termTaint: map[string][]string{}, images: map[string]*report.Image{}, due: map[string]bool{},
		done: map[string]*finished{},
	}
	r.own = ownValues(plan, deps.Values)
	r.broken = broken{words: map[string]lack{}, missing: deps.Missing, there: func(name string) bool {
		_, err := os.Stat(filepath.Join(r.workDir(), name))
		return err == nil
	}}
	page = report.Page{Schema: report.Version, Page: d.Name(), Started: r.started.UTC().Truncate(time.Second)}
	defer func() { page.Duration = deps.Now().Sub(r.started).Milliseconds() }()

	if err := r.prepare(); err != nil {
		return page, err
	}
	desk, err := openDesk(context.WithoutCancel(ctx), r.socket, r.answer)
	if err != nil {
		return page, err
	}
	defer func() { // after everything that may call it has ended
		r.close()
		desk.close()
	}()
	first := 0 // the step that is run first
	if k := deps.Resume; k != nil {
		k.placed = map[string]unix.Stat_t{}
	}
	if k := deps.Resume; k != nil && k.From != nil {
		if err := r.resume(ctx); err != nil {
			return page, fmt.Errorf("%w: %w", ErrNotResumed, err)
		}
		first = k.From.After
	} else if err := r.place(); err != nil {
		return page, err
	}
	if deps.Ahead {
		if err := r.placeAhead(); err != nil {
			return page, err
		}
		r.ahead = r.buildAhead(ctx, plan, first)
		defer r.ahead.close()
	}
	left := false // the person who visits a session has been and gone
	for i, p := range plan {
		if deps.Visit != nil && (left || p.Step.ID == deps.Visit.Step) {
			if !left {
				if err := r.visit(ctx, p.Step); err != nil {
					return page, err
				}
				left = true
			}
			continue
		}
		ev := Event{Page: d.Name(), Index: i, Total: len(plan), Step: &plan[i].Step}
		ev.Kind = StepStarted
		deps.Events(ev)
		var res report.Step
		if i < first {
			res = r.repeat(i, p.Step)
		} else {
			r.ahead.reached(i)
			res = r.step(ctx, p, ev)
			r.hold(ctx, p, res, i+1)
		}
		ev.Kind, ev.Result = StepDone, &res
		deps.Events(ev)
		page.Steps = append(page.Steps, res)
	}
	if deps.Visit != nil && !left {
		if err := r.visit(ctx, step.Step{Session: step.Host}); err != nil {
			return page, err
		}
	}
	if ctx.Err() == nil { // else the report is not kept
		r.measure(ctx, nil)
	}
	r.conclude(&page)
	return page, nil
}

var usesUser = regexp.MustCompile(`\$\{?USER\b|\$\{?LOGNAME\b|\bwhoami\b`)

// ownValues are the values that a sample may show the author's of: the name of
// the user, where the page types it and does not set it.
func ownValues(plan []step.Planned, set []step.Value) []string {
	if slices.ContainsFunc(set, func(v step.Value) bool { return v.Name == "USER" }) {
		return nil
	}
	for _, p := range plan {
		for _, c := range p.Step.Commands {
			if usesUser.MatchString(c.Text) {
				return []string{readerName}
			}
		}
	}
	return nil
}

// prepare makes the scratch folder's parts.
func (r *runner) prepare() error {
	for _, d := range []string{"work", "home", "tmp", "bin", "state"} {
		if err := os.MkdirAll(filepath.Join(r.deps.Scratch, d), 0o755); err != nil {
			return fmt.Errorf("making the scratch folder: %w", err)
		}
	}
	for _, n := range shimNames {
		if n == "ngc" && r.deps.NGC == nil {
			continue
		}
		if err := os.Symlink(r.deps.Labs, filepath.Join(r.deps.Scratch, "bin", n)); err != nil {
			return fmt.Errorf("putting %s on the lab's PATH: %w", n, err)
		}
	}
	for name, path := range r.deps.Programs {
		if err := os.Symlink(path, filepath.Join(r.deps.Scratch, "bin", name)); err != nil {
			return fmt.Errorf("putting %s on the lab's PATH: %w", name, err)
		}
	}
	r.socket = filepath.Join(r.deps.Scratch, "lab.sock")
	if len(r.socket) > 100 { // the kernel's bound is 107 bytes
		return fmt.Errorf("the scratch folder's path is too long for a socket: %s; set TMPDIR to a shorter one", r.deps.Scratch)
	}
	host := &shell{filepath.Join(r.deps.Scratch, "state", "host")}
	r.shells[step.Host] = host
	return os.WriteFile(host.state, []byte(initialState(r.environment(), r.workDir())), 0o600)
}

// place puts the page's downloads into the working folder.
func (r *runner) place() error {
	for _, d := range r.deps.Downloads {
		if err := r.download(d.From, d.Name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		} // one that is missing is in deps.Missing
		r.markDownload(d.Name)
	}
	return nil
}

// placeAhead puts the downloads where builds that are done ahead find them: what
// a step changes in the working folder is no business of theirs.
func (r *runner) placeAhead() error {
	for _, d := range r.deps.Downloads {
		if err := r.fetch(d.From, filepath.Join(r.deps.Scratch, "ahead"), d.Name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// download puts one file of the content folder into the working folder.
func (r *runner) download(from, name string) error { return r.fetch(from, r.workDir(), name) }

func (r *runner) fetch(from, folder, name string) error {
	if !filepath.IsLocal(filepath.FromSlash(from)) || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("the download %s as %s leads out of its folder", from, name)
	}
	src, err := filepath.EvalSymlinks(filepath.Join(r.deps.Content, filepath.FromSlash(from)))
	if err != nil {
		return fmt.Errorf("the download %s: %w", from, err)
	}
	root, err := filepath.EvalSymlinks(r.deps.Content)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(root, src); err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("the download %s leads out of the content folder", from)
	}
	return copyFile(src, filepath.Join(folder, filepath.FromSlash(name)))
}

// close ends what the page's steps left running.
func (r *runner) close() {
	for _, t := range r.terminals {
		t.kill()
	}
	for _, p := range r.background {
		p.kill()
	}
	EndProcesses(r.deps.Scratch)
	r.mu.Lock()
	all := r.processes
	r.mu.Unlock()
	for _, p := range all {
		p.close()
	}
}

func (r *runner) keep(p *process) {
	r.mu.Lock()
	r.processes = append(r.processes, p)
	r.mu.Unlock()
}

// step carries one planned step out.
func (r *runner) step(ctx context.Context, p step.Planned, ev Event) (out report.Step) {
	s := p.Step
	start := r.deps.Now()
	out = report.Step{ID: s.ID, Place: s.Place, Digest: s.Digest, Sample: s.Sample, Role: string(s.Role), Said: s.Said, Session: s.Session, Line: s.Line,
		Started: start.Sub(r.started).Milliseconds()}
	if s.Source != nil && s.Source.Name != s.Page {
		out.File = s.Source.Name
	}
	fin := &finished{report: &out}
	r.done[s.ID] = fin
	defer func() {
		out.Duration = r.deps.Now().Sub(start).Milliseconds()
		if out.Ahead > out.Duration {
			out.Duration = out.Ahead // what it took, whenever that was
		}
		kept := out
		fin.report = &kept
	}()
	skip := func(v report.Verdict, why string) report.Step {
		out.Verdict, out.Why = v, why
		return out
	}
	if p.Action == step.DoSkip {
		if img := r.loaded(s); img != "" {
			return skip(report.Skipped, fmt.Sprintf("the %s engine does not build here; image %s taken from the layout", r.deps.Engine.Name(), img))
		}
		r.broken.skipped(s, p.Why, r.shells[step.Host].variables())
		return skip(report.Skipped, p.Why)
	}
	if p.Action == step.DoNothing {
		why := p.Why
		if why == "" {
			why = s.Why
		}
		return skip(report.Skipped, why)
	}
	if ctx.Err() != nil && !s.Opt.Cleanup {
		return skip(report.Unreached, "the run was stopped")
	}
	if l, ok := r.broken.reaches(s); !ok && p.Action != step.DoCompare {
		r.broken.add(s, l)
		return skip(l.verdict, l.why)
	}
	switch p.Action {
	case step.DoPlace:
		r.placeStep(s, &out)
	case step.DoCompare:
		r.compareStep(s, &out)
	default:
		r.runStep(ctx, p, ev, &out, fin)
	}
	out.Why, out.Diff = r.mask(out.Why), r.mask(out.Diff)
	return out
}

func (r *runner) mask(s string) string {
	if r.deps.Mask == nil {
		return s
	}
	return r.deps.Mask(s)
}

// placeStep carries out a file step: the reader downloads what the page shows.
func (r *runner) placeStep(s step.Step, out *report.Step) {
	if s.FileFrom == "" {
		// A file that is shown and cannot be downloaded is typed off the page.
		if err := r.typeFile(s); err != nil {
			out.Verdict, out.Why, out.Blame = report.Failed, err.Error(), report.BlameMachine
			return
		}
		out.Verdict = report.Passed
		return
	}
	if err := r.download(s.FileFrom, s.File); err != nil {
		out.Verdict, out.Why, out.Blame = report.Failed, err.Error(), report.BlamePage
		r.broken.add(s, lack{fmt.Sprintf("the file %s is missing", s.File), report.Unreached})
		return
	}
	out.Verdict = report.Passed
}

// typeFile writes a file that a reader makes from what the page shows.
func (r *runner) typeFile(s step.Step) error {
	if !filepath.IsLocal(filepath.FromSlash(s.File)) {
		return fmt.Errorf("the file %s leads out of the working folder", s.File)
	}
	to := filepath.Join(r.workDir(), filepath.FromSlash(s.File))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, []byte(strings.TrimRight(s.Text, "\n")+"\n"), 0o644)
}

// compareStep compares an output listing with what its command printed.
func (r *runner) compareStep(s step.Step, out *report.Step) {
	of := r.done[s.Of]
	switch {
	case of == nil:
		out.Verdict, out.Why = report.Unreached, "no step before it printed anything"
		return
	case of.report.Verdict == report.Skipped:
		out.Verdict, out.Why = report.Skipped, "its command was skipped: "+of.report.Why
		return
	case of.report.Verdict == report.Unreached:
		out.Verdict, out.Why = report.Unreached, "its command was not reached: "+of.report.Why
		return
	case of.report.Exit == nil:
		out.Verdict, out.Why = report.Unreached, "its command did not run"
		return
	case of.instead:
		out.Verdict, out.Why = report.Skipped, "another command ran than the page shows: "+of.report.Why
		return
	}
	out.Output = of.report.Output
	out.StandIn = of.report.StandIn
	r.compare(s, s.Expect, of.output, out)
	r.judge(out)
}

// compare fills in the outcome of one comparison.
func (r *runner) compare(s step.Step, expected, got string, out *report.Step) {
	o := MatchOptions(&s)
	if of := r.done[s.Of]; s.Role == step.Output && of != nil {
		o.Command = of.report.Command
	}
	o.Vars = r.shells[step.Host].variables()
	o.Own = r.own
	res := match.Compare(expected, got, o)
	out.Compared = string(o.Mode)
	for k, v := range res.Values {
		if out.Values == nil {
			out.Values = map[string]string{}
		}
		out.Values[k] = v
	}
	if res.OK || out.Verdict != "" && !out.Verdict.OK() {
		return
	}
	if l, ok := r.broken.promised(expected); !ok {
		out.Verdict, out.Why = l.verdict, "it shows what is not there, since "+l.why
		return
	}
	out.Verdict, out.Why, out.Diff, out.Blame = report.Failed, res.Why, res.Diff, report.BlamePage
}

// judge settles the verdict of a step in which nothing failed.
func (r *runner) judge(out *report.Step) {
	if out.Verdict == "" {
		out.Verdict = report.Passed
	}
	if out.Verdict == report.Passed && len(out.StandIn) > 0 {
		out.Verdict = report.StandIn
		if out.Why == "" {
			out.Why = "on a stand-in: " + strings.Join(out.StandIn, ", ")
		} else {
			out.Why += "; on a stand-in: " + strings.Join(out.StandIn, ", ")
		}
	}
}

// conclude fills in what the report says of the page as a whole.
func (r *runner) conclude(page *report.Page) {
	page.Values = map[string]string{}
	for _, s := range page.Steps {
		maps.Copy(page.Values, s.Values)
	}
	for _, ref := range slices.Sorted(maps.Keys(r.images)) {
		page.Images = append(page.Images, *r.images[ref])
	}
	if n := r.deps.Network; n != nil {
		played := []string{}
		for _, s := range page.Steps {
			played = addNew(played, s.StandIn...)
		}
		slices.Sort(played)
		for _, image := range played {
			if s, ok := n.StandInFor(image); ok {
				page.StandIns = append(page.StandIns, report.StandInImage{Image: image, Recipe: s.Recipe, Digest: s.Digest})
			}
		}
		page.Hosts = r.outside()
	}
}
