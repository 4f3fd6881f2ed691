package gpu

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	cdi "tags.cncf.io/container-device-interface/specs-go"
)

// kind is the CDI name of NVIDIA's GPUs.
const kind = "nvidia.com/gpu"

// Spec is a CDI specification and where it came from.
type Spec struct {
	Source string   // "system: /etc/cdi/nvidia.yaml", or "found on disk"
	CDI    cdi.Spec // kind "nvidia.com/gpu"; devices "0", "1" ..., UUIDs, and "all"
}

// host is a machine's file system, and what the environment of its processes
// says; tests give their own.
type host struct {
	root        string   // "/" for this machine
	libraryPath string   // LD_LIBRARY_PATH
	cache       []string // folders that the dynamic linker's cache names
}

// CDI says what a container needs to use the GPUs of this machine: the
// machine's own specification if it has one, else one read off the disk. The
// error is an *Absent where there is no GPU.
func CDI(ctx context.Context) (*Spec, error) {
	return host{root: "/", libraryPath: os.Getenv("LD_LIBRARY_PATH"), cache: linkerFolders(ctx)}.find()
}

func (h host) path(p string) string { return filepath.Join(h.root, p) }

func (h host) find() (*Spec, error) {
	nodes, _ := filepath.Glob(h.path("/dev/nvidia[0-9]*"))
	if len(nodes) == 0 {
		return nil, &Absent{"there is no device /dev/nvidia0"}
	}
	for _, dir := range []string{"/etc/cdi", "/var/run/cdi", "/run/cdi"} {
		files, _ := filepath.Glob(h.path(dir + "/*"))
		for _, f := range files {
			// A specification that cannot be read is not fatal: the disk still tells.
			if s, err := readSpec(f); err == nil && s.CDI.Kind == kind && s.device("all") != nil {
				return s, nil
			}
		}
	}
	return h.look()
}

// readSpec reads a CDI specification in JSON or YAML; JSON is YAML too.
func readSpec(path string) (*Spec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var any any
	if err := yaml.Unmarshal(text, &any); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if text, err = json.Marshal(any); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	s := &Spec{Source: "system: " + path}
	if err := json.Unmarshal(text, &s.CDI); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}

// libraries are the parts of the driver that programs load, by name without the
// version.
var libraries = []string{
	"libcuda.so", "libnvidia-ml.so", "libnvidia-ptxjitcompiler.so", "libnvidia-nvvm.so", "libnvidia-nvvm70.so",
	"libnvidia-gpucomp.so", "libcudadebugger.so", "libnvidia-opencl.so", "libnvidia-cfg.so", "libnvidia-allocator.so",
	"libnvidia-pkcs11.so", "libnvidia-pkcs11-openssl3.so",
}

// programs are the driver's tools that people run inside containers.
var programs = []string{"nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nvidia-cuda-mps-control", "nvidia-cuda-mps-server"}

// shared are the device nodes that every GPU program needs; the rest are used
// where they exist.
var shared = []string{"/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset"}

// look writes a specification from what is found: device nodes, the driver's
// libraries in the folder that holds libcuda.so.1, and its tools.
func (h host) look() (*Spec, error) {
	folder := ""
	for _, dir := range h.folders() {
		if _, err := os.Stat(h.path(dir + "/libcuda.so.1")); err == nil {
			folder = dir
			break
		}
	}
	if folder == "" {
		return nil, &Absent{"the driver's library libcuda.so.1 is in none of " + strings.Join(h.folders(), ", ")}
	}
	s := &Spec{Source: "found on disk", CDI: cdi.Spec{Version: "0.5.0", Kind: kind}}
	common := &s.CDI.ContainerEdits
	for _, node := range shared {
		if _, err := os.Stat(h.path(node)); err == nil {
			common.DeviceNodes = append(common.DeviceNodes, &cdi.DeviceNode{Path: node})
		}
	}
	for _, name := range libraries {
		found, _ := filepath.Glob(h.path(folder + "/" + name + "*"))
		for _, f := range found {
			// A link is followed now: the container gets a file under each name.
			real, err := filepath.EvalSymlinks(f)
			if err != nil {
				continue
			}
			common.Mounts = append(common.Mounts, readOnly(real, folder+"/"+filepath.Base(f)))
		}
	}
	for _, name := range programs {
		for _, dir := range []string{"/usr/bin", filepath.Join(filepath.Dir(folder), "bin"), "/usr/local/bin"} {
			// A script in its place calls a program that the container lacks.
			if real, err := filepath.EvalSymlinks(h.path(dir + "/" + name)); err == nil && !script(real) {
				common.Mounts = append(common.Mounts, readOnly(real, "/usr/bin/"+name))
				break
			}
		}
	}
	common.Env = []string{"LD_LIBRARY_PATH=" + folder, "NVIDIA_VISIBLE_DEVICES=void"}
	all := cdi.Device{Name: "all"}
	for _, g := range h.cards() {
		node := &cdi.DeviceNode{Path: "/dev/nvidia" + strconv.Itoa(g.minor)}
		edits := cdi.ContainerEdits{DeviceNodes: []*cdi.DeviceNode{node}}
		s.CDI.Devices = append(s.CDI.Devices, cdi.Device{Name: strconv.Itoa(g.index), ContainerEdits: edits})
		if g.uuid != "" {
			s.CDI.Devices = append(s.CDI.Devices, cdi.Device{Name: g.uuid, ContainerEdits: edits})
		}
		all.ContainerEdits.DeviceNodes = append(all.ContainerEdits.DeviceNodes, node)
	}
	s.CDI.Devices = append(s.CDI.Devices, all)
	return s, nil
}

// script says whether a file is a script and no program.
func script(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 2)
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == "#!"
}

func readOnly(from, to string) *cdi.Mount {
	return &cdi.Mount{HostPath: from, ContainerPath: to, Options: []string{"ro", "nosuid", "nodev", "bind"}}
}

// folders are where the driver's libraries may be, the likeliest first.
func (h host) folders() []string {
	var list []string
	seen := map[string]bool{}
	add := func(dirs ...string) {
		for _, d := range dirs {
			if d = filepath.Clean(d); filepath.IsAbs(d) && !seen[d] {
				seen[d] = true
				list = append(list, d)
			}
		}
	}
	add(h.cache...)
	add(strings.Split(h.libraryPath, ":")...)
	add("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
		"/usr/local/nvidia/lib64", "/usr/local/nvidia/lib", "/usr/lib/wsl/lib", "/run/nvidia/driver/usr/lib/x86_64-linux-gnu")
	return list
}

// linkerFolders asks the dynamic linker's cache where libcuda.so.1 is.
func linkerFolders(ctx context.Context) []string {
	for _, tool := range []string{"/sbin/ldconfig", "/usr/sbin/ldconfig"} {
		out, err := exec.CommandContext(ctx, tool, "-p").Output()
		if err != nil {
			continue
		}
		return cacheFolders(out)
	}
	return nil
}

// cacheFolders reads what "ldconfig -p" prints.
func cacheFolders(out []byte) []string {
	var dirs []string
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		name, path, ok := strings.Cut(strings.TrimSpace(s.Text()), " => ")
		if ok && strings.HasPrefix(name, "libcuda.so.1 ") && strings.Contains(name, "64") {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	return dirs
}

// card is a GPU as the driver's files tell it, without NVML.
type card struct {
	index, minor int
	uuid, bus    string
}

// cards lists the GPUs in the order of their bus addresses, which is NVML's.
// Where /proc says nothing, the device nodes must do.
func (h host) cards() []card {
	var list []card
	infos, _ := filepath.Glob(h.path("/proc/driver/nvidia/gpus/*/information"))
	for _, f := range infos {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		c := card{minor: -1, bus: filepath.Base(filepath.Dir(f))}
		for _, line := range strings.Split(string(text), "\n") {
			key, value, _ := strings.Cut(line, ":")
			switch value = strings.TrimSpace(value); strings.TrimSpace(key) {
			case "GPU UUID":
				if strings.HasPrefix(value, "GPU-") && !strings.Contains(value, "?") {
					c.uuid = value
				}
			case "Device Minor":
				if n, err := strconv.Atoi(value); err == nil {
					c.minor = n
				}
			}
		}
		if _, err := os.Stat(h.path("/dev/nvidia" + strconv.Itoa(c.minor))); err == nil {
			list = append(list, c)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].bus < list[j].bus })
	if len(list) == 0 {
		nodes, _ := filepath.Glob(h.path("/dev/nvidia[0-9]*"))
		for _, n := range nodes {
			if minor, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(n), "nvidia")); err == nil {
				list = append(list, card{minor: minor})
			}
		}
		sort.Slice(list, func(i, j int) bool { return list[i].minor < list[j].minor })
	}
	for i := range list {
		list[i].index = i
	}
	return list
}
