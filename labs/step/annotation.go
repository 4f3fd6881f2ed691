package step

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"docent/generator/doc"
)

// An annotation is what the lab comments before a listing say, added up.
type annotation struct {
	role   Role // "" if none is said
	opt    Options
	label  string  // label=, for of=
	of     string  // of=
	values []Value // values=, of a page
	// secrets=, of a page: variables of the environment of labs
	secrets []string
	set     map[string]doc.Pos
}

// reader collects diagnostics while a page is read.
type reader struct {
	d     *doc.Document
	diags []doc.Diag
}

func (r *reader) report(sev doc.Severity, code string, pos doc.Pos, length int, message, hint string) {
	r.diags = append(r.diags, doc.Diag{Severity: sev, Code: code, Message: message, Hint: hint,
		Source: r.d.Sources[pos.File], Off: int(pos.Off), Len: length})
}

// A word is one word of an annotation: key, or key=value.
type word struct {
	key, value string
	has        bool // there is a "="
	raw        string
	pos        doc.Pos
}

// words splits the keys of a lab comment as a shell would: words stand apart
// by blanks, single quotes keep everything, in double quotes \" is a quote and
// \\ a backslash. An unclosed quote is reported and runs to the end.
func (r *reader) words(n *doc.Node, keys string) []word {
	var out []word
	at := r.start(n, keys)
	for i := 0; i < len(keys); {
		if isBlank(keys[i]) {
			i++
			continue
		}
		start := i
		var text strings.Builder
		var quote byte
		eq := -1
	scan:
		for ; i < len(keys); i++ {
			c := keys[i]
			switch {
			case quote == 0 && isBlank(c):
				break scan
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case quote != 0 && c == quote:
				quote = 0
			case quote == '"' && c == '\\' && i+1 < len(keys) && (keys[i+1] == '"' || keys[i+1] == '\\'):
				i++
				text.WriteByte(keys[i])
			default:
				if c == '=' && quote == 0 && eq < 0 {
					eq = text.Len()
				}
				text.WriteByte(c)
			}
		}
		w := word{key: text.String(), raw: keys[start:i], pos: at(start, keys[start:i])}
		if eq >= 0 {
			w.key, w.value, w.has = w.key[:eq], w.key[eq+1:], true
		}
		if quote != 0 {
			r.report(doc.Error, "lab-quote", w.pos, len(w.raw), fmt.Sprintf("A quote (%c) in this lab comment is not closed.", quote), "Close it on the same comment.")
		}
		out = append(out, w)
	}
	return out
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// start gives a function that finds a word of a comment in the source, where
// the comment may be indented and wrapped.
func (r *reader) start(n *doc.Node, keys string) func(int, string) doc.Pos {
	src := r.d.Sources[n.Pos.File].Text
	from := min(max(int(n.Pos.Off), 0), len(src))
	// Past the name, so that a key that is called like a part of it is found.
	if i := strings.Index(src[from:], "lab"); i >= 0 && i < 200 {
		if j := strings.IndexByte(src[from+i:], ':'); j >= 0 && j < 20 {
			from += i + j + 1
		}
	}
	return func(_ int, raw string) doc.Pos {
		first, _, _ := strings.Cut(raw, "\n")
		if i := strings.Index(src[from:], first); i >= 0 && i < len(keys)+200 {
			pos := doc.Pos{File: n.Pos.File, Off: int32(from + i)}
			from += i + len(first)
			return pos
		}
		return n.Pos
	}
}

// A key is one word that an annotation understands.
type key struct {
	page  bool // may stand in a lab-page comment
	only  bool // may stand only there
	flag  bool // takes no value
	multi bool // may stand more than once
	set   func(a *annotation, value string) error
}

var keys = map[string]key{
	"in": {page: true, set: func(a *annotation, v string) error {
		if !regexp.MustCompile(`^[A-Za-z][\w.-]*(:\d+)?$`).MatchString(v) {
			return fmt.Errorf("a session is called host, container, job or a name of letters and digits")
		}
		a.opt.In = v
		return nil
	}},
	"alt":        {flag: true, set: func(a *annotation, _ string) error { a.opt.Alt = true; return nil }},
	"background": {flag: true, set: func(a *annotation, _ string) error { a.opt.Background = true; return nil }},
	"cleanup":    {flag: true, set: func(a *annotation, _ string) error { a.opt.Cleanup = true; return nil }},
	"exit": {set: func(a *annotation, v string) error {
		code, err := strconv.Atoi(v)
		switch {
		case v == "nonzero":
			a.opt.Exit = Exit{Said: true, NonZero: true}
		case err != nil || code < 0 || code > 255:
			return fmt.Errorf("an exit code is a number from 0 to 255, or nonzero")
		default:
			a.opt.Exit = Exit{Said: true, Code: code}
		}
		return nil
	}},
	"timeout": {page: true, set: func(a *annotation, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 || d > 24*time.Hour {
			return fmt.Errorf("a time-out is written 90s, 10m or 1h30m, and is at most 24h")
		}
		a.opt.Timeout = d
		return nil
	}},
	"needs": {page: true, multi: true, set: func(a *annotation, v string) error {
		for _, part := range strings.Split(v, ",") {
			n, err := parseNeed(part)
			if err != nil {
				return err
			}
			a.opt.Needs = append(a.opt.Needs, n)
		}
		return nil
	}},
	"match": {page: true, set: func(a *annotation, v string) error {
		if !slices.Contains([]string{"shape", "exact", "regex", "none"}, v) {
			return fmt.Errorf("output is compared by shape, exact, regex or none%s", didYouMean(v, []string{"shape", "exact", "regex", "none"}))
		}
		a.opt.Match = v
		return nil
	}},
	"within": {page: true, multi: true, set: func(a *annotation, v string) error {
		for _, part := range strings.Split(v, ",") {
			part = strings.TrimSpace(part)
			if !regexp.MustCompile(`^(\S.*\s)?±?\d+(\.\d+)?\s?%$`).MatchString(part) {
				return fmt.Errorf("a tolerance is a unit and a percentage, such as %q or %q", "GFLOP/s ±20%", "±5%")
			}
			a.opt.Within = append(a.opt.Within, part)
		}
		return nil
	}},
	"ready": {set: func(a *annotation, v string) error {
		ready, err := parseReady(v)
		a.opt.Ready = ready
		return err
	}},
	"save": {multi: true, set: func(a *annotation, v string) error {
		name, expr, ok := strings.Cut(v, ":")
		if !ok || !isName(name) || expr == "" {
			return fmt.Errorf("it is written save=NAME:REGEX")
		}
		if _, err := regexp.Compile(expr); err != nil {
			return fmt.Errorf("the expression does not parse: %w", err)
		}
		a.opt.Saves = append(a.opt.Saves, Save{name, expr})
		return nil
	}},
	"skip": {page: true, set: func(a *annotation, v string) error {
		if strings.TrimSpace(v) == "" {
			return fmt.Errorf("say why: skip=\"needs a licence\"")
		}
		a.opt.Skip = v
		return nil
	}},
	"name": {set: func(a *annotation, v string) error {
		if v == "" || strings.ContainsAny(v, "\x00\\") || strings.HasPrefix(v, "/") || slices.Contains(strings.Split(v, "/"), "..") {
			return fmt.Errorf("a file name stays below the working folder")
		}
		a.opt.Name = v
		return nil
	}},
	"assert": {multi: true, set: func(a *annotation, v string) error {
		if strings.TrimSpace(v) == "" {
			return fmt.Errorf("say what must hold: assert=\"size(a) < size(b)/10\"")
		}
		a.opt.Asserts = append(a.opt.Asserts, v)
		return nil
	}},
	"cpu": {set: func(a *annotation, v string) error {
		if strings.TrimSpace(v) == "" {
			return fmt.Errorf("say the command: cpu=\"nbody -cpu\"")
		}
		a.opt.CPU = v
		return nil
	}},
	"label": {set: func(a *annotation, v string) error {
		if !isName(v) {
			return fmt.Errorf("a label has letters, digits, - and _")
		}
		a.label = v
		return nil
	}},
	"of": {set: func(a *annotation, v string) error {
		if !isName(v) {
			return fmt.Errorf("it names the label= of the step that prints this")
		}
		a.of = v
		return nil
	}},
	"values": {page: true, only: true, multi: true, set: func(a *annotation, v string) error {
		for _, f := range strings.Fields(v) {
			name, value, ok := strings.Cut(f, "=")
			if !ok || !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(name) {
				return fmt.Errorf("values are written values=\"NAME=value OTHER=value\"")
			}
			a.values = append(a.values, Value{name, value})
		}
		return nil
	}},
	"secrets": {page: true, only: true, multi: true, set: func(a *annotation, v string) error {
		for _, f := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' }) {
			if !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(f) {
				return fmt.Errorf("it names variables: secrets=\"NGC_API_KEY OTHER\"; their values stay out of the page")
			}
			a.secrets = append(a.secrets, f)
		}
		return nil
	}},
}

var sayable = []Role{Run, File, Output, Transcript, Example}

// read adds what one lab comment says. kind is one of doc.NoteLab,
// doc.NotePage and doc.NoteRun.
func (r *reader) read(a *annotation, n *doc.Node, kind, text string) {
	for _, w := range r.words(n, text) {
		bad := func(code, message, hint string) {
			r.report(doc.Error, code, w.pos, len(w.raw), message, hint)
		}
		if slices.Contains(sayable, Role(w.key)) && !w.has {
			switch {
			case kind != doc.NoteLab:
				bad("lab-role", fmt.Sprintf("A %s comment takes no role; this one says `%s`.", kind, w.key), "Say the role in a `lab:` comment before the listing.")
			case a.role != "" && a.role != Role(w.key):
				bad("lab-role", fmt.Sprintf("The listing is said to be `%s` and also `%s`.", a.role, w.key), "Say one role.")
			default:
				a.role = Role(w.key)
			}
			continue
		}
		k, known := keys[w.key]
		switch {
		case !known:
			bad("lab-unknown-key", fmt.Sprintf("A lab comment has no key `%s`%s.", w.key, didYouMean(w.key, allWords(kind))), "The lab reference lists all keys.")
			continue
		case kind == doc.NotePage && !k.page:
			bad("lab-page-key", fmt.Sprintf("`%s` says something about one listing; it cannot stand in a lab-page comment.", w.key), "Put it into a `lab:` comment before the listing.")
			continue
		case kind != doc.NotePage && k.only:
			bad("lab-page-key", fmt.Sprintf("`%s` says something about the whole page.", w.key), "Put it into a `lab-page:` comment.")
			continue
		case k.flag && w.has:
			bad("lab-value", fmt.Sprintf("`%s` takes no value.", w.key), "Write the word alone.")
			continue
		case !k.flag && !w.has:
			bad("lab-value", fmt.Sprintf("`%s` needs a value.", w.key), fmt.Sprintf("Write `%s=...`.", w.key))
			continue
		}
		if _, twice := a.set[w.key]; twice && !k.multi && !k.flag {
			bad("lab-twice", fmt.Sprintf("`%s` is said twice for this listing.", w.key), "Say it once.")
			continue
		}
		if err := k.set(a, w.value); err != nil {
			bad("lab-value", fmt.Sprintf("`%s` is not understood: %v.", w.raw, err), "")
			continue
		}
		if a.set == nil {
			a.set = map[string]doc.Pos{}
		}
		a.set[w.key] = w.pos
	}
}

// over gives the annotation with the page's defaults where it is silent.
func (a annotation) over(page annotation) annotation {
	o := &a.opt
	if o.In == "" {
		o.In = page.opt.In
	}
	if o.Timeout == 0 {
		o.Timeout = page.opt.Timeout
	}
	if o.Match == "" {
		o.Match = page.opt.Match
	}
	if o.Skip == "" {
		o.Skip = page.opt.Skip
	}
	o.Needs = append(slices.Clone(page.opt.Needs), o.Needs...)
	o.Within = append(slices.Clone(page.opt.Within), o.Within...)
	return a
}

func allWords(kind string) []string {
	var out []string
	for name, k := range keys {
		if kind == doc.NotePage && k.page || kind != doc.NotePage && !k.only {
			out = append(out, name)
		}
	}
	if kind == doc.NoteLab {
		for _, role := range sayable {
			out = append(out, string(role))
		}
	}
	sort.Strings(out)
	return out
}

func isName(s string) bool { return regexp.MustCompile(`^[A-Za-z][\w-]*$`).MatchString(s) }

var needRE = regexp.MustCompile(`^([a-z][a-z-]*)\s*(>=|=)?\s*(.*)$`)

func parseNeed(s string) (Need, error) {
	s = strings.TrimSpace(s)
	m := needRE.FindStringSubmatch(s)
	if m == nil || m[2] == "" && m[3] != "" {
		return Need{}, fmt.Errorf("a need is a word, or a word, >= and a number: gpu, gpu>=2, gpu-memory>=40GB, compute>=8.0, memory>=16GB, network, ngc, job, build, command=NAME, platform=linux/amd64")
	}
	n := Need{Name: m[1], Op: m[2], Text: s}
	if n.Name == "gpus" {
		n.Name = "gpu"
	}
	known := []string{"build", "command", "compute", "gpu", "gpu-memory", "job", "memory", "network", "ngc", "platform"}
	if !slices.Contains(known, n.Name) {
		return n, fmt.Errorf("nothing is called `%s`%s", n.Name, didYouMean(n.Name, known))
	}
	var err error
	switch n.Name {
	case "gpu", "compute":
		if n.Op == "" {
			if n.Name == "compute" {
				return n, fmt.Errorf("say how much: compute>=8.0")
			}
			n.Op, n.Amount = ">=", 1
			return n, nil
		}
		n.Amount, err = strconv.ParseFloat(m[3], 64)
	case "memory", "gpu-memory":
		if n.Op == "" {
			return n, fmt.Errorf("say how much: %s>=16GB", n.Name)
		}
		n.Amount, err = parseBytes(m[3])
	case "command":
		if n.Op != "=" || m[3] == "" {
			return n, fmt.Errorf("say which: command=jq")
		}
	case "platform":
		if n.Op != "=" || !strings.Contains(m[3], "/") {
			return n, fmt.Errorf("it is written platform=linux/amd64")
		}
	default:
		if n.Op != "" {
			return n, fmt.Errorf("`%s` takes no number", n.Name)
		}
	}
	if err != nil || n.Amount < 0 || n.Amount != n.Amount {
		return n, fmt.Errorf("`%s` is not a number that fits here", m[3])
	}
	return n, nil
}

func parseBytes(s string) (float64, error) {
	m := regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?$`).FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("not a size")
	}
	v, err := strconv.ParseFloat(m[1], 64)
	base := 1000.0
	if m[3] != "" {
		base = 1024
	}
	// K is one power of the base, M two, and so on; no letter is none.
	for range strings.Index(" KMGT", m[2]) {
		v *= base
	}
	return v, err
}

func parseReady(v string) (*Ready, error) {
	switch kind, rest, _ := strings.Cut(v, ":"); {
	case kind == "port":
		if p, err := strconv.Atoi(rest); err != nil || p < 1 || p > 65535 {
			return nil, fmt.Errorf("a port is a number from 1 to 65535")
		}
		return &Ready{"port", rest}, nil
	case kind == "http" || kind == "https":
		if !strings.HasPrefix(rest, "//") || len(rest) < 3 {
			return nil, fmt.Errorf("it is no URL")
		}
		return &Ready{"http", v}, nil
	case kind == "log":
		if _, err := regexp.Compile(rest); err != nil || rest == "" {
			return nil, fmt.Errorf("after log: stands a regular expression")
		}
		return &Ready{"log", rest}, nil
	}
	return nil, fmt.Errorf("it is written port:8888, http://127.0.0.1:8888/ or log:REGEX")
}

// didYouMean gives "; did you mean `x`?" for the nearest word, or "".
func didYouMean(got string, words []string) string {
	best, dist := "", max(1, min(3, len(got)/2))+1
	for _, w := range words {
		if d := distance(got, w); d < dist {
			best, dist = w, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean `" + best + "`"
}

// distance counts the characters to add, drop, change or swap.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
