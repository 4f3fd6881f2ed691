package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"regexp"
	"slices"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

// directiveName is what a template's file may be called for a directive.
var directiveName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// tableOf gives the directives and roles of the site: the standard ones, or
// those that the program brings, and one for each template in
// templates/directives.
func (s *Site) tableOf() *directive.Table {
	t, own := s.opt.Table, false
	if t == nil {
		t = directive.Standard()
	}
	clone := func() *directive.Table {
		if !own {
			t, own = t.Clone(), true
		}
		return t
	}
	if s.extend(t, clone); len(s.theme.directives) == 0 {
		if !own {
			return s.opt.Table
		}
		return t
	}
	t = clone()
	for _, name := range slices.Sorted(maps.Keys(s.theme.directives)) {
		if !directiveName.MatchString(name) {
			file := s.set.Theme + "/templates/directives/" + name + ".html"
			s.report(doc.Diag{Severity: doc.Error, Code: "theme-directive", Source: doc.NewSource(file, ""), Message: "No directive can be called `" + name + "`.",
				Hint: "Use small letters, digits, hyphens and underscores."})
			continue
		}
		t.Directives[name] = shaped(name)
	}
	return t
}

// shaped is a directive that a template writes: it takes one argument, any
// options, and content.
func shaped(name string) *directive.Directive {
	return &directive.Directive{Name: name, Optional: 1, FinalSpace: true, Content: directive.MayContent, AnyOption: true,
		Run: func(p directive.Parser, b *directive.Block) ([]*doc.Node, error) {
			options := map[string]string{}
			for _, o := range b.Options {
				options[o.Name] = o.Value
			}
			fields, err := json.Marshal(options)
			if err != nil {
				return nil, err
			}
			n := doc.New(doc.KindContainer, b.Pos, p.Blocks(b.Content, false)...).AddClass("directive-"+name).
				Set(doc.AttrTemplate, name).Set(doc.AttrArgument, b.Args).Set(doc.AttrFields, string(fields))
			return []*doc.Node{n}, nil
		}}
}

// A shapedView is what the template of a directive is given.
type shapedView struct {
	Name     string
	Argument string
	Options  map[string]string
	Content  template.HTML
	Title    string // of the page
	Root     string // way to the site's root
	Lang     string
	theme    *theme
}

// Asset gives the name under which a file of the theme is published, below
// Root.
func (v *shapedView) Asset(name string) (string, error) { return v.theme.asset(name) }

// Shape writes a directive that has a template.
func (e *env) Shape(n *doc.Node, content []byte) ([]byte, bool) {
	name, ok := n.Lookup(doc.AttrTemplate)
	t := e.s.theme.directives[name]
	if !ok || t == nil {
		return nil, false
	}
	v := &shapedView{Name: name, Argument: n.Attr(doc.AttrArgument), Options: map[string]string{}, Title: e.p.title, Lang: e.s.lang,
		Root: relative(e.p.url, ""), theme: e.s.theme, Content: template.HTML(content)} //nolint:gosec // rendered
	if err := json.Unmarshal([]byte(n.Attr(doc.AttrFields)), &v.Options); err != nil {
		return nil, false
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		e.Report(n, doc.Error, "theme-directive", fmt.Sprintf("The template of `%s` fails: %v.", name, err), "Correct it in the theme.")
		return nil, false
	}
	return b.Bytes(), true
}

// broken says that a template of the site's own fails.
func (t *theme) broken(name, page string, err error) error {
	return &BadTheme{"templates/" + name, fmt.Sprintf("it fails for %s: %v", page, err)}
}
