package lex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

// The lists of words.
const (
	pyKeyword kind = 1 << iota
	pyConstant
	pyOperatorWord
	pyExprKeyword
	pyBuiltin
	pyPseudo
	pyException
	pyMagicFunction
	pyMagicVariable
	pyDefinition
)

var pyWords = kinds(
	`nonlocal continue finally except lambda assert global return raise yield while break await async pass else elif
with try for del as if match case`,
	"False True None",
	"in is and or not",
	"lambda yield await else for if",
	`staticmethod classmethod memoryview __import__ issubclass isinstance frozenset bytearray enumerate reversed
property compile complex delattr hasattr setattr globals getattr divmod filter locals format object sorted slice print bytes range input
tuple round super float eval list dict repr type vars hash next bool open iter oct pow min zip max map bin len set any dir all abs str sum
chr int hex ord id`,
	"self Ellipsis NotImplemented cls",
	`PendingDeprecationWarning ConnectionAbortedError ConnectionRefusedError UnicodeTranslateError
ConnectionResetError ModuleNotFoundError NotImplementedError FloatingPointError StopAsyncIteration UnicodeDecodeError DeprecationWarning
UnicodeEncodeError NotADirectoryError ProcessLookupError ZeroDivisionError IsADirectoryError FileNotFoundError UnboundLocalError
KeyboardInterrupt ChildProcessError EnvironmentError IndentationError InterruptedError BlockingIOError ArithmeticError ConnectionError
BrokenPipeError FileExistsError ResourceWarning PermissionError RuntimeWarning ReferenceError AttributeError AssertionError UnicodeWarning
RecursionError StopIteration BaseException OverflowError SyntaxWarning FutureWarning GeneratorExit ImportWarning UnicodeError TimeoutError
WindowsError RuntimeError BytesWarning SystemError UserWarning MemoryError ImportError LookupError BufferError SyntaxError SystemExit
ValueError IndexError NameError Exception TypeError TabError EOFError KeyError VMSError Warning OSError IOError`,
	`__instancecheck__ __subclasscheck__ __getattribute__ __length_hint__ __rfloordiv__ __ifloordiv__
__itruediv__ __contains__ __floordiv__ __rtruediv__ __reversed__ __setitem__ __complex__ __rdivmod__ __delattr__ __rmatmul__ __ilshift__
__prepare__ __delitem__ __rrshift__ __imatmul__ __rlshift__ __setattr__ __truediv__ __getitem__ __missing__ __getattr__ __irshift__
__rshift__ __format__ __invert__ __matmul__ __divmod__ __delete__ __aenter__ __lshift__ __await__ __bytes__ __anext__ __aiter__ __aexit__
__round__ __float__ __enter__ __index__ __iadd__ __ipow__ __rpow__ __iter__ __init__ __ixor__ __rmul__ __rmod__ __imul__ __imod__ __iand__
__hash__ __rsub__ __exit__ __rxor__ __bool__ __call__ __rand__ __next__ __radd__ __isub__ __repr__ __set__ __add__ __new__ __neg__ __xor__
__and__ __mul__ __mod__ __sub__ __len__ __str__ __ror__ __ior__ __pos__ __del__ __get__ __dir__ __abs__ __int__ __pow__ __eq__ __gt__
__le__ __lt__ __ne__ __or__ __ge__`,
	`__annotations__ __kwdefaults__ __qualname__ __objclass__ __defaults__ __closure__ __globals__ __weakref__
__module__ __class__ __bases__ __slots__ __file__ __code__ __name__ __func__ __dict__ __self__ __mro__ __doc__`,
	"def class from import",
)

// pyKind is what a state of the lexer reads.
type pyKind uint8

const (
	pyRoot pyKind = iota
	pyFuncName
	pyClassName
	pyFrom
	pyImport
	pyFieldOuter // an expression in an f-string
	pyFieldInner // brackets in it
	pyText       // a string
)

// A pyState is a kind, and for a string its form.
type pyState struct {
	kind      pyKind
	quote     byte
	triple    bool
	escapes   bool // backslashes as in strings without r
	formatted bool // an f-string
}

type pythonScanner struct {
	scanner
	stack   []pyState
	brace   finder // of } or the end of the line
	bracket finder // of ]
	budget  int    // parts of replacement fields that may be read again
}

// scanPython is the Python lexer. One of chroma's rules has no like here: that
// of doc strings, which asks for a literal "{,2}" before the quotes.
func scanPython(dst []chroma.Token, text string) []chroma.Token {
	s := pythonScanner{scanner: scanner{text: text, tokens: dst}, stack: make([]pyState, 1, 16), budget: 1000 + len(text)}
	for s.at < len(text) {
		if s.step(text[s.at:]) {
			continue
		}
		if text[s.at] == '\n' && s.stack[len(s.stack)-1].kind != pyRoot {
			s.stack = s.stack[:1]
			continue
		}
		s.fail()
	}
	return s.tokens
}

func (s *pythonScanner) push(st pyState) { s.stack = append(s.stack, st) }
func (s *pythonScanner) pop()            { s.stack = s.stack[:len(s.stack)-1] }

// step takes one rule; false is text that none knows.
func (s *pythonScanner) step(rest string) bool {
	switch st := s.stack[len(s.stack)-1]; st.kind {
	case pyText:
		if st.formatted {
			return s.formatted(rest, st)
		}
		return s.plain(rest, st)
	case pyFuncName:
		n := pyName(rest)
		if w := words(rest); pyWords[rest[:w]]&pyMagicFunction != 0 {
			return s.give(chroma.NameFunctionMagic, w)
		}
		s.pop()
		s.emit(chroma.NameFunction, n)
		return true
	case pyClassName:
		n := pyName(rest)
		if n > 0 {
			s.pop()
			s.emit(chroma.NameClass, n)
		}
		return n > 0
	case pyFrom:
		return s.from(rest)
	case pyImport:
		return s.imports(rest)
	case pyFieldOuter, pyFieldInner:
		return s.field(rest, st.kind)
	}
	return s.statement(rest)
}

// statement are the rules of the root state.
func (s *pythonScanner) statement(rest string) bool {
	c := rest[0]
	switch {
	case c == '\n':
		return s.give(chroma.Text, 1)
	case c == '#':
		n := line(rest)
		if s.at == 0 && n > 2 && rest[1] == '!' {
			return s.give(chroma.CommentHashbang, n)
		}
		return s.give(chroma.CommentSingle, n)
	case c == '\\':
		if hasAt(rest, 1, '\n') {
			return s.give(chroma.Text, 2)
		}
		return s.give(chroma.Text, 1)
	case c >= 'a' && c <= 'z' || c == 'F' || c == 'T' || c == 'N':
		n := words(rest)
		w := rest[:n]
		switch k := pyWords[w]; {
		case k&pyKeyword != 0:
			if w == "yield" && strings.HasPrefix(rest[n:], " from") && !wordAt(rest, n+5) {
				n += 5
			}
			return s.give(chroma.Keyword, n)
		case k&pyConstant != 0:
			return s.give(chroma.KeywordConstant, n)
		case k&pyDefinition != 0 && s.define(rest, w):
			return true
		}
	}
	return s.expression(rest)
}

// define takes a keyword with the blanks after it, which must be there.
func (s *pythonScanner) define(rest, w string) bool {
	n := len(w)
	end := n
	for {
		end += spaces(rest[end:])
		if !hasAt(rest, end, '\\') {
			break
		}
		k := spaces(rest[end+1:])
		if k == 0 {
			break
		}
		end += 1 + k
	}
	if end == n {
		return false
	}
	t, next := chroma.Keyword, pyFuncName
	switch w {
	case "class":
		next = pyClassName
	case "from":
		t, next = chroma.KeywordNamespace, pyFrom
	case "import":
		t, next = chroma.KeywordNamespace, pyImport
	}
	s.emit(t, n)
	s.emit(chroma.Text, end-n)
	s.push(pyState{kind: next})
	return true
}

// from is what follows the word from.
func (s *pythonScanner) from(rest string) bool {
	if n := spaces(rest); n > 0 && strings.HasPrefix(rest[n:], "import") && !wordAt(rest, n+6) {
		s.emit(chroma.Text, n)
		s.emit(chroma.KeywordNamespace, 6)
		s.pop()
		return true
	}
	if rest[0] == '.' {
		return s.give(chroma.NameNamespace, 1)
	}
	if strings.HasPrefix(rest, "None") && !wordAt(rest, 4) {
		s.pop()
		return s.give(chroma.NameBuiltinPseudo, 4)
	}
	if n := pyName(rest); n > 0 {
		return s.give(chroma.NameNamespace, n)
	}
	s.pop()
	return true
}

// imports is what follows the word import at the start of a statement.
func (s *pythonScanner) imports(rest string) bool {
	n := spaces(rest)
	if n > 0 && strings.HasPrefix(rest[n:], "as") {
		if after := spaces(rest[n+2:]); after > 0 {
			s.emit(chroma.Text, n)
			s.emit(chroma.Keyword, 2)
			s.emit(chroma.Text, after)
			return true
		}
	}
	if rest[0] == '.' {
		return s.give(chroma.NameNamespace, 1)
	}
	if k := pyName(rest); k > 0 {
		return s.give(chroma.NameNamespace, k)
	}
	if hasAt(rest, n, ',') {
		s.emit(chroma.Text, n)
		s.emit(chroma.Operator, 1)
		s.emit(chroma.Text, spaces(rest[n+1:]))
		return true
	}
	s.pop()
	return true
}

// field are the rules inside the braces of an f-string.
func (s *pythonScanner) field(rest string, kind pyKind) bool {
	switch c := rest[0]; c {
	case '{', '(', '[':
		s.emit(chroma.Punctuation, 1)
		s.push(pyState{kind: pyFieldInner})
		return true
	case '}', ')', ']':
		if kind == pyFieldInner {
			s.pop()
			return s.give(chroma.Punctuation, 1)
		}
	}
	if n := fieldEnd(rest); n > 0 && kind == pyFieldOuter {
		s.pop()
		return s.give(chroma.LiteralStringInterpol, n)
	}
	if n := spaces(rest); n > 0 {
		return s.give(chroma.Text, n)
	}
	return s.expression(rest)
}

// fieldEnd gives the length of what ends the expression: = and a conversion,
// each may be missing, then a brace or a colon.
func fieldEnd(s string) int {
	i := 0
	if s[0] == '=' {
		i = 1 + spaces(s[1:])
	}
	if i+1 < len(s) && s[i] == '!' && strings.IndexByte("sraf", s[i+1]) >= 0 {
		i += 2
	}
	if hasAt(s, i, '}') || hasAt(s, i, ':') {
		return i + 1
	}
	return 0
}

// expression are strings, blanks, numbers, operators and names.
func (s *pythonScanner) expression(rest string) bool {
	c := rest[0]
	switch c {
	case '"', '\'':
		return s.openString(rest, 0)
	case '!', '=':
		if hasAt(rest, 1, '=') {
			return s.give(chroma.Operator, 2)
		}
		return c == '=' && s.give(chroma.Operator, 1)
	case '<', '>':
		if hasAt(rest, 1, c) {
			return s.give(chroma.Operator, 2)
		}
		return s.give(chroma.Operator, 1)
	case ':':
		if hasAt(rest, 1, '=') {
			return s.give(chroma.Operator, 2)
		}
		return s.give(chroma.Punctuation, 1)
	case '-', '~', '+', '/', '*', '%', '&', '^', '|':
		return s.give(chroma.Operator, 1)
	case '.':
		if n := pyFloat(rest, 0); n > 0 {
			return s.give(chroma.LiteralNumberFloat, n)
		}
		return s.give(chroma.Operator, 1)
	case ']', '{', '}', '(', ')', ',', ';', '[':
		return s.give(chroma.Punctuation, 1)
	case '@':
		if n := pyDecorator(rest); n > 0 {
			return s.give(chroma.NameDecorator, n)
		}
		return s.give(chroma.Operator, 1)
	case '\n':
		return false
	}
	if n := blanks(rest); n > 0 {
		return s.give(chroma.Text, n)
	}
	if n := pyDigits(rest); n > 0 {
		return s.number(rest, n)
	}
	return s.name(rest)
}

// number takes a number that begins with n digits.
func (s *pythonScanner) number(rest string, n int) bool {
	if f := pyFloat(rest, n); f > 0 {
		return s.give(chroma.LiteralNumberFloat, f)
	}
	if e := pyExponent(rest[n:]); e > 0 {
		if n += e; hasAt(rest, n, 'j') {
			n++
		}
		return s.give(chroma.LiteralNumberFloat, n)
	}
	if rest[0] == '0' && len(rest) > 1 {
		t, k := chroma.LiteralNumberOct, octal
		switch rest[1] | 0x20 {
		case 'b':
			t, k = chroma.LiteralNumberBin, binary
		case 'x':
			t, k = chroma.LiteralNumberHex, hex
		case 'o':
		default:
			return s.give(chroma.LiteralNumberInteger, n)
		}
		i := 2
		for isAt(rest, i, k) || hasAt(rest, i, '_') && isAt(rest, i+1, k) {
			if rest[i] == '_' {
				i++
			}
			i++
		}
		if i > 2 {
			return s.give(t, i)
		}
	}
	return s.give(chroma.LiteralNumberInteger, n)
}

// pyDigits is \d(?:_?\d)*.
func pyDigits(s string) int {
	n := digits(s)
	for n > 0 && hasAt(s, n, '_') {
		k := digits(s[n+1:])
		if k == 0 {
			break
		}
		n += 1 + k
	}
	return n
}

// pyExponent is [eE][+-]?\d(?:_?\d)*.
func pyExponent(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	i := 1
	if hasAt(s, i, '+') || hasAt(s, i, '-') {
		i++
	}
	if d := pyDigits(s[i:]); d > 0 {
		return i + d
	}
	return 0
}

// pyFloat gives the length of a number with a point after its first n digits.
func pyFloat(s string, n int) int {
	if !hasAt(s, n, '.') {
		return 0
	}
	d := pyDigits(s[n+1:])
	if n+d == 0 {
		return 0
	}
	n += 1 + d
	return n + pyExponent(s[n:])
}

// name takes a name, or a string with a prefix.
func (s *pythonScanner) name(rest string) bool {
	n := pyName(rest)
	if n == 0 {
		return false
	}
	if n <= 2 && n < len(rest) && (rest[n] == '"' || rest[n] == '\'') && pyPrefixes[rest[:n]] {
		return s.openString(rest, n)
	}
	all := words(rest)
	if all != n { // a letter that may stand in a word, but not in a name
		return s.give(chroma.Name, n)
	}
	w := rest[:n]
	k := pyWords[w]
	switch dotted := s.at > 0 && s.text[s.at-1] == '.'; {
	case k == 0 && w != "async":
	case k&pyOperatorWord != 0:
		return s.give(chroma.OperatorWord, n)
	case k&pyExprKeyword != 0 || w == "async":
		if k := s.exprKeyword(w, rest); k > 0 {
			return s.give(chroma.Keyword, k)
		}
	case k&pyConstant != 0:
		return s.give(chroma.KeywordConstant, n)
	case k&pyMagicFunction != 0:
		return s.give(chroma.NameFunctionMagic, n)
	case k&pyMagicVariable != 0:
		return s.give(chroma.NameVariableMagic, n)
	case dotted:
	case k&pyBuiltin != 0:
		return s.give(chroma.NameBuiltin, n)
	case k&pyPseudo != 0:
		return s.give(chroma.NameBuiltinPseudo, n)
	case k&pyException != 0:
		return s.give(chroma.NameException, n)
	}
	return s.give(chroma.Name, n)
}

// exprKeyword gives the length of the keyword of an expression that rest
// begins with; w is its first word.
func (s *pythonScanner) exprKeyword(w, rest string) int {
	more := rest[len(w):]
	switch {
	case w == "yield" && strings.HasPrefix(more, " from") && !wordAt(more, 5):
		return len("yield from")
	case w == "async" && strings.HasPrefix(more, " for") && !wordAt(more, 4):
		return len("async for")
	case w == "async":
		return 0
	}
	return len(w)
}

// pyName is [_\p{L}][_\p{L}\p{N}]*.
func pyName(s string) int {
	if s == "" || is(s[0], digit) {
		return 0
	}
	n := runOf(s, word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	if r, _ := utf8.DecodeRuneInString(s); r != '_' && !unicode.IsLetter(r) {
		return 0
	}
	return n
}

// pyDecorator is @ with a name, maybe dotted.
func pyDecorator(s string) int {
	n := pyName(s[1:])
	if n == 0 {
		return 0
	}
	n++
	for {
		i := n + spaces(s[n:])
		if !hasAt(s, i, '.') {
			return n
		}
		i++
		i += spaces(s[i:])
		k := pyName(s[i:])
		if k == 0 {
			return n
		}
		n = i + k
	}
}

var pyPrefixes = func() map[string]bool {
	m := map[string]bool{}
	for _, p := range []string{"r", "u", "b", "f", "rb", "br", "rf", "fr"} {
		for _, q := range []string{p, strings.ToUpper(p), strings.ToUpper(p[:1]) + p[1:], p[:1] + strings.ToUpper(p[1:])} {
			m[q] = true
		}
	}
	return m
}()

// openString takes the prefix of n bytes and the quotes of a string.
func (s *pythonScanner) openString(rest string, n int) bool {
	prefix := strings.ToLower(rest[:n])
	st := pyState{kind: pyText, quote: rest[n], escapes: !strings.Contains(prefix, "r"), formatted: strings.Contains(prefix, "f")}
	quotes := 1
	if hasAt(rest, n+1, st.quote) && hasAt(rest, n+2, st.quote) {
		st.triple, quotes = true, 3
	}
	s.emit(chroma.LiteralStringAffix, n)
	s.emit(st.token(), quotes)
	s.push(st)
	return true
}

func (st pyState) token() chroma.TokenType {
	if st.quote == '"' {
		return chroma.LiteralStringDouble
	}
	return chroma.LiteralStringSingle
}

// ends gives the length of the quotes that end a string, or 0.
func (st pyState) ends(rest string) int {
	switch {
	case rest[0] != st.quote:
		return 0
	case !st.triple:
		return 1
	case hasAt(rest, 1, st.quote) && hasAt(rest, 2, st.quote):
		return 3
	}
	return 0
}

var (
	pyPlainStops  = stopAt("\\'\"%{\n")
	pyFormatStops = stopAt("\\'\"{}\n")
)

// stringParts are the rules that both kinds of strings share.
func (s *pythonScanner) stringParts(rest string, st pyState) bool {
	if rest[0] == '\\' {
		if st.escapes {
			if n := s.escape(rest); n > 0 {
				return s.give(chroma.LiteralStringEscape, n)
			}
		}
		if !st.triple && len(rest) > 1 && (rest[1] == '\\' || rest[1] == st.quote || rest[1] == '\n') {
			return s.give(chroma.LiteralStringEscape, 2)
		}
		return s.give(st.token(), 1)
	}
	if n := st.ends(rest); n > 0 {
		s.pop()
		return s.give(st.token(), n)
	}
	if rest[0] == '\'' || rest[0] == '"' || rest[0] == '\n' && st.triple {
		return s.give(st.token(), 1)
	}
	return false
}

// plain are the rules inside a string.
func (s *pythonScanner) plain(rest string, st pyState) bool {
	if n := until(rest, pyPlainStops); n > 0 {
		return s.give(st.token(), n)
	}
	switch rest[0] {
	case '%':
		if n := pyPercent(rest); n > 0 {
			return s.give(chroma.LiteralStringInterpol, n)
		}
		return s.give(st.token(), 1)
	case '{':
		if n := s.replacement(rest); n > 0 {
			return s.give(chroma.LiteralStringInterpol, n)
		}
		if hasAt(rest, 1, '{') {
			return s.give(st.token(), 2)
		}
		return s.give(st.token(), 1)
	}
	return s.stringParts(rest, st)
}

// formatted are the rules inside an f-string.
func (s *pythonScanner) formatted(rest string, st pyState) bool {
	if n := until(rest, pyFormatStops); n > 0 {
		return s.give(st.token(), n)
	}
	switch c := rest[0]; c {
	case '{', '}':
		if hasAt(rest, 1, c) {
			return s.give(chroma.LiteralStringEscape, 2)
		}
		s.emit(chroma.LiteralStringInterpol, 1)
		if c == '{' {
			s.push(pyState{kind: pyFieldOuter})
		}
		return true
	}
	return s.stringParts(rest, st)
}

// escape gives the length of an escape sequence, or 0.
func (s *pythonScanner) escape(rest string) int {
	if len(rest) < 2 {
		return 0
	}
	fixed := func(n int) int {
		for i := 2; i < 2+n; i++ {
			if !isAt(rest, i, hex) {
				return 0
			}
		}
		return 2 + n
	}
	switch c := rest[1]; c {
	case '\\', 'a', 'b', 'f', 'n', 'r', 't', 'v', '"', '\'', '\n':
		return 2
	case 'u':
		return fixed(4)
	case 'U':
		return fixed(8)
	case 'x':
		return fixed(2)
	case 'N':
		if hasAt(rest, 2, '{') {
			end := s.brace.next(s.text, s.at+3, func(t string) int { return strings.IndexAny(t, "}\n") })
			if hasAt(s.text, end, '}') {
				return end + 1 - s.at
			}
		}
	default:
		if is(c, octal) {
			return 1 + min(3, run(rest[1:], octal))
		}
	}
	return 0
}

// pyPercent gives the length of a % conversion, or 0.
func pyPercent(s string) int {
	i := 1
	if hasAt(s, i, '(') {
		n := words(s[i+1:])
		if n == 0 || !hasAt(s, i+1+n, ')') {
			return 0
		}
		i += n + 2
	}
	for i < len(s) && strings.IndexByte("-#0 +", s[i]) >= 0 {
		i++
	}
	number := func() {
		if hasAt(s, i, '*') {
			i++
			return
		}
		i += run(s[i:], digit)
	}
	number()
	if hasAt(s, i, '.') {
		if i++; !hasAt(s, i, '*') && !isAt(s, i, digit) {
			return 0
		}
		number()
	}
	if i < len(s) && strings.IndexByte("hlL", s[i]) >= 0 {
		i++
	}
	if i < len(s) && strings.IndexByte("EFGXcdefghiorsaux%", s[i]) >= 0 {
		return i + 1
	}
	return 0
}

// replacement gives the length of a {field} of str.format, or 0.
func (s *pythonScanner) replacement(rest string) int {
	i := 1
	if n := words(rest[i:]); n > 0 {
		i += n
		for s.budget > 0 {
			if hasAt(rest, i, '.') {
				n := words(rest[i+1:])
				if n == 0 {
					return 0
				}
				i += 1 + n
			} else if hasAt(rest, i, '[') {
				at := s.at + i + 1
				end := s.bracket.next(s.text, at, func(t string) int { return strings.IndexByte(t, ']') })
				if end == at || end == len(s.text) {
					return 0
				}
				i = end + 1 - s.at
			} else {
				break
			}
			s.budget--
		}
	}
	if i+1 < len(rest) && rest[i] == '!' && strings.IndexByte("sra", rest[i+1]) >= 0 {
		i += 2
	}
	if hasAt(rest, i, ':') {
		i = pyFormatSpec(rest, i+1)
	}
	if hasAt(rest, i, '}') {
		return i + 1
	}
	return 0
}

// pyFormatSpec gives where a format specification ends that begins at i.
func pyFormatSpec(s string, i int) int {
	align := func(i int) bool { return i < len(s) && strings.IndexByte("<>=^", s[i]) >= 0 }
	optional := func(set string) {
		if i < len(s) && strings.IndexByte(set, s[i]) >= 0 {
			i++
		}
	}
	if i < len(s) && s[i] != '\n' {
		fill := 1
		for fill < 4 && i+fill < len(s) && s[i+fill]&0xc0 == 0x80 {
			fill++
		}
		if align(i + fill) {
			i += fill + 1
		} else if align(i) {
			i++
		}
	} else if align(i) {
		i++
	}
	optional("-+ ")
	optional("#")
	optional("0")
	i += digits(s[i:])
	optional(",")
	if hasAt(s, i, '.') {
		d := digits(s[i+1:])
		if d == 0 {
			return i
		}
		i += 1 + d
	}
	optional("EFGXbcdefgnosx%")
	return i
}
