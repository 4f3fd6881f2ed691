package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/network"
	"docent/labs/ngc"
	"docent/labs/report"
	"docent/labs/run"
	"docent/labs/step"
)

// run gives the evidence of the pages, in their order: what an earlier run made
// where nothing has changed since, and what this run makes. Where there is
// nothing to run, no engine is started.
func (o *verifyOptions) run(ctx context.Context, pages []*lesson, v *view) (reports []report.Page, err error) {
	known := openCache(ctx, *o)
	byPage := map[*lesson]*report.Page{}
	var todo []*lesson
	for _, l := range pages {
		if p, ok := known.find(ctx, l); ok {
			byPage[l] = p
			v.unchanged(l, p)
			continue
		}
		todo = append(todo, l)
	}
	for afresh := false; len(todo) > 0 && err == nil; afresh = true {
		todo, err = o.round(ctx, todo, known, afresh, byPage, v)
	}
	for _, l := range pages {
		if p := byPage[l]; p != nil {
			reports = append(reports, *p)
		}
	}
	return reports, err
}

// round runs pages, and gives those that must be run again, afresh: from their
// start, on an engine and a network in which nothing has been yet.
func (o *verifyOptions) round(ctx context.Context, todo []*lesson, known *cache, afresh bool, byPage map[*lesson]*report.Page, v *view) (again []*lesson, err error) {
	b, err := openBench(ctx, *o, todo, known, afresh, v)
	if err != nil {
		return nil, err
	}
	defer func() {
		v.status("removing what the run made")
		cerr := b.close()
		v.status("")
		if cerr != nil {
			err = errors.Join(err, fmt.Errorf("removing what the run made: %w; \"labs clean\" tries again", cerr))
		}
	}()
	err = b.run(ctx, todo, v, func(l *lesson, page *report.Page, left *run.Resume) {
		if page == nil || ctx.Err() == nil && doubtful(page) {
			why := "cannot go on from what an earlier run left"
			if page != nil {
				why = "did not pass after what an earlier run left"
			}
			again = append(again, l)
			v.again(l, why)
			return
		}
		byPage[l] = page
		if err := b.pasts.keep(left); err != nil {
			b.logf("cache")(err.Error())
		}
		if ctx.Err() == nil {
			if err := known.keep(l, *page, b.net.Served(), b.net.Asked()); err != nil {
				b.logf("cache")(err.Error())
			}
		}
	})
	if o.saveImages != "" && ctx.Err() == nil {
		err = errors.Join(err, b.saveImages(o.saveImages, v))
	}
	if o.record {
		kept, errs := b.net.Recorded()
		v.println(plural(len(kept), "address is", "addresses are") + " in the mirror now; \"labs mirror export\" writes it for another machine.\n")
		err = errors.Join(append(errs, err)...)
	}
	return again, err
}

// run runs pages, as many at once as was asked for. A page that labs itself
// could not carry out does not keep the others from running. One of which an
// earlier run left what cannot be put back is done without a report.
func (b *bench) run(ctx context.Context, todo []*lesson, v *view, done func(*lesson, *report.Page, *run.Resume)) error {
	p := newPool(b.gpus, b.o.jobs)
	waiting := slices.Clone(todo)
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	for range min(b.o.jobs, len(todo)) {
		wg.Go(func() {
			for {
				l, gpus := p.take(ctx, &waiting)
				if l == nil {
					return
				}
				mine, show := v, func() {}
				if b.o.jobs > 1 {
					mine, show = v.apart(l)
				}
				mine.startPage(l, b.engineText)
				page, left, err := b.page(ctx, l, gpus, mine)
				mine.endPage()
				p.giveBack(l, gpus)
				mu.Lock()
				show()
				switch {
				case errors.Is(err, run.ErrNotResumed):
					b.logf("cache")(err.Error())
					done(l, nil, nil)
				case err != nil:
					errs = append(errs, fmt.Errorf("%s: %w", l.doc.Name(), err))
				default:
					done(l, &page, left)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
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
	live       string
	labs       string
	programs   map[string]string // Docent's own commands, for pages that teach them
	log        *os.File
	masker     atomic.Pointer[report.Masker] // of what goes into the log, which --keep leaves
	opts       engine.Options
	visit      *run.Visit // of labs shell
	pasts      *pasts     // nil keeps nothing for a later run to go on from
	afresh     bool       // go on from no earlier run
	heir       *lesson    // the page whose images the engine took over, and what else an earlier run left of it
	legacy     *run.Resume

	mu         sync.Mutex // guards the engine, and what follows
	engineUsed bool       // by a page that is done
	pushed     []string   // images that the pages pushed
}

// scratchRoot is the folder that holds the scratch folders of this user's runs.
func scratchRoot() string {
	return filepath.Join(os.TempDir(), "docent-labs-"+strconv.Itoa(os.Getuid()))
}

// runLock is the file in a run's folder that is locked while the run lives.
const runLock = "alive"

func openBench(ctx context.Context, o verifyOptions, pages []*lesson, known *cache, afresh bool, v *view) (b *bench, err error) {
	b = &bench{o: o, id: "lab" + strings.ToLower(rand.Text()[:8]), pasts: openPasts(known, &o), afresh: afresh}
	b.masker.Store(report.NewMasker(hidden(pages)...))
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
	defer func() {
		if err != nil {
			err = roomFor(scratchRoot(), err)
			b.close()
		}
	}()
	if err := b.makeScratch(); err != nil {
		return b, err
	}
	files := map[string]string{}
	for _, l := range pages {
		for k, f := range published(l.root, o.baseURL) {
			files[k] = f
		}
	}
	want, err := readWanted(o.source)
	if err != nil {
		return b, err
	}
	v.status("starting the lab's network")
	b.net, err = network.Start(ctx, network.Options{
		Scratch: filepath.Join(b.dir, "network"), RunID: b.id, Hermetic: o.hermetic, Record: o.record, Files: files, Allow: want.Hosts, Log: b.logf("network"),
		Progress: func(p network.Progress) { v.building(p) },
	})
	if err != nil {
		return b, err
	}
	b.masker.Store(report.NewMasker(append(hidden(pages), b.net.Token())...))
	b.gpus, err = gpu.Devices(ctx)
	if err != nil {
		b.noGPU = err.Error()
	}
	b.opts = engine.Options{Name: o.engine, RunID: b.id, Scratch: b.dir, Proxy: b.net.ProxyURL(), CACert: b.net.CACert(),
		NoProxy: "localhost,127.0.0.1", GPUs: b.gpus, Source: b.net, Mounts: []string{}, Led: o.hermetic || o.record, LeadAll: b.net.LeadsAll(), Log: b.logf("engine")}
	if b.pasts != nil {
		b.pasts.files.Refuse = [][]byte{[]byte(b.net.Token())}
	}
	b.chooseStore(ctx, pages)
	version, err := b.openEngine(ctx, pages, v)
	b.opts.Store = "" // another one, should this one die, has nothing to take over
	if err != nil {
		return b, err
	}
	if o.hermetic && !led(b.engine) {
		v.warn("the docker daemon was here before, and what a build or a container of it asks for cannot be kept on this machine; the report does not call this run hermetic")
	}
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

// callsEngine finds what only an engine can carry out.
var callsEngine = regexp.MustCompile(`\b(?:docker|podman|ngc)\b`)

// openEngine opens the engine where a page calls it. Where none does, it waits
// for the first command of a script that does, and a machine without any engine
// will do.
func (b *bench) openEngine(ctx context.Context, pages []*lesson, v *view) (version string, err error) {
	if b.o.layout == "" && b.o.saveImages == "" && !slices.ContainsFunc(pages, (*lesson).callsEngine) {
		choice, err := engine.Choose(ctx, b.o.engine)
		if b.engine = engine.Lazily(choice, b.opts); err != nil && b.o.engine != "auto" {
			return "", err
		}
		b.engineText = "no engine needed"
		if err != nil {
			b.engineText = "no engine is here"
		}
		return choice.Version, nil
	}
	v.status("starting the engine")
	if b.engine, err = engine.Open(ctx, b.opts); err != nil {
		return "", err
	}
	version, err = b.engine.Version(ctx)
	if err != nil {
		return "", fmt.Errorf("asking the engine for its version: %w", err)
	}
	b.engineText = version
	return version, nil
}

// callsEngine says whether the page, as far as it can be read, calls an engine.
func (l *lesson) callsEngine() bool {
	return slices.ContainsFunc(l.steps, func(s step.Step) bool {
		return s.Session == step.Job || s.Role.Runs() && slices.ContainsFunc(s.Commands, func(c step.Command) bool { return callsEngine.MatchString(c.Text) }) ||
			s.Role == step.File && callsEngine.MatchString(s.Text)
	})
}

// living gives the engine, a new one if the daemon of the old one died: the
// page in which that happened has lost it, the others have not.
func (b *bench) living(ctx context.Context) (engine.Engine, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	mortal, ok := b.engine.(interface{ Alive() error })
	if !ok || mortal.Alive() == nil {
		return b.engine, nil
	}
	b.logf("engine")("starting a new one: " + mortal.Alive().Error())
	if err := b.engine.Close(ctx); err != nil {
		return nil, fmt.Errorf("removing what is left of an engine that died: %w", err)
	}
	fresh, err := engine.Open(ctx, b.opts)
	if err != nil {
		return nil, err
	}
	b.engine = fresh
	for _, ref := range b.loaded {
		b.logf("engine")("the image " + ref + " of the layout is loaded again")
	}
	if len(b.loaded) > 0 {
		_, err = loadLayout(ctx, fresh, b.o.layout)
	}
	return fresh, err
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
	// A page finds its own paths in what an earlier run left. So the folder has
	// the same name each time, unless another run has it.
	for n := 0; ; n++ {
		b.dir = filepath.Join(root, "run"+strconv.Itoa(n))
		err := os.Mkdir(b.dir, 0o755)
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("making the scratch folder: %w", err)
		}
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
		fmt.Fprintf(b.log, "%s %s: %s\n", time.Now().UTC().Format(time.TimeOnly), who, b.masker.Load().Text(line)) // a full disk shows elsewhere
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
		if k, ok := b.engine.(engine.Keeper); ok && b.pasts != nil {
			folder := b.pasts.engineFolder(b.pasts.store)
			if os.MkdirAll(filepath.Dir(folder), 0o700) == nil {
				k.KeepIn(folder)
			}
		}
		errs = append(errs, b.engine.Close(ctx))
		b.pasts.prune()
	}
	if b.net != nil {
		errs = append(errs, b.net.Close())
	}
	if b.log != nil {
		b.log.Close()
	}
	if !b.o.keep && b.dir != "" {
		errs = append(errs, os.RemoveAll(b.dir))
	}
	if b.lock != nil {
		b.lock.Close()
	}
	os.Remove(scratchRoot()) // it stays while another run is in it
	return errors.Join(errs...)
}

// pageFolder is the scratch folder of a page.
func (b *bench) pageFolder(l *lesson) string {
	sum := sha256.Sum256([]byte(l.root + "\x00" + l.doc.Name()))
	return filepath.Join(b.dir, "p"+hex.EncodeToString(sum[:4]))
}

// page runs one page, with the GPUs that are its own. left is what a later run
// goes on from.
func (b *bench) page(ctx context.Context, l *lesson, gpus []gpu.Device, v *view) (page report.Page, left *run.Resume, err error) {
	page = report.Page{Schema: report.Version, Page: l.doc.Name()}
	e, err := b.living(ctx)
	if err != nil {
		return page, nil, err
	}
	if b.o.wrap != nil {
		e = b.o.wrap(e)
	}
	dir := b.pageFolder(l)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return page, nil, fmt.Errorf("making the page's folder: %w", roomFor(b.dir, err))
	}
	// What a page leaves must not take the room of the next.
	defer func() {
		if !b.o.keep {
			if rerr := os.RemoveAll(dir); rerr != nil {
				b.logf("page")(rerr.Error()) // the whole scratch folder is removed in the end
			}
		}
	}()
	values := l.platformValues()
	platform, err := ngc.Open(ngc.Options{
		Engine: e, RunID: b.id, Scratch: dir, Dir: filepath.Join(dir, "ngc"), GPUs: gpus,
		Env:  []string{"HOME=" + filepath.Join(dir, "home"), "PATH=" + os.Getenv("PATH")},
		User: values["USER"], Org: values["ORG"], OrgName: values["ORG_NAME"], Team: strings.TrimPrefix(values["TEAM"], "/"), ACE: values["ACE"],
		Live: b.live,
	})
	if err != nil {
		return page, nil, roomFor(b.dir, err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if err := platform.Close(end); err != nil {
			b.logf("ngc")(err.Error())
		}
	}()
	plan := step.Plan(l.steps, b.stepMachine(gpus))
	if left, err = b.resume(ctx, l, gpus, plan); err != nil {
		return page, nil, err
	}
	if left != nil {
		left.Log = b.logf("resume")
	}
	masker := report.NewMasker(append(hidden([]*lesson{l}), b.net.Token())...)
	page, err = run.Page(ctx, l.doc, plan, run.Deps{
		Engine: e, Network: b.net, NGC: platform, GPUs: gpus, Labs: b.labs, Scratch: dir, Content: l.root,
		Programs: b.programs, Values: l.environment(), Downloads: l.downloads, Missing: l.missing, Loaded: b.loaded, Timeout: b.o.timeout, Mask: masker.Text, Events: v.event, Visit: b.visit, Ahead: b.o.ahead, Resume: left,
	})
	page.Title, page.Machine, page.Hermetic = l.title, b.machine, b.o.hermetic && led(e)
	page.Coverage = coverage(plan, page.Steps)
	if masked, merr := masker.Page(&page); merr != nil {
		return page, nil, errors.Join(err, merr)
	} else {
		page = *masked
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.engineUsed = b.engineUsed || l.callsEngine()
	for _, img := range page.Images {
		if _, err := b.net.Pushed(img.Ref); err == nil {
			b.pushed = append(b.pushed, img.Ref)
		}
	}
	return page, left, roomFor(b.dir, err)
}

// led says whether all that an engine asks for goes through the lab's proxy. A
// docker daemon that was there before the run goes its own way.
func led(e engine.Engine) bool {
	d, ok := e.(interface{ Led() bool })
	return !ok || d.Led()
}

// roomFor says of an error that a full disk caused what to do about it.
func roomFor(dir string, err error) error {
	var st unix.Statfs_t
	if !errors.Is(err, unix.ENOSPC) || unix.Statfs(dir, &st) != nil {
		return err
	}
	return &engine.Missing{What: fmt.Sprintf("room on the scratch disk: %d MB are free in %s (%v). Set TMPDIR to a larger place",
		int64(st.Bavail)*int64(st.Bsize)/1e6, dir, err)}
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

// stepMachine describes this machine to the plan of a page with these GPUs.
func (b *bench) stepMachine(gpus []gpu.Device) step.Machine {
	name := b.engine.Name()
	if name == "none" {
		name = ""
	}
	m := step.Machine{Engine: name, GPUs: len(gpus), NoGPU: b.noGPU, Network: !b.o.hermetic, NGC: true, HasSecret: hasSecret,
		Memory: b.machine.Memory, Platform: "linux/" + runtime.GOARCH,
		Has: func(name string) bool { return b.programs[name] != "" || run.HasProgram(name) },
		StandIn: func(image string) (string, bool) {
			s, ok := b.net.StandInFor(image)
			return s.Recipe, ok
		}}
	m.Builds, m.NoBuild = b.engine.CanBuild()
	for i, d := range gpus {
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
