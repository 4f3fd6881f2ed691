package network

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The hosts of the Python package index: pages of links, and the files that
// they lead to.
const (
	packageIndex = "pypi.org"
	packageFiles = "files.pythonhosted.org"
)

// Packages are what to bring from the Python package index.
type Packages struct {
	Requirements []string // as pip takes them: "numpy", "torch==2.2.0"
	// Python is the version that they are for, such as "3.10"; "" is that of
	// this machine.
	Python string
}

// PullPackages brings packages and all that they depend on. Which files these
// are is for pip to say, which asks the index that this machine is set up with.
func (m *Mirror) PullPackages(ctx context.Context, p Packages) ([]Mirrored, error) {
	what := strings.Join(p.Requirements, ", ")
	for _, r := range p.Requirements {
		if strings.HasPrefix(r, "-") {
			return nil, fmt.Errorf("%q is no package", r)
		}
	}
	if err := exec.CommandContext(ctx, "python3", "-m", "pip", "--version").Run(); err != nil {
		return nil, &Missing{"pip, which brings Python packages", "apt-get install -y python3-pip"}
	}
	m.Progress("pulling the Python packages " + what)
	dir, err := os.MkdirTemp("", "docent-packages-*")
	if err != nil {
		return nil, fmt.Errorf("pull the packages %s: %w", what, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	args := []string{"-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--dest", dir}
	if p.Python != "" {
		args = append(args, "--python-version", p.Python, "--only-binary=:all:")
	}
	cmd := exec.CommandContext(ctx, "python3", append(append(args, "--"), p.Requirements...)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("pull the packages %s: %w: %s", what, err, strings.TrimSpace(said.String()))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	var list []Mirrored
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return list, fmt.Errorf("pull the packages %s: %w", what, err)
		}
		got, err := m.putFile("https://"+packageFiles+"/packages/"+filepath.Base(file), data)
		if err != nil {
			return list, err
		}
		list = append(list, got)
	}
	return list, nil
}

// A packageFile is one file of a package.
type packageFile struct{ name, address, sha256 string }

// packagesIn finds the files of Python packages among what a mirror has, by the
// name of their package, in the form that the index knows it by.
func packagesIn(files map[string]string) map[string][]packageFile {
	found := map[string][]packageFile{}
	for address, blob := range files {
		u, err := url.Parse(address)
		if err != nil || u.Hostname() != packageFiles && u.Hostname() != packageIndex {
			continue
		}
		name := path.Base(u.Path)
		of := packageOf(name)
		if of == "" {
			continue
		}
		f := packageFile{name: name, address: address}
		if sum := filepath.Base(blob); len(sum) == 64 { // a layout names what it holds by its digest
			f.sha256 = sum
		}
		found[of] = append(found[of], f)
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b packageFile) int { return strings.Compare(a.name, b.name) })
	}
	return found
}

var separators = regexp.MustCompile(`[-_.]+`)

// normalName is the form of a package's name that the index uses (PEP 503).
func normalName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// packageOf gives the name of the package that a file is of; "" if it is none.
func packageOf(file string) string {
	if wheel, ok := strings.CutSuffix(file, ".whl"); ok {
		name, _, ok := strings.Cut(wheel, "-")
		if !ok {
			return ""
		}
		return normalName(name)
	}
	for _, ext := range []string{".tar.gz", ".zip"} {
		if source, ok := strings.CutSuffix(file, ext); ok {
			if i := strings.LastIndexByte(source, '-'); i > 0 {
				return normalName(source[:i])
			}
		}
	}
	return ""
}

// serveIndex plays the package index, for the packages that the mirror has. The
// others come from the index itself, if the run may ask it.
func (n *Network) serveIndex(w http.ResponseWriter, r *http.Request) {
	name, isSimple := strings.CutPrefix(r.URL.Path, "/simple/")
	name = strings.Trim(name, "/")
	files, mirrored := n.packages[normalName(name)]
	switch {
	case isSimple && mirrored && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!DOCTYPE html>\n<title>%s</title>\n", html.EscapeString(name))
		for _, f := range files {
			address := f.address
			if f.sha256 != "" {
				address += "#sha256=" + f.sha256
			}
			fmt.Fprintf(w, "<a href=\"%s\">%s</a><br>\n", html.EscapeString(address), html.EscapeString(f.name))
		}
	case n.mayLeave(packageIndex, "443"):
		n.forward(w, r, packageIndex)
	case isSimple && name != "":
		n.fault(packageIndex, "the package "+name+" is not in the lab's mirror, and this run is hermetic")
		http.Error(w, "labs: the package "+name+" is not in the lab's mirror, and this run is hermetic", http.StatusNotFound)
	default:
		http.Error(w, "labs: the mirror answers for packages only", http.StatusNotFound)
	}
}
