// Package serve previews a site: it builds it in memory, rebuilds it when a
// file changes, and tells open pages to reload. It listens on this machine's
// own addresses only and answers only to its own names, so that no page of
// another site can read a draft.
package serve

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"docent/generator/doc"
	"docent/generator/site"
)

// Options say what is served and where.
type Options struct {
	Site site.Options
	Addr string // host:port; the host must be this machine's own
	Log  io.Writer
	// Print shows the diagnostics of a build; nil shows none.
	Print func([]doc.Diag)
	// Ready, when not nil, is told the address once the server listens.
	Ready func(url string)
}

// BadAddress says that an address cannot be listened on because of what it
// is, not because of this machine.
type BadAddress struct{ Addr, Why string }

func (e *BadAddress) Error() string { return fmt.Sprintf("--addr %s: %s", e.Addr, e.Why) }

//go:embed preview.js
var previewJS []byte

//go:embed preview.css
var previewCSS []byte

// policy is the one of netlify.toml, so that what it would forbid is seen
// while writing.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// quiet is how long the source must rest before a rebuild: editors write a
// file in several steps.
const quiet = 30 * time.Millisecond

type server struct {
	opt   Options
	hosts map[string]bool

	mu      sync.Mutex
	files   *site.Memory
	diags   []byte // JSON for the overlay
	version int
	changed map[string]int // version at which an output file changed last
	waiting map[chan struct{}]bool
}

// Run serves until the context ends. It fails if it cannot listen, or if
// there is no source at all; mistakes in the content it shows on the pages.
func Run(ctx context.Context, opt Options) error {
	host, port, err := net.SplitHostPort(opt.Addr)
	if err != nil {
		return &BadAddress{opt.Addr, "write it as host:port, like 127.0.0.1:1313"}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return &BadAddress{opt.Addr, "the preview listens on this machine only: use 127.0.0.1, [::1] or localhost"}
	}
	l, err := net.Listen("tcp", opt.Addr)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("port %s is in use: another preview may be running; stop it, or choose a port with --addr %s", port, net.JoinHostPort(host, "1314"))
		}
		return fmt.Errorf("listen on %s: %w", opt.Addr, err)
	}
	defer l.Close()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	s := &server{opt: opt, hosts: map[string]bool{}, files: &site.Memory{}, changed: map[string]int{}, waiting: map[chan struct{}]bool{}}
	for _, h := range []string{host, "localhost", "127.0.0.1", "::1"} {
		s.hosts[net.JoinHostPort(h, port)] = true
	}
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the source: %w", err)
	}
	defer watch.Close()
	s.watch(watch)
	if err := s.rebuild(ctx); err != nil {
		var none *site.MissingSource
		if errors.As(err, &none) || ctx.Err() != nil {
			return err
		}
	}
	url := "http://" + net.JoinHostPort(host, port) + "/"
	fmt.Fprintf(opt.Log, "serving %s at %s, stop with Ctrl-C\n", opt.Site.Source, url)
	if opt.Ready != nil {
		opt.Ready(url)
	}
	base, stop := context.WithCancel(ctx)
	defer stop()
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return base }}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	go s.follow(base, watch)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop()
	last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	srv.Shutdown(last)
	fmt.Fprintln(opt.Log, "stopped")
	return nil
}

// watch adds the folders of the source and of the reports. What is watched
// already does no harm.
func (s *server) watch(w *fsnotify.Watcher) {
	root := s.opt.Site.Source
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		root = filepath.Dir(root)
		w.Add(root)
		return
	}
	filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return nil
		}
		if p != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules") {
			return fs.SkipDir
		}
		w.Add(p)
		return nil
	})
	reports := s.opt.Site.Reports
	if reports == "" {
		reports = filepath.Join(filepath.Dir(filepath.Clean(root)), "labs", "reports")
	}
	w.Add(reports)
}

// follow rebuilds when the source has changed and rested.
func (s *server) follow(ctx context.Context, w *fsnotify.Watcher) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if e.Op == fsnotify.Chmod || strings.HasPrefix(filepath.Base(e.Name), ".") {
				continue
			}
			if e.Has(fsnotify.Create) {
				if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
					s.watch(w)
				}
			}
			timer.Reset(quiet)
		case <-w.Errors:
			timer.Reset(quiet) // events were lost: look at everything
		case <-timer.C:
			began := time.Now()
			err := s.rebuild(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				fmt.Fprintf(s.opt.Log, "not rebuilt: %v\n", err)
				continue
			}
			fmt.Fprintf(s.opt.Log, "rebuilt in %s\n", time.Since(began).Round(time.Millisecond))
		}
	}
}

// rebuild makes the site anew and tells the open pages what changed. When it
// fails, the last good site stays.
func (s *server) rebuild(ctx context.Context) error {
	opt := s.opt.Site
	opt.Preview = true
	fresh := &site.Memory{}
	made, err := site.Load(ctx, opt)
	if err == nil {
		err = made.Write(ctx, fresh)
		defer made.Close()
	}
	var diags []doc.Diag
	if made != nil {
		diags = made.Diags()
	}
	if err != nil {
		diags = append(diags, doc.Diag{Severity: doc.Error, Code: "site-failed", Message: err.Error()})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	if err == nil {
		names := fresh.Names()
		for _, n := range names {
			now, _ := fresh.File(n)
			if old, ok := s.files.File(n); !ok || !bytes.Equal(old, now) {
				s.changed[n] = s.version
			}
		}
		s.files = fresh
	}
	s.diags = s.overlay(diags)
	if s.opt.Print != nil {
		s.opt.Print(diags)
	}
	for c := range s.waiting {
		close(c)
		delete(s.waiting, c)
	}
	return err
}

// A shownDiag is a diagnostic as the overlay shows it.
type shownDiag struct {
	Page     string `json:"page"` // file below the source
	At       string `json:"at"`
	Severity string `json:"severity"`
	Text     string `json:"text"`
	Code     string `json:"code"`
	Excerpt  string `json:"excerpt"`
	Open     string `json:"open"` // address that opens an editor there
}

func (s *server) overlay(diags []doc.Diag) []byte {
	root := s.opt.Site.Source
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		root = filepath.Dir(root)
	}
	root, _ = filepath.Abs(root)
	out := []shownDiag{}
	for _, d := range diags {
		if d.Severity < doc.Warning {
			continue
		}
		x := shownDiag{At: d.Position(), Severity: d.Severity.String(), Text: strings.TrimSpace(d.Message + " " + d.Hint), Code: d.Code, Excerpt: d.Excerpt()}
		if d.Source != nil {
			x.Page = d.Source.Name
			line, col := d.Source.LineCol(d.Off)
			x.Open = fmt.Sprintf("vscode://file%s:%d:%d", filepath.ToSlash(filepath.Join(root, filepath.FromSlash(d.Source.Name))), line, col)
		}
		if out = append(out, x); len(out) == 100 {
			break
		}
	}
	data, _ := json.Marshal(out)
	return data
}

// ServeHTTP answers for the site and for the preview's own files.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.hosts[strings.ToLower(r.Host)] {
		http.Error(w, "This preview answers only under its own address.", http.StatusMisdirectedRequest)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "The preview only shows pages.", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	switch r.URL.Path {
	case "/_preview/preview.js":
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		w.Write(previewJS)
		return
	case "/_preview/preview.css":
		h.Set("Content-Type", "text/css; charset=utf-8")
		w.Write(previewCSS)
		return
	case "/_preview/events":
		s.events(w, r)
		return
	}
	name, data, ok := s.lookup(r.URL.Path)
	if ok && strings.HasSuffix(name, "/index.html") && !strings.HasSuffix(r.URL.Path, "/") && !strings.HasSuffix(r.URL.Path, ".html") {
		to := path.Base(r.URL.Path) + "/" // relative, so that no other host can be named
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		h.Set("Location", "./"+to)
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	status := http.StatusOK
	if !ok {
		name, status = "404.html", http.StatusNotFound
		s.mu.Lock()
		data, _ = s.files.File(name)
		s.mu.Unlock()
	}
	h.Set("Content-Type", contentType(name))
	h.Set("Content-Length", fmt.Sprint(len(data)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		w.Write(data)
	}
}

func (s *server) lookup(url string) (name string, data []byte, ok bool) {
	s.mu.Lock()
	files := s.files
	s.mu.Unlock()
	name = strings.TrimPrefix(path.Clean("/"+url), "/")
	for _, n := range []string{name, path.Join(name, "index.html")} {
		if data, ok = files.File(n); ok {
			return n, data, true
		}
	}
	return name, nil, false
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".inv", ".gz", ".tgz":
		return "application/octet-stream"
	case ".sh", ".py", ".txt", ".cu", ".toml", "":
		return "text/plain; charset=utf-8"
	}
	if strings.HasPrefix(path.Base(name), "Dockerfile") {
		return "text/plain; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// events tells a page about every rebuild: whether its own file changed, and
// which diagnostics there are now.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	flush, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "no stream", http.StatusInternalServerError)
		return
	}
	name, _, _ := s.lookup(r.URL.Query().Get("page"))
	w.Header().Set("Content-Type", "text/event-stream")
	s.mu.Lock()
	seen := s.version
	s.mu.Unlock()
	ping := time.NewTicker(15 * time.Second)
	defer ping.Stop()
	first := true
	for {
		s.mu.Lock()
		wait := make(chan struct{})
		s.waiting[wait] = true
		reload := !first && s.reloads(name, seen)
		msg := fmt.Sprintf("event: build\ndata: {\"reload\":%t,\"file\":%q,\"diags\":%s}\n\n", reload, name, s.diags)
		fresh := first || s.version != seen
		seen, first = s.version, false
		s.mu.Unlock()
		if fresh {
			io.WriteString(w, msg)
			flush.Flush()
		}
		select {
		case <-r.Context().Done():
			s.mu.Lock()
			delete(s.waiting, wait)
			s.mu.Unlock()
			return
		case <-wait:
		case <-ping.C:
			s.mu.Lock()
			delete(s.waiting, wait)
			s.mu.Unlock()
			io.WriteString(w, ": still here\n\n")
			flush.Flush()
		}
	}
}

// reloads reports whether a page must be fetched again: it, or a picture or
// style that it may show, has changed.
func (s *server) reloads(name string, since int) bool {
	if s.changed[name] > since {
		return true
	}
	for n, v := range s.changed {
		if v > since && !strings.HasSuffix(n, ".html") && !slices.Contains([]string{"objects.inv", "llms.txt", "sitemap.xml"}, n) && !strings.HasPrefix(n, "_search/") {
			return true
		}
	}
	return false
}
