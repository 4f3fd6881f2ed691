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

// CPython is what the documentation of Python says beside its pages.
type CPython = directive.CPython

// Strftime writes a time as C's function of that name does in the C locale.
func Strftime(t time.Time, format string) string { return directive.Strftime(t, format) }

// Page parses the source of one page. The name is the page's path below the
// content root; .md is Markdown, everything else reStructuredText. It never
// fails: what is wrong with the text is in the document's diagnostics.
func Page(name, text string, cfg *Config) *doc.Document {
	read := func(name, text string) *doc.Document { return rst.Parse(name, text, cfg, rst.Options{}) }
	if IsMarkdown(name) {
		return markdown.Parse(name, text, cfg, markdown.Options{RST: read})
	}
	return read(name, text)
}

// IsMarkdown reports whether a file name is that of a Markdown page.
func IsMarkdown(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown":
		return true
	}
	return false
}
