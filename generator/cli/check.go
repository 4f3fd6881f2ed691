package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/generator/links"
	"docent/generator/site"
)

var checkFormats = []string{"text", "json", "sarif", "github"}

func checkCommand(t Terminal) *cobra.Command {
	var src source
	var memory cacheFlags
	var asJSON, external bool
	var format, cache string
	c := &cobra.Command{
		Use:   "check",
		Short: "Report mistakes and broken links without writing anything",
		Long: `Check reads and renders all pages and reports every mistake: broken links and
anchors, missing pictures, pictures without a text in their place, pages that
nothing leads to, labels that two pages claim, directives and roles that do
not exist. It writes nothing but its cache: a page is not rendered again when
nothing that it needs has changed since the last check.

With --external it also tries the links to other sites: a few at a time, with
a pause between two requests to one host, and it remembers good answers for a
day. Addresses of private networks are refused unless check.external.private
is set. The exit code is 1 if anything was found.` + above,
		Example: "  generator check\n  generator check --format sarif > check.sarif\n  generator check --external --set 'check.external.ignore=https://example.org/*'",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				format = "json"
			}
			if !slices.Contains(checkFormats, format) {
				return &exit{ExitUsage, fmt.Sprintf("--format %q is none of %s", format, strings.Join(checkFormats, ", "))}
			}
			opt, err := src.options(c, t)
			if err != nil {
				return err
			}
			opt.Lint = true
			if !external { // else every page is read again, for its links
				if opt.Cache, err = memory.open(c, "check", src.path); err != nil {
					return err
				}
				defer opt.Cache.Close()
			}
			bar := newProgress(t.Err)
			opt.Progress = bar.step
			s, err := site.Load(c.Context(), opt)
			if err == nil {
				defer s.Close()
				err = s.Write(c.Context(), site.Nowhere{})
			}
			diags := []doc.Diag{}
			if err == nil && opt.Cache != nil {
				if err := s.Remember(); err != nil {
					fmt.Fprintf(t.Err, "generator: the cache is not written: %v\n", err)
				}
			}
			if err == nil && external {
				diags, err = tryLinks(c.Context(), s, cache, bar)
			}
			bar.clear()
			if err != nil {
				return err
			}
			diags = append(s.Diags(), diags...)
			return tellCheck(t, src.path, format, s.Pages(), diags)
		},
	}
	src.flags(c)
	memory.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	c.Flags().StringVar(&format, "format", "text", "text, json, sarif (2.1.0), or github (annotations)")
	c.Flags().BoolVar(&external, "external", false, "try the links to other sites too")
	c.Flags().StringVar(&cache, "link-cache", "", "file that remembers good answers (default docent/links.json in the user's cache)")
	c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(checkFormats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// tellCheck shows what was found, in one of the formats.
func tellCheck(t Terminal, source, format string, pages int, diags []doc.Diag) error {
	errors, warnings := count(diags)
	out := newPrinter(t.Out, source)
	switch format {
	case "json":
		if err := out.printJSON(diags); err != nil {
			return err
		}
	case "sarif":
		if err := out.printSARIF(diags, doc.Warning); err != nil {
			return err
		}
	case "github":
		out.printGitHub(diags, doc.Warning)
	default:
		newPrinter(t.Err, source).print(diags, doc.Warning)
		told := tally(errors, warnings)
		if told == "" {
			told = "no mistakes found"
		}
		fmt.Fprintf(t.Err, "%s: %s, %s\n", source, plural(pages, "page"), told)
	}
	if errors+warnings > 0 {
		return &exit{code: ExitContent}
	}
	return nil
}

// tryLinks tries the links that leave the site.
func tryLinks(ctx context.Context, s *site.Site, cache string, bar *progress) ([]doc.Diag, error) {
	all := s.Outside()
	addresses := make([]string, len(all))
	for i, l := range all {
		addresses[i] = l.URL
	}
	if cache == "" {
		if dir, err := os.UserCacheDir(); err == nil {
			cache = filepath.Join(dir, "docent", "links.json")
		}
	}
	set := s.Config().Check.External
	results, err := links.Check(ctx, addresses, links.Options{Ignore: set.Ignore, Timeout: time.Duration(set.Timeout), Retries: set.Retries,
		PerHost: set.PerHost, Pause: time.Duration(set.Pause), Fresh: time.Duration(set.Fresh), Private: set.Private, Cache: cache,
		Done: func(done, total int) { bar.step("try", done, total) }})
	if err != nil {
		return nil, err
	}
	var out []doc.Diag
	for i, r := range results {
		d := all[i].Diag
		switch {
		case r.Why != "":
			d.Message = fmt.Sprintf("The link `%s` %s.", r.URL, r.Why)
			d.Hint = "Correct it, or list it in check.external.ignore."
			if r.Ours {
				d.Hint = "Remove it, list it in check.external.ignore, or set check.external.private."
			}
		case r.Moved != "":
			d.Severity, d.Code = doc.Info, "link-moved"
			d.Message, d.Hint = fmt.Sprintf("The link `%s` has moved.", r.URL), "It leads to `"+r.Moved+"` now."
		default:
			continue
		}
		out = append(out, d)
	}
	return out, nil
}
