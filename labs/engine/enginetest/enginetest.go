// Package enginetest holds every engine to the same promises. It runs real
// containers; a promise that an engine does not make is one it says so about.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"docent/labs/engine"
)

// Bench is what the suite needs of a test: the engine, an image to run, and
// what a push becomes.
type Bench struct {
	Open func(t *testing.T) (engine.Engine, string) // a fresh engine and its scratch folder
	// Image is a name that the lab's network answers for, with /bin/sh and
	// coreutils in it.
	Image string
	// Pushed reads back what was pushed.
	Pushed func(ref string) (v1.Image, error)
}

// result is how one command ended.
type result struct {
	exit           int
	stdout, stderr string
}

// docker carries out one command line and fails the test on an engine's error.
func docker(t *testing.T, e engine.Engine, dir string, args ...string) result {
	t.Helper()
	return call(t, t.Context(), e, engine.Call{Args: args, Dir: dir, Env: []string{"PATH=/usr/bin:/bin", "TOLD=by the caller"}}, "")
}

func call(t *testing.T, ctx context.Context, e engine.Engine, c engine.Call, stdin string) result {
	t.Helper()
	r, err := try(t, ctx, e, c, stdin)
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(c.Args, " "), err, r.stderr)
	}
	return r
}

func try(t *testing.T, ctx context.Context, e engine.Engine, c engine.Call, stdin string) (result, error) {
	t.Helper()
	folder := t.TempDir()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	c.Stdout, c.Stderr = open("stdout"), open("stderr")
	if stdin != "" {
		in := open("stdin")
		if _, err := in.WriteString(stdin); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		c.Stdin = in
		defer func() { _ = in.Close() }()
	}
	exit, err := e.Docker(ctx, c)
	read := func(f *os.File) string {
		_ = f.Close()
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	return result{exit, read(c.Stdout), read(c.Stderr)}, err
}

func (r result) want(t *testing.T, exit int, stdout string) result {
	t.Helper()
	if r.exit != exit || !strings.Contains(r.stdout, stdout) {
		t.Fatalf("exit %d, stdout %q, stderr %q; want exit %d and %q in stdout", r.exit, r.stdout, r.stderr, exit, stdout)
	}
	return r
}

// Run holds one engine to the contract.
func Run(t *testing.T, b Bench) {
	e, scratch := b.Open(t)
	work := filepath.Join(scratch, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	d := func(t *testing.T, args ...string) result { t.Helper(); return docker(t, e, work, args...) }

	t.Run("says what it is", func(t *testing.T) {
		v, err := e.Version(t.Context())
		if err != nil || !strings.HasPrefix(v, e.Name()+" ") {
			t.Errorf("version %q, %v; want %q and a number", v, err, e.Name())
		}
	})
	t.Run("pulls what is not there", func(t *testing.T) {
		if _, err := e.Image(t.Context(), b.Image); !errors.Is(err, engine.ErrNoImage) {
			t.Fatalf("error %v, want ErrNoImage", err)
		}
		d(t, "run", "--rm", b.Image, "echo", "hello").want(t, 0, "hello\n")
		img, err := e.Image(t.Context(), b.Image)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, l := range img.Layers {
			sum += l.Size
		}
		if img.Size < 1<<20 || sum < img.Size*9/10 || !strings.HasPrefix(img.ID, "sha256:") {
			t.Errorf("image %+v: its layers have %d bytes", img, sum)
		}
	})
	t.Run("gives the exit status", func(t *testing.T) {
		d(t, "run", "--rm", b.Image, "sh", "-c", "exit 42").want(t, 42, "")
		d(t, "run", "--rm", b.Image, "sh", "-c", "sh -c 'kill -9 $$'; exit $?").want(t, 137, "")
		d(t, "run", "--rm", b.Image, "no-such-program").want(t, 127, "")
		if r := d(t, "run", "--no-such-flag", b.Image); r.exit != 125 {
			t.Errorf("exit %d for a wrong flag, want 125", r.exit)
		}
		if r := d(t, "run", "--rm", "nvcr.io/no/such:image", "true"); r.exit != 125 {
			t.Errorf("exit %d for an image that is nowhere, want 125: %s", r.exit, r.stderr)
		}
	})
	t.Run("keeps the streams apart", func(t *testing.T) {
		r := d(t, "run", "--rm", b.Image, "sh", "-c", "echo out; echo err >&2").want(t, 0, "out\n")
		if !strings.Contains(r.stderr, "err\n") || strings.Contains(r.stdout, "err") {
			t.Errorf("stdout %q, stderr %q", r.stdout, r.stderr)
		}
	})
	t.Run("reads stdin with -i", func(t *testing.T) {
		c := engine.Call{Args: []string{"run", "--rm", "-i", b.Image, "cat"}, Dir: work}
		call(t, t.Context(), e, c, "one\ntwo\n").want(t, 0, "one\ntwo\n")
	})
	t.Run("sets what it is told", func(t *testing.T) {
		d(t, "run", "--rm", "-e", "A=b c", "-e", "TOLD", "-w", "/usr", b.Image, "sh", "-c", `echo "$A|$TOLD|$PWD"`).want(t, 0, "b c|by the caller|/usr\n")
		d(t, "run", "--rm", "--entrypoint", "printf", b.Image, "%s-%s", "x", "y").want(t, 0, "x-y")
		d(t, "run", "--rm", "--user", "1234:5678", b.Image, "sh", "-c", "id -u; id -g").want(t, 0, "1234\n5678\n")
		// The kernel ends a lab's container before it ends labs.
		d(t, "run", "--rm", b.Image, "cat", "/proc/self/oom_score_adj").want(t, 0, "500\n")
		d(t, "run", "--rm", "--hostname", "lab-host", b.Image, "cat", "/etc/hostname").want(t, 0, "lab-host")
	})
	t.Run("mounts folders", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(work, "in.txt"), []byte("from the host\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		d(t, "run", "--rm", "-v", work+":/mnt", b.Image, "sh", "-c", "cat /mnt/in.txt; echo back > /mnt/out.txt").want(t, 0, "from the host\n")
		if text, _ := os.ReadFile(filepath.Join(work, "out.txt")); string(text) != "back\n" {
			t.Errorf("the container's file holds %q", text)
		}
		if r := d(t, "run", "--rm", "-v", work+":/mnt:ro", b.Image, "sh", "-c", "echo no > /mnt/in.txt"); r.exit == 0 {
			t.Error("a read-only mount was written to")
		}
		if r := d(t, "run", "--rm", "-v", "/etc:/mnt", b.Image, "true"); r.exit == 0 || !strings.Contains(r.stderr, "outside the lab's folders") {
			t.Errorf("mounted the host's /etc: exit %d, %s", r.exit, r.stderr)
		}
		if r := d(t, "run", "--rm", "--privileged", b.Image, "true"); r.exit == 0 {
			t.Error("ran a privileged container")
		}
	})
	t.Run("runs in the background", func(t *testing.T) {
		id := strings.TrimSpace(d(t, "run", "-d", "--name", "bg", "--label", "of=test", b.Image, "sh", "-c", "echo started; sleep 300").want(t, 0, "").stdout)
		if len(id) != 64 {
			t.Fatalf("id %q", id)
		}
		d(t, "ps").want(t, 0, id[:12])
		d(t, "ps", "-q", "--filter", "label="+engine.Label).want(t, 0, id[:12])
		d(t, "exec", "-e", "X=1", "bg", "sh", "-c", "echo $X in").want(t, 0, "1 in\n")
		d(t, "exec", "bg", "sh", "-c", "exit 7").want(t, 7, "")
		d(t, "inspect", "--format", "{{.State.Running}}", "bg").want(t, 0, "true")
		until(t, func() bool { return strings.Contains(d(t, "logs", "bg").stdout, "started") })
		if r := d(t, "run", "--name", "bg", b.Image, "true"); r.exit != 125 {
			t.Errorf("exit %d for a name that is taken, want 125", r.exit)
		}
		d(t, "kill", "bg").want(t, 0, "bg")
		d(t, "wait", "bg").want(t, 0, "137\n")
		d(t, "ps", "-a").want(t, 0, "Exited (137)")
		d(t, "rm", "bg").want(t, 0, "bg")
		if r := d(t, "rm", "bg"); r.exit == 0 && e.Name() != "podman" {
			t.Error("removed a container twice")
		}
	})
	t.Run("stops a container that ignores SIGTERM", func(t *testing.T) {
		d(t, "run", "-d", "--name", "stubborn", b.Image, "sh", "-c", "trap '' TERM; while :; do sleep 1; done").want(t, 0, "")
		began := time.Now()
		d(t, "stop", "-t", "1", "stubborn").want(t, 0, "stubborn")
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("took %v", took)
		}
		d(t, "rm", "-f", "stubborn").want(t, 0, "")
	})
	t.Run("publishes a port on loopback", func(t *testing.T) { port(t, e, work, b.Image) })
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errors.New("time is up"))
		defer cancel()
		r, err := try(t, ctx, e, engine.Call{Args: []string{"run", "--rm", b.Image, "sh", "-c", "trap '' TERM; sleep 300"}, Dir: work}, "")
		if err == nil || !strings.Contains(err.Error(), "time is up") || r.exit != -1 {
			t.Errorf("exit %d, error %v", r.exit, err)
		}
	})
	t.Run("tags, pushes and pulls", func(t *testing.T) {
		ref := "nvcr.io/org/team/contract:1"
		d(t, "login", "-u", "u", "-p", "p", "nvcr.io").want(t, 0, "Login Succeeded")
		d(t, "tag", b.Image, ref).want(t, 0, "")
		d(t, "images").want(t, 0, "nvcr.io/org/team/contract")
		d(t, "images", "--digests").want(t, 0, "DIGEST")
		d(t, "history", ref).want(t, 0, "CREATED BY")
		d(t, "push", ref).want(t, 0, "")
		pushed, err := b.Pushed(ref)
		if err != nil {
			t.Fatal(err)
		}
		config, err := pushed.ConfigName()
		if err != nil {
			t.Fatal(err)
		}
		mine, err := e.Image(t.Context(), ref)
		if err != nil || mine.ID != config.String() {
			t.Errorf("pushed %s, have %v (%v)", config, mine, err)
		}
		d(t, "rmi", ref).want(t, 0, "")
		if _, err := e.Image(t.Context(), ref); !errors.Is(err, engine.ErrNoImage) {
			t.Errorf("after rmi: %v", err)
		}
		d(t, "pull", ref).want(t, 0, "")
		d(t, "run", "--rm", ref, "echo", "again").want(t, 0, "again\n")
		if r := d(t, "push", "nvcr.io/org/team/nothing:1"); r.exit == 0 {
			t.Error("pushed an image that is not there")
		}
	})
	t.Run("saves and loads", func(t *testing.T) {
		img, err := e.Save(t.Context(), b.Image)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Load(t.Context(), "lab.test/loaded:1", img); err != nil {
			t.Fatal(err)
		}
		d(t, "run", "--rm", "lab.test/loaded:1", "echo", "loaded").want(t, 0, "loaded\n")
		if _, err := e.Save(t.Context(), "lab.test/nothing:1"); !errors.Is(err, engine.ErrNoImage) {
			t.Errorf("saved nothing: %v", err)
		}
	})
	t.Run("builds, or says that it cannot", func(t *testing.T) { build(t, e, work, b.Image) })
	t.Run("has no GPU to give", func(t *testing.T) {
		if nodes, _ := filepath.Glob("/dev/nvidia[0-9]*"); len(nodes) > 0 {
			t.Skip("this machine has a GPU")
		}
		r := d(t, "run", "--rm", "--gpus", "all", b.Image, "true")
		if r.exit != 125 || !strings.Contains(r.stderr, "could not select device driver") {
			t.Errorf("exit %d, %q", r.exit, r.stderr)
		}
	})
	t.Run("leaves nothing", func(t *testing.T) {
		d(t, "run", "-d", "--name", "left", b.Image, "sleep", "4711").want(t, 0, "")
		if err := e.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if _, err := e.Docker(t.Context(), engine.Call{Args: []string{"ps"}}); err == nil {
			t.Error("a closed engine took a command")
		}
		if left := Sleepers("4711"); len(left) > 0 {
			t.Errorf("processes left: %v", left)
		}
		if _, err := os.Stat(filepath.Join(scratch, e.Name())); !os.IsNotExist(err) {
			t.Errorf("the engine's folder is left: %v", err)
		}
		if text, _ := os.ReadFile("/proc/self/mountinfo"); strings.Contains(string(text), scratch) {
			t.Error("mounts are left")
		}
	})
}

func port(t *testing.T, e engine.Engine, work, image string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, free, _ := net.SplitHostPort(ln.Addr().String())
	_ = ln.Close()
	// The stand-in base image has perl and no server; five lines make one.
	serve := `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8799, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { while (<$c>) { last if /^\r?$/ } print $c "HTTP/1.0 200 OK\r\n\r\nserved\n"; close $c }`
	r := docker(t, e, work, "run", "-d", "--name", "web", "-p", free+":8799", image, "perl", "-e", serve)
	r.want(t, 0, "")
	until(t, func() bool {
		resp, err := http.Get("http://127.0.0.1:" + free + "/")
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		return string(body) == "served\n"
	})
	docker(t, e, work, "rm", "-f", "web").want(t, 0, "")
}

func build(t *testing.T, e engine.Engine, work, image string) {
	file := "FROM " + image + " AS one\nRUN echo built > /made.txt\nFROM " + image + "\nCOPY --from=one /made.txt /\nCMD cat /made.txt\n"
	if err := os.WriteFile(filepath.Join(work, "Dockerfile.try"), []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	r := docker(t, e, work, "build", "-f", "Dockerfile.try", "-t", "nvcr.io/org/team/built:1", ".")
	if can, why := e.CanBuild(); !can {
		if r.exit == 0 || why == "" || !strings.Contains(r.stderr, "cannot build") {
			t.Errorf("exit %d, %q; why: %q", r.exit, r.stderr, why)
		}
		return
	}
	r.want(t, 0, "")
	docker(t, e, work, "run", "--rm", "nvcr.io/org/team/built:1").want(t, 0, "built\n")
	if err := os.WriteFile(filepath.Join(work, "Dockerfile.bad"), []byte("FROM "+image+"\nRUN false\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := docker(t, e, work, "build", "-f", "Dockerfile.bad", "-t", "bad", "."); r.exit == 0 {
		t.Error("a Dockerfile that does not build was built")
	}
}

func until(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("did not come to pass in 15 s")
		}
	}
}

// Sleepers lists the processes that run "sleep ARG".
func Sleepers(arg string) []string {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var list []string
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && bytes.Equal(bytes.TrimRight(text, "\x00"), []byte("sleep\x00"+arg)) {
			list = append(list, f)
		}
	}
	return list
}
