package doc

// Attributes that docutils' own tree does not have. Directives and roles set
// them for the renderer, the site and the labs. Attributes that docutils has
// (uri, refuri, align, width, colwidth, stub, morecols, enumtype ...) keep
// docutils' names and are written as literals. A flag's value is "1"; an
// absent flag has no attribute.
const (
	// AttrOwn marks an element that docutils' tree would not hold at all,
	// such as the shown source of an unknown directive.
	AttrOwn = "own"
	// AttrEscaped is, of a text, what was written with a NUL in place of each
	// backslash that escapes: typographic quotes leave such characters alone.
	AttrEscaped = "escaped"
	// AttrRaw is the source text of an inline construct.
	AttrRaw = "raw"

	// Listings (literal_block, and literal where it applies). A listing with
	// a caption stands in a container of class literal-block-wrapper, after
	// a caption node whose children are inline nodes; ids and names are then
	// the container's.

	// AttrLanguage is the language as the author wrote it. Without it, the
	// block names none and the site's highlight language holds.
	AttrLanguage = "language"
	// AttrLinenos says that line numbers are shown; the value is the number
	// of the first line.
	AttrLinenos = "linenos"
	// AttrEmphasize lists the emphasised lines of the block, counted from 1
	// whatever AttrLinenos says, in ascending order: "1,3,4,5".
	AttrEmphasize = "emphasize-lines"
	// AttrFilename is the file a listing came from, below the content root.
	AttrFilename = "filename"
	// AttrFileLine is the 1-based line of that file where the listing
	// starts, when it is one piece of it.
	AttrFileLine = "file-line"
	// AttrDiff is the older file of a listing that shows differences.
	AttrDiff = "diff"
	// AttrForce says to highlight even what the language's lexer rejects.
	AttrForce = "force"
	// AttrGroup is the group of a doctest block ("default" or its names), and
	// of tabs that switch together.
	AttrGroup = "group"
	// AttrOptions holds the words of a directive that only a tool reads
	// (flags of a doctest block).
	AttrOptions = "options"

	// AttrCaption is a caption that is plain text: of a toctree.
	AttrCaption = "caption"

	// AttrLabel is the label of a math_block, without the "equation-" of its
	// id; AttrNowrap says that its text brings its own environment.
	AttrLabel  = "label"
	AttrNowrap = "nowrap"

	// pending: work for the transforms. AttrDirective says whose: class (with
	// AttrClass), contents (AttrDepth, AttrLocal, AttrBacklinks; it stands in
	// a topic of class contents), sectnum (AttrDepth, AttrStart, AttrPrefix,
	// AttrSuffix), target-notes (AttrClass).
	AttrDirective = "directive"
	AttrClass     = "class"
	AttrDepth     = "depth"
	AttrLocal     = "local"
	AttrBacklinks = "backlinks" // "top", "entry" or "none"; absent is the configured one
	AttrStart     = "start-number"
	AttrPrefix    = "prefix"
	AttrSuffix    = "suffix"

	// toctree: children are reference nodes, one per line of its content, with
	// AttrTarget (what was written: a document, a URL, "self", "genindex", or
	// with AttrGlob a pattern) and, where a title was given, AttrTitle.
	AttrTarget        = "target"
	AttrTitle         = "entry-title"
	AttrGlob          = "glob"
	AttrHidden        = "hidden"
	AttrIncludeHidden = "includehidden"
	AttrMaxDepth      = "maxdepth"
	AttrNumbered      = "numbered" // depth of numbers; 999 is all
	AttrTitlesOnly    = "titlesonly"
	AttrReversed      = "reversed"

	// pending_xref and download_reference: Sphinx's names. RefExplicit is
	// there when the author gave a title. The child is the text to show,
	// usually a literal of class xref.
	AttrRefDomain   = "refdomain"
	AttrRefType     = "reftype"
	AttrRefTarget   = "reftarget"
	AttrRefExplicit = "refexplicit"
	AttrRefWarn     = "refwarn" // report it when it is not found
	AttrRefSpecific = "refspecific"
	// AttrInventory is the name of the only site, as intersphinx_mapping calls
	// it, that a reference may lead to; "*" is any but this one.
	AttrInventory = "inventory"
	AttrPyModule  = "py:module" // context of a Python reference
	AttrPyClass   = "py:class"
	AttrProgram   = "std:program" // context of an option reference
	AttrJSModule  = "js:module"
	AttrJSObject  = "js:object"
	AttrScope     = "scope" // context of a C or C++ reference: "a::b"

	// desc: an object's description. Its desc_signature children carry the
	// names under which the object is found.
	AttrDomain   = "domain"
	AttrObjType  = "objtype"  // as registered: "method", whatever the directive's alias
	AttrDescType = "desctype" // the directive's own name: "staticmethod"
	AttrNoIndex  = "no-index" // not to be found by references
	// AttrNoContents keeps an object out of tables of contents.
	AttrNoContents = "no-contents-entry"
	AttrModule     = "module"
	AttrFullname   = "fullname" // name in its module: "Class.method"
	// AttrObject is the whole name by which references find it:
	// "pkg.mod.Class.method". A command-line option has one name per line,
	// each after its program and a blank: "git --version".
	AttrObject = "object"
	// AttrCanonical is where a Python object is really defined.
	AttrCanonical  = "canonical"
	AttrSynopsis   = "synopsis" // of a module (target of class module)
	AttrPlatform   = "platform"
	AttrDeprecated = "deprecated"

	// index: AttrEntries holds one entry per line, its fields separated by
	// tabs: type (single, pair, triple, see, seealso ...), text with ";"
	// between parts, id of the target, "main" or "", key or "".
	AttrEntries = "entries"
	AttrInline  = "inline"

	// AttrExpr is the expression of an only element or of ifconfig.
	AttrExpr = "expr"

	// versionmodified: AttrType is the directive (versionadded, deprecated
	// ...), AttrVersion its version.
	AttrType    = "type"
	AttrVersion = "version"

	// productionlist: production children carry AttrToken, the name that is
	// defined, and AttrGroup.
	AttrToken = "tokenname"

	// tabs (tab_set, tab_item), cards and grids (grid, grid_item, card),
	// dropdown, badge, button, icon.
	AttrSync     = "sync"     // key of a tab that switches with others
	AttrSelected = "selected" // tab open at first
	AttrOpen     = "open"     // dropdown open at first
	AttrColumns  = "columns"  // "1 2 3 4" for four screen widths, or one number
	AttrGutter   = "gutter"
	AttrLink     = "link"     // URL or target of a card or grid item
	AttrLinkType = "linktype" // url, any, ref or doc
	AttrLinkAlt  = "link-alt"
	AttrColor    = "color"   // primary, secondary, success, info, warning, danger, light, muted, dark, white, black
	AttrOutline  = "outline" // drawn as a line, not filled
	AttrIconSet  = "iconset" // octicon, fa, fas, far, fab, material-*; "name" is the icon's name
	AttrHeight   = "size"    // of an icon, a CSS length
	AttrReverse  = "reverse"
	AttrNumCols  = "ncolumns" // of hlist

	// A directive of the site's own that a template writes: a container with
	// the template's name, the argument, and the options as JSON.
	AttrTemplate = "template"
	AttrArgument = "argument"
	AttrFields   = "fields"
	// AttrWords says that a node begins with a text of the program's own: its
	// words in English, with %s for each value, and the values, parted by
	// tabs. A page in another language says them in its own.
	AttrWords = "words"
	// AttrTrusted marks raw HTML that a directive of the program wrote, not a
	// page: it is let through.
	AttrTrusted = "trusted"

	// diagram: AttrType is dot or mermaid; the source is its text child.
	// AttrLayout is how Graphviz places it, AttrAbove how many lines of the
	// source stand before those of the page.
	AttrAlt    = "alttext"
	AttrLayout = "layout"
	AttrAbove  = "above"
)

// hidden are the attributes above; docutils prints none of them.
var hidden = func() map[string]bool {
	m := map[string]bool{}
	for _, k := range []string{
		AttrOwn, AttrRaw, AttrLanguage, AttrLinenos, AttrEmphasize, AttrFilename, AttrFileLine, AttrDiff, AttrForce,
		AttrGroup, AttrOptions, AttrCaption, AttrLabel, AttrNowrap, AttrDirective, AttrClass, AttrDepth, AttrLocal, AttrBacklinks,
		AttrStart, AttrTarget, AttrTitle, AttrGlob, AttrHidden, AttrIncludeHidden, AttrMaxDepth, AttrNumbered,
		AttrTitlesOnly, AttrReversed, AttrRefDomain, AttrRefType, AttrRefTarget, AttrRefExplicit, AttrRefWarn,
		AttrRefSpecific, AttrInventory, AttrPyModule, AttrPyClass, AttrProgram, AttrJSModule, AttrJSObject, AttrScope, AttrDomain, AttrObjType,
		AttrDescType, AttrNoIndex, AttrNoContents, AttrEscaped, AttrModule, AttrFullname, AttrObject, AttrCanonical, AttrSynopsis, AttrPlatform,
		AttrDeprecated, AttrEntries, AttrInline, AttrExpr, AttrType, AttrVersion, AttrToken, AttrSync, AttrSelected, AttrOpen, AttrColumns,
		AttrGutter, AttrLink, AttrLinkType, AttrLinkAlt, AttrColor, AttrOutline, AttrIconSet,
		AttrHeight, AttrReverse, AttrNumCols, AttrAlt, AttrLayout, AttrAbove,
		AttrTemplate, AttrArgument, AttrFields, AttrTrusted, AttrWords,
	} {
		m[k] = true
	}
	return m
}()

// HiddenAttr reports whether the pseudo-XML form leaves an attribute out.
func HiddenAttr(key string) bool { return hidden[key] }
