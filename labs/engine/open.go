package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
)

var runID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

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
