package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/generator/parse"
)

func inspectCommand(t Terminal) *cobra.Command {
	var as, language string
	c := &cobra.Command{
		Use:   "inspect FILE|-",
		Short: "Print the document tree of one page",
		Long: `Inspect prints the document tree of a page, as docutils' pseudo-XML or as
JSON. What the page includes is looked for below its folder. With - the page
comes from the standard input, as reStructuredText unless --language says
otherwise.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if as != "pseudoxml" && as != "json" {
				return &exit{ExitUsage, fmt.Sprintf("--as %q is none of pseudoxml, json", as)}
			}
			name, text, dir, err := readPage(t, args[0])
			if err != nil {
				return err
			}
			cfg := &parse.Config{Table: t.table, Now: time.Now()}
			root, err := os.OpenRoot(dir)
			if err != nil {
				return err
			}
			defer root.Close()
			cfg.FS = root.FS()
			file := name
			if name == "<stdin>" && language == "markdown" {
				file = "<stdin>.md"
			}
			d := parse.Page(file, strings.ToValidUTF8(text, "\uFFFD"), cfg)
			if as == "json" {
				err = doc.WriteJSON(t.Out, d.Root)
			} else {
				err = doc.WritePseudoXML(t.Out, d.Root)
			}
			if err != nil {
				return err
			}
			source := args[0]
			if source == "-" {
				source = "."
			}
			newPrinter(t.Err, source).print(d.Diags, doc.Warning)
			if n, _ := count(d.Diags); n > 0 {
				return &exit{code: ExitContent}
			}
			return nil
		},
	}
	c.Flags().StringVar(&as, "as", "pseudoxml", "pseudoxml or json")
	c.Flags().StringVar(&language, "language", "rst", "of the standard input: rst or markdown")
	return c
}

// readPage reads a page and says below which folder it may name files.
func readPage(t Terminal, arg string) (name, text, dir string, err error) {
	if arg == "-" {
		data, err := io.ReadAll(t.In)
		return "<stdin>", string(data), ".", err
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", "", &exit{ExitContent, arg + ": no such file"}
	case err != nil:
		return "", "", "", err
	case info.IsDir():
		return "", "", "", &exit{ExitUsage, arg + ": it is a folder; name one page"}
	}
	data, err := os.ReadFile(arg)
	return filepath.Base(arg), string(data), filepath.Dir(arg), err
}
