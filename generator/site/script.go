package site

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"docent/labs/report"
	"docent/labs/step"
)

// scriptName is the script of a lab, beside its page.
const scriptName = "lab.sh"

// maxInScript is the largest file, in bytes, that a script brings with it.
const maxInScript = 256 << 10

// A script is a lab as one shell script: what a run of the page typed, in
// order, and the files that it worked on.
type script struct {
	e      *env
	run    *report.Page
	values []value
	b      strings.Builder
	inside map[string][]string // commands typed in a terminal, by its session
}

// lastRun gives the run of the page that carried out most of it; of two equal
// ones the newer. It is nil where no run carried out anything.
func (e *env) lastRun() *report.Page {
	var best *report.Page
	most := 0
	for i := range e.s.reports {
		r := &e.s.reports[i]
		if r.Page != e.p.name {
			continue
		}
		ran := 0
		for _, st := range r.Steps {
			if st.Command != "" && st.Verdict.OK() {
				ran++
			}
		}
		if ran > most { // the reports stand newest first
			best, most = r, ran
		}
	}
	return best
}

// script writes the page's lab as a shell script, or nothing where no run has
// carried it out.
func (e *env) script(v *view) []byte {
	run := e.lastRun()
	if run == nil {
		return nil
	}
	s := &script{e: e, run: run, values: e.values(), inside: map[string][]string{}}
	steps, _ := step.Steps(e.doc)
	s.files(step.Downloads(e.doc))
	for _, st := range steps { // what is typed in a terminal follows the command that opens it
		if strings.HasPrefix(st.Session, "container:") && st.Role.Runs() {
			for _, c := range st.Commands {
				s.inside[st.Session] = append(s.inside[st.Session], c.Text)
			}
		}
	}
	slices.SortStableFunc(steps, func(a, b step.Step) int { return btoi(a.Opt.Cleanup) - btoi(b.Opt.Cleanup) })
	for i := 0; i < len(steps); i++ {
		n := s.step(steps[i:])
		i += n - 1
	}
	s.put("\nprintf '\\nThe lab is done.\\n'\n")
	body := s.b.String()
	s.b.Reset()
	s.head(v)
	for i, h := range helpers {
		if i < 2 || strings.Contains(body, "\n"+h.name+" ") {
			s.put("\n%s", h.text)
		}
	}
	return []byte(s.b.String() + body)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *script) put(format string, args ...any) { fmt.Fprintf(&s.b, format, args...) }

// head says what the script is and holds the reader's values.
func (s *script) head(v *view) {
	s.put("#!/usr/bin/env bash\n# %s\n#\n", comment(v.Title))
	if v.Canonical != "" {
		s.put("# From %s\n", v.Canonical)
	}
	s.put("# These are the commands that a lab ran on %s,\n# with %s on %s.\n", s.run.Started.UTC().Format("2 January 2006"),
		comment(where(s.run, &report.Step{})), comment(machineText(&book{}, s.run)))
	s.put("# Run it with bash in an empty folder. It stops at the first listing that fails, and names it.\n\nset -a\n")
	if len(s.values) > 0 {
		s.put("\n# Your values. Change them here, or set them when you call the script.\n")
		for _, x := range s.values {
			s.put("%s=${%s-%s}\n", x.Name, x.Name, quoted(x.Default))
		}
	}
}

// helpers are the functions that a script may need; the first two always.
var helpers = []struct{ name, text string }{
	{"lab_step", `# lab_step NAME: a listing of the page begins.
lab_step() { LAB_STEP=$1; printf '\n== %s\n' "$1"; }

# lab_stop WHY: the listing failed, and the lab ends here.
lab_stop() { printf 'lab: %s: %s\n' "$LAB_STEP" "$1" >&2; exit 1; }
`}, {"lab_check", `# lab_check GOT WANT: the listing ended with an exit code.
lab_check() {
    [ "$1" = "$2" ] || { [ "$2" = nonzero ] && [ "$1" != 0 ]; } || lab_stop "it ended with exit code $1, not $2"
}
`}, {"lab_terminal", `# lab_terminal COMMAND: type what comes in into the terminal that it opens.
lab_terminal() { SHELL=/bin/bash script -qec "$1" /dev/null; }
`}, {"lab_job", `# lab_job: type what comes in into the newest running job, or into LAB_JOB.
lab_job() {
    local i job=$LAB_JOB typed=$(cat)
    for i in $(seq 120); do
        [ -z "$job" ] || break
        job=$(ngc batch list --status RUNNING --format_type csv < /dev/null | sed -n '2s/,.*//p')
        [ -n "$job" ] || sleep 1
    done
    [ -n "$job" ] || lab_stop 'no job is running'
    ngc batch exec --commandline "$typed" "$job"
}
`}, {"lab_port", `# lab_port NUMBER: wait until something listens.
lab_port() {
    local i
    for i in $(seq 600); do (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null && return; sleep 0.1; done
    lab_stop "nothing listens on port $1"
}
`}}

func comment(s string) string { return strings.Join(strings.Fields(s), " ") }

// quoted is a word that no shell reads anything into.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// files puts the files that the page offers into the folder.
func (s *script) files(all []step.Download) {
	if len(all) > 0 {
		s.put("\nlab_step 'Files'\n")
	}
	for _, d := range all {
		data, err := fs.ReadFile(s.e.s.files, d.From)
		switch {
		case err != nil:
			s.put("# %s is missing.\n", comment(d.Name))
		case len(data) > maxInScript && s.e.s.opt.BaseURL != "":
			s.put("curl -fsSL --retry 3 -o %s %s; lab_check $? 0\n", quoted(d.Name), quoted(s.e.s.absolute(d.From)))
		case len(data) > maxInScript:
			s.put("[ -e %s ] || lab_stop 'download '%s' first'\n", quoted(d.Name), quoted(d.Name))
		default:
			s.file(d.Name, data)
		}
	}
}

// file writes a file with the very bytes it has.
func (s *script) file(name string, data []byte) {
	if text := string(data); utf8.ValidString(text) && strings.HasSuffix(text, "\n") && !strings.ContainsRune(text, 0) && !strings.ContainsRune(text, '\r') {
		s.here("cat > "+quoted(name), text)
		return
	}
	s.put("base64 -d > %s <<'END'\n", quoted(name))
	for text := base64.StdEncoding.EncodeToString(data); text != ""; {
		n := min(76, len(text))
		s.put("%s\n", text[:n])
		text = text[n:]
	}
	s.put("END\n")
}

// here gives a command a text to read. The word that ends it is not a line of
// the text.
func (s *script) here(command, text string) {
	end := "END"
	for slices.Contains(strings.Split(text, "\n"), end) {
		end += "_"
	}
	s.put("%s <<'%s'\n%s\n%s\n", command, end, strings.TrimSuffix(text, "\n"), end)
}

// step writes the first of the steps, and says how many it took: what is typed
// into a job without a pause is typed in one go, so that its state carries
// over.
func (s *script) step(all []step.Step) int {
	st := all[0]
	ran := s.found(st)
	if st.Role == step.File && st.FileFrom == "" && st.File != "" && !st.Partial {
		s.begin(st)
		s.file(st.File, []byte(strings.TrimSuffix(st.Text, "\n")+"\n"))
		return 1
	}
	if !st.Role.Runs() || strings.HasPrefix(st.Session, "container:") {
		return 1
	}
	s.begin(st)
	if ran == nil || ran.Command == "" {
		why := "no run reached it"
		if ran != nil && ran.Why != "" {
			why = ran.Why
		}
		s.put("# Not run: %s.\n", comment(why))
		for _, c := range st.Commands {
			s.put("# %s\n", strings.ReplaceAll(c.Text, "\n", "\n# "))
		}
		return 1
	}
	if ran.Digest != st.Digest {
		s.put("# The page has changed here since. This is what ran.\n")
	}
	taken, text := 1, s.own(ran.Command)
	switch {
	case st.Session == step.Job:
		for taken < len(all) && all[taken].Session == step.Job && all[taken].Role.Runs() {
			if next := s.found(all[taken]); next != nil && next.Command != "" {
				text += "\n" + s.own(next.Command)
				ran = next
			}
			taken++
		}
		s.here("lab_job", text)
	case st.Opens != "" && ran.Digest == st.Digest:
		s.terminal(st)
	case st.Opt.Background:
		s.put("{\n%s\n} &\n", text)
	case st.Opt.Alt:
		s.put("(\n%s\n)\n", text)
	default:
		s.put("%s\n", text)
	}
	if !st.Opt.Background {
		want := "0"
		if ran.Exit != nil {
			want = strconv.Itoa(*ran.Exit)
		}
		if st.Opt.Exit.NonZero {
			want = "nonzero"
		}
		s.put("lab_check $? %s\n", want)
	}
	if r := st.Opt.Ready; r != nil && r.Kind == "port" {
		s.put("lab_port %s\n", quoted(r.Value))
	} else if r != nil && r.Kind == "http" {
		s.put("curl -fsS --retry 60 --retry-all-errors --retry-delay 1 -o /dev/null %s; lab_check $? 0\n", quoted(r.Value))
	}
	return taken
}

// begin names a step by the caption or the line of its listing.
func (s *script) begin(st step.Step) {
	name := st.Caption
	if name == "" {
		name = fmt.Sprintf("%s, line %d", st.Source.Name, st.Line)
	}
	s.put("\nlab_step %s\n", quoted(comment(name)))
}

// terminal writes a listing whose first command opens a shell elsewhere.
func (s *script) terminal(st step.Step) {
	var outside, inside []string
	for _, c := range st.Commands {
		if c.Inside {
			inside = append(inside, c.Text)
		} else {
			outside = append(outside, s.own(c.Text))
		}
	}
	inside = append(inside, s.inside[st.Opens]...)
	last := len(outside) - 1
	if last < 0 {
		return
	}
	for _, c := range outside[:last] {
		s.put("%s\n", c)
	}
	// The end of what comes in is lost where the terminal is not open yet.
	s.here("lab_terminal "+quoted(outside[last]), strings.Join(append(inside, "exit"), "\n"))
}

// found is what the run says about a step.
func (s *script) found(st step.Step) *report.Step {
	for i := range s.run.Steps {
		if s.run.Steps[i].ID == st.ID {
			return &s.run.Steps[i]
		}
	}
	return nil
}

// own lets the reader's values stand where a command gives a variable the
// value of the page.
func (s *script) own(command string) string {
	for _, x := range s.values {
		if x.Default == "" {
			continue
		}
		re := regexp.MustCompile(`(?m)^(\s*(?:export\s+)?` + regexp.QuoteMeta(x.Name) + `=)(["']?)` + regexp.QuoteMeta(x.Default) + `(["']?)(\s*(?:;.*)?)$`)
		command = re.ReplaceAllString(command, "${1}$$"+x.Name+"${4}")
	}
	return command
}
