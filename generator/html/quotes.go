package html

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"docent/generator/doc"
)

// quoteState remembers what stands before the next character of a text
// block, across inline elements. Zero is the start of the block.
type quoteState struct{ prev rune }

// literal notes a text that stands as it is, such as code.
func (q *quoteState) literal(s string) {
	if r, n := utf8.DecodeLastRuneInString(s); n > 0 {
		q.prev = r
	}
}

// quoteMarks are a language's own: double opening and closing, single
// opening and closing. Text of a language that is not here keeps its quotes.
var quoteMarks = map[string][4]string{
	"af": {"“", "”", "‘", "’"}, "bg": {"„", "“", "‚", "‘"}, "ca": {"«", "»", "“", "”"}, "cs": {"„", "“", "‚", "‘"},
	"da": {"»", "«", "›", "‹"}, "de": {"„", "“", "‚", "‘"}, "de-ch": {"«", "»", "‹", "›"}, "el": {"«", "»", "“", "”"},
	"en": {"“", "”", "‘", "’"}, "eo": {"“", "”", "‘", "’"}, "es": {"«", "»", "“", "”"}, "et": {"„", "“", "‚", "‘"},
	"eu": {"«", "»", "‹", "›"}, "fi": {"”", "”", "’", "’"}, "fr": {"«\u00a0", "\u00a0»", "“", "”"}, "fr-ch": {"«", "»", "‹", "›"},
	"gl": {"«", "»", "“", "”"}, "he": {"”", "“", "»", "«"}, "hr": {"„", "”", "‘", "’"}, "hsb": {"„", "“", "‚", "‘"},
	"hu": {"„", "”", "«", "»"}, "is": {"„", "“", "‚", "‘"}, "it": {"«", "»", "“", "”"}, "it-ch": {"«", "»", "‹", "›"},
	"ja": {"「", "」", "『", "』"}, "ko": {"“", "”", "‘", "’"}, "lt": {"„", "“", "‚", "‘"}, "lv": {"„", "“", "‚", "‘"},
	"mk": {"„", "“", "‚", "‘"}, "nl": {"“", "”", "‘", "’"}, "nb": {"«", "»", "’", "’"}, "nn": {"«", "»", "’", "’"},
	"no": {"«", "»", "’", "’"}, "pl": {"„", "”", "«", "»"}, "pt": {"«", "»", "“", "”"}, "pt-br": {"“", "”", "‘", "’"},
	"ro": {"„", "”", "«", "»"}, "ru": {"«", "»", "„", "“"}, "sh": {"„", "”", "‚", "’"}, "sk": {"„", "“", "‚", "‘"},
	"sl": {"„", "“", "‚", "‘"}, "sq": {"«", "»", "‹", "›"}, "sr": {"„", "”", "’", "’"}, "sv": {"”", "”", "’", "’"},
	"tr": {"“", "”", "‘", "’"}, "uk": {"«", "»", "„", "“"}, "zh-cn": {"“", "”", "‘", "’"}, "zh-tw": {"「", "」", "『", "』"},
}

// marksOf gives the marks of a language tag, or of what it begins with.
func marksOf(lang string) (marks [4]string, ok bool) {
	for lang = strings.ToLower(lang); lang != ""; {
		if marks, ok = quoteMarks[lang]; ok {
			return marks, true
		}
		i := strings.LastIndexByte(lang, '-')
		lang = lang[:max(i, 0)]
	}
	return marks, false
}

// A quoteLanguage is a language as far as quotes go.
type quoteLanguage struct {
	marks          [4]string
	known, english bool
}

func languageOf(lang string) *quoteLanguage {
	marks, ok := marksOf(lang)
	return &quoteLanguage{marks, ok, strings.HasPrefix(strings.ToLower(lang), "en")}
}

// The marks while a text is worked on; what they look like matters only at
// the end.
const (
	openDouble rune = -1 - iota
	shutDouble
	openSingle
	shutSingle
	apostrophe
	escapedMark // a quote, dash, dot or backslash that the author escaped
)

// smartBytes says which bytes may stand for something else: 1 is of dashes and
// dots, 2 of quotes and escapes.
var smartBytes = [256]byte{'-': 1, '.': 1, '"': 2, '\'': 2, 0: 2}

// smart writes running text with typographic quotes, dashes and dots. It does
// what docutils does (transform SmartQuotes with the actions qDe), rule by
// rule, since what reads well depends on the order of the rules. In raw, a
// NUL stands before each character that was escaped ([doc.AttrEscaped]).
func (w *writer) smart(raw string) {
	if raw == "" {
		return
	}
	before := w.quotes.prev
	w.quotes.literal(raw)
	var found byte
	for i := range len(raw) {
		found |= smartBytes[raw[i]]
	}
	switch {
	case found == 0:
		w.b = appendEscaped(w.b, raw)
		return
	case found == 1:
		w.b = appendEscaped(w.b, dashes(raw))
		return
	}
	if w.language == nil {
		w.language = languageOf(w.o.SmartQuotes)
	}
	if !w.language.known {
		w.b = appendEscaped(w.b, dashes(doc.Unescape(raw)))
		return
	}
	switch before {
	case 0:
		before = ' '
	case '"', '\'':
		before = ';'
	}
	t := &w.educated
	t.protect(before, raw)
	t.english = w.language.english
	t.single(w.language.marks)
	t.double(w.language.marks)
	w.b = appendEscaped(w.b, t.string(w.language.marks))
}

// Educated gives the text of inline HTML with the typographic quotes of a
// language, as the page shows it; with "", as it was written.
func Educated(inline, lang string) string {
	w := &writer{o: &Options{SmartQuotes: lang}}
	code := 0
	for inline != "" {
		text, rest, tagged := strings.Cut(inline, "<")
		switch text = html.UnescapeString(text); {
		case code > 0:
			w.quotes.literal(text)
			w.b = appendEscaped(w.b, text)
		default:
			w.text(text)
		}
		if !tagged {
			break
		}
		tag, after, _ := strings.Cut(rest, ">")
		if strings.HasPrefix(tag, "code") {
			code++
		} else if strings.HasPrefix(tag, "/code") {
			code--
		}
		inline = after
	}
	return html.UnescapeString(string(w.b))
}

// dashes writes dashes and dots.
func dashes(s string) string {
	if strings.Contains(s, "--") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "---", "—"), "--", "–")
	}
	if strings.Contains(s, "..") || strings.Contains(s, ". .") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "...", "…"), ". . .", "…")
	}
	return s
}

// An educated is a text whose quotes are being replaced. The first character
// is what stands before it.
type educated struct {
	r       []rune
	quotes  []int  // where the quotes stand
	escaped []rune // the characters that escapedMark stands for, in order
	english bool
}

// protect takes a text in place of the one before.
func (t *educated) protect(before rune, raw string) {
	t.r, t.quotes, t.escaped = append(t.r[:0], before), t.quotes[:0], t.escaped[:0]
	if strings.IndexByte(raw, 0) < 0 {
		t.add(dashes(raw))
		return
	}
	var cut strings.Builder
	rest := raw
	for rest != "" {
		i := strings.IndexByte(rest, 0)
		if i < 0 || i+1 >= len(rest) {
			cut.WriteString(dashes(strings.TrimSuffix(rest, "\x00")))
			break
		}
		cut.WriteString(dashes(rest[:i]))
		r, n := utf8.DecodeRuneInString(rest[i+1:])
		rest = rest[i+1+n:]
		cut.WriteByte(0)
		if strings.ContainsRune("-\\'\".`", r) {
			t.escaped = append(t.escaped, r)
			r = '\uFFFF' // no character; becomes escapedMark below
		}
		cut.WriteRune(r)
	}
	t.add(cut.String())
}

func (t *educated) add(s string) {
	for _, r := range s {
		switch {
		case r == '\uFFFF' && t.r[len(t.r)-1] == 0:
			r = escapedMark
		case r == '"' || r == '\'':
			t.quotes = append(t.quotes, len(t.r))
		}
		t.r = append(t.r, r)
	}
}

func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsNumber(r)
}

func isMarkSpace(r rune) bool { return r > 0 && (unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f) }

func isPunct(r rune) bool {
	return r == escapedMark || r == ' ' || r > ' ' && r < 127 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) && r != '&'
}

func isBrace(r rune) bool { return r == '(' || r == '[' || r == '{' }

func isDash(r rune) bool { return r == '-' || r == '–' || r == '—' }

func isGap(r rune) bool { return isMarkSpace(r) || r == '\u200b' || r == '\u200c' }

// at gives a character, or NUL beyond the end, which is in no class.
func (t *educated) at(i int) rune {
	if i < len(t.r) {
		return t.r[i]
	}
	return 0
}

// beforeSpace reports whether maybe one punctuation mark and then a blank
// follow.
func (t *educated) beforeSpace(i int) bool {
	return t.at(i) == ' ' || isPunct(t.at(i)) && t.at(i+1) == ' '
}

// each replaces a mark where rule, told its place, gives another one.
func (t *educated) each(mark rune, rule func(i int, prev, next rune) rune) {
	for _, i := range t.quotes {
		if t.r[i] == mark {
			if r := rule(i, t.r[i-1], t.at(i+1)); r != 0 {
				t.r[i] = r
			}
		}
	}
}

func (t *educated) single(marks [4]string) {
	for _, i := range t.quotes { // "'Quoted' words in a larger quote."
		if isWordRune(t.at(i + 2)) {
			if t.r[i] == '"' && t.r[i+1] == '\'' {
				t.r[i], t.r[i+1] = openDouble, openSingle
			} else if t.r[i] == '\'' && t.r[i+1] == '"' {
				t.r[i], t.r[i+1] = openSingle, openDouble
			}
		}
	}
	closing := func(shut rune) func(int, rune, rune) rune { // [", (', -"
		return func(i int, prev, _ rune) rune {
			if (isBrace(prev) || isDash(prev)) && t.beforeSpace(i+1) {
				return shut
			}
			return 0
		}
	}
	t.each('\'', closing(shutSingle))
	t.each('"', closing(shutDouble))
	if t.english { // the '80s
		t.each('\'', func(i int, _, next rune) rune {
			if unicode.IsDigit(next) && unicode.IsDigit(t.at(i+2)) && t.at(i+3) == 's' {
				return apostrophe
			}
			return 0
		})
	}
	t.each('\'', func(i int, prev, next rune) rune { return t.opening(i, prev, next, openSingle) })
	if marks[3] != "’" {
		t.each('\'', func(_ int, prev, next rune) rune {
			if isWordRune(prev) && isWordRune(next) {
				return apostrophe
			}
			return 0
		})
	}
	t.each('\'', func(_ int, prev, _ rune) rune {
		if !isMarkSpace(prev) {
			return shutSingle
		}
		return openSingle
	})
}

func (t *educated) double(marks [4]string) {
	t.each('"', func(i int, prev, next rune) rune { return t.opening(i, prev, next, openDouble) })
	t.each('"', func(_ int, prev, next rune) rune {
		opened := prev == openDouble && strings.HasSuffix(marks[0], "\u00a0") // in French a blank belongs to it
		if !isMarkSpace(prev) && !opened || isMarkSpace(next) {
			return shutDouble
		}
		return openDouble
	})
}

func (t *educated) opening(i int, prev, next, mark rune) rune {
	entity := prev == ';' && i > 6 && slices.Contains([]string{"&nbsp;", "mdash;", "ndash;"}, string(t.r[i-6:i])) // written out
	if (isGap(prev) || isBrace(prev) || isDash(prev) || entity) && (isWordRune(next) || isPunct(next)) {
		return mark
	}
	return 0
}

// string writes the text out, with a language's marks.
func (t *educated) string(marks [4]string) string {
	var b strings.Builder
	b.Grow(len(t.r) + 2*len(t.quotes))
	escaped := t.escaped
	for i := 1; i < len(t.r); i++ {
		switch r := t.r[i]; r {
		case openDouble, shutDouble, openSingle, shutSingle:
			b.WriteString(marks[openDouble-r])
		case apostrophe:
			b.WriteRune('’')
		case escapedMark:
			b.WriteRune(escaped[0])
			escaped = escaped[1:]
		case 0:
			if next := t.at(i + 1); next == ' ' || next == '\n' {
				i++
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
