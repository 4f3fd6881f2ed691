package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A large site of which little changes is not made anew beside the old one:
// the few new files, once all of them are written, are renamed into it, one
// after the other, and what is gone is removed. Before the first of these
// steps the whole plan lies on the disk, so that the next build finishes what
// a kill interrupted.

const (
	plan     = ".commit" // in the temporary folder: the plan, when it is complete
	planHead = "docent commit 1"
)

// worthPatching is how many files a site must have to be changed in place,
// and partPatched the part of it that may change.
const (
	worthPatching = 500
	partPatched   = 8
)

// gone are the files of the old folder that the new site lacks.
func (d *Dir) gone() (names []string) {
	if old := d.old(); old != nil && !old.foreign {
		for at, name := range old.names.All() {
			if old.claims[at].Load() == unclaimed {
				names = append(names, name)
			}
		}
		return names
	}
	filepath.WalkDir(d.out, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		rel, _ := filepath.Rel(d.out, p)
		name := filepath.ToSlash(rel)
		if !d.has(name) && name != marker {
			names = append(names, name)
		}
		return nil
	})
	return names
}

// canPatch reports whether the new files fit into the old folder as it is:
// few, and none where the old one has a folder, a link or a file in the way.
// Without the cache, which one build at a time may use, another build might be
// at work in the same folder.
func (d *Dir) canPatch(written, total int, gone []string) bool {
	if d.cache == nil || d.fresh || total < d.worth || partPatched*(written+len(gone)) > total {
		return false
	}
	dirs := map[string]bool{}
	var isDir func(dir string) bool
	isDir = func(dir string) bool {
		ok, known := dirs[dir]
		if !known {
			ok = dir == "." || isDir(path.Dir(dir))
			if info, err := os.Lstat(filepath.Join(d.out, filepath.FromSlash(dir))); ok && err == nil {
				ok = info.IsDir()
			}
			dirs[dir] = ok
		}
		return ok
	}
	for name, fresh := range d.claimed() {
		if !fresh {
			continue
		}
		if !isDir(path.Dir(name)) {
			return false
		}
		if info, err := os.Lstat(filepath.Join(d.out, filepath.FromSlash(name))); err == nil && !info.Mode().IsRegular() {
			return false
		}
	}
	return true
}

// patch brings the old folder up to date.
func (d *Dir) patch(gone []string) error {
	if err := d.writePlan(gone); err != nil {
		return err
	}
	err := carryOut(d.temp, d.out)
	if err != nil {
		d.temp = "" // the next build carries the rest out
		return fmt.Errorf("%w; the site is half changed: the next build mends it", err)
	}
	return nil
}

func (d *Dir) writePlan(gone []string) error {
	text := strings.Join(append([]string{planHead}, gone...), "\x00")
	half := filepath.Join(d.temp, plan+".half")
	if err := os.WriteFile(half, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(half, filepath.Join(d.temp, plan))
}

// carryOut does what a complete plan says, all of it or what is left.
func carryOut(temp, out string) error {
	text, err := os.ReadFile(filepath.Join(temp, plan))
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\x00")
	if lines[0] != planHead {
		return errors.New("the plan of another program lies in " + temp)
	}
	err = filepath.WalkDir(temp, func(p string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(temp, p)
		switch {
		case err != nil || rel == "." || rel == plan || rel == building:
			return err
		case e.IsDir():
			err := os.Mkdir(filepath.Join(out, rel), 0o777)
			if errors.Is(err, fs.ErrExist) {
				err = nil
			}
			return err
		}
		return os.Rename(p, filepath.Join(out, rel))
	})
	if err != nil {
		return err
	}
	for _, name := range lines[1:] {
		if !fs.ValidPath(name) {
			continue
		}
		if err := os.Remove(filepath.Join(out, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if os.Remove(filepath.Join(out, filepath.FromSlash(dir))) != nil {
				break // it is not empty
			}
		}
	}
	return os.RemoveAll(temp)
}
