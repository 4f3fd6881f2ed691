package run

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"docent/labs/engine"
)

// A shell is a session on this machine: every step runs in a fresh bash that
// takes over the state of the one before.
type shell struct {
	state string // file with the state; see driver
}

// typed is a number of commands to type into a shell, and what came of it.
type typed struct {
	commands []string
	alt      bool // do not keep the state
	terminal bool // on a pseudo-terminal
	watch    func([]byte)
}

// result is what a number of commands did.
type result struct {
	per    []outcome
	output []byte // of all, in order
	exit   int    // of the last that ran
}

// mark makes a word that no program prints by accident.
func mark() string { return "docent" + rand.Text()[:16] }

// command builds the process of a host shell: bash behind the fence, with
// nothing in its environment but what the state file sets.
func (r *runner) command(sh *shell, save, mark string, commands []string) *exec.Cmd {
	args := []string{FenceName, r.deps.Scratch, r.group.argument(), "/bin/bash", "--noprofile", "--norc", "-c", driver, "docent-step", sh.state, save, mark}
	cmd := &exec.Cmd{
		Path: r.deps.Labs,
		Args: append(args, commands...),
		Dir:  r.workDir(),
		Env:  []string{SocketVar + "=" + r.socket},
	}
	return cmd
}

// onHost types commands into a shell of this machine. The error is the end of
// ctx, or a failure of this machine.
func (r *runner) onHost(ctx context.Context, sh *shell, t typed) (result, error) {
	for _, c := range t.commands {
		if len(c) > 120<<10 {
			return result{exit: -1}, fmt.Errorf("a command of %d KiB is longer than a shell takes", len(c)>>10)
		}
	}
	save := ""
	if !t.alt {
		save = sh.state + ".new"
	}
	m := mark()
	out := &tape{watch: t.watch}
	p, err := startProcess(r.command(sh, save, m, t.commands), out, t.terminal)
	if err != nil {
		return result{exit: -1}, err
	}
	r.keep(p)
	code, err := p.wait(ctx)
	res := result{exit: code}
	res.per, res.output = splitRecords(out.bytes(), m, len(t.commands))
	if save != "" {
		if kerr := keepState(save, sh.state); err == nil {
			err = kerr
		}
	}
	return res, err
}

// keepState puts a newly written state in the place of the old one, if it was
// written to its end.
func keepState(from, to string) error {
	text, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) || err == nil && !strings.HasSuffix(string(text), "# complete\n") {
		os.Remove(from)
		return nil // the shell was killed: the step before it counts
	}
	if err != nil {
		return fmt.Errorf("keeping the session's state: %w", err)
	}
	return os.Rename(from, to)
}

var stateLine = regexp.MustCompile(`(?m)^(?:declare -[-a-zA-Z]+|export) (\w+)=(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')$`)

// variables reads the plain variables of a session off its state.
func (sh *shell) variables() map[string]string {
	text, err := os.ReadFile(sh.state)
	if err != nil {
		return nil
	}
	vars := map[string]string{}
	unquote := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`")
	for _, m := range stateLine.FindAllStringSubmatch(string(text), -1) {
		vars[m[1]] = unquote.Replace(m[2]) + m[3]
	}
	return vars
}

// set adds a variable to the session.
func (sh *shell) set(name, value string) error {
	text, err := os.ReadFile(sh.state)
	if err != nil {
		return fmt.Errorf("reading the session's state: %w", err)
	}
	body := strings.TrimSuffix(string(text), "# complete\n")
	// In front, so that options such as -u and a readonly name do no harm.
	return os.WriteFile(sh.state, []byte(body+"declare -- "+name+"="+quote(value)+"\n# complete\n"), 0o600)
}

// fork copies a session.
func (sh *shell) fork(to string) (*shell, error) {
	text, err := os.ReadFile(sh.state)
	if err != nil {
		return nil, fmt.Errorf("reading the session's state: %w", err)
	}
	return &shell{to}, os.WriteFile(to, text, 0o600)
}

// shellFor gives the host session of a name; a new one starts as the host
// session stands.
func (r *runner) shellFor(name string) (*shell, error) {
	if sh := r.shells[name]; sh != nil {
		return sh, nil
	}
	sh, err := r.shells["host"].fork(filepath.Join(r.deps.Scratch, "state", "named-"+strconv.Itoa(len(r.shells))))
	if err != nil {
		return nil, err
	}
	r.shells[name] = sh
	return sh, nil
}

// jobState is where a job's container keeps the state of its session.
const jobState = "/tmp/.docent-session"

// inJob types commands into the shell of the latest job.
func (r *runner) inJob(ctx context.Context, t typed) (result, error) {
	container, err := r.deps.NGC.Container(ctx)
	if err != nil {
		return result{exit: -1}, err
	}
	save := jobState
	if t.alt {
		save = ""
	}
	m := mark()
	out := &tape{watch: t.watch}
	pr, pw, err := os.Pipe()
	if err != nil {
		return result{exit: -1}, err
	}
	pump := startPump(pr, out)
	args := []string{"exec", "-i", container, "/bin/bash", "--noprofile", "--norc", "-c", driver, "docent-step", jobState, save, m}
	code, err := r.deps.Engine.Docker(ctx, engine.Call{
		Args: append(args, t.commands...), Dir: r.workDir(), Env: r.engineEnv(), Stdout: pw, Stderr: pw,
	})
	pw.Close()
	pump.settle()
	pump.close()
	res := result{exit: code}
	res.per, res.output = splitRecords(out.bytes(), m, len(t.commands))
	if err != nil && ctx.Err() != nil {
		// The command in the container outlives the exec that was cut off.
		r.deps.Engine.Docker(context.WithoutCancel(ctx), engine.Call{Args: []string{"exec", container, "/bin/sh", "-c",
			`for p in /proc/[0-9]*; do tr '\0' '\n' <$p/cmdline 2>/dev/null | grep -qx ` + m + ` && kill -9 ${p#/proc/}; done`}})
		err = context.Cause(ctx)
	}
	return res, err
}

// openIn starts the terminal that a step's command opens, and waits for the
// prompt in it.
func (r *runner) openIn(ctx context.Context, sh *shell, command string, watch func([]byte)) (*terminal, string, error) {
	return openTerminal(ctx, r.command(sh, "", mark(), []string{command}), mark(), watch)
}

// engineEnv is the environment of the docker commands that the run gives
// itself.
func (r *runner) engineEnv() []string {
	return []string{"HOME=" + filepath.Join(r.deps.Scratch, "home"), "PATH=" + systemPath}
}

func (r *runner) workDir() string { return filepath.Join(r.deps.Scratch, "work") }

// HasProgram says whether a session finds a program in the system's folders.
func HasProgram(name string) bool {
	for _, dir := range filepath.SplitList(systemPath) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// readerName is the name of the user of a lab.
const readerName = "reader"

// environment is what a host session starts with: nothing of the user's.
func (r *runner) environment() map[string]string {
	env := map[string]string{
		"HOME": filepath.Join(r.deps.Scratch, "home"), "TMPDIR": filepath.Join(r.deps.Scratch, "tmp"),
		"PATH": filepath.Join(r.deps.Scratch, "bin") + ":" + systemPath,
		"USER": readerName, "LOGNAME": readerName, "SHELL": "/bin/bash", "LANG": "C.UTF-8", "TERM": "xterm-256color",
		"DEBIAN_FRONTEND": "noninteractive", "PAGER": "cat",
	}
	if r.deps.Network != nil {
		for _, kv := range r.deps.Network.Env() {
			if k, v, ok := strings.Cut(kv, "="); ok {
				env[k] = v
			}
		}
	}
	for _, v := range r.deps.Values {
		env[v.Name] = v.Value
		if v.Name == "USER" {
			env["LOGNAME"] = v.Value
		}
	}
	return env
}

// copyFile copies a regular file, with its mode.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", from)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	_, err = io.Copy(out, in)
	return err
}
