package match

import (
	"regexp"
	"strings"
)

// A class says what kind of word a token is. Tokens of one class stand for
// each other, except words, which must be equal.
type class byte

const (
	word     class = 'w'
	number   class = 'n'
	size     class = 's' // 443MB
	duration class = 't' // 57412.602 ms
	age      class = 'a' // 17 seconds ago
	date     class = 'd'
	ident    class = 'i' // digests, container ids, UUIDs
	device   class = 'g' // the name of a GPU or of its architecture
	hidden   class = '*' // stars in place of a secret
	gap      class = '.' // three dots in a sample
)

type token struct {
	class class
	text  string
	at    int // byte offset in the line
}

// tokenRE finds what may differ. The order decides: longer readings first.
// A number inside a name (fp64, sm_90, x86_64) is part of the name.
var tokenRE = []struct {
	class class
	re    *regexp.Regexp
}{
	{gap, regexp.MustCompile(`^(?:\.\.\.|…|\[\.\.\.\])`)},
	{hidden, regexp.MustCompile(`^\*{3,}`)},
	{date, regexp.MustCompile(`^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?`)},
	{date, regexp.MustCompile(`^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?(?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* +\d{1,2}?(?:, | +)?(?:\d{4}|\d\d:\d\d(?::\d\d)?(?: [AP]M)?(?: [A-Z]{3,4})?(?: \d{4})?)`)},
	{date, regexp.MustCompile(`^\d{1,2}/\d{1,2}/\d{4}`)},
	{date, regexp.MustCompile(`^\d{1,2}:\d\d:\d\d(?:[.,]\d+)?`)},
	{age, regexp.MustCompile(`^(?:(?:About|Less than) )?(?:an?|\d+) (?:second|minute|hour|day|week|month|year)s?(?: ago)`)},
	{ident, regexp.MustCompile(`^sha(?:256|512):[0-9a-f]{6,}`)},
	{ident, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)},
	{device, regexp.MustCompile(`^(?:NVIDIA )?(?:GeForce [RG]TX? \d+(?: (?:Ti|SUPER))*|(?:Quadro |Tesla |RTX )?[ABHLTVPK]\d{1,3}[A-Z]?(?:[- ](?:SXM\d?|PCIe|PCIE|NVL|HBM\d\w*|\d+(?:C|MB|GB)))*|RTX \w+(?: Ada Generation)?|GB?[123]00|Graphics Device|TITAN \w+)\b`)},
	{device, regexp.MustCompile(`^"(?:Fermi|Kepler|Maxwell|Pascal|Volta|Xavier|Turing|Ampere|Ada(?: Lovelace)?|Hopper|(?:Graphics )?Blackwell|Graphics Device)"`)},
	{size, regexp.MustCompile(`^[-+]?\d[\d,]*(?:\.\d+)? ?(?:[kKMGTP]i?B|B|bytes?)\b`)},
	{duration, regexp.MustCompile(`^(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?s\b`)},
	{duration, regexp.MustCompile(`^[-+]?\d[\d,]*(?:\.\d+)? ?(?:ns|us|µs|ms|s|secs?|seconds?|mins?|minutes?|hours?)\b`)},
	{number, regexp.MustCompile(`^[-+]?(?:0x[0-9a-fA-F]+|v?\d+(?:\.\d+){2,}|\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d{1,3})?%?)`)},
}

var (
	hexRE  = regexp.MustCompile(`^[0-9a-f]{7,64}`)
	wordRE = regexp.MustCompile(`^[\p{L}\p{N}_]+`)
)

// tokens splits a line. Blanks only separate. In a sample, sample is true and
// three dots are a gap.
func tokens(line string, sample bool) []token {
	var out []token
	prev := byte(' ')
	for i := 0; i < len(line); {
		c := line[i]
		if c == ' ' || c == '\t' || c == '\n' {
			prev = ' '
			i++
			continue
		}
		t := next(line[i:], prev, sample)
		t.at = i
		out = append(out, t)
		i += len(t.text)
		prev = line[i-1]
	}
	return out
}

// next reads one token at the start of s; prev is the byte before it.
func next(s string, prev byte, sample bool) token {
	inWord := prev == '_' || prev >= '0' && prev <= '9' || prev >= 'a' && prev <= 'z' || prev >= 'A' && prev <= 'Z' || prev >= 0x80
	if !inWord {
		c := s[0]
		if c == '.' || c == '*' || c == '"' || c == '-' || c == '+' || c == '[' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == 'a' || c == 's' || c == 'v' || c >= 'a' && c <= 'f' || c >= 0x80 {
			if t, ok := special(s, prev, sample); ok {
				return t
			}
		}
	}
	if m := wordRE.FindString(s); m != "" {
		return token{class: word, text: m}
	}
	for i := range s {
		if i > 0 {
			return token{class: word, text: s[:i]}
		}
	}
	return token{class: word, text: s}
}

func special(s string, prev byte, sample bool) (token, bool) {
	if m := hexRE.FindString(s); m != "" && ends(s, len(m)) && strings.ContainsAny(m, "0123456789") && strings.ContainsAny(m, "abcdef") {
		return token{class: ident, text: m}, true
	}
	for _, k := range tokenRE {
		if k.class == gap && !sample {
			continue
		}
		m := k.re.FindString(s)
		if m == "" {
			continue
		}
		if k.class != gap && k.class != hidden && !ends(s, len(m)) {
			continue
		}
		if (m[0] == '-' || m[0] == '+') && prev != ' ' && prev != '(' && prev != '[' && prev != '=' {
			continue // a dash between words, not a sign
		}
		return token{class: k.class, text: m}, true
	}
	return token{}, false
}

// ends reports whether a token that is n bytes long ends there: no letter or
// digit follows.
func ends(s string, n int) bool {
	if n >= len(s) {
		return true
	}
	c := s[n]
	last := s[n-1]
	if last == '%' || last == ')' || last == '"' {
		return true
	}
	return !(c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80)
}

// signature is a line as far as it must be the same: words, and the classes
// of what may differ.
func signature(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		if t.class == word {
			b.WriteString(t.text)
		} else {
			b.WriteByte(0)
			b.WriteByte(byte(t.class))
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// squeezed is a line without its blanks and with every number as one sign: it
// is how lines that were wrapped in mid-word are compared.
func squeezed(line string) string {
	var b strings.Builder
	digits := false
	for i, r := range line {
		switch {
		case r == ' ' || r == '\t' || r == '\n':
			continue
		case r >= '0' && r <= '9':
			if !digits {
				b.WriteByte('#')
			}
			digits = true
			continue
		case digits && (r == '.' || r == ',') && i+1 < len(line) && line[i+1] >= '0' && line[i+1] <= '9':
			continue
		}
		digits = false
		b.WriteRune(r)
	}
	return b.String()
}
