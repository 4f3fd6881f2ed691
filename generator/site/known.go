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
	"sync/atomic"
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
	sum    string // of its content, where that is read again
	intact bool   // the survey found it as it was written
	text   string // how the record has it
}

// A record is what is known of the old site.
type record struct {
	name    build.Answer    // of all of it
	names   build.Names     // of the files
	files   []outFile       // by number
	claims  []atomic.Uint32 // what the new site does with each, by number
	folders build.Names
	stamps  []stamp // of the folders, by number; the zero stamp where none is known
	found   []stamp // what the survey found of them, where that can be relied on
	learned int     // folders that it had to read
	foreign bool    // it met a file of another hand
}

// What the new site does with a file of the old one.
const (
	unclaimed = iota
	stays
	replaced
	copied // it is kept, but as another file
)

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
		if r != nil {
			r.survey(d.out)
		}
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

// find gives the record and the number of a file of the old site; the number
// is -1 where nothing is known of it.
func (d *Dir) find(name string) (*record, int) {
	if r := d.old(); r != nil {
		if at, ok := r.names.Find(name); ok {
			return r, at
		}
	}
	return nil, -1
}

// knows gives what is known of a file of the old site, or nil.
func (d *Dir) knows(name string) *outFile {
	if r, at := d.find(name); at >= 0 {
		return &r.files[at]
	}
	return nil
}

// Intact reports whether a file of the old site is as it was written.
func (d *Dir) Intact(name string) bool {
	f := d.knows(name)
	return f != nil && f.intact
}

// survey asks the disk for all that is known: for each folder, and then for
// its files, since the system has just found the way.
func (r *record) survey(out string) {
	at, err := openLooker(out)
	if err != nil {
		r.foreign = true
		return
	}
	defer at.close()
	limit := time.Now().Add(-settled).UnixNano()
	asked := make([]bool, len(r.stamps))
	folder := func(i int) {
		if asked[i] || r.foreign {
			return
		}
		asked[i] = true
		dir := r.folders.All()[i]
		now, ok := at.folder(dir)
		if !ok || now != r.stamps[i] {
			r.learned++
			r.foreign = !r.ours(out, dir)
		}
		if ok && now.changed < limit {
			r.found[i] = now
		}
	}
	last := "?"
	for i, name := range r.names.All() {
		if dir := dirOf(name); dir != last {
			last = dir
			if n, ok := r.folders.Find(dir); ok {
				folder(n)
			}
		}
		f := &r.files[i]
		s, ok := at.written(name)
		f.intact = ok && s == f.stamp
	}
	for i := range r.stamps {
		folder(i)
	}
}

// dirOf is the folder of a file of the site.
func dirOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return "."
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
		_, isFile := r.names.Find(full)
		_, isFolder := r.folders.Find(full)
		if !isFile && !isFolder && full != marker {
			return false
		}
	}
	return true
}

// outStamp is the stamp of a file that we wrote.
func outStamp(name string) (stamp, bool) {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return stamp{}, false
	}
	return writtenStamp(info), true
}

// writtenStamp is the stamp of a file that we wrote. Links to it come and go, so
// the time of the last change of its place does not count.
func writtenStamp(info fs.FileInfo) stamp {
	return stamp{info.Size(), info.ModTime().UnixNano(), inode(info)}
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

// unchangedFolders are the stamps of the folders in which no file was written
// or removed, nor in one below.
func (d *Dir) unchangedFolders(gone []string) map[string]stamp {
	r := d.old()
	if r == nil {
		return nil
	}
	forget := func(name string) {
		for dir := dirOf(name); ; dir = dirOf(dir) {
			if at, ok := r.folders.Find(dir); ok {
				r.found[at] = stamp{}
			}
			if dir == "." {
				return
			}
		}
	}
	for name, fresh := range d.claimed() {
		if fresh {
			forget(name)
		}
	}
	for _, name := range gone {
		forget(name)
	}
	return r.known()
}

// known are the stamps of the folders that can be relied on.
func (r *record) known() map[string]stamp {
	all := make(map[string]stamp, len(r.found))
	for i, s := range r.found {
		all[r.folders.All()[i]] = s
	}
	return all
}

// remember writes down what the new site holds, and what is known of its
// folders.
func (d *Dir) remember(folders map[string]stamp) {
	if d.cache == nil {
		return
	}
	w := recordWriter{folders: map[string]bool{}}
	rest := slices.Sorted(maps.Keys(d.now))
	if old := d.old(); old != nil {
		w.b = make([]byte, 0, 100*len(old.files))
		for at, name := range old.names.All() {
			for ; len(rest) > 0 && rest[0] < name; rest = rest[1:] {
				w.file(rest[0], d.now[rest[0]])
			}
			f := old.files[at]
			if len(rest) > 0 && rest[0] == name {
				f, rest = d.now[name], rest[1:]
			} else if old.claims[at].Load() != stays {
				continue
			}
			w.file(name, f)
		}
	}
	for _, name := range rest {
		w.file(name, d.now[name])
	}
	text := w.text(folders)
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

// A recordWriter writes a record down: the files, and after an empty name their
// folders, both in the order of their names.
type recordWriter struct {
	writer
	folders map[string]bool
	last    string
}

func (w *recordWriter) put(name string, s stamp) {
	w.string(name)
	w.int(int(s.size))
	w.int(int(s.changed))
	w.int(int(s.inode))
}

func (w *recordWriter) file(name string, f outFile) {
	if dir := dirOf(name); dir != w.last {
		for w.last = dir; !w.folders[dir]; dir = dirOf(dir) {
			w.folders[dir] = true
		}
	}
	if f.text != "" {
		w.b = append(w.b, f.text...)
		return
	}
	w.put(name, f.stamp)
	w.string(f.sum)
}

// text ends the record.
func (w *recordWriter) text(stamps map[string]stamp) []byte {
	w.string("")
	for _, dir := range slices.Sorted(maps.Keys(w.folders)) {
		w.put(dir, stamps[dir])
	}
	return w.b
}

func readOut(s string) *record {
	n := len(s) / 65
	out := &record{name: build.Digest(s), files: make([]outFile, 0, n), stamps: make([]stamp, 0, n/2)}
	out.names.Grow(n)
	out.folders.Grow(n / 2)
	r := reader{doc.Read(s)}
	stamped := func() stamp { return stamp{int64(r.Uint()), int64(r.Uint()), int64(r.Uint())} }
	for r.More() {
		from := r.Rest()
		name := r.String()
		if name == "" {
			break
		}
		f := outFile{stamp: stamped(), sum: r.String()}
		if r.Bad || !fs.ValidPath(name) || !out.names.Add(name) {
			r.Fail()
			break
		}
		f.text = from[:len(from)-len(r.Rest())]
		out.files = append(out.files, f)
	}
	for r.More() {
		dir := r.String()
		out.stamps = append(out.stamps, stamped())
		if !out.folders.Add(dir) {
			r.Fail()
		}
	}
	if r.Bad {
		return nil
	}
	out.found = make([]stamp, len(out.stamps))
	out.claims = make([]atomic.Uint32, len(out.files))
	return out
}
