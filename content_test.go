package docent_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestArchivesHoldTheirSources unpacks what the tutorial offers and compares
// it with the sources in this repository, both ways.
func TestArchivesHoldTheirSources(t *testing.T) {
	for _, c := range []struct {
		archive, prefix, source string
		folders                 []string // of source that must be in it whole; "." is its files
	}{
		{"nbody.tar.gz", "nbody/", "cuda/nbody", []string{"src", "test", "bench", "tools"}},
		{"python_dev.tar.gz", "", "content/containers_on_bcp/python_dev", []string{"."}},
	} {
		packed := unpack(t, filepath.Join("content/containers_on_bcp/assets", c.archive))
		for name, have := range packed {
			want, err := os.ReadFile(filepath.Join(c.source, strings.TrimPrefix(name, c.prefix)))
			if err != nil {
				t.Errorf("%s holds %s, whose source is gone: %v; run make downloads", c.archive, name, err)
			} else if !bytes.Equal(have, want) {
				t.Errorf("%s holds an old %s; run make downloads", c.archive, name)
			}
		}
		for _, folder := range c.folders {
			root := filepath.Join(c.source, folder)
			err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() || strings.Contains(name, "__pycache__") {
					return err
				}
				rel, err := filepath.Rel(c.source, name)
				if err != nil {
					return err
				}
				if _, ok := packed[c.prefix+filepath.ToSlash(rel)]; !ok {
					t.Errorf("%s lacks %s; run make downloads", c.archive, rel)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// unpack gives the regular files of a .tar.gz by name.
func unpack(t *testing.T, name string) map[string][]byte {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if files[h.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
}
