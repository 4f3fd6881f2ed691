package site

import (
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"docent/generator/doc"
	"docent/generator/html"
	"docent/generator/tmpl"
)

// A book holds the theme's own words in one language, and what is made of
// them once: the templates and the words of the scripts. A word is looked up
// under its English.
type book struct {
	words  map[string]string // without those of English
	page   *template.Template
	frame  *tmpl.Program // page.html
	script string        // the scripts' words, among the theme's files, or ""
	html   *html.Options // for pages in this language, or nil
}

// of gives a word in the language of the book, or in English.
func (b *book) of(word string) string {
	if w := b.words[word]; w != "" {
		return w
	}
	return word
}

// date writes a day as people of the language do.
func (b *book) date(t time.Time) string {
	form, names := b.words["date"], strings.Split(b.words["months"], " ")
	if form == "" || len(names) != 12 {
		return t.Format("2 January 2006")
	}
	return strings.NewReplacer("{d}", strconv.Itoa(t.Day()), "{m}", strconv.Itoa(int(t.Month())), "{month}", names[t.Month()-1],
		"{y}", strconv.Itoa(t.Year())).Replace(form)
}

var (
	// templateWord is how a template says a word of the theme. It is put in
	// when the template is read, so that a page costs no look-up.
	templateWord = regexp.MustCompile(`\{\{word "([^"]+)"\}\}`)
	// scriptWord is how a script does.
	scriptWord = regexp.MustCompile(`\bword\("([^"]+)"`)
)

// ownWords marks the words that a site brings itself: they stand over the
// theme's one by one.
const ownWords = "+own"

// readWords reads a file of words: English, a colon, and what to say instead.
func readWords(data []byte) (map[string]string, error) {
	words := map[string]string{}
	if err := yaml.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("it is not a list of words: %s", strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return words, nil
}

// book gives the words of a language: of "de-AT" those of "de" where it has
// none of its own. It makes them once.
func (t *theme) book(lang string) (*book, error) {
	lang = strings.ToLower(strings.ReplaceAll(lang, "_", "-"))
	t.booksMu.Lock()
	defer t.booksMu.Unlock()
	if b := t.books[lang]; b != nil {
		return b, nil
	}
	b := &book{words: map[string]string{}, page: template.New("theme")}
	base, _, _ := strings.Cut(lang, "-")
	for _, name := range []string{base, base + ownWords, lang, lang + ownWords} {
		if data, ok := t.wordFiles[name]; ok {
			words, err := readWords(data)
			if err != nil {
				return nil, &BadTheme{"words/" + strings.TrimSuffix(name, ownWords) + ".yaml", err.Error()}
			}
			for k, v := range words {
				b.words[k] = v
			}
		}
	}
	for name, text := range t.templates {
		text = templateWord.ReplaceAllStringFunc(text, func(call string) string {
			return template.HTMLEscapeString(b.of(templateWord.FindStringSubmatch(call)[1]))
		})
		if _, err := b.page.New(name).Parse(text); err != nil {
			return nil, err
		}
	}
	said := map[string]string{}
	for _, w := range t.scriptWords {
		if v := b.words[w]; v != "" {
			said[w] = v
		}
	}
	if len(said) > 0 {
		list, err := json.Marshal(said)
		if err != nil {
			return nil, err
		}
		data := []byte("docentWords=" + string(list) + ";\n")
		b.script = "_assets/words." + lang + "." + contentHash(data) + ".js"
		t.files[b.script] = data
	}
	b.frame = tmpl.Compile(b.page, "page.html", &view{theme: t, book: b})
	t.books[lang] = b
	return b, nil
}

// openBooks makes the words of all languages that pages are in, so that their
// scripts are among the theme's files.
func (s *Site) openBooks() {
	s.bookOf(nil)
	for _, p := range s.pages {
		lang := p.meta.get("language")
		switch {
		case lang == "":
		case isLanguage(lang):
			s.bookOf(p)
		default:
			s.report(doc.Diag{Severity: doc.Warning, Code: "language", Source: s.text(p.name), Message: "`" + lang + "` is no language; the page has the site's.",
				Hint: "Write a code such as de or pt-BR."})
		}
	}
}

// isLanguage reports whether a language's code has the form of one.
func isLanguage(code string) bool {
	for i, part := range strings.FieldsFunc(code, func(r rune) bool { return r == '-' || r == '_' }) {
		if len(part) > 8 || i == 0 && len(part) < 2 {
			return false
		}
	}
	return code != "" && strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// langOf is the language of a page: the site's, or its own.
func (s *Site) langOf(p *page) string {
	if p != nil {
		if lang := p.meta.get("language"); isLanguage(lang) {
			return lang
		}
	}
	return s.lang
}

// bookOf gives the words for a page, or for one that no source stands for.
func (s *Site) bookOf(p *page) *book {
	b, err := s.theme.book(s.langOf(p))
	if err != nil {
		b, _ = s.theme.book("en") // loadTheme has made it
	}
	return b
}

// options are those of the renderer, with the words of the page's language.
func (s *Site) options(p *page) *html.Options {
	b := s.bookOf(p)
	if len(b.words) == 0 {
		return s.html
	}
	s.theme.booksMu.Lock()
	defer s.theme.booksMu.Unlock()
	if b.html == nil {
		o := *s.html
		o.Phrases = b.words
		b.html = &o
	}
	return b.html
}
