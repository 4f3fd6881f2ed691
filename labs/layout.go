package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"docent/labs/engine"
)

// refNames are the annotations of an OCI layout that name an image.
var refNames = []string{"io.containerd.image.name", "org.opencontainers.image.ref.name"}

// loadLayout puts the images of an OCI layout, or of a tar file that docker
// save wrote, into the engine under the names they have there.
func loadLayout(ctx context.Context, e engine.Engine, path string) (refs []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, usagef("--image-layout %s: %v", path, err)
	}
	if !info.IsDir() {
		if names, err := saved(path); err == nil && len(names) > 0 {
			for _, n := range names {
				img, err := tarball.ImageFromPath(path, &n)
				if err != nil {
					return nil, fmt.Errorf("reading %s from %s: %w", n.String(), path, err)
				}
				if err := e.Load(ctx, n.String(), img); err != nil {
					return nil, fmt.Errorf("loading %s: %w", n.String(), err)
				}
				refs = append(refs, n.String())
			}
			return refs, nil
		}
		dir, err := os.MkdirTemp("", "docent-layout-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if err := unpack(path, dir); err != nil {
			return nil, fmt.Errorf("--image-layout %s: %w", path, err)
		}
		path = dir
	}
	index, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, usagef("--image-layout %s: this is no OCI layout: %v", path, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("--image-layout %s: %w", path, err)
	}
	for _, m := range manifest.Manifests {
		name := ""
		for _, key := range refNames {
			if name == "" {
				name = m.Annotations[key]
			}
		}
		if name == "" || !m.MediaType.IsImage() {
			continue
		}
		img, err := index.Image(m.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if err := e.Load(ctx, name, img); err != nil {
			return nil, fmt.Errorf("loading %s: %w", name, err)
		}
		refs = append(refs, name)
	}
	if len(refs) == 0 {
		return nil, usagef("--image-layout %s: no image in it has a name (annotation %s)", path, refNames[1])
	}
	return refs, nil
}

// saved lists the names of the images in a docker save file.
func saved(path string) ([]name.Tag, error) {
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		return nil, err
	}
	var tags []name.Tag
	for _, m := range manifest {
		for _, t := range m.RepoTags {
			tag, err := name.NewTag(t)
			if err != nil {
				return nil, err
			}
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

// unpack writes the files of a tar to a folder. Only plain files are written,
// and only inside.
func unpack(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	tr := tar.NewReader(f)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("this is no tar file: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := filepath.Clean(h.Name)
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		out, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, tr)
		if cerr := out.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
}

// saveImages writes the images that were pushed in this run to an OCI layout,
// under the names they were pushed as.
func (b *bench) saveImages(dir string, v *view) error {
	p, err := layout.FromPath(dir)
	if err != nil {
		if p, err = layout.Write(dir, empty.Index); err != nil {
			return fmt.Errorf("--save-images %s: %w", dir, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(b.pushed)
	for _, ref := range slices.Compact(b.pushed) {
		img, err := b.net.Pushed(ref)
		if err != nil {
			continue // it was pushed to a registry outside
		}
		v.status("saving " + ref)
		if err := p.ReplaceImage(img, match.Annotation(refNames[1], ref), layout.WithAnnotations(map[string]string{refNames[1]: ref})); err != nil {
			return fmt.Errorf("saving %s: %w", ref, err)
		}
	}
	v.status("")
	return nil
}
