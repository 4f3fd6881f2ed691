// Package network is the lab's own registry and its way out.
//
// A Network is a proxy on loopback, under a certificate authority made for the
// run, which answers for the hosts of the mirror: container registries from an
// in-process registry and, where the real image cannot be had, from stand-ins
// that recipes build; published files from the site's own folder. Every other
// host is refused in a hermetic run and let through, and written down, else.
package network

import (
	"fmt"
	"net/http"
	"time"
)

// Missing says that this machine lacks something needed to build a stand-in.
type Missing struct {
	What    string
	Install string // the command that installs it
}

func (e *Missing) Error() string {
	if e.Install == "" {
		return "this machine lacks " + e.What
	}
	return fmt.Sprintf("this machine lacks %s; install it with: %s", e.What, e.Install)
}

// Options say how to start a network.
type Options struct {
	// Cache is the folder for built stand-ins, keyed by recipe digest. Empty
	// means "docent" in the user's cache folder.
	Cache string
	// Scratch is the folder for what this run makes: its certificates and the
	// images pushed to it. It is emptied by Close.
	Scratch string
	// RunID marks what this run makes.
	RunID string
	// Hermetic refuses every host the mirror does not answer for.
	Hermetic bool
	// Allow are further hosts let through in a hermetic run ("host" or
	// "host:port"); the package mirrors this machine is configured with are
	// among them always.
	Allow []string
	// Files are published files: URL (without query) to local path.
	Files map[string]string
	// Record keeps in the mirror what comes from hosts outside, but images.
	Record bool
	// Answer plays further hosts: host to what answers for it, over http and https.
	Answer map[string]http.Handler
	// Outside is how requests leave this machine; nil is straight, or through the
	// proxy that the environment names.
	Outside *http.Transport
	// Patience is how long a host may say nothing in the middle of an answer; 0
	// is a minute.
	Patience time.Duration
	// Log gets lines about what happens; Progress how far a stand-in's build is.
	Log      func(string)
	Progress func(Progress)
}

// Progress is how far a long piece of work is.
type Progress struct {
	What    string  // such as "building the stand-in nvidia/cuda:12.4.1-devel-ubuntu22.04"
	Step    string  // what is done right now
	Done    float64 // 0 to 1
	Elapsed time.Duration
}

// StandIn is what plays an image that could not be pulled.
type StandIn struct {
	Name   string `json:"name"`   // the image it plays, such as "nvcr.io/nvidia/pytorch:24.03-py3"
	Recipe string `json:"recipe"` // the recipe's name, such as "pytorch"
	Digest string `json:"digest"` // of the recipe with its inputs, "sha256:..."
}

// HostUse says that a run touched an outside host.
type HostUse struct {
	Host     string `json:"host"`
	Outcome  string `json:"outcome"` // "served" from the lab, "allowed" out, or "refused"
	Requests int    `json:"requests"`
	Bytes    int64  `json:"bytes"` // received from the host, or served in its name
}
