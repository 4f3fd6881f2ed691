package engine

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
)

// commandLine is a docker command line, taken apart as far as an engine must
// know it.
type commandLine struct {
	global []string // flags before the command
	verb   string   // "run", "build", "images" ..., the short form where docker has two
	words  []string // the command as it was typed: ["run"], ["image", "ls"] ...
	rest   []string // what follows
}

// long names the two-word commands that have a short form of another name.
var long = map[string]string{
	"image ls": "images", "image list": "images", "image rm": "rmi", "image remove": "rmi",
	"container ls": "ps", "container list": "ps", "container ps": "ps", "container remove": "rm",
	"buildx build": "build", "buildx b": "build", "builder build": "build",
}

// groups are docker's management commands.
var groups = map[string]bool{
	"builder": true, "buildx": true, "config": true, "container": true, "context": true, "image": true,
	"manifest": true, "network": true, "node": true, "plugin": true, "secret": true, "service": true,
	"stack": true, "swarm": true, "system": true, "trust": true, "volume": true, "compose": true,
}

// globalWithValue are the flags before the command that take a value.
var globalWithValue = map[string]bool{
	"--config": true, "-c": true, "--context": true, "-H": true, "--host": true, "-l": true,
	"--log-level": true, "--tlscacert": true, "--tlscert": true, "--tlskey": true,
}

// parseCommand takes a docker command line apart. A line without a command has
// an empty verb.
func parseCommand(args []string) commandLine {
	var c commandLine
	i := 0
	for i < len(args) && strings.HasPrefix(args[i], "-") {
		n := 1
		if globalWithValue[args[i]] {
			n = 2
		}
		for ; n > 0 && i < len(args); n-- {
			c.global = append(c.global, args[i])
			i++
		}
	}
	if i == len(args) {
		return c
	}
	c.words, c.rest = args[i:i+1:i+1], args[i+1:]
	c.verb = args[i]
	if groups[c.verb] && len(c.rest) > 0 && !strings.HasPrefix(c.rest[0], "-") {
		c.words, c.rest = args[i:i+2:i+2], args[i+2:]
		pair := c.words[0] + " " + c.words[1]
		switch short, ok := long[pair]; {
		case ok:
			c.verb = short
		case c.words[0] == "container" || c.words[0] == "image":
			c.verb = c.words[1]
		default:
			c.verb = pair
		}
	}
	return c
}

// args puts the line together again, with flags added right after the command.
func (c commandLine) args(added ...string) []string {
	out := append([]string{}, c.global...)
	out = append(out, c.words...)
	out = append(out, added...)
	return append(out, c.rest...)
}

// labelled are the commands that make something a label can be put on.
var labelled = map[string]bool{
	"run": true, "create": true, "build": true, "network create": true, "volume create": true,
}

// The flags of docker run and create, by kind. A flag that is not here makes the
// line unreadable, and the real command says what is wrong with it.
var (
	runBools = []string{"detach,d", "interactive,i", "tty,t", "rm", "privileged", "init", "read-only", "publish-all,P",
		"no-healthcheck", "oom-kill-disable", "sig-proxy", "disable-content-trust", "quiet,q", "help", "use-api-socket"}
	runLists = []string{"volume,v", "env,e", "publish,p", "label,l", "mount", "gpus", "device", "env-file", "add-host", "cap-add",
		"cap-drop", "security-opt", "tmpfs", "ulimit", "expose", "dns", "dns-option", "dns-search", "network", "net",
		"attach,a", "annotation", "blkio-weight-device", "device-cgroup-rule", "device-read-bps", "device-read-iops",
		"device-write-bps", "device-write-iops", "group-add", "label-file", "link", "link-local-ip", "log-opt",
		"network-alias", "net-alias", "storage-opt", "sysctl", "volumes-from"}
	runValues = []string{"workdir,w", "name", "entrypoint", "user,u", "hostname,h", "memory,m", "cpus", "shm-size", "platform",
		"pull", "restart", "runtime", "stop-signal", "stop-timeout", "blkio-weight", "cgroup-parent", "cgroupns", "cidfile",
		"cpu-count", "cpu-percent", "cpu-period", "cpu-quota", "cpu-rt-period", "cpu-rt-runtime", "cpu-shares,c",
		"cpuset-cpus", "cpuset-mems", "detach-keys", "domainname", "health-cmd", "health-interval", "health-retries",
		"health-start-period", "health-start-interval", "health-timeout", "io-maxbandwidth", "io-maxiops", "ip", "ip6", "ipc",
		"isolation", "kernel-memory", "log-driver", "mac-address", "memory-reservation", "memory-swap", "memory-swappiness",
		"oom-score-adj", "pid", "pids-limit", "userns", "uts", "volume-driver"}
)

func quiet(name string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

func define(fs *pflag.FlagSet, bools, lists, values []string) {
	for _, n := range bools {
		name, short, _ := strings.Cut(n, ",")
		fs.BoolP(name, short, name == "sig-proxy" || name == "disable-content-trust", "")
	}
	for _, n := range lists {
		name, short, _ := strings.Cut(n, ",")
		fs.StringArrayP(name, short, nil, "")
	}
	for _, n := range values {
		name, short, _ := strings.Cut(n, ",")
		fs.StringP(name, short, "", "")
	}
}

// runLine is a "docker run" or "docker create" command line.
type runLine struct {
	*pflag.FlagSet
	image   string
	command []string
}

// parseRun reads what follows "run". The error is worded as docker words it.
func parseRun(rest []string) (*runLine, error) {
	fs := quiet("run")
	fs.SetInterspersed(false)
	define(fs, runBools, runLists, runValues)
	if err := fs.Parse(rest); err != nil {
		return nil, err
	}
	if fs.NArg() == 0 {
		return nil, fmt.Errorf("\"docker run\" requires at least 1 argument.\nSee 'docker run --help'.")
	}
	return &runLine{fs, fs.Arg(0), fs.Args()[1:]}, nil
}

func (r *runLine) on(name string) bool       { v, _ := r.GetBool(name); return v }
func (r *runLine) one(name string) string    { v, _ := r.GetString(name); return v }
func (r *runLine) all(name string) []string  { v, _ := r.GetStringArray(name); return v }
func (r *runLine) either(a, b string) string { return last(append(r.all(a), r.all(b)...)) }

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// bind is one host folder or file that a container asked for.
type bind struct {
	source, target string
	readOnly       bool
	tmpfs          bool
}

// binds reads -v, --mount and --tmpfs. Named volumes have a source that does not
// begin with a slash. Relative sources start in dir.
func (r *runLine) binds(dir string) ([]bind, error) {
	var list []bind
	abs := func(p string) string {
		if strings.HasPrefix(p, ".") {
			return filepath.Join(dir, p)
		}
		return p
	}
	for _, v := range r.all("volume") {
		parts := strings.Split(v, ":")
		switch len(parts) {
		case 1:
			list = append(list, bind{target: parts[0]})
		case 2, 3:
			b := bind{source: abs(parts[0]), target: parts[1]}
			b.readOnly = len(parts) == 3 && hasWord(parts[2], "ro")
			list = append(list, b)
		default:
			return nil, fmt.Errorf("invalid volume specification: '%s'", v)
		}
		if !strings.HasPrefix(list[len(list)-1].target, "/") {
			return nil, fmt.Errorf("invalid volume specification: '%s': invalid mount config for type \"bind\": invalid mount path: '%s' mount path must be absolute", v, list[len(list)-1].target)
		}
	}
	for _, m := range r.all("mount") {
		var b bind
		kind := "volume"
		for _, kv := range strings.Split(m, ",") {
			key, val, has := strings.Cut(kv, "=")
			switch key {
			case "type":
				kind = val
			case "source", "src":
				b.source = abs(val)
			case "target", "dst", "destination":
				b.target = val
			case "readonly", "ro":
				b.readOnly = !has || val == "true" || val == "1"
			}
		}
		b.tmpfs = kind == "tmpfs"
		if b.target == "" {
			return nil, fmt.Errorf("invalid argument \"%s\" for \"--mount\" flag: target is required", m)
		}
		list = append(list, b)
	}
	for _, t := range r.all("tmpfs") {
		path, _, _ := strings.Cut(t, ":")
		list = append(list, bind{target: path, tmpfs: true})
	}
	return list, nil
}

func hasWord(list, word string) bool {
	for _, w := range strings.Split(list, ",") {
		if w == word {
			return true
		}
	}
	return false
}

// The flags of docker build, by kind.
var (
	buildBools = []string{"compress", "disable-content-trust", "force-rm", "no-cache", "pull", "quiet,q", "rm", "squash", "stream", "load", "push", "debug,D", "check", "help"}
	buildLists = []string{"add-host", "build-arg", "build-context", "cache-from", "cache-to", "label", "secret", "security-opt", "ssh", "tag,t", "ulimit",
		"allow", "annotation", "attest", "no-cache-filter", "output,o", "platform"}
	buildValues = []string{"cgroup-parent", "cpu-period", "cpu-quota", "cpu-shares,c", "cpuset-cpus", "cpuset-mems", "file,f", "iidfile", "isolation", "memory,m",
		"memory-swap", "network", "progress", "shm-size", "target", "builder", "call", "metadata-file", "provenance", "sbom"}
)

// parseBuild reads what follows "build".
func parseBuild(rest []string) (*pflag.FlagSet, error) {
	fs := quiet("build")
	define(fs, buildBools, buildLists, buildValues)
	return fs, fs.Parse(rest)
}

// maxProcesses is how many processes a container may have if its command line
// says nothing of it.
const maxProcesses = "16384"

// bounds are the flags that keep a container from taking the machine with it:
// the kernel ends it first when memory runs out, and it cannot fork without end.
func bounds(r *runLine) []string {
	var flags []string
	if r.one("oom-score-adj") == "" {
		flags = append(flags, "--oom-score-adj", "500")
	}
	for _, dir := range []string{"/sys/fs/cgroup/pids", "/sys/fs/cgroup/cgroup.controllers"} {
		if _, err := os.Stat(dir); err == nil && r.one("pids-limit") == "" {
			return append(flags, "--pids-limit", maxProcesses)
		}
	}
	return flags // without that control group, docker would only warn
}

// refuse says why a run is not allowed its binds or powers; empty means it is.
// A tutorial is not trusted with the host's files.
func refuse(r *runLine, dir string, allowed []string) string {
	if allowed == nil {
		return ""
	}
	if r.on("privileged") {
		return "labs does not run privileged containers"
	}
	if v := r.one("pid"); v == "host" {
		return "labs does not let a container see the host's processes"
	}
	for _, c := range r.all("cap-add") {
		switch strings.TrimPrefix(strings.ToUpper(c), "CAP_") {
		case "ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "SYS_BOOT", "SYS_TIME", "DAC_READ_SEARCH":
			return "labs does not give a container the capability " + c
		}
	}
	for _, d := range r.all("device") {
		if strings.HasPrefix(d, "/dev/") && !strings.HasPrefix(d, "/dev/nvidia") && !strings.HasPrefix(d, "/dev/fuse") {
			return "labs does not give a container the device " + d
		}
	}
	binds, err := r.binds(dir)
	if err != nil {
		return "" // the engine words this error better
	}
	for _, b := range binds {
		if b.tmpfs || !strings.HasPrefix(b.source, "/") {
			continue
		}
		if !under(b.source, allowed) {
			return fmt.Sprintf("labs does not mount %s: it lies outside the lab's folders", b.source)
		}
	}
	return ""
}

// under says whether a path, with its symbolic links followed, lies in one of
// the folders.
func under(path string, folders []string) bool {
	path = realPath(path)
	for _, f := range folders {
		f = realPath(f)
		if path == f || strings.HasPrefix(path, strings.TrimSuffix(f, "/")+"/") {
			return true
		}
	}
	return false
}

// realPath follows the links of the part of a path that exists.
func realPath(path string) string {
	path = filepath.Clean(path)
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	if path == "/" || path == "." {
		return path
	}
	return filepath.Join(realPath(filepath.Dir(path)), filepath.Base(path))
}
