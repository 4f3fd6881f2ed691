//go:build !linux

package site

import "os"

// create makes a file that was not there and gives its stamp.
func create(name string, data []byte) (s stamp, err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o666)
	if err != nil {
		return s, err
	}
	if _, err = f.Write(data); err == nil {
		info, e := f.Stat()
		if err = e; err == nil {
			s = writtenStamp(info)
		}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return s, err
}
