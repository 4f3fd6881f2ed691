// Package directive holds the directives and roles, written once and used by
// both languages. A language's parser finds where a directive or role stands
// and what it was given; this package says what it means, and asks the parser
// to read nested content in the language of the page.
package directive

import (
	"io/fs"

	"docent/generator/doc"
)

// A Line is one line of a source, already without the indentation that its
// block has. Pos is where Text starts.
type Line struct {
	Text string
	Pos  doc.Pos
}

// A Block is a directive as it was written.
type Block struct {
	Name    string // as written, lower case, e.g. "code-block" or "py:function"
	Pos     doc.Pos
	Len     int      // bytes of its first line, for marking
	Args    string   // the whole argument text, lines joined with "\n"
	ArgPos  doc.Pos  // where it starts
	Options []Option // in source order, unchecked
	Content []Line
	// Inline is set inside a substitution definition, where the result must
	// be inline nodes.
	Inline bool
}

// An Option is one `:name: value` of a directive.
type Option struct {
	Name, Value string
	Pos         doc.Pos
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
}

// A Parser is what a language gives to directives and roles.
type Parser interface {
	// Blocks reads nested body elements. With titles, section titles are
	// allowed in it.
	Blocks(lines []Line, titles bool) []*doc.Node
	// Inline reads one run of inline text.
	Inline(text string, pos doc.Pos) []*doc.Node
	// Include reads another file's text as if it stood here, in the language
	// that its name says, or in the page's language where as is "".
	Include(src *doc.Source, from int, as string) []*doc.Node
	// Source registers a further source and gives its index for doc.Pos.
	Source(src *doc.Source) int32
	// ReadFile reads a file that the page names: relative to the page's
	// folder, or to the content root with a leading slash. It records the
	// dependency and refuses what lies outside the root. name is the file's
	// path below the root, also when err is not nil.
	ReadFile(ref string) (src *doc.Source, name string, err error)
	// Report adds a diagnostic.
	Report(sev doc.Severity, code string, pos doc.Pos, length int, message, hint string)
	// NoteTarget registers explicit ids and names of a node (the :name:
	// option and object descriptions).
	NoteTarget(n *doc.Node, name string)
	// Define stores a substitution, role or default role of this page.
	DefineRole(name string, r Role)
	// State is what directives of one page remember from one to the next.
	State() *State
	Config() *Config
}

// A State is what directives of one page remember for those after them.
type State struct {
	DefaultRole string // set by default-role; "" is the configured one
	Highlight   string // set by highlight; "" is the configured language
	Domain      string // set by default-domain; "" is py
	Program     string // set by program
	// Module and Class are the context that nested py and js objects take.
	Module, Class map[string]string // by domain
	Scope         map[string][]string
	Serial        map[string]int // counters, by what is counted
}

// A Config is what a site says about reading its pages.
type Config struct {
	// FS is the content root. With nil, every file a page names is refused.
	FS fs.FS
	// Prolog and Epilog stand before and after every RST page.
	Prolog, Epilog    string
	DefaultRole       string
	HighlightLanguage string             // "" highlights as Python where it parses, as Sphinx does
	Tags              map[string]bool    // for only
	ExtLinks          map[string]ExtLink // by role name
	Values            map[string]string  // conf.py literals, for ifconfig
	Substitutions     map[string]string  // |version| and the like
	AllowRaw          bool               // raw HTML of the content reaches the page
	Table             *Table             // nil: Standard()
}

// An ExtLink is a role of sphinx.ext.extlinks: both hold one %s.
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
	// Run gives the nodes. An error is the author's: it is reported at the
	// directive and its source is shown, nothing is lost.
	Run func(p Parser, b *Block) ([]*doc.Node, error)
}

// A Role gives the nodes for interpreted text.
type Role func(p Parser, r *RoleUse) []*doc.Node
