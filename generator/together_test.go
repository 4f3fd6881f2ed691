package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"docent/generator/cli"
)

// inPlace is a source whose site is large enough to be changed in place.
func inPlace(t *testing.T) string {
	t.Helper()
	var pairs []string
	for i := range 260 {
		pairs = append(pairs, fmt.Sprintf("part-%d/page-%03d.md", i%7, i), fmt.Sprintf("# Page %d\n\nSome words.\n", i))
	}
	return pages(t, append(pairs, "index.md", "# Home\n")...)
}

// asAnew compares a site with one that is made without a cache, and gives what
// differs first.
func asAnew(t *testing.T, src, out string) (differs string) {
	t.Helper()
	fresh := filepath.Join(t.TempDir(), "anew")
	if code, _, said := call(t, "build", "--source", src, "--out", fresh, "--no-cache"); code != cli.ExitFine {
		t.Fatalf("exit code %d: %s", code, said)
	}
	got := snapshot(t, out)
	for name, want := range snapshot(t, fresh) {
		mine := out + strings.TrimPrefix(name, fresh)
		if text, there := got[mine]; !there || text != want {
			return mine
		}
		delete(got, mine)
	}
	for name := range got {
		return name
	}
	return ""
}

// TestTwoBuildsAtOnce starts two processes that build one source into one
// folder with one cache. Both end well, and so does the site.
func TestTwoBuildsAtOnce(t *testing.T) {
	src, cache := inPlace(t), t.TempDir()
	out := filepath.Join(t.TempDir(), "public")
	for round := range 6 {
		for i := range round % 4 * 20 {
			put(t, filepath.Join(src, fmt.Sprintf("part-%d/page-%03d.md", i%7, i)), fmt.Sprintf("# Page %d\n\nRound %d.\n", i, round))
		}
		if round == 4 { // pages come and go
			os.Remove(filepath.Join(src, "part-3/page-150.md"))
			put(t, filepath.Join(src, "part-9/new.md"), "# New\n")
		}
		var said [2]bytes.Buffer
		var running [2]func() error
		for i := range running {
			c := play("build", "--source", src, "--out", out, "--cache", cache)
			c.Stderr = &said[i]
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			running[i] = c.Wait
			time.Sleep(time.Duration(round*round) * time.Millisecond)
		}
		for i, wait := range running {
			if err := wait(); err != nil {
				t.Errorf("round %d: %v: %s", round, err, said[i].String())
			}
		}
		if d := asAnew(t, src, out); d != "" {
			t.Errorf("round %d: %s is not that of one build", round, d)
		}
	}
	if l := leftovers(t, out); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
}

// TestKilledAnywhere kills builds at moments from their start to their end.
// What a reader finds then is each file as it was or as it will be; the next
// build makes the site whole, and nothing is left beside it.
func TestKilledAnywhere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	src, cache := inPlace(t), t.TempDir()
	out := filepath.Join(t.TempDir(), "public")
	build := func() *exec.Cmd { return play("build", "--source", src, "--out", out, "--cache", cache) }
	began := time.Now()
	if said, err := build().CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	const rounds = 12
	long, killed := time.Since(began), 0
	for round := range rounds {
		for i := range 1 + 9*(round%3) { // some are changed in place, and some anew
			put(t, filepath.Join(src, fmt.Sprintf("part-%d/page-%03d.md", i%7, i)), fmt.Sprintf("# Page %d\n\nRound %d.\n", i, round))
		}
		if round%4 == 3 {
			os.Remove(filepath.Join(src, fmt.Sprintf("part-%d/page-%03d.md", (100+round)%7, 100+round)))
		}
		was := snapshot(t, out)
		c := build()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(long * time.Duration(round) / rounds)
		c.Process.Signal(syscall.SIGKILL)
		if c.Wait() != nil {
			killed++
		}
		half := snapshot(t, out)
		if said, err := build().CombinedOutput(); err != nil {
			t.Fatalf("round %d: after a kill: %v: %s", round, err, said)
		}
		whole := snapshot(t, out)
		for name, text := range half {
			old, wasThere := was[name]
			now, isThere := whole[name]
			if (!wasThere || text != old) && (!isThere || text != now) {
				t.Errorf("round %d: %s is neither as it was nor as it will be", round, name)
			}
		}
		for name, now := range whole {
			if old, wasThere := was[name]; wasThere && old == now && half[name] != now {
				t.Errorf("round %d: %s is not there after a kill", round, name)
			}
		}
		if d := asAnew(t, src, out); d != "" {
			t.Errorf("round %d: after a kill %s is not that of a build from nothing", round, d)
		}
		if l := leftovers(t, out); len(l) > 0 {
			t.Errorf("round %d: left behind: %v", round, l)
		}
	}
	if killed < 3 {
		t.Errorf("%d of %d builds were killed: this test shows little", killed, rounds)
	}
}

// TestClock saves pages while the clock says what it likes: their times lie
// ahead, go back, and stay though the text changes.
func TestClock(t *testing.T) {
	src, cache := inPlace(t), t.TempDir()
	out := filepath.Join(t.TempDir(), "public")
	page := filepath.Join(src, "part-0/page-007.md")
	now := time.Now()
	for i, at := range []time.Time{now.Add(time.Hour), now.Add(time.Hour), now.Add(-24 * time.Hour), now.Add(-24 * time.Hour), time.Unix(1, 0), now} {
		put(t, page, fmt.Sprintf("# Page\n\nText %d.\n", i)) // of one size
		for _, name := range []string{page, filepath.Dir(page), src} {
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 { // another hand puts a file into the site, and the time back
			dir := filepath.Join(out, "part-1")
			was, err := os.Stat(dir)
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, "stray.html"), "not ours")
			if err := os.Chtimes(dir, was.ModTime(), was.ModTime()); err != nil {
				t.Fatal(err)
			}
		}
		if code, _, said := call(t, "build", "--source", src, "--out", out, "--cache", cache); code != cli.ExitFine {
			t.Fatalf("exit code %d: %s", code, said)
		}
		if d := asAnew(t, src, out); d != "" {
			t.Errorf("step %d, at %s: %s is not as if made anew", i, at, d)
		}
	}
}

// TestFullDiskInPlace lets the disk fill up at many moments of a change in
// place: the old site stays whole, and with room the next build is right.
func TestFullDiskInPlace(t *testing.T) {
	disk, src, cache := smallDisk(t, "size=16m"), inPlace(t), t.TempDir()
	out := filepath.Join(disk, "public")
	build := func() (int, string) {
		code, _, said := call(t, "build", "--source", src, "--out", out, "--cache", cache)
		return code, said
	}
	if code, said := build(); code != cli.ExitFine {
		t.Fatalf("exit code %d: %s", code, said)
	}
	filler, failed := filepath.Join(disk, "filler"), 0
	for room := range 8 {
		was := snapshot(t, out)
		for i := range 8 {
			put(t, filepath.Join(src, fmt.Sprintf("part-%d/page-%03d.md", i%7, i)), fmt.Sprintf("# Page %d\n\nWith room %d.\n", i, room))
		}
		fill(t, filler, room*24<<10)
		code, said := build()
		if code == cli.ExitMachine {
			failed++
			if !strings.Contains(said, "the disk is full") {
				t.Errorf("room %d: said %q", room, said)
			}
			if !same(was, snapshot(t, out)) {
				t.Errorf("room %d: the old site was touched", room)
			}
			if l := leftovers(t, out); len(l) > 0 {
				t.Errorf("room %d: left behind: %v", room, l)
			}
		} else if code != cli.ExitFine {
			t.Errorf("room %d: exit code %d: %s", room, code, said)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if code, said := build(); code != cli.ExitFine {
			t.Fatalf("with room again: exit code %d: %s", code, said)
		}
		if room%3 == 0 {
			if d := asAnew(t, src, out); d != "" {
				t.Errorf("room %d: after the next build %s is not as if made anew", room, d)
			}
		}
	}
	if failed < 2 {
		t.Errorf("only %d builds met a full disk", failed)
	}
}

// fill leaves so many bytes of a file system.
func fill(t *testing.T, filler string, room int) {
	t.Helper()
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(max(0, info.Size()-int64(room))); err != nil {
		t.Fatal(err)
	}
}

// TestPreviewOnAFullDisk serves while neither the cache nor anything else
// finds room.
func TestPreviewOnAFullDisk(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	full, src := smallDisk(t, "size=16k"), inPlace(t)
	fill(t, filepath.Join(full, "filler"), 4096)
	c := play("serve", "--source", src, "--addr", "127.0.0.1:0", "--cache", full)
	c.Env = append(c.Env, "TMPDIR="+full)
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	lines := bufio.NewScanner(said)
	until := func(part string) string {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return lines.Text()
			}
		}
		t.Fatalf("it never said %q", part)
		return ""
	}
	_, url, _ := strings.Cut(until("serving "), " at ")
	url, _, _ = strings.Cut(url, ",")
	until("the cache is not written: ")
	put(t, filepath.Join(src, "part-0/page-007.md"), "# Saved on a full disk\n")
	until("updated in")
	resp, err := http.Get(url + "part-0/page-007/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "Saved on a full disk") {
		t.Errorf("%v, served %.300s", err, body)
	}
	c.Process.Signal(syscall.SIGINT)
	until("stopped")
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
