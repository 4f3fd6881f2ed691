// Package directive holds the directives and roles, written once and used by
// both languages. A language's parser finds where a directive or role stands
// and what it was given; this package says what it means, and asks the parser
// to read nested content in the language of the page.
package directive

import (
	"io/fs"
	"time"

	"docent/generator/doc"
)

// A Line is one line of a source, already without the indentation that its
// block has. Pos is where Text starts.
type Line struct {
	Text string
	Pos  doc.Pos
}

// A Block is a directive as it was written. A parser gives either Lines, which
// [Table.Run] takes apart as reStructuredText does, or Args, Options and
// Content, when the language says itself what is what.
type Block struct {
	Name string // as written, e.g. "code-block" or "py:function"
	Pos  doc.Pos
	Len  int // bytes of its first line, for marking
	// Source gives the whole directive as it was written, without the
	// indentation of its first line. It is shown when the directive fails,
	// and may be nil.
	Source func() string
	// Lines is the block that is not yet taken apart: first what follows the
	// "::" on the directive's line (maybe empty), then the indented lines.
	Lines   []Line
	Args    string   // the whole argument text, lines joined with "\n"
	ArgPos  doc.Pos  // where it starts
	Options []Option // in source order, unchecked; Run leaves the checked values
	Content []Line
	// Inline is set inside a substitution definition, where the result must
	// be inline nodes; Subst is then the definition's node, and its first
	// name the substitution's.
	Inline bool
	Subst  *doc.Node
	// Titles says that section titles are allowed where the directive
	// stands: at the top of a document or of a section.
	Titles bool
	// Sidebar says that the directive stands in a sidebar, and in nothing
	// within it.
	Sidebar bool

	args  []string  // Args, split as the directive asks
	first [1]string // where args begins
}

// An Option is one `:name: value` of a directive. Pos is where the option
// starts and ValuePos where its value does.
type Option struct {
	Name, Value   string
	Pos, ValuePos doc.Pos
	// Lines are the value's lines where it has more than one.
	Lines []Line
}

// Option gives an option's value and whether it was written.
func (b *Block) Option(name string) (string, bool) {
	for _, o := range b.Options {
		if o.Name == name {
			return o.Value, true
		}
	}
	return "", false
}

// A RoleUse is interpreted text as it was written.
type RoleUse struct {
	Name string // the role, lower case
	Raw  string // the whole construct, for error nodes
	Text string // the text between the backquotes, unescaped as the language does
	Pos  doc.Pos
	Len  int
	// Escaped marks a text whose first character was escaped, so that `!`
	// and `~` keep their plain meaning.
	Escaped bool
	Options map[string]string // of a role made by the role directive
	// Source is the text between the backquotes as it was written, with its
	// backslashes. With "" it is taken from Raw.
	Source string
}

// A Parser is what a language gives to directives and roles.
type Parser interface {
	// Blocks reads nested body elements. With titles, section titles are
	// allowed in it.
	Blocks(lines []Line, titles bool) []*doc.Node
	// Inline reads one run of inline text.
	Inline(text string, pos doc.Pos) []*doc.Node
	// Quote reads the lines as block quotes with attributions.
	Quote(lines []Line) []*doc.Node
	// Include reads bytes from..to of another file's text as if they stood
	// here. as is "rst", "markdown", or "" for the language of the page. It
	// reports a file that includes itself with the same bounds, and gives
	// nothing then.
	Include(src *doc.Source, from, to int, as string) []*doc.Node
	// Docname is the page's path below the root without its suffix.
	Docname() string
	// Source registers a further source and gives its index for doc.Pos.
	Source(src *doc.Source) int32
	// ReadFile reads a file that the page names: relative to the page's
	// folder, or to the content root with a leading slash. It records the
	// dependency and refuses what lies outside the root. src.Text is the
	// file's bytes as they are, maybe not UTF-8. name is the file's path below
	// the root, also when err is not nil. [ReadFile] does the reading.
	ReadFile(ref string) (src *doc.Source, name string, err error)
	// Report adds a diagnostic.
	Report(sev doc.Severity, code string, pos doc.Pos, length int, message, hint string)
	// NoteTarget registers a node as an explicit target under a name, which
	// it normalises and adds to the node (the :name: option). With name "" it
	// registers the ids that the node has already (object descriptions).
	NoteTarget(n *doc.Node, name string)
	// State is what directives of one page remember from one to the next. It
	// is one and the same for the page and for what the page includes.
	State() *State
	Config() *Config
}

// A ReferenceNoter is a Parser that wants to know the references by name
// (refname) that directives make themselves: a figure's :target:.
type ReferenceNoter interface{ NoteReference(n *doc.Node) }

// A State is what directives of one page remember for those after them. The
// zero State is that of a page that has just begun.
type State struct {
	Make            doc.Maker         // of nodes that no other page shares
	Roles           map[string]Role   // made by the role directive
	RoleBase        map[string]string // the role that each of them goes back to
	Title           string            // set by title
	Meta            []*doc.Node       // KindMeta, to stand after the document's titles
	Header          []*doc.Node       // body of the page's header
	Footer          []*doc.Node       // body of the page's footer
	Sidebar         bool              // the next Blocks are those of a sidebar
	DefaultRole     string            // set by default-role; "" is the configured one
	Highlight       string            // set by highlight; "" is the configured language
	Force           bool              // highlight even what does not parse
	LinenoThreshold int               // number lines of listings this long; 0 never
	IDs             map[string]bool   // ids that directives have made
	Domain          string            // set by default-domain; "" is py
	Program         string            // set by program
	// Module and Class are the context that nested py and js objects take.
	Module, Class map[string]string // by domain
	Scope         map[string][]string
	Serial        map[string]int    // counters, by what is counted
	near          map[string]string // what an unknown role may mean
	// aliases are the directives c:alias and cpp:alias of the page.
	aliases []alias
	// found are the roles by the names as the page writes them, until Roles or
	// Domain change.
	found map[string]Role
}

// A Config is what a site says about reading its pages.
type Config struct {
	// FS is the content root. With nil, every file a page names is refused. It
	// may know names that begin with "../": those of the project around.
	FS fs.FS
	// Domain is the primary domain. With "py" (Sphinx's default, to be set
	// where there is a conf.py) `class` describes a Python class; with ""
	// it sets class names, as in docutils, and other names of the Python
	// domain are found after docutils' own.
	Domain string
	// Prolog and Epilog stand before and after every RST page.
	Prolog, Epilog    string
	DefaultRole       string
	HighlightLanguage string             // "" highlights as Python where it parses, as Sphinx does
	Tags              map[string]bool    // for only
	ExtLinks          map[string]ExtLink // by role name
	Values            map[string]string  // conf.py literals, for ifconfig
	Substitutions     map[string]string  // |version| and the like
	Now               time.Time          // for date; the zero time is unknown
	DocInfo           bool               // a field list at the page's top becomes its bibliographic data
	SphinxIDs         bool               // anchors made up for what has no name are id1, id2 ..., as in Sphinx
	ArabicOnly        bool               // letters and Roman numerals number no lists
	CPython           *CPython           // of Python's own documentation; nil elsewhere
	AllowRaw          bool               // raw HTML of the content reaches the page
	Myst              *Myst              // how Markdown is read; nil is with all that we know
	Table             *Table             // nil: Standard()
}

// A Myst is what a conf.py says about Markdown, in the settings of MyST-Parser.
type Myst struct {
	// Extensions are the names of those that are on, sorted.
	Extensions []string
	// Substitutions are those of all pages.
	Substitutions map[string]string
	// Schemes of addresses that lead out of the site, and how. nil are the
	// usual ones.
	Schemes map[string]MystScheme
	// Directives are languages of code fences that name a directive.
	Directives []string
	// Numbered are languages of code fences whose lines are numbered.
	Numbered []string
	// TitleToHeader makes the title of the front matter the page's heading.
	TitleToHeader bool
}

// A MystScheme says what an address under it leads to. In URL and Title,
// {{path}} and the like stand for its parts; with URL "" it leads where it
// says.
type MystScheme struct {
	URL, Title string
	Classes    []string
}

// An ExtLink is a role of sphinx.ext.extlinks; %s is what was written.
type ExtLink struct{ URL, Caption string }

// A ContentMode says whether a directive takes content.
type ContentMode uint8

// The content modes.
const (
	NoContent ContentMode = iota
	MayContent
	MustContent
)

// A Directive says what one directive takes and what it gives.
type Directive struct {
	Name               string
	Required, Optional int  // arguments
	FinalSpace         bool // the last argument may hold spaces and lines
	Content            ContentMode
	// Options maps a name to its check: it gives the normalised value or an
	// error that says what was expected. A nil Options takes none.
	Options map[string]func(value string) (string, error)
	// AnyOption takes every option unchecked (directives of tools that are
	// not here, whose content is shown).
	AnyOption bool
	// Run gives the nodes. An error is the author's: it is reported at the
	// directive and its source is shown, nothing is lost. An error made by
	// [Fail] says more than its text.
	Run func(p Parser, b *Block) ([]*doc.Node, error)
}

// A Role gives the nodes for interpreted text.
type Role func(p Parser, r *RoleUse) []*doc.Node
