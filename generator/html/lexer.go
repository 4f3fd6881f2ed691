package html

import (
	"github.com/alecthomas/chroma/v2"
)

// A handLexer is a lexer written by hand behind chroma's interface. It gives
// the tokens that chroma's own lexer of the language gives (a test compares
// them), without regular expressions. What it does not cover it leaves to
// chroma's.
type handLexer struct {
	chroma.Lexer
	// scan appends the tokens of ASCII text, or gives ok false.
	scan func(dst []chroma.Token, text string) (tokens []chroma.Token, ok bool)
}

// handLexers are the lexers by chroma's name of the language.
var handLexers = map[string]func([]chroma.Token, string) ([]chroma.Token, bool){
	"Bash":   scanBash,
	"JSON":   scanJSON,
	"Docker": scanDocker,
}

// byHand puts the hand-written lexer before chroma's where there is one.
func byHand(l chroma.Lexer) chroma.Lexer {
	if l == nil {
		return nil
	}
	if scan := handLexers[l.Config().Name]; scan != nil {
		return handLexer{l, scan}
	}
	return l
}

// Tokenise implements chroma.Lexer.
func (l handLexer) Tokenise(o *chroma.TokeniseOptions, text string) (chroma.Iterator, error) {
	if o != nil && o.State == "root" && !o.EnsureLF && isASCII(text) {
		if tokens, ok := l.scan(make([]chroma.Token, 0, len(text)/4+8), text); ok {
			return chroma.Literator(tokens...), nil
		}
	}
	return l.Lexer.Tokenise(o, text)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// spanOf gives the length of the run at the start of s whose bytes pass.
func spanOf(s string, pass func(byte) bool) int {
	i := 0
	for i < len(s) && pass(s[i]) {
		i++
	}
	return i
}
