package run

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"docent/generator/doc"
	"docent/labs/engine"
	"docent/labs/ngc"
	"docent/labs/report"
	"docent/labs/step"
)

// The test binary plays labs: it is the docker and ngc of its own labs, and
// puts the fence around their shells.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == FenceName {
		os.Exit(Fence(os.Args[1:]))
	}
	if name, ok := ShimName(os.Args[0]); ok {
		os.Exit(Shim(name, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// scriptEngine is an engine whose docker is a bash script: what is tested here
// is what happens around it.
type scriptEngine struct {
	engine.Engine
	script string
}

func (e *scriptEngine) Docker(ctx context.Context, call engine.Call) (int, error) {
	cmd := exec.CommandContext(ctx, "bash", append([]string{"-c", e.script, "docker"}, call.Args...)...)
	cmd.Dir, cmd.Env, cmd.Stdin = call.Dir, append(call.Env, "PATH="+systemPath), call.Stdin
	cmd.Stdout, cmd.Stderr = call.Stdout, call.Stderr
	cmd.WaitDelay = time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		return -1, err
	}
	if call.Signals != nil {
		go func() {
			for s := range call.Signals {
				cmd.Process.Signal(s)
			}
		}()
	}
	err := cmd.Wait()
	if ctx.Err() != nil {
		return -1, context.Cause(ctx)
	}
	if cmd.ProcessState != nil {
		return cmd.ProcessState.ExitCode(), nil
	}
	return -1, err
}

func (e *scriptEngine) Image(context.Context, string) (*engine.Image, error) {
	return nil, engine.ErrNoImage
}
func (e *scriptEngine) Save(context.Context, string) (v1.Image, error) { return nil, engine.ErrNoImage }

func testDeps(t *testing.T, script string) Deps {
	t.Helper()
	scratch, err := os.MkdirTemp("", "lab") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(scratch) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := &scriptEngine{script: script}
	p, err := ngc.Open(ngc.Options{Engine: e, RunID: "t", Scratch: scratch, Dir: filepath.Join(scratch, "ngc"), Org: "r2kuatviomfd", Team: "internal-sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(context.Background()) })
	return Deps{Engine: e, NGC: p, Scratch: scratch, Labs: self, Content: t.TempDir(), Timeout: 20 * time.Second}
}

// commands makes a step that types lines on the host.
func commands(id string, lines ...string) step.Planned {
	p := step.Planned{Action: step.DoRun, Step: step.Step{ID: id, Role: step.Run, Session: step.Host}}
	for i, l := range lines {
		p.Step.Commands = append(p.Step.Commands, step.Command{Text: l, Line: i + 1})
	}
	return p
}

func page(t *testing.T, deps Deps, plan ...step.Planned) map[string]report.Step {
	t.Helper()
	return pageCtx(t, t.Context(), deps, plan...)
}

func pageCtx(t *testing.T, ctx context.Context, deps Deps, plan ...step.Planned) map[string]report.Step {
	t.Helper()
	d := &doc.Document{Sources: []*doc.Source{doc.NewSource("page.rst", "")}, Root: doc.New(doc.KindDocument, doc.Pos{})}
	out, err := Page(ctx, d, plan, deps)
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]report.Step{}
	for _, s := range out.Steps {
		steps[s.ID] = s
	}
	if left := marked(filepath.Join(deps.Scratch, "lab.sock")); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
	return steps
}

func TestStateCarriesOver(t *testing.T) {
	got := page(t, testDeps(t, ""),
		commands("set", `export A="two words"; B=(1 "2 3"); declare -A M=([k]=v)`, "greet() { echo hello $1; }", "export -f greet",
			"mkdir -p sub && cd sub", "shopt -s extglob", "set -u", "alias ll='echo listing'", "umask 077", "odd=$'a\\nb\"$c'"),
		commands("get", `echo "$A|${B[1]}|${M[k]}|${PWD##*/}|$(umask)|$-"`, `bash -c 'greet you'`, "ll", `printf '%q\n' "$odd"`),
		commands("loose", "set +u", "cd ..", "false || true", "exit 3"),
		commands("after", `echo "status $? in ${PWD##*/}, A=$A"`),
	)
	if s := got["get"]; s.Verdict != report.Passed || !strings.HasPrefix(s.Output, "two words|2 3|v|sub|0077|") || !strings.Contains(s.Output, "hello you\nlisting\n") || !strings.HasSuffix(s.Output, `$'a\nb"$c'`) {
		t.Errorf("state was lost: %+v", s)
	}
	if s := got["loose"]; s.Verdict != report.Failed || !strings.Contains(s.Why, `"exit 3" (line 4) ended with status 3`) {
		t.Errorf("exit 3: %+v", s)
	}
	if s := got["after"]; s.Output != "status 3 in work, A=two words" {
		t.Errorf("after exit: %q", s.Output)
	}
}

func TestEnvironmentIsScrubbed(t *testing.T) {
	t.Setenv("SECRET_OF_THE_USER", "do not tell")
	deps := testDeps(t, "")
	deps.Values = []step.Value{{Name: "USER", Value: "gzynda"}, {Name: "ORG", Value: "abc"}}
	got := page(t, deps, commands("env", "env | sort", `echo "$HOME $ORG"`))["env"]
	if strings.Contains(got.Output, "SECRET_OF_THE_USER") || !strings.Contains(got.Output, "USER=gzynda") || !strings.Contains(got.Output, deps.Scratch+"/home abc") {
		t.Errorf("environment:\n%s", got.Output)
	}
}

func TestVerdicts(t *testing.T) {
	alt := commands("alt", "export KEEP=changed", "cd /")
	alt.Step.Opt.Alt = true
	must := commands("must-fail", "false")
	must.Step.Opt.Exit = step.Exit{Said: true, NonZero: true}
	slow := commands("slow", "sleep 60 & sleep 61")
	slow.Step.Opt.Timeout = 300 * time.Millisecond
	sample := commands("sample", "echo something else")
	sample.Step.Commands[0].Output = "what the page says"
	user := commands("user", "echo using $NEEDED")
	tidy := commands("tidy", "echo tidy $NEEDED")
	tidy.Step.Opt.Cleanup = true
	skipped := step.Planned{Action: step.DoSkip, Why: "no GPU found by NVML", Step: step.Step{ID: "gpu", Role: step.Run}}
	output := step.Planned{Action: step.DoCompare, Step: step.Step{ID: "gpu-out", Role: step.Output, Of: "gpu", Expect: "x"}}
	compared := step.Planned{Action: step.DoCompare, Step: step.Step{ID: "out", Role: step.Output, Of: "print", Expect: "printed"}}
	cpu := commands("cpu", "big-benchmark")
	cpu.Instead, cpu.Why = "echo small benchmark", "no GPU found by NVML: ran echo small benchmark"
	got := page(t, testDeps(t, ""),
		commands("keep", "KEEP=1"), alt, commands("kept", `[ "$KEEP" = 1 ] && [ "${PWD##*/}" = work ]`),
		must, slow, commands("after-slow", "echo alive"), sample,
		commands("break", "NEEDED=$(false)"), user, tidy, commands("independent", "echo fine"),
		skipped, output, commands("print", "echo printed"), compared, cpu)
	for id, want := range map[string]report.Verdict{
		"keep": report.Passed, "alt": report.Passed, "kept": report.Passed, "must-fail": report.Passed,
		"slow": report.Failed, "after-slow": report.Passed, "sample": report.Failed,
		"break": report.Failed, "user": report.Unreached, "tidy": report.Passed, "independent": report.Passed,
		"gpu": report.Skipped, "gpu-out": report.Skipped, "print": report.Passed, "out": report.Passed, "cpu": report.Passed,
	} {
		if got[id].Verdict != want {
			t.Errorf("%s: %s (%s), want %s", id, got[id].Verdict, got[id].Why, want)
		}
	}
	if s := got["slow"]; !strings.Contains(s.Why, "still running after 300ms") || s.Duration > 5000 {
		t.Errorf("slow: %+v", s)
	}
	if s := got["sample"]; s.Diff == "" {
		t.Errorf("sample without a diff: %+v", s)
	}
	if s := got["cpu"]; s.Output != "small benchmark" || !strings.Contains(s.Why, "no GPU") {
		t.Errorf("cpu: %+v", s)
	}
}

// docker and ngc are found by scripts that scripts start, and what they print
// reaches the caller's own files.
func TestShim(t *testing.T) {
	deps := testDeps(t, `case $1 in
		fail) exit 42 ;;
		cat) cat ;;
		wait) trap 'echo got a signal; exit 9' INT TERM; echo ready; sleep 30 & wait ;;
		*) echo "docker $* in ${PWD##*/} with ${GREETING-nothing} and ${DOCENT_LAB_SOCKET-no socket}" ;;
	esac`)
	inner := "#!/bin/bash\nsh -c 'docker deep \"two words\"'\n"
	if err := os.WriteFile(filepath.Join(deps.Content, "inner.sh"), []byte(inner), 0o755); err != nil {
		t.Fatal(err)
	}
	deps.Downloads = []step.Download{{Name: "inner.sh", From: "inner.sh"}}
	got := page(t, deps,
		commands("plain", "export GREETING=hi", "mkdir d; cd d", "docker run x", "cd .."),
		commands("nested", "./inner.sh"),
		commands("pipe", "echo through | docker cat | tr a-z A-Z"),
		commands("status", "docker fail || echo status $?"),
		commands("signal", "docker wait & sleep 0.5; kill -TERM $!; wait $!"),
		commands("ngc", "ngc config current | grep team"))
	for id, want := range map[string]string{
		"plain":  "docker run x in d with hi and no socket",
		"nested": "docker deep two words in work with hi and no socket",
		"pipe":   "THROUGH", "status": "status 42",
		"ngc": "| team        | internal-sandbox     | user settings |",
	} {
		if got[id].Output != want {
			t.Errorf("%s: %q (%s), want %q", id, got[id].Output, got[id].Why, want)
		}
	}
	if s := got["signal"]; s.Output != "ready\ngot a signal" || s.Exit == nil || *s.Exit != 9 {
		t.Errorf("signal: %+v", s)
	}
}

// The terminal of "docker run -it" is the session's own pseudo-terminal, also
// through the shim.
func TestContainerTerminal(t *testing.T) {
	deps := testDeps(t, `[ -t 0 ] || { echo the input device is not a TTY; exit 1; }
		exec setsid -c bash --norc -i`)
	p := commands("open", "docker run --rm -it image bash -l", "echo size $(tput cols)", "X=1", "nbody() { echo help; return 0; }; nbody -h")
	p.Step.Opens, p.Step.KeepOpen = "container:1", true
	for i := range p.Step.Commands[1:] {
		p.Step.Commands[i+1].Inside = true
	}
	p.Step.Commands[3].Output = "help"
	later := commands("later", "echo X=$X")
	later.Step.Session = "container:1"
	got := page(t, deps, p, later)
	if s := got["open"]; s.Verdict != report.Passed || !strings.Contains(s.Output, fmt.Sprintf("size %d\nhelp", termCols)) {
		t.Errorf("open: %+v", s)
	}
	if s := got["later"]; s.Output != "X=1" {
		t.Errorf("later: %+v", s)
	}
}

func TestBackground(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	bg := func(id, cmd string, ready *step.Ready) step.Planned {
		p := commands(id, cmd)
		p.Step.Opt.Background, p.Step.Opt.Ready, p.Step.Opt.Timeout = true, ready, 5*time.Second
		return p
	}
	got := page(t, testDeps(t, ""),
		bg("server", "python3 -m http.server --bind 127.0.0.1 "+port, &step.Ready{Kind: "http", Value: "http://127.0.0.1:" + port}),
		commands("client", "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:"+port+"\").status)'"),
		bg("log", "echo starting; sleep 0.3; echo listening on 5; sleep 100", &step.Ready{Kind: "log", Value: "^listening on \\d"}),
		bg("dies", "echo no; exit 5", &step.Ready{Kind: "port", Value: "1"}),
		bg("never", "sleep 100", &step.Ready{Kind: "log", Value: "nothing"}))
	for id, want := range map[string]report.Verdict{"server": report.Passed, "client": report.Passed, "log": report.Passed, "dies": report.Failed, "never": report.Failed} {
		if got[id].Verdict != want {
			t.Errorf("%s: %s (%s), want %s", id, got[id].Verdict, got[id].Why, want)
		}
	}
}

// What leaves its group, its parent and its terminal behind is ended all the
// same; a gigabyte of output is read and not kept.
func TestNothingIsLeft(t *testing.T) {
	got := page(t, testDeps(t, ""),
		commands("escape", "setsid sh -c 'trap \"\" TERM HUP; sleep 300' >/dev/null 2>&1 & disown; sleep 0.1"),
		commands("loud", "head -c 1000000000 /dev/zero | tr '\\0' x", "echo; echo end"))
	if s := got["loud"]; s.Verdict != report.Passed || !strings.HasSuffix(s.Output, "end") || len(s.Output) > keepHead+3*keepTail {
		t.Errorf("loud: %s %s, %d bytes", s.Verdict, s.Why, len(s.Output))
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(500*time.Millisecond, cancel)
	start := time.Now()
	tidy := commands("tidy", "echo tidied")
	tidy.Step.Opt.Cleanup = true
	got := pageCtx(t, ctx, testDeps(t, ""), commands("long", "sleep 60"), commands("next", "echo next"), tidy)
	if got["long"].Verdict != report.Unreached || got["next"].Verdict != report.Unreached || got["tidy"].Verdict != report.Passed {
		t.Errorf("verdicts: %+v", got)
	}
	if time.Since(start) > 10*time.Second {
		t.Errorf("stopping took %v", time.Since(start))
	}
}

func TestDownloads(t *testing.T) {
	deps := testDeps(t, "")
	os.MkdirAll(filepath.Join(deps.Content, "assets"), 0o755)
	os.WriteFile(filepath.Join(deps.Content, "assets", "job.sh"), []byte("echo job\n"), 0o755)
	os.Symlink("/etc/passwd", filepath.Join(deps.Content, "assets", "link"))
	deps.Downloads = []step.Download{{Name: "renamed.sh", From: "assets/job.sh"}, {Name: "gone.tar.gz", From: "assets/gone.tar.gz"}}
	file := func(id, from, name string) step.Planned {
		return step.Planned{Action: step.DoPlace, Step: step.Step{ID: id, Role: step.File, File: name, FileFrom: from}}
	}
	got := page(t, deps, commands("run", "./renamed.sh"), file("there", "assets/job.sh", "job.sh"), file("gone", "assets/gone.tar.gz", "gone.tar.gz"),
		file("out", "assets/link", "link"), commands("uses", "tar -xzf gone.tar.gz"))
	for id, want := range map[string]report.Verdict{"run": report.Passed, "there": report.Passed, "gone": report.Failed, "out": report.Failed, "uses": report.Unreached} {
		if got[id].Verdict != want {
			t.Errorf("%s: %s (%s), want %s", id, got[id].Verdict, got[id].Why, want)
		}
	}
}

// A secret reaches the commands, and neither a report, an event nor the
// arguments of a process.
func TestSecretsStayInside(t *testing.T) {
	const secret = "hunter22-secret-value"
	deps := testDeps(t, "exit 0")
	deps.Values = []step.Value{{Name: "NGC_API_KEY", Value: secret}}
	deps.Mask = report.NewMasker(secret).Text
	var lines []string
	var mu sync.Mutex
	deps.Events = func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, e.Line)
		if e.Result != nil {
			lines = append(lines, e.Result.Output, e.Result.Command, e.Result.Why)
		}
	}
	steps := page(t, deps,
		commands("reaches", `test "$NGC_API_KEY" = "hunter22-""secret-value"`),
		commands("printed", `echo "key: $NGC_API_KEY"; echo "$NGC_API_KEY" | base64`),
		commands("arguments", `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -c 'hunter22-[s]ecret' || true`),
		commands("fails", `echo "$NGC_API_KEY" >&2; exit 3`))
	if steps["reaches"].Verdict != report.Passed {
		t.Errorf("the secret did not reach the session: %s", steps["reaches"].Why)
	}
	if got := steps["arguments"].Output; got != "0" {
		t.Errorf("the secret is in the arguments of a process: %q", got)
	}
	text := strings.Join(lines, "\n") + fmt.Sprintf("%+v", steps)
	if !strings.Contains(text, "key: ********") || strings.Contains(text, secret) || strings.Contains(text, "aHVudGVyMjItc2VjcmV0LXZhbHVl") {
		t.Errorf("the secret is told:\n%s", text)
	}
}

// A command behind sudo finds the lab's own docker, and has the session's rights.
func TestSudo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root's labs run commands as root")
	}
	deps := testDeps(t, `echo "lab docker: $*"; [ "$1" != fails ]`)
	got := page(t, deps, commands("docker", "sudo docker ps -a"), commands("options", "sudo -E -H -u root -p x A=b docker ps; sudo -v; sudo -n -- docker images"),
		commands("script", `echo 'sudo docker info' > s.sh`, "sudo bash s.sh"), commands("env", `export X=1; sudo Y=2 sh -c 'echo $X$Y'; echo hi | sudo tee f`),
		commands("status", "sudo docker fails"), commands("user", "sudo -u postgres psql"), commands("none", "sudo nosuchcommand"), commands("shell", "echo 'docker run x' | sudo -s"))
	for id, want := range map[string]string{"docker": "lab docker: ps -a", "options": "lab docker: ps\nlab docker: images", "script": "lab docker: info", "env": "12\nhi",
		"status": "lab docker: fails", "user": "sudo: a lab has no user postgres; it runs commands as root or as who started labs",
		"none": "sudo: nosuchcommand: command not found", "shell": "lab docker: run x"} {
		if s := got[id]; s.Output != want || (s.Verdict == report.Passed) != (id != "status" && id != "user" && id != "none") {
			t.Errorf("%s: %s, %q, want %q", id, s.Verdict, s.Output, want)
		}
	}
}

// A sample that shows what a skipped or failed step would have made is not held
// against the page: the listing is skipped, or not reached, with it.
func TestSamplesOfWhatIsNotThere(t *testing.T) {
	build := func(id, tag string) step.Step {
		s := commands(id, "docker build -t nvcr.io/${ORG}/${USER}_nbody:"+tag+" .").Step
		return s
	}
	table := func(id string, rows ...string) step.Planned {
		p := commands(id, "docker images")
		p.Step.Expect = strings.Join(append([]string{"REPOSITORY  TAG  SIZE"}, rows...), "\n")
		p.Step.Commands[0].Output = p.Step.Expect
		return p
	}
	claim := commands("claim", "echo x")
	claim.Step.Opt.Asserts = []string{"size(simple) < 5GB"}
	saved := table("saved", "nvcr.io/org/me_nbody  simple  443MB")
	saved.Step.Opt.Saves = []step.Save{{Name: "size", Regex: `simple +(\S+)`}}
	missing := table("missing", "notes.txt  other  1MB")
	deps := testDeps(t, `[ "$1" = images ] && echo "REPOSITORY  TAG  SIZE"`)
	deps.Missing = map[string]string{"notes.txt": "the page shows the file notes.txt, and there is no such file"}
	got := page(t, deps,
		step.Planned{Action: step.DoSkip, Why: "the oci engine does not build", Step: build("skipped", "simple")},
		table("table", "nvcr.io/org/me_nbody  simple  443MB"), claim, saved,
		commands("run", "docker run nvcr.io/${ORG}/${USER}_nbody:simple"), commands("push", "docker push nvcr.io/${ORG}/${USER}_nbody:simple"),
		missing, commands("needs", "docker build -f notes.txt ."), commands("option", "docker build --file=notes.txt ."),
		table("wrong", "debian  bookworm  443MB"), commands("makes", "echo hi > notes.txt"), commands("has", "cat notes.txt"),
		commands("fails", "false # docker build -t nvcr.io/org/x:broken"), table("after", "nvcr.io/org/x  broken  443MB"))
	for id, want := range map[string]report.Verdict{
		"skipped": report.Skipped, "table": report.Skipped, "claim": report.Skipped, "saved": report.Skipped, "run": report.Skipped, "push": report.Skipped,
		"missing": report.Unreached, "needs": report.Unreached, "option": report.Unreached,
		"wrong": report.Failed, "makes": report.Passed, "has": report.Passed, "fails": report.Failed, "after": report.Unreached,
	} {
		if s := got[id]; s.Verdict != want || want != report.Failed && s.Blame != "" {
			t.Errorf("%s: %s (%s), blame %q, want %s", id, s.Verdict, s.Why, s.Blame, want)
		}
	}
}
