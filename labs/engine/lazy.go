package engine

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Choice is the engine that Open would take.
type Choice struct {
	Name    string
	Version string // as [Engine.Version] gives it
	Detail  string // two runs of one detail have the same engine
}

// Choose says which engine Open would take, without starting anything. The error
// is a *Missing where there is none.
func Choose(ctx context.Context, name string) (Choice, error) {
	all := map[string]func(context.Context) Finding{"docker": surveyDocker, "podman": surveyPodman, "oci": surveyOCI}
	names := []string{name}
	if name == "" || name == "auto" {
		names = []string{"docker", "podman", "oci"}
	}
	var first *Missing
	for _, n := range names {
		survey := all[n]
		if survey == nil {
			return Choice{}, errors.New("no engine is called " + n + ": choose auto, docker, podman or oci")
		}
		f := survey(ctx)
		if f.OK {
			return Choice{Name: n, Version: versionIn(n, f.Detail), Detail: n + ": " + f.Detail}, nil
		}
		if first == nil {
			first = &Missing{"the engine " + n + " (" + f.Detail + ")", f.Install}
		}
	}
	if len(names) > 1 {
		first = &Missing{"a container engine", installDocker}
	}
	return Choice{}, first
}

var versionNumber = regexp.MustCompile(`\d+(?:\.\d+)+`)

// versionIn reads the version off what a survey found.
func versionIn(name, detail string) string {
	if name == "oci" {
		runtime, _, _ := strings.Cut(detail, ";")
		return "oci " + strings.Replace(runtime, " version", "", 1)
	}
	return name + " " + versionNumber.FindString(detail)
}

// lazy is an engine that is opened when the first command for it comes.
type lazy struct {
	opts   Options
	choice Choice
	life

	mu     sync.Mutex
	engine Engine
	failed *Missing // what this machine lacks; it will not get it while we wait
}

// Lazily gives the engine of a choice, which is opened when it is first asked
// to do something. The zero Choice is no engine: every command is refused.
func Lazily(choice Choice, opts Options) Engine {
	opts.Name = choice.Name
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	e := &lazy{opts: opts, choice: choice}
	if choice.Name == "" {
		e.failed = &Missing{"a container engine", installDocker}
	}
	return e
}

// get opens the engine, if it is not open.
func (e *lazy) get(ctx context.Context) (Engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.open() != nil:
		return nil, errClosed
	case e.failed != nil:
		return nil, e.failed
	case e.engine != nil:
		return e.engine, nil
	}
	opened, err := Open(ctx, e.opts)
	if err != nil {
		errors.As(err, &e.failed)
		return nil, err
	}
	e.engine = opened
	return opened, nil
}

// there is the engine, if it has been opened.
func (e *lazy) there() Engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.engine
}

func (e *lazy) Name() string {
	if e.choice.Name == "" {
		return "none"
	}
	return e.choice.Name
}

func (e *lazy) Version(context.Context) (string, error) { return e.choice.Version, nil }

func (e *lazy) CanBuild() (bool, string) {
	switch e.choice.Name {
	case "":
		return false, "no container engine is here"
	case "oci":
		return false, cannotBuild
	}
	return true, ""
}

// Led says whether all that the engine asks for goes through the lab's proxy:
// one that was not opened asks for nothing.
func (e *lazy) Led() bool {
	led, ok := e.there().(interface{ Led() bool })
	return !ok || led.Led()
}

// Alive says what became of a daemon of the run's own that no longer runs.
func (e *lazy) Alive() error {
	mortal, ok := e.there().(interface{ Alive() error })
	if !ok {
		return nil
	}
	return mortal.Alive()
}

func (e *lazy) Docker(ctx context.Context, call Call) (int, error) {
	opened, err := e.get(ctx)
	if err != nil {
		return -1, err
	}
	return opened.Docker(ctx, call)
}

func (e *lazy) Image(ctx context.Context, ref string) (*Image, error) {
	opened, err := e.get(ctx)
	if err != nil {
		return nil, err
	}
	return opened.Image(ctx, ref)
}

func (e *lazy) Load(ctx context.Context, ref string, img v1.Image) error {
	opened, err := e.get(ctx)
	if err != nil {
		return err
	}
	return opened.Load(ctx, ref, img)
}

func (e *lazy) Save(ctx context.Context, ref string) (v1.Image, error) {
	opened, err := e.get(ctx)
	if err != nil {
		return nil, err
	}
	return opened.Save(ctx, ref)
}

func (e *lazy) Close(ctx context.Context) error {
	if !e.end() {
		return nil
	}
	if opened := e.there(); opened != nil {
		return opened.Close(ctx)
	}
	return nil
}
