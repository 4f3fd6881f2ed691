package site

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"docent/generator/build"
	"docent/generator/doc"
)

// A stamp is what a file's folder says of it. Two equal stamps mean the same
// content, unless the file was written within the same tick of the clock in
// which it was read: see settled.
type stamp struct{ size, changed, inode int64 }

// settled is how old a file must be when it is read for its stamp to be
// trusted later. Clocks of file systems tick more coarsely than they write.
var settled = 2 * time.Second

// A fileTable knows the digests of files by their stamps, so that a build
// need not read what has not changed. It is safe for use by several
// goroutines.
type fileTable struct {
	files fs.FS  // the content root, which refuses what lies outside
	at    looker // the same, for stamps

	names build.Names     // of the files that the build before knew
	old   []tableEntry    // by number
	state []atomic.Uint32 // of them in this build, by number

	mu  sync.Mutex
	now map[string]tableEntry // what this build saw that is not as it was
}

// A file that the build before knew is in one of these states.
const (
	unasked  = iota
	asBefore // it was asked for: it is as it was
	seenAnew // it is among those of this build, or was forgotten
)

type tableEntry struct {
	stamp  stamp
	answer build.Answer
	plain  bool // a regular file, reached through no link: the stamp says all
}

func newFileTable(files fs.FS, dir string) (*fileTable, error) {
	at, err := openLooker(dir)
	return &fileTable{files: files, at: at, now: map[string]tableEntry{}}, err
}

// Answers about files that are not there, or cannot be read.
var (
	absent     = build.Digest("absent")
	folder     = build.Digest("folder")
	irregular  = build.Digest("irregular")
	unreadable = build.Digest("unreadable")
)

// contentAnswer is the answer to what a file holds.
func contentAnswer(sum [sha256.Size]byte) (a build.Answer) {
	copy(a[:], sum[:])
	return a
}

// hexAnswer is the same from a hex SHA-256.
func hexAnswer(digest string) (a build.Answer, ok bool) {
	b, err := hex.DecodeString(digest)
	if err != nil || len(b) != sha256.Size {
		return a, false
	}
	return contentAnswer([sha256.Size]byte(b)), true
}

// read reads a file whole and notes what it held.
func (t *fileTable) read(name string) ([]byte, build.Answer, error) {
	s, plain := t.at.source(name)
	data, err := fs.ReadFile(t.files, name)
	a := failure(err)
	if err == nil {
		a = contentAnswer(sha256.Sum256(data))
	}
	t.note(name, tableEntry{s, a, plain && err == nil})
	return data, a, err
}

func (t *fileTable) note(name string, e tableEntry) {
	t.mu.Lock()
	t.now[name] = e
	t.mu.Unlock()
	if at, ok := t.names.Find(name); ok {
		t.state[at].Store(seenAnew)
	}
}

// seen gives what this build saw of a file. The number is that of the build
// before; of a file that it did not know, or that is another now, it is -1.
func (t *fileTable) seen(name string) (e tableEntry, known bool, at int) {
	at, ok := t.names.Find(name)
	if ok {
		switch t.state[at].Load() {
		case unasked:
			return e, false, at
		case asBefore:
			return t.old[at], true, at
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e, known = t.now[name]
	return e, known, -1
}

func failure(err error) build.Answer {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent
	case err != nil:
		return unreadable
	}
	return build.Answer{}
}

// answer says what a file holds. Within one build it says the same always.
func (t *fileTable) answer(name string) build.Answer {
	e, known, at := t.seen(name)
	if known {
		return e.answer
	}
	s, plain := t.at.source(name)
	if at >= 0 && plain && t.old[at].stamp == s {
		if t.state[at].CompareAndSwap(unasked, asBefore) || t.state[at].Load() == asBefore {
			return t.old[at].answer
		}
		return t.answer(name) // another goroutine saw it change
	}
	e = tableEntry{stamp: s, plain: plain}
	e.answer, e.plain = t.digest(name, plain)
	return t.agree(name, at, e)
}

// agree notes what was seen, unless another goroutine was faster; then that
// counts.
func (t *fileTable) agree(name string, at int, e tableEntry) build.Answer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first, known := t.now[name]; known {
		return first.answer
	}
	if at >= 0 && !t.state[at].CompareAndSwap(unasked, seenAnew) && t.state[at].Load() == asBefore {
		return t.old[at].answer
	}
	t.now[name] = e
	return e.answer
}

// digest reads a file that may be too large to hold in memory.
func (t *fileTable) digest(name string, plain bool) (build.Answer, bool) {
	info, err := fs.Stat(t.files, name)
	switch {
	case err != nil:
		return failure(err), false
	case info.IsDir():
		return folder, false
	case !info.Mode().IsRegular():
		return irregular, false
	}
	f, err := t.files.Open(name)
	if err != nil {
		return failure(err), false
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return unreadable, false
	}
	return contentAnswer([sha256.Size]byte(h.Sum(nil))), plain
}

// there says whether a file may be published, and if not why, without
// reading it.
func (t *fileTable) there(name string) build.Answer {
	info, err := fs.Stat(t.files, name)
	switch {
	case err != nil:
		return build.Digest(fileError(err))
	case info.IsDir():
		return folder
	case !info.Mode().IsRegular():
		return irregular
	}
	return build.Digest("there")
}

// stale reports whether a file is not as it was when it was read.
func (t *fileTable) stale(name string) bool {
	e, known, _ := t.seen(name)
	s, plain := t.at.source(name)
	return known && (s != e.stamp || plain != e.plain && e.plain)
}

// forget makes the next answer about a file a new one.
func (t *fileTable) forget(name string) {
	t.mu.Lock()
	delete(t.now, name)
	t.mu.Unlock()
	if at, ok := t.names.Find(name); ok {
		t.state[at].Store(seenAnew)
	}
}

// settled goes over the files that this build saw and whose stamps can be
// trusted later, in the order of their names.
func (t *fileTable) settled(yield func(name string, e tableEntry)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	limit := time.Now().Add(-settled).UnixNano()
	give := func(name string, e tableEntry) {
		if e.plain && e.stamp.changed < limit {
			yield(name, e)
		}
	}
	rest := slices.Sorted(maps.Keys(t.now))
	for at, name := range t.names.All() {
		for ; len(rest) > 0 && rest[0] <= name; rest = rest[1:] {
			give(rest[0], t.now[rest[0]])
		}
		if t.state[at].Load() == asBefore {
			give(name, t.old[at])
		}
	}
	for _, name := range rest {
		give(name, t.now[name])
	}
}

// know adds what was seen of a file by the build before, in the order of
// names.
func (t *fileTable) know(name string, e tableEntry) bool {
	if !t.names.Add(name) {
		return false
	}
	t.old = append(t.old, e)
	return true
}

// next begins another build, through another opening of the same folder, on
// what this one saw.
func (t *fileTable) next(n *fileTable) *fileTable {
	t.settled(func(name string, e tableEntry) { n.know(name, e) })
	n.state = make([]atomic.Uint32, len(n.old))
	return n
}

// encode writes what can be trusted later.
func (t *fileTable) encode() []byte {
	w := writer{b: make([]byte, 0, 80*(len(t.old)+len(t.now)))}
	t.settled(func(name string, e tableEntry) {
		w.string(name)
		w.int(int(e.stamp.size))
		w.int(int(e.stamp.changed))
		w.int(int(e.stamp.inode))
		w.b = append(w.b, e.answer[:]...)
	})
	return w.b
}

// load reads what encode wrote, as the build before.
func (t *fileTable) load(s string) {
	r := reader{doc.Read(s)}
	t.names.Grow(len(s) / 60)
	t.old = make([]tableEntry, 0, len(s)/60)
	for r.More() {
		name := r.String()
		e := tableEntry{stamp: stamp{int64(r.Uint()), int64(r.Uint()), int64(r.Uint())}, plain: true}
		if copy(e.answer[:], r.Bytes(len(e.answer))); r.Bad || !t.know(name, e) {
			break
		}
	}
	t.state = make([]atomic.Uint32, len(t.old))
}
