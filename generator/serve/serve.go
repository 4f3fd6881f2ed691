// Package serve previews a site: it renders a page when someone asks for it,
// from the file as it is then, and tells open pages to reload when something
// that they show has changed. It listens on this machine's
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
	"maps"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
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

const (
	// quiet is how long the source must rest before open pages are told:
	// editors write a file in several steps, and a branch is many files.
	quiet = 10 * time.Millisecond
	// patience is how long pages are checked before open pages are told: in
	// that time most edits are found out whole.
	patience = 25 * time.Millisecond
)

type server struct {
	opt     Options
	hosts   map[string]bool
	live    *site.Live
	watched map[string]bool // folders of the source

	mu      sync.Mutex
	diags   []byte // JSON for the overlay
	told    []byte // the same, when open pages were told last
	failed  *doc.Diag
	version int // counts what open pages were told
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
	s := &server{opt: opt, hosts: map[string]bool{}, watched: map[string]bool{}, diags: []byte("[]"), waiting: map[chan struct{}]bool{}}
	for _, h := range []string{host, "localhost", "127.0.0.1", "::1"} {
		s.hosts[net.JoinHostPort(h, port)] = true
	}
	watch, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the source: %w", err)
	}
	defer watch.Close()
	began := time.Now()
	if s.live, err = site.OpenLive(ctx, opt.Site); err != nil {
		return err
	}
	defer s.live.Close()
	s.watch(watch)
	url := "http://" + net.JoinHostPort(host, port) + "/"
	fmt.Fprintf(opt.Log, "serving %s at %s, up in %s, stop with Ctrl-C\n", opt.Site.Source, url, time.Since(began).Round(time.Millisecond))
	if opt.Ready != nil {
		opt.Ready(url)
	}
	base, stop := context.WithCancel(ctx)
	defer stop()
	srv := &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return base }}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	followed := make(chan struct{})
	go func() { s.follow(base, watch); close(followed) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop()
	last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	srv.Shutdown(last)
	<-followed
	fmt.Fprintln(opt.Log, "stopped")
	return nil
}

// watch adds the folders of the source and of the reports.
func (s *server) watch(w *fsnotify.Watcher) {
	root := s.opt.Site.Source
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		root = filepath.Dir(root)
		w.Add(root)
		return
	}
	s.watchBelow(w, root)
	s.watchEvidence(w)
}

func (s *server) watchEvidence(w *fsnotify.Watcher) {
	for _, dir := range s.live.Evidence() {
		for w.Add(dir) != nil { // it may come later: watch where it would
			up := filepath.Dir(dir)
			if up == dir {
				break
			}
			dir = up
		}
	}
}

// watchBelow adds a folder and those in it. What is watched already does no
// harm; a built site is no source.
func (s *server) watchBelow(w *fsnotify.Watcher, dir string) {
	filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return nil
		}
		if p != s.opt.Site.Source && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" || site.IsBuilt(p)) {
			return fs.SkipDir
		}
		if w.Add(p) == nil {
			s.watched[p] = true
		}
		return nil
	})
}

// unwatchBelow forgets a folder that went away. One that was moved is watched
// under its old name still, with all in it.
func (s *server) unwatchBelow(w *fsnotify.Watcher, dir string) {
	if !s.watched[dir] {
		return
	}
	for p := range s.watched {
		if p == dir || strings.HasPrefix(p, dir+string(filepath.Separator)) {
			w.Remove(p) // fails if the system did it already
			delete(s.watched, p)
		}
	}
}

// aside matches the files that editors write beside the one they save: locks,
// backups, new texts before they take their place, and Vim's probe.
var aside = regexp.MustCompile(`^\.|~$|^#.*#$|^4913$|___jb_(tmp|old)___$`)

// A change is what the file system said since open pages were told last.
type change struct {
	names map[string]bool // below the source
	all   bool            // look at everything
	proof bool            // reports or measurements
}

// note adds an event, and reports whether it is about anything of the site.
func (c *change) note(root string, evidence []string, name string) bool {
	rel, err := filepath.Rel(root, name)
	if err != nil || strings.HasPrefix(rel, "..") {
		c.proof = c.proof || slices.ContainsFunc(evidence, func(dir string) bool {
			return strings.HasPrefix(name, dir) || strings.HasPrefix(dir, name)
		})
		return c.proof
	}
	if rel == "." {
		c.all = true
		return true
	}
	if c.names == nil {
		c.names = map[string]bool{}
	}
	c.names[filepath.ToSlash(rel)] = true
	return true
}

// follow hears of changes, tells open pages, and checks all pages in
// between.
func (s *server) follow(ctx context.Context, w *fsnotify.Watcher) {
	root, evidence := s.root(), s.live.Evidence()
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var c change
	busy := make(chan struct{}) // always ready to be received from
	close(busy)
	work, saved := busy, false
	for {
		select { // what was saved comes before what is only checked
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			s.heard(w, e, &c, root, evidence, timer)
			continue
		case <-timer.C:
			work = busy
			s.apply(ctx, c)
			c = change{}
			continue
		default:
		}
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			s.heard(w, e, &c, root, evidence, timer)
		case <-w.Errors:
			c.all = true // events were lost
			timer.Reset(quiet)
		case <-timer.C:
			work = busy
			s.apply(ctx, c)
			c = change{}
		case <-work:
			if s.check() {
				continue
			}
			work = nil
			if s.find() { // what the pages say together
				s.tell()
			}
			if !saved {
				var err error
				if saved, err = s.live.Remember(); err != nil {
					fmt.Fprintf(s.opt.Log, "the cache is not written: %v\n", err)
				}
			}
		}
	}
}

func (s *server) heard(w *fsnotify.Watcher, e fsnotify.Event, c *change, root string, evidence []string, timer *time.Timer) {
	if e.Op == fsnotify.Chmod || aside.MatchString(filepath.Base(e.Name)) {
		return
	}
	if e.Has(fsnotify.Rename) || e.Has(fsnotify.Remove) {
		s.unwatchBelow(w, e.Name)
	}
	if e.Has(fsnotify.Create) {
		if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
			s.watchBelow(w, e.Name)
			s.watchEvidence(w)
			if rel, err := filepath.Rel(root, e.Name); err == nil && !strings.HasPrefix(rel, "..") {
				c.all = true // files may have come before we watched it
			}
		}
	}
	if c.note(root, evidence, e.Name) {
		timer.Reset(quiet)
	}
}

// apply takes a change over and tells the open pages.
func (s *server) apply(ctx context.Context, c change) {
	began := time.Now()
	var err error
	switch {
	case c.all:
		err = s.live.Update(ctx)
	case len(c.names) > 0:
		err = s.live.Update(ctx, slices.Sorted(maps.Keys(c.names))...)
	}
	if ctx.Err() != nil {
		return
	}
	if c.proof {
		s.live.Rejudge(ctx)
	}
	s.mu.Lock()
	s.failed = nil
	if err != nil {
		s.failed = &doc.Diag{Severity: doc.Error, Code: "site-failed", Message: err.Error()}
	}
	s.mu.Unlock()
	if err != nil {
		fmt.Fprintf(s.opt.Log, "not updated: %v\n", err)
	} else {
		fmt.Fprintf(s.opt.Log, "updated in %s\n", time.Since(began).Round(100*time.Microsecond))
	}
	for end := time.Now().Add(patience); s.check() && time.Now().Before(end); {
	}
	s.find()
	s.tell()
}

// check looks at one page more.
func (s *server) check() bool {
	more, err := s.live.Check()
	if err != nil {
		fmt.Fprintf(s.opt.Log, "%v\n", err)
	}
	return more
}

// find puts the diagnostics that are known now where open pages see them, and
// reports whether they are others than those that the pages were told last.
func (s *server) find() (news bool) {
	diags := s.live.Diags()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		diags = append(diags, *s.failed)
	}
	now := s.overlay(diags)
	if !bytes.Equal(now, s.diags) && s.opt.Print != nil {
		s.opt.Print(diags)
	}
	s.diags = now
	return !bytes.Equal(now, s.told)
}

// tell wakes the open pages.
func (s *server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.told = s.diags
	for c := range s.waiting {
		close(c)
		delete(s.waiting, c)
	}
}

// root is the absolute path of the source folder.
func (s *server) root() string {
	root := s.opt.Site.Source
	if info, err := os.Stat(root); err == nil && !info.IsDir() {
		root = filepath.Dir(root)
	}
	root, _ = filepath.Abs(root)
	return root
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
	root := s.root()
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
	case "/" + script:
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
	name, data, shown, ok, err := s.lookup(r.Context(), r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
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
		data, _, _ = s.live.File(r.Context(), name)
	}
	if strings.HasSuffix(name, ".html") { // the page asks for what came after it
		data = bytes.Replace(data, []byte(script), []byte(script+"?shown="+shown.String()), 1)
	}
	h.Set("Content-Type", contentType(name))
	h.Set("Content-Length", fmt.Sprint(len(data)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		w.Write(data)
	}
}

// script is what the pages of a preview run.
const script = "_preview/preview.js"

// lookup gives the file for an address.
func (s *server) lookup(ctx context.Context, url string) (name string, data []byte, shown site.State, ok bool, err error) {
	name = strings.TrimPrefix(path.Clean("/"+url), "/")
	index := path.Join(name, "index.html")
	names := []string{name, index}
	if s.live.IsPage(index) {
		names = []string{index}
	}
	for _, n := range names {
		if data, shown, ok, err = s.live.Look(ctx, n); ok || err != nil {
			return n, data, shown, ok, err
		}
	}
	return name, nil, site.State{}, false, nil
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

// events tells a page about every change: whether the page itself has
// changed, or only the evidence on it, and which diagnostics there are now. A
// page says what it shows: it may have been saved again while it was loaded.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	flush, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "no stream", http.StatusInternalServerError)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Query().Get("page")), "/")
	if path.Ext(name) != ".html" { // also where there is no such page yet
		name = path.Join(name, "index.html")
	}
	shown, told := site.ParseState(r.URL.Query().Get("shown"))
	if !told { // an older page
		shown, _ = s.live.State(r.Context(), name)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	ping := time.NewTicker(15 * time.Second)
	defer ping.Stop()
	for seen := -1; ; {
		s.mu.Lock()
		wait := make(chan struct{})
		s.waiting[wait] = true
		version, diags := s.version, s.diags
		s.mu.Unlock()
		if version != seen {
			now, err := s.live.State(r.Context(), name)
			if err != nil { // the overlay says so; the page stays
				now = shown
			}
			changed, evidence := now != shown, now.OnlyEvidence(shown)
			shown = now
			fmt.Fprintf(w, "event: build\ndata: {\"reload\":%t,\"evidence\":%t,\"file\":%q,\"diags\":%s}\n\n", changed && !evidence, changed && evidence, name, diags)
			flush.Flush()
			seen = version
		}
		select {
		case <-r.Context().Done():
			s.leave(wait)
			return
		case <-wait:
		case <-ping.C:
			s.leave(wait)
			io.WriteString(w, ": still here\n\n")
			flush.Flush()
		}
	}
}

func (s *server) leave(wait chan struct{}) {
	s.mu.Lock()
	delete(s.waiting, wait)
	s.mu.Unlock()
}
