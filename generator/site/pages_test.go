package site

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"docent/generator/config"
	"docent/generator/doc"
	"docent/generator/parse"
	"docent/labs/report"
	"docent/labs/step"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

// lay writes the files of an archive into a folder.
func lay(t testing.TB, dir string, files []txtar.File) {
	t.Helper()
	for _, f := range files {
		to := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// tree makes a source folder of "name", "text" pairs.
func tree(t testing.TB, pairs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "content")
	var files []txtar.File
	for i := 0; i < len(pairs); i += 2 {
		files = append(files, txtar.File{Name: pairs[i], Data: []byte(pairs[i+1])})
	}
	lay(t, dir, files)
	return dir
}

func buildSite(t testing.TB, opt Options) (*Memory, []doc.Diag) {
	t.Helper()
	m := &Memory{}
	s, err := Load(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	return m, s.Diags()
}

var (
	article = regexp.MustCompile(`(?s)<article[^>]*>\n?(.*?)\n?</article>`)
	tool    = regexp.MustCompile(`(?s)<span class="listing-tools" data-ui>.*?</span>|<a class="headerlink"[^>]*></a>`)
	navPart = regexp.MustCompile(`(?s)<nav id="nav".*?</a>\n(.*?)\n</nav>`)
)

// TestGolden builds the site of every archive in testdata and compares what
// the archive asks for: `want/NAME` is the article of that page (without the
// theme's tools), `nav/NAME` its navigation, `raw/NAME` the whole file, and
// `diagnostics` all messages.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "content")
			var inputs []txtar.File
			for _, f := range ar.Files {
				if !golden(f.Name) {
					inputs = append(inputs, f)
				}
			}
			lay(t, dir, inputs)
			m, diags := buildSite(t, Options{Source: dir})
			for i := range ar.Files {
				f := &ar.Files[i]
				if !golden(f.Name) {
					continue
				}
				got := goldenPart(t, m, diags, f.Name)
				if *update {
					f.Data = []byte(got)
				} else if got != string(f.Data) {
					t.Errorf("%s: got\n%s\nwant\n%s", f.Name, got, f.Data)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(ar), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func golden(name string) bool {
	return name == "diagnostics" || strings.HasPrefix(name, "want/") || strings.HasPrefix(name, "nav/") || strings.HasPrefix(name, "raw/")
}

func goldenPart(t *testing.T, m *Memory, diags []doc.Diag, name string) string {
	if name == "diagnostics" {
		var b strings.Builder
		for _, d := range diags {
			b.WriteString(d.String() + "\n")
		}
		return b.String()
	}
	kind, file, _ := strings.Cut(name, "/")
	data, ok := m.File(file)
	if !ok {
		t.Fatalf("the site has no %s; it has %s", file, strings.Join(m.Names(), " "))
	}
	switch kind {
	case "want":
		return strings.TrimSpace(tool.ReplaceAllString(string(article.FindSubmatch(data)[1]), "")) + "\n"
	case "nav":
		return string(navPart.FindSubmatch(data)[1]) + "\n"
	}
	return strings.TrimRight(string(data), "\n") + "\n"
}

// manyPages is a tree with everything in it that could depend on order.
// buildTo builds a site into a folder and gives it, closed: what it says of the
// build can be asked.
func buildTo(t testing.TB, out string, opt Options) *Site {
	t.Helper()
	d, err := OpenDir(out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Abandon()
	d.Use(opt.Cache)
	s, err := Load(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.Remember(); err != nil {
		t.Fatal(err)
	}
	return s
}

func manyPages(t testing.TB) string {
	pairs := []string{"index.rst", "Home\n====\n\n.. toctree::\n   :glob:\n\n   *\n\n.. index:: first, second\n"}
	for i := range 40 {
		pairs = append(pairs, fmt.Sprintf("p%02d.rst", i), fmt.Sprintf(".. _l%d:\n\nPage %d\n=======\n\nSee :ref:`l%d` and :doc:`p00`.\n\n.. index:: term %d\n\n.. code-block:: python\n\n   x = %d\n", i, i, (i+7)%40, i%5, i))
	}
	return tree(t, pairs...)
}

func TestTwoBuildsGiveTheSameBytes(t *testing.T) {
	dir := manyPages(t)
	a, da := buildSite(t, Options{Source: dir, BaseURL: "https://example.org/x/"})
	b, db := buildSite(t, Options{Source: dir, BaseURL: "https://example.org/x/"})
	if fmt.Sprint(a.Names()) != fmt.Sprint(b.Names()) {
		t.Fatalf("different files: %v and %v", a.Names(), b.Names())
	}
	for _, n := range a.Names() {
		x, _ := a.File(n)
		y, _ := b.File(n)
		if !bytes.Equal(x, y) {
			t.Errorf("%s differs between two builds", n)
		}
	}
	if len(da) != len(db) {
		t.Errorf("%d and %d diagnostics", len(da), len(db))
	}
}

// TestEveryLinkLeadsSomewhere follows every relative address of a site that
// uses all kinds of page.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	m, _ := buildSite(t, Options{Source: manyPages(t)})
	href := regexp.MustCompile(`(?:href|src|action)="?([^"\s>]*)`)
	id := regexp.MustCompile(` id="([^"]*)"`)
	ids := map[string]map[string]bool{}
	for _, n := range m.Names() {
		if strings.HasSuffix(n, ".html") {
			data, _ := m.File(n)
			ids[n] = map[string]bool{}
			for _, x := range id.FindAllSubmatch(data, -1) {
				if ids[n][string(x[1])] {
					t.Errorf("%s: the id %s is there twice", n, x[1])
				}
				ids[n][string(x[1])] = true
			}
		}
	}
	checked := 0
	for n := range ids {
		if n == "404.html" { // its addresses begin at the host
			continue
		}
		data, _ := m.File(n)
		for _, x := range href.FindAllSubmatch(data, -1) {
			to, frag, _ := strings.Cut(string(x[1]), "#")
			if strings.Contains(to, ":") {
				continue
			}
			file := n
			if to != "" {
				file = filepath.ToSlash(filepath.Join(filepath.Dir(n), to))
				if strings.HasSuffix(to, "/") || to == "." || strings.HasSuffix(to, "..") {
					file = filepath.ToSlash(filepath.Join(file, "index.html"))
				}
			}
			if _, ok := m.File(file); !ok {
				t.Errorf("%s: %s leads nowhere (%s)", n, x[1], file)
			} else if frag != "" && !ids[file][frag] {
				t.Errorf("%s: %s names an anchor that %s lacks", n, x[1], file)
			}
			checked++
		}
	}
	if checked < 1000 {
		t.Errorf("only %d links were checked", checked)
	}
}

// An edited sample is said, and makes nothing stale: the commands did run.
func TestEditedSampleIsNotStale(t *testing.T) {
	source := "# T\n\n```console\n$ echo one\none\n```\n"
	steps, _ := step.Steps(parse.Page("index.md", source, nil))
	zero := 0
	r := report.Page{Schema: report.Version, Page: "index.md", Started: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), Machine: report.Machine{OS: "Debian", Arch: "amd64", Engine: "podman"},
		Steps: []report.Step{{ID: steps[0].ID, Digest: steps[0].Digest, Sample: steps[0].Sample, Role: "transcript", Verdict: report.Passed, Exit: &zero}}}
	reports := t.TempDir()
	if err := report.Write(filepath.Join(reports, report.FileName("index.md", "podman", false)), &r); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		source, verdict string
		edited          bool
	}{{source, "passed", false}, {strings.Replace(source, "\none\n", "\nONE\n", 1), "passed", true}} {
		m, _ := buildSite(t, Options{Source: tree(t, "index.md", c.source), Reports: reports})
		home, _ := m.File("index.html")
		if !strings.Contains(string(home), `data-verdict="`+c.verdict+`"`) || strings.Contains(string(home), "sample on the page was edited") != c.edited {
			t.Errorf("%q: want %s, edited %v, got\n%s", c.source, c.verdict, c.edited, home)
		}
	}
}

// A measured number comes from a run, and leads to it; without one the sample
// stands there.
func TestMeasuredNumbers(t *testing.T) {
	source := "# T\n\n```shell\ndocker build -t x:efficient .\n```\n\n{measured}`75MB <size(efficient)>` against {measured}`677MB <size(simple)>`, {measured}`gflops` GFLOP/s.\n"
	steps, _ := step.Steps(parse.Page("index.md", source, nil))
	run := func(engine string, day int, values map[string]string, images ...report.Image) report.Page {
		return report.Page{Schema: report.Version, Page: "index.md", Started: time.Date(2026, 5, day, 0, 0, 0, 0, time.UTC), Machine: report.Machine{Engine: engine}, Images: images,
			Steps: []report.Step{{ID: steps[0].ID, Digest: steps[0].Digest, Role: "run", Verdict: report.Passed, Values: values}}}
	}
	reports := t.TempDir()
	for _, r := range []report.Page{
		run("docker", 1, map[string]string{"gflops": "12.5"}, report.Image{Ref: "x:efficient", SizeBytes: 443e6}, report.Image{Ref: "x:simple", SizeBytes: 8260e6}),
		run("podman", 2, nil, report.Image{Ref: "x:efficient", SizeBytes: 444e6}), // newer, and has less
	} {
		if err := report.Write(filepath.Join(reports, report.FileName("index.md", r.Machine.Engine, false)), &r); err != nil {
			t.Fatal(err)
		}
	}
	m, diags := buildSite(t, Options{Source: tree(t, "index.md", source), Reports: reports})
	home, _ := m.File("index.html")
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(home), "")
	if len(diags) > 0 || !strings.Contains(text, "443MB against 8.26GB, 12.5 GFLOP/s") || !strings.Contains(string(home), "Measured on 1 May 2026, docker") {
		t.Errorf("%v\n%s", diags, home)
	}

	m, diags = buildSite(t, Options{Source: tree(t, "index.md", strings.Replace(source, "-t x", "-t y", 1)), Reports: reports})
	home, _ = m.File("index.html")
	if !strings.Contains(string(home), "gflops GFLOP/s") || len(diags) != 1 || !strings.Contains(diags[0].String(), "index.md:7:") || diags[0].Code != "measured-missing" {
		t.Errorf("another command ran: %v\n%s", diags, home)
	}
	m, diags = buildSite(t, Options{Source: tree(t, "index.md", source), Reports: t.TempDir()})
	home, _ = m.File("index.html")
	if !strings.Contains(string(home), "75MB") || len(diags) == 0 || diags[0].Severity != doc.Info {
		t.Errorf("without a report: %v\n%s", diags, home)
	}
}

func TestEvidenceStandsUnderItsListing(t *testing.T) {
	dir := tree(t, "index.md", "# T\n\n```shell\necho one\n```\n\n```shell\necho two\n```\n\n```shell\necho three\n```\n")
	s, err := Load(context.Background(), Options{Source: dir})
	if err != nil {
		t.Fatal(err)
	}
	d, _ := s.tree(s.pages[0])
	list, _ := doc.Listings(d)
	s.Close()
	if len(list) != 3 {
		t.Fatalf("%d listings", len(list))
	}
	zero, one := 0, 1
	r := report.Page{Schema: report.Version, Page: "index.md", Started: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), Duration: 5000,
		Machine: report.Machine{OS: "Debian", Arch: "amd64", Engine: "podman", EngineVersion: "4.3.1"},
		Images:  []report.Image{{Ref: "a/b:simple", SizeBytes: 5e9, Layers: []report.Layer{{SizeBytes: 4e9, CreatedBy: "FROM x"}, {SizeBytes: 1e9}}}},
		Steps: []report.Step{
			{ID: list[0].ID, Digest: list[0].DigestFor(list[0].Text()), Role: "run", Verdict: report.StandIn, StandIn: []string{"cuda-devel"}, Why: "It is played.",
				Duration: 1200, Exit: &zero, Command: "echo one", Output: "one <b>\n"},
			{ID: list[1].ID, Digest: "of an older text", Role: "run", Verdict: report.Passed, Duration: 800, Exit: &zero},
			{ID: list[2].ID, Digest: list[2].DigestFor(list[2].Text()), Role: "run", Verdict: report.Failed, Why: "It printed something else.", Duration: 100, Exit: &one, Diff: "-a\n+b\n"},
		}, Coverage: report.Coverage{Listings: 3, Runnable: 3, Run: 3}}
	reports := t.TempDir()
	if err := report.Write(filepath.Join(reports, report.FileName("index.md", "podman", false)), &r); err != nil {
		t.Fatal(err)
	}
	// An older run: it left out what the newer one carried out, and failed alike.
	older := r
	older.Started, older.Machine.Engine = r.Started.AddDate(0, 0, -1), "docker"
	older.Steps = []report.Step{{ID: list[0].ID, Digest: list[0].DigestFor(list[0].Text()), Role: "run", Verdict: report.Skipped, Why: "It lacks a GPU."}, r.Steps[2]}
	if err := report.Write(filepath.Join(reports, report.FileName("index.md", "docker", false)), &older); err != nil {
		t.Fatal(err)
	}
	m, diags := buildSite(t, Options{Source: dir, Reports: reports})
	if len(diags) > 0 {
		t.Errorf("diagnostics: %v", diags)
	}
	home, _ := m.File("index.html")
	var verdicts []string
	for _, x := range regexp.MustCompile(`data-verdict="([a-z-]*)"`).FindAllSubmatch(home, -1) {
		verdicts = append(verdicts, string(x[1]))
	}
	if got := strings.Join(verdicts, " "); got != "stand-in stale failed" {
		t.Errorf("verdicts %q", got)
	}
	for _, want := range []string{"passed on a stand-in", "1.2 s", "podman 4.3.1", "6 May 2026", "one &lt;b&gt;", "cuda-devel",
		`<span class="gd">-a</span>`, "2 of 3 listings ran", "changed after this run",
		"skipped</span>: It lacks a GPU.", "<span>podman 4.3.1</span><span>docker 4.3.1</span>"} {
		if !strings.Contains(string(home), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	page, ok := m.File("lab-report/index.html")
	if !ok {
		t.Fatal("there is no lab report page")
	}
	for _, want := range []string{"When each listing ran</title>", "<desc id=", "How big the images are, layer by layer</title>", "5 GB", `class="bar failed"`, "b:simple"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the report does not say %q", want)
		}
	}

	// All of it in the language of the site, but for what labs wrote.
	m, _ = buildSite(t, Options{Source: dir, Reports: reports, Settings: []config.Setting{{Key: "language", Value: "de"}}})
	has(t, "the German page", shown(t, m, "index.html"), "bestanden mit Ersatz-Image", "6. Mai 2026", "<dt>Exit-Code</dt>", "<p>Eingegeben</p>", "<p>Ausgegeben</p>",
		"Das Muster der Seite gegen diesen Lauf", "der so endete: bestanden.", "2 von 3 Listings liefen")
	german := shown(t, m, "lab-report/index.html")
	has(t, "the German report", german, "<h1>Laborbericht</h1>", ">Läufe</h2>", "Wann jedes Listing lief</title>", "Schicht für Schicht</h3>", `<th scope="col" class="num">Größe</th>`, "das ganze Image", "keine GPU", "6. Mai 2026")
	text := regexp.MustCompile(`(?s)<(code|text)[^>]*>.*?</(code|text)>|<[^>]*>`).ReplaceAllString(german, " ")
	for _, english := range []string{"The ", " the ", "listing ", "Details", "Machine", "passed", "failed"} {
		if strings.Contains(text, english) {
			t.Errorf("the German report says %q", english)
		}
	}
}

// A field list before everything else is about the page: it is not shown, and
// its language turns the page around.
func TestFieldsOfAPage(t *testing.T) {
	m, _ := buildSite(t, Options{Source: tree(t, "index.rst", ":language: he\n:orphan:\n\nT\n=\n\nText.\n\n:shown: yes\n")})
	page, _ := m.File("index.html")
	for want, there := range map[string]bool{`lang="he" dir="rtl"`: true, "orphan": false, "shown": true} {
		if strings.Contains(string(page), want) != there {
			t.Errorf("%q on the page: %t", want, !there)
		}
	}
}
