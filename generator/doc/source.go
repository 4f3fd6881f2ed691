package doc

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// A Pos is a place in one of a document's sources: File indexes
// Document.Sources, Off is a 0-based byte offset in it.
type Pos struct {
	File, Off int32
}

// A Source is the text of one file, as it was read.
type Source struct {
	Name string // path below the content root with slashes, or "<stdin>"
	Text string

	once  sync.Once
	lines []int // offsets of line starts

	counted sync.Once
	marks   []mark // every few thousand bytes of a text with long lines
}

// A mark says how many characters stand before an offset.
type mark struct{ off, before int }

// markStep is how many bytes lie between two marks.
const markStep = 2048

// NewSource makes a Source.
func NewSource(name, text string) *Source { return &Source{Name: name, Text: text} }

func (s *Source) index() []int {
	s.once.Do(func() {
		s.lines = append(s.lines, 0)
		for i := 0; i < len(s.Text); i++ {
			if s.Text[i] == '\n' {
				s.lines = append(s.lines, i+1)
			}
		}
	})
	return s.lines
}

// LineCol gives the 1-based line and column of a byte offset. Columns count
// characters, not bytes. Offsets outside the text are brought inside.
func (s *Source) LineCol(off int) (line, col int) {
	off = max(0, min(off, len(s.Text)))
	lines := s.index()
	line = sort.SearchInts(lines, off+1)
	start := lines[line-1]
	if off-start <= 2*markStep {
		return line, utf8.RuneCountInString(s.Text[start:off]) + 1
	}
	return line, s.before(off) - s.before(start) + 1
}

// before counts the characters before an offset, in constant time but for the
// first call.
func (s *Source) before(off int) int {
	s.counted.Do(func() {
		n, next := 0, 0
		for i := range s.Text {
			if i >= next {
				s.marks = append(s.marks, mark{i, n})
				next = i + markStep
			}
			n++
		}
	})
	k := sort.Search(len(s.marks), func(i int) bool { return s.marks[i].off > off }) - 1
	if k < 0 {
		return 0
	}
	return s.marks[k].before + utf8.RuneCountInString(s.Text[s.marks[k].off:off])
}

// Line gives the text of a 1-based line without its end.
func (s *Source) Line(line int) string {
	lines := s.index()
	if line < 1 || line > len(lines) {
		return ""
	}
	end := len(s.Text)
	if line < len(lines) {
		end = lines[line] - 1
	}
	return strings.TrimSuffix(s.Text[lines[line-1]:end], "\r")
}

// Offset gives the byte offset of a 1-based line and of a 1-based column in it,
// which is counted in bytes. What lies outside is brought inside.
func (s *Source) Offset(line, col int) int {
	lines := s.index()
	line = max(1, min(line, len(lines)))
	start := lines[line-1]
	return start + max(0, min(col-1, len(s.Line(line))))
}

// Severity ranks a diagnostic as docutils does.
type Severity uint8

// The severities. A build fails on Error and, with --strict, on Warning.
const (
	Info Severity = iota + 1
	Warning
	Error
	Severe
)

func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	case Severe:
		return "severe"
	}
	return "unknown"
}

// A Diag is one message about a place in a source.
type Diag struct {
	Severity Severity
	// Code is stable and machine-readable, e.g. "rst-unknown-directive".
	Code string
	// Message is a sentence that says what is wrong and what was expected.
	Message string
	// Hint says what to do, or is empty.
	Hint   string
	Source *Source // nil when the message is about no file
	Off    int     // byte offset in Source
	Len    int     // bytes to mark, at least one character is marked
}

// Position gives file:line:col, or only the file, or "".
func (d Diag) Position() string {
	if d.Source == nil {
		return ""
	}
	line, col := d.Source.LineCol(d.Off)
	return fmt.Sprintf("%s:%d:%d", d.Source.Name, line, col)
}

// String is the one-line form: file:line:col: severity: message [code]. The
// hint follows the message.
func (d Diag) String() string {
	var b strings.Builder
	if p := d.Position(); p != "" {
		b.WriteString(p + ": ")
	}
	fmt.Fprintf(&b, "%s: %s", d.Severity, d.Message)
	if d.Hint != "" {
		b.WriteString(" " + d.Hint)
	}
	fmt.Fprintf(&b, " [%s]", d.Code)
	return b.String()
}

// excerptWidth is how many characters of a line an excerpt shows, and
// excerptLead how many of them stand before the spot.
const excerptWidth, excerptLead = 160, 60

// Excerpt gives the source line and a line under it that marks the spot, both
// indented by two spaces, or "" when there is no source. Of a long line it
// gives what stands around the spot.
func (d Diag) Excerpt() string {
	if d.Source == nil || d.Source.Text == "" {
		return ""
	}
	off := max(0, min(d.Off, len(d.Source.Text)))
	line, _ := d.Source.LineCol(off)
	text := d.Source.Line(line)
	at := min(off-d.Source.lines[line-1], len(text))
	before, dots := "", ""
	from, to := 0, len(text)
	if to > excerptWidth && shortened(text, excerptWidth) < to {
		from = at
		for n := 0; n < excerptLead && from > 0; n++ {
			_, size := utf8.DecodeLastRuneInString(text[:from])
			from -= size
		}
		to = from + shortened(text[from:], excerptWidth)
		if from > 0 {
			before = "…"
		}
		if to < len(text) {
			dots = "…"
		}
	}
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, before+text[from:at])
	marked := text[at:max(at, min(to, at+d.Len))]
	return "  " + before + text[from:to] + dots + "\n  " + pad + strings.Repeat("^", max(1, utf8.RuneCountInString(marked))) + "\n"
}

// shortened gives the bytes of at most n characters at the start of a text.
func shortened(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}
