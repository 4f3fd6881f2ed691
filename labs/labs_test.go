package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/run"
)

// The test binary is labs under every name that labs goes by.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == run.FenceName {
		os.Exit(run.Fence(os.Args[1:]))
	}
	if _, inLab := os.LookupEnv(run.SocketVar); inLab {
		if name, ok := run.ShimName(os.Args[0]); ok {
			os.Exit(run.Shim(name, os.Args[1:]))
		}
	}
	testscript.Main(m, map[string]func(){"labs": main})
}

// scripts runs the scripts of a folder. Their own commands:
//
//	labs-exits CODE ARGUMENT...   labs ends with this code
//	signal NAME AFTER ARG...      labs, which gets a signal when its output shows
//	                              AFTER, and must end within a minute; the code
//	                              it ends with is in the file "code"
//	nothing-left                  no process, mount or folder of a run is there
func scripts(t *testing.T, dir string, env map[string]string, files ...string) {
	update := os.Getenv("UPDATE_SCRIPTS") != ""
	if len(files) > 0 {
		for i := range files {
			files[i] = filepath.Join(dir, files[i])
		}
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Files: files, UpdateScripts: update, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			// A socket's path must be short, and stand-ins that were built once
			// are kept; the evidence of another test is not.
			tmp, err := os.MkdirTemp("/tmp", "dl")
			if err != nil {
				return err
			}
			e.Defer(func() { os.RemoveAll(tmp) })
			cache, err := os.UserCacheDir()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Join(cache, "docent", "standins"), 0o755); err != nil {
				return err
			}
			e.Setenv("TMPDIR", tmp)
			own := e.Getenv("WORK") + "/.cache"
			if err := os.MkdirAll(own+"/docent", 0o755); err != nil {
				return err
			}
			if err := os.Symlink(filepath.Join(cache, "docent", "standins"), own+"/docent/standins"); err != nil {
				return err
			}
			e.Setenv("XDG_CACHE_HOME", own)
			e.Setenv("NO_COLOR", "1")
			e.Setenv("CI", "")
			e.Setenv("GITHUB_ACTIONS", "")
			for k, v := range env {
				e.Setenv(k, v)
			}
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			if cond == "pip" {
				return exec.Command("python3", "-m", "pip", "--version").Run() == nil, nil
			}
			return false, fmt.Errorf("no condition is called %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"labs-exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 1 {
					ts.Fatalf("usage: labs-exits CODE ARGUMENT...")
				}
				err := ts.Exec("labs", args[1:]...)
				code := 0
				var exit *exec.ExitError
				if err != nil && !asExit(err, &exit) {
					ts.Fatalf("labs did not run: %v", err)
				} else if err != nil {
					code = exit.ExitCode()
				}
				if strconv.Itoa(code) != args[0] {
					ts.Fatalf("labs ended with %d, expected %s", code, args[0])
				}
			},
			"signal":       signalled,
			"nothing-left": func(ts *testscript.TestScript, _ bool, _ []string) { nothingLeft(ts) },
		},
	})
}

func asExit(err error, target **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*target = e
	return ok
}

// A watched is a buffer that tells when a text has come.
type watched struct {
	buf  bytes.Buffer
	want string
	seen chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.buf.Write(p)
	if w.want != "" && strings.Contains(w.buf.String(), w.want) {
		w.want = ""
		close(w.seen)
	}
	return len(p), nil
}

// signalled starts labs and sends it a signal when the file AFTER is there.
func signalled(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: signal NAME AFTER ARGUMENT...")
	}
	out := &watched{want: args[1], seen: make(chan struct{})}
	self, err := os.Executable()
	ts.Check(err)
	dir := ts.MkAbs(".")
	link := filepath.Join(dir, "labs")
	os.Symlink(self, link) // it is there already in a second call
	cmd := exec.Command(link, args[2:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	for _, k := range []string{"PATH", "TMPDIR", "XDG_CACHE_HOME", "HOME", "NO_COLOR"} {
		cmd.Env = append(cmd.Env, k+"="+ts.Getenv(k))
	}
	cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	ts.Check(cmd.Start())
	done := make(chan struct{})
	go func() { cmd.Wait(); close(done) }()
	select {
	case <-out.seen:
	case <-done:
		ts.Fatalf("labs ended before %q came:\n%s", args[1], out.buf.String())
	case <-time.After(2 * time.Minute):
		cmd.Process.Kill()
		<-done
		ts.Fatalf("%q did not come:\n%s", args[1], out.buf.String())
	}
	wait := time.Second // into the middle of the step
	if strings.HasPrefix(args[1], "removing") {
		wait = 20 * time.Millisecond // it does not take long
	} else if strings.HasPrefix(args[1], "docker build") {
		wait = 150 * time.Millisecond // the step after it, a push, is over soon
	}
	time.Sleep(wait)
	ts.Check(cmd.Process.Signal(unix.SignalNum("SIG" + args[0])))
	select {
	case <-done:
	case <-time.After(time.Minute):
		cmd.Process.Kill()
		<-done
		ts.Fatalf("labs did not end within a minute of the signal:\n%s", out.buf.String())
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "code"), []byte(strconv.Itoa(cmd.ProcessState.ExitCode())), 0o644))
	ts.Check(os.WriteFile(filepath.Join(dir, "said"), out.buf.Bytes(), 0o644))
}

// nothingLeft looks for what a run of this script may have left behind.
func nothingLeft(ts *testscript.TestScript) {
	tmp := ts.Getenv("TMPDIR")
	entries, err := os.ReadDir(tmp)
	ts.Check(err)
	for _, e := range entries {
		ts.Logf("left: %s", filepath.Join(tmp, e.Name()))
	}
	bad := len(entries) > 0
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	ts.Check(err)
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, tmp) {
			ts.Logf("left mounted: %s", line)
			bad = true
		}
	}
	procs, err := filepath.Glob("/proc/[0-9]*")
	ts.Check(err)
	for _, p := range procs {
		if p == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		line, _ := os.ReadFile(p + "/cmdline")
		env, _ := os.ReadFile(p + "/environ")
		if bytes.Contains(line, []byte(tmp+"/")) || bytes.Contains(env, []byte(run.SocketVar+"="+tmp+"/")) {
			ts.Logf("left running: %s %s", p, bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
			bad = true
		}
	}
	for _, pattern := range []string{"/sys/fs/cgroup/docent-session*", "/sys/fs/cgroup/*/docent-session*", "/run/docent/*.json"} {
		found, _ := filepath.Glob(pattern)
		for _, f := range found {
			text, _ := os.ReadFile(f)
			if strings.Contains(f, filepath.Base(tmp)) || bytes.Contains(text, []byte(tmp+"/")) {
				ts.Logf("left: %s", f)
				bad = true
			}
		}
	}
	if bad {
		ts.Fatalf("the run left something behind")
	}
}

func TestCommandLine(t *testing.T) { scripts(t, "testdata/script", nil) }

// engineScripts says which script runs on which engine. All of them pass on all,
// but oci, which builds nothing; what tests labs and not the engine runs once.
var engineScripts = map[string][]string{
	"docker": {"verify.txtar", "resume.txtar", "record.txtar", "shell.txtar", "interrupt.txtar", "killed.txtar", "killedbuild.txtar", "twice.txtar"},
	"podman": {"verify.txtar", "resume.txtar", "interrupt.txtar", "killed.txtar", "killedbuild.txtar", "nonetwork.txtar"},
	"oci":    {"asis.txtar", "shell.txtar", "cache.txtar", "resume.txtar", "resumekept.txtar", "interrupt.txtar", "killed.txtar", "twice.txtar", "fulldisk.txtar", "nonetwork.txtar"},
}

// Engines carry out the scripts of engineScripts. In CI an engine that is not there
// is a failure.
func TestEngines(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: engines are not started")
	}
	there := map[string]string{}
	for _, f := range engine.Survey(context.Background()) {
		if !f.OK {
			there[f.Name] = f.Detail
		} else {
			there[f.Name] = ""
		}
	}
	for _, name := range []string{"docker", "podman", "oci"} {
		t.Run(name, func(t *testing.T) {
			if why, known := there[name]; !known || why != "" {
				if os.Getenv("CI") == "true" {
					t.Fatalf("this machine lacks %s: %s", name, why)
				}
				t.Skipf("this machine lacks %s: %s", name, why)
			}
			scripts(t, "testdata/engine", map[string]string{"ENGINE": name}, engineScripts[name]...)
		})
	}
}
