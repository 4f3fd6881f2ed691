package directive

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"docent/generator/doc"
)

// customRoles are the directives that make and choose roles.
func customRoles(t *Table) {
	t.add(&Directive{Name: "role", Content: MayContent, Run: roleDirective})
	t.add(&Directive{Name: "default-role", Optional: 1, Run: defaultRole})
}

var roleArgument = regexp.MustCompile(`^([\pL\pN]+(?:[-._+:][\pL\pN]+)*)\s*(?:\(\s*([\pL\pN]+(?:[-._+:][\pL\pN]+)*)\s*\)\s*)?$`)

// roleDirective makes a role of the page's own. Its block is taken apart
// here, because what it may hold depends on the base role.
func roleDirective(p Parser, b *Block) ([]*doc.Node, error) {
	args, argPos, options, content := b.Args, b.ArgPos, b.Options, b.Content
	if args == "" {
		if len(content) == 0 || len(b.Lines) > 0 && blank(b.Lines[0].Text) {
			return nil, failf("directive-argument", "The `role` directive needs the role's name on its first line.")
		}
		args, argPos, content = content[0].Text, content[0].Pos, content[1:]
	}
	m := roleArgument.FindStringSubmatch(args)
	if m == nil {
		return nil, &Fail{Code: "directive-argument", Message: fmt.Sprintf("`%s` is no role name.", args), Hint: "Write `name` or `name(base)`, of letters, digits and single hyphens.",
			Pos: argPos, Len: len(args)}
	}
	name, baseName := strings.ToLower(m[1]), strings.ToLower(m[2])
	base := genericRole
	if baseName != "" {
		r := table(p).LookupRole(p, baseName)
		if r == nil {
			return nil, &Fail{Code: "role-unknown", Message: fmt.Sprintf("Unknown role `%s`.", baseName), Hint: didYouMean(table(p).nearRole(p, baseName)), Pos: argPos, Len: len(args)}
		}
		base = r
	}
	// A role made from a role knows what its ancestors know.
	root := baseName
	for seen := 0; p.State().RoleBase[root] != "" && seen < 100; seen++ {
		root = p.State().RoleBase[root]
	}
	spec := map[string]Check{"class": classOption}
	switch root {
	case "raw":
		spec["format"] = text
	case "code":
		spec["language"] = text
	}
	sub := &Block{Name: b.Name, Pos: b.Pos, Len: b.Len, Lines: content, Options: options}
	if len(content) == 0 {
		sub.Lines = nil
	}
	d := &Directive{Name: "role", Options: spec}
	if err := d.prepare(p, sub); err != nil {
		return nil, err
	}
	given := map[string]string{}
	for _, o := range sub.Options {
		given[o.Name] = o.Value
	}
	if _, ok := given["class"]; !ok {
		c, err := classOption(name)
		if err != nil {
			return nil, &Fail{Code: "directive-argument", Message: fmt.Sprintf("Invalid role name: %v.", err), Pos: argPos, Len: len(args)}
		}
		given["class"] = c
	}
	s := p.State()
	if s.Roles == nil {
		s.Roles, s.RoleBase = map[string]Role{}, map[string]string{}
	}
	if root != name {
		s.RoleBase[name] = root
	}
	s.found = nil
	s.Roles[name] = func(p Parser, r *RoleUse) []*doc.Node {
		u := *r
		u.Options = maps.Clone(given)
		maps.Copy(u.Options, r.Options)
		return base(p, &u)
	}
	return nil, nil
}

// genericRole is the base of roles that name none.
func genericRole(p Parser, r *RoleUse) []*doc.Node {
	return r.give(plain(doc.KindInline, r.Pos, r.Text))
}

func defaultRole(p Parser, b *Block) ([]*doc.Node, error) {
	name := strings.ToLower(b.Arg(0))
	if name != "" {
		if table(p).LookupRole(p, name) == nil {
			return nil, &Fail{Code: "role-unknown", Message: fmt.Sprintf("Unknown role `%s`.", name), Hint: didYouMean(table(p).nearRole(p, name)), Pos: b.ArgPos, Len: len(b.Args)}
		}
	}
	p.State().DefaultRole = name
	return nil, nil
}

// style sets the classes that the role directive asked for.
func (r *RoleUse) style(n *doc.Node) *doc.Node {
	if c := r.Options["class"]; c != "" {
		n.AddClass(strings.Fields(c)...)
	}
	return n
}

// give is style for the one node that a role makes.
func (r *RoleUse) give(n *doc.Node) []*doc.Node { return []*doc.Node{r.style(n)} }

// source is the text between the backquotes as it was written, for roles that
// keep backslashes.
func (r *RoleUse) source() string {
	if r.Source != "" {
		return r.Source
	}
	i, j := strings.IndexByte(r.Raw, '`'), strings.LastIndexByte(r.Raw, '`')
	if i < 0 || j <= i {
		return r.Text
	}
	s := r.Raw[i : j+1]
	for len(s) >= 2 && s[0] == '`' && s[len(s)-1] == '`' {
		s = s[1 : len(s)-1]
	}
	return s
}
