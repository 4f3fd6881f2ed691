package site

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/txtar"
)

// sources gives the text of every file below a folder, and of a link where it
// leads.
func sources(dir string) map[string]string {
	out := map[string]string{}
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			text, _ := os.ReadFile(name)
			to, _ := os.Readlink(name)
			out[filepath.ToSlash(rel)] = to + "\x00" + string(text)
		}
		return nil
	})
	return out
}

// TestLiveIsTheSite changes a source at random while it is looked at. After
// every change each page is what a build from nothing gives, and so are the
// diagnostics, once all pages were checked.
func TestLiveIsTheSite(t *testing.T) {
	ctx := context.Background()
	sequences, first := 3, 1000
	if n, err := strconv.Atoi(os.Getenv("DOCENT_SEQUENCES")); err == nil {
		sequences = n
	}
	if n, err := strconv.Atoi(os.Getenv("DOCENT_SEED")); err == nil {
		first = n
	}
	t.Logf("%d sequences from seed %d on", sequences, first)
	for seed := first; seed < first+sequences; seed++ {
		root, err := os.MkdirTemp("", "docent-live-")
		if err != nil {
			t.Fatal(err)
		}
		g := &gardener{rand.New(rand.NewSource(int64(seed))), filepath.Join(root, "content")}
		for _, name := range plots {
			g.page(name)
		}
		live, err := OpenLive(ctx, Options{Source: g.dir})
		if err != nil {
			t.Fatal(err)
		}
		var history []string
		for range 15 {
			was := sources(g.dir)
			history = append(history, g.step())
			now := sources(g.dir)
			if strings.Contains(history[len(history)-1], "judge") || strings.Contains(history[len(history)-1], "report") {
				live.Rejudge(ctx)
			}
			var changed []string
			for _, name := range slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
				for n := range was {
					yield(n, true)
				}
				for n := range now {
					yield(n, true)
				}
			}))) {
				if _, there := now[name]; was[name] != now[name] || !there {
					changed = append(changed, name)
				}
			}
			if len(changed) > 0 {
				if err := live.Update(ctx, changed...); err != nil {
					if _, want := Load(ctx, Options{Source: g.dir, Preview: true}); want == nil || want.Error() != err.Error() {
						t.Fatalf("seed %d: after %q: %v, and a build says %v", seed, history, err, want)
					}
					continue
				}
			}
			if live.behind {
				continue // as the last time
			}
			for more := true; more; {
				if more, err = live.Check(); err != nil {
					t.Fatal(err)
				}
			}
			want := &Memory{}
			s, err := Load(ctx, Options{Source: g.dir, Preview: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Write(ctx, want); err != nil {
				t.Fatal(err)
			}
			var drawn []string // they are there when their page was asked for
			names := slices.DeleteFunc(want.Names(), func(name string) bool {
				if !strings.HasPrefix(name, "_diagrams/") {
					return false
				}
				drawn = append(drawn, name)
				return true
			})
			names = append(names, drawn...)
			for _, name := range names {
				data, _ := want.File(name)
				got, ok, err := live.File(ctx, name)
				if err != nil || !ok || string(got) != string(data) {
					t.Fatalf("seed %d: after %q: %s differs (there: %t, %v)\n%s", seed, history, name, ok, err, firstDifference(string(got), string(data)))
				}
			}
			if got, want := fmt.Sprint(live.Diags()), fmt.Sprint(s.Diags()); got != want {
				t.Fatalf("seed %d: after %q: said\n%s\nwant\n%s", seed, history, got, want)
			}
			s.Close()
		}
		live.Close()
		os.RemoveAll(root)
	}
}

// TestLiveSeesASaveAtOnce asks for a page right after it was saved, before
// anybody said that it was.
func TestLiveSeesASaveAtOnce(t *testing.T) {
	ctx := context.Background()
	dir := tree(t, "index.md", "# Home\n", "a.md", "# A\n\nold\n", "b.md", "# B\n\n[](a.md)\n")
	live, err := OpenLive(ctx, Options{Source: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	page := func(name string) string {
		t.Helper()
		data, ok, err := live.File(ctx, name)
		if err != nil || !ok {
			t.Fatalf("%s: %t, %v", name, ok, err)
		}
		return string(data)
	}
	state := func(name string) State {
		t.Helper()
		now, err := live.State(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	before := state("b/index.html")
	lay(t, dir, []txtar.File{{Name: "a.md", Data: []byte("# A\n\nnew words\n")}})
	if !strings.Contains(page("a/index.html"), "new words") {
		t.Error("the old text is shown")
	}
	if state("b/index.html") != before {
		t.Error("a page that shows nothing of another's text would reload")
	}
	lay(t, dir, []txtar.File{{Name: "a.md", Data: []byte("# Another title\n")}})
	if !strings.Contains(page("a/index.html"), "Another title") || !strings.Contains(page("b/index.html"), ">Another title</a>") {
		t.Error("the new title does not show everywhere")
	}
	if state("b/index.html") == before {
		t.Error("a page that shows the title would not reload")
	}
}

// TestPrecompress reads every compressed file back.
func TestPrecompress(t *testing.T) {
	forms, err := Forms("gz, br,zst")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Forms("gz,rar"); err == nil {
		t.Error("rar is taken for a form")
	}
	m, _ := buildSite(t, Options{Source: tree(t, "index.md", "# Home\n\n"+strings.Repeat("Many words. ", 200)), Precompress: forms})
	open := map[string]func(io.Reader) (io.Reader, error){
		".gz":  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		".br":  func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		".zst": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	}
	for _, form := range []string{".gz", ".br", ".zst"} {
		small, ok := m.File("index.html" + form)
		if !ok {
			t.Fatalf("no index.html%s", form)
		}
		r, err := open[form](bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		back, err := io.ReadAll(r)
		if page, _ := m.File("index.html"); err != nil || !bytes.Equal(back, page) || len(small) > len(page)/2 {
			t.Errorf("%s: %d of %d bytes, %v", form, len(small), len(page), err)
		}
	}
}
