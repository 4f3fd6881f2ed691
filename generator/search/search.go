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
	"encoding/hex"
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

// A Builder makes the index of pages as they come, from several goroutines.
// What it gives does not depend on their order. It can be saved and loaded,
// and its pages replaced.
type Builder struct {
	mu     sync.Mutex
	order  []string // addresses of the pages of the site
	pages  map[string]*entry
	groups map[digest]*group // texts that are packed
	idle   []*counter

	// Pages that come nearly in order are packed as they come.
	packed  int
	grouper grouper
	ready   [][]*entry
}

// entry is what the index has of a page. A page that was loaded or packed has
// its text in a group only.
type entry struct {
	digest digest // of its text
	size   int    // of its text
	rank   uint8
	record []byte
	text   []byte
	group  *group
	at     int // in the group
}

// NewBuilder makes a Builder.
func NewBuilder() *Builder { return &Builder{pages: map[string]*entry{}, groups: map[digest]*group{}} }

// Arrange says which pages the site has, in order. Others are forgotten.
func (b *Builder) Arrange(urls []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = urls
	there := make(map[string]bool, len(urls))
	for _, u := range urls {
		there[u] = true
	}
	for u := range b.pages {
		if !there[u] {
			delete(b.pages, u)
		}
	}
	b.packed, b.ready = 0, nil
	b.grouper = grouper{give: func(l []*entry) { b.ready = append(b.ready, l) }}
}

// Add takes a page, in the place of one that was there. A page without
// sections is known to the index but never found.
func (b *Builder) Add(p Page) error {
	e := &entry{text: text(nil, p)}
	e.size, e.digest, e.rank = len(e.text), digestOf(e.text), rankOf(p.URL)
	c := b.take()
	e.record = c.page(page(string(e.text)))
	b.mu.Lock()
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
		b.keep(l, g)
		b.mu.Unlock()
	}
	return nil
}

// keep notes that pages are packed.
func (b *Builder) keep(l []*entry, g *group) {
	b.groups[keyOf(l)] = g
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
	l, _ := b.arranged()
	key := keyOf(l)
	return hex.EncodeToString(key[:6])
}

// arranged gives the pages that are known, in order.
func (b *Builder) arranged() (l []*entry, urls []string) {
	for _, u := range b.order {
		if e := b.pages[u]; e != nil {
			l, urls = append(l, e), append(urls, u)
		}
	}
	return l, urls
}

// Finish gives the files of the index to put.
func (b *Builder) Finish(put func(name string, data []byte) error) error {
	version := b.Version()
	b.mu.Lock()
	defer b.mu.Unlock()
	pages, _ := b.arranged()
	groups, err := b.pack(pages)
	if err != nil {
		return err
	}
	if err := b.recount(pages); err != nil {
		return err
	}
	index := index{version: version, pages: len(pages)}
	if err := index.putTexts(groups, put); err != nil {
		return err
	}
	if err := index.putTerms(merge(pages), put); err != nil {
		return err
	}
	return put("index.js", index.script())
}

// pack packs all pages that are not packed as they stand now.
func (b *Builder) pack(pages []*entry) ([]*group, error) {
	var all [][]*entry
	by := grouper{give: func(l []*entry) { all = append(all, l) }}
	for _, e := range pages {
		by.add(e)
	}
	by.close()
	groups, errs := make([]*group, len(all)), make([]error, len(all))
	old := b.groups
	spread(len(all), 4, func(i int) {
		if groups[i] = old[keyOf(all[i])]; groups[i] != nil {
			return
		}
		for _, e := range all[i] {
			if errs[i] = e.open(); errs[i] != nil {
				return
			}
		}
		groups[i], errs[i] = pack(all[i])
	})
	b.groups = make(map[digest]*group, len(all))
	for i, l := range all {
		if errs[i] != nil {
			return nil, errs[i]
		}
		b.keep(l, groups[i])
	}
	return groups, nil
}

// open gives a page its text again.
func (e *entry) open() error {
	if e.text != nil {
		return nil
	}
	texts, err := e.group.unpack()
	if err == nil {
		e.text = []byte(texts[e.at])
	}
	return err
}

// recount counts the terms of pages that were loaded.
func (b *Builder) recount(pages []*entry) error {
	var due [][]*entry // by group
	for _, e := range pages {
		switch {
		case e.record != nil:
		case len(due) > 0 && due[len(due)-1][0].group == e.group:
			due[len(due)-1] = append(due[len(due)-1], e)
		default:
			due = append(due, []*entry{e})
		}
	}
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
			e.record = c.page(page(texts[e.at]))
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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
