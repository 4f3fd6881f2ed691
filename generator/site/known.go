package site

import (
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"docent/generator/build"
	"docent/generator/doc"
)

// The cache holds what a site on the disk holds, under "out": its files and
// its folders, with their stamps. While a build begins, a survey asks the disk
// once for the stamp of each. A folder whose stamp stayed has the names that
// it had: it need not be read to know that nobody else put a file into it.

// An outFile is a file of the site as it was written.
type outFile struct {
	stamp  stamp
	answer build.Answer // of its content
	intact bool         // the survey found it as it was written
}

// A record is what is known of the old site.
type record struct {
	name    build.Answer        // of all of it
	names   []string            // of the files, sorted
	files   map[string]*outFile // by name, as far as it is sure
	folders map[string]stamp    // the zero stamp where none is known
	found   map[string]stamp    // what the survey found, where that can be relied on
	learned int                 // folders that it had to read
	foreign bool                // it met a file of another hand
}

// worthLearning is of how many folders the stamp must be new for a build that
// changed nothing to write the record again.
const worthLearning = 100

// Use lets the folder remember what it wrote last time. What was changed by
// another hand since is found by its stamp and not trusted.
func (d *Dir) Use(c *build.Cache) {
	if c == nil {
		return
	}
	d.cache, d.now = c, map[string]outFile{}
	if d.fresh {
		return
	}
	d.surveyed = sync.OnceValue(func() *record {
		text, ok := c.Load("out", d.out)
		if !ok {
			return nil
		}
		r := readOut(text)
		r.survey(d.out)
		return r
	})
	go d.surveyed()
}

// old is what is known of the old site, or nil.
func (d *Dir) old() *record {
	if d.surveyed == nil {
		return nil
	}
	return d.surveyed()
}

// knows gives what is known of a file of the old site, or nil.
func (d *Dir) knows(name string) *outFile {
	if r := d.old(); r != nil {
		return r.files[name]
	}
	return nil
}

// Intact reports whether a file of the old site is as it was written.
func (d *Dir) Intact(name string) bool {
	f := d.knows(name)
	return f != nil && f.intact
}

// survey asks the disk for all that is known.
func (r *record) survey(out string) {
	at, err := openLooker(out)
	if err != nil {
		r.foreign = true
		return
	}
	defer at.close()
	for _, name := range r.names {
		f := r.files[name]
		s, ok := at.written(name)
		f.intact = ok && s == f.stamp
	}
	r.found = make(map[string]stamp, len(r.folders))
	limit := time.Now().Add(-settled).UnixNano()
	for dir, was := range r.folders {
		now, ok := at.folder(dir)
		if !ok || now != was {
			r.learned++
			if !r.ours(out, dir) {
				r.foreign = true
				return
			}
		}
		if ok && now.changed < limit {
			r.found[dir] = now
		}
	}
}

// ours reports whether we wrote all that is in a folder.
func (r *record) ours(out, dir string) bool {
	f, err := os.Open(filepath.Join(out, filepath.FromSlash(dir)))
	if err != nil {
		return false
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return false
	}
	for _, n := range names {
		full := path.Join(dir, n)
		if _, is := r.folders[full]; !is && r.files[full] == nil && full != marker {
			return false
		}
	}
	return true
}

// outStamp is the stamp of a file that we wrote. Links to it come and go, so
// the time of the last change of its place does not count.
func outStamp(name string) (stamp, bool) {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return stamp{}, false
	}
	return stamp{info.Size(), info.ModTime().UnixNano(), inode(info)}, true
}

// stampFolders gives the stamps of the folders of a site that nobody else
// knows of yet.
func stampFolders(dir string, folders map[string]bool) map[string]stamp {
	found := map[string]stamp{}
	at, err := openLooker(dir)
	if err != nil {
		return found
	}
	defer at.close()
	limit := time.Now().Add(-settled).UnixNano()
	for f := range folders {
		if s, ok := at.folder(f); ok && s.changed < limit {
			found[f] = s
		}
	}
	return found
}

// changedFolders leaves out the folders in which files were written or
// removed, and those above them.
func (r *record) changedFolders(seen map[string]bool, gone []string) map[string]stamp {
	forget := func(name string) {
		for dir := path.Dir(name); ; dir = path.Dir(dir) {
			if delete(r.found, dir); dir == "." {
				return
			}
		}
	}
	for name, fresh := range seen {
		if fresh {
			forget(name)
		}
	}
	for _, name := range gone {
		forget(name)
	}
	return r.found
}

// remember writes down what the new site holds, and what is known of its
// folders.
func (d *Dir) remember(folders map[string]stamp) {
	if d.cache == nil {
		return
	}
	written := slices.Sorted(maps.Keys(d.now))
	text := appendOut(func(yield func(string, outFile) bool) {
		rest := written
		if old := d.old(); old != nil {
			for _, name := range old.names {
				for ; len(rest) > 0 && rest[0] <= name; rest = rest[1:] {
					yield(rest[0], d.now[rest[0]])
				}
				fresh, there := d.seen[name]
				if f := old.files[name]; there && !fresh && f != nil {
					if _, again := d.now[name]; !again {
						yield(name, *f)
					}
				}
			}
		}
		for _, name := range rest {
			yield(name, d.now[name])
		}
	}, folders)
	d.surveyed = nil
	if d.record = build.Digest(string(text)); d.cache.Save("out", d.out, text) != nil {
		os.Remove(d.cache.Dir("out"))
	}
}

// Trust uses what is known of the old site if it is of the build that gave
// this record. A build that was killed after its site stood in its place knows
// of files that no task remembers; they would be taken for those of the build
// before it.
func (d *Dir) Trust(record string) {
	old := d.old()
	if old == nil {
		return
	}
	if d.record = old.name; record != string(old.name[:]) {
		d.surveyed = nil
	}
}

// Record names what is known of the site on the disk.
func (d *Dir) Record() string { return string(d.record[:]) }

// appendOut writes files down, in the order of their names, and after an empty
// name their folders. The first byte is there so that no record is empty.
func appendOut(files iter.Seq2[string, outFile], folders map[string]stamp) []byte {
	w := writer{b: make([]byte, 1, 1<<20)}
	w.b[0] = 1
	put := func(name string, s stamp) {
		w.string(name)
		w.int(int(s.size))
		w.int(int(s.changed))
		w.int(int(s.inode))
	}
	var dirs []string
	done, last := make(map[string]bool, len(folders)), ""
	for name, f := range files {
		put(name, f.stamp)
		w.b = append(w.b, f.answer[:]...)
		if dir := path.Dir(name); dir != last {
			for last = dir; !done[dir]; dir = path.Dir(dir) {
				done[dir] = true
				dirs = append(dirs, dir)
			}
		}
	}
	w.string("")
	for _, dir := range dirs {
		put(dir, folders[dir])
	}
	return w.b
}

func readOut(s string) *record {
	n := len(s) / 90
	out := &record{name: build.Digest(s), files: make(map[string]*outFile, n), folders: make(map[string]stamp, n/2)}
	r := reader{doc.Read(strings.TrimPrefix(s, "\x01"))}
	stamped := func() stamp { return stamp{int64(r.Uint()), int64(r.Uint()), int64(r.Uint())} }
	all := make([]outFile, 0, n)
	for r.More() {
		name := r.String()
		if name == "" {
			break
		}
		f := outFile{stamp: stamped()}
		if copy(f.answer[:], r.Bytes(len(f.answer))); r.Bad || !fs.ValidPath(name) {
			return out
		}
		if len(all) == cap(all) { // the rest is elsewhere: pointers stay
			all = make([]outFile, 0, n/4+16)
		}
		all = append(all, f)
		out.names, out.files[name] = append(out.names, name), &all[len(all)-1]
	}
	for r.More() {
		dir := r.String()
		out.folders[dir] = stamped()
	}
	return out
}
