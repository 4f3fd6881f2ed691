package markdown

import (
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/util"

	"docent/generator/parse/directive"
)

// A grammar is goldmark set up for each use, with some extensions of MyST. It
// is made once and read-only.
type grammar struct {
	withMail, without reading // for a text with an @, and without one
	plain             parser.Parser
	has               func(extension string) bool
}

// A reading is goldmark set up for whole pages and for running text.
type reading struct{ full, inline parser.Parser }

// of gives what reads a text.
func (g *grammar) of(text string) *reading {
	if strings.Contains(text, "@") {
		return &g.withMail
	}
	return &g.without
}

// grammars holds one grammar for each set of extensions.
var grammars sync.Map

func grammarOf(m *directive.Myst) *grammar {
	// What changes the letters of a text is on only where it is asked for.
	key, has := "*", func(name string) bool { return name != "replacements" }
	if m != nil {
		key = strings.Join(m.Extensions, " ")
		has = func(name string) bool { return slices.Contains(m.Extensions, name) }
	}
	if g, ok := grammars.Load(key); ok {
		return g.(*grammar)
	}
	g, _ := grammars.LoadOrStore(key, newGrammar(has))
	return g.(*grammar)
}

// Extensions are the names under which MyST knows what may be left out.
var Extensions = []string{"alert", "amsmath", "attrs_block", "attrs_image", "attrs_inline", "colon_fence", "deflist", "dollarmath",
	"fieldlist", "html_admonition", "html_image", "linkify", "replacements", "smartquotes", "strikethrough", "substitution", "tasklist"}

func newGrammar(has func(string) bool) *grammar {
	return &grammar{
		has:      has,
		withMail: newReading(has, bareLinkParser{extension.NewLinkifyParser()}),
		without:  newReading(has, bareAddressParser{extension.NewLinkifyParser()}),
		plain:    plainGrammar(),
	}
}

func newReading(has func(string) bool, bareLinks parser.InlineParser) reading {
	inlines := append(boundedInlines(has("attrs_inline")),
		util.Prioritized(roleParser{has("substitution")}, 50),
		util.Prioritized(noteRefParser{}, 70))
	blocks := append(boundedBlocks(),
		util.Prioritized(targetParser{}, 90),
		util.Prioritized(breakParser{}, 95),
		util.Prioritized(percentParser{}, 680),
		util.Prioritized(shallow{noteParser{}}, 690))
	inline := func(name string, priority int, p parser.InlineParser) {
		if has(name) {
			inlines = append(inlines, util.Prioritized(p, priority))
		}
	}
	block := func(name string, priority int, p parser.BlockParser) {
		if has(name) {
			blocks = append(blocks, util.Prioritized(p, priority))
		}
	}
	if has("attrs_inline") || has("attrs_image") {
		inlines = append(inlines, util.Prioritized(attrsParser{!has("attrs_inline")}, 55))
	}
	inline("dollarmath", 60, mathParser{})
	inline("strikethrough", 500, boundedMarks{extension.NewStrikethroughParser()})
	inline("linkify", 999, bareLinks)
	block("attrs_block", 96, attrsBlockParser{})
	block("deflist", 101, shallow{extension.NewDefinitionListParser()})
	block("deflist", 102, extension.NewDefinitionDescriptionParser())
	block("dollarmath", 650, mathBlockParser{})
	block("amsmath", 651, latexParser{})
	block("colon_fence", 660, colonFenceParser{})
	block("fieldlist", 670, fieldParser{})
	full := slices.Clone(inlines)
	if has("tasklist") {
		full = append(full, util.Prioritized(extension.NewTaskCheckBoxParser(), 0))
	}
	paragraphs := append(boundedParagraphs(), util.Prioritized(boundedTable{extension.NewTableParagraphTransformer()}, 200))
	return reading{
		full: parser.NewParser(parser.WithBlockParsers(blocks...), parser.WithInlineParsers(full...),
			parser.WithParagraphTransformers(paragraphs...),
			parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0))),
		inline: parser.NewParser(parser.WithBlockParsers(util.Prioritized(parser.NewParagraphParser(), 1000)),
			parser.WithInlineParsers(inlines...)),
	}
}

// plainGrammar is CommonMark alone, as goldmark reads it.
var plainGrammar = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...))
})
