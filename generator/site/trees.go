package site

import (
	"os"
	"sync"
	"unsafe"

	"docent/generator/doc"
)

// keepTrees is how many bytes of trees wait in memory between reading and
// rendering. Those of a larger site wait in a temporary file.
const keepTrees = 16 << 20

// A treeStore keeps the trees of pages, written down, until each is rendered: to
// parse a page again takes ten times as long, and to hold all trees as they
// are takes ten times the memory. It may be used by several goroutines.
type treeStore struct {
	mu   sync.Mutex
	held int // bytes in memory
	file *os.File
	end  int64 // of the file
	full bool  // there is no room for more
}

// A kept tree lies in memory, or in the file of all.
type kept struct {
	text string
	at   int64
	size int // in the file
}

// keep writes a tree down; where there is no room, it says so.
func (t *treeStore) keep(d *doc.Document) (*kept, bool) {
	buf := scratches.Get().(*scratch)
	defer scratches.Put(buf)
	b := doc.AppendDocument(buf.page[:0], d)
	buf.page = b
	t.mu.Lock()
	if t.held+len(b) <= keepTrees {
		t.held += len(b)
		t.mu.Unlock()
		return &kept{text: string(b)}, true
	}
	defer t.mu.Unlock()
	if !t.open() {
		return nil, false
	}
	n, err := t.file.WriteAt(b, t.end)
	if err != nil {
		t.full = true
		return nil, false
	}
	k := &kept{at: t.end, size: n}
	t.end += int64(n)
	return k, true
}

// open makes the file. Its name goes at once: nothing of it is left, however
// the build ends.
func (t *treeStore) open() bool {
	if t.file == nil && !t.full {
		f, err := os.CreateTemp("", "docent-")
		if err != nil {
			t.full = true
			return false
		}
		t.file = f
		os.Remove(f.Name()) // fails on Windows, where close does it
	}
	return !t.full
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
	if _, err := t.file.ReadAt(b, k.at); err != nil {
		return nil, false
	}
	return doc.ReadDocument(unsafe.String(unsafe.SliceData(b), len(b))) // nobody else has b
}

func (t *treeStore) close() {
	if t.file != nil {
		t.file.Close()
		os.Remove(t.file.Name())
	}
}
