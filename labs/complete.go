package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func completeEngines(cmd *cobra.Command) {
	cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"auto", "docker", "podman", "oci"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("platform", cobra.FixedCompletions([]string{"local", "live"}, cobra.ShellCompDirectiveNoFileComp))
}

func completePages(source, word string) []string {
	all, err := lessons(source, nil)
	if err != nil {
		return nil
	}
	var out []string
	for _, l := range all {
		if strings.HasPrefix(l.doc.Name(), word) {
			out = append(out, l.doc.Name())
		}
	}
	return out
}

// pageNames completes the arguments of a command that takes pages.
func pageNames(source *string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return completePages(*source, word), cobra.ShellCompDirectiveNoSpace
	}
}
