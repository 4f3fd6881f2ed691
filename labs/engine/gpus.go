package engine

import (
	"context"
	"errors"
	"strings"
	"sync"

	"docent/labs/gpu"
)

// gpuAccess turns --gpus into what an engine without NVIDIA's own runtime
// understands: the device nodes and libraries that a CDI specification names.
type gpuAccess struct {
	opts Options
	once sync.Once
	spec *gpu.Spec
	err  error
}

func (g *gpuAccess) find(ctx context.Context) (*gpu.Spec, error) {
	g.once.Do(func() {
		if g.spec = g.opts.CDI; g.spec == nil {
			g.spec, g.err = gpu.CDI(ctx)
		}
	})
	return g.spec, g.err
}

// flags takes --gpus out of a run's words and gives the flags that do the same.
// fail is what docker says where there is no GPU.
func (g *gpuAccess) flags(ctx context.Context, r *runLine, rest []string) (added, left []string, fail string) {
	asked := r.all("gpus")
	if len(asked) == 0 {
		return nil, rest, ""
	}
	spec, err := g.find(ctx)
	if err != nil {
		why := "Error response from daemon: could not select device driver \"\" with capabilities: [[gpu]]."
		var absent *gpu.Absent
		if !errors.As(err, &absent) {
			why = err.Error()
		}
		return nil, nil, why
	}
	names, err := gpu.Names(last(asked), g.opts.GPUs)
	if err == nil {
		added, err = spec.Flags(g.opts.GPUs, names...)
	}
	if err != nil {
		return nil, nil, err.Error()
	}
	head := rest[:len(rest)-len(r.command)-1]
	for i := 0; i < len(head); i++ {
		switch {
		case head[i] == "--gpus":
			i++
		case strings.HasPrefix(head[i], "--gpus="):
		default:
			left = append(left, head[i])
		}
	}
	return added, append(left, rest[len(head):]...), ""
}
