package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"docent/generator/build"
)

// cacheFlags say where a command remembers its work.
type cacheFlags struct {
	dir string
	off bool
}

func (f *cacheFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "cache", "", "folder that remembers work from one build to the next (default docent/sites in the user's cache folder) (DOCENT_CACHE)")
	c.Flags().BoolVar(&f.off, "no-cache", false, "remember nothing, and use nothing that is remembered")
	c.MarkFlagsMutuallyExclusive("cache", "no-cache")
}

// open opens the cache of one site. Where nobody asked for one, the command
// works without it as well.
func (f *cacheFlags) open(c *cobra.Command, key ...string) (*build.Cache, error) {
	if f.off {
		return nil, nil
	}
	variable(c, "cache", &f.dir)
	dir, asked := f.dir, f.dir != ""
	if !asked {
		if dir = build.DefaultDir(); dir == "" {
			return nil, nil
		}
	}
	for i, k := range key {
		if abs, err := filepath.Abs(k); err == nil {
			key[i] = abs
		}
	}
	cache, err := build.OpenCache(dir, key...)
	if err == nil || errors.Is(err, build.ErrTaken) || !asked {
		return cache, nil
	}
	return nil, fmt.Errorf("--cache %s: %w", f.dir, err)
}
