package recipes

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"
)

// Store keeps built layers, each in a folder named after its recipe's digest.
// Several programs may use one at once.
type Store struct {
	Dir string
	Log func(string)
	// Progress is told how far a build is; done is 0 to 1.
	Progress func(what, step string, done float64, elapsed time.Duration)
}

// epoch is the creation time that stand-ins carry, so that a rebuilt one has the
// same configuration.
var epoch = time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC)

// Image gives the stand-in for an image, built now if it never was. Its layers
// have a Path method: the file that holds them. An error that wraps *Lacking
// names what the machine lacks.
func (s *Store) Image(ctx context.Context, r *Recipe, plays string) (v1.Image, error) {
	var chain []*Recipe
	for at := r; at != nil; at = at.parent {
		chain = append([]*Recipe{at}, chain...)
	}
	img := v1.Image(empty.Image)
	for _, at := range chain {
		l, err := s.layer(ctx, at)
		if err != nil {
			return nil, err
		}
		img, err = mutate.Append(img, mutate.Addendum{Layer: l, MediaType: types.DockerUncompressedLayer, History: v1.History{
			Created: v1.Time{Time: epoch}, CreatedBy: at.about, Comment: "docent stand-in " + at.Name,
		}})
		if err != nil {
			return nil, err
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Created = v1.Time{Time: epoch}
	config.Architecture, config.OS = runtime.GOARCH, "linux"
	config.Config.Env = r.env(plays)
	config.Config.Cmd = []string{"/bin/bash"}
	config.Config.WorkingDir = "/"
	if r == pytorch {
		config.Config.WorkingDir = "/workspace"
	}
	config.Config.Labels = map[string]string{"docent.standin": plays, "docent.recipe": r.Name, "docent.recipe.digest": r.Digest()}
	return mutate.ConfigFile(img, config)
}

// Built says whether the stand-in is in the store.
func (s *Store) Built(r *Recipe) bool {
	for ; r != nil; r = r.parent {
		if _, err := s.read(r); err != nil {
			return false
		}
	}
	return true
}

// Size is how many bytes of the store a built stand-in takes, with the layers
// below it.
func (s *Store) Size(r *Recipe) (int64, error) {
	var sum int64
	for ; r != nil; r = r.parent {
		l, err := s.read(r)
		if err != nil {
			return 0, err
		}
		sum += l.size
	}
	return sum, nil
}

// Adopt takes over a stand-in that was built elsewhere. It is false for one of
// another version of the recipe.
func (s *Store) Adopt(recipe, digest string, img v1.Image) (bool, error) {
	var chain []*Recipe
	for _, r := range All() {
		if r.Name == recipe && r.Digest() == digest {
			for at := r; at != nil; at = at.parent {
				chain = append([]*Recipe{at}, chain...)
			}
		}
	}
	layers, err := img.Layers()
	if err != nil {
		return false, err
	}
	if len(chain) == 0 || len(layers) != len(chain) {
		return false, nil
	}
	for i, r := range chain {
		if _, err := s.read(r); err == nil {
			continue
		}
		if err := s.adoptLayer(r, layers[i]); err != nil {
			return false, err
		}
	}
	return true, nil
}

// adoptLayer writes one layer into the store, if it is what its digest says.
func (s *Store) adoptLayer(r *Recipe, from v1.Layer) error {
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return fmt.Errorf("make the folder for stand-ins: %w", err)
	}
	work, err := os.MkdirTemp(s.Dir, fmt.Sprintf("build-%d-*", os.Getpid()))
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	rc, err := from.Uncompressed()
	if err != nil {
		return err
	}
	defer func() { _ = rc.Close() }()
	f, err := os.Create(filepath.Join(work, "layer.tar"))
	if err != nil {
		return err
	}
	h := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, h), rc)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	n := note{Recipe: r.Digest(), Digest: "sha256:" + hex.EncodeToString(h.Sum(nil)), Size: size}
	if want, err := from.DiffID(); err != nil || want.String() != n.Digest {
		return fmt.Errorf("the layer of %s has the digest %s, not %s: %w", r.Name, n.Digest, want, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return s.keep(r, work, n)
}

// note is what is kept beside a layer.
type note struct {
	Digest  string  `json:"digest"` // of layer.tar
	Size    int64   `json:"size"`   // bytes
	Recipe  string  `json:"recipe"`
	Seconds float64 `json:"seconds"` // the build took
}

func (s *Store) folder(r *Recipe) string {
	return filepath.Join(s.Dir, r.Name+"-"+strings.TrimPrefix(r.Digest(), "sha256:")[:24])
}

// read finds a finished layer.
func (s *Store) read(r *Recipe) (*layer, error) {
	dir := s.folder(r)
	text, err := os.ReadFile(filepath.Join(dir, "note.json"))
	if err != nil {
		return nil, err
	}
	var n note
	if err := json.Unmarshal(text, &n); err != nil {
		return nil, err
	}
	h, err := v1.NewHash(n.Digest)
	if err != nil {
		return nil, err
	}
	l := &layer{path: filepath.Join(dir, "layer.tar"), hash: h, size: n.Size}
	st, err := os.Stat(l.path)
	if err != nil {
		return nil, err
	}
	if st.Size() != n.Size {
		return nil, fmt.Errorf("%s has %d bytes, not %d", l.path, st.Size(), n.Size)
	}
	return l, nil
}

// layer finds a recipe's layer, or builds it. One program builds at a time.
func (s *Store) layer(ctx context.Context, r *Recipe) (*layer, error) {
	if l, err := s.read(r); err == nil {
		return l, nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for stand-ins: %w", err)
	}
	unlock, err := lock(ctx, s.folder(r)+".lock")
	if err != nil {
		return nil, fmt.Errorf("wait for another build of %s: %w", r.Name, err)
	}
	defer unlock()
	if l, err := s.read(r); err == nil {
		return l, nil // the other one built it
	}
	var lower *layer
	if r.parent != nil {
		if lower, err = s.layer(ctx, r.parent); err != nil {
			return nil, err
		}
	}
	if err := s.build(ctx, r, lower); err != nil {
		return nil, err
	}
	return s.read(r)
}

// lock takes a file lock, waiting until ctx ends. The kernel gives it back when
// this program dies.
func lock(ctx context.Context, path string) (func(), error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

const installTools = "apt-get install -y debootstrap util-linux tar"

// tool finds a system program, whatever this program's own PATH is.
func tool(name string) (string, error) {
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err == nil && !st.IsDir() {
			return filepath.Join(dir, name), nil
		}
	}
	return "", &Lacking{"the program " + name + ", which builds stand-ins", installTools}
}

// Ready says what this machine lacks to build stand-ins; nil if nothing.
func Ready() error {
	if os.Geteuid() != 0 {
		return &Lacking{What: "the right to build a root file system: run as root, or import stand-ins that were built elsewhere"}
	}
	for _, t := range []string{"debootstrap", "unshare", "chroot", "mount", "tar"} {
		if _, err := tool(t); err != nil {
			return err
		}
	}
	return nil
}

// build makes a layer in a folder beside its own and moves it there when it is
// whole.
func (s *Store) build(ctx context.Context, r *Recipe, lower *layer) (err error) {
	if err := Ready(); err != nil {
		return err
	}
	began := time.Now()
	work, err := os.MkdirTemp(s.Dir, fmt.Sprintf("build-%d-*", os.Getpid()))
	if err != nil {
		return fmt.Errorf("make a folder to build in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	for _, d := range []string{"root", "lower", "upper", "work", "recipe"} {
		if err := os.Mkdir(filepath.Join(work, d), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(work, 0o700); err != nil {
		return err
	}
	files := r.files()
	files["sources.list"] = sourcesList()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(work, "recipe", name), []byte(text), 0o755); err != nil {
			return err
		}
	}
	if lower != nil {
		tar, err := tool("tar")
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, tar, "-xpf", lower.path, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", filepath.Join(work, "lower"))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("unpack the layer below: %w: %s", err, lastLines(out))
		}
	}
	if err := s.runScript(ctx, r, work, lower != nil, began); err != nil {
		return err
	}
	from := "root"
	if lower != nil {
		from = "upper"
	}
	n := note{Recipe: r.Digest()}
	if n.Digest, n.Size, err = pack(filepath.Join(work, from), filepath.Join(work, "layer.tar")); err != nil {
		return fmt.Errorf("pack the layer of %s: %w", r.Name, err)
	}
	n.Seconds = time.Since(began).Seconds()
	return s.keep(r, work, n)
}

// keep moves a finished layer to its place.
func (s *Store) keep(r *Recipe, work string, n note) error {
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	dir := s.folder(r)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	out := filepath.Join(work, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(work, "layer.tar"), filepath.Join(out, "layer.tar")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "note.json"), text, 0o644); err != nil {
		return err
	}
	s.Log(fmt.Sprintf("built the stand-in layer %s: %d MB in %.0f s", r.Name, n.Size/1e6, n.Seconds))
	return os.Rename(out, dir)
}

// stage is the outer part of a build. It runs in mount and process namespaces of
// its own, so that nothing it mounts or starts outlives it.
const stage = `set -e
work=$1 script=$2
if [ "$script" = base ]; then
	"$DEBOOTSTRAP" --variant=minbase $SUITE "$work/root" $MIRROR
	: > "$work/root/etc/resolv.conf"
else
	mount -t overlay overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/work" "$work/root"
fi
root=$work/root
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
# Devices: a few harmless ones, bound one by one.
mount -t tmpfs tmpfs "$root/dev"
for d in null zero full random urandom tty; do
	: > "$root/dev/$d"
	mount --bind "/dev/$d" "$root/dev/$d"
done
mkdir "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/tmp/recipe"
cp "$work/recipe/"* "$root/tmp/recipe/"
# The machine's resolver, for the time of the build only.
[ -e "$root/etc/resolv.conf" ] || : > "$root/etc/resolv.conf"
mount --bind "$(readlink -f /etc/resolv.conf)" "$root/etc/resolv.conf"
chroot "$root" /bin/bash /tmp/recipe/run.sh
`

// runScript runs a recipe's script in the new root.
func (s *Store) runScript(ctx context.Context, r *Recipe, work string, onTop bool, began time.Time) error {
	unshare, err := tool("unshare")
	if err != nil {
		return err
	}
	debootstrap, err := tool("debootstrap")
	if err != nil {
		return err
	}
	kind := "base"
	if onTop {
		kind = "layer"
	}
	cmd := exec.Command(unshare, "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private",
		"/bin/sh", "-c", stage, "sh", work, kind)
	// debootstrap keeps its downloads in the new root; the mirror is the machine's.
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
		"DEBIAN_FRONTEND=noninteractive", "DEBOOTSTRAP=" + debootstrap, "SUITE=" + suite, "MIRROR=" + mirror()}
	if p := aptProxy(); p != "" {
		cmd.Env = append(cmd.Env, "http_proxy="+p)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	pr, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = pw, pw
	started := make(chan error, 1)
	ended := make(chan error, 1)
	go func() {
		// The kernel ties the child's life to this thread.
		runtime.LockOSThread()
		err := cmd.Start()
		_ = pw.Close()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		_ = pr.Close()
		return fmt.Errorf("start the build of %s: %w", r.Name, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop()
	said := s.follow(r, pr, began)
	_ = pr.Close()
	if err := <-ended; err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("the recipe %s failed: %w; its last words:\n%s", r.Name, err, said)
	}
	return nil
}

// follow reads what a build prints, reports its progress, and returns its last
// lines.
func (s *Store) follow(r *Recipe, out io.Reader, began time.Time) string {
	var last []string
	at, step := 0, "starting"
	what := "building the stand-in " + r.Name
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	reported := time.Time{}
	report := func() {
		elapsed := time.Since(began)
		done := max(float64(at)/float64(r.steps()+1), min(0.95, elapsed.Seconds()/float64(r.takes)))
		s.Progress(what, step, min(done, 0.99), elapsed)
		reported = time.Now()
	}
	for lines.Scan() {
		line := lines.Text()
		if t, ok := strings.CutPrefix(line, "@step "); ok {
			at, step = at+1, t
			report()
			continue
		}
		if time.Since(reported) > time.Second {
			report()
		}
		if last = append(last, line); len(last) > 12 {
			last = last[1:]
		}
	}
	return strings.Join(last, "\n")
}

func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// Clean removes the folders of builds whose program is gone.
func (s *Store) Clean() ([]string, error) {
	dirs, _ := filepath.Glob(filepath.Join(s.Dir, "build-*"))
	var lines []string
	var errs []error
	for _, d := range dirs {
		var pid int
		if _, err := fmt.Sscanf(filepath.Base(d), "build-%d-", &pid); err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		if err := os.RemoveAll(d); err != nil {
			errs = append(errs, err)
			continue
		}
		lines = append(lines, "half-built stand-in "+d)
	}
	return lines, errors.Join(errs...)
}

// pack writes a folder as a layer and gives its digest and size. An overlay's
// marks for what is gone become those of image layers.
func pack(dir, path string) (string, int64, error) {
	f, err := os.Create(path)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(f, h), 1<<20)
	w := tar.NewWriter(buf)
	err = writeTree(w, dir)
	err = errors.Join(err, w.Close(), buf.Flush())
	var size int64
	if st, serr := f.Stat(); serr == nil {
		size = st.Size()
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), size, errors.Join(err, f.Close())
}

func writeTree(w *tar.Writer, dir string) error {
	links := map[uint64]string{}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		st, err := os.Lstat(path)
		if err != nil {
			return err
		}
		sys := st.Sys().(*syscall.Stat_t)
		if st.Mode()&fs.ModeSocket != 0 {
			return nil
		}
		if st.Mode()&fs.ModeCharDevice != 0 && sys.Rdev == 0 {
			return w.WriteHeader(&tar.Header{Name: filepath.Join(filepath.Dir(rel), ".wh."+filepath.Base(rel)), Typeflag: tar.TypeReg, Mode: 0o644})
		}
		target := ""
		if st.Mode()&fs.ModeSymlink != 0 {
			if target, err = os.Readlink(path); err != nil {
				return err
			}
		}
		hdr, err := tar.FileInfoHeader(st, target)
		if err != nil {
			return err
		}
		hdr.Name = rel
		// Names are the build machine's; numbers are the image's.
		hdr.Uname, hdr.Gname, hdr.AccessTime, hdr.ChangeTime = "", "", time.Time{}, time.Time{}
		hdr.ModTime = hdr.ModTime.Truncate(time.Second)
		hdr.Format = tar.FormatPAX
		if st.IsDir() {
			hdr.Name += "/"
			if err := w.WriteHeader(hdr); err != nil {
				return err
			}
			if opaque(path) {
				return w.WriteHeader(&tar.Header{Name: rel + "/.wh..wh..opq", Typeflag: tar.TypeReg, Mode: 0o644})
			}
			return nil
		}
		if st.Mode().IsRegular() {
			if sys.Nlink > 1 {
				if first, ok := links[sys.Ino]; ok {
					hdr.Typeflag, hdr.Linkname, hdr.Size = tar.TypeLink, first, 0
					return w.WriteHeader(hdr)
				}
				links[sys.Ino] = rel
			}
			var caps [256]byte
			if k, err := unix.Lgetxattr(path, "security.capability", caps[:]); err == nil && k > 0 {
				hdr.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(caps[:k])}
			}
		}
		if err := w.WriteHeader(hdr); err != nil || !st.Mode().IsRegular() {
			return err
		}
		src, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = src.Close() }()
		_, err = io.CopyN(w, src, hdr.Size)
		return err
	})
}

func opaque(path string) bool {
	var v [4]byte
	k, err := unix.Lgetxattr(path, "trusted.overlay.opaque", v[:])
	return err == nil && k == 1 && v[0] == 'y'
}

// layer is a built layer. It is kept as it is, uncompressed: it travels over
// loopback only, where compressing costs more than it saves.
type layer struct {
	path string
	hash v1.Hash
	size int64
}

// Path is the file that holds the layer.
func (l *layer) Path() string                         { return l.path }
func (l *layer) Digest() (v1.Hash, error)             { return l.hash, nil }
func (l *layer) DiffID() (v1.Hash, error)             { return l.hash, nil }
func (l *layer) Size() (int64, error)                 { return l.size, nil }
func (l *layer) MediaType() (types.MediaType, error)  { return types.DockerUncompressedLayer, nil }
func (l *layer) Compressed() (io.ReadCloser, error)   { return os.Open(l.path) }
func (l *layer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.path) }
