package site

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// A tree's own extensions are Python, which is not run. But what they add is
// mostly said in literals: app.add_object_type("command", "cmd", "%s; command").
// Those calls are read, in conf.py and in the modules that it names.

// A setupCall is a call app.add_...(...). What is no literal is nil.
type setupCall struct {
	method string
	args   []any
	raw    []string // the arguments without a name as they are written
	last   string   // the last of all arguments as it is written
	named  map[string]any
	off    int
}

var (
	addCall  = regexp.MustCompile(`\b\w+\.(add_object_type|add_crossref_type|add_generic_role|add_role|add_directive)\(`)
	pathLine = regexp.MustCompile(`(?m)^.*sys\.path.*$`)
	pyString = regexp.MustCompile(`['"]([^'"\n]*)['"]`)
	pyImport = regexp.MustCompile(`(?m)^[ \t]*from\s+([A-Za-z_][\w.]*)\s+import\b`)
	pyClass  = regexp.MustCompile(`(?m)^class\s+(\w+)\(([\w., ]*)\):`)
)

// setupCalls finds the calls in a module.
func setupCalls(text string) (out []setupCall) {
	for _, at := range addCall.FindAllStringSubmatchIndex(text, -1) {
		line := text[strings.LastIndexByte(text[:at[0]], '\n')+1 : at[0]]
		if strings.ContainsAny(line, "#'\"") {
			continue
		}
		c := setupCall{method: text[at[2]:at[3]], named: map[string]any{}, off: at[0]}
		p := pyReader{text: text, pos: at[1], values: map[string]any{}}
		for p.space(); p.pos < len(text) && !p.take(")"); p.space() {
			here := p.pos
			name := p.ident()
			if p.space(); name == "" || p.peek() != '=' || strings.HasPrefix(text[p.pos:], "==") {
				p.pos, name = here, ""
			} else {
				p.pos++
			}
			start := p.pos
			v, err := p.expr(1)
			if p.space(); err != nil || p.peek() != ',' && p.peek() != ')' {
				v = nil
				p.pos = start
				p.skipArgument()
			}
			if p.pos == start { // a bracket that nothing opened
				break
			}
			c.last = strings.TrimSpace(text[start:p.pos])
			if name != "" {
				c.named[name] = v
			} else {
				c.args, c.raw = append(c.args, v), append(c.raw, c.last)
			}
			p.take(",")
		}
		out = append(out, c)
	}
	return out
}

// skipArgument moves to the comma or bracket that ends an argument.
func (p *pyReader) skipArgument() {
	for depth := 0; p.pos < len(p.text); p.pos++ {
		switch b := p.text[p.pos]; b {
		case '\'', '"':
			before := p.pos
			if _, err := p.str("", 0); err != nil || p.pos == before {
				p.pos = before
			} else {
				p.pos--
			}
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return
			}
			depth--
		case ',':
			if depth == 0 {
				return
			}
		}
	}
}

// text gives an argument by its place or its name, or "".
func (c *setupCall) text(at int, name string) string {
	if at < len(c.args) {
		s, _ := c.args[at].(string)
		return s
	}
	s, _ := c.named[name].(string)
	return s
}

// ownModules gives conf.py and the modules of the tree that it names as
// extensions, and those that these import.
func (s *Site) ownModules() (out, imported []*doc.Source) {
	out = []*doc.Source{s.conf.Source}
	settings := &recorder{s.files, &s.inputs}
	folders := []string{".", ".."}
	for _, line := range pathLine.FindAllString(s.conf.Source.Text, -1) {
		for _, m := range pyString.FindAllStringSubmatch(line, -1) {
			folders = append(folders, m[1])
		}
	}
	entries, _ := fs.ReadDir(s.files, ".")
	for _, e := range entries {
		if e.IsDir() && (strings.HasPrefix(e.Name(), "_") || strings.Contains(e.Name(), "ext") || e.Name() == "sphinx") {
			folders = append(folders, e.Name())
		}
	}
	tried := map[string]bool{}
	find := func(module string) (found []*doc.Source) {
		if strings.HasPrefix(module, "sphinx.") || tried[module] {
			return nil
		}
		tried[module] = true
		rel := strings.ReplaceAll(module, ".", "/")
		for _, dir := range folders {
			for _, name := range []string{path.Join(dir, rel+".py"), path.Join(dir, rel, "__init__.py")} {
				if !fs.ValidPath(strings.TrimPrefix(name, "../")) {
					continue
				}
				if text, err := fs.ReadFile(settings, name); err == nil {
					return []*doc.Source{doc.NewSource(name, strings.ToValidUTF8(string(text), "\uFFFD"))}
				}
			}
		}
		return nil
	}
	for _, ext := range s.conf.Strings("extensions") {
		if ext != "pyspecific" && ext != "c_annotations" { // see configureCPython
			out = append(out, find(ext)...)
		}
	}
	for _, src := range out {
		for _, m := range pyImport.FindAllStringSubmatch(src.Text, -1) {
			imported = append(imported, find(m[1])...)
		}
	}
	return out, imported
}

// extend adds what the tree's own extensions add to a table, as far as it can
// be read, and says once what cannot. clone copies the table before the first
// addition.
func (s *Site) extend(t *directive.Table, clone func() *directive.Table) {
	if s.conf.Source == nil {
		return
	}
	var unread []string
	var at doc.Diag
	seen := map[string]bool{}
	modules, imported := s.ownModules()
	classes := map[string]string{} // and what they are made of
	for _, src := range slices.Concat(modules, imported) {
		for _, m := range pyClass.FindAllStringSubmatch(src.Text, -1) {
			classes[m[1]], _, _ = strings.Cut(m[2], ",")
		}
	}
	for _, src := range modules {
		for _, c := range setupCalls(src.Text) {
			name := c.text(0, map[string]string{"add_object_type": "directivename", "add_crossref_type": "directivename"}[c.method])
			if c.method == "add_generic_role" || c.method == "add_role" || c.method == "add_directive" {
				name = c.text(0, "name")
			}
			if name == "" || seen[c.method+name] {
				continue
			}
			seen[c.method+name] = true
			index := c.text(2, "indextemplate")
			role := c.text(1, "rolename")
			if role == "" {
				role = name
			}
			switch c.method {
			case "add_object_type":
				_, parses := c.named["parse_node"]
				t = clone()
				t.AddObjectType(name, role, index, parses || len(c.args) > 3)
				made(&s.roles)
				s.roles[role] = name
			case "add_crossref_type":
				t = clone()
				t.AddCrossrefType(name, role, index)
				made(&s.roles)
				s.roles[role] = name
			case "add_generic_role":
				t = clone()
				t.AddGenericRole(name, c.last)
			case "add_role":
				if !t.Known(name) {
					t = clone()
					t.AddPlainRole(name)
					unread, at = append(unread, ":"+name+":"), c.place(at, src)
				}
			case "add_directive":
				if t.Directives[name] != nil {
					continue
				}
				t = clone()
				base := ""
				if len(c.raw) > 1 {
					base = c.raw[1]
				}
				for range 5 {
					up, ok := classes[base]
					if !ok {
						break
					}
					base = up
				}
				if !t.AddDirectiveLike(name, base[strings.LastIndexByte(base, '.')+1:]) {
					unread, at = append(unread, name+"::"), c.place(at, src)
				}
			}
		}
	}
	if len(unread) > 0 {
		slices.Sort(unread)
		at.Severity, at.Code = doc.Warning, "conf-python"
		at.Message = "Defined in Python, which is not run: " + strings.Join(slices.Compact(unread), ", ") + "."
		at.Hint = "Of such a role the text is shown, of a directive its source."
		s.report(at)
	}
}

// place is where the first call stands that cannot be read.
func (c *setupCall) place(at doc.Diag, src *doc.Source) doc.Diag {
	if at.Source == nil {
		at.Source, at.Off, at.Len = src, c.off, strings.IndexByte(src.Text[c.off:]+"(", '(')
	}
	return at
}
