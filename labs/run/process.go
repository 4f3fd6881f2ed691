package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Bounds of what a run keeps of one command's output. A program that prints a
// gigabyte is read to its end, and the middle is dropped.
const (
	keepHead = 256 << 10 // bytes
	keepTail = 256 << 10 // bytes
)

// grace is how long a process group has between SIGTERM and SIGKILL.
const grace = 2 * time.Second

// The size of the terminal that a lab's programs see. It is wide, so that what
// a program prints is not broken where the page's author had it broken.
const (
	termRows = 50
	termCols = 160
)

// A tape keeps the beginning and the end of what was written to it.
type tape struct {
	mu      sync.Mutex
	head    []byte
	tail    []byte
	dropped int64
	watch   func([]byte) // sees every write; may be nil
}

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watch != nil {
		t.watch(p)
	}
	n := len(p)
	if room := keepHead - len(t.head); room > 0 {
		k := min(room, len(p))
		t.head = append(t.head, p[:k]...)
		p = p[k:]
	}
	t.tail = append(t.tail, p...)
	if over := len(t.tail) - keepTail; over > keepTail {
		// Shifting on every write would copy the tail over and over.
		t.dropped += int64(over)
		t.tail = append(t.tail[:0], t.tail[over:]...)
	}
	return n, nil
}

// bytes gives what was kept, with a line in place of what was dropped.
func (t *tape) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	tail, dropped := t.tail, t.dropped
	if over := len(tail) - keepTail; over > 0 {
		tail, dropped = tail[over:], dropped+int64(over)
	}
	out := bytes.Clone(t.head)
	if dropped > 0 {
		out = append(out, fmt.Sprintf("\n... %d bytes left out ...\n", dropped)...)
	}
	return append(out, tail...)
}

// A process is a program of a session, in a process group and login session of
// its own, whose output goes to a tape.
type process struct {
	cmd  *exec.Cmd
	out  *tape
	tty  *os.File // the master end of its terminal; nil if it has a pipe
	pump *pump
	done chan struct{} // closed when it has ended and err is set
	err  error
}

// startProcess starts cmd. With terminal it gets a pseudo-terminal as its
// controlling terminal and its three files, else /dev/null and a pipe.
func startProcess(cmd *exec.Cmd, out *tape, terminal bool) (*process, error) {
	p := &process{cmd: cmd, out: out, done: make(chan struct{})}
	if terminal {
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: termRows, Cols: termCols})
		if err != nil {
			return nil, fmt.Errorf("starting %s on a terminal: %w", cmd.Path, err)
		}
		p.tty = tty
		p.pump = startPump(tty, out)
	} else {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		cmd.Stdout, cmd.Stderr = w, w
		cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			r.Close()
			w.Close()
			return nil, fmt.Errorf("starting %s: %w", cmd.Path, err)
		}
		w.Close()
		p.pump = startPump(r, out)
	}
	go func() {
		p.err = cmd.Wait()
		p.pump.settle()
		close(p.done)
	}()
	return p, nil
}

// wait waits for the process to end. When ctx ends first, its group gets
// SIGTERM and, after a grace, SIGKILL; the error is then the cause.
func (p *process) wait(ctx context.Context) (exit int, err error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		return -1, context.Cause(ctx)
	}
	var ee *exec.ExitError
	if p.err == nil {
		return 0, nil
	} else if errors.As(p.err, &ee) {
		if st, ok := ee.Sys().(syscall.WaitStatus); ok && st.Signaled() {
			unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL) // the fence was killed, the program behind it lives on
			return 128 + int(st.Signal()), nil
		}
		return ee.ExitCode(), nil
	}
	return -1, p.err
}

// kill ends the whole process group and waits until its leader is gone.
func (p *process) kill() {
	group := -p.cmd.Process.Pid
	unix.Kill(group, unix.SIGTERM)
	unix.Kill(group, unix.SIGCONT) // a stopped process does not see SIGTERM
	select {
	case <-p.done:
	case <-time.After(grace):
	}
	unix.Kill(group, unix.SIGKILL)
	select {
	case <-p.done:
	case <-time.After(grace): // in uninterruptible sleep: nothing more can be done from here
	}
}

// close lets go of the output. Processes that still write to it get SIGPIPE
// or, on a terminal, SIGHUP.
func (p *process) close() { p.pump.close() }

// A pump copies a pipe or terminal to a tape for as long as it is open, also
// after the process that it was made for has ended: its children may live on.
type pump struct {
	r    *os.File
	out  io.Writer
	quit chan struct{}
	mu   sync.Mutex // held while a piece is on its way from r to out
}

func startPump(r *os.File, out io.Writer) *pump {
	p := &pump{r: r, out: out, quit: make(chan struct{})}
	go func() {
		defer close(p.quit)
		buf := make([]byte, 32<<10)
		for {
			n, err := r.Read(buf)
			p.mu.Lock()
			out.Write(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

// settle returns when everything written before the call is on the tape.
func (p *pump) settle() {
	raw, err := p.r.SyscallConn()
	if err != nil {
		return
	}
	deadline := time.Now().Add(time.Second)
	for quiet := 0; quiet < 3 && time.Now().Before(deadline); {
		select {
		case <-p.quit:
			return
		case <-time.After(2 * time.Millisecond):
		}
		waiting := 0
		raw.Control(func(fd uintptr) { waiting, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
		p.mu.Lock()
		if waiting == 0 {
			quiet++
		} else {
			quiet = 0
		}
		p.mu.Unlock()
	}
}

func (p *pump) close() {
	p.r.Close()
	<-p.quit
}

// EndProcesses ends every process of a session whose scratch folder is, or lies
// below, the given one. Such processes are known by their control group and by
// their environment, so also those are found that left their group and their
// parent behind. It returns how
// many there were.
func EndProcesses(folder string) int {
	prefix := filepath.Clean(folder) + "/"
	found := endGroups(folder)
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		pids := marked(prefix)
		found = max(found, len(pids))
		for _, pid := range pids {
			unix.Kill(pid, sig)
			unix.Kill(pid, unix.SIGCONT)
		}
		for deadline := time.Now().Add(grace); len(pids) > 0 && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
			pids = marked(prefix)
		}
	}
	return found
}

// marked lists the processes whose environment names a socket that begins so.
func marked(prefix string) []int {
	want := []byte(SocketVar + "=" + prefix)
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(dir + "/environ")
		if err != nil || !bytes.Contains(append(env, 0), want) {
			continue
		}
		if stat, err := os.ReadFile(dir + "/stat"); err == nil {
			if _, after, ok := strings.Cut(string(stat), ") "); ok && strings.HasPrefix(after, "Z") {
				continue // dead, and waiting for its parent to look
			}
		}
		pids = append(pids, pid)
	}
	return pids
}
