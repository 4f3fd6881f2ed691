package ngc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"docent/labs/engine"
)

// version is what "ngc --version" says. It names no version of the real
// program, since it is not that program.
const version = "NGC CLI (Docent stand-in)"

// A failure ends a command with a message and a status.
type failure struct {
	exit int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// statusError carries the status of a command that spoke for itself.
type statusError int

func (s statusError) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// Run carries out one ngc command line and returns its exit status: 0, 1 when
// the command failed, 2 when it was used wrongly.
func (p *Platform) Run(ctx context.Context, call Call) int {
	if p.opts.Live != "" {
		return p.live(ctx, call)
	}
	s := &session{p: p, call: call, out: bufio.NewWriter(writer(call.Stdout)), err: writer(call.Stderr)}
	root := s.root()
	root.SetArgs(singleDashes(call.Args))
	err := root.ExecuteContext(ctx)
	s.out.Flush() // a reader that is gone needs no answer
	var f *failure
	var status statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &f):
		fmt.Fprintf(s.err, "Error: %v\n", f.err)
		return f.exit
	default: // cobra's own: the command line is wrong
		fmt.Fprintf(s.err, "ngc: error: %v\n", err)
		return 2
	}
}

func writer(f *os.File) io.Writer {
	if f == nil {
		return io.Discard
	}
	return f
}

// live hands the command line to the real program.
func (p *Platform) live(ctx context.Context, call Call) int {
	cmd := exec.CommandContext(ctx, p.opts.Live, call.Args...)
	cmd.Dir, cmd.Env = call.Dir, os.Environ()
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if call.Stdin != nil {
		cmd.Stdin = call.Stdin
	}
	cmd.Stdout, cmd.Stderr = call.Stdout, call.Stderr
	err := cmd.Run()
	var ee *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ee):
		return ee.ExitCode()
	}
	fmt.Fprintf(writer(call.Stderr), "ngc: the real program did not start: %v\n", err)
	return 127
}

// singleDashes turns the real program's two-letter short options into long
// ones.
func singleDashes(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		switch {
		case a == "--":
			return out
		case a == "-in":
			out[i] = "--instance"
		case a == "-de":
			out[i] = "--desc"
		}
	}
	return out
}

// A session is one call of the command.
type session struct {
	p    *Platform
	call Call
	out  *bufio.Writer
	err  io.Writer

	format, org, team, ace string
	yes                    bool
}

func fail(format string, args ...any) error { return &failure{1, fmt.Errorf(format, args...)} }

// usage says what is wrong with a command line.
func usage(format string, args ...any) error { return &failure{2, fmt.Errorf(format, args...)} }

type formatter interface {
	format(string) (string, error)
}

func (s *session) show(f formatter) error {
	text, err := f.format(s.format)
	if err != nil {
		return &failure{2, err}
	}
	s.out.WriteString(text)
	return nil
}

func (s *session) root() *cobra.Command {
	s.p.mu.Lock()
	c := s.p.config
	s.p.mu.Unlock()
	root := &cobra.Command{
		Use:           "ngc",
		Short:         "NVIDIA NGC, played on this machine by a Docent lab",
		SilenceErrors: true, SilenceUsage: true,
		Version: version,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.DisableDefaultCmd = true
	pf := root.PersistentFlags()
	pf.StringVar(&s.format, "format_type", c.format, "ascii, csv or json")
	pf.StringVar(&s.org, "org", c.org, "organisation")
	pf.StringVar(&s.team, "team", c.team, "team, or no-team")
	pf.StringVar(&s.ace, "ace", c.ace, "accelerated compute environment")
	pf.BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	pf.Bool("debug", false, "no effect")
	root.AddCommand(s.configCommand(), s.workspaceCommand(), s.batchCommand(), s.registryCommand(), s.resultCommand(), s.datasetCommand(),
		s.userCommand(), s.orgCommand(), s.teamCommand(), s.aceCommand(), s.versionCommand())
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if s.team == "no-team" {
			s.team = ""
		}
		if !slices.Contains([]string{"ascii", "csv", "json"}, s.format) {
			return usage("argument --format_type: invalid choice: %q (choose from ascii, csv, json)", s.format)
		}
		return nil
	}
	return root
}

// plain is a command that takes no arguments.
func plain(use, short string, do func() error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return do() }}
}

// group is a command that only has subcommands. Unlike cobra's own, it refuses
// a word it does not know.
func group(name, short string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return usage("%s has no command %q. It has: %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
	}, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(sub...)
	return c
}

// docker hands a command to the engine with the caller's own files.
func (s *session) docker(ctx context.Context, args ...string) error {
	s.out.Flush()
	exit, err := s.p.opts.Engine.Docker(ctx, engine.Call{
		Args: args, Dir: s.call.Dir, Env: s.call.Env,
		Stdin: s.call.Stdin, Stdout: s.call.Stdout, Stderr: s.call.Stderr, Signals: s.call.Signals,
	})
	switch {
	case err != nil:
		return &failure{1, err}
	case exit != 0:
		return statusError(exit)
	}
	return nil
}
