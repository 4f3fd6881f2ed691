package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/report"
)

// needEngine skips a test on a machine without the engine. CI has it.
func needEngine(t *testing.T, name string) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: engines are not started")
	}
	for _, f := range engine.Survey(context.Background()) {
		if f.Name == name && !f.OK {
			if os.Getenv("CI") == "true" {
				t.Fatalf("this machine lacks %s: %s", name, f.Detail)
			}
			t.Skipf("this machine lacks %s: %s", name, f.Detail)
		}
	}
}

// labPages writes pages and reads them as lessons.
func labPages(t *testing.T, files map[string]string) (string, []*lesson) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := lessons(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, pages
}

// daemonOf finds the private dockerd of the runs below a folder.
func daemonOf(folder string) int {
	comms, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, c := range comms {
		if text, err := os.ReadFile(c); err != nil || strings.TrimSpace(string(text)) != "dockerd" {
			continue
		}
		env, _ := os.ReadFile(filepath.Join(filepath.Dir(c), "environ"))
		if bytes.Contains(env, []byte("DOCENT_ENGINE="+folder+"/")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(c)))
			return pid
		}
	}
	return 0
}

// A daemon that dies in the middle of a build is the machine's fault. The page
// has lost it; the next one runs on a new one, and nothing is left of either.
func TestDaemonDiesInMidBuild(t *testing.T) {
	needEngine(t, "docker")
	tmp, err := os.MkdirTemp("/tmp", "dl")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	t.Setenv("TMPDIR", tmp)
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	source, pages := labPages(t, map[string]string{
		"Dockerfile": "FROM nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04\nRUN sleep 120\n",
		"a.rst": "A\n=\n\n:download:`Dockerfile`\n\n.. code-block:: shell\n\n   docker build -t nvcr.io/org/a:1 .\n\n" +
			".. code-block:: shell\n\n   docker images\n\n.. code-block:: shell\n\n   echo on the host\n",
		"b.rst": "B\n=\n\n.. code-block:: shell\n\n   docker run --rm nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04 echo fine\n",
	})
	go func() {
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if building := len(sleepers("120")) > 0; building {
				unix.Kill(daemonOf(tmp), unix.SIGKILL)
				return
			}
		}
	}()
	o := verifyOptions{source: source, engine: "docker", platform: "local", baseURL: defaultBaseURL, hermetic: true, noCache: true, jobs: 1, timeout: 100 * time.Second}
	reports, err := o.run(t.Context(), pages, newView(io.Discard, io.Discard, true))
	if err != nil || len(reports) != 2 {
		t.Fatalf("%d reports, %v", len(reports), err)
	}
	a, b := reports[0].Steps, reports[1].Steps
	if s := a[0]; s.Verdict != report.Failed || s.Blame != report.BlameMachine || !strings.Contains(s.Why, "docker daemon died") {
		t.Errorf("the build: %s, blame %s: %s", s.Verdict, s.Blame, s.Why)
	}
	if s := a[1]; s.Verdict != report.Failed || s.Blame != report.BlameMachine {
		t.Errorf("after it: %s, blame %s: %s", s.Verdict, s.Blame, s.Why)
	}
	if s := a[2]; s.Verdict != report.Passed {
		t.Errorf("on the host: %s %s", s.Verdict, s.Why)
	}
	if s := b[0]; !s.Verdict.OK() {
		t.Errorf("the other page: %s %s\n%s", s.Verdict, s.Why, s.Output)
	}
	if left, _ := filepath.Glob(tmp + "/docent-*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if pid := daemonOf(tmp); pid != 0 {
		t.Errorf("the daemon %d is left", pid)
	}
	if left := sleepers("120"); len(left) > 0 {
		t.Errorf("the build is left: %v", left)
	}
}

// sleepers lists the processes that run "sleep ARG".
func sleepers(arg string) (list []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && bytes.Equal(bytes.TrimRight(text, "\x00"), []byte("sleep\x00"+arg)) {
			list = append(list, f)
		}
	}
	return list
}
