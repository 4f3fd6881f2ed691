package site

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"docent/generator/build"
)

// putSite writes files as a site of its own, and commits it with finish.
func putSite(t *testing.T, out string, cache *build.Cache, files map[string]string, finish func(*Dir) error) {
	t.Helper()
	d, err := OpenDir(out)
	if err != nil {
		t.Fatal(err)
	}
	d.worth = 1
	d.Use(cache)
	for name, text := range files {
		if err := d.Put(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := finish(d); err != nil {
		t.Fatal(err)
	}
}

func commitIt(d *Dir) error { _, err := d.Commit(); return err }

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != marker {
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(dir, p)
			files[filepath.ToSlash(rel)] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// many is a site of which a change of a file or two is a small part.
func many() map[string]string {
	files := map[string]string{}
	for i := range 40 {
		files[fmt.Sprintf("p%d/index.html", i)] = fmt.Sprint("page ", i)
	}
	return files
}

func same(t *testing.T, out string, want map[string]string) {
	t.Helper()
	got := filesIn(t, out)
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s holds %q, want %q", name, got[name], text)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s should not be there", name)
	}
	if entries, _ := filepath.Glob(filepath.Join(filepath.Dir(out), ".*build-*")); len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestSweep: what a killed build left goes; what another build has made a moment
// ago, and has not locked yet, stays.
func TestSweep(t *testing.T) {
	parent := t.TempDir()
	for name, age := range map[string]time.Duration{".public.begun-1": 0, ".public.begun-2": time.Hour, ".public.build-3": 0} {
		dir, at := filepath.Join(parent, name), time.Now().Add(-age)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenDir(filepath.Join(parent, "public")); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(parent, ".public.*"))
	if len(left) != 1 || filepath.Base(left[0]) != ".public.begun-1" {
		t.Errorf("left: %v", left)
	}
}

func TestPatch(t *testing.T) {
	cache, err := build.OpenCache(t.TempDir(), "site")
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	out := filepath.Join(t.TempDir(), "public")
	files := many()
	putSite(t, out, cache, files, commitIt)
	before, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	files["p3/index.html"] = "changed"
	files["new/deep/index.html"] = "new"
	delete(files, "p4/index.html")
	putSite(t, out, cache, files, commitIt)
	same(t, out, files)
	if after, _ := os.Stat(out); !os.SameFile(before, after) {
		t.Error("the folder was replaced, not changed in place")
	}
	if _, err := os.Stat(filepath.Join(out, "p4")); err == nil {
		t.Error("the folder of a page that is gone is still there")
	}

	// Killed at every step of carrying the plan out: the next build goes on.
	for steps := range 4 {
		files["p5/index.html"], files["p6/index.html"] = fmt.Sprint("a", steps), fmt.Sprint("b", steps)
		delete(files, fmt.Sprintf("p%d/index.html", 20+steps))
		putSite(t, out, cache, files, func(d *Dir) error {
			carryOutSome(t, d, d.gone(), steps)
			d.lock.Close()
			return nil
		})
		d, err := OpenDir(out)
		if err != nil {
			t.Fatal(err)
		}
		d.Abandon()
		same(t, out, files)
	}

	// A folder that someone made a link to another place is not written to.
	elsewhere := t.TempDir()
	if err := os.RemoveAll(filepath.Join(out, "p7")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(out, "p7")); err != nil {
		t.Fatal(err)
	}
	files["p7/index.html"] = "mine"
	putSite(t, out, cache, files, commitIt)
	same(t, out, files)
	if names, _ := os.ReadDir(elsewhere); len(names) > 0 {
		t.Errorf("written elsewhere: %v", names)
	}

	// A file in the place of a folder, and the other way round.
	delete(files, "p8/index.html")
	files["p8"] = "a file now"
	putSite(t, out, cache, files, commitIt)
	same(t, out, files)
	delete(files, "p8")
	files["p8/index.html"] = "a folder again"
	putSite(t, out, cache, files, commitIt)
	same(t, out, files)
}

// carryOutSome writes the plan and does its first steps, as a build does that
// is killed then.
func carryOutSome(t *testing.T, d *Dir, gone []string, steps int) {
	t.Helper()
	total := 0
	for range d.claimed() {
		total++
	}
	if !d.canPatch(2, total, gone) {
		t.Fatal("the change is not made in place")
	}
	temp := d.temp
	held := []string{"p5/index.html", "p6/index.html"}
	if err := d.writePlan(gone); err != nil {
		t.Fatal(err)
	}
	for i := range min(steps, len(held)) {
		if err := os.Rename(filepath.Join(temp, held[i]), filepath.Join(d.out, held[i])); err != nil {
			t.Fatal(err)
		}
	}
	if steps > len(held) {
		for _, name := range gone {
			os.Remove(filepath.Join(d.out, name))
		}
	}
}
