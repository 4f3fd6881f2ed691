package markdown

import (
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
