package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"docent/assets"
	"docent/generator/build"
	"docent/generator/doc"
	"docent/generator/html"
)

// A theme is the assets made ready: templates parsed, once per language, style
// and scripts minified, every file under a name that changes when its content
// does.
type theme struct {
	templates map[string]string       // text by name
	names     map[string]string       // "css/docent.css" -> "_assets/docent.1a2b3c4d.css"
	files     map[string][]byte       // by output name
	small     map[build.Answer][]byte // what minifying gave

	wordFiles   map[string][]byte // by language
	scriptWords []string          // that scripts say
	booksMu     sync.Mutex
	books       map[string]*book // by language

	directives map[string]*template.Template // by name of the directive

	digest string // of everything above
}

// A BadTheme says that a file which takes the place of one of the theme's
// cannot be used.
type BadTheme struct{ File, Why string }

func (e *BadTheme) Error() string { return e.File + ": " + e.Why }

// loadTheme makes a theme of its files: templates/*.html, and assets by their
// path. over names those that a site brings itself, for messages. Minifying is
// the same on every machine, so the names are too.
func loadTheme(files map[string][]byte, over map[string]string) (*theme, error) {
	t := &theme{names: map[string]string{}, files: map[string][]byte{}, small: map[build.Answer][]byte{}, directives: map[string]*template.Template{},
		templates: map[string]string{}, wordFiles: map[string][]byte{}, books: map[string]*book{}}
	all := sha256.New()
	bad := func(name string, why any) error {
		if own := over[name]; own != "" {
			return &BadTheme{own, fmt.Sprint(why)}
		}
		return fmt.Errorf("the theme's %s: %v", name, why)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data := files[name]
		fmt.Fprintf(all, "%s %d\n%s", name, len(data), data)
		if rest, ok := strings.CutPrefix(name, "templates/"); ok {
			if err := t.template(rest, data); err != nil {
				return nil, bad(name, err)
			}
			continue
		}
		if lang, ok := strings.CutPrefix(name, "words/"); ok {
			lang = strings.ToLower(strings.Replace(lang, ".yaml", "", 1))
			if t.wordFiles[lang] = data; strings.HasSuffix(lang, ownWords) {
				if _, err := readWords(data); err != nil {
					return nil, bad(name, err)
				}
			}
			continue
		}
		if why := t.publish(name, files, nil); why != "" {
			return nil, bad(name, why)
		}
	}
	t.digest = string(all.Sum(nil))
	_, err := t.book("en")
	return t, err
}

// themeFile is how a script or a style of the theme names another file of it.
var themeFile = regexp.MustCompile(`theme:[\w.-]+/[\w./-]+`)

// publish makes a file ready under its name on the site, after those that it
// names; around are those that wait for it. It gives what is wrong, or "".
func (t *theme) publish(name string, files map[string][]byte, around []string) (why string) {
	if t.names[name] != "" {
		return ""
	}
	data, ok := files[name]
	if !ok {
		return "the theme has no file " + name
	}
	if slices.Contains(around, name) {
		return "these files name each other: " + strings.Join(around, ", ")
	}
	ext := path.Ext(name)
	if loader := loaders[ext]; loader != api.LoaderNone {
		if loader == api.LoaderJS {
			for _, m := range scriptWord.FindAllSubmatch(data, -1) {
				t.scriptWords = append(t.scriptWords, string(m[1]))
			}
		}
		if data, why = t.minify(name, data, loader); why != "" {
			return why
		}
		data = themeFile.ReplaceAllFunc(data, func(token []byte) []byte {
			other := string(token[len("theme:"):])
			if w := t.publish(other, files, append(around, name)); w != "" {
				why = w
				return token
			}
			return []byte(path.Base(t.names[other]))
		})
		if why != "" {
			return why
		}
	}
	out := "_assets/" + strings.TrimSuffix(path.Base(name), ext) + "." + contentHash(data) + ext
	t.names[name], t.files[out] = out, data
	return ""
}

var loaders = map[string]api.Loader{".js": api.LoaderJS, ".css": api.LoaderCSS}

// minified remembers what minify gave, by the digest of what it was given: a
// preview loads the theme again and again. A site with a cache keeps it there.
var minified sync.Map

// loadMinified reads what the build before minified.
func loadMinified(c *build.Cache) {
	text, _ := c.Load("theme", build.Program())
	r := reader{doc.Read(text)}
	for r.More() {
		key, small := r.String(), r.String()
		if len(key) == len(build.Answer{}) && !r.Bad {
			minified.LoadOrStore(build.Answer([]byte(key)), []byte(small))
		}
	}
}

// saveMinified writes down what a theme has minified, if it differs.
func (t *theme) saveMinified(c *build.Cache) error {
	var w writer
	for _, key := range slices.SortedFunc(maps.Keys(t.small), func(a, b build.Answer) int { return bytes.Compare(a[:], b[:]) }) {
		w.string(string(key[:]), string(t.small[key]))
	}
	if text, ok := c.Load("theme", build.Program()); ok && text == string(w.b) || len(w.b) == 0 {
		return nil
	}
	return c.Save("theme", build.Program(), w.b)
}

// minify takes out of a script or a style what only people need, or says why
// it cannot be read.
func (t *theme) minify(name string, data []byte, loader api.Loader) (small []byte, why string) {
	key := build.Digest(name, string(data))
	defer func() {
		if why == "" {
			t.small[key] = small
		}
	}()
	if known, ok := minified.Load(key); ok {
		return known.([]byte), ""
	}
	r := api.Transform(string(data), api.TransformOptions{Loader: loader, MinifyWhitespace: true,
		MinifySyntax: true, MinifyIdentifiers: true, Target: api.ES2020, Sourcefile: name,
		Supported: map[string]bool{"nesting": true}})
	if len(r.Errors) > 0 {
		why := r.Errors[0].Text
		if l := r.Errors[0].Location; l != nil {
			why = fmt.Sprintf("line %d, column %d: %s", l.Line, l.Column+1, why)
		}
		return nil, why
	}
	if small = r.Code; loader == api.LoaderCSS {
		small = minifyCSS(data)
	}
	minified.Store(key, small)
	return small, ""
}

// template adds a template; one in directives/ belongs to the directive of its
// name.
func (t *theme) template(name string, data []byte) error {
	if d, ok := strings.CutPrefix(name, "directives/"); ok {
		made, err := template.New(name).Parse(string(data))
		if err == nil {
			t.directives[strings.TrimSuffix(d, ".html")] = made
		}
		return err
	}
	_, err := template.New(name).Funcs(template.FuncMap{"word": func(s string) string { return s }}).Parse(string(data))
	t.templates[name] = string(data)
	return err
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
	Source, Index            string
	Styles, Scripts          []string
	NoIndex, Preview, Report bool
	Draft                    bool
	Languages                []themeLink // this page in the languages of the site
	Versions                 []themeLink // other versions of the site; the current one has no address
	GenIndex                 bool
	Nav, Contents, Body      template.HTML
	Crumbs                   []themeLink
	Prev, Next               *themeLink
	about
	// Words is the address of the words of the scripts, where they are not
	// English.
	Words string
	theme *theme
	book  *book
}

// frameAnswer is the digest of a page's frame without a text in it.
func (s *Site) frameAnswer(p *page, v *view) build.Answer {
	rest, err := json.Marshal(v)
	if err != nil {
		return build.Answer{}
	}
	nav, _ := s.sharedNav(p) // the rest of it follows from the page's address
	if nav == nil {
		v.Nav = s.navigation(p)
		return build.Digest(string(rest), string(v.Nav))
	}
	return build.DigestBytes(append(rest, nav.answer[:]...))
}

// navigate gives a frame its navigation, unless it has it.
func (v *view) navigate(s *Site, p *page) {
	if v.Nav == "" {
		v.Nav = s.navigation(p)
	}
}

// Asset gives the name under which a file of the theme is published.
func (v *view) Asset(name string) (string, error) { return v.theme.asset(name) }

func (t *theme) asset(name string) (string, error) {
	if n, ok := t.names[name]; ok {
		return n, nil
	}
	return "", fmt.Errorf("the theme has no file %s", name)
}

// view begins the view of a page at an address.
func (s *Site) view(url, kind, title string) *view {
	v := &view{Lang: s.lang, Dir: direction(s.lang), Root: relative(url, ""), Kind: kind, Title: title, Site: s.siteTitle(),
		theme: s.theme, Preview: s.opt.Preview, Report: len(s.reports) > 0, GenIndex: s.hasIndex(),
		Version: first(s.set.Version, s.conf.String("release", "version")), Copyright: first(s.set.Copyright, s.conf.String("copyright", "project_copyright"))}
	v.speak(s.bookOf(nil))
	v.Home = v.Root
	v.Versions = s.versionLinks(v.Version)
	v.Translations, v.Languages = s.translations(url)
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

// speak makes the frame say its words from a book.
func (v *view) speak(b *book) {
	if v.book, v.Words = b, ""; b.script != "" {
		v.Words = v.Root + b.script
	}
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

// render puts a page into its frame and appends it.
func (s *Site) render(dst []byte, v *view) ([]byte, error) {
	dst, err := v.book.frame.Append(dst, v)
	if err != nil {
		return nil, s.theme.broken("page.html", v.Title, err)
	}
	return dst, nil
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

// openTheme puts the site's own files over the theme's: templates/ over its
// templates, assets/ over the rest, file by file.
func (s *Site) openTheme() (*theme, error) {
	files, over := map[string][]byte{}, map[string]string{}
	err := fs.WalkDir(assets.Files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(assets.Files, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the theme: %w", err)
	}
	dir := path.Clean(s.set.Theme)
	if !fs.ValidPath(dir) {
		s.report(s.set.Place(doc.Diag{Severity: doc.Error, Code: "theme-outside", Message: "The theme lies outside the source folder.", Hint: "Name a folder below it."}, "theme"))
		return loadTheme(files, over)
	}
	for _, part := range []string{"templates", "assets", "words"} {
		fs.WalkDir(s.files, path.Join(dir, part), func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				return nil
			}
			to := strings.TrimPrefix(name, dir+"/assets/")
			switch part {
			case "templates":
				if to = strings.TrimPrefix(name, dir+"/"); path.Ext(name) != ".html" {
					return nil
				}
			case "words":
				if to = "words/" + e.Name() + ownWords; path.Ext(name) != ".yaml" {
					return nil
				}
			}
			data, err := fs.ReadFile(s.files, name)
			if err != nil {
				s.report(doc.Diag{Severity: doc.Error, Code: "theme-unreadable", Source: doc.NewSource(name, ""),
					Message: "The file of the theme is not read: " + fileError(err) + ".", Hint: "Make it readable, or remove it."})
				return nil
			}
			files[to], over[to] = data, name
			return nil
		})
	}
	return loadTheme(files, over)
}
