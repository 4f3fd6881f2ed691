package build

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
	"unsafe"
)

// MaxCache is how many bytes all caches of a folder may have together. The
// ones that were not used for longest go first.
const MaxCache = 4 << 30

// A Cache is a folder of its own for one site, held by one process at a time.
type Cache struct {
	dir, part string
	lock      *os.File

	mu    sync.Mutex
	ahead map[string]func() stored // files that are being read already
}

// A stored file is one as it was read: what it holds, and the digest of the
// key that it was written under. The zero value is none.
type stored struct {
	body string
	key  Answer
	sum  uint32 // of the body
}

// ErrTaken says that another process holds the cache now. The build goes on
// without one.
var ErrTaken = errors.New("another build holds the cache")

// OpenCache opens the cache of one site below a folder that many may share.
// The key says whose it is: paths and whatever else tells sites apart.
func OpenCache(root string, key ...string) (*Cache, error) {
	d := Digest(key...)
	c := &Cache{dir: filepath.Join(root, fmt.Sprintf("site-%x", d[:8]))}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the cache: %w", err)
	}
	var err error
	if c.lock, err = os.OpenFile(filepath.Join(c.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("lock the cache: %w", err)
	}
	if !tryLock(c.lock) {
		c.lock.Close()
		return nil, ErrTaken
	}
	halves, _ := filepath.Glob(filepath.Join(c.dir, ".*-*")) // of processes that were killed
	for _, name := range halves {
		os.Remove(name)
	}
	now := time.Now()
	os.Chtimes(c.lock.Name(), now, now) // when it was used
	sweep(root, MaxCache)
	return c, nil
}

// Close lets other processes have the cache.
func (c *Cache) Close() {
	if c != nil && c.lock != nil {
		c.lock.Close()
		c.lock = nil
	}
}

// Part is a cache of its own in the same folder: of a site that is built with
// the one that the cache is for. It is closed with that.
func (c *Cache) Part(name string) *Cache {
	if c == nil {
		return nil
	}
	return &Cache{dir: c.dir, part: c.part + name + "."}
}

// Dir is a folder or a file in the cache.
func (c *Cache) Dir(name string) string { return filepath.Join(c.dir, c.part+name) }

// A file of the cache is: this line, the key's digest, the checksum of what
// follows, what follows.
const magic = "docent cache 1\n"

// Ahead begins to read files that will be loaded soon.
func (c *Cache) Ahead(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = map[string]func() stored{}
	for _, n := range names {
		read := sync.OnceValue(func() stored { return c.read(n) })
		c.ahead[n] = read
		go read()
	}
}

// Load reads a file of the cache. It gives nothing if the file is not there,
// was written under another key, or is broken.
func (c *Cache) Load(name, key string) (string, bool) {
	s, ok := c.load(name, key)
	return s.body, ok
}

func (c *Cache) load(name, key string) (stored, bool) {
	c.mu.Lock()
	read := c.ahead[name]
	delete(c.ahead, name)
	c.mu.Unlock()
	if read == nil {
		read = func() stored { return c.read(name) }
	}
	s := read()
	return s, s.body != "" && s.key == Digest(key)
}

func (c *Cache) read(name string) (s stored) {
	b, err := os.ReadFile(c.Dir(name))
	if err != nil {
		return s
	}
	head := len(magic) + len(Answer{})
	if len(b) < head+4 || string(b[:len(magic)]) != magic {
		return s
	}
	body := b[head+4:]
	sum := binary.LittleEndian.Uint32(b[head:])
	if sum != crc32.Checksum(body, castagnoli) || len(body) == 0 {
		return s
	}
	return stored{unsafe.String(&body[0], len(body)), Answer(b[len(magic):head]), sum} // nobody else holds b
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Save writes a file of the cache, in one step.
func (c *Cache) Save(name, key string, text []byte) error {
	return c.SaveFrom(name, key, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// SaveFrom writes a file of the cache that is too large to be held in memory
// once more.
func (c *Cache) SaveFrom(name, key string, write func(io.Writer) error) error {
	c.mu.Lock()
	delete(c.ahead, name)
	c.mu.Unlock()
	f, err := os.CreateTemp(c.dir, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone when all went well
	d := Digest(key)
	head := append([]byte(magic), d[:]...)
	sum := summed{w: f}
	buf := bufio.NewWriterSize(&sum, 128<<10)
	_, err = f.Write(append(head, 0, 0, 0, 0))
	if err == nil {
		err = write(buf)
	}
	if err == nil {
		err = buf.Flush()
	}
	if err == nil {
		_, err = f.WriteAt(binary.LittleEndian.AppendUint32(nil, sum.sum), int64(len(head)))
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), c.Dir(name))
}

// A summed writer has the checksum of what it wrote.
type summed struct {
	w   io.Writer
	sum uint32
}

func (s *summed) Write(b []byte) (int, error) {
	s.sum = crc32.Update(s.sum, castagnoli, b)
	return s.w.Write(b)
}

// A graph is in two files: "graph" holds all tasks of some build, "changes"
// what differs since. The first is large and seldom written.

// LoadGraph reads the graph of the build before. Without one, or with one of
// another program or other options (the key), the graph remembers nothing.
func (c *Cache) LoadGraph(key string) *Graph {
	s, ok := c.load("graph", key)
	if !ok {
		return NewGraph()
	}
	g := NewGraph()
	if !g.decodeBase(s.body) {
		return NewGraph()
	}
	g.baseSize, g.baseSum = len(s.body), fmt.Sprint(len(s.body), s.sum)
	if s, ok := c.Load("changes", key+g.baseSum); ok {
		if !decode(s, func(name string, r Result, there bool) bool {
			if g.old[name] = nil; there {
				g.old[name] = &r
			}
			return true
		}) {
			return NewGraph()
		}
	}
	return g
}

// SaveGraph writes what this build gave: what changed since all was written,
// or, where that is much, all.
func (c *Cache) SaveGraph(key string, g *Graph) error {
	if changed, ok := g.changes(); ok {
		return c.Save("changes", key+g.baseSum, changed)
	}
	if err := os.Remove(c.Dir("changes")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.SaveFrom("graph", key, g.encode)
}

// sweep removes the caches that were not used for longest, until what is
// left fits. It removes none that a process holds.
func sweep(root string, limit int64) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	type old struct {
		dir  string
		used time.Time
		size int64
	}
	var all []old
	var total int64
	for _, e := range entries {
		if !e.IsDir() || len(e.Name()) < 5 || e.Name()[:5] != "site-" {
			continue
		}
		o := old{dir: filepath.Join(root, e.Name())}
		if info, err := os.Stat(filepath.Join(o.dir, "lock")); err == nil {
			o.used = info.ModTime()
		}
		files, _ := os.ReadDir(o.dir)
		for _, f := range files { // a site's own files count by what they say of themselves
			if info, err := f.Info(); err == nil && info.Mode().IsRegular() {
				o.size += info.Size()
			}
		}
		if text, err := os.ReadFile(filepath.Join(o.dir, "size")); err == nil {
			var n int64
			if _, err := fmt.Sscan(string(text), &n); err == nil {
				o.size += n
			}
		}
		total += o.size
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b old) int { return a.used.Compare(b.used) })
	for _, o := range all {
		if total <= limit {
			return
		}
		f, err := os.OpenFile(filepath.Join(o.dir, "lock"), os.O_RDWR, 0)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && !tryLock(f) {
			f.Close()
			continue
		}
		os.RemoveAll(o.dir)
		if f != nil {
			f.Close()
		}
		total -= o.size
	}
}
