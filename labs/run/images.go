package run

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"docent/labs/engine"
	"docent/labs/ngc"
	"docent/labs/report"
)

// stepUse is what the step under way used, as its docker and ngc commands say.
type stepUse struct {
	standIns []string
	images   []string // references that it built, pulled, pushed or ran
	errs     []error  // failures of the engine
	faults   int      // of the network, when the step began
	submits  bool     // it submitted a job
	lacks    error    // why an image that it used cannot be had on this machine
}

func addNew(list []string, more ...string) []string {
	for _, m := range more {
		if !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list
}

// answer carries out a command that a shim handed over.
func (r *runner) answer(ctx context.Context, h handed) int {
	r.called.Store(true)
	switch h.Name {
	case "ngc":
		r.before(ctx, h)
		return r.deps.NGC.Run(ctx, ngc.Call{Args: h.Args, Dir: h.Dir, Env: h.Env, Stdin: h.Stdin, Stdout: h.Stdout, Stderr: h.Stderr, Signals: h.Signals})
	case "docker":
		r.before(ctx, h)
		exit, err := r.deps.Engine.Docker(ctx, engine.Call{Args: h.Args, Dir: h.Dir, Env: h.Env, Stdin: h.Stdin, Stdout: h.Stdout, Stderr: h.Stderr, Signals: h.Signals, GPUs: r.deps.GPUs})
		if err != nil {
			if ctx.Err() == nil {
				fmt.Fprintf(h.Stderr, "docker: %v\n", err)
				r.mu.Lock()
				if r.current != nil {
					r.current.errs = append(r.current.errs, err)
				}
				r.mu.Unlock()
			}
			return 125
		}
		if exit == 0 {
			r.after(ctx, h)
		}
		return exit
	}
	return 127
}

// standInLabel is the label that a stand-in's configuration carries and that
// images built on it inherit. Its value is the name of the image it plays.
const standInLabel = "docent.standin"

// standInsOf lists the stand-ins in an image: what this run knows of it, what
// the network would play it with, or what an image that came from elsewhere
// says of itself.
func (r *runner) standInsOf(ctx context.Context, ref string) []string {
	r.mu.Lock()
	known, ok := r.taint[ref]
	r.mu.Unlock()
	if ok {
		return known
	}
	if !imageLike(ref) {
		return nil
	}
	if r.deps.Network != nil {
		if s, ok := r.deps.Network.StandInFor(ref); ok {
			return []string{s.Name}
		}
	}
	var found []string
	if img, err := r.deps.Engine.Image(ctx, ref); err == nil {
		if played := img.Labels[standInLabel]; played != "" {
			found = []string{played}
		}
		r.mu.Lock()
		r.taint[ref] = found
		r.mu.Unlock()
	}
	return found
}

// imageLike says whether a word can be the name of an image in a registry.
// Asking the network about every word of a command line would be slow.
func imageLike(word string) bool {
	host, rest, ok := strings.Cut(word, "/")
	return ok && rest != "" && !strings.HasPrefix(word, "-") && strings.Contains(host, ".") && !strings.HasPrefix(word, ".") &&
		!strings.ContainsAny(word, " =$<>(){}'\"")
}

// verb gives the docker command of a command line, past global options and
// the words "image", "container" and "buildx".
func verb(args []string) (string, []string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--context" || a == "-H" || a == "--host" || a == "--config" || a == "-l" || a == "--log-level":
			i++
		case strings.HasPrefix(a, "-"), a == "image", a == "container", a == "buildx", a == "builder":
		default:
			return a, args[i+1:]
		}
	}
	return "", nil
}

// changesNothing are the docker commands after which an image is what it was.
var changesNothing = map[string]bool{"run": true, "create": true, "exec": true, "images": true, "ls": true, "inspect": true, "history": true, "ps": true, "save": true}

// before notes the stand-ins and images that a command is about to use.
func (r *runner) before(ctx context.Context, h handed) {
	var standIns, images, makes []string
	var lacks error
	what, rest := "", []string(nil)
	if h.Name == "docker" {
		what, rest = verb(h.Args)
	}
	switch what {
	case "build":
		makes = optionValues(rest, "-t", "--tag")
	case "tag":
		makes = rest[max(0, len(rest)-1):]
	case "rmi", "rm", "prune":
		// What is removed cannot be looked at afterwards.
		r.measure(ctx, func(ref string) bool { return what == "prune" || slices.Contains(rest, ref) })
	}
	for _, a := range h.Args {
		if _, v, ok := strings.Cut(a, "="); ok && strings.HasPrefix(a, "--") {
			a = v
		}
		r.mu.Lock()
		_, known := r.taint[a]
		r.mu.Unlock()
		if slices.Contains(makes, a) {
			images = addNew(images, a)
		} else if known || imageLike(a) {
			standIns = addNew(standIns, r.standInsOf(ctx, a)...)
			images = addNew(images, a)
			if r.deps.Network != nil && lacks == nil {
				lacks = r.deps.Network.Available(a)
			}
		}
	}
	if what == "build" {
		standIns = addNew(standIns, r.bases(ctx, h.Dir, rest)...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if what == "images" || what == "ls" {
		// The sizes it prints are those of every image of the run.
		for _, ref := range slices.Sorted(maps.Keys(r.taint)) {
			standIns = addNew(standIns, r.taint[ref]...)
		}
	}
	for _, ref := range images {
		if r.images[ref] == nil || !changesNothing[what] {
			r.due[ref] = true
		}
	}
	if h.Name == "ngc" && len(h.Args) > 1 && h.Args[0] == "batch" {
		if h.Args[1] == "run" {
			r.jobTaint = standIns
		} else {
			standIns = addNew(standIns, r.jobTaint...) // what a job says comes from its image
		}
	}
	if r.current != nil {
		r.current.standIns = addNew(r.current.standIns, standIns...)
		r.current.images = addNew(r.current.images, images...)
		if r.current.lacks == nil {
			r.current.lacks = lacks
		}
		r.current.submits = r.current.submits || h.Name == "ngc" && len(h.Args) > 1 && h.Args[0] == "batch" && h.Args[1] == "run"
	}
}

// after notes what a command that succeeded left behind.
func (r *runner) after(ctx context.Context, h handed) {
	switch v, rest := verb(h.Args); v {
	case "build":
		from := r.bases(ctx, h.Dir, rest)
		r.mu.Lock()
		for _, tag := range optionValues(rest, "-t", "--tag") {
			r.taint[tag] = from
		}
		r.mu.Unlock()
	case "tag":
		if len(rest) == 2 {
			from := r.standInsOf(ctx, rest[0])
			r.mu.Lock()
			r.taint[rest[1]] = from
			r.mu.Unlock()
		}
	case "push":
		if r.deps.NGC != nil && len(rest) > 0 {
			r.deps.NGC.Pushed(rest[len(rest)-1])
		}
	}
}

func optionValues(args []string, names ...string) []string {
	var out []string
	for i, a := range args {
		for _, n := range names {
			if a == n && i+1 < len(args) {
				out = append(out, args[i+1])
			}
			if v, ok := strings.CutPrefix(a, n+"="); ok {
				out = append(out, v)
			}
		}
	}
	return out
}

var fromLine = regexp.MustCompile(`(?im)^\s*(?:FROM\s+(?:--\S+\s+)*|COPY\s+(?:--\S+\s+)*--from=)(\S+)`)

// bases lists the stand-ins that the Dockerfile of a build starts from.
func (r *runner) bases(ctx context.Context, dir string, args []string) []string {
	file := ""
	if f := optionValues(args, "-f", "--file"); len(f) > 0 {
		file = f[len(f)-1]
	} else if len(args) > 0 {
		file = filepath.Join(args[len(args)-1], "Dockerfile")
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil // the build says so
	}
	var out []string
	for _, m := range fromLine.FindAllStringSubmatch(string(text), -1) {
		out = addNew(out, r.standInsOf(ctx, m[1])...)
	}
	return out
}

// measure looks, for the report, at the images that steps have used or changed
// since it last did. Asking an engine takes as long as a small step, so it is
// done once for all steps, and before what would make it too late. which says
// which images; nil is all.
func (r *runner) measure(ctx context.Context, which func(ref string) bool) {
	r.mu.Lock()
	var refs []string
	for _, ref := range slices.Sorted(maps.Keys(r.due)) {
		if which == nil || which(ref) {
			refs = append(refs, ref)
			delete(r.due, ref)
		}
	}
	r.mu.Unlock()
	for _, ref := range refs {
		img, err := r.deps.Engine.Image(ctx, ref)
		if err != nil {
			continue // a word that is no image, or one that is gone
		}
		m := &report.Image{Ref: ref, ID: img.ID, Digest: img.Digest, SizeBytes: img.Size}
		for _, l := range img.Layers {
			m.Layers = append(m.Layers, report.Layer{Digest: l.Digest, SizeBytes: l.Size, CreatedBy: l.CreatedBy})
		}
		if r.deps.Network != nil {
			if pushed, err := r.deps.Network.Pushed(ref); err == nil {
				if d, err := pushed.Digest(); err == nil {
					m.Digest = d.String()
				}
			}
		}
		r.mu.Lock()
		r.images[ref] = m
		r.mu.Unlock()
	}
}

// size finds the size in bytes of an image by its reference, its tag, or the
// last part of its name.
func (r *runner) size(name string) (int64, bool) {
	if m := r.images[name]; m != nil {
		return m.SizeBytes, true
	}
	for ref, m := range r.images {
		repo, tag, _ := cutTag(ref)
		if tag == name || path.Base(repo) == name || path.Base(ref) == name {
			return m.SizeBytes, true
		}
	}
	return 0, false
}

func cutTag(ref string) (repo, tag string, ok bool) {
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		return ref[:i], ref[i+1:], true
	}
	return ref, "latest", false
}
