package site

import (
	"context"
	"crypto/rand"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"docent/generator/config"
	"docent/generator/doc"
)

// languages are the codes of the site's languages: first its own.
func (s *Site) languages() []string {
	own := first(s.opt.within, s.lang)
	out := []string{own}
	for _, code := range slices.Sorted(maps.Keys(s.set.Languages)) {
		if code = strings.ReplaceAll(code, "_", "-"); code != own {
			out = append(out, code)
		}
	}
	return out
}

// place is the folder of a language below the whole site's root.
func (s *Site) languageFolder(code string) string {
	if code == first(s.opt.within, s.lang) {
		return ""
	}
	return code + "/"
}

// languageName is how a language calls itself.
func (s *Site) languageName(code string) string {
	for c, name := range s.set.Languages {
		if strings.ReplaceAll(c, "_", "-") == code {
			return name
		}
	}
	base, region, _ := strings.Cut(code, "-")
	if name := ownNames[base]; name != "" && region == "" {
		return name
	}
	return code
}

// ownNames are what languages that the theme speaks call themselves.
var ownNames = map[string]string{"ar": "العربية", "cs": "Čeština", "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français",
	"he": "עברית", "it": "Italiano", "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pl": "Polski", "pt": "Português", "ru": "Русский",
	"tr": "Türkçe", "uk": "Українська", "zh": "中文"}

// writeLanguages writes the site once more for each further language, below a
// folder of its own. The preview shows the site's own language only.
func (s *Site) writeLanguages(ctx context.Context, sink Sink) error {
	if s.opt.within != "" || s.opt.Preview || len(s.languages()) < 2 {
		return nil
	}
	// What is remembered of a language is good only with what is remembered of
	// the whole site: of the same build, which the tie says.
	var random [16]byte
	rand.Read(random[:])
	tie := string(random[:])
	for _, code := range s.languages()[1:] {
		if p := s.byURL[code+"/"]; p != nil {
			s.report(s.set.Place(doc.Diag{Severity: doc.Error, Code: "language-folder", Message: "The page " + p.name + " has the address that the language `" + code + "` needs.",
				Hint: "Rename the page."}, "languages"))
			continue
		}
		if err := s.writeLanguage(ctx, code, tie, sink); err != nil {
			return err
		}
	}
	s.graph.Set("languages", tie)
	return nil
}

func (s *Site) writeLanguage(ctx context.Context, code, tie string, sink Sink) error {
	opt := s.opt
	opt.Progress, opt.Lint = nil, false
	opt.within, opt.Cache = s.lang, s.opt.Cache.Part(code)
	if last := s.graph.Last("languages"); last != nil {
		opt.tie = last.Value
	}
	opt.Settings = append(slices.Clone(opt.Settings), config.Setting{Key: "language", Value: code, From: "languages"})
	if opt.BaseURL != "" {
		opt.BaseURL = strings.TrimSuffix(opt.BaseURL, "/") + "/" + code + "/"
	}
	other, err := Load(ctx, opt)
	if err != nil {
		return err
	}
	defer other.Close()
	if len(other.words) == 0 {
		s.report(s.set.Place(doc.Diag{Severity: doc.Warning, Code: "language-empty", Message: "There is no catalogue for the language `" + code + "`.",
			Hint: "Put it into locale/" + strings.ReplaceAll(code, "-", "_") + "/LC_MESSAGES, or remove the language."}, "languages", code))
	}
	if err := other.Write(ctx, below{sink, code}); err != nil {
		return err
	}
	s.reportOther(code, other)
	s.rendered.Add(other.rendered.Load())
	other.graph.Set("tie", tie)
	return other.Remember()
}

// reportOther tells what is wrong in a translation and was not in the
// original.
func (s *Site) reportOther(code string, other *Site) {
	known := map[string]bool{}
	for _, d := range s.Diags() {
		known[diagFile(&d)+d.Code+d.Message] = true
	}
	for _, d := range other.Diags() {
		if !known[diagFile(&d)+d.Code+d.Message] && d.Severity >= doc.Warning {
			if path.Ext(diagFile(&d)) == ".po" { // it is the translation
				s.report(d)
				continue
			}
			d.Message = "In the translation to `" + code + "`: " + d.Message
			d.Source = doc.NewSource(diagFile(&d), "") // its places are those of the translated text
			d.Off, d.Len = 0, 0
			s.report(d)
		}
	}
}

// below puts a site into a folder of another.
type below struct {
	Sink
	dir string
}

func (b below) Put(name string, data []byte) error { return b.Sink.Put(path.Join(b.dir, name), data) }

func (b below) Copy(name string, open func() (io.ReadCloser, error)) error {
	return b.Sink.Copy(path.Join(b.dir, name), open)
}

// Keep leaves a file of the old site in its place.
func (b below) Keep(name string) bool {
	k, ok := b.Sink.(Keeper)
	return ok && k.Keep(path.Join(b.dir, name))
}

// Intact reports whether a file of the old site surely is as it was written.
func (b below) Intact(name string) bool {
	o, ok := b.Sink.(older)
	return ok && o.Intact(path.Join(b.dir, name))
}

// Old gives such a file.
func (b below) Old(name string) ([]byte, bool) {
	o, ok := b.Sink.(older)
	if !ok {
		return nil, false
	}
	return o.Old(path.Join(b.dir, name))
}

// translations are the addresses of a page in all languages, for its head and
// for the switcher.
func (s *Site) translations(url string) (head []translation, menu []themeLink) {
	all := s.languages()
	if len(all) < 2 || s.opt.Preview {
		return nil, nil
	}
	here := s.languageFolder(s.lang) + url
	for _, code := range all {
		there := s.languageFolder(code) + url
		href := relative(here, there)
		l := themeLink{href, s.languageName(code)}
		if code == s.lang {
			l.Href = ""
		}
		menu = append(menu, l)
		if base := s.opt.BaseURL; base != "" {
			base = strings.TrimSuffix(strings.TrimSuffix(base, "/"), "/"+strings.TrimSuffix(s.languageFolder(s.lang), "/"))
			href = strings.TrimSuffix(base, "/") + "/" + there
		}
		head = append(head, translation{code, href})
	}
	return append(head, translation{"x-default", head[0].Href}), menu
}
