package cli

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// fresh are the files of a new site and of a new tutorial.
//
//go:embed new
var fresh embed.FS

func newCommand(t Terminal) *cobra.Command {
	c := &cobra.Command{
		Use:   "new",
		Short: "Begin a site or a tutorial",
		Long: `New writes the files of a site, or of a tutorial with a lab that passes. It
writes over nothing.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return &exit{ExitUsage, "say what: generator new site DIR, or generator new tutorial PATH"}
		},
	}
	var title string
	newSite := &cobra.Command{
		Use:     "site DIR",
		Short:   "A folder with a site in it: configuration, home page, a first lab",
		Example: "  generator new site my-labs",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return makeSite(t, args[0], title)
		},
	}
	newSite.Flags().StringVar(&title, "title", "", "title of the site (default: from the folder's name)")
	var source string
	var rst bool
	tutorial := &cobra.Command{
		Use:   "tutorial PATH",
		Short: "A tutorial below the source folder, with a lab that passes",
		Long: `Tutorial writes PATH/index.md below the source folder, and in PATH/assets the
script that its lab runs. labs verify PATH passes before you change anything.`,
		Example: "  generator new tutorial containers/first --title 'Your first container'\n  generator new tutorial first --rst",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			variable(c, "source", &source)
			return makeTutorial(t, source, args[0], title, rst)
		},
	}
	tutorial.Flags().StringVarP(&source, "source", "s", "content", "folder of the pages (DOCENT_SOURCE)")
	tutorial.Flags().StringVar(&title, "title", "", "title of the tutorial (default: from the path)")
	tutorial.Flags().BoolVar(&rst, "rst", false, "write reStructuredText instead of Markdown")
	c.AddCommand(newSite, tutorial)
	return c
}

// A draft is what the templates of new files are given.
type draft struct{ Title, Rule string }

func draftOf(title, name string) draft {
	if title == "" {
		title = strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ").Replace(name))
		if title == "" || title == "." {
			title = "My labs"
		}
		r, n := utf8.DecodeRuneInString(title)
		title = strings.ToUpper(string(r)) + title[n:]
	}
	title = strings.Join(strings.Fields(title), " ")
	return draft{title, strings.Repeat("=", 2*utf8.RuneCountInString(title))} // wide letters count twice
}

func makeSite(t Terminal, dir, title string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return &exit{ExitUsage, dir + " is not empty; name a new folder"}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &exit{ExitUsage, fmt.Sprintf("%s cannot be used: %v", dir, err)}
	}
	d := draftOf(title, filepath.Base(abs))
	lab := draftOf("Your first lab", "")
	content := filepath.Join(dir, "content")
	err = errors.Join(
		put(filepath.Join(content, "docent.yaml"), "site/docent.yaml", d),
		put(filepath.Join(content, "index.md"), "site/index.md", d),
		put(filepath.Join(content, "first_lab", "index.md"), "tutorial/index.md", lab),
		put(filepath.Join(content, "first_lab", "assets", "greet.sh"), "tutorial/greet.sh", lab),
		write(filepath.Join(dir, ".gitignore"), []byte("public/\n")),
	)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Err, "%s holds a site now. Go on with:\n  cd %s\n  labs verify          run its lab\n  generator serve      look at it\n", dir, dir)
	return nil
}

func makeTutorial(t Terminal, source, name, title string, rst bool) error {
	if info, err := os.Stat(source); err != nil || !info.IsDir() {
		return &exit{ExitUsage, fmt.Sprintf("there is no folder %s; name the folder of the pages with --source, or make a site with: generator new site DIR", source)}
	}
	name = path.Clean(filepath.ToSlash(name))
	if !fs.ValidPath(name) || name == "." || strings.HasPrefix(path.Base(name), ".") {
		return &exit{ExitUsage, fmt.Sprintf("%s is no place below %s; write it like containers/first", name, source)}
	}
	dir := filepath.Join(source, filepath.FromSlash(name))
	if _, err := os.Lstat(dir); err == nil {
		return &exit{ExitUsage, dir + " is there already; name a new folder"}
	}
	d := draftOf(title, path.Base(name))
	page := "index.md"
	if rst {
		page = "index.rst"
	}
	err := errors.Join(
		put(filepath.Join(dir, page), "tutorial/"+page, d),
		put(filepath.Join(dir, "assets", "greet.sh"), "tutorial/greet.sh", d),
	)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.Err, "%s is a tutorial now. Go on with:\n  labs verify %s --source %s\nand link to it from another page.\n", filepath.Join(dir, page), name, source)
	return nil
}

// put writes a new file from its template.
func put(to, from string, d draft) error {
	text, err := fresh.ReadFile("new/" + from)
	if err != nil {
		return err
	}
	if path.Ext(from) == ".sh" {
		return write(to, text)
	}
	tmpl, err := template.New(from).Parse(string(text))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, d); err != nil {
		return err
	}
	return write(to, b.Bytes())
}

// write makes a file that is not there yet.
func write(to string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	mode := fs.FileMode(0o666)
	if filepath.Ext(to) == ".sh" {
		mode = 0o777
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
