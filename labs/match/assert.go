package match

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Env answers what a claim asks for. Either function may be nil.
type Env struct {
	// Value gives a captured value, such as "443MB" or "13936.007".
	Value func(name string) (string, bool)
	// Size gives the size of an image in bytes, by the name or tag that the
	// claim uses: efficient, or nvcr.io/org/nbody:efficient.
	Size func(image string) (int64, bool)
}

// A Claim is a claim of the page and how it came out.
type Claim struct {
	OK    bool
	Shown string // the claim with values put in: "443MB < 8.26GB/10"
}

// Assert evaluates a claim:
//
//	size(efficient) < size(simple)/10 and gflops >= 10000
//
// There are numbers, with a size or time unit where one is meant (443MB, 1.5GiB, 20ms), texts in
// quotes, captured values by name, size(IMAGE), min, max and abs, + - * / and
// parentheses, < <= > >= == !=, and, or, not. Sizes are compared in bytes,
// timings in seconds. An error says what in the claim is wrong, or which value
// is not there; it starts with the column, counted from 1.
func Assert(expr string, env Env) (Claim, error) {
	if len(expr) > 4096 {
		return Claim{}, fmt.Errorf("a claim is at most 4096 bytes long")
	}
	p := &claim{text: expr, env: env}
	v, err := p.or()
	if err == nil && p.skip() < len(p.text) {
		err = p.errorf("`%s` does not belong here", p.rest())
	}
	if err == nil && v.kind != truth {
		p.at = 0
		err = p.errorf("it says a value, not a claim; compare it with something: `... < 5`")
	}
	if err != nil {
		return Claim{}, err
	}
	return Claim{OK: v.yes, Shown: v.shown}, nil
}

// CheckAssert reports what is wrong with a claim before its values are known.
func CheckAssert(expr string) error {
	_, err := Assert(expr, Env{
		Value: func(string) (string, bool) { return "", true },
		Size:  func(string) (int64, bool) { return 1, true },
	})
	return err
}

type kind byte

const (
	numeric kind = iota
	textual
	truth
	unknown // a value of CheckAssert: fits everywhere
)

// An operand is a value while a claim is evaluated.
type operand struct {
	kind  kind
	num   float64
	dim   string // as in quantity
	text  string
	yes   bool
	shown string
}

// A claim is being read; it is evaluated on the way.
type claim struct {
	text  string
	at    int
	depth int
	env   Env
}

func (p *claim) errorf(format string, args ...any) error {
	return fmt.Errorf("column %d: %s", utf8.RuneCountInString(p.text[:p.at])+1, fmt.Sprintf(format, args...))
}

func (p *claim) rest() string {
	r := strings.TrimSpace(p.text[p.at:])
	if r == "" {
		return "the end"
	}
	return cut(strings.Fields(r)[0])
}

// skip moves over blanks and gives the place.
func (p *claim) skip() int {
	for p.at < len(p.text) && strings.ContainsRune(" \t\r\n", rune(p.text[p.at])) {
		p.at++
	}
	return p.at
}

// take moves over an operator, or over a word that ends there.
func (p *claim) take(ops ...string) string {
	p.skip()
	for _, op := range ops {
		rest := p.text[p.at:]
		if !strings.HasPrefix(rest, op) {
			continue
		}
		if unicode.IsLetter(rune(op[0])) && len(rest) > len(op) && nameByte(rest[len(op)]) {
			continue
		}
		p.at += len(op)
		return op
	}
	return ""
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *claim) or() (operand, error) {
	a, err := p.and()
	for err == nil && p.take("or", "||") != "" {
		var b operand
		if b, err = p.and(); err == nil {
			a, err = p.logic(a, b, a.yes || b.yes, " or ")
		}
	}
	return a, err
}

func (p *claim) and() (operand, error) {
	a, err := p.not()
	for err == nil && p.take("and", "&&") != "" {
		var b operand
		if b, err = p.not(); err == nil {
			a, err = p.logic(a, b, a.yes && b.yes, " and ")
		}
	}
	return a, err
}

func (p *claim) logic(a, b operand, yes bool, op string) (operand, error) {
	if a.kind != truth || b.kind != truth {
		return a, p.errorf("`%s` joins claims, not values", strings.TrimSpace(op))
	}
	return operand{kind: truth, yes: yes, shown: a.shown + op + b.shown}, nil
}

func (p *claim) not() (operand, error) {
	if p.depth++; p.depth > 100 {
		return operand{}, p.errorf("it is nested too deep")
	}
	defer func() { p.depth-- }()
	if p.take("not") == "" {
		return p.compare()
	}
	a, err := p.not()
	if err == nil && a.kind != truth {
		err = p.errorf("`not` stands before a claim, not before a value")
	}
	a.yes, a.shown = !a.yes, "not "+a.shown
	return a, err
}

func (p *claim) compare() (operand, error) {
	a, err := p.sum()
	if err != nil {
		return a, err
	}
	op := p.take("<=", ">=", "==", "!=", "<", ">", "=")
	if op == "" {
		return a, nil
	}
	b, err := p.sum()
	if err != nil {
		return b, err
	}
	r := operand{kind: truth, shown: a.shown + " " + op + " " + b.shown}
	switch {
	case a.kind == truth || b.kind == truth:
		return r, p.errorf("a claim cannot be compared; join claims with `and` or `or`")
	case a.kind == unknown || b.kind == unknown:
		return r, nil
	case a.kind == textual || b.kind == textual:
		switch op {
		case "==", "=":
			r.yes = a.said() == b.said()
		case "!=":
			r.yes = a.said() != b.said()
		default:
			return r, p.errorf("`%s` needs numbers, and `%s` is none", op, pick(a.kind == textual, a.shown, b.shown))
		}
		return r, nil
	}
	if err := p.fit(a, b); err != nil {
		return r, err
	}
	switch op {
	case "<":
		r.yes = a.num < b.num
	case "<=":
		r.yes = a.num <= b.num
	case ">":
		r.yes = a.num > b.num
	case ">=":
		r.yes = a.num >= b.num
	case "==", "=":
		r.yes = a.num == b.num
	case "!=":
		r.yes = a.num != b.num
	}
	return r, nil
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func (o operand) said() string {
	if o.kind == textual {
		return o.text
	}
	return o.shown
}

// fit reports quantities of two kinds; a number without a unit fits any.
func (p *claim) fit(a, b operand) error {
	if a.dim != b.dim && a.dim != "" && b.dim != "" {
		return p.errorf("a %s and a %s cannot be compared: `%s` and `%s`", a.dim, b.dim, a.shown, b.shown)
	}
	return nil
}

func (p *claim) sum() (operand, error) {
	a, err := p.product()
	for err == nil {
		op := p.take("+", "-")
		if op == "" {
			break
		}
		var b operand
		if b, err = p.product(); err == nil {
			a, err = p.arith(a, b, op)
		}
	}
	return a, err
}

func (p *claim) product() (operand, error) {
	a, err := p.unary()
	for err == nil {
		op := p.take("*", "/")
		if op == "" {
			break
		}
		var b operand
		if b, err = p.unary(); err == nil {
			a, err = p.arith(a, b, op)
		}
	}
	return a, err
}

func (p *claim) arith(a, b operand, op string) (operand, error) {
	r := operand{shown: a.shown + op + b.shown, dim: a.dim}
	if op == "+" || op == "-" {
		r.shown = a.shown + " " + op + " " + b.shown
	}
	if a.kind == unknown || b.kind == unknown {
		r.kind = unknown
		return r, nil
	}
	if a.kind != numeric || b.kind != numeric {
		return r, p.errorf("`%s` needs numbers, and `%s` is none", op, pick(a.kind != numeric, a.shown, b.shown))
	}
	switch op {
	case "+", "-":
		if err := p.fit(a, b); err != nil {
			return r, err
		}
		if r.dim == "" {
			r.dim = b.dim
		}
		r.num = a.num + b.num
		if op == "-" {
			r.num = a.num - b.num
		}
	case "*":
		if a.dim != "" && b.dim != "" {
			return r, p.errorf("`%s` times `%s` has no meaning here", a.shown, b.shown)
		}
		if r.dim == "" {
			r.dim = b.dim
		}
		r.num = a.num * b.num
	case "/":
		if b.num == 0 {
			return r, p.errorf("`%s` is divided by zero", a.shown)
		}
		switch {
		case a.dim == b.dim:
			r.dim = ""
		case b.dim != "":
			return r, p.errorf("`%s` by `%s` has no meaning here", a.shown, b.shown)
		}
		r.num = a.num / b.num
	}
	return r, nil
}

func (p *claim) unary() (operand, error) {
	if p.depth++; p.depth > 100 {
		return operand{}, p.errorf("it is nested too deep")
	}
	defer func() { p.depth-- }()
	if p.take("-") != "" {
		a, err := p.unary()
		if err == nil && a.kind != numeric && a.kind != unknown {
			err = p.errorf("`-` needs a number, and `%s` is none", a.shown)
		}
		a.num, a.shown = -a.num, "-"+a.shown
		return a, err
	}
	return p.primary()
}

func (p *claim) primary() (operand, error) {
	p.skip()
	if p.at >= len(p.text) {
		return operand{}, p.errorf("it ends too early")
	}
	switch c := p.text[p.at]; {
	case c == '(':
		p.at++
		a, err := p.or()
		if err == nil && p.take(")") == "" {
			err = p.errorf("a `)` is missing before %s", p.rest())
		}
		a.shown = "(" + a.shown + ")"
		return a, err
	case c == '"' || c == '\'':
		end := strings.IndexByte(p.text[p.at+1:], c)
		if end < 0 {
			return operand{}, p.errorf("a quote is not closed")
		}
		text := p.text[p.at+1 : p.at+1+end]
		p.at += end + 2
		return operand{kind: textual, text: text, shown: strconv.Quote(text)}, nil
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	case nameByte(c):
		return p.name()
	}
	return operand{}, p.errorf("`%s` is not a value", p.rest())
}

// number reads a number and the unit right after it, with or without a blank.
func (p *claim) number() (operand, error) {
	start := p.at
	for p.at < len(p.text) && (p.text[p.at] >= '0' && p.text[p.at] <= '9' || p.text[p.at] == '.') {
		p.at++
	}
	end := p.at
	if p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	from := p.at
	for p.at < len(p.text) && (unicode.IsLetter(rune(p.text[p.at])) || p.text[p.at] >= 0x80) {
		p.at++
	}
	unit := p.text[from:p.at]
	if _, known := units[strings.ToLower(unit)]; unit == "" || !known || from > end && (unit == "and" || unit == "or") {
		if unit != "" && from == end {
			return operand{}, p.errorf("`%s` is not a unit that is known: sizes are written MB or MiB, timings ms, s, min or h", unit)
		}
		p.at, unit = end, ""
	}
	text := p.text[start:end]
	q, ok := parseQuantity(text + unit)
	if !ok {
		p.at = start
		return operand{}, p.errorf("`%s` is not a number", text)
	}
	return operand{num: q.value, dim: q.dim, shown: text + unit}, nil
}

// name reads a captured value or a function.
func (p *claim) name() (operand, error) {
	start := p.at
	for p.at < len(p.text) && nameByte(p.text[p.at]) {
		p.at++
	}
	name := p.text[start:p.at]
	if p.skip(); p.at < len(p.text) && p.text[p.at] == '(' {
		p.at++
		return p.call(name, start)
	}
	if p.env.Value != nil {
		if v, ok := p.env.Value(name); ok {
			return value(v), nil
		}
	}
	p.at = start
	return operand{}, p.errorf("no value is called `%s`; keep one with save=%s:REGEX in a step before this one", name, name)
}

// value reads a captured text as a number where it is one.
func value(v string) operand {
	if v == "" {
		return operand{kind: unknown}
	}
	if q, ok := parseQuantity(v); ok {
		return operand{num: q.value, dim: q.dim, shown: v}
	}
	return operand{kind: textual, text: v, shown: strconv.Quote(v)}
}

func (p *claim) call(name string, start int) (operand, error) {
	if name == "size" {
		end := strings.IndexByte(p.text[p.at:], ')')
		if end < 0 {
			return operand{}, p.errorf("a `)` is missing after the name of the image")
		}
		image := strings.Trim(strings.TrimSpace(p.text[p.at:p.at+end]), `"'`)
		if image == "" {
			return operand{}, p.errorf("size needs the name or tag of an image")
		}
		if p.env.Size != nil {
			if n, ok := p.env.Size(image); ok {
				p.at += end + 1
				return operand{num: float64(n), dim: "byte", shown: FormatSize(n)}, nil
			}
		}
		return operand{}, p.errorf("there is no image `%s` whose size could be asked", image)
	}
	var args []operand
	for {
		a, err := p.sum()
		if err != nil {
			return a, err
		}
		args = append(args, a)
		if p.take(",") == "" {
			break
		}
	}
	if p.take(")") == "" {
		return operand{}, p.errorf("a `)` is missing before %s", p.rest())
	}
	fold := map[string]func(a, b float64) float64{"min": math.Min, "max": math.Max}[name]
	switch {
	case name == "abs" && len(args) == 1 && (args[0].kind == numeric || args[0].kind == unknown):
		a := args[0]
		a.num, a.shown = math.Abs(a.num), "abs("+a.shown+")"
		return a, nil
	case fold == nil:
		p.at = start
		return operand{}, p.errorf("there is no function `%s`; there are size, min, max and abs", name)
	}
	r := args[0]
	shown := make([]string, len(args))
	for i, a := range args {
		shown[i] = a.shown
		switch {
		case a.kind == unknown || r.kind == unknown:
			r.kind = unknown
			continue
		case a.kind != numeric:
			return r, p.errorf("`%s` needs numbers, and `%s` is none", name, a.shown)
		}
		if err := p.fit(r, a); err != nil {
			return r, err
		}
		if r.dim == "" {
			r.dim = a.dim
		}
		r.num = fold(r.num, a.num)
	}
	r.shown = name + "(" + strings.Join(shown, ", ") + ")"
	return r, nil
}

// Value evaluates an expression over captured values and sizes, such as
// gflops, size(efficient) or size(simple) / size(efficient), to the text that
// a reader is shown: a captured value as it was captured, a size as docker
// writes it, a computed number with three digits. Errors are those of
// [Assert].
func Value(expr string, env Env) (string, error) {
	p := &claim{text: expr, env: env}
	if len(expr) > 4096 {
		return "", fmt.Errorf("an expression is at most 4096 bytes long")
	}
	v, err := p.sum()
	if err == nil && p.skip() < len(p.text) {
		err = p.errorf("`%s` does not belong here", p.rest())
	}
	if err != nil {
		return "", err
	}
	switch {
	case v.kind == truth || v.kind == unknown:
		return "", fmt.Errorf("column 1: it says no value")
	case v.kind == textual:
		return v.text, nil
	case !strings.ContainsAny(v.shown, "+-*/("):
		return v.shown, nil // as it was captured, or as a size is written
	case v.dim == "byte":
		return FormatSize(int64(v.num)), nil
	case v.dim == "second":
		return strconv.FormatFloat(v.num, 'g', 3, 64) + " s", nil
	}
	if math.Abs(v.num) >= 100 {
		return strconv.FormatFloat(v.num, 'f', 0, 64), nil
	}
	return strconv.FormatFloat(v.num, 'g', 3, 64), nil
}
