package site

import (
	"fmt"
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/generator/parse"
)

// configureMyst reads how a Sphinx tree wants its Markdown. A tree that does
// not use MyST-Parser gets all that we know, as a site of ours does.
func (s *Site) configureMyst(cfg *parse.Config) {
	c := s.conf
	uses := slices.ContainsFunc(c.Strings("extensions"), func(e string) bool { return e == "myst_parser" || e == "myst_nb" })
	for name := range c.Values {
		uses = uses || strings.HasPrefix(name, "myst_")
	}
	if !uses {
		return
	}
	m := &parse.Myst{Extensions: c.Strings("myst_enable_extensions"), Directives: c.Strings("myst_fence_as_directive"),
		Numbered: c.Strings("myst_number_code_blocks"), TitleToHeader: c.Bool("myst_title_to_header")}
	if c.skipped["myst_enable_extensions"] { // the reader of conf.py has said so
		m.Extensions = slices.Clone(parse.MystExtensions)
	}
	for _, name := range m.Extensions {
		if !slices.Contains(parse.MystExtensions, name) {
			s.reportConf("conf-myst", "myst_enable_extensions", fmt.Sprintf("There is no MyST extension `%s`.", name),
				"Write one of: "+strings.Join(parse.MystExtensions, ", ")+".")
		}
	}
	slices.Sort(m.Extensions)
	m.Extensions = slices.Compact(m.Extensions)
	if all, ok := c.Values["myst_substitutions"].(map[string]any); ok {
		made(&m.Substitutions)
		for name, v := range all {
			switch v := v.(type) {
			case string, bool, int64, float64:
				m.Substitutions[name] = fmt.Sprint(v)
			}
		}
	}
	m.Schemes = s.mystSchemes()
	cfg.Myst = m
}

// mystSchemes reads myst_url_schemes: a list, or a map from the scheme to
// nothing, to an address, or to an address with a title and classes.
func (s *Site) mystSchemes() map[string]parse.MystScheme {
	var out map[string]parse.MystScheme
	made(&out)
	switch v := s.conf.Values["myst_url_schemes"].(type) {
	case []any:
		for _, e := range v {
			if name, ok := e.(string); ok {
				out[strings.ToLower(name)] = parse.MystScheme{}
			}
		}
	case map[string]any:
		for name, e := range v {
			var to parse.MystScheme
			switch e := e.(type) {
			case string:
				to.URL = e
			case map[string]any:
				to.URL, _ = e["url"].(string)
				to.Title, _ = e["title"].(string)
				classes, _ := e["classes"].([]any)
				for _, c := range classes {
					if c, ok := c.(string); ok {
						to.Classes = append(to.Classes, c)
					}
				}
			}
			out[strings.ToLower(name)] = to
		}
	default:
		return nil
	}
	return out
}

// reportConf reports a setting of conf.py, at its first assignment.
func (s *Site) reportConf(code, name, message, hint string) {
	src := s.conf.Source
	off := 0
	for line := range strings.Lines(src.Text) {
		if strings.HasPrefix(line, name) {
			break
		}
		off += len(line)
	}
	if off == len(src.Text) {
		off = 0
	}
	s.report(doc.Diag{Severity: doc.Warning, Code: code, Source: src, Off: off, Len: len(name), Message: message, Hint: hint})
}
