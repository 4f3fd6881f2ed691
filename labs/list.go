package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/labs/step"
)

// listed is a listing in "labs list --json".
type listed struct {
	Page     string   `json:"page"`
	ID       string   `json:"id"`
	Line     int      `json:"line"`
	Role     string   `json:"role"`
	Said     bool     `json:"said"` // by a lab comment; else it was inferred
	Why      string   `json:"why,omitempty"`
	Session  string   `json:"session,omitempty"`
	Needs    []string `json:"needs,omitempty"`
	Images   []string `json:"images,omitempty"`
	Skip     string   `json:"skip,omitempty"`
	Commands []string `json:"commands,omitempty"`
	File     string   `json:"file,omitempty"`
	Of       string   `json:"of,omitempty"`
	Digest   string   `json:"digest"`
}

func listCommand(stdout, stderr io.Writer) *cobra.Command {
	var source string
	var asJSON, strict, noColour bool
	cmd := &cobra.Command{
		Use:   "list [PAGE...]",
		Short: "Show how a lab reads pages: what each listing is, and why",
		RunE: func(_ *cobra.Command, args []string) error {
			pages, err := lessons(source, args)
			if err != nil {
				return err
			}
			v := newView(stdout, stderr, noColour)
			var all []listed
			unaccounted, listings, bad := 0, 0, false
			for _, l := range pages {
				for _, d := range l.diags {
					v.diag(d)
					bad = bad || d.Severity >= doc.Error
				}
				if !asJSON {
					fmt.Fprintln(stdout, v.paint(bold, l.doc.Name()))
				}
				for i := range l.steps {
					s := &l.steps[i]
					listings++
					if s.Role == step.Unaccounted {
						unaccounted++
					}
					if asJSON {
						all = append(all, entry(s))
					} else {
						fmt.Fprintln(stdout, v.listLine(s))
					}
				}
				if !asJSON {
					fmt.Fprintln(stdout)
				}
			}
			if asJSON {
				if all == nil {
					all = []listed{}
				}
				enc := json.NewEncoder(stdout)
				enc.SetIndent("", "  ")
				if err := enc.Encode(all); err != nil {
					return fmt.Errorf("writing the list: %w", err)
				}
			} else {
				fmt.Fprintf(stdout, "%d listings, %d of them not accounted for\n", listings, unaccounted)
			}
			if strict && unaccounted > 0 {
				return &fault{exitFault, fmt.Errorf("%d listings are not accounted for; say with a lab comment what they are", unaccounted)}
			}
			if bad {
				return errAtFault
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return completePages(source, word), cobra.ShellCompDirectiveNoSpace
		},
	}
	f := cmd.Flags()
	f.StringVar(&source, "source", "content", "folder with the pages")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	f.BoolVar(&strict, "strict", false, "fail on listings that nobody accounted for")
	f.BoolVar(&noColour, "no-color", false, "no colours")
	return cmd
}

func entry(s *step.Step) listed {
	e := listed{Page: s.Page, ID: s.ID, Line: s.Line, Role: string(s.Role), Said: s.Said, Why: s.Why, Session: s.Session,
		Images: s.Images, Skip: s.Opt.Skip, File: s.File, Of: s.Of, Digest: s.Digest}
	for _, n := range s.Opt.Needs {
		e.Needs = append(e.Needs, n.Text)
	}
	for _, c := range s.Commands {
		e.Commands = append(e.Commands, c.Text)
	}
	return e
}

func (v *view) listLine(s *step.Step) string {
	how := s.Why
	if s.Said {
		how = "said"
	}
	colour := ""
	if s.Role == step.Unaccounted {
		colour = yellow
	}
	session := s.Session
	if s.Opens != "" {
		session += " → " + s.Opens
	}
	var keys []string
	for _, n := range s.Opt.Needs {
		keys = append(keys, "needs="+n.Text)
	}
	if s.Opt.Alt {
		keys = append(keys, "alt")
	}
	if s.Opt.Background {
		keys = append(keys, "background")
	}
	if s.Opt.Skip != "" {
		keys = append(keys, "skip: "+s.Opt.Skip)
	}
	left := fmt.Sprintf("  %5d  %s  %s  ", s.Line, v.paint(colour, fmt.Sprintf("%-11s", s.Role)), fmt.Sprintf("%-12s", session))
	line := left + ansi.Truncate(label(s), max(16, v.width-ansi.StringWidth(left)), "…")
	note := how
	if len(keys) > 0 {
		note = strings.TrimPrefix(note+"; "+strings.Join(keys, " "), "; ")
	}
	if note != "" {
		line += "\n" + strings.Repeat(" ", 9) + v.paint(dim, ansi.Truncate(note, v.width-9, "…"))
	}
	return line
}
