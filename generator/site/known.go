package site

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"docent/generator/build"
	"docent/generator/doc"
)

// The cache holds the files of a site on disk with their stamps, under "out".

// Use lets the folder remember what it wrote last time. What was changed by
// another hand since is found by its stamp and not trusted.
func (d *Dir) Use(c *build.Cache) {
	if c == nil {
		return
	}
	d.cache, d.now = c, map[string]outFile{}
	text, ok := c.Load("out", d.out)
	if !ok || d.fresh {
		return
	}
	d.known, d.record = readOut(text), build.Digest(text)
	d.foreign = sync.OnceValue(d.otherHand)
	go d.foreign()
}

// otherHand reports whether the old site holds a file that we did not write.
func (d *Dir) otherHand() bool {
	dirs := map[string]bool{".": true}
	for name := range d.known {
		for dir := path.Dir(name); !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	for dir := range dirs {
		f, err := os.Open(filepath.Join(d.out, filepath.FromSlash(dir)))
		if err != nil {
			return true
		}
		names, err := f.Readdirnames(-1)
		f.Close()
		if err != nil {
			return true
		}
		for _, n := range names {
			full := path.Join(dir, n)
			if _, ours := d.known[full]; !ours && !dirs[full] && full != marker {
				return true
			}
		}
	}
	return false
}

// remember writes down what the new site holds.
func (d *Dir) remember() {
	if d.cache == nil {
		return
	}
	for name, fresh := range d.seen {
		if e, ok := d.known[name]; ok && !fresh {
			d.now[name] = e
		}
	}
	d.known = d.now
	text := appendOut(nil, d.now)
	if d.record = build.Digest(string(text)); d.cache.Save("out", d.out, text) != nil {
		os.Remove(d.cache.Dir("out"))
	}
}

// Trust uses what is known of the old site if it is of the build that gave
// this record. A build that was killed after its site stood in its place knows
// of files that no task remembers; they would be taken for those of the build
// before it.
func (d *Dir) Trust(record string) {
	if d.known != nil && record != string(d.record[:]) {
		d.foreign() // it reads what is known
		d.known, d.foreign = nil, nil
	}
}

// Record names what is known of the site on the disk.
func (d *Dir) Record() string { return string(d.record[:]) }

// appendOut writes files down, by name. The first byte is there so that no
// record is empty.
func appendOut(b []byte, files map[string]outFile) []byte {
	w := writer{b: b}
	if b == nil {
		w.b = []byte{1}
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e := files[name]
		w.string(name)
		w.int(int(e.stamp.size))
		w.int(int(e.stamp.changed))
		w.int(int(e.stamp.inode))
		w.b = append(w.b, e.answer[:]...)
	}
	return w.b
}

func readOut(s string) map[string]outFile {
	out := make(map[string]outFile, len(s)/70)
	r := reader{doc.Reader{S: strings.TrimPrefix(s, "\x01")}}
	for r.S != "" {
		name := r.String()
		e := outFile{stamp: stamp{int64(r.Uint()), int64(r.Uint()), int64(r.Uint())}}
		if r.Bad || len(r.S) < len(e.answer) || !fs.ValidPath(name) {
			break
		}
		copy(e.answer[:], r.S)
		r.S = r.S[len(e.answer):]
		out[name] = e
	}
	return out
}
