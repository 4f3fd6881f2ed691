package directive

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// plainLetters are letters that have no decomposition but a plain likeness,
// as docutils' make_id maps them.
var plainLetters = map[rune]string{
	'ø': "o", 'đ': "d", 'ħ': "h", 'ı': "i", 'ł': "l", 'ŧ': "t", 'ƀ': "b", 'ƃ': "b", 'ƈ': "c", 'ƌ': "d", 'ƒ': "f", 'ƙ': "k",
	'ƚ': "l", 'ƞ': "n", 'ƥ': "p", 'ƫ': "t", 'ƭ': "t", 'ƴ': "y", 'ƶ': "z", 'ǥ': "g", 'ȥ': "z", 'ȴ': "l", 'ȵ': "n", 'ȶ': "t",
	'ȷ': "j", 'ȼ': "c", 'ȿ': "s", 'ɀ': "z", 'ɇ': "e", 'ɉ': "j", 'ɋ': "q", 'ɍ': "r", 'ɏ': "y",
	'ß': "sz", 'æ': "ae", 'œ': "oe", 'ȸ': "db", 'ȹ': "qp",
}

// MakeID makes an identifier [a-z](-?[a-z0-9]+)* of a text as docutils'
// make_id does; it may be empty.
func MakeID(s string) string { return identifier(strings.ToLower(s), false) }

// sphinxID is Sphinx's make_id for the names of objects: case, dots and
// underscores stay.
func sphinxID(s string) string { return identifier(s, true) }

func identifier(s string, wide bool) string {
	if wide && s != "" && s[0] > '9' && s[0] != '_' && strings.IndexFunc(s, notInID) < 0 {
		return s // most names of objects
	}
	out := make([]byte, 0, len(s))
	gap := false
	put := func(c byte) {
		ok := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || wide && (c >= 'A' && c <= 'Z' || c == '.' || c == '_')
		if !ok {
			gap = true
			return
		}
		if len(out) == 0 {
			if c >= '0' && c <= '9' || wide && (c == '.' || c == '_') {
				return
			}
		} else if gap {
			out = append(out, '-')
		}
		gap = false
		out = append(out, c)
	}
	for _, r := range s {
		if r < 0x80 {
			put(byte(r))
			continue
		}
		if p, ok := plainLetters[r]; ok {
			for i := range len(p) {
				put(p[i])
			}
			continue
		}
		if r == 0xa0 || r == 0x3000 || r >= 0x2000 && r <= 0x200a || r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x1680 || r == 0x85 {
			put(' ')
			continue
		}
		for _, d := range norm.NFKD.String(string(r)) {
			if d < 0x80 {
				put(byte(d))
			}
		}
	}
	return string(out)
}

func notInID(r rune) bool { return r >= 0x80 || r != '.' && !isWord(byte(r)) }

// NormalName is docutils' fully normalised name: lower case, runs of white
// space as one space.
func NormalName(s string) string { return strings.ToLower(OneLine(s)) }

// OneLine puts one blank for each run of white space, and none at the ends.
func OneLine(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c > ' ' && c < 0x80 || c == ' ' && i > 0 && i+1 < len(s) && s[i-1] != ' ' {
			continue
		}
		return strings.Join(strings.Fields(s), " ")
	}
	return s
}
