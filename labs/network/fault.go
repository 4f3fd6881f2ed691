package network

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// A Fault says what a host outside did wrong, or that it could not be asked. A
// step that failed while there was one is not the page's fault.
type Fault struct{ Host, What string }

func (f Fault) String() string { return f.Host + ": " + f.What }

// Faults lists what went wrong outside since the run began, in order.
func (n *Network) Faults() []Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Fault{}, n.faults...)
}

func (n *Network) fault(host, what string) {
	n.mu.Lock()
	n.faults = append(n.faults, Fault{host, what})
	n.mu.Unlock()
	n.opts.Log(host + ": " + what)
}

// atFault says whether an error of a registry's is the registry's fault, or the
// network's on the way to it. That an image is not there, or not for everyone,
// is not.
func atFault(err error) bool {
	var said *transport.Error
	if errors.As(err, &said) {
		return said.StatusCode/100 == 5 || said.StatusCode == http.StatusTooManyRequests
	}
	return true
}

// impatient gives up on answers that stop in the middle.
type impatient struct {
	next     http.RoundTripper
	patience time.Duration
}

func (t impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b := &patientBody{ReadCloser: resp.Body, patience: t.patience}
	b.timer = time.AfterFunc(t.patience, func() { _ = resp.Body.Close() })
	resp.Body = b
	return resp, nil
}

// patientBody is closed when a read takes too long.
type patientBody struct {
	io.ReadCloser
	patience time.Duration
	timer    *time.Timer
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.patience)
	k, err := b.ReadCloser.Read(p)
	if !b.timer.Stop() && err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("it said nothing for %s", b.patience)
	}
	return k, err
}

func (b *patientBody) Close() error {
	b.timer.Stop()
	return b.ReadCloser.Close()
}

// telling reports the error that ends a read, unless it is the end.
type telling struct {
	io.ReadCloser
	tell func(error)
}

func (t telling) Read(p []byte) (int, error) {
	k, err := t.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		t.tell(err)
	}
	return k, err
}
