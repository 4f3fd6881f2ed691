package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"docent/labs/engine"
	"docent/labs/step"
)

// An ahead builds the Dockerfiles of a page before the page comes to them, while
// earlier steps run, where nobody can tell: the page shows nothing of what the
// build prints, and no step meanwhile lists images, or measures anything. What it
// leaves is in the engine's build cache, where the page's own build finds it.
type ahead struct {
	mu     sync.Mutex
	builds map[string]*early // by step ID
	order  []*early
	turns  chan *early
	wg     sync.WaitGroup
	cancel context.CancelFunc
}

// An early is one build that is done ahead.
type early struct {
	args  []string // docker's, without the tag
	from  int      // the step that it may begin with
	given bool     // a builder may take it
	taken bool     // it has begun, or the page has come to it first
	done  chan struct{}
	took  time.Duration // once done; 0 if it failed
	image string        // file with the id of the image
}

// buildAhead finds the builds of a plan that can be done ahead; reached starts
// them.
func (r *runner) buildAhead(ctx context.Context, plan []step.Planned, first int) *ahead {
	ctx, cancel := context.WithCancel(ctx)
	a := &ahead{builds: map[string]*early{}, cancel: cancel}
	for i, p := range plan {
		args := buildOf(p)
		if i < first || args == nil || !r.canBuild(args) {
			continue
		}
		from := first
		for k := first; k < i; k++ {
			if minds(plan[k]) {
				from = k + 1
			}
		}
		if !slices.ContainsFunc(plan[from:i], takesLong) {
			continue // there is nothing to do it beside, and a person wants to see it built
		}
		b := &early{args: args, from: from, done: make(chan struct{}), image: filepath.Join(r.deps.Scratch, "state", fmt.Sprintf("image-%d", i))}
		a.builds[p.Step.ID], a.order = b, append(a.order, b)
	}
	a.turns = make(chan *early, len(a.order))
	var env []string
	for k, v := range r.environment() {
		env = append(env, k+"="+v)
	}
	slices.Sort(env)
	for range min(len(a.order), max(1, runtime.NumCPU()/2), 4) {
		a.wg.Go(func() {
			for b := range a.turns {
				if ctx.Err() == nil && a.take(b) {
					r.buildEarly(ctx, b, env)
				}
			}
		})
	}
	return a
}

// looks finds commands that show what builds leave, and scripts, which may hold
// one.
var looks = regexp.MustCompile(`\bdocker\s+(?:images?|system|rmi|builder|buildx|history|inspect|ps|info|container)\b|\.(?:sh|py)\b|\bmake\b|\btime\b`)

// longCommands are those that may take as long as a build is worth beginning for.
var longCommands = regexp.MustCompile(`\bdocker\s+(?:run|build|pull|push|exec|compose)\b|\bngc\s+(?:batch|registry|workspace\s+(?:up|down)load)\b|\b(?:pip3?|apt|apt-get|wget|curl|git|make|sleep|until|while|python3?|npm|go)\s`)

func takesLong(p step.Planned) bool {
	return p.Action == step.DoRun && (p.Step.Session != step.Host || p.Step.Opens != "" || p.Step.Opt.Ready != nil ||
		slices.ContainsFunc(p.Step.Commands, func(c step.Command) bool { return longCommands.MatchString(c.Text) }))
}

// minds says whether a step could tell that something is built beside it: it
// looks at what is there, or measures.
func minds(p step.Planned) bool {
	s := p.Step
	if p.Action != step.DoRun && p.Action != step.DoCompare {
		return false
	}
	if len(s.Opt.Saves)+len(s.Opt.Asserts)+len(s.Opt.Within) > 0 || strings.ContainsAny(s.Expect, "±") ||
		slices.ContainsFunc(s.Opt.Needs, func(n step.Need) bool {
			return strings.HasPrefix(n.Name, "gpu") || n.Name == "compute" || n.Name == "memory"
		}) {
		return true
	}
	return slices.ContainsFunc(s.Commands, func(c step.Command) bool { return looks.MatchString(c.Text) || strings.Contains(c.Output, "±") })
}

// reached is called before each step: builds may begin that had to wait for the
// steps before it.
func (a *ahead) reached(i int) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range a.order {
		if b.from <= i && !b.given {
			b.given = true
			a.turns <- b // there is room for all
		}
	}
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
	args := append([]string{b.args[0], "--iidfile", b.image}, b.args[1:]...)
	exit, err := r.deps.Engine.Docker(ctx, engine.Call{Args: args, Dir: filepath.Join(r.deps.Scratch, "ahead"), Env: env})
	if exit == 0 && err == nil { // what fails here fails where the page builds it, and is told there
		b.took = r.deps.Now().Sub(began)
	}
}

// without takes the images of builds that the page has not come to out of a
// stock. ok is false while one is being made.
func (a *ahead) without(stock engine.Stock) (left engine.Stock, ok bool) {
	if a == nil {
		return stock, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	early := map[string]bool{}
	for _, b := range a.order {
		if !b.taken {
			continue
		}
		select {
		case <-b.done:
			id, _ := os.ReadFile(b.image) // it may have failed
			early[strings.TrimPrefix(string(id), "sha256:")] = true
		default:
			return nil, false
		}
	}
	for _, h := range stock {
		if len(h.Names) > 0 || !early[strings.TrimPrefix(h.ID, "sha256:")] {
			left = append(left, h)
		}
	}
	return left, true
}

// wait is called when the page comes to a step. It returns when a build of it
// that has begun has ended, and says how long that took. say is told while it
// waits.
func (a *ahead) wait(ctx context.Context, id string, say func([]byte)) time.Duration {
	if a == nil || a.builds[id] == nil {
		return 0
	}
	if a.take(a.builds[id]) {
		close(a.builds[id].done) // nobody begins it any more
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
		close(a.turns)
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
	folder := filepath.Join(r.deps.Scratch, "ahead", args[len(args)-1])
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return false
	}
	file := filepath.Join(folder, "Dockerfile")
	if f := optionValues(args, "-f", "--file"); len(f) > 0 {
		file = filepath.Join(r.deps.Scratch, "ahead", f[len(f)-1])
	}
	_, err := os.Stat(file)
	return err == nil
}
