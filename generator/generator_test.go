package main

import (
	"bytes"
	"context"
	"encoding/json"
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

// TestMain lets the test binary play the command, so that a test can stop it
// or kill it as a whole.
func TestMain(m *testing.M) {
	if os.Getenv("DOCENT_TEST_PLAY") == "1" {
		main()
		return
	}
	// Builds remember their work here, not in the cache of who runs the tests.
	cache, err := os.MkdirTemp("", "docent-cache-")
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

func play(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "DOCENT_TEST_PLAY=1")
	return c
}

// call runs the command in-process and gives its exit code and output.
func call(t testing.TB, args ...string) (code int, out, diag string) {
	t.Helper()
	var o, e bytes.Buffer
	code = cli.Run(context.Background(), args, cli.Terminal{In: strings.NewReader("*a*\n"), Out: &o, Err: &e})
	if s := o.String() + e.String(); strings.Contains(s, "goroutine ") || strings.Contains(s, "panic:") {
		t.Errorf("%v: a stack trace: %s", args, s)
	}
	return code, o.String(), e.String()
}

func pages(t testing.TB, pairs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "content")
	for i := 0; i < len(pairs); i += 2 {
		put(t, filepath.Join(dir, pairs[i]), pairs[i+1])
	}
	return dir
}

func put(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// snapshot gives every file below a folder with its text.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		out[p] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// leftovers are folders beside the site that a build made and did not remove.
func leftovers(t testing.TB, out string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(out), "."+filepath.Base(out)+".build-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestBadInput(t *testing.T) {
	good := "# Fine\n"
	foreign := t.TempDir()
	put(t, filepath.Join(foreign, "thesis.tex"), "years of work")
	file := filepath.Join(t.TempDir(), "a-file")
	put(t, file, "x")
	outside := filepath.Join(t.TempDir(), "secret.txt")
	put(t, outside, "TOP SECRET")
	linked := pages(t, "index.md", "# A\n\n![x](link.png)\n")
	if err := os.Symlink(outside, filepath.Join(linked, "link.png")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no such source", []string{"build", "--source", "/no/such/folder"}, cli.ExitContent, "/no/such/folder: no such file or folder"},
		{"empty source", []string{"build", "--source", t.TempDir()}, cli.ExitContent, "there is no page in it"},
		{"not UTF-8", []string{"build", "--source", pages(t, "index.md", "# A\n\nab\xff\n")}, cli.ExitContent, "index.md:3:3: error: The file is not UTF-8"},
		{"missing toctree entry", []string{"build", "--strict", "--source", pages(t, "index.rst", "A\n=\n\n.. toctree::\n\n   gone\n")}, cli.ExitContent, "index.rst:6:4: warning: The toctree names `gone`"},
		{"include outside", []string{"build", "--source", pages(t, "index.rst", "A\n=\n\n.. literalinclude:: ../../etc/passwd\n")}, cli.ExitContent, "index.rst:4:21:"},
		{"missing include", []string{"build", "--source", pages(t, "index.rst", "A\n=\n\n.. literalinclude:: gone.sh\n")}, cli.ExitContent, "index.rst:4:21:"},
		{"download outside", []string{"build", "--strict", "--source", pages(t, "index.rst", "A\n=\n\n:download:`x <../../x>`\n")}, cli.ExitContent, "index.rst:4:1: warning: The download `../../x` is not offered: it lies outside"},
		{"link out of the root", []string{"build", "--strict", "--source", linked}, cli.ExitContent, "leads outside the content folder"},
		{"out is a file", []string{"build", "--source", pages(t, "index.md", good), "--out", file}, cli.ExitUsage, "it is a file"},
		{"out is another's", []string{"build", "--source", pages(t, "index.md", good), "--out", foreign}, cli.ExitUsage, "files that this program did not write"},
		{"out holds the source", []string{"build", "--source", foreign, "--out", filepath.Dir(foreign)}, cli.ExitUsage, "would be replaced"},
		{"bad address", []string{"build", "--base-url", "example"}, cli.ExitUsage, "--base-url: \"example\" has not the right form"},
		{"unknown flag", []string{"build", "--bogus"}, cli.ExitUsage, "unknown flag"},
		{"unknown command", []string{"biuld"}, cli.ExitUsage, "unknown command"},
		{"too many arguments", []string{"build", "x"}, cli.ExitUsage, "see `generator build --help`"},
		{"unknown format", []string{"check", "--format", "xml"}, cli.ExitUsage, "none of text, json, sarif, github"},
		{"inspect nothing", []string{"inspect", "/no/such.rst"}, cli.ExitContent, "no such file"},
		{"inspect a folder", []string{"inspect", foreign}, cli.ExitUsage, "it is a folder"},
		{"preview for all", []string{"serve", "--addr", "0.0.0.0:0"}, cli.ExitUsage, "this machine only"},
		{"strange address", []string{"serve", "--addr", "here"}, cli.ExitUsage, "host:port"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			args := c.args
			if args[0] == "build" && !strings.Contains(strings.Join(args, " "), "--out") {
				args = append(args, "--out", filepath.Join(t.TempDir(), "public"))
			}
			code, out, diag := call(t, args...)
			if code != c.code || !strings.Contains(diag, c.want) {
				t.Errorf("exit code %d, want %d; said\n%s\nwant %q", code, c.code, out+diag, c.want)
			}
			if strings.Contains(out+diag, "TOP SECRET") {
				t.Error("a file outside the source was shown")
			}
		})
	}
	if _, err := os.Stat(filepath.Join(foreign, "thesis.tex")); err != nil {
		t.Error("another's folder was touched:", err)
	}
}

func TestMistakesStillGiveThePage(t *testing.T) {
	src := pages(t, "index.rst", "A\n=\n\nBefore\n\n.. literalinclude:: gone.sh\n\nAfter\n")
	out := filepath.Join(t.TempDir(), "public")
	if code, _, _ := call(t, "build", "--source", src, "--out", out); code != cli.ExitContent {
		t.Errorf("exit code %d", code)
	}
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil || !bytes.Contains(page, []byte("Before")) || !bytes.Contains(page, []byte("After")) {
		t.Errorf("the page did not come out: %v", err)
	}
	was := snapshot(t, out)
	put(t, filepath.Join(src, "index.rst"), "B\n=\n\n.. literalinclude:: gone.sh\n")
	if code, _, _ := call(t, "build", "--strict", "--source", src, "--out", out); code != cli.ExitContent {
		t.Errorf("exit code %d with --strict", code)
	}
	if !same(was, snapshot(t, out)) {
		t.Error("--strict replaced the old site although it failed")
	}
}

func TestNothingIsWrittenWhenNothingChanged(t *testing.T) {
	src := pages(t, "index.md", "# A\n\n[b](b.md)\n", "b.md", "# B\n\n[f](f.txt)\n", "f.txt", "1")
	out := filepath.Join(t.TempDir(), "public")
	call(t, "build", "--source", src, "--out", out)
	inode := func(name string) uint64 {
		info, err := os.Stat(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	folder, page, other := inode("."), inode("index.html"), inode("b/index.html")
	if _, _, said := call(t, "build", "--source", src, "--out", out); !strings.Contains(said, "nothing changed") {
		t.Errorf("said %q", said)
	}
	if inode(".") != folder {
		t.Error("the folder was replaced although nothing changed")
	}
	put(t, filepath.Join(src, "b.md"), "# B\n\nnew text\n")
	call(t, "build", "--source", src, "--out", out)
	if inode("index.html") != page || inode("b/index.html") == other {
		t.Error("only the changed page should be written anew")
	}
	if _, err := os.Stat(filepath.Join(out, "f.txt")); err == nil {
		t.Error("a file that no page offers any more is still there")
	}
	if l := leftovers(t, out); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
}

// big is a source that takes a moment to build.
func big(t testing.TB, count int) string {
	pairs := []string{"index.md", "# Home\n"}
	text := strings.Repeat("Some words about a container.\n\n```bash\ndocker run --rm -it image bash -l\n```\n\n", 60)
	for i := range count {
		pairs = append(pairs, "p"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26)+".md", "# Page\n\n"+text)
	}
	return pages(t, pairs...)
}

// TestStoppedBuild stops builds in the middle, politely and not: the old site
// stays whole, and the next build removes what the killed one left.
func TestStoppedBuild(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals here")
	}
	src := big(t, 150)
	out := filepath.Join(t.TempDir(), "public")
	put(t, filepath.Join(src, "zz.md"), "# First\n")
	if code, _, said := call(t, "build", "--source", src, "--out", out); code != cli.ExitFine {
		t.Fatalf("exit code %d: %s", code, said)
	}
	was := snapshot(t, out)
	put(t, filepath.Join(src, "index.md"), "# Another home\n")
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		stopped := false
		for try := range 20 {
			c := play("build", "--source", src, "--out", out)
			var said bytes.Buffer
			c.Stderr = &said
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(10 * time.Second); len(leftovers(t, out)) == 0 && time.Now().Before(deadline); {
				time.Sleep(200 * time.Microsecond)
			}
			c.Process.Signal(sig)
			err := c.Wait()
			if err == nil { // it was quicker than the signal
				put(t, filepath.Join(src, "index.md"), strings.Repeat("# Another home again\n\n", try+2))
				was = snapshot(t, out)
				continue
			}
			stopped = true
			if sig == syscall.SIGINT {
				if code := c.ProcessState.ExitCode(); code != cli.ExitMachine || !strings.Contains(said.String(), "stopped; the old site is as it was") {
					t.Errorf("Ctrl-C: exit code %d, said %q", code, said.String())
				}
				if l := leftovers(t, out); len(l) > 0 {
					t.Errorf("Ctrl-C left %v", l)
				}
			}
			break
		}
		if !stopped {
			t.Fatalf("%v: the build could not be stopped in the middle", sig)
		}
		if !same(was, snapshot(t, out)) {
			t.Errorf("%v: the old site was touched", sig)
		}
	}
	if len(leftovers(t, out)) == 0 {
		t.Error("a killed build should have left its folder, else this test shows nothing")
	}
	if code, _, said := call(t, "build", "--source", src, "--out", out); code != cli.ExitFine {
		t.Errorf("the build after a kill: exit code %d: %s", code, said)
	}
	if l := leftovers(t, out); len(l) > 0 {
		t.Errorf("not swept: %v", l)
	}
}

// smallDisk is a file system of its own.
func smallDisk(t *testing.T, options string) string {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("mounting a small file system needs root: %s", out)
	}
	t.Cleanup(func() { exec.Command("umount", disk).Run() })
	return disk
}

// TestCacheWithoutRoom puts the cache where it finds no room, or where nothing
// may be written: the site comes out whole, again and again, and the command
// says what it could not do.
func TestCacheWithoutRoom(t *testing.T) {
	src := big(t, 60)
	out := filepath.Join(t.TempDir(), "public")
	if code, _, said := call(t, "build", "--source", src, "--out", out, "--no-cache"); code != cli.ExitFine {
		t.Fatalf("exit code %d: %s", code, said)
	}
	want := snapshot(t, out)
	full := smallDisk(t, "size=12k")
	for _, text := range []string{"# Home\n", "# Another home\n", "# Home\n"} {
		put(t, filepath.Join(src, "index.md"), text)
		code, _, said := call(t, "build", "--source", src, "--out", out, "--cache", full)
		if code != cli.ExitFine || !strings.Contains(said, "the cache is not written: ") || !strings.Contains(said, "no space left") {
			t.Errorf("exit code %d, said %q", code, said)
		}
	}
	if !same(want, snapshot(t, out)) {
		t.Error("another site than without a cache")
	}
	if halves, _ := filepath.Glob(filepath.Join(full, "site-*", ".*")); len(halves) > 0 {
		t.Errorf("left behind: %v", halves)
	}
	shut := smallDisk(t, "ro")
	if code, _, said := call(t, "build", "--source", src, "--out", out, "--cache", shut); code != cli.ExitMachine || !strings.Contains(said, "--cache "+shut+": ") {
		t.Errorf("asked for a cache that cannot be written: exit code %d, said %q", code, said)
	}
	t.Setenv("XDG_CACHE_HOME", shut) // nobody asked for that one
	if code, _, said := call(t, "build", "--source", src, "--out", out); code != cli.ExitFine {
		t.Errorf("exit code %d, said %q", code, said)
	}
	if !same(want, snapshot(t, out)) {
		t.Error("another site than without a cache")
	}
}

// TestFullDisk builds onto a file system of 1 MiB.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "size=1m")
	out := filepath.Join(disk, "public")
	small := pages(t, "index.md", "# Small\n")
	if code, _, said := call(t, "build", "--source", small, "--out", out); code != cli.ExitFine {
		t.Fatalf("exit code %d: %s", code, said)
	}
	was := snapshot(t, out)
	code, _, said := call(t, "build", "--source", big(t, 120), "--out", out)
	if code != cli.ExitMachine || !strings.Contains(said, "the disk is full") {
		t.Errorf("exit code %d, said %q", code, said)
	}
	if !same(was, snapshot(t, out)) {
		t.Error("the old site was touched")
	}
	if l := leftovers(t, out); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
}

func TestCheckFormats(t *testing.T) {
	src := pages(t, "index.md", "# A\n\n[x](gone.md)\n")
	code, out, _ := call(t, "check", "--json", "--source", src)
	var got struct {
		Diagnostics []struct {
			Line int
			Code string
		}
		Warnings int
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != cli.ExitContent {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	if got.Warnings != 1 || got.Diagnostics[0].Code != "link-broken" || got.Diagnostics[0].Line != 3 {
		t.Errorf("got %+v", got)
	}
	if _, out, _ := call(t, "check", "--format", "github", "--source", src); !strings.HasPrefix(out, "::warning file=") || !strings.Contains(out, "line=3,") {
		t.Errorf("annotations: %s", out)
	}
	if code, _, said := call(t, "check", "--source", pages(t, "index.md", "# A\n")); code != cli.ExitFine || !strings.Contains(said, "no mistakes found") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

func TestInspect(t *testing.T) {
	code, out, _ := call(t, "inspect", "-")
	want := "<document source=\"<stdin>\">\n    <paragraph>\n        <emphasis>\n            a\n"
	if code != cli.ExitFine || out != want {
		t.Errorf("exit code %d, got\n%s", code, out)
	}
	if _, out, _ := call(t, "inspect", "-", "--as", "json"); !json.Valid([]byte(out)) {
		t.Errorf("no JSON: %s", out)
	}
}
