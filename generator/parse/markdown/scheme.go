package markdown

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"docent/generator/doc"
)

// schemed carries out an address under a scheme that conf.py describes
// (myst_url_schemes): where it leads, and how it is shown where the author
// wrote no text. A scheme that it does not name is MyST's business: the
// address is looked up as a reference.
func (r *reader) schemed(dest string, pos doc.Pos, kids []*doc.Node) *doc.Node {
	scheme, _, ok := strings.Cut(dest, ":")
	if !ok || isLocal(dest) || r.p.cfg.Myst == nil || r.p.cfg.Myst.Schemes == nil {
		return nil
	}
	to, ok := r.p.cfg.Myst.Schemes[strings.ToLower(scheme)]
	if !ok || to.URL == "" {
		return nil
	}
	n := doc.New(doc.KindReference, pos, kids...).AddClass(to.Classes...)
	if len(kids) == 0 {
		title := dest
		if to.Title != "" {
			title = fillScheme(to.Title, dest)
		}
		n.Append(doc.NewText(pos, title))
	}
	return n.Set("refuri", fillScheme(to.URL, dest))
}

// fillScheme puts the parts of an address into a template of conf.py.
func fillScheme(template, dest string) string {
	scheme, path, _ := strings.Cut(dest, ":")
	parts := []string{"uri", dest, "scheme", scheme}
	if u, err := url.Parse(dest); err == nil {
		path = u.Opaque
		if path == "" {
			path = u.Path
		}
		parts = append(parts, "netloc", u.Host, "query", u.RawQuery, "fragment", u.Fragment, "params", "")
	}
	parts = append(parts, "path", path)
	for i := 0; i < len(parts); i += 2 {
		template = strings.NewReplacer("{{"+parts[i]+"}}", parts[i+1], "{{ "+parts[i]+" }}", parts[i+1]).Replace(template)
	}
	return template
}

// fencedDirective gives the directive that the language of a code fence
// names, where conf.py says so (myst_fence_as_directive).
func (p *page) fencedDirective(info string) (name, args string, ok bool) {
	name, args, _ = strings.Cut(info, " ")
	return name, args, p.cfg.Myst != nil && slices.Contains(p.cfg.Myst.Directives, name)
}

// imageAttributes are those of an img tag that an image has, too.
var imageAttributes = map[string]string{"src": "uri", "alt": "alt", "width": "width", "height": "height", "align": "align", "title": "title"}

// htmlImage reads an img tag that stands alone as a picture (MyST's
// html_image), so that its file is published and its size known. Raw HTML
// that the site allows stays what it is.
func (p *page) htmlImage(tag string, pos doc.Pos) *doc.Node {
	if p.opt.Plain || !p.grammar.has("html_image") || p.cfg.Myst == nil && p.cfg.AllowRaw {
		return nil
	}
	attrs, ok := tagAttributes(strings.TrimSpace(tag), "img")
	if !ok || attrs["src"] == "" {
		return nil
	}
	n := doc.New(doc.KindImage, pos)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		switch key := imageAttributes[name]; {
		case key != "":
			n.Set(key, attrs[name])
		case name != "class" && name != "name" && name != "loading" && name != "decoding":
			p.Report(doc.Warning, "md-attribute", pos, len(tag), "The attribute `"+name+"` of the picture is left out.", "Remove it, or write the picture as the `image` directive.")
		}
	}
	n.AddClass(strings.Fields(attrs["class"])...)
	if name := attrs["name"]; name != "" {
		p.NoteTarget(n, name)
	}
	return n
}

// tagAttributes takes one HTML tag apart, whose syntax goldmark has checked;
// what follows it is refused.
func tagAttributes(s, name string) (map[string]string, bool) {
	if len(s) < len(name)+3 || s[0] != '<' || !strings.EqualFold(s[1:1+len(name)], name) || !strings.ContainsRune(" \t\n\r", rune(s[1+len(name)])) {
		return nil, false
	}
	s = s[1+len(name):]
	out := map[string]string{}
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		switch {
		case s == ">" || s == "/>":
			return out, true
		case s == "" || s[0] == '>' || s[0] == '/' || s[0] == '=':
			return nil, false
		}
		end := strings.IndexAny(s, " \t\r\n=/>")
		if end < 0 {
			return nil, false
		}
		key, value := strings.ToLower(s[:end]), ""
		s = strings.TrimLeft(s[end:], " \t\r\n")
		if strings.HasPrefix(s, "=") {
			s = strings.TrimLeft(s[1:], " \t\r\n")
			if s == "" {
				return nil, false
			}
			if q := s[0]; q == '"' || q == '\'' {
				end := strings.IndexByte(s[1:], q)
				if end < 0 {
					return nil, false
				}
				value, s = s[1:1+end], s[end+2:]
			} else {
				end := strings.IndexAny(s, " \t\r\n>")
				if end < 0 {
					return nil, false
				}
				value, s = s[:end], s[end:]
			}
		}
		if _, twice := out[key]; !twice {
			out[key] = unescapeEntities(value)
		}
	}
}

// unescapeEntities resolves entities, but no backslashes: HTML has none.
func unescapeEntities(s string) string { return unescape(strings.ReplaceAll(s, `\`, `\\`)) }

// replaced are the letters that MyST's replacements make nicer; quotes and
// dashes are a matter of smartquotes.
var replaced = strings.NewReplacer("(c)", "©", "(C)", "©", "(r)", "®", "(R)", "®", "(tm)", "™", "(TM)", "™", "+-", "±", "...", "…")

// headTitle makes the title of the front matter the page's first heading,
// where conf.py asks for it (myst_title_to_header).
func (p *page) headTitle() {
	title := p.meta["title"]
	if p.cfg.Myst == nil || !p.cfg.Myst.TitleToHeader || title == "" {
		return
	}
	pos := doc.Pos{}
	head := doc.New(doc.KindTitle, pos, p.Inline(title, pos)...)
	section := doc.New(doc.KindSection, pos, head)
	p.titleID(section, head)
	section.Append(p.root.Children...)
	p.root.Children = []*doc.Node{section}
}
