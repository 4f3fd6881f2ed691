package site

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// projectSigns are what the top folder of a project holds.
var projectSigns = []string{".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg", "configure", "configure.ac", "CMakeLists.txt",
	"meson.build", "package.json", "go.mod", "Cargo.toml", "LICENSE", "LICENSE.txt", "LICENSE.rst", "LICENSE.md", "COPYING", "MAINTAINERS", "Kconfig"}

// projectAround finds the folder of the project that a Sphinx tree documents:
// the nearest one above it that looks like one, at most four steps up.
func projectAround(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for range 4 {
		up := filepath.Dir(abs)
		if up == abs || filepath.Dir(up) == up { // the root of all files is no project
			return ""
		}
		abs = up
		for _, sign := range projectSigns {
			if _, err := os.Lstat(filepath.Join(abs, sign)); err == nil {
				return abs
			}
		}
	}
	return ""
}

// A projectFS is the content folder, and for names that begin with "../" the
// project around it: pages of Sphinx trees include the code they document.
// Neither can be left, by dots or by links.
type projectFS struct {
	fs.FS
	project fs.FS
	below   string // the content folder in the project, with slashes
}

// Open opens a file of the content, or of the project around it.
func (p projectFS) Open(name string) (fs.File, error) {
	if !strings.HasPrefix(name, "../") {
		f, err := p.FS.Open(name)
		if err != nil && strings.Contains(err.Error(), "escapes") { // a link to a file of the project is followed
			if f, err := p.project.Open(path.Join(p.below, name)); err == nil {
				return f, nil
			}
		}
		return f, err
	}
	at := p.below
	for strings.HasPrefix(name, "../") {
		if at == "" {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		name = name[3:]
		if i := strings.LastIndexByte(at, '/'); i >= 0 {
			at = at[:i]
		} else {
			at = ""
		}
	}
	if at != "" {
		name = at + "/" + name
	}
	return p.project.Open(name)
}

// openProject lets pages of a Sphinx tree include text of its project.
func (s *Site) openProject(dir string) {
	top := projectAround(dir)
	if top == "" {
		return
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return
	}
	below, err := filepath.Rel(top, abs)
	if err != nil {
		return
	}
	if s.project, err = os.OpenRoot(top); err != nil {
		return
	}
	s.files = projectFS{s.files, s.project.FS(), filepath.ToSlash(below)}
}
