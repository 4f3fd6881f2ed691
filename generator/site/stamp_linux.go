package site

import (
	"io/fs"
	"syscall"
)

// changedAt is when a file's content or place changed last, in nanoseconds:
// the later of the two times that the system keeps, of which the second
// cannot be set back.
func changedAt(info fs.FileInfo) int64 {
	at := info.ModTime().UnixNano()
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		at = max(at, s.Ctim.Nano())
	}
	return at
}

func inode(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(s.Ino)
	}
	return 0
}
