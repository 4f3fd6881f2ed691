package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"docent/labs/network"
	"docent/labs/network/recipes"
)

// mirrorFile is the file of a content folder that says what its labs need of the
// outside, besides the images that the pages name.
const mirrorFile = "labs-mirror.yaml"

// A wanted list is what a mirror file says.
type wanted struct {
	Images []string `yaml:"images"` // references
	Files  []string `yaml:"files"`  // addresses
	Hosts  []string `yaml:"hosts"`  // that a hermetic run may reach all the same, such as a package mirror of one's own
	// Packages of the Python package index, as pip takes them, and the version
	// of Python that they are for; without one it is this machine's.
	Packages []string `yaml:"packages"`
	Python   string   `yaml:"python"`
}

// readWanted reads the mirror file of a content folder; without one, nothing is
// wanted.
func readWanted(source string) (wanted, error) {
	var w wanted
	path := filepath.Join(source, mirrorFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return w, nil
	} else if err != nil {
		return w, fmt.Errorf("reading the mirror file: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(text, &w, yaml.Strict()); err != nil {
		return w, &fault{exitFault, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))}
	}
	return w, nil
}

func mirrorCommand(stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mirror",
		Short: "Keep what labs need of the outside, also for a machine without a network",
		Long: `mirror keeps images, files and stand-ins in the user's cache folder. Labs take
what is there before they ask the outside. "labs verify --record" adds what the
run of a page brings from other hosts. "mirror export" writes all of it to
one OCI layout, which "mirror import" reads on another machine.`,
		Args: noUnknown,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var source string
	var asJSON bool
	pull := &cobra.Command{Use: "pull [IMAGE|ADDRESS|pypi:PACKAGE...]", Short: "Bring images, files and Python packages from the outside",
		Long: `pull brings the images, files and packages that are named; without one, the
images that the pages name and what the file ` + mirrorFile + ` in the content folder
lists. An image that cannot be had and that a stand-in plays is no failure.
A package comes with all that it depends on; pip says what that is.`,
		Example: "  labs mirror pull\n  labs mirror pull nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04 pypi:numpy==1.26.4",
		RunE: func(cmd *cobra.Command, args []string) error {
			return mirrorPull(cmd.Context(), source, args, stdout, stderr)
		}}
	pull.Flags().StringVar(&source, "source", "content", "folder with the pages")
	build := &cobra.Command{Use: "build [RECIPE...]", Short: "Build stand-ins, all without a name",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, r := range recipes.All() {
					args = append(args, r.Name)
				}
			}
			return withMirror(stderr, func(m *network.Mirror) error {
				return each(args, stdout, func(name string) (network.Mirrored, error) { return m.Build(cmd.Context(), name) })
			})
		}}
	list := &cobra.Command{Use: "list", Short: "List what the mirror holds", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			return withMirror(stderr, func(m *network.Mirror) error { return mirrorList(m, asJSON, stdout) })
		}}
	list.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	export := &cobra.Command{Use: "export FOLDER|FILE.tar", Short: "Write the mirror to one OCI layout", Args: oneArg("a folder or a tar file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withMirror(stderr, func(m *network.Mirror) error {
				if err := m.Export(cmd.Context(), args[0]); err != nil {
					return err
				}
				fmt.Fprintln(stdout, "written: "+args[0])
				return nil
			})
		}}
	load := &cobra.Command{Use: "import FOLDER|FILE.tar", Short: "Take over what export wrote", Args: oneArg("a folder or a tar file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withMirror(stderr, func(m *network.Mirror) error { return mirrorImport(m, args[0], stdout) })
		}}
	cmd.AddCommand(pull, build, list, export, load)
	return cmd
}

// oneArg asks for exactly one argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("%s needs %s", cmd.CommandPath(), what)
		}
		return nil
	}
}

func withMirror(stderr io.Writer, do func(*network.Mirror) error) error {
	m, err := network.OpenMirror("", nil)
	if err != nil {
		return err
	}
	m.Progress = func(what string) { fmt.Fprintln(stderr, what) }
	return do(m)
}

// each does one thing after another, and tells all failures.
func each(names []string, w io.Writer, do func(string) (network.Mirrored, error)) error {
	var errs []error
	for _, name := range names {
		got, err := do(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintln(w, mirrorLine(got))
	}
	return errors.Join(errs...)
}

func mirrorLine(e network.Mirrored) string {
	digest := e.Digest
	if _, hex, ok := strings.Cut(digest, ":"); ok && len(hex) > 12 {
		digest = hex[:12]
	}
	return fmt.Sprintf("%-8s  %12s  %8.1f MB  %s", e.Kind, digest, float64(e.Size)/1e6, e.Name)
}

var fromImage = regexp.MustCompile(`^[a-z0-9.-]+\.[a-z0-9.-]+(?::\d+)?/[^\s$<>{}]+$`)

// namedImages lists the images with a registry in their name that the pages
// start from.
func namedImages(pages []*lesson) []string {
	var out []string
	for _, l := range pages {
		for _, s := range l.steps {
			for _, image := range s.Images {
				if fromImage.MatchString(image) && !slices.Contains(out, image) {
					out = append(out, image)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// pypi is how packages are named on the command line.
const pypi = "pypi:"

func mirrorPull(ctx context.Context, source string, args []string, stdout, stderr io.Writer) error {
	var packages network.Packages
	if len(args) == 0 {
		pages, err := lessons(source, nil)
		if err != nil {
			return err
		}
		want, err := readWanted(source)
		if err != nil {
			return err
		}
		args = append(append(namedImages(pages), want.Images...), want.Files...)
		packages = network.Packages{Requirements: want.Packages, Python: want.Python}
	}
	var names []string
	for _, a := range args {
		if r, ok := strings.CutPrefix(a, pypi); ok {
			packages.Requirements = append(packages.Requirements, r)
			continue
		}
		names = append(names, a)
	}
	return withMirror(stderr, func(m *network.Mirror) error {
		err := each(names, stdout, func(name string) (network.Mirrored, error) {
			got, err := m.Pull(ctx, name)
			if r := recipes.For(name); err != nil && r != nil && ctx.Err() == nil {
				fmt.Fprintf(stderr, "%s cannot be pulled here; the stand-in %s plays it (%v)\n", name, r.Name, err)
				return m.Build(ctx, r.Name)
			}
			return got, err
		})
		if len(packages.Requirements) == 0 {
			return err
		}
		got, perr := m.PullPackages(ctx, packages)
		for _, e := range got {
			fmt.Fprintln(stdout, mirrorLine(e))
		}
		return errors.Join(err, perr)
	})
}

func mirrorList(m *network.Mirror, asJSON bool, w io.Writer) error {
	list, err := m.List()
	if err != nil {
		return err
	}
	if asJSON {
		if list == nil {
			list = []network.Mirrored{}
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "The mirror is empty. \"labs mirror pull\" fills it.")
	}
	for _, e := range list {
		fmt.Fprintln(w, mirrorLine(e))
	}
	return nil
}

func mirrorImport(m *network.Mirror, from string, w io.Writer) error {
	info, err := os.Stat(from)
	if err != nil {
		return usagef("%s is not there", from)
	}
	if !info.IsDir() {
		dir, err := os.MkdirTemp(filepath.Dir(from), ".docent-import-*")
		if err != nil {
			return fmt.Errorf("unpacking %s: %w", from, err)
		}
		defer os.RemoveAll(dir)
		if err := unpack(from, dir); err != nil {
			return &fault{exitFault, fmt.Errorf("%s: %w", from, err)}
		}
		from = dir
	}
	list, err := m.Import(from)
	for _, e := range list {
		line := mirrorLine(e)
		if e.Stale {
			line += "  (of another version of the recipe: not taken)"
		}
		fmt.Fprintln(w, line)
	}
	if err != nil {
		return &fault{exitFault, err}
	}
	if len(list) == 0 {
		return &fault{exitFault, fmt.Errorf("%s holds nothing that a mirror keeps", from)}
	}
	return nil
}
