package html

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AppendMathML appends a formula in LaTeX's notation as MathML Core. It knows
// the notation of plain mathematics and amsmath: scripts, fractions, roots,
// accents, delimiters, matrices and alignments, alphabets, symbols. The error
// names what it does not know; dst is then unchanged in length.
func AppendMathML(dst []byte, tex string, display bool) ([]byte, error) {
	if len(tex) > maxFormula {
		return dst, fmt.Errorf("it is longer than %d bytes", maxFormula)
	}
	m := &mathReader{src: tex}
	rows, err := m.alignment("", display && (strings.Contains(tex, `\\`) || strings.Contains(tex, "&")))
	if err == nil && m.at < len(m.src) {
		err = fmt.Errorf("there is a `%s` too many", m.peek())
	}
	if err != nil {
		return dst, err
	}
	dst = append(dst, "<math"...)
	if display {
		dst = append(dst, ` display="block"`...)
	}
	dst = append(dst, ` alttext="`...)
	dst = appendEscaped(dst, strings.TrimSpace(tex))
	dst = append(dst, `">`...)
	dst = append(dst, rows...)
	return append(dst, "</math>"...), nil
}

const (
	maxFormula   = 64 << 10
	maxMathDepth = 100
)

// A mathReader reads one formula, by recursive descent. What it makes are
// strings of MathML.
type mathReader struct {
	src     string
	at      int
	depth   int
	variant string // alphabet in force: "bold", "double-struck" ...
}

var errMathDepth = errors.New("it nests too deep")

// peek gives the next token without taking it: a command with its backslash,
// or one character; "" at the end. White space before it is skipped.
func (m *mathReader) peek() string {
	for m.at < len(m.src) {
		switch m.src[m.at] {
		case ' ', '\t', '\n', '\r':
			m.at++
			continue
		case '%': // a comment
			i := strings.IndexByte(m.src[m.at:], '\n')
			if i < 0 {
				m.at = len(m.src)
			} else {
				m.at += i + 1
			}
			continue
		}
		break
	}
	rest := m.src[m.at:]
	if rest == "" {
		return ""
	}
	if rest[0] == '\\' && len(rest) > 1 {
		i := 1
		for i < len(rest) && (rest[i] >= 'a' && rest[i] <= 'z' || rest[i] >= 'A' && rest[i] <= 'Z') {
			i++
		}
		if i == 1 {
			_, k := utf8.DecodeRuneInString(rest[1:])
			i += k
		}
		return rest[:i]
	}
	_, k := utf8.DecodeRuneInString(rest)
	return rest[:k]
}

func (m *mathReader) take() string {
	t := m.peek()
	m.at += len(t)
	return t
}

// star takes a * that belongs to the command before it.
func (m *mathReader) star() {
	if m.at < len(m.src) && m.src[m.at] == '*' {
		m.at++
	}
}

// alignment reads rows up to \end{env} or, for the whole formula (env is ""),
// to its end. Without table the rows of a lone cell are just its row.
func (m *mathReader) alignment(env string, table bool) (string, error) {
	var rows [][]string
	row := []string{}
	for {
		cell, err := m.row(func(t string) bool {
			return t == "" || t == `\\` || t == "&" || t == `\end` || t == `\cr` || t == "}" || t == `\right`
		})
		if err != nil {
			return "", err
		}
		row = append(row, cell)
		t := m.peek()
		switch t {
		case "&":
			m.take()
			continue
		case `\\`, `\cr`:
			m.take()
			m.star()
			if m.peek() == "[" { // extra space
				m.optional()
			}
			rows, row = append(rows, row), []string{}
			continue
		case `\end`:
			if env == "" {
				return "", errors.New("there is an `\\end` without its `\\begin`")
			}
			m.take()
			name, err := m.name()
			if err != nil {
				return "", err
			}
			if name != env {
				return "", fmt.Errorf("`\\begin{%s}` ends as `\\end{%s}`", env, name)
			}
		case "":
			if env != "" {
				return "", fmt.Errorf("`\\begin{%s}` does not end", env)
			}
		default:
			return "", fmt.Errorf("there is a `%s` too many", t)
		}
		break
	}
	if len(row) > 1 || row[0] != "" || len(rows) == 0 {
		rows = append(rows, row)
	}
	if !table || env == "" && len(rows) == 1 && len(rows[0]) == 1 {
		var b strings.Builder
		for _, r := range rows {
			b.WriteString(strings.Join(r, ""))
		}
		return b.String(), nil
	}
	var b strings.Builder
	b.WriteString(`<mtable`)
	switch {
	case env == "" || strings.HasPrefix(env, "align") || env == "split" || strings.HasPrefix(env, "eqnarray") || strings.HasPrefix(env, "flalign"):
		b.WriteString(` class="align"`)
	case strings.HasPrefix(env, "cases"), env == "dcases", env == "rcases":
		b.WriteString(` class="cases"`)
	}
	b.WriteString(">")
	for _, r := range rows {
		b.WriteString("<mtr>")
		for _, c := range r {
			b.WriteString("<mtd>" + c + "</mtd>")
		}
		b.WriteString("</mtr>")
	}
	b.WriteString("</mtable>")
	return b.String(), nil
}

// row reads terms up to a token that stops it, which stays.
func (m *mathReader) row(stop func(string) bool) (string, error) {
	if m.depth++; m.depth > maxMathDepth {
		return "", errMathDepth
	}
	defer func() { m.depth-- }()
	variant := m.variant
	defer func() { m.variant = variant }()
	var b strings.Builder
	for {
		t := m.peek()
		if stop(t) || t == "" {
			return b.String(), nil
		}
		if k, ok := infix[t]; ok { // a \over b
			m.take()
			rest, err := m.row(stop)
			if err != nil {
				return "", err
			}
			return k[0] + "<mfrac" + k[1] + "><mrow>" + b.String() + "</mrow><mrow>" + rest + "</mrow></mfrac>" + k[2], nil
		}
		s, err := m.term()
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
}

var infix = map[string][3]string{`\over`: {}, `\atop`: {"", ` linethickness="0"`, ""},
	`\choose`: {"<mo>(</mo>", ` linethickness="0"`, "<mo>)</mo>"}}

// term reads an atom and its scripts.
func (m *mathReader) term() (string, error) {
	var base string
	var limits bool
	t := m.peek()
	if t == "^" || t == "_" || t == "'" {
		base = "<mrow></mrow>"
	} else {
		var err error
		if base, limits, err = m.atom(); err != nil {
			return "", err
		}
	}
	var sub, sup string
	primes := 0
	for {
		switch t = m.peek(); t {
		case `\limits`:
			m.take()
			limits = true
			continue
		case `\nolimits`:
			m.take()
			limits = false
			continue
		case "'":
			m.take()
			primes++
			continue
		case "_", "^":
			m.take()
			s, err := m.argument()
			if err != nil {
				return "", err
			}
			if t == "_" && sub == "" {
				sub = s
			} else if t == "^" && sup == "" {
				sup = s
			} else {
				return "", fmt.Errorf("there are two `%s` on one base", t)
			}
			continue
		}
		break
	}
	if primes > 0 {
		p := "<mo>" + strings.Repeat("′", primes) + "</mo>"
		if sup == "" {
			sup = p
		} else {
			sup = "<mrow>" + p + sup + "</mrow>"
		}
	}
	under, over, both := "msub", "msup", "msubsup"
	if limits {
		under, over, both = "munder", "mover", "munderover"
	}
	switch {
	case sub != "" && sup != "":
		return "<" + both + ">" + base + sub + sup + "</" + both + ">", nil
	case sub != "":
		return "<" + under + ">" + base + sub + "</" + under + ">", nil
	case sup != "":
		return "<" + over + ">" + base + sup + "</" + over + ">", nil
	}
	return base, nil
}

// argument reads a group or one atom, as one element.
func (m *mathReader) argument() (string, error) {
	t := m.peek()
	if t == "" || t == "}" || t == "&" || t == "^" || t == "_" {
		return "", errors.New("something is missing after the last command")
	}
	if t == "{" {
		m.take()
		s, err := m.row(func(t string) bool { return t == "}" })
		if err != nil {
			return "", err
		}
		if m.take() != "}" {
			return "", errors.New("a `{` is not closed")
		}
		return "<mrow>" + s + "</mrow>", nil
	}
	if t[0] >= '0' && t[0] <= '9' { // x^12 is x^1 2
		m.take()
		return "<mn>" + t + "</mn>", nil
	}
	s, _, err := m.atom()
	return s, err
}

// optional takes [..] and gives its inside, or "".
func (m *mathReader) optional() string {
	if m.peek() != "[" {
		return ""
	}
	from := m.at + 1
	depth := 0
	for i := from; i < len(m.src); i++ {
		switch m.src[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ']':
			if depth == 0 {
				m.at = i + 1
				return m.src[from:i]
			}
		}
	}
	return ""
}

// name takes {..} as plain text.
func (m *mathReader) name() (string, error) {
	if m.peek() != "{" {
		return "", errors.New("a name in braces is missing")
	}
	from := m.at + 1
	depth := 0
	for i := m.at; i < len(m.src); i++ {
		switch m.src[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				m.at = i + 1
				return m.src[from:i], nil
			}
		}
	}
	return "", errors.New("a `{` is not closed")
}

// atom reads one thing without its scripts. limits says that scripts stand
// above and below it.
func (m *mathReader) atom() (s string, limits bool, err error) {
	if m.depth++; m.depth > maxMathDepth {
		return "", false, errMathDepth
	}
	defer func() { m.depth-- }()
	t := m.take()
	c := t[0]
	switch {
	case c == '{':
		m.at--
		s, err = m.argument()
		return s, false, err
	case c == '}' || c == '&' || c == '$' || c == '#':
		return "", false, fmt.Errorf("there is a `%s` too many", t)
	case c == '\\' && len(t) > 1:
		return m.command(t[1:])
	case c >= '0' && c <= '9' || c == '.' && m.at < len(m.src) && m.src[m.at] >= '0' && m.src[m.at] <= '9':
		from := m.at - 1
		for m.at < len(m.src) && (m.src[m.at] >= '0' && m.src[m.at] <= '9' || m.src[m.at] == '.' && m.at+1 < len(m.src) && m.src[m.at+1] >= '0' && m.src[m.at+1] <= '9') {
			m.at++
		}
		return "<mn>" + m.letters(m.src[from:m.at]) + "</mn>", false, nil
	case c == '~':
		return `<mspace width="0.25em"></mspace>`, false, nil
	case c == '-':
		return "<mo>−</mo>", false, nil
	case c == '*':
		return "<mo>∗</mo>", false, nil
	case strings.IndexByte("()[]|", c) >= 0:
		return `<mo stretchy="false">` + t + "</mo>", false, nil
	}
	r, _ := utf8.DecodeRuneInString(t)
	if unicode.IsLetter(r) {
		return m.identifier(t), false, nil
	}
	return "<mo>" + escapeString(t) + "</mo>", false, nil
}

// identifier writes a letter. One letter alone is drawn slanted by itself;
// roman ones say so.
func (m *mathReader) identifier(s string) string {
	if m.variant == "normal" {
		return `<mi mathvariant="normal">` + s + "</mi>"
	}
	return "<mi>" + m.letters(s) + "</mi>"
}

// letters puts text in the alphabet in force.
func (m *mathReader) letters(s string) string {
	if m.variant == "" || m.variant == "normal" {
		return escapeString(s)
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(styled(r, m.variant))
	}
	return escapeString(b.String())
}

func (m *mathReader) command(name string) (s string, limits bool, err error) {
	if o, ok := mathOperators[name]; ok {
		return "<mo>" + escapeString(o) + "</mo>", false, nil
	}
	if o, ok := mathLetters[name]; ok {
		return "<mi>" + o + "</mi>", false, nil
	}
	if o, ok := mathLarge[name]; ok {
		integral := strings.Contains(name, "int")
		return "<mo>" + o + "</mo>", !integral, nil
	}
	if w, ok := mathSpaces[name]; ok {
		return `<mspace width="` + w + `"></mspace>`, false, nil
	}
	if mathFunctions[name] != 0 {
		label := name
		switch name {
		case "limsup", "liminf":
			label = "lim " + name[3:]
		}
		return "<mi>" + label + "</mi>", mathFunctions[name] == 2, nil
	}
	if v, ok := mathAlphabets[name]; ok {
		return m.alphabet(v)
	}
	if a, ok := mathAccents[name]; ok {
		arg, err := m.argument()
		return `<mover accent="true">` + arg + `<mo` + a[1] + `>` + a[0] + "</mo></mover>", false, err
	}
	if a, ok := mathBraces[name]; ok {
		arg, err := m.argument()
		return "<" + a[0] + ">" + arg + "<mo>" + a[1] + "</mo></" + a[0] + ">", a[2] != "", err
	}
	if size, ok := mathBig[name]; ok {
		d, err := m.delimiter()
		return `<mo minsize="` + size + `" maxsize="` + size + `">` + d + "</mo>", false, err
	}
	switch name {
	case "frac", "dfrac", "tfrac", "cfrac":
		return m.two("<mfrac>", "</mfrac>")
	case "binom", "dbinom", "tbinom":
		return m.two(`<mrow><mo>(</mo><mfrac linethickness="0">`, "</mfrac><mo>)</mo></mrow>")
	case "sqrt":
		index := m.optional()
		arg, err := m.argument()
		if err != nil || index == "" {
			return "<msqrt>" + arg + "</msqrt>", false, err
		}
		sub := &mathReader{src: index, depth: m.depth}
		i, err := sub.row(func(t string) bool { return t == "" })
		return "<mroot>" + arg + "<mrow>" + i + "</mrow></mroot>", false, err
	case "overset", "stackrel":
		return m.swapped("mover")
	case "underset":
		return m.swapped("munder")
	case "text", "textrm", "textnormal", "mbox", "hbox", "textit", "textbf", "texttt", "textsf":
		text, err := m.name()
		return "<mtext>" + escapeString(nbsp(text)) + "</mtext>", false, err
	case "operatorname":
		star := m.at < len(m.src) && m.src[m.at] == '*'
		m.star()
		text, err := m.name()
		return "<mi>" + escapeString(strings.ReplaceAll(text, `\,`, " ")) + "</mi>", star, err
	case "left":
		return m.fenced()
	case "begin":
		s, err := m.environment()
		return s, false, err
	case "substack":
		if m.take() != "{" {
			return "", false, errors.New("`\\substack` needs a group")
		}
		var rows strings.Builder
		for {
			r, err := m.row(func(t string) bool { return t == "}" || t == `\\` })
			if err != nil {
				return "", false, err
			}
			rows.WriteString("<mtr><mtd>" + r + "</mtd></mtr>")
			switch m.take() {
			case "}":
				return "<mtable>" + rows.String() + "</mtable>", false, nil
			case "":
				return "", false, errors.New("a `{` is not closed")
			}
		}
	case "phantom", "hphantom", "vphantom":
		arg, err := m.argument()
		return "<mphantom>" + arg + "</mphantom>", false, err
	case "boxed":
		arg, err := m.argument()
		return `<mrow class="boxed">` + arg + "</mrow>", false, err
	case "not":
		arg, err := m.argument()
		return strings.Replace(arg, "</mo>", "\u0338</mo>", 1), false, err
	case "mathop":
		arg, err := m.argument()
		return arg, true, err
	case "mathbin", "mathrel", "mathord", "mathopen", "mathclose", "mathpunct", "mathinner", "ensuremath":
		arg, err := m.argument()
		return arg, false, err
	case "pmod":
		arg, err := m.argument()
		return `<mspace width="1em"></mspace><mo stretchy="false">(</mo><mi>mod</mi><mspace width="0.3em"></mspace>` + arg + `<mo stretchy="false">)</mo>`, false, err
	case "bmod", "mod":
		return `<mspace width="0.3em"></mspace><mi>mod</mi><mspace width="0.3em"></mspace>`, false, nil
	case "tag":
		m.star()
		text, err := m.name()
		return `<mspace width="2em"></mspace><mtext>(` + escapeString(text) + ")</mtext>", false, err
	case "label", "hspace", "vspace", "color":
		m.star()
		_, err := m.name()
		return "", false, err
	case "textcolor":
		if _, err := m.name(); err != nil {
			return "", false, err
		}
		arg, err := m.argument()
		return arg, false, err
	case "displaystyle", "textstyle", "scriptstyle", "scriptscriptstyle", "nonumber", "notag", "hline", "allowbreak", "nobreak", "strut",
		"big.", "middle.", "relax", "noindent":
		return "", false, nil
	case "middle":
		d, err := m.delimiter()
		return `<mo stretchy="true">` + d + "</mo>", false, err
	case "rm":
		m.variant = "normal"
		return "", false, nil
	case "bf":
		m.variant = "bold"
		return "", false, nil
	case "it":
		m.variant = ""
		return "", false, nil
	case "cal":
		m.variant = "script"
		return "", false, nil
	case "right":
		return "", false, errors.New("there is a `\\right` without its `\\left`")
	case "end":
		return "", false, errors.New("there is an `\\end` without its `\\begin`")
	}
	return "", false, fmt.Errorf("the command `\\%s` is not known", name)
}

func nbsp(s string) string {
	if s != strings.TrimSpace(s) { // MathML drops blanks at the ends
		s = strings.ReplaceAll(s, " ", "\u00a0")
	}
	return s
}

func (m *mathReader) alphabet(v string) (string, bool, error) {
	was := m.variant
	m.variant = v
	defer func() { m.variant = was }()
	if v == "normal" && m.peek() == "{" { // \mathrm{kg} is one word
		at := m.at
		if word, err := m.name(); err == nil && word != "" && strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }) < 0 {
			if utf8.RuneCountInString(word) == 1 {
				return m.identifier(word), false, nil
			}
			return "<mi>" + word + "</mi>", false, nil
		}
		m.at = at
	}
	s, err := m.argument()
	return s, false, err
}

func (m *mathReader) two(before, after string) (string, bool, error) {
	a, err := m.argument()
	if err != nil {
		return "", false, err
	}
	b, err := m.argument()
	return before + a + b + after, false, err
}

func (m *mathReader) swapped(tag string) (string, bool, error) {
	a, err := m.argument()
	if err != nil {
		return "", false, err
	}
	b, err := m.argument()
	return "<" + tag + ">" + b + a + "</" + tag + ">", false, err
}

// delimiter takes what follows \left, \right and \big.
func (m *mathReader) delimiter() (string, error) {
	t := m.take()
	switch t {
	case "":
		return "", errors.New("a delimiter is missing")
	case ".":
		return "", nil
	case "<":
		return "⟨", nil
	case ">":
		return "⟩", nil
	}
	if t[0] != '\\' || len(t) == 1 {
		return escapeString(t), nil
	}
	if o, ok := mathOperators[t[1:]]; ok {
		return escapeString(o), nil
	}
	return "", fmt.Errorf("`%s` is no delimiter", t)
}

func (m *mathReader) fenced() (string, bool, error) {
	open, err := m.delimiter()
	if err != nil {
		return "", false, err
	}
	inside, err := m.row(func(t string) bool { return t == `\right` })
	if err != nil {
		return "", false, err
	}
	if m.take() != `\right` {
		return "", false, errors.New("a `\\left` has no `\\right`")
	}
	end, err := m.delimiter()
	if err != nil {
		return "", false, err
	}
	return "<mrow>" + fence(open) + inside + fence(end) + "</mrow>", false, nil
}

func fence(d string) string {
	if d == "" {
		return ""
	}
	return `<mo stretchy="true">` + d + "</mo>"
}

// environment reads what follows \begin.
func (m *mathReader) environment() (string, error) {
	if m.depth++; m.depth > maxMathDepth {
		return "", errMathDepth
	}
	defer func() { m.depth-- }()
	env, err := m.name()
	if err != nil {
		return "", err
	}
	base := strings.TrimSuffix(env, "*")
	open, end, table := "", "", true
	switch base {
	case "matrix", "smallmatrix", "aligned", "align", "alignat", "alignedat", "flalign", "split", "gather", "gathered", "eqnarray", "multline", "array", "subarray", "darray":
	case "equation", "math", "displaymath":
		table = false
	case "pmatrix":
		open, end = "(", ")"
	case "bmatrix":
		open, end = "[", "]"
	case "Bmatrix":
		open, end = "{", "}"
	case "vmatrix":
		open, end = "|", "|"
	case "Vmatrix":
		open, end = "‖", "‖"
	case "cases", "dcases":
		open = "{"
	case "rcases":
		end = "}"
	default:
		return "", fmt.Errorf("the environment `%s` is not known", env)
	}
	switch base {
	case "array", "darray", "alignat", "alignedat", "subarray":
		m.optional()
		if _, err := m.name(); err != nil {
			return "", err
		}
	}
	s, err := m.alignment(env, table)
	if err != nil {
		return "", err
	}
	if open == "" && end == "" {
		return "<mrow>" + s + "</mrow>", nil
	}
	return "<mrow>" + fence(open) + s + fence(end) + "</mrow>", nil
}

// styled gives a letter or digit in one of Unicode's mathematical alphabets.
func styled(r rune, variant string) rune {
	if r2, ok := mathHoles[variant][r]; ok {
		return r2
	}
	a := mathPlanes[variant]
	switch {
	case 'A' <= r && r <= 'Z' && a[0] != 0:
		return a[0] + r - 'A'
	case 'a' <= r && r <= 'z' && a[1] != 0:
		return a[1] + r - 'a'
	case '0' <= r && r <= '9' && a[2] != 0:
		return a[2] + r - '0'
	case 'Α' <= r && r <= 'Ω' && variant == "bold":
		return 0x1D6A8 + r - 'Α'
	case 'α' <= r && r <= 'ω' && variant == "bold":
		return 0x1D6C2 + r - 'α'
	}
	return r
}
