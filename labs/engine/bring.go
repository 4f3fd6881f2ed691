package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// addLine is an instruction that fetches one file: ADD [flags] https://... dest.
var addLine = regexp.MustCompile(`(?i)^(\s*)ADD((?:\s+--\S+)*)\s+(https?://\S+)\s+(\S+)\s*$`)

// bring makes the files that a Dockerfile adds from the lab's network known to a
// daemon that cannot be led there: each becomes an image of that one file, and
// "ADD https://..." a COPY from it, in a Dockerfile of our own. It gives that
// file's path; "" when nothing is to be brought.
func (e *docker) bring(ctx context.Context, dockerfile string) (string, error) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return "", nil // the build says so best
	}
	lines := strings.Split(string(text), "\n")
	brought := 0
	for i, line := range lines {
		m := addLine.FindStringSubmatch(line)
		if m == nil || strings.Contains(m[2], "--checksum") {
			continue
		}
		file, ok, err := e.opts.Source.File(m[3])
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		brought++
		ref := fmt.Sprintf("docent.invalid/%s/file:%d", strings.ToLower(e.opts.RunID), brought)
		u, err := url.Parse(m[3])
		if err != nil {
			continue
		}
		name := path.Base(u.Path)
		img, err := fileImage(name, file, e.opts.RunID)
		if err != nil {
			return "", fmt.Errorf("bring %s to the daemon: %w", m[3], err)
		}
		if err := e.Load(ctx, ref, img); err != nil {
			return "", err
		}
		lines[i] = fmt.Sprintf("%sCOPY%s --from=%s /%s %s", m[1], m[2], ref, name, m[4])
	}
	if brought == 0 {
		return "", nil
	}
	// Messages of the build name the file, so it keeps its name.
	dir, err := os.MkdirTemp(e.dir, "dockerfile-*")
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, filepath.Base(dockerfile))
	return to, os.WriteFile(to, []byte(strings.Join(lines, "\n")), 0o600)
}

// fileImage is an image with one file, which has the mode that ADD gives it.
func fileImage(name, from, run string) (v1.Image, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: time.Unix(0, 0)}); err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch()
	config.Config.Labels = map[string]string{Label: run}
	return mutate.ConfigFile(img, config)
}

// withoutFile drops -f from what follows "build".
func withoutFile(rest []string) []string {
	var out []string
	for i := 0; i < len(rest); i++ {
		switch a := rest[i]; {
		case a == "-f" || a == "--file":
			i++
		case strings.HasPrefix(a, "--file="), strings.HasPrefix(a, "-f="):
		default:
			out = append(out, a)
		}
	}
	return out
}
