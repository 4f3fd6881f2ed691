package search

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// A board is a shelf in memory with room for so many bytes.
type board struct {
	data   []byte
	room   int
	broken bool
}

func (s *board) Put(b []byte) (int64, bool) {
	if len(s.data)+len(b) > s.room {
		return 0, false
	}
	s.data = append(s.data, b...)
	return int64(len(s.data) - len(b)), true
}

func (s *board) ReadAt(b []byte, at int64) (int, error) {
	if s.broken {
		return 0, errors.New("the disk is gone")
	}
	return copy(b, s.data[at:]), nil
}

// TestShelf expects the same index whether what waits lies in memory, on a
// shelf, or on both, also where pages come twice.
func TestShelf(t *testing.T) {
	pages := sample(600)
	pages[250] = large()
	want := build(t, pages, nil)
	for _, room := range []int{0, 1 << 20, 1 << 30} {
		s := &board{room: room}
		b := NewBuilder()
		b.Shelf, b.limit = s, 0
		b.Arrange(urls(pages))
		for i, p := range pages {
			if i%7 == 0 {
				add(t, b, Page{URL: p.URL, Title: "not yet", Sections: pages[(i+5)%len(pages)].Sections})
			}
			add(t, b, p)
		}
		if got := finish(t, b, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("with room for %d bytes, %d of which were used, the index is another", room, len(s.data))
		}
		if room > 1<<20 && len(s.data) < batchSize {
			t.Errorf("only %d bytes were put aside", len(s.data))
		}
		saved, more := b.Save()
		var texts strings.Builder
		if err := more(&texts); err != nil {
			t.Fatal(err)
		}
		l := NewBuilder()
		l.Kept = func() (string, bool) { return texts.String(), true }
		if !l.Load(string(saved)) {
			t.Fatal("what was saved cannot be loaded")
		}
		if got := finish(t, l, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("with room for %d bytes, the index that was saved is another", room)
		}
	}
}

func TestBrokenShelf(t *testing.T) {
	s := &board{room: 1 << 30}
	b := NewBuilder()
	b.Shelf, b.limit = s, 0
	pages := sample(600)
	b.Arrange(urls(pages))
	for _, p := range pages {
		add(t, b, p)
	}
	s.broken = true
	if err := b.Finish(&memory{nil, map[string][]byte{}}); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("got %v", err)
	}
}
