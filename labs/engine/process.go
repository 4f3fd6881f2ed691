package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// grace is how long a command has between SIGTERM and SIGKILL.
const grace = 5 * time.Second

// marker is the environment variable that every process of an engine carries; its
// value is the engine's folder, by which Clean tells its processes from others.
const marker = "DOCENT_ENGINE"

// process is one started program. It dies with the thread that started it, and
// so with this program, however that ends.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has been waited for
	err  error         // of Wait; read after done
}

// start runs a command on a thread of its own. The kernel sends deathSignal to
// the child when that thread ends; the thread therefore lives until the child
// has been waited for.
func start(cmd *exec.Cmd, deathSignal syscall.Signal) (*process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = !cmd.SysProcAttr.Setsid
	cmd.SysProcAttr.Pdeathsig = deathSignal
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		// No unlock: a thread that ends with its goroutine is a clean one.
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// signalGroup sends a signal to the process and all in its group.
func (p *process) signalGroup(sig syscall.Signal) {
	if err := syscall.Kill(-p.cmd.Process.Pid, sig); err != nil {
		_ = p.cmd.Process.Signal(sig)
	}
}

// stop asks with SIGTERM, waits for patience, and then kills.
func (p *process) stop(patience time.Duration) {
	p.signalGroup(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.signalGroup(syscall.SIGKILL)
		<-p.done
	}
}

// carryOut runs one command of a reader to its end and gives its exit status,
// as a shell gives it (128 + signal if it was killed).
func carryOut(ctx context.Context, cmd *exec.Cmd, call Call) (int, error) {
	cmd.Dir = call.Dir
	// A nil *os.File in an io.Reader is not a nil io.Reader.
	if call.Stdin != nil {
		cmd.Stdin = call.Stdin
	}
	if call.Stdout != nil {
		cmd.Stdout = call.Stdout
	}
	if call.Stderr != nil {
		cmd.Stderr = call.Stderr
	}
	if err := ctx.Err(); err != nil {
		return -1, context.Cause(ctx)
	}
	p, err := start(cmd, syscall.SIGKILL)
	if err != nil {
		return -1, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	for {
		select {
		case <-p.done:
			return exitStatus(p.err)
		case sig, ok := <-call.Signals:
			if !ok {
				call.Signals = nil
			} else if s, ok := sig.(syscall.Signal); ok {
				_ = p.cmd.Process.Signal(s)
			}
		case <-ctx.Done():
			p.stop(grace)
			return -1, fmt.Errorf("%s was stopped: %w", shortName(cmd), context.Cause(ctx))
		}
	}
}

func shortName(cmd *exec.Cmd) string {
	words := []string{cmd.Path[strings.LastIndexByte(cmd.Path, '/')+1:]}
	for _, a := range cmd.Args[1:] {
		if !strings.HasPrefix(a, "-") {
			return words[0] + " " + a
		}
	}
	return words[0]
}

// exitStatus turns the error of Wait into a shell's exit status.
func exitStatus(err error) (int, error) {
	if err == nil {
		return 0, nil
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return -1, err
	}
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// output runs a command of our own and returns what it printed. The error holds
// the last of what it said on stderr.
func output(ctx context.Context, cmd *exec.Cmd) (string, error) {
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &tail{buf: &diag}
	p, err := start(cmd, syscall.SIGKILL)
	if err != nil {
		return "", fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.stop(grace)
		return "", fmt.Errorf("%s was stopped: %w", shortName(cmd), context.Cause(ctx))
	}
	if p.err != nil {
		said := strings.TrimSpace(diag.String())
		if said == "" {
			return out.String(), fmt.Errorf("%s: %w", shortName(cmd), p.err)
		}
		return out.String(), fmt.Errorf("%s: %w: %s", shortName(cmd), p.err, said)
	}
	return out.String(), nil
}

// tail keeps the last part of what is written to it.
type tail struct{ buf *bytes.Buffer }

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - tailSize; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

// environ lays settings over a base environment; later ones win, and names in
// drop (a trailing * takes all that begin so) go.
func environ(base []string, drop []string, set ...string) []string {
	gone := func(name string) bool {
		for _, d := range drop {
			if name == d || strings.HasSuffix(d, "*") && strings.HasPrefix(name, d[:len(d)-1]) {
				return true
			}
		}
		for _, s := range set {
			if n, _, _ := strings.Cut(s, "="); n == name {
				return true
			}
		}
		return false
	}
	var env []string
	for _, kv := range base {
		if n, _, _ := strings.Cut(kv, "="); !gone(n) {
			env = append(env, kv)
		}
	}
	return append(env, set...)
}

// toolPath is where system programs are found even when a session's PATH has no
// sbin.
const toolPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// lookPath finds a program on toolPath and on this program's own PATH, leaving
// out this program under another name.
func lookPath(name string) (string, error) {
	found := lookAll(name)
	if len(found) == 0 {
		return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
	}
	return found[0], nil
}

func lookAll(name string) []string {
	self, _ := os.Executable()
	me, _ := os.Stat(self)
	var found []string
	var seen []os.FileInfo
next:
	for _, dir := range strings.Split(os.Getenv("PATH")+":"+toolPath, ":") {
		if !strings.HasPrefix(dir, "/") {
			continue
		}
		path := dir + "/" + name
		st, err := os.Stat(path)
		if err != nil || st.IsDir() || st.Mode()&0o111 == 0 || me != nil && os.SameFile(st, me) {
			continue
		}
		for _, s := range seen {
			if os.SameFile(s, st) {
				continue next
			}
		}
		seen = append(seen, st)
		found = append(found, path)
	}
	return found
}

// say writes one line to a reader's terminal, where there is one.
func say(f *os.File, format string, args ...any) {
	if f != nil {
		_, _ = io.WriteString(f, fmt.Sprintf(format, args...)+"\n")
	}
}
