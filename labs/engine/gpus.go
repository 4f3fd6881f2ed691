package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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
func (g *gpuAccess) flags(ctx context.Context, r *runLine, rest []string, mine []gpu.Device) (added, left []string, fail string) {
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
	names, err := g.names(spec, last(asked), mine)
	if err == nil {
		added, err = spec.Flags(names...)
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

// names says which devices an argument of --gpus means. Where the run may use
// only some, "all" and a count mean those.
func (g *gpuAccess) names(spec *gpu.Spec, argument string, mine []gpu.Device) ([]string, error) {
	if mine == nil {
		mine = g.opts.GPUs
	}
	names, err := spec.Names(argument)
	if err != nil || mine == nil {
		return names, err
	}
	if len(mine) == 0 {
		return nil, errors.New("no GPU is this page's: none of its steps says needs=gpu")
	}
	if len(names) == 1 && names[0] == "all" {
		names = nil
		for _, d := range mine {
			names = append(names, strconv.Itoa(d.Index))
		}
		return names, nil
	}
	for i, name := range names {
		ok := false
		for _, d := range mine {
			ok = ok || name == d.UUID || name == strconv.Itoa(d.Index)
		}
		if ok {
			continue
		}
		// A count names the first of all; here it means the first of ours.
		n, err := strconv.Atoi(name)
		if err != nil || n >= len(mine) || strings.Contains(argument, "device") {
			return nil, fmt.Errorf("GPU %s is not this run's", name)
		}
		names[i] = strconv.Itoa(mine[n].Index)
	}
	return names, nil
}
