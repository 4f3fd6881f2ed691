package engine

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// unpack lays the layers of an image over each other in an empty folder. An
// image is not trusted: no entry can be written outside the folder, whatever
// links the layers hold.
func unpack(ctx context.Context, img v1.Image, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		if err := unpackLayer(ctx, l, root); err != nil {
			digest, _ := l.Digest()
			return fmt.Errorf("unpack layer %s: %w", digest, err)
		}
	}
	return nil
}

func unpackLayer(ctx context.Context, l v1.Layer, root *os.Root) error {
	rc, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	u := &unpacker{root: root, owner: os.Geteuid() == 0, fresh: map[string]bool{}}
	for r := tar.NewReader(rc); ; {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := u.entry(h, r); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	// What follows the archive belongs to the layer, and its digest is checked at
	// the end.
	if _, err := io.Copy(io.Discard, rc); err != nil {
		return err
	}
	for i := len(u.dirs) - 1; i >= 0; i-- {
		_ = root.Chtimes(u.dirs[i].path, u.dirs[i].time, u.dirs[i].time)
	}
	return nil
}

type unpacker struct {
	root  *os.Root
	owner bool            // files get the owners the layer says
	fresh map[string]bool // paths this layer wrote, which an opaque mark spares
	dirs  []dirTime
}

type dirTime struct {
	path string
	time time.Time
}

const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	name := path.Clean("/" + h.Name)[1:]
	if name == "" {
		return nil
	}
	parent, err := u.resolve(path.Dir(name))
	if err != nil {
		return err
	}
	base := path.Base(name)
	at := path.Join(parent, base)
	switch {
	case base == opaque:
		return u.empty(parent)
	case strings.HasPrefix(base, whiteout):
		gone := base[len(whiteout):]
		if gone == "" || gone == "." || gone == ".." {
			return errors.New("a mark for a file without a name")
		}
		return u.root.RemoveAll(path.Join(parent, gone))
	}
	if err := u.root.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	u.fresh[at] = true
	old, err := u.root.Lstat(at)
	if err == nil && !(old.IsDir() && h.Typeflag == tar.TypeDir) {
		if err := u.root.RemoveAll(at); err != nil {
			return err
		}
	}
	mode := h.FileInfo().Mode()
	switch h.Typeflag {
	case tar.TypeDir:
		if err := u.root.Mkdir(at, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		u.dirs = append(u.dirs, dirTime{at, h.ModTime})
	case tar.TypeReg:
		f, err := u.root.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := u.root.Symlink(h.Linkname, at); err != nil {
			return err
		}
	case tar.TypeLink:
		target := path.Clean("/" + h.Linkname)[1:]
		dir, err := u.resolve(path.Dir(target))
		if err != nil {
			return err
		}
		return u.root.Link(path.Join(dir, path.Base(target)), at)
	default:
		return nil // devices and pipes: a runtime makes those a container needs
	}
	if u.owner {
		if err := u.root.Lchown(at, h.Uid, h.Gid); err != nil {
			return err
		}
	}
	if h.Typeflag != tar.TypeSymlink {
		// After the owner: changing that takes the set-user-id bit away.
		if err := u.root.Chmod(at, mode&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg {
			_ = u.root.Chtimes(at, h.ModTime, h.ModTime)
			if caps := h.PAXRecords["SCHILY.xattr.security.capability"]; caps != "" && u.owner {
				if f, err := u.root.Open(at); err == nil {
					_ = unix.Fsetxattr(int(f.Fd()), "security.capability", []byte(caps), 0)
					_ = f.Close()
				}
			}
		}
	}
	return nil
}

// empty removes what lower layers have in a folder.
func (u *unpacker) empty(dir string) error {
	f, err := u.root.Open(dir)
	if err != nil {
		return nil // nothing there to hide
	}
	names, err := f.Readdirnames(-1)
	_ = f.Close()
	if err != nil {
		return err
	}
	for _, n := range names {
		if p := path.Join(dir, n); !u.fresh[p] {
			if err := u.root.RemoveAll(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolve follows the links in a folder's path as the container would see them:
// an absolute one starts at the image's root.
func (u *unpacker) resolve(dir string) (string, error) {
	done := "."
	todo := strings.Split(dir, "/")
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			done = path.Dir(done)
			continue
		}
		next := path.Join(done, part)
		st, err := u.root.Lstat(next)
		if err != nil || st.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > 40 {
			return "", errors.New("too many links")
		}
		target, err := u.root.Readlink(next)
		if err != nil {
			return "", err
		}
		if path.IsAbs(target) {
			done = "."
		}
		todo = append(strings.Split(target, "/"), todo...)
	}
	return done, nil
}

// insideRoot finds a file of a root file system as its processes would.
func insideRoot(dir, file string) string {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ""
	}
	defer func() { _ = root.Close() }()
	u := &unpacker{root: root}
	p, err := u.resolve(path.Clean("/" + file)[1:])
	if err != nil {
		return ""
	}
	return filepath.Join(dir, p)
}

// sumFiles adds up the sizes of an archive's files, in bytes.
func sumFiles(r io.Reader) (int64, error) {
	var total int64
	for t := tar.NewReader(r); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return 0, err
		}
		if h.Typeflag == tar.TypeReg {
			total += h.Size
		}
	}
}
