package site

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"docent/generator/build"
)

// marker is the file by which a folder is known as one that we made and may
// replace. building is held locked in a temporary folder while its build
// lives, so that the next build can tell a killed one from a running one.
const (
	marker     = ".docent"
	building   = ".building"
	justMade   = 10 * time.Second // a folder without a lock may be one that is about to get it
	markerText = "This folder was written by `generator build`, which replaces it as a whole.\n"
)

// IsBuilt reports whether a folder is a site that this program wrote.
func IsBuilt(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, marker))
	return err == nil
}

// A Sink takes the files of a site. Names have slashes and are below the
// site's root. It must allow calls from several goroutines, and not keep the
// data that it is given.
type Sink interface {
	Put(name string, data []byte) error
	// Copy takes a file that may be too large to hold in memory.
	Copy(name string, open func() (io.ReadCloser, error)) error
}

// A Dir is a site on disk, written so that the old one stays whole until the
// new one is complete: everything new goes into a folder beside it, which
// then takes its place in one rename. Files that are the same as before are
// linked, not written again, and when nothing changed the old folder is left
// as it is.
//
// With a cache (see [Dir.Use]) it knows what it wrote last time, and need not
// read it. A large site of which little changes is changed in place (patch.go):
// an edit then costs what it changes, not what there is.
type Dir struct {
	out, temp string
	lock      *os.File
	fresh     bool // there was no old site

	mu      sync.Mutex
	once    sync.Once
	tempErr error
	seen    map[string]bool // of files that no record has. true: written anew; false: the old file is good

	made     map[string]bool // folders of the temporary one
	worth    int             // files from which a site is changed in place
	cache    *build.Cache
	record   build.Answer       // names what is known
	surveyed func() *record     // what the old site holds; nil is unknown
	now      map[string]outFile // what was written, or found to be the same
}

// A WrongOutput says that a folder cannot be written because of what it is.
type WrongOutput struct{ Dir, Why string }

func (e *WrongOutput) Error() string {
	return fmt.Sprintf("cannot write the site to %s: %s", e.Dir, e.Why)
}

// OpenDir prepares to write a site to a folder, which need not exist. It
// refuses a folder that holds something else, and removes what killed builds
// left beside it.
func OpenDir(out string) (*Dir, error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	d := &Dir{out: abs, worth: worthPatching, seen: map[string]bool{}, made: map[string]bool{".": true}}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.fresh = true
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, &WrongOutput{out, "it is a file; name a folder with --out"}
	default:
		entries, err := os.ReadDir(abs)
		if err != nil {
			return nil, err
		}
		_, err = os.Lstat(filepath.Join(abs, marker))
		if len(entries) > 0 && err != nil {
			return nil, &WrongOutput{out, "it holds files that this program did not write; " +
				"name another folder with --out, or empty this one"}
		}
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o777); err != nil {
		return nil, err
	}
	d.sweep()
	return d, nil
}

func (d *Dir) prefix() string { return "." + filepath.Base(d.out) + ".build-" }
func (d *Dir) begun() string  { return "." + filepath.Base(d.out) + ".begun-" }

// sweep removes the temporary folders of builds that no longer run. If such
// a build died between the two renames of a system that cannot exchange two
// folders at once, the old site is put back first; one that died
// while it changed the site in place is carried on with.
func (d *Dir) sweep() {
	parent := filepath.Dir(d.out)
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		dir := filepath.Join(parent, e.Name())
		if e.IsDir() && strings.HasPrefix(e.Name(), d.begun()) {
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > justMade {
				os.RemoveAll(dir)
			}
			continue
		}
		if !e.IsDir() || !strings.HasPrefix(e.Name(), d.prefix()) {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, building), os.O_RDWR, 0)
		if err == nil {
			free := tryLock(f)
			f.Close()
			if !free {
				continue
			}
		}
		if strings.HasSuffix(e.Name(), ".old") {
			if _, err := os.Lstat(d.out); errors.Is(err, fs.ErrNotExist) && os.Rename(dir, d.out) == nil {
				os.Remove(filepath.Join(d.out, building))
				continue
			}
		}
		carryOut(dir, d.out) // what it cannot do, the build to come does
		os.RemoveAll(dir)
	}
}

// open makes the temporary folder when the first file needs it.
func (d *Dir) open() error {
	d.once.Do(func() {
		d.tempErr = d.begin()
	})
	return d.tempErr
}

// begin makes the temporary folder. It gets its name when it is locked: no
// other build takes it for that of a killed one.
func (d *Dir) begin() (err error) {
	parent := filepath.Dir(d.out)
	if d.temp, err = os.MkdirTemp(parent, d.begun()); err != nil {
		return err
	}
	if d.lock, err = os.OpenFile(filepath.Join(d.temp, building), os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return err
	}
	tryLock(d.lock)
	if err := os.Chmod(d.temp, 0o755); err != nil {
		return err
	}
	name := filepath.Join(parent, d.prefix()+strings.TrimPrefix(filepath.Base(d.temp), d.begun()))
	if err := os.Rename(d.temp, name); err != nil {
		return err
	}
	d.temp = name
	return nil
}

func (d *Dir) claim(name string, fresh bool) error {
	if !fs.ValidPath(name) || name == marker || name == building || strings.HasPrefix(name, plan) {
		return fmt.Errorf("the site has no place for a file called %q", name)
	}
	twice := false
	if r, at := d.find(name); at >= 0 {
		as := uint32(stays)
		if fresh {
			as = replaced
		}
		twice = !r.claims[at].CompareAndSwap(unclaimed, as)
	} else {
		d.mu.Lock()
		defer d.mu.Unlock()
		_, twice = d.seen[name]
		d.seen[name] = fresh
	}
	if twice {
		return fmt.Errorf("two files of the site are both called %s", name)
	}
	return nil
}

// claimed goes over the files of the new site, and says of each whether it was
// written anew.
func (d *Dir) claimed() iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		if r := d.old(); r != nil {
			for at, name := range r.names.All() {
				if c := r.claims[at].Load(); c != unclaimed && !yield(name, c == replaced) {
					return
				}
			}
		}
		for name, fresh := range d.seen {
			if !yield(name, fresh) {
				return
			}
		}
	}
}

// has reports whether the new site has a file.
func (d *Dir) has(name string) bool {
	if r, at := d.find(name); at >= 0 {
		return r.claims[at].Load() != unclaimed
	}
	_, ok := d.seen[name]
	return ok
}

// Put writes a file.
func (d *Dir) Put(name string, data []byte) error {
	same := false
	if f := d.knows(name); !d.fresh && (f == nil || f.stamp.size == int64(len(data))) {
		at := filepath.Join(d.out, filepath.FromSlash(name))
		stamp, plain := outStamp(at)
		old, err := os.ReadFile(at)
		if same = err == nil && plain && bytes.Equal(old, data); same && d.cache != nil {
			d.mu.Lock()
			d.now[name] = outFile{stamp: stamp, sum: sumOf(name, data)}
			d.mu.Unlock()
		}
	}
	if err := d.claim(name, !same); err != nil || same {
		return err
	}
	at, err := d.place(name)
	if err != nil {
		return err
	}
	stamp, err := create(at, data)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if d.cache != nil {
		sum := sumOf(name, data)
		d.mu.Lock()
		d.now[name] = outFile{stamp: stamp, sum: sum}
		d.mu.Unlock()
	}
	return nil
}

// Keep leaves a file of the old site in its place and reports whether there
// is one. Only a file whose name changes with its content may be kept.
func (d *Dir) Keep(name string) bool {
	if !d.Intact(name) {
		info, err := os.Lstat(filepath.Join(d.out, filepath.FromSlash(name)))
		if err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	return d.claim(name, false) == nil
}

// Copy writes a file from a reader; it is opened once or twice.
func (d *Dir) Copy(name string, open func() (io.ReadCloser, error)) error {
	same := d.same(name, open)
	if err := d.claim(name, !same); err != nil || same {
		return err
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer r.Close()
	at, err := d.place(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(at, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if d.cache != nil && err == nil {
		var info fs.FileInfo
		if info, err = f.Stat(); err == nil {
			d.mu.Lock()
			d.now[name] = outFile{stamp: writtenStamp(info)}
			d.mu.Unlock()
		}
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (d *Dir) same(name string, open func() (io.ReadCloser, error)) bool {
	old, err := os.Open(filepath.Join(d.out, filepath.FromSlash(name)))
	if err != nil {
		return false
	}
	defer old.Close()
	now, err := open()
	if err != nil {
		return false
	}
	defer now.Close()
	var a, b [32 << 10]byte
	for {
		n, errA := io.ReadFull(old, a[:])
		m, errB := io.ReadFull(now, b[:])
		if n != m || !bytes.Equal(a[:n], b[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			return errA == errB && (errA == io.EOF || errA == io.ErrUnexpectedEOF)
		}
	}
}

// place is where a file is written, in a folder that is there.
func (d *Dir) place(name string) (string, error) {
	if err := d.open(); err != nil {
		return "", err
	}
	return filepath.Join(d.temp, filepath.FromSlash(name)), d.mkdir(path.Dir(name))
}

// mkdir makes a folder in the temporary one, with those above it.
func (d *Dir) mkdir(dir string) error {
	d.mu.Lock()
	made := d.made[dir]
	d.mu.Unlock()
	if made {
		return nil
	}
	if err := d.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(d.temp, filepath.FromSlash(dir)), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d.mu.Lock()
	d.made[dir] = true
	d.mu.Unlock()
	return nil
}

// Commit puts the new site in the place of the old one, and tells how many
// files were written. With nothing written and nothing gone it leaves the
// old folder untouched.
func (d *Dir) Commit() (written int, err error) {
	defer d.Abandon()
	total := 0
	for _, fresh := range d.claimed() {
		if total++; fresh {
			written++
		}
	}
	_, noMarker := os.Lstat(filepath.Join(d.out, marker))
	gone := d.gone()
	if written == 0 && noMarker == nil && len(gone) == 0 {
		switch old := d.old(); {
		case old == nil: // it was lost
			d.remember(nil)
		case !old.foreign && old.learned > worthLearning:
			d.remember(old.known())
		}
		return 0, nil
	}
	if err := d.open(); err != nil {
		return 0, err
	}
	if noMarker == nil && d.canPatch(written, total, gone) {
		if err := d.patch(gone); err != nil {
			return 0, fmt.Errorf("put the new site in place: %w", err)
		}
		d.remember(d.unchangedFolders(gone))
		return written, nil
	}
	var keep []string
	for name, fresh := range d.claimed() {
		if !fresh {
			keep = append(keep, name)
		}
	}
	sort.Strings(keep)
	if err := d.link(keep); err != nil {
		return 0, err
	}
	if err := os.WriteFile(filepath.Join(d.temp, marker), []byte(markerText), 0o644); err != nil {
		return 0, err
	}
	var folders map[string]stamp
	if d.cache != nil {
		folders = stampFolders(d.temp, d.made)
	}
	if err := d.swap(); err != nil {
		return 0, fmt.Errorf("put the new site in place: %w", err)
	}
	d.remember(folders)
	return written, nil
}

// link brings the files of the old site that stay into the new one.
func (d *Dir) link(names []string) error {
	for _, name := range names {
		if err := d.mkdir(path.Dir(name)); err != nil {
			return err
		}
		from, to := filepath.Join(d.out, filepath.FromSlash(name)), filepath.Join(d.temp, filepath.FromSlash(name))
		if os.Link(from, to) == nil {
			continue
		}
		if r, at := d.find(name); at >= 0 {
			r.claims[at].Store(copied)
		}
		if err := copyFile(from, to); err != nil { // a file system without hard links
			return err
		}
	}
	return nil
}

func (d *Dir) swap() error {
	if _, err := os.Lstat(d.out); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(d.temp, d.out); err != nil {
			return err
		}
		os.Remove(filepath.Join(d.out, building))
		d.temp = ""
		return nil
	}
	if exchange(d.temp, d.out) == nil {
		os.Remove(filepath.Join(d.out, building))
		return nil // temp is the old site now, and Abandon removes it
	}
	old := d.temp + ".old"
	if err := os.Rename(d.out, old); err != nil {
		return err
	}
	if err := os.Rename(d.temp, d.out); err != nil {
		return errors.Join(err, os.Rename(old, d.out))
	}
	os.Remove(filepath.Join(d.out, building))
	d.temp = old
	return nil
}

// Abandon removes what was written and leaves the old site. After Commit it
// does nothing.
func (d *Dir) Abandon() {
	if d.temp != "" {
		os.RemoveAll(d.temp)
		d.temp = ""
	}
	if d.lock != nil {
		d.lock.Close()
		d.lock = nil
	}
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if e := w.Close(); err == nil {
		err = e
	}
	return err
}

// A Memory is a site that is kept in memory, for the preview server.
type Memory struct {
	mu    sync.Mutex
	files map[string][]byte
}

// Put keeps a file.
func (m *Memory) Put(name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	m.files[name] = bytes.Clone(data)
	return nil
}

// Copy keeps what the reader gives.
func (m *Memory) Copy(name string, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return m.Put(name, data)
}

// File gives a file of the site.
func (m *Memory) File(name string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[name]
	return data, ok
}

// Names gives the sorted names of all files.
func (m *Memory) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]string, 0, len(m.files))
	for n := range m.files {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

// Nowhere takes the files of a site and keeps none: for checking.
type Nowhere struct{}

// Put forgets the data.
func (Nowhere) Put(string, []byte) error { return nil }

// Keep draws nothing.
func (Nowhere) Keep(string) bool { return true }

// Intact reports that nothing need be written again.
func (Nowhere) Intact(string) bool { return true }

// Copy reads nothing.
func (Nowhere) Copy(string, func() (io.ReadCloser, error)) error { return nil }
