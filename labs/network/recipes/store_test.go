package recipes_test

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docent/labs/network/recipes"
)

func TestForFindsTheRecipe(t *testing.T) {
	for image, want := range map[string]string{
		"nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04":       "devel",
		"nvcr.io/nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04": "devel",
		"nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04":        "base",
		"nvcr.io/nvidia/cuda:11.8.0-runtime-ubuntu20.04":     "base",
		"docker.io/nvidia/cuda:12.4.1-devel-ubuntu22.04":     "devel",
		"nvcr.io/nvidia/pytorch:24.03-py3":                   "pytorch",
		"nvcr.io/nvidia/tensorflow:24.03-tf2-py3":            "",
		"docker.io/library/debian:12":                        "",
		"example.org/nvidia/cuda:12.4.1-devel-ubuntu22.04":   "",
		"nvcr.io/evil/nvidia/pytorch:24.03":                  "",
	} {
		got := ""
		if r := recipes.For(image); r != nil {
			got = r.Name
		}
		if got != want {
			t.Errorf("For(%q) = %q, want %q", image, got, want)
		}
	}
}

func TestDigestsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, r := range recipes.All() {
		d := r.Digest()
		if len(d) != len("sha256:")+64 {
			t.Errorf("%s: digest %q", r.Name, d)
		}
		if other := seen[d]; other != "" {
			t.Errorf("%s and %s have one digest", r.Name, other)
		}
		seen[d] = r.Name
	}
}

// store is the user's own, so that a stand-in is built once per machine.
func store(t *testing.T) *recipes.Store {
	t.Helper()
	if err := recipes.Ready(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return &recipes.Store{Dir: filepath.Join(dir, "docent", "standins"), Log: func(s string) { t.Log(s) },
		Progress: func(what, step string, done float64, elapsed time.Duration) {}}
}

// TestImages builds every stand-in and looks for what makes it one.
func TestImages(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: builds stand-ins")
	}
	s := store(t)
	for image, wants := range map[string][]string{
		"nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04":  {"usr/bin/dpkg"},
		"nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04": {"usr/bin/dpkg", "usr/bin/nvcc", "usr/bin/make", "usr/bin/g++-11"},
		"nvcr.io/nvidia/pytorch:24.03-py3":             {"usr/bin/dpkg", "usr/local/bin/jupyter-lab", "opt/index/torch-2.2.2-py3-none-any.whl", "etc/pip.conf"},
	} {
		began := time.Now()
		img, err := s.Image(t.Context(), recipes.For(image), image)
		if err != nil {
			t.Errorf("%s: %v", image, err)
			continue
		}
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		have := map[string]bool{}
		var total int64
		for _, l := range layers {
			n, err := l.Size()
			if err != nil {
				t.Fatal(err)
			}
			total += n
			rc, err := l.Uncompressed()
			if err != nil {
				t.Fatal(err)
			}
			for r := tar.NewReader(rc); ; {
				h, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s: read its layer: %v", image, err)
				}
				have[strings.TrimSuffix(h.Name, "/")] = true
			}
			_ = rc.Close()
		}
		t.Logf("%s: %d layers, %d MB, %v", image, len(layers), total/1e6, time.Since(began).Round(time.Millisecond))
		for _, w := range wants {
			if !have[w] {
				t.Errorf("%s has no %s", image, w)
			}
		}
		c, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if c.Config.Labels["docent.standin"] != image {
			t.Errorf("%s does not say that it is a stand-in: %v", image, c.Config.Labels)
		}
		if total > 1.5e9 {
			t.Errorf("%s has %d bytes, more than 1.5 GB", image, total)
		}
	}
}

func TestImageStopsWhenTold(t *testing.T) {
	store(t) // for its skip
	s := &recipes.Store{Dir: t.TempDir(), Log: func(string) {}, Progress: func(string, string, float64, time.Duration) {}}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("told to"))
	defer cancel()
	image := "nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04"
	if _, err := s.Image(ctx, recipes.For(image), image); err == nil || !strings.Contains(err.Error(), "told to") {
		t.Fatalf("error %v, want the reason of the stop", err)
	}
	left, _ := filepath.Glob(filepath.Join(s.Dir, "build-*"))
	if len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
