// Package parse reads a page, in the language that its file name says.
package parse

import (
	"path"
	"strings"
	"time"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/markdown"
	"docent/generator/parse/rst"
)

// Config is what a site says about reading its pages.
type Config = directive.Config

// Myst is how a Sphinx tree wants its Markdown, and MystScheme where an
// address under a scheme of its own leads.
type (
	Myst       = directive.Myst
	MystScheme = directive.MystScheme
)

// MystExtensions are the extensions of MyST that there are.
var MystExtensions = markdown.Extensions

// CPython is what the documentation of Python says beside its pages.
type CPython = directive.CPython

// Strftime writes a time as C's function of that name does in the C locale.
func Strftime(t time.Time, format string) string { return directive.Strftime(t, format) }

// Page parses the source of one page. The name is the page's path below the
// content root; .md is Markdown, everything else reStructuredText. It never
// fails: what is wrong with the text is in the document's diagnostics.
func Page(name, text string, cfg *Config) *doc.Document {
	// Each language reads the other for what a page includes: not without
	// end, since the files may include each other.
	left := maxForeign
	var readRST, readMarkdown func(name, text string) *doc.Document
	other := func(read func(name, text string) *doc.Document) func(name, text string) *doc.Document {
		if left--; left < 0 {
			return nil
		}
		return read
	}
	readRST = func(name, text string) *doc.Document {
		return rst.Parse(name, text, cfg, rst.Options{Markdown: other(readMarkdown)})
	}
	readMarkdown = func(name, text string) *doc.Document {
		return markdown.Parse(name, text, cfg, markdown.Options{RST: other(readRST)})
	}
	if IsMarkdown(name) {
		return readMarkdown(name, text)
	}
	return readRST(name, text)
}

// maxForeign is how many pieces in the other language a page may have that
// hold pieces in their other language.
const maxForeign = 100

// IsMarkdown reports whether a file name is that of a Markdown page.
func IsMarkdown(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return true
	}
	return false
}
