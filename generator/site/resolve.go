package site

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"docent/generator/doc"
	"docent/generator/html"
)

// roleTypes are the object types that a role of a domain may name.
var roleTypes = map[string][]string{
	"std:term": {"std:term"}, "std:token": {"std:token"}, "std:envvar": {"std:envvar"},
	"std:option": {"std:cmdoption", "std:option"}, "std:confval": {"std:confval"},
	"std:pdbcmd": {"std:pdbcommand"}, "std:opcode": {"std:opcode"}, "std:2to3fixer": {"std:2to3fixer"}, "std:monitoring-event": {"std:monitoring-event"},
	"py:func": {"py:function"}, "py:data": {"py:data"}, "py:exc": {"py:exception", "py:class"},
	"py:class": {"py:class", "py:exception", "py:type"}, "py:const": {"py:data", "py:attribute"},
	"py:attr": {"py:attribute", "py:property", "py:data"}, "py:meth": {"py:method", "py:classmethod", "py:staticmethod"},
	"py:mod": {"py:module"}, "py:type": {"py:type"}, "py:obj": nil,
	"c:func": nil, "c:member": nil, "c:data": nil, "c:var": nil, "c:macro": nil, "c:struct": nil, "c:union": nil,
	"c:enum": nil, "c:enumerator": nil, "c:type": nil, "c:expr": nil,
	"js:func": {"js:function", "js:method"}, "js:meth": {"js:method", "js:function"}, "js:class": {"js:class"},
	"js:data": {"js:data", "js:attribute"}, "js:attr": {"js:attribute", "js:data"}, "js:mod": {"js:module"},
	"rst:dir": {"rst:directive", "rst:directive:option"}, "rst:role": {"rst:role"},
}

// xref resolves a cross-reference, and reports one that leads nowhere when
// its role asks for that.
func (e *env) xref(n *doc.Node) (html.Link, bool) {
	domain, typ, name := n.Attr(doc.AttrRefDomain), n.Attr(doc.AttrRefType), n.Attr(doc.AttrRefTarget)
	explicit := truthy(n, doc.AttrRefExplicit)
	if domain == "" {
		domain = "std"
	}
	key := domain + ":" + typ
	s := e.s
	if site, ok := n.Lookup(doc.AttrInventory); ok {
		return e.elsewhere(n, site, domain, typ, name)
	}
	switch key {
	case "lab:measured":
		return e.measured(n, name)
	case "std:doc":
		if q := s.page(e.p, name); q != nil {
			if explicit {
				e.needs = needsNames
			}
			return e.pageLink(q, explicit), true
		}
		if t, ok := s.external([]string{"std:doc"}, strings.TrimPrefix(path.Join(path.Dir("/"+e.p.docname), name), "/")); ok {
			return e.linkTo(n, t, explicit), true
		}
		if t, ok := s.external([]string{"std:doc"}, name); ok {
			return e.linkTo(n, t, explicit), true
		}
		hint := "Its name is relative to this page, or begins with / at the content folder."
		if near := s.nearestPage(e.p, name); near != "" {
			hint = "Did you mean `" + near + "`?"
		}
		e.warn(n, "ref-doc", "There is no page `"+name+"`.", hint)
		return html.Link{}, false
	case "std:ref", "std:keyword":
		t, ok := s.labels[normal(name)]
		if ok && explicit {
			e.needs = needsTables
		}
		if title := generated[strings.TrimSpace(name)]; !ok && title != "" {
			return html.Link{Href: relative(e.p.url, s.generatedURL(strings.TrimSpace(name))), Plain: plainUnless(explicit, s.bookOf(nil).generated(strings.TrimSpace(name)))}, true
		}
		if !ok && s.sectionLabels() {
			t, ok = s.autoLabel(e.p, name)
		}
		if !ok {
			if t, ok = s.external([]string{"std:label"}, name); ok {
				return e.linkTo(n, t, explicit), true
			}
			if typ == "keyword" {
				e.warn(n, "ref-missing", "There is no keyword `"+name+"`.", s.nearLabel(name))
				return html.Link{}, false
			}
			e.warn(n, "ref-label", "There is no label `"+name+"`.", s.nearLabel(name))
			return html.Link{}, false
		}
		if t.text == "" && !explicit && typ == "ref" {
			e.warn(n, "ref-no-title", "The label `"+name+"` stands before nothing that has a title.",
				"Give the reference a text: :ref:`text <"+name+">`.")
		}
		return e.linkTo(n, t, explicit || typ == "keyword"), true
	case "std:todo": // of a list of to-dos: a page and an anchor
		docname, id, _ := strings.Cut(name, "#")
		if q := s.page(e.p, "/"+docname); q != nil {
			return e.linkTo(n, target{page: q, id: id}, true), true
		}
	case "std:numref":
		return e.numref(n, name, explicit)
	case "std:any":
		return e.any(n, name, explicit)
	case "std:eq", "math:eq", "math:numref":
		id := makeID("equation-" + name)
		if t, ok := s.equation(e.p, id); ok {
			l := e.linkTo(n, t, true)
			l.Plain = s.equationText(e.equationNumber(t)) // also where the author gave a title, as in Sphinx
			return l, true
		}
	case "std:download":
		return e.download(n)
	case "std:myst", "myst:any":
		if strings.ContainsAny(name, "./") || s.page(e.p, name) != nil {
			return e.relativeLink(n, name)
		}
		if t, ok := s.anchor(e.p, strings.TrimPrefix(name, "#")); ok {
			return e.linkTo(n, t, explicit), true
		}
	default:
		if t, ok := s.object(e.p, n, domain, typ, name); ok {
			e.needs = needsTables
			l := e.linkTo(n, t, true)
			if t.page == nil && t.site != "" && !explicit {
				l.Plain = strings.TrimPrefix(n.PlainText(), t.site+":")
			}
			if l.Title == "" && t.page != nil && domain != "std" {
				l.Title = t.name
			}
			return l, true
		}
	}
	if truthy(n, doc.AttrRefWarn) || s.conf.Bool("nitpicky") || domain == "std" && (typ == "term" || typ == "option" || typ == "token") || typ == "eq" {
		hint := s.nearObject(domain, typ, name)
		if domain == "citation" {
			typ, hint = domain, "Write it on a page: `.. ["+name+"] text`."
			if near := nearest(name, s.objects["citation:ref"]); near != "" {
				hint = "Did you mean `[" + near + "]_`?"
			}
		}
		if typ == "eq" {
			typ, hint = "equation", s.nearEquation(e.p, name)
		}
		e.warn(n, "ref-missing", fmt.Sprintf("There is no %s `%s`.", typ, name), hint)
	}
	return html.Link{}, false
}

// elsewhere resolves a reference that may only lead to another site, or to
// the one of a name.
func (e *env) elsewhere(n *doc.Node, site, domain, typ, name string) (html.Link, bool) {
	s := e.s
	if site != "*" {
		if !slices.ContainsFunc(s.invs, func(inv *Inventory) bool { return inv.Name == site }) {
			e.warn(n, "ref-inventory", "There is no inventory `"+site+"`.", "intersphinx_mapping of conf.py names the sites that references may lead to.")
			return html.Link{}, false
		}
		name = site + ":" + name
	}
	types := roleTypes[domain+":"+typ]
	switch {
	case domain == "std" && (typ == "ref" || typ == "numref" || typ == "keyword"):
		types = []string{"std:label"}
	case domain == "std" && typ == "doc":
		types = []string{"std:doc"}
	case len(types) == 0 || domain == "py":
		for _, inv := range s.invs {
			types = append(types, typesOf(inv.Objects, domain)...)
		}
	}
	t, ok := s.external(types, strings.TrimSuffix(name, "()"))
	if !ok {
		e.warn(n, "ref-missing", fmt.Sprintf("No other site has the %s `%s`.", typ, name), "Its objects.inv lists what can be referred to.")
		return html.Link{}, false
	}
	return e.linkTo(n, t, truthy(n, doc.AttrRefExplicit) || !strings.HasPrefix(t.kind, "std:") || typ == "keyword" || typ == "option" || typ == "term"), true
}

func plainUnless(explicit bool, s string) string {
	if explicit {
		return ""
	}
	return s
}

func (e *env) pageLink(q *page, explicit bool) html.Link {
	l := html.Link{Href: relative(e.p.url, q.url)}
	if !explicit {
		l.Plain = q.title
		if len(q.facts.outline().heads) > 0 {
			l.Text = q.facts.outline().heads[0].title.node()
		} else if e.s.cfg.SphinxIDs {
			l.Plain = "<no title>" // as in Sphinx
		}
	}
	return l
}

func (e *env) numref(n *doc.Node, name string, explicit bool) (html.Link, bool) {
	t, ok := e.s.labels[normal(name)]
	if !ok {
		e.warn(n, "ref-label", "There is no label `"+name+"`.", e.s.nearLabel(name))
		return html.Link{}, false
	}
	num := t.page.fignum[t.id]
	if t.kind == "section" {
		num = t.page.secnum[t.id]
		for _, h := range t.page.facts.outline().heads { // the label may be a second id
			if num == "" && slices.Contains(h.ids, t.id) {
				num = t.page.secnum[h.id]
			}
		}
	} else {
		for _, f := range t.page.facts.figures { // the label may be a second id
			if slices.Contains(f.ids, t.id) {
				num, t.kind = t.page.fignum[f.id], f.typ
			}
		}
	}
	l := e.linkTo(n, t, true)
	if num == "" {
		hint := "Set numfig = True in conf.py, and give the figure a caption."
		if t.kind == "section" {
			hint = "Put :numbered: on the toctree that holds its page."
		}
		e.warn(n, "ref-no-number", "`"+name+"` has no number.", hint)
		if !explicit {
			l.Text = t.text.node()
		}
		return l, true
	}
	format, title := e.s.figFormat(t.kind), ""
	if explicit {
		format = n.PlainText()
	}
	if t.text != "" {
		title = t.text.node().PlainText()
	}
	if strings.Contains(format, "{") {
		l.Plain = strings.NewReplacer("{number}", num, "{name}", title).Replace(format)
	} else {
		l.Plain = strings.Replace(format, "%s", num, 1)
	}
	return l, true
}

// any tries every kind of target; several answers are the author's to decide.
func (e *env) any(n *doc.Node, name string, explicit bool) (html.Link, bool) {
	s := e.s
	if q := s.page(e.p, name); q != nil {
		return e.pageLink(q, explicit), true
	}
	if t, ok := s.labels[normal(name)]; ok {
		return e.linkTo(n, t, explicit), true
	}
	var types []string
	for typ := range s.objects {
		types = append(types, typ)
	}
	sort.Strings(types)
	var found []target
	for _, typ := range types {
		for _, k := range []string{name, strings.TrimSuffix(name, "()")} {
			if t, ok := s.objects[typ][k]; ok {
				found = append(found, t)
				break
			}
		}
	}
	if len(found) == 0 {
		if t, ok := s.bySuffix("py", nil, "."+strings.TrimPrefix(strings.TrimSuffix(name, "()"), ".")); ok { // as in Sphinx
			found = append(found, t)
		}
	}
	if len(found) > 1 {
		e.warn(n, "ref-ambiguous", "`"+name+"` may mean "+found[0].kind+" or "+found[1].kind+".", "Use the role of the one you mean.")
	}
	if len(found) > 0 {
		return e.linkTo(n, found[0], true), true
	}
	for _, inv := range s.invs {
		types = types[:0]
		for typ := range inv.Objects {
			types = append(types, typ)
		}
		sort.Strings(types)
		if t, ok := s.external(types, name); ok {
			return e.linkTo(n, t, explicit), true
		}
	}
	e.warn(n, "ref-missing", "Nothing on the site is called `"+name+"`.", s.nearLabel(name))
	return html.Link{}, false
}

// anchor finds what MyST's [](#name) names: a label, an id of this page, or
// a heading of another.
func (s *Site) anchor(p *page, name string) (target, bool) {
	if p.facts.hasID(name) {
		return target{page: p, id: name, text: p.titleOf(name)}, true
	}
	if t, ok := s.labels[normal(name)]; ok {
		return t, true
	}
	if all := s.anchors()[normal(strings.ReplaceAll(name, "-", " "))]; len(all) == 1 {
		return all[0], true
	}
	return target{}, false
}

func (p *page) titleOf(id string) written {
	for _, h := range p.facts.outline().heads {
		if slices.Contains(h.ids, id) {
			return h.title
		}
	}
	return ""
}

// sectionLabels reports whether titles of sections are labels of the whole
// site, as the extension autosectionlabel makes them.
func (s *Site) sectionLabels() bool {
	return slices.Contains(s.conf.Strings("extensions"), "sphinx.ext.autosectionlabel")
}

func (s *Site) autoLabel(p *page, name string) (target, bool) {
	doc, rest, ok := strings.Cut(name, ":")
	if plain := strings.NewReplacer("*", "", "`", "").Replace(name); plain != name { // Sphinx takes the title as it is written
		return s.autoLabel(p, plain)
	}
	for _, t := range s.anchors()[normal(name)] {
		return t, true
	}
	if ok {
		for _, t := range s.anchors()[normal(rest)] {
			if t.page.docname == doc {
				return t, true
			}
		}
	}
	return target{}, false
}

func (s *Site) equation(p *page, id string) (target, bool) {
	if p.facts.hasID(id) {
		return target{page: p, id: id}, true
	}
	for _, q := range s.pages {
		if q.facts.hasID(id) {
			return target{page: q, id: id}, true
		}
	}
	return target{}, false
}

// equationText is how a reference calls an equation.
func (s *Site) equationText(number string) string {
	if f := s.conf.String("math_eqref_format"); strings.Contains(f, "{number}") {
		return strings.ReplaceAll(f, "{number}", number)
	}
	return "(" + number + ")"
}

func (e *env) equationNumber(t target) string {
	if n := t.page.fignum[t.id]; n != "" {
		return n
	}
	return "1"
}

// object finds an object of a domain from where a reference stands.
func (s *Site) object(p *page, n *doc.Node, domain, typ, name string) (target, bool) {
	types := roleTypes[domain+":"+typ]
	if own, ok := s.roles[typ]; ok && domain == "std" {
		types = []string{"std:" + own}
	}
	named := s.named[domain]
	get := func(name string) (target, bool) {
		all := named[name]
		for _, typ := range types {
			for _, t := range all {
				if t.kind == typ {
					return t, true
				}
			}
		}
		if types == nil && len(all) > 0 {
			return all[0], true
		}
		return target{}, false
	}
	// Sphinx looks for the plain name in every type of the domain first.
	anyType := func(name string) (target, bool) {
		t, ok := get(name)
		if all := named[name]; !ok && len(all) > 0 {
			return all[0], true
		}
		return t, ok
	}
	try := func(names ...string) (target, bool) {
		for _, nm := range names {
			nm = strings.Trim(nm, ".")
			if t, ok := anyType(nm); ok {
				return t, true
			}
		}
		return target{}, false
	}
	switch domain {
	case "py":
		name = strings.TrimSuffix(name, "()")
		mod, class := n.Attr(doc.AttrPyModule), n.Attr(doc.AttrPyClass)
		if strings.HasPrefix(name, ".") || truthy(n, doc.AttrRefSpecific) {
			bare := strings.TrimPrefix(name, ".")
			for _, nm := range []string{mod + "." + class + "." + bare, mod + "." + bare, bare} {
				if t, ok := get(strings.Trim(nm, ".")); ok {
					return t, true
				}
			}
			if t, ok := s.bySuffix(domain, types, "."+bare); ok {
				return t, true
			}
			name = bare
		} else {
			if t, ok := anyType(strings.TrimRight(name, ".")); ok {
				return t, true
			}
			scopes := []string{class, mod, ""}
			if mod != "" && class != "" {
				scopes[2] = mod + "." + class
			}
			for _, scope := range scopes {
				if scope == "" || typ == "mod" {
					continue
				}
				if t, ok := try(scope + "." + name); ok {
					return t, true
				}
			}
		}
		ext := types
		if typ == "obj" || len(ext) == 0 {
			ext = []string{"py:module", "py:class", "py:function", "py:method", "py:attribute", "py:data", "py:exception", "py:property"}
		}
		return s.external(append(ext, "py:class", "py:function", "py:method", "py:attribute", "py:data", "py:exception", "py:property", "py:classmethod", "py:staticmethod"), name)
	case "js":
		name = strings.TrimSuffix(name, "()")
		mod, obj := n.Attr(doc.AttrJSModule), n.Attr(doc.AttrJSObject)
		tries := []string{}
		if mod != "" && obj != "" {
			tries = append(tries, mod+"."+obj+"."+name)
		}
		if obj != "" {
			tries = append(tries, obj+"."+name)
		}
		if mod != "" {
			tries = append(tries, mod+"."+name)
		}
		if t, ok := try(append(tries, name)...); ok {
			return t, true
		}
	case "c", "cpp":
		name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(name, "()"), "::"))
		sep := map[string]string{"c": ".", "cpp": "::"}[domain]
		scope := n.Attr(doc.AttrScope)
		for {
			full := name
			if scope != "" {
				full = scope + sep + name
			}
			if t, ok := anyType(full); ok {
				return t, true
			}
			if scope == "" {
				break
			}
			if i := strings.LastIndex(scope, sep); i >= 0 {
				scope = scope[:i]
			} else {
				scope = ""
			}
		}
		if t, ok := s.anons()[domain+" "+name]; ok {
			return t, true
		}
		if i := strings.IndexAny(name, "<("); domain == "cpp" && i > 0 {
			if t, ok := anyType(strings.TrimSpace(name[:i])); ok {
				return t, true
			}
		}
	case "rst":
		if t, ok := get(name); ok {
			return t, true
		}
	default: // std
		if t, ok := get(name); ok {
			return t, true
		}
		switch typ {
		case "term":
			for _, k := range []string{strings.ToLower(name), strings.Join(strings.Fields(name), " ")} {
				if t, ok := get(k); ok {
					return t, true
				}
			}
			if t, ok := s.folded("std:term", name); ok {
				return t, true
			}
		case "option":
			return s.option(n, name, get)
		}
	}
	if types == nil {
		types = typesOf(s.objects, domain)
	}
	if len(types) == 0 {
		types = []string{domain + ":" + typ}
	}
	return s.external(types, name)
}

// option finds a command-line option: with the program in the reference's
// own text, or with the one that :program: set before it.
func (s *Site) option(n *doc.Node, name string, get func(string) (target, bool)) (target, bool) {
	prog := n.Attr(doc.AttrProgram)
	name = strings.Join(strings.Fields(name), " ")
	tries := []string{name}
	if prog != "" {
		tries = []string{prog + " " + name, prog + "." + name, name}
	}
	if i := strings.LastIndexByte(name, ' '); i > 0 { // "git rm -f", or "-o value"
		tries = append(tries, strings.ReplaceAll(name[:i], " ", "-")+" "+name[i+1:], strings.ReplaceAll(name[:i], " ", "-")+"."+name[i+1:])
		if strings.HasPrefix(name, "-") {
			tries = append(tries, strings.TrimSpace(prog+" "+name[:strings.IndexByte(name, ' ')]))
		}
	}
	if i := strings.IndexAny(name, "=["); i > 0 {
		tries = append(tries, strings.TrimSpace(prog+" "+name[:i]), name[:i])
	}
	for _, t := range tries {
		if x, ok := get(t); ok {
			return x, true
		}
	}
	return s.external([]string{"std:cmdoption"}, strings.ReplaceAll(tries[0], " ", "."))
}

// typesOf are the types of a domain among objects by type.
func typesOf[V any](objects map[string]V, domain string) (types []string) {
	for t := range objects {
		if strings.HasPrefix(t, domain+":") {
			types = append(types, t)
		}
	}
	sort.Strings(types)
	return types
}

// indexObjects makes the objects easy to find by what references say.
func (s *Site) indexObjects() {
	s.named = map[string]map[string][]target{}
	for _, typ := range slices.Sorted(maps.Keys(s.objects)) {
		domain, _, _ := strings.Cut(typ, ":")
		byName := s.named[domain]
		if byName == nil {
			byName = make(map[string][]target, len(s.objects[typ]))
			s.named[domain] = byName
		}
		for name, t := range s.objects[typ] {
			byName[name] = append(byName[name], t)
		}
	}
	s.lasts = sync.OnceValue(func() map[string][]string {
		lasts := map[string][]string{}
		for domain, byName := range s.named {
			for name := range byName {
				key := domain + " " + name[strings.LastIndexByte(name, '.')+1:]
				lasts[key] = append(lasts[key], name)
			}
		}
		return lasts
	})
	s.anons = sync.OnceValue(func() map[string]target { // members of an anonymous union are members of what holds it
		anons := map[string]target{}
		for domain, sep := range map[string]string{"c": ".", "cpp": "::"} {
			for _, name := range slices.Sorted(maps.Keys(s.named[domain])) { // of two members of one name the last counts, in every build
				all := s.named[domain][name]
				parts := strings.Split(name, sep)
				kept := slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return strings.HasPrefix(p, "@") })
				if len(kept) < len(parts) && kept != nil {
					anons[domain+" "+strings.Join(kept, sep)] = all[0]
				}
				if short, ok := s.enumerator(domain, parts, sep, all); ok {
					anons[domain+" "+short] = all[0]
				}
			}
		}
		return anons
	})
	s.folds = sync.OnceValue(func() map[string]string {
		folds := map[string]string{}
		for typ, m := range s.objects {
			for name := range m {
				key := typ + " " + strings.ToLower(name)
				if old, twice := folds[key]; !twice || name < old {
					folds[key] = name
				}
			}
		}
		return folds
	})
}

// enumerator gives the name that an enumerator has beside its enum, where that
// is no scope.
func (s *Site) enumerator(domain string, parts []string, sep string, all []target) (short string, ok bool) {
	n := len(parts)
	if n < 2 || all[0].kind != domain+":enumerator" {
		return "", false
	}
	if _, ok = s.objects[domain+":enum"][strings.Join(parts[:n-1], sep)]; !ok {
		return "", false
	}
	return strings.Join(append(parts[:n-2:n-2], parts[n-1]), sep), true
}

// bySuffix finds the object with the shortest name that ends so. suffix
// begins with a point.
func (s *Site) bySuffix(domain string, types []string, suffix string) (target, bool) {
	var found target
	best := ""
	for _, name := range s.lasts()[domain+" "+suffix[strings.LastIndexByte(suffix, '.')+1:]] {
		if !strings.HasSuffix(name, suffix) || best != "" && (len(name) > len(best) || len(name) == len(best) && name >= best) {
			continue
		}
		for _, t := range s.named[domain][name] {
			if types == nil || slices.Contains(types, t.kind) {
				found, best = t, name
				break
			}
		}
	}
	return found, best != ""
}

// folded finds an object whose name differs in case only.
func (s *Site) folded(typ, name string) (target, bool) {
	t, ok := s.objects[typ][s.folds()[typ+" "+strings.ToLower(name)]]
	return t, ok
}

// nearLabel and nearObject are hints for names that were not found.
func (s *Site) nearLabel(name string) string {
	if near := nearest(normal(name), s.labels); near != "" {
		return "Did you mean `" + near + "`?"
	}
	return "Write the label before what it names, or correct it here."
}

func (s *Site) nearObject(domain, typ, name string) string {
	for _, t := range roleTypes[domain+":"+typ] {
		if near := nearest(name, s.objects[t]); near != "" {
			return "Did you mean `" + near + "`?"
		}
	}
	return "Describe it on a page, or correct the name."
}

// nearEquation suggests what a reference to an equation may have meant.
func (s *Site) nearEquation(p *page, name string) string {
	var labels []string
	for _, q := range s.pages {
		for _, f := range q.facts.figures {
			if label, ok := strings.CutPrefix(f.id, "equation-"); ok && f.typ == "displaymath" {
				labels = append(labels, label)
			}
		}
	}
	if near := doc.Nearest(name, slices.Values(labels)); near != "" {
		return "Did you mean `" + near + "`?"
	}
	return fmt.Sprintf("Give the equation the option `:label: %s`.", name)
}

func nearest(name string, m map[string]target) string {
	best, found := 1+len(name)/4, ""
	for k := range m {
		if d := distance(name, k, best+1); d < best || d == best && (found == "" || k < found) {
			best, found = d, k
		}
	}
	if best > len(name)/4 && best > 1 {
		return ""
	}
	return found
}
