package rst

import (
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// escapeNull puts a NUL for each backslash that escapes the character after
// it, so that what follows sees at once what is escaped. The length stays.
func escapeNull(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	out := []byte(s)
	for ; i < len(out); i++ {
		if out[i] == '\\' {
			out[i] = 0
			i++
		}
	}
	return string(out)
}

// unescape drops the NULs of escapeNull, and white space after one.
func unescape(s string) string { return doc.Unescape(s) }

// restore puts the backslashes back.
func restore(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", `\`)
}

// The kinds of end-strings; once one was looked for in vain, no other
// start-string of its kind in the same text needs to look again.
const (
	endEmphasis = 1 << iota
	endStrong
	endLiteral
	endTarget
	endSubstitution
	endBackquote
)

// An inliner reads one run of text.
type inliner struct {
	p        *parser
	r        run
	s        string // null-escaped
	from     int    // text before it was dealt with: here a start-string may always stand
	text     int    // plain text begins here that was not yet put out
	open     int    // start-strings without an end so far
	none     int    // kinds of end-strings that are not there any more
	escaped  bool   // plain text stays null-escaped
	nulls    bool   // there are NULs in s
	links    bool   // there may be a URI or an address in the plain text since text
	messages *doc.Node
}

// inline reads a run of text. With escaped, plain text keeps its NULs.
func (p *parser) inline(r *run, escaped bool) []*doc.Node { return p.inlineWith(r, escaped, nil) }

// inlineWith gives messages a parent, which stands for the place in the tree
// where docutils keeps them.
func (p *parser) inlineWith(r *run, escaped bool, messages *doc.Node) []*doc.Node {
	in := inliner{p: p, r: *r, s: escapeNull(r.text), escaped: escaped, messages: messages}
	in.nulls = len(in.s) > 0 && in.s != r.text
	base := len(p.nodes)
	i := 0
	for i < len(in.s) {
		c := in.s[i]
		if !attention[c] {
			i++
			continue
		}
		next := 0
		switch c {
		case ':', '@':
			in.links = true
		case '*':
			next = in.star(i)
		case '`':
			next = in.backquote(i)
		case '|':
			next = in.substitution(i)
		case '[':
			next = in.footnote(i)
		case '_':
			next = in.underscore(i)
		}
		if next > i {
			i = next
		} else {
			i++
		}
	}
	in.flush(len(in.s))
	out := p.state.Make.List(p.nodes[base:]...)
	clear(p.nodes[base:])
	p.nodes = p.nodes[:base]
	return out
}

// put puts nodes out: on top of those of the texts around this one.
func (in *inliner) put(nodes ...*doc.Node) { in.p.nodes = append(in.p.nodes, nodes...) }

// leaf makes an element with a null-escaped text that begins at an offset.
func (in *inliner) leaf(k doc.Kind, pos doc.Pos, off int, raw string) *doc.Node {
	m := &in.p.state.Make
	n := m.New(k, pos)
	n.Children = m.List(m.NewEscaped(in.r.pos(off), raw))
	return n
}

// flush puts the plain text up to an offset out.
func (in *inliner) flush(to int) {
	if to > in.text {
		in.plain(in.s[in.text:to], in.text)
	}
	in.text, in.links = to, false
}

func (in *inliner) addText(s string, off int) {
	m, pos := &in.p.state.Make, in.r.pos(off)
	var n *doc.Node
	if in.escaped || !in.nulls {
		n = m.NewText(pos, s)
	} else {
		n = m.NewEscaped(pos, s)
	}
	if n.Text != "" {
		in.put(n)
	}
}

// emit puts nodes out for s[from:to] and goes on after it.
func (in *inliner) emit(from, to int, nodes ...*doc.Node) int {
	in.flush(from)
	in.put(nodes...)
	in.text, in.from = to, to
	return to
}

// skip takes s up to an offset as plain text, after which a start-string may
// stand at once.
func (in *inliner) skip(to int) int {
	in.from = to
	return to
}

// may reports whether a start-string may begin at i.
func (in *inliner) may(i int) bool {
	if i == in.from {
		return true
	}
	r, _ := in.before(i)
	return mayPrecedeStart(r)
}

func (in *inliner) before(i int) (rune, int) {
	if c := in.s[i-1]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeLastRuneInString(in.s[:i])
}

func (in *inliner) after(i int) rune {
	if c := in.s[i]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(in.s[i:])
	return r
}

func (in *inliner) spaceAt(i int) bool { return i < len(in.s) && isSpace(in.after(i)) }

// ends reports whether an end-string may end at i.
func (in *inliner) ends(i int) bool { return i >= len(in.s) || mayFollowEnd(in.after(i)) }

// solid reports whether the character before i is neither white space nor a
// NUL, so that an end-string may stand at i. It may at the start of the text
// that is searched.
func (in *inliner) solid(i, start int) bool {
	if i == start {
		return true
	}
	r, _ := in.before(i)
	return r != 0 && !isSpace(r)
}

// quoted reports whether a start-string s[i:end] stands in quotes or brackets
// of its own, or at the end of the text.
func (in *inliner) quoted(i, end int) bool {
	if i == in.from {
		return false
	}
	if end >= len(in.s) {
		return true
	}
	r, _ := in.before(i)
	return quotes(r, in.after(end))
}

// find looks for an end-string from an offset on.
func (in *inliner) find(end string, kind, from int, solid bool) int {
	if in.none&kind != 0 {
		return -1
	}
	for i := from; ; i++ {
		n := strings.Index(in.s[i:], end)
		if n < 0 {
			break
		}
		i += n
		if !in.ends(i + len(end)) {
			continue
		}
		if solid && in.solid(i, from) || !solid && (i == from || !isSpace(first(in.before(i)))) {
			return i
		}
	}
	in.none |= kind
	return -1
}

func first(r rune, _ int) rune { return r }

// maxOpen is how many start-strings without an end one text may have before
// the rest are taken as plain text.
const maxOpen = 1000

// problem puts out a start-string that has no end.
func (in *inliner) problem(i, end int, what string) int {
	if in.open++; in.open > maxOpen {
		if in.open == maxOpen+1 {
			in.p.message(in.messages, doc.Warning, "rst-inline-open", in.r.pos(i), end-i, "Write a backslash before each.",
				"More than %d starts of inline markup in this text have no end.", maxOpen)
		}
		return in.skip(end)
	}
	raw := restore(in.s[i:end])
	in.p.message(in.messages, doc.Warning, "rst-inline-open", in.r.pos(i), end-i, "Close it, or write a backslash before it.",
		"The start of %s has no end.", what)
	return in.emit(i, end, in.problematic(i, raw))
}

func (in *inliner) problematic(i int, raw string) *doc.Node {
	pos := in.r.pos(i)
	return doc.NewLeaf(doc.KindProblematic, pos, raw)
}

// star reads emphasis and strong.
func (in *inliner) star(i int) int {
	if !in.may(i) {
		return i
	}
	mark, kind, node, what := "*", endEmphasis, doc.KindEmphasis, "emphasis"
	if i+1 < len(in.s) && in.s[i+1] == '*' {
		mark, kind, node, what = "**", endStrong, doc.KindStrong, "strong"
	}
	return in.simple(i, mark, mark, kind, node, what)
}

// simple reads a construct that has a start-string, text, and an end-string.
func (in *inliner) simple(i int, mark, endMark string, kind int, node doc.Kind, what string) int {
	start := i + len(mark)
	if in.spaceAt(start) {
		return i
	}
	if in.quoted(i, start) {
		return in.skip(start)
	}
	literal := node == doc.KindLiteral
	end := in.find(endMark, kind, start, !literal)
	if end <= start {
		return in.problem(i, start, what)
	}
	text := in.s[start:end]
	if literal {
		text = restore(text)
	}
	n := in.leaf(node, in.r.pos(i), start, text)
	text = n.Children[0].Text
	next := in.emit(i, end+len(endMark), n)
	if node == doc.KindTarget {
		n.AddName(directive.NormalName(text))
		in.p.explicitTarget(n, in.parent())
	}
	return next
}

// parent is where docutils would put messages about targets.
func (in *inliner) parent() *doc.Node {
	if in.messages != nil && in.messages != &in.p.late {
		return in.messages
	}
	if in.p.body != nil {
		return in.p.body.parent
	}
	return nil
}

// substitution reads |name|, |name|_ and |name|__.
func (in *inliner) substitution(i int) int {
	if !in.may(i) || i+1 < len(in.s) && in.s[i+1] == '|' || in.spaceAt(i+1) {
		return i
	}
	start := i + 1
	if in.quoted(i, start) {
		return in.skip(start)
	}
	end, size := -1, 0
	if in.none&endSubstitution == 0 {
		for k := start; k < len(in.s); k++ {
			n := strings.IndexByte(in.s[k:], '|')
			if n < 0 {
				break
			}
			k += n
			size = 1
			for size < 3 && k+size < len(in.s) && in.s[k+size] == '_' {
				size++
			}
			if in.solid(k, start) && in.ends(k+size) {
				end = k
				break
			}
		}
		if end < 0 {
			in.none |= endSubstitution
		}
	}
	if end <= start {
		return in.problem(i, start, "a substitution reference")
	}
	text := unescape(in.s[start:end])
	pos := in.r.pos(i)
	n := in.leaf(doc.KindSubstitutionReference, pos, start, text)
	n.Set("refname", directive.OneLine(text))
	in.p.substRefs++
	in.p.raw[n] = restore(in.s[i : end+size])
	if size > 1 {
		ref := doc.New(doc.KindReference, pos, n)
		in.p.raw[ref] = "|" + text + "|" + "__"[:size-1]
		if size == 3 {
			ref.Set("anonymous", "1")
		} else {
			ref.Set("refname", directive.NormalName(text))
			in.p.noteRefName(ref)
		}
		n = ref
	}
	return in.emit(i, end+size, n)
}

// footnote reads [1]_, [#]_, [#name]_, [*]_ and [citation]_.
func (in *inliner) footnote(i int) int {
	s := in.s[i+1:]
	n := footnoteLabel(s)
	citation := n == 0
	if citation {
		n = simpleName(s)
	}
	if n == 0 || !strings.HasPrefix(s[n:], "]_") || !in.ends(i+1+n+2) || !in.may(i) {
		return i
	}
	label := s[:n]
	end := i + 1 + n + 2
	p, pos := in.p, in.r.pos(i)
	ref := doc.New(doc.KindFootnoteReference, pos)
	p.raw[ref] = in.s[i:end]
	name := directive.NormalName(label)
	switch {
	case citation:
		ref.Kind = doc.KindCitationReference
		ref.Set("refname", name).Append(doc.NewText(in.r.pos(i+1), label))
		p.setID(ref, "")
		p.citationRefs[name] = append(p.citationRefs[name], ref)
		p.noteRefName(ref)
		return in.emit(i, end, ref)
	case name[0] == '#':
		name = name[1:]
		ref.Set("auto", "1")
		p.autoRefs = append(p.autoRefs, ref)
	case name == "*":
		name = ""
		ref.Set("auto", "*")
		p.symbolRefs = append(p.symbolRefs, ref)
	default:
		ref.Append(doc.NewText(in.r.pos(i+1), label))
	}
	p.setID(ref, "")
	if name != "" {
		ref.Set("refname", name)
		p.noteRefs[name] = append(p.noteRefs[name], ref)
		p.noteRefName(ref)
	}
	if p.cfg.Values["trim_footnote_reference_space"] == "true" {
		from := i
		for from > in.text && (in.s[from-1] == ' ' || in.s[from-1] == '\n') {
			from--
		}
		in.flush(from)
		in.text = i
	}
	return in.emit(i, end, ref)
}

// underscore reads _`an inline target`, and the end of reference_ and
// anonymous__.
func (in *inliner) underscore(i int) int {
	if i+1 < len(in.s) && in.s[i+1] == '`' && in.may(i) && !in.spaceAt(i+2) {
		return in.simple(i, "_`", "`", endTarget, doc.KindTarget, "an inline target")
	}
	size := 1
	if i+1 < len(in.s) && in.s[i+1] == '_' {
		size = 2
	}
	if i == in.from || !in.ends(i+size) {
		return i
	}
	start := in.nameStart(i)
	if start < 0 {
		return i
	}
	name, pos := in.s[start:i], in.r.pos(start)
	ref := in.p.state.Make.NewLeaf(doc.KindReference, pos, name).Set("name", name)
	in.p.raw[ref] = in.s[start : i+size]
	if size == 2 {
		ref.Set("anonymous", "1")
	} else {
		ref.Set("refname", strings.ToLower(name))
		in.p.noteRefName(ref)
	}
	return in.emit(start, i+size, ref)
}

// nameStart looks back from the end of a simple name for the earliest place
// where it may begin, or gives -1.
func (in *inliner) nameStart(end int) int {
	best := -1
	for i := end; i > in.from; {
		r, size := in.before(i)
		if isWord(r) {
			i -= size
			if in.may(i) {
				best = i
			}
			continue
		}
		// A connector stands between letters or digits.
		if i == end || size != 1 || !connects(byte(r)) || i-1 <= in.from {
			break
		}
		if prev, _ := in.before(i - 1); !isWord(prev) {
			break
		}
		i--
	}
	return best
}

// roleStart looks back from a backquote for a role, ":name:", that stands
// before it, and gives the earliest place where it may begin, or -1.
func (in *inliner) roleStart(quote int) int {
	end := quote - 1
	if end <= in.from || in.s[end] != ':' {
		return -1
	}
	best := -1
	for i := end; i > in.from; {
		r, size := in.before(i)
		if isWord(r) {
			i -= size
			continue
		}
		if i == end || size != 1 || !connects(byte(r)) {
			break
		}
		if r == ':' && in.may(i-1) {
			best = i - 1
		}
		if i-1 <= in.from {
			break
		}
		if prev, _ := in.before(i - 1); !isWord(prev) {
			break
		}
		i--
	}
	return best
}

// backquote reads literals, interpreted text and phrase references.
func (in *inliner) backquote(i int) int {
	if i+1 < len(in.s) && in.s[i+1] == '`' {
		if !in.may(i) {
			return i
		}
		return in.simple(i, "``", "``", endLiteral, doc.KindLiteral, "a literal")
	}
	if in.spaceAt(i + 1) {
		return i
	}
	begin, role := i, ""
	if start := in.roleStart(i); start >= 0 {
		begin, role = start, in.s[start+1:i-1]
	} else if !in.may(i) {
		return i
	} else if in.quoted(i, i+1) {
		return in.skip(i + 1)
	}
	end, suffixRole, underscores, next := in.backquoteEnd(i + 1)
	if end <= i+1 {
		return in.problem(i, i+1, "interpreted text or of a phrase reference")
	}
	text := in.s[i+1 : end]
	if suffixRole != "" && role != "" {
		return in.refuse(begin, next, "rst-two-roles", "Interpreted text has a role before and after it; only one is allowed.", "Take one of the two away.")
	}
	if underscores > 0 {
		if role != "" || suffixRole != "" {
			return in.refuse(begin, next, "rst-role-reference", "Interpreted text has a role and the end of a reference.", "Take the role or the underscore away.")
		}
		return in.phrase(i, next, text, underscores)
	}
	if suffixRole != "" {
		role = suffixRole
	}
	in.flush(begin)
	use := in.p.roleUse()
	*use = directive.RoleUse{Name: role, Raw: in.s[begin:next], Text: text, Pos: in.r.pos(begin), Len: next - begin}
	if in.nulls {
		use.Raw, use.Text, use.Escaped = restore(use.Raw), unescape(text), text[0] == 0
	}
	nodes := in.p.table.RunRole(in.p, use)
	in.p.uses = append(in.p.uses, use)
	for _, n := range nodes {
		if n.Kind == doc.KindProblematic || n.Kind == doc.KindSystemMessage {
			in.p.messages++
			if in.messages != nil {
				in.messages.Append(doc.New(doc.KindSystemMessage, n.Pos))
			}
		}
	}
	if len(nodes) == 0 {
		// docutils goes on as if nothing had been there.
		in.text, in.from = next, next
		return next
	}
	return in.emit(begin, next, nodes...)
}

// roleUse gives one of the descriptions of a role's use that are free; a role
// keeps none, but may read text with roles in it.
func (p *parser) roleUse() *directive.RoleUse {
	if k := len(p.uses); k > 0 {
		u := p.uses[k-1]
		p.uses = p.uses[:k-1]
		return u
	}
	return new(directive.RoleUse)
}

// refuse reports interpreted text that cannot be, and puts it out as it is.
func (in *inliner) refuse(begin, next int, code, message, hint string) int {
	in.p.message(in.messages, doc.Warning, code, in.r.pos(begin), next-begin, hint, "%s", message)
	return in.emit(begin, next, in.problematic(begin, restore(in.s[begin:next])))
}

// backquoteEnd finds the closing backquote, with the role or underscores
// after it, and where all that ends.
func (in *inliner) backquoteEnd(from int) (end int, role string, underscores, next int) {
	if in.none&endBackquote != 0 {
		return -1, "", 0, 0
	}
	s := in.s
	for i := from; i < len(s); i++ {
		n := strings.IndexByte(s[i:], '`')
		if n < 0 {
			break
		}
		i += n
		if i > from && !in.solid(i, from) {
			// White space may stand before the end when it is escaped.
			_, size := in.before(i)
			if k := i - size; k <= from-1 || k == 0 || s[k-1] != 0 || s[i-1] == 0 {
				continue
			}
		}
		if role, next := in.roleAfter(i + 1); role != "" {
			return i, role, in.underscores(next), next + in.underscores(next)
		}
		if n := in.underscores(i + 1); n > 0 {
			return i, "", n, i + 1 + n
		}
		if in.ends(i + 1) {
			return i, "", 0, i + 1
		}
	}
	in.none |= endBackquote
	return -1, "", 0, 0
}

// underscores counts the one or two underscores at i that end a reference.
func (in *inliner) underscores(i int) int {
	n := 0
	for n < 2 && i+n < len(in.s) && in.s[i+n] == '_' {
		n++
	}
	if n > 0 && in.ends(i+n) {
		return n
	}
	return 0
}

// roleAfter reads ":name:" at i, the longest one that may end there.
func (in *inliner) roleAfter(i int) (role string, next int) {
	if i >= len(in.s) || in.s[i] != ':' {
		return "", 0
	}
	n := simpleName(in.s[i+1:])
	for end := i + 1 + n; end > i+1; end-- {
		if end < len(in.s) && in.s[end] == ':' && (in.ends(end+1) || in.underscores(end+1) > 0) && simpleName(in.s[i+1:end]) == end-i-1 {
			return in.s[i+1 : end], end + 1
		}
		if n > 256 {
			break
		}
	}
	return "", 0
}

// phrase reads `a reference`_, `text <uri>`_ and `text <name_>`_.
func (in *inliner) phrase(i, next int, escaped string, underscores int) int {
	p, pos := in.p, in.r.pos(i)
	raw := restore(in.s[i:next])
	text, link, embedded := cutEmbedded(escaped)
	if !embedded {
		plain := unescape(escaped)
		ref := in.leaf(doc.KindReference, pos, i+1, escaped).Set("name", directive.OneLine(plain))
		p.raw[ref] = raw
		if underscores == 2 {
			ref.Set("anonymous", "1")
		} else {
			ref.Set("refname", directive.NormalName(plain))
			p.noteRefName(ref)
		}
		return in.emit(i, next, ref)
	}
	target := doc.New(doc.KindTarget, pos)
	alias := ""
	byName := strings.HasSuffix(link, "_") && !strings.HasSuffix(restore(link), `\_`) && !isURI(link)
	if byName {
		name := unescape(link[:len(link)-1])
		alias = directive.NormalName(name)
		target.Set("refname", alias)
		p.raw[target] = restore(escaped[len(text):])
	} else {
		var parts []string
		for _, part := range splitEscapedSpace(link) {
			parts = append(parts, strings.Join(strings.Fields(part), ""))
		}
		alias = adjustURI(unescape(strings.Join(parts, " ")))
		if strings.HasSuffix(alias, `\_`) {
			alias = alias[:len(alias)-2] + "_"
		}
		target.Set("refuri", alias)
	}
	if text == "" {
		text = alias
	}
	plain := unescape(text)
	ref := in.leaf(doc.KindReference, pos, i+1, text).Set("name", directive.OneLine(plain))
	p.raw[ref] = raw
	if byName {
		ref.Set("refname", alias)
		p.noteRefName(ref)
	} else {
		ref.Set("refuri", alias)
	}
	if underscores == 2 {
		return in.emit(i, next, ref)
	}
	target.AddName(directive.NormalName(plain))
	if byName {
		p.noteIndirect(target)
	} else {
		p.explicitTarget(target, in.parent())
	}
	return in.emit(i, next, ref, target)
}

// cutEmbedded takes the "<...>" off the end of a phrase.
func cutEmbedded(s string) (text, link string, ok bool) {
	if len(s) < 3 || s[len(s)-1] != '>' {
		return s, "", false
	}
	open := -1
	for i := len(s) - 2; i >= 0; i-- {
		if (s[i] == '<' || s[i] == '>') && (i == 0 || s[i-1] != 0) {
			if s[i] == '<' {
				open = i
			}
			break
		}
	}
	if open < 0 || open+1 >= len(s)-1 {
		return s, "", false
	}
	if open > 0 && s[open-1] != ' ' && s[open-1] != '\n' {
		return s, "", false
	}
	link = s[open+1 : len(s)-1]
	if r, _ := utf8.DecodeRuneInString(link); isSpace(r) {
		return s, "", false
	}
	if r, _ := utf8.DecodeLastRuneInString(link); isSpace(r) || r == 0 {
		return s, "", false
	}
	for open > 0 && (s[open-1] == ' ' || s[open-1] == '\n') {
		open--
	}
	return s[:open], link, true
}
