package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// podman drives podman, with a store of the run's own. Where its words differ
// from docker's in what tutorials show, it prints docker's.
type podman struct {
	opts   Options
	dir    string
	path   string
	run    *runMark
	global []string // flags before every command
	env    []string
	gpu    *gpuAccess
	layers layersByID
	life
	kept
}

const installPodman = "apt-get install -y podman runc"

func openPodman(ctx context.Context, opts Options) (Engine, error) {
	path, err := lookPath("podman")
	if err != nil {
		return nil, &Missing{"podman", installPodman}
	}
	e := &podman{opts: opts, dir: filepath.Join(opts.Scratch, "podman"), path: path, gpu: &gpuAccess{opts: opts}}
	if e.run, err = markRun(opts, "podman"); err != nil {
		return nil, err
	}
	e.run.Net = netBefore(ctx, "podman")
	if err := e.run.write(); err != nil {
		return nil, err
	}
	for _, d := range []string{"root", "tmp", "networks", "etc", "home"} {
		if err := os.MkdirAll(filepath.Join(e.dir, d), 0o700); err != nil {
			return nil, fmt.Errorf("make podman's folder: %w", err)
		}
	}
	if err := takeOver(opts.Store, e.dir, "root"); err != nil {
		return nil, errors.Join(err, e.run.undo())
	}
	e.global = []string{
		"--root", filepath.Join(e.dir, "root"), "--runroot", filepath.Join(e.run.Short, "run"),
		"--tmpdir", filepath.Join(e.run.Short, "tmp"), "--events-backend", "file", "--cgroup-manager", "cgroupfs",
		"--network-config-dir", filepath.Join(e.dir, "networks"),
	}
	runtime := "runc"
	if _, err := lookPath("runc"); err != nil {
		runtime = "crun"
		if _, err := lookPath("crun"); err != nil {
			e.run.drop()
			return nil, &Missing{"a container runtime for podman", "apt-get install -y runc"}
		}
	}
	e.global = append(e.global, "--runtime", runtime)
	if err := e.configure(); err != nil {
		e.run.drop()
		return nil, err
	}
	if _, err := output(ctx, e.command("info", "--format", "{{.Store.GraphDriverName}}")); err != nil {
		e.run.drop()
		return nil, fmt.Errorf("podman does not work here: %w", err)
	}
	return e, nil
}

// configure writes podman's configuration and its environment.
func (e *podman) configure() error {
	etc := filepath.Join(e.dir, "etc")
	subnet := subnetOf(e.run.Short)
	files := map[string]string{
		// The limits suit machines whose own are lower than podman would ask for;
		// runs' proxies are the engine's matter, not the containers'.
		"containers.conf": `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
http_proxy = false
log_driver = "k8s-file"
pids_limit = 0
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
[network]
default_subnet = "` + subnet + `"
`,
		"registries.conf": "unqualified-search-registries = [\"docker.io\"]\nshort-name-mode = \"permissive\"\n",
		"policy.json":     `{"default": [{"type": "insecureAcceptAnything"}]}` + "\n",
		"auth.json":       "{}\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("configure podman: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(e.dir, "networks", "87-podman.conflist"), []byte(bridgeConfig(e.run.bridge(), subnet)), 0o600); err != nil {
		return fmt.Errorf("configure podman's network: %w", err)
	}
	e.env = append([]string{
		marker + "=" + e.dir, "CONTAINERS_CONF=" + filepath.Join(etc, "containers.conf"),
		"CONTAINERS_REGISTRIES_CONF=" + filepath.Join(etc, "registries.conf"),
		"REGISTRY_AUTH_FILE=" + filepath.Join(etc, "auth.json"), "BUILDAH_ISOLATION=oci", "BUILDAH_FORMAT=docker",
		"PATH=" + toolPath, "HOME=" + filepath.Join(e.dir, "home"), "TMPDIR=" + filepath.Join(e.dir, "tmp"),
	}, proxyEnv(e.opts.Proxy, e.opts)...)
	return nil
}

// subnetOf gives each run's podman a range of its own, so that two at once do
// not fight for one.
func subnetOf(short string) string {
	sum := 0
	for _, c := range filepath.Base(short) {
		sum = sum*31 + int(c)
	}
	return fmt.Sprintf("10.%d.%d.0/24", 88+sum%100, (sum/100)%256)
}

// bridgeConfig is podman's default network, on a bridge of the run's own.
func bridgeConfig(bridge, subnet string) string {
	return fmt.Sprintf(`{"cniVersion": "0.4.0", "name": "podman", "plugins": [
  {"type": "bridge", "bridge": %q, "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": %q, "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": %q}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "firewall"},
  {"type": "tuning"}
]}
`, bridge, "/run/docent/"+bridge, subnet)
}

func (e *podman) command(args ...string) *exec.Cmd {
	cmd := exec.Command(e.path, append(append([]string{}, e.global...), args...)...)
	cmd.Env = e.environ(nil)
	return cmd
}

func (e *podman) environ(base []string) []string {
	return environ(base, []string{"DOCKER_*", "CONTAINER*", "STORAGE_*", "BUILDAH_*", "XDG_*"}, e.env...)
}

func (e *podman) Name() string { return "podman" }

func (e *podman) Version(ctx context.Context) (string, error) {
	out, err := output(ctx, e.command("version", "--format", "{{.Client.Version}}"))
	if err != nil {
		return "", fmt.Errorf("ask podman for its version: %w", err)
	}
	return "podman " + strings.TrimSpace(out), nil
}

func (e *podman) CanBuild() (bool, string) { return true, "" }

func (e *podman) Docker(ctx context.Context, call Call) (int, error) {
	if err := e.open(); err != nil {
		return -1, err
	}
	c := parseCommand(call.Args)
	if len(c.global) > 0 && c.verb != "" {
		say(call.Stderr, "docker: labs does not take flags before the command (%s)", c.global[0])
		return 125, nil
	}
	var added []string
	if labelled[c.verb] {
		added = append(added, "--label", Label+"="+e.opts.RunID)
	}
	if e.opts.LeadAll {
		added = append(added, lead(&c, e.opts.Proxy)...)
	}
	switch c.verb {
	case "":
		return e.pass(ctx, call, call.Args)
	case "images":
		if exit, ok, err := e.images(ctx, c, call); ok || err != nil {
			return exit, err
		}
	case "ps":
		if exit, ok, err := e.ps(ctx, c, call); ok || err != nil {
			return exit, err
		}
	case "run", "create":
		r, err := parseRun(c.rest)
		if err != nil {
			break
		}
		if why := refuse(r, call.Dir, e.opts.mounts()); why != "" {
			say(call.Stderr, "docker: %s.", why)
			return 125, nil
		}
		flags, rest, fail := e.gpu.flags(ctx, r, c.rest, call.GPUs)
		if fail != "" {
			say(call.Stderr, "docker: %s", fail)
			return 125, nil
		}
		if rest, err = e.publishOnLoopback(r, rest); err != nil {
			say(call.Stderr, "docker: %v", err)
			return 125, nil
		}
		added, c.rest = append(append(added, bounds(r)...), flags...), rest
		added = append(added, "--pull", "missing")
		if r.one("pull") != "" {
			added = added[:len(added)-2]
		}
	case "build":
		added = append(added, "--http-proxy=false", "--layers")
		c.words = []string{"build"}
		c.rest = withoutFlags(c.rest, "--load", "--progress", "--provenance", "--sbom")
	case "login":
		// podman asks the registry as docker does; the file for secrets is the run's.
	}
	return e.pass(ctx, call, c.args(added...))
}

// pass hands a line to podman as it is.
func (e *podman) pass(ctx context.Context, call Call, args []string) (int, error) {
	cmd := exec.Command(e.path, append(append([]string{}, e.global...), args...)...)
	cmd.Env = e.environ(call.Env)
	return carryOut(ctx, cmd, call)
}

// publishOnLoopback keeps published ports off the machine's other addresses.
func (e *podman) publishOnLoopback(r *runLine, rest []string) ([]string, error) {
	out := append([]string{}, rest...)
	n := len(rest) - len(r.command) - 1
	for i := 0; i < n; i++ {
		switch {
		case (out[i] == "-p" || out[i] == "--publish") && i+1 < n:
			out[i+1] = loopback(out[i+1])
			i++
		case strings.HasPrefix(out[i], "--publish="):
			out[i] = "--publish=" + loopback(strings.TrimPrefix(out[i], "--publish="))
		case strings.HasPrefix(out[i], "-p") && len(out[i]) > 2:
			out[i] = "-p" + loopback(out[i][2:])
		}
	}
	return out, nil
}

// loopback adds the address to a port mapping that names none.
func loopback(spec string) string {
	switch strings.Count(spec, ":") {
	case 0:
		return "127.0.0.1::" + spec
	case 1:
		return "127.0.0.1:" + spec
	}
	return spec
}

// withoutFlags drops flags that podman does not have; --flag=value and --load
// are dropped alone, others with their value.
func withoutFlags(args []string, names ...string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		drop := false
		for _, n := range names {
			if args[i] == n {
				drop = true
				if n != "--load" {
					i++
				}
				break
			}
			if strings.HasPrefix(args[i], n+"=") {
				drop = true
			}
		}
		if !drop {
			out = append(out, args[i])
		}
	}
	return out
}

type podmanImage struct {
	ID      string   `json:"Id"`
	Names   []string `json:"Names"`
	Size    int64    `json:"Size"`
	Created int64    `json:"Created"`
}

// images prints the table of images as docker does. ok is false for a form that
// podman must answer itself.
func (e *podman) images(ctx context.Context, c commandLine, call Call) (int, bool, error) {
	fs := quiet("images")
	var filter []string
	q, _, _, noTrunc := fs.BoolP("quiet", "q", false, ""), fs.BoolP("all", "a", false, ""), fs.Bool("digests", false, ""), fs.Bool("no-trunc", false, "")
	fs.StringArrayVarP(&filter, "filter", "f", nil, "")
	if fs.Parse(c.rest) != nil || *q || len(filter) > 0 || fs.Changed("digests") {
		return 0, false, nil // among them --format: podman knows docker's
	}
	out, err := output(ctx, e.command(append([]string{"images", "--format", "json"}, fs.Args()...)...))
	if err != nil {
		return 0, false, nil
	}
	var list []podmanImage
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return -1, true, fmt.Errorf("read podman's list of images: %w", err)
	}
	var rows []imageRow
	seen := map[string]bool{}
	for _, im := range list {
		for _, n := range im.Names {
			// podman gives an image once for each of its names.
			if seen[n] {
				continue
			}
			seen[n] = true
			rows = append(rows, imageRow{ref: n, id: im.ID, created: time.Unix(im.Created, 0), size: im.Size})
		}
		if len(im.Names) == 0 {
			rows = append(rows, imageRow{id: im.ID, created: time.Unix(im.Created, 0), size: im.Size})
		}
	}
	return write(call.Stdout, imageTable(rows, *noTrunc, false, time.Now()))
}

func write(f *os.File, text string) (int, bool, error) {
	if f != nil {
		if _, err := f.WriteString(text); err != nil {
			return 1, true, nil // a closed pipe is the reader's doing
		}
	}
	return 0, true, nil
}

type podmanContainer struct {
	ID      string   `json:"Id"`
	Image   string   `json:"Image"`
	Command []string `json:"Command"`
	Created int64    `json:"Created"`
	Status  string   `json:"Status"`
	State   string   `json:"State"`
	Exit    int      `json:"ExitCode"`
	Started int64    `json:"StartedAt"`
	Exited  int64    `json:"ExitedAt"`
	Names   []string `json:"Names"`
	Ports   []struct {
		HostIP        string `json:"host_ip"`
		ContainerPort int    `json:"container_port"`
		HostPort      int    `json:"host_port"`
		Protocol      string `json:"protocol"`
	} `json:"Ports"`
}

// ps prints the table of containers as docker does.
func (e *podman) ps(ctx context.Context, c commandLine, call Call) (int, bool, error) {
	fs := quiet("ps")
	all := fs.BoolP("all", "a", false, "")
	noTrunc := fs.Bool("no-trunc", false, "")
	if fs.Parse(c.rest) != nil {
		return 0, false, nil
	}
	args := []string{"ps", "--format", "json"}
	if *all {
		args = append(args, "-a")
	}
	out, err := output(ctx, e.command(args...))
	if err != nil {
		return 0, false, nil
	}
	var list []podmanContainer
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return -1, true, fmt.Errorf("read podman's list of containers: %w", err)
	}
	now := time.Now()
	var rows []containerRow
	for _, p := range list {
		row := containerRow{id: p.ID, image: shortImage(p.Image), command: p.Command, created: time.Unix(p.Created, 0), names: strings.Join(p.Names, ",")}
		switch p.State {
		case "running":
			row.status = "Up " + humanAge(now.Sub(time.Unix(p.Started, 0)))
		case "exited":
			row.status = fmt.Sprintf("Exited (%d) %s ago", p.Exit, humanAge(now.Sub(time.Unix(p.Exited, 0))))
		default:
			row.status = strings.ToUpper(p.State[:1]) + p.State[1:]
		}
		var ports []string
		for _, m := range p.Ports {
			ports = append(ports, fmt.Sprintf("%s:%d->%d/%s", m.HostIP, m.HostPort, m.ContainerPort, m.Protocol))
		}
		row.ports = strings.Join(ports, ", ")
		rows = append(rows, row)
	}
	return write(call.Stdout, containerTable(rows, *noTrunc, now))
}

func (e *podman) Image(ctx context.Context, ref string) (*Image, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	out, err := output(ctx, e.command("image", "inspect", ref))
	if err != nil {
		if strings.Contains(err.Error(), "image not known") || strings.Contains(err.Error(), "no such image") || strings.Contains(err.Error(), "failed to find image") {
			return nil, fmt.Errorf("%s: %w", ref, ErrNoImage)
		}
		return nil, fmt.Errorf("inspect the image %s: %w", ref, err)
	}
	var list []struct {
		ID      string `json:"Id"`
		Digest  string
		Created time.Time
		Size    int64
		Labels  map[string]string
		RootFS  struct{ Layers []string }
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) == 0 {
		return nil, fmt.Errorf("inspect the image %s: podman's answer: %w", ref, err)
	}
	in := list[0]
	img := &Image{Ref: ref, ID: "sha256:" + strings.TrimPrefix(in.ID, "sha256:"), Digest: in.Digest, Created: in.Created, Size: in.Size, Labels: in.Labels}
	if img.Layers = e.layers.of(img.ID); img.Layers != nil {
		return img, nil
	}
	hist, err := output(ctx, e.command("history", "--no-trunc", "--format", "json", ref))
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", ref, err)
	}
	var steps []struct {
		Size      int64  `json:"size"`
		CreatedBy string `json:"CreatedBy"`
	}
	if err := json.Unmarshal([]byte(hist), &steps); err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", ref, err)
	}
	var made []Layer
	for i := len(steps) - 1; i >= 0; i-- { // newest first
		made = append(made, Layer{Size: steps[i].Size, CreatedBy: steps[i].CreatedBy})
	}
	img.Layers = e.layers.keep(img.ID, joinHistory(in.RootFS.Layers, made))
	return img, nil
}

func (e *podman) Load(ctx context.Context, ref string, img v1.Image) error {
	if err := e.open(); err != nil {
		return err
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		return fmt.Errorf("load an image: %w", err)
	}
	f, err := os.CreateTemp(filepath.Join(e.dir, "tmp"), "load-*.tar")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	err = writeArchive(f, tag, img)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the image %s: %w", ref, err)
	}
	if _, err := output(ctx, e.command("load", "-q", "-i", f.Name())); err != nil {
		return fmt.Errorf("load the image %s: %w", ref, err)
	}
	return nil
}

func (e *podman) Save(ctx context.Context, ref string) (v1.Image, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Join(e.dir, "tmp"), "save-*.tar")
	if err != nil {
		return nil, err
	}
	_ = f.Close()
	_ = os.Remove(f.Name()) // podman wants to make it
	if _, err := output(ctx, e.command("save", "-q", "--format", "docker-archive", "-o", f.Name(), ref)); err != nil {
		if strings.Contains(err.Error(), "image not known") {
			err = fmt.Errorf("%s: %w", ref, ErrNoImage)
		}
		return nil, fmt.Errorf("save the image %s: %w", ref, err)
	}
	return readArchive(f.Name(), ref)
}

func (e *podman) Close(ctx context.Context) error {
	if !e.end() {
		return nil
	}
	ctx, cancel := toUndo(ctx)
	defer cancel()
	var errs []error
	// podman takes its own bridge down when its last container goes.
	if _, err := output(ctx, e.command("rm", "-f", "-a", "-t", "0")); err != nil {
		e.opts.Log("podman rm: " + err.Error())
	}
	if out, err := output(ctx, e.command("network", "ls", "-q", "--filter", "label="+Label+"="+e.opts.RunID)); err == nil && strings.TrimSpace(out) != "" {
		if _, err := output(ctx, e.command(append([]string{"network", "rm", "-f"}, strings.Fields(out)...)...)); err != nil {
			errs = append(errs, err)
		}
	}
	if e.folder != "" {
		// Its list of containers names folders of this run.
		errs = append(errs, e.run.sweep(), os.RemoveAll(filepath.Join(e.dir, "root", "libpod")), e.handOver(e.dir, "root"))
	}
	return errors.Join(append(errs, e.run.undo())...)
}
