package run

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// FenceName is the name that labs calls itself by to put a fence around a
// program: labs-fence FOLDER PROGRAM ARGUMENT...
const FenceName = "labs-fence"

// Fence restricts this process to writing below a folder, where the kernel can
// (Landlock; a kernel without it restricts nothing), and becomes the program.
// It returns only when that fails.
func Fence(args []string) int {
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "labs: the fence was called without a folder and a program")
		return 125
	}
	// Devices are written to by everyone; /proc holds what programs tell the
	// kernel about themselves. Neither keeps anything after the run.
	rules := []landlock.Rule{
		landlock.RODirs("/"),
		landlock.RWDirs(args[0]).WithRefer(),
		landlock.RWDirs("/dev", "/proc").WithIoctlDev().IgnoreIfMissing(),
	}
	if err := landlock.V5.BestEffort().RestrictPaths(rules...); err != nil {
		fmt.Fprintf(os.Stderr, "labs: putting the fence around a session: %v\n", err)
		return 125
	}
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // a crash must not fill the folder
	path, err := exec.LookPath(args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "labs: %v\n", err)
		return 127
	}
	err = unix.Exec(path, args[1:], os.Environ())
	fmt.Fprintf(os.Stderr, "labs: starting %s: %v\n", path, err)
	return 126
}
