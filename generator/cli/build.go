package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docent/generator/config"
	"docent/generator/doc"
	"docent/generator/site"
)

// source holds the flags that say what is read, and how.
type source struct {
	path, reports, results, base string
	drafts                       bool
	set                          []string
}

// above says, in the help of each command, what stands above the file.
const above = `

The file docent.yaml in the source folder configures the site; it may be left
out. A variable of the environment stands above the file, and a flag above
both: base_url: in the file, DOCENT_BASE_URL, --set base_url=... Dots of a key
are underscores in its variable: DOCENT_FEED_LIMIT for feed.limit.`

func (s *source) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&s.path, "source", "s", "content", "folder of the pages, or one page, or a Sphinx tree (DOCENT_SOURCE)")
	f.StringVar(&s.reports, "reports", "", "folder of lab reports (default labs/reports beside the source) (DOCENT_REPORTS)")
	f.StringVar(&s.results, "results", "", "folder of n-body measurements (default cuda/nbody/results beside the source) (DOCENT_RESULTS)")
	f.StringVar(&s.base, "base-url", "", "address at which the site will stand (DOCENT_BASE_URL)")
	f.BoolVar(&s.drafts, "drafts", false, "build pages marked as drafts too (DOCENT_DRAFTS)")
	f.StringArrayVar(&s.set, "set", nil, "set a key of docent.yaml, as KEY=VALUE; may be repeated")
	c.RegisterFlagCompletionFunc("set", func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		keys := config.Keys()
		for i, k := range keys {
			keys[i] = k + "=\t" + config.Describe(k)
		}
		return keys, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
}

// options puts the environment and the flags together, flags last.
func (s *source) options(c *cobra.Command, t Terminal) (site.Options, error) {
	variable(c, "source", &s.path)
	opt := site.Options{Source: s.path, Table: t.table, Reports: s.reports, Results: s.results}
	given := config.FromEnvironment(os.Environ())
	for _, text := range s.set {
		one, err := config.ParseSetting(text)
		if err != nil {
			return opt, err
		}
		given = append(given, one)
	}
	if s.base != "" {
		given = append(given, config.Setting{Key: "base_url", Value: s.base, From: "--base-url"})
	}
	if c.Flags().Changed("drafts") {
		given = append(given, config.Setting{Key: "drafts", Value: strconv.FormatBool(s.drafts), From: "--drafts"})
	}
	// A folder that the environment names is relative to where the command
	// was called, like the one that a flag names.
	for _, one := range given {
		switch {
		case one.Key == "reports" && s.reports == "":
			opt.Reports = one.Value
		case one.Key == "results" && s.results == "":
			opt.Results = one.Value
		}
	}
	opt.Settings = given
	_, _, err := config.Read(nil, given)
	return opt, err
}

// variable gives a flag that was not typed the value of its variable.
func variable(c *cobra.Command, flag string, to *string) {
	if v := os.Getenv(config.Variable(flag)); v != "" && !c.Flags().Changed(flag) {
		*to = v
	}
}

func buildCommand(t Terminal) *cobra.Command {
	var src source
	var memory cacheFlags
	var out, forms string
	var strict bool
	c := &cobra.Command{
		Use:   "build",
		Short: "Build the site",
		Long: `Build reads all pages of the source and writes the site.

The site is written beside the old one and then takes its place in one step:
a build that is stopped or fails leaves the old site whole. Mistakes in the
content are reported, all together, and the pages still come out; the exit
code is 1 then. With --strict, warnings count too and the old site stays.` + above,
		Example: "  generator build\n  generator build --source docs --out public --base-url https://example.org/docs/",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt, err := src.options(c, t)
			if err != nil {
				return err
			}
			variable(c, "out", &out)
			if err := apart(src.path, out); err != nil {
				return err
			}
			abs, err := filepath.Abs(out)
			if err != nil {
				return err
			}
			opt.Without = []string{abs}
			if opt.Precompress, err = site.Forms(forms); err != nil {
				return &exit{ExitUsage, "--precompress: " + err.Error()}
			}
			if opt.Cache, err = memory.open(c, "build", src.path, out); err != nil {
				return err
			}
			defer opt.Cache.Close()
			return writeSite(c.Context(), t, opt, out, strict)
		},
	}
	src.flags(c)
	memory.flags(c)
	c.Flags().StringVarP(&out, "out", "o", "public", "folder to write, replaced as a whole (DOCENT_OUT)")
	c.Flags().StringVar(&forms, "precompress", "", "write each text file compressed too, for hosts that send such files: any of gz, br, zst, with commas between")
	c.Flags().BoolVar(&strict, "strict", false, "let warnings fail the build (DOCENT_STRICT)")
	return c
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

func writeSite(ctx context.Context, t Terminal, opt site.Options, out string, strict bool) error {
	began := time.Now()
	collectLess()
	dir, err := site.OpenDir(out)
	if err != nil {
		return err
	}
	defer dir.Abandon()
	dir.Use(opt.Cache)
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
	if told != "" && (strict || s.Config().Strict) {
		return &exit{ExitContent, told + "; warnings count too, so the old site stays in " + out}
	}
	written, err := dir.Commit()
	if err != nil {
		return err
	}
	if err := s.Remember(); err != nil {
		fmt.Fprintf(t.Err, "generator: the cache is not written: %v\n", err)
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
