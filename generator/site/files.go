package site

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"sync"
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

	mu  sync.Mutex
	old map[string]tableEntry // of the build before
	now map[string]tableEntry
}

type tableEntry struct {
	stamp  stamp
	answer build.Answer
	plain  bool // a regular file, reached through no link: the stamp says all
}

func newFileTable(files fs.FS, dir string) (*fileTable, error) {
	at, err := openLooker(dir)
	return &fileTable{files: files, at: at, old: map[string]tableEntry{}, now: map[string]tableEntry{}}, err
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
	t.mu.Lock()
	e, known := t.now[name]
	was, before := t.old[name]
	t.mu.Unlock()
	if known {
		return e.answer
	}
	s, plain := t.at.source(name)
	if before && plain && was.plain && was.stamp == s {
		t.note(name, was)
		return was.answer
	}
	e = tableEntry{stamp: s, plain: plain}
	e.answer, e.plain = t.digest(name, plain)
	t.note(name, e)
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
	t.mu.Lock()
	e, known := t.now[name]
	t.mu.Unlock()
	s, plain := t.at.source(name)
	return known && (s != e.stamp || plain != e.plain && e.plain)
}

// forget makes the next answer about a file a new one.
func (t *fileTable) forget(name string) {
	t.mu.Lock()
	delete(t.now, name)
	delete(t.old, name)
	t.mu.Unlock()
}

// next begins another build, through another opening of the same folder, on
// what this one saw.
func (t *fileTable) next(n *fileTable) *fileTable {
	t.mu.Lock()
	defer t.mu.Unlock()
	n.old = make(map[string]tableEntry, len(t.now))
	limit := time.Now().Add(-settled).UnixNano()
	for name, e := range t.now {
		if e.plain && e.stamp.changed < limit {
			n.old[name] = e
		}
	}
	return n
}

// encode writes what can be trusted later.
func (t *fileTable) encode() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	var w writer
	limit := time.Now().Add(-settled).UnixNano()
	for name, e := range t.now {
		if !e.plain || e.stamp.changed >= limit {
			continue
		}
		w.string(name)
		w.int(int(e.stamp.size))
		w.int(int(e.stamp.changed))
		w.int(int(e.stamp.inode))
		w.b = append(w.b, e.answer[:]...)
	}
	return w.b
}

// load reads what encode wrote, as the build before.
func (t *fileTable) load(s string) {
	r := reader{doc.Read(s)}
	t.old = make(map[string]tableEntry, len(s)/80)
	for r.More() {
		name := r.String()
		e := tableEntry{stamp: stamp{int64(r.Uint()), int64(r.Uint()), int64(r.Uint())}, plain: true}
		if copy(e.answer[:], r.Bytes(len(e.answer))); !r.Bad {
			t.old[name] = e
		}
	}
}
