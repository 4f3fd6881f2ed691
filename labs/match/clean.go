package match

import (
	"strings"
	"unicode/utf8"
)

// Clean gives what a person would read on the screen after the output went
// by: terminal codes are left out, a line that was written over (progress
// bars) keeps its last text, tabs stay, blanks at line ends go, and so do
// empty lines around the whole. Bytes that are not UTF-8 become "\ufffd".
func Clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	s = strings.ReplaceAll(stripCodes(s), "\r\n", "\n")
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(overwrite(l), " \t\u00a0")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// overwrite plays carriage returns and backspaces within one line: what
// follows a return replaces what was there, character by character.
func overwrite(l string) string {
	l = strings.TrimRight(l, "\r")
	if !strings.ContainsAny(l, "\r\b") {
		return l
	}
	var out []rune
	at := 0
	for _, r := range l {
		switch r {
		case '\r':
			at = 0
		case '\b':
			at = max(0, at-1)
		default:
			if at < len(out) {
				out[at] = r
			} else {
				out = append(out, r)
			}
			at++
		}
	}
	return string(out)
}

// stripCodes leaves out escape sequences and control characters other than
// tab, line end, return and backspace. An "erase line" code empties the line
// so far, as it does on a screen.
func stripCodes(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == 0x9b }) < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == 0x1b:
			var kind byte
			var args string
			i, kind, args = escape(s, i)
			if kind == 'K' && args == "2" {
				for len(out) > 0 && out[len(out)-1] != '\n' {
					out = out[:len(out)-1]
				}
			}
		case c < ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\b' || c == 0x7f:
			i++
		default:
			out = append(out, c)
			i++
		}
	}
	return string(out)
}

// escape gives the index after the escape sequence at i, the final byte of a
// control sequence and its arguments.
func escape(s string, i int) (next int, kind byte, args string) {
	i++
	if i >= len(s) {
		return i, 0, ""
	}
	switch s[i] {
	case '[':
		start := i + 1
		for i = start; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1, s[i], s[start:i]
			}
			if s[i] < 0x20 || s[i] > 0x7e {
				return i, 0, "" // broken off
			}
		}
		return i, 0, ""
	case ']', 'P', '^', '_', 'X': // a string, up to BEL or ESC \
		for i++; i < len(s); i++ {
			if s[i] == 0x07 {
				return i + 1, 0, ""
			}
			if s[i] == 0x1b {
				if i+1 < len(s) && s[i+1] == '\\' {
					return i + 2, 0, ""
				}
				return i, 0, ""
			}
			if s[i] == '\n' {
				return i, 0, ""
			}
		}
		return i, 0, ""
	case '(', ')', '#', '%':
		return min(i+2, len(s)), 0, ""
	}
	if s[i] >= 0x20 && s[i] < 0x7f {
		return i + 1, 0, ""
	}
	return i, 0, ""
}
