package html

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoteState remembers what stands before the next character of a text
// block, across inline elements. Zero is the start of the block.
type quoteState struct{ prev rune }

func (q *quoteState) after(r rune) { q.prev = r }

// quoteMarks are a language's own: double opening and closing, single
// opening and closing. Those not here read as English.
var quoteMarks = map[string][4]string{
	"en": {"“", "”", "‘", "’"}, "de": {"„", "“", "‚", "‘"}, "fr": {"«\u202f", "\u202f»", "“", "”"}, "es": {"«", "»", "“", "”"},
	"it": {"«", "»", "“", "”"}, "pt": {"«", "»", "“", "”"}, "pt-br": {"“", "”", "‘", "’"}, "ru": {"«", "»", "„", "“"}, "uk": {"«", "»", "„", "“"},
	"pl": {"„", "”", "«", "»"}, "cs": {"„", "“", "‚", "‘"}, "nl": {"“", "”", "‘", "’"}, "sv": {"”", "”", "’", "’"}, "fi": {"”", "”", "’", "’"},
	"da": {"»", "«", "›", "‹"}, "hu": {"„", "”", "«", "»"}, "el": {"«", "»", "“", "”"}, "tr": {"“", "”", "‘", "’"},
}

// smart writes running text with typographic quotes, dashes and dots, as
// docutils' smart quotes make them: a mark after a letter or a full stop
// closes or is an apostrophe, one at a beginning opens.
func (w *writer) smart(s string) {
	if !strings.ContainsAny(s, "\"'-.`") {
		w.b = appendEscaped(w.b, s)
		if r, n := utf8.DecodeLastRuneInString(s); n > 0 {
			w.quotes.prev = r
		}
		return
	}
	marks, ok := quoteMarks[strings.ToLower(w.o.SmartQuotes)]
	if !ok {
		lang, _, _ := strings.Cut(strings.ToLower(w.o.SmartQuotes), "-")
		if marks, ok = quoteMarks[lang]; !ok {
			marks = quoteMarks["en"]
		}
	}
	last := 0
	put := func(i, n int, t string) {
		w.b = appendEscaped(w.b, s[last:i])
		w.b = append(w.b, t...)
		last = i + n
	}
	prev := w.quotes.prev
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.HasPrefix(s[i:], "---"):
			n = 3
			put(i, n, "—")
			r = '—'
		case strings.HasPrefix(s[i:], "--"):
			n = 2
			put(i, n, "–")
			r = '–'
		case strings.HasPrefix(s[i:], "..."):
			n = 3
			put(i, n, "…")
			r = '…'
		case r == '"' || r == '\'':
			next, _ := utf8.DecodeRuneInString(s[i+n:])
			at := 0
			if r == '\'' {
				at = 2
			}
			switch {
			case opens(prev, next, i+n == len(s)):
				if r == '\'' && unicode.IsDigit(next) { // '90s
					put(i, n, "’")
				} else {
					put(i, n, marks[at])
				}
			case r == '\'' && unicode.IsLetter(prev) && unicode.IsLetter(next):
				put(i, n, "’")
			default:
				put(i, n, marks[at+1])
			}
		}
		prev = r
		i += n
	}
	w.b = appendEscaped(w.b, s[last:])
	w.quotes.prev = prev
}

// opens says whether a quote mark between two characters opens.
func opens(prev, next rune, atEnd bool) bool {
	if !atEnd && unicode.IsSpace(next) {
		return false
	}
	switch {
	case prev == 0, unicode.IsSpace(prev), prev == '–', prev == '—', prev == '-':
		return true
	}
	return unicode.Is(unicode.Ps, prev) || unicode.Is(unicode.Pi, prev) || prev == '"' || prev == '\'' || prev == '/'
}
