package build

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Program names the program that runs, so that another one remembers nothing
// of what this one did. Go writes an identifier of all that went into a
// program at its beginning; size and time are for programs without one.
var Program = sync.OnceValue(func() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	h := sha256.New()
	io.CopyN(h, f, 64<<10)
	return fmt.Sprintf("%x %d %d", h.Sum(nil), info.Size(), info.ModTime().UnixNano())
})

// DefaultDir is where caches are when nobody says otherwise; "" is nowhere.
func DefaultDir() string {
	dir, err := os.UserCacheDir() // XDG_CACHE_HOME, or its like elsewhere
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "docent", "sites")
}
