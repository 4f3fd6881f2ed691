package main

import (
	"github.com/spf13/cobra"

	"docent/generator/serve"
)

func serveCommand(t terminal) *cobra.Command {
	var src source
	var addr string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Preview the site and reload it while you write",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return serve.Run(c.Context(), serve.Options{Site: src.options(), Addr: addr, Log: t.err})
		},
	}
	src.flags(c)
	c.Flags().StringVar(&addr, "addr", "127.0.0.1:1313", "address to listen on; it must be this machine's own")
	return c
}
