package site

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"docent/generator/config"
	"docent/generator/doc"
	"docent/generator/parse"
)

// readConfig reads docent.yaml, if it is there, and puts the settings of the
// command line above it. A single page is built without a configuration file.
func (s *Site) readConfig(folder bool, dir string) error {
	var src *doc.Source
	if folder {
		text, err := fs.ReadFile(s.files, config.Name)
		if err == nil {
			src = doc.NewSource(config.Name, strings.ToValidUTF8(string(text), "\uFFFD"))
		} else if _, err := s.root.Lstat(config.Name); err == nil {
			s.report(doc.Diag{Severity: doc.Error, Code: "config-unreadable", Source: doc.NewSource(config.Name, ""),
				Message: "The configuration is not read.", Hint: "Make it readable, or remove it."})
		}
		if _, err := fs.Stat(s.files, "docent.yml"); err == nil {
			s.report(doc.Diag{Severity: doc.Warning, Code: "config-name", Source: doc.NewSource("docent.yml", ""),
				Message: "This file is not read.", Hint: "Call it " + config.Name + "."})
		}
	}
	set, diags, err := config.Read(src, s.opt.Settings)
	if err != nil {
		return err
	}
	s.set = set
	s.report(diags...)
	if s.opt.BaseURL == "" {
		s.opt.BaseURL = set.BaseURL
	}
	for to, from := range map[*string]string{&s.opt.Reports: set.Reports, &s.opt.Results: set.Results} {
		if *to == "" && from != "" {
			if *to = from; !filepath.IsAbs(from) {
				*to = filepath.Join(dir, filepath.FromSlash(from))
			}
		}
	}
	return nil
}

// Config is what the site's configuration says.
func (s *Site) Config() *config.Config { return s.set }

// first gives the first of its arguments that is not empty.
func first(all ...string) string {
	for _, v := range all {
		if v != "" {
			return v
		}
	}
	return ""
}

// buildDay is the day of the build. SOURCE_DATE_EPOCH sets it, so that a
// build can be repeated; its clock is not looked at beyond the day.
func buildDay() time.Time {
	now := time.Now()
	if v, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		now = time.Unix(v, 0)
	}
	return now.UTC().Truncate(24 * time.Hour)
}

// configureDates gives pages |today| and the day for the date parse.
func (s *Site) configureDates(cfg *parse.Config) {
	cfg.Now = buildDay()
	if cfg.Substitutions["today"] == "" {
		cfg.Substitutions["today"] = parse.Strftime(cfg.Now, first(s.conf.String("today_fmt"), "%b %d, %Y"))
	}
}
