package site

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docent/generator/build"
)

const german = `# Translations
msgid ""
msgstr ""
"Language: de\n"
"Content-Type: text/plain; charset=UTF-8\n"

#: ../../index.rst:2
msgid "Home"
msgstr "Willkommen auf der Startseite"

#: ../../index.rst:4
msgid "A paragraph with *emphasis* and a :ref:` + "`link <there>`" + ` over two lines."
msgstr "Ein Absatz mit *Betonung* und einem :ref:` + "`Verweis <there>`" + `."

#, fuzzy
msgid "Only guessed."
msgstr "Geraten."

msgid "An item"
msgstr "Ein Eintrag"

msgid "In the table"
msgstr "In der Tabelle"

msgid "a term"
msgstr "ein Begriff"

msgid ""
"A long message in "
"\"pieces\"."
msgstr ""
"Eine lange Nachricht "
"in „Stücken“."

msgid "Broken."
msgstr "Kaputt :nosuchrole:` + "`x`" + `."
`

func TestLanguages(t *testing.T) {
	src := tree(t, "docent.yaml", "base_url: https://example.org/x/\nlanguages: {de: Deutsch, fr: Français}\n",
		"index.rst", "====\nHome\n====\n\nA paragraph with *emphasis* and a :ref:`link <there>`\nover two lines.\n\nOnly guessed.\n\n* An item\n* Not translated\n\n.. _there:\n\n.. list-table::\n\n   * - In the table\n     - other\n\na term\n   A long message in\n   \"pieces\".\n\n.. code-block:: shell\n\n   echo Home\n\nBroken.\n\n.. toctree::\n\n   a/b\n",
		"a/b.md", "# Home\n\n- An item\n\n| In the table | x |\n| --- | --- |\n| y | An item |\n",
		"locale/de/LC_MESSAGES/index.po", german, "locale/de/LC_MESSAGES/a.po", german)
	m, diags := buildSite(t, Options{Source: src})
	home := shown(t, m, "de/index.html")
	has(t, "the German page", home, `lang="de"`, "<h1>Willkommen auf der Startseite<", `Ein Absatz mit <em>Betonung</em> und einem <a href="#there">`, "Only guessed.", "Ein Eintrag", "Not translated",
		"In der Tabelle", "ein Begriff", "in „Stücken“.", `hreflang="en" href="https://example.org/x/"`, `hreflang="de" href="https://example.org/x/de/"`,
		`hreflang="x-default" href="https://example.org/x/"`, `<link rel="canonical" href="https://example.org/x/de/">`, `<li><a href="../">English</a></li><li><span aria-current="true">Deutsch</span></li><li><a href="../fr/">Français</a></li>`)
	has(t, "the site map", shown(t, m, "sitemap.xml"), `xmlns:xhtml="http://www.w3.org/1999/xhtml"`, "<loc>https://example.org/x/de/a/b/</loc>",
		`<xhtml:link rel="alternate" hreflang="fr" href="https://example.org/x/fr/a/b/"></xhtml:link>`)
	if strings.Contains(shown(t, m, "404.html"), "hreflang") {
		t.Error("the page for missing addresses stands at any depth and has no other language")
	}
	has(t, "a listing", shown(t, m, "de/index.md"), "\necho Home\n")
	has(t, "the original", shown(t, m, "a/b/index.html"), "<h1>Home<", `<li><a href="../../de/a/b/">Deutsch</a></li>`)
	has(t, "the German Markdown page", shown(t, m, "de/a/b/index.html"), "<h1>Willkommen", "Ein Eintrag", "In der Tabelle")
	if n := strings.Count(shown(t, m, "de/a/b/index.html"), "Ein Eintrag"); n != 2 {
		t.Errorf("%d of 2 messages are translated", n)
	}
	has(t, "the diagnostics", said(diags), "index.rst:1:1: error: In the translation to `de`: Unknown role `nosuchrole`.", "docent.yaml:2:30: warning: There is no catalogue for the language `fr`.")
	if n := len(diags); n != 2 {
		t.Errorf("%d diagnostics: %s", n, said(diags))
	}
	m, _ = buildSite(t, Options{Source: tree(t, "index.md", "# Home\n")})
	if strings.Contains(shown(t, m, "index.html"), "hreflang") {
		t.Error("one language needs no switcher")
	}
}

// TestTranslatedParts: what no line of its own stands for, and the anchors.
func TestTranslatedParts(t *testing.T) {
	po := `msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"

msgid "A sky"
msgstr "Ein Himmel"

msgid "Second part"
msgstr "Zweiter Teil"

msgid "in a cell"
msgstr "in *einer* Zelle"

msgid "More pages"
msgstr "Weitere Seiten"

msgid "Included words."
msgstr "Eingefügte Wörter."

msgid "Words *with* markup."
msgstr "Wörter *mit* Markup."

msgid "a ` + "``" + `code` + "``" + ` cell"
msgstr "eine ` + "``" + `Code` + "``" + `-Zelle"

msgid "apple"
msgstr "Apfel"

msgid "red fruit"
msgstr "rote Frucht"
`
	files := []string{"docent.yaml", "languages: {de: Deutsch}\n", "index.rst", "Home\n====\n\n.. image:: x.png\n   :alt: A sky\n\nSecond part\n-----------\n\n+-----------+---+\n| in a cell | b |\n+-----------+---+\n\n=========  ==\nin a cell  b\n=========  ==\n\n.. include:: part.txt\n\n+---------------+---+\n| a ``code``    | b |\n| cell          |   |\n+---------------+---+\n\n.. index:: single: apple; red fruit\n\n.. toctree::\n   :caption: More pages\n\n   a\n",
		"a.md", "# A\n\n## Second part\n\n![A sky](x.png) [up](#second-part)\n", "part.txt", "Included words.\n\nWords *with*\nmarkup.\n", "x.png", "",
		"locale/de/LC_MESSAGES/index.po", po, "locale/de/LC_MESSAGES/a.po", po}
	m, diags := buildSite(t, Options{Source: tree(t, files...)})
	if got := said(diags); got != "" {
		t.Errorf("diagnostics: %s", got)
	}
	home := shown(t, m, "de/index.html")
	has(t, "the German page", home, `alt="Ein Himmel"`, `<section id="second-part"><span id="zweiter-teil"></span>`, ">Zweiter Teil<", "Eingefügte Wörter.", "<p>Wörter <em>mit</em> Markup.</p>", "eine <code>Code</code>-Zelle", "Weitere Seiten", `<a href="a/#second-part">Zweiter Teil</a>`)
	if n := strings.Count(home, "<td>in <em>einer</em> Zelle</td>"); n != 2 {
		t.Errorf("%d of 2 cells are translated:\n%s", n, home)
	}
	has(t, "the index", shown(t, m, "de/genindex/index.html"), "<li>Apfel<ul><li><a href=\"../#index-0\">rote Frucht</a>")
	has(t, "the Markdown page", shown(t, m, "de/a/index.html"), `alt="Ein Himmel"`, `id="second-part"`, `<a href="#second-part">up</a>`)

	for text, want := range map[string]string{
		"msgid \"a\"\nmsgstr \"b\n":      "index.po:2:8: error: The catalogue is broken: the text has no closing quote.",
		"msgid \"a\"\nmsgstr \"b\\q\"\n": "index.po:2:8: error: The catalogue is broken: there is no such escape as \\q.",
		"# x\n  massage \"a\"\n":         "index.po:2:3: error: The catalogue is broken: the line begins with no word of a catalogue.",
		"\"a\"\n":                        "index.po:1:1: error: The catalogue is broken: a text stands here",
		"msgid\n":                        "index.po:1:1: error: The catalogue is broken: a text in quotes is missing after msgid.",
		"msgid \"a\" b\n":                "index.po:1:7: error: The catalogue is broken: something follows the closing quote.",
	} {
		_, diags := buildSite(t, Options{Source: tree(t, "docent.yaml", "languages: {de: Deutsch}\n", "index.md", "# Home\n", "locale/de/LC_MESSAGES/index.po", text)})
		has(t, text, said(diags), want)
	}
}

// TestLanguagesAreRemembered counts which pages are rendered when a site of
// three languages is built again: those whose text or translation changed. The
// files are those of a build from nothing.
func TestLanguagesAreRemembered(t *testing.T) {
	po := func(word string) string {
		return "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n\nmsgid \"Words.\"\nmsgstr \"" + word + "\"\n"
	}
	settled = 20 * time.Millisecond // else no stamp would be trusted within a test
	files := []string{"docent.yaml", "languages: {de: Deutsch, fr: Français}\n", "index.md", "# Home\n\n[](a.md) [](b.md)\n\n```{toctree}\na\nb\nc/d\n```\n",
		"a.md", "# A\n\nWords.\n", "b.md", "# B\n\nWords.\n", "c/d.md", "# D\n\nWords.\n", "locale/de/LC_MESSAGES/a.po", po("Worte."), "locale/fr/LC_MESSAGES/c.po", po("Mots.")}
	src := tree(t, files...)
	cacheDir, out := t.TempDir(), filepath.Join(t.TempDir(), "public")
	run := func() (*Site, int) {
		t.Helper()
		opt := Options{Source: src}
		dir, err := OpenDir(out)
		if err != nil {
			t.Fatal(err)
		}
		defer dir.Abandon()
		if opt.Cache, err = build.OpenCache(cacheDir, "site"); err != nil {
			t.Fatal(err)
		}
		defer opt.Cache.Close()
		dir.Use(opt.Cache)
		s, err := Load(context.Background(), opt)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Write(context.Background(), dir); err != nil {
			t.Fatal(err)
		}
		written, err := dir.Commit()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Remember(); err != nil {
			t.Fatal(err)
		}
		return s, written
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(src, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, text string
		rendered   int
	}{
		{"", "", 12},
		{"", "", 0},
		{"locale/de/LC_MESSAGES/a.po", po("Andere Worte."), 1},
		{"locale/fr/LC_MESSAGES/b.po", po("Nouveaux mots."), 1}, // there was none
		{"locale/fr/LC_MESSAGES/c.po", po("Autres mots."), 1},
		{"b.md", "# B\n\nWords.\n\nMore.\n", 3},
		{"locale/de/LC_MESSAGES/a.po", po("Worte."), 1},
		{"", "", 0},
	} {
		if c.name != "" {
			put(c.name, c.text)
		}
		time.Sleep(2 * settled)
		s, written := run()
		if got := int(s.rendered.Load()); got != c.rendered {
			t.Errorf("after a change of %q %d pages are rendered, want %d", c.name, got, c.rendered)
		}
		if c.rendered == 0 && written != 0 {
			t.Errorf("nothing changed and %d files are written", written)
		}
		likeFresh(t, out, src)
	}

	// What a language remembers counts only with what the whole site does: a
	// build that was killed between the two leaves them apart.
	names, _ := filepath.Glob(filepath.Join(cacheDir, "*", "graph"))
	if len(names) != 1 {
		t.Fatal(names)
	}
	old, _ := os.ReadFile(names[0])
	changes, _ := os.ReadFile(filepath.Join(filepath.Dir(names[0]), "changes"))
	put("locale/de/LC_MESSAGES/a.po", po("Noch andere."))
	time.Sleep(2 * settled)
	run()
	os.WriteFile(names[0], old, 0o600)
	if changes != nil {
		os.WriteFile(filepath.Join(filepath.Dir(names[0]), "changes"), changes, 0o600)
	}
	put("locale/de/LC_MESSAGES/a.po", po("Worte."))
	time.Sleep(2 * settled)
	run()
	likeFresh(t, out, src)
}

// likeFresh compares a site on the disk with a build from nothing, byte for byte.
func likeFresh(t *testing.T, out, src string) {
	t.Helper()
	m, _ := buildSite(t, Options{Source: src})
	there := 0
	filepath.WalkDir(out, func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && e.Name() != marker {
			rel, _ := filepath.Rel(out, name)
			there++
			data, _ := os.ReadFile(name)
			if want, ok := m.File(filepath.ToSlash(rel)); !ok || string(want) != string(data) {
				t.Errorf("%s is not as in a build from nothing", rel)
			}
		}
		return err
	})
	if want := len(m.Names()); there != want {
		t.Errorf("%d files, want %d", there, want)
	}
}
