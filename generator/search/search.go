// Package search makes the index that the site's search script asks: many
// small files, of which a query fetches only those it needs.
//
// The files are scripts that hand their data to a function, so that they
// also load from a disk, where a page may not fetch. All names are fixed;
// index.js holds a version that the script puts behind the other addresses.
//
//	index.js   version, counts, where every other file begins
//	tN.js      terms in order, each with its postings
//	vN.js      words in order, asked only for a word not found
//	wN.js      the same words written backwards, in order
//	pN.js      the text of some pages, in order, or of a part of a large one
//
// Numbers and compressed bytes are printable characters (see pack.go). What a
// page has in the index does not depend on its number: the pages are numbered
// when the files are written.
package search

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Page is what the index knows of a page.
type Page struct {
	URL, Title string
	Sections   []Section
}

// A Section is a part of a page with a heading and an anchor. One without a
// heading has the page's title.
type Section struct{ ID, Heading, Text string }

// Files are the files of an index, where they are written. Old gives one of
// the index before, if it surely is as it was written then, Sure reports
// whether it is, and Keep leaves it in its place.
type Files interface {
	Put(name string, data []byte) error
	Old(name string) (data []byte, ok bool)
	Sure(name string) bool
	Keep(name string) bool
}

// Missing says that the texts of some pages are nowhere: they must be added
// again.
type Missing struct{ URLs []string }

func (e *Missing) Error() string { return "the search index lacks the text of " + e.URLs[0] }

// A Builder makes the index of pages as they come, from several goroutines.
// What it gives does not depend on their order. It can be saved and loaded,
// and its pages replaced; if few are, the files of the index before are
// changed, and come out as if they were made anew.
type Builder struct {
	// Shelf takes what would fill the memory, where there is one.
	Shelf Shelf

	mu     sync.Mutex
	order  []string // addresses of the pages of the site
	pages  map[string]*entry
	groups map[digest]*group // texts that are packed
	idle   []*counter
	before *before

	// Kept gives what Save gave as texts, when it is needed.
	Kept  func() (string, bool)
	texts map[digest][]stored // what it gave

	// Pages that come nearly in order are packed as they come.
	packed  int
	grouper grouper
	ready   [][]*entry

	open     []*entry // pages whose records are in no batch yet
	openSize int      // of their records
	held     int      // bytes that were stored in memory
	limit    int      // of them, where there is a shelf
}

// before is the index that was written before.
type before struct {
	version string
	urls    []string
	pages   []*entry
	groups  []*group
	firsts  map[string][]string // of the files of each kind
}

// entry is what the index has of a page. A page that was loaded or packed has
// its text in a group only.
type entry struct {
	url    string
	digest digest // of its text
	size   int    // of its text
	rank   uint8
	record []byte // or
	batch  *batch // that holds it
	in     int    // the batch
	text   []byte
	group  *group
	at     int // in the group
}

// NewBuilder makes a Builder.
func NewBuilder() *Builder {
	return &Builder{pages: map[string]*entry{}, groups: map[digest]*group{}, limit: inMemory}
}

// Arrange says which pages the site has, in order. Others are forgotten.
func (b *Builder) Arrange(urls []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = urls
	still := make(map[string]*entry, len(urls))
	for _, u := range urls {
		if e := b.pages[u]; e != nil {
			still[u] = e
		}
	}
	b.pages = still
	b.packed, b.ready = 0, nil
	b.grouper = grouper{give: func(l []*entry) { b.ready = append(b.ready, l) }}
}

// Add takes a page, in the place of one that was there. A page without
// sections is known to the index but never found.
func (b *Builder) Add(p Page) error {
	c := b.take()
	c.text = text(c.text[:0], p)
	e := &entry{url: p.URL, text: bytes.Clone(c.text)}
	e.size, e.digest, e.rank = len(e.text), digestOf(e.text), rankOf(p.URL)
	record := c.page(page(string(e.text)))
	b.mu.Lock()
	b.hold(e, record)
	b.idle = append(b.idle, c)
	b.pages[p.URL] = e
	for b.packed < len(b.order) {
		e := b.pages[b.order[b.packed]]
		if e == nil || e.text == nil {
			break
		}
		b.grouper.add(e)
		b.packed++
	}
	ready := b.ready
	b.ready = nil
	b.mu.Unlock()
	for _, l := range ready {
		g, err := pack(l)
		if err != nil {
			return err
		}
		b.mu.Lock()
		for i := range g.files {
			g.files[i] = b.store(g.files[i].data)
		}
		b.keep(l, g)
		b.mu.Unlock()
	}
	return nil
}

// keep notes that pages are packed.
func (b *Builder) keep(l []*entry, g *group) {
	b.groups[g.key] = g
	for i, e := range l {
		e.group, e.at, e.text = g, i, nil
	}
}

func (b *Builder) take() *counter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.idle); n > 0 {
		c := b.idle[n-1]
		b.idle = b.idle[:n-1]
		return c
	}
	return newCounter()
}

func rankOf(url string) uint8 {
	h := fnv.New64a()
	h.Write([]byte(url))
	return rankBits(h.Sum64())
}

// Has reports whether the index knows a page.
func (b *Builder) Has(url string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pages[url] != nil
}

// Version names what the index holds: all pages in their order.
func (b *Builder) Version() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return version(b.arranged())
}

func version(pages []*entry) string {
	key := keyOf(pages)
	return hex.EncodeToString(key[:6])
}

// arranged gives the pages that are known, in order.
func (b *Builder) arranged() []*entry {
	l := make([]*entry, 0, len(b.order))
	for _, u := range b.order {
		if e := b.pages[u]; e != nil {
			l = append(l, e)
		}
	}
	return l
}

// Finish writes the files of the index. Where it asks for pages that are
// [Missing], it has written nothing yet.
func (b *Builder) Finish(to Files) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.check(to)
	pages := b.arranged()
	groups, members, err := b.pack(pages, to)
	if err != nil {
		return err
	}
	stay, err := b.staying(groups, members, to)
	if err != nil {
		return err
	}
	changed, ok := b.patch(pages, to)
	if !ok {
		if err := b.recount(pages, to); err != nil {
			return err
		}
	}
	index := &index{version: version(pages), pages: len(pages), to: to}
	if err := index.putTexts(groups, stay); err != nil {
		return err
	}
	if ok {
		err = index.putChanged(changed)
	} else {
		var terms []term
		if terms, err = merge(pages); err == nil {
			err = index.putTerms(terms)
		}
	}
	if err != nil {
		return err
	}
	if err := to.Put("index.js", index.script()); err != nil {
		return err
	}
	b.wrote(index, pages, groups)
	return nil
}

// wrote notes what was written, and lets go of what the files have.
func (b *Builder) wrote(x *index, pages []*entry, groups []*group) {
	b.before = &before{version: x.version, pages: pages, groups: groups}
	for _, e := range pages {
		b.before.urls = append(b.before.urls, e.url)
		e.record, e.batch = nil, nil
	}
	b.open, b.openSize = nil, 0
	n := 0
	for _, g := range groups {
		g.first = n
		n += g.number
	}
}

// pack packs all pages that are not packed as they stand now.
func (b *Builder) pack(pages []*entry, from Files) (groups []*group, all [][]*entry, err error) {
	by := grouper{give: func(l []*entry) { all = append(all, l) }}
	for _, e := range pages {
		by.add(e)
	}
	by.close()
	groups = make([]*group, len(all))
	var due []int
	var lost []*entry
	for i, l := range all {
		if groups[i] = b.groups[keyOf(l)]; groups[i] != nil {
			continue
		}
		due = append(due, i)
		for _, e := range l {
			if e.text == nil && !b.fetch(e.group, from) {
				lost = append(lost, e)
			}
		}
	}
	if lost != nil {
		return nil, nil, b.missing(lost)
	}
	errs := make([]error, len(all))
	spread(len(due), 4, func(n int) {
		i := due[n]
		for _, e := range all[i] {
			if errs[i] = e.open(); errs[i] != nil {
				return
			}
		}
		groups[i], errs[i] = pack(all[i])
	})
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	b.groups = make(map[digest]*group, len(all))
	for i, l := range all {
		b.keep(l, groups[i])
	}
	return groups, all, nil
}

// missing asks for pages, which then are packed anew.
func (b *Builder) missing(l []*entry) error {
	m := &Missing{}
	for _, e := range l {
		if e.group != nil {
			delete(b.groups, e.group.key)
		}
		m.URLs = append(m.URLs, e.url)
	}
	return m
}

// open gives a page its text again.
func (e *entry) open() error {
	if e.text != nil {
		return nil
	}
	texts, err := e.group.unpack()
	if err != nil {
		return err
	}
	if e.text = []byte(texts[e.at]); digestOf(e.text) != e.digest {
		e.text = nil
		return &Missing{[]string{e.url}}
	}
	return nil
}

// recount counts the terms of pages that were loaded.
func (b *Builder) recount(pages []*entry, from Files) error {
	var due [][]*entry // by group
	var lost []*entry
	uncounted := func(e *entry) bool { return e.record == nil && e.batch == nil }
	if len(pages) > 0 && uncounted(pages[0]) && uncounted(pages[len(pages)-1]) { // most are due
		b.readTexts()
	}
	for _, e := range pages {
		switch {
		case e.record != nil || e.batch != nil:
			continue
		case !b.fetch(e.group, from):
			lost = append(lost, e)
		case len(due) > 0 && due[len(due)-1][0].group == e.group:
			due[len(due)-1] = append(due[len(due)-1], e)
		default:
			due = append(due, []*entry{e})
		}
	}
	if lost != nil {
		return b.missing(lost)
	}
	var counting sync.Mutex
	counters := sync.Pool{New: func() any { return newCounter() }}
	errs := make([]error, len(due))
	spread(len(due), 4, func(i int) {
		texts, err := due[i][0].group.unpack()
		if errs[i] = err; err != nil {
			return
		}
		c := counters.Get().(*counter)
		defer counters.Put(c)
		for _, e := range due[i] {
			if digestOf([]byte(texts[e.at])) != e.digest {
				errs[i] = &Missing{[]string{e.url}}
				return
			}
			record := c.page(page(texts[e.at]))
			counting.Lock()
			b.hold(e, record)
			counting.Unlock()
		}
	})
	return errors.Join(errs...)
}

// spread runs f for 0..n-1 on all cores, a piece at a time.
func spread(n, piece int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+piece-1)/piece) {
		wg.Go(func() {
			for {
				from := int(next.Add(int64(piece))) - piece
				if from >= n {
					return
				}
				for i := from; i < min(n, from+piece); i++ {
					f(i)
				}
			}
		})
	}
	wg.Wait()
}

func fileName(kind byte, n int) string { return fmt.Sprintf("%c%d.js", kind, n) }
