package site

import (
	"os"
	"sync"
	"unsafe"

	"docent/generator/doc"
)

// keepTrees is how many bytes of trees wait in memory between reading and
// rendering. Those of a larger site wait on the shelf.
const keepTrees = 16 << 20

// A treeStore keeps the trees of pages, written down, until each is rendered: to
// parse a page again takes ten times as long, and to hold all trees as they
// are takes ten times the memory. It may be used by several goroutines.
type treeStore struct {
	shelf shelf
	mu    sync.Mutex
	held  int // bytes in memory
}

// A kept tree lies in memory, or on the shelf.
type kept struct {
	text string
	at   int64
	size int // on the shelf
}

// keep writes a tree down; where there is no room, it says so.
func (t *treeStore) keep(d *doc.Document) (*kept, bool) {
	buf := scratches.Get().(*scratch)
	defer scratches.Put(buf)
	b := doc.AppendDocument(buf.page[:0], d)
	buf.page = b
	t.mu.Lock()
	room := t.held+len(b) <= keepTrees
	if room {
		t.held += len(b)
	}
	t.mu.Unlock()
	if room {
		return &kept{text: string(b)}, true
	}
	at, ok := t.shelf.Put(b)
	if !ok {
		return nil, false
	}
	return &kept{at: at, size: len(b)}, true
}

// take gives a tree back, once.
func (t *treeStore) take(k *kept) (*doc.Document, bool) {
	if k.size == 0 {
		t.mu.Lock()
		t.held -= len(k.text)
		t.mu.Unlock()
		return doc.ReadDocument(k.text)
	}
	b := make([]byte, k.size)
	if _, err := t.shelf.ReadAt(b, k.at); err != nil {
		return nil, false
	}
	return doc.ReadDocument(unsafe.String(unsafe.SliceData(b), len(b))) // nobody else has b
}

// A shelf is a temporary file for what a build needs only later: what would
// fill the memory of a large site. It may be used by several goroutines.
type shelf struct {
	mu   sync.Mutex
	file *os.File
	end  int64 // of the file
	full bool  // there is no room for more
}

// Put keeps bytes and gives where, or says that there is no room.
func (s *shelf) Put(b []byte) (at int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open() {
		return 0, false
	}
	if _, err := s.file.WriteAt(b, s.end); err != nil {
		s.full = true
		return 0, false
	}
	at = s.end
	s.end += int64(len(b))
	return at, true
}

// open makes the file. Its name goes at once: nothing of it is left, however
// the build ends.
func (s *shelf) open() bool {
	if s.file == nil && !s.full {
		f, err := os.CreateTemp("", "docent-")
		if err != nil {
			s.full = true
			return false
		}
		s.file = f
		os.Remove(f.Name()) // fails on Windows, where close does it
	}
	return !s.full
}

// ReadAt reads what was put.
func (s *shelf) ReadAt(b []byte, at int64) (int, error) { return s.file.ReadAt(b, at) }

func (s *shelf) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}
