package network

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"docent/labs/network/recipes"
)

// Network is a run's registry and proxy. Its methods may be called from several
// goroutines at once.
type Network struct {
	opts     Options
	dir      string // this network's own folder in the scratch folder
	token    string
	ca       *authority
	listener net.Listener
	server   *http.Server
	out      *way
	shelf    *shelf
	store    *recipes.Store
	mirror   *Mirror
	mirrored map[string]v1.Image    // by full name
	allowed  func() map[string]bool // hosts that a hermetic run may reach; asking apt takes a while
	files    map[string]string      // "host/path" -> local path
	fileHost map[string]bool        // hosts that publish files
	site     map[string]bool        // those of them that are the site's own
	packages map[string][]packageFile
	recorder *recorder           // nil keeps nothing
	recorded map[string]bool     // hosts of the package mirrors of which answers were kept
	moved    map[string]string   // "host/path" -> where it is now
	registry map[string]*counter // by host, made on first use
	ended    context.Context     // done when the network closes
	end      context.CancelFunc

	mu     sync.Mutex
	closed bool
	hosts  map[string]*HostUse
	pushed map[string]bool      // "host/repository tag" of what was pushed in this run
	played map[string]*decision // what plays an image, by full name
	down   map[string]error     // registries that did not answer
	faults []Fault
	served map[string]bool // published files that were asked for, by their path on this machine
}

// Start makes the certificates, listens on loopback and serves until Close.
func Start(ctx context.Context, opts Options) (*Network, error) {
	if opts.Log == nil {
		opts.Log = func(string) {}
	}
	if opts.Progress == nil {
		opts.Progress = func(Progress) {}
	}
	var err error
	if opts.Cache, err = cacheFolder(opts.Cache); err != nil {
		return nil, err
	}
	if opts.Scratch == "" {
		return nil, errors.New("network: no scratch folder given")
	}
	n := &Network{
		opts: opts, dir: filepath.Join(opts.Scratch, "network"),
		files: map[string]string{}, fileHost: map[string]bool{}, site: map[string]bool{}, registry: map[string]*counter{},
		hosts: map[string]*HostUse{}, served: map[string]bool{}, played: map[string]*decision{}, pushed: map[string]bool{}, down: map[string]error{},
	}
	if err := os.MkdirAll(filepath.Join(n.dir, "blobs"), 0o700); err != nil {
		return nil, fmt.Errorf("make the network's folder: %w", err)
	}
	var secret [24]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, err
	}
	n.token = hex.EncodeToString(secret[:])
	n.allowed = sync.OnceValue(func() map[string]bool {
		hosts := map[string]bool{}
		for _, h := range append(aptHosts(), opts.Allow...) {
			hosts[strings.ToLower(h)] = true
		}
		maps.DeleteFunc(hosts, func(h string, _ bool) bool { return n.recorded[h] && opts.Hermetic })
		return hosts
	})
	if n.mirror, err = OpenMirror(opts.Cache, opts.Outside); err != nil {
		return nil, err
	}
	var files map[string]string
	if n.mirrored, files, n.moved, err = n.mirror.load(); err != nil {
		return nil, err
	}
	n.recorded = map[string]bool{}
	for address := range files {
		if u, err := url.Parse(address); err == nil && isPackages(u.Path) {
			n.recorded[u.Hostname()] = true
		}
	}
	for place := range n.moved {
		host, _, _ := strings.Cut(place, "/")
		n.fileHost[host] = true
	}
	n.packages = packagesIn(files)
	maps.Copy(files, opts.Files) // what the site publishes now comes first
	for raw, path := range files {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("published file %q: not a URL", raw)
		}
		n.fileHost[u.Hostname()] = true
		if _, ours := opts.Files[raw]; ours {
			n.site[u.Hostname()] = true
		}
		n.files[placeOf(u.Hostname(), u.Path, u.RawQuery)] = path
	}
	if opts.Record {
		n.startRecording()
	}
	if n.ca, err = newAuthority(time.Now()); err != nil {
		return nil, err
	}
	if err := n.ca.write(n.CACert()); err != nil {
		return nil, err
	}
	n.out = newWay(opts.Outside, opts.Patience)
	n.shelf = &shelf{dir: filepath.Join(n.dir, "blobs")}
	n.store = &recipes.Store{Dir: filepath.Join(opts.Cache, "standins"), Log: opts.Log}
	n.store.Progress = func(what, step string, done float64, elapsed time.Duration) {
		opts.Progress(Progress{What: what, Step: step, Done: done, Elapsed: elapsed})
	}
	if n.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	n.ended, n.end = context.WithCancel(context.WithoutCancel(ctx))
	n.server = &http.Server{
		Handler: http.HandlerFunc(n.serve), ReadHeaderTimeout: 30 * time.Second, ErrorLog: quietLog(),
		BaseContext: func(net.Listener) context.Context { return n.ended },
	}
	go func() { _ = n.server.Serve(n.listener) }()
	return n, nil
}

// ProxyURL is the proxy's address with the run's token in it. It is a secret.
func (n *Network) ProxyURL() string {
	return "http://lab:" + n.token + "@" + n.listener.Addr().String()
}

// Token is the secret in ProxyURL, for those who mask secrets.
func (n *Network) Token() string { return n.token }

// CACert is the path of a PEM file: the system's certificates and the run's own.
func (n *Network) CACert() string { return filepath.Join(n.dir, "ca.pem") }

// Env is the environment that leads a process of this machine through the proxy.
// It holds the run's token.
func (n *Network) Env() []string {
	var env []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		env = append(env, name+"="+n.ProxyURL())
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		env = append(env, name+"=localhost,127.0.0.1,127.0.0.0/8,::1")
	}
	for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"} {
		env = append(env, name+"="+n.CACert())
	}
	return env
}

// Hosts lists every outside host that the run touched, in the order of names.
func (n *Network) Hosts() []HostUse {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []HostUse
	for _, h := range n.hosts {
		list = append(list, *h)
	}
	sort.Slice(list, func(i, j int) bool {
		if list[i].Host != list[j].Host {
			return list[i].Host < list[j].Host
		}
		return list[i].Outcome < list[j].Outcome
	})
	return list
}

// Served lists the files of this machine that the run was served.
func (n *Network) Served() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.served))
}

// touch counts a request to a host.
func (n *Network) touch(host, outcome string, bytes int64, requests int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := host + " " + outcome
	if n.hosts[key] == nil {
		n.hosts[key] = &HostUse{Host: host, Outcome: outcome}
		if outcome != "served" {
			n.opts.Log("outside host " + host + ": " + outcome)
		}
	}
	n.hosts[key].Requests += requests
	n.hosts[key].Bytes += bytes
}

// Close stops the server and removes what the run kept in its scratch folder.
// It is safe to call twice.
func (n *Network) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil
	}
	n.closed = true
	n.mu.Unlock()
	n.end()
	err := n.server.Close()
	return errors.Join(err, os.RemoveAll(n.dir))
}

// Clean removes what killed runs left in the cache folder: half-built roots.
// Their mounts went with the processes. It returns one line for each thing.
func Clean(_ context.Context, cache string) ([]string, error) {
	cache, err := cacheFolder(cache)
	if err != nil {
		return nil, err
	}
	return (&recipes.Store{Dir: filepath.Join(cache, "standins")}).Clean()
}
