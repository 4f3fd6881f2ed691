//go:build !unix

package build

import "os"

// tryLock cannot lock here, and counts every other build as ended: two
// builds into one folder at the same time are not supported on this system.
func tryLock(*os.File) bool { return true }
