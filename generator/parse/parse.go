// Package parse reads a page, in the language that its file name says.
package parse

import (
	"path"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/rst"
)

// Config is what a site says about reading its pages.
type Config = directive.Config

// Page parses the source of one page. The name is the page's path below the
// content root; .md is Markdown, everything else reStructuredText. It never
// fails: what is wrong with the text is in the document's diagnostics.
func Page(name, text string, cfg *Config) *doc.Document {
	if path.Ext(name) == ".md" {
		src := doc.NewSource(name, text)
		return &doc.Document{Sources: []*doc.Source{src}, Root: doc.New(doc.KindDocument, doc.Pos{})}
	}
	return rst.Parse(name, text, cfg, rst.Options{})
}
