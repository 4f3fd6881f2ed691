package build

import (
	"sync"
	"testing"
)

// Several pages may keep the drawing that they share.
func TestRetainTogether(t *testing.T) {
	c := open(t, t.TempDir(), "site")
	first := NewGraph()
	first.Set("diagram x", "drawn")
	if err := c.SaveGraph("key", first); err != nil {
		t.Fatal(err)
	}
	g := c.LoadGraph("key")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				g.Retain("diagram x")
			}
		})
	}
	all.Wait()
	if r := g.Next().Last("diagram x"); r == nil || r.Value != "drawn" {
		t.Errorf("the drawing is forgotten: %v", r)
	}
}
