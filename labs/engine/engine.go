// Package engine carries out docker command lines on whatever container engine
// this machine has.
//
// The tutorials speak the docker command line, so that is the interface: an
// Engine is given the words a reader typed after "docker", and does them. Three
// engines stand behind it: docker (a daemon that is there, else a private one),
// podman (no daemon), and oci (runc or crun alone, which runs and does not
// build). One contract suite, enginetest, holds all three to the same promises.
//
// Whatever an engine makes carries the label docent.run=<run id> or lies under
// the run's scratch folder, so that Close, and Clean after a crash, find it.
package engine

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"docent/labs/gpu"
)

// Label is the key of the label that every container, image, network and volume
// made by a run carries. Its value is the run's id.
const Label = "docent.run"

// Engine carries out docker command lines for one run. Its methods may be
// called from several goroutines at once. After Close, every method fails.
type Engine interface {
	// Name is "docker", "podman" or "oci".
	Name() string

	// Version names the engine and its version, such as "docker 20.10.24".
	Version(ctx context.Context) (string, error)

	// Docker carries out one docker command line and returns its exit status as
	// the docker command would. A command that fails is not an error; err says
	// that the machine or the engine failed, and then exit is -1. When ctx
	// ends, the command gets SIGTERM, and SIGKILL a few seconds later; err then
	// wraps the cause of the end.
	Docker(ctx context.Context, call Call) (exit int, err error)

	// Image describes a local image. The error wraps ErrNoImage when there is
	// none of that name.
	Image(ctx context.Context, ref string) (*Image, error)

	// Load puts an image into the local store under a name, as if it had been
	// pulled.
	Load(ctx context.Context, ref string, img v1.Image) error

	// Save reads a local image. The image stays valid until Close.
	Save(ctx context.Context, ref string) (v1.Image, error)

	// CanBuild says whether "docker build" works here; if not, why.
	CanBuild() (bool, string)

	// Close stops and removes everything this engine made: containers, images,
	// networks, volumes, processes, mounts and its part of the scratch folder.
	// It is safe to call twice.
	Close(ctx context.Context) error
}

// Call is one docker command line.
type Call struct {
	Args []string // without the word "docker"
	Dir  string   // working folder; relative paths in Args start here
	Env  []string // environment of the command, as os.Environ gives it; nil means a bare one
	// Stdin, Stdout and Stderr may be terminals. nil is /dev/null.
	Stdin, Stdout, Stderr *os.File
	// GPUs are those that a container of this call may have; nil means those of
	// the engine's options.
	GPUs []gpu.Device
	// Signals are handed on to the command: SIGINT, SIGTERM, SIGWINCH.
	Signals <-chan os.Signal
}

// Image describes a local image.
type Image struct {
	Ref     string    `json:"ref"`              // the name it was asked by
	ID      string    `json:"id"`               // digest of the configuration, "sha256:..."
	Digest  string    `json:"digest,omitempty"` // digest of the manifest, where a registry gave one
	Created time.Time `json:"created"`
	Size    int64     `json:"size"` // bytes, uncompressed, all layers
	Layers  []Layer   `json:"layers"`
	Labels  map[string]string
}

// Layer is one layer of an image, from the bottom up.
type Layer struct {
	Digest    string `json:"digest"` // of the uncompressed layer (its diff id)
	Size      int64  `json:"size"`   // bytes, uncompressed
	CreatedBy string `json:"created_by"`
}

// layersByID remembers the layers of images: an image's id is the digest of what
// says which they are, and asking for their sizes is a command of its own.
type layersByID struct{ known sync.Map }

func (l *layersByID) of(id string) []Layer {
	layers, _ := l.known.Load(id)
	known, _ := layers.([]Layer)
	return slices.Clone(known)
}

func (l *layersByID) keep(id string, layers []Layer) []Layer {
	l.known.Store(id, slices.Clone(layers))
	return layers
}

// Source is what an engine asks of the lab's network where its own traffic
// cannot be led there: a docker daemon that was running before the lab.
type Source interface {
	// Provide gives the image that the lab's network has for a name. ok is
	// false when it has none and the engine may ask the outside.
	Provide(ctx context.Context, ref string) (img v1.Image, ok bool, err error)
	// File gives the path of the file that the lab's network has for an address.
	// ok is false when it has none and the engine may ask the outside; the error
	// says that it may not.
	File(address string) (path string, ok bool, err error)
	// Accept takes a pushed image.
	Accept(ctx context.Context, ref string, img v1.Image) error
}

// Options say how to open an engine.
type Options struct {
	Name    string // "auto" (or empty), "docker", "podman" or "oci"
	RunID   string // value of the label; letters, digits, '-' and '_'
	Scratch string // folder for this run, absolute; the engine makes its own folder in it
	Proxy   string // URL of the lab's proxy, with the token; empty for none
	CACert  string // PEM file with the certificates to trust in place of the system's; empty for the system's
	NoProxy string // hosts that are reached without the proxy, comma separated

	// CDI says how GPUs get into containers that ask with --gpus; nil means
	// gpu.CDI is asked when the first does. GPUs, if not nil, are those a
	// container may have: --gpus all means these.
	CDI  *gpu.Spec
	GPUs []gpu.Device

	// Source stands in for the proxy where a daemon cannot be led through one.
	Source Source

	// Mounts are the host folders that a container may be given with -v or
	// --mount, besides Scratch. A bind of anything else is refused. nil refuses
	// nothing.
	Mounts []string

	// Private asks for a daemon of the run's own even if one answers. Led asks
	// for one where that can be had: only a daemon of the run's own can be led
	// through the proxy with everything it does.
	Private bool
	Led     bool

	// Store is a folder that a Keeper of the same name and version was told to
	// keep its images in. The engine takes it over; empty is none.
	Store string

	// LeadAll leads also containers and builds through the proxy, for what they
	// ask for over http.
	LeadAll bool

	Log func(string) // lines about what the engine does; nil drops them
}

// Missing says that this machine lacks something. It ends a command with exit
// code 3.
type Missing struct {
	What    string // a sentence's subject, such as "a container engine"
	Install string // the command that installs it; empty where none can
}

func (e *Missing) Error() string {
	if e.Install == "" {
		return "this machine lacks " + e.What
	}
	return fmt.Sprintf("this machine lacks %s; install it with: %s", e.What, e.Install)
}

// ErrNoImage says that the engine has no image of that name.
var ErrNoImage = fmt.Errorf("no such image")

// Finding is one line of what Survey found.
type Finding struct {
	Name    string `json:"name"`              // "docker", "podman", "oci", "build root" ...
	OK      bool   `json:"ok"`                // it can be used as it is
	Detail  string `json:"detail"`            // version, or what is wrong
	Install string `json:"install,omitempty"` // the command that puts it right
}
