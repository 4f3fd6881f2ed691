package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"docent/labs/run"
	"docent/labs/step"
)

func shellCommand(stdout, stderr io.Writer) *cobra.Command {
	o := verifyOptions{jobs: 1}
	cmd := &cobra.Command{
		Use:   "shell PAGE[#STEP]",
		Short: "Open a shell where a step of a page is typed, as it is right before it",
		Long: `shell runs the steps of a page up to the one that is named, and opens a shell in
its session: the working folder, variables, images, containers and jobs are as a
reader has them there. STEP is the line of the listing, or its name as reports
and "labs list --json" give it. Without STEP the whole page is run first.

Leave the shell with "exit". All that the run made is then removed.`,
		Example: "  labs shell containers_on_bcp#145\n  labs shell tutorial.md#dllzb3rt --engine podman",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("name one page, and the step: %s PAGE#STEP", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return visit(cmd.Context(), o, args[0], stdout, stderr)
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return completeSteps(o.source, word), cobra.ShellCompDirectiveNoSpace
		},
	}
	o.runFlags(cmd)
	return cmd
}

// completeSteps completes PAGE#LINE.
func completeSteps(source, word string) []string {
	page, _, ok := strings.Cut(word, "#")
	if !ok {
		return completePages(source, word)
	}
	list, err := lessons(source, []string{page})
	if err != nil {
		return nil
	}
	var out []string
	for i := range list[0].steps {
		s := &list[0].steps[i]
		if at := page + "#" + strconv.Itoa(s.Line); s.Role.Runs() && strings.HasPrefix(at, word) {
			out = append(out, at+"\t"+label(s))
		}
	}
	return out
}

func visit(ctx context.Context, o verifyOptions, arg string, stdout, stderr io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	name, at, named := strings.Cut(arg, "#")
	pages, err := lessons(o.source, []string{name})
	if err != nil {
		return err
	}
	l := pages[0]
	v := newView(stdout, stderr, o.noColor)
	v.live = false // a person types here soon
	here := &run.Visit{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	var s *step.Step
	if named {
		if s = l.stepAt(at); s == nil {
			return usagef("%s has no listing %q. \"labs list %s\" shows their lines.", l.doc.Name(), at, l.doc.Name())
		}
		here.Step = s.ID
	}
	here.Arrive = func(where string) {
		fmt.Fprintf(stdout, "\nYou are in %s.\n", where)
		if s != nil {
			fmt.Fprintf(stdout, "The page goes on, at line %d, with:\n", s.Line)
			for _, c := range s.Commands {
				indent(stdout, "  $ ", "    ", credentials(c.Text))
			}
			if len(s.Commands) == 0 {
				indent(stdout, "  | ", "  | ", credentials(lastLines(s.Text, 12)))
			}
		}
		fmt.Fprint(stdout, "Leave with: exit\n\n")
	}
	b, err := openBench(ctx, o, pages, nil, false, v)
	if err != nil {
		return err
	}
	b.visit = here
	defer func() {
		if cerr := b.close(); cerr != nil && err == nil {
			err = fmt.Errorf("removing what the run made: %w; \"labs clean\" tries again", cerr)
		}
	}()
	v.startPage(l, b.engineText)
	_, _, err = b.page(ctx, l, b.gpus, v)
	v.endPage()
	return err
}

// stepAt finds a step by its name or by a line of its listing.
func (l *lesson) stepAt(at string) *step.Step {
	line, err := strconv.Atoi(at)
	for i := range l.steps {
		s := &l.steps[i]
		if s.ID == at {
			return s
		}
		next := line + 1
		if i+1 < len(l.steps) {
			next = l.steps[i+1].Line
		}
		if err == nil && s.Line <= line && line < next && line <= s.BodyLine+strings.Count(s.Text, "\n") {
			return s
		}
	}
	return nil
}
