package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/match"
	"docent/labs/ngc"
	"docent/labs/report"
	"docent/labs/step"
)

// errTimeout is the cause of a step's end by its time-out.
var errTimeout = errors.New("timed out")

// runStep types a step's commands and judges what came.
func (r *runner) runStep(ctx context.Context, p step.Planned, ev Event, out *report.Step, fin *finished) {
	s := p.Step
	limit := r.deps.Timeout
	if s.Opt.Timeout > 0 {
		limit = s.Opt.Timeout
	}
	parent := ctx
	if s.Opt.Cleanup {
		parent = context.WithoutCancel(ctx) // tidying up is done after a stop, too
	}
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTimeout)
	defer cancel()
	r.groups++
	r.group = newStepGroup(r.deps.Limits, r.deps.Scratch, r.groups)
	defer r.group.close()

	use := &stepUse{}
	if r.deps.Network != nil {
		use.faults = len(r.deps.Network.Faults())
	}
	r.mu.Lock()
	r.current = use
	r.mu.Unlock()
	defer func() { r.mu.Lock(); r.current = nil; r.mu.Unlock() }()

	cmds := s.Commands
	if p.Instead != "" {
		cmds = []step.Command{{Text: p.Instead, Line: s.Line}}
		fin.instead = true
		out.Why = p.Why
		if out.Why == "" {
			out.Why = "ran sized down in place of the page's command: " + p.Instead
		}
	}
	samples := r.sampleGPU(ctx, s)
	watched := r.group.disk.watch(ctx, stop)
	out.Ahead = r.ahead.wait(ctx, s.ID, r.watcher(ev)).Milliseconds()
	res, err := r.carry(ctx, s, cmds, r.watcher(ev))
	watched()
	out.Samples, out.GPU = samples()
	r.record(s, cmds, res, out, fin)

	switch {
	case err != nil:
		r.blame(parent, s, err, limit, res, out)
	case len(use.errs) > 0:
		r.blame(parent, s, use.errs[0], limit, res, out)
	default:
		r.checkExit(s, cmds, res, out)
		r.blameNetwork(use.faults, out)
	}
	if !errors.Is(err, errWrote) && !errors.Is(err, errNoRoom) {
		r.judgeLimits(r.group, out)
	}
	if use.lacks != nil && (out.Verdict == report.Failed || s.Opt.Ready != nil) {
		out.Verdict, out.Blame, out.Why = report.Skipped, "", use.lacks.Error()
	}
	if out.Verdict != report.Failed && out.Verdict != report.Unreached && out.Verdict != report.Skipped && s.Opt.Ready != nil && !s.Opt.Background {
		if err := r.ready(ctx, s, fin.output, nil); err != nil {
			r.blame(parent, s, err, limit, res, out)
		}
	}
	stateOK := out.Verdict != report.Failed && out.Verdict != report.Unreached && out.Verdict != report.Skipped
	if stateOK {
		r.compareOutput(s, cmds, res, fin, out)
		r.save(s, out)
	}
	out.Images = use.images
	out.StandIn = addNew(use.standIns, r.sessionStandIns(s)...)
	if s.Opens != "" {
		r.mu.Lock()
		r.termTaint[s.Opens] = out.StandIn
		r.mu.Unlock()
	}
	if stateOK {
		r.checkAsserts(context.WithoutCancel(ctx), s, out)
		r.broken.mended(s)
	} else if s.Opt.Alt {
		// what was thrown away is missed by nobody
	} else if out.Verdict == report.Skipped {
		r.broken.skipped(s, out.Why, r.shells[step.Host].variables())
		if use.submits { // its job is not there either
			r.broken.words["session "+step.Job] = lack{fmt.Sprintf("the step at line %d was skipped: %s", s.Line, out.Why), report.Skipped}
		}
	} else {
		r.broken.failed(s, out.Verdict)
	}
	r.judge(out)
}

// sessionStandIns lists the stand-ins of the container that a step was typed
// in.
func (r *runner) sessionStandIns(s step.Step) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Session == step.Job {
		return r.jobTaint
	}
	return r.termTaint[s.Session]
}

// watcher gives the function that tells the world what a step prints, line by
// line. A line counts as the last one while it is not complete.
func (r *runner) watcher(ev Event) func([]byte) {
	var mu sync.Mutex
	var line []byte
	ev.Kind = StepOutput
	return func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range p {
			switch {
			case c == '\n' || c == '\r':
				if text := plainLine(line); text != "" {
					ev.Line = r.mask(text)
					r.deps.Events(ev)
				}
				line = line[:0]
			case len(line) < 4096:
				line = append(line, c)
			}
		}
	}
}

var (
	codes  = regexp.MustCompile("\x1b(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-Z\\\\-_])")
	record = regexp.MustCompile("\x1e[^\x1e]*\x1e")
)

// plainLine takes the terminal codes and records out of a line.
func plainLine(line []byte) string {
	line = record.ReplaceAll(codes.ReplaceAll(line, nil), nil)
	clean := bytes.Map(func(c rune) rune {
		if c < ' ' && c != '\t' {
			return -1
		}
		return c
	}, line)
	return strings.TrimRight(string(clean), " \t")
}

// carry types the commands where the step wants them.
func (r *runner) carry(ctx context.Context, s step.Step, cmds []step.Command, watch func([]byte)) (result, error) {
	texts := func(cmds []step.Command) []string {
		var out []string
		for _, c := range cmds {
			out = append(out, c.Text)
		}
		return out
	}
	if s.Session == step.Job {
		return r.inJob(ctx, typed{commands: texts(cmds), alt: s.Opt.Alt, watch: watch})
	}
	if t := r.terminals[s.Session]; t != nil {
		res, err := r.inTerminal(ctx, s.Session, t, cmds)
		return res, err
	}
	if strings.HasPrefix(s.Session, "container:") {
		return result{exit: -1}, fmt.Errorf("the terminal %s is not open any more", s.Session)
	}
	sh, err := r.shellFor(s.Session)
	if err != nil {
		return result{exit: -1}, err
	}
	if s.Opt.Background {
		return r.inBackground(ctx, s, sh, texts(cmds), watch)
	}
	// The listing is typed in pieces: on the host up to the command that opens
	// a terminal, then in the terminal.
	var all result
	for len(cmds) > 0 {
		inside := 0
		for inside < len(cmds) && !cmds[inside].Inside {
			inside++
		}
		outside := inside
		if inside < len(cmds) || s.Opens != "" && s.KeepOpen {
			outside-- // the one that opens the terminal
		}
		if outside > 0 {
			res, err := r.onHost(ctx, sh, typed{commands: texts(cmds[:outside]), alt: s.Opt.Alt, terminal: wantsTerminal(cmds[:outside]), watch: watch})
			all.add(res)
			if err != nil || res.exit != 0 {
				return all, err
			}
		}
		if outside == inside {
			return all, nil
		}
		t, banner, err := r.openIn(ctx, sh, cmds[outside].Text, watch)
		all.add(result{per: []outcome{{Ran: err == nil, Exit: 0, Output: []byte(banner)}}, output: []byte(banner)})
		if err != nil {
			code := -1
			if errors.Is(err, errClosed) {
				code = 125
				err = nil
			}
			all.per[len(all.per)-1], all.exit = outcome{Ran: true, Exit: code, Output: []byte(banner)}, code
			return all, err
		}
		r.keep(t.proc)
		r.terminals[s.Opens] = t
		end := inside
		for end < len(cmds) && cmds[end].Inside {
			end++
		}
		res, err := r.inTerminal(ctx, s.Opens, t, cmds[inside:end])
		all.add(res)
		if !s.KeepOpen && r.terminals[s.Opens] == t {
			if _, xerr := t.exit(ctx); err == nil {
				err = xerr
			}
			delete(r.terminals, s.Opens)
		}
		if err != nil || res.exit != 0 {
			return all, err
		}
		cmds = cmds[end:]
	}
	return all, nil
}

func (a *result) add(b result) {
	a.per = append(a.per, b.per...)
	if len(a.output) > 0 && len(b.output) > 0 && !bytes.HasSuffix(a.output, []byte("\n")) {
		a.output = append(a.output, '\n')
	}
	a.output = append(a.output, b.output...)
	a.exit = b.exit
}

var ttyOption = regexp.MustCompile(`\bdocker\s+(?:container\s+)?(?:run|exec)\b[^\n;|]*?\s(?:-[a-su-zA-Z]*t[a-zA-Z]*|--tty)\b`)

// wantsTerminal says whether one of the commands asks docker for a terminal,
// which it can only give if it has one itself.
func wantsTerminal(cmds []step.Command) bool {
	for _, c := range cmds {
		if ttyOption.MatchString(c.Text) {
			return true
		}
	}
	return false
}

// inTerminal types commands into an open terminal. The first that fails ends
// the step.
func (r *runner) inTerminal(ctx context.Context, name string, t *terminal, cmds []step.Command) (result, error) {
	var all result
	for _, c := range cmds {
		if f := strings.Fields(c.Text); len(f) > 0 && (f[0] == "exit" || f[0] == "logout") {
			code, err := t.exit(ctx)
			delete(r.terminals, name)
			all.add(result{per: []outcome{{Ran: err == nil, Exit: code}}, exit: code})
			return all, err
		}
		o, err := t.run(ctx, c.Text)
		all.add(result{per: []outcome{o}, output: o.Output, exit: o.Exit})
		if err != nil {
			t.kill()
			delete(r.terminals, name)
			return all, err
		}
		if o.Exit != 0 {
			return all, nil
		}
	}
	return all, nil
}

// inBackground starts the commands and waits until they are ready.
func (r *runner) inBackground(ctx context.Context, s step.Step, sh *shell, cmds []string, watch func([]byte)) (result, error) {
	m := mark()
	out := &tape{watch: watch}
	p, err := startProcess(r.command(sh, "", m, cmds), out, false)
	if err != nil {
		return result{exit: -1}, err
	}
	r.keep(p)
	r.background = append(r.background, p)
	look := func() result {
		res := result{}
		res.per, res.output = splitRecords(out.bytes(), m, len(cmds))
		res.per[len(res.per)-1].Ran = true
		return res
	}
	if s.Opt.Ready == nil {
		select {
		case <-p.done: // it came to an end at once: that is its status
		case <-time.After(500 * time.Millisecond):
			return look(), nil
		}
	} else if err := r.ready(ctx, s, "", func() (string, bool) {
		select {
		case <-p.done:
			return screenText(look().output), true
		default:
			return screenText(look().output), false
		}
	}); err == nil {
		return look(), nil
	} else if !errors.Is(err, errEnded) {
		p.kill()
		return look(), err
	}
	code, err := p.wait(ctx)
	res := look()
	res.exit = code
	res.per[len(res.per)-1].Exit = code
	return res, err
}

var errEnded = errors.New("the command ended before it was ready")

// ready waits until what a step started answers. log gives what it printed and
// whether it has ended; it is nil for a step that ended long ago.
func (r *runner) ready(ctx context.Context, s step.Step, output string, log func() (string, bool)) error {
	check, what, err := readyCheck(s.Opt.Ready, func() string {
		if log == nil {
			return output
		}
		text, _ := log()
		return text
	})
	if err != nil {
		return err
	}
	for {
		if check(ctx) {
			return nil
		}
		if log != nil {
			if _, ended := log(); ended {
				return errEnded
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer: %w", what, context.Cause(ctx))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func readyCheck(rd *step.Ready, log func() string) (check func(context.Context) bool, what string, err error) {
	switch rd.Kind {
	case "port":
		addr := net.JoinHostPort("127.0.0.1", rd.Value)
		return func(ctx context.Context) bool {
			// A published port accepts before the program behind it does, so
			// the far side must say something, or at least not hang up.
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
			if err != nil {
				return false
			}
			defer conn.Close()
			conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			_, err = conn.Read(make([]byte, 1))
			var timeout net.Error
			return err == nil || errors.As(err, &timeout) && timeout.Timeout()
		}, "port " + rd.Value, nil
	case "http":
		client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		return func(ctx context.Context) bool {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, rd.Value, nil)
			if err != nil {
				return false
			}
			resp, err := client.Do(req)
			if err != nil {
				return false
			}
			resp.Body.Close()
			return resp.StatusCode < 500
		}, rd.Value, nil
	case "log":
		re, err := regexp.Compile("(?m)" + rd.Value)
		if err != nil {
			return nil, "", fmt.Errorf("ready=log:%s: %w", rd.Value, err)
		}
		return func(context.Context) bool { return re.MatchString(log()) }, "the log line " + rd.Value, nil
	}
	return nil, "", fmt.Errorf("ready=%s: %s is not known", rd.Value, rd.Kind)
}

// record fills in what the commands did.
func (r *runner) record(s step.Step, cmds []step.Command, res result, out *report.Step, fin *finished) {
	var text []string
	ran := 0
	for i, c := range cmds {
		text = append(text, c.Text)
		if i < len(res.per) && res.per[i].Ran {
			ran++
		}
	}
	out.Command = r.mask(strings.Join(text, "\n"))
	fin.output = screenText(res.output)
	out.Output = r.clip(fin.output)
	if len(cmds) > 1 && slices.ContainsFunc(cmds, func(c step.Command) bool { return c.Output != "" }) {
		for i := range min(len(cmds), len(res.per)) {
			out.Outputs = append(out.Outputs, r.clip(screenText(res.per[i].Output)))
		}
	}
	if ran > 0 {
		code := res.exit
		if code < 0 {
			for _, o := range res.per {
				if o.Ran {
					code = o.Exit
				}
			}
		}
		out.Exit = &code
	}
}

// keepInReport is how much of a step's output a report keeps, in bytes.
const keepInReport = 64 << 10

// clip masks an output and keeps the beginning and the end of a long one.
func (r *runner) clip(s string) string {
	s = r.mask(strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= keepInReport {
		return s
	}
	head, tail := s[:keepInReport/2], s[len(s)-keepInReport/2:]
	head = head[:strings.LastIndexByte(head, '\n')+1]
	if _, rest, ok := strings.Cut(tail, "\n"); ok {
		tail = rest
	}
	return fmt.Sprintf("%s... %d bytes left out ...\n%s", head, len(s)-len(head)-len(tail), tail)
}

// checkExit judges the status of the commands.
func (r *runner) checkExit(s step.Step, cmds []step.Command, res result, out *report.Step) {
	if s.Opt.Exit.OK(res.exit) {
		return
	}
	out.Verdict, out.Blame = report.Failed, report.BlamePage
	want := "0"
	if s.Opt.Exit.NonZero {
		want = "any status but 0"
	} else {
		want = fmt.Sprint(s.Opt.Exit.Code)
	}
	which, line := "", s.Line
	for i, o := range res.per {
		if o.Ran && o.Exit != 0 && i < len(cmds) {
			which, line = firstLine(cmds[i].Text), cmds[i].Line
		}
	}
	if which == "" && len(cmds) > 0 {
		which = firstLine(cmds[len(cmds)-1].Text)
	}
	out.Why = fmt.Sprintf("%q (line %d) ended with status %d, expected %s", which, line, res.exit, want)
}

// blameNetwork takes the blame of a failed step from the page when a host
// outside did not do its part.
func (r *runner) blameNetwork(before int, out *report.Step) {
	if r.deps.Network == nil || out.Verdict != report.Failed {
		return
	}
	if faults := r.deps.Network.Faults(); len(faults) > before {
		out.Blame = report.BlameMachine
		out.Why += "; " + faults[before].String()
	}
}

func firstLine(s string) string {
	first, _, more := strings.Cut(strings.TrimSpace(s), "\n")
	if more {
		first += " ..."
	}
	return first
}

// blame judges a step that could not be carried to its end.
func (r *runner) blame(parent context.Context, s step.Step, err error, limit time.Duration, res result, out *report.Step) {
	var missing *engine.Missing
	out.Verdict, out.Blame = report.Failed, report.BlameMachine
	switch {
	case errors.Is(err, errTimeout):
		out.Blame = report.BlamePage
		out.Why = fmt.Sprintf("it was still running after %s, its time-out", limit)
		if s.Opt.Ready != nil {
			out.Why = fmt.Sprintf("it was not ready after %s, its time-out", limit)
		}
		if s.Session == step.Job || s.Opt.Ready != nil {
			for _, j := range r.deps.NGC.Jobs() {
				out.Why += "; " + j
			}
		}
	case errors.Is(err, errWrote):
		out.Blame, out.Why = report.BlamePage, err.Error()
	case errors.Is(err, errNoRoom):
		out.Why = err.Error()
	case parent.Err() != nil:
		out.Verdict, out.Blame = report.Unreached, ""
		out.Why = "the run was stopped while it ran"
	case errors.Is(err, ngc.ErrNoJob):
		out.Verdict, out.Blame = report.Unreached, ""
		out.Why = err.Error()
	case errors.Is(err, errEnded), errors.Is(err, errClosed), errors.Is(err, errNoPrompt):
		out.Blame = report.BlamePage
		out.Why = err.Error()
	case errors.As(err, &missing):
		out.Why = missing.Error()
	default:
		out.Why = err.Error()
	}
}

// compareOutput compares what the page shows with what came, command by
// command where the page shows it so.
func (r *runner) compareOutput(s step.Step, cmds []step.Command, res result, fin *finished, out *report.Step) {
	if fin.instead {
		r.compare(withoutSample(s), "", fin.output, out)
		return
	}
	each := 0
	for i, c := range cmds {
		if c.Output == "" || i >= len(res.per) {
			continue
		}
		each++
		r.compare(s, c.Output, screenText(res.per[i].Output), out)
	}
	if each == 0 && s.Expect != "" {
		r.compare(s, s.Expect, fin.output, out)
	} else if each == 0 && len(s.Opt.Saves) > 0 {
		r.compare(withoutSample(s), "", fin.output, out)
	}
}

func withoutSample(s step.Step) step.Step {
	s.Opt.Match = string(match.None)
	return s
}

// MatchOptions is how the output of a step is compared, but for variables.
func MatchOptions(s *step.Step) match.Options {
	o := match.Options{Mode: match.Mode(s.Opt.Match)}
	if o.Mode == "" {
		o.Mode = match.Shape
	}
	for _, sv := range s.Opt.Saves {
		o.Saves = append(o.Saves, match.Save{Name: sv.Name, Regex: sv.Regex})
	}
	for _, w := range s.Opt.Within {
		if t, err := match.ParseTolerance(w); err == nil { // step has checked it
			o.Within = append(o.Within, t)
		}
	}
	var typed []string
	for _, c := range s.Commands {
		typed = append(typed, c.Text)
	}
	o.Command = strings.Join(typed, "\n")
	return o
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// save puts captured values into the sessions, for the steps that follow.
func (r *runner) save(s step.Step, out *report.Step) {
	for _, sv := range s.Opt.Saves {
		v, ok := out.Values[sv.Name]
		if !ok && (out.Verdict == report.Skipped || out.Verdict == report.Unreached) {
			continue // it is known why
		}
		if !ok {
			out.Verdict, out.Blame = report.Failed, report.BlamePage
			out.Why = fmt.Sprintf("save=%s: nothing in the output matches %s", sv.Name, sv.Regex)
			continue
		}
		if !identifier.MatchString(sv.Name) {
			continue
		}
		for _, sh := range r.shells {
			if err := sh.set(sv.Name, v); err != nil {
				out.Verdict, out.Blame, out.Why = report.Failed, report.BlameLabs, err.Error()
			}
		}
	}
}

// sampleEvery is how often a GPU's power and clocks are read.
const sampleEvery = 500 * time.Millisecond

// keepSamples bounds the readings of a step; when there are more, every second
// one is dropped.
const keepSamples = 240

// sampleGPU reads the power and clocks of the page's GPUs while a GPU step
// runs. The function it gives ends that.
func (r *runner) sampleGPU(ctx context.Context, s step.Step) func() ([]report.Sample, string) {
	wanted := false
	for _, n := range s.Opt.Needs {
		wanted = wanted || strings.HasPrefix(n.Name, "gpu")
	}
	if !wanted || len(r.deps.GPUs) == 0 {
		return func() ([]report.Sample, string) { return nil, "" }
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan []report.Sample)
	start := r.deps.Now()
	go func() {
		var list []report.Sample
		defer func() { done <- list }()
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			for i, dev := range r.deps.GPUs {
				if m, err := gpu.Read(ctx, dev.Index); err == nil {
					list = append(list, report.Sample{GPU: i, At: r.deps.Now().Sub(start).Milliseconds(), PowerWatts: m.Power,
						SMClockMHz: m.SMClock, Temperature: m.Temperature, Utilization: m.Utilisation})
				}
			}
			if len(list) >= keepSamples*len(r.deps.GPUs) {
				list = thinned(list, len(r.deps.GPUs))
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() ([]report.Sample, string) {
		cancel()
		return <-done, deviceNames(r.deps.GPUs)
	}
}

// thinned drops every second round of readings of so many devices.
func thinned(list []report.Sample, devices int) []report.Sample {
	kept := list[:0]
	for i := range list {
		if i/devices%2 == 0 {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// deviceNames names GPUs for a person: "NVIDIA H200", "2 x NVIDIA H200".
func deviceNames(devices []gpu.Device) string {
	var names []string
	count := map[string]int{}
	for _, d := range devices {
		if count[d.Name]++; count[d.Name] == 1 {
			names = append(names, d.Name)
		}
	}
	for i, n := range names {
		if count[n] > 1 {
			names[i] = fmt.Sprintf("%d x %s", count[n], n)
		}
	}
	return strings.Join(names, ", ")
}
