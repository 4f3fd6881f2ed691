// Package lex has lexers written by hand for the languages that tutorials use
// most, behind chroma's interface. Each gives the tokens that chroma's own
// lexer of the language gives, one by one, also where that one is at odds with
// the language: tests compare them over real sources. None uses a regular
// expression, and each reads its input in linear time.
//
// A lexer keeps the configuration of chroma's (names, file patterns, mime
// types), and hands on to it what it does not do: to start in another state
// than the root.
package lex

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// A scan appends the tokens of a text. They follow each other without a gap
// and end where the text ends, whatever it is.
type scan func(dst []chroma.Token, text string) []chroma.Token

// scans are the lexers by chroma's name of the language.
var scans = map[string]scan{
	"Bash":   scanBash,
	"C":      scanC,
	"C++":    scanCPP,
	"CUDA":   scanCUDA,
	"Docker": scanDocker,
	"Go":     scanGo,
	"JSON":   scanJSON,
	"Python": scanPython,
	"YAML":   scanYAML,
}

// Get finds the lexer of a language by its name or one of its aliases: one of
// this package if there is one, else chroma's. It gives nil for a language
// that nobody knows.
func Get(name string) chroma.Lexer {
	var l chroma.Lexer
	switch {
	case name == "cuda" || name == "cu":
		l = cuda
	case known(name):
		l = lexers.Get(name)
	}
	if l == nil {
		return nil
	}
	if scan := scans[l.Config().Name]; scan != nil {
		return lexer{l, scan}
	}
	return l
}

// backups are the endings of file names that chroma looks behind.
var backups = []string{"bak", "old", "orig", "in", "dpkg-dist", "dpkg-old", "ucf-dist", "ucf-new", "ucf-old", "rpmnew", "rpmorig", "rpmsave"}

// known reports whether chroma's registry may find a name. It says that there
// is no such language in a hundredth of the time that the registry takes,
// which tries each ending of a backup with each pattern.
func known(name string) bool {
	if strings.ContainsAny(name, "./~") || slices.Contains(backups, name) {
		return true
	}
	is := func(other string) bool { return strings.EqualFold(other, name) }
	names := func(glob string) bool {
		asFile, err := filepath.Match(glob, name)
		asEnding, err2 := filepath.Match(glob, "filename."+name)
		return asFile || asEnding || err != nil || err2 != nil
	}
	return slices.ContainsFunc(lexers.GlobalLexerRegistry.Lexers, func(l chroma.Lexer) bool {
		c := l.Config()
		return is(c.Name) || slices.ContainsFunc(c.Aliases, is) ||
			slices.ContainsFunc(c.Filenames, names) || slices.ContainsFunc(c.AliasFilenames, names)
	})
}

// A lexer puts a scan before chroma's lexer of the language.
type lexer struct {
	chroma.Lexer
	scan scan
}

// Tokenise implements chroma.Lexer.
func (l lexer) Tokenise(o *chroma.TokeniseOptions, text string) (chroma.Iterator, error) {
	if o != nil && o.State != "root" {
		return l.Lexer.Tokenise(o, text)
	}
	if (o == nil || o.EnsureLF) && strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return chroma.Literator(l.scan(make([]chroma.Token, 0, len(text)/4+8), text)...), nil
}

// Append appends the tokens that a lexer gives for a text from its root
// state on. It saves the iterator where the lexer is one of this package.
func Append(dst []chroma.Token, l chroma.Lexer, text string) ([]chroma.Token, error) {
	if l, ok := l.(lexer); ok {
		return l.scan(dst, text), nil
	}
	next, err := l.Tokenise(&chroma.TokeniseOptions{State: "root"}, text)
	if err != nil {
		return dst, err
	}
	for t := next(); t != chroma.EOF; t = next() {
		dst = append(dst, t)
	}
	return dst, nil
}
