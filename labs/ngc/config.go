package ngc

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (s *session) configCommand() *cobra.Command {
	current := plain("current", "Show the configuration", func() error { return s.showConfig() })
	set := &cobra.Command{Use: "set", Short: "Change the configuration", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.setConfig(cmd) }}
	clear := plain("clear", "Forget the configuration", func() error {
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		s.p.config = config{format: "ascii"}
		return nil
	})
	return group("config", "The configuration of this command", current, set, clear)
}

func (s *session) showConfig() error {
	s.p.mu.Lock()
	c := s.p.config
	orgName := ""
	if c.org == s.p.opts.Org {
		orgName = s.p.opts.OrgName
	}
	s.p.mu.Unlock()
	t := table{heads: []string{"key", "value", "source"}, wrap: 20}
	add := func(k, v string) {
		if v != "" {
			t.rows = append(t.rows, []string{k, v, "user settings"})
		}
	}
	if n := len(c.apikey); n > 4 {
		add("apikey", strings.Repeat("*", n-4)+c.apikey[n-4:])
	}
	add("format_type", c.format)
	if orgName != "" {
		add("org", orgName+" ("+c.org+")")
	} else {
		add("org", c.org)
	}
	add("team", c.team)
	add("ace", c.ace)
	return s.show(t)
}

// setConfig asks for each value, as the real program does. An empty answer, or
// none at all, keeps what is there; so does a value that a flag gives.
func (s *session) setConfig(cmd *cobra.Command) error {
	s.p.mu.Lock()
	c := s.p.config
	s.p.mu.Unlock()
	var in *bufio.Scanner
	if s.call.Stdin != nil {
		in = bufio.NewScanner(s.call.Stdin)
	}
	ask := func(flag, label, now, choices string) string {
		if flag != "" && cmd.Flags().Changed(flag) {
			return cmd.Flag(flag).Value.String()
		}
		fmt.Fprintf(s.out, "Enter %s [%s]. Choices: [%s]: ", label, now, choices)
		s.out.Flush()
		if in == nil || !in.Scan() || strings.TrimSpace(in.Text()) == "" {
			fmt.Fprintln(s.out)
			return now
		}
		return strings.TrimSpace(in.Text())
	}
	hidden := "no-apikey"
	if n := len(c.apikey); n > 4 {
		hidden = "****" + c.apikey[n-4:]
	}
	if key := ask("", "API key", hidden, "<VALID_APIKEY>, 'no-apikey'"); key != hidden {
		c.apikey = key
	}
	c.format = ask("format_type", "CLI output format type", c.format, "'ascii', 'csv', 'json'")
	if !slices.Contains([]string{"ascii", "csv", "json"}, c.format) {
		return fail("Invalid format %q. Choose ascii, csv or json.", c.format)
	}
	c.org = ask("org", "org", c.org, "'"+c.org+"'")
	c.team = ask("team", "team", c.team, "'"+c.team+"', 'no-team'")
	if c.team == "no-team" {
		c.team = ""
	}
	c.ace = ask("ace", "ace", c.ace, "'"+c.ace+"', 'no-ace'")
	s.p.mu.Lock()
	s.p.config = c
	s.p.mu.Unlock()
	fmt.Fprintln(s.out, "Successfully saved NGC configuration.")
	return nil
}
