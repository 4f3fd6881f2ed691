package run

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"docent/labs/engine"
	"docent/labs/step"
)

// An ahead builds the Dockerfiles of a page before the page comes to them, while
// earlier steps run. What it leaves is in the engine's build cache: the page's
// own build finds it there, and what that prints is that it did. So builds whose
// output the page shows, or keeps a part of, are left to the page.
type ahead struct {
	mu     sync.Mutex
	builds map[string]*early // by step ID
	wg     sync.WaitGroup
	cancel context.CancelFunc
}

// An early is one build that is done ahead.
type early struct {
	args  []string // docker's, without the tag
	taken bool     // it has begun, or the page has come to it first
	done  chan struct{}
	took  time.Duration // once done; 0 if it failed
}

// buildAhead starts to build what can be built already.
func (r *runner) buildAhead(ctx context.Context, plan []step.Planned) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{builds: map[string]*early{}, cancel: cancel}
	var queue []*early
	for _, p := range plan {
		if args := buildOf(p); args != nil && r.canBuild(args) {
			b := &early{args: args, done: make(chan struct{})}
			a.builds[p.Step.ID], queue = b, append(queue, b)
		}
	}
	var env []string
	for k, v := range r.environment() {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	turns := make(chan *early, len(queue))
	for _, b := range queue {
		turns <- b
	}
	close(turns)
	for range min(len(queue), max(1, runtime.NumCPU()/2), 4) {
		a.wg.Go(func() {
			for b := range turns {
				if ctx.Err() == nil && a.take(b) {
					r.buildEarly(ctx, b, env)
				}
			}
		})
	}
	return a
}

// take is true for the first who wants to build.
func (a *ahead) take(b *early) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	first := !b.taken
	b.taken = true
	return first
}

func (r *runner) buildEarly(ctx context.Context, b *early, env []string) {
	defer close(b.done)
	began := r.deps.Now()
	exit, err := r.deps.Engine.Docker(ctx, engine.Call{Args: b.args, Dir: r.workDir(), Env: env})
	if exit == 0 && err == nil { // what fails here fails where the page builds it, and is told there
		b.took = r.deps.Now().Sub(began)
	}
}

// wait is called when the page comes to a step. It returns when a build of it
// that has begun has ended, and says how long that took. say is told while it
// waits.
func (a *ahead) wait(ctx context.Context, id string, say func([]byte)) time.Duration {
	if a == nil || a.builds[id] == nil || a.take(a.builds[id]) {
		return 0
	}
	say([]byte("waiting for its build, which was begun ahead\n"))
	select {
	case <-a.builds[id].done:
		return a.builds[id].took
	case <-ctx.Done():
		return 0
	}
}

// close ends the builds that are under way.
func (a *ahead) close() {
	if a != nil {
		a.cancel()
		a.wg.Wait()
	}
}

// buildOf gives the docker arguments of a step that builds one image and of
// which the page shows nothing: without the tag, which is the page's to give.
// It is nil for any other step.
func buildOf(p step.Planned) []string {
	s := p.Step
	if p.Action != step.DoRun || p.Instead != "" || s.Session != step.Host || len(s.Commands) != 1 || s.Expect != "" || s.Opt.Exit.Said ||
		s.Opt.Background || len(s.Opt.Saves)+len(s.Opt.Asserts) > 0 {
		return nil
	}
	words := strings.Fields(strings.ReplaceAll(s.Commands[0].Text, "\\\n", " "))
	if len(words) > 0 && words[0] == "sudo" {
		words = words[1:]
	}
	if len(words) < 3 || words[0] != "docker" {
		return nil
	}
	if v, _ := verb(words[1:]); v != "build" {
		return nil
	}
	var args []string
	for i := 1; i < len(words); i++ {
		switch w := words[i]; {
		case w == "-t" || w == "--tag":
			i++
			continue
		case strings.HasPrefix(w, "--tag=") || strings.HasPrefix(w, "-t="):
			continue
		case strings.ContainsAny(w, "\"'`$()|;&<>*?#~{}\\"):
			return nil // the shell has a part in it
		case w == "--no-cache" || w == "--pull" || strings.HasPrefix(w, "--iidfile") || strings.HasPrefix(w, "--output") || w == "-o" || w == "--push":
			return nil // it is not the same a second time, or leaves something
		}
		args = append(args, words[i])
	}
	return args
}

// canBuild says whether the Dockerfile and the context of a build are there.
func (r *runner) canBuild(args []string) bool {
	folder := filepath.Join(r.workDir(), args[len(args)-1])
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return false
	}
	file := filepath.Join(folder, "Dockerfile")
	if f := optionValues(args, "-f", "--file"); len(f) > 0 {
		file = filepath.Join(r.workDir(), f[len(f)-1])
	}
	_, err := os.Stat(file)
	return err == nil
}
