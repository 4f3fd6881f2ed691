package cli

import "docent/generator/parse/directive"

// An Extension adds to what pages may use. A program of your own is a main
// function that hands its extensions to [Main].
type Extension func(*directive.Table)

// Directive adds a directive, for reStructuredText and Markdown. One of the
// same name takes the place of the built-in one.
func Directive(d *directive.Directive) Extension {
	return func(t *directive.Table) { t.Directives[d.Name] = d }
}

// Role adds a role, likewise.
func Role(name string, r directive.Role) Extension {
	return func(t *directive.Table) { t.Roles[name] = r }
}

// extended is the standard table with the extensions, or nil without any.
func extended(own []Extension) *directive.Table {
	if len(own) == 0 {
		return nil
	}
	t := directive.Standard().Clone()
	for _, add := range own {
		add(t)
	}
	return t
}
