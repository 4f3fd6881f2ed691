package rst

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator writes random documents: every construct, with right and wrong
// arguments, options and contents, nested into each other.
type generator struct {
	*rand.Rand
	depth int
}

func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

var words = strings.Split("a|b|word|two words|Title|x1|é|中文|A.|it's|(x)|\"q\"|[y]|3|--|...|a-b|c_d|e:f|g/h|--opt|.. |::|\\*|\\ |é|“q”|’|\u00a0|😀", "|")

var inlines = strings.Split("*e*|**s**|``l``|`r`|`r`_|`r r`__|r_|r__|[1]_|[#]_|[#r]_|[*]_|[r]_|[CIT]_|_`r`|_`in line`|`in line`_|`t <u>`_|`t <r_>`_|`t <u>`__|`<u>`_|"+
	":emphasis:`x`|:sub:`2`|`x`:sup:|:code:`a\\b`|:math:`x^2`|:pep:`8`|:rfc:`1`|:raw:`x`|:role:`x`|:nope:`x`|http://a.b/c|a@b.c|mailto:x@y|<http://x>|"+
	"*e|**s|``l|`r|_`r|e*|s**|l``|*a*b|**a *b* c**|*a ``b* c``|\\*a*|a\\_|`a\\``|'*'|\"``\"|(*)|“*”|*“a”*|`a <b\\>`_|`a\n<b>`_|*a\nb*|``a\n  b``|"+
	"¦s¦|¦s¦_|¦s¦__|¦u¦|¦no¦|¦r¦|¦s|a¦s¦b|¦ s¦|¦s¦t¦", "|")

func (g *generator) text() string {
	var out []string
	for range 1 + g.IntN(4) {
		if g.one(3) {
			out = append(out, strings.ReplaceAll(g.pick(inlines...), "¦", "|"))
		} else {
			out = append(out, g.pick(words...))
		}
	}
	return strings.Join(out, g.pick(" ", " ", " ", " ", "", "\n", "-", ", "))
}

func (g *generator) line() string { return strings.ReplaceAll(g.text(), "\n", " ") }

// under indents all lines but the first by a width, and puts the first after
// a marker.
func (g *generator) under(marker, body string) string {
	pad := strings.Repeat(" ", max(0, len([]rune(marker))+g.pick0(0, 0, 0, 0, 1, -1)))
	return marker + strings.ReplaceAll(strings.ReplaceAll(body, "\n", "\n"+pad), pad+"\n", "\n")
}

func (g *generator) pick0(n ...int) int { return n[g.IntN(len(n))] }

func indent(by int, body string) string {
	pad := strings.Repeat(" ", by)
	return pad + strings.ReplaceAll(strings.ReplaceAll(body, "\n", "\n"+pad), pad+"\n", "\n")
}

func (g *generator) list(n int, item func(i int) string, between ...string) string {
	var out []string
	for i := range n {
		out = append(out, item(i))
	}
	return strings.Join(out, g.pick(between...))
}

func (g *generator) document() string {
	s := g.blocks(1 + g.IntN(5))
	if g.one(2) {
		s += "\n\n" + strings.Join([]string{".. |s| replace:: t *e*", ".. |u| unicode:: U+41\n   :trim:", ".. _r: u", ".. [1] n", ".. [#] a", ".. [CIT] c", "__ v"}[g.IntN(4):], "\n")
	}
	return s + g.pick("\n", "\n", "", "\n\n")
}

func (g *generator) blocks(n int) string {
	g.depth++
	defer func() { g.depth-- }()
	return g.list(n, func(int) string { return g.block() }, "\n\n", "\n\n", "\n\n", "\n\n", "\n\n", "\n", "\n\n\n", "\n\n..\n\n")
}

func (g *generator) body() string {
	if g.depth > 3 {
		return g.text()
	}
	return g.blocks(1 + g.IntN(2))
}

func (g *generator) block() string {
	switch g.IntN(24) {
	case 0, 1:
		return g.text()
	case 2:
		t := g.line()
		u := strings.Repeat(g.pick("=", "-", "~", "`", ":", "."), max(1, len([]rune(t))+g.pick0(0, 0, 0, 2, -1, -2)))
		return g.pick("", "", "", u+"\n", u+"=\n", "====\n") + g.pick("", "", " ") + t + "\n" + u
	case 3:
		m := g.pick("- ", "* ", "+ ", "• ", "-  ")
		return g.list(1+g.IntN(3), func(int) string { return g.under(m, g.body()) }, "\n", "\n\n")
	case 4:
		from := g.IntN(12)
		form := g.pick("%d. ", "%d) ", "(%d) ", "#. ", "%c. ", "(%c) ", "%c) ", "i. ", "ii. ", "I. ", "iv) ", "(x) ")
		return g.list(1+g.IntN(3), func(i int) string {
			m := form
			switch {
			case strings.Contains(form, "%d"):
				m = fmt.Sprintf(form, from+i)
			case strings.Contains(form, "%c"):
				m = fmt.Sprintf(form, rune(g.pick("a", "A", "h", "v", "I")[0])+rune(i))
			}
			return g.under(g.pick(m, m, m, m, "#. "), g.body())
		}, "\n", "\n\n")
	case 5:
		return g.list(1+g.IntN(2), func(int) string {
			return g.line() + g.pick("", "", " : "+g.line(), " : a : b") + "\n" + indent(2+g.IntN(2), g.body())
		}, "\n", "\n\n")
	case 6:
		return g.list(1+g.IntN(3), func(int) string { return g.under(":"+g.line()+": ", g.body()) }, "\n", "\n\n")
	case 7:
		return g.list(1+g.IntN(3), func(int) string {
			return g.under(g.pick("-a  ", "-b FILE  ", "--long=ARG  ", "--long <a b>  ", "/V  ", "-a, --all  ", "+p  ", "-a x y  ", "--x\n    "), g.body())
		}, "\n", "\n\n")
	case 8:
		return g.pick("::", g.text()+"::", g.text()+" ::") + g.pick("\n\n", "\n\n", "\n") + g.pick(indent(2, g.body()), "> "+g.line()+"\n> q", g.line())
	case 9:
		return g.list(1+g.IntN(4), func(int) string { return g.pick("| ", "| ", "|   ", "|", "|  ", "  ") + g.line() }, "\n")
	case 10:
		return indent(1+g.IntN(4), g.body()+g.pick("", "\n\n-- "+g.line(), "\n\n— x\n  y", "\n\n--- x\n     y\n   z"))
	case 11:
		return ">>> " + g.line() + g.pick("", "\n3", "\n ")
	case 12:
		return g.grid()
	case 13:
		return g.simple()
	case 14:
		return g.under(g.pick(".. [1] ", ".. [2] ", ".. [#] ", ".. [#r] ", ".. [*] ", ".. [CIT] ", ".. [r] ", ".. [a b] "), g.body())
	case 15:
		return g.list(1+g.IntN(3), func(int) string {
			return g.pick(".. _r: ", ".. _r:", ".. _x y: ", ".. _`in line`: ", "__ ", ".. __: ", ".. _r2: ", ".. _: ") + g.pick("", "r_", "u", "`x y`_", "r2_", "http://x\n   y", "a@b.c", "__", "x\\_")
		}, "\n", "\n\n")
	case 16:
		return ".. |" + g.pick("s", "u", "r", "S", "no ", "a\n   b") + "| " + g.directiveNamed(g.pick("replace", "replace", "image", "unicode", "date", "raw", "note", "math", "nope"))
	case 17:
		return g.under(".. ", g.body())
	case 18:
		return g.pick("----", "====", "--", "....", "----------")
	default:
		return ".. " + g.directive()
	}
}

func (g *generator) grid() string {
	a, b := g.line(), g.line()
	w, v := len([]rune(a))+g.IntN(3), len([]rune(b))+g.IntN(3)
	pad := func(s string, w int) string { return s + strings.Repeat(" ", max(0, w-len([]rune(s)))) }
	rule := func(c string) string { return "+" + strings.Repeat(c, w) + "+" + strings.Repeat(c, v) + "+\n" }
	row := "|" + pad(a, w) + "|" + pad(b, v) + "|\n"
	span := "|" + pad(g.pick(a, b), w+v+1) + "|\n"
	down := "|" + pad("", w) + "+" + strings.Repeat("-", v) + "+\n"
	return strings.TrimSuffix(rule("-")+g.pick(row, span)+g.pick(rule("="), rule("-"), down, "")+g.pick(row, span)+g.pick("", rule("-")+row)+rule("-"), "\n")
}

func (g *generator) simple() string {
	a, b := g.line(), g.line()
	w := len([]rune(a)) + g.IntN(3)
	v := max(1, len([]rune(b))+g.IntN(3)-1)
	rule := func(c string) string { return strings.Repeat(c, w) + "  " + strings.Repeat(c, v) + "\n" }
	row := func() string {
		return g.pick(a, a, "", "\\", "..") + "\x00" + b
	}
	line := func() string {
		left, right, _ := strings.Cut(row(), "\x00")
		return left + strings.Repeat(" ", max(0, w+2-len([]rune(left)))) + right + "\n"
	}
	return strings.TrimSuffix(rule("=")+line()+g.pick("", rule("="), rule("-"), "\n", strings.Repeat("-", w+v+2)+"\n")+line()+g.pick("", line())+rule("="), "\n")
}

var directiveNames = strings.Fields("note warning tip admonition topic sidebar rubric epigraph highlights pull-quote compound container line-block parsed-literal code math image figure " +
	"table csv-table list-table contents sectnum header footer target-notes meta class role default-role title raw replace unicode date include unknown")

func (g *generator) directive() string { return g.directiveNamed(g.pick(directiveNames...)) }

var directiveOptions = map[string][]string{
	"image": strings.Fields("alt height width scale align target"), "figure": strings.Fields("alt height width scale align target figwidth figclass"),
	"table": strings.Fields("align widths width"), "list-table": strings.Fields("align widths width header-rows stub-columns"),
	"csv-table": strings.Fields("header header-rows stub-columns delim quote escape keepspace align widths width encoding"),
	"contents":  strings.Fields("depth local backlinks"), "sectnum": strings.Fields("depth start prefix suffix"), "code": strings.Fields("number-lines"),
	"role": strings.Fields("format language"), "sidebar": {"subtitle"}, "raw": {"encoding"}, "unicode": strings.Fields("trim ltrim rtrim"),
}

func (g *generator) directiveNamed(name string) string {
	argument := g.pick("", "", g.line(), g.line(), "a.png", "x y", "html", g.text())
	switch name {
	case "role":
		argument = g.pick("role", "role(emphasis)", "r(raw)", "role(code)", "role(nope)", "x y", "", "em(role)")
	case "default-role":
		argument = g.pick("", "strong", "role", "nope")
	case "unicode":
		argument = g.pick("U+41", "0x263a x", "65 66 .. c", "x", "U+FFFFFFF", "&#x41;")
	case "date":
		argument = g.pick("", "%Y", "%d.%m.")
	case "include":
		argument = g.pick("nofile", "")
	}
	s := name + g.pick("::", "::", "::", "::", "::", "::", " ::", ":") + " " + strings.ReplaceAll(argument, "\n", "\n   ")
	names := append([]string{"class", "name"}, directiveOptions[name]...)
	for range max(0, g.IntN(5)-1) {
		option := g.pick(names...)
		if g.one(15) {
			option = g.pick("clas", "a b", "CLASS", "`x`", "number-lines", "align")
		}
		s += "\n   :" + option + ":" + g.pick(" ", " ", " ", "") + g.pick("", "a", "a b", "1", "2", "0", "-1", "10px", "50%", "50 %", "1.5em", "left", "top", "center", "middle", "auto", "grid", "1 2", "1,2", "r_", "`r`_", "http://x",
			"entry", "none", "tab", ";", "'", "U+3B", "utf-8", "html", "python", g.line(), "x\n      y", "é")
	}
	content := g.body()
	switch name {
	case "header", "footer": // in each other their order is docutils' secret
		content = g.text()
	case "list-table":
		content = g.list(1+g.IntN(3), func(int) string {
			return g.under("* ", g.list(1+g.IntN(2), func(int) string { return g.under("- ", g.body()) }, "\n"))
		}, "\n")
	case "csv-table":
		content = g.list(1+g.IntN(3), func(int) string {
			return g.list(1+g.IntN(2), func(int) string {
				return g.pick(g.line(), "\""+strings.ReplaceAll(g.text(), "\"", "\"\"")+"\"", "", "'a;b'")
			}, ",", ", ", ";")
		}, "\n", "\n\n")
	case "table":
		content = g.pick(g.grid(), g.simple(), content)
	case "meta":
		content = g.list(1+g.IntN(2), func(int) string { return ":" + g.line() + ": " + g.text() }, "\n")
	}
	if g.one(5) {
		return s
	}
	return s + g.pick("\n\n", "\n\n", "\n\n", "\n") + indent(g.pick0(3, 3, 3, 3, 4, 1), content)
}
