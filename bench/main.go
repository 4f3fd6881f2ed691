// Command bench measures Docent beside its peers: the same site, made from a
// seed at any size, is built by each in turn on the same machine.
//
//	go run ./bench [-pages 1000,10000] [-rounds 3] [-only build,rst,warm,serve,sphinx] [-alone]
//
// Wall time on a busy machine says little by itself; the ratios of runs that
// alternate say more, and processor time is the steadiest of all.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// hugoVersion is the last that builds with this repository's Go.
const hugoVersion = "v0.165.0"

func main() {
	pages := flag.String("pages", "1000,10000", "sizes of the site, in pages")
	rounds := flag.Int("rounds", 3, "runs of each program; the median counts")
	saves := flag.Int("saves", 60, "how often the preview benchmark saves a page")
	only := flag.String("only", "build,rst,warm,serve", "which benchmarks: build, rst, warm, serve, sphinx")
	seed := flag.Int64("seed", 1, "of the site's text")
	work := flag.String("work", "build/bench", "folder for the sites and what is made of them")
	programs := flag.String("programs", "", "folder with `generator` and `hugo`, on a machine without Go")
	alone := flag.Bool("alone", false, "leave Hugo out")
	sphinx := flag.String("sphinx-source", "", "a Sphinx tree to build with sphinx-build and with Docent")
	flag.Parse()
	if err := run(*pages, *only, *sphinx, bench{alone: *alone, rounds: *rounds, saves: *saves, seed: *seed, work: *work, given: *programs}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench holds what all benchmarks share.
type bench struct {
	alone         bool // without Hugo
	rounds, saves int
	seed          int64
	work          string // absolute
	given         string // folder of the programs, or ""
	docent, hugo  string // the programs
	sources       string // of the size at hand
	runs          int    // so far
}

func run(sizes, only, sphinx string, b bench) error {
	var err error
	if b.work, err = filepath.Abs(b.work); err != nil {
		return err
	}
	if err := os.MkdirAll(b.work, 0o777); err != nil {
		return err
	}
	os.RemoveAll(b.outputs())
	defer os.RemoveAll(b.outputs())
	want := map[string]bool{}
	for _, o := range strings.Split(only, ",") {
		want[strings.TrimSpace(o)] = true
	}
	if err := b.programs(!b.alone && (want["build"] || want["serve"])); err != nil {
		return err
	}
	for _, s := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 1 {
			return fmt.Errorf("-pages %q is no list of numbers", sizes)
		}
		if err := b.size(n, want); err != nil {
			return fmt.Errorf("%d pages: %w", n, err)
		}
	}
	if want["sphinx"] {
		return b.sphinxTree(sphinx)
	}
	return nil
}

// programs builds Docent from this tree and Hugo from its module.
func (b *bench) programs(hugo bool) (err error) {
	if b.given != "" {
		if b.given, err = filepath.Abs(b.given); err != nil {
			return err
		}
		b.docent, b.hugo = filepath.Join(b.given, "generator"), filepath.Join(b.given, "hugo")
		return nil
	}
	b.docent = filepath.Join(b.work, "generator")
	build := exec.Command("go", "build", "-trimpath", "-o", b.docent, "./generator")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the generator (run this in the repository's root): %w\n%s", err, out)
	}
	b.hugo = filepath.Join(b.work, "hugo-"+hugoVersion, "hugo")
	if _, err := os.Stat(b.hugo); err == nil || !hugo {
		return nil
	}
	fmt.Println("installing Hugo", hugoVersion, "from the Go module proxy")
	get := exec.Command("go", "install", "github.com/gohugoio/hugo@"+hugoVersion)
	get.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+filepath.Dir(b.hugo), "GOFLAGS=")
	if out, err := get.CombinedOutput(); err != nil {
		return fmt.Errorf("install Hugo: %w\n%s", err, out)
	}
	return nil
}

// size runs the wanted benchmarks at one size.
func (b *bench) size(n int, want map[string]bool) error {
	b.sources = filepath.Join(b.work, fmt.Sprintf("site-%d-%d", n, b.seed))
	if _, err := os.Stat(filepath.Join(b.sources, "done")); err != nil {
		if err := generate(b.sources, n, b.seed); err != nil {
			return err
		}
	}
	fmt.Printf("\n%d pages\n", n)
	for _, one := range []struct {
		name string
		f    func() error
	}{{"build", b.cold}, {"rst", b.restructured}, {"warm", b.warm}, {"serve", b.serve}} {
		if want[one.name] {
			if err := one.f(); err != nil {
				return err
			}
		}
	}
	return nil
}
