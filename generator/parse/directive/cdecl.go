package directive

import (
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
)

// A cDialect tells C and C++ apart where declarations are read.
type cDialect struct {
	domain     string
	sep        string // between the parts of a nested name
	keywords   map[string]bool
	expression bool // what is shown is no declaration
}

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

const cTypeWords = "void char short int long float double signed unsigned _Bool bool __int64 _Complex complex auto "

var (
	cTypes   = words(cTypeWords + "wchar_t char8_t char16_t char32_t")
	dialectC = cDialect{domain: "c", sep: ".", keywords: words(cTypeWords + "const volatile restrict static extern register inline _Noreturn noreturn _Thread_local thread_local struct union enum typedef sizeof _Alignof alignof _Atomic")}
	dialectX = cDialect{domain: "cpp", sep: "::", keywords: words(cTypeWords + "wchar_t char8_t char16_t char32_t const volatile static extern register inline constexpr consteval constinit virtual explicit friend mutable typename class struct union enum typedef template " +
		"public protected private noexcept override final default delete operator decltype sizeof thread_local concept requires using namespace nullptr true false this")}
)

var cToken = regexp.MustCompile(`^(?:[\pL_~@][\pL\pN_]*|[0-9][0-9A-Za-z_.']*(?:[eEpP][+-][0-9]+)?[0-9A-Za-z_.]*|[LuU8R]*"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\.\.\.|::|->|<<=|>>=|&&|\|\||[<>=!+\-*/%&|^]=|\[\[|\]\]|[^\s])`)

func cTokens(s string) []string {
	var out []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		t := s[:nameLen(s)] // most are names; the expression reads the rest
		if t == "" || strings.HasPrefix(s[len(t):], `"`) {
			if t = cToken.FindString(s); t == "" {
				t = s[:1]
			}
		}
		out = append(out, t)
		s = s[len(t):]
	}
	return out
}

// nameLen counts the bytes of the ASCII name at the start of s that no letter
// beyond ASCII goes on.
func nameLen(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n < len(s) && s[n] >= 0x80 {
		return 0
	}
	return n
}

func isName(t string) bool {
	c := t[0]
	return c == '_' || (c == '~' || c == '@') && len(t) > 1 || c >= 0x80 || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

var anonymous = regexp.MustCompile(`@[\pL\pN_]+`)

// nameless is how a name is shown: what begins with @ has none.
func nameless(name string) string {
	if strings.IndexByte(name, '@') < 0 {
		return name
	}
	return anonymous.ReplaceAllString(name, "[anonymous]")
}

// A cDecl is a declaration taken apart at its name.
type cDecl struct {
	before []string   // type and specifiers
	name   []string   // parts of a nested name, without separators
	params [][]string // nil when there is no parameter list
	isFunc bool
	after  []string // arrays, value, qualifiers
}

// closing gives the index of the bracket that closes the one at i, or -1.
func closing(t []string, i int) int {
	end, depth := "", 0
	switch t[i] {
	case "(":
		end = ")"
	case "[":
		end = "]"
	case "{":
		end = "}"
	case "<":
		end = ">"
	}
	for j := i; j < len(t); j++ {
		switch t[j] {
		case t[i]:
			depth++
		case end:
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}

// declaration finds the name: the name before the parameter list, the one
// inside "(*name)", or the last one before an array, a value or the end.
func (d cDialect) declaration(t []string) (x cDecl, ok bool) {
	at, end := -1, -1 // the name's first and last token
	depth := 0
	last := -1
scan:
	for i := 0; i < len(t); i++ {
		switch tok := t[i]; {
		case tok == "operator" && d.domain == "cpp":
			at, end = i, i+1
			for end < len(t) && t[end] != "(" || end == i+1 && end < len(t) {
				end++
			}
			if end-i == 2 && t[i+1] == "(" { // operator()
				end++
			}
			end--
			break scan
		case tok == "<" && d.domain == "cpp":
			if c := closing(t, i); c > 0 {
				i = c
			}
		case tok == "(":
			if i+1 < len(t) && (t[i+1] == "*" || t[i+1] == "&" || t[i+1] == "^") && last != i-1 || i+1 < len(t) && t[i+1] == "*" && closing(t, i)+1 < len(t) && closing(t, i) > 0 && t[closing(t, i)+1] == "(" {
				// A pointer to a function: the name stands inside.
				c := closing(t, i)
				for j := i + 1; j < c; j++ {
					if isName(t[j]) && !d.keywords[t[j]] {
						if last = j; t[j+1] != d.sep { // else it is the class of a member
							break
						}
					}
				}
				if last < 0 {
					return x, false
				}
				x.before, x.after = t[:last], t[last+1:]
				x.name = []string{t[last]}
				return x, x.cutParams()
			}
			if last >= 0 && last == i-1 {
				at = last
			}
			break scan
		case tok == "=" || tok == "[" || tok == "{" || tok == ":" || tok == "[[":
			if tok == "[[" {
				for i < len(t) && t[i] != "]]" {
					i++
				}
				continue
			}
			break scan
		case isName(tok) && (!d.keywords[tok] || cTypes[tok] && len(t) == 1) && depth == 0:
			last = i
		}
	}
	if at < 0 {
		at = last
	}
	if at < 0 {
		return x, false
	}
	if end < 0 {
		end = at
	}
	start := at
	if t[at] == "operator" {
		x.name = []string{strings.TrimSpace(strings.Replace(strings.Join(t[at:end+1], ""), "operator", "operator ", 1))}
		if c := t[at+1]; !isName(c) {
			x.name[0] = strings.Replace(x.name[0], "operator ", "operator", 1)
		}
	} else {
		x.name = []string{t[at]}
	}
	for start >= 2 && t[start-1] == d.sep && isName(t[start-2]) {
		x.name = append([]string{t[start-2]}, x.name...)
		start -= 2
	}
	if start >= 1 && t[start-1] == d.sep && d.sep == "::" {
		start--
	}
	x.before, x.after = t[:start], t[end+1:]
	return x, x.cutParams()
}

// cutParams takes the parameters off what follows the name. ok is false where
// their bracket is not closed.
func (x *cDecl) cutParams() (ok bool) {
	if len(x.after) == 0 || x.after[0] != "(" {
		return true
	}
	c := closing(x.after, 0)
	if c < 0 {
		return false
	}
	x.isFunc = true
	x.params = splitTokens(x.after[1:c])
	x.after = x.after[c+1:]
	return true
}

// splitTokens cuts tokens at the commas outside brackets.
func splitTokens(t []string) [][]string {
	out := [][]string{}
	depth, start := 0, 0
	for i, tok := range t {
		switch tok {
		case "(", "[", "{", "<":
			depth++
		case ")", "]", "}", ">":
			depth--
		case ",":
			if depth == 0 {
				out = append(out, t[start:i])
				start = i + 1
			}
		}
	}
	if start < len(t) {
		out = append(out, t[start:])
	}
	return out
}

// paramName is the index of a parameter's name in its tokens, or -1.
func (d cDialect) paramName(t []string) int {
	x, ok := d.declaration(t)
	if !ok || len(x.name) != 1 {
		return -1
	}
	i := len(x.before)
	types := 0
	for _, w := range x.before {
		if isName(w) && w != "const" && w != "volatile" && w != "struct" && w != "union" && w != "enum" && w != "restrict" && w != "typename" {
			types++
		}
	}
	if types == 0 || i < len(t) && t[i] != x.name[0] {
		return -1
	}
	return i
}

// trails reports whether an arrow after the token gives a function's type; any
// other arrow leads to a member.
func trails(t string) bool {
	switch t {
	case ")", "const", "volatile", "noexcept", "override", "final", "&", "&&", "mutable":
		return true
	}
	return false
}

// spaced reports whether a blank stands between two tokens of a declaration.
func spaced(t []string, i int) bool {
	a, b := t[i-1], t[i]
	wordA := isName(a) || a[0] >= '0' && a[0] <= '9' || a[0] == '"' || a[0] == '\''
	wordB := isName(b) || b[0] >= '0' && b[0] <= '9' || b[0] == '"' || b[0] == '\''
	switch {
	case b == "->":
		return trails(a)
	case a == "->":
		return i < 2 || trails(t[i-2])
	case a == "," || a == "=" || b == "=":
		return true
	case b == "...":
		return a == "typename" || a == "class"
	case a == "...": // "typename ...Ts", but "Ts... ts"
		return wordB && i >= 2 && t[i-2] != "typename" && t[i-2] != "class"
	case wordA && wordB:
		return true
	case (wordA || a == ">" || a == "]") && (b == "*" || b == "&" || b == "&&" || b == "^"):
		for j := i; j < len(t); j++ {
			switch {
			case t[j] == "*" || t[j] == "&" || t[j] == "&&" || t[j] == "^":
			case isName(t[j]) || t[j] == "(":
				return true
			default:
				return false
			}
		}
		return false
	case wordA && b == "(":
		return i+1 < len(t) && (t[i+1] == "*" || t[i+1] == "^" || t[i+1] == "&")
	case (a == ">" || a == ")" || a == "]" || a == "]]") && wordB:
		return true
	}
	return false
}

// binary reports whether a blank stands between two tokens of an expression,
// beside those that stand in a declaration, too: about an operator with two
// sides.
func (d cDialect) binary(t []string, i int) bool {
	operator := func(k int) bool {
		if k == 0 || k+1 == len(t) {
			return false
		}
		if prev := t[k-1]; prev != ")" && prev != "]" && !(isName(prev) && !d.keywords[prev]) && !strings.ContainsAny(prev[:1], `0123456789"'`) {
			return false
		}
		switch t[k] {
		case "+", "-", "/", "%", "|", "^", "||", "==", "!=", "<=", ">=", "<<", ">>":
			return true
		case "<", ">":
			return d.domain == "c"
		case "*", "&", "&&": // not of a type
			return (isName(t[k+1]) || t[k+1] == "(" || t[k+1][0] >= '0' && t[k+1][0] <= '9') && !d.keywords[t[k+1]] &&
				!slices.ContainsFunc(t, func(w string) bool { return cTypes[w] || w == "const" || w == "struct" })
		}
		return false
	}
	return operator(i) || operator(i-1)
}

// show writes tokens as signature nodes; names that are no keywords refer to
// what they name, except the one at index own.
func (d cDialect) show(o *object, t []string, own int) []*doc.Node {
	var out []*doc.Node
	for i := 0; i < len(t); i++ {
		if i > 0 && (spaced(t, i) || d.expression && d.binary(t, i)) {
			out = append(out, plain(doc.KindDescSigSpace, o.pos, " "))
		}
		tok := t[i]
		switch {
		case i == own:
			out = append(out, plain(doc.KindDescSigName, o.pos, tok).AddClass("sig-param"))
		case cTypes[tok] && d.keywords[tok]:
			out = append(out, plain(doc.KindDescSigKeywordType, o.pos, tok))
		case isName(tok) && d.keywords[tok]:
			out = append(out, plain(doc.KindDescSigKeyword, o.pos, tok))
		case isName(tok):
			out = append(out, d.typeRef(o.p, t, i, o.pos))
		case tok[0] >= '0' && tok[0] <= '9':
			out = append(out, plain(doc.KindDescSigLiteralNumber, o.pos, tok))
		case strings.ContainsAny(tok, `"'`):
			out = append(out, plain(doc.KindDescSigLiteralString, o.pos, tok))
		case strings.Contains("+-/%|!", tok) || tok == "->" || tok == "&&" && d.domain == "c":
			out = append(out, plain(doc.KindDescSigOperator, o.pos, tok))
		default:
			out = append(out, plain(doc.KindDescSigPunctuation, o.pos, tok))
		}
	}
	return out
}

// typeRef refers to the name that the tokens up to i spell.
func (d cDialect) typeRef(p Parser, t []string, i int, pos doc.Pos) *doc.Node {
	target := t[i]
	for j := i; j >= 2 && t[j-1] == d.sep && isName(t[j-2]); j -= 2 {
		target = t[j-2] + d.sep + target
	}
	if d.domain == "cpp" && i+1 < len(t) && t[i+1] == "<" { // with its arguments, as in Sphinx
		for j, c := i+1, closing(t, i+1); j <= c; j++ {
			if j > i+1 && spaced(t, j) {
				target += " "
			}
			target += t[j]
		}
	}
	n := doc.New(doc.KindPendingXref, pos, plain(doc.KindDescSigName, pos, nameless(t[i]))).Set(doc.AttrRefDomain, d.domain).
		Set(doc.AttrRefType, "identifier").Set(doc.AttrRefTarget, target)
	setContext(p, n, d.domain)
	return n
}

// fill writes a declaration into a signature line.
func (d cDialect) fill(o *object, x cDecl, line *doc.Node) {
	pos := o.pos
	pointer := len(x.after) > 0 && x.after[0] == ")"
	if len(x.before) > 0 {
		line.Append(d.show(o, append(append([]string{}, x.before...), "x"), -1)...)
		line.Children = line.Children[:len(line.Children)-1] // the stand-in for the name
	}
	if n := len(x.name); n > 1 {
		add := doc.New(doc.KindDescAddname, pos)
		for i, part := range x.name[:n-1] {
			above := strings.Split(strings.Join(x.name[:i+1], " "+d.sep+" "), " ")
			ref := d.typeRef(o.p, above, len(above)-1, pos)
			if scope := o.p.State().Scope[d.domain]; i == 0 && d.domain == "c" && len(scope) > 0 && scope[len(scope)-1] == part {
				ref = ref.Children[0] // inside itself a name means its own member of that name
			}
			add.Append(ref, plain(doc.KindDescSigPunctuation, pos, d.sep))
		}
		line.Append(add)
	}
	last := x.name[len(x.name)-1]
	if op, ok := strings.CutPrefix(last, "operator"); ok && op != "" && !isWord(op[0]) && d.domain == "cpp" {
		shown := doc.New(doc.KindDescName, pos, plain(doc.KindDescSigKeyword, pos, "operator"))
		if word := strings.TrimSpace(op); word != op {
			kind := doc.KindDescSigName
			if cTypes[word] {
				kind = doc.KindDescSigKeywordType
			}
			shown.Append(plain(doc.KindDescSigSpace, pos, " "), plain(kind, pos, word))
		} else {
			shown.Append(plain(doc.KindDescSigOperator, pos, op))
		}
		line.Append(shown)
	} else {
		line.Append(doc.New(doc.KindDescName, pos, plain(doc.KindDescSigName, pos, nameless(last))))
	}
	if x.isFunc {
		list := doc.New(doc.KindDescParameterlist, pos)
		for _, p := range x.params {
			list.Append(doc.New(doc.KindDescParameter, pos, d.show(o, p, d.paramName(p))...))
		}
		line.Append(list)
	}
	if len(x.after) > 0 {
		if x.after[0] == ":" { // a bit field
			space := plain(doc.KindDescSigSpace, pos, " ")
			line.Append(space, plain(doc.KindDescSigPunctuation, pos, ":"), space)
			x.after = x.after[1:]
		} else if !pointer && (isName(x.after[0]) || x.after[0] == "=" || x.after[0] == "->") {
			line.Append(plain(doc.KindDescSigSpace, pos, " "))
		}
		line.Append(d.show(o, x.after, -1)...)
	}
}
