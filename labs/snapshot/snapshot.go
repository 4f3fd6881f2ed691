// Package snapshot keeps folders as they are at a moment, and puts them back.
//
// What files hold is kept by its digest, once, however many snapshots have it.
// Nothing that is read back is trusted: a file that is gone, cut or changed is
// an error, and the caller does without the snapshot.
package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Store is a folder with what snapshots hold. Several programs may use one at
// once.
type Store struct {
	dir string
	// Refuse are texts that no kept file may hold, such as passwords.
	Refuse [][]byte

	seen map[string]seen // by path: files that were read before
}

// seen tells whether a file is what it was when it was read.
type seen struct {
	inode         uint64
	size          int64
	modified, set unix.Timespec
	digest        string
}

// Bounds of one snapshot: more is not worth its time and its room.
const (
	maxBytes = 512 << 20
	maxFiles = 20000
)

// Open opens a store; the folder is made when something is put into it.
func Open(dir string) *Store { return &Store{dir: dir, seen: map[string]seen{}} }

// An entry is a file, folder or symbolic link of a snapshot.
type entry struct {
	Path   string `json:"p"`
	Mode   uint32 `json:"m"` // as stat gives it
	UID    uint32 `json:"u,omitempty"`
	GID    uint32 `json:"g,omitempty"`
	Time   int64  `json:"t"` // of the last change, in nanoseconds
	Link   string `json:"l,omitempty"`
	Digest string `json:"d,omitempty"`
}

// Take keeps what lies in these parts of a folder, which nobody may change
// meanwhile, and gives the name of the snapshot. The error says what cannot be
// kept.
func (s *Store) Take(root string, parts ...string) (name string, err error) {
	var list []entry
	var total int64
	for _, part := range parts {
		if _, err := os.Lstat(filepath.Join(root, part)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if len(list) == maxFiles {
				return fmt.Errorf("there are more than %d files", maxFiles)
			}
			e, size, err := s.entry(root, path, maxBytes-total)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			total += size
			list = append(list, e)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	return s.Put(bytes.NewReader(text))
}

// entry describes one path and keeps what it holds.
func (s *Store) entry(root, path string, room int64) (e entry, size int64, err error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return e, 0, err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return e, 0, err
	}
	e = entry{Path: rel, Mode: st.Mode, UID: st.Uid, GID: st.Gid, Time: st.Mtim.Nano()}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return e, 0, nil
	case unix.S_IFLNK:
		e.Link, err = os.Readlink(path)
		return e, 0, err
	case unix.S_IFREG:
	default:
		return e, 0, errors.New("it is neither a file nor a folder")
	}
	if n, err := unix.Llistxattr(path, nil); err == nil && n > 0 {
		return e, 0, errors.New("it has extended attributes")
	}
	if st.Size > room {
		return e, 0, fmt.Errorf("there are more than %d MB", maxBytes>>20)
	}
	if was, ok := s.seen[path]; ok && was.inode == st.Ino && was.size == st.Size && was.modified == st.Mtim && was.set == st.Ctim && s.touch(was.digest) == nil {
		e.Digest = was.digest
		return e, st.Size, nil
	}
	// To read it must not look like somebody's use of it.
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOATIME|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return e, 0, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	if e.Digest, err = s.Put(f); err != nil {
		return e, 0, err
	}
	s.seen[path] = seen{st.Ino, st.Size, st.Mtim, st.Ctim, e.Digest}
	return e, st.Size, nil
}

// Restore puts a snapshot into a folder in which nothing of it is there.
func (s *Store) Restore(root, name string) error {
	text, err := s.Get(name)
	if err != nil {
		return err
	}
	var list []entry
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("the list of a snapshot: %w", err)
	}
	for _, e := range list {
		if !filepath.IsLocal(e.Path) {
			return fmt.Errorf("a snapshot with the path %q", e.Path)
		}
		if err := s.restore(filepath.Join(root, e.Path), e); err != nil {
			return err
		}
	}
	for i := len(list) - 1; i >= 0; i-- { // what is put into a folder changes its time
		e := list[i]
		at := unix.NsecToTimespec(e.Time)
		if err := unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(root, e.Path), []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fmt.Errorf("the time of %s: %w", e.Path, err)
		}
	}
	return nil
}

func (s *Store) restore(path string, e entry) error {
	switch e.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
	case unix.S_IFLNK:
		if err := os.Symlink(e.Link, path); err != nil {
			return err
		}
		return unix.Lchown(path, int(e.UID), int(e.GID))
	default:
		if err := s.copyOut(e.Digest, path); err != nil {
			return err
		}
	}
	if err := unix.Lchown(path, int(e.UID), int(e.GID)); err != nil {
		return fmt.Errorf("the owner of %s: %w", path, err)
	}
	return unix.Chmod(path, e.Mode&0o7777)
}

// copyOut writes a kept file to a path, and checks that it is what was kept.
func (s *Store) copyOut(digest, path string) (err error) {
	in, err := os.Open(s.Path(digest))
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, h), in); err != nil {
		return err
	}
	return same(h.Sum(nil), digest)
}

func same(sum []byte, digest string) error {
	if hex.EncodeToString(sum) != digest {
		return fmt.Errorf("the kept file %s is not what it was", digest)
	}
	return nil
}

// Path is where the store keeps what has this digest.
func (s *Store) Path(digest string) string {
	if len(digest) != 2*sha256.Size || strings.Trim(digest, "0123456789abcdef") != "" {
		return filepath.Join(s.dir, "no-digest")
	}
	return filepath.Join(s.dir, digest[:2], digest)
}

// touch says that something is still of use.
func (s *Store) touch(digest string) error {
	now := time.Now()
	return os.Chtimes(s.Path(digest), now, now)
}

// Put keeps what a reader gives, under the digest of it.
func (s *Store) Put(r io.Reader) (digest string, err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(s.dir, ".new-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	h := sha256.New()
	scan := &scanner{refuse: s.Refuse}
	_, err = io.Copy(io.MultiWriter(tmp, h, scan), r)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", err
	}
	digest = hex.EncodeToString(h.Sum(nil))
	if s.touch(digest) == nil {
		return digest, nil
	}
	if err := os.MkdirAll(filepath.Dir(s.Path(digest)), 0o700); err != nil {
		return "", err
	}
	return digest, os.Rename(tmp.Name(), s.Path(digest))
}

// Link keeps a file that has this digest and that nobody will ever change: as
// another name of it where that can be, else as a copy.
func (s *Store) Link(path, digest string) error {
	if s.touch(digest) == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.Path(digest)), 0o700); err != nil {
		return err
	}
	if err := os.Link(path, s.Path(digest)); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := s.Put(f)
	if err == nil && got != digest {
		err = fmt.Errorf("%s is not what its name says", path)
	}
	return err
}

// Get gives what has a digest.
func (s *Store) Get(digest string) ([]byte, error) {
	text, err := os.ReadFile(s.Path(digest))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return text, same(sum[:], digest)
}

// Sweep removes what is not among these digests and was not of use since a
// moment, and gives the bytes of what is left.
func (s *Store) Sweep(wanted map[string]bool, since time.Time) (left int64) {
	filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // somebody else sweeps, too
		}
		var st unix.Stat_t
		if unix.Lstat(path, &st) != nil {
			return nil
		}
		if !wanted[d.Name()] && time.Unix(st.Mtim.Unix()).Before(since) {
			os.Remove(path)
		} else if st.Nlink == 1 { // else it takes its room elsewhere
			left += st.Size
		}
		return nil
	})
	return left
}

// Files lists the digests of what a snapshot needs, its own name among them.
func (s *Store) Files(name string) ([]string, error) {
	text, err := s.Get(name)
	if err != nil {
		return nil, err
	}
	var list []entry
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, err
	}
	out := []string{name}
	for _, e := range list {
		if e.Digest != "" {
			out = append(out, e.Digest)
		}
	}
	return out, nil
}

// Digest is the hex SHA-256 of a file. To read it is not to use it, where the
// file is ours.
func Digest(path string) (string, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOATIME|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EPERM) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return "", &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// A scanner fails when one of the texts goes through it.
type scanner struct {
	refuse [][]byte
	tail   []byte
}

func (s *scanner) Write(p []byte) (int, error) {
	text := append(s.tail, p...)
	longest := 0
	for _, w := range s.refuse {
		if len(w) > 0 && bytes.Contains(text, w) {
			return 0, errors.New("it holds a secret of this run")
		}
		longest = max(longest, len(w))
	}
	s.tail = bytes.Clone(text[max(0, len(text)-longest):])
	return len(p), nil
}
