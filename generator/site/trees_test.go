package site

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"docent/generator/doc"
	"docent/generator/html"
)

// TestTrees keeps the trees of real pages in memory, in the file, and where
// neither has room, and expects the same site of each.
func TestTrees(t *testing.T) {
	src := filepath.Join("..", "..", "content")
	build := func(before func(*Site)) *Memory {
		s, err := Load(context.Background(), Options{Source: src})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		before(s)
		m := &Memory{}
		if err := s.Write(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	refill := func(s *Site) {
		s.trees.held = 1 << 40
		for _, p := range s.pages {
			d, err := s.tree(p)
			if err != nil {
				t.Fatal(err)
			}
			p.kept, _ = s.trees.keep(d)
		}
	}
	want := build(func(s *Site) {
		for _, p := range s.pages {
			p.kept = nil
		}
	})
	for _, c := range []struct {
		name   string
		before func(*Site)
	}{
		{"memory", func(*Site) {}},
		{"file", func(s *Site) {
			refill(s)
			for _, p := range s.pages {
				if p.kept == nil || p.kept.size == 0 {
					t.Errorf("%s is not in the file", p.name)
				}
			}
			if _, err := os.Stat(s.trees.shelf.file.Name()); err == nil {
				t.Errorf("%s is still there", s.trees.shelf.file.Name())
			}
		}},
		{"no room", func(s *Site) {
			t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
			refill(s)
			for _, p := range s.pages {
				if p.kept != nil {
					t.Errorf("%s is kept", p.name)
				}
			}
		}},
	} {
		got := build(c.before)
		if !reflect.DeepEqual(got.files, want.files) {
			for name := range want.files {
				if string(got.files[name]) != string(want.files[name]) {
					t.Errorf("%s: %s differs", c.name, name)
				}
			}
		}
	}
}

// TestLinkAnswer fails when a link gets a field that its answer leaves out.
func TestLinkAnswer(t *testing.T) {
	base := linkAnswer(html.Link{}, true, nil)
	typ := reflect.TypeFor[html.Link]()
	for i := range typ.NumField() {
		var l html.Link
		switch f := reflect.ValueOf(&l).Elem().Field(i); f.Interface().(type) {
		case string:
			f.SetString("x")
		case []string:
			f.Set(reflect.ValueOf([]string{"x"}))
		case *doc.Node:
			f.Set(reflect.ValueOf(doc.NewText(doc.Pos{}, "x")))
		default:
			t.Fatalf("field %s has a type that this test does not know", typ.Field(i).Name)
		}
		if linkAnswer(l, true, nil) == base {
			t.Errorf("field %s is no part of the answer", typ.Field(i).Name)
		}
	}
}
