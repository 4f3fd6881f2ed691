package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/generator/serve"
)

func serveCommand(t Terminal) *cobra.Command {
	var src source
	var memory cacheFlags
	var addr string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Preview the site and reload it while you write",
		Long: `Serve shows every page as its file is when you ask for it, and reloads open
pages when something that they show has changed. Mistakes stand in a panel at
the bottom of the page.` + above,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt, err := src.options(c, t)
			if err != nil {
				return err
			}
			if opt.Cache, err = memory.open(c, "serve", src.path); err != nil {
				return err
			}
			defer opt.Cache.Close()
			p := newPrinter(t.Err, src.path)
			err = serve.Run(c.Context(), serve.Options{Site: opt, Addr: addr, Log: t.Err,
				Print: func(d []doc.Diag) { p.print(d, doc.Warning) }})
			var bad *serve.BadAddress
			if errors.As(err, &bad) {
				return &exit{ExitUsage, bad.Error()}
			}
			return err
		},
	}
	src.flags(c)
	memory.flags(c)
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:1313", "address to listen on; it must be this machine's own")
	return c
}
