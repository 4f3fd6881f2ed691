package ngc

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"docent/labs/engine"
	"docent/labs/gpu"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// processEngine is an engine whose containers are processes of this machine.
type processEngine struct {
	engine.Engine
	dir string

	mu    sync.Mutex
	procs map[string]*exec.Cmd
	done  map[string]chan struct{}
	calls [][]string
}

func (e *processEngine) Name() string { return "docker" }

func (e *processEngine) Image(_ context.Context, ref string) (*engine.Image, error) {
	if strings.HasSuffix(ref, ":gone") {
		return nil, engine.ErrNoImage
	}
	return &engine.Image{Ref: ref, Size: 1_500_000, Digest: "sha256:abc", Created: time.Unix(0, 0), Layers: make([]engine.Layer, 2)}, nil
}

func (e *processEngine) Docker(ctx context.Context, call engine.Call) (int, error) {
	say := func(s string) {
		if call.Stdout != nil {
			fmt.Fprintln(call.Stdout, s)
		}
	}
	e.mu.Lock()
	e.calls = append(e.calls, call.Args)
	e.mu.Unlock()
	last := call.Args[len(call.Args)-1]
	switch call.Args[0] {
	case "run":
		if slices.Contains(call.Args, "nvcr.io/broken:1") {
			say("Unable to find image 'nvcr.io/broken:1' locally\nError: not found")
			return 125, nil
		}
		name := call.Args[slices.Index(call.Args, "--name")+1]
		f, err := os.Create(filepath.Join(e.dir, name))
		if err != nil {
			return -1, err
		}
		cmd := exec.Command("bash", "-c", last)
		cmd.Stdout, cmd.Stderr = f, f
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		for i, a := range call.Args {
			if a == "-e" {
				cmd.Env = append(cmd.Env, call.Args[i+1])
			}
		}
		if err := cmd.Start(); err != nil {
			return -1, err
		}
		done := make(chan struct{})
		e.mu.Lock()
		e.procs[name], e.done[name] = cmd, done
		e.mu.Unlock()
		go func() { cmd.Wait(); f.Close(); close(done) }()
	case "wait", "logs":
		e.mu.Lock()
		done, cmd := e.done[last], e.procs[last]
		e.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return -1, context.Cause(ctx)
		}
		if call.Args[0] == "wait" {
			say(fmt.Sprint(cmd.ProcessState.ExitCode()))
			break
		}
		text, _ := os.ReadFile(filepath.Join(e.dir, last))
		call.Stdout.Write(text)
	case "exec":
		cmd := exec.Command("bash", "-c", last)
		cmd.Stdout, cmd.Stderr = call.Stdout, call.Stderr
		if cmd.Run() != nil {
			return cmd.ProcessState.ExitCode(), nil
		}
	case "rm":
		e.mu.Lock()
		for _, n := range call.Args[2:] {
			if c := e.procs[n]; c != nil {
				syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			}
		}
		e.mu.Unlock()
	}
	return 0, nil
}

// called lists the docker commands of a kind.
func (e *processEngine) called(verb string) (out []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.calls {
		if c[0] == verb {
			out = append(out, strings.Join(c, " "))
		}
	}
	return out
}

// bench is a platform with what a test needs around it.
type bench struct {
	t *testing.T
	*Platform
	engine  *processEngine
	scratch string
}

func open(t *testing.T, gpus int) *bench {
	t.Helper()
	scratch := t.TempDir()
	e := &processEngine{dir: t.TempDir(), procs: map[string]*exec.Cmd{}, done: map[string]chan struct{}{}}
	var devs []gpu.Device
	for i := range gpus {
		devs = append(devs, gpu.Device{Index: i})
	}
	p, err := Open(Options{Engine: e, RunID: "t", Scratch: scratch, Dir: filepath.Join(scratch, "ngc"), GPUs: devs,
		User: "gzynda", Org: "r2kuatviomfd", Team: "internal-sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t, p, e, scratch}
	t.Cleanup(func() { p.Close(context.Background()) })
	return b
}

// ngc runs a command line and gives what it printed.
func (b *bench) ngc(exit int, args ...string) string { b.t.Helper(); return b.ngcIn(exit, "", args...) }

func (b *bench) ngcIn(exit int, stdin string, args ...string) string {
	b.t.Helper()
	out, err := os.CreateTemp(b.t.TempDir(), "out")
	if err != nil {
		b.t.Fatal(err)
	}
	defer out.Close()
	call := Call{Args: args, Dir: b.scratch, Stdout: out, Stderr: out}
	if stdin != "" {
		name := filepath.Join(b.t.TempDir(), "in")
		os.WriteFile(name, []byte(stdin), 0o600)
		if call.Stdin, err = os.Open(name); err != nil {
			b.t.Fatal(err)
		}
		defer call.Stdin.Close()
	}
	if got := b.Run(b.t.Context(), call); got != exit {
		text, _ := os.ReadFile(out.Name())
		b.t.Fatalf("ngc %s: status %d, want %d:\n%s", strings.Join(args, " "), got, exit, text)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// until waits for a job's state.
func (b *bench) until(id, status string) string {
	b.t.Helper()
	for range 500 {
		if text := b.ngc(0, "batch", "info", id); strings.Contains(text, "Status: "+status) {
			return text
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("job %s is not %s:\n%s", id, status, b.ngc(0, "batch", "info", id))
	return ""
}

func (b *bench) submit(args ...string) string {
	b.t.Helper()
	all := append([]string{"batch", "run", "--name", "test", "--image", "nvidia/pytorch:24.03-py3", "--instance", "dgxa100.80g.1.norm", "--result", "/results"}, args...)
	text := b.ngc(0, all...)
	return regexp.MustCompile(`Id: (\d{7})`).FindStringSubmatch(text)[1]
}

func TestConfigGolden(t *testing.T) {
	b := open(t, 0)
	for _, format := range []string{"ascii", "csv", "json"} {
		got := b.ngc(0, "config", "current", "--format_type", format)
		name := filepath.Join("testdata", "config."+format)
		if *update {
			os.MkdirAll("testdata", 0o755)
			os.WriteFile(name, []byte(got), 0o644)
		}
		want, err := os.ReadFile(name)
		if err != nil || got != string(want) {
			t.Errorf("%s (%v):\n%s\nwant\n%s", format, err, got, want)
		}
	}
	if text := b.ngc(0, "config", "current"); strings.Contains(text, b.config.apikey) {
		t.Error("the whole key is shown")
	}
}

func TestConfigSet(t *testing.T) {
	b := open(t, 0)
	b.ngcIn(0, "\njson\n\nno-team\n\n", "config", "set")
	var list []map[string]string
	if err := json.Unmarshal([]byte(b.ngc(0, "config", "current")), &list); err != nil {
		t.Fatal(err)
	}
	for _, row := range list {
		if row["key"] == "team" {
			t.Errorf("the team was not taken away: %v", row)
		}
	}
	b.ngc(0, "config", "set", "--format_type", "csv", "--ace", "other-ace") // no answers: everything stays
	rows, err := csv.NewReader(strings.NewReader(b.ngc(0, "config", "current"))).ReadAll()
	if err != nil || rows[len(rows)-1][1] != "other-ace" {
		t.Errorf("%v %v", rows, err)
	}
}

func TestWorkspaces(t *testing.T) {
	b := open(t, 0)
	if text := b.ngc(1, "workspace", "info", "w"); !strings.Contains(text, "ngc workspace create --name w") {
		t.Errorf("no advice: %s", text)
	}
	text := b.ngc(0, "workspace", "create", "--name", "w", "--ace", "a")
	id := regexp.MustCompile(`with id: (\w{22})\n`).FindStringSubmatch(text)[1]
	b.ngc(1, "workspace", "create", "--name", "w")
	os.MkdirAll(filepath.Join(b.scratch, "src", "sub"), 0o755)
	os.WriteFile(filepath.Join(b.scratch, "src", "sub", "a.txt"), []byte("content"), 0o755)
	os.Symlink("/etc/passwd", filepath.Join(b.scratch, "src", "link"))
	b.ngc(0, "workspace", "upload", "--source", "src", "w")
	b.ngc(0, "workspace", "upload", "--source", "src/sub/a.txt", "--destination", "/deep/er", id)
	if text := b.ngc(0, "workspace", "list"); !strings.Contains(text, "| "+id+" | w ") || !strings.Contains(text, "14 B") {
		t.Errorf("list:\n%s", text)
	}
	b.ngc(0, "workspace", "download", "--file", "/deep/er/a.txt", "--dest", "got", "w")
	if text, err := os.ReadFile(filepath.Join(b.scratch, "got", id, "deep", "er", "a.txt")); string(text) != "content" || err != nil {
		t.Errorf("download: %q %v", text, err)
	}
	b.ngc(1, "workspace", "download", "--file", "/nothing", "w")
	// Nothing comes in from, or goes out to, the world around the lab.
	for _, args := range [][]string{
		{"workspace", "upload", "--source", "/etc/passwd", "w"}, {"workspace", "upload", "--source", "../../etc/passwd", "w"},
		{"workspace", "upload", "--source", "src/link", "w"}, {"workspace", "download", "--dest", "/tmp", "w"},
	} {
		b.ngc(1, args...)
	}
	ws, _ := b.workspace("w")
	if _, err := os.Lstat(filepath.Join(ws.dir, "link")); err == nil {
		t.Error("a link was uploaded")
	}
	b.ngc(0, "workspace", "remove", "w")
	b.ngc(1, "workspace", "info", id)
}

func TestJob(t *testing.T) {
	b := open(t, 0)
	b.ngc(0, "workspace", "create", "--name", "w")
	id := b.submit("--commandline", "echo job $NGC_JOB_ID says $GREETING; sleep 0.3", "--workspace", "w:/mnt/workspace:RO", "--port", "8888",
		"--total-runtime", "1H30M", "--env-var", "GREETING:hello there", "--team", "no-team")
	container, err := b.Container(t.Context())
	if err != nil || container != "docent-t-job-"+id {
		t.Fatalf("container %q, %v", container, err)
	}
	if text := b.ngc(0, "batch", "exec", "--commandline", "echo inside", id); text != "inside\n" {
		t.Errorf("exec: %q", text)
	}
	b.ngc(3, "batch", "exec", "--commandline", "exit 3", id)
	text := b.until(id, "FINISHED_SUCCESS")
	for _, want := range []string{"Total Runtime: 1H30M", "Workspace Mount Mode: RO", "Docker Image URL: nvidia/pytorch:24.03-py3", "Port: 8888", "Result Mount Point: /results"} {
		if !strings.Contains(text, want) {
			t.Errorf("info lacks %q:\n%s", want, text)
		}
	}
	if text := b.ngc(0, "batch", "log", id); text != "job "+id+" says hello there\n" {
		t.Errorf("log: %q", text)
	}
	ws, _ := b.workspace("w")
	for _, want := range []string{"-v " + ws.dir + ":/mnt/workspace:ro", "-p 127.0.0.1:8888:8888", ":/results", "nvcr.io/nvidia/pytorch:24.03-py3 /bin/bash -c"} {
		if run := b.engine.called("run")[0]; !strings.Contains(run, want) {
			t.Errorf("docker run lacks %q: %s", want, run)
		}
	}
	if _, err := b.Container(t.Context()); err == nil || !strings.Contains(err.Error(), "FINISHED_SUCCESS") {
		t.Errorf("container of a finished job: %v", err)
	}
	b.ngc(1, "batch", "kill", id)
	b.ngc(1, "batch", "exec", "--commandline", "x", id)
}

func TestJobEnds(t *testing.T) {
	b := open(t, 0)
	fails := b.submit("--commandline", "exit 7")
	if text := b.until(fails, "FAILED"); !strings.Contains(text, "status 7") {
		t.Errorf("failed:\n%s", text)
	}
	long := b.submit("--commandline", "sleep 100")
	b.until(long, "RUNNING")
	b.ngc(0, "batch", "kill", long)
	b.until(long, "KILLED_BY_USER")
	over := b.submit("--commandline", "sleep 100", "--total-runtime", "1s")
	b.until(over, "FAILED_RUN_LIMIT_EXCEEDED")
	broken := b.ngc(0, "batch", "run", "--name", "x", "--image", "nvcr.io/broken:1", "--instance", "i.1.norm", "--commandline", "x")
	id := regexp.MustCompile(`Id: (\d+)`).FindStringSubmatch(broken)[1]
	if text := b.until(id, "FAILED"); !strings.Contains(text, "not found") {
		t.Errorf("broken:\n%s", text)
	}
	list := b.ngc(0, "batch", "list")
	for _, s := range []string{"FAILED", "KILLED_BY_USER", "FAILED_RUN_LIMIT_EXCEEDED"} {
		if !strings.Contains(list, s) {
			t.Errorf("list lacks %s:\n%s", s, list)
		}
	}
}

// Jobs wait for the GPUs of this machine, in order, and get devices of their
// own. A job that asks for more than there are gets all.
func TestQueue(t *testing.T) {
	b := open(t, 2)
	first, second := b.submit("--commandline", "sleep 100"), b.submit("--commandline", "sleep 100")
	b.until(first, "RUNNING")
	b.until(second, "RUNNING")
	big := b.ngc(0, "batch", "run", "--name", "big", "--image", "a/b:1", "--instance", "dgxa100.80g.8.norm", "--commandline", "true")
	bigID := regexp.MustCompile(`Id: (\d+)`).FindStringSubmatch(big)[1]
	cpu := b.ngc(0, "batch", "run", "--name", "cpu", "--image", "a/b:1", "--instance", "cpu.x86.tiny", "--commandline", "true")
	b.until(bigID, "QUEUED")
	b.ngc(0, "batch", "kill", first)
	b.until(bigID, "QUEUED")
	b.ngc(0, "batch", "kill", second)
	b.until(bigID, "FINISHED_SUCCESS")
	b.until(regexp.MustCompile(`Id: (\d+)`).FindStringSubmatch(cpu)[1], "FINISHED_SUCCESS")
	runs := strings.Join(b.engine.called("run"), "\n")
	for _, want := range []string{"--gpus device=0 ", "--gpus device=1 ", `--gpus "device=0,1" `} {
		if !strings.Contains(runs, want) {
			t.Errorf("no run with %s:\n%s", want, runs)
		}
	}
}

func TestReplicas(t *testing.T) {
	b := open(t, 0)
	id := b.submit("--commandline", "echo $NGC_ARRAY_INDEX of $NGC_ARRAY_SIZE at $NGC_MASTER_ADDR", "--array-type", "PYTORCH", "--replicas", "2")
	b.until(id, "FINISHED_SUCCESS")
	for r := range 2 {
		if text := b.ngc(0, "batch", "log", fmt.Sprintf("%s:%d", id, r)); text != fmt.Sprintf("%d of 2 at docent-t-job-%s-0\n", r, id) {
			t.Errorf("replica %d: %q", r, text)
		}
	}
	b.ngc(1, "batch", "log", id+":2")
}

// The commands around jobs, in every format.
func TestSiblings(t *testing.T) {
	b := open(t, 2)
	id := b.submit("--commandline", "for i in 1 2 3 4; do echo line $i; done", "--label", "first")
	b.until(id, "FINISHED_SUCCESS")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"result", "info", id}, "Status: FINISHED_SUCCESS"},
		{[]string{"result", "download", id, "--dest", "."}, "Total files downloaded: 1"},
		{[]string{"result", "remove", id}, "Successfully removed result"},
		{[]string{"dataset", "list"}, "| Id | Integer Id |"},
		{[]string{"user", "who"}, "Username: "},
		{[]string{"org", "list"}, "| 1  | "},
		{[]string{"team", "list"}, "| Id | Name "},
		{[]string{"ace", "list"}, "this machine"},
		{[]string{"version", "info"}, "Version: NGC CLI (Docent stand-in)"},
		{[]string{"batch", "update", id, "--label", "second"}, "Labels: first, second"},
		{[]string{"batch", "get-json", id}, `"replicaCount": 1`},
		{[]string{"batch", "list", "--status", "FINISHED_SUCCESS"}, id},
	} {
		if text := b.ngc(0, c.args...); !strings.Contains(text, c.want) {
			t.Errorf("ngc %s lacks %q:\n%s", strings.Join(c.args, " "), c.want, text)
		}
	}
	if text := b.ngc(0, "batch", "list", "--status", "RUNNING"); strings.Contains(text, id) {
		t.Errorf("--status is not kept:\n%s", text)
	}
	for _, list := range [][]string{{"dataset", "list"}, {"org", "list"}, {"ace", "list"}} {
		var rows []map[string]string
		if err := json.Unmarshal([]byte(b.ngc(0, append(list, "--format_type", "json")...)), &rows); err != nil {
			t.Errorf("%v: %v", list, err)
		}
		if _, err := csv.NewReader(strings.NewReader(b.ngc(0, append(list, "--format_type", "csv")...))).ReadAll(); err != nil {
			t.Errorf("%v: %v", list, err)
		}
	}
	other := b.submit("--commandline", "for i in 1 2 3 4; do echo line $i; done")
	b.until(other, "FINISHED_SUCCESS")
	if text := b.ngc(0, "batch", "log", other, "--tail", "--lines", "2"); text != "line 3\nline 4\n" {
		t.Errorf("tail: %q", text)
	}
	if text := b.ngc(0, "batch", "log", other, "--head", "--lines", "1"); text != "line 1\n" {
		t.Errorf("head: %q", text)
	}
	b.ngc(1, "ace", "info", "nowhere")
	b.ngc(2, "batch", "update", other)
}

func TestClose(t *testing.T) {
	b := open(t, 0)
	id := b.submit("--commandline", "sleep 100")
	b.until(id, "RUNNING")
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.until(id, "KILLED_BY_SYSTEM")
	if rm := b.engine.called("rm"); len(rm) != 1 {
		t.Errorf("the container was not removed: %v", rm)
	}
	b.ngc(1, "batch", "run", "--name", "late", "--image", "a/b", "--instance", "x.1.norm", "--commandline", "true")
}

func TestRegistry(t *testing.T) {
	b := open(t, 0)
	b.ngc(0, "registry", "image", "push", "r2kuatviomfd/gzynda_nbody:simple")
	b.ngc(0, "registry", "image", "pull", "nvcr.io/a/b:1")
	if text := b.ngc(0, "registry", "image", "list"); !strings.Contains(text, "| gzynda_nbody | r2kuatviomfd/gzynda_nbody | simple") || !strings.Contains(text, "1.50 MB") {
		t.Errorf("list:\n%s", text)
	}
	if text := b.ngc(0, "registry", "image", "info", "a/b:1"); !strings.Contains(text, "Image Size: 1.50 MB") {
		t.Errorf("info:\n%s", text)
	}
	b.ngc(1, "registry", "image", "info", "a/b:gone")
}

func TestUsage(t *testing.T) {
	b := open(t, 0)
	run := []string{"batch", "run", "--name", "n", "--image", "i", "--instance", "x.1.norm", "--commandline", "c"}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"nonsense"}, "nonsense"},
		{[]string{"batch", "nonsense"}, "kill"},
		{[]string{"batch", "run"}, "--name"},
		{[]string{"config", "current", "--format_type", "xml"}, "choose from"},
		{[]string{"batch", "info", "abc"}, "not a job's number"},
		{[]string{"workspace", "upload", "w"}, "source"},
		{append(run, "--workspace", "w"), "NAME:/path"},
		{append(run, "--workspace", "w:/x:RX"), "RW or RO"},
		{append(run, "--port", "http"), "not a port"},
		{append(run, "--total-runtime", "soon"), "not a time"},
		{append(run, "--result", "results"), "absolute"},
		{append(run, "--replicas", "0"), "between"},
	} {
		if text := b.ngc(2, tt.args...); !strings.Contains(text, tt.want) {
			t.Errorf("ngc %v says %q, want %q in it", tt.args, text, tt.want)
		}
	}
	if text := b.ngc(1, append(run, "--workspace", "w:/x")...); !strings.Contains(text, "no such workspace") {
		t.Error(text)
	}
	if len(b.engine.called("run")) > 0 {
		t.Error("a wrong command line started a job")
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{"10m": 10 * time.Minute, "2h": 2 * time.Hour, "1D2H30M10S": 26*time.Hour + 30*time.Minute + 10*time.Second} {
		if got, err := duration(in); got != want || err != nil {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	if compact(26*time.Hour+10*time.Second) != "1D2H10S" || compact(0) != "0S" {
		t.Error(compact(26*time.Hour+10*time.Second), compact(0))
	}
}

func FuzzDuration(f *testing.F) {
	f.Add("1D2H")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := duration(s); err == nil && d <= 0 {
			t.Errorf("%q is %v", s, d)
		}
	})
}

func TestGPUsOf(t *testing.T) {
	for in, want := range map[string]int{"dgxa100.80g.1.norm": 1, "dgxa100.80g.8.norm": 8, "dgx1v.16g.2.norm": 2, "cpu.x86.tiny": 0, "x": 0} {
		if got := gpusOf(in); got != want {
			t.Errorf("%s: %d, want %d", in, got, want)
		}
	}
}
