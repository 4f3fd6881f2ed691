package lex

import (
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// The lists of words. Those of C++ come before the others.
const (
	cppKeyword kind = 1 << iota
	cppClass
	cppType
	cKeyword
	cType
	cReserved
	cppNoReserved // reserved in C only
	cBuiltin
)

var cWords = kinds(
	`reinterpret_cast static_assert thread_local dynamic_cast static_cast const_cast co_return protected namespace
consteval constexpr typename co_await co_yield operator restrict explicit template override noexcept requires decltype alignof private
alignas virtual mutable nullptr concept export friend typeid throws public delete final throw catch using this new try`,
	"class struct enum union",
	"wchar_t",
	`restricted volatile continue register default typedef struct extern switch sizeof static return union while const
break goto enum else case auto for asm if do`,
	`bool int long float short double char char8_t char16_t char32_t unsigned signed void int8_t int16_t int32_t int64_t
int_fast8_t int_fast16_t int_fast32_t int_fast64_t int_least8_t int_least16_t int_least32_t int_least64_t uint8_t uint16_t uint32_t
uint64_t uint_fast8_t uint_fast16_t uint_fast32_t uint_fast64_t uint_least8_t uint_least16_t uint_least32_t uint_least64_t`,
	`typename __inline restrict _inline thread inline naked __m128i __m128d __m128 __m64 __forceinline __identifier
__unaligned __declspec __fastcall __stdcall __finally __except __assume __int32 __cdecl __int64 __based __leave __int16 __raise __noop
__int8 __w64 __try __asm`,
	"__wchar_t",
	"true false NULL",
)

// cState is a state of the lexer. A root that a brace opens never ends, so
// what was below it is forgotten.
type cState uint8

const (
	cRoot cState = iota
	cStatement
	cFunction
	cClassName
	cString
	cMacro
	cIf0
)

type cScanner struct {
	scanner
	plusplus bool
	end      int // where reading stops: before a line end that was added
	stack    []cState

	// Where rules that look ahead end.
	nonSpace, semicolon, brace, parenthesis, comment, quote, angle finder
	attribute                                                      lineLast

	noHash      int  // an offset from which no # follows
	noLineBreak bool // no // ends any more
}

func scanC(dst []chroma.Token, text string) []chroma.Token { return scanCFamily(dst, text, false) }
func scanCPP(dst []chroma.Token, text string) []chroma.Token {
	return scanCFamily(dst, text, true)
}

// scanCFamily reads C or C++. As chroma's lexers do, it reads a text as if it
// ended in a line end; the tokens end with the text.
func scanCFamily(dst []chroma.Token, text string, plusplus bool) []chroma.Token {
	first, n := len(dst), len(text)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	dst = scanCPart(dst, text, n, plusplus)
	if n == len(text) {
		return dst
	}
	size := -n
	for _, t := range dst[first:] {
		size += len(t.Value)
	}
	if k := len(dst) - 1; size > 0 {
		last := &dst[k]
		if last.Value = last.Value[:len(last.Value)-size]; last.Value == "" {
			dst = dst[:k]
		}
	}
	return dst
}

// scanCPart reads a text, or a part of one as a text of its own, up to end.
func scanCPart(dst []chroma.Token, text string, end int, plusplus bool) []chroma.Token {
	s := cScanner{scanner: scanner{text: text, tokens: dst}, plusplus: plusplus, end: end, noHash: -1, stack: append(make([]cState, 0, 16), cRoot)}
	for s.at < end {
		state := s.stack[len(s.stack)-1]
		if s.step(text[s.at:], state) {
			continue
		}
		if text[s.at] == '\n' && state != cRoot {
			s.stack = append(s.stack[:0], cRoot)
			continue
		}
		s.fail()
	}
	return s.tokens
}

func (s *cScanner) push(st cState) { s.stack = append(s.stack, st) }
func (s *cScanner) pop()           { s.stack = s.stack[:len(s.stack)-1] }

// step takes one rule; false is text that none knows.
func (s *cScanner) step(rest string, state cState) bool {
	switch state {
	case cString:
		return s.inString(rest)
	case cMacro:
		return s.macro(rest)
	case cIf0:
		return s.if0(rest)
	case cClassName:
		return s.className(rest)
	}
	if s.whitespace(rest) {
		return true
	}
	if state == cRoot {
		if !s.function(rest) {
			s.push(cStatement)
		}
		return true
	}
	if s.statement(rest) {
		return true
	}
	switch c := rest[0]; {
	case c == ';':
		if state == cStatement {
			s.pop()
		}
		return s.give(chroma.Punctuation, 1)
	case c == '{':
		switch {
		case state == cFunction:
			s.push(cFunction)
		case s.plusplus:
			s.stack = append(s.stack[:0], cRoot)
		}
		return s.give(chroma.Punctuation, 1)
	case c == '}':
		if state == cFunction || s.plusplus {
			s.pop()
		}
		return s.give(chroma.Punctuation, 1)
	}
	return false
}

// whitespace are blanks, comments, and what begins a line of the
// preprocessor.
func (s *cScanner) whitespace(rest string) bool {
	c := rest[0]
	if s.lineStart() && (c == '#' || c == '/' || c >= 0x80 || is(c, space)) {
		if before := s.beforeHash(rest); before >= 0 {
			s.part(before)
			return s.directive(rest[before:])
		}
	}
	switch c {
	case '\n':
		return s.give(chroma.Text, 1)
	case '\\':
		return hasAt(rest, 1, '\n') && s.give(chroma.Text, 2)
	case '/':
		return s.comments(rest)
	}
	if n := spaces(rest); n > 0 {
		return s.give(chroma.Text, n)
	}
	return false
}

// beforeHash gives the length of the blanks, and of a comment among them,
// between the start of a line and a #, or -1.
func (s *cScanner) beforeHash(rest string) int {
	skip := func(at int) int {
		return s.nonSpace.next(s.text, at, func(t string) int { return spaces(t) })
	}
	i := skip(s.at)
	if hasAt(s.text, i, '#') {
		return i - s.at
	}
	if i == s.noHash || !strings.HasPrefix(s.text[i:], "/*") {
		return -1
	}
	end := i + line(s.text[i:])
	for at := i + 2; ; {
		k := strings.Index(s.text[at:end], "*/")
		if k < 0 {
			s.noHash = i
			return -1
		}
		at += k + 2
		if h := at + spaces(s.text[at:]); hasAt(s.text, h, '#') {
			return h - s.at
		}
	}
}

// directive takes the # of a line, or #if 0.
func (s *cScanner) directive(rest string) bool {
	if strings.HasPrefix(rest, "#if") {
		if n := spaces(rest[3:]); n > 0 && hasAt(rest, 3+n, '0') {
			s.push(cIf0)
			return s.give(chroma.CommentPreproc, 3+n+1)
		}
	}
	s.push(cMacro)
	return s.give(chroma.CommentPreproc, 1)
}

// comments take a comment to its end, or to the end of the text.
func (s *cScanner) comments(rest string) bool {
	if hasAt(rest, 1, '/') {
		return s.lineComment(rest)
	}
	i := 1
	if strings.HasPrefix(rest[i:], "\\\n") {
		i += 2
	}
	if !hasAt(rest, i, '*') {
		return false
	}
	for from := i + 1; ; from++ {
		k := strings.IndexByte(rest[from:], '*')
		if k < 0 {
			return s.give(chroma.CommentMultiline, len(rest))
		}
		from += k
		end := from + 1
		if strings.HasPrefix(rest[end:], "\\\n/") {
			end += 2
		}
		if hasAt(rest, end, '/') {
			return s.give(chroma.CommentMultiline, end+1)
		}
	}
}

// lineComment takes // and what follows, over lines that a backslash joins.
// As the rule has it, the one character between // and the end of a line may
// be a backslash that joins nothing.
func (s *cScanner) lineComment(rest string) bool {
	if hasAt(rest, 2, '\n') {
		return s.give(chroma.CommentSingle, 3)
	}
	for i := 3; i < len(rest) && !s.noLineBreak; i++ {
		k := strings.IndexByte(rest[i:], '\n')
		if k < 0 {
			break
		}
		if i += k; rest[i-1] != '\\' {
			return s.give(chroma.CommentSingle, i+1)
		}
	}
	s.noLineBreak = true
	return false
}

// function takes the head of a function with its brace, or a declaration up
// to its semicolon, and with it everything that stands before its name.
func (s *cScanner) function(rest string) bool {
	// What stands before the name are words, blanks and stars; the name is
	// the last word of them, and a parenthesis follows.
	all, name := 0, -1
	blankOrStar := false
	for all < len(rest) {
		n := words(rest[all:])
		if n > 0 {
			if name = -1; blankOrStar && is(rest[all], letter) {
				name = all
			}
			all += n
			blankOrStar = false
			continue
		}
		if n = 1; rest[all] == '*' {
			name = -1
		} else {
			if n = spaces(rest[all:]); n == 0 {
				break
			}
		}
		all += n
		blankOrStar = true
	}
	if name < 2 || !hasAt(rest, all, '(') {
		return false
	}
	open := s.at + all
	end := s.find(&s.semicolon, ';', open)
	last := s.find(&s.parenthesis, ')', open)
	if last >= end {
		return false
	}
	brace := s.find(&s.brace, '{', last)
	if brace < end {
		end = brace
	}
	if end == len(s.text) {
		return false
	}
	s.part(name)
	s.emit(chroma.NameFunction, words(s.text[s.at:]))
	s.part(last + 1 - s.at)
	s.part(end - s.at)
	if end == brace {
		s.push(cFunction)
	}
	s.emit(chroma.Punctuation, 1)
	return true
}

// find gives the next place of a character from an offset on.
func (s *cScanner) find(f *finder, c byte, at int) int {
	return f.next(s.text, at, func(t string) int { return strings.IndexByte(t, c) })
}

// part reads the next n bytes as a text of their own.
func (s *cScanner) part(n int) {
	if n > 0 {
		s.tokens = scanCPart(s.tokens, s.text[s.at:s.at+n], n, s.plusplus)
		s.at += n
	}
}

// statement are the rules inside statements and functions.
func (s *cScanner) statement(rest string) bool {
	c := rest[0]
	switch c {
	case '[':
		if n := s.attributes(rest); n > 0 {
			return s.give(chroma.NameAttribute, n)
		}
		return s.give(chroma.Punctuation, 1)
	case '"':
		s.push(cString)
		return s.give(chroma.LiteralString, 1)
	case '\'':
		return s.character(rest, 0)
	case '*':
		if hasAt(rest, 1, '/') {
			return s.give(chroma.Error, 2)
		}
		return s.give(chroma.Operator, 1)
	case '~', '!', '%', '^', '&', '+', '=', '|', '?', ':', '<', '>', '/', '-':
		return s.give(chroma.Operator, 1)
	case '(', ')', ']', ',':
		return s.give(chroma.Punctuation, 1)
	case '.':
		return s.number(rest, 0) || s.give(chroma.Punctuation, 1)
	}
	if is(c, letter) {
		return s.word(rest)
	}
	if n := digits(rest); n > 0 {
		return s.number(rest, n)
	}
	return false
}

// attributes is \[\[.+\]\], which C++ only has.
func (s *cScanner) attributes(rest string) int {
	if !s.plusplus || !strings.HasPrefix(rest, "[[") {
		return 0
	}
	if end := s.attribute.find(s.text, s.at, "]]"); end >= s.at+3 {
		return end + 2 - s.at
	}
	return 0
}

// word takes a word, whatever it is: a keyword, a label, a prefix of a
// string.
func (s *cScanner) word(rest string) bool {
	n := words(rest)
	w := rest[:n]
	k := cWords[w]
	switch {
	case s.plusplus && k&cppKeyword != 0:
		return s.give(chroma.Keyword, n)
	case s.plusplus && k&cppClass != 0:
		s.emit(chroma.Keyword, n)
		gap := spaces(rest[n:])
		s.emit(chroma.Text, gap)
		if n += gap; w == "enum" && gap > 0 && strings.HasPrefix(rest[n:], "class") && !wordAt(rest, n+5) {
			s.emit(chroma.Keyword, 5)
			s.emit(chroma.Text, spaces(rest[n+5:]))
		}
		s.push(cClassName)
		return true
	case hasAt(rest, n, '"') && (w == "L" || s.plusplus && (w == "u8" || w == "u" || w == "U")):
		s.emit(chroma.LiteralStringAffix, n)
		s.push(cString)
		return s.give(chroma.LiteralString, 1)
	case w == "L" && hasAt(rest, n, '\'') && s.character(rest, 1):
		return true
	case k&cKeyword != 0:
		return s.give(chroma.Keyword, n)
	case k&cType != 0 || s.plusplus && k&cppType != 0 || !s.plusplus && n > 2 && w[0] >= 'a' && strings.HasSuffix(w, "_t") && !s.afterWord():
		return s.give(chroma.KeywordType, n)
	case k&cReserved != 0 || !s.plusplus && k&cppNoReserved != 0:
		return s.give(chroma.KeywordReserved, n)
	case k&cBuiltin != 0:
		return s.give(chroma.NameBuiltin, n)
	}
	gap := spaces(rest[n:])
	if hasAt(rest, n+gap, ':') && !hasAt(rest, n+gap+1, ':') {
		s.emit(chroma.NameLabel, n)
		s.emit(chroma.Text, gap)
		return s.give(chroma.Punctuation, 1)
	}
	if !s.plusplus && hasAt(rest, n+gap, '(') && !s.afterWord() {
		return s.give(chroma.NameFunction, n)
	}
	return s.give(chroma.Name, n)
}

// character takes a character literal whose quote stands at i.
func (s *cScanner) character(rest string, i int) bool {
	n := 0
	switch body := rest[i+1:]; {
	case body == "" || body[0] == '\'' || body[0] == '\n':
		return false
	case body[0] != '\\':
		_, n = utf8.DecodeRuneInString(body)
	default:
		n = charEscape(body)
	}
	if n == 0 || !hasAt(rest, i+1+n, '\'') {
		return false
	}
	s.emit(chroma.LiteralStringAffix, i)
	s.emit(chroma.LiteralStringChar, 1)
	s.emit(chroma.LiteralStringChar, n)
	return s.give(chroma.LiteralStringChar, 1)
}

// charEscape gives the length of the escape that a quote follows: a backslash
// and one character, one to three octal digits, or x and one or two others.
func charEscape(s string) int {
	if len(s) < 2 || s[1] == '\n' {
		return 0
	}
	_, one := utf8.DecodeRuneInString(s[1:])
	if hasAt(s, 1+one, '\'') {
		return 1 + one
	}
	if n := run(s[1:], octal); n > 0 && n <= 3 {
		return 1 + n
	}
	if n := run(s[2:], hex); s[1] == 'x' && n > 0 && n <= 2 {
		return 2 + n
	}
	return 0
}

// number takes a number that begins with n digits.
func (s *cScanner) number(rest string, n int) bool {
	suffix := func(i int) int {
		for i < len(rest) && strings.IndexByte("LlUu", rest[i]) >= 0 {
			i++
		}
		return i
	}
	base, point := n, false
	if hasAt(rest, n, '.') {
		if d := digits(rest[n+1:]); n+d > 0 {
			base, point = n+1+d, true
		}
	}
	if base == 0 {
		return false
	}
	if base < len(rest) && rest[base]|0x20 == 'e' {
		i := base + 1
		if hasAt(rest, i, '+') || hasAt(rest, i, '-') {
			i++
		}
		if d := digits(rest[i:]); d > 0 {
			return s.give(chroma.LiteralNumberFloat, suffix(i+d))
		}
	}
	f := func(i int) bool { return i < len(rest) && rest[i]|0x20 == 'f' }
	if point || f(base) {
		if !point {
			base++
		}
		if f(base) {
			base++
		}
		return s.give(chroma.LiteralNumberFloat, base)
	}
	t, end := s.integer(rest)
	return end > 0 && s.give(t, suffix(end))
}

// integer gives the type and length of a whole number without its suffix.
func (s *cScanner) integer(rest string) (chroma.TokenType, int) {
	// group is a run of digits, in C++ with quotes between them.
	group := func(i int, k class) int {
		for isAt(rest, i, k) || s.plusplus && hasAt(rest, i, '\'') && isAt(rest, i+1, k) {
			i++
		}
		return i
	}
	if rest[0] == '0' && len(rest) > 1 {
		switch c := rest[1]; {
		case (c == 'x' || c == 'X' && s.plusplus) && isAt(rest, 2, hex):
			return chroma.LiteralNumberHex, group(2, hex)
		case (c == 'b' || c == 'B') && s.plusplus && isAt(rest, 2, binary):
			return chroma.LiteralNumberBin, group(2, binary)
		}
		if end := group(1, octal); end > 1 {
			return chroma.LiteralNumberOct, end
		}
	}
	if s.plusplus {
		if !is(rest[0], digit) {
			return 0, 0
		}
		return chroma.LiteralNumberInteger, group(0, digit)
	}
	return chroma.LiteralNumberInteger, digits(rest)
}

// className are the rules after class, struct, enum and union.
func (s *cScanner) className(rest string) bool {
	if n := s.attributes(rest); n > 0 {
		s.emit(chroma.NameAttribute, n)
		s.emit(chroma.Text, spaces(rest[n:]))
		return true
	}
	if is(rest[0], letter) {
		s.pop()
		return s.give(chroma.NameClass, words(rest))
	}
	if n := spaces(rest); hasAt(rest, n, '>') || hasAt(rest, n, '{') {
		s.pop()
		return s.give(chroma.Text, n)
	}
	return false
}

var cStringStops = stopAt("\\\"\n")

// inString are the rules inside a string.
func (s *cScanner) inString(rest string) bool {
	if n := until(rest, cStringStops); n > 0 {
		return s.give(chroma.LiteralString, n)
	}
	switch rest[0] {
	case '"':
		s.pop()
		return s.give(chroma.LiteralString, 1)
	case '\\':
		if n := stringEscape(rest); n > 0 {
			return s.give(chroma.LiteralStringEscape, n)
		}
		if hasAt(rest, 1, '\n') {
			return s.give(chroma.LiteralString, 2)
		}
		return s.give(chroma.LiteralString, 1)
	}
	return false
}

// stringEscape gives the length of an escape in a string, or 0.
func stringEscape(s string) int {
	if len(s) < 2 {
		return 0
	}
	digits := func(least, most int) int {
		if n := min(most, run(s[2:], hex)); n >= least {
			return 2 + n
		}
		return 0
	}
	switch c := s[1]; c {
	case '\\', 'a', 'b', 'f', 'n', 'r', 't', 'v', '"', '\'':
		return 2
	case 'x':
		return digits(2, 4)
	case 'u':
		return digits(4, 4)
	case 'U':
		return digits(8, 8)
	}
	if n := run(s[1:], octal); n > 0 {
		return 1 + min(3, n)
	}
	return 0
}

// macro are the rules of a line of the preprocessor.
func (s *cScanner) macro(rest string) bool {
	switch rest[0] {
	case '\n':
		if s.text[s.at-1] != '\\' {
			s.pop()
		}
		return s.give(chroma.CommentPreproc, 1)
	case '/':
		if hasAt(rest, 1, '*') {
			if end := s.comment.next(s.text, s.at+2, func(t string) int { return strings.Index(t, "*/") }); end < len(s.text) {
				return s.give(chroma.CommentMultiline, end+2-s.at)
			}
		}
		if hasAt(rest, 1, '/') {
			if n := line(rest); n < len(rest) {
				s.pop()
				return s.give(chroma.CommentSingle, n+1)
			}
		}
		return s.give(chroma.CommentPreproc, 1)
	}
	if strings.HasPrefix(rest, "include") {
		gap, end := s.include(rest)
		if end > 0 {
			s.emit(chroma.CommentPreproc, len("include"))
			s.emit(chroma.Text, gap)
			return s.give(chroma.CommentPreprocFile, end-gap-len("include"))
		}
	}
	return s.give(chroma.CommentPreproc, until(rest, cMacroStops))
}

var cMacroStops = stopAt("/\n")

// include gives the length of the blanks after include, and where the name of
// the file ends, or 0.
func (s *cScanner) include(rest string) (gap, end int) {
	const n = len("include")
	gap = spaces(rest[n:])
	if !s.plusplus {
		return cInclude(rest, gap)
	}
	if gap == 0 || n+gap >= len(rest) {
		return 0, 0
	}
	at := s.at + n + gap
	switch rest[n+gap] {
	case '"':
		end = s.find(&s.quote, '"', at+1)
	case '<':
		end = s.find(&s.angle, '>', at+1)
	default:
		return 0, 0
	}
	if end == at+1 || end == len(s.text) {
		return 0, 0
	}
	return gap, end + 1 - s.at
}

// cInclude is include for C, which takes the rest of a line, after a comment
// or not, and after blank lines or not.
func cInclude(rest string, gap int) (blank, end int) {
	const n = len("include")
	at := n + gap
	if strings.HasPrefix(rest[at:], "/*") {
		if k := strings.Index(rest[at+2:at+line(rest[at:])], "*/"); k >= 0 {
			if from, end := restOfLine(rest, at+k+4); end > 0 {
				return from - n, end
			}
		}
	}
	from, end := restOfLine(rest, n)
	return from - n, end
}

// restOfLine is \s*([^\n]+) from an offset on: where its group begins and
// ends, or 0. Where only blanks are left, the last that ends no line is it.
func restOfLine(s string, at int) (from, end int) {
	from = at + spaces(s[at:])
	if n := line(s[from:]); n > 0 {
		return from, from + n
	}
	for i := from - 1; i >= at; i-- {
		if s[i] != '\n' && utf8.RuneStart(s[i]) {
			return i, i + line(s[i:])
		}
	}
	return 0, 0
}

// if0 are the rules of what #if 0 leaves out, line by line.
func (s *cScanner) if0(rest string) bool {
	if s.lineStart() {
		i := s.nonSpace.next(s.text, s.at, spaces) - s.at
		n := line(rest[i:])
		full, whole := rest[i:i+n], i+n < len(rest)
		switch {
		case !whole:
		case strings.HasPrefix(full, "#if") && full[n-1] != '\\':
			s.push(cIf0)
			return s.give(chroma.CommentPreproc, i+n+1)
		case strings.HasPrefix(full, "#else") || strings.HasPrefix(full, "#elif") || strings.HasPrefix(full, "#endif") && full[n-1] != '\\':
			s.pop()
			return s.give(chroma.CommentPreproc, i+n+1)
		}
	}
	n := line(rest)
	return n < len(rest) && s.give(chroma.Comment, n+1)
}

// cuda is C++ with the words that CUDA adds. Chroma has no lexer for it; this
// is what one would be that remaps the names of its lexer of C++.
var cuda = chroma.TypeRemappingLexer(renamed{lexers.Get("C++"), &chroma.Config{
	Name: "CUDA", Aliases: []string{"cuda", "cu"}, Filenames: []string{"*.cu", "*.cuh"}, MimeTypes: []string{"text/x-cuda"}, EnsureNL: true,
}}, chroma.TypeMapping{
	{From: chroma.Name, To: chroma.KeywordReserved, Words: strings.Fields(cudaQualifiers)},
	{From: chroma.Name, To: chroma.KeywordType, Words: strings.Fields(cudaTypes)},
	{From: chroma.Name, To: chroma.NameBuiltin, Words: strings.Fields(cudaBuiltins)},
})

// A renamed lexer has another configuration.
type renamed struct {
	chroma.Lexer
	config *chroma.Config
}

func (l renamed) Config() *chroma.Config { return l.config }

const (
	cudaQualifiers = `__host__ __device__ __global__ __noinline__ __forceinline__ __shared__ __constant__ __managed__ __grid_constant__
__restrict__ __launch_bounds__ __cluster_dims__ __maxnreg__ __align__`
	cudaTypes = `char1 uchar1 char2 uchar2 char3 uchar3 char4 uchar4 short1 ushort1 short2 ushort2 short3 ushort3 short4 ushort4
int1 uint1 int2 uint2 int3 uint3 int4 uint4 long1 ulong1 long2 ulong2 long3 ulong3 long4 ulong4 longlong1 ulonglong1 longlong2 ulonglong2
float1 float2 float3 float4 double1 double2 double3 double4 dim3 half half2 __half __half2 nv_bfloat16 nv_bfloat162 __nv_bfloat16
__nv_bfloat162 cudaError_t cudaStream_t cudaEvent_t cudaGraph_t cudaGraphExec_t cudaDeviceProp cudaMemcpyKind cudaArray_t
cudaTextureObject_t cudaSurfaceObject_t CUtensorMap`
	cudaBuiltins = `gridDim blockIdx blockDim threadIdx warpSize clusterDim clusterIdx __syncthreads __syncthreads_count
__syncthreads_and __syncthreads_or __syncwarp __threadfence __threadfence_block __threadfence_system __shfl_sync __shfl_up_sync
__shfl_down_sync __shfl_xor_sync __all_sync __any_sync __ballot_sync __activemask __match_any_sync __match_all_sync __reduce_add_sync
__reduce_min_sync __reduce_max_sync __ldg __ldcg __ldca __ldcs __stcg __stcs __nanosleep atomicAdd atomicSub atomicExch atomicMin atomicMax
atomicInc atomicDec atomicCAS atomicAnd atomicOr atomicXor rsqrtf rsqrt __fmaf_rn __fdividef __expf __logf __sinf __cosf __powf
__float2half __half2float make_float2 make_float3 make_float4 make_double2 make_double3 make_double4 make_int2 make_int3 make_int4`
)

var cudaWords = func() map[string]chroma.TokenType {
	m := map[string]chroma.TokenType{}
	for _, w := range strings.Fields(cudaQualifiers) {
		m[w] = chroma.KeywordReserved
	}
	for _, w := range strings.Fields(cudaTypes) {
		m[w] = chroma.KeywordType
	}
	for _, w := range strings.Fields(cudaBuiltins) {
		m[w] = chroma.NameBuiltin
	}
	return m
}()

func scanCUDA(dst []chroma.Token, text string) []chroma.Token {
	first := len(dst)
	dst = scanCPP(dst, text)
	for i := range dst[first:] {
		if t := &dst[first+i]; t.Type == chroma.Name {
			if to, ok := cudaWords[t.Value]; ok {
				t.Type = to
			}
		}
	}
	return dst
}
