// Package ngc plays Base Command Platform on this machine: a stand-in for the
// ngc command, whose jobs really run, as containers in the lab's engine.
//
// It answers the commands that tutorials use, in the format of the real
// program: config, workspace, batch, registry image. Jobs run in the background
// with the image, the command, the workspaces, the result folder, the port and
// the run time they were given; jobs that ask for GPUs wait until enough of
// this machine's are free. Workspaces live as long as the Platform does.
//
// The words that come in are a tutorial's, so they are not trusted: files go in
// and out below the lab's scratch folder only, and ports are published on
// loopback.
package ngc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"docent/labs/engine"
	"docent/labs/gpu"
)

// Options say how to open a platform.
type Options struct {
	Engine  engine.Engine
	RunID   string       // marks the containers that jobs run in
	Scratch string       // the lab's scratch folder, absolute: no file is read or written outside it
	Dir     string       // folder below Scratch for workspaces and results
	GPUs    []gpu.Device // what jobs can have
	Env     []string     // environment of the engine's commands

	User    string // who the jobs belong to; "reader" if empty
	Org     string // name of the organisation, the hash in the tutorials
	OrgName string // its display name
	Team    string // "" for none
	ACE     string // accelerated compute environment

	// Live is the path of a real ngc. Every command goes to it, and nothing
	// here is played.
	Live string

	Now func() time.Time // nil is time.Now
}

// Platform is one stand-in, for one run. Its methods may be called from several
// goroutines at once.
type Platform struct {
	opts   Options
	ctx    context.Context // ends when the platform closes
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu         sync.Mutex
	changed    *sync.Cond // whenever a job changes, or a GPU is freed
	config     config
	jobs       []*job
	workspaces []*workspace
	pushed     []string // images, in the order they were pushed
	busy       map[int]bool
	under      int // jobs under way, their tidying up included
}

// config is what "ngc config current" shows.
type config struct {
	apikey, format, org, team, ace string
}

// Open starts a platform. Close ends it.
func Open(opts Options) (*Platform, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.User == "" {
		opts.User = "reader"
	}
	if opts.Org == "" {
		opts.Org = "docentlabs00"
	}
	if opts.OrgName == "" {
		opts.OrgName = "SA-NVEX"
	}
	if opts.ACE == "" {
		opts.ACE = "sa-nvex-scus-ace"
	}
	rel, err := filepath.Rel(opts.Scratch, opts.Dir)
	if err != nil || !filepath.IsLocal(rel) {
		return nil, fmt.Errorf("the platform's folder %s is not below the scratch folder %s", opts.Dir, opts.Scratch)
	}
	for _, d := range []string{"workspaces", "results"} {
		if err := os.MkdirAll(filepath.Join(opts.Dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("making the platform's folder: %w", err)
		}
	}
	// A key that no service knows. It has the length of a real one, so that
	// the table has the shape of a real one.
	sum := sha256.Sum256([]byte("docent " + opts.Org))
	p := &Platform{
		opts: opts,
		busy: map[int]bool{},
		config: config{
			apikey: strings.Repeat(base64.RawURLEncoding.EncodeToString(sum[:]), 2)[:80] + "ZWRk",
			format: "ascii", org: opts.Org, team: opts.Team, ace: opts.ACE,
		},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.changed = sync.NewCond(&p.mu)
	return p, nil
}

// Call is one ngc command line.
type Call struct {
	Args                  []string // without the word "ngc"
	Dir                   string   // working folder of the caller, absolute
	Env                   []string // environment of the caller
	Stdin, Stdout, Stderr *os.File
	Signals               <-chan os.Signal
}

// ErrNoJob says that no job of this run is running.
var ErrNoJob = errors.New("no job is running")

// Container waits until the job that was submitted last runs, and gives the
// name of its container. The error wraps ErrNoJob when there is none, or when
// it has ended.
func (p *Platform) Container(ctx context.Context) (string, error) {
	stop := context.AfterFunc(ctx, func() { p.mu.Lock(); p.changed.Broadcast(); p.mu.Unlock() })
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.jobs) == 0 {
		return "", fmt.Errorf("%w: none was submitted", ErrNoJob)
	}
	j := p.jobs[len(p.jobs)-1]
	// An older job that still runs is the one a reader is in, when the last
	// one has ended.
	for i := len(p.jobs) - 1; i >= 0; i-- {
		if !p.jobs[i].status.ended() {
			j = p.jobs[i]
			break
		}
	}
	for {
		switch {
		case j.status == running:
			return j.container(0), nil
		case j.status.ended():
			return "", fmt.Errorf("%w: job %d (%s) has ended: %s%s", ErrNoJob, j.id, j.name, j.status, j.because())
		case ctx.Err() != nil:
			return "", fmt.Errorf("waiting for job %d (%s), which is %s: %w", j.id, j.name, j.status, context.Cause(ctx))
		}
		p.changed.Wait()
	}
}

// Jobs says how the run's jobs stand, one line each.
func (p *Platform) Jobs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, j := range p.jobs {
		out = append(out, fmt.Sprintf("job %d (%s): %s%s", j.id, j.name, j.status, j.because()))
	}
	return out
}

// Live says whether the commands go to the real platform.
func (p *Platform) Live() bool { return p.opts.Live != "" }

// Close ends every job and waits for their containers to be gone.
func (p *Platform) Close(ctx context.Context) error {
	p.mu.Lock()
	var left []string
	for _, j := range p.jobs {
		if !j.status.ended() {
			j.kill(killedBySystem, "the run is over")
			left = append(left, j.containers()...)
		}
	}
	p.changed.Broadcast()
	p.mu.Unlock()
	p.cancel()
	done := make(chan struct{})
	go func() { p.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("ending the jobs %s: %w", strings.Join(left, ", "), context.Cause(ctx))
	}
}

// docker runs a docker command line for the platform itself and gives what it
// printed.
func (p *Platform) docker(ctx context.Context, args ...string) (out string, exit int, err error) {
	f, err := os.CreateTemp(p.opts.Dir, "docker-*.out")
	if err != nil {
		return "", -1, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	exit, err = p.opts.Engine.Docker(ctx, engine.Call{Args: args, Dir: p.opts.Dir, Env: p.opts.Env, Stdout: f, Stderr: f, GPUs: p.opts.GPUs})
	text, readErr := os.ReadFile(f.Name())
	if err == nil {
		err = readErr
	}
	return strings.TrimSpace(string(text)), exit, err
}
