package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docent/labs/engine"
	"docent/labs/report"
	"docent/labs/run"
	"docent/labs/step"
)

// verifyOptions are the flags of "labs verify".
type verifyOptions struct {
	source, engine, json, junit, reports, baseURL, platform string
	layout, saveImages                                      string
	minCoverage, jobs                                       int
	hermetic, strict, keep, noColor, noCache, watch, ahead  bool
	record                                                  bool
	siteReports                                             bool // reports is what it is without a flag
	timeout, maxAge                                         time.Duration
	wrap                                                    func(engine.Engine) engine.Engine // of tests
	telling
}

// defaultBaseURL is where the site of this repository is published.
const defaultBaseURL = "https://docent-labs.netlify.app"

func verifyCommand(stdout, stderr io.Writer) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify [PAGE...]",
		Short: "Run the code blocks of pages and compare what comes out",
		Long: `verify runs the code blocks of the pages that are named, or of all pages that
have something to run. A page is named by its path below the content folder,
with or without its extension, or by the path of a file.`,
		Example: "  labs verify\n  labs verify containers_on_bcp/index --engine podman\n  labs verify tutorial.rst --hermetic --json report.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.watch {
				return watch(cmd.Context(), o, args, stdout, stderr)
			}
			return verify(cmd.Context(), o, args, stdout, stderr)
		},
		ValidArgsFunction: pageNames(&o.source),
	}
	f := cmd.Flags()
	f.StringVar(&o.json, "json", "", "write the reports as a JSON list to this file")
	f.StringVar(&o.junit, "junit", "", "write the outcome as JUnit XML to this file")
	f.StringVar(&o.reports, "reports", "", "folder for the reports that the site shows (default labs/reports, if it is there)")
	f.StringVar(&o.saveImages, "save-images", "", "write the images that the pages pushed to this folder, as an OCI layout")
	f.BoolVar(&o.strict, "strict", false, "fail on listings that nobody accounted for")
	f.IntVar(&o.minCoverage, "min-coverage", 0, "fail on a page where less than this part of the listings that can run did, in percent")
	f.IntVarP(&o.jobs, "jobs", "j", 1, "how many pages to run side by side; each has GPUs of its own")
	f.BoolVar(&o.ahead, "ahead", true, "build Dockerfiles while earlier steps run, where nobody can tell: no step meanwhile lists images or measures")
	f.BoolVar(&o.noCache, "no-cache", false, "run every step of every page, also if nothing has changed since it passed here")
	f.DurationVar(&o.maxAge, "max-age", 7*24*time.Hour, "run what has evidence older than this, also if nothing has changed")
	f.BoolVar(&o.record, "record", false, "keep in the mirror what the run brings from outside, for a machine without a network; see labs mirror")
	f.BoolVar(&o.keep, "keep", false, "keep the scratch folder")
	f.BoolVar(&o.watch, "watch", false, "run pages again when they, or files that they show, are saved")
	o.telling.flags(f)
	o.runFlags(cmd)
	f.Lookup("max-age").DefValue = "168h"
	return cmd
}

// runFlags are the flags of all commands that run pages.
func (o *verifyOptions) runFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.source, "source", "content", "folder with the pages")
	f.StringVar(&o.engine, "engine", "auto", "auto, docker, podman or oci")
	f.StringVar(&o.baseURL, "base-url", defaultBaseURL, "address that the site is published at; its files are served to the lab from the content folder")
	f.StringVar(&o.platform, "platform", "local", "local plays Base Command Platform here; live uses the real ngc")
	f.StringVar(&o.layout, "image-layout", "", "folder or tar file (OCI layout, or docker save) with images to load first")
	f.BoolVar(&o.hermetic, "hermetic", false, "let no request leave the machine, except to its package mirrors")
	f.DurationVar(&o.timeout, "timeout", run.DefaultTimeout, "longest time for a step that sets none itself")
	f.BoolVar(&o.noColor, "no-color", false, "no colours")
	f.Lookup("timeout").DefValue = "10m"
	completeEngines(cmd)
}

// check finds mistakes in the flags before anything is started.
func (o *verifyOptions) check() error {
	if !slices.Contains([]string{"auto", "docker", "podman", "oci"}, o.engine) {
		return usagef("--engine %s: choose auto, docker, podman or oci", o.engine)
	}
	if !slices.Contains([]string{"local", "live"}, o.platform) {
		return usagef("--platform %s: choose local or live", o.platform)
	}
	if o.jobs < 1 {
		return usagef("--jobs %d: must be at least 1", o.jobs)
	}
	if o.record && o.hermetic {
		return usagef("--record keeps what comes from outside, and with --hermetic nothing does. Record first; then run with --hermetic.")
	}
	if o.timeout <= 0 {
		return usagef("--timeout %s: must be more than zero", o.timeout)
	}
	for _, f := range append(o.telling.files(), [2]string{"--json", o.json}, [2]string{"--junit", o.junit}) {
		flag, path := f[0], f[1]
		if path == "" {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return usagef("%s %s: this is a folder, name a file", flag, path)
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return usagef("%s %s: the folder %s is not there", flag, path, filepath.Dir(path))
		}
	}
	if o.layout != "" {
		if _, err := os.Stat(o.layout); err != nil {
			return usagef("--image-layout %s: it is not there", o.layout)
		}
	}
	if o.reports == "" {
		if info, err := os.Stat("labs/reports"); err == nil && info.IsDir() {
			o.reports, o.siteReports = "labs/reports", true
		}
	}
	return nil
}

func verify(ctx context.Context, o verifyOptions, args []string, stdout, stderr io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	pages, err := lessons(o.source, args)
	if err != nil {
		return err
	}
	v := newView(stdout, stderr, o.noColor)
	unaccounted := 0
	for _, l := range pages {
		for _, d := range l.diags {
			v.diag(d)
		}
		for _, s := range l.steps {
			if s.Role == step.Unaccounted {
				unaccounted++
			}
		}
	}
	if len(pages) == 0 {
		fmt.Fprintf(stdout, "No page in %s has anything to run.\n", o.source)
		return nil
	}
	reports, rerr := o.run(ctx, pages, v)
	if len(reports) == 0 && rerr != nil {
		return rerr
	}
	written, werr := o.write(pages, reports, ctx.Err() == nil)
	if ctx.Err() == nil {
		told, terr := o.telling.write(o.source, pages, reports)
		written, werr = append(written, told...), errors.Join(werr, terr)
	}
	werr = errors.Join(rerr, werr)
	v.failures(reports)
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		if err := report.Annotations(stdout, o.source, reports); err != nil {
			return err
		}
	}
	wrong := slices.ContainsFunc(pages, (*lesson).wrong)
	v.summary(reports, unaccounted, o.strict, wrong, written, ctx.Err() != nil)
	switch {
	case werr != nil:
		return werr
	case ctx.Err() != nil:
		return &fault{exitInterrupted, errors.New("")}
	}
	for _, p := range reports {
		for _, s := range p.Steps {
			if s.Verdict == report.Failed && s.Blame == report.BlameMachine && strings.HasPrefix(s.Why, "this machine lacks ") {
				return &fault{exitMissing, errors.New("")}
			}
		}
	}
	for _, p := range reports {
		for _, s := range p.Steps {
			if s.Verdict == report.Failed || s.Verdict == report.Unreached {
				return errAtFault
			}
		}
	}
	if wrong || o.strict && unaccounted > 0 {
		return errAtFault
	}
	for _, p := range reports {
		if c := p.Coverage; c.Run*100 < o.minCoverage*c.Runnable {
			return &fault{exitFault, fmt.Errorf("%s: %d of %d listings that can run did, which is less than %d %%", p.Page, c.Run, c.Runnable, o.minCoverage)}
		}
	}
	return nil
}

// write puts the reports where they were asked for. A run that was stopped
// leaves no evidence.
func (o *verifyOptions) write(pages []*lesson, reports []report.Page, whole bool) (written []string, err error) {
	if o.json != "" {
		var list [][]byte
		for i := range reports {
			text, err := report.Encode(&reports[i])
			if err != nil {
				return written, err
			}
			list = append(list, bytes.TrimSpace(text))
		}
		text := append(append([]byte("[\n"), bytes.Join(list, []byte(",\n"))...), "\n]\n"...)
		if err := os.WriteFile(o.json, text, 0o644); err != nil {
			return written, fmt.Errorf("writing the JSON report: %w", err)
		}
		written = append(written, o.json)
	}
	if o.junit != "" {
		f, err := os.Create(o.junit)
		if err != nil {
			return written, fmt.Errorf("writing the JUnit report: %w", err)
		}
		err = report.JUnit(f, reports)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return written, fmt.Errorf("writing the JUnit report: %w", err)
		}
		written = append(written, o.junit)
	}
	if o.reports != "" && whole {
		for i := range reports {
			if o.siteReports && slices.ContainsFunc(pages, func(l *lesson) bool { return l.foreign && l.doc.Name() == reports[i].Page }) {
				continue // it is no page of the site
			}
			path := filepath.Join(o.reports, report.FileName(reports[i].Page, reports[i].Machine.Engine, len(reports[i].Machine.GPUs) > 0))
			if _, err := os.Stat(path); err == nil && fromCache(&reports[i]) {
				continue // it is there already
			}
			if err := report.Write(path, &reports[i]); err != nil {
				return written, err
			}
			written = append(written, path)
			if err := report.Remember(o.reports, &reports[i]); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// fromCache says whether an earlier run made all that a report says.
func fromCache(p *report.Page) bool {
	return len(p.Steps) > 0 && !slices.ContainsFunc(p.Steps, func(s report.Step) bool { return s.Cached == nil })
}
