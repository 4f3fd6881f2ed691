package markdown

import (
	"sort"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// A piece is a text that goldmark reads at once: a file, a part of one, or
// the lines inside a directive. It knows where each byte came from.
type piece struct {
	text string
	src  []byte // text, as goldmark wants it
	file int32
	base int // offset of text in its source, when lines is nil

	// The lines of a piece that was joined from lines of a source.
	starts []int     // offset of each line in text
	places []doc.Pos // where each line starts in its source

	fixed bool // all of it came from one place: a substitution's value
	limit int  // no place lies after this offset; 0 is no limit
}

// joined makes a piece of lines.
func joined(lines []directive.Line) *piece {
	pc := &piece{starts: make([]int, len(lines)), places: make([]doc.Pos, len(lines))}
	var b strings.Builder
	for i, l := range lines {
		pc.starts[i], pc.places[i] = b.Len(), l.Pos
		b.WriteString(l.Text)
		b.WriteByte('\n')
	}
	pc.text = b.String()
	return pc
}

// at gives the place in the source of an offset in the piece.
func (pc *piece) at(off int) doc.Pos {
	off = max(0, min(off, len(pc.text)))
	if pc.starts == nil {
		off += pc.base
		if pc.limit > 0 {
			off = min(off, pc.limit)
		}
		return doc.Pos{File: pc.file, Off: int32(off)}
	}
	i := sort.SearchInts(pc.starts, off+1) - 1
	if i < 0 {
		return doc.Pos{}
	}
	p := pc.places[i]
	if pc.fixed {
		return p
	}
	end := len(pc.text)
	if i+1 < len(pc.starts) {
		end = pc.starts[i+1]
	}
	p.Off += int32(min(off, end-1) - pc.starts[i])
	return p
}
