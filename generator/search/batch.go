package search

import (
	"encoding/binary"
	"fmt"
	"io"
)

// What a page has in the index waits until all pages are known: on a large
// site, tens of megabytes, of which one part of all terms at a time is
// needed. So the records of some pages that came one after the other are
// laid out by part, and go to the shelf.

// A Shelf keeps bytes that would fill the memory.
type Shelf interface {
	// Put gives where it keeps b, or says that there is no room.
	Put(b []byte) (at int64, ok bool)
	io.ReaderAt
}

const (
	batchSize = 512 << 10 // bytes of records in a batch
	inMemory  = 4 << 20   // bytes, of records and of texts, that stay in memory
)

// A batch holds the records of some pages: for each part the size and the
// entries of every page in order.
type batch struct {
	stored
	ends  [parts]uint32
	pages int
}

// stored bytes lie in memory or on the shelf.
type stored struct {
	data  []byte // nil on the shelf
	shelf Shelf
	at    int64
	size  int
}

func inStore(data []byte) stored { return stored{data: data, size: len(data)} }

// store keeps bytes where there is room. The builder is locked.
func (b *Builder) store(data []byte) stored {
	if b.Shelf != nil && b.held+len(data) > b.limit {
		if at, ok := b.Shelf.Put(data); ok {
			return stored{shelf: b.Shelf, at: at, size: len(data)}
		}
	}
	b.held += len(data)
	return inStore(data)
}

// all gives the bytes.
func (s *stored) all() ([]byte, error) { return s.read(0, s.size) }

// read gives some of the bytes.
func (s *stored) read(from, to int) ([]byte, error) {
	if s.shelf == nil {
		return s.data[from:to], nil
	}
	b := make([]byte, to-from)
	if _, err := s.shelf.ReadAt(b, s.at+int64(from)); err != nil {
		return nil, fmt.Errorf("read what the search index put aside: %w", err)
	}
	return b, nil
}

// hold takes a page's record. The builder is locked.
func (b *Builder) hold(e *entry, record []byte) {
	e.record = record
	b.open = append(b.open, e)
	if b.openSize += len(record); b.openSize >= batchSize {
		b.seal()
	}
}

// seal makes a batch of the pages whose records came last.
func (b *Builder) seal() {
	t := &batch{pages: len(b.open)}
	data := make([]byte, 0, b.openSize)
	for part := range parts {
		for _, e := range b.open {
			l := entries(e.record, part)
			data = append(binary.AppendUvarint(data, uint64(len(l))), l...)
		}
		t.ends[part] = uint32(len(data))
	}
	t.stored = b.store(data)
	for i, e := range b.open {
		e.record, e.batch, e.in = nil, t, i
	}
	b.open, b.openSize = b.open[:0], 0
}

// part gives the entries of every page of a batch in one part.
func (t *batch) part(part int) ([][]byte, error) {
	from := 0
	if part > 0 {
		from = int(t.ends[part-1])
	}
	data, err := t.read(from, int(t.ends[part]))
	if err != nil {
		return nil, err
	}
	out := make([][]byte, t.pages)
	for i := range out {
		n, size := binary.Uvarint(data)
		out[i] = data[size : size+int(n)]
		data = data[size+int(n):]
	}
	return out, nil
}

// partOfAll gives the entries of pages in one part.
func partOfAll(pages []*entry, part int) ([][]byte, error) {
	out := make([][]byte, len(pages))
	read := map[*batch][][]byte{}
	var last *batch // most pages stand beside one of the same batch
	var list [][]byte
	for i, e := range pages {
		if e.record != nil {
			out[i] = entries(e.record, part)
			continue
		}
		if e.batch != last {
			last = e.batch
			var ok bool
			if list, ok = read[last]; !ok {
				var err error
				if list, err = last.part(part); err != nil {
					return nil, err
				}
				read[last] = list
			}
		}
		out[i] = list[e.in]
	}
	return out, nil
}
