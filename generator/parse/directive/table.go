package directive

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"docent/generator/doc"
)

// A Table finds directives and roles by name. It is read-only once parsing
// begins. Names of a domain stand in it with their prefix: "py:function".
type Table struct {
	Directives map[string]*Directive
	Roles      map[string]Role
	own        map[string]bool // roles that the site adds; nil in the standard table
}

var standard struct {
	once  sync.Once
	table *Table
}

// Standard is the table of all directives and roles of docutils, Sphinx and
// the extensions that Docent has built in. It is shared: do not change it.
func Standard() *Table {
	standard.once.Do(func() { standard.table = newStandard() })
	return standard.table
}

func newStandard() *Table {
	t := &Table{Directives: map[string]*Directive{}, Roles: map[string]Role{}}
	for _, family := range []func(*Table){
		admonitions, images, bodies, quotes, codes, maths, tables, includes, raws, parts, substitutions,
		customRoles, textRoles, toctrees, xrefs, indexes, prose, glossaries, grammars,
		objects, standardDomain, pythonDomain, cDomain, cppDomain, jsDomain, restDomain, cpythonDocs,
		tabs, designs, diagrams, todos, doctests,
	} {
		family(t)
	}
	return t
}

// Clone gives a copy that may be added to.
func (t *Table) Clone() *Table {
	own := maps.Clone(t.own)
	if own == nil {
		own = map[string]bool{}
	}
	return &Table{Directives: maps.Clone(t.Directives), Roles: maps.Clone(t.Roles), own: own}
}

func (t *Table) add(d *Directive, aliases ...string) {
	t.Directives[d.Name] = d
	for _, a := range aliases {
		t.Directives[a] = d
	}
}

func (t *Table) role(r Role, names ...string) {
	for _, n := range names {
		t.Roles[n] = r
	}
}

// table is the one that a page uses.
func table(p Parser) *Table {
	if c := p.Config(); c != nil && c.Table != nil {
		return c.Table
	}
	return Standard()
}

// find looks a name up under the names under which it may stand in the table,
// best first: in the primary domain, plain, and in the Python domain.
func find[V any](p Parser, m map[string]V, name string) (v V, ok bool) {
	name = strings.ToLower(name)
	if strings.Contains(name, ":") {
		if v, ok = m[name]; !ok {
			if rest, std := strings.CutPrefix(name, "std:"); std {
				v, ok = m[rest]
			}
		}
		return v, ok
	}
	if d := domain(p); d != "" {
		if v, ok = m[d+":"+name]; ok {
			return v, true
		}
	}
	if v, ok = m[name]; !ok {
		v, ok = m["py:"+name]
	}
	return v, ok
}

// domain is the primary domain where the page stands, or "".
func domain(p Parser) string {
	if d := p.State().Domain; d != "" {
		return d
	}
	if c := p.Config(); c != nil {
		return c.Domain
	}
	return ""
}

// ofSite reports whether the page is one of a site, for which Sphinx's rules
// hold where docutils has others.
func ofSite(p Parser) bool {
	c := p.Config()
	return c != nil && c.DocInfo
}

// switchedOff reports whether conf.py sets to False what is on by default.
func switchedOff(p Parser, setting string) bool {
	c := p.Config()
	return c != nil && c.Values[setting] == "false"
}

// Lookup finds a directive as it was written, or gives nil and the nearest
// name that is known, or "".
func (t *Table) Lookup(p Parser, name string) (d *Directive, near string) {
	if d, ok := find(p, t.Directives, name); ok {
		return d, ""
	}
	return nil, doc.Nearest(name, maps.Keys(t.Directives))
}

// LookupRole finds a role as it was written, or gives nil. The page's own
// roles and the configured external links come first.
func (t *Table) LookupRole(p Parser, name string) Role {
	s := p.State()
	r, ok := s.found[name]
	if !ok {
		r = t.lookupRole(p, strings.ToLower(name))
		if s.found == nil {
			s.found = map[string]Role{}
		}
		s.found[name] = r
	}
	return r
}

func (t *Table) lookupRole(p Parser, name string) Role {
	if r, ok := p.State().Roles[name]; ok {
		return r
	}
	if c := p.Config(); c != nil {
		if link, ok := c.ExtLinks[name]; ok {
			return extLink(link)
		}
	}
	if rest, ok := strings.CutPrefix(name, "external"); ok && rest != "" {
		return t.external(p, rest)
	}
	if r, ok := find(p, t.Roles, name); ok && (t.own[name] || !slices.Contains(cpythonRoles, name) || p.Config() != nil && p.Config().CPython != nil) {
		return r
	}
	return nil
}

// external is a role of intersphinx: what is left of external:ROLE,
// external:DOMAIN:ROLE or external+SITE:DOMAIN:ROLE leads to other sites only.
func (t *Table) external(p Parser, rest string) Role {
	site, name, ok := strings.Cut(rest, ":")
	if site = strings.TrimPrefix(site, "+"); !ok || site == "" && rest[0] != ':' {
		return nil
	}
	r, ok := find(p, t.Roles, name)
	if !ok {
		return nil
	}
	return func(p Parser, use *RoleUse) []*doc.Node {
		nodes := r(p, use)
		for _, n := range nodes {
			if n.Kind == doc.KindPendingXref {
				n.Set(doc.AttrInventory, cmp.Or(site, "*")).Set(doc.AttrRefWarn, "1")
			}
		}
		return nodes
	}
}

// nearRole is the role that a name that is none may stand for, or "". A page
// uses the same unknown role again and again, so the answer is kept.
func (t *Table) nearRole(p Parser, name string) string {
	s := p.State()
	near, ok := s.near[name]
	if !ok {
		names := slices.AppendSeq(slices.Collect(maps.Keys(t.Roles)), maps.Keys(s.Roles))
		if c := p.Config(); c != nil {
			names = slices.AppendSeq(names, maps.Keys(c.ExtLinks))
		}
		near = doc.Nearest(name, slices.Values(names))
		if s.near == nil {
			s.near = map[string]string{}
		}
		s.near[name] = near
	}
	return near
}

// Run carries a directive out: it looks it up, takes its block apart, checks
// arguments, options and content as docutils does, and gives its nodes. What
// is wrong becomes a diagnostic, and a system_message node that holds the
// source, so that nothing is lost.
func (t *Table) Run(p Parser, b *Block) []*doc.Node {
	d, near := t.Lookup(p, b.Name)
	if rest, ok := ofStd(p, b.Name); ok && d == nil {
		reportDomain(p, "directive-domain", b.Pos, b.Len, "directive", b.Name, rest)
		d, _ = t.Lookup(p, rest)
	}
	if d == nil {
		f := Fail{Code: "directive-unknown", Message: fmt.Sprintf("Unknown directive `%s`.", b.Name), Hint: didYouMean(near)}
		if near == "" {
			f.Hint = "Check the name; its source is shown as it is."
		}
		return b.failed(p, &f)
	}
	if err := d.prepare(p, b); err != nil {
		return b.failed(p, err)
	}
	nodes, err := d.Run(p, b)
	if err != nil {
		nodes = append(nodes, b.failed(p, err)...)
	}
	return nodes
}

// RunRole carries a role out. The empty name is the default role of the page.
func (t *Table) RunRole(p Parser, r *RoleUse) []*doc.Node {
	name := r.Name
	if name == "" {
		name = p.State().DefaultRole
		if c := p.Config(); name == "" && c != nil {
			name = c.DefaultRole
		}
		if name == "" {
			name = "title-reference"
		}
		u := *r
		u.Name, r = name, &u
	}
	role := t.LookupRole(p, name)
	if rest, ok := ofStd(p, name); ok && role == nil {
		reportDomain(p, "role-domain", r.Pos, r.Len, "role", name, rest)
		role = t.LookupRole(p, rest)
	}
	if role == nil {
		hint := didYouMean(t.nearRole(p, name))
		if hint == "" {
			hint = "Check the name, or make the role with the role directive."
		}
		return r.problem(p, doc.Error, "role-unknown", fmt.Sprintf("Unknown role `%s`.", name), hint)
	}
	return role(p, r)
}

// reportDomain tells that a name of another domain is read as one of the
// standard domain. Where the domain is known, Sphinx does the same and is silent.
func reportDomain(p Parser, code string, pos doc.Pos, length int, what, name, rest string) {
	if d, _, _ := strings.Cut(strings.ToLower(name), ":"); !slices.Contains([]string{"py", "c", "cpp", "js", "rst", "math"}, d) {
		p.Report(doc.Warning, code, pos, length, fmt.Sprintf("Unknown %s `%s`: it is read as `%s`.", what, name, rest), "Its extension is not read here; Sphinx without it does the same.")
	}
}

// ofStd gives the name of the standard domain that Sphinx takes for one of
// a domain that it does not know: "option" for "oslo.config:option".
func ofStd(p Parser, name string) (rest string, ok bool) {
	d, rest, ok := strings.Cut(strings.ToLower(name), ":")
	c := p.Config()
	if !ok || c == nil || !c.SphinxIDs || d == "std" {
		return "", false
	}
	return rest, slices.Contains([]string{"option", "envvar", "token", "term", "ref", "numref", "keyword", "doc",
		"program", "cmdoption", "glossary", "productionlist"}, rest)
}

// A Fail is an author's mistake in a directive. The zero Severity is Error,
// the zero Pos the directive itself.
type Fail struct {
	Severity      doc.Severity
	Code          string
	Message, Hint string
	Pos           doc.Pos
	Len           int
}

func (f *Fail) Error() string { return f.Message }

// failf is a Fail of severity error with a formatted message.
func failf(code, format string, args ...any) *Fail {
	return &Fail{Code: code, Message: fmt.Sprintf(format, args...)}
}

// failed reports an error and gives the node that shows the source.
func (b *Block) failed(p Parser, err error) []*doc.Node {
	f, ok := err.(*Fail)
	if !ok {
		f = &Fail{Code: "directive-failed", Message: err.Error()}
	}
	sev, pos, n := f.Severity, f.Pos, f.Len
	if sev == 0 {
		sev = doc.Error
	}
	if pos == (doc.Pos{}) {
		pos, n = b.Pos, b.Len
	}
	p.Report(sev, f.Code, pos, n, f.Message, f.Hint)
	return []*doc.Node{b.message(sev, f.Message)}
}

// message is docutils' node for a mistake: what is wrong, and the source.
func (b *Block) message(sev doc.Severity, text string) *doc.Node {
	m := doc.New(doc.KindSystemMessage, b.Pos, doc.New(doc.KindParagraph, b.Pos, doc.NewText(b.Pos, text)))
	m.Set("level", fmt.Sprint(int(sev))).Set("type", strings.ToUpper(sev.String()))
	if b.Source != nil {
		m.Append(literal(b.Pos, b.Source()))
	}
	return m
}

// problem reports a role that cannot be carried out and gives its source.
func (r *RoleUse) problem(p Parser, sev doc.Severity, code, message, hint string) []*doc.Node {
	p.Report(sev, code, r.Pos, r.Len, message, hint)
	return []*doc.Node{doc.New(doc.KindProblematic, r.Pos, doc.NewText(r.Pos, r.Raw))}
}

func didYouMean(near string) string {
	if near == "" {
		return ""
	}
	return "Did you mean `" + near + "`?"
}
