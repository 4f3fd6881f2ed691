package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// warm builds once, changes a page, and builds again in a new process.
func (b *bench) warm() error {
	source := filepath.Join(b.sources, "md")
	if _, err := b.fresh(source); err != nil {
		return err
	}
	page := filepath.Join(source, place(3)+".md")
	was, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	defer os.WriteFile(page, was, 0o666)
	var text, title, same []cost
	again := func(to *[]cost, now string) error {
		if err := save(page, []byte(now)); err != nil {
			return err
		}
		c, err := measure(b.work, b.docent, "build", "--source", source, "--out", b.out("docent"), "--cache", b.out("cache"))
		*to = append(*to, c)
		return err
	}
	edited := ""
	for i := range max(3, b.rounds) {
		edited = fmt.Sprintf("%s\nSaved the %dth time.\n", was, i)
		if err := again(&text, edited); err != nil {
			return err
		}
		if err := again(&same, edited); err != nil {
			return err
		}
	}
	for i := range max(3, b.rounds) { // apart: to change a title back is to change it
		head, rest, _ := strings.Cut(edited, "\n# ")
		_, rest, _ = strings.Cut(rest, "\n")
		if err := again(&title, fmt.Sprintf("%s\n# Another title %d\n%s", strings.Replace(head, "title:", "was:", 1), i, rest)); err != nil {
			return err
		}
	}
	fmt.Printf("  warm      nothing changed  %v\n            a page's text    %v\n            a page's title   %v\n", median(same), median(text), median(title))
	return nil
}

// save writes as editors do: another file, then a rename.
func save(name string, text []byte) error {
	temp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".tmp")
	if err := os.WriteFile(temp, text, 0o666); err != nil {
		return err
	}
	return os.Rename(temp, name)
}

// sphinxTree builds a Sphinx source with Sphinx and with Docent.
func (b *bench) sphinxTree(source string) error {
	if source == "" {
		return fmt.Errorf("name a Sphinx tree with -sphinx-source, for example Doc of a Python source package (apt-get source python3.11)")
	}
	var ours, theirs []cost
	for range b.rounds {
		c, err := b.fresh(source)
		if err != nil {
			return err
		}
		ours = append(ours, c)
		if c, err = measure(source, "sphinx-build", "-q", "-j", "auto", "-b", "html", "-D", "html_theme=basic", source, b.out("sphinx")); err != nil {
			return err
		}
		theirs = append(theirs, c)
	}
	us, them := median(ours), median(theirs)
	fmt.Printf("\n%s\n  Docent  %v\n  Sphinx  %v\n          %s\n", source, us, them, us.against(them))
	return nil
}
