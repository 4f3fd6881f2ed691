package gpu

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine lays out the files of a machine with so many GPUs.
func machine(t *testing.T, files map[string]string) host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return host{root: root}
}

var twoCards = map[string]string{
	"dev/nvidia0": "", "dev/nvidia1": "", "dev/nvidiactl": "", "dev/nvidia-uvm": "",
	"proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t NVIDIA H100\nGPU UUID: \t GPU-aaaa\nDevice Minor: \t 1\n",
	"proc/driver/nvidia/gpus/0000:02:00.0/information": "Model: \t NVIDIA H100\nGPU UUID: \t GPU-bbbb\nDevice Minor: \t 0\n",
	"usr/local/nvidia/lib64/libcuda.so.1":              "\x7fELF", "usr/local/nvidia/lib64/libnvidia-ml.so.1": "\x7fELF",
	"usr/bin/nvidia-smi": "#!/bin/sh\nexec /usr/local/nvidia/bin/nvidia-smi\n", "usr/local/nvidia/bin/nvidia-smi": "\x7fELF",
}

// A specification that is read off the disk names each GPU by its index, which
// is the order of the bus, and its UUID; and the driver's own programs, not the
// scripts that call them.
func TestLookOnTheDisk(t *testing.T) {
	h := machine(t, twoCards)
	s, err := h.find()
	if err != nil {
		t.Fatal(err)
	}
	for name, node := range map[string]string{"0": "/dev/nvidia1", "1": "/dev/nvidia0", "GPU-aaaa": "/dev/nvidia1", "GPU-bbbb": "/dev/nvidia0"} {
		d := s.device(name)
		if d == nil || len(d.ContainerEdits.DeviceNodes) != 1 || d.ContainerEdits.DeviceNodes[0].Path != node {
			t.Errorf("device %s: %+v, want %s", name, d, node)
		}
	}
	if d := s.device("all"); d == nil || len(d.ContainerEdits.DeviceNodes) != 2 {
		t.Errorf("all: %+v", d)
	}
	smi := ""
	for _, m := range s.CDI.ContainerEdits.Mounts {
		if m.ContainerPath == "/usr/bin/nvidia-smi" {
			smi = m.HostPath
		}
	}
	if !strings.HasSuffix(smi, "/usr/local/nvidia/bin/nvidia-smi") {
		t.Errorf("nvidia-smi comes from %q", smi)
	}
}

// The machine's own specification comes first, in either language.
func TestSystemSpecification(t *testing.T) {
	for name, text := range map[string]string{
		"etc/cdi/nvidia.yaml":     "cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits:\n    env: [FROM=yaml]\n",
		"var/run/cdi/nvidia.json": `{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"all","containerEdits":{"env":["FROM=json"]}}]}`,
	} {
		files := map[string]string{name: text, "etc/cdi/broken.yaml": "{", "etc/cdi/other.yaml": "kind: example.com/thing\n"}
		for k, v := range twoCards {
			files[k] = v
		}
		s, err := machine(t, files).find()
		if err != nil || !strings.HasPrefix(s.Source, "system: ") || !strings.HasSuffix(s.Source, "/"+name) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestNoGPU(t *testing.T) {
	var absent *Absent
	if _, err := machine(t, nil).find(); !errors.As(err, &absent) {
		t.Errorf("error %v", err)
	}
	if _, err := machine(t, map[string]string{"dev/nvidia0": ""}).find(); !errors.As(err, &absent) || !strings.Contains(err.Error(), "libcuda.so.1") {
		t.Errorf("without a driver: %v", err)
	}
}
