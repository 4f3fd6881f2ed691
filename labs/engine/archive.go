package engine

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// writeArchive writes an image in the form that "docker load" reads, its layers
// uncompressed: the archive goes from one process to the next on this machine,
// where compressing costs more than it saves.
func writeArchive(to io.Writer, tag name.Tag, img v1.Image) error {
	w := tar.NewWriter(to)
	add := func(name string, size int64, r io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}); err != nil {
			return err
		}
		_, err := io.CopyN(w, r, size)
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	id, err := img.ConfigName()
	if err != nil {
		return err
	}
	if err := add(id.Hex+".json", int64(len(config)), bytes.NewReader(config)); err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	var names []string
	done := map[string]bool{}
	for _, l := range layers {
		diff, err := l.DiffID()
		if err != nil {
			return err
		}
		file := diff.Hex + ".tar"
		names = append(names, file)
		if done[file] {
			continue
		}
		done[file] = true
		size, err := plainSize(l)
		if err != nil {
			return err
		}
		rc, err := l.Uncompressed()
		if err != nil {
			return err
		}
		err = add(file, size, rc)
		_ = rc.Close()
		if err != nil {
			return fmt.Errorf("layer %s: %w", diff, err)
		}
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": id.Hex + ".json", "RepoTags": []string{tag.Name()}, "Layers": names}})
	if err != nil {
		return err
	}
	if err := add("manifest.json", int64(len(manifest)), bytes.NewReader(manifest)); err != nil {
		return err
	}
	return w.Close()
}

// plainSize is a layer's uncompressed size in bytes. A layer that is kept
// uncompressed knows it; others must be read.
func plainSize(l v1.Layer) (int64, error) {
	digest, err := l.Digest()
	if err != nil {
		return 0, err
	}
	diff, err := l.DiffID()
	if err != nil {
		return 0, err
	}
	if digest == diff {
		return l.Size()
	}
	rc, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	defer func() { _ = rc.Close() }()
	return io.Copy(io.Discard, rc)
}

// readArchive reads the image of an archive that an engine saved. The file must
// stay as long as the image is used.
func readArchive(path, ref string) (v1.Image, error) {
	img, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return nil, fmt.Errorf("read the saved image %s: %w", ref, err)
	}
	return img, nil
}
