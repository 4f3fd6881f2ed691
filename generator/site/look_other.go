//go:build !linux

package site

import (
	"os"
	"path/filepath"
)

// A looker asks for the stamps of files below a folder.
type looker struct{ dir string }

func openLooker(dir string) (looker, error) {
	_, err := os.Stat(dir)
	return looker{dir}, err
}

func (l looker) close() {}

func (l looker) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

// written is the stamp of a regular file that we wrote.
func (l looker) written(name string) (stamp, bool) { return outStamp(l.path(name)) }

// folder has no stamp that could be relied on: each system has its own rules.
func (looker) folder(string) (stamp, bool) { return stamp{}, false }

// source is the stamp of a regular file of another hand.
func (l looker) source(name string) (s stamp, ok bool) {
	info, err := os.Lstat(l.path(name))
	if err != nil || !info.Mode().IsRegular() {
		return s, false
	}
	return stamp{info.Size(), changedAt(info), inode(info)}, true
}
