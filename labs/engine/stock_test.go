package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/random"

	"docent/labs/engine"
)

// Images outlive their engine: another one, opened on what the first left, has
// those of an earlier moment under the names that they had then, and no others.
func TestStock(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: engines are not started")
	}
	for _, name := range []string{"docker", "podman", "oci"} {
		t.Run(name, func(t *testing.T) { testStock(t, name) })
	}
}

func testStock(t *testing.T, name string) {
	root, err := os.MkdirTemp("/tmp", "ds") // sockets want a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	ctx := t.Context()
	open := func(store string) (engine.Engine, engine.Keeper) {
		dir, err := os.MkdirTemp(root, "e")
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.Open(ctx, engine.Options{Name: name, RunID: "stock", Scratch: dir, Private: true, Store: store})
		var missing *engine.Missing
		if errors.As(err, &missing) {
			lacking(t, err)
		} else if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close(ctx) })
		return e, e.(engine.Keeper)
	}
	load := func(e engine.Engine, ref string, size int64) {
		img, err := random.Image(size, 2)
		if err == nil {
			err = e.Load(ctx, ref, img)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stock := func(k engine.Keeper) engine.Stock {
		t.Helper()
		s, busy, err := k.Stock(ctx)
		if err != nil || busy != "" {
			t.Fatalf("stock: %q, %v", busy, err)
		}
		return s
	}

	first, keeper := open("")
	if got := stock(keeper); len(got) != 0 {
		t.Errorf("a new engine has %v", got)
	}
	load(first, "example.org/a:1", 2000)
	load(first, "example.org/b:1", 2000)
	want := stock(keeper)
	for _, line := range []string{"tag example.org/a:1 example.org/c:1", "rmi example.org/a:1"} {
		if exit, err := first.Docker(ctx, engine.Call{Args: strings.Fields(line), Dir: "/tmp"}); err != nil || exit != 0 {
			t.Fatalf("docker %s: %d, %v", line, exit, err)
		}
	}
	load(first, "example.org/later:1", 3000)
	folder := filepath.Join(root, "kept")
	keeper.KeepIn(folder)
	if err := first.Close(ctx); err != nil {
		t.Fatal(err)
	}

	second, keeper := open(folder)
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the images were not taken over: %v", err)
	}
	if err := keeper.Restock(ctx, want); err != nil {
		t.Fatal(err)
	}
	if got := stock(keeper); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for ref, there := range map[string]bool{"example.org/a:1": true, "example.org/b:1": true, "example.org/c:1": false, "example.org/later:1": false} {
		if _, err := second.Image(ctx, ref); (err == nil) != there {
			t.Errorf("%s: %v", ref, err)
		}
	}
	lost := slices.Clone(want)
	lost[0].ID, lost[0].Manifest = "sha256:"+strings.Repeat("0", 64), "sha256:"+strings.Repeat("0", 64)
	if err := keeper.Restock(ctx, lost); err == nil {
		t.Error("an image that is gone was put back")
	}
	if err := keeper.Restock(ctx, nil); err != nil {
		t.Errorf("restock of nothing: %v", err)
	}
	if got := stock(keeper); len(got) != 0 {
		t.Errorf("after a restock of nothing there is %v", got)
	}
	if err := second.Close(ctx); err != nil {
		t.Fatal(err)
	}
}
