package site

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"docent/generator/build"
	"docent/generator/doc"
	"docent/generator/html"
	"docent/generator/search"
)

const searchFolder = "_search/"

// writeSearch writes the search index. Texts that are nowhere any more are
// taken from their pages again.
func (s *Site) writeSearch(to search.Files) error {
	for {
		err := s.index.Finish(to)
		var lost *search.Missing
		if !errors.As(err, &lost) {
			return err
		}
		for _, url := range lost.URLs {
			p := s.byURL[url]
			d, err := s.tree(p)
			if err != nil {
				return err
			}
			e := &env{s: s, p: p, doc: d}
			e.heads = html.TOC(d, e)
			if err := s.index.Add(e.searchPage(new(scratch))); err != nil {
				return err
			}
		}
	}
}

// searchSink is where a site on disk has its index.
type searchSink struct{ traced }

func (w searchSink) Put(name string, data []byte) error {
	return w.traced.Put(searchFolder+name, data)
}

// older is a sink that knows what the site before holds.
type older interface {
	Intact(name string) bool
	Old(name string) ([]byte, bool)
}

// before gives the sink if it knows of files as they are written here.
func (w searchSink) before() (older, bool) {
	o, ok := w.Sink.(older)
	return o, ok && len(w.forms) == 0
}

func (w searchSink) Old(name string) ([]byte, bool) {
	if o, ok := w.before(); ok {
		return o.Old(searchFolder + name)
	}
	return nil, false
}

func (w searchSink) Sure(name string) bool {
	o, ok := w.before()
	return ok && o.Intact(searchFolder+name)
}

func (w searchSink) Keep(name string) bool { return w.traced.Keep(searchFolder + name) }

// Old gives a file of the old site, if it surely is as it was written.
func (d *Dir) Old(name string) ([]byte, bool) {
	if !d.Intact(name) {
		return nil, false
	}
	data, err := os.ReadFile(filepath.Join(d.out, filepath.FromSlash(name)))
	return data, err == nil && sumOf(name, data) == d.knows(name).sum
}

// sumOf gives a digest of a file of the index, which is read to change it. No
// other file is read for more than to compare it.
func sumOf(name string, data []byte) string {
	if !strings.HasPrefix(name, searchFolder) {
		return ""
	}
	a := build.DigestBytes(data)
	return string(a[:])
}

// searchMemory is where a preview has its index: the one that was, and the
// one that is being written.
type searchMemory struct{ old, now *Memory }

func (m searchMemory) Put(name string, data []byte) error { return m.now.Put(name, data) }

func (m searchMemory) Old(name string) ([]byte, bool) {
	if m.old == nil {
		return nil, false
	}
	return m.old.File(name)
}

func (m searchMemory) Sure(name string) bool {
	_, ok := m.Old(name)
	return ok
}

func (m searchMemory) Keep(name string) bool {
	data, ok := m.Old(name)
	return ok && m.now.Put(name, data) == nil
}

// newIndex begins an index. One build puts aside what it needs at the end; a
// preview changes its index again and again.
func (s *Site) newIndex() {
	s.index = search.NewBuilder()
	if !s.opt.Preview {
		s.index.Shelf = &s.trees.shelf
	}
}

// loadSearch reads what is known of the index of the build before.
func (s *Site) loadSearch() {
	c := s.opt.Cache
	text, ok := c.Load("search", s.key)
	if !ok || !s.index.Load(text) {
		return
	}
	s.index.Kept = func() (string, bool) { return c.Load("texts", s.key) }
	s.known = s.index.Version()
}

// saveSearch writes it down.
func (s *Site) saveSearch() error {
	v := s.index.Version()
	if v == s.known {
		return nil
	}
	c := s.opt.Cache
	pages, texts := s.index.Save()
	if texts != nil {
		if err := c.SaveFrom("texts", s.key, texts); err != nil {
			return err
		}
		s.index.Kept = func() (string, bool) { return c.Load("texts", s.key) }
	}
	if pages == nil {
		return nil
	}
	s.known = v
	return c.Save("search", s.key, pages)
}

// finishSearch is the task that writes the index.
func (s *Site) finishSearch(sink Sink) error {
	_, err := s.task("search", "found", sink, func(sink Sink) ([]doc.Diag, error) {
		return nil, s.writeSearch(searchSink{sink.(traced)})
	})
	return err
}
