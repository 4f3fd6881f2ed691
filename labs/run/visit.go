package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/creack/pty"
	"golang.org/x/term"

	"docent/labs/engine"
	"docent/labs/step"
)

// A Visit opens a shell for a person in the session of a step, as the steps
// before it left it, in place of carrying the step out. The steps after it are
// not reached.
type Visit struct {
	Step   string       // its ID; "" is after the last step
	Arrive func(string) // called with where the shell is, right before it opens
	// The files of the person's terminal; In need not be one.
	In, Out, Err *os.File
}

// visit opens the shell and waits until the person leaves it.
func (r *runner) visit(ctx context.Context, s step.Step) error {
	v := r.deps.Visit
	if s.Session == "" {
		s.Session = step.Host // nothing is typed in this step
	}
	if t := r.terminals[s.Session]; t != nil {
		v.Arrive("the container that this page opened (" + s.Session + ")")
		return r.visitTerminal(ctx, t)
	}
	if s.Session == step.Job {
		container, err := r.deps.NGC.Container(ctx)
		if err != nil {
			return err
		}
		v.Arrive("the container of the page's job")
		args := []string{"exec", "-i"}
		if term.IsTerminal(int(v.In.Fd())) {
			args = append(args, "-t")
		}
		args = append(args, container, "/bin/bash", "-c", `printf %s "$1" > "$2" && exec /bin/bash --noprofile --rcfile "$2" -i`, "docent-visit", arrival(jobState), jobState+"-visit")
		_, err = r.deps.Engine.Docker(ctx, engine.Call{Args: args,
			Dir: r.workDir(), Env: r.engineEnv(), Stdin: v.In, Stdout: v.Out, Stderr: v.Err})
		return err
	}
	sh, err := r.shellFor(s.Session)
	if err != nil {
		return err
	}
	rc := filepath.Join(r.deps.Scratch, "state", "visit.rc")
	if err := os.WriteFile(rc, []byte(arrival(sh.state)), 0o600); err != nil {
		return fmt.Errorf("opening a shell in the session: %w", err)
	}
	v.Arrive("the session " + s.Session + ", in " + r.workDir())
	r.groups++
	r.group = newStepGroup(r.deps.Limits, r.deps.Scratch, r.groups)
	defer r.group.close()
	cmd := r.command(sh, "", "", nil)
	at := len(cmd.Args)
	for i, a := range cmd.Args {
		if a == "/bin/bash" {
			at = i
			break
		}
	}
	cmd.Args = append(cmd.Args[:at:at], "/bin/bash", "--noprofile", "--rcfile", rc, "-i")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = v.In, v.Out, v.Err
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return nil // the status of the last command is the person's own
	}
	return err
}

// arrival is what an interactive bash reads as its start-up file: the state that
// the steps of a session left, if there is any yet.
func arrival(state string) string {
	return ". " + quote(state) + ` 2>/dev/null
[ -z "${__docent_dir-}" ] || cd -- "$__docent_dir"
OLDPWD=${__docent_old-}
unset PROMPT_COMMAND
PS1='\[\e[1m\](lab)\[\e[0m\] \w\$ '
set +e +u +x
`
}

// visitTerminal joins the person's terminal with that of a container.
func (r *runner) visitTerminal(ctx context.Context, t *terminal) error {
	v := r.deps.Visit
	if fd := int(v.In.Fd()); term.IsTerminal(fd) {
		if was, err := term.MakeRaw(fd); err == nil {
			defer term.Restore(fd, was)
		}
		if err := pty.InheritSize(v.In, t.proc.tty); err != nil {
			return fmt.Errorf("taking over the size of the terminal: %w", err)
		}
	}
	t.watchWith(func(p []byte) { v.Out.Write(p) })
	defer t.watchWith(nil)
	if _, err := io.WriteString(t.proc.tty, " stty echo; PS2='> '; PS1='(lab) \\w\\$ '\n"); err != nil {
		return fmt.Errorf("%w: %w", errClosed, err)
	}
	go io.Copy(t.proc.tty, v.In) // ends when the program does, or its standard input
	select {
	case <-t.proc.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}
