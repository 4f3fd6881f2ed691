package directive

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

// A Check is what an option's value must be: it gives the normalised value or
// an error that says what was expected.
type Check = func(string) (string, error)

// checks joins tables of options.
func checks(tables ...map[string]Check) map[string]Check {
	out := map[string]Check{}
	for _, t := range tables {
		for k, v := range t {
			out[k] = v
		}
	}
	return out
}

// named are the options that nearly every directive takes.
var named = map[string]Check{"class": classOption, "name": text}

func text(v string) (string, error) { return v, nil }

func textRequired(v string) (string, error) {
	if v == "" {
		return "", errors.New("a value is required but none was given")
	}
	return v, nil
}

func flag(v string) (string, error) {
	if !blank(v) {
		return "", fmt.Errorf("it is a flag and takes no value, but `%s` was given", v)
	}
	return "", nil
}

// path joins a value's lines without the white space around them.
func path(v string) (string, error) {
	if v == "" {
		return textRequired(v)
	}
	var s strings.Builder
	for _, l := range strings.Split(v, "\n") {
		s.WriteString(strings.TrimSpace(l))
	}
	return s.String(), nil
}

func anyInt(v string) (string, error) {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil {
		return "", fmt.Errorf("`%s` is not a whole number", v)
	}
	return strconv.Itoa(n), nil
}

func nonNegative(v string) (string, error) {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 0 {
		return "", fmt.Errorf("`%s` is not a whole number of zero or more", v)
	}
	return strconv.Itoa(n), nil
}

func positive(v string) (string, error) {
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil || n < 1 {
		return "", fmt.Errorf("`%s` is not a whole number of one or more", v)
	}
	return strconv.Itoa(n), nil
}

func percentage(v string) (string, error) { return nonNegative(strings.TrimRight(v, " %")) }

// positiveList reads a list of numbers, separated by commas or spaces, and
// gives it separated by spaces.
func positiveList(v string) (string, error) {
	parts := strings.Fields(v)
	if strings.Contains(v, ",") {
		parts = strings.Split(v, ",")
	}
	if len(parts) == 0 {
		return "", errors.New("a list of whole numbers was expected")
	}
	for i, s := range parts {
		n, err := positive(s)
		if err != nil {
			return "", err
		}
		parts[i] = n
	}
	return strings.Join(parts, " "), nil
}

func orElse(words []string, other Check) Check {
	return func(v string) (string, error) {
		if slices.Contains(words, v) {
			return v, nil
		}
		return other(v)
	}
}

var measure = regexp.MustCompile(`^([0-9.]+) *(em|ex|px|in|cm|mm|pt|pc|%)?$`)

func length(v string, percent bool) (string, error) {
	m := measure.FindStringSubmatch(v)
	if m != nil && (percent || m[2] != "%") {
		if _, err := strconv.ParseFloat(m[1], 64); err == nil {
			return m[1] + m[2], nil
		}
	}
	units := "em, ex, px, in, cm, mm, pt, pc"
	if percent {
		units += ", %"
	}
	return "", fmt.Errorf("`%s` is not a positive number with one of the units %s, or none", v, units)
}

func lengthOrUnitless(v string) (string, error) { return length(v, false) }

func lengthOrPercent(v string) (string, error) { return length(v, true) }

// choice takes one of the words, in any case.
func choice(words ...string) Check {
	return func(v string) (string, error) {
		w := strings.ToLower(strings.TrimSpace(v))
		if slices.Contains(words, w) {
			return w, nil
		}
		if near := doc.Nearest(w, slices.Values(words)); near != "" {
			return "", fmt.Errorf("`%s` is none of %s; did you mean `%s`", v, list(words), near)
		}
		return "", fmt.Errorf("`%s` is none of %s", v, list(words))
	}
}

// classOption gives class names separated by spaces.
func classOption(v string) (string, error) {
	if blank(v) {
		return "", errors.New("a class name is required but none was given")
	}
	names := strings.Fields(v)
	for i, n := range names {
		if names[i] = MakeID(n); names[i] == "" {
			return "", fmt.Errorf("`%s` cannot be made into a class name; begin it with a letter", n)
		}
	}
	return strings.Join(names, " "), nil
}

// encoding lets through the encodings that included files may have.
func encoding(v string) (string, error) {
	e := strings.ToLower(strings.TrimSpace(v))
	if key := charsetKey(e); key != "utf8" && key != "ascii" && charsetOf(e) == nil {
		return "", fmt.Errorf("the encoding `%s` is not known here; save the file as UTF-8", v)
	}
	return e, nil
}

var codePoint = regexp.MustCompile(`(?i)^(?:(?:0x|x|\\x|U\+?|\\u)([0-9a-f]+)|&#x([0-9a-f]+);)$`)

// unicodeCode turns a character code (decimal, hexadecimal with a prefix, or
// an XML entity) into its character; other text stays.
func unicodeCode(code string) (string, error) {
	digits, base := code, 10
	if m := codePoint.FindStringSubmatch(code); m != nil {
		digits, base = m[1]+m[2], 16
	} else if strings.Trim(code, "0123456789") != "" || code == "" {
		return code, nil
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return "", fmt.Errorf("`%s` is larger than the largest character code, U+10FFFF", code)
	}
	return string(rune(n)), nil
}

func oneChar(v string) (string, error) {
	c, err := unicodeCode(v)
	if err != nil {
		return "", err
	}
	if utf8.RuneCountInString(c) != 1 {
		return "", fmt.Errorf("`%s` is not one character or its code", v)
	}
	return c, nil
}

func oneCharOrSpace(v string) (string, error) {
	switch v {
	case "tab":
		return "\t", nil
	case "space":
		return " ", nil
	}
	return oneChar(v)
}

// Length checks an option that is a length, such as 3em.
func Length(v string) (string, error) { return lengthOrUnitless(v) }

// Text checks an option that may be anything but empty.
func Text(v string) (string, error) { return textRequired(v) }

// Flag checks an option that takes no value.
func Flag(v string) (string, error) { return flag(v) }
