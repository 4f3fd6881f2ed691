package directive

import (
	"strconv"
	"strings"
)

var cppFields = []fieldKind{
	{label: "Parameters", names: []string{"param", "parameter", "arg", "argument"}, arg: true, grouped: true, collapse: true},
	{label: "Template Parameters", names: []string{"tparam", "template parameter"}, arg: true, grouped: true, collapse: true},
	{label: "Throws", names: []string{"throws", "throw", "exception"}, arg: true, grouped: true, collapse: true},
	{label: "Return values", names: []string{"retvals", "retval"}, arg: true, grouped: true, collapse: true},
	{label: "Returns", names: []string{"returns", "return"}},
}

func cppDomain(t *Table) {
	for _, k := range []cKind{
		{name: "function"}, {name: "member"}, {name: "var", display: "member"}, {name: "class", prefix: "class", nests: true},
		{name: "struct", display: "struct", prefix: "struct", nests: true}, {name: "union", prefix: "union", nests: true},
		{name: "enum", prefix: "enum", nests: true}, {name: "enum-class", display: "enum", prefix: "enum class", nests: true},
		{name: "enum-struct", display: "enum", prefix: "enum struct", nests: true}, {name: "enumerator", prefix: "enumerator"},
		{name: "type", prefix: "type", nests: true}, {name: "concept", prefix: "concept"},
	} {
		k.cDialect = dialectX
		k.add(t, cppFields)
	}
	addNamespaces(t, "cpp")
	for _, kind := range []string{"any", "class", "struct", "union", "func", "member", "var", "type", "concept", "enum", "enumerator"} {
		t.role(crossRef{domain: "cpp", kind: kind, parens: kind == "func", link: dialectX.link}.reading(), "cpp:"+kind)
	}
	t.role(dialectX.expr, "cpp:expr", "cpp:texpr")
}

// itanium are the short names of fundamental types.
var itanium = map[string]string{
	"void": "v", "bool": "b", "char": "c", "signed char": "a", "unsigned char": "h", "short": "s", "unsigned short": "t", "int": "i",
	"unsigned int": "j", "unsigned": "j", "long": "l", "unsigned long": "m", "long long": "x", "unsigned long long": "y", "float": "f",
	"double": "d", "long double": "e", "wchar_t": "w", "char16_t": "Ds", "char32_t": "Di", "auto": "Da", "...": "z",
}

// mangle makes Sphinx' anchor of a C++ name (its version 4 of ids), exactly
// for names and for functions of plain types.
func mangle(parts []string, x cDecl, templates []string, kind string) string {
	id := "_CPPv4"
	for i := 0; i < len(templates); i++ {
		if templates[i] != "<" {
			continue
		}
		end := closing(templates, i)
		id += "I"
		for _, p := range splitTokens(templates[i+1 : end]) {
			id += mangleTemplateParam(p)
		}
		id += "E"
		i = end
	}
	name := mangleName(parts)
	isFunc := kind == "function"
	if q := qualifiers(x.after); isFunc && q != "" {
		if rest, ok := strings.CutPrefix(name, "N"); ok {
			name = "N" + q + rest
		} else {
			name = "N" + q + name + "E"
		}
	}
	id += name
	if !isFunc {
		return id
	}
	if len(templates) > 0 && len(x.before) > 0 {
		id += mangleType(x.before)
	}
	if len(x.params) == 0 {
		return id + "v"
	}
	for _, p := range x.params {
		if own := dialectX.paramName(p); own >= 0 {
			p = append(append([]string{}, p[:own]...), p[own+1:]...)
		}
		for i, t := range p {
			if t == "=" {
				p = p[:i]
				break
			}
		}
		id += mangleType(p)
	}
	return id
}

// qualifiers are the letters for what stands behind a function's parameters.
func qualifiers(after []string) string {
	has := map[string]bool{}
	for _, t := range after {
		if t == "=" || t == "->" || t == ":" {
			break
		}
		has[t] = true
	}
	out := ""
	for _, q := range [][2]string{{"volatile", "V"}, {"const", "K"}, {"&&", "O"}, {"&", "R"}} {
		if has[q[0]] {
			out += q[1]
		}
	}
	return out
}

// operatorIDs are the short names of operators; those that are also unary are
// taken as binary.
var operatorIDs = map[string]string{
	"new": "nw", "new[]": "na", "delete": "dl", "delete[]": "da", "~": "co", "+": "pl", "-": "mi", "*": "ml", "/": "dv", "%": "rm", "&": "an",
	"|": "or", "^": "eo", "=": "aS", "+=": "pL", "-=": "mI", "*=": "mL", "/=": "dV", "%=": "rM", "&=": "aN", "|=": "oR", "^=": "eO",
	"<<": "ls", ">>": "rs", "<<=": "lS", ">>=": "rS", "==": "eq", "!=": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge", "<=>": "ss",
	"!": "nt", "&&": "aa", "||": "oo", "++": "pp", "--": "mm", ",": "cm", "->*": "pm", "->": "pt", "()": "cl", "[]": "ix",
}

func mangleTemplateParam(t []string) string {
	pack := ""
	for _, tok := range t {
		if tok == "..." {
			pack = "Dp"
		}
	}
	if t[0] == "typename" || t[0] == "class" {
		if pack != "" {
			return pack
		}
		return "0"
	}
	if own := dialectX.paramName(t); own >= 0 {
		t = t[:own]
	}
	return pack + "_" + mangleType(t)
}

func mangleName(parts []string) string {
	var s strings.Builder
	for i, p := range parts {
		op := strings.TrimSpace(strings.TrimPrefix(p, "operator"))
		switch short := operatorIDs[op]; {
		case i == 0 && p == "std" && len(parts) > 1:
			s.WriteString("St")
		case strings.HasPrefix(p, "operator") && short != "":
			s.WriteString(short)
		case strings.HasPrefix(p, "operator "):
			s.WriteString("cv" + mangleType(cTokens(op)))
		case strings.HasPrefix(p, "@"):
			s.WriteString("Ut" + strconv.Itoa(len(p)-1) + "_" + p[1:])
		case strings.HasPrefix(p, "~"):
			s.WriteString("D0")
		default:
			s.WriteString(strconv.Itoa(len(p)) + p)
		}
	}
	if len(parts) > 1 {
		return "N" + s.String() + "E"
	}
	return s.String()
}

func mangleType(t []string) string {
	wrap, base, constant := "", []string{}, false
	for i := 0; i < len(t); i++ {
		switch tok := t[i]; tok {
		case "const":
			if len(wrap) > 0 { // of the pointer before it
				wrap = wrap[:1] + "C" + wrap[1:]
			} else {
				constant = true
			}
		case "*":
			wrap = "P" + wrap
		case "&":
			wrap = "R" + wrap
		case "&&":
			wrap = "O" + wrap
		case "[":
			wrap = "A_" + wrap
			if c := closing(t, i); c > 0 {
				i = c
			}
		case "...":
			if len(base) > 0 {
				wrap = "Dp" + wrap
			} else {
				base = append(base, tok)
			}
		case "struct", "class", "typename", "enum", "volatile":
		default:
			base = append(base, tok)
		}
	}
	k := ""
	if constant {
		k = "K"
	}
	if short, ok := itanium[strings.Join(base, " ")]; ok {
		return wrap + k + short
	}
	var names []string
	args := ""
	for i := 0; i < len(base); i++ {
		switch {
		case base[i] == "<":
			c := closing(base, i)
			if c < 0 {
				c = len(base) - 1
			}
			args = "I"
			for _, a := range splitTokens(base[i+1 : max(i+1, c)]) {
				args += mangleType(a)
			}
			args += "E"
			i = c
		case isName(base[i]):
			names = append(names, base[i])
		}
	}
	name := mangleName(names)
	if args != "" {
		if len(names) > 1 {
			name = strings.TrimSuffix(name, "E") + args + "E"
		} else {
			name += args
		}
	}
	return wrap + k + name
}
