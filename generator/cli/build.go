package cli

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/generator/site"
)

// source holds the flags that say what is read.
type source struct{ path, reports, results string }

func (s *source) flags(c *cobra.Command) {
	c.Flags().StringVarP(&s.path, "source", "s", "content", "folder of the pages (or one page, or a Sphinx tree)")
	c.Flags().StringVar(&s.reports, "reports", "", "folder of lab reports (default labs/reports beside the source)")
	c.Flags().StringVar(&s.results, "results", "", "folder of n-body measurements (default cuda/nbody/results beside the source)")
}

func (s *source) options() site.Options {
	return site.Options{Source: s.path, Reports: s.reports, Results: s.results}
}

func buildCommand(t Terminal) *cobra.Command {
	var src source
	var out, base string
	var strict bool
	c := &cobra.Command{
		Use:   "build",
		Short: "Build the site",
		Long: `Build reads all pages of the source and writes the site.

The site is written beside the old one and then takes its place in one step:
a build that is stopped or fails leaves the old site whole. Mistakes in the
content are reported, all together, and the pages still come out; the exit
code is 1 then. With --strict, warnings count too and the old site stays.`,
		Example: "  generator build\n  generator build --source docs --out public --base-url https://example.org/docs/",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkBase(base); err != nil {
				return err
			}
			if err := apart(src.path, out); err != nil {
				return err
			}
			opt := src.options()
			opt.BaseURL = base
			abs, err := filepath.Abs(out)
			if err != nil {
				return err
			}
			opt.Without = []string{abs}
			return build(c.Context(), t, opt, out, strict)
		},
	}
	src.flags(c)
	c.Flags().StringVarP(&out, "out", "o", "public", "folder to write, replaced as a whole")
	c.Flags().StringVar(&base, "base-url", "", "address at which the site will stand")
	c.Flags().BoolVar(&strict, "strict", false, "let warnings fail the build")
	return c
}

func checkBase(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return &exit{ExitUsage, fmt.Sprintf("--base-url %q is no address; write it like https://example.org/docs/", base)}
	}
	return nil
}

// apart refuses to write the site over its own source.
func apart(source, out string) error {
	s, err := filepath.Abs(source)
	if err != nil {
		return err
	}
	o, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(s); err == nil {
		s = real
	}
	if real, err := filepath.EvalSymlinks(o); err == nil {
		o = real
	}
	if o == s || strings.HasPrefix(s, o+string(filepath.Separator)) {
		return &exit{ExitUsage, fmt.Sprintf("--out %s holds the source %s, which would be replaced; name another folder", out, source)}
	}
	return nil
}

func build(ctx context.Context, t Terminal, opt site.Options, out string, strict bool) error {
	began := time.Now()
	dir, err := site.OpenDir(out)
	if err != nil {
		return err
	}
	defer dir.Abandon()
	bar := newProgress(t.Err)
	opt.Progress = bar.step
	s, err := site.Load(ctx, opt)
	if err == nil {
		defer s.Close()
		err = s.Write(ctx, dir)
	}
	bar.clear()
	if err != nil {
		return err
	}
	diags := s.Diags()
	p := newPrinter(t.Err, opt.Source)
	p.print(diags, doc.Warning)
	errors, warnings := count(diags)
	told := tally(errors, warnings)
	if strict && told != "" {
		return &exit{ExitContent, told + "; with --strict the old site stays in " + out}
	}
	written, err := dir.Commit()
	if err != nil {
		return err
	}
	line := fmt.Sprintf("%s in %s", plural(s.Pages(), "page"), time.Since(began).Round(time.Millisecond))
	if written == 0 {
		line += ", nothing changed"
	} else {
		line += ", " + plural(written, "file") + " written"
	}
	if told != "" {
		line += "; " + told
	}
	fmt.Fprintf(t.Err, "%s: %s\n", out, line)
	if errors > 0 {
		return &exit{code: ExitContent}
	}
	return nil
}
