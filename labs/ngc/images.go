package ngc

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"docent/labs/engine"
)

func (s *session) registryCommand() *cobra.Command {
	full := func(ref string) string {
		if !strings.Contains(strings.SplitN(ref, "/", 2)[0], ".") {
			return "nvcr.io/" + ref
		}
		return ref
	}
	push := &cobra.Command{Use: "push IMAGE", Short: "Push an image", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref := full(args[0])
			if err := s.docker(cmd.Context(), "push", ref); err != nil {
				return err
			}
			s.p.Pushed(ref)
			return nil
		}}
	pull := &cobra.Command{Use: "pull IMAGE", Short: "Pull an image", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.docker(cmd.Context(), "pull", full(args[0])) }}
	list := &cobra.Command{Use: "list [PATTERN]", Short: "List the images that this lab pushed", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.listImages(cmd.Context(), args) }}
	info := &cobra.Command{Use: "info IMAGE", Short: "Show an image", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			img, err := s.p.opts.Engine.Image(cmd.Context(), full(args[0]))
			if errors.Is(err, engine.ErrNoImage) {
				return fail("Image %q could not be found.", args[0])
			} else if err != nil {
				return &failure{1, err}
			}
			name, tag := splitRef(full(args[0]))
			var sh sheet
			sh.title(0, "Image Repository Information")
			sh.add(1, "Name", path.Base(name))
			sh.add(1, "Repository", strings.TrimPrefix(name, "nvcr.io/"))
			sh.add(1, "Tag", tag)
			sh.add(1, "Image Size", bytesText(img.Size))
			sh.add(1, "Layers", len(img.Layers))
			sh.add(1, "Digest", img.Digest)
			sh.add(1, "Updated Date", date(img.Created))
			return s.show(sh)
		}}
	image := group("image", "Images", list, info, push, pull)
	return group("registry", "The private registry", image)
}

func splitRef(ref string) (name, tag string) {
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		return ref[:i], ref[i+1:]
	}
	return ref, "latest"
}

// Pushed notes that the lab pushed an image, by whatever command.
func (p *Platform) Pushed(ref string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.pushed, ref) {
		p.pushed = append(p.pushed, ref)
	}
}

func (s *session) listImages(ctx context.Context, args []string) error {
	t := table{heads: []string{"Name", "Repository", "Latest Tag", "Image Size", "Updated Date", "Permission"}}
	s.p.mu.Lock()
	refs := slices.Clone(s.p.pushed)
	s.p.mu.Unlock()
	for _, ref := range refs {
		name, tag := splitRef(ref)
		repo := strings.TrimPrefix(name, "nvcr.io/")
		if len(args) == 1 {
			if ok, err := path.Match(strings.TrimPrefix(args[0], "nvcr.io/"), repo); err != nil {
				return usage("the pattern %q cannot be read: %v", args[0], err)
			} else if !ok && args[0] != repo {
				continue
			}
		}
		size, updated := "", ""
		if img, err := s.p.opts.Engine.Image(ctx, ref); err == nil {
			size, updated = bytesText(img.Size), date(img.Created)
		}
		t.rows = append(t.rows, []string{path.Base(name), repo, tag, size, updated, "private"})
	}
	return s.show(t)
}
