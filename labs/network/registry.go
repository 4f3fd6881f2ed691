package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"docent/labs/network/recipes"
)

// registryHosts are the image registries that the lab plays. A pull that it
// cannot answer goes on to the real one, unless the run is hermetic; a push
// never does.
var registryHosts = map[string]bool{
	"nvcr.io": true, "registry-1.docker.io": true, "index.docker.io": true, "docker.io": true, "auth.docker.io": true,
	"ghcr.io": true, "quay.io": true, "gcr.io": true, "registry.k8s.io": true, "public.ecr.aws": true, "mcr.microsoft.com": true,
}

// dockerHub is the one name under which docker.io's images are kept, whatever
// host a client asks for them.
func dockerHub(host string) string {
	if strings.HasSuffix(host, "docker.io") {
		return name.DefaultRegistry
	}
	return host
}

// shelf keeps blobs: those pushed in this run, and those of stand-ins, which lie
// in the cache and are not copied.
type shelf struct {
	dir   string
	mu    sync.Mutex
	lent  map[v1.Hash]string                        // stand-in layers: digest -> path
	far   map[v1.Hash]func() (io.ReadCloser, error) // layers of real images
	sizes map[v1.Hash]int64                         // of far ones
}

func (s *shelf) path(h v1.Hash) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.lent[h]; p != "" {
		return p
	}
	return s.dir + "/" + h.Algorithm + "-" + h.Hex
}

func (s *shelf) lend(h v1.Hash, path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lent == nil {
		s.lent = map[v1.Hash]string{}
	}
	s.lent[h] = path
}

func (s *shelf) fetch(h v1.Hash, size int64, open func() (io.ReadCloser, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.far == nil {
		s.far, s.sizes = map[v1.Hash]func() (io.ReadCloser, error){}, map[v1.Hash]int64{}
	}
	s.far[h], s.sizes[h] = open, size
}

func (s *shelf) Stat(_ context.Context, _ string, h v1.Hash) (int64, error) {
	st, err := os.Stat(s.path(h))
	if err == nil {
		return st.Size(), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.far[h]; ok {
		return s.sizes[h], nil
	}
	return 0, ggcr.ErrNotFound
}

func (s *shelf) Get(_ context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	f, err := os.Open(s.path(h))
	if err == nil {
		return f, nil
	}
	s.mu.Lock()
	open := s.far[h]
	s.mu.Unlock()
	if open != nil {
		return open()
	}
	return nil, ggcr.ErrNotFound
}

// Put keeps a pushed blob. The registry has checked its digest by the time the
// reader ends; a reader that fails leaves nothing.
func (s *shelf) Put(_ context.Context, _ string, h v1.Hash, rc io.ReadCloser) error {
	f, err := os.CreateTemp(s.dir, "upload-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(f, rc)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.dir+"/"+h.Algorithm+"-"+h.Hex)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// counter counts what a handler answers in a host's name.
type counter struct {
	n    *Network
	host string
	next http.Handler
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cw := &countingWriter{ResponseWriter: w}
	c.next.ServeHTTP(cw, r)
	c.n.touch(c.host, "served", cw.bytes, 1)
}

type countingWriter struct {
	http.ResponseWriter
	bytes int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	k, err := w.ResponseWriter.Write(p)
	w.bytes += int64(k)
	return k, err
}
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (n *Network) counted(host string, h http.Handler) http.Handler { return &counter{n, host, h} }

// registryFor is the registry that plays a host.
func (n *Network) registryFor(host string) *counter {
	host = dockerHub(host)
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.registry[host]
	if c == nil {
		inner := ggcr.New(ggcr.WithBlobHandler(n.shelf), ggcr.Logger(quietLog()))
		c = &counter{n, host, &playedRegistry{n, host, inner}}
		n.registry[host] = c
	}
	return c
}

// playedRegistry is go-containerregistry's registry, filled on demand.
type playedRegistry struct {
	n     *Network
	host  string
	inner http.Handler
}

var manifestPath = regexp.MustCompile(`^/v2/(.+)/manifests/([^/]+)$`)

func (p *playedRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" || r.URL.Path == "/v2/token" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"token":"lab","access_token":"lab","expires_in":86400}`)
		return
	}
	m := manifestPath.FindStringSubmatch(r.URL.Path)
	if m != nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) && !p.has(m[1], m[2]) {
		if err := p.n.fill(r.Context(), p.host, m[1], m[2]); err != nil {
			var lacking *Missing
			if !errors.As(err, &lacking) && r.Context().Err() == nil && atFault(err) {
				p.n.fault(p.host, err.Error())
			} else {
				p.n.opts.Log(err.Error())
			}
			status, code := http.StatusNotFound, "MANIFEST_UNKNOWN"
			if !errors.Is(err, errNoImage) {
				status, code = http.StatusInternalServerError, "UNKNOWN"
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, err.Error())
			return
		}
	}
	p.inner.ServeHTTP(w, r)
	if m != nil && r.Method == http.MethodPut {
		p.n.mu.Lock()
		p.n.pushed[p.host+"/"+m[1]+" "+m[2]] = true
		p.n.mu.Unlock()
	}
}

func (p *playedRegistry) has(repo, ref string) bool {
	rec := httptest.NewRecorder()
	p.inner.ServeHTTP(rec, httptest.NewRequest(http.MethodHead, "/v2/"+repo+"/manifests/"+ref, nil))
	return rec.Code == http.StatusOK
}

// put files a manifest.
func (p *playedRegistry) put(repo, ref string, kind types.MediaType, manifest []byte) error {
	req := httptest.NewRequest(http.MethodPut, "/v2/"+repo+"/manifests/"+ref, bytes.NewReader(manifest))
	req.Header.Set("Content-Type", string(kind))
	rec := httptest.NewRecorder()
	p.inner.ServeHTTP(rec, req)
	if rec.Code/100 != 2 {
		return fmt.Errorf("file the manifest of %s:%s: %d %s", repo, ref, rec.Code, rec.Body)
	}
	return nil
}

// inside sends requests for a registry straight to the handler that plays it.
type inside struct{ n *Network }

func (t inside) RoundTrip(r *http.Request) (*http.Response, error) {
	p := t.n.registryFor(r.URL.Hostname()).next
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, ready: make(chan struct{})}
	req := r.Clone(r.Context())
	req.RequestURI = r.URL.RequestURI()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	go func() {
		p.ServeHTTP(w, req)
		w.WriteHeader(http.StatusOK)
		_ = pw.Close()
	}()
	select {
	case <-w.ready:
	case <-r.Context().Done():
		_ = pr.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	length := int64(-1)
	if v := w.sent.Get("Content-Length"); v != "" {
		_, _ = fmt.Sscan(v, &length)
	}
	return &http.Response{
		StatusCode: w.status, Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: pr, ContentLength: length, Request: r,
	}, nil
}

// pipeWriter is a response that is read while it is written.
type pipeWriter struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	once         sync.Once
	ready        chan struct{}
}

func (w *pipeWriter) Header() http.Header { return w.header }
func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.ready)
	})
}
func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// errNoImage says that neither the lab nor, where it may be asked, the outside
// has an image.
var errNoImage = errors.New("no such image")

// decision is what plays one image.
type decision struct {
	once     sync.Once
	real     *remote.Descriptor // the image itself, from the outside
	asked    bool               // the outside was
	mirrored v1.Image           // the image itself, from the mirror
	stand    StandIn
	image    v1.Image // the stand-in, once it has been built
	build    sync.Mutex
	err      error
}

// decide finds out what plays an image: the image itself where it can be had,
// else a stand-in. It builds nothing.
func (n *Network) decide(ctx context.Context, ref name.Reference) *decision {
	n.mu.Lock()
	d := n.played[ref.Name()]
	if d == nil {
		d = &decision{}
		n.played[ref.Name()] = d
	}
	n.mu.Unlock()
	d.once.Do(func() {
		if d.mirrored = n.mirrored[ref.Name()]; d.mirrored != nil {
			return
		}
		why := fmt.Errorf("%s: %w in the lab, and this run is hermetic", ref.Name(), errNoImage)
		if host := ref.Context().RegistryStr(); n.mayLeave(host, "443") {
			var real *remote.Descriptor
			real, why = n.ask(ctx, ref)
			n.mu.Lock()
			d.real, d.asked = real, true
			n.mu.Unlock()
			if why == nil {
				return
			}
		}
		recipe := recipes.For(playName(ref))
		if recipe == nil {
			d.err = why
			return
		}
		d.stand = StandIn{Name: playName(ref), Recipe: recipe.Name, Digest: recipe.Digest()}
	})
	return d
}

// playName is a reference as authors write it.
func playName(ref name.Reference) string {
	return strings.Replace(ref.Name(), name.DefaultRegistry, "docker.io", 1)
}

// patience is how long a real registry may take to say whether it has an image.
const patience = 8 * time.Second

// ask asks the real registry. One that did not answer is not asked again in
// this run.
func (n *Network) ask(ctx context.Context, ref name.Reference) (*remote.Descriptor, error) {
	host := ref.Context().RegistryStr()
	n.mu.Lock()
	err := n.down[host]
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	head, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err = remote.Head(ref, remote.WithContext(head), remote.WithTransport(n.out.transport), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithRetryBackoff(remote.Backoff{Duration: 300 * time.Millisecond, Factor: 2, Steps: 2}))
	n.touch(host, "allowed", 0, 1)
	if err == nil {
		return remote.Get(ref, remote.WithContext(n.ended), remote.WithTransport(n.out.transport), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	}
	err = fmt.Errorf("%s: %w that can be pulled: %w", ref.Name(), errNoImage, err)
	if ctx.Err() == nil && atFault(err) {
		n.mu.Lock()
		n.down[host] = err
		n.mu.Unlock()
	}
	return nil, err
}

// fill puts an image into the registry that plays its host.
func (n *Network) fill(ctx context.Context, host, repo, tag string) error {
	sep := ":"
	if strings.HasPrefix(tag, "sha256:") {
		sep = "@"
	}
	ref, err := name.ParseReference(host + "/" + repo + sep + tag)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoImage, err)
	}
	d := n.decide(ctx, ref)
	p := n.registryFor(host).next.(*playedRegistry)
	switch {
	case d.err != nil:
		return d.err
	case d.mirrored != nil:
		return n.fillMirrored(p, repo, tag, d.mirrored)
	case d.real != nil:
		return n.fillReal(ctx, p, repo, tag, d.real)
	}
	img, err := n.standIn(ctx, d)
	if err != nil {
		return err
	}
	return n.fillStandIn(p, repo, tag, img)
}

// standIn builds what plays an image, or finds it in the cache.
func (n *Network) standIn(ctx context.Context, d *decision) (v1.Image, error) {
	d.build.Lock()
	defer d.build.Unlock()
	if d.image != nil {
		return d.image, nil
	}
	n.opts.Log(d.stand.Name + " is played by the stand-in " + d.stand.Recipe)
	img, err := n.store.Image(ctx, recipes.For(d.stand.Name), d.stand.Name)
	if err != nil {
		var lacking *recipes.Lacking
		if errors.As(err, &lacking) {
			err = &Missing{lacking.What, lacking.Install}
		}
		return nil, fmt.Errorf("build the stand-in for %s: %w", d.stand.Name, err)
	}
	d.image = img
	return img, nil
}

func (n *Network) fillStandIn(p *playedRegistry, repo, tag string, img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		h, err := l.Digest()
		if err != nil {
			return err
		}
		file, ok := l.(interface{ Path() string })
		if !ok {
			return fmt.Errorf("layer %s of a stand-in is in no file", h)
		}
		n.shelf.lend(h, file.Path())
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	h, err := img.ConfigName()
	if err != nil {
		return err
	}
	if err := n.shelf.Put(context.Background(), repo, h, io.NopCloser(bytes.NewReader(config))); err != nil {
		return err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return err
	}
	kind, err := img.MediaType()
	if err != nil {
		return err
	}
	return p.put(repo, tag, kind, manifest)
}

// fillReal files the manifests of a real image; its layers come when asked for.
func (n *Network) fillReal(ctx context.Context, p *playedRegistry, repo, tag string, d *remote.Descriptor) error {
	if d.MediaType.IsIndex() {
		idx, err := d.ImageIndex()
		if err != nil {
			return err
		}
		m, err := idx.IndexManifest()
		if err != nil {
			return err
		}
		for _, child := range m.Manifests {
			img, err := idx.Image(child.Digest)
			if err != nil {
				return err
			}
			if err := n.fillOne(p, repo, child.Digest.String(), img); err != nil {
				return err
			}
		}
		return p.put(repo, tag, d.MediaType, d.Manifest)
	}
	img, err := d.Image()
	if err != nil {
		return err
	}
	return n.fillOne(p, repo, tag, img)
}

func (n *Network) fillOne(p *playedRegistry, repo, ref string, img v1.Image) error {
	m, err := img.Manifest()
	if err != nil {
		return err
	}
	for _, l := range m.Layers {
		broken := func(err error) { n.fault(p.host, fmt.Sprintf("the layer %s of %s: %v", l.Digest, repo, err)) }
		n.shelf.fetch(l.Digest, l.Size, func() (io.ReadCloser, error) {
			layer, err := img.LayerByDigest(l.Digest)
			if err != nil {
				return nil, err
			}
			rc, err := layer.Compressed()
			if err != nil {
				broken(err)
				return nil, err
			}
			return telling{rc, broken}, nil
		})
	}
	n.shelf.fetch(m.Config.Digest, m.Config.Size, func() (io.ReadCloser, error) {
		text, err := img.RawConfigFile()
		return io.NopCloser(bytes.NewReader(text)), err
	})
	raw, err := img.RawManifest()
	if err != nil {
		return err
	}
	return p.put(repo, ref, m.MediaType, raw)
}

// Asked lists the images that the run asked the outside for, with their digests
// there; "" where it did not have them.
func (n *Network) Asked() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := map[string]string{}
	for ref, d := range n.played {
		if d.asked {
			asked[ref] = ""
			if d.real != nil {
				asked[ref] = d.real.Digest.String()
			}
		}
	}
	return asked
}

// askAgain is how long the outside may take to say whether an image is still
// what it was.
const askAgain = 700 * time.Millisecond

// Digest asks the outside for an image's digest; "" if it does not say.
func Digest(ctx context.Context, image string) string {
	ref, err := name.ParseReference(image)
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, askAgain)
	defer cancel()
	d, err := remote.Head(ref, remote.WithContext(ctx), remote.WithTransport(newWay(nil, askAgain).transport),
		remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithRetryBackoff(remote.Backoff{Steps: 1}))
	if err != nil {
		return ""
	}
	return d.Digest.String()
}

// StandInFor says what plays an image in this run, if a stand-in does. It may
// ask the real registry first, but it builds nothing.
func (n *Network) StandInFor(image string) (StandIn, bool) {
	ref, err := name.ParseReference(image)
	if err != nil || n.local(ref) {
		return StandIn{}, false
	}
	d := n.decide(n.ended, ref)
	return d.stand, d.stand.Recipe != ""
}

// Available says why an image cannot be had here: the stand-in that would play
// it is not built yet, and this machine lacks what building it needs. It is
// nil for every other image.
func (n *Network) Available(image string) error {
	ref, err := name.ParseReference(image)
	if err != nil || n.local(ref) {
		return nil
	}
	d := n.decide(n.ended, ref)
	if d.stand.Recipe == "" {
		return nil
	}
	recipe := recipes.For(d.stand.Name)
	if recipe == nil || n.store.Built(recipe) {
		return nil
	}
	if err := recipes.Ready(); err != nil {
		return fmt.Errorf("%s cannot be pulled here, and its stand-in cannot be built: %w", image, err)
	}
	return nil
}

// local says whether the image was pushed in this run.
func (n *Network) local(ref name.Reference) bool {
	host := dockerHub(ref.Context().RegistryStr())
	n.mu.Lock()
	pushed := n.pushed[host+"/"+ref.Context().RepositoryStr()+" "+ref.Identifier()]
	n.mu.Unlock()
	return pushed && n.registryFor(host).next.(*playedRegistry).has(ref.Context().RepositoryStr(), ref.Identifier())
}

// Provide gives the image that the network has for a name: pushed in this run,
// or a stand-in, which is built if it must be. ok is false if the outside has it.
func (n *Network) Provide(ctx context.Context, image string) (img v1.Image, ok bool, err error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil, false, err
	}
	if n.local(ref) {
		img, err := n.Pushed(image)
		return img, err == nil, err
	}
	d := n.decide(ctx, ref)
	switch {
	case d.mirrored != nil:
		return d.mirrored, true, nil
	case d.err != nil && n.opts.Hermetic:
		return nil, false, d.err
	case d.err != nil || d.real != nil:
		return nil, false, nil
	}
	img, err = n.standIn(ctx, d)
	return img, err == nil, err
}

// Accept takes an image as if it had been pushed.
func (n *Network) Accept(ctx context.Context, image string, img v1.Image) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	if err := remote.Write(ref, img, remote.WithContext(ctx), remote.WithTransport(inside{n})); err != nil {
		return fmt.Errorf("push %s to the lab's registry: %w", image, err)
	}
	return nil
}

// Pushed reads back an image that was pushed in this run.
func (n *Network) Pushed(image string) (v1.Image, error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil, err
	}
	if !n.local(ref) {
		return nil, fmt.Errorf("%s was not pushed in this run", image)
	}
	return remote.Image(ref, remote.WithContext(n.ended), remote.WithTransport(inside{n}))
}
