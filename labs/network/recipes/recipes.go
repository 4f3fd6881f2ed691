// Package recipes builds the images that play base images which cannot be
// pulled: Debian, plus the tools that the real image is used for. A recipe is a
// script that runs in a root file system; what it changes becomes one layer.
// Recipes share the layer below them.
//
// A stand-in is never taken for the real thing: its configuration says what it
// is in the label docent.standin, and every verdict that used one says so.
package recipes

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"sort"
	"strings"
)

// format changes when the way layers are made does, so that old ones are made
// anew.
const format = "1"

// suite is the Debian release that all recipes start from.
const suite = "bookworm"

//go:embed base devel pytorch
var scripts embed.FS

// Recipe says how to build a stand-in.
type Recipe struct {
	Name   string // also the folder of its files: run.sh and what that needs
	parent *Recipe
	plays  *regexp.Regexp // names it plays, as authors write them
	env    func(image string) []string
	about  string // what the history of the image says
	takes  int    // seconds a build takes, for the progress bar
}

var (
	base = &Recipe{
		Name: "base", takes: 60, about: "Debian " + suite + " and the CUDA runtime library, playing nvidia/cuda base",
		plays: regexp.MustCompile(`^nvcr\.io/nvidia/cuda:[0-9.]+-(base|runtime)-|^docker\.io/nvidia/cuda:[0-9.]+-(base|runtime)-`),
		env:   cudaEnv,
	}
	devel = &Recipe{
		Name: "devel", parent: base, takes: 120, about: "Debian's CUDA toolkit 11.8 without its maths libraries, playing nvidia/cuda devel",
		plays: regexp.MustCompile(`^(nvcr|docker)\.io/nvidia/cuda:[0-9.]+-(cudnn[0-9]*-)?devel-`),
		env:   cudaEnv,
	}
	pytorch = &Recipe{
		Name: "pytorch", parent: base, takes: 90, about: "Debian's Python and Jupyter with stand-in wheels, playing nvidia/pytorch",
		plays: regexp.MustCompile(`^nvcr\.io/nvidia/pytorch:`),
		env: func(string) []string {
			return append(cudaEnv(""), "NVIDIA_PYTORCH_VERSION=24.03", "PIP_ROOT_USER_ACTION=ignore", "SHELL=/bin/bash", "LC_ALL=C.UTF-8")
		},
	}
)

// All lists the recipes, each after the one it builds on.
func All() []*Recipe { return []*Recipe{base, devel, pytorch} }

// For finds the recipe that plays an image, named with its registry; nil if
// there is none.
func For(image string) *Recipe {
	for _, r := range All() {
		if r.plays.MatchString(image) {
			return r
		}
	}
	return nil
}

var cudaVersion = regexp.MustCompile(`/cuda:([0-9.]+)-`)

// cudaEnv is what NVIDIA's images set, as far as programs look at it. The
// toolkit says its own version; CUDA_VERSION is the real image's.
func cudaEnv(image string) []string {
	env := []string{
		"PATH=/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
		"LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64",
	}
	if m := cudaVersion.FindStringSubmatch(image); m != nil {
		env = append(env, "CUDA_VERSION="+m[1])
	}
	return env
}

// Digest names the recipe with all that goes into it; two recipes of one digest
// make the same stand-in, but for the age of Debian's packages.
func (r *Recipe) Digest() string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00", format, suite, runtime.GOARCH, r.Name)
	if r.parent != nil {
		_, _ = fmt.Fprintf(h, "%s\x00", r.parent.Digest())
	}
	files := r.files()
	var names []string
	for n := range files {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		_, _ = fmt.Fprintf(h, "%s\x00%d\x00%s", n, len(files[n]), files[n])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// files are the recipe's own: name to text.
func (r *Recipe) files() map[string]string {
	list := map[string]string{}
	entries, err := fs.ReadDir(scripts, r.Name)
	if err != nil {
		return list
	}
	for _, e := range entries {
		if text, err := fs.ReadFile(scripts, path.Join(r.Name, e.Name())); err == nil {
			list[e.Name()] = string(text)
		}
	}
	return list
}

// steps counts the script's progress lines.
func (r *Recipe) steps() int { return strings.Count(r.files()["run.sh"], "\nstep ") }

// Lacking says that this machine cannot build a stand-in as it is.
type Lacking struct{ What, Install string }

func (e *Lacking) Error() string {
	if e.Install == "" {
		return "this machine lacks " + e.What
	}
	return "this machine lacks " + e.What + "; install it with: " + e.Install
}
