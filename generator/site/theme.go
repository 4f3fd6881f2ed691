package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"docent/assets"
	"docent/generator/build"
	"docent/generator/html"
)

// A theme is the assets made ready: templates parsed, style and scripts
// minified, every file under a name that changes when its content does.
type theme struct {
	page  *template.Template
	names map[string]string // "css/docent.css" -> "_assets/docent.1a2b3c4d.css"
	files map[string][]byte // by output name

	digest string // of everything above
}

// loadTheme reads a theme. Minifying is the same on every machine, so the
// names are too.
func loadTheme(files fs.FS) (*theme, error) {
	t := &theme{names: map[string]string{}, files: map[string][]byte{}}
	var err error
	if t.page, err = template.ParseFS(files, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("read the theme: %w", err)
	}
	all := sha256.New()
	err = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(all, "%s %d\n%s", name, len(data), data)
		if strings.HasPrefix(name, "templates/") {
			return nil
		}
		loader := api.LoaderNone
		switch path.Ext(name) {
		case ".js":
			loader = api.LoaderJS
		case ".css":
			loader = api.LoaderCSS
		}
		if loader != api.LoaderNone {
			r := api.Transform(string(data), api.TransformOptions{Loader: loader, MinifyWhitespace: true,
				MinifySyntax: true, MinifyIdentifiers: true, Target: api.ES2020, Sourcefile: name,
				Supported: map[string]bool{"nesting": true}})
			if len(r.Errors) > 0 {
				return fmt.Errorf("the theme's %s: %s", name, r.Errors[0].Text)
			}
			if loader == api.LoaderJS {
				data = r.Code
			} else {
				data = minifyCSS(data)
			}
		}
		ext := path.Ext(name)
		out := "_assets/" + strings.TrimSuffix(path.Base(name), ext) + "." + contentHash(data) + ext
		t.names[name], t.files[out] = out, data
		return nil
	})
	t.digest = string(all.Sum(nil))
	return t, err
}

// minifyCSS leaves newer syntax (light-dark and the like) as it is and takes
// the blanks out.
func minifyCSS(data []byte) []byte {
	r := api.Transform(string(data), api.TransformOptions{Loader: api.LoaderCSS, MinifyWhitespace: true, Target: api.ESNext})
	if len(r.Errors) > 0 {
		return data
	}
	return r.Code
}

func contentHash(data []byte) string {
	sum := sha256.Sum256(data)
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// A link in the theme.
type themeLink struct{ Href, Title string }

// A view is what the page template is given.
type view struct {
	Lang, Dir, Root, Kind    string
	Head, Title, Site, Home  string
	Desc, Canonical          string
	Version, Copyright       string
	Source, Index, Values    string
	Styles, Scripts          []string
	NoIndex, Preview, Report bool
	GenIndex                 bool
	Nav, Contents, Body      template.HTML
	Crumbs                   []themeLink
	Prev, Next               *themeLink
	about
	theme *theme
}

// answer is the digest of a frame without a text in it.
func (v *view) answer() build.Answer {
	nav := v.Nav
	v.Nav = ""
	rest, err := json.Marshal(v)
	v.Nav = nav
	if err != nil {
		return build.Answer{}
	}
	return build.Digest(string(nav), string(rest))
}

// Asset gives the name under which a file of the theme is published.
func (v *view) Asset(name string) (string, error) {
	if n, ok := v.theme.names[name]; ok {
		return n, nil
	}
	return "", fmt.Errorf("the theme has no file %s", name)
}

// view begins the view of a page at an address.
func (s *Site) view(url, kind, title string) *view {
	v := &view{Lang: s.lang, Dir: direction(s.lang), Root: relative(url, ""), Kind: kind, Title: title, Site: s.siteTitle(),
		theme: s.theme, Preview: s.opt.Preview, Report: len(s.reports) > 0, GenIndex: len(s.terms) > 0,
		Version: first(s.set.Version, s.conf.String("release", "version")), Copyright: first(s.set.Copyright, s.conf.String("copyright", "project_copyright"))}
	v.Home = v.Root
	v.Head = title
	if s.siteTitle() != "" && title != s.siteTitle() {
		v.Head = title + " · " + s.siteTitle()
	}
	if s.opt.BaseURL != "" {
		v.Canonical = s.absolute(url)
	}
	if s.hasFeed() {
		v.Feed = v.Root + feedName
	}
	v.NoIndex = !s.set.Index
	return v
}

// direction is that of the script in which a language is written.
func direction(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	switch base {
	case "ar", "fa", "he", "ur", "ps", "sd", "yi":
		return "rtl"
	}
	return "ltr"
}

func (s *Site) siteTitle() string {
	if s.title != "" {
		return s.title
	}
	if s.home != nil {
		return s.home.title
	}
	return "Documentation"
}

func (s *Site) render(v *view) ([]byte, error) {
	var b bytes.Buffer
	if err := s.theme.page.ExecuteTemplate(&b, "page.html", v); err != nil {
		return nil, fmt.Errorf("render %s: %w", v.Title, err)
	}
	return b.Bytes(), nil
}

// contents writes the list of a page's sections.
func contents(heads []html.Heading) template.HTML {
	if len(heads) < 3 {
		return ""
	}
	base := heads[0].Level
	var b []byte
	depth := 0
	for _, h := range heads[1:] {
		level := min(h.Level-base, 3)
		if level < 1 || h.ID == "" {
			continue
		}
		for ; depth < level; depth++ {
			b = append(b, "<ul><li>"...)
			if depth+1 < level {
				continue
			}
		}
		if b[len(b)-1] == '>' && bytes.HasSuffix(b, []byte("<li>")) {
			// first entry of its list
		} else {
			for ; depth > level; depth-- {
				b = append(b, "</li></ul>"...)
			}
			b = append(b, "</li><li>"...)
		}
		b = append(b, `<a href="#`...)
		b = appendEscaped(b, h.ID)
		b = append(b, `">`...)
		b = append(b, h.HTML...)
		b = append(b, "</a>"...)
	}
	for ; depth > 0; depth-- {
		b = append(b, "</li></ul>"...)
	}
	return template.HTML(b) //nolint:gosec // escaped above; the titles come from the renderer
}

func builtinTheme() (*theme, error) { return loadTheme(assets.Files) }
