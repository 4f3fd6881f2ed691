package site

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// compressors make the forms in which a host can send a file without
// compressing it each time, by the ending that hosts look for. The levels are
// what a build of thousands of pages can wait for.
var compressors = map[string]func(data []byte) ([]byte, error){
	"gz": func(data []byte) ([]byte, error) {
		var b bytes.Buffer
		w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
		err = w.Close()
		return b.Bytes(), err
	},
	"br": func(data []byte) ([]byte, error) {
		var b bytes.Buffer
		w := brotli.NewWriterLevel(&b, 6)
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
		err := w.Close()
		return b.Bytes(), err
	},
	"zst": func(data []byte) ([]byte, error) {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
		if err != nil {
			return nil, err
		}
		defer w.Close()
		return w.EncodeAll(data, nil), nil
	},
}

// Forms reads a list such as "gz,br" of precompressed forms.
func Forms(list string) ([]string, error) {
	var out []string
	for _, f := range strings.Split(list, ",") {
		if f = strings.TrimSpace(f); f == "" {
			continue
		}
		if compressors[f] == nil {
			return nil, fmt.Errorf("%q is none of gz, br, zst", f)
		}
		out = append(out, f)
	}
	return out, nil
}

// worthPacking is the size in bytes from which compressing a file pays.
const worthPacking = 512

// packs reports whether a file of the site shrinks when it is compressed.
func packs(name string, size int) bool {
	switch path.Ext(name) {
	case ".html", ".css", ".js", ".json", ".md", ".svg", ".txt", ".xml":
		return size >= worthPacking
	}
	return false
}
