package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// SocketVar names the environment variable that leads a lab's commands to the
// run they belong to.
const SocketVar = "DOCENT_LAB_SOCKET"

// shimNames are the commands that a lab finds on its PATH and that are labs
// itself under another name.
var shimNames = []string{"docker", "ngc", "sudo"}

// A handed call is one command line that a shim passes to the run, with the
// caller's own files: what the command prints goes straight to the caller's
// terminal.
type handed struct {
	Name                  string
	Args                  []string
	Dir                   string
	Env                   []string
	Stdin, Stdout, Stderr *os.File
	Signals               <-chan os.Signal
}

// shimHello opens the conversation. The three files travel beside it.
type shimHello struct {
	Name string   `json:"name"`
	Args []string `json:"args"`
	Dir  string   `json:"dir"`
	Env  []string `json:"env"`
}

// shimSignal is what the shim sends afterwards, shimExit what it waits for.
type shimSignal struct {
	Signal int `json:"signal"`
}
type shimExit struct {
	Exit int `json:"exit"`
}

// ShimName says whether a program called by this name is one of the commands
// that a lab finds on its PATH.
func ShimName(arg0 string) (string, bool) {
	base := filepath.Base(arg0)
	for _, n := range shimNames {
		if base == n {
			return n, true
		}
	}
	return "", false
}

// Shim hands the command line to the run that started the lab and returns the
// exit status that came back. It is the whole program when labs is called
// "docker" or "ngc". As "sudo" it becomes the command that follows.
func Shim(name string, args []string) int {
	if name == "sudo" {
		return sudo(args)
	}
	path := os.Getenv(SocketVar)
	if path == "" {
		fmt.Fprintf(os.Stderr, "%s: this command works inside a lab only: %s is not set\n", name, SocketVar)
		return 125
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: the lab run that this shell belongs to is over\n", name)
		return 125
	}
	defer conn.Close()

	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGWINCH)

	fds, closeFDs := ownFiles()
	defer closeFDs()
	if _, _, err := conn.WriteMsgUnix([]byte{1}, unix.UnixRights(fds...), nil); err != nil {
		fmt.Fprintf(os.Stderr, "%s: the lab run does not answer: %v\n", name, err)
		return 125
	}
	dir, _ := os.Getwd()
	enc := json.NewEncoder(conn)
	if err := enc.Encode(shimHello{name, args, dir, os.Environ()}); err != nil {
		fmt.Fprintf(os.Stderr, "%s: the lab run does not answer: %v\n", name, err)
		return 125
	}
	go func() {
		for s := range signals {
			if n, ok := s.(unix.Signal); ok {
				enc.Encode(shimSignal{int(n)}) // a run that is gone shows in the read below
			}
		}
	}()
	var end shimExit
	if err := json.NewDecoder(conn).Decode(&end); err != nil {
		fmt.Fprintf(os.Stderr, "%s: the lab run ended before the command did\n", name)
		return 125
	}
	return end.Exit
}

// ownFiles gives the process's three standard files, /dev/null where one was
// closed.
func ownFiles() (fds []int, done func()) {
	var opened []int
	for fd := range 3 {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
			n, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
			if err != nil {
				continue
			}
			opened = append(opened, n)
			fds = append(fds, n)
			continue
		}
		fds = append(fds, fd)
	}
	return fds, func() {
		for _, fd := range opened {
			unix.Close(fd)
		}
	}
}

// A desk is the run's end of the shims: a socket in the scratch folder that
// takes their calls, each in its own goroutine.
type desk struct {
	listener *net.UnixListener
	answer   func(context.Context, handed) int
	wg       sync.WaitGroup
	cancel   context.CancelFunc
}

// openDesk listens on path. Only processes of the same user are answered.
func openDesk(ctx context.Context, path string, answer func(context.Context, handed) int) (*desk, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("opening the socket for the lab's commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("opening the socket for the lab's commands: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &desk{listener: l, answer: answer, cancel: cancel}
	d.wg.Go(func() {
		for {
			conn, err := l.AcceptUnix()
			if err != nil {
				return
			}
			d.wg.Go(func() { d.serve(ctx, conn) })
		}
	})
	return d, nil
}

// close ends the calls that are under way and waits for them.
func (d *desk) close() {
	d.cancel()
	d.listener.Close()
	d.wg.Wait()
}

func (d *desk) serve(ctx context.Context, conn *net.UnixConn) {
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.CloseRead() })
	defer stop()
	if !sameUser(conn) {
		return
	}
	files, err := receiveFiles(conn)
	if err != nil {
		return
	}
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	dec := json.NewDecoder(conn)
	var hello shimHello
	if err := dec.Decode(&hello); err != nil {
		return
	}
	signals := make(chan os.Signal, 16)
	go func() {
		for {
			var s shimSignal
			if err := dec.Decode(&s); err != nil {
				cancel() // the shim is gone, or the run is
				return
			}
			select {
			case signals <- unix.Signal(s.Signal):
			default: // a command that takes no signals is not worth waiting for
			}
		}
	}()
	exit := d.answer(ctx, handed{
		Name: hello.Name, Args: hello.Args, Dir: hello.Dir, Env: withoutLab(hello.Env),
		Stdin: files[0], Stdout: files[1], Stderr: files[2], Signals: signals,
	})
	json.NewEncoder(conn).Encode(shimExit{exit}) // a shim that was killed reads nothing
}

// withoutLab leaves out what marks a process as the lab's own, so that an
// engine's long-lived children are not taken for a session's.
func withoutLab(env []string) []string {
	out := make([]string, 0, len(env))
	for _, kv := range env {
		if !strings.HasPrefix(kv, "DOCENT_") {
			out = append(out, kv)
		}
	}
	return out
}

func sameUser(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	ok := false
	raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		ok = err == nil && int(cred.Uid) == os.Geteuid()
	})
	return ok
}

func receiveFiles(conn *net.UnixConn) ([]*os.File, error) {
	buf, oob := make([]byte, 1), make([]byte, unix.CmsgSpace(3*4))
	_, n, _, _, err := conn.ReadMsgUnix(buf, oob)
	if err != nil {
		return nil, err
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(msgs) != 1 {
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i, fd := range fds {
		unix.CloseOnExec(fd)
		files = append(files, os.NewFile(uintptr(fd), [...]string{"stdin", "stdout", "stderr"}[i]))
	}
	if len(files) != 3 {
		for _, f := range files {
			f.Close()
		}
		return nil, errors.New("a shim must hand over three files")
	}
	return files, nil
}
