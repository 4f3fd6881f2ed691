package rst

import (
	"math/bits"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

type line = directive.Line

// A file is a source made ready to parse: lines end in "\n", tabs are
// expanded to multiples of eight columns, no line ends in whitespace. While a
// page is parsed, positions are offsets in text; at the end they are mapped
// back to the source.
type file struct {
	src   *doc.Source
	text  string
	edits []edit // nil when text is the source's text
	// foreign marks a source that a directive reads by itself: its lines may
	// still hold tabs.
	foreign bool
	// chain tells files that include each other: who included this one, and
	// which bytes of it.
	parent   *file
	from, to int
}

// An edit says that text from offset at on is the source from offset src on,
// up to the next edit.
type edit struct{ at, src int }

// newFile makes bytes from..to of a source ready.
func newFile(src *doc.Source, from, to int) *file {
	f := &file{src: src, text: src.Text[from:to], from: from, to: to}
	if !plain(f.text) {
		f.normalise()
	} else if from > 0 {
		f.edits = []edit{{0, from}}
	}
	return f
}

// plain reports whether a text needs no change, which is the common case.
func plain(s string) bool {
	valid := false
	for i := 0; i < len(s); i++ {
		// Eight bytes at once, up to one that is no letter and no blank.
		for len(s)-i >= 8 {
			b := s[i : i+8]
			w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
				uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
			if odd := ((w - ones*' ') | w) & (ones * 0x80); odd != 0 {
				i += bits.TrailingZeros64(odd) / 8 // those above it may be taken for odd
				break
			}
			i += 8
		}
		if i == len(s) {
			break
		}
		switch c := s[i]; {
		case c == '\n':
			if i > 0 && s[i-1] == ' ' {
				return false
			}
			continue
		case c < ' ':
			return false
		case c < utf8.RuneSelf:
			continue
		case !valid:
			if valid = utf8.ValidString(s[i:]); !valid {
				return false
			}
		}
		if !special[s[i]] {
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == 0xfeff && i == 0 || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return false
		}
		if unicode.IsSpace(r) {
			if j := i + size; j == len(s) || s[j] == '\n' || s[j] == ' ' {
				return false
			}
		}
	}
	return !strings.HasSuffix(s, " ")
}

const ones = 0x0101010101010101 // a byte in each of eight places

// special are the bytes with which NEL, no-break space and other separators
// begin, or a byte order mark.
var special = [256]bool{0xc2: true, 0xe1: true, 0xe2: true, 0xe3: true, 0xef: true}

const tabWidth = 8

// normalise makes the text from a source that is not plain.
func (f *file) normalise() {
	s := f.src.Text[:f.to]
	var b strings.Builder
	b.Grow(f.to - f.from + (f.to-f.from)/8)
	f.edits = append(f.edits, edit{0, f.from})
	copied := f.from // the source is in b up to here, in step with the last edit
	flush := func(to int) {
		b.WriteString(s[copied:to])
		copied = to
	}
	jump := func(to int) { // source bytes up to "to" have been dealt with
		copied = to
		f.edits = append(f.edits, edit{b.Len(), to})
	}
	if strings.HasPrefix(s[copied:], "\ufeff") {
		jump(copied + 3)
	}
	lineStart := copied
	for lineStart < len(s) {
		end, next := lineEnd(s, lineStart)
		body := lineStart + len(strings.TrimRightFunc(s[lineStart:end], isSpace))
		col := 0
		for i := lineStart; i < body; {
			c := s[i]
			switch {
			case c == '\t':
				flush(i)
				n := tabWidth - col%tabWidth
				f.edits = append(f.edits, edit{b.Len(), i})
				b.WriteString("        "[:n])
				col += n
				i++
				jump(i)
			case c == 0:
				flush(i)
				b.WriteString("\ufffd")
				i++
				col++
				jump(i)
			case c < utf8.RuneSelf:
				i++
				col++
			default:
				r, size := utf8.DecodeRuneInString(s[i:])
				if r == utf8.RuneError && size == 1 {
					flush(i)
					b.WriteString("\ufffd")
					jump(i + 1)
				}
				i += size
				col++
			}
		}
		flush(body)
		if next > end || next < len(s) || body == lineStart {
			b.WriteByte('\n') // a last line of white space is a line
		}
		if next != body+1 || s[body] != '\n' {
			jump(next)
		} else {
			copied = next
		}
		lineStart = next
	}
	f.text = b.String()
}

// lineEnd gives where the line that starts at from ends, and where the next
// one starts.
func lineEnd(s string, from int) (end, next int) {
	for i := from; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n', c == '\v', c == '\f', c == 0x1c, c == 0x1d, c == 0x1e:
			return i, i + 1
		case c == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				return i, i + 2
			}
			return i, i + 1
		case c == 0xc2 && i+1 < len(s) && s[i+1] == 0x85:
			return i, i + 2
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xa8 || s[i+2] == 0xa9):
			return i, i + 3
		}
	}
	return len(s), len(s)
}

// source gives the offset in the source of an offset in the text, always
// inside it.
func (f *file) source(off int) int {
	if f.edits != nil {
		i := sort.Search(len(f.edits), func(i int) bool { return f.edits[i].at > off }) - 1
		if i >= 0 {
			e := f.edits[i]
			off = e.src + off - e.at
			if i+1 < len(f.edits) {
				off = min(off, f.edits[i+1].src)
			}
		}
	}
	return max(0, min(off, len(f.src.Text)))
}

// lines cuts text[from:to] into lines without copying.
func (f *file) lines(index int32, from, to int) []line {
	t := f.text[from:to]
	out := make([]line, 0, strings.Count(t, "\n")+1)
	for off := 0; off < len(t); {
		n := strings.IndexByte(t[off:], '\n')
		end := off + n
		if n < 0 {
			end = len(t)
		}
		out = append(out, line{Text: t[off:end], Pos: doc.Pos{File: index, Off: int32(from + off)}})
		off = end + 1
	}
	return out
}

// A run is a piece of text made of one or more lines, and the way back to
// where each byte of it stands.
type run struct {
	text  string
	base  doc.Pos
	lines []line // nil when text stands in the source as it is
	at    int    // the line of the last question, and where it starts in text
	start int
}

// pos is the place of a byte of the text.
func (r *run) pos(off int) doc.Pos {
	if r.lines == nil {
		return doc.Pos{File: r.base.File, Off: r.base.Off + int32(off)}
	}
	if off < r.start {
		r.at, r.start = 0, 0
	}
	for r.at+1 < len(r.lines) && off > r.start+len(r.lines[r.at].Text) {
		r.start += len(r.lines[r.at].Text) + 1
		r.at++
	}
	p := r.lines[r.at].Pos
	p.Off += int32(min(off-r.start, len(r.lines[r.at].Text)))
	return p
}

// join makes one run of lines, without copying where they stand in the
// source just so.
func (p *parser) join(lines []line) run {
	switch len(lines) {
	case 0:
		return run{}
	case 1:
		return run{text: lines[0].Text, base: lines[0].Pos}
	}
	first := lines[0].Pos
	end := int(first.Off) + len(lines[0].Text)
	total := len(lines[0].Text)
	together := true
	for _, l := range lines[1:] {
		together = together && l.Pos.File == first.File && int(l.Pos.Off) == end+1
		end = int(l.Pos.Off) + len(l.Text)
		total += 1 + len(l.Text)
	}
	if together && int(first.File) < len(p.files) {
		if f := p.files[first.File]; end <= len(f.text) && end-int(first.Off) == total {
			return run{text: f.text[first.Off:end], base: first}
		}
	}
	// Texts of several blocks share memory: what a builder has given out stays
	// as it is when it grows within its room.
	b := &p.texts
	if b.Cap()-b.Len() < total {
		*b = strings.Builder{}
		b.Grow(max(total, 4096))
	}
	from := b.Len()
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.Text)
	}
	return run{text: b.String()[from:], base: first, lines: lines}
}

// cut drops n bytes (of one character each) from the start of a line.
func cut(l line, n int) line {
	l.Text = l.Text[n:]
	l.Pos.Off += int32(n)
	return l
}

// cutColumns drops n characters from the start of a line.
func cutColumns(l line, n int) line {
	i := 0
	for ; n > 0 && i < len(l.Text); n-- {
		if l.Text[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(l.Text[i:])
		i += size
	}
	return cut(l, i)
}

// blank reports whether a line holds only whitespace.
func blank(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != ' ' {
			return strings.TrimSpace(s[i:]) == ""
		}
	}
	return true
}

// leading counts the whitespace characters at the start of a line, and the
// bytes they take.
func leading(s string) (columns, bytes int) {
	i := 0
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if i == len(s) || s[i] > ' ' && s[i] < utf8.RuneSelf {
		return i, i
	}
	n := i
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isSpace(r) {
			break
		}
		i += size
		n++
	}
	return n, i
}
