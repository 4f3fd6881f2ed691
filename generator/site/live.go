package site

import (
	"context"
	"encoding/hex"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"docent/generator/build"
	"docent/generator/doc"
)

// A Live is a site that is looked at while it is written. It renders a page
// when someone asks for it, from the file as it is at that moment, so that a
// save costs one page however many there are. What only all pages together
// say, their diagnostics and the search index, a goroutine finds out in the
// background ([Live.Check]).
//
// Its methods are safe for use by several goroutines.
type Live struct {
	opt Options

	mu     sync.RWMutex // held for writing while the site changes
	behind bool         // reading everything anew failed
	site   *Site
	due    []*page // pages that are to be checked
	side   Memory  // what pages write beside themselves

	lazy struct { // made when it is first asked for
		sync.Mutex
		extras, index         *Memory
		extrasFrom, indexFrom string
	}
}

// OpenLive reads the source.
func OpenLive(ctx context.Context, opt Options) (*Live, error) {
	opt.Preview = true
	s, err := Load(ctx, opt)
	if err != nil {
		return nil, err
	}
	return &Live{opt: opt, site: s, due: slices.Clone(s.pages)}, nil
}

// Remember writes the cache, of a site all of whose pages were checked. Where
// one is due again, it does nothing: what is known of that is of another
// moment.
func (l *Live) Remember() (done bool, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.due) > 0 {
		return false, nil
	}
	l.site.agree(true)
	return true, l.site.Remember()
}

// Close frees the source folder.
func (l *Live) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.site.Close()
}

// Pages is how many pages the source has.
func (l *Live) Pages() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.site.Pages()
}

// Update looks at files again: paths below the source folder, with slashes.
// Without any it looks at everything.
func (l *Live) Update(ctx context.Context, names ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.behind || len(names) == 0 {
		return l.reload(ctx)
	}
	s := l.site
	var touched []*page
	everyone := false
	for _, name := range names {
		if l.means(name) {
			return l.reload(ctx)
		}
		found := false
		for _, p := range s.pages {
			if p.name == name || slices.Contains(p.facts.deps, name) {
				touched, found = append(touched, p), true
			}
		}
		everyone = everyone || !found // pages may show it, or miss it
	}
	for _, name := range names {
		s.table.forget(name)
		s.texts.Delete(name)
	}
	moved := false
	for _, p := range touched {
		shape, facts := p.shape, p.facts
		if err := s.learn(p, len(s.pages) == 1); err != nil {
			return err
		}
		if s.isDraftPage(p) { // it leaves the site
			return l.reload(ctx)
		}
		moved = moved || p.shape != shape || p.facts.desc != facts.desc || s.complains(p)
	}
	if moved {
		s.connect(ctx)
		s.agree(false)
	}
	if moved || everyone {
		l.due = slices.Clone(s.pages)
	}
	l.due = append(touched, slices.DeleteFunc(l.due, func(p *page) bool { return slices.Contains(touched, p) })...)
	return nil
}

// means reports whether a file that changed may mean another set of pages, or
// another configuration.
func (l *Live) means(name string) bool {
	s := l.site
	if slices.Contains(s.inputs, name) || name == path.Clean(s.set.Theme) || strings.HasPrefix(name, path.Clean(s.set.Theme)+"/") {
		return true
	}
	known := slices.ContainsFunc(s.pages, func(p *page) bool { return p.name == name || strings.HasPrefix(p.name, name+"/") })
	info, err := fs.Stat(s.files, name)
	switch {
	case err != nil: // gone, or a link that leads nowhere
		_, err := fs.Lstat(s.files, name)
		return known || err == nil
	case info.IsDir():
		return true
	}
	return !known && (strings.HasSuffix(name, ".md") || strings.HasSuffix(name, ".rst")) || !info.Mode().IsRegular()
}

// complains reports whether something was said about a page that has a place
// in it and that only all pages together say.
func (s *Site) complains(p *page) bool {
	return slices.ContainsFunc(s.diags, func(d doc.Diag) bool { return d.Source != nil && slices.Contains(p.facts.sources, d.Source.Name) })
}

// reload reads the source anew; what has not changed is known.
func (l *Live) reload(ctx context.Context) error {
	s, err := load(ctx, l.opt, l.site)
	if l.behind = err != nil; err != nil {
		return err
	}
	if s.shape == l.site.shape {
		for i, p := range s.pages { // of the same names in the same order
			p.written = l.site.pages[i].written
		}
	}
	l.site.published.Range(func(k, v any) bool { s.published.Store(k, v); return true })
	l.site.Close()
	l.site = s
	l.due = slices.Clone(s.pages)
	return nil
}

// Check looks at the next page that nobody has looked at since it may have
// changed, and reports whether there was one.
func (l *Live) Check() (more bool, err error) {
	l.mu.Lock()
	if len(l.due) == 0 {
		l.mu.Unlock()
		return false, nil
	}
	p := l.due[0]
	l.due = l.due[1:]
	l.mu.Unlock()
	l.mu.RLock()
	defer l.mu.RUnlock()
	if p.at >= len(l.site.pages) || l.site.pages[p.at] != p { // the source was read anew
		return true, nil
	}
	if err := l.site.writePage(p, Nowhere{}); err != nil {
		if _, saved := err.(*Changed); saved { // it is looked at again when we hear of it
			return true, nil
		}
		return true, err
	}
	return true, nil
}

// Diags are the diagnostics of all pages that were checked.
func (l *Live) Diags() []doc.Diag {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.site.Diags()
}

// IsPage reports whether an output file is a page of the source.
func (l *Live) IsPage(file string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.site.pageOf(file) != nil
}

// pageOf is the page that an output file is of, or nil.
func (s *Site) pageOf(file string) *page {
	if url, ok := strings.CutSuffix(file, "index.html"); ok {
		return s.byURL[url]
	}
	return nil
}

// File gives a file of the site as it is now.
func (l *Live) File(ctx context.Context, name string) (data []byte, ok bool, err error) {
	data, _, ok, err = l.Look(ctx, name)
	return data, ok, err
}

// Look gives a file of the site, and names what it shows.
func (l *Live) Look(ctx context.Context, name string) (data []byte, shown State, ok bool, err error) {
	now, ok, err := l.file(ctx, name)
	return now.data, now.state, ok, err
}

// A State names what a page shows.
type State struct {
	whole    build.Answer // its HTML and the pictures in it
	text     build.Answer // what it was written from, and what stands around it
	evidence build.Answer // what labs say about it
}

// String writes a state so that [ParseState] reads it.
func (s State) String() string {
	return hex.EncodeToString(slices.Concat(s.whole[:], s.text[:], s.evidence[:]))
}

// ParseState reads a state that a page was given.
func ParseState(text string) (s State, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 3*len(s.whole) {
		return s, false
	}
	copy(s.whole[:], b)
	copy(s.text[:], b[len(s.whole):])
	copy(s.evidence[:], b[2*len(s.whole):])
	return s, true
}

// OnlyEvidence reports whether nothing but the evidence on the page differs from what
// it was before.
func (s State) OnlyEvidence(before State) bool {
	return s.evidence != before.evidence && s.text == before.text
}

// State says what a page shows now; one that is not there shows nothing.
// Equal states look the same.
func (l *Live) State(ctx context.Context, name string) (State, error) {
	now, _, err := l.file(ctx, name)
	return now.state, err
}

// served is a file as it is given out; one that is no page has no state.
type served struct {
	data  []byte
	state State
}

func (l *Live) file(ctx context.Context, name string) (now served, ok bool, err error) {
	for range 5 { // the page may be saved again and again while we read it
		l.mu.RLock()
		s := l.site
		p := s.pageOf(name)
		if p == nil {
			defer l.mu.RUnlock()
			if now.data, ok, err = l.other(name); ok {
				now.state.whole = build.Digest(string(now.data))
			}
			return now, ok, err
		}
		var stale []string
		for _, f := range append([]string{p.name}, p.facts.deps...) {
			if s.table.stale(f) {
				stale = append(stale, f)
			}
		}
		if stale == nil {
			now, err = l.page(p)
		}
		l.mu.RUnlock()
		_, changed := err.(*Changed)
		switch {
		case changed:
			stale = []string{p.name}
		case stale == nil:
			return now, err == nil, err
		}
		if err = l.Update(ctx, stale...); err != nil {
			return served{}, false, err
		}
		err = &Changed{p.name}
	}
	return served{}, false, err
}

// page renders a page.
func (l *Live) page(p *page) (now served, err error) {
	s := l.site
	d, err := s.tree(p)
	if err != nil {
		return served{}, err
	}
	e, v := &env{s: s, p: p, doc: d}, s.frame(p)
	around := s.frameAnswer(p, v)
	v.navigate(s, p)
	if now.data, err = s.pageHTML(e, v, &l.side, &scratch{}); err != nil {
		return served{}, err
	}
	whole, text := []string{string(now.data)}, []string{string(around[:]), string(p.text[:])}
	for _, f := range e.files {
		s.published.Store(s.served(f), f)
		if s.table.stale(f) {
			s.table.forget(f)
		}
		a := s.table.answer(f)
		whole = append(whole, f, string(a[:]))
	}
	for _, f := range p.facts.deps {
		a := s.table.answer(f)
		text = append(text, f, string(a[:]))
	}
	now.state = State{build.Digest(whole...), build.Digest(append(text, whole[1:]...)...), s.reportsOf(p)}
	return now, nil
}

// other gives what is no page.
func (l *Live) other(name string) (data []byte, ok bool, err error) {
	s := l.site
	if data, ok = s.theme.files[name]; ok {
		return data, true, nil
	}
	if rest, found := strings.CutPrefix(name, "_search/"); found {
		return l.searchFile(rest)
	}
	if data, ok = l.side.File(name); ok {
		return data, true, nil
	}
	if from, found := s.offered()[name]; found && !s.taken(name) {
		if data, err = fs.ReadFile(s.files, from); err == nil && (!strings.HasSuffix(strings.ToLower(name), ".svg") || checkSVG(data) == "") {
			return data, true, nil
		}
	}
	l.lazy.Lock()
	defer l.lazy.Unlock()
	if l.lazy.extras == nil || l.lazy.extrasFrom != string(s.whole[:])+s.key {
		made := &Memory{}
		if err := s.writeExtras(made); err != nil {
			return nil, false, err
		}
		l.lazy.extras, l.lazy.extrasFrom = made, string(s.whole[:])+s.key
	}
	data, ok = l.lazy.extras.File(name)
	return data, ok, nil
}

// searchFile gives a file of the search index, of the pages known when its
// first file was last asked for.
func (l *Live) searchFile(name string) (data []byte, ok bool, err error) {
	s := l.site
	l.lazy.Lock()
	defer l.lazy.Unlock()
	if v := s.index.Version(); l.lazy.index == nil || name == "index.js" && l.lazy.indexFrom != v {
		made := &Memory{}
		if err := s.writeSearch(searchMemory{l.lazy.index, made}); err != nil {
			return nil, false, err
		}
		l.lazy.index, l.lazy.indexFrom = made, v
	}
	data, ok = l.lazy.index.File(name)
	return data, ok, nil
}

// Evidence are the folders of reports and of measurements. They need not be
// there.
func (l *Live) Evidence() (dirs []string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, dir := range l.site.evidenceDirs() {
		if abs, err := filepath.Abs(dir); err == nil {
			dirs = append(dirs, abs)
		}
	}
	return dirs
}

// Rejudge reads the reports again.
func (l *Live) Rejudge(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.site.connect(ctx)
	l.site.agree(false)
	l.due = slices.Clone(l.site.pages)
}
