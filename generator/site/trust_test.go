package site

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"docent/generator/build"
	"docent/generator/doc"
	"docent/generator/parse"
	"docent/labs/report"
	"docent/labs/step"
)

// A gardener changes a small source tree at random, as an author does over a
// year: pages of both languages that link to each other, include files, show
// pictures, stand in toctrees; configurations, reports, folders, links.
type gardener struct {
	*rand.Rand
	dir string
}

var plots = []string{"index.md", "a.md", "b.rst", "one/index.md", "one/c.md", "one/d.rst", "two/e.md", "two/index.rst", "two/deep/f.md", "g.rst", "README.md"}

var targets = []string{"a", "b", "one/c", "one/d", "two/e", "two/deep/f", "g", "gone", "one/index", "two/index"}

func (g *gardener) pick(l []string) string { return l[g.Intn(len(l))] }

func (g *gardener) put(name, text string) {
	to := filepath.Join(g.dir, name)
	os.MkdirAll(filepath.Dir(to), 0o777)
	os.RemoveAll(to)
	if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
		panic(err)
	}
}

func (g *gardener) title() string {
	return g.pick(strings.Fields("Apple Birch Cedar Dogwood Elder Fir"))
}

func (g *gardener) markdown() string {
	var b strings.Builder
	if g.Intn(4) == 0 {
		fmt.Fprintf(&b, "---\n%s\n---\n", g.pick([]string{"title: Given", "description: About it.", "order: 3", "aliases: old/page", "search: false", "orphan: true", "draft: true", "language: de", "date: 2026-01-02", "title: [", "tags: [a, b]"}))
	}
	if g.Intn(8) > 0 {
		fmt.Fprintf(&b, "# %s\n\n", g.title())
	}
	for range g.Intn(7) {
		switch g.Intn(11) {
		case 0:
			fmt.Fprintf(&b, "(label-%d)=\n## %s\n\n", g.Intn(4), g.title())
		case 1:
			fmt.Fprintf(&b, "See [](/%s.md) and [it](/%s.md#%s).\n\n", g.pick(targets), g.pick(targets), g.pick([]string{"apple", "birch", "label-1"}))
		case 2:
			fmt.Fprintf(&b, "{ref}`label-%d`, {ref}`text <label-%d>`, {doc}`/%s`\n\n", g.Intn(4), g.Intn(4), g.pick(targets))
		case 3:
			fmt.Fprintf(&b, "```{toctree}\n:maxdepth: %d\n%s\n/%s\n/%s\n```\n\n", 1+g.Intn(3), g.pick([]string{":numbered:", ":hidden:", ":caption: Part"}), g.pick(targets), g.pick(targets))
		case 4:
			fmt.Fprintf(&b, "```{include} /%s\n```\n\n", g.pick([]string{"part.txt", "more.txt"}))
		case 5:
			b.WriteString("![picture](/pic.png) {download}`/data.bin`\n\n")
		case 6:
			fmt.Fprintf(&b, "```{literalinclude} /%s\n:language: bash\n```\n\n", g.pick([]string{"part.txt", "code.sh"}))
		case 7:
			fmt.Fprintf(&b, "```bash\nexport NAME=%s\n```\n\n", g.title())
		case 8:
			fmt.Fprintf(&b, "```{index} %s; %s\n```\n\n{term}`%s`\n\n", g.title(), g.title(), g.title())
		case 9:
			fmt.Fprintf(&b, "```{toctree}\n:glob:\n\n%s\n```\n\n", g.pick([]string{"*", "/one/*", "/two/**"}))
		default:
			fmt.Fprintf(&b, "Words about %s and %d.\n\n", g.title(), g.Intn(9))
		}
	}
	return b.String()
}

func (g *gardener) rst() string {
	var b strings.Builder
	if g.Intn(6) == 0 {
		b.WriteString(":orphan:\n\n")
	}
	t := g.title()
	fmt.Fprintf(&b, "%s\n%s\n\n", t, strings.Repeat("=", len(t)))
	for range g.Intn(7) {
		switch g.Intn(10) {
		case 9:
			fmt.Fprintf(&b, ".. digraph:: g\n\n   %s\n\n", g.title())
		case 0:
			t := g.title()
			fmt.Fprintf(&b, ".. _label-%d:\n\n%s\n%s\n\n", g.Intn(4), t, strings.Repeat("-", len(t)))
		case 1:
			fmt.Fprintf(&b, ":doc:`/%s` :ref:`label-%d` :numref:`fig-%d` :any:`%s`\n\n", g.pick(targets), g.Intn(4), g.Intn(2), g.title())
		case 2:
			fmt.Fprintf(&b, ".. toctree::\n   :maxdepth: 2\n\n   /%s\n   /%s\n\n", g.pick(targets), g.pick(targets))
		case 3:
			fmt.Fprintf(&b, ".. include:: /%s\n\n", g.pick([]string{"part.txt", "more.txt"}))
		case 4:
			fmt.Fprintf(&b, ".. _fig-%d:\n\n.. figure:: /pic.png\n\n   %s\n\n", g.Intn(2), g.title())
		case 5:
			fmt.Fprintf(&b, ".. py:function:: f%d(x)\n\n   Does.\n\n:py:func:`f%d`\n\n", g.Intn(3), g.Intn(3))
		case 6:
			fmt.Fprintf(&b, ".. glossary::\n\n   %s\n      A tree.\n\n", g.title())
		default:
			fmt.Fprintf(&b, "Words about %s, |release| and %d.\n\n", g.title(), g.Intn(9))
		}
	}
	return b.String()
}

func (g *gardener) page(name string) {
	if strings.HasSuffix(name, ".md") {
		g.put(name, g.markdown())
	} else {
		g.put(name, g.rst())
	}
}

// around writes one of several texts to a file that is no page, or removes
// it.
func (g *gardener) around(name string, texts ...string) string {
	if g.Intn(4) == 0 {
		os.Remove(filepath.Join(g.dir, name))
		return "remove " + name
	}
	g.put(name, g.pick(texts))
	return "write " + name
}

// theme changes what stands above the theme.
func (g *gardener) theme() string {
	switch g.Intn(6) {
	case 0:
		os.RemoveAll(filepath.Join(g.dir, "_theme"))
		return "remove the theme"
	case 4: // a directive of the site's own
		return g.around("_theme/templates/directives/"+g.pick([]string{"tip", "Bad Name"})+".html", "<p>{{.Content}}</p>\n", "<b>{{.Argument}}</b>\n", "{{.Nothing}}", "{{")
	case 5:
		return g.around("_theme/templates/page.html", "<title>{{.Title}}</title><nav>{{.Nav}}</nav><article>{{.Body}}</article>\n", "{{.Body}}\n", "{{.Head}}{{if}}")
	case 1:
		return g.around("_theme/templates/redirect.html", "<p>{{.Home}}</p>\n", "<p>To {{.Home}}</p>\n", "{{")
	case 2:
		return g.around("_theme/assets/css/docent.css", "p{color:red}", "p{color:blue}")
	}
	return g.around("_theme/assets/"+g.title()+".txt", "1", "2")
}

// judge writes a report about a page, or removes it.
func (g *gardener) judge() string {
	dir := filepath.Join(filepath.Dir(g.dir), "labs", "reports")
	page := g.pick([]string{"a.md", "b.rst", "one/c.md"})
	file := filepath.Join(dir, report.FileName(page, "host", false))
	switch g.Intn(4) {
	case 0:
		os.Remove(file)
		return "remove the report of " + page
	case 1:
		os.MkdirAll(dir, 0o777)
		os.WriteFile(file, []byte("{"), 0o666)
		return "break the report of " + page
	}
	r := report.Page{Schema: report.Version, Page: page, Started: time.Date(2026, 5, 1+g.Intn(9), 0, 0, 0, 0, time.UTC), Machine: report.Machine{OS: "Debian", Engine: "host"}}
	text, _ := os.ReadFile(filepath.Join(g.dir, page))
	zero := 0
	steps, _ := step.Steps(parse.Page(page, strings.ToValidUTF8(string(text), "?"), nil))
	for _, s := range steps {
		r.Steps = append(r.Steps, report.Step{ID: s.ID, Digest: s.Digest, Sample: s.Sample, Role: "run", Exit: &zero,
			Verdict: report.Verdict(g.pick([]string{"passed", "failed", "skipped"}))})
	}
	os.MkdirAll(dir, 0o777)
	if err := report.Write(file, &r); err != nil {
		panic(err)
	}
	return "judge " + page
}

// harm does to a cache what crashes, bad disks and restored backups do: files
// that are cut, broken, gone, or older than the ones beside them.
func (g *gardener) harm(cache string, older map[string]string) string {
	sites, _ := filepath.Glob(filepath.Join(cache, "site-*"))
	if len(sites) == 0 {
		return "nothing"
	}
	names := []string{"graph", "changes", "files", "search", "texts", "out"}
	if g.Intn(3) == 0 { // as when the last build was killed after its site stood in its place
		for _, name := range names[:5] {
			if text, ok := older["before "+name]; ok {
				os.WriteFile(filepath.Join(sites[0], name), []byte(text), 0o600)
			} else {
				os.Remove(filepath.Join(sites[0], name))
			}
		}
		return "forget the last build but for its site"
	}
	name := g.pick(names)
	full := filepath.Join(sites[0], name)
	was, err := os.ReadFile(full)
	if err != nil {
		return "nothing"
	}
	defer func() { older[name] = string(was) }()
	switch n := g.Intn(6); {
	case n == 0:
		os.Remove(full)
		return "remove the cache's " + name
	case n == 1:
		os.WriteFile(full, was[:g.Intn(len(was)+1)], 0o600)
		return "cut the cache's " + name
	case n == 2:
		broken := []byte(string(was))
		for range 1 + g.Intn(3) {
			broken[g.Intn(len(broken))] ^= byte(1 + g.Intn(255))
		}
		os.WriteFile(full, broken, 0o600)
		return "break the cache's " + name
	case older[name] != "":
		os.WriteFile(full, []byte(older[name]), 0o600)
		return "put an older " + name + " into the cache"
	}
	return "look at the cache's " + name
}

// step makes one change and says which.
func (g *gardener) step() string {
	name := g.pick(plots)
	full := filepath.Join(g.dir, name)
	switch g.Intn(28) {
	case 22: // what editors of other systems write, and what is no text
		return g.deface(name)
	case 23: // a page becomes a folder, or a folder a page
		return g.turn(name)
	case 24: // another name in the letters' case only
		to := filepath.Join(filepath.Dir(full), strings.ToUpper(filepath.Base(name)[:1])+filepath.Base(name)[1:])
		if g.Intn(2) == 0 {
			full, to = to, full
		}
		os.Rename(full, to)
		return "change the case of " + name
	case 25:
		return g.links()
	case 26:
		mode := []fs.FileMode{0o600, 0o644, 0o755, 0o444}[g.Intn(4)]
		os.Chmod(full, mode)
		return fmt.Sprintf("give %s the mode %o", name, mode)
	case 27: // back to what it was, with another page in between
		text, err := os.ReadFile(full)
		if err != nil {
			return "nothing"
		}
		other := g.pick(plots)
		os.Rename(filepath.Join(g.dir, other), filepath.Join(g.dir, other+".bak"))
		g.put(name, string(text))
		os.Rename(filepath.Join(g.dir, other+".bak"), filepath.Join(g.dir, other))
		return "write " + name + " again and move " + other + " away and back"
	case 16:
		return g.theme()
	case 17:
		return g.around("versions.json", "[]", `[{"version": "1", "url": "https://example.org/1/"}]`, "[", `[{"version": "2", "name": "Two", "url": "/2/"}]`)
	case 18:
		return g.around("locale/de/LC_MESSAGES/"+g.pick([]string{"a", "one", "index"})+".po", "", "msgid \"Apple\"\nmsgstr \"Apfel\"\n", "msgid \"Birch\"\nmsgstr \"Birke\"\n", "\xff")
	case 19:
		return g.judge()
	case 20: // other bytes under the same size and the same time
		text, err := os.ReadFile(full)
		info, err2 := os.Lstat(full)
		if err != nil || err2 != nil || info.Mode()&fs.ModeSymlink != 0 {
			return "nothing"
		}
		os.WriteFile(full, []byte(strings.Map(func(r rune) rune {
			if 'b' <= r && r <= 'y' && g.Intn(3) == 0 {
				return r + 1
			}
			return r
		}, string(text))), 0o666)
		os.Chtimes(full, info.ModTime(), info.ModTime())
		return "write " + name + " under its old stamp"
	case 21:
		return g.around("drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>`, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="3"/>`, `<svg onload="x()"/>`)
	case 0:
		os.Remove(full)
		return "remove " + name
	case 1:
		to := g.pick(plots)
		os.MkdirAll(filepath.Dir(filepath.Join(g.dir, to)), 0o777)
		os.Rename(full, filepath.Join(g.dir, to))
		return "rename " + name + " to " + to
	case 2:
		dir := g.pick([]string{"one", "two", "two/deep"})
		os.RemoveAll(filepath.Join(g.dir, dir))
		return "remove the folder " + dir
	case 3:
		f := g.pick([]string{"part.txt", "more.txt", "code.sh", "data.bin"})
		if g.Intn(3) == 0 {
			os.RemoveAll(filepath.Join(g.dir, f))
			return "remove " + f
		}
		g.put(f, "echo "+g.title()+"\n\nMore *words*.\n")
		return "write " + f
	case 4:
		if g.Intn(3) == 0 {
			os.Remove(filepath.Join(g.dir, "pic.png"))
			return "remove the picture"
		}
		g.put("pic.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00"+string(rune('1'+g.Intn(5)))+"\x00\x00\x00\x05\x08\x02\x00\x00\x00"+"\x00\x00\x00\x00")
		return "draw the picture"
	case 5:
		if g.Intn(2) == 0 {
			os.Remove(filepath.Join(g.dir, "conf.py"))
			return "remove conf.py"
		}
		g.put("conf.py", fmt.Sprintf("extensions = ['myst_parser']\nmyst_enable_extensions = ['colon_fence', 'substitution']\nproject = %q\nrelease = '%d'\nnumfig = %s\n%s\n", g.title(), g.Intn(3), g.pick([]string{"True", "False"}),
			g.pick([]string{"", "exclude_patterns = ['two']", "master_doc = 'a'", "rst_epilog = 'The end.'", "html_static_path = ['one']", "html_extra_path = ['two']", "html_css_files = ['own.css']\nhtml_static_path = ['one']",
				"extensions = ['sphinx.ext.autosectionlabel', 'myst_parser']", "extlinks = {'issue': ('https://example.org/%s', 'issue %s')}", "nitpicky = True", "language = 'de'", "include_patterns = ['*.md', 'one/**']",
				"smartquotes = False", "default_role = 'any'", "myst_heading_anchors = 2", "source_suffix = ['.md']", "highlight_language = 'bash'"})))
		return "write conf.py"
	case 6:
		if g.Intn(2) == 0 {
			os.Remove(filepath.Join(g.dir, "docent.yaml"))
			return "remove docent.yaml"
		}
		g.put("docent.yaml", g.pick([]string{"title: Garden\n", "base_url: https://example.org/\ncards: false\n", "edit_url: https://example.org/edit/{path}\n", "exclude: [g.rst]\n", "redirects: {/was/: /a/}\n", "languages: {de: Deutsch}\n", "theme: two\n", "search: false\nmarkdown: false\n",
			"redirects: {/was/: /b/, /one/c/: /a/, /out/: 'https://example.org/'}\n", "drafts: true\n", "languages: {de: Deutsch, fr: Français}\n", "raw_html: true\n", "smart: 1\n", "index: false\n", "strict: true\n", "version: 2\n", "feed: {limit: 1}\nbase_url: https://example.org/x/\n",
			"highlight_language: python\n", "language: fr\n", "check: {orphans: false}\n", "title: [\n"}))
		return "write docent.yaml"
	case 7: // the same text again, at another time
		if text, err := os.ReadFile(full); err == nil {
			g.put(name, string(text))
		}
		return "touch " + name
	case 8: // as a tool that keeps times does
		at := time.Unix(1_700_000_000+int64(g.Intn(3)), 0)
		g.page(name)
		os.Chtimes(full, at, at)
		return "write " + name + " with an old time"
	case 9:
		os.Remove(full)
		os.MkdirAll(filepath.Dir(full), 0o777)
		os.Symlink(filepath.Join(g.dir, g.pick(plots)), full)
		return "link " + name
	default:
		if text, err := os.ReadFile(full); err == nil && g.Intn(2) == 0 {
			g.put(name, string(text)+"\nOne line more: "+g.title()+".\n")
			return "append to " + name
		}
		g.page(name)
		return "write " + name
	}
}

// deface writes a page as other systems have it, or as no system should.
func (g *gardener) deface(name string) string {
	full := filepath.Join(g.dir, name)
	was, err := os.ReadFile(full)
	if err != nil {
		return "nothing"
	}
	text := string(was)
	switch g.Intn(6) {
	case 0:
		g.put(name, "\uFEFF"+strings.TrimPrefix(text, "\uFEFF"))
		return "put a mark of the byte order before " + name
	case 1:
		g.put(name, strings.ReplaceAll(strings.ReplaceAll(text, "\r", ""), "\n", "\r\n"))
		return "end the lines of " + name + " as Windows does"
	case 2:
		g.put(name, "")
		return "empty " + name
	case 3:
		at := g.Intn(len(text) + 1)
		g.put(name, text[:at]+"\xff\x00"+text[at:])
		return "break the encoding of " + name
	case 4:
		g.put(name, strings.TrimRight(text, "\n"))
		return "cut the last line break of " + name
	}
	g.put(name, strings.ReplaceAll(text, "\r\n", "\n"))
	return "end the lines of " + name + " as Unix does"
}

// turn makes a folder of a page, or a page of a folder.
func (g *gardener) turn(name string) string {
	full := filepath.Join(g.dir, name)
	if info, err := os.Lstat(full); err == nil && info.IsDir() {
		os.RemoveAll(full)
		g.page(name)
		return "make " + name + " a page again"
	}
	os.RemoveAll(full)
	if err := os.MkdirAll(full, 0o777); err != nil {
		return "nothing"
	}
	g.page(name + "/index.md")
	return "make " + name + " a folder"
}

// links makes links that lead into a circle, outside, nowhere, to a folder.
func (g *gardener) links() string {
	at := filepath.Join(g.dir, g.pick([]string{"round", "one/up", "two/one", "linked.md"}))
	os.Remove(at)
	os.MkdirAll(filepath.Dir(at), 0o777)
	to := g.pick([]string{".", "..", g.dir, filepath.Join(g.dir, "one"), "nowhere", filepath.Join(filepath.Dir(g.dir), "outside.txt"), ""})
	if to == "" {
		return "remove the link " + filepath.Base(at)
	}
	os.Symlink(to, at)
	return "link " + filepath.Base(at) + " to " + to
}

// meddle does to the site what other programs do.
func (g *gardener) meddle(out string) string {
	name := filepath.Join(out, g.pick([]string{"index.html", "a/index.html", "one/c/index.html", "sitemap.xml", "llms.txt", "_search/index.js", "404.html"}))
	switch g.Intn(6) {
	case 0: // in place, in the same folder, of the same size
		if was, err := os.ReadFile(name); err == nil {
			os.WriteFile(name, []byte(strings.ToUpper(string(was))), 0o666)
		}
		return "write into the site's " + filepath.Base(name)
	case 1:
		os.Remove(name)
		return "remove the site's " + filepath.Base(name)
	case 2:
		os.RemoveAll(filepath.Join(out, "one"))
		return "remove a folder of the site"
	case 3:
		os.MkdirAll(filepath.Join(out, "one", "c", "mine"), 0o777)
		os.WriteFile(filepath.Join(out, "one", "c", "mine", "own.html"), []byte("mine"), 0o666)
		return "put a folder into the site"
	case 4:
		os.Remove(name)
		os.Symlink(filepath.Join(filepath.Dir(g.dir), "outside.txt"), name)
		return "put a link into the site"
	}
	os.Rename(filepath.Join(out, "a"), filepath.Join(out, "elsewhere"))
	return "rename a folder of the site"
}

// build writes the site and gives its files and its diagnostics, or why
// there is none.
func (g *gardener) build(t *testing.T, out string, cache *build.Cache) (files map[string]string, said string) {
	t.Helper()
	fail := func(err error) (map[string]string, string) {
		return nil, strings.ReplaceAll(err.Error(), out, "OUT")
	}
	d, err := OpenDir(out)
	if err != nil {
		return fail(err)
	}
	defer d.Abandon()
	d.worth = 1
	d.Use(cache)
	s, err := Load(context.Background(), Options{Source: g.dir, Cache: cache})
	if err != nil {
		return fail(err)
	}
	defer s.Close()
	if err := s.Write(context.Background(), d); err != nil {
		return fail(err)
	}
	if _, err := d.Commit(); err != nil {
		return fail(err)
	}
	if err := s.Remember(); err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	filepath.WalkDir(out, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			data, _ := os.ReadFile(name)
			rel, _ := filepath.Rel(out, name)
			files[rel] = string(data)
		}
		return err
	})
	return files, saidOf(s.Diags())
}

// saidOf gives diagnostics with what they show, in order.
func saidOf(all []doc.Diag) string {
	var lines []string
	for _, d := range all {
		lines = append(lines, d.String()+"\n"+d.Excerpt())
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// fromNothing gives the site and what is said about it without a cache.
func (g *gardener) fromNothing() (files map[string]string, said string) {
	s, err := Load(context.Background(), Options{Source: g.dir})
	if err != nil {
		return nil, err.Error()
	}
	defer s.Close()
	var m Memory
	if err := s.Write(context.Background(), &m); err != nil {
		return nil, err.Error()
	}
	files = map[string]string{marker: markerText}
	for _, name := range m.Names() {
		data, _ := m.File(name)
		files[name] = string(data)
	}
	return files, saidOf(s.Diags())
}

// TestTheCacheIsNotTrusted compares builds with a cache to builds without
// one, over random sequences of changes: the same files, byte for byte, and
// the same diagnostics. DOCENT_SEQUENCES says how many sequences.
func TestTheCacheIsNotTrusted(t *testing.T) {
	drawWith(t, `echo "<svg width='10' height='10'><text>$(cksum)</text></svg>"`)
	settled = 20 * time.Millisecond // else no stamp would be trusted within a test
	sequences := 4
	if n, err := strconv.Atoi(os.Getenv("DOCENT_SEQUENCES")); err == nil {
		sequences = n
	}
	first, _ := strconv.Atoi(os.Getenv("DOCENT_SEED"))
	for seed := first; seed < first+sequences; seed++ {
		root, err := os.MkdirTemp("", "docent-trust-")
		if err != nil {
			t.Fatal(err)
		}
		g := &gardener{rand.New(rand.NewSource(int64(seed))), filepath.Join(root, "content")}
		g.year(t, seed, root)
		os.RemoveAll(root)
		if n := seed - first + 1; n%50 == 0 || n == sequences {
			t.Logf("%d sequences from seed %d on", n, first)
		}
	}
}

// year changes the source again and again, and compares after each time.
func (g *gardener) year(t *testing.T, seed int, root string) {
	for _, name := range plots {
		g.page(name)
	}
	var history []string
	older := map[string]string{}
	out, at := filepath.Join(root, "warm"), filepath.Join(root, "cache")
	for range 8 {
		for range 1 + g.Intn(3) {
			history = append(history, g.step())
		}
		if g.Intn(6) == 0 { // someone changes the site by hand
			history = append(history, "change the site by hand")
			os.WriteFile(filepath.Join(out, "index.html"), []byte("by hand"), 0o666)
			os.WriteFile(filepath.Join(out, "foreign.txt"), []byte("by hand"), 0o666)
		}
		if g.Intn(6) == 0 && IsBuilt(out) {
			history = append(history, g.meddle(out))
		}
		if g.Intn(8) == 0 {
			history = append(history, "remove the site")
			os.RemoveAll(out)
		}
		if g.Intn(3) == 0 {
			history = append(history, g.harm(at, older))
		}
		for _, name := range []string{"graph", "changes", "files", "search", "texts"} {
			delete(older, "before "+name)
			if all, _ := filepath.Glob(filepath.Join(at, "site-*", name)); len(all) == 1 {
				text, _ := os.ReadFile(all[0])
				older["before "+name] = string(text)
			}
		}
		cache, err := build.OpenCache(at, "x")
		if err != nil {
			t.Fatal(err)
		}
		warm, warmSaid := g.build(t, out, cache)
		cache.Close()
		cold, coldSaid := g.fromNothing()
		if warmSaid != coldSaid {
			t.Fatalf("seed %d: after %q: something else is said:\n%s", seed, history, firstDifference(warmSaid, coldSaid))
		}
		for name, text := range cold {
			if got, ok := warm[name]; !ok || got != text {
				t.Fatalf("seed %d: after %q: %s differs with a cache (there: %t)\n%s", seed, history, name, ok, firstDifference(got, text))
			}
		}
		for name := range warm {
			if _, ok := cold[name]; !ok && cold != nil {
				t.Fatalf("seed %d: after %q: %s is there with a cache only", seed, history, name)
			}
		}
	}
}

func firstDifference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("with: …%q\nwithout: …%q", a[max(0, i-100):min(len(a), i+200)], b[max(0, i-100):min(len(b), i+200)])
}

// TestLostRecord loses what is known of the site on the disk: the build after
// that finds that nothing changed, and the next one knows it.
func TestLostRecord(t *testing.T) {
	settled = 20 * time.Millisecond
	root := t.TempDir()
	g := &gardener{rand.New(rand.NewSource(1)), filepath.Join(root, "content")}
	for _, name := range plots {
		g.page(name)
	}
	at, out := filepath.Join(root, "cache"), filepath.Join(root, "out")
	again := func() int64 {
		t.Helper()
		time.Sleep(2 * settled)
		cache, err := build.OpenCache(at, "x")
		if err != nil {
			t.Fatal(err)
		}
		defer cache.Close()
		return g.rendered(t, out, cache)
	}
	again()
	lost, _ := filepath.Glob(filepath.Join(at, "site-*", "out"))
	if len(lost) != 1 || os.Remove(lost[0]) != nil {
		t.Fatalf("there is no record: %v", lost)
	}
	if n := again(); n == 0 {
		t.Error("without a record no page was rendered")
	}
	if n := again(); n != 0 {
		t.Errorf("%d pages were rendered again", n)
	}
}

// rendered builds the site and tells how many pages were not kept.
func (g *gardener) rendered(t *testing.T, out string, cache *build.Cache) int64 {
	t.Helper()
	return buildTo(t, out, Options{Source: g.dir, Cache: cache}).rendered.Load()
}
