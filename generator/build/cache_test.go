package build

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, root string, key ...string) *Cache {
	t.Helper()
	c, err := OpenCache(root, key...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestOneProcessHoldsACache opens a cache twice: the second goes without,
// until the first is closed. Another site's cache is another.
func TestOneProcessHoldsACache(t *testing.T) {
	root := t.TempDir()
	first := open(t, root, "site")
	if _, err := OpenCache(root, "site"); !errors.Is(err, ErrTaken) {
		t.Errorf("opened twice: %v", err)
	}
	open(t, root, "another site")
	first.Close()
	open(t, root, "site")
}

// TestBrokenFilesAreIgnored changes every byte of a file of the cache, and
// cuts it at every place: nothing of it is believed.
func TestBrokenFilesAreIgnored(t *testing.T) {
	c := open(t, t.TempDir(), "site")
	if err := c.Save("graph", "key", []byte("what is remembered")); err != nil {
		t.Fatal(err)
	}
	if s, ok := c.Load("graph", "key"); !ok || s != "what is remembered" {
		t.Fatalf("%q, %t", s, ok)
	}
	if _, ok := c.Load("graph", "another key"); ok {
		t.Error("read under another key")
	}
	good, err := os.ReadFile(c.Dir("graph"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(b []byte) {
		if err := os.WriteFile(c.Dir("graph"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range good {
		put(good[:i])
		if s, ok := c.Load("graph", "key"); ok {
			t.Errorf("cut after %d bytes: %q", i, s)
		}
		bad := []byte(string(good))
		bad[i] ^= 0x20
		put(bad)
		if s, ok := c.Load("graph", "key"); ok {
			t.Errorf("byte %d is another: %q", i, s)
		}
	}
	if err := os.WriteFile(c.Dir(".graph-123"), good[:9], 0o600); err != nil { // as a kill leaves it
		t.Fatal(err)
	}
	c.Close()
	open(t, filepath.Dir(c.dir), "site")
	entries, _ := os.ReadDir(c.dir)
	if len(entries) != 2 { // and the lock
		t.Errorf("left behind: %v", entries)
	}
}

// TestLeastRecentlyUsedGoesFirst fills a folder above its bound.
func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	root := t.TempDir()
	at := map[string]*Cache{}
	for i, name := range []string{"held", "oldest", "older", "newest"} {
		c := open(t, root, name)
		if err := c.Save("graph", "", []byte(strings.Repeat("x", 1000))); err != nil {
			t.Fatal(err)
		}
		used := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(c.Dir("lock"), used, used); err != nil {
			t.Fatal(err)
		}
		if at[name] = c; name != "held" {
			c.Close()
		}
	}
	foreign := filepath.Join(root, "notes.txt")
	if err := os.WriteFile(foreign, []byte(strings.Repeat("x", 9000)), 0o600); err != nil {
		t.Fatal(err)
	}
	there := func(want ...string) {
		t.Helper()
		for name, c := range at {
			_, err := os.Stat(c.dir)
			if wanted := strings.Contains(strings.Join(want, " "), name); wanted != (err == nil) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	sweep(root, 5000)
	there("held", "oldest", "older", "newest")
	sweep(root, 3500)
	there("held", "older", "newest")
	sweep(root, 0) // what a process holds stays
	there("held")
	if _, err := os.Stat(foreign); err != nil {
		t.Error("a file that is no cache went too")
	}
}
