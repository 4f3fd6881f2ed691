// Command labs runs the code blocks of tutorials for real, compares what comes
// out with what the page promises, and writes the evidence into a report that
// the site shows.
//
// Called as docker or ngc it is what a lab's shells find on their PATH: it
// hands the call to the run that the shell belongs to. Called as labs-fence it
// puts a fence around a program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/network"
	"docent/labs/run"
)

// The exit codes of labs.
const (
	exitOK          = 0
	exitFault       = 1   // the content or a lab is at fault
	exitUsage       = 2   // the command was used wrongly
	exitMissing     = 3   // this machine lacks something
	exitInterrupted = 130 // stopped by Ctrl-C or SIGTERM
)

func main() {
	if filepath.Base(os.Args[0]) == run.FenceName {
		os.Exit(run.Fence(os.Args[1:]))
	}
	if name, ok := run.ShimName(os.Args[0]); ok {
		os.Exit(run.Shim(name, os.Args[1:]))
	}
	ctx, stop := untilStopped(context.Background(), os.Stderr)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// errStopped is the cause of a run's end by Ctrl-C or SIGTERM.
var errStopped = errors.New("stopped")

// untilStopped gives a context that ends with the first Ctrl-C or SIGTERM. A
// second one ends the program on the spot; what it leaves behind, "labs clean"
// removes.
func untilStopped(parent context.Context, w io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			if n == 0 {
				fmt.Fprintln(w, "\nlabs: stopping, and removing what the run made. Press Ctrl-C again to end at once.")
				cancel(errStopped)
				continue
			}
			fmt.Fprintln(w, "labs: ended at once. Remove what is left with: labs clean")
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// A fault is an error with the exit code it leads to.
type fault struct {
	code int
	err  error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// usagef says that the command was used wrongly.
func usagef(format string, args ...any) error { return &fault{exitUsage, fmt.Errorf(format, args...)} }

// errAtFault ends the command with code 1 after everything has been said.
var errAtFault = &fault{exitFault, errors.New("")}

// command runs one command line and gives its exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if text := err.Error(); text != "" {
		fmt.Fprintf(stderr, "labs: %s\n", text)
	}
	return exitCode(err)
}

func exitCode(err error) int {
	var f *fault
	var e *engine.Missing
	var n *network.Missing
	switch {
	case errors.Is(err, errStopped):
		return exitInterrupted
	case errors.As(err, &e), errors.As(err, &n):
		return exitMissing
	case errors.As(err, &f):
		return f.code
	}
	return exitFault
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "labs",
		Short: "Run the code blocks of tutorials and say what really happens",
		Long: `labs runs the code blocks of tutorials for real: it builds the Dockerfiles,
pushes, runs containers and jobs, compares the output with what the page
promises, and writes a report that the site shows.

Exit codes: 0 fine; 1 a page or a lab is at fault; 2 wrong usage; 3 this machine
lacks something, which is named with the command that installs it.`,
		SilenceErrors: true, SilenceUsage: true,
		Args: noUnknown,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", widthOf(stdout))))
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v. \"%s --help\" lists the flags.", err, cmd.CommandPath())
	})
	root.AddCommand(verifyCommand(stdout, stderr), listCommand(stdout, stderr), shellCommand(stdout, stderr), blessCommand(stdout, stderr),
		doctorCommand(stdout), cleanCommand(stdout), mirrorCommand(stdout, stderr))
	return root
}

// noUnknown refuses a word that is no command.
func noUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("there is no command %q. Did you mean %q?", args[0], strings.Join(near, ", "))
	}
	return usagef("there is no command %q. \"labs --help\" lists the commands.", args[0])
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, %q was given", cmd.CommandPath(), args[0])
	}
	return nil
}
