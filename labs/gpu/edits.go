package gpu

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	cdi "tags.cncf.io/container-device-interface/specs-go"
)

func (s *Spec) device(name string) *cdi.Device {
	for i := range s.CDI.Devices {
		if s.CDI.Devices[i].Name == name {
			return &s.CDI.Devices[i]
		}
	}
	return nil
}

// Count is how many GPUs the specification has by index.
func (s *Spec) Count() int {
	n := 0
	for s.device(strconv.Itoa(n)) != nil {
		n++
	}
	return n
}

// Names reads the argument of docker's --gpus: "all", a count, or
// "device=0,1" with its quotes, and gives the names of the devices.
func (s *Spec) Names(argument string) ([]string, error) {
	fields, err := csv.NewReader(strings.NewReader(argument)).Read()
	if err != nil {
		return nil, fmt.Errorf("invalid argument %q for \"--gpus\" flag: %w", argument, err)
	}
	var names []string
	for _, f := range fields {
		key, value, has := strings.Cut(f, "=")
		switch {
		case !has && len(fields) == 1:
			key, value = "count", key
			fallthrough
		case key == "count":
			if value == "all" || value == "-1" {
				names = []string{"all"}
				continue
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("invalid argument %q for \"--gpus\" flag: count must be an integer", argument)
			}
			if have := s.Count(); n > have {
				return nil, fmt.Errorf("%d GPUs asked for, %d here", n, have)
			}
			for i := range n {
				names = append(names, strconv.Itoa(i))
			}
		case key == "device":
			names = strings.Split(value, ",")
		case key == "driver", key == "capabilities", key == "options":
		default:
			return nil, fmt.Errorf("invalid argument %q for \"--gpus\" flag: unexpected key '%s'", argument, key)
		}
	}
	return names, nil
}

// edits gathers what the named devices need, each thing once.
func (s *Spec) edits(names []string) (*cdi.ContainerEdits, error) {
	sum := &cdi.ContainerEdits{}
	nodes, mounts := map[string]bool{}, map[string]bool{}
	add := func(e *cdi.ContainerEdits) {
		sum.Env = append(sum.Env, e.Env...)
		for _, d := range e.DeviceNodes {
			if !nodes[d.Path] {
				nodes[d.Path] = true
				sum.DeviceNodes = append(sum.DeviceNodes, d)
			}
		}
		for _, m := range e.Mounts {
			if !mounts[m.ContainerPath] {
				mounts[m.ContainerPath] = true
				sum.Mounts = append(sum.Mounts, m)
			}
		}
		sum.Hooks = append(sum.Hooks, e.Hooks...)
	}
	for _, name := range names {
		d := s.device(name)
		if d == nil {
			return nil, fmt.Errorf("no GPU is called %q; there are %d", name, s.Count())
		}
		add(&d.ContainerEdits)
	}
	add(&s.CDI.ContainerEdits)
	return sum, nil
}

// libraryPath lays the driver's folder over what a container has already.
func libraryPath(driver, before string) string {
	switch {
	case before == "" || before == driver:
		return driver
	case strings.Contains(":"+before+":", ":"+driver+":"):
		return before
	}
	return driver + ":" + before
}

// Apply edits an OCI runtime specification so that its container gets the named
// devices. The machine's hooks run as the specification asks.
func (s *Spec) Apply(oci *specs.Spec, names ...string) error {
	e, err := s.edits(names)
	if err != nil {
		return err
	}
	if oci.Linux == nil {
		oci.Linux = &specs.Linux{}
	}
	if oci.Linux.Resources == nil {
		oci.Linux.Resources = &specs.LinuxResources{}
	}
	for _, d := range e.DeviceNodes {
		node, err := deviceNode(d)
		if err != nil {
			return err
		}
		oci.Linux.Devices = append(oci.Linux.Devices, node)
		major, minor := node.Major, node.Minor
		oci.Linux.Resources.Devices = append(oci.Linux.Resources.Devices,
			specs.LinuxDeviceCgroup{Allow: true, Type: node.Type, Major: &major, Minor: &minor, Access: "rw"})
	}
	for _, m := range e.Mounts {
		oci.Mounts = append(oci.Mounts, specs.Mount{Destination: m.ContainerPath, Source: m.HostPath, Type: "bind", Options: append([]string{}, m.Options...)})
	}
	if oci.Process == nil {
		oci.Process = &specs.Process{}
	}
	for _, kv := range e.Env {
		oci.Process.Env = setEnv(oci.Process.Env, kv)
	}
	for _, h := range e.Hooks {
		hook := specs.Hook{Path: h.Path, Args: h.Args, Env: h.Env, Timeout: h.Timeout}
		if oci.Hooks == nil {
			oci.Hooks = &specs.Hooks{}
		}
		switch h.HookName {
		case "createRuntime":
			oci.Hooks.CreateRuntime = append(oci.Hooks.CreateRuntime, hook)
		case "createContainer":
			oci.Hooks.CreateContainer = append(oci.Hooks.CreateContainer, hook)
		case "startContainer":
			oci.Hooks.StartContainer = append(oci.Hooks.StartContainer, hook)
		case "poststart":
			oci.Hooks.Poststart = append(oci.Hooks.Poststart, hook)
		}
	}
	return nil
}

func setEnv(env []string, kv string) []string {
	name, value, _ := strings.Cut(kv, "=")
	for i, old := range env {
		if n, before, _ := strings.Cut(old, "="); n == name {
			if name == "LD_LIBRARY_PATH" {
				value = libraryPath(value, before)
			}
			env[i] = name + "=" + value
			return env
		}
	}
	return append(env, kv)
}

// deviceNode completes a node with the numbers it has on this machine.
func deviceNode(d *cdi.DeviceNode) (specs.LinuxDevice, error) {
	from := d.HostPath
	if from == "" {
		from = d.Path
	}
	node := specs.LinuxDevice{Path: d.Path, Type: "c", Major: d.Major, Minor: d.Minor}
	if d.Major == 0 {
		var st unix.Stat_t
		if err := unix.Stat(from, &st); err != nil {
			return node, fmt.Errorf("look at the device %s: %w", from, &os.PathError{Op: "stat", Path: from, Err: err})
		}
		node.Major, node.Minor = int64(unix.Major(st.Rdev)), int64(unix.Minor(st.Rdev))
	}
	mode := os.FileMode(0o666)
	node.FileMode = &mode
	return node, nil
}

// Flags says the same in docker run's own flags: --device, -v, -e. Hooks cannot
// be said that way and are left out; the library path does their work.
func (s *Spec) Flags(names ...string) ([]string, error) {
	e, err := s.edits(names)
	if err != nil {
		return nil, err
	}
	var flags []string
	folders := map[string]bool{}
	path := ""
	for _, d := range e.DeviceNodes {
		from := d.HostPath
		if from == "" {
			from = d.Path
		}
		flags = append(flags, "--device", from+":"+d.Path)
	}
	for _, m := range e.Mounts {
		flags = append(flags, "-v", m.HostPath+":"+m.ContainerPath+":ro")
		if i := strings.LastIndexByte(m.ContainerPath, '/'); strings.Contains(m.ContainerPath, ".so") && !folders[m.ContainerPath[:i]] {
			folders[m.ContainerPath[:i]] = true
			path += ":" + m.ContainerPath[:i]
		}
	}
	for _, kv := range e.Env {
		if !strings.HasPrefix(kv, "LD_LIBRARY_PATH=") {
			flags = append(flags, "-e", kv)
		}
	}
	if path != "" {
		flags = append(flags, "-e", "LD_LIBRARY_PATH="+path[1:])
	}
	return flags, nil
}
