package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sys/unix"
)

// oci runs images with an OCI runtime and nothing else: it unpacks them itself,
// writes the runtime's configuration, and keeps the containers as children of
// this program. It shares the machine's network and builds nothing.
type oci struct {
	opts     Options
	dir      string
	runtime  string // path of runc or crun
	global   []string
	run      *runMark
	gpu      *gpuAccess
	cgroups  bool
	overlay  bool
	wire     *http.Transport
	commands map[string]func(context.Context, commandLine, Call) (int, error)

	storing sync.Mutex // the index of the store has one writer

	life
	kept
	mu         sync.Mutex
	images     map[string]*stored // by full name
	containers []*container
	auth       map[string]authn.AuthConfig // by registry
	unpacking  map[string]*sync.Mutex      // by image id
	sizes      map[v1.Hash]int64           // of layers, by diff id
}

// stored is an image under one name.
type stored struct {
	image   v1.Image
	id      v1.Hash // digest of the configuration
	digest  string  // of the manifest, if a registry gave it
	created time.Time
}

const installRuntime = "apt-get install -y runc"

func openOCI(ctx context.Context, opts Options) (Engine, error) {
	e := &oci{
		opts: opts, dir: filepath.Join(opts.Scratch, "oci"), gpu: &gpuAccess{opts: opts}, images: map[string]*stored{},
		auth: map[string]authn.AuthConfig{}, unpacking: map[string]*sync.Mutex{}, sizes: map[v1.Hash]int64{},
	}
	if os.Geteuid() != 0 {
		return nil, &Missing{"the right to start containers (run as root)", ""}
	}
	e.cgroups = cgroupsWork()
	// Without control groups crun can be told so; runc only bears it.
	order := []string{"runc", "crun"}
	if !e.cgroups {
		order = []string{"crun", "runc"}
	}
	for _, name := range order {
		if path, err := lookPath(name); err == nil {
			e.runtime = path
			break
		}
	}
	if e.runtime == "" {
		return nil, &Missing{"a container runtime (runc or crun)", installRuntime}
	}
	var err error
	if e.run, err = markRun(opts, "oci"); err != nil {
		return nil, err
	}
	e.global = []string{"--root", filepath.Join(e.run.Short, "r")}
	if !e.cgroups {
		if filepath.Base(e.runtime) == "crun" {
			e.global = append(e.global, "--cgroup-manager=disabled")
		} else {
			e.global = append(e.global, "--rootless=true")
		}
	}
	for _, d := range []string{"layout", "roots", "containers", "volumes"} {
		if err := os.MkdirAll(filepath.Join(e.dir, d), 0o700); err != nil {
			e.run.drop()
			return nil, fmt.Errorf("make the oci engine's folder: %w", err)
		}
	}
	if opts.Store != "" {
		err = takeOver(opts.Store, e.dir, "layout", "roots")
	} else {
		_, err = layout.Write(filepath.Join(e.dir, "layout"), empty.Index)
	}
	if err != nil {
		e.run.drop()
		return nil, fmt.Errorf("make the oci engine's store: %w", err)
	}
	e.overlay = overlayWorks(e.dir)
	if e.wire, err = throughProxy(opts); err != nil {
		e.run.drop()
		return nil, err
	}
	e.commands = e.table()
	return e, nil
}

// cgroupsWork says whether a control group can be made here.
func cgroupsWork() bool {
	for _, dir := range []string{"/sys/fs/cgroup/devices", "/sys/fs/cgroup"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) != nil || st.Type != unix.CGROUP_SUPER_MAGIC && st.Type != unix.CGROUP2_SUPER_MAGIC {
			continue
		}
		probe := fmt.Sprintf("%s/docent-probe-%d", dir, os.Getpid())
		if os.Mkdir(probe, 0o755) == nil {
			_ = os.Remove(probe)
			return true
		}
	}
	return false
}

// overlayWorks says whether containers can share an image's root through an
// overlay; else each gets a copy.
func overlayWorks(dir string) bool {
	probe, err := os.MkdirTemp(dir, "probe-*")
	if err != nil {
		return false
	}
	defer func() { _ = os.RemoveAll(probe) }()
	for _, d := range []string{"l", "u", "w", "m"} {
		if os.Mkdir(filepath.Join(probe, d), 0o700) != nil {
			return false
		}
	}
	m := filepath.Join(probe, "m")
	if unix.Mount("overlay", m, "overlay", 0, overlayOptions(probe+"/l", probe+"/u", probe+"/w")) != nil {
		return false
	}
	return unix.Unmount(m, unix.MNT_DETACH) == nil
}

func overlayOptions(lower, upper, work string) string {
	return "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work
}

// throughProxy reaches registries through the lab's proxy.
func throughProxy(opts Options) (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if opts.Proxy != "" {
		u, err := url.Parse(opts.Proxy)
		if err != nil {
			return nil, errors.New("the proxy's address is no URL")
		}
		t.Proxy = http.ProxyURL(u)
	}
	if opts.CACert != "" {
		text, err := os.ReadFile(opts.CACert)
		if err != nil {
			return nil, fmt.Errorf("read the lab's certificates: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate", opts.CACert)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}

func (e *oci) Name() string { return "oci" }

func (e *oci) Version(ctx context.Context) (string, error) {
	out, err := output(ctx, exec.Command(e.runtime, "--version"))
	if err != nil {
		return "", fmt.Errorf("ask the runtime for its version: %w", err)
	}
	first, _, _ := strings.Cut(out, "\n")
	return "oci " + strings.Replace(first, " version", "", 1), nil
}

const cannotBuild = "the oci engine runs images and cannot build them; build with docker or podman (" + installDocker + "), push, and run here"

func (e *oci) CanBuild() (bool, string) { return false, cannotBuild }

func (e *oci) Docker(ctx context.Context, call Call) (int, error) {
	if err := e.open(); err != nil {
		return -1, err
	}
	c := parseCommand(call.Args)
	if len(c.global) > 0 && c.verb == "" {
		switch c.global[0] {
		case "--version", "-v":
			c.verb = "version"
		}
	}
	if e.opts.LeadAll {
		c.rest = append(lead(&c, e.opts.Proxy), c.rest...)
	}
	f := e.commands[c.verb]
	switch {
	case c.verb == "build":
		say(call.Stderr, "docker: %s.", cannotBuild)
		return 1, nil
	case f == nil:
		var have []string
		for v := range e.commands {
			have = append(have, v)
		}
		sort.Strings(have)
		say(call.Stderr, "docker: the oci engine does not do %q; it does %s.", strings.Join(c.words, " "), strings.Join(have, ", "))
		return 1, nil
	}
	return f(ctx, c, call)
}

// full parses a name as docker does, with the default registry and tag.
func full(ref string) (name.Reference, error) { return name.ParseReference(ref) }

// find looks an image up by name, or by the start of its id.
func (e *oci) find(ref string) *stored {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r, err := full(ref); err == nil {
		if s := e.images[r.Name()]; s != nil {
			return s
		}
		if d, ok := r.(name.Digest); ok {
			for _, s := range e.images {
				if s.digest == d.DigestStr() {
					return s
				}
			}
		}
	}
	id := strings.TrimPrefix(ref, "sha256:")
	if len(id) >= 4 {
		for _, s := range e.images {
			if strings.HasPrefix(s.id.Hex, id) {
				return s
			}
		}
	}
	return nil
}

// keep copies an image into the engine's store and names it.
func (e *oci) keep(ref string, img v1.Image, fromRegistry bool) (*stored, error) {
	r, err := full(ref)
	if err != nil {
		return nil, err
	}
	id, err := img.ConfigName()
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	s := &stored{id: id, created: config.Created.Time}
	if fromRegistry {
		s.digest = digest.String()
	}
	path := layout.Path(filepath.Join(e.dir, "layout"))
	e.storing.Lock()
	defer e.storing.Unlock()
	if err := path.AppendImage(img); err != nil {
		return nil, fmt.Errorf("store the image %s: %w", ref, err)
	}
	if s.image, err = path.Image(digest); err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.images[r.Name()] = s
	e.mu.Unlock()
	return s, nil
}

// fetch pulls an image.
func (e *oci) fetch(ctx context.Context, ref string) (*stored, error) {
	r, err := full(ref)
	if err != nil {
		return nil, err
	}
	img, err := remote.Image(r, e.remote(ctx, r)...)
	if err != nil {
		return nil, err
	}
	return e.keep(ref, img, true)
}

func (e *oci) remote(ctx context.Context, r name.Reference) []remote.Option {
	opts := []remote.Option{remote.WithContext(ctx), remote.WithTransport(e.wire), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch()})}
	e.mu.Lock()
	defer e.mu.Unlock()
	if a, ok := e.auth[r.Context().RegistryStr()]; ok {
		opts = append(opts, remote.WithAuth(authn.FromConfig(a)))
	}
	return opts
}

// root unpacks an image once and gives the folder.
func (e *oci) root(ctx context.Context, s *stored) (string, error) {
	e.mu.Lock()
	lock := e.unpacking[s.id.Hex]
	if lock == nil {
		lock = &sync.Mutex{}
		e.unpacking[s.id.Hex] = lock
	}
	e.mu.Unlock()
	lock.Lock()
	defer lock.Unlock()
	dir := filepath.Join(e.dir, "roots", s.id.Hex)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	tmp := dir + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return "", err
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return "", err
	}
	if err := unpack(ctx, s.image, tmp); err != nil {
		_ = os.RemoveAll(tmp)
		return "", err
	}
	return dir, os.Rename(tmp, dir)
}

// size is an image's uncompressed size in bytes, by layer.
func (e *oci) size(s *stored) ([]Layer, int64, error) {
	config, err := s.image.ConfigFile()
	if err != nil {
		return nil, 0, err
	}
	layers, err := s.image.Layers()
	if err != nil {
		return nil, 0, err
	}
	var made []string
	for _, h := range config.History {
		if !h.EmptyLayer {
			made = append(made, h.CreatedBy)
		}
	}
	var list []Layer
	var total int64
	for i, l := range layers {
		diff, err := l.DiffID()
		if err != nil {
			return nil, 0, err
		}
		e.mu.Lock()
		n, known := e.sizes[diff]
		e.mu.Unlock()
		if !known {
			if n, err = contentSize(l); err != nil {
				return nil, 0, err
			}
			e.mu.Lock()
			e.sizes[diff] = n
			e.mu.Unlock()
		}
		row := Layer{Digest: diff.String(), Size: n}
		if i < len(made) {
			row.CreatedBy = made[i]
		}
		list = append(list, row)
		total += n
	}
	return list, total, nil
}

func (e *oci) Image(_ context.Context, ref string) (*Image, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	s := e.find(ref)
	if s == nil {
		return nil, fmt.Errorf("%s: %w", ref, ErrNoImage)
	}
	config, err := s.image.ConfigFile()
	if err != nil {
		return nil, err
	}
	img := &Image{Ref: ref, ID: s.id.String(), Digest: s.digest, Created: s.created, Labels: config.Config.Labels}
	img.Layers, img.Size, err = e.size(s)
	return img, err
}

func (e *oci) Load(_ context.Context, ref string, img v1.Image) error {
	if err := e.open(); err != nil {
		return err
	}
	_, err := e.keep(ref, img, false)
	return err
}

func (e *oci) Save(_ context.Context, ref string) (v1.Image, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	s := e.find(ref)
	if s == nil {
		return nil, fmt.Errorf("%s: %w", ref, ErrNoImage)
	}
	return s.image, nil
}

func (e *oci) Close(ctx context.Context) error {
	if !e.end() {
		return nil
	}
	e.mu.Lock()
	list := append([]*container{}, e.containers...)
	e.mu.Unlock()
	ctx, cancel := toUndo(ctx)
	defer cancel()
	var errs []error
	for _, c := range list {
		errs = append(errs, e.remove(ctx, c))
	}
	e.wire.CloseIdleConnections()
	if e.folder != "" {
		errs = append(errs, e.run.sweep(), e.handOver(e.dir, "layout", "roots"))
	}
	return errors.Join(append(errs, e.run.undo())...)
}
