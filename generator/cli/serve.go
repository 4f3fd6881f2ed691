package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/generator/serve"
)

func serveCommand(t Terminal) *cobra.Command {
	var src source
	var addr string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Preview the site and reload it while you write",
		Long:  "Serve builds the site in memory, and again whenever a file changes." + above,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			opt, err := src.options(c, t)
			if err != nil {
				return err
			}
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
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:1313", "address to listen on; it must be this machine's own")
	return c
}
