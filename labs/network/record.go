package network

import (
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// A recorder keeps what comes from hosts outside, so that a later run on a machine
// without a network has it, too.
type recorder struct {
	mirror *Mirror
	dir    string // for what is on its way

	mu   sync.Mutex
	kept map[string]bool // addresses
	errs []error
}

// wholeAnswers takes out of a request what would bring less than all.
func wholeAnswers(r *http.Request) {
	for _, h := range []string{"Range", "If-Range", "If-Modified-Since", "If-None-Match"} {
		r.Header.Del(h)
	}
}

// answer keeps one answer while it is read. The reader that it gives must be read
// to its end, else nothing is kept.
func (c *recorder) answer(address string, resp *http.Response) io.Reader {
	c.mu.Lock()
	had := c.kept[address]
	c.mu.Unlock()
	if had {
		return resp.Body
	}
	switch {
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		c.put(address, func() error { return c.mirror.putMoved(address, resp.Header.Get("Location")) })
		return resp.Body
	case resp.StatusCode != http.StatusOK:
		return resp.Body
	}
	f, err := os.CreateTemp(c.dir, "record-*")
	if err != nil {
		c.failed(err)
		return resp.Body
	}
	return &recording{resp.Body, f, resp.ContentLength, 0, func() {
		c.put(address, func() error {
			data, err := os.ReadFile(f.Name())
			if err == nil {
				_, err = c.mirror.putFile(address, data)
			}
			return err
		})
	}}
}

func (c *recorder) failed(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// put changes the mirror, one answer at a time.
func (c *recorder) put(address string, do func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := do(); err != nil {
		c.errs = append(c.errs, err)
		return
	}
	c.kept[address] = true
}

// recording is the body of an answer that is kept on its way.
type recording struct {
	from io.Reader
	to   *os.File
	want int64 // bytes; -1 if it was not said
	got  int64
	done func()
}

func (r *recording) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if r.to == nil {
		return n, err
	}
	_, werr := r.to.Write(p[:n])
	r.got += int64(n)
	if err == nil && werr == nil {
		return n, nil
	}
	cerr := r.to.Close()
	if err == io.EOF && werr == nil && cerr == nil && (r.want < 0 || r.want == r.got) {
		r.done()
	}
	_ = os.Remove(r.to.Name())
	r.to = nil
	return n, err
}

// Recorded lists the addresses that were kept, and what went wrong.
func (n *Network) Recorded() (addresses []string, errs []error) {
	if n.recorder == nil {
		return nil, nil
	}
	n.recorder.mu.Lock()
	defer n.recorder.mu.Unlock()
	return slices.Sorted(maps.Keys(n.recorder.kept)), slices.Clone(n.recorder.errs)
}

// LeadsAll says whether also what containers and builds ask for over http must
// go through the proxy: in a run that is recorded, and in a hermetic one that has
// a package mirror's answers.
func (n *Network) LeadsAll() bool { return n.recorder != nil || n.opts.Hermetic && len(n.recorded) > 0 }

// startRecording has a network keep what comes from outside.
func (n *Network) startRecording() {
	n.recorder = &recorder{mirror: n.mirror, dir: filepath.Join(n.dir, "blobs"), kept: map[string]bool{}}
}

// placeOf is what an address is looked up by: what the scheme is does not matter.
func placeOf(host, path, query string) string {
	if query != "" {
		path += "?" + query
	}
	return strings.ToLower(host) + path
}
