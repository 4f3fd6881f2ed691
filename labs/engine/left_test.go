package engine_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"docent/labs/engine"
	"docent/labs/engine/enginetest"
	"docent/labs/network"
)

// TestMain lets a test start this binary as a run that is then killed.
func TestMain(m *testing.M) {
	if scratch := os.Getenv("DOCENT_TEST_VICTIM"); scratch != "" {
		victim(scratch, os.Getenv("DOCENT_TEST_ENGINE"))
	}
	os.Exit(m.Run())
}

// victim opens an engine, starts a container, says so, and waits to be killed.
func victim(scratch, name string) {
	fail := func(err error) {
		_, _ = os.Stdout.WriteString("failed: " + err.Error() + "\n")
		os.Exit(1)
	}
	n, err := network.Start(context.Background(), network.Options{Scratch: scratch, Hermetic: true})
	if err != nil {
		fail(err)
	}
	e, err := engine.Open(context.Background(), engine.Options{Name: name, RunID: "victim", Scratch: scratch, Proxy: n.ProxyURL(), CACert: n.CACert(),
		Source: n, Private: os.Getenv("DOCENT_TEST_HOST") == ""})
	if err != nil {
		fail(err)
	}
	exit, err := e.Docker(context.Background(), engine.Call{Args: []string{"run", "-d", image, "sleep", "4712"}, Dir: scratch})
	if err == nil && exit != 0 {
		err = errors.New("docker run failed")
	}
	if err != nil {
		fail(err)
	}
	_, _ = os.Stdout.WriteString("ready\n")
	select {}
}

// killVictim starts a run with a container in it, and kills it.
func killVictim(t *testing.T, engine, scratch string, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "DOCENT_TEST_VICTIM="+scratch, "DOCENT_TEST_ENGINE="+engine), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
	if strings.Contains(line, "lacks") {
		lacking(t, errors.New(line))
	}
	if line != "ready\n" {
		t.Fatal(line)
	}
}

func TestCleanAfterKill(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts real engines")
	}
	for _, name := range []string{"docker", "podman", "oci"} {
		t.Run(name, func(t *testing.T) {
			n, _ := lab(t)
			_ = n.Close()
			scratch := filepath.Join(t.TempDir(), "scratch")
			if err := os.Mkdir(scratch, 0o755); err != nil {
				t.Fatal(err)
			}
			killVictim(t, name, scratch)
			told, err := engine.Clean(t.Context())
			t.Log(told)
			if err != nil {
				t.Fatal(err)
			}
			if left := enginetest.Sleepers("4712"); len(left) > 0 {
				t.Errorf("processes left: %v", left)
			}
			if text, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(text), scratch) {
				t.Error("mounts are left")
			}
			if _, err := os.Stat(filepath.Join(scratch, name)); !os.IsNotExist(err) {
				t.Errorf("the engine's folder is left: %v", err)
			}
			if len(told) == 0 {
				t.Error("Clean says nothing")
			}
			if told, err := engine.Clean(t.Context()); err != nil || len(told) > 0 {
				t.Errorf("a second Clean found %v, %v", told, err)
			}
		})
	}
}

// TestDaemonThatWasThere drives one engine's daemon as the user's own: stand-ins
// are lent to it, pushes come to the lab, and its images are its own afterwards.
func TestDaemonThatWasThere(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts real engines")
	}
	n, scratch := lab(t)
	published := filepath.Join(scratch, "tool.txt")
	if err := os.WriteFile(published, []byte("from the site\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := network.Start(t.Context(), network.Options{Scratch: t.TempDir(), Hermetic: true, Files: map[string]string{"https://docs.lab.test/tool.txt": published}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	users := open(t, "docker", n, scratch)
	host, ok := users.(interface{ Host() string })
	if !ok {
		t.Fatal("the docker engine does not say where its daemon is")
	}
	t.Setenv("DOCKER_HOST", host.Host())
	other := t.TempDir()
	e, err := engine.Open(t.Context(), engine.Options{Name: "docker", RunID: "guest", Scratch: other, Source: n})
	if err != nil {
		t.Fatal(err)
	}
	do := func(e engine.Engine, args ...string) int {
		t.Helper()
		exit, err := e.Docker(t.Context(), engine.Call{Args: args, Dir: other, Stdout: os.Stderr, Stderr: os.Stderr})
		if err != nil {
			t.Fatal(err)
		}
		return exit
	}
	if err := os.WriteFile(filepath.Join(other, "Dockerfile"), []byte("FROM "+image+"\nRUN echo hi > /hi\nADD https://docs.lab.test/tool.txt /opt/\nRUN grep site /opt/tool.txt\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if do(e, "build", "-t", "nvcr.io/org/guest:1", ".") != 0 || do(e, "push", "nvcr.io/org/guest:1") != 0 {
		t.Fatal("build or push failed")
	}
	if _, err := n.Pushed("nvcr.io/org/guest:1"); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(other, "Dockerfile.far"), []byte("FROM "+image+"\nADD https://elsewhere.test/x /x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if do(e, "build", "-f", "Dockerfile.far", "-t", "nvcr.io/org/far:1", ".") == 0 {
		t.Error("a hermetic run fetched a file from outside")
	}
	if do(e, "run", "-d", "nvcr.io/org/guest:1", "sleep", "4713") != 0 {
		t.Error("run failed")
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := enginetest.Sleepers("4713"); len(left) > 0 {
		t.Errorf("containers left: %v", left)
	}
	for _, ref := range []string{image, "nvcr.io/org/guest:1", "docent.invalid/guest/file:1"} {
		if _, err := users.Image(t.Context(), ref); !errors.Is(err, engine.ErrNoImage) {
			t.Errorf("%s is left on the user's daemon: %v", ref, err)
		}
	}
}

// TestKilledOnDaemonThatWasThere kills a run that uses the user's own daemon, once
// with the note that it left and once without, as after a restart.
func TestKilledOnDaemonThatWasThere(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts real engines")
	}
	n, scratch := lab(t)
	users := open(t, "docker", n, scratch)
	host := users.(interface{ Host() string }).Host()
	t.Setenv("DOCKER_HOST", host)
	do := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("docker", append([]string{"-H", host}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	for _, kept := range []bool{true, false} {
		other := t.TempDir()
		killVictim(t, "docker", other, "DOCENT_TEST_HOST="+host)
		if !strings.Contains(do("ps"), "sleep 4712") {
			t.Fatal("the container did not outlive the run")
		}
		if !kept {
			notes, _ := filepath.Glob("/run/docent/*.json")
			for _, f := range notes {
				if text, _ := os.ReadFile(f); strings.Contains(string(text), other) {
					_ = os.Remove(f)
				}
			}
		}
		told, err := engine.Clean(t.Context())
		if err != nil || len(told) == 0 {
			t.Errorf("note kept: %v: %v, %v", kept, told, err)
		}
		if left := do("ps", "-aq", "--filter", "label="+engine.Label); left != "" {
			t.Errorf("note kept: %v: containers left: %s", kept, left)
		}
		if left := enginetest.Sleepers("4712"); len(left) > 0 {
			t.Errorf("note kept: %v: processes left: %v", kept, left)
		}
		if images := do("images", "-q"); images != "" {
			t.Errorf("note kept: %v: images left: %s", kept, images)
		}
	}
}

// TestTwoDaemonsAtOnce runs two private daemons side by side.
func TestTwoDaemonsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts real engines")
	}
	n, scratch := lab(t)
	one := open(t, "docker", n, scratch)
	two := open(t, "docker", n, t.TempDir())
	for i, e := range []engine.Engine{one, two, one} {
		exit, err := e.Docker(t.Context(), engine.Call{Args: []string{"run", "--rm", image, "true"}, Dir: scratch, Stderr: os.Stderr})
		if err != nil || exit != 0 {
			t.Errorf("engine %d: exit %d, %v", i, exit, err)
		}
	}
}
