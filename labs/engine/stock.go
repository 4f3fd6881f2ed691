package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Stock is what an engine holds between two commands: its images, by id.
type Stock []Held

// A Held is one image.
type Held struct {
	ID    string   `json:"id"`
	Names []string `json:"names,omitempty"`
	// Of the oci engine: the digest that it is stored under, and whether a
	// registry gave that.
	Manifest string `json:"manifest,omitempty"`
	Pulled   bool   `json:"pulled,omitempty"`
}

func (s Stock) sorted() Stock {
	for _, h := range s {
		slices.Sort(h.Names)
	}
	slices.SortFunc(s, func(a, b Held) int { return strings.Compare(a.ID, b.ID) })
	return s
}

func (s Stock) find(id string) *Held {
	for i := range s {
		if s[i].ID == id {
			return &s[i]
		}
	}
	return nil
}

// A Keeper is an engine whose images can outlive it, so that a later run goes on
// from them.
type Keeper interface {
	// Stock says which images there are. busy says what else there is that
	// would be lost with the engine, such as a container; "" is nothing.
	Stock(ctx context.Context) (stock Stock, busy string, err error)
	// Restock makes the images what they were, out of those that Options.Store
	// brought. The error says what is not there any more; what there is then is
	// for the caller to clear, with a Restock of nothing.
	Restock(ctx context.Context, want Stock) error
	// KeepIn has Close move the images to a folder that is not there yet, on
	// the same disk.
	KeepIn(folder string)
}

// kept is an engine's part in keeping its images.
type kept struct {
	folder string // that Close moves them to; "" keeps nothing
}

// KeepIn has Close move the images to a folder.
func (k *kept) KeepIn(folder string) { k.folder = folder }

// taken is where an engine puts what it takes over, before it is its own.
const taken = "taken"

// takeOver moves the folders of a kept store into an engine's own. Only one
// engine gets them; for the others there is none.
func takeOver(store, dir string, parts ...string) error {
	if store == "" {
		return nil
	}
	mine := filepath.Join(dir, taken)
	if err := os.Rename(store, mine); err != nil {
		return fmt.Errorf("take over the images of an earlier run: %w", err)
	}
	for _, p := range parts {
		if err := os.RemoveAll(filepath.Join(dir, p)); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(mine, p), filepath.Join(dir, p)); err != nil {
			return fmt.Errorf("take over the images of an earlier run: %w", err)
		}
	}
	return os.RemoveAll(mine)
}

// handOver moves an engine's folders to where they are kept. Nothing of the
// engine runs any more.
func (k *kept) handOver(dir string, parts ...string) error {
	if k.folder == "" {
		return nil
	}
	if len(mountsUnder(dir)) > 0 {
		return nil // undo says so
	}
	tmp := k.folder + ".new"
	err := os.MkdirAll(tmp, 0o700)
	for _, p := range parts {
		if err == nil {
			err = os.Rename(filepath.Join(dir, p), filepath.Join(tmp, p))
		}
	}
	if err == nil {
		err = os.Rename(tmp, k.folder)
	}
	if err != nil {
		_ = os.RemoveAll(tmp) // another disk: it is done without
	}
	return nil
}

// restock brings an engine's images to what they were, with its own commands.
func restock(ctx context.Context, e Keeper, want Stock, do func(args ...string) error) error {
	have, busy, err := e.Stock(ctx)
	if err != nil || busy != "" {
		return errors.Join(err, errors.New(busy))
	}
	for _, w := range want {
		h := have.find(w.ID)
		if h == nil {
			return fmt.Errorf("the image %s is gone", w.ID)
		}
		if len(w.Names) == 0 && len(h.Names) > 0 {
			return fmt.Errorf("the image %s had no name", w.ID)
		}
	}
	var gone []string
	for _, h := range have {
		if want.find(h.ID) == nil {
			gone = append(gone, h.ID)
		}
	}
	if len(gone) > 0 {
		if err := do(append([]string{"rmi", "-f", "--no-prune"}, gone...)...); err != nil {
			return err
		}
	}
	for _, w := range want {
		h := have.find(w.ID)
		for _, n := range w.Names {
			if !slices.Contains(h.Names, n) {
				if err := do("tag", w.ID, n); err != nil {
					return err
				}
			}
		}
	}
	for _, w := range want {
		for _, n := range have.find(w.ID).Names {
			moved := slices.ContainsFunc(want, func(o Held) bool { return slices.Contains(o.Names, n) })
			if !moved {
				if err := do("rmi", "--no-prune", n); err != nil {
					return err
				}
			}
		}
	}
	now, busy, err := e.Stock(ctx)
	if err == nil && (busy != "" || len(now)+len(want) > 0 && !reflect.DeepEqual(now, slices.Clone(want).sorted())) {
		err = errors.New("the images are not what they were")
	}
	return err
}

// ask asks a docker daemon for a list.
func (d *daemon) ask(ctx context.Context, what string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(d.host, "unix://"))
	}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+what, nil)
	if err != nil {
		return err
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("docker answers %s to %s", resp.Status, what)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

func (e *docker) Stock(ctx context.Context) (stock Stock, busy string, err error) {
	if e.daemon == nil {
		return nil, "the docker daemon was here before", nil
	}
	var containers []struct{ ID string }
	var volumes struct{ Volumes []struct{ Name string } }
	var networks []struct{ Name string }
	var images []struct {
		ID       string `json:"Id"`
		RepoTags []string
	}
	for what, into := range map[string]any{"/containers/json?all=1": &containers, "/volumes": &volumes, "/networks": &networks, "/images/json": &images} {
		if err := e.daemon.ask(ctx, what, into); err != nil {
			return nil, "", err
		}
	}
	own := 0
	for _, n := range networks {
		if n.Name != "bridge" && n.Name != "host" && n.Name != "none" {
			own++
		}
	}
	switch {
	case len(containers) > 0:
		return nil, "a container is there", nil
	case len(volumes.Volumes) > 0:
		return nil, "a volume is there", nil
	case own > 0:
		return nil, "a network is there", nil
	}
	for _, im := range images {
		h := Held{ID: im.ID}
		for _, n := range im.RepoTags {
			if n != "<none>:<none>" {
				h.Names = append(h.Names, n)
			}
		}
		stock = append(stock, h)
	}
	return stock.sorted(), "", nil
}

func (e *docker) Restock(ctx context.Context, want Stock) error {
	do := func(args ...string) error {
		_, err := output(ctx, e.command(ctx, e.client, args...))
		return err
	}
	if err := restock(ctx, e, want, do); err != nil {
		return err
	}
	return do("builder", "prune", "-af") // a build that is done now is really done
}

// Stock reads podman's own lists: to ask podman takes as long as a small step.
func (e *podman) Stock(context.Context) (stock Stock, busy string, err error) {
	root := filepath.Join(e.dir, "root")
	list := func(kind string, into any) error {
		files, err := filepath.Glob(filepath.Join(root, "*-"+kind, kind+".json"))
		if err != nil || len(files) == 0 {
			return err
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		return json.Unmarshal(text, into)
	}
	var images []struct {
		ID    string   `json:"id"`
		Names []string `json:"names"`
	}
	var containers []struct{ ID string }
	if err := errors.Join(list("images", &images), list("containers", &containers)); err != nil {
		return nil, "", fmt.Errorf("read podman's lists: %w", err)
	}
	volumes, _ := os.ReadDir(filepath.Join(root, "volumes"))
	networks, _ := filepath.Glob(filepath.Join(e.dir, "networks", "*.conflist"))
	switch {
	case len(containers) > 0:
		return nil, "a container is there", nil
	case len(volumes) > 0:
		return nil, "a volume is there", nil
	case len(networks) > 1:
		return nil, "a network is there", nil
	}
	for _, im := range images {
		stock = append(stock, Held{ID: im.ID, Names: im.Names})
	}
	return stock.sorted(), "", nil
}

func (e *podman) Restock(ctx context.Context, want Stock) error {
	return restock(ctx, e, want, func(args ...string) error {
		_, err := output(ctx, e.command(args...))
		return err
	})
}

func (e *oci) Stock(context.Context) (stock Stock, busy string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.containers) > 0 {
		return nil, "a container is there", nil
	}
	if volumes, _ := os.ReadDir(filepath.Join(e.dir, "volumes")); len(volumes) > 0 {
		return nil, "a volume is there", nil
	}
	for name, s := range e.images {
		digest, err := s.image.Digest()
		if err != nil {
			return nil, "", err
		}
		stock = append(stock, Held{ID: s.id.String(), Names: []string{name}, Manifest: digest.String(), Pulled: s.digest != ""})
	}
	slices.SortFunc(stock, func(a, b Held) int { return strings.Compare(a.Names[0], b.Names[0]) })
	return stock, "", nil
}

func (e *oci) Restock(_ context.Context, want Stock) error {
	images := map[string]*stored{}
	path := layout.Path(filepath.Join(e.dir, "layout"))
	for _, w := range want {
		digest, err := v1.NewHash(w.Manifest)
		if err != nil {
			return err
		}
		s := &stored{}
		if s.image, err = path.Image(digest); err != nil {
			return fmt.Errorf("the image %s is gone: %w", w.ID, err)
		}
		config, err := s.image.ConfigFile()
		if err == nil {
			s.id, err = s.image.ConfigName()
		}
		if err == nil && s.id.String() != w.ID {
			err = errors.New("it is another one")
		}
		if err != nil {
			return fmt.Errorf("the image %s: %w", w.ID, err)
		}
		layers, err := s.image.Layers()
		if err != nil {
			return fmt.Errorf("the image %s: %w", w.ID, err)
		}
		for _, l := range layers {
			h, err := l.Digest()
			if err != nil {
				return err
			}
			size, err := l.Size()
			if err != nil {
				return err
			}
			if info, err := os.Stat(filepath.Join(string(path), "blobs", h.Algorithm, h.Hex)); err != nil || info.Size() != size {
				return fmt.Errorf("the image %s: the layer %s is not what it was", w.ID, h)
			}
		}
		s.created = config.Created.Time
		if w.Pulled {
			s.digest = digest.String()
		}
		for _, n := range w.Names {
			images[n] = s
		}
	}
	e.mu.Lock()
	e.images = images
	e.mu.Unlock()
	return nil
}

// Stock of an engine that nothing has been asked of yet is empty.
func (e *lazy) Stock(ctx context.Context) (Stock, string, error) {
	switch opened := e.there().(type) {
	case nil:
		return nil, "", nil
	case Keeper:
		return opened.Stock(ctx)
	default:
		return nil, "this engine keeps nothing", nil
	}
}

func (e *lazy) Restock(ctx context.Context, want Stock) error {
	if e.there() == nil && len(want) == 0 {
		return nil
	}
	opened, err := e.get(ctx)
	if err != nil {
		return err
	}
	k, ok := opened.(Keeper)
	if !ok {
		return errors.New("this engine keeps nothing")
	}
	return k.Restock(ctx, want)
}

// KeepIn of an engine that was not opened keeps nothing.
func (e *lazy) KeepIn(folder string) {
	if k, ok := e.there().(Keeper); ok {
		k.KeepIn(folder)
	}
}
