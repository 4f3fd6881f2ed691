package network

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A Push is an image that was pushed in a run, as far as it must be kept for
// another run to have it.
type Push struct {
	Image    string          `json:"image"`
	Kind     types.MediaType `json:"kind"`
	Manifest []byte          `json:"manifest"`
	Blobs    []string        `json:"blobs"` // hex SHA-256
}

// Pushes lists what was pushed in this run so far. keep is given each blob's
// file and digest.
func (n *Network) Pushes(keep func(path, digest string) error) ([]Push, error) {
	n.mu.Lock()
	var refs []string
	for key := range n.pushed {
		repo, tag, _ := strings.Cut(key, " ")
		sep := ":"
		if strings.HasPrefix(tag, "sha256:") {
			sep = "@"
		}
		refs = append(refs, repo+sep+tag)
	}
	n.mu.Unlock()
	var list []Push
	for _, ref := range refs {
		img, err := n.Pushed(ref)
		if err != nil {
			return nil, err
		}
		p := Push{Image: ref}
		if p.Kind, err = img.MediaType(); err != nil {
			return nil, err
		}
		if !p.Kind.IsImage() {
			return nil, fmt.Errorf("%s is a %s", ref, p.Kind)
		}
		if p.Manifest, err = img.RawManifest(); err != nil {
			return nil, err
		}
		m, err := img.Manifest()
		if err != nil {
			return nil, err
		}
		for _, d := range append([]v1.Descriptor{m.Config}, m.Layers...) {
			if err := keep(n.shelf.path(d.Digest), d.Digest.Hex); err != nil {
				return nil, err
			}
			p.Blobs = append(p.Blobs, d.Digest.Hex)
		}
		list = append(list, p)
	}
	return list, nil
}

// Strangers lists the hosts outside that the run reached and that are neither
// image registries, of which is known what they gave, nor let through in a
// hermetic run.
func (n *Network) Strangers() []string {
	var list []string
	for _, h := range n.Hosts() {
		if h.Outcome == "allowed" && !registryHosts[h.Host] && !n.allowed()[h.Host] {
			list = append(list, h.Host)
		}
	}
	return list
}

// PushAgain has the registry hold what an earlier run had pushed. path gives the
// file of a blob, which must stay while the network is open.
func (n *Network) PushAgain(list []Push, path func(digest string) string) error {
	for _, push := range list {
		ref, err := name.ParseReference(push.Image)
		if err != nil {
			return err
		}
		for _, b := range push.Blobs {
			n.shelf.lend(v1.Hash{Algorithm: "sha256", Hex: b}, path(b))
		}
		host, repo := dockerHub(ref.Context().RegistryStr()), ref.Context().RepositoryStr()
		if err := n.registryFor(host).next.(*playedRegistry).put(repo, ref.Identifier(), push.Kind, push.Manifest); err != nil {
			return err
		}
		n.mu.Lock()
		n.pushed[host+"/"+repo+" "+ref.Identifier()] = true
		n.mu.Unlock()
	}
	return nil
}
