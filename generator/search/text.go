package search

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// The text of the pages, for excerpts and phrases, stands in files of a few
// pages each, since a small text alone compresses badly. A page that is
// larger than that has several files to itself.
const (
	enoughText = 15 << 10 // bytes of a file, before compression, that close it
	mostText   = 21 << 10 // of a file with more than one page, or section
	maxText    = 20 << 10 // of a section that are kept
)

// text writes a page as its files hold it: a line each for its address, its
// title and the number of its sections, then three for every section, its
// anchor, its heading (empty if it is the title), and its text.
func text(b []byte, p Page) []byte {
	b = append(appendLine(b, p.URL), '\n')
	b = append(appendLine(b, p.Title), '\n')
	b = append(strconv.AppendInt(b, int64(len(p.Sections)), 10), '\n')
	for _, s := range p.Sections {
		b = append(appendLine(b, s.ID), '\n')
		if s.Heading != p.Title {
			b = appendLine(b, s.Heading)
		}
		b = append(b, '\n')
		b = append(appendLine(b, clip(s.Text, maxText)), '\n')
	}
	return b
}

// appendLine appends a text with single spaces for all white space in it.
func appendLine(b []byte, s string) []byte {
	i := spaces(s, 0)
	from := i // what is copied as it is
	for i < len(s) {
		if n := calm(s, i); n > 0 {
			i += n
			continue
		}
		if plain(s[i]) || s[i] == ' ' && i+1 < len(s) && plain(s[i+1]) {
			i++
			continue
		}
		end := i
		if i = spaces(s, i); i == end { // another character
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
			continue
		}
		if i == len(s) {
			return append(b, s[from:end]...)
		}
		if i > end+1 || s[end] != ' ' {
			b = append(append(b, s[from:end]...), ' ')
			from = i
		}
	}
	return append(b, s[from:]...)
}

// calm looks at the eight bytes at i at once. It gives how many may be passed
// over, since they are ASCII without control characters, and each space among
// them stands alone; 0 if it has to be looked at one by one.
func calm(s string, i int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	if len(s)-i < 8 {
		return 0
	}
	b := s[i : i+8]
	w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
	printable := ^w & (w + each*(0x80-' ')) & high
	space := ^((w ^ each*' ') + each*0x7f) & high
	if printable != high || space&(space<<8) != 0 {
		return 0
	}
	return 8 - int(space>>63) // what follows the last one is not known
}

// plain reports whether a byte is a character that is not white space.
func plain(c byte) bool { return c > ' ' && c < utf8.RuneSelf }

// spaces gives where white space that begins at i ends.
func spaces(s string, i int) int {
	for i < len(s) {
		c, n := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(s[i:])
		}
		if !unicode.IsSpace(c) {
			break
		}
		i += n
	}
	return i
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// A group is the text of one or more pages, or of one large page, compressed.
type group struct {
	key      digest
	files    []stored // nil while they lie elsewhere
	number   int      // of the files
	first    int      // where they lie: the number of the first file of the index before, or -1
	kept     bool     // where they lie, too: in what was saved
	sections []int    // of each file of a large page but the last
	pages    int
}

// A digest names a text.
type digest [16]byte

func digestOf(b []byte) (d digest) {
	h := sha256.Sum256(b)
	copy(d[:], h[:])
	return d
}

func keyOf(pages []*entry) digest {
	b := make([]byte, 0, len(digest{})*len(pages))
	for _, e := range pages {
		b = append(b, e.digest[:]...)
	}
	return digestOf(b)
}

// A grouper puts pages into groups, in order.
type grouper struct {
	open []*entry
	size int
	give func([]*entry)
}

func (g *grouper) add(e *entry) {
	if g.size > 0 && g.size+e.size > mostText {
		g.close()
	}
	g.open, g.size = append(g.open, e), g.size+e.size
	if g.size >= enoughText {
		g.close()
	}
}

func (g *grouper) close() {
	if len(g.open) > 0 {
		g.give(g.open)
	}
	g.open, g.size = nil, 0
}

// pack compresses the text of pages.
func pack(pages []*entry) (*group, error) {
	g := &group{key: keyOf(pages), pages: len(pages), first: -1, number: 1}
	if len(pages) == 1 && pages[0].size > mostText {
		texts, sections := split(string(pages[0].text))
		g.sections = sections
		for _, t := range texts {
			z, err := deflate([]byte(t))
			if err != nil {
				return nil, err
			}
			g.files = append(g.files, inStore(z))
		}
		g.number = len(g.files)
		return g, nil
	}
	var all [][]byte
	for _, e := range pages {
		all = append(all, e.text)
	}
	z, err := deflate(all...)
	g.files = []stored{inStore(z)}
	return g, err
}

// unpack gives the texts of the pages of a group again.
func (g *group) unpack() ([]string, error) {
	var all strings.Builder
	for i := range g.files {
		f, err := g.files[i].all()
		if err == nil {
			_, err = io.Copy(&all, flate.NewReader(bytes.NewReader(f)))
		}
		if err != nil {
			return nil, fmt.Errorf("read the text of the search index: %w", err)
		}
	}
	var out []string
	for s := all.String(); s != ""; {
		head, n, rest := cutHead(s)
		body := lines(rest, 3*n)
		out = append(out, head+strconv.Itoa(n)+"\n"+rest[:body])
		s = rest[body:]
	}
	if len(g.files) > 1 {
		out = []string{join(out)}
	}
	if len(out) != g.pages {
		return nil, fmt.Errorf("read the text of the search index: %d pages in place of %d", len(out), g.pages)
	}
	return out, nil
}

// split cuts the text of a large page at its sections.
func split(s string) (texts []string, sections []int) {
	head, n, rest := cutHead(s)
	for n > 0 {
		size, k := 0, 0
		for k < n && size < enoughText {
			next := lines(rest[size:], 3)
			if k > 0 && size+next > mostText {
				break
			}
			size += next
			k++
		}
		texts = append(texts, head+strconv.Itoa(k)+"\n"+rest[:size])
		rest, n = rest[size:], n-k
		if n > 0 {
			sections = append(sections, k)
		}
	}
	return texts, sections
}

// join makes one text of the parts of a page.
func join(texts []string) string {
	var b strings.Builder
	all := 0
	for _, t := range texts {
		_, n, _ := cutHead(t)
		all += n
	}
	for i, t := range texts {
		head, _, rest := cutHead(t)
		if i == 0 {
			b.WriteString(head + strconv.Itoa(all) + "\n")
		}
		b.WriteString(rest)
	}
	return b.String()
}

// cutHead gives the lines for address and title, the number of sections, and
// what follows.
func cutHead(s string) (head string, n int, rest string) {
	at := lines(s, 2)
	head, rest = s[:at], s[at:]
	line, rest, _ := strings.Cut(rest, "\n")
	n, _ = strconv.Atoi(line)
	return head, n, rest
}

// lines gives how many bytes the first n lines take.
func lines(s string, n int) int {
	at := 0
	for ; n > 0; n-- {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return len(s)
		}
		at += i + 1
	}
	return at
}

// page reads what text wrote.
func page(s string) Page {
	head, n, rest := cutHead(s)
	var p Page
	p.URL, head, _ = strings.Cut(head, "\n")
	p.Title, _, _ = strings.Cut(head, "\n")
	p.Sections = make([]Section, 0, max(0, min(n, len(rest))))
	for rest != "" && len(p.Sections) < n {
		var s Section
		s.ID, rest, _ = strings.Cut(rest, "\n")
		s.Heading, rest, _ = strings.Cut(rest, "\n")
		s.Text, rest, _ = strings.Cut(rest, "\n")
		if s.Heading == "" {
			s.Heading = p.Title
		}
		p.Sections = append(p.Sections, s)
	}
	return p
}

// level is where the compressor still costs little.
const level = 5

var deflaters = sync.Pool{New: func() any {
	z, err := flate.NewWriter(nil, level)
	if err != nil {
		panic(err) // the level is a constant
	}
	return z
}}

func deflate(texts ...[]byte) ([]byte, error) {
	z := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(z)
	var b bytes.Buffer
	z.Reset(&b)
	for _, t := range texts {
		if _, err := z.Write(t); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return bytes.Clone(b.Bytes()), err
}
