package site

import (
	"os"

	"golang.org/x/sys/unix"
)

// A looker asks for the stamps of files below a folder. From the folder on,
// the system finds a name in half the time that a whole path takes.
type looker struct {
	dir *os.File
	fd  int
}

func openLooker(dir string) (looker, error) {
	f, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return looker{}, err
	}
	return looker{f, int(f.Fd())}, nil
}

func (l looker) close() { l.dir.Close() }

func (l looker) stat(name string, kind uint32) (st unix.Stat_t, ok bool) {
	for {
		err := unix.Fstatat(l.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err != unix.EINTR {
			return st, err == nil && st.Mode&unix.S_IFMT == kind
		}
	}
}

// written is the stamp of a regular file that we wrote: see outStamp.
func (l looker) written(name string) (stamp, bool) {
	st, ok := l.stat(name, unix.S_IFREG)
	return stamp{st.Size, st.Mtim.Nano(), int64(st.Ino)}, ok
}

// folder is the stamp of a folder: while it stays, so do the names in it.
func (l looker) folder(name string) (stamp, bool) {
	st, ok := l.stat(name, unix.S_IFDIR)
	return stamp{st.Size, max(st.Mtim.Nano(), st.Ctim.Nano()), int64(st.Ino)}, ok
}

// source is the stamp of a regular file of another hand. Of the two times that
// the system keeps, the second cannot be set back.
func (l looker) source(name string) (stamp, bool) {
	st, ok := l.stat(name, unix.S_IFREG)
	return stamp{st.Size, max(st.Mtim.Nano(), st.Ctim.Nano()), int64(st.Ino)}, ok
}
