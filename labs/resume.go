package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"docent/labs/gpu"
	"docent/labs/report"
	"docent/labs/run"
	"docent/labs/snapshot"
	"docent/labs/step"
)

// pasts keeps what runs of pages leave, so that a later run goes on after the
// last step before which nothing has changed. In its folder:
//
//	pages/    for each page, on each machine: its steps and its points
//	files/    what points have of folders and of pushed images, by digest
//	engines/  what engines had of images, for the last few runs
//
// A run takes an engine's folder away while it uses it, so that two runs never
// share one. Whatever is not as it was left is not used.
type pasts struct {
	dir   string
	cache *cache
	files *snapshot.Store
	store string // name of the engine's folder that this run leaves
}

// A keptPast is one file in pages/.
type keptPast struct {
	Store string   `json:"store,omitempty"` // the folder in engines/ that the points need
	Past  run.Past `json:"past"`
}

// openPasts opens what is kept. It is nil where nothing may be taken from an
// earlier run: see openCache. Pages that run side by side share an engine, so
// that what belongs to which cannot be told.
func openPasts(c *cache, o *verifyOptions) *pasts {
	if c == nil || !c.read || o.jobs != 1 || os.Geteuid() != 0 {
		return nil
	}
	dir := pastsFolder()
	return &pasts{dir: dir, cache: c, files: snapshot.Open(filepath.Join(dir, "files")), store: strings.ToLower(rand.Text()[:12])}
}

// pastsFolder is where pasts lie; "" if this user has no cache folder.
func pastsFolder() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "docent", "steps")
}

func (p *pasts) engineFolder(name string) string { return filepath.Join(p.dir, "engines", name) }

// keys are the digests of a page's steps: the one at n is of all that the first
// n have to do with, but for downloads.
func (p *pasts) keys(l *lesson, scratch string, gpus []gpu.Device) ([]string, error) {
	names := []string{}
	for _, d := range l.downloads {
		names = append(names, d.Name+" "+d.From)
	}
	start, err := json.Marshal([]any{p.cache.base, l.doc.Name(), scratch, gpus, l.environment(), names, l.missing})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(start)
	keys := []string{hex.EncodeToString(sum[:])}
	for i, s := range l.steps {
		text, err := json.Marshal(placeless(s))
		if err != nil {
			return nil, err
		}
		sum = sha256.Sum256(append([]byte(keys[i]), text...))
		keys = append(keys, hex.EncodeToString(sum[:]))
	}
	return keys, nil
}

// find prepares a page to go on from what an earlier run left, if it left
// anything of use; else From is nil. store names the folder of the images that it
// needs. r is nil for a page of which nothing is kept.
func (p *pasts) find(ctx context.Context, l *lesson, scratch string, gpus []gpu.Device) (r *run.Resume, store string) {
	if p == nil || slices.ContainsFunc(l.secrets, hasSecret) {
		return nil, ""
	}
	keys, err := p.keys(l, scratch, gpus)
	if err != nil {
		return nil, ""
	}
	r = &run.Resume{Files: p.files, Keys: keys}
	text, err := os.ReadFile(p.path(keys[0]))
	if err != nil {
		return r, ""
	}
	var k keptPast
	if json.Unmarshal(text, &k) != nil || k.Past.Check() != nil {
		return r, ""
	}
	if _, err := os.Stat(p.engineFolder(k.Store)); k.Store != "" && err == nil {
		store = k.Store
	}
	for i := len(k.Past.Points) - 1; i >= 0; i-- {
		point := k.Past.Points[i]
		if len(point.Stock) > 0 && store == "" || !p.valid(ctx, l, keys, &point, k.Past.Done) {
			continue
		}
		r.From, r.Past = &point, k.Past
		if len(point.Stock) == 0 {
			store = ""
		}
		return r, store
	}
	return r, ""
}

// valid says whether nothing has changed that the steps before a point had to do
// with.
func (p *pasts) valid(ctx context.Context, l *lesson, keys []string, point *run.Point, done []run.Done) bool {
	if point.After >= len(keys) || keys[point.After] != point.Key {
		return false
	}
	for _, d := range done[:point.After] {
		if p.cache.now().Sub(d.When) > p.cache.age {
			return false
		}
	}
	for _, d := range l.downloads {
		if want, used := point.Used[d.Name]; used {
			if got, _ := snapshot.Digest(filepath.Join(l.root, filepath.FromSlash(d.From))); got != want {
				return false
			}
		}
	}
	for path, want := range point.Served {
		if got, _ := snapshot.Digest(path); got != want {
			return false
		}
	}
	return p.cache.alike(ctx, point.Asked)
}

// suits says whether the plan for a machine does with the steps before a point
// what was done with them.
func suits(plan []step.Planned, r *run.Resume) bool {
	for i, d := range r.Past.Done[:r.From.After] {
		skips := plan[i].Action == step.DoSkip || plan[i].Action == step.DoNothing
		if plan[i].Action != step.DoCompare && skips == d.Report.Verdict.OK() {
			return false
		}
	}
	return true
}

func (p *pasts) path(key string) string { return filepath.Join(p.dir, "pages", key+".json") }

// keep stores what a run of a page left.
func (p *pasts) keep(r *run.Resume) error {
	if p == nil || r == nil || len(r.Past.Points) == 0 {
		return nil
	}
	k := keptPast{Past: r.Past}
	if slices.ContainsFunc(r.Past.Points, func(o run.Point) bool { return len(o.Stock) > 0 }) {
		k.Store = p.store
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return writeWhole(p.path(r.Keys[0]), text)
}

// writeWhole writes a file that is there whole or not at all.
func writeWhole(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Bounds of what is kept: engines' folders, and bytes in all.
const (
	maxStores = 3
	maxKept   = 16 << 30
)

// prune drops what is of no use, and the oldest of what is too much.
func (p *pasts) prune() {
	if p == nil {
		return
	}
	pages := newest(filepath.Join(p.dir, "pages"))
	stores := newest(filepath.Join(p.dir, "engines"))
	needed := map[string]bool{}
	wanted := map[string]bool{}
	for i, page := range pages {
		var k keptPast
		text, err := os.ReadFile(page)
		if err != nil || json.Unmarshal(text, &k) != nil || i >= 50 || older(page, p.cache.now().Add(-keptFor)) {
			os.Remove(page)
			continue
		}
		needed[k.Store] = true
		for _, point := range k.Past.Points {
			files, _ := p.files.Files(point.Files) // of one that is cut, none
			for _, f := range files {
				wanted[f] = true
			}
			for _, push := range point.Pushes {
				for _, b := range push.Blobs {
					wanted[b] = true
				}
			}
		}
	}
	// A run beside this one may have put something there that no page names yet.
	size := p.files.Sweep(wanted, p.cache.now().Add(-24*time.Hour))
	kept := 0
	for _, s := range stores {
		if !needed[filepath.Base(s)] && older(s, p.cache.now().Add(-time.Hour)) || kept == maxStores {
			os.RemoveAll(s)
			continue
		}
		if size += diskUsed(s); size > maxKept {
			os.RemoveAll(s)
			continue
		}
		kept++
	}
	if size > maxKept {
		os.RemoveAll(filepath.Join(p.dir, "files"))
	}
}

// newest lists what is in a folder, the newest first.
func newest(dir string) []string {
	entries, _ := os.ReadDir(dir)
	times := map[string]time.Time{}
	var out []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		times[path], out = info.ModTime(), append(out, path)
	}
	slices.SortFunc(out, func(a, b string) int { return times[b].Compare(times[a]) })
	return out
}

func older(path string, than time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && info.ModTime().Before(than)
}

// diskUsed is the room that a folder takes, in bytes.
func diskUsed(dir string) (n int64) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err == nil && d.Type().IsRegular() && unix.Lstat(path, &st) == nil {
			n += st.Blocks * 512
		}
		return nil
	})
	return n
}

// cleanPasts removes all that is kept, and says so.
func cleanPasts() (lines []string, err error) {
	dir := pastsFolder()
	pages := newest(filepath.Join(dir, "pages"))
	if _, err := os.Stat(dir); dir == "" || err != nil {
		return nil, nil
	}
	size := diskUsed(dir)
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("what runs of %s left to go on from (%.1f MB)", plural(len(pages), "page", "pages"), float64(size)/1e6)}, nil
}

// chooseStore decides, before the engine is opened, whether it takes over the
// images of an earlier run: those of the first page that calls the engine, since
// no page may find images there that are not its own.
func (b *bench) chooseStore(ctx context.Context, pages []*lesson) {
	i := slices.IndexFunc(pages, (*lesson).callsEngine)
	if i < 0 || b.afresh {
		return
	}
	r, store := b.pasts.find(ctx, pages[i], b.pageFolder(pages[i]), b.gpus)
	if store == "" {
		return
	}
	// Another run may be about to take it, too; or it is on another disk.
	if mine := filepath.Join(b.dir, "store"); os.Rename(b.pasts.engineFolder(store), mine) == nil {
		b.heir, b.legacy, b.opts.Store = pages[i], r, mine
	}
}

// resume prepares a page to go on from an earlier run, and to leave what a later
// one goes on from. It is nil if nothing is kept. No other page's images may be
// in the engine, nor be lost from it.
func (b *bench) resume(ctx context.Context, l *lesson, gpus []gpu.Device, plan []step.Planned) (*run.Resume, error) {
	if b.heir == l {
		if suits(plan, b.legacy) {
			return b.legacy, nil
		}
		return nil, run.ErrNotResumed
	}
	r, _ := b.pasts.find(ctx, l, b.pageFolder(l), gpus)
	if r != nil && r.From != nil && (b.afresh || r.From.Engine && (b.engineUsed || len(r.From.Stock) > 0) || !suits(plan, r)) {
		r.From, r.Past = nil, run.Past{}
	}
	return r, nil
}

// doubtful says whether a page must be run from its start: it went on from an
// earlier run and did not pass, and what that run left is not to be blamed.
func doubtful(page *report.Page) bool {
	return slices.ContainsFunc(page.Steps, func(s report.Step) bool { return s.Cached != nil }) &&
		slices.ContainsFunc(page.Steps, func(s report.Step) bool { return !s.Verdict.OK() && s.Verdict != report.Skipped })
}
