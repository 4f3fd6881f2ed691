package snapshot

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func sh(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

const look = `find . -printf '%p %M %s %T@ %l %u\n' | sort | grep -v '^\. '; find . -type f -print0 | sort -z | xargs -0 cat`

// What is put back is what was there: contents, links, modes, times.
func TestRestore(t *testing.T) {
	store := Open(filepath.Join(t.TempDir(), "store"))
	root := t.TempDir()
	sh(t, root, `mkdir -p work/deep home; echo one > work/a; ln -s ../nowhere work/deep/l; printf x > "work/deep/with
line"; chmod 4750 work/a; chmod 500 work/deep; touch -d '2001-02-03 04:05:06.789' work/a work/deep`)
	first, err := store.Take(root, "work", "home", "absent")
	if err != nil {
		t.Fatal(err)
	}
	want := sh(t, root, look)
	sh(t, root, `echo two >> work/a; echo new > home/n`)
	second, err := store.Take(root, "work", "home")
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("a changed folder has the same name")
	}
	to := t.TempDir()
	if err := store.Restore(to, first); err != nil {
		t.Fatal(err)
	}
	if got := sh(t, to, look); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	// A file that was written in place is kept as it is now.
	again := t.TempDir()
	if err := store.Restore(again, second); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(again, "work/a")); string(text) != "one\ntwo\n" {
		t.Errorf("the second snapshot has %q", text)
	}
}

// To take a snapshot is not to use the files.
func TestTakeLeavesTheTimeOfUse(t *testing.T) {
	store, root := Open(t.TempDir()), t.TempDir()
	path := filepath.Join(root, "f")
	if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1, 0)
	if err := os.Chtimes(path, old, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Take(root, "."); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil || st.Atim.Sec != 1 {
		t.Errorf("the time of use is %v, %v", st.Atim, err)
	}
}

// Nothing that was cut, changed or removed is put back.
func TestCorrupt(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"cut":     func(p string) error { return os.Truncate(p, 1) },
		"changed": func(p string) error { return os.WriteFile(p, []byte("TWO\n"), 0o600) },
		"removed": os.Remove,
	} {
		for _, which := range []string{"file", "list"} {
			store, root := Open(t.TempDir()), t.TempDir()
			sh(t, root, "echo one > a")
			snap, err := store.Take(root, ".")
			if err != nil {
				t.Fatal(err)
			}
			files, err := store.Files(snap)
			if err != nil || len(files) != 2 {
				t.Fatalf("%v, %v", files, err)
			}
			target := files[1]
			if which == "list" {
				target = files[0]
			}
			if err := harm(store.Path(target)); err != nil {
				t.Fatal(err)
			}
			if err := store.Restore(t.TempDir(), snap); err == nil {
				t.Errorf("%s %s: it was put back all the same", which, name)
			}
		}
	}
}

// What cannot be kept as it is is not kept.
func TestRefused(t *testing.T) {
	for script, want := range map[string]string{
		"mkfifo f":                             "neither a file nor a folder",
		"truncate -s 600M large":               "more than 512 MB",
		"printf 'the tok%s is in it' en42 > f": "a secret",
	} {
		store, root := Open(t.TempDir()), t.TempDir()
		store.Refuse = [][]byte{[]byte("token42")}
		sh(t, root, script)
		if _, err := store.Take(root, "."); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestSweep(t *testing.T) {
	store, root := Open(t.TempDir()), t.TempDir()
	sh(t, root, "echo one > a; echo two > b")
	snap, err := store.Take(root, "a")
	if err != nil {
		t.Fatal(err)
	}
	other, err := store.Take(root, "b")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{}
	files, err := store.Files(snap)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		wanted[f] = true
	}
	store.Sweep(wanted, time.Now().Add(-time.Hour))
	if err := store.Restore(t.TempDir(), other); err != nil {
		t.Errorf("what was just used is gone: %v", err)
	}
	if left := store.Sweep(wanted, time.Now().Add(time.Hour)); left == 0 {
		t.Error("nothing is left")
	}
	if err := store.Restore(t.TempDir(), snap); err != nil {
		t.Errorf("what is wanted is gone: %v", err)
	}
	if err := store.Restore(t.TempDir(), other); err == nil {
		t.Error("what nobody wants is still there")
	}
}
