package directive

import (
	"regexp"
	"strings"

	"docent/generator/doc"
)

// restDomain describes directives and roles.
func restDomain(t *Table) {
	t.addObject(&objectKind{domain: "rst", name: "directive", signature: restDirective, scope: restScope, target: func(o *object, name string, n *doc.Node) {
		id := o.p.State().newID("directive", name)
		o.found(n, id, name)
		o.entry("single", name+" (directive)", id)
	}})
	t.addObject(&objectKind{domain: "rst", name: "role",
		signature: func(o *object, sig string, n *doc.Node) (string, bool) {
			n.Append(plain(doc.KindDescName, o.pos, ":"+sig+":"))
			return sig, true
		},
		target: func(o *object, name string, n *doc.Node) {
			id := o.p.State().newID("role", name)
			o.found(n, id, name)
			o.entry("single", name+" (role)", id)
		}})
	t.addObject(&objectKind{domain: "rst", name: "directive:option", options: map[string]Check{"type": text}, signature: restOption,
		target: func(o *object, name string, n *doc.Node) {
			directive := o.p.State().Class["rst"]
			id := o.p.State().newID(strings.TrimSuffix("directive-option-"+directive, "-"), name)
			key := strings.ToUpper(name[:min(1, len(name))])
			if directive == "" {
				o.found(n, id, name)
				o.entries = append(o.entries, indexEntry("single", ":"+name+": (directive option)", id, "", key))
				return
			}
			o.found(n, id, directive+":"+name)
			o.entries = append(o.entries, indexEntry("pair", directive+" (directive); :"+name+": (directive option)", id, "", key))
		}})
	for _, kind := range []string{"dir", "role"} {
		t.role(crossRef{domain: "rst", kind: kind}.reading(), "rst:"+kind)
	}
}

var restDirectiveSig = regexp.MustCompile(`^\.\. (.+?)::(.*)$`)

func restDirective(o *object, sig string, n *doc.Node) (string, bool) {
	name, args := strings.TrimSpace(sig), ""
	if m := restDirectiveSig.FindStringSubmatch(name); m != nil {
		name, args = strings.TrimSpace(m[1]), strings.TrimSpace(m[2])
	} else if strings.HasPrefix(name, ".") {
		args = ""
	}
	n.Append(plain(doc.KindDescName, o.pos, ".. "+name+"::"))
	if args != "" {
		n.Append(plain(doc.KindDescAddname, o.pos, " "+args))
	}
	return name, true
}

func restScope(o *object) func() {
	before := o.p.State().Class["rst"]
	if len(o.names) > 0 {
		setClass(o.p, "rst", o.names[0])
	}
	return func() { setClass(o.p, "rst", before) }
}

func restOption(o *object, sig string, n *doc.Node) (string, bool) {
	name, argument, _ := strings.Cut(sig, ": ")
	name = strings.Trim(strings.TrimSpace(name), ":")
	n.Append(plain(doc.KindDescName, o.pos, ":"+name+":"))
	if argument = strings.TrimSpace(argument); argument != "" {
		n.Append(plain(doc.KindDescAnnotation, o.pos, " "+argument))
	}
	if typ := o.b.opt("type"); typ != "" {
		n.Append(plain(doc.KindDescAnnotation, o.pos, " ("+typ+")"))
	}
	return name, true
}
