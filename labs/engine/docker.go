package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// docker drives a docker daemon through docker's own command.
type docker struct {
	opts   Options
	dir    string  // the engine's own folder
	client string  // path of a docker command that can build here
	host   string  // DOCKER_HOST of the daemon
	daemon *daemon // the private one; nil if the daemon was there before
	run    *runMark

	life
	kept
	layers layersByID
	mu     sync.Mutex
	gpu    *gpuAccess
	loans  map[string]string // names put over the user's own images: name -> image id before, or ""
}

func openDocker(ctx context.Context, opts Options) (Engine, error) {
	clients := lookAll("docker")
	if len(clients) == 0 {
		return nil, &Missing{"the docker command", installDocker}
	}
	e := &docker{opts: opts, dir: filepath.Join(opts.Scratch, "docker"), loans: map[string]string{}}
	if err := os.MkdirAll(filepath.Join(e.dir, "config"), 0o700); err != nil {
		return nil, fmt.Errorf("make the docker engine's folder: %w", err)
	}
	var err error
	if e.run, err = markRun(opts, "docker"); err != nil {
		return nil, err
	}
	e.gpu = &gpuAccess{opts: opts}
	if _, err := lookPath("dockerd"); !opts.Private && !(opts.Led && err == nil && os.Geteuid() == 0) {
		e.host = answering(ctx, clients[0])
	}
	if e.host == "" {
		if err := takeOver(opts.Store, e.dir, "data"); err != nil {
			return nil, errors.Join(err, e.run.undo())
		}
		e.daemon, err = startDaemon(ctx, opts, e.dir, e.run)
		if err != nil {
			e.run.drop()
			return nil, err
		}
		e.host = e.daemon.host
	} else {
		e.run.Host = e.host
		if err := e.run.write(); err != nil {
			return nil, err
		}
	}
	e.linkPlugins()
	for _, c := range clients {
		if e.canBuild(ctx, c) {
			e.client = c
			break
		}
	}
	if e.client == "" {
		_ = e.Close(ctx)
		return nil, &Missing{"a docker command that can build with BuildKit", installDocker}
	}
	return e, nil
}

const installDocker = "apt-get install -y docker.io"

// answering finds the daemon that the user's own docker command talks to.
func answering(ctx context.Context, client string) string {
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host, _ = output(ctx, exec.CommandContext(ctx, client, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"))
		host = strings.TrimSpace(host)
	}
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, client, "-H", host, "version", "--format", "{{.Server.Version}}")
	if out, err := output(ctx, cmd); err != nil || strings.TrimSpace(out) == "" {
		return ""
	}
	return host
}

// linkPlugins makes the user's docker plugins work under our own configuration
// folder.
func (e *docker) linkPlugins() {
	config := os.Getenv("DOCKER_CONFIG")
	if config == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return
		}
		config = filepath.Join(home, ".docker")
	}
	plugins := filepath.Join(config, "cli-plugins")
	if _, err := os.Stat(plugins); err == nil {
		_ = os.Symlink(plugins, filepath.Join(e.dir, "config", "cli-plugins"))
	}
}

var majorVersion = regexp.MustCompile(`version (\d+)\.`)

// canBuild says whether a docker command builds with BuildKit: either it has the
// buildx plugin, or it is old enough to have BuildKit built in.
func (e *docker) canBuild(ctx context.Context, client string) bool {
	if _, err := output(ctx, e.command(ctx, client, "buildx", "version")); err == nil {
		return true
	}
	out, err := output(ctx, e.command(ctx, client, "--version"))
	if err != nil {
		return false
	}
	m := majorVersion.FindStringSubmatch(out)
	return m != nil && (len(m[1]) == 1 || m[1] < "23")
}

func (e *docker) command(_ context.Context, client string, args ...string) *exec.Cmd {
	cmd := exec.Command(client, args...)
	cmd.Env = e.environ(os.Environ())
	return cmd
}

func (e *docker) environ(base []string) []string {
	set := []string{
		"DOCKER_HOST=" + e.host, "DOCKER_CONFIG=" + filepath.Join(e.dir, "config"),
		"DOCKER_BUILDKIT=1", "DOCKER_CLI_HINTS=false", marker + "=" + e.dir,
	}
	if e.opts.CACert != "" && e.daemon != nil {
		set = append(set, "SSL_CERT_FILE="+e.opts.CACert)
	}
	env := environ(base, []string{"DOCKER_*", "BUILDKIT_*"}, set...)
	for _, kv := range env {
		if strings.HasPrefix(kv, "PATH=") {
			return env
		}
	}
	return append(env, "PATH="+toolPath)
}

// Host is the address of the daemon, as DOCKER_HOST takes it.
func (e *docker) Host() string { return e.host }

func (e *docker) Name() string { return "docker" }

func (e *docker) Version(ctx context.Context) (string, error) {
	out, err := output(ctx, e.command(ctx, e.client, "version", "--format", "{{.Server.Version}}"))
	if err != nil {
		return "", fmt.Errorf("ask docker for its version: %w", err)
	}
	v, _, _ := strings.Cut(strings.TrimSpace(out), "+")
	return "docker " + v, nil
}

// Led says whether all that the engine asks for goes through the lab's proxy.
func (e *docker) Led() bool { return e.daemon != nil }

// Alive says what became of a private daemon that no longer runs.
func (e *docker) Alive() error {
	if e.daemon == nil {
		return nil
	}
	return e.daemon.alive()
}

func (e *docker) CanBuild() (bool, string) { return true, "" }

func (e *docker) Docker(ctx context.Context, call Call) (int, error) {
	if err := e.open(); err != nil {
		return -1, err
	}
	if err := e.Alive(); err != nil {
		return -1, err
	}
	c := parseCommand(call.Args)
	for _, g := range c.global {
		if g == "-H" || strings.HasPrefix(g, "--host") || strings.HasPrefix(g, "-H") || strings.HasPrefix(g, "--context") || g == "-c" {
			say(call.Stderr, "docker: labs does not let a command choose another daemon (%s)", g)
			return 125, nil
		}
	}
	var added []string
	if labelled[c.verb] {
		added = append(added, "--label", Label+"="+e.opts.RunID)
	}
	if c.verb == "run" || c.verb == "create" {
		if r, err := parseRun(c.rest); err == nil {
			if why := refuse(r, call.Dir, e.opts.mounts()); why != "" {
				say(call.Stderr, "docker: %s.", why)
				return 125, nil
			}
			flags, rest, fail := e.gpu.flags(ctx, r, c.rest, call.GPUs)
			if fail != "" {
				say(call.Stderr, "docker: %s", fail)
				return 125, nil
			}
			added, c.rest = append(append(added, bounds(r)...), flags...), rest
		}
	}
	if e.daemon != nil && e.opts.LeadAll {
		added = append(added, lead(&c, e.daemon.proxy)...)
	}
	if e.daemon == nil && e.opts.Source != nil {
		if done, exit, err := e.carry(ctx, &c, call); done || err != nil {
			return exit, err
		}
	}
	cmd := exec.Command(e.client, c.args(added...)...)
	cmd.Env = e.environ(call.Env)
	exit, err := carryOut(ctx, cmd, call)
	if err == nil && exit != 0 && e.daemon != nil {
		// A command that failed because the daemon died is the machine's fault.
		if dead := e.daemon.answers(ctx); dead != nil {
			return -1, dead
		}
	}
	return exit, err
}

// mounts are the host folders a container may see; nil means any.
func (o Options) mounts() []string {
	if o.Mounts == nil {
		return nil
	}
	return append([]string{o.Scratch}, o.Mounts...)
}

type inspected struct {
	ID          string   `json:"Id"`
	RepoDigests []string `json:"RepoDigests"`
	Created     time.Time
	Size        int64
	Config      struct{ Labels map[string]string }
	RootFS      struct{ Layers []string }
}

func (e *docker) Image(ctx context.Context, ref string) (*Image, error) {
	out, err := output(ctx, e.command(ctx, e.client, "image", "inspect", ref))
	if err != nil {
		if strings.Contains(strings.ToLower(err.Error()), "no such image") {
			return nil, fmt.Errorf("%s: %w", ref, ErrNoImage)
		}
		return nil, fmt.Errorf("inspect the image %s: %w", ref, err)
	}
	var list []inspected
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) == 0 {
		return nil, fmt.Errorf("inspect the image %s: docker's answer: %w", ref, err)
	}
	in := list[0]
	img := &Image{Ref: ref, ID: in.ID, Created: in.Created, Size: in.Size, Labels: in.Config.Labels}
	for _, d := range in.RepoDigests {
		if _, digest, ok := strings.Cut(d, "@"); ok {
			img.Digest = digest
		}
	}
	if img.Layers = e.layers.of(in.ID); img.Layers != nil {
		return img, nil
	}
	hist, err := output(ctx, e.command(ctx, e.client, "history", "--no-trunc", "--human=false", "--format", "{{.Size}}\t{{json .CreatedBy}}", ref))
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", ref, err)
	}
	img.Layers = e.layers.keep(in.ID, joinHistory(in.RootFS.Layers, readHistory(hist)))
	return img, nil
}

// readHistory reads docker's history, which is newest first.
func readHistory(text string) []Layer {
	var steps []Layer
	lines := splitLines(text)
	for i := len(lines) - 1; i >= 0; i-- {
		size, by, ok := strings.Cut(lines[i], "\t")
		if !ok {
			continue
		}
		var l Layer
		_, _ = fmt.Sscan(size, &l.Size)
		_ = json.Unmarshal([]byte(by), &l.CreatedBy)
		steps = append(steps, l)
	}
	return steps
}

// joinHistory matches layers with the steps that made an image, oldest first.
// There are steps that made no layer: those of size 0, as far as there are more
// steps than layers.
func joinHistory(diffIDs []string, steps []Layer) []Layer {
	spare := len(steps) - len(diffIDs)
	var layers []Layer
	for _, s := range steps {
		if s.Size == 0 && spare > 0 {
			spare--
			continue
		}
		if len(layers) < len(diffIDs) {
			s.Digest = diffIDs[len(layers)]
			layers = append(layers, s)
		}
	}
	for len(layers) < len(diffIDs) {
		layers = append(layers, Layer{Digest: diffIDs[len(layers)]})
	}
	return layers
}

func (e *docker) Load(ctx context.Context, ref string, img v1.Image) error {
	tag, err := name.NewTag(ref)
	if err != nil {
		return fmt.Errorf("load an image: %w", err)
	}
	if e.daemon == nil {
		e.remember(ctx, ref)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	written := make(chan error, 1)
	go func() {
		err := writeArchive(w, tag, img)
		_ = w.Close()
		written <- err
	}()
	cmd := e.command(ctx, e.client, "load", "-q")
	cmd.Stdin = r
	_, err = output(ctx, cmd)
	_ = r.Close()
	if werr := <-written; err == nil && werr != nil {
		err = werr
	}
	if err != nil {
		return fmt.Errorf("load the image %s: %w", ref, err)
	}
	return nil
}

// remember notes what a name of the user's own daemon meant before the run.
func (e *docker) remember(ctx context.Context, ref string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.loans[ref]; ok {
		return
	}
	id, _ := output(ctx, e.command(ctx, e.client, "image", "inspect", "--format", "{{.Id}}", ref))
	e.loans[ref] = strings.TrimSpace(id)
	e.run.loan(ref, e.loans[ref])
}

func (e *docker) Save(ctx context.Context, ref string) (v1.Image, error) {
	f, err := os.CreateTemp(e.dir, "save-*.tar")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	cmd := e.command(ctx, e.client, "save", "-o", f.Name(), ref)
	if _, err := output(ctx, cmd); err != nil {
		if strings.Contains(strings.ToLower(err.Error()), "no such image") || strings.Contains(err.Error(), "reference does not exist") {
			err = fmt.Errorf("%s: %w", ref, ErrNoImage)
		}
		return nil, fmt.Errorf("save the image %s: %w", ref, err)
	}
	return readArchive(f.Name(), ref)
}

func (e *docker) Close(ctx context.Context) error {
	if !e.end() {
		return nil
	}
	ctx, cancel := toUndo(ctx)
	defer cancel()
	var errs []error
	if e.daemon == nil || e.daemon.alive() == nil {
		client := e.client
		if client == "" {
			client = lookAll("docker")[0]
		}
		errs = append(errs, sweepDocker(ctx, func(args ...string) *exec.Cmd { return e.command(ctx, client, args...) },
			e.opts.RunID, e.loans, e.daemon == nil, nil))
	}
	if e.daemon != nil {
		errs = append(errs, e.daemon.stop())
	}
	if e.folder != "" && e.daemon != nil {
		errs = append(errs, e.run.sweep(), e.handOver(e.dir, "data"))
	}
	return errors.Join(append(errs, e.run.undo())...)
}

// sweepDocker removes all that carries the run's label. With images it puts back
// the names that the run borrowed and removes the images it made.
func sweepDocker(ctx context.Context, docker func(...string) *exec.Cmd, id string, loans map[string]string, images bool, told func(string)) error {
	var errs []error
	filter := "label=" + Label + "=" + id
	sweep := func(what string, list, remove []string) {
		out, err := output(ctx, docker(append(list, "--filter", filter)...))
		if err != nil {
			errs = append(errs, err)
			return
		}
		found := strings.Fields(out)
		if len(found) == 0 {
			return
		}
		if _, err := output(ctx, docker(append(remove, found...)...)); err != nil {
			errs = append(errs, err)
		}
		if told != nil {
			told(fmt.Sprintf("%d %s of run %s", len(found), what, id))
		}
	}
	sweep("containers", []string{"ps", "-aq", "--no-trunc"}, []string{"rm", "-f", "-v"})
	sweep("networks", []string{"network", "ls", "-q", "--no-trunc"}, []string{"network", "rm"})
	sweep("volumes", []string{"volume", "ls", "-q"}, []string{"volume", "rm", "-f"})
	if !images {
		return errors.Join(errs...)
	}
	for ref, before := range loans {
		_, _ = output(ctx, docker("rmi", ref))
		if before != "" {
			if _, err := output(ctx, docker("tag", before, ref)); err != nil {
				errs = append(errs, fmt.Errorf("give %s back to %s: %w", ref, before, err))
			}
		}
	}
	sweep("images", []string{"images", "-q", "--no-trunc"}, []string{"rmi", "-f"})
	return errors.Join(errs...)
}
