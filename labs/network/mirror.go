package network

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"docent/labs/network/recipes"
)

// A Mirror is what a machine has of the outside: images, files of other hosts,
// and stand-ins, kept so that a lab needs no network. All of it goes through
// one OCI layout folder from a machine that has a network to one that has none.
type Mirror struct {
	dir      string // an OCI layout
	store    *recipes.Store
	way      *way
	Progress func(what string)
}

// The annotations of what a mirror holds. An image has its name, a file its
// address, a stand-in its recipe and the recipe's digest.
const (
	refAnnotation    = "org.opencontainers.image.ref.name"
	urlAnnotation    = "docent.url"
	movedAnnotation  = "docent.moved" // of an address: where it leads
	recipeAnnotation = "docent.recipe"
	digestAnnotation = "docent.recipe.digest"
)

// fileType is the media type of a mirrored file.
const fileType types.MediaType = "application/octet-stream"

// OpenMirror opens the mirror in a cache folder; "" is the user's. outside is as
// in Options.
func OpenMirror(cache string, outside *http.Transport) (*Mirror, error) {
	cache, err := cacheFolder(cache)
	if err != nil {
		return nil, err
	}
	m := &Mirror{dir: filepath.Join(cache, "mirror"), store: &recipes.Store{Dir: filepath.Join(cache, "standins"), Log: func(string) {}},
		way: newWay(outside, 0), Progress: func(string) {}}
	m.store.Progress = func(string, string, float64, time.Duration) {}
	return m, nil
}

// cacheFolder is where what outlives a run is kept.
func cacheFolder(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the user's cache folder: %w", err)
	}
	return filepath.Join(dir, "docent"), nil
}

// A Mirrored is one thing that a mirror holds.
type Mirrored struct {
	Kind   string `json:"kind"` // "image", "file" or "stand-in"
	Name   string `json:"name"` // reference, address or recipe
	Digest string `json:"digest"`
	Size   int64  `json:"size_bytes"` // as it is kept
	Stale  bool   `json:"stale,omitempty"`
}

// index reads the layout; one that is not there is empty.
func (m *Mirror) index() ([]v1.Descriptor, error) {
	idx, err := layout.ImageIndexFromPath(m.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read the mirror %s: %w", m.dir, err)
	}
	manifest, err := idx.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read the mirror %s: %w", m.dir, err)
	}
	return manifest.Manifests, nil
}

// IndexFile is the file that names everything in the mirror, but the stand-ins,
// by digest.
func (m *Mirror) IndexFile() string { return filepath.Join(m.dir, "index.json") }

// List says what the mirror holds, images first.
func (m *Mirror) List() ([]Mirrored, error) {
	all, err := m.index()
	if err != nil {
		return nil, err
	}
	var list []Mirrored
	for _, d := range all {
		entry := Mirrored{Kind: "image", Name: d.Annotations[refAnnotation], Digest: d.Digest.String()}
		if u := d.Annotations[urlAnnotation]; u != "" {
			entry.Kind, entry.Name = "file", u
		}
		img, err := layout.Path(m.dir).Image(d.Digest)
		if err != nil {
			return nil, fmt.Errorf("read %s from the mirror: %w", entry.Name, err)
		}
		if entry.Size, err = storedSize(img); err != nil {
			return nil, fmt.Errorf("read %s from the mirror: %w", entry.Name, err)
		}
		list = append(list, entry)
	}
	for _, r := range recipes.All() {
		if m.store.Built(r) {
			size, _ := m.store.Size(r)
			list = append(list, Mirrored{Kind: "stand-in", Name: r.Name, Digest: r.Digest(), Size: size})
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Kind != list[j].Kind {
			return strings.Index("image file stand-in", list[i].Kind) < strings.Index("image file stand-in", list[j].Kind)
		}
		return list[i].Name < list[j].Name
	})
	return list, nil
}

func storedSize(img v1.Image) (int64, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return 0, err
	}
	size := manifest.Config.Size
	for _, l := range manifest.Layers {
		size += l.Size
	}
	return size, nil
}

// put files an image under an annotation, in the place of an older one.
func (m *Mirror) put(img v1.Image, annotations map[string]string) error {
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return fmt.Errorf("make the mirror's folder: %w", err)
	}
	return putInto(m.dir, img, annotations)
}

func putInto(dir string, img v1.Image, annotations map[string]string) error {
	p, err := layout.FromPath(dir)
	if err != nil {
		if p, err = layout.Write(dir, empty.Index); err != nil {
			return fmt.Errorf("make the layout %s: %w", dir, err)
		}
	}
	same := match.Matcher(nil)
	for _, key := range []string{recipeAnnotation, urlAnnotation, refAnnotation} {
		if v := annotations[key]; v != "" {
			same = match.Annotation(key, v)
			break
		}
	}
	return p.ReplaceImage(img, same, layout.WithAnnotations(annotations))
}

// Pull brings an image, for this machine's kind of processor, or a file whose
// address begins with http.
func (m *Mirror) Pull(ctx context.Context, what string) (Mirrored, error) {
	m.Progress("pulling " + what)
	if strings.HasPrefix(what, "http://") || strings.HasPrefix(what, "https://") {
		return m.pullFile(ctx, what)
	}
	ref, err := name.ParseReference(what)
	if err != nil {
		return Mirrored{}, fmt.Errorf("%q is neither an image nor an address: %w", what, err)
	}
	img, err := remote.Image(ref, remote.WithContext(ctx), remote.WithTransport(m.way.transport), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return Mirrored{}, fmt.Errorf("pull %s: %w", what, err)
	}
	if err := m.put(img, map[string]string{refAnnotation: ref.Name()}); err != nil {
		return Mirrored{}, fmt.Errorf("pull %s: %w", what, err)
	}
	digest, err := img.Digest()
	if err != nil {
		return Mirrored{}, err
	}
	size, err := storedSize(img)
	return Mirrored{Kind: "image", Name: ref.Name(), Digest: digest.String(), Size: size}, err
}

// largestFile bounds a mirrored file, in bytes.
const largestFile = 4 << 30

func (m *Mirror) pullFile(ctx context.Context, address string) (Mirrored, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Mirrored{}, fmt.Errorf("%q is no address: %w", address, err)
	}
	resp, err := (&http.Client{Transport: m.way.transport}).Do(req)
	if err != nil {
		return Mirrored{}, fmt.Errorf("pull %s: %w", address, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return Mirrored{}, fmt.Errorf("pull %s: it answers %s", address, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, largestFile))
	if err != nil {
		return Mirrored{}, fmt.Errorf("pull %s: %w", address, err)
	}
	return m.putFile(address, data)
}

// putMoved files that an address leads to another one.
func (m *Mirror) putMoved(address, to string) error {
	return m.put(mutate.MediaType(empty.Image, types.OCIManifestSchema1), map[string]string{urlAnnotation: address, movedAnnotation: to})
}

// putFile files the bytes of an address.
func (m *Mirror) putFile(address string, data []byte) (Mirrored, error) {
	l := static.NewLayer(data, fileType)
	img, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), l)
	if err != nil {
		return Mirrored{}, err
	}
	if err := m.put(img, map[string]string{urlAnnotation: address}); err != nil {
		return Mirrored{}, fmt.Errorf("pull %s: %w", address, err)
	}
	digest, err := l.Digest()
	return Mirrored{Kind: "file", Name: address, Digest: digest.String(), Size: int64(len(data))}, err
}

// Build builds a stand-in, if it was not built before.
func (m *Mirror) Build(ctx context.Context, recipe string) (Mirrored, error) {
	for _, r := range recipes.All() {
		if r.Name != recipe {
			continue
		}
		m.Progress("building the stand-in " + recipe)
		if _, err := m.store.Image(ctx, r, r.Name); err != nil {
			var lacking *recipes.Lacking
			if errors.As(err, &lacking) {
				err = &Missing{lacking.What, lacking.Install}
			}
			return Mirrored{}, fmt.Errorf("build the stand-in %s: %w", recipe, err)
		}
		size, err := m.store.Size(r)
		return Mirrored{Kind: "stand-in", Name: r.Name, Digest: r.Digest(), Size: size}, err
	}
	var names []string
	for _, r := range recipes.All() {
		names = append(names, r.Name)
	}
	return Mirrored{}, fmt.Errorf("there is no recipe %q; there are: %s", recipe, strings.Join(names, ", "))
}

// Built says whether a stand-in is there.
func (m *Mirror) Built(recipe string) bool {
	for _, r := range recipes.All() {
		if r.Name == recipe {
			return m.store.Built(r)
		}
	}
	return false
}

// Export writes all that the mirror holds to an OCI layout: a folder, or a tar
// file when the name ends so.
func (m *Mirror) Export(ctx context.Context, to string) error {
	dir := to
	if strings.HasSuffix(to, ".tar") {
		tmp, err := os.MkdirTemp(filepath.Dir(to), ".docent-mirror-*")
		if err != nil {
			return fmt.Errorf("export the mirror: %w", err)
		}
		defer func() { _ = os.RemoveAll(tmp) }()
		dir = tmp
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("export the mirror: %w", err)
	}
	all, err := m.index()
	if err != nil {
		return err
	}
	for _, d := range all {
		m.Progress("exporting " + d.Annotations[refAnnotation] + d.Annotations[urlAnnotation])
		img, err := layout.Path(m.dir).Image(d.Digest)
		if err == nil {
			err = putInto(dir, img, d.Annotations)
		}
		if err != nil {
			return fmt.Errorf("export the mirror: %w", err)
		}
	}
	for _, r := range recipes.All() {
		if !m.store.Built(r) {
			continue
		}
		m.Progress("exporting the stand-in " + r.Name)
		img, err := m.store.Image(ctx, r, r.Name)
		if err == nil {
			err = putInto(dir, img, map[string]string{recipeAnnotation: r.Name, digestAnnotation: r.Digest()})
		}
		if err != nil {
			return fmt.Errorf("export the stand-in %s: %w", r.Name, err)
		}
	}
	if dir == to {
		return nil
	}
	return packLayout(dir, to)
}

func packLayout(dir, to string) (err error) {
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("export the mirror: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(to)
		}
	}()
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return fmt.Errorf("export the mirror: %w", err)
	}
	return w.Close()
}

// Import takes over what Export wrote. It gives what it took; a stand-in of
// another version of its recipe is Stale, and not taken.
func (m *Mirror) Import(from string) ([]Mirrored, error) {
	idx, err := layout.ImageIndexFromPath(from)
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", from, err)
	}
	manifest, err := idx.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI layout: %w", from, err)
	}
	var list []Mirrored
	for _, d := range manifest.Manifests {
		img, err := idx.Image(d.Digest)
		if err != nil {
			return list, fmt.Errorf("import %s: %w", d.Digest, err)
		}
		entry := Mirrored{Digest: d.Digest.String()}
		if entry.Size, err = storedSize(img); err != nil {
			return list, fmt.Errorf("import %s: %w", d.Digest, err)
		}
		switch a := d.Annotations; {
		case a[recipeAnnotation] != "":
			entry.Kind, entry.Name, entry.Digest = "stand-in", a[recipeAnnotation], a[digestAnnotation]
			taken, err := m.store.Adopt(entry.Name, entry.Digest, img)
			if err != nil {
				return list, fmt.Errorf("import the stand-in %s: %w", entry.Name, err)
			}
			entry.Stale = !taken
		case a[urlAnnotation] != "":
			entry.Kind, entry.Name = "file", a[urlAnnotation]
			keep := map[string]string{urlAnnotation: entry.Name}
			if to := a[movedAnnotation]; to != "" {
				keep[movedAnnotation] = to
			}
			err = m.put(img, keep)
		case a[refAnnotation] != "":
			entry.Kind, entry.Name = "image", a[refAnnotation]
			err = m.put(img, map[string]string{refAnnotation: entry.Name})
		default:
			continue
		}
		if err != nil {
			return list, fmt.Errorf("import %s: %w", entry.Name, err)
		}
		list = append(list, entry)
	}
	return list, nil
}

// blob is where a layout keeps what has a digest.
func (m *Mirror) blob(h v1.Hash) string { return filepath.Join(m.dir, "blobs", h.Algorithm, h.Hex) }

// load reads what the mirror has for a run: images by full name, files by their
// address, and where addresses lead that have moved.
func (m *Mirror) load() (images map[string]v1.Image, files, moved map[string]string, err error) {
	all, err := m.index()
	if err != nil {
		return nil, nil, nil, err
	}
	images, files, moved = map[string]v1.Image{}, map[string]string{}, map[string]string{}
	for _, d := range all {
		img, err := layout.Path(m.dir).Image(d.Digest)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("read the mirror: %w", err)
		}
		if to := d.Annotations[movedAnnotation]; to != "" {
			if u, err := url.Parse(d.Annotations[urlAnnotation]); err == nil {
				moved[placeOf(u.Hostname(), u.Path, u.RawQuery)] = to
			}
			continue
		}
		if u := d.Annotations[urlAnnotation]; u != "" {
			manifest, err := img.Manifest()
			if err != nil || len(manifest.Layers) != 1 {
				return nil, nil, nil, fmt.Errorf("read %s from the mirror: %w", u, errors.Join(err, io.ErrUnexpectedEOF))
			}
			files[u] = m.blob(manifest.Layers[0].Digest)
			continue
		}
		images[d.Annotations[refAnnotation]] = img
	}
	return images, files, moved, nil
}

// fillMirrored files an image of the mirror with the registry that plays its
// host. Its layers stay where they are.
func (n *Network) fillMirrored(p *playedRegistry, repo, tag string, img v1.Image) error {
	manifest, err := img.Manifest()
	if err != nil {
		return err
	}
	for _, l := range manifest.Layers {
		n.shelf.lend(l.Digest, n.mirror.blob(l.Digest))
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	if err := n.shelf.Put(context.Background(), repo, manifest.Config.Digest, io.NopCloser(bytes.NewReader(config))); err != nil {
		return err
	}
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	return p.put(repo, tag, manifest.MediaType, raw)
}
