package site

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"docent/generator/build"
	"docent/generator/doc"
)

// The cache holds of a site on disk:
//
//	out    its files with their stamps
//	spare  how the folder "tree" beside it differs from it
//	tree   the site before, of which most files are the same by link
//
// The record "spare" is taken away before the tree is touched and comes back
// when all is done: a tree without it is of no use.

// worthSpare is how many files a site must have for a spare to be worth it.
const worthSpare = 500

// Use lets the folder remember what it wrote last time. What was changed by
// another hand since is found by its stamp and not trusted.
func (d *Dir) Use(c *build.Cache) {
	if c == nil {
		return
	}
	d.cache, d.now = c, map[string]outFile{}
	text, ok := c.Load("out", d.out)
	if !ok {
		return
	}
	d.known = readOut(text)
	if d.fresh { // the site was removed, but its spare may be there
		d.have, _ = d.spare()
		d.known, d.base = d.have, c.Dir("tree")
		d.foreign = func() bool { return false }
		return
	}
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

// spare reads what the spare holds.
func (d *Dir) spare() (have map[string]outFile, ok bool) {
	text, ok := d.cache.Load("spare", d.out)
	if !ok {
		return nil, false
	}
	have = maps.Clone(d.known)
	for name, e := range readOut(text) {
		if e == (outFile{}) {
			delete(have, name)
		} else {
			have[name] = e
		}
	}
	return have, true
}

// takeSpare makes the spare the temporary folder, if there is a good one.
func (d *Dir) takeSpare() bool {
	if d.cache == nil {
		return false
	}
	ok := d.foreign != nil && !d.foreign()
	if ok && d.have == nil {
		d.have, _ = d.spare()
	}
	if os.Remove(d.cache.Dir("spare")) != nil || !ok {
		d.have = nil
		os.RemoveAll(d.cache.Dir("tree"))
		return false
	}
	d.temp = d.cache.Dir("tree")
	return true
}

// prune removes from a spare what the new site does not have.
func (d *Dir) prune() {
	for name := range d.have {
		if _, ok := d.seen[name]; ok {
			continue
		}
		os.Remove(filepath.Join(d.temp, filepath.FromSlash(name)))
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if os.Remove(filepath.Join(d.temp, filepath.FromSlash(dir))) != nil {
				break // it is not empty
			}
		}
	}
}

// remember writes down what the new site holds, and keeps the old one.
func (d *Dir) remember() {
	if d.cache == nil {
		return
	}
	for name, fresh := range d.seen {
		if e, ok := d.known[name]; ok && !fresh {
			d.now[name] = e
		}
	}
	old := d.known
	d.known = d.now
	if d.cache.Save("out", d.out, appendOut(nil, d.now)) != nil {
		os.Remove(d.cache.Dir("out"))
		return
	}
	tree := d.cache.Dir("tree")
	switch {
	case len(d.now) < d.worth:
		os.RemoveAll(tree)
		return
	case d.have != nil && d.temp == tree && d.base == d.out: // the two were exchanged
		d.temp = ""
	default:
		if d.temp != tree {
			os.RemoveAll(tree)
		}
		if !d.linkTree(tree) {
			os.RemoveAll(tree)
			return
		}
		old = d.now
	}
	diff := map[string]outFile{}
	for name, e := range old {
		if d.now[name] != e {
			diff[name] = e
		}
	}
	for name := range d.now {
		if _, ok := old[name]; !ok {
			diff[name] = outFile{}
		}
	}
	if d.cache.Save("spare", d.out, appendOut([]byte{1}, diff)) != nil {
		os.RemoveAll(tree)
	}
}

// linkTree makes a second folder of the same files. It fails where the cache
// is on another file system.
func (d *Dir) linkTree(tree string) bool {
	if err := os.MkdirAll(tree, 0o755); err != nil || os.Chmod(tree, 0o755) != nil {
		return false
	}
	names := make([]string, 0, len(d.now)+1)
	for name := range d.now {
		names = append(names, name)
	}
	slices.Sort(names)
	last := ""
	for _, name := range append(names, marker) {
		to := filepath.Join(tree, filepath.FromSlash(name))
		if dir := filepath.Dir(to); dir != last {
			if os.MkdirAll(dir, 0o777) != nil {
				return false
			}
			last = dir
		}
		if os.Link(filepath.Join(d.out, filepath.FromSlash(name)), to) != nil {
			return false
		}
	}
	return true
}

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
