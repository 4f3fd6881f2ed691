package site

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// create makes a file that was not there and gives its stamp. An os.File
// costs eight system calls more than the four of these, for waiting and for
// closing late, and a site has tens of thousands of files.
func create(name string, data []byte) (s stamp, err error) {
	fd, err := again(func() (int, error) {
		return unix.Open(name, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o666)
	})
	if err != nil {
		return s, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() {
		if e := unix.Close(fd); err == nil && e != nil && e != unix.EINTR { // closed it is, even so
			err = &fs.PathError{Op: "close", Path: name, Err: e}
		}
	}()
	for len(data) > 0 {
		n, err := again(func() (int, error) { return unix.Write(fd, data) })
		if err != nil {
			return s, &fs.PathError{Op: "write", Path: name, Err: err}
		}
		data = data[n:]
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return s, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return stamp{st.Size, st.Mtim.Nano(), int64(st.Ino)}, nil
}

// again calls until no signal comes in between.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}
