package ngc

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// A workspace is a folder that outlives the jobs that mount it.
type workspace struct {
	id, name, description, ace, org, team string
	created                               time.Time
	dir                                   string // on this machine
}

// errNoWorkspace says that no workspace has that name or id.
var errNoWorkspace = errors.New("no such workspace")

// workspace finds one by name or id.
func (p *Platform) workspace(name string) (*workspace, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.workspaces {
		if w.name == name || w.id == name {
			return w, nil
		}
	}
	return nil, fmt.Errorf("%w: %q. Make it with: ngc workspace create --name %s", errNoWorkspace, name, name)
}

func (p *Platform) createWorkspace(name, description, ace, org, team string) (*workspace, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.workspaces {
		if name != "" && w.name == name {
			return nil, fmt.Errorf("a workspace named %q exists already, with id %s", name, w.id)
		}
	}
	raw := make([]byte, 16)
	rand.Read(raw) // never fails
	id := base64.RawURLEncoding.EncodeToString(raw)
	id = strings.NewReplacer("-", "A", "_", "B").Replace(id) // an id must not look like an option
	w := &workspace{id: id, name: name, description: description, ace: ace, org: org, team: team,
		created: p.opts.Now(), dir: filepath.Join(p.opts.Dir, "workspaces", id)}
	if err := os.Mkdir(w.dir, 0o777); err != nil {
		return nil, fmt.Errorf("making the workspace: %w", err)
	}
	if err := os.Chmod(w.dir, 0o777); err != nil { // a job may run as any user
		return nil, fmt.Errorf("making the workspace: %w", err)
	}
	p.workspaces = append(p.workspaces, w)
	return w, nil
}

func (p *Platform) removeWorkspace(w *workspace) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		for _, m := range j.mounts {
			if m.ws == w && !j.status.ended() {
				return fmt.Errorf("the workspace is mounted by job %d, which is %s", j.id, j.status)
			}
		}
	}
	for i, o := range p.workspaces {
		if o == w {
			p.workspaces = append(p.workspaces[:i:i], p.workspaces[i+1:]...)
		}
	}
	return os.RemoveAll(w.dir)
}

// size is the sum of the file sizes in bytes.
func (w *workspace) size() (n int64, files int) {
	filepath.WalkDir(w.dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // a file that went away counts nothing
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
			files++
		}
		return nil
	})
	return n, files
}

// inScratch opens the scratch folder and gives a path's name in it. Paths that
// lead out of it, by .. or by a link, are refused: the platform stands outside
// the fence that the session is behind.
func (p *Platform) inScratch(dir, name string) (*os.Root, string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	rel, err := filepath.Rel(p.opts.Scratch, name)
	if err != nil || !filepath.IsLocal(rel) {
		return nil, "", fmt.Errorf("%s lies outside the lab's folder", name)
	}
	root, err := os.OpenRoot(p.opts.Scratch)
	if err != nil {
		return nil, "", err
	}
	return root, rel, nil
}

// A copied sum says what an upload or download moved.
type copied struct {
	files int
	bytes int64
}

// copyTree copies a file or folder from one root to another. Links are not
// followed and not copied.
func copyTree(from *os.Root, src string, to *os.Root, dst string) (c copied, err error) {
	info, err := from.Lstat(src)
	if err != nil {
		return c, err
	}
	switch {
	case info.IsDir():
		if err := to.MkdirAll(dst, 0o755); err != nil {
			return c, err
		}
		d, err := from.Open(src)
		if err != nil {
			return c, err
		}
		names, err := d.Readdirnames(-1)
		d.Close()
		if err != nil {
			return c, err
		}
		for _, n := range names {
			one, err := copyTree(from, path.Join(src, n), to, path.Join(dst, n))
			c.files, c.bytes = c.files+one.files, c.bytes+one.bytes
			if err != nil {
				return c, err
			}
		}
		return c, nil
	case info.Mode().IsRegular():
		in, err := from.Open(src)
		if err != nil {
			return c, err
		}
		defer in.Close()
		if err := to.MkdirAll(path.Dir(dst), 0o755); err != nil {
			return c, err
		}
		out, err := to.OpenFile(dst, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, info.Mode().Perm()|0o600)
		if err != nil {
			return c, err
		}
		n, err := io.Copy(out, in)
		if cerr := out.Close(); err == nil {
			err = cerr
		}
		return copied{1, n}, err
	}
	return c, nil
}

// upload copies a file, or what is in a folder, into the workspace.
func (p *Platform) upload(w *workspace, dir, source, dest string) (copied, error) {
	from, src, err := p.inScratch(dir, source)
	if err != nil {
		return copied{}, err
	}
	defer from.Close()
	to, err := os.OpenRoot(w.dir)
	if err != nil {
		return copied{}, err
	}
	defer to.Close()
	dst := strings.TrimPrefix(path.Clean("/"+dest), "/")
	info, err := from.Stat(src)
	if err != nil {
		return copied{}, fmt.Errorf("the source %s cannot be read: %w", source, err)
	}
	if info.IsDir() {
		if dst == "" {
			dst = "."
		}
	} else {
		dst = path.Join(dst, path.Base(src))
	}
	return copyTree(from, src, to, dst)
}

// download copies files and folders of a folder of the platform's, or all of it,
// into a folder of a name below dest. It gives that folder.
func (p *Platform) download(folder, name, dir, dest string, names []string) (into string, c copied, err error) {
	to, dst, err := p.inScratch(dir, dest)
	if err != nil {
		return "", c, err
	}
	defer to.Close()
	from, err := os.OpenRoot(folder)
	if err != nil {
		return "", c, err
	}
	defer from.Close()
	dst = filepath.Join(dst, name)
	if len(names) == 0 {
		names = []string{"/"}
	}
	for _, n := range names {
		src := strings.TrimPrefix(path.Clean("/"+n), "/")
		if src == "" {
			src = "."
		}
		one, err := copyTree(from, src, to, path.Join(dst, src))
		c.files, c.bytes = c.files+one.files, c.bytes+one.bytes
		if err != nil {
			return "", c, fmt.Errorf("downloading %s: %w", n, err)
		}
	}
	return filepath.Join(p.opts.Scratch, dst), c, nil
}

// bytesText writes a size as ngc does: 1.5 MB, with powers of 1000.
func bytesText(n int64) string {
	f, unit := float64(n), 0
	units := []string{"B", "KB", "MB", "GB", "TB"}
	for f >= 1000 && unit < len(units)-1 {
		f /= 1000
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.2f %s", f, units[unit])
}
