package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// A bareLinkParser reads addresses that stand in the text as they are. It
// asks goldmark's parser, which looks at every word, only about words that
// may be one.
type bareLinkParser struct{ parser.InlineParser }

// Parse implements parser.InlineParser.
func (p bareLinkParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if len(line) > 0 {
		switch line[0] {
		case ' ', '*', '_', '~', '(':
			line = line[1:]
		}
	}
	if !mayLink(line) {
		return nil
	}
	return p.InlineParser.Parse(parent, block, pc)
}

// maxLocal is how long the part of a mail address before its @ may be.
const maxLocal = 256

// mayLink reports whether a word begins like an address: http:, https:, ftp:
// and www. by their first letter, and e-mail by its @.
func mayLink(word []byte) bool {
	if len(word) == 0 {
		return false
	}
	switch word[0] {
	case 'h', 'f', 'w':
		return true
	}
	for _, c := range word[:min(len(word), maxLocal)] {
		switch {
		case c == '@':
			return true
		case c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '(' || c == ')' || c == '[' || c == ']' || c == ',' || c == ':' || c == ';' || c == '"' || c == '\\':
			return false
		}
	}
	return false
}

// A bareAddressParser reads the same addresses where none is a mail address.
// It looks where the text has a colon or a dot, which is seldom, and from
// there back: goldmark's parser stops the text at every space.
type bareAddressParser struct{ parser.InlineParser }

// Trigger implements parser.InlineParser.
func (bareAddressParser) Trigger() []byte { return []byte{':', '.'} }

// Parse implements parser.InlineParser.
func (p bareAddressParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, at := block.Position()
	source := block.Source()
	before := source[:at.Start]
	size := 0
	for _, word := range []string{"https", "http", "ftp", "www"} {
		if (word == "www") == (source[at.Start] == '.') && bytes.HasSuffix(before, []byte(word)) {
			size = len(word)
			break
		}
	}
	if size == 0 || at.Padding > 0 {
		return nil
	}
	// What was read up to here is text by now, and the word is its end.
	last, ok := parent.LastChild().(*ast.Text)
	start := at.Start - size
	if !ok || last.Segment.Stop != at.Start || last.Segment.Start > start || !begins(parent, source, last, line, start) {
		return nil
	}
	block.SetPosition(line, at.WithStart(start))
	n := p.InlineParser.Parse(parent, block, pc)
	if n == nil {
		return nil
	}
	if last.Segment.Start == start {
		parent.RemoveChild(parent, last)
	} else {
		last.Segment.Stop = start
	}
	return n
}

// begins reports whether an address may begin at start: at a line's head,
// after a mark, also one without a partner, or after a character that goldmark
// allows.
func begins(parent ast.Node, source []byte, text *ast.Text, line, start int) bool {
	if text.Segment.Start == start || parent.Lines().At(line).Start == start {
		return true
	}
	switch source[start-1] {
	case ' ':
		return true
	case '*', '_', '~', '(', '`':
		backslashes := 0
		for i := start - 2; i >= text.Segment.Start && source[i] == '\\'; i-- {
			backslashes++
		}
		return backslashes%2 == 0
	}
	return false
}
