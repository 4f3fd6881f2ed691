package main

import (
	"context"
	"math"
	"regexp"
	"slices"
	"sync"

	"docent/labs/gpu"
)

// A pool lets pages run side by side that do not get into each other's way:
// each has its own GPUs, and none waits for a port, an image or a container
// that another one uses under the same name.
type pool struct {
	mu      sync.Mutex
	changed *sync.Cond
	free    []gpu.Device
	all     int // GPUs in all
	claimed map[string]bool
	alone   bool // one page at a time, which has every GPU
}

// newPool makes a pool for so many pages at once.
func newPool(gpus []gpu.Device, jobs int) *pool {
	p := &pool{free: slices.Clone(gpus), all: len(gpus), claimed: map[string]bool{}, alone: jobs == 1}
	p.changed = sync.NewCond(&p.mu)
	return p
}

// claim names what a page needs to itself.
var claim = regexp.MustCompile(`(?:\s(?:-p|--publish|--port|--name|-t|--tag)[ =]|docker tag \S+ |docker push )(\S+)`)

// claims lists what a page needs to itself, and how many GPUs its steps ask for
// at once.
func claims(l *lesson) (names []string, gpus int) {
	for _, s := range l.steps {
		if !s.Role.Runs() {
			continue
		}
		for _, c := range s.Commands {
			for _, m := range claim.FindAllStringSubmatch(c.Text, -1) {
				names = append(names, m[1])
			}
		}
		for _, n := range s.Opt.Needs {
			if n.Name == "gpu" || n.Name == "gpu-memory" || n.Name == "compute" {
				gpus = max(gpus, 1)
			}
			if n.Name == "gpu" {
				gpus = max(gpus, int(math.Ceil(n.Amount)))
			}
		}
	}
	return names, gpus
}

// take waits until the first of the waiting pages that may run now can, and
// takes it off the list. It is nil when the list is empty or ctx has ended.
func (p *pool) take(ctx context.Context, waiting *[]*lesson) (*lesson, []gpu.Device) {
	stop := context.AfterFunc(ctx, func() { p.mu.Lock(); p.changed.Broadcast(); p.mu.Unlock() })
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(*waiting) > 0 && ctx.Err() == nil {
		for i, l := range *waiting {
			names, want := claims(l)
			if p.alone || want > p.all {
				want = p.all // it gets what there is; the plan says what it lacks
			}
			if want > len(p.free) || slices.ContainsFunc(names, func(n string) bool { return p.claimed[n] }) {
				continue
			}
			for _, n := range names {
				p.claimed[n] = true
			}
			mine := slices.Clone(p.free[:want])
			p.free = p.free[want:]
			*waiting = slices.Delete(*waiting, i, i+1)
			return l, mine
		}
		p.changed.Wait()
	}
	return nil, nil
}

// giveBack ends what take began.
func (p *pool) giveBack(l *lesson, mine []gpu.Device) {
	p.mu.Lock()
	defer p.mu.Unlock()
	names, _ := claims(l)
	for _, n := range names {
		delete(p.claimed, n)
	}
	p.free = append(p.free, mine...)
	p.changed.Broadcast()
}
