package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// daemon is a dockerd of the run's own.
type daemon struct {
	host    string
	process *process
	logPath string
	lock    *os.File
	netns   *namespace // nil when it runs in ours
	proxy   string     // the lab's, as it is reached from where the daemon runs
}

// daemonStart is how long a daemon may take to answer. A cold start needs a few
// seconds; a machine under load several times that.
const daemonStart = 60 * time.Second

// startDaemon starts a dockerd with everything it keeps under dir. It runs in
// the machine's own network namespace if no other dockerd does: a second one
// there would take the first one's bridge away. Else it gets one of its own.
func startDaemon(ctx context.Context, opts Options, dir string, mark *runMark) (*daemon, error) {
	path, err := lookPath("dockerd")
	if err != nil {
		return nil, &Missing{"a docker daemon", installDocker}
	}
	if os.Geteuid() != 0 {
		return nil, &Missing{"a docker daemon that answers, and the right to start one (run as root)", "systemctl start docker"}
	}
	d := &daemon{host: "unix://" + mark.Short + "/docker.sock", logPath: filepath.Join(dir, "dockerd.log")}
	proxy := opts.Proxy
	if d.lock = lockNetwork(); d.lock != nil && len(daemonsHere()) == 0 {
		mark.Net = netBefore(ctx, "docker")
	} else {
		d.unlock()
		if d.netns, err = makeNetns(ctx, mark); err != nil {
			return nil, fmt.Errorf("make a network namespace for the private docker daemon: %w", err)
		}
		if proxy, err = d.netns.reach(proxy); err != nil {
			d.netns.close()
			return nil, err
		}
	}
	d.proxy = proxy
	if err := mark.write(); err != nil {
		d.unlock()
		return nil, err
	}
	args := []string{
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(mark.Short, "x"),
		"--pidfile", filepath.Join(mark.Short, "pid"), "-H", d.host, "--config-file", filepath.Join(dir, "daemon.json"),
		"--ip", "127.0.0.1", "--log-level", "warn",
	}
	// An empty configuration keeps the machine's own /etc/docker/daemon.json out.
	if err := os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}\n"), 0o600); err != nil {
		d.unlock()
		return nil, err
	}
	if d.netns != nil {
		nsenter, err := lookPath("nsenter")
		if err != nil {
			return nil, &Missing{"the nsenter command", "apt-get install -y util-linux"}
		}
		path, args = nsenter, append([]string{"--net=" + d.netns.path, path}, args...)
	}
	log, err := os.OpenFile(d.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.unlock()
		return nil, fmt.Errorf("open the daemon's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = environ(os.Environ(), []string{"DOCKER_*", "*_PROXY", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PATH"},
		marker+"="+dir, "PATH="+toolPath, "XDG_RUNTIME_DIR="+mark.Short) // containerd keeps the sockets of terminals there
	cmd.Env = append(cmd.Env, proxyEnv(proxy, opts)...)
	if d.process, err = start(cmd, syscall.SIGTERM); err != nil {
		d.unlock()
		return nil, fmt.Errorf("start the private docker daemon: %w", err)
	}
	if err := d.ready(ctx); err != nil {
		return nil, errors.Join(err, d.stop(), mark.sweep())
	}
	return d, nil
}

// proxyEnv leads a program written in Go through the lab's network.
func proxyEnv(proxy string, opts Options) []string {
	if proxy == "" {
		return nil
	}
	none := "localhost,127.0.0.0/8,::1"
	if opts.NoProxy != "" {
		none += "," + opts.NoProxy
	}
	env := []string{"HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy, "NO_PROXY=" + none, "http_proxy=" + proxy, "https_proxy=" + proxy, "no_proxy=" + none}
	if opts.CACert != "" {
		env = append(env, "SSL_CERT_FILE="+opts.CACert, "SSL_CERT_DIR=/nonexistent")
	}
	return env
}

// ready waits until the daemon answers.
func (d *daemon) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, daemonStart)
	defer cancel()
	socket := strings.TrimPrefix(d.host, "unix://")
	for {
		if answersPing(ctx, socket) {
			return nil
		}
		select {
		case <-d.process.done:
			return fmt.Errorf("the private docker daemon ended at once: %s", d.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the private docker daemon does not answer: %w: %s", context.Cause(ctx), d.lastWords())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// alive says what became of a daemon that no longer runs.
func (d *daemon) alive() error {
	select {
	case <-d.process.done:
		return fmt.Errorf("the private docker daemon died: %s", d.lastWords())
	default:
		return nil
	}
}

// answers says what became of a daemon, after a command of it failed. A daemon
// that is dying has let go of its socket before its end is known.
func (d *daemon) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if answersPing(ctx, strings.TrimPrefix(d.host, "unix://")) {
		return nil
	}
	select {
	case <-d.process.done:
	case <-ctx.Done():
	}
	return d.alive()
}

func (d *daemon) lastWords() string {
	text, err := os.ReadFile(d.logPath)
	if err != nil {
		return "it left no log"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if n := len(lines); n > 5 {
		lines = lines[n-5:]
	}
	return strings.Join(lines, "\n")
}

// stop ends the daemon; it stops its containers itself.
func (d *daemon) stop() error {
	d.process.stop(20 * time.Second)
	if d.netns != nil {
		d.netns.close()
	}
	d.unlock()
	return nil
}

// lockNetwork takes the right to run a daemon in this network namespace; nil if
// another run has it.
func lockNetwork() *os.File {
	f, err := os.OpenFile(filepath.Join(marksDir(), "dockerd.lock"), os.O_CREATE|os.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil
	}
	return f
}

func (d *daemon) unlock() {
	if d.lock != nil {
		_ = d.lock.Close()
		d.lock = nil
	}
}
