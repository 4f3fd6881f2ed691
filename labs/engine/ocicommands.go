package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"text/template"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// table is what the oci engine does of docker's commands.
func (e *oci) table() map[string]func(context.Context, commandLine, Call) (int, error) {
	return map[string]func(context.Context, commandLine, Call) (int, error){
		"run": e.runCommand, "exec": e.execCommand, "logs": e.logsCommand,
		"ps": e.psCommand, "images": e.imagesCommand, "history": e.historyCommand, "pull": e.pullCommand, "push": e.pushCommand,
		"tag": e.tagCommand, "rmi": e.rmiCommand, "inspect": e.inspectCommand, "image inspect": e.inspectCommand,
		"login": e.loginCommand, "logout": e.logoutCommand, "load": e.loadCommand, "version": e.versionCommand, "info": e.versionCommand,
		"wait": e.each(e.waitFor), "kill": e.killCommand, "stop": e.stopCommand, "rm": e.rmCommand,
	}
}

// each makes a command of what is done to one container after another.
func (e *oci) each(do func(context.Context, *container, Call) error) func(context.Context, commandLine, Call) (int, error) {
	return func(ctx context.Context, line commandLine, call Call) (int, error) {
		return e.forAll(ctx, line.verb, line.rest, call, do)
	}
}

func (e *oci) forAll(ctx context.Context, verb string, refs []string, call Call, do func(context.Context, *container, Call) error) (int, error) {
	if len(refs) == 0 {
		say(call.Stderr, "\"docker %s\" requires at least 1 argument.", verb)
		return 1, nil
	}
	exit := 0
	for _, ref := range refs {
		c := e.container(ref)
		if c == nil {
			exit = noContainer(call, ref)
			continue
		}
		if err := do(ctx, c, call); err != nil {
			if ctx.Err() != nil {
				return -1, context.Cause(ctx)
			}
			say(call.Stderr, "Error response from daemon: %v", err)
			exit = 1
		}
	}
	return exit, nil
}

func (e *oci) waitFor(ctx context.Context, c *container, call Call) error {
	select {
	case <-c.ended:
		e.mu.Lock()
		defer e.mu.Unlock()
		say(call.Stdout, "%d", c.exit)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *oci) killCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("kill")
	sig := fs.StringP("signal", "s", "KILL", "")
	if err := fs.Parse(line.rest); err != nil {
		say(call.Stderr, "%v", err)
		return 125, nil
	}
	return e.forAll(ctx, "kill", fs.Args(), call, func(ctx context.Context, c *container, call Call) error {
		if e.stateOf(c) != "running" {
			return fmt.Errorf("Cannot kill container: %s: Container %s is not running", c.name, c.id)
		}
		if _, err := output(ctx, e.command("kill", c.id, *sig)); err != nil {
			return err
		}
		if s := strings.TrimPrefix(strings.ToUpper(*sig), "SIG"); s == "KILL" || s == "9" {
			e.kill(ctx, c)
		}
		say(call.Stdout, "%s", c.name)
		return nil
	})
}

func (e *oci) stopCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("stop")
	seconds := fs.IntP("time", "t", 10, "")
	fs.IntVar(seconds, "timeout", 10, "")
	_ = fs.StringP("signal", "s", "", "")
	if err := fs.Parse(line.rest); err != nil {
		say(call.Stderr, "%v", err)
		return 125, nil
	}
	return e.forAll(ctx, "stop", fs.Args(), call, func(_ context.Context, c *container, call Call) error {
		e.halt(c, time.Duration(*seconds)*time.Second)
		say(call.Stdout, "%s", c.name)
		return nil
	})
}

func (e *oci) rmCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("rm")
	force := fs.BoolP("force", "f", false, "")
	_ = fs.BoolP("volumes", "v", false, "")
	if err := fs.Parse(line.rest); err != nil {
		say(call.Stderr, "%v", err)
		return 125, nil
	}
	return e.forAll(ctx, "rm", fs.Args(), call, func(ctx context.Context, c *container, call Call) error {
		if e.stateOf(c) == "running" && !*force {
			return fmt.Errorf("You cannot remove a running container %s. Stop the container before attempting removal or force remove", c.id)
		}
		if err := e.remove(ctx, c); err != nil {
			return err
		}
		say(call.Stdout, "%s", c.name)
		return nil
	})
}

func (c *container) statusLine(now time.Time) string {
	switch c.state {
	case "running":
		return "Up " + humanAge(now.Sub(c.started))
	case "exited":
		return fmt.Sprintf("Exited (%d) %s ago", c.exit, humanAge(now.Sub(c.finished)))
	}
	return "Created"
}

func (e *oci) psCommand(_ context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("ps")
	all, q, full := fs.BoolP("all", "a", false, ""), fs.BoolP("quiet", "q", false, ""), fs.Bool("no-trunc", false, "")
	filters, format := fs.StringArrayP("filter", "f", nil, ""), fs.String("format", "", "")
	if err := fs.Parse(line.rest); err != nil {
		say(call.Stderr, "%v", err)
		return 125, nil
	}
	now := time.Now()
	var rows []containerRow
	e.mu.Lock()
	for i := len(e.containers) - 1; i >= 0; i-- {
		c := e.containers[i]
		if !*all && c.state != "running" || !matches(c, *filters) {
			continue
		}
		row := containerRow{id: c.id, image: shortImage(c.ref), command: c.command, created: c.created, names: c.name, status: c.statusLine(now)}
		var ports []string
		for _, p := range c.ports {
			ports = append(ports, "127.0.0.1:"+p.host+"->"+p.inside+"/tcp")
		}
		if c.state == "running" {
			row.ports = strings.Join(ports, ", ")
		}
		rows = append(rows, row)
	}
	e.mu.Unlock()
	switch {
	case *q:
		for _, r := range rows {
			say(call.Stdout, "%s", shortID(r.id, *full))
		}
		return 0, nil
	case *format != "":
		var list []any
		for _, r := range rows {
			list = append(list, map[string]string{"ID": shortID(r.id, *full), "Image": r.image, "Command": strings.Join(r.command, " "), "Status": r.status,
				"Ports": r.ports, "Names": r.names, "CreatedAt": r.created.String(), "RunningFor": humanAge(now.Sub(r.created)) + " ago"})
		}
		return render(call, *format, list)
	}
	exit, _, err := write(call.Stdout, containerTable(rows, *full, now))
	return exit, err
}

func matches(c *container, filters []string) bool {
	for _, f := range filters {
		key, value, _ := strings.Cut(f, "=")
		ok := false
		switch key {
		case "name":
			ok = strings.Contains(c.name, value)
		case "id":
			ok = strings.HasPrefix(c.id, value)
		case "status":
			ok = c.state == value
		case "label":
			k, v, has := strings.Cut(value, "=")
			got, there := c.labels[k]
			ok = there && (!has || got == v)
		}
		if !ok {
			return false
		}
	}
	return true
}

// render prints each item through a Go template, as docker's --format does.
func render(call Call, format string, list []any) (int, error) {
	format = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(strings.TrimPrefix(format, "table "))
	if format == "json" {
		format = "{{json .}}"
	}
	t, err := template.New("").Funcs(template.FuncMap{
		"json": func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"join": func(v []any, sep string) string {
			var s []string
			for _, x := range v {
				s = append(s, fmt.Sprint(x))
			}
			return strings.Join(s, sep)
		},
		"lower": strings.ToLower, "upper": strings.ToUpper, "println": fmt.Sprintln,
	}).Option("missingkey=error").Parse(format)
	if err != nil {
		say(call.Stderr, "template parsing error: %v", err)
		return 64, nil
	}
	for _, item := range list {
		var b strings.Builder
		if err := t.Execute(&b, item); err != nil {
			say(call.Stderr, "template: %v", err)
			return 1, nil
		}
		say(call.Stdout, "%s", b.String())
	}
	return 0, nil
}

func (e *oci) historyCommand(_ context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("history")
	full := fs.Bool("no-trunc", false, "")
	if err := fs.Parse(line.rest); err != nil || fs.NArg() != 1 {
		say(call.Stderr, "\"docker history\" requires exactly 1 argument.")
		return 1, nil
	}
	s := e.find(fs.Arg(0))
	if s == nil {
		say(call.Stderr, "Error response from daemon: No such image: %s", fs.Arg(0))
		return 1, nil
	}
	config, err := s.image.ConfigFile()
	if err != nil {
		return -1, err
	}
	layers, _, err := e.size(s)
	if err != nil {
		return -1, err
	}
	var rows []historyRow
	for _, h := range config.History {
		row := historyRow{created: h.Created.Time, by: h.CreatedBy, comment: h.Comment}
		if !h.EmptyLayer && len(layers) > 0 {
			row.size, layers = layers[0].Size, layers[1:]
		}
		rows = append(rows, row)
	}
	exit, _, err := write(call.Stdout, historyTable(s.id.String(), rows, *full, time.Now()))
	return exit, err
}

func (e *oci) imagesCommand(_ context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("images")
	_ = fs.BoolP("all", "a", false, "")
	q, full, format := fs.BoolP("quiet", "q", false, ""), fs.Bool("no-trunc", false, ""), fs.String("format", "", "")
	digests := fs.Bool("digests", false, "")
	if err := fs.Parse(line.rest); err != nil {
		say(call.Stderr, "%v", err)
		return 125, nil
	}
	e.mu.Lock()
	held := map[string]*stored{}
	for ref, s := range e.images {
		held[ref] = s
	}
	e.mu.Unlock()
	var rows []imageRow
	for ref, s := range held {
		if fs.NArg() > 0 {
			repo, tag := splitName(ref)
			if want := fs.Arg(0); want != repo && want != repo+":"+tag {
				continue
			}
		}
		_, size, err := e.size(s)
		if err != nil {
			return -1, err
		}
		rows = append(rows, imageRow{ref, s.id.String(), s.created, size, s.digest})
	}
	sort.Slice(rows, func(i, j int) bool {
		if !rows[i].created.Equal(rows[j].created) {
			return rows[i].created.After(rows[j].created)
		}
		return rows[i].ref < rows[j].ref
	})
	now := time.Now()
	switch {
	case *q:
		for _, r := range rows {
			say(call.Stdout, "%s", shortID(r.id, *full))
		}
		return 0, nil
	case *format != "":
		var list []any
		for _, r := range rows {
			repo, tag := splitName(r.ref)
			list = append(list, map[string]string{"Repository": repo, "Tag": tag, "ID": shortID(r.id, *full), "Size": humanSize(r.size),
				"CreatedSince": humanAge(now.Sub(r.created)) + " ago", "CreatedAt": r.created.String()})
		}
		return render(call, *format, list)
	}
	exit, _, err := write(call.Stdout, imageTable(rows, *full, *digests, now))
	return exit, err
}

func (e *oci) pullCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("pull")
	q := fs.BoolP("quiet", "q", false, "")
	_ = fs.String("platform", "", "")
	if err := fs.Parse(line.rest); err != nil || fs.NArg() != 1 {
		say(call.Stderr, "\"docker pull\" requires exactly 1 argument.")
		return 1, nil
	}
	ref := fs.Arg(0)
	before := e.find(ref)
	s, err := e.fetch(ctx, ref)
	if err != nil {
		if ctx.Err() != nil {
			return -1, context.Cause(ctx)
		}
		say(call.Stderr, "Error response from daemon: %s", pullError(ref, err))
		return 1, nil
	}
	if *q {
		say(call.Stdout, "%s", fullName(ref))
		return 0, nil
	}
	r, err := full(ref)
	if err != nil {
		return -1, err
	}
	say(call.Stdout, "%s: Pulling from %s", r.Identifier(), r.Context().RepositoryStr())
	layers, err := s.image.Layers()
	if err != nil {
		return -1, err
	}
	for _, l := range layers {
		if h, err := l.Digest(); err == nil {
			say(call.Stdout, "%s: Pull complete", h.Hex[:12])
		}
	}
	word := "Downloaded newer image"
	if before != nil && before.id == s.id {
		word = "Image is up to date"
	}
	say(call.Stdout, "Digest: %s\nStatus: %s for %s\n%s", s.digest, word, ref, fullName(ref))
	return 0, nil
}

func (e *oci) pushCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	ref := lastWord(line.rest)
	s := e.find(ref)
	if ref == "" || s == nil {
		repo, _ := splitName(ref)
		say(call.Stderr, "An image does not exist locally with the tag: %s", repo)
		return 1, nil
	}
	r, err := name.NewTag(ref)
	if err != nil {
		say(call.Stderr, "%v", err)
		return 1, nil
	}
	if err := remote.Write(r, s.image, e.remote(ctx, r)...); err != nil {
		if ctx.Err() != nil {
			return -1, context.Cause(ctx)
		}
		say(call.Stderr, "The push refers to repository [%s]\n%v", r.Context().Name(), err)
		return 1, nil
	}
	return 0, printPushed(call.Stdout, ref, s.image)
}

func (e *oci) tagCommand(_ context.Context, line commandLine, call Call) (int, error) {
	if len(line.rest) != 2 {
		say(call.Stderr, "\"docker tag\" requires exactly 2 arguments.")
		return 1, nil
	}
	s := e.find(line.rest[0])
	if s == nil {
		say(call.Stderr, "Error response from daemon: No such image: %s", line.rest[0])
		return 1, nil
	}
	r, err := name.NewTag(line.rest[1])
	if err != nil {
		say(call.Stderr, "Error parsing reference: %q is not a valid repository/tag: invalid reference format", line.rest[1])
		return 1, nil
	}
	e.mu.Lock()
	e.images[r.Name()] = s
	e.mu.Unlock()
	return 0, nil
}

func (e *oci) rmiCommand(_ context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("rmi")
	_, _ = fs.BoolP("force", "f", false, ""), fs.Bool("no-prune", false, "")
	if err := fs.Parse(line.rest); err != nil || fs.NArg() == 0 {
		say(call.Stderr, "\"docker rmi\" requires at least 1 argument.")
		return 1, nil
	}
	exit := 0
	for _, ref := range fs.Args() {
		s := e.find(ref)
		if s == nil {
			say(call.Stderr, "Error response from daemon: No such image: %s", ref)
			exit = 1
			continue
		}
		e.mu.Lock()
		var gone []string
		r, err := full(ref)
		named := err == nil && e.images[r.Name()] == s
		for n, other := range e.images {
			if other.id == s.id && (!named || n == r.Name()) {
				gone = append(gone, n)
				delete(e.images, n)
			}
		}
		used := false
		for _, other := range e.images {
			used = used || other.id == s.id
		}
		for _, c := range e.containers {
			used = used || c.image.id == s.id
		}
		e.mu.Unlock()
		for _, n := range gone {
			repo, tag := splitName(n)
			say(call.Stdout, "Untagged: %s:%s", repo, tag)
		}
		if !used {
			if err := removeTree(filepath.Join(e.dir, "roots", s.id.Hex)); err != nil {
				return -1, err
			}
			say(call.Stdout, "Deleted: %s", s.id)
		}
	}
	return exit, nil
}

func (e *oci) inspectCommand(_ context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("inspect")
	format, _, _ := fs.StringP("format", "f", "", ""), fs.String("type", "", ""), fs.BoolP("size", "s", false, "")
	if err := fs.Parse(line.rest); err != nil || fs.NArg() == 0 {
		say(call.Stderr, "\"docker inspect\" requires at least 1 argument.")
		return 1, nil
	}
	list := []any{}
	exit := 0
	for _, ref := range fs.Args() {
		switch c, s := e.container(ref), e.find(ref); {
		case c != nil && line.words[0] != "image":
			list = append(list, e.describe(c))
		case s != nil && line.words[0] != "container":
			d, err := e.describeImage(ref, s)
			if err != nil {
				return -1, err
			}
			list = append(list, d)
		default:
			say(call.Stderr, "Error: No such object: %s", ref)
			exit = 1
		}
	}
	if *format != "" {
		if code, err := render(call, *format, list); code != 0 || err != nil {
			return code, err
		}
		return exit, nil
	}
	text, err := json.MarshalIndent(list, "", "    ")
	if err != nil {
		return -1, err
	}
	say(call.Stdout, "%s", text)
	return exit, nil
}

// describe gives what "docker inspect" tells of a container, as far as scripts
// ask for it.
func (e *oci) describe(c *container) map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	ports := map[string]any{}
	for _, p := range c.ports {
		ports[p.inside+"/tcp"] = []any{map[string]any{"HostIp": "127.0.0.1", "HostPort": p.host}}
	}
	labels := map[string]any{}
	for k, v := range c.labels {
		labels[k] = v
	}
	pid := 0
	if c.state == "running" {
		pid = c.process.cmd.Process.Pid
	}
	return map[string]any{
		"Id": c.id, "Name": "/" + c.name, "Created": stamp(c.created), "Image": c.image.id.String(), "RestartCount": 0, "Driver": "oci",
		"State": map[string]any{"Status": c.state, "Running": c.state == "running", "ExitCode": c.exit, "Pid": pid, "OOMKilled": false, "Error": "",
			"StartedAt": stamp(c.started), "FinishedAt": stamp(c.finished)},
		"Config":          map[string]any{"Image": c.ref, "Hostname": c.hostname, "Cmd": c.command, "Labels": labels},
		"NetworkSettings": map[string]any{"IPAddress": "127.0.0.1", "Ports": ports},
		"HostConfig":      map[string]any{"NetworkMode": "host", "AutoRemove": c.autoRemove},
	}
}

func (e *oci) describeImage(ref string, s *stored) (map[string]any, error) {
	config, err := s.image.ConfigFile()
	if err != nil {
		return nil, err
	}
	layers, size, err := e.size(s)
	if err != nil {
		return nil, err
	}
	var diffs []any
	for _, l := range layers {
		diffs = append(diffs, l.Digest)
	}
	digests := []any{}
	if r, err := full(ref); err == nil && s.digest != "" {
		digests = append(digests, familiar(r.Context())+"@"+s.digest)
	}
	labels := map[string]any{}
	for k, v := range config.Config.Labels {
		labels[k] = v
	}
	c := config.Config
	return map[string]any{
		"Id": s.id.String(), "RepoTags": []any{ref}, "RepoDigests": digests, "Created": s.created.UTC().Format(time.RFC3339Nano),
		"Architecture": config.Architecture, "Os": config.OS, "Size": size, "VirtualSize": size,
		"Config": map[string]any{"Env": c.Env, "Cmd": c.Cmd, "Entrypoint": c.Entrypoint, "WorkingDir": c.WorkingDir, "User": c.User, "Labels": labels},
		"RootFS": map[string]any{"Type": "layers", "Layers": diffs},
	}, nil
}

func (e *oci) loginCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("login")
	user, password, fromStdin := fs.StringP("username", "u", "", ""), fs.StringP("password", "p", "", ""), fs.Bool("password-stdin", false, "")
	if err := fs.Parse(line.rest); err != nil {
		say(call.Stderr, "%v", err)
		return 125, nil
	}
	host := name.DefaultRegistry
	if fs.NArg() > 0 {
		host = fs.Arg(0)
	}
	if *fromStdin && call.Stdin != nil {
		text, err := io.ReadAll(io.LimitReader(call.Stdin, 1<<16))
		if err != nil {
			return -1, err
		}
		*password = strings.TrimRight(string(text), "\r\n")
	}
	if fs.Changed("password") {
		say(call.Stderr, "WARNING! Using --password via the CLI is insecure. Use --password-stdin.")
	}
	if *user == "" || *password == "" {
		say(call.Stderr, "Error: Cannot perform an interactive login from a non TTY device")
		return 1, nil
	}
	reg, err := name.NewRegistry(host)
	if err != nil {
		say(call.Stderr, "%v", err)
		return 1, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, reg.Scheme()+"://"+reg.RegistryStr()+"/v2/", nil)
	if err != nil {
		return -1, err
	}
	req.SetBasicAuth(*user, *password)
	resp, err := e.wire.RoundTrip(req)
	if err != nil {
		say(call.Stderr, "Error response from daemon: Get \"https://%s/v2/\": %v", reg.RegistryStr(), err)
		return 1, nil
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		say(call.Stderr, "Error response from daemon: Get \"https://%s/v2/\": %s", reg.RegistryStr(), resp.Status)
		return 1, nil
	}
	e.mu.Lock()
	e.auth[reg.RegistryStr()] = authn.AuthConfig{Username: *user, Password: *password}
	e.mu.Unlock()
	say(call.Stdout, "Login Succeeded")
	return 0, nil
}

func (e *oci) logoutCommand(_ context.Context, line commandLine, call Call) (int, error) {
	host := name.DefaultRegistry
	if w := lastWord(line.rest); w != "" {
		host = w
	}
	e.mu.Lock()
	delete(e.auth, host)
	e.mu.Unlock()
	say(call.Stdout, "Removing login credentials for %s", host)
	return 0, nil
}

// loadCommand is "docker load": an archive with its names in it.
func (e *oci) loadCommand(_ context.Context, line commandLine, call Call) (int, error) {
	fs := quiet("load")
	input, _ := fs.StringP("input", "i", "", ""), fs.BoolP("quiet", "q", false, "")
	if err := fs.Parse(line.rest); err != nil || *input == "" {
		say(call.Stderr, "the oci engine loads from a file: docker load -i FILE")
		return 1, nil
	}
	path := *input
	if !filepath.IsAbs(path) {
		path = filepath.Join(call.Dir, path)
	}
	m, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		say(call.Stderr, "open %s: %v", *input, err)
		return 1, nil
	}
	for _, d := range m {
		for _, tag := range d.RepoTags {
			t, err := name.NewTag(tag)
			if err != nil {
				return -1, err
			}
			img, err := tarball.ImageFromPath(path, &t)
			if err != nil {
				return -1, err
			}
			if _, err := e.keep(tag, img, false); err != nil {
				return -1, err
			}
			say(call.Stdout, "Loaded image: %s", tag)
		}
	}
	return 0, nil
}

func (e *oci) versionCommand(ctx context.Context, line commandLine, call Call) (int, error) {
	v, err := e.Version(ctx)
	if err != nil {
		return -1, err
	}
	fs := quiet("version")
	format := fs.StringP("format", "f", "", "")
	if fs.Parse(line.rest) == nil && *format != "" {
		version := map[string]any{"Version": strings.TrimPrefix(v, "oci "), "Os": "linux", "Arch": runtime.GOARCH}
		return render(call, *format, []any{map[string]any{"Server": version, "Client": version, "ServerVersion": version["Version"]}})
	}
	say(call.Stdout, "Docent's oci engine, on %s. It runs images; it does not build them.", strings.TrimPrefix(v, "oci "))
	return 0, nil
}

// contentSize is the sum of a layer's files in bytes, which is what docker calls
// its size.
func contentSize(l v1.Layer) (int64, error) {
	rc, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer func() { _ = rc.Close() }()
	return sumFiles(rc)
}

// withoutTerminal takes the terminal out of a container's configuration.
func withoutTerminal(bundle string) error {
	path := filepath.Join(bundle, "config.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var s specs.Spec
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Process == nil {
		return errors.New("a container without a process")
	}
	s.Process.Terminal = false
	return writeSpec(bundle, &s)
}
