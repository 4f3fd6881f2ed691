package ngc

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A table is what ngc prints for a list. In ascii it has borders and wraps
// long cells, in csv and json it does not.
type table struct {
	heads []string
	rows  [][]string
	wrap  int // longest line in a cell; 0 is defaultWrap
}

const defaultWrap = 36

func (t table) format(format string) (string, error) {
	switch format {
	case "ascii":
		return t.ascii(), nil
	case "csv":
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Write(t.heads)
		w.WriteAll(t.rows) // a buffer takes everything
		return b.String(), nil
	case "json":
		list := []map[string]string{}
		for _, r := range t.rows {
			m := map[string]string{}
			for i, h := range t.heads {
				m[camel(h)] = r[i]
			}
			list = append(list, m)
		}
		out, err := json.MarshalIndent(list, "", "    ")
		return string(out) + "\n", err
	}
	return "", fmt.Errorf("unknown format %q: use ascii, csv or json", format)
}

func (t table) ascii() string {
	limit := t.wrap
	if limit == 0 {
		limit = defaultWrap
	}
	wrapped := [][][]string{}
	for _, r := range append([][]string{t.heads}, t.rows...) {
		var cells [][]string
		for _, c := range r {
			cells = append(cells, wrapCell(c, limit))
		}
		wrapped = append(wrapped, cells)
	}
	widths := make([]int, len(t.heads))
	for _, r := range wrapped {
		for i, c := range r {
			for _, line := range c {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
		}
	}
	var b strings.Builder
	border := "+"
	for _, w := range widths {
		border += strings.Repeat("-", w+2) + "+"
	}
	border += "\n"
	b.WriteString(border)
	for n, r := range wrapped {
		height := 1
		for _, c := range r {
			height = max(height, len(c))
		}
		for y := range height {
			b.WriteByte('|')
			for i, c := range r {
				text := ""
				if y < len(c) {
					text = c[y]
				}
				fmt.Fprintf(&b, " %s%s |", text, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)))
			}
			b.WriteByte('\n')
		}
		if n == 0 {
			b.WriteString(border)
		}
	}
	if len(t.rows) > 0 {
		b.WriteString(border)
	}
	return b.String()
}

// wrapCell breaks a text at blanks, and a word that is too long anywhere.
func wrapCell(s string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for utf8.RuneCountInString(word) > limit {
			if line != "" {
				lines = append(lines, line)
				line = ""
			}
			r := []rune(word)
			lines = append(lines, string(r[:limit]))
			word = string(r[limit:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= limit:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// camel makes a JSON key of a heading: "Created Date" is createdDate.
func camel(head string) string {
	words := strings.Fields(head)
	for i, w := range words {
		w = strings.ToLower(w)
		if i > 0 {
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		words[i] = w
	}
	return strings.Join(words, "")
}

// A sheet is what ngc prints about one thing: titled sections of "Key: value"
// lines, indented by their depth.
type sheet []line

type line struct {
	depth      int
	key, value string // a title has no value and no colon
	title      bool
}

func (s *sheet) title(depth int, text string) {
	*s = append(*s, line{depth: depth, key: text, title: true})
}
func (s *sheet) add(depth int, key string, value any) {
	*s = append(*s, line{depth: depth, key: key, value: fmt.Sprint(value)})
}

const rule = "--------------------------------------------------------------------------------"

func (s sheet) format(format string) (string, error) {
	switch format {
	case "ascii":
		var b strings.Builder
		b.WriteString(rule + "\n")
		for _, l := range s {
			b.WriteString(strings.Repeat("  ", l.depth+1) + l.key)
			if !l.title {
				b.WriteString(": " + l.value)
			}
			b.WriteByte('\n')
		}
		b.WriteString(rule + "\n")
		return b.String(), nil
	case "csv":
		var t table
		var row []string
		for _, l := range s {
			if !l.title {
				t.heads, row = append(t.heads, l.key), append(row, l.value)
			}
		}
		t.rows = [][]string{row}
		return t.format(format)
	case "json":
		m := map[string]string{}
		for _, l := range s {
			if !l.title {
				m[camel(l.key)] = l.value
			}
		}
		out, err := json.MarshalIndent(m, "", "    ")
		return string(out) + "\n", err
	}
	return "", fmt.Errorf("unknown format %q: use ascii, csv or json", format)
}
