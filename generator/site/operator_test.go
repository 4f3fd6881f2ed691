package site

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"image/png"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"docent/generator/config"
	"docent/generator/doc"
	"docent/labs/report"
)

// commit commits everything in a folder at a time.
func commit(t *testing.T, dir, at string) {
	t.Helper()
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"}} {
		c := exec.Command("git", append([]string{"-C", dir}, args...)...)
		c.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at, "GIT_CONFIG_GLOBAL=/dev/null")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
}

func shown(t *testing.T, m *Memory, name string) string {
	t.Helper()
	data, ok := m.File(name)
	if !ok {
		t.Fatalf("no file %s; there are %v", name, m.Names())
	}
	return string(data)
}

func has(t *testing.T, what, where string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(where, w) {
			t.Errorf("%s lacks %q:\n%.3000s", what, w, where)
		}
	}
}

// listingOf gives the first listing of a page as labs see it.
func listingOf(t *testing.T, src, page string) doc.Listing {
	t.Helper()
	s, err := Load(context.Background(), Options{Source: src})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, p := range s.pages {
		if p.name == page {
			d, err := s.tree(p)
			if err != nil {
				t.Fatal(err)
			}
			list, _ := doc.Listings(d)
			return list[0]
		}
	}
	t.Fatalf("no page %s", page)
	return doc.Listing{}
}

func TestDatesComeFromGit(t *testing.T) {
	src := tree(t, "index.md", "# Home\n\n[a](a.md)\n", "a.md", "# Alpha\n\nAbout the first thing there is.\n",
		"b.rst", "Beta\n====\n\n.. include:: part.txt\n", "part.txt", "old", "new.md", "# New\n", "ü \"q\".md", "# Odd\n")
	os.Rename(src+"/new.md", src+"/../new.md")
	commit(t, src, "2026-01-02T03:04:05Z")
	os.WriteFile(src+"/part.txt", []byte("new"), 0o666)
	commit(t, src, "2026-02-03T04:05:06Z")
	os.Rename(src+"/../new.md", src+"/new.md") // never committed
	opt := Options{Source: src, BaseURL: "https://example.org/x/"}
	m, _ := buildSite(t, opt)
	has(t, "the site map", shown(t, m, "sitemap.xml"),
		"<loc>https://example.org/x/a/</loc>\n  <lastmod>2026-01-02T03:04:05Z</lastmod>",
		"<loc>https://example.org/x/b/</loc>\n  <lastmod>2026-02-03T04:05:06Z</lastmod>", // of the included file
		"<loc>https://example.org/x/new/</loc>\n </url>",
		"<loc>https://example.org/x/%C3%BC%20%22q%22/</loc>\n  <lastmod>2026-01-02T03:04:05Z</lastmod>")
	has(t, "a page", shown(t, m, "a/index.html"), `Last changed <time datetime="2026-01-02T03:04:05Z">2 January 2026</time>`,
		`<link rel="alternate" type="application/atom+xml"`)
	var feed struct {
		XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string    `xml:"id"`
		Updated time.Time `xml:"updated"`
		Author  string    `xml:"author>name"`
		Entry   []struct {
			Title   string    `xml:"title"`
			ID      string    `xml:"id"`
			Updated time.Time `xml:"updated"`
			Summary string    `xml:"summary"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(shown(t, m, "feed.xml")), &feed); err != nil {
		t.Fatal(err)
	}
	if feed.ID != "https://example.org/x/" || feed.Author != "Home" || len(feed.Entry) != 3 || feed.Entry[0].Title != "Beta" ||
		feed.Entry[1].Summary != "About the first thing there is." || !feed.Updated.Equal(feed.Entry[0].Updated) {
		t.Errorf("the feed: %+v", feed)
	}
	opt.Settings = []config.Setting{{Key: "git", Value: "false"}}
	if m, _ = buildSite(t, opt); strings.Contains(shown(t, m, "sitemap.xml"), "lastmod") {
		t.Error("dates although git is off")
	}
	if _, ok := m.File("feed.xml"); ok {
		t.Error("a feed without dates")
	}
	shallow := t.TempDir()
	if out, err := exec.Command("git", "clone", "-q", "--depth", "1", "file://"+src, shallow+"/c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	opt = Options{Source: shallow + "/c", BaseURL: "https://example.org/x/"}
	if m, _ = buildSite(t, opt); strings.Contains(shown(t, m, "sitemap.xml"), "lastmod") {
		t.Error("a shallow clone does not know when its oldest files changed")
	}
}

func TestHostileRepositoryRunsNothing(t *testing.T) {
	src := tree(t, "index.md", "# Home\n")
	commit(t, src, "2026-01-02T03:04:05Z")
	touched := t.TempDir() + "/touched"
	conf := "[core]\n\tfsmonitor = touch " + touched + "\n\tpager = touch " + touched + "\n[diff]\n\texternal = touch " + touched +
		"\n[pager]\n\tlog = touch " + touched + "\n[log]\n\tshowSignature = true\n[gpg]\n\tprogram = touch " + touched + "\n"
	f, err := os.OpenFile(src+"/.git/config", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(conf)
	f.Close()
	m, _ := buildSite(t, Options{Source: src, BaseURL: "https://example.org/"})
	has(t, "the site map", shown(t, m, "sitemap.xml"), "lastmod")
	if _, err := os.Stat(touched); err == nil {
		t.Error("git ran what the repository's configuration names")
	}
}

func TestHeadTellsOtherSites(t *testing.T) {
	src := tree(t, "index.md", "# Home\n", "lab.md", "---\ndescription: Count \"things\" & more.\n---\n# A \\</script> lab\n\n## Count\n\n```shell\nseq 3\n```\n",
		"cjk.md", "# 漢字\n", "docent.yaml", "title: Site\nauthor: Ada\nedit_url: https://git.example.org/edit/{path}\nbase_url: https://example.org/\n")
	m, _ := buildSite(t, Options{Source: src})
	page := shown(t, m, "lab/index.html")
	has(t, "the head", page, `<link rel="canonical" href="https://example.org/lab/">`, `<meta property="og:url" content="https://example.org/lab/">`,
		`<meta property="og:image" content="https://example.org/_cards/`, `<meta name="twitter:card" content="summary_large_image">`,
		`<a class="edit" href="https://git.example.org/edit/lab.md">`, `content="Count &#34;things&#34; &amp; more."`)
	_, ld, ok := strings.Cut(page, `<script type="application/ld+json">`)
	ld, _, _ = strings.Cut(ld, "</script>")
	var graph struct {
		Context string           `json:"@context"`
		Graph   []map[string]any `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(ld), &graph); err != nil || !ok {
		t.Fatalf("JSON-LD: %v: %s", err, ld)
	}
	if a := graph.Graph[0]; graph.Context != "https://schema.org" || a["@type"] != "TechArticle" || a["headline"] != "A </script> lab" ||
		a["author"].(map[string]any)["name"] != "Ada" || a["url"] != "https://example.org/lab/" {
		t.Errorf("JSON-LD: %v", graph)
	}
	if p := shown(t, m, "cjk/index.html"); strings.Contains(p, "og:image") || !strings.Contains(p, `content="summary"`) {
		t.Error("a card with letters that the font lacks")
	}
	_, name, _ := strings.Cut(page, `og:image" content="https://example.org/`)
	name, _, _ = strings.Cut(name, `"`)
	img, err := png.Decode(strings.NewReader(shown(t, m, name)))
	if err != nil || img.Bounds().Dx() != 1200 || img.Bounds().Dy() != 630 {
		t.Errorf("the card: %v", err)
	}
	again, _ := buildSite(t, Options{Source: src})
	if shown(t, again, name) != shown(t, m, name) {
		t.Error("the card differs from build to build")
	}
	has(t, "the page for missing addresses", shown(t, m, "404.html"), `<form role="search" action="/search/">`)
	if m, _ := buildSite(t, Options{Source: src, Settings: []config.Setting{{Key: "index", Value: "no"}, {Key: "cards", Value: "no"}}}); !strings.Contains(shown(t, m, "robots.txt"), "Disallow: /\n") ||
		!strings.Contains(shown(t, m, "lab/index.html"), `content="noindex"`) || strings.Contains(shown(t, m, "lab/index.html"), "og:image") {
		t.Error("index: false or cards: false does not count")
	}
}

func TestCardsOfAnyWords(t *testing.T) {
	for _, c := range []card{{"", "", ""}, {strings.Repeat("word ", 100), strings.Repeat("more ", 300), "Site"}, {strings.Repeat("x", 500), strings.Repeat("ÿ", 900), strings.Repeat("z", 300)}} {
		data, err := c.draw()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil {
			t.Error(err)
		}
	}
}

func TestHowToHasTheStepsOfTheLab(t *testing.T) {
	src := tree(t, "index.md", "# Home\n", "lab.md", "# Lab\n\n## Count\n\n```shell\nseq 3\n```\n")
	listing := listingOf(t, src, "lab.md")
	reports := t.TempDir()
	run := &report.Page{Page: "lab.md", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Machine: report.Machine{OS: "Debian", Engine: "docker"},
		Steps: []report.Step{{ID: listing.ID, Digest: listing.DigestFor(listing.Text()), Role: "run", Line: 5, Verdict: report.Passed, Command: "seq 3", Output: "1\n2\n3"}}}
	if err := report.Write(reports+"/lab.json", run); err != nil {
		t.Fatal(err)
	}
	m, _ := buildSite(t, Options{Source: src, Reports: reports, BaseURL: "https://example.org/"})
	has(t, "the lab's page", shown(t, m, "lab/index.html"), `{"@type":"HowTo","name":"Lab","inLanguage":"en","step":[{"@type":"HowToStep","position":1,"name":"Count","text":"seq 3","url":"https://example.org/lab/#l-`+listing.ID+`"}]}`)
}

func TestRedirects(t *testing.T) {
	src := tree(t, "index.md", "# Home\n", "new.md", "---\naliases: [/old/, older/page.html, /new/, /../up/]\n---\n# New \\<page>\n", "b.rst", ":aliases: /was-b\n\nB\n=\n\nText\n",
		"docent.yaml", "redirects:\n  /gone/: /new/#there\n  /away: https://example.net/x\n  /bad: /nowhere/\n  /worse: javascript:alert(1)\n  /twice: /new/\n  /old: /new/\n")
	m, diags := buildSite(t, Options{Source: src, BaseURL: "https://example.org/docs/"})
	got := shown(t, m, "_redirects")
	want := "/was-b/ /b/ 301!\n/old/ /new/ 301!\n/older/page.html /new/ 301!\n/away/ https://example.net/x 301!\n/gone/ /new/#there 301!\n/twice/ /new/ 301!\n"
	if got != want {
		t.Errorf("_redirects:\n%s\nwant\n%s", got, want)
	}
	has(t, "the page at an old address", shown(t, m, "older/page.html"), `http-equiv="refresh" content="0; url=../new/"`, `href="https://example.org/docs/new/"`, `<a href="../new/">New &lt;page&gt;</a>`)
	var said []string
	for _, d := range diags {
		said = append(said, d.String())
	}
	has(t, "the diagnostics", strings.Join(said, "\n"), "new.md:2:35: warning: The address `/new/` belongs to new.md.", "new.md:2:42: warning: `/../up/` is no address of the site.",
		"docent.yaml:4:9: warning: There is no page at `/nowhere/`.", "docent.yaml:5:11: warning: `javascript:alert(1)` is no address.", "docent.yaml:7:9: warning: The address `/old/` belongs to new.md.")
}

// A host shows the page for missing addresses at any depth.
func TestMissingPageLeadsFromTheRoot(t *testing.T) {
	src := tree(t, "index.md", "# Home\n\n```{toctree}\na\nElsewhere <https://example.net/x?a=b>\n```\n", "a.md", "# A\n")
	for base, root := range map[string]string{"": "/", "https://example.org/docs": "/docs/"} {
		m, _ := buildSite(t, Options{Source: src, BaseURL: base})
		has(t, "the page for missing addresses", shown(t, m, "404.html"), "<a href="+root+"a/>A</a>", `<a href="https://example.net/x?a=b">Elsewhere</a>`)
	}
}
