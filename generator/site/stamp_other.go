//go:build !linux

package site

import "io/fs"

// changedAt is when a file changed last, in nanoseconds.
func changedAt(info fs.FileInfo) int64 { return info.ModTime().UnixNano() }

func inode(fs.FileInfo) int64 { return 0 }
