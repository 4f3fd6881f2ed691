package site

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"docent/assets"
)

// said are the words that templates, scripts and code say, in English.
func saidWords(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{"months": "", "date": ""}
	take := func(file, text string, patterns ...string) {
		for _, p := range patterns {
			for _, m := range regexp.MustCompile(p).FindAllStringSubmatch(text, -1) {
				used[m[1]] = file
			}
		}
	}
	fs.WalkDir(assets.Files, ".", func(name string, e fs.DirEntry, err error) error {
		data, _ := fs.ReadFile(assets.Files, name)
		switch path.Ext(name) {
		case ".html":
			take(name, string(data), templateWord.String())
		case ".js":
			take(name, string(data), scriptWord.String())
		}
		return err
	})
	files, _ := filepath.Glob("../*/*.go")
	below, _ := filepath.Glob("../parse/directive/*.go")
	files = append(files, below...)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		take(name, string(data), `\bphrase\("([^"]+)"\)`, `anchorLink\([^"\n]+, "([^"]+)"\)`, `\badmonition\("([^"]+)"\)`, `\bword\("([^"]+)"\)`, `\.of\("([^"]+)"\)`,
			`label (?::)?= "((?:Not d|D)one)"`, `\bown\(doc\.\w+, [\w.]+, "([^"]+)"`, `\blabel: "([^"]+)"`, `label (?::)?= "(Deprecated [^"]+)"`, `\{"([A-Z][a-z]+ (?:in|since) version %s)", "`)
	}
	for _, w := range verdictWords {
		used[w] = "evidence.go"
	}
	return used
}

// TestWords: every language has every word, with the same places for values,
// and none that nobody says.
func TestWords(t *testing.T) {
	used := saidWords(t)
	if len(used) < 80 {
		t.Fatalf("only %d words were found", len(used))
	}
	entries, err := fs.ReadDir(assets.Files, "words")
	if err != nil || len(entries) < 16 {
		t.Fatalf("%d languages: %v", len(entries), err)
	}
	verbs := regexp.MustCompile(`%(\[\d\])?[sd]`)
	for _, e := range entries {
		data, _ := fs.ReadFile(assets.Files, "words/"+e.Name())
		words, err := readWords(data)
		if err != nil {
			t.Errorf("%s: %v", e.Name(), err)
		}
		for _, w := range slices.Sorted(maps.Keys(used)) {
			got := words[w]
			if got == "" {
				t.Errorf("%s lacks %q, which %s says", e.Name(), w, used[w])
			}
			if len(verbs.FindAllString(got, -1)) != len(verbs.FindAllString(w, -1)) {
				t.Errorf("%s: %q has not the values of %q", e.Name(), got, w)
			}
		}
		for w := range words {
			if _, ok := used[w]; !ok {
				t.Errorf("%s: nobody says %q", e.Name(), w)
			}
		}
		if n := len(strings.Split(words["months"], " ")); n != 12 {
			t.Errorf("%s: %d months", e.Name(), n)
		}
	}
}

func TestPagesSpeakTheirLanguage(t *testing.T) {
	src := tree(t, "conf.py", "language = 'de'\nnumfig = True\nextensions = ['myst_parser']\nmyst_enable_extensions = ['colon_fence']\n", "index.rst", "Heim\n====\n\n.. note:: So.\n\n.. _pic:\n\n.. figure:: a.png\n   :alt: a\n\n   Bild\n\n:numref:`pic`\n\n.. toctree::\n\n   fr\n   at\n",
		"fr.md", "---\nlanguage: fr\n---\n# Ici\n\n:::{warning}\nAh.\n:::\n\n## Un\n\n## Deux\n\n```sh\nls\n```\n", "at.md", "---\nlanguage: de_AT\n---\n# Servus\n",
		"docent.yaml", "base_url: https://example.org\n", "_theme/words/de.yaml", "Search: Stöbern\n\"Home\": \"<Anfang>\"\n")
	m, diags := buildSite(t, Options{Source: src})
	if got := said(diags); strings.Count(got, "error") > 0 {
		t.Errorf("diagnostics: %s", got)
	}
	home, fr, at := shown(t, m, "index.html"), shown(t, m, "fr/index.html"), shown(t, m, "at/index.html")
	has(t, "the German page", home, `<a class="skip" href="#main">Zum Text springen</a>`, `>Stöbern</a>`, `<p class="admonition-title">Bemerkung</p>`, "Abb. 1", `aria-label="Link zu dieser Überschrift"`, `<small>Weiter</small>`)
	has(t, "the French page", fr, `<p class="admonition-title">Avertissement</p>`, `<summary>Sur cette page</summary>`, `<a href="../">Accueil</a>`)
	has(t, "the Austrian page", at, "&lt;Anfang&gt;", "Zum Text springen")
	words := regexp.MustCompile(`<script src="[./]*(_assets/words\.\w+(?:-\w+)?\.\w+\.js)" defer></script>\n<script`)
	for _, p := range []string{home, fr, at} {
		f := words.FindStringSubmatch(p)
		if f == nil {
			t.Fatalf("no words for the scripts:\n%.1500s", p)
		}
		has(t, f[1], shown(t, m, f[1]), "docentWords={", `"Copied":"`)
	}
	has(t, "the page for missing addresses", shown(t, m, "404.html"), "<h1>Seite nicht gefunden", `src="/_assets/words.de.`)
	has(t, "the search page", shown(t, m, "search/index.html"), "<h1>Stöbern</h1>")
	if m, _ := buildSite(t, Options{Source: tree(t, "index.md", "# Home\n")}); strings.Contains(strings.Join(m.Names(), " "), "words") {
		t.Error("English needs no words")
	}
}

func TestDatesInWords(t *testing.T) {
	s := &theme{wordFiles: map[string][]byte{}, books: map[string]*book{}, files: map[string][]byte{}}
	for _, l := range []string{"de", "ja", "es"} {
		s.wordFiles[l], _ = fs.ReadFile(assets.Files, "words/"+l+".yaml")
	}
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for lang, want := range map[string]string{"en": "2 March 2026", "de": "2. März 2026", "de-CH": "2. März 2026", "ja": "2026年3月2日", "es": "2 de marzo de 2026", "xx": "2 March 2026"} {
		b, err := s.book(lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.date(day); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
}

// TestReportSpeaks: the lab report, what opens under an evidence line, and the
// words that reading a page makes are in the page's language.
func TestReportSpeaks(t *testing.T) {
	src := tree(t, "conf.py", "language = 'de'\n", "index.rst", "Heim\n====\n\n.. contents::\n\n.. versionadded:: 3.2\n   Das.\n\n.. deprecated:: 4\n\n.. index:: see: eins; zwei\n.. index:: +\n\n"+
		".. py:module:: m\n   :deprecated:\n   :synopsis: S\n\n.. py:function:: f(a)\n\n   :param a: Wert.\n   :returns: Etwas.\n   :raises ValueError: Nie.\n\n* :ref:`genindex`\n\nEins\n----\n\nWorte.\n",
		"en.rst", ":language: en\n\nEnglish\n=======\n\n.. versionadded:: 3.2\n\nA: :ref:`modindex`.\n")
	m, _ := buildSite(t, Options{Source: src})
	has(t, "the German page", shown(t, m, "index.html"), `<p class="topic-title">Inhalt</p>`, `Neu in Version 3.2: </span>`, "Veraltet seit Version 4.</span>",
		"<dt>Parameter<span", "<dt>Rückgabe<span", "<dt>Verursacht<span", ">Stichwortverzeichnis</a>")
	has(t, "the index", shown(t, m, "genindex/index.html"), `href="#Symbols"><strong>Zeichen</strong>`, "siehe zwei")
	has(t, "the module index", shown(t, m, "py-modindex/index.html"), "<h1>Python-Modulverzeichnis</h1>", "<strong>Veraltet:</strong>")
	en := shown(t, m, "en/index.html")
	has(t, "the English page", en, "New in version 3.2.")
}
