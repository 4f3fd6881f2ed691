package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
)

var runID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Identify says which engine Open would take, and its version, without starting
// anything. Two runs of one identity have the same engine.
func Identify(ctx context.Context, name string) (string, error) {
	all := map[string]func(context.Context) Finding{"docker": surveyDocker, "podman": surveyPodman, "oci": surveyOCI}
	names := []string{name}
	if name == "" || name == "auto" {
		names = []string{"docker", "podman", "oci"}
	}
	var first *Missing
	for _, n := range names {
		survey := all[n]
		if survey == nil {
			return "", fmt.Errorf("no engine is called %q: choose auto, docker, podman or oci", n)
		}
		f := survey(ctx)
		if f.OK {
			return n + ": " + f.Detail, nil
		}
		if first == nil {
			first = &Missing{"the engine " + n + " (" + f.Detail + ")", f.Install}
		}
	}
	return "", first
}

// Open finds an engine and makes it ready for one run. "auto" takes docker,
// then podman, then oci. The error is a *Missing when this machine has none.
func Open(ctx context.Context, opts Options) (Engine, error) {
	if !runID.MatchString(opts.RunID) {
		return nil, fmt.Errorf("run id %q: letters, digits, '-' and '_' only", opts.RunID)
	}
	if !filepath.IsAbs(opts.Scratch) {
		return nil, fmt.Errorf("scratch folder %q: an absolute path is needed", opts.Scratch)
	}
	opts.Scratch = filepath.Clean(opts.Scratch)
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	switch opts.Name {
	case "docker":
		return openDocker(ctx, opts)
	case "podman":
		return openPodman(ctx, opts)
	case "oci":
		return openOCI(ctx, opts)
	case "", "auto":
	default:
		return nil, fmt.Errorf("no engine is called %q: choose auto, docker, podman or oci", opts.Name)
	}
	for _, open := range []func(context.Context, Options) (Engine, error){openDocker, openPodman, openOCI} {
		e, err := open(ctx, opts)
		var missing *Missing
		if err == nil || !errors.As(err, &missing) {
			return e, err
		}
		opts.Log(err.Error())
	}
	return nil, &Missing{"a container engine", installDocker}
}
