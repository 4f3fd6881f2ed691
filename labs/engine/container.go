package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sys/unix"
)

// container is one container of the oci engine.
type container struct {
	id, name, ref string
	image         *stored
	bundle        string
	hostname      string
	command       []string
	environ       []string // of the caller, for -e NAME
	labels        map[string]string
	ports         []portMap
	listeners     []net.Listener
	autoRemove    bool
	created       time.Time
	process       *process      // the runtime, which lives as long as the container
	ended         chan struct{} // closed when it has exited
	gone          chan struct{} // closed when it has been removed

	// Guarded by the engine's mutex.
	state    string // "created", "running", "exited"
	started  time.Time
	finished time.Time
	exit     int
	removed  bool
}

type portMap struct{ host, inside string }

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

var containerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)

// container finds one by name, id, or the start of an id.
func (e *oci) container(ref string) *container {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range e.containers {
		if c.name == ref || c.id == ref {
			return c
		}
	}
	if ref != "" {
		for _, c := range e.containers {
			if strings.HasPrefix(c.id, ref) {
				return c
			}
		}
	}
	return nil
}

// runCommand is "docker run".
func (e *oci) runCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fail := func(status int, format string, args ...any) (int, error) {
		say(call.Stderr, "docker: "+format, args...)
		return status, nil
	}
	r, err := parseRun(line.rest)
	if err != nil {
		return fail(125, "%v", err)
	}
	if why := refuse(r, call.Dir, e.opts.mounts()); why != "" {
		return fail(125, "%s.", why)
	}
	if r.on("tty") && r.on("interactive") && !isTerminal(call.Stdin) {
		return fail(1, "the input device is not a TTY")
	}
	image := e.find(r.image)
	if image == nil {
		say(call.Stderr, "Unable to find image '%s' locally", r.image)
		if image, err = e.fetch(ctx, r.image); err != nil {
			if ctx.Err() != nil {
				return -1, context.Cause(ctx)
			}
			return fail(125, "Error response from daemon: %s.", pullError(r.image, err))
		}
	}
	lower, err := e.root(ctx, image)
	if err != nil {
		return -1, fmt.Errorf("unpack the image %s: %w", r.image, err)
	}
	c, err := e.newContainer(r, image)
	if err != nil {
		return fail(125, "Error response from daemon: %v.", err)
	}
	c.environ = call.Env
	status, why, err := e.prepare(ctx, c, r, lower, call)
	if status != 0 || err != nil {
		_ = e.remove(ctx, c)
		if err != nil {
			return -1, err
		}
		return fail(status, "%s", why)
	}
	if r.on("detach") {
		if err := e.launch(c, nil); err != nil {
			_ = e.remove(ctx, c)
			return -1, err
		}
		if err := e.untilRunning(ctx, c); err != nil {
			_ = e.remove(ctx, c)
			return -1, err
		}
		say(call.Stdout, "%s", c.id)
		return 0, nil
	}
	return e.attached(ctx, c, r, call)
}

// newContainer takes a name and an id for a container.
func (e *oci) newContainer(r *runLine, image *stored) (*container, error) {
	c := &container{id: randomHex(32), ref: r.image, image: image, autoRemove: r.on("rm"), created: time.Now(), state: "created",
		labels: map[string]string{Label: e.opts.RunID}, ended: make(chan struct{}), gone: make(chan struct{})}
	c.bundle = filepath.Join(e.dir, "containers", c.id)
	c.hostname = c.id[:12]
	if h := r.one("hostname"); h != "" {
		c.hostname = h
	}
	for _, l := range r.all("label") {
		k, v, _ := strings.Cut(l, "=")
		c.labels[k] = v
	}
	c.name = r.one("name")
	if c.name == "" {
		c.name = "lab_" + c.id[:8]
	}
	if !containerName.MatchString(c.name) {
		return nil, fmt.Errorf("Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", c.name)
	}
	for _, p := range r.all("publish") {
		m, err := parsePort(p)
		if err != nil {
			return nil, err
		}
		c.ports = append(c.ports, m)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, other := range e.containers {
		if other.name == c.name {
			return nil, fmt.Errorf("Conflict. The container name %q is already in use by container %q. You have to remove (or rename) that container to be able to reuse that name", "/"+c.name, other.id)
		}
	}
	e.containers = append(e.containers, c)
	return c, nil
}

// parsePort reads "[address:]host:container[/tcp]" or "port".
func parsePort(p string) (portMap, error) {
	spec, _, _ := strings.Cut(p, "/")
	parts := strings.Split(spec, ":")
	m := portMap{inside: parts[len(parts)-1], host: parts[len(parts)-1]}
	if len(parts) > 1 {
		m.host = parts[len(parts)-2]
	}
	for _, n := range []string{m.host, m.inside} {
		if v, err := strconv.Atoi(n); err != nil || v < 1 || v > 65535 {
			return m, fmt.Errorf("Invalid containerPort: %s", p)
		}
	}
	return m, nil
}

// prepare makes a container's root and configuration. why and status are
// docker's, where the command line is at fault.
func (e *oci) prepare(ctx context.Context, c *container, r *runLine, lower string, call Call) (status int, why string, err error) {
	if err := os.Mkdir(c.bundle, 0o711); err != nil {
		return 0, "", err
	}
	if err := e.mountRoot(c.bundle, lower); err != nil {
		return 0, "", err
	}
	rootfs := filepath.Join(c.bundle, "rootfs")
	s, err := e.spec(r, c, rootfs, c.image, call.Dir)
	if err != nil {
		return 125, err.Error(), nil
	}
	c.command = s.Process.Args
	if asked := r.all("gpus"); len(asked) > 0 {
		spec, err := e.gpu.find(ctx)
		if err != nil {
			return 125, "Error response from daemon: could not select device driver \"\" with capabilities: [[gpu]].", nil
		}
		names, err := e.gpu.names(spec, last(asked), call.GPUs)
		if err == nil {
			err = spec.Apply(s, names...)
		}
		if err != nil {
			return 125, "Error response from daemon: " + err.Error(), nil
		}
	}
	if status, why := runnable(rootfs, s); status != 0 {
		return status, "Error response from daemon: failed to create task for container: " + why, nil
	}
	// The working folder comes into being, as with docker.
	if p := insideRoot(rootfs, s.Process.Cwd); p != "" {
		_ = os.MkdirAll(p, 0o755)
	}
	for _, m := range c.ports {
		if m.host == m.inside {
			continue // the machine's network is the container's
		}
		ln, err := net.Listen("tcp", "127.0.0.1:"+m.host)
		if err != nil {
			return 125, "Error response from daemon: driver failed programming external connectivity on endpoint " + c.name + ": " + err.Error(), nil
		}
		c.listeners = append(c.listeners, ln)
		go splice(ln, "127.0.0.1:"+m.inside)
	}
	return 0, "", writeSpec(c.bundle, s)
}

// command is a call of the runtime.
func (e *oci) command(args ...string) *exec.Cmd {
	cmd := exec.Command(e.runtime, append(append([]string{}, e.global...), args...)...)
	cmd.Env = []string{"PATH=" + toolPath, marker + "=" + e.dir}
	return cmd
}

// launch starts a container whose output goes to its log, and to a reader's
// streams where it has one.
func (e *oci) launch(c *container, call *Call) error {
	cmd := e.command("run", "--bundle", c.bundle, c.id)
	log, err := os.OpenFile(filepath.Join(c.bundle, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	switch {
	case call != nil:
		if call.Stdin != nil {
			cmd.Stdin = call.Stdin
		}
		if call.Stdout != nil {
			cmd.Stdout = call.Stdout
		}
		if call.Stderr != nil {
			cmd.Stderr = call.Stderr
		}
		keepGroup(cmd, call.Stdin)
	default:
		cmd.Stdout, cmd.Stderr = log, log
	}
	p, err := start(cmd, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("start the runtime: %w", err)
	}
	e.mu.Lock()
	c.process, c.state, c.started = p, "running", time.Now()
	e.mu.Unlock()
	go func() {
		<-p.done
		exit, err := exitStatus(p.err)
		if err != nil {
			exit = 125
		}
		e.mu.Lock()
		c.state, c.exit, c.finished = "exited", exit, time.Now()
		e.mu.Unlock()
		for _, ln := range c.listeners {
			_ = ln.Close()
		}
		close(c.ended)
		if c.autoRemove {
			_ = e.remove(context.Background(), c)
		}
	}()
	return nil
}

// startPatience is how long a runtime may take to start a container.
const startPatience = 30 * time.Second

// untilRunning waits until the runtime knows the container, or it has ended.
func (e *oci) untilRunning(ctx context.Context, c *container) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		out, err := output(ctx, e.command("state", c.id))
		if err == nil && (strings.Contains(out, `"running"`) || strings.Contains(out, `"stopped"`)) {
			return nil
		}
		select {
		case <-c.ended:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("the runtime did not start the container: %w", context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// attached runs a container on the reader's terminal to its end.
func (e *oci) attached(ctx context.Context, c *container, r *runLine, call Call) (int, error) {
	inner := call
	if !r.on("interactive") {
		inner.Stdin = nil
		if r.on("tty") {
			// The runtime wants a terminal to copy from; the reader's must not be read.
			inner.Stdin = call.Stdout
		}
	}
	if r.on("tty") && !isTerminal(inner.Stdin) {
		// Without a terminal of the reader's, the container's own is not to be had.
		if err := withoutTerminal(c.bundle); err != nil {
			return -1, err
		}
	}
	if err := e.launch(c, &inner); err != nil {
		_ = e.remove(ctx, c)
		return -1, err
	}
	for {
		select {
		case <-c.ended:
			e.mu.Lock()
			exit := c.exit
			e.mu.Unlock()
			if c.autoRemove {
				_ = e.remove(ctx, c)
			}
			return exit, nil
		case sig, ok := <-call.Signals:
			if !ok {
				call.Signals = nil
			} else if s, ok := sig.(syscall.Signal); ok {
				_ = c.process.cmd.Process.Signal(s)
			}
		case <-ctx.Done():
			e.halt(c, grace)
			_ = e.remove(ctx, c)
			return -1, fmt.Errorf("docker run was stopped: %w", context.Cause(ctx))
		}
	}
}

// halt stops a container: SIGTERM, and SIGKILL when patience ends.
func (e *oci) halt(c *container, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	select {
	case <-c.ended:
		return
	default:
	}
	_, _ = output(ctx, e.command("kill", c.id, "TERM"))
	select {
	case <-c.ended:
		return
	case <-time.After(patience):
	}
	e.kill(ctx, c)
}

// kill ends a container and everything in it.
func (e *oci) kill(ctx context.Context, c *container) {
	_, _ = output(ctx, e.command("kill", c.id, "KILL"))
	select {
	case <-c.ended:
	case <-time.After(grace):
		if c.process != nil {
			c.process.signalGroup(syscall.SIGKILL)
			<-c.ended
		}
	}
}

// remove takes a container away, running or not.
func (e *oci) remove(_ context.Context, c *container) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e.mu.Lock()
	if c.removed {
		e.mu.Unlock()
		<-c.gone
		return nil
	}
	c.removed = true
	defer close(c.gone)
	running := c.process != nil
	e.mu.Unlock()
	if running {
		select {
		case <-c.ended:
		default:
			e.kill(ctx, c)
		}
		_, _ = output(ctx, e.command("delete", "--force", c.id))
	}
	for _, ln := range c.listeners {
		_ = ln.Close()
	}
	err := errors.Join(unmountUnder(c.bundle), removeTree(c.bundle))
	e.mu.Lock()
	for i, other := range e.containers {
		if other == c {
			e.containers = append(e.containers[:i], e.containers[i+1:]...)
			break
		}
	}
	e.mu.Unlock()
	return err
}

// execCommand is "docker exec".
func (e *oci) execCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("exec")
	fs.SetInterspersed(false)
	define(fs, []string{"detach,d", "interactive,i", "tty,t", "privileged"}, []string{"env,e", "env-file"}, []string{"workdir,w", "user,u", "detach-keys"})
	if err := fs.Parse(line.rest); err != nil || fs.NArg() < 2 {
		say(call.Stderr, "\"docker exec\" requires at least 2 arguments.")
		return 1, nil
	}
	r := &runLine{FlagSet: fs}
	c := e.container(fs.Arg(0))
	if c == nil {
		return noContainer(call, fs.Arg(0)), nil
	}
	if e.stateOf(c) != "running" {
		say(call.Stderr, "Error response from daemon: Container %s is not running", c.id)
		return 1, nil
	}
	args := []string{"exec"}
	if r.on("tty") {
		if !isTerminal(call.Stdin) {
			say(call.Stderr, "the input device is not a TTY")
			return 1, nil
		}
		args = append(args, "--tty")
	}
	env, err := runEnv(r, call.Dir, call.Env)
	if err != nil {
		say(call.Stderr, "%v", err)
		return 1, nil
	}
	for _, kv := range env {
		args = append(args, "--env", kv)
	}
	if w := r.one("workdir"); w != "" {
		args = append(args, "--cwd", w)
	}
	if u := r.one("user"); u != "" {
		user, _, err := lookUser(filepath.Join(c.bundle, "rootfs"), u)
		if err != nil {
			say(call.Stderr, "%v", err)
			return 126, nil
		}
		args = append(args, "--user", fmt.Sprintf("%d:%d", user.UID, user.GID))
	}
	cmd := e.command(append(append(args, c.id), fs.Args()[1:]...)...)
	if !r.on("interactive") && !r.on("tty") {
		call.Stdin = nil
	}
	return carryOut(ctx, cmd, call)
}

func (e *oci) stateOf(c *container) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return c.state
}

func noContainer(call Call, ref string) int {
	say(call.Stderr, "Error response from daemon: No such container: %s", ref)
	return 1
}

// logsCommand is "docker logs".
func (e *oci) logsCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("logs")
	follow := fs.BoolP("follow", "f", false, "")
	tailLines := fs.StringP("tail", "n", "all", "")
	_ = fs.BoolP("timestamps", "t", false, "")
	if err := fs.Parse(line.rest); err != nil || fs.NArg() != 1 {
		say(call.Stderr, "\"docker logs\" requires exactly 1 argument.")
		return 1, nil
	}
	c := e.container(fs.Arg(0))
	if c == nil {
		return noContainer(call, fs.Arg(0)), nil
	}
	f, err := os.Open(filepath.Join(c.bundle, "log"))
	if err != nil || call.Stdout == nil {
		return 0, nil
	}
	defer func() { _ = f.Close() }()
	if n, err := strconv.Atoi(*tailLines); err == nil {
		text, err := io.ReadAll(f)
		if err != nil {
			return -1, err
		}
		lines := strings.SplitAfter(string(text), "\n")
		if k := len(lines); k > 0 && lines[k-1] == "" {
			lines = lines[:k-1]
		}
		_, _ = io.WriteString(call.Stdout, strings.Join(lines[max(0, len(lines)-n):], ""))
	}
	for {
		over := false
		select {
		case <-c.ended:
			over = true
		default:
		}
		if _, err := io.Copy(call.Stdout, f); err != nil {
			return 1, nil
		}
		if !*follow || over {
			return 0, nil
		}
		select {
		case <-ctx.Done():
			return -1, context.Cause(ctx)
		case <-c.ended:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// pullError words a failed pull as docker does.
func pullError(ref string, err error) string {
	var t *transport.Error
	if errors.As(err, &t) && (t.StatusCode == 404 || t.StatusCode == 401 || t.StatusCode == 403) {
		for _, d := range t.Errors {
			if d.Message != "" {
				return "manifest for " + fullName(ref) + " not found: " + d.Message
			}
		}
		return "manifest for " + fullName(ref) + " not found: manifest unknown"
	}
	return err.Error()
}

func isTerminal(f *os.File) bool {
	if f == nil {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// keepGroup leaves a command in this program's own process group if its terminal
// is this program's: from another group it could not read it.
func keepGroup(cmd *exec.Cmd, stdin *os.File) {
	if !isTerminal(stdin) {
		return
	}
	sid, err := unix.IoctlGetInt(int(stdin.Fd()), unix.TIOCGSID)
	if err != nil {
		return
	}
	if mine, err := unix.Getsid(0); err == nil && sid == mine {
		cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: int(stdin.Fd())}
	}
}
