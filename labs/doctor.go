package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/network"
	"docent/labs/network/recipes"
	"docent/labs/run"
)

// aFinding is one line of the doctor's.
type aFinding struct {
	engine.Finding
	optional bool // a lab runs without it
}

func doctorCommand(stdout io.Writer) *cobra.Command {
	var noColour bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine has for labs, and how to install what it lacks",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return doctor(cmd.Context(), stdout, newView(stdout, stdout, noColour))
		},
	}
	cmd.Flags().BoolVar(&noColour, "no-color", false, "no colours")
	return cmd
}

func doctor(ctx context.Context, w io.Writer, v *view) error {
	var all []aFinding
	engines := false
	for _, f := range engine.Survey(ctx) {
		switch f.Name {
		case "docker", "podman", "oci":
			engines = engines || f.OK
		case "gpu":
			continue // told device by device below
		}
		all = append(all, aFinding{f, true})
	}
	all = append(all, aFinding{findBash(), false}, aFinding{findFence(), true}, aFinding{findLimits(), true}, aFinding{findRoom(), false},
		aFinding{findStandIns(), true}, aFinding{findMirror(), true})
	all = append(all, findGPUs(ctx)...)
	width := 0
	for _, f := range all {
		width = max(width, len(f.Name))
	}
	lacking := !engines
	for _, f := range all {
		mark, colour := "✓", green
		switch {
		case !f.OK && f.optional:
			mark, colour = "-", yellow
		case !f.OK:
			mark, colour, lacking = "✗", red, true
		}
		fmt.Fprintf(w, "%s %-*s  %s\n", v.paint(colour, mark), width, f.Name, f.Detail)
		if !f.OK && f.Install != "" {
			fmt.Fprintf(w, "  %-*s  install it with: %s\n", width, "", f.Install)
		}
	}
	switch {
	case !engines:
		return &engine.Missing{What: "a container engine", Install: installHint(all)}
	case lacking:
		return &fault{exitMissing, errors.New("this machine lacks what is marked with ✗")}
	}
	fmt.Fprintln(w, "\nLabs can run here. Try: labs verify")
	return nil
}

// installHint is the command that installs the first engine that can be had.
func installHint(all []aFinding) string {
	for _, f := range all {
		if !f.OK && f.Install != "" {
			return f.Install
		}
	}
	return ""
}

func findBash() engine.Finding {
	f := engine.Finding{Name: "bash", Install: "apt-get install -y bash"}
	if info, err := os.Stat("/bin/bash"); err == nil && !info.IsDir() {
		f.OK, f.Detail = true, "/bin/bash"
	} else {
		f.Detail = "/bin/bash is not there; sessions need it"
	}
	return f
}

// findFence asks the kernel for Landlock.
func findFence() engine.Finding {
	f := engine.Finding{Name: "fence"}
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		f.Detail = "this kernel has no Landlock: sessions can write wherever you can"
		return f
	}
	f.OK, f.Detail = true, fmt.Sprintf("Landlock ABI %d: sessions write below their scratch folder only", abi)
	return f
}

// findLimits says whether a step's memory and processes can be bounded.
func findLimits() engine.Finding {
	if run.Bounded(os.TempDir()) {
		return engine.Finding{Name: "limits", OK: true, Detail: "control groups: a step's memory and processes are bounded"}
	}
	return engine.Finding{Name: "limits", Detail: "no control groups can be made here (only root may): a step's memory and processes are not bounded"}
}

// findStandIns says whether images that cannot be pulled can be played.
func findStandIns() engine.Finding {
	f := engine.Finding{Name: "stand-ins", OK: true}
	m, err := network.OpenMirror("", nil)
	if err != nil {
		return engine.Finding{Name: "stand-ins", Detail: err.Error()}
	}
	var built, missing []string
	for _, r := range recipes.All() {
		if m.Built(r.Name) {
			built = append(built, r.Name)
		} else {
			missing = append(missing, r.Name)
		}
	}
	if len(built) > 0 {
		f.Detail = "built: " + strings.Join(built, ", ")
	}
	if len(missing) > 0 {
		if len(built) > 0 {
			f.Detail += "; "
		}
		f.Detail += "not built: " + strings.Join(missing, ", ")
		var lacking *recipes.Lacking
		if errors.As(recipes.Ready(), &lacking) {
			f.OK, f.Install = false, lacking.Install
			f.Detail += "; to build them, this machine lacks " + lacking.What
		}
	}
	return f
}

// findMirror says what labs need not ask the outside for.
func findMirror() engine.Finding {
	f := engine.Finding{Name: "mirror"}
	m, err := network.OpenMirror("", nil)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	list, err := m.List()
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f.OK = true
	count := map[string]int{}
	var size int64
	for _, e := range list {
		count[e.Kind]++
		if e.Kind != "stand-in" {
			size += e.Size
		}
	}
	f.Detail = fmt.Sprintf("%d images and %d files, %d MB", count["image"], count["file"], size/1e6)
	return f
}

// enoughRoom is what a tutorial's images need, in bytes.
const enoughRoom = 20 << 30

func findRoom() engine.Finding {
	f := engine.Finding{Name: "room", OK: true}
	var st unix.Statfs_t
	if err := unix.Statfs(os.TempDir(), &st); err != nil {
		f.OK, f.Detail = false, fmt.Sprintf("%s: %v", os.TempDir(), err)
		return f
	}
	free := st.Bavail * uint64(st.Bsize)
	f.Detail = fmt.Sprintf("%d GB free in %s", free/1e9, os.TempDir())
	if free < enoughRoom {
		f.Detail += "; images may need more, set TMPDIR to a larger place"
	}
	return f
}

func findGPUs(ctx context.Context) []aFinding {
	devs, err := gpu.Devices(ctx)
	if err != nil || len(devs) == 0 {
		why := "no GPU found by NVML"
		if err != nil {
			why = err.Error()
		}
		return []aFinding{{engine.Finding{Name: "gpu", Detail: why + "; steps that need one are skipped"}, true}}
	}
	var out []aFinding
	for _, d := range devs {
		out = append(out, aFinding{engine.Finding{Name: "gpu", OK: true, Detail: d.String()}, true})
	}
	if spec, err := gpu.CDI(ctx); err != nil {
		out = append(out, aFinding{engine.Finding{Name: "gpu in containers", Detail: err.Error()}, true})
	} else {
		out = append(out, aFinding{engine.Finding{Name: "gpu in containers", OK: true, Detail: "CDI, " + spec.Source}, true})
	}
	return out
}

func cleanCommand(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "clean",
		Short: "Remove what runs that were killed left behind",
		Long: `clean removes the containers, images, networks, mounts, processes and scratch
folders of runs that are no longer alive, and what runs kept for later ones to
go on from. Runs that are alive are left alone.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return clean(cmd.Context(), stdout) },
	}
}

func clean(ctx context.Context, w io.Writer) error {
	var errs []error
	removed := 0
	say := func(lines []string, err error) {
		for _, l := range lines {
			fmt.Fprintln(w, "removed "+strings.TrimPrefix(l, "removed "))
			removed++
		}
		errs = append(errs, err)
	}
	dead, err := deadRuns()
	errs = append(errs, err)
	for _, dir := range dead {
		if n := run.EndProcesses(dir); n > 0 {
			say([]string{fmt.Sprintf("%d processes of %s", n, filepath.Base(dir))}, nil)
		}
	}
	say(engine.Clean(ctx))
	say(network.Clean(ctx, ""))
	say(cleanPasts())
	for _, dir := range dead {
		if err := os.RemoveAll(dir); err != nil {
			errs = append(errs, err)
			continue
		}
		say([]string{dir}, nil)
	}
	os.Remove(scratchRoot())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("not everything could be removed: %w", err)
	}
	if removed == 0 {
		fmt.Fprintln(w, "Nothing was left behind.")
	}
	return nil
}

// deadRuns lists the scratch folders whose run no longer lives.
func deadRuns() ([]string, error) {
	entries, err := os.ReadDir(scratchRoot())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("looking for scratch folders: %w", err)
	}
	var out []string
	for _, e := range entries {
		dir := filepath.Join(scratchRoot(), e.Name())
		f, err := os.OpenFile(filepath.Join(dir, runLock), os.O_RDWR, 0)
		if err == nil {
			err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
			f.Close()
			if err != nil {
				continue // somebody holds it
			}
		} else if info, serr := os.Stat(dir); serr == nil && info.ModTime().After(bootGrace()) {
			continue // it is just being made
		}
		out = append(out, dir)
	}
	return out, nil
}

// bootGrace is how new a scratch folder without a lock must be to count as one
// that is just being made.
func bootGrace() time.Time { return time.Now().Add(-10 * time.Second) }
