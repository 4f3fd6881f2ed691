package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
	"docent/generator/parse"
	"docent/labs/lint"
	"docent/labs/step"
)

// A lesson is a page as the lab reads it.
type lesson struct {
	doc       *doc.Document
	root      string // content root on this machine
	steps     []step.Step
	diags     []doc.Diag // about the lab's reading; those about the language are the generator's
	values    []step.Value
	secrets   []string // variables of the environment that it needs and nobody may see
	downloads []step.Download
	missing   map[string]string // files that it shows or offers and that are not there: see run.Deps
	foreign   bool              // it is not of the content folder that was named
	title     string
}

// hasWork says whether the page has a listing that a lab has anything to do
// with: one to run, or one that nobody accounted for.
func (l *lesson) hasWork() bool {
	return slices.ContainsFunc(l.steps, func(s step.Step) bool { return s.Role.Runs() || s.Role == step.Unaccounted })
}

// lessons reads the pages that the arguments name, or all of the source that
// have steps.
func lessons(source string, args []string) ([]*lesson, error) {
	info, err := os.Stat(source)
	// Files that are named by their path need no content folder.
	files := len(args) > 0 && !slices.ContainsFunc(args, func(a string) bool { return !regular(a) })
	if (err != nil || !info.IsDir()) && !files {
		return nil, usagef("the content folder %s is not there. Name it with --source.", source)
	}
	if len(args) == 0 {
		var all []*lesson
		err := filepath.WalkDir(source, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && file != source && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")) {
				return fs.SkipDir
			}
			if d.IsDir() || !isPage(file) {
				return nil
			}
			l, err := readLesson(source, file)
			if err != nil {
				return err
			}
			if l.hasWork() {
				all = append(all, l)
			}
			return nil
		})
		return all, err
	}
	var out []*lesson
	seen := map[string]bool{}
	for _, a := range args {
		root, file, err := findPage(source, a)
		if err != nil {
			return nil, err
		}
		if seen[file] {
			continue
		}
		seen[file] = true
		l, err := readLesson(root, file)
		if err != nil {
			return nil, err
		}
		abs, err := filepath.Abs(source)
		l.foreign = root != source && (err != nil || root != abs) // findPage gives one or the other
		out = append(out, l)
	}
	return out, nil
}

func regular(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular()
}

func isPage(name string) bool {
	return strings.HasSuffix(name, ".rst") || strings.HasSuffix(name, ".md")
}

// findPage finds the file that a page argument names: a path below the content
// folder, with or without its extension, the path of a file anywhere, or a
// folder, which stands for its index page. A file outside the content folder is a page whose content folder is its own.
func findPage(source, arg string) (root, file string, err error) {
	folder := ""
	for _, candidate := range []string{filepath.Join(source, arg), arg} {
		for _, ext := range []string{"", ".rst", ".md"} {
			file := candidate + ext
			info, err := os.Stat(file)
			switch {
			case err != nil:
				continue
			case info.IsDir():
				folder = file
				continue
			case !info.Mode().IsRegular():
				return "", "", usagef("%s is not a file", file)
			case !isPage(file):
				return "", "", usagef("%s is not a page: pages end in .rst or .md", file)
			}
			root := source
			if rel, err := filepath.Rel(source, file); err != nil || !filepath.IsLocal(rel) {
				root = filepath.Dir(file)
				if abs, aerr := filepath.Abs(source); aerr == nil {
					if fabs, ferr := filepath.Abs(file); ferr == nil {
						if rel, err := filepath.Rel(abs, fabs); err == nil && filepath.IsLocal(rel) {
							root, file = abs, fabs
						}
					}
				}
			}
			return root, file, nil
		}
	}
	if folder != "" {
		for _, index := range []string{"index.rst", "index.md"} {
			if file := filepath.Join(folder, index); regular(file) {
				return findPage(source, file)
			}
		}
		return "", "", usagef("%s is a folder without a page index.rst or index.md. Name a page in it.", arg)
	}
	return "", "", usagef("there is no page %s in %s. \"labs list\" shows the pages that have steps.", arg, source)
}

// readLesson reads and parses one page.
func readLesson(root, file string) (*lesson, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("the page %s is not there", file)
	} else if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	rel, err := filepath.Rel(root, file)
	if err != nil {
		return nil, fmt.Errorf("reading the page %s: %w", file, err)
	}
	name := filepath.ToSlash(rel)
	if !utf8.Valid(data) {
		return nil, &fault{exitFault, invalidUTF8(name, data)}
	}
	content, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("opening the content folder: %w", err)
	}
	defer content.Close()
	cfg := &parse.Config{FS: content.FS()}
	if _, err := content.Stat("conf.py"); err == nil {
		cfg.Domain = "py"
	}
	d := parse.Page(name, string(data), cfg)
	l := &lesson{doc: d, root: root, title: title(d)}
	l.steps, l.diags = step.Steps(d)
	for i := range l.steps {
		l.diags = append(l.diags, lint.Step(&l.steps[i])...)
	}
	l.downloads = step.Downloads(d)
	l.findMissing()
	l.values = step.Values(d)
	l.secrets = step.Secrets(d)
	return l, nil
}

// findMissing finds the files that a reader cannot have: those that the page
// includes, or offers, and that are not there.
func (l *lesson) findMissing() {
	l.missing = map[string]string{}
	for _, d := range l.doc.Diags {
		if d.Code == "file-unreadable" {
			l.diags = append(l.diags, d) // its listing is not there to say so
		}
	}
	for _, dep := range l.doc.Deps {
		if dep.Digest == "" {
			l.missing[path.Base(dep.Name)] = fmt.Sprintf("the page shows the file %s, and there is no such file", dep.Name)
		}
	}
	for _, d := range l.downloads {
		if regular(filepath.Join(l.root, filepath.FromSlash(d.From))) {
			continue
		}
		src, line, _ := l.doc.Locate(d.Pos)
		l.missing[d.Name] = fmt.Sprintf("the page offers the file %s (%s:%d), and there is no such file", d.From, src.Name, line)
		l.diags = append(l.diags, doc.Diag{Severity: doc.Error, Code: "download-missing", Source: src, Off: int(d.Pos.Off), Len: 1,
			Message: "The page offers `" + d.From + "` for download, and there is no such file.",
			Hint:    "Correct the name, which is relative to this page, or make the file."})
	}
	slices.SortStableFunc(l.diags, func(a, b doc.Diag) int { return a.Off - b.Off })
}

// wrong says whether the page has a mistake in it that keeps a lab from doing
// what the page says.
func (l *lesson) wrong() bool {
	return slices.ContainsFunc(l.diags, func(d doc.Diag) bool { return d.Severity >= doc.Error })
}

// environment is what the page's sessions are given: its values, and its
// secrets from the environment of labs.
func (l *lesson) environment() []step.Value {
	out := slices.Clone(l.values)
	for _, name := range l.secrets {
		if v := os.Getenv(name); v != "" {
			out = append(out, step.Value{Name: name, Value: v})
		}
	}
	return out
}

// hidden are the values of the secrets of pages.
func hidden(pages []*lesson) []string {
	var out []string
	for _, l := range pages {
		for _, name := range l.secrets {
			out = append(out, os.Getenv(name))
		}
	}
	return out
}

func hasSecret(name string) bool { return os.Getenv(name) != "" }

var ownValue = regexp.MustCompile(`(?m)^\s*export\s+(ORG|TEAM|ACE)=([A-Za-z0-9_./-]+)\s*$`)

// platformValues are the names that the page uses for its organisation, team
// and environment: what its lab comments say, else what its own commands set
// first. The platform that is played here goes by them.
func (l *lesson) platformValues() map[string]string {
	values := map[string]string{}
	for _, v := range l.values {
		values[v.Name] = v.Value
	}
	for _, s := range l.steps {
		for _, c := range s.Commands {
			for _, m := range ownValue.FindAllStringSubmatch(c.Text, -1) {
				if _, ok := values[m[1]]; !ok && !s.Opt.Alt {
					values[m[1]] = m[2]
				}
			}
		}
	}
	return values
}

// invalidUTF8 says where a page stops being text.
func invalidUTF8(name string, data []byte) error {
	line, col := 1, 1
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Errorf("%s:%d:%d: error: the byte 0x%02x is not UTF-8; save the page as UTF-8 [not-utf8]", name, line, col, data[i])
		}
		if r == '\n' {
			line, col = line+1, 0
		}
		col++
		i += n
	}
	return fmt.Errorf("%s: error: the page is not UTF-8 [not-utf8]", name)
}

func title(d *doc.Document) string {
	for n := range d.Root.Find(doc.KindTitle) {
		return n.PlainText()
	}
	return path.Base(d.Name())
}

// published lists the files of the content folder by the address that the site
// gives them, so that a lab can fetch what a reader would.
func published(root, baseURL string) map[string]string {
	files := map[string]string{}
	filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || isPage(file) {
			return nil // a file that cannot be read is missed where it is asked for
		}
		if rel, err := filepath.Rel(root, file); err == nil {
			files[strings.TrimSuffix(baseURL, "/")+"/"+filepath.ToSlash(rel)] = file
		}
		return nil
	})
	return files
}
