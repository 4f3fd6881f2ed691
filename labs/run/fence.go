package run

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// FenceName is the name that labs calls itself by to put a fence around a
// program: labs-fence FOLDER GROUPS PROGRAM ARGUMENT... GROUPS are control
// groups to run it in, separated by colons; "-" is none.
const FenceName = "labs-fence"

// keptCapabilities are what a program of root's keeps inside the fence. They
// are those that a container has, too: enough to install and to serve, not to
// mount, to set the clock, or to load a kernel module.
var keptCapabilities = []uintptr{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_FSETID, unix.CAP_KILL, unix.CAP_SETGID, unix.CAP_SETUID,
	unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_NET_RAW, unix.CAP_SYS_CHROOT, unix.CAP_MKNOD, unix.CAP_AUDIT_WRITE, unix.CAP_SETFCAP,
}

// Fence runs a program that can write below a folder only, where the kernel can
// see to that (Landlock; a kernel without it restricts nothing), and that cannot
// signal the run or everything (seccomp), and gives its exit status. It stays as the program's parent: what kills its parent kills
// this process, and not labs.
func Fence(args []string) int {
	runtime.LockOSThread() // capabilities belong to a thread, and the child inherits this one's
	if len(args) < 3 {
		fmt.Fprintln(os.Stderr, "labs: the fence was called without a folder, groups and a program")
		return 125
	}
	folder, groups, program := args[0], args[1], args[2:]
	if err := enter(groups); err != nil {
		fmt.Fprintf(os.Stderr, "labs: putting the limits on a session: %v\n", err)
		return 125
	}
	// When memory runs out, the kernel ends a step rather than labs.
	os.WriteFile("/proc/self/oom_score_adj", []byte("700"), 0) // not every machine lets us
	if err := fenceIn(folder); err != nil {
		fmt.Fprintf(os.Stderr, "labs: putting the fence around a session: %v\n", err)
		return 125
	}
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if !slices.Contains(keptCapabilities, c) {
			unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) // only root has any to drop
		}
	}
	run := os.Getppid()
	group, err := unix.Getpgid(run)
	if err != nil || group < 2 {
		group = run
	}
	spare(-1, run, -group)                           // as the kernel lets us
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // a crash must not fill the folder
	path, err := exec.LookPath(program[0])
	if err != nil {
		fmt.Fprintf(os.Stderr, "labs: %v\n", err)
		return 127
	}
	return await(&exec.Cmd{Path: path, Args: program, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
}

// enter moves this process into control groups.
func enter(groups string) error {
	if groups == "-" {
		return nil
	}
	for g := range strings.SplitSeq(groups, ":") {
		if err := os.WriteFile(filepath.Join(g, "cgroup.procs"), []byte(strconv.Itoa(os.Getpid())), 0); err != nil {
			return err
		}
	}
	return nil
}

// fenceIn restricts this process to writing below a folder.
func fenceIn(folder string) error {
	// Devices are written to by everyone; /proc holds what programs tell the
	// kernel about themselves. Neither keeps anything after the run.
	return landlock.V5.BestEffort().RestrictPaths(
		landlock.RODirs("/"),
		landlock.RWDirs(folder).WithRefer(),
		landlock.RWDirs("/dev", "/proc").WithIoctlDev().IgnoreIfMissing(),
	)
}

// await runs a child to its end. Signals from a terminal, and those that end a
// step, reach the whole process group: the child decides what they mean.
func await(cmd *exec.Cmd) int {
	// Not ignored, since a child would inherit that.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	err := cmd.Run()
	var ee *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &ee):
		fmt.Fprintf(os.Stderr, "labs: starting %s: %v\n", cmd.Path, err)
		return 126
	}
	if st, ok := ee.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		return 128 + int(st.Signal())
	}
	return ee.ExitCode()
}
