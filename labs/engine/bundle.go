package engine

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func arch() string { return runtime.GOARCH }

// capabilities are those docker gives a container.
var capabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}

// mountRoot gives a container its root file system at bundle/rootfs.
func (e *oci) mountRoot(bundle, lower string) error {
	for _, d := range []string{"rootfs", "upper", "work"} {
		if err := os.Mkdir(filepath.Join(bundle, d), 0o755); err != nil {
			return err
		}
	}
	rootfs := filepath.Join(bundle, "rootfs")
	if e.overlay {
		if err := unix.Mount("overlay", rootfs, "overlay", 0, overlayOptions(lower, filepath.Join(bundle, "upper"), filepath.Join(bundle, "work"))); err != nil {
			return fmt.Errorf("mount the container's root: %w", err)
		}
		return nil
	}
	if out, err := exec.Command("cp", "-a", "--reflink=auto", lower+"/.", rootfs).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the image for a container: %w: %s", err, out)
	}
	// A mount point of its own, by which Clean knows the container's processes.
	return unix.Mount(rootfs, rootfs, "", unix.MS_BIND, "")
}

// spec writes what the runtime is to do for one container.
func (e *oci) spec(r *runLine, c *container, rootfs string, image *stored, dir string) (*specs.Spec, error) {
	file, err := image.image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config := file.Config
	args := append(append([]string{}, config.Entrypoint...), config.Cmd...)
	if len(r.command) > 0 {
		args = append(append([]string{}, config.Entrypoint...), r.command...)
	}
	if r.Changed("entrypoint") {
		args = r.command
		if ep := r.one("entrypoint"); ep != "" {
			args = append([]string{ep}, r.command...)
		}
	}
	if len(args) == 0 {
		return nil, errors.New("Error response from daemon: No command specified.")
	}
	env := append([]string{}, config.Env...)
	if !hasEnv(env, "PATH") {
		env = append(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	env = setVar(env, "HOSTNAME="+c.hostname)
	if r.on("tty") {
		env = setVar(env, "TERM=xterm")
	}
	extra, err := runEnv(r, dir, c.environ)
	if err != nil {
		return nil, err
	}
	for _, kv := range extra {
		env = setVar(env, kv)
	}
	name := r.one("user")
	if name == "" {
		name = config.User
	}
	user, home, err := lookUser(rootfs, name)
	if err != nil {
		return nil, err
	}
	if !hasEnv(env, "HOME") {
		env = append(env, "HOME="+home)
	}
	cwd := config.WorkingDir
	if r.Changed("workdir") {
		cwd = r.one("workdir")
	}
	if cwd == "" {
		cwd = "/"
	}
	if !path.IsAbs(cwd) {
		return nil, fmt.Errorf("Error response from daemon: the working directory '%s' is invalid, it needs to be an absolute path.", cwd)
	}
	limit := func(kind string, n uint64) specs.POSIXRlimit { return specs.POSIXRlimit{Type: kind, Soft: n, Hard: n} }
	s := &specs.Spec{
		Version:  "1.0.2",
		Hostname: c.hostname,
		Root:     &specs.Root{Path: rootfs, Readonly: r.on("read-only")},
		Process: &specs.Process{
			Terminal: r.on("tty"), User: user, Args: args, Env: env, Cwd: cwd,
			Capabilities: &specs.LinuxCapabilities{Bounding: capabilities, Effective: capabilities, Permitted: capabilities},
			Rlimits:      []specs.POSIXRlimit{limit("RLIMIT_NOFILE", nofile())},
			OOMScoreAdj:  ptr(500),
		},
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.IPCNamespace}, {Type: specs.UTSNamespace}, {Type: specs.MountNamespace}},
			MaskedPaths: []string{"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
				"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"},
			ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
		},
		Annotations: map[string]string{Label: e.opts.RunID},
	}
	if r.either("network", "net") == "none" {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.NetworkNamespace})
	}
	if e.cgroups {
		s.Linux.CgroupsPath = "/docent-" + e.opts.RunID + "/" + c.id
		s.Linux.Resources = &specs.LinuxResources{Devices: harmless()}
		if m := r.one("memory"); m != "" {
			n, err := parseSize(m)
			if err != nil {
				return nil, err
			}
			s.Linux.Resources.Memory = &specs.LinuxMemory{Limit: &n}
		}
		processes := r.one("pids-limit")
		if processes == "" {
			processes = maxProcesses
		}
		if n, err := strconv.ParseInt(processes, 10, 64); err == nil && n > 0 {
			s.Linux.Resources.Pids = &specs.LinuxPids{Limit: &n}
		}
	}
	shm := "67108864"
	if v := r.one("shm-size"); v != "" {
		n, err := parseSize(v)
		if err != nil {
			return nil, err
		}
		shm = strconv.FormatInt(n, 10)
	}
	s.Mounts = []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=" + shm}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: []string{"nosuid", "noexec", "nodev", "ro"}},
	}
	if err := e.addFiles(s, c); err != nil {
		return nil, err
	}
	return s, e.addBinds(s, r, dir)
}

// harmless denies every device but the harmless ones.
func harmless() []specs.LinuxDeviceCgroup {
	rule := func(major, minor int64) specs.LinuxDeviceCgroup {
		return specs.LinuxDeviceCgroup{Allow: true, Type: "c", Major: &major, Minor: &minor, Access: "rwm"}
	}
	wild := int64(-1)
	return []specs.LinuxDeviceCgroup{
		{Allow: false, Access: "rwm"},
		rule(1, 3), rule(1, 5), rule(1, 7), rule(1, 8), rule(1, 9), rule(5, 0), rule(5, 1), rule(5, 2),
		{Allow: true, Type: "c", Major: ptr(int64(136)), Minor: &wild, Access: "rwm"},
	}
}

func ptr[T any](v T) *T { return &v }

// nofile is the limit of open files: 1024 or what this program may have.
func nofile() uint64 {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) == nil && l.Max < 1048576 {
		return l.Max
	}
	return 1048576
}

// addFiles gives a container the names of hosts and of the resolver.
func (e *oci) addFiles(s *specs.Spec, c *container) error {
	resolv, _ := os.ReadFile("/etc/resolv.conf")
	hosts := "127.0.0.1\tlocalhost " + c.hostname + "\n::1\tlocalhost ip6-localhost ip6-loopback\n"
	for name, text := range map[string]string{"resolv.conf": string(resolv), "hosts": hosts, "hostname": c.hostname + "\n"} {
		p := filepath.Join(c.bundle, name)
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			return err
		}
		s.Mounts = append(s.Mounts, specs.Mount{Destination: "/etc/" + name, Type: "bind", Source: p, Options: []string{"rbind", "rprivate"}})
	}
	return nil
}

// addBinds mounts what -v, --mount and --tmpfs ask for.
func (e *oci) addBinds(s *specs.Spec, r *runLine, dir string) error {
	binds, err := r.binds(dir)
	if err != nil {
		return err
	}
	for _, b := range binds {
		if b.tmpfs {
			s.Mounts = append(s.Mounts, specs.Mount{Destination: b.target, Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "nodev"}})
			continue
		}
		source := b.source
		if !filepath.IsAbs(source) {
			if source == "" {
				source = "anonymous-" + randomHex(8)
			}
			if strings.ContainsAny(source, "/\x00") || source == ".." || source == "." {
				return fmt.Errorf("invalid volume name %q", source)
			}
			source = filepath.Join(e.dir, "volumes", source)
		}
		// docker makes a host folder that is not there.
		if err := os.MkdirAll(source, 0o755); err != nil && !isFile(source) {
			return fmt.Errorf("make the folder %s to mount: %w", source, err)
		}
		options := []string{"rbind", "rprivate"}
		if b.readOnly {
			options = append(options, "ro")
		}
		s.Mounts = append(s.Mounts, specs.Mount{Destination: b.target, Type: "bind", Source: source, Options: options})
	}
	return nil
}

func isFile(p string) bool {
	st, err := os.Stat(p)
	return err == nil && !st.IsDir()
}

func hasEnv(env []string, name string) bool {
	for _, kv := range env {
		if strings.HasPrefix(kv, name+"=") {
			return true
		}
	}
	return false
}

func setVar(env []string, kv string) []string {
	name, _, _ := strings.Cut(kv, "=")
	for i := range env {
		if strings.HasPrefix(env[i], name+"=") {
			env[i] = kv
			return env
		}
	}
	return append(env, kv)
}

// runEnv reads -e and --env-file. A name without a value takes the caller's.
func runEnv(r *runLine, dir string, caller []string) ([]string, error) {
	var lines []string
	for _, f := range r.all("env-file") {
		if !filepath.IsAbs(f) {
			f = filepath.Join(dir, f)
		}
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", f, errors.Unwrap(err))
		}
		for _, l := range splitLines(string(text)) {
			if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
				lines = append(lines, l)
			}
		}
	}
	var env []string
	for _, kv := range append(lines, r.all("env")...) {
		if strings.Contains(kv, "=") {
			env = append(env, kv)
			continue
		}
		for _, c := range caller {
			if strings.HasPrefix(c, kv+"=") {
				env = append(env, c)
			}
		}
	}
	return env, nil
}

// lookUser finds "name", "uid", "name:group" or "uid:gid" in a root file system.
func lookUser(rootfs, name string) (specs.User, string, error) {
	who, group, _ := strings.Cut(name, ":")
	if who == "" {
		who = "0"
	}
	u := specs.User{}
	home := "/"
	found := false
	eachLine(insideRoot(rootfs, "/etc/passwd"), func(f []string) {
		if len(f) < 6 || found || f[0] != who && f[2] != who {
			return
		}
		found = true
		u.UID, u.GID, home = number(f[2]), number(f[3]), f[5]
	})
	if !found {
		n, err := strconv.ParseUint(who, 10, 32)
		if err != nil {
			return u, "", fmt.Errorf("Error response from daemon: unable to find user %s: no matching entries in passwd file.", who)
		}
		u.UID = uint32(n)
	}
	if group != "" {
		known := false
		eachLine(insideRoot(rootfs, "/etc/group"), func(f []string) {
			if len(f) >= 3 && !known && (f[0] == group || f[2] == group) {
				known, u.GID = true, number(f[2])
			}
		})
		if n, err := strconv.ParseUint(group, 10, 32); !known && err == nil {
			u.GID = uint32(n)
		} else if !known {
			return u, "", fmt.Errorf("Error response from daemon: unable to find group %s: no matching entries in group file.", group)
		}
	}
	return u, home, nil
}

func number(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

func eachLine(file string, f func([]string)) {
	h, err := os.Open(file)
	if err != nil {
		return
	}
	defer func() { _ = h.Close() }()
	for s := bufio.NewScanner(h); s.Scan(); {
		f(strings.Split(s.Text(), ":"))
	}
}

// parseSize reads docker's sizes: "64m", "1g", bytes without a unit.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(strings.ToLower(s), "bkmgti")
	unit := strings.TrimRight(strings.ToLower(s)[len(digits):], "bi")
	n, err := strconv.ParseFloat(digits, 64)
	shift, ok := map[string]uint{"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[unit]
	if err != nil || !ok || n < 0 {
		return 0, fmt.Errorf("invalid size: '%s'", s)
	}
	return int64(n * float64(int64(1)<<shift)), nil
}

// writeSpec puts the configuration where the runtime reads it.
func writeSpec(bundle string, s *specs.Spec) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o600)
}

// mounted judges a program that lies in a mounted folder, or is mounted itself.
func mounted(p string) int {
	if st, err := os.Stat(p); err != nil {
		return 127
	} else if st.IsDir() || st.Mode()&0o111 == 0 {
		return 126
	}
	return 0
}

// runnable says how docker fails on a command that is not in the image: exit
// status 127 for one not found, 126 for one that cannot be run; 0 if it is fine.
func runnable(rootfs string, s *specs.Spec) (int, string) {
	command := s.Process.Args[0]
	check := func(p string) int {
		for _, m := range s.Mounts { // what is mounted there is what counts
			if m.Type == "bind" && (p == m.Destination || strings.HasPrefix(p, strings.TrimSuffix(m.Destination, "/")+"/")) {
				return mounted(m.Source + strings.TrimPrefix(p, m.Destination))
			}
		}
		st, err := os.Stat(insideRoot(rootfs, p))
		switch {
		case err != nil:
			return 127
		case st.IsDir() || st.Mode()&0o111 == 0:
			return 126
		}
		return 0
	}
	if strings.Contains(command, "/") {
		if !path.IsAbs(command) {
			command = path.Join(s.Process.Cwd, command)
		}
		switch check(command) {
		case 127:
			return 127, fmt.Sprintf("exec: %q: stat %s: no such file or directory: unknown.", s.Process.Args[0], s.Process.Args[0])
		case 126:
			return 126, fmt.Sprintf("exec: %q: permission denied: unknown.", s.Process.Args[0])
		}
		return 0, ""
	}
	for _, kv := range s.Process.Env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			for _, d := range strings.Split(v, ":") {
				if check(path.Join(d, command)) == 0 {
					return 0, ""
				}
			}
		}
	}
	return 127, fmt.Sprintf("exec: %q: executable file not found in $PATH: unknown.", command)
}
