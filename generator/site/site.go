// Package site makes a site of a tree of pages: it reads all pages at once,
// learns their titles, labels and tables of contents, answers the
// cross-references between them, and writes every page in the theme.
//
// The way of the data: [Load] reads and parses each page by itself and takes
// from each what others may ask for (facts.go). [Site.Write] renders each
// page through an environment that answers from those facts (env.go), puts it
// into the theme (theme.go), and hands it to a [Sink]. Between
// the two the trees are written down (trees.go).
package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
	"unsafe"

	"docent/generator/build"
	"docent/generator/config"
	"docent/generator/doc"
	"docent/generator/html"
	"docent/generator/parse"
	"docent/generator/parse/directive"
	"docent/generator/search"
	"docent/labs/report"
)

// Options say what site is to be made. The zero value of each is a default.
type Options struct {
	// Source is the folder of the pages, or a single page, whose folder then
	// is the root of what it may name.
	Source string
	// BaseURL is where the site will stand. It is needed only for what must
	// name whole addresses: canonical links, the site map, the feed.
	BaseURL string
	// Table holds the directives and roles; nil is the standard one.
	Table *directive.Table
	// Settings stand above what docent.yaml says.
	Settings []config.Setting
	// Reports is a folder of lab reports; "" looks for labs/reports beside
	// the source. Results is one of n-body measurements, likewise.
	Reports, Results string
	// Without holds absolute paths of folders that are not part of the
	// source although they stand in it.
	Without []string
	// Preview adds what the preview server needs to its pages.
	Preview bool
	// Precompress names the forms (see [Forms]) in which each file is written
	// once more, for hosts that send them as they are.
	Precompress []string
	// Cache is what is remembered from build to build; nil is nothing.
	Cache *build.Cache
	// Lint looks for more than a build does, and collects the links that
	// leave the site.
	Lint bool
	// within is the language of the whole site, for one of its others.
	// tie is what the whole site remembers of it.
	within, tie string
	// Progress is told how far a step has come, from several goroutines.
	Progress func(step string, done, total int)
}

// A Site is all pages of a source, read and linked.
type Site struct {
	opt     Options
	root    *os.Root
	project *os.Root // what a Sphinx tree documents; nil is nothing
	files   fs.FS
	conf    *Conf
	set     *config.Config
	cfg     *parse.Config
	html    *html.Options
	theme   *theme

	title string
	lang  string
	pages []*page          // by name
	docs  map[string]*page // by name without suffix
	byURL map[string]*page
	home  *page
	gen   map[string]bool // pages that this program makes, by URL

	labels    map[string]target              // std:label, by normalised name
	objects   map[string]map[string]target   // "py:function" and the like -> name -> where
	named     map[string]map[string][]target // "py" and the like -> name -> where, by type
	lasts     func() map[string][]string     // names by domain and last part, made when asked for
	roles     map[string]string              // of the tree's own object types: the type that a role refers to
	anons     func() map[string]target       // C objects by domain and name, without the parts that are anonymous
	folds     func() map[string]string       // names by type and themselves in lower case, likewise
	anchors   func() map[string][]target     // sections by their titles, made when asked for
	invs      []*Inventory
	nav       []*navItem
	navs      sync.Map // navigation of pages side by side, see navHTML
	navCount  atomic.Int64
	flat      []*page             // reading order
	terms     func() []indexEntry // of the general index, made when asked for
	reports   []report.Page
	results   []measurement
	redirects []redirect
	drafts    map[string]bool // pages that are left out, by name without suffix
	versions  []versionLink
	words     catalogue // of a language that is not the site's own
	styles    []string  // of conf.py, for every page
	scripts   []string
	rendered  atomic.Int64 // pages of all languages that were not kept
	graph     *build.Graph
	dir       *Dir // where it was written; nil is nowhere on disk
	table     *fileTable
	index     *search.Builder
	inputs    []string        // files that the configuration was read from
	reported  map[string]bool // pages that a report is about
	key       string          // what the graph's tasks do not ask: program, options, configuration, theme
	shape     build.Answer    // what pages may ask of each other
	whole     build.Answer    // all that is known of all pages
	evidence  build.Answer    // all reports and measurements
	known     string          // version of the search index that the cache has
	same      need            // what is as in the build before: all that needs no more
	settled   [needsAll + 1]build.Answer
	trees     treeStore // of pages that wait to be rendered
	texts     sync.Map  // name -> *doc.Source, for diagnostics
	cards     sync.Map  // names of the cards and drawings that are written
	drawn     sync.Map  // diagrams, by name of their task
	programs  sync.Map  // programs that draw them
	published sync.Map  // output name -> content path, for downloads and pictures

	mu      sync.Mutex
	diags   []doc.Diag // of no single task; the pages have their own
	fixed   int        // how many of them the configuration gave
	outside []Outside
}

// A page is one source file and what became known of it.
type page struct {
	name    string // path below the root, e.g. "a/index.rst"
	docname string // without suffix
	url     string // below the site's root, e.g. "a/"; "" is the home page
	title   string // plain text
	htm     string // title as inline HTML
	desc    string
	orphan  bool
	meta    fields
	facts   *facts
	at      int               // its place among the pages
	kept    *kept             // its tree, until it is rendered; or nil
	text    build.Answer      // what its file held
	shape   string            // digest of the facts without places
	tables  string            // digest of what references by name may find
	read    []doc.Diag        // what reading it found wrong
	written []doc.Diag        // what rendering it found wrong
	secnum  map[string]string // "1.2" by id of the section
	fignum  map[string]string // "3" by id of figure, table or listing
	updated time.Time         // when it changed last, as git has it
	branch  bool              // pages stand below it, or too many beside it to show all
	up      *page
	item    *navItem // where it stands in the navigation first
	prev    *page
	next    *page
}

// MissingSource says that there is nothing at Options.Source.
type MissingSource struct{ Path, Why string }

func (e *MissingSource) Error() string { return e.Path + ": " + e.Why }

// Load reads all pages of the source. Mistakes in the content are in
// [Site.Diags]; an error means that there is no site at all.
func Load(ctx context.Context, opt Options) (*Site, error) {
	return load(ctx, opt, nil)
}

// load reads the source. What another site of the same source knows is taken
// over.
func load(ctx context.Context, opt Options, before *Site) (*Site, error) {
	s := &Site{opt: opt, gen: map[string]bool{}, conf: &Conf{Values: map[string]any{}}}
	if opt.Cache != nil && before == nil {
		opt.Cache.Ahead("graph", "changes", "files", "search", "theme")
		loadMinified(opt.Cache)
	}
	names, err := s.find()
	if err != nil {
		return nil, err
	}
	if s.theme, err = s.openTheme(); err != nil {
		return nil, err
	}
	s.configure()
	s.loadVersions()
	if opt.within != "" {
		s.words = s.openCatalogue(s.lang)
	}
	s.table.files = s.files // with the project around a Sphinx tree
	s.remember(before)
	s.fixed = len(s.diags)
	if err := s.parseAll(ctx, names); err != nil {
		return nil, err
	}
	s.connect(ctx)
	return s, nil
}

// connect makes what the pages are to each other: addresses, navigation,
// labels, numbers. It may be done again when the facts of a page changed.
func (s *Site) connect(ctx context.Context) {
	s.diags = s.diags[:s.fixed:s.fixed]
	s.docs, s.byURL = make(map[string]*page, len(s.pages)), make(map[string]*page, len(s.pages))
	s.navs.Clear()
	s.nav, s.flat, s.reports, s.results, s.redirects = nil, nil, nil, nil, nil
	for _, p := range s.pages {
		p.docname = trimSuffix(p.name)
		p.secnum, p.fignum, p.up, p.item, p.prev, p.next, p.branch = nil, nil, nil, nil, nil, nil, false
	}
	s.date(ctx)
	s.place()
	urls := make([]string, len(s.pages))
	for i, p := range s.pages {
		urls[i] = p.url
	}
	s.index.Arrange(urls)
	s.collect()
	s.openBooks()
	s.link()
	s.planRedirects()
	s.loadEvidence()
	s.terms = sync.OnceValue(s.indexEntries)
	s.settle()
}

// Close frees the source folder.
func (s *Site) Close() {
	if s.root != nil {
		s.root.Close()
	}
	if s.table != nil {
		s.table.at.close()
	}
	if s.project != nil {
		s.project.Close()
	}
	s.trees.shelf.close()
}

// Diags are all diagnostics so far, by file and position, without doubles.
func (s *Site) Diags() []doc.Diag {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.diags)
	for _, p := range s.pages {
		all = append(append(all, p.read...), p.written...)
	}
	sort.SliceStable(all, func(i, j int) bool {
		a, b := &all[i], &all[j]
		if an, bn := diagFile(a), diagFile(b); an != bn {
			return an < bn
		}
		if a.Off != b.Off {
			return a.Off < b.Off
		}
		if a.Code != b.Code {
			return a.Code < b.Code
		}
		return a.Message < b.Message
	})
	out := all[:0:0]
	for i, d := range all {
		if i > 0 {
			l := all[i-1]
			if diagFile(&l) == diagFile(&d) && l.Off == d.Off && l.Code == d.Code && l.Message == d.Message {
				continue
			}
		}
		out = append(out, d)
	}
	for i := range out {
		out[i] = s.nearFile(out[i])
	}
	return out
}

func diagFile(d *doc.Diag) string {
	if d.Source == nil {
		return ""
	}
	return d.Source.Name
}

// Pages is how many pages the source has.
func (s *Site) Pages() int { return len(s.pages) }

func (s *Site) report(d ...doc.Diag) {
	s.mu.Lock()
	s.diags = append(s.diags, d...)
	s.mu.Unlock()
}

// warn reports something about a place of a page.
func (s *Site) warn(p *page, at doc.Pos, sev doc.Severity, code, message, hint string) {
	s.report(doc.Diag{Severity: sev, Code: code, Message: message, Hint: hint, Source: s.source(p, at.File), Off: int(at.Off)})
}

// source gives the file that a position of a page refers to.
func (s *Site) source(p *page, file int32) *doc.Source {
	name := p.name
	if p.facts != nil && int(file) < len(p.facts.sources) {
		name = p.facts.sources[file]
	}
	return s.text(name)
}

// text gives a file of the content to show what a diagnostic is about. It is
// read again: no text is kept for the few that anything is said about.
func (s *Site) text(name string) *doc.Source {
	if src, ok := s.texts.Load(name); ok {
		return src.(*doc.Source)
	}
	text, _ := fs.ReadFile(s.files, name)
	src, _ := s.texts.LoadOrStore(name, doc.NewSource(name, strings.ToValidUTF8(string(text), "\uFFFD")))
	return src.(*doc.Source)
}

// find lists the source's pages and reads its conf.py.
func (s *Site) find() ([]string, error) {
	info, err := os.Stat(s.opt.Source)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &MissingSource{s.opt.Source, "no such file or folder; name the folder of the pages with --source"}
		}
		return nil, err
	}
	dir := s.opt.Source
	if !info.IsDir() {
		dir = filepath.Dir(s.opt.Source)
	}
	if s.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	s.files = s.root.FS()
	if s.table, err = newFileTable(s.files, dir); err != nil {
		return nil, err
	}
	settings := &recorder{FS: s.files, names: &s.inputs}
	s.files = settings
	defer func() { s.files = settings.FS }()
	if err := s.readConfig(info.IsDir(), dir); err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{filepath.Base(s.opt.Source)}, nil
	}
	if text, err := fs.ReadFile(s.files, "conf.py"); err == nil {
		s.files = settings.FS
		s.openProject(dir)
		settings.FS, s.table.files = s.files, s.files
		s.conf = ReadConf(doc.NewSource("conf.py", strings.ToValidUTF8(string(text), "\uFFFD")), func(name string) (string, bool) {
			text, err := fs.ReadFile(settings, name)
			return strings.ToValidUTF8(string(text), "\uFFFD"), err == nil && len(text) < maxValue
		})
		s.report(s.conf.Diags...)
	}
	s.files = settings.FS
	suffixes := s.conf.Strings("source_suffix")
	if len(suffixes) == 0 {
		suffixes = []string{".rst", ".md"}
		if s.conf.Source != nil {
			suffixes = []string{".rst"}
			for _, e := range s.conf.Strings("extensions") {
				if e == "myst_parser" || e == "myst_nb" || e == "recommonmark" {
					suffixes = append(suffixes, ".md")
				}
			}
		}
	}
	exclude := compileGlobs(slices.Concat(s.conf.Strings("exclude_patterns"), s.conf.Strings("html_static_path"), s.set.Exclude, []string{s.set.Theme}))
	include := compileGlobs(s.conf.Strings("include_patterns"))
	abs, _ := filepath.Abs(dir)
	var names []string
	err = fs.WalkDir(lister{s.files, dir}, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			if name == "." {
				return err
			}
			s.report(doc.Diag{Severity: doc.Warning, Code: "site-unreadable", Source: doc.NewSource(name, ""),
				Message: "Not read: " + rootless(err) + ".", Hint: "Make it readable, or exclude it."})
			return nil
		}
		base := path.Base(name)
		if name != "." && (base[0] == '.' || exclude(name)) {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			if name != "." {
				for _, w := range s.opt.Without {
					if filepath.Join(abs, filepath.FromSlash(name)) == w {
						return fs.SkipDir
					}
				}
				if base == "node_modules" {
					return fs.SkipDir
				}
				if _, built := s.table.at.source(path.Join(name, marker)); built {
					return fs.SkipDir
				}
			}
			return nil
		}
		if len(s.conf.Strings("include_patterns")) > 0 && !include(name) {
			return nil
		}
		for _, suf := range suffixes {
			if strings.HasSuffix(name, suf) {
				names = append(names, name)
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, &MissingSource{s.opt.Source, "there is no page in it; pages end in " + strings.Join(suffixes, " or ")}
	}
	sort.Strings(names)
	return names, nil
}

// A lister lists the folders of the content root by their paths: a root asks
// once more for each name that it lists.
type lister struct {
	fs.FS
	dir string
}

func (l lister) ReadDir(name string) ([]fs.DirEntry, error) {
	return os.ReadDir(filepath.Join(l.dir, filepath.FromSlash(name)))
}

// rootless says why a file cannot be read without the path, which the
// diagnostic names already.
func rootless(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// A recorder notes which files are opened: those that say how the site is to
// be.
type recorder struct {
	fs.FS
	names *[]string
}

func (r *recorder) Open(name string) (fs.File, error) {
	*r.names = append(*r.names, name)
	return r.FS.Open(name)
}

func (s *Site) configure() {
	c := s.conf
	s.title = first(s.set.Title, c.String("html_title"))
	if s.title == "" {
		if s.title = c.String("project"); s.title != "" && c.String("release", "version") != "" {
			s.title += " " + c.String("release", "version")
		}
	}
	s.lang = first(strings.ReplaceAll(first(s.set.Language, c.String("language")), "_", "-"), "en")
	cfg := &parse.Config{FS: s.files, Prolog: c.String("rst_prolog"), Epilog: c.String("rst_epilog"),
		DefaultRole: c.String("default_role"), HighlightLanguage: first(s.set.HighlightLanguage, c.String("highlight_language")), AllowRaw: s.set.RawHTML,
		Tags: map[string]bool{"html": true, "builder_html": true, "format_html": true}, Values: map[string]string{},
		Substitutions: map[string]string{}}
	if c.Source != nil {
		cfg.Domain, cfg.SphinxIDs = "py", true
		if d, ok := c.Values["primary_domain"].(string); ok {
			cfg.Domain = d
		}
	}
	for k, v := range c.Values {
		switch v := v.(type) {
		case string:
			cfg.Values[k] = v
		case bool, int64, float64:
			cfg.Values[k] = fmt.Sprint(v)
		}
	}
	for _, k := range []string{"version", "release", "today"} {
		if v := c.String(k); v != "" {
			cfg.Substitutions[k] = v
		} else if k != "today" && c.Source != nil && !c.skipped[k] {
			cfg.Substitutions[k] = "" // as in Sphinx
		}
	}
	if links, ok := c.Values["extlinks"].(map[string]any); ok {
		made(&cfg.ExtLinks)
		for name, v := range links {
			pair, _ := v.([]any)
			if len(pair) == 0 {
				continue
			}
			url, _ := pair[0].(string)
			caption := ""
			if len(pair) > 1 {
				caption, _ = pair[1].(string)
			}
			if url != "" {
				cfg.ExtLinks[name] = struct{ URL, Caption string }{url, caption}
			}
		}
	}
	cfg.DocInfo = true
	s.configureDates(cfg)
	s.configureCPython(cfg)
	s.configureMyst(cfg)
	s.styles, s.scripts = s.confFiles("html_css_files"), s.confFiles("html_js_files")
	cfg.Table = s.tableOf()
	s.cfg = cfg
	if at := c.String("html_baseurl"); s.opt.BaseURL == "" && strings.HasPrefix(at, "http") {
		s.opt.BaseURL = at
	}
	s.html = &html.Options{HighlightLanguage: cfg.HighlightLanguage, Highlighter: newHighlighter(s.opt.Preview), AllowRaw: s.set.RawHTML}
	s.html.ManpagesURL = c.String("manpages_url")
	if c.Source != nil {
		s.html.TrimDoctest = c.Values["trim_doctest_flags"] != false
		s.html.SmartQuotes = s.lang // Sphinx's default
		if v, ok := c.Values["smartquotes"].(bool); ok && !v {
			s.html.SmartQuotes = ""
		}
	}
	plain := s.files
	s.files = &recorder{plain, &s.inputs}
	s.loadInventories()
	s.files = plain
}

func made[K comparable, V any](m *map[K]V) {
	if *m == nil {
		*m = map[K]V{}
	}
}

func (s *Site) parseAll(ctx context.Context, names []string) error {
	s.pages = make([]*page, len(names))
	if err := s.each(ctx, "read", len(names), func(i int) error {
		p := &page{name: names[i], docname: trimSuffix(names[i])}
		s.pages[i] = p
		return s.learn(p, len(names) == 1)
	}); err != nil {
		return err
	}
	s.withoutDrafts()
	for i, p := range s.pages {
		p.at = i
	}
	return nil
}

// parse reads the text of a page.
func (s *Site) parse(p *page, report func(...doc.Diag)) (*doc.Document, build.Answer) {
	raw, answer, err := s.table.read(p.name)
	if err != nil {
		report(doc.Diag{Severity: doc.Error, Code: "site-unreadable", Source: doc.NewSource(p.name, ""),
			Message: "Not read: " + rootless(err) + ".", Hint: "Make it readable, or exclude it."})
		raw = nil
	}
	text := unsafe.String(unsafe.SliceData(raw), len(raw)) // raw is not written to
	if !utf8.Valid(raw) {
		off := 0
		for off < len(raw) {
			r, n := utf8.DecodeRune(raw[off:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			off += n
		}
		text = strings.ToValidUTF8(text, "\uFFFD")
		report(doc.Diag{Severity: doc.Error, Code: "site-not-utf8", Source: doc.NewSource(p.name, text), Off: off,
			Message: fmt.Sprintf("The file is not UTF-8: byte 0x%02x at offset %d.", raw[off], off),
			Hint:    "Save it as UTF-8; the character is shown as \uFFFD."})
	}
	var original *doc.Document
	if s.words != nil {
		text, original = s.words.translate(p.name, text, s.cfg)
	}
	d := parse.Page(p.name, text, s.cfg)
	if original != nil {
		s.words.finish(p.name, original, d, s.cfg)
	}
	report(d.Diags...)
	return d, answer
}

// tree gives a page's tree: the one that reading it gave, or, where that was
// long ago or found no room, by parsing it again.
func (s *Site) tree(p *page) (*doc.Document, error) {
	if k := p.kept; k != nil {
		p.kept = nil
		if d, ok := s.trees.take(k); ok {
			return d, nil
		}
	}
	d, text := s.parse(p, func(...doc.Diag) {})
	if text != p.text {
		return nil, &Changed{p.name}
	}
	return d, nil
}

// Changed says that a page was saved while the site was built from it.
type Changed struct{ Page string }

func (e *Changed) Error() string {
	return e.Page + " was saved while the site was being built; build again"
}

// each runs f for 0..n-1 on all cores, tells the progress, and stops at the
// first error or when the context ends.
func (s *Site) each(ctx context.Context, step string, n int, f func(i int) error) error {
	var next, done atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, runtime.GOMAXPROCS(0))
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || len(errs) > 0 {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = f(i)
				}
				if err != nil {
					errs <- err
					return
				}
				if s.opt.Progress != nil {
					s.opt.Progress(step, int(done.Add(1)), n)
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return ctx.Err()
	}
}

func trimSuffix(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// place gives every page its address and finds the home page.
func (s *Site) place() {
	for _, p := range s.pages {
		if twin := s.docs[p.docname]; twin != nil {
			s.warn(p, doc.Pos{}, doc.Warning, "site-two-sources", "`"+twin.name+"` has the same name but for its suffix.",
				"Rename one of them; references lead to the other.")
			p.docname = p.name
		}
		s.docs[p.docname] = p
		p.title, p.htm, p.meta = p.facts.title, p.facts.html, p.facts.meta
		p.orphan = p.meta.has("orphan")
		p.desc = p.facts.desc
	}
	s.home = s.docs[s.rootDoc()]
	if s.home == nil {
		s.home = s.docs["README"]
	}
	if s.home == nil && len(s.pages) == 1 {
		s.home = s.pages[0]
	}
	if s.docs["index"] != nil && s.home != s.docs["index"] {
		s.home = s.docs["index"]
	}
	var later []*page
	for _, p := range s.pages {
		base := path.Base(p.docname)
		switch {
		case p == s.home:
			p.url = ""
		case strings.Contains(p.docname, "/") && (base == "index" || base == "README" && s.docs[path.Join(path.Dir(p.docname), "index")] == nil):
			p.url = beside(path.Dir(p.docname) + "/")
		default:
			later = append(later, p)
			continue
		}
		s.byURL[p.url] = p
	}
	for _, p := range later {
		p.url = beside(p.docname + "/")
		if twin := s.byURL[p.url]; twin != nil {
			p.url = strings.TrimSuffix(p.url, "/") + ".page/"
			s.warn(p, doc.Pos{}, doc.Info, "site-same-address", "`"+twin.name+"` has the address /"+twin.url+".",
				"This page is at /"+p.url+".")
		}
		s.byURL[p.url] = p
	}
}

func (s *Site) rootDoc() string {
	if root := s.conf.String("root_doc", "master_doc"); root != "" {
		return root
	}
	return "index"
}

// page finds the page of a name that stands in a page: relative to the
// page's folder, or below the root with a leading slash.
func (s *Site) page(from *page, ref string) *page {
	if strings.HasPrefix(ref, "/") {
		ref = strings.TrimPrefix(path.Clean(ref), "/")
	} else {
		ref = path.Join(path.Dir(from.name), ref)
	}
	if p := s.docs[ref]; p != nil {
		return p
	}
	if p := s.docs[trimSuffix(ref)]; p != nil && p.name == ref {
		return p
	}
	return nil
}

// relative gives the way from one page's address to another address, both
// below the site's root.
func relative(from, to string) string {
	if i := strings.LastIndexByte(from, '/'); i >= 0 {
		from = from[:i+1]
	} else {
		from = ""
	}
	for {
		i, j := strings.IndexByte(from, '/'), strings.IndexByte(to, '/')
		if i < 0 || j < 0 || from[:i] != to[:j] {
			break
		}
		from, to = from[i+1:], to[j+1:]
	}
	out := strings.Repeat("../", strings.Count(from, "/")) + to
	if out == "" || out[0] == '#' {
		return "./" + out
	}
	if i := strings.IndexByte(out, ':'); i >= 0 && !strings.Contains(out[:i], "/") {
		return "./" + out // else the part before the colon reads as a scheme
	}
	return out
}

// outName is the file for an address.
func outName(url string) string {
	if url == "" || strings.HasSuffix(url, "/") {
		return url + "index.html"
	}
	return url
}
