package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"docent/generator/doc"
	"docent/labs/network"
	"docent/labs/report"
	"docent/labs/run"
	"docent/labs/step"
)

// A view tells a person how a run goes. On a terminal it keeps a few lines at
// the bottom that show the step under way and what it printed last; elsewhere
// it prints lines, and says every half minute that a long step is still
// running.
type view struct {
	out, err io.Writer
	width    int  // of lines
	live     bool // stderr is a terminal
	quiet    bool // nobody looks before the page is done
	colour   bool

	mu       sync.Mutex
	progress *progress
	page_    string
	steps    int
	now      string    // what is under way
	tail     string    // the last line it printed
	log      []string  // the last few, on a terminal
	since    time.Time // when it began
	heart    *time.Timer
	last     string // last status line in plain mode
}

// progress is the two lines at the bottom of a terminal.
type progress struct {
	p   *mpb.Progress
	bar *mpb.Bar
}

// logLines is how many of the last lines of a step a terminal shows.
const logLines = 3

// The widest line that is still easy to read across.
const maxWidth = 110

func newView(out, err io.Writer, noColour bool) *view {
	v := &view{out: out, err: err, width: widthOf(out)}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		v.colour = !noColour && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		v.live = os.Getenv("TERM") != "dumb"
	}
	return v
}

// widthOf is how wide the lines are that go to w.
func widthOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return min(n, maxWidth)
		}
	}
	return 96
}

// Colours, by what they say.
const (
	green  = "32"
	yellow = "33"
	red    = "31"
	dim    = "2"
	bold   = "1"
)

func (v *view) paint(colour, s string) string {
	if !v.colour || s == "" {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// println prints a line above the two at the bottom. The caller holds no lock.
func (v *view) println(s string) {
	v.mu.Lock()
	p := v.progress
	v.mu.Unlock()
	if p != nil {
		p.p.Write([]byte(s + "\n"))
		return
	}
	fmt.Fprintln(v.out, s)
}

func (v *view) diag(d doc.Diag) {
	fmt.Fprintln(v.err, credentials(d.String()))
	if d.Severity >= doc.Warning {
		fmt.Fprint(v.err, credentials(d.Excerpt()))
	}
}

// warn says what a person should know before the first step.
func (v *view) warn(text string) {
	v.status("")
	fmt.Fprintln(v.err, v.paint(yellow, "labs: "+text))
}

// status says what is done before the first step.
func (v *view) status(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if text == v.last {
		return
	}
	v.last = text
	switch {
	case v.live && text == "":
		fmt.Fprint(v.out, "\r\x1b[K")
	case v.live:
		fmt.Fprint(v.out, "\r\x1b[K"+ansi.Truncate(v.paint(dim, text+" ..."), v.width, "…"))
	case text != "":
		fmt.Fprintln(v.out, text)
	}
}

// building says how far a stand-in's build is.
func (v *view) building(p network.Progress) {
	text := fmt.Sprintf("%s: %s", p.What, p.Step)
	v.mu.Lock()
	inStep := v.now != ""
	if inStep {
		v.tail = fmt.Sprintf("%s (%.0f %%)", text, p.Done*100)
		v.log = []string{v.tail}
	}
	plain := !v.live && text != v.last
	if plain {
		v.last = text
	}
	v.mu.Unlock()
	switch {
	case plain:
		v.println(fmt.Sprintf("  %s %3.0f %%  %s", clock(p.Elapsed), p.Done*100, text))
	case !inStep && v.live:
		v.status(fmt.Sprintf("%3.0f %%  %s", p.Done*100, text))
	}
}

// unchanged says that a page was not run, since nothing has changed.
func (v *view) unchanged(l *lesson, p *report.Page) {
	left := l.doc.Name()
	right := "unchanged since it passed on " + p.Started.UTC().Format("2006-01-02 15:04 MST")
	fmt.Fprintln(v.out, v.paint(bold, left)+strings.Repeat(" ", max(1, v.width-ansi.StringWidth(left)-ansi.StringWidth(right)))+v.paint(dim, right))
}

// again says that a page is run once more, and why.
func (v *view) again(l *lesson, why string) {
	v.println(v.paint(yellow, l.doc.Name()+" "+why+": it is run from its start.") + "\n")
}

// apart is a view of a page that runs beside others. What it tells is shown
// whole when the page is done.
func (v *view) apart(l *lesson) (page *view, show func()) {
	v.status("running " + l.doc.Name())
	var text bytes.Buffer
	page = &view{out: &text, err: &text, width: v.width, colour: v.colour, quiet: true}
	return page, func() {
		v.status("")
		v.mu.Lock()
		defer v.mu.Unlock()
		v.out.Write(text.Bytes())
	}
}

// startPage opens the view of a page.
func (v *view) startPage(l *lesson, engine string) {
	head := l.doc.Name()
	right := plural(len(l.steps), "listing", "listings") + ", " + engine
	fmt.Fprintln(v.out, v.paint(bold, head)+strings.Repeat(" ", max(1, v.width-ansi.StringWidth(head)-ansi.StringWidth(right)))+v.paint(dim, right))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.page_, v.steps, v.now, v.tail, v.log = head, len(l.steps), "", "", nil
	if !v.live {
		return
	}
	p := mpb.New(mpb.WithOutput(v.out), mpb.WithWidth(v.width), mpb.WithRefreshRate(100*time.Millisecond), mpb.WithAutoRefresh())
	bar := p.New(int64(max(1, v.steps)), mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound(""),
		mpb.BarWidth(24), mpb.BarFillerTrim(), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.CountersNoUnit("  %d/%d ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.now == "" {
				return ""
			}
			took := clock(time.Since(v.since))
			return " " + ansi.Truncate(v.now, max(10, v.width-46), "…") + "  " + took
		})),
		mpb.BarBtmExtender(v.logFillers()...))
	v.progress = &progress{p, bar}
}

// logFillers draw the last lines of the step under way, one each. There are
// always as many: a view that grows and shrinks is hard to read.
func (v *view) logFillers() []mpb.BarFiller {
	var out []mpb.BarFiller
	for i := range logLines {
		out = append(out, mpb.BarFillerFunc(func(w io.Writer, _ decor.Statistics) error {
			v.mu.Lock()
			defer v.mu.Unlock()
			line := ""
			if i < len(v.log) {
				line = "    " + v.paint(dim, ansi.Truncate(v.log[i], v.width-4, "…"))
			}
			_, err := io.WriteString(w, line+"\n")
			return err
		}))
	}
	return out
}

// endPage closes it.
func (v *view) endPage() {
	v.mu.Lock()
	p := v.progress
	v.progress, v.now = nil, ""
	if v.heart != nil {
		v.heart.Stop()
	}
	v.mu.Unlock()
	if p != nil {
		p.bar.Abort(true)
		p.p.Wait()
	}
	fmt.Fprintln(v.out)
}

// event takes what the run tells.
func (v *view) event(e run.Event) {
	switch e.Kind {
	case run.StepStarted:
		v.mu.Lock()
		v.now, v.tail, v.log, v.since = label(e.Step), "", nil, time.Now()
		if !v.live && !v.quiet && e.Step.Role.Runs() {
			v.beat(v.now, v.since)
		}
		v.mu.Unlock()
	case run.StepOutput:
		v.mu.Lock()
		v.tail = e.Line
		v.log = append(v.log, e.Line)
		v.log = v.log[max(0, len(v.log)-logLines):]
		v.mu.Unlock()
	case run.StepDone:
		v.mu.Lock()
		v.now, v.tail, v.log = "", "", nil
		if v.heart != nil {
			v.heart.Stop()
		}
		p := v.progress
		v.mu.Unlock()
		v.println(v.line(e.Step, e.Result))
		if p != nil {
			p.bar.Increment()
		}
	}
}

// beat says again and again that a step still runs. The caller holds the lock.
func (v *view) beat(what string, since time.Time) {
	v.heart = time.AfterFunc(30*time.Second, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.now != what || !v.since.Equal(since) {
			return
		}
		fmt.Fprintf(v.out, "  ... %s, for %s: %s\n", what, clock(time.Since(since)), ansi.Truncate(v.tail, v.width, "…"))
		v.beat(what, since)
	})
}

// credentials takes what looks like one out of what a page itself shows. The
// values of secrets are never on a page.
var credentials = report.NewMasker().Text

// label names a step in a few words.
func label(s *step.Step) string { return credentials(labelOf(s)) }

func labelOf(s *step.Step) string {
	switch {
	case s.Role == step.File:
		return s.File
	case len(s.Commands) > 0:
		text := strings.TrimSpace(s.Commands[0].Text)
		if s.Opens != "" && len(s.Commands) > 1 {
			text += " ; " + s.Commands[1].Text
		}
		first, _, _ := strings.Cut(text, "\n")
		return first
	}
	first, _, _ := strings.Cut(strings.TrimSpace(s.Text), "\n")
	return first
}

// words gives the word, the mark and the colour of a verdict.
func words(s *report.Step) (mark, word, colour string) {
	switch s.Verdict {
	case report.Passed:
		return "✓", "passed", green
	case report.StandIn:
		return "✓", "stand-in", green
	case report.Failed:
		return "✗", "failed", red
	case report.Skipped:
		if s.Role == string(step.Example) {
			return "·", "example", dim
		}
		if s.Role == string(step.Unaccounted) {
			return "?", "unknown", yellow
		}
		return "-", "skipped", yellow
	default:
		return "-", "unreached", yellow
	}
}

// line is a step's line in the list: mark, verdict, line in the page, what it
// is, and at the right how long it took.
func (v *view) line(s *step.Step, r *report.Step) string {
	mark, word, colour := words(r)
	left := fmt.Sprintf("  %s %-9s  %5d  ", mark, word, s.Line)
	took := ""
	if r.Exit != nil || s.Role.Runs() && r.Verdict == report.Failed {
		took = clock(time.Duration(r.Duration) * time.Millisecond)
	}
	if r.Cached != nil && (r.Exit != nil || r.Verdict.OK()) {
		took = "unchanged since " + r.Cached.UTC().Format("01-02 15:04")
	}
	room := v.width - ansi.StringWidth(left) - max(9, len(took)+2)
	text := ansi.Truncate(label(s), max(10, room), "…")
	line := left + text
	line += strings.Repeat(" ", max(1, v.width-ansi.StringWidth(line)-len(took))) + took
	if v.colour {
		line = strings.Replace(line, left, v.paint(colour, left[:len(left)-9])+v.paint(dim, left[len(left)-9:]), 1)
	}
	// A stand-in is named once, at the end; a failure is shown whole there.
	if why := r.Why; why != "" && (r.Verdict == report.Skipped || r.Verdict == report.Unreached) && r.Role != string(step.Example) {
		line += "\n" + v.paint(dim, strings.Repeat(" ", ansi.StringWidth(left))+ansi.Truncate(why, v.width-ansi.StringWidth(left), "…"))
	}
	return strings.TrimRight(line, " ")
}

// clock writes a duration in the width of a column.
func clock(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
}

// failures shows every step that failed, whole.
func (v *view) failures(pages []report.Page) {
	for i := range pages {
		p := &pages[i]
		for j := range p.Steps {
			s := &p.Steps[j]
			if s.Verdict != report.Failed {
				continue
			}
			file := p.Page
			if s.File != "" {
				file = s.File
			}
			headline := fmt.Sprintf("%s:%d: %s", file, s.Line, s.Why)
			if v.live {
				headline = ansi.Wordwrap(headline, max(20, v.width-2), "")
			}
			fmt.Fprintf(v.out, "%s %s\n", v.paint(red, "✗"), v.paint(bold, strings.ReplaceAll(headline, "\n", "\n  ")))
			if s.Command != "" {
				indent(v.out, "  $ ", "    ", s.Command)
			}
			switch {
			case s.Diff != "":
				fmt.Fprintln(v.out, "  "+v.paint(dim, "the page promises (-), and this came (+):"))
				v.diff(s.Diff)
			case s.Output != "":
				indent(v.out, "  | ", "  | ", lastLines(s.Output, 30))
			}
			switch s.Blame {
			case report.BlameMachine:
				fmt.Fprintln(v.out, "  The fault is this machine's, not the page's.")
			case report.BlameLabs:
				fmt.Fprintln(v.out, "  The fault is in labs, not in the page.")
			}
			where := ""
			if s.Session != "" && s.Session != step.Host {
				where = " (" + s.Session + ")"
			}
			fmt.Fprintln(v.out, "  "+v.paint(dim, fmt.Sprintf("to look around there%s: labs shell %s#%d", where, p.Page, s.Line)))
			fmt.Fprintln(v.out)
		}
	}
}

func (v *view) diff(text string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		colour := ""
		switch {
		case strings.HasPrefix(line, "+"):
			colour = green
		case strings.HasPrefix(line, "-"):
			colour = red
		case strings.HasPrefix(strings.TrimSpace(line), "^"):
			colour = yellow
		}
		if colour != "" {
			line = v.paint(colour, line)
		}
		fmt.Fprintln(v.out, "  "+line)
	}
}

func indent(w io.Writer, first, rest, text string) {
	prefix := first
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintln(w, strings.TrimRight(prefix+line, " "))
		prefix = rest
	}
}

func lastLines(s string, n int) string {
	lines := strings.Split(s, "\n")
	if over := len(lines) - n; over > 0 {
		lines = append([]string{fmt.Sprintf("... %d lines before", over)}, lines[over:]...)
	}
	return strings.Join(lines, "\n")
}

// summary ends the run's text: the counts, then what to do next.
func (v *view) summary(pages []report.Page, unaccounted int, strict, wrong bool, written []string, stopped bool) {
	count := map[string]int{}
	mend := false // a page can
	var total time.Duration
	runnable, ran := 0, 0
	for i := range pages {
		total += time.Duration(pages[i].Duration) * time.Millisecond
		runnable += pages[i].Coverage.Runnable
		ran += pages[i].Coverage.Run
		for j := range pages[i].Steps {
			_, word, _ := words(&pages[i].Steps[j])
			count[word]++
			mend = mend || word == "failed" && pages[i].Steps[j].Blame == report.BlamePage
		}
	}
	var parts []string
	for _, w := range []struct{ word, text, colour string }{
		{"passed", "passed", green}, {"stand-in", "passed on a stand-in", green}, {"failed", "failed", red},
		{"unreached", "not reached", yellow}, {"skipped", "skipped", yellow}, {"unknown", "not accounted for", yellow},
	} {
		if n := count[w.word]; n > 0 {
			parts = append(parts, v.paint(w.colour, fmt.Sprintf("%d %s", n, w.text)))
		}
	}
	text := strings.Join(parts, ", ")
	took := clock(total)
	fmt.Fprintln(v.out, text+strings.Repeat(" ", max(1, v.width-ansi.StringWidth(text)-len(took)))+took)
	var named []string
	for i := range pages {
		for _, s := range pages[i].StandIns {
			if !slices.Contains(named, s.Image) {
				named = append(named, s.Image)
				fmt.Fprintf(v.out, "stand-in: %s, built by the recipe %s\n", s.Image, s.Recipe)
			}
		}
	}
	if runnable > 0 {
		fmt.Fprintf(v.out, "coverage: %d of %d listings that can run did (%d %%)\n", ran, runnable, 100*ran/runnable)
	}
	for _, w := range written {
		fmt.Fprintf(v.out, "written: %s\n", w)
	}
	failed := count["failed"] + count["unreached"]
	next := "Everything that ran did what the page says."
	switch {
	case ran == 0 && !stopped && failed == 0 && !wrong:
		next = "Nothing ran. The reasons stand above."
	case stopped:
		next = "The run was stopped. Nothing of it was kept."
	case count["failed"] > 0 && !mend:
		next = "No page is at fault. See above what is, then run labs verify " + failing(pages) + " again."
	case count["failed"] > 0:
		next = "Mend the page, or say with a lab comment what the listing is; then run labs verify " + failing(pages) + " again."
		for i := range pages {
			if slices.ContainsFunc(pages[i].Steps, func(s report.Step) bool { return s.Verdict == report.Failed && s.Diff != "" }) {
				next += "\nWhere the page is old and what came is right: labs bless " + pages[i].Page
				break
			}
		}
	case wrong:
		next = "A page has mistakes that keep a lab from what it says: see the errors at the top."
	case failed > 0:
		next = "Some listings were not reached. See the reasons above."
	case strict && unaccounted > 0:
		next = fmt.Sprintf("%d listings are not accounted for. \"labs list\" shows them; say with a lab comment what they are.", unaccounted)
	}
	if v.live {
		next = ansi.Wordwrap(next, v.width, "")
	}
	fmt.Fprintln(v.out, next)
}

// failing names the pages with a listing that failed.
func failing(pages []report.Page) string {
	var names []string
	for i := range pages {
		if slices.ContainsFunc(pages[i].Steps, func(s report.Step) bool { return s.Verdict == report.Failed }) {
			names = append(names, pages[i].Page)
		}
	}
	return strings.Join(names, " ")
}
