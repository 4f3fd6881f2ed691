package ngc

import (
	"encoding/json"
	"os"
	"testing"
	"time"
)

// Another platform goes on from what one knew: the same lists, jobs and
// workspaces. While a job is under way there is nothing to go on from.
func TestState(t *testing.T) {
	b := open(t, 0)
	b.ngc(0, "workspace", "create", "--name", "ws")
	id := b.submit("--workspace", "ws:/mnt", "--commandline", "echo done; sleep 0.3", "--label", "one")
	if _, ok := b.State(); ok {
		t.Error("a job is under way, and there is a state")
	}
	b.until(id, "FINISHED_SUCCESS")
	b.ngc(0, "config", "set", "--team", "other")
	var state State
	for ok := false; !ok; time.Sleep(10 * time.Millisecond) { // its container is being removed
		state, ok = b.State()
	}
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	var read State
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	c := open(t, 0)
	if err := os.CopyFS(c.opts.Dir, os.DirFS(b.opts.Dir)); err != nil {
		t.Fatal(err)
	}
	c.Resume(read)
	for _, line := range [][]string{{"workspace", "list"}, {"workspace", "info", "ws"}, {"batch", "info", id}, {"batch", "list"}, {"config", "current"}, {"batch", "log", id}} {
		if got, want := c.ngc(0, line...), b.ngc(0, line...); got != want {
			t.Errorf("ngc %v: got\n%s\nwant\n%s", line, got, want)
		}
	}
	if next := c.submit("--commandline", "true"); next == id {
		t.Errorf("a new job has the id of an old one: %s", next)
	}
}
