package serve

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"docent/generator/site"
)

// must stops the test where the file system refuses.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestEditors saves a page as editors do. Each time the page is told to
// reload, shows the new text, and is left alone then.
func TestEditors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.md", "# Home\n")
	write(t, dir, "a.md", "# A\n")
	at := func(name string) string { return filepath.Join(dir, name) }
	url, _ := start(t, dir)
	f := follow(t, url, "/a/")
	f.next()
	for i, c := range []struct {
		name string
		save func(text string)
	}{
		{"in place", func(text string) { write(t, dir, "a.md", text) }},
		{"vim", func(text string) {
			write(t, dir, ".a.md.swp", "lock")
			write(t, dir, "4913", "")
			must(t, os.Remove(at("4913")), os.Rename(at("a.md"), at("a.md~")))
			write(t, dir, "a.md", text)
			must(t, os.Chmod(at("a.md"), 0o644), os.Remove(at("a.md~")), os.Remove(at(".a.md.swp")))
		}},
		{"emacs", func(text string) {
			must(t, os.Symlink("user@host.1", at(".#a.md")))
			write(t, dir, "#a.md#", text)
			must(t, os.Rename(at("a.md"), at("a.md~")))
			write(t, dir, "a.md", text)
			must(t, os.Remove(at("#a.md#")), os.Remove(at(".#a.md")))
		}},
		{"another file, then a rename", func(text string) {
			write(t, dir, ".a.md.tmp", text)
			must(t, os.Rename(at(".a.md.tmp"), at("a.md")))
		}},
		{"two renames", func(text string) {
			write(t, dir, "a.md___jb_tmp___", text)
			must(t, os.Rename(at("a.md"), at("a.md___jb_old___")), os.Rename(at("a.md___jb_tmp___"), at("a.md")), os.Remove(at("a.md___jb_old___")))
		}},
		{"emptied, then written in pieces", func(text string) {
			w, err := os.Create(at("a.md"))
			must(t, err)
			for _, piece := range strings.SplitAfter(text, " ") {
				_, err := w.WriteString(piece)
				must(t, err)
				time.Sleep(3 * time.Millisecond)
			}
			must(t, w.Close())
		}},
	} {
		want := fmt.Sprintf("Saved the %dth time", i)
		c.save("# A\n\n" + want + "\n")
		f.reloads()
		for deadline := time.Now().Add(30 * time.Second); ; {
			_, body := get(t, url+"a/", "")
			if strings.Contains(body, want) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the page shows\n%s", c.name, body)
			}
		}
		for !f.rests() { // the text before it was whole may have been shown
			if n := len(f.lines); n > 20 {
				t.Fatalf("%s: it reloads without end", c.name)
			}
		}
		if !f.rests() {
			t.Errorf("%s: the page reloads again and again", c.name)
		}
	}
}

// asked is what a served page says of itself besides.
var asked = regexp.MustCompile(`\?shown=[0-9a-f]+`)

// whole waits until the server gives the site as a build from nothing would.
func whole(t *testing.T, url, dir, after string) {
	t.Helper()
	wrong := ""
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s, err := site.Load(context.Background(), site.Options{Source: dir, Preview: true})
		must(t, err)
		var m site.Memory
		must(t, s.Write(context.Background(), &m))
		s.Close()
		wrong = ""
		for _, name := range m.Names() {
			if !strings.HasSuffix(name, "index.html") {
				continue
			}
			want, _ := m.File(name)
			if r, body := get(t, url+strings.TrimSuffix(name, "index.html"), ""); r.StatusCode != 200 || asked.ReplaceAllString(body, "") != string(want) {
				wrong = fmt.Sprintf("%s: %d", name, r.StatusCode)
				break
			}
		}
		if wrong == "" {
			return
		}
	}
	t.Fatalf("after %s: not the site that a build gives: %s", after, wrong)
}

// TestFolders moves and removes whole folders, and switches branches. The
// preview shows what a build would give, and hears of what happens in folders
// that came later.
func TestFolders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "content")
	must(t, os.MkdirAll(filepath.Join(dir, "one", "deep"), 0o777))
	write(t, dir, "index.md", "# Home\n\n[](one/a.md)\n")
	write(t, dir, "one/a.md", "# A\n")
	write(t, dir, "one/deep/b.md", "# B\n")
	git := func(args ...string) {
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-qm", "one")
	git("checkout", "-qb", "many")
	for i := range 300 {
		must(t, os.MkdirAll(filepath.Join(dir, fmt.Sprint("part", i%20)), 0o777))
		write(t, dir, fmt.Sprintf("part%d/p%d.md", i%20, i), fmt.Sprintf("# Page %d\n", i))
	}
	write(t, dir, "index.md", "# Home of many\n")
	git("add", ".")
	git("commit", "-qm", "many")
	git("checkout", "-q", "main")

	url, _ := start(t, dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	whole(t, url, dir, "the start")
	git("checkout", "-q", "many")
	whole(t, url, dir, "switching to a branch with many pages")
	write(t, dir, "part7/p7.md", "# Another title\n")
	whole(t, url, dir, "saving a page of a new folder")
	git("checkout", "-qf", "main")
	whole(t, url, dir, "switching back")
	must(t, os.Rename(at("one"), at("two")))
	whole(t, url, dir, "renaming a folder")
	write(t, dir, "two/deep/b.md", "# Saved in the renamed folder\n")
	whole(t, url, dir, "saving in the renamed folder")
	must(t, os.RemoveAll(at("two/deep")))
	whole(t, url, dir, "removing a folder")
	must(t, os.Rename(at("two"), at(".away")), os.Symlink(".away", at("two")))
	whole(t, url, dir, "putting a link in the place of a folder")
	must(t, os.Remove(at("two")), os.Rename(at(".away"), at("two")))
	whole(t, url, dir, "putting the folder back")
	write(t, dir, "two/a.md", "# Saved after all\n")
	whole(t, url, dir, "saving in it")
}

// TestOutputInTheSource builds the site into a folder of its own source while
// it is looked at: no open page reloads because of that.
func TestOutputInTheSource(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.md", "# Home\n")
	write(t, dir, "a.md", "# A\n")
	url, _ := start(t, dir)
	f := follow(t, url, "/a/")
	f.next()
	for i := range 3 {
		d, err := site.OpenDir(filepath.Join(dir, "public"))
		must(t, err)
		s, err := site.Load(context.Background(), site.Options{Source: dir, Without: []string{filepath.Join(dir, "public")}})
		must(t, err)
		must(t, s.Write(context.Background(), d))
		_, err = d.Commit()
		must(t, err)
		s.Close()
		if !f.rests() {
			t.Fatalf("build %d made the page reload", i)
		}
		write(t, dir, "a.md", fmt.Sprintf("# A %d\n", i))
		f.reloads()
	}
	whole(t, url, dir, "building into the source")
}
