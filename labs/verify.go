package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/network"
	"docent/labs/ngc"
	"docent/labs/report"
	"docent/labs/run"
	"docent/labs/step"
)

// verifyOptions are the flags of "labs verify".
type verifyOptions struct {
	source, engine, json, junit, reports, baseURL, platform string
	layout, saveImages                                      string
	minCoverage                                             int
	hermetic, strict, keep, noColor                         bool
	timeout                                                 time.Duration
	watch                                                   bool
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
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
			return completePages(o.source, word), cobra.ShellCompDirectiveNoSpace
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.source, "source", "content", "folder with the pages")
	f.StringVar(&o.engine, "engine", "auto", "auto, docker, podman or oci")
	f.StringVar(&o.json, "json", "", "write the reports as a JSON list to this file")
	f.StringVar(&o.junit, "junit", "", "write the outcome as JUnit XML to this file")
	f.StringVar(&o.reports, "reports", "", "folder for the reports that the site shows (default labs/reports, if it is there)")
	f.StringVar(&o.baseURL, "base-url", defaultBaseURL, "address that the site is published at; its files are served to the lab from the content folder")
	f.StringVar(&o.platform, "platform", "local", "local plays Base Command Platform here; live uses the real ngc")
	f.StringVar(&o.layout, "image-layout", "", "folder or tar file (OCI layout, or docker save) with images to load first")
	f.StringVar(&o.saveImages, "save-images", "", "write the images that the pages pushed to this folder, as an OCI layout")
	f.BoolVar(&o.hermetic, "hermetic", false, "let no request leave the machine, except to its package mirrors")
	f.BoolVar(&o.strict, "strict", false, "fail on listings that nobody accounted for")
	f.IntVar(&o.minCoverage, "min-coverage", 0, "fail on a page where less than this part of the listings that can run did, in percent")
	f.DurationVar(&o.timeout, "timeout", run.DefaultTimeout, "longest time for a step that sets none itself")
	f.BoolVar(&o.keep, "keep", false, "keep the scratch folder")
	f.BoolVar(&o.watch, "watch", false, "run pages again when they, or files that they show, are saved")
	o.telling.flags(f)
	f.BoolVar(&o.noColor, "no-color", false, "no colours")
	completeEngines(cmd)
	return cmd
}

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

// check finds mistakes in the flags before anything is started.
func (o *verifyOptions) check() error {
	if !slices.Contains([]string{"auto", "docker", "podman", "oci"}, o.engine) {
		return usagef("--engine %s: choose auto, docker, podman or oci", o.engine)
	}
	if !slices.Contains([]string{"local", "live"}, o.platform) {
		return usagef("--platform %s: choose local or live", o.platform)
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
			o.reports = "labs/reports"
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
	b, err := openBench(ctx, o, pages, v)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := b.close(); cerr != nil && err == nil {
			err = fmt.Errorf("removing what the run made: %w; \"labs clean\" tries again", cerr)
		}
	}()

	var reports []report.Page
	for _, l := range pages {
		v.startPage(l, b.engineText)
		page, err := b.page(ctx, l, v)
		v.endPage()
		reports = append(reports, page)
		if err != nil {
			return fmt.Errorf("%s: %w", l.doc.Name(), err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if o.saveImages != "" && ctx.Err() == nil {
		if err := b.saveImages(o.saveImages, v); err != nil {
			return err
		}
	}
	written, werr := o.write(reports, b, ctx.Err() == nil)
	if ctx.Err() == nil {
		told, terr := o.telling.write(o.source, pages, reports)
		written, werr = append(written, told...), errors.Join(werr, terr)
	}
	v.failures(reports)
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		if err := report.Annotations(stdout, o.source, reports); err != nil {
			return err
		}
	}
	v.summary(reports, unaccounted, o.strict, written, ctx.Err() != nil)
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
	if o.strict && unaccounted > 0 {
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
func (o *verifyOptions) write(reports []report.Page, b *bench, whole bool) (written []string, err error) {
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
			path := filepath.Join(o.reports, report.FileName(reports[i].Page, b.engine.Name(), len(b.gpus) > 0))
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

// A bench is what all pages of one run share: the scratch folder, the network
// and the engine.
type bench struct {
	o          verifyOptions
	id         string
	dir        string
	lock       *os.File
	engine     engine.Engine
	engineText string
	net        *network.Network
	gpus       []gpu.Device
	noGPU      string
	machine    report.Machine
	loaded     []string // images of --image-layout
	pushed     []string // images that the pages pushed
	live       string
	labs       string
	programs   map[string]string // Docent's own commands, for pages that teach them
	log        *os.File
	pages      int
	visit      *run.Visit // of labs shell
}

// scratchRoot is the folder that holds the scratch folders of this user's runs.
func scratchRoot() string {
	return filepath.Join(os.TempDir(), "docent-labs-"+strconv.Itoa(os.Getuid()))
}

// runLock is the file in a run's folder that is locked while the run lives.
const runLock = "alive"

func openBench(ctx context.Context, o verifyOptions, pages []*lesson, v *view) (b *bench, err error) {
	b = &bench{o: o, id: "lab" + strings.ToLower(rand.Text()[:8])}
	if b.labs, err = os.Executable(); err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	b.programs = map[string]string{"labs": b.labs}
	if beside := filepath.Join(filepath.Dir(b.labs), "generator"); regular(beside) {
		b.programs["generator"] = beside
	}

	if o.platform == "live" {
		if b.live, err = exec.LookPath("ngc"); err != nil {
			return nil, &engine.Missing{What: "the ngc command, which --platform live uses", Install: "see https://org.ngc.nvidia.com/setup/installers/cli"}
		}
	}
	if _, err := os.Stat("/bin/bash"); err != nil {
		return nil, &engine.Missing{What: "bash", Install: "apt-get install -y bash"}
	}
	if err := b.makeScratch(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	files := map[string]string{}
	for _, l := range pages {
		for k, f := range published(l.root, o.baseURL) {
			files[k] = f
		}
	}
	v.status("starting the lab's network")
	b.net, err = network.Start(ctx, network.Options{
		Scratch: filepath.Join(b.dir, "network"), RunID: b.id, Hermetic: o.hermetic, Files: files, Log: b.logf("network"),
		Progress: func(p network.Progress) { v.building(p) },
	})
	if err != nil {
		return b, err
	}
	b.gpus, err = gpu.Devices(ctx)
	if err != nil {
		b.noGPU = err.Error()
	}
	v.status("starting the engine")
	opts := engine.Options{Name: o.engine, RunID: b.id, Scratch: b.dir, Proxy: b.net.ProxyURL(), CACert: b.net.CACert(),
		NoProxy: "localhost,127.0.0.1", GPUs: b.gpus, Source: b.net, Mounts: []string{}, Log: b.logf("engine")}
	if b.engine, err = engine.Open(ctx, opts); err != nil {
		return b, err
	}
	version, err := b.engine.Version(ctx)
	if err != nil {
		return b, fmt.Errorf("asking the engine for its version: %w", err)
	}
	b.engineText = version
	b.machine = thisMachine(b.engine.Name(), version, b.gpus)
	if o.layout != "" {
		v.status("loading images from " + o.layout)
		if b.loaded, err = loadLayout(ctx, b.engine, o.layout); err != nil {
			return b, err
		}
	}
	v.status("")
	return b, nil
}

func (b *bench) makeScratch() error {
	root := scratchRoot()
	if err := os.MkdirAll(root, 0o711); err != nil {
		return fmt.Errorf("making the scratch folder: %w", err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(root, &st); err != nil || int(st.Uid) != os.Getuid() || st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return fmt.Errorf("the scratch folder %s belongs to somebody else; set TMPDIR to another place", root)
	}
	b.dir = filepath.Join(root, b.id)
	if err := os.Mkdir(b.dir, 0o755); err != nil {
		return fmt.Errorf("making the scratch folder: %w", err)
	}
	var err error
	if b.lock, err = os.OpenFile(filepath.Join(b.dir, runLock), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("locking the scratch folder: %w", err)
	}
	if err := unix.Flock(int(b.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("locking the scratch folder: %w", err)
	}
	if b.log, err = os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	return nil
}

func (b *bench) logf(who string) func(string) {
	return func(line string) {
		fmt.Fprintf(b.log, "%s %s: %s\n", time.Now().UTC().Format(time.TimeOnly), who, line) // a full disk shows elsewhere
	}
}

// closeTimeout bounds the removal of what a run made.
const closeTimeout = 90 * time.Second

// close removes everything that the run made.
func (b *bench) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	if b.engine != nil {
		errs = append(errs, b.engine.Close(ctx))
	}
	if b.net != nil {
		errs = append(errs, b.net.Close())
	}
	if b.log != nil {
		b.log.Close()
	}
	if !b.o.keep {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	if b.lock != nil {
		b.lock.Close()
	}
	os.Remove(scratchRoot()) // it stays while another run is in it
	return errors.Join(errs...)
}

// page runs one page.
func (b *bench) page(ctx context.Context, l *lesson, v *view) (report.Page, error) {
	b.pages++
	dir := filepath.Join(b.dir, "p"+strconv.Itoa(b.pages))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return report.Page{Schema: report.Version, Page: l.doc.Name()}, fmt.Errorf("making the page's folder: %w", err)
	}
	values := l.platformValues()
	platform, err := ngc.Open(ngc.Options{
		Engine: b.engine, RunID: b.id, Scratch: dir, Dir: filepath.Join(dir, "ngc"), GPUs: b.gpus,
		Env:  []string{"HOME=" + filepath.Join(dir, "home"), "PATH=" + os.Getenv("PATH")},
		User: values["USER"], Org: values["ORG"], OrgName: values["ORG_NAME"], Team: strings.TrimPrefix(values["TEAM"], "/"), ACE: values["ACE"],
		Live: b.live,
	})
	if err != nil {
		return report.Page{Schema: report.Version, Page: l.doc.Name()}, err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if err := platform.Close(end); err != nil {
			b.logf("ngc")(err.Error())
		}
	}()
	plan := step.Plan(l.steps, b.stepMachine())
	mask := report.NewMasker(b.net.Token()).Text
	page, err := run.Page(ctx, l.doc, plan, run.Deps{
		Engine: b.engine, Network: b.net, NGC: platform, GPUs: b.gpus, Labs: b.labs, Scratch: dir, Content: l.root,
		Programs: b.programs, Values: l.values, Downloads: l.downloads, Loaded: b.loaded, Timeout: b.o.timeout, Mask: mask, Events: v.event, Visit: b.visit,
	})
	page.Title, page.Machine, page.Hermetic = l.title, b.machine, b.o.hermetic
	page.Coverage = coverage(plan, page.Steps)
	for _, img := range page.Images {
		if _, err := b.net.Pushed(img.Ref); err == nil {
			b.pushed = append(b.pushed, img.Ref)
		}
	}
	return page, err
}

// coverage counts the listings of a plan, and those that really ran.
func coverage(plan []step.Planned, steps []report.Step) report.Coverage {
	c := step.Coverage(plan)
	out := report.Coverage{Listings: c.Listings, Runnable: c.Runnable, Unaccounted: c.Unaccounted}
	for _, s := range steps {
		if s.Verdict.OK() || s.Verdict == report.Failed {
			out.Run++
		}
	}
	return out
}

// stepMachine describes this machine to the plan.
func (b *bench) stepMachine() step.Machine {
	m := step.Machine{Engine: b.engine.Name(), GPUs: len(b.gpus), NoGPU: b.noGPU, Network: !b.o.hermetic, NGC: true,
		Memory: b.machine.Memory, Platform: "linux/" + runtime.GOARCH,
		Has: func(name string) bool { return b.programs[name] != "" || run.HasProgram(name) },
		StandIn: func(image string) (string, bool) {
			s, ok := b.net.StandInFor(image)
			return s.Recipe, ok
		}}
	m.Builds, m.NoBuild = b.engine.CanBuild()
	for i, d := range b.gpus {
		if i == 0 || int64(d.Memory) < m.GPUMemory {
			m.GPUMemory = int64(d.Memory)
		}
		if c, err := strconv.ParseFloat(d.ComputeCapability, 64); err == nil && (i == 0 || c < m.Compute) {
			m.Compute = c
		}
	}
	return m
}

// thisMachine describes this machine to the report.
func thisMachine(name, version string, gpus []gpu.Device) report.Machine {
	m := report.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Engine: name,
		EngineVersion: strings.TrimPrefix(version, name+" "), CI: os.Getenv("CI") == "true"}
	if text, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(text)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
				m.OS = strings.Trim(v, `"`)
			}
		}
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.Memory = int64(info.Totalram) * int64(info.Unit)
	}
	for _, d := range gpus {
		m.GPUs = append(m.GPUs, report.GPU{Name: d.Name, Driver: d.Driver, CUDA: d.CUDA, Compute: d.ComputeCapability, MemoryBytes: int64(d.Memory)})
	}
	return m
}
