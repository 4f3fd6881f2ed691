package doc

// A Kind names an element. The names are those of docutils' document tree
// and, for what Sphinx adds, Sphinx's.
type Kind uint8

// kinds is the one table of elements; the constants below follow its order.
var kindNames = [...]string{
	"#text",
	// structure
	"document", "section", "topic", "sidebar", "transition", "title", "subtitle", "rubric", "docinfo", "decoration",
	"header", "footer", "meta", "pending",
	// docinfo
	"address", "author", "authors", "contact", "copyright", "date", "organization", "revision", "status", "version",
	// body
	"paragraph", "compound", "container", "bullet_list", "enumerated_list", "list_item", "definition_list",
	"definition_list_item", "term", "classifier", "definition", "field_list", "field", "field_name", "field_body",
	"option_list", "option_list_item", "option_group", "option", "option_string", "option_argument", "description",
	"literal_block", "doctest_block", "math_block", "line_block", "line", "block_quote", "attribution",
	"table", "tgroup", "colspec", "thead", "tbody", "row", "entry", "image", "figure", "caption", "legend",
	"footnote", "citation", "label", "target", "substitution_definition", "comment", "raw", "system_message",
	"admonition", "attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning",
	// inline
	"emphasis", "strong", "literal", "reference", "footnote_reference", "citation_reference",
	"substitution_reference", "title_reference", "abbreviation", "acronym", "superscript", "subscript", "inline",
	"problematic", "generated", "math",
	// Sphinx
	"toctree", "versionmodified", "seealso", "centered", "hlist", "hlistcol", "glossary", "productionlist",
	"production", "index", "only", "tabular_col_spec", "pending_xref", "download_reference", "literal_strong",
	"literal_emphasis", "manpage", "desc", "desc_signature", "desc_signature_line", "desc_content", "desc_name",
	"desc_addname", "desc_annotation", "desc_type", "desc_returns", "desc_parameterlist", "desc_parameter",
	"desc_optional", "desc_sig_space", "desc_sig_name", "desc_sig_operator", "desc_sig_punctuation",
	"desc_sig_keyword", "desc_sig_keyword_type", "desc_sig_literal_number", "desc_sig_literal_string",
	"highlightlang", "todo_node", "acks", "desc_inline", "number_reference", "pending_xref_condition",
	// tutorials (sphinx-tabs, sphinx-design, graphviz, mermaid)
	"tab_set", "tab_item", "tab_label", "tab_content", "grid", "grid_row", "grid_item", "card", "card_header", "card_body",
	"card_footer", "dropdown", "badge", "button", "icon", "diagram",
	// strikethrough and task lists come from GFM
	"strikethrough", "checkbox", "todolist",
}

// The kinds of nodes, in the order of the table above.
const (
	KindText Kind = iota
	KindDocument
	KindSection
	KindTopic
	KindSidebar
	KindTransition
	KindTitle
	KindSubtitle
	KindRubric
	KindDocinfo
	KindDecoration
	KindHeader
	KindFooter
	KindMeta
	KindPending
	KindAddress
	KindAuthor
	KindAuthors
	KindContact
	KindCopyright
	KindDate
	KindOrganization
	KindRevision
	KindStatus
	KindVersion
	KindParagraph
	KindCompound
	KindContainer
	KindBulletList
	KindEnumeratedList
	KindListItem
	KindDefinitionList
	KindDefinitionListItem
	KindTerm
	KindClassifier
	KindDefinition
	KindFieldList
	KindField
	KindFieldName
	KindFieldBody
	KindOptionList
	KindOptionListItem
	KindOptionGroup
	KindOption
	KindOptionString
	KindOptionArgument
	KindDescription
	KindLiteralBlock
	KindDoctestBlock
	KindMathBlock
	KindLineBlock
	KindLine
	KindBlockQuote
	KindAttribution
	KindTable
	KindTgroup
	KindColspec
	KindThead
	KindTbody
	KindRow
	KindEntry
	KindImage
	KindFigure
	KindCaption
	KindLegend
	KindFootnote
	KindCitation
	KindLabel
	KindTarget
	KindSubstitutionDefinition
	KindComment
	KindRaw
	KindSystemMessage
	KindAdmonition
	KindAttention
	KindCaution
	KindDanger
	KindError
	KindHint
	KindImportant
	KindNote
	KindTip
	KindWarning
	KindEmphasis
	KindStrong
	KindLiteral
	KindReference
	KindFootnoteReference
	KindCitationReference
	KindSubstitutionReference
	KindTitleReference
	KindAbbreviation
	KindAcronym
	KindSuperscript
	KindSubscript
	KindInline
	KindProblematic
	KindGenerated
	KindMath
	KindToctree
	KindVersionmodified
	KindSeealso
	KindCentered
	KindHlist
	KindHlistcol
	KindGlossary
	KindProductionlist
	KindProduction
	KindIndex
	KindOnly
	KindTabularColSpec
	KindPendingXref
	KindDownloadReference
	KindLiteralStrong
	KindLiteralEmphasis
	KindManpage
	KindDesc
	KindDescSignature
	KindDescSignatureLine
	KindDescContent
	KindDescName
	KindDescAddname
	KindDescAnnotation
	KindDescType
	KindDescReturns
	KindDescParameterlist
	KindDescParameter
	KindDescOptional
	KindDescSigSpace
	KindDescSigName
	KindDescSigOperator
	KindDescSigPunctuation
	KindDescSigKeyword
	KindDescSigKeywordType
	KindDescSigLiteralNumber
	KindDescSigLiteralString
	KindHighlightlang
	KindTodo
	KindAcks
	KindDescInline
	KindNumberReference
	KindPendingXrefCondition
	KindTabSet
	KindTabItem
	KindTabLabel
	KindTabContent
	KindGrid
	KindGridRow
	KindGridItem
	KindCard
	KindCardHeader
	KindCardBody
	KindCardFooter
	KindDropdown
	KindBadge
	KindButton
	KindIcon
	KindDiagram
	KindStrikethrough
	KindCheckbox
	KindTodolist
	kindCount
)

// Kinds is how many kinds there are; a table indexed by Kind has this length.
const Kinds = int(kindCount)

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// HoldsText reports whether the element's children are inline nodes, so that
// its text reads as one run.
func (k Kind) HoldsText() bool {
	switch k {
	case KindTitle, KindSubtitle, KindRubric, KindAddress, KindAuthor, KindContact, KindCopyright, KindDate,
		KindOrganization, KindRevision, KindStatus, KindVersion, KindParagraph, KindTerm, KindClassifier, KindFieldName,
		KindOption, KindOptionString, KindOptionArgument, KindLiteralBlock, KindDoctestBlock, KindMathBlock, KindLine,
		KindAttribution, KindCaption, KindLabel, KindTarget, KindSubstitutionDefinition, KindComment, KindRaw,
		KindCentered, KindProduction, KindTabLabel, KindBadge, KindButton, KindDescSignature, KindDescSignatureLine,
		KindDescParameterlist, KindDescParameter:
		return true
	}
	return k.Inline()
}

// Inline reports whether the element stands inside a line of text.
func (k Kind) Inline() bool {
	switch k {
	case KindText, KindEmphasis, KindStrong, KindLiteral, KindReference, KindFootnoteReference, KindCitationReference,
		KindSubstitutionReference, KindTitleReference, KindAbbreviation, KindAcronym, KindSuperscript, KindSubscript,
		KindInline, KindProblematic, KindGenerated, KindMath, KindPendingXref, KindDownloadReference, KindLiteralStrong,
		KindLiteralEmphasis, KindManpage, KindDescName, KindDescAddname, KindDescAnnotation, KindDescType,
		KindDescReturns, KindDescOptional, KindDescSigSpace, KindDescSigName, KindDescSigOperator,
		KindDescSigPunctuation, KindDescSigKeyword, KindDescSigKeywordType, KindDescSigLiteralNumber,
		KindDescSigLiteralString, KindDescInline, KindNumberReference, KindBadge, KindButton, KindIcon,
		KindStrikethrough, KindCheckbox:
		return true
	}
	return false
}
