package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/generator/site"
)

func checkCommand(t Terminal) *cobra.Command {
	var src source
	var asJSON bool
	var format string
	c := &cobra.Command{
		Use:   "check",
		Short: "Report mistakes and broken links without writing anything",
		Long:  "Check reads and renders all pages, reports every mistake, and writes nothing." + above,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				format = "json"
			}
			if format != "text" && format != "json" && format != "github" {
				return &exit{ExitUsage, fmt.Sprintf("--format %q is none of text, json, github", format)}
			}
			opt, err := src.options(c)
			if err != nil {
				return err
			}
			bar := newProgress(t.Err)
			opt.Progress = bar.step
			s, err := site.Load(c.Context(), opt)
			if err == nil {
				defer s.Close()
				err = s.Write(c.Context(), site.Nowhere{})
			}
			bar.clear()
			if err != nil {
				return err
			}
			diags := s.Diags()
			errors, warnings := count(diags)
			switch format {
			case "json":
				if err := newPrinter(t.Out, src.path).printJSON(diags); err != nil {
					return err
				}
			case "github":
				newPrinter(t.Out, src.path).printGitHub(diags, doc.Warning)
			default:
				newPrinter(t.Err, src.path).print(diags, doc.Warning)
				told := tally(errors, warnings)
				if told == "" {
					told = "no mistakes found"
				}
				fmt.Fprintf(t.Err, "%s: %s, %s\n", src.path, plural(s.Pages(), "page"), told)
			}
			if errors+warnings > 0 {
				return &exit{code: ExitContent}
			}
			return nil
		},
	}
	src.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	c.Flags().StringVar(&format, "format", "text", "text, json, or github (annotations)")
	return c
}
