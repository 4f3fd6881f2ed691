package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/labs/engine"
	"docent/labs/gpu"
)

// TestGPU runs a container with a GPU. It needs one, so CI cannot run it; it is
// for a GPU machine that may have no network:
//
//	DOCENT_ARCHIVE=image.tar DOCENT_PROGRAM=./cuda-program engine.test -test.run TestGPU -test.v
//
// The archive is what "docker save" writes, of an image called lab.test/gpu:1;
// the program is a CUDA one that needs no library but the driver's, and prints
// "ok" when a kernel ran.
func TestGPU(t *testing.T) {
	archive, program := os.Getenv("DOCENT_ARCHIVE"), os.Getenv("DOCENT_PROGRAM")
	if archive == "" || program == "" {
		t.Skip("needs a GPU, DOCENT_ARCHIVE and DOCENT_PROGRAM")
	}
	devs, err := gpu.Devices(t.Context())
	if err != nil || len(devs) == 0 {
		t.Fatalf("GPUs: %v, %v", devs, err)
	}
	t.Log(devs)
	sample, err := gpu.Read(t.Context(), 0)
	if err != nil || sample.Power <= 0 {
		t.Errorf("sample %+v, %v", sample, err)
	}
	t.Logf("%+v", sample)
	spec, err := gpu.CDI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d GPUs, %+v", spec.Source, spec.Count(), spec.CDI.ContainerEdits.Env)
	for _, m := range spec.CDI.ContainerEdits.Mounts {
		t.Log(m.HostPath, m.ContainerPath)
	}
	scratch := t.TempDir()
	e, err := engine.Open(t.Context(), engine.Options{Name: "oci", RunID: "gpu", Scratch: scratch})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	t.Log(e.Version(t.Context()))
	do := func(want string, args ...string) {
		t.Helper()
		out, err := os.Create(filepath.Join(scratch, "out"))
		if err != nil {
			t.Fatal(err)
		}
		exit, err := e.Docker(t.Context(), engine.Call{Args: args, Dir: scratch, Stdout: out, Stderr: out})
		_ = out.Close()
		text, _ := os.ReadFile(out.Name())
		t.Logf("docker %v: exit %d, %v\n%s", args, exit, err, text)
		if exit != 0 || !strings.Contains(string(text), want) {
			t.Errorf("docker %v does not say %q", args, want)
		}
	}
	program, err = filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	if archive, err = filepath.Abs(archive); err != nil {
		t.Fatal(err)
	}
	do("lab.test/gpu:1", "load", "-i", archive)
	do(devs[0].UUID, "run", "--rm", "--gpus", "all", "lab.test/gpu:1", "nvidia-smi", "-L")
	do("ok", "run", "--rm", "--gpus", "1", "-v", filepath.Dir(program)+":/opt/p", "lab.test/gpu:1", "/opt/p/"+filepath.Base(program))
	do("ok", "run", "--rm", "--gpus", `"device=`+devs[0].UUID+`"`, "-v", filepath.Dir(program)+":/opt/p", "lab.test/gpu:1", "/opt/p/"+filepath.Base(program))
	do("no device", "run", "--rm", "-v", filepath.Dir(program)+":/opt/p", "lab.test/gpu:1", "sh", "-c", "ls /dev/nvidia0 2>&1 || echo no device")
}
