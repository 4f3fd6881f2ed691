package rst

import (
	"strconv"
	"strings"

	"docent/generator/doc"
)

// The formats of enumerators: "(1)", "1)" and "1.".
type enumFormat struct{ prefix, suffix string }

// An enumerator is a list item's number as it was written.
type enumerator struct {
	format   enumFormat
	text     string // without prefix and suffix
	bytes    int    // with the blanks after it
	sequence string // arabic, loweralpha, ... or "#"
	ordinal  int
	valid    bool // false for a Roman numeral that is none
}

// enumeratorEnd gives the bytes of an enumerator with the blanks after it,
// or 0.
func enumeratorEnd(s string) int {
	_, _, n := cutEnumerator(s)
	return n
}

func cutEnumerator(s string) (format enumFormat, text string, n int) {
	i := 0
	if s[0] == '(' {
		format.prefix = "("
		i = 1
	}
	start := i
	switch {
	case i < len(s) && s[i] == '#':
		i++
	case i < len(s) && s[i] >= '0' && s[i] <= '9':
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
	default:
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
			i++
		}
		if i == start {
			return format, "", 0
		}
		if i > start+1 && !allOf(s[start:i], "ivxlcdm") && !allOf(s[start:i], "IVXLCDM") {
			return format, "", 0
		}
	}
	text = s[start:i]
	if i >= len(s) {
		return format, "", 0
	}
	switch s[i] {
	case ')':
		format.suffix = ")"
	case '.':
		if format.prefix != "" {
			return format, "", 0
		}
		format.suffix = "."
	default:
		return format, "", 0
	}
	i++
	end := i
	for end < len(s) && s[end] == ' ' {
		end++
	}
	if end == i && end < len(s) {
		return format, "", 0
	}
	return format, text, end
}

func allOf(s, chars string) bool {
	for i := range len(s) {
		if strings.IndexByte(chars, s[i]) < 0 {
			return false
		}
	}
	return true
}

// fits reports whether a text can be an enumerator of a sequence.
func fits(sequence, s string) bool {
	c := s[0]
	switch sequence {
	case "arabic":
		return c >= '0' && c <= '9'
	case "loweralpha":
		return len(s) == 1 && c >= 'a' && c <= 'z'
	case "upperalpha":
		return len(s) == 1 && c >= 'A' && c <= 'Z'
	case "lowerroman":
		return allOf(s, "ivxlcdm")
	case "upperroman":
		return allOf(s, "IVXLCDM")
	}
	return false
}

// readEnumerator takes an enumerator apart. In a list, the expected sequence
// is tried first: "i." is the ninth letter after "h.", else Roman one.
func readEnumerator(s, expected string) (e enumerator, ok bool) {
	e.format, e.text, e.bytes = cutEnumerator(s)
	if e.bytes == 0 {
		return e, false
	}
	switch {
	case e.text == "#":
		e.sequence = "#"
	case expected != "":
		if fits(expected, e.text) {
			e.sequence = expected
		}
	case e.text == "i":
		e.sequence = "lowerroman"
	case e.text == "I":
		e.sequence = "upperroman"
	}
	if e.sequence == "" {
		for _, seq := range []string{"arabic", "loweralpha", "upperalpha", "lowerroman", "upperroman"} {
			if fits(seq, e.text) {
				e.sequence = seq
				break
			}
		}
	}
	e.valid = true
	switch e.sequence {
	case "#":
		e.ordinal = 1
	case "arabic":
		n, err := strconv.Atoi(e.text)
		if err != nil {
			n = 1 << 62 // no list goes on from here
		}
		e.ordinal = n
	case "loweralpha":
		e.ordinal = int(e.text[0]-'a') + 1
	case "upperalpha":
		e.ordinal = int(e.text[0]-'A') + 1
	default:
		e.ordinal, e.valid = fromRoman(strings.ToUpper(e.text))
	}
	return e, true
}

// write gives the enumerator of an ordinal with the blank after it.
func (e enumerator) write(ordinal int) (string, bool) {
	t := ""
	switch e.sequence {
	case "#":
		t = "#"
	case "arabic":
		t = strconv.Itoa(ordinal)
	case "loweralpha", "upperalpha":
		if ordinal > 26 {
			return "", false
		}
		t = string(rune('A' + ordinal - 1))
	default:
		if ordinal >= 5000 {
			return "", false
		}
		t = toRoman(ordinal)
	}
	if strings.HasPrefix(e.sequence, "lower") {
		t = strings.ToLower(t)
	}
	return e.format.prefix + t + e.format.suffix + " ", true
}

var romanDigits = []struct {
	value int
	text  string
}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}}

func toRoman(n int) string {
	var b strings.Builder
	for _, d := range romanDigits {
		for ; n >= d.value; n -= d.value {
			b.WriteString(d.text)
		}
	}
	return b.String()
}

func fromRoman(s string) (int, bool) {
	n, rest := 0, s
	for _, d := range romanDigits {
		for strings.HasPrefix(rest, d.text) && n < 5000 {
			n += d.value
			rest = rest[len(d.text):]
		}
	}
	return n, rest == "" && n > 0 && n < 5000 && toRoman(n) == s
}

// starts reports whether the enumerator at line i begins a list item: the
// line after it is blank, indented, or begins with the next number.
func (b *body) starts(e enumerator, i int) bool {
	if !e.valid || b.p.cfg.ArabicOnly && e.sequence != "arabic" && e.sequence != "#" {
		return false
	}
	if i+1 >= len(b.lines) {
		return true
	}
	next := b.lines[i+1].Text
	if next == "" || leadingSpace(next) {
		return true
	}
	following, ok := e.write(e.ordinal + 1)
	if !ok {
		return false
	}
	return strings.HasPrefix(next, following) || strings.HasPrefix(next, e.format.prefix+"#"+e.format.suffix+" ")
}

func leadingSpace(s string) bool {
	n, _ := leading(s)
	return n > 0
}

// enumeratedList reads a numbered list. It reports false when the line is
// ordinary text.
func (b *body) enumeratedList() bool {
	first := b.lines[b.i]
	e, ok := readEnumerator(first.Text, "")
	if !ok || !b.starts(e, b.i) {
		return false
	}
	sequence, auto := e.sequence, e.sequence == "#"
	if auto {
		sequence = "arabic"
	}
	list := doc.New(doc.KindEnumeratedList, first.Pos)
	list.Set("enumtype", sequence).Set("prefix", e.format.prefix).Set("suffix", e.format.suffix)
	b.parent.Append(list)
	if e.ordinal != 1 {
		start := strconv.Itoa(e.ordinal)
		if e.ordinal == 1<<62 {
			start = strings.TrimLeft(e.text, "0")
		}
		list.Set("start", start)
		b.message(doc.Info, "rst-list-start", line{Text: e.text, Pos: first.Pos}, "", "The list starts at %d.", e.ordinal)
	}
	last := e.ordinal
	item, finished := b.item(e.bytes, e.bytes)
	list.Append(item)
	for b.skipBlank(); b.i < len(b.lines); b.skipBlank() {
		next, ok := readEnumerator(b.lines[b.i].Text, sequence)
		if !ok || next.format != e.format || !b.starts(next, b.i) {
			break
		}
		if next.sequence == "#" {
			auto = true
		} else if next.sequence != sequence || auto || next.ordinal != last+1 {
			break
		}
		item, finished = b.item(next.bytes, next.bytes)
		list.Append(item)
		last = next.ordinal
	}
	if !finished {
		b.unindent("The enumerated list")
	}
	return true
}
