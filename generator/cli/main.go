// Package cli is the command generator: it makes a site of a tree of
// tutorials, previews it, and checks it. A program of your own that adds
// directives or roles is a main function that calls [Main].
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"docent/generator/config"
	"docent/generator/parse/directive"
	"docent/generator/site"
)

// The exit codes of the program.
const (
	ExitFine    = 0
	ExitContent = 1 // the content is at fault
	ExitUsage   = 2 // the command was called wrongly
	ExitMachine = 3 // this machine lacks something
)

// version is set by the linker for a release.
var version = ""

// Main runs the command line of this process and ends the process. An
// interrupt stops what is being done; the old site is left whole.
func Main(own ...Extension) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := Run(ctx, os.Args[1:], Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, own...)
	stop()
	os.Exit(code)
}

// A Terminal is where a command reads and writes.
type Terminal struct {
	In       io.Reader
	Out, Err io.Writer

	table *directive.Table // what pages may use; nil is the standard one
}

// An exit is an error that brings its own exit code. Without a message,
// everything has been said already.
type exit struct {
	code    int
	message string
}

func (e *exit) Error() string { return e.message }

// Run runs one command line and gives its exit code.
func Run(ctx context.Context, args []string, t Terminal, own ...Extension) int {
	t.table = extended(own)
	root := &cobra.Command{
		Use:   "generator",
		Short: "Make a site of tutorials whose code blocks are run, not trusted",
		Long: `Generator turns a folder of reStructuredText and Markdown pages into a site,
previews it while you write, and checks it. A Sphinx tree builds as it is.

Exit codes: 0 fine, 1 the content is at fault, 2 wrong usage, 3 this machine
lacks something.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       versionText(),
	}
	root.SetArgs(args)
	root.SetIn(t.In)
	root.SetOut(t.Out)
	root.SetErr(t.Err)
	root.SetVersionTemplate("generator {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &exit{ExitUsage, fmt.Sprintf("%v; see `%s --help`", err, c.CommandPath())}
	})
	root.AddCommand(buildCommand(t), serveCommand(t), checkCommand(t), inspectCommand(t), newCommand(t), &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(t.Out, "generator", versionText()) },
	})
	usage(root)
	err := root.ExecuteContext(ctx)
	code := codeOf(err)
	if err != nil && err.Error() != "" {
		fmt.Fprintln(t.Err, "generator:", messageOf(err))
	}
	return code
}

// usage makes a wrong number of arguments wrong usage, for a command and those
// below it.
func usage(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &exit{ExitUsage, fmt.Sprintf("%v; see `%s --help`", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usage(sub)
	}
}

// codeOf sorts errors into exit codes. What a command did not sort itself is
// a fault of the machine, save an unknown command, which cobra reports.
func codeOf(err error) int {
	var own *exit
	var out *site.WrongOutput
	var src *site.MissingSource
	var set *config.BadSetting
	var theme *site.BadTheme
	switch {
	case err == nil:
		return ExitFine
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &out), errors.As(err, &set):
		return ExitUsage
	case errors.As(err, &src), errors.As(err, &theme):
		return ExitContent
	case errors.Is(err, context.Canceled):
		return ExitMachine
	case isUnknownCommand(err):
		return ExitUsage
	}
	return ExitMachine
}

func isUnknownCommand(err error) bool {
	const start = "unknown command"
	s := err.Error()
	return len(s) >= len(start) && s[:len(start)] == start
}

func messageOf(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk is full: " + err.Error() + "; free some space and build again. The old site is as it was"
	case errors.Is(err, context.Canceled):
		return "stopped; the old site is as it was"
	}
	return err.Error()
}

func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
