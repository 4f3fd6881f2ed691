package directive

import (
	"regexp"
	"strings"

	"docent/generator/doc"
)

// standardDomain are program, option, envvar, confval and their roles.
func standardDomain(t *Table) {
	t.add(&Directive{Name: "program", Required: 1, FinalSpace: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		name := strings.Join(strings.Fields(b.Arg(0)), "-")
		if name == "None" {
			name = ""
		}
		p.State().Program = name
		return nil, nil
	}})
	option := &objectKind{domain: "std", name: "option", objtype: "cmdoption", signature: optionSignature, target: optionTarget}
	t.addObject(option, "option", "cmdoption", "std:cmdoption")
	t.AddObjectType("envvar", "envvar", "single: environment variable; %s", false)
	t.AddObjectType("confval", "confval", "pair: %s; configuration value", false)
	envvar := crossRef{domain: "std", kind: "envvar", wrap: func(p Parser, r *RoleUse, n *doc.Node) []*doc.Node {
		id, name := p.State().serialID("index"), n.Attr(doc.AttrRefTarget)
		return append(indexed(p, r.Pos, id, []string{
			indexEntry("single", name, id, "", ""), indexEntry("single", "environment variable; "+name, id, "", ""),
		}), n)
	}}
	t.role(envvar.reading(), "envvar", "std:envvar")
}

// AddObjectType adds a directive that describes objects of a kind of the
// site's own, and the role that refers to them, as Sphinx' add_object_type
// does. index is the template of index entries, such as "pair: %s; command",
// or "" for none. With short, the first word of a signature is the object's
// name: who reads signatures by a function of their own mostly does that. Add
// to a [Table.Clone], not to the standard table.
func (t *Table) AddObjectType(name, role, index string, short bool) {
	kind, template := indexTemplate(index)
	t.addObject(&objectKind{domain: "std", name: name, options: map[string]Check{"type": text, "default": text},
		signature: plainSignature, target: func(o *object, object string, n *doc.Node) {
			id := o.p.State().newID(name, object)
			if f := strings.FieldsFunc(object, func(r rune) bool { return r == ' ' || r == '(' }); short && len(f) > 0 {
				object = f[0]
			}
			o.found(n, id, object)
			if template != "" {
				o.entry(kind, strings.ReplaceAll(template, "%s", object), id)
			}
		}}, name)
	t.ownRole(crossRef{domain: "std", kind: role}.reading(), role, "std:"+role)
}

func plainSignature(o *object, sig string, n *doc.Node) (string, bool) {
	n.Append(plain(doc.KindDescName, o.pos, sig))
	return OneLine(sig), true
}

var optionDesc = regexp.MustCompile(`(?s)^((?:/|--|-|\+)?[^\s=]+)(=?\s*.*)`)

// optionSignature reads "-o FILE, --output=FILE". The name holds all options,
// one per line.
func optionSignature(o *object, sig string, n *doc.Node) (string, bool) {
	var names []string
	for _, part := range strings.Split(sig, ", ") {
		m := optionDesc.FindStringSubmatch(strings.TrimSpace(part))
		if m == nil {
			o.p.Report(doc.Warning, "option-signature", o.pos, len(sig), "An option's description is empty.", "Write `-o FILE, --output=FILE`.")
			continue
		}
		name, args := m[1], m[2]
		if strings.HasSuffix(name, "[") && strings.HasSuffix(args, "]") {
			name, args = strings.TrimSuffix(name, "["), "["+args
		}
		if len(names) > 0 {
			n.Append(plain(doc.KindDescAddname, o.pos, ", "))
		}
		n.Append(plain(doc.KindDescName, o.pos, name))
		if c := o.p.Config(); c != nil && c.Values["option_emphasise_placeholders"] == "true" {
			n.Append(doc.New(doc.KindDescAddname, o.pos, emphasizeBraces(o.pos, args)...))
		} else {
			n.Append(plain(doc.KindDescAddname, o.pos, args))
		}
		names = append(names, name)
	}
	return strings.Join(names, "\n"), len(names) > 0
}

func optionTarget(o *object, all string, n *doc.Node) {
	program := o.p.State().Program
	names := strings.Split(all, "\n")
	var ids []string
	for _, name := range names {
		prefix := "cmdoption"
		if program != "" {
			prefix += "-" + program
		}
		if !strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "/") {
			prefix += "-arg"
		}
		ids = append(ids, o.p.State().newID(prefix, name))
		if old := MakeID(prefix + "-" + name); old != "" && !o.p.State().IDs[old] {
			o.p.State().IDs[old] = true
			ids = append(ids, old)
		}
	}
	n.AddID(ids...)
	if program != "" {
		n.Set(doc.AttrProgram, program)
	}
	if program != "" {
		all = program + " " + strings.Join(names, "\n"+program+" ")
	}
	o.found(n, ids[0], all)
	what := "command line option"
	if program != "" {
		what = program + " " + what
	}
	for _, name := range names {
		o.entry("pair", what+"; "+name, ids[0])
	}
}
