//go:build unix

package build

import (
	"os"
	"syscall"
)

// tryLock takes the file's lock, which the system frees when the process
// ends, however it ends. It reports whether nobody else holds it.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
