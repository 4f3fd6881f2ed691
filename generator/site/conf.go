package site

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"docent/generator/doc"
)

// A Conf is what the literal assignments of a Sphinx conf.py say. The file is
// read, never run: values are string, bool, int64, float64, nil, []any and
// map[string]any.
type Conf struct {
	Values map[string]any
	Source *doc.Source // nil when there is no conf.py
	Diags  []doc.Diag

	skipped map[string]bool // names whose value cannot be read
}

// settings are the names that this program acts upon. An assignment to one
// of them that is no literal deserves a warning; any other only a note.
var settings = map[string]bool{
	"project": true, "author": true, "copyright": true, "project_copyright": true, "version": true, "release": true,
	"root_doc": true, "master_doc": true, "exclude_patterns": true, "include_patterns": true, "source_suffix": true,
	"html_static_path": true, "html_extra_path": true, "html_css_files": true, "html_js_files": true,
	"html_title": true, "html_short_title": true, "html_logo": true, "html_favicon": true, "html_baseurl": true,
	"manpages_url": true, "modindex_common_prefix": true, "smartquotes": true, "trim_doctest_flags": true, "rst_prolog": true, "rst_epilog": true, "default_role": true, "primary_domain": true, "highlight_language": true,
	"numfig": true, "numfig_format": true, "numfig_secnum_depth": true, "math_number_all": true, "math_eqref_format": true, "math_numfig": true,
	"todo_include_todos": true, "trim_footnote_reference_space": true, "add_module_names": true, "add_function_parentheses": true, "toc_object_entries": true, "show_authors": true, "autosectionlabel_prefix_document": true, "autosectionlabel_maxdepth": true, "extlinks": true, "intersphinx_mapping": true, "language": true,
	"today": true, "today_fmt": true, "nitpicky": true,
	"myst_enable_extensions": true, "myst_substitutions": true, "myst_url_schemes": true, "myst_fence_as_directive": true,
	"myst_number_code_blocks": true, "myst_title_to_header": true,
}

// ReadConf reads the literal assignments of a conf.py. read gives the text of a
// file of the tree that it opens; it may be nil.
func ReadConf(src *doc.Source, read func(name string) (string, bool)) *Conf {
	c := &Conf{Values: map[string]any{}, Source: src, skipped: map[string]bool{}}
	p := pyReader{text: src.Text, values: c.Values, read: read}
	p.file()
	for name, v := range c.Values { // an open file is no setting
		if _, ok := v.(pyFile); ok {
			delete(c.Values, name)
		}
	}
	if len(p.skipped) > 0 {
		sev, names := doc.Info, []string{}
		first := p.skipped[0]
		for i, s := range p.skipped {
			if settings[s.name] && sev == doc.Info {
				sev, first = doc.Warning, p.skipped[i]
			}
			names = append(names, s.name)
			c.skipped[s.name] = true
		}
		sort.Strings(names)
		c.Diags = append(c.Diags, doc.Diag{Severity: sev, Code: "conf-not-literal",
			Message: "Not read, because the value is no literal: " + strings.Join(dedupe(names), ", ") + ".",
			Hint:    "conf.py is read, not run; write the value out if the site needs it.",
			Source:  src, Off: first.off, Len: len(first.name)})
	}
	c.nearMisses()
	return c
}

// nearMisses reports names that are one letter away from a setting: a conf.py
// may assign whatever it likes, and Sphinx says nothing.
func (c *Conf) nearMisses() {
	for _, name := range slices.Sorted(maps.Keys(c.Values)) {
		if settings[name] || len(name) < 5 || strings.HasPrefix(name, "_") {
			continue
		}
		near := doc.Misspelt(name, maps.Keys(settings))
		if near == "" || c.Values[near] != nil || strings.Count(c.Source.Text, name) > 1 { // a name of the file's own
			continue
		}
		d := doc.Diag{Severity: doc.Warning, Code: "conf-near-miss", Message: "`" + name + "` is no setting that is read.",
			Hint: "Did you mean `" + near + "`?", Source: c.Source, Len: len(name)}
		if at := strings.Index("\n"+c.Source.Text, "\n"+name); at >= 0 {
			d.Off = at
		} else {
			d.Len = 0
		}
		c.Diags = append(c.Diags, d)
	}
}

func dedupe(sorted []string) []string {
	out := sorted[:0]
	for i, s := range sorted {
		if i == 0 || s != sorted[i-1] {
			out = append(out, s)
		}
	}
	return out
}

// String gives a string setting, or "".
func (c *Conf) String(names ...string) string {
	for _, n := range names {
		if s, ok := c.Values[n].(string); ok {
			return s
		}
	}
	return ""
}

// Bool gives a boolean setting, or false.
func (c *Conf) Bool(name string) bool {
	switch v := c.Values[name].(type) {
	case bool:
		return v
	case int64:
		return v != 0
	}
	return false
}

// Strings gives a setting that is a list of strings, or a single one.
func (c *Conf) Strings(name string) []string {
	switch v := c.Values[name].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			switch e := e.(type) {
			case string:
				out = append(out, e)
			case []any: // html_css_files holds (name, attributes)
				if len(e) > 0 {
					if s, ok := e[0].(string); ok {
						out = append(out, s)
					}
				}
			}
		}
		return out
	case map[string]any: // source_suffix may map a suffix to a parser
		var out []string
		for k := range v {
			out = append(out, k)
		}
		sort.Strings(out)
		return out
	}
	return nil
}
