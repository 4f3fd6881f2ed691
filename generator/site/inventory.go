package site

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/klauspost/compress/zlib"

	"docent/generator/doc"
	"docent/generator/html"
)

// An Inventory is what another site says can be linked to in it: Sphinx's
// objects.inv, version 1 or 2.
type Inventory struct {
	Name, Project, Version string
	Objects                map[string]map[string]InvItem // "py:function" -> name
	base                   string
}

// An InvItem is one line of an inventory.
type InvItem struct{ URI, Title string }

// maxInventory bounds what a compressed inventory may unpack to, in bytes.
const maxInventory = 64 << 20

// ReadInventory reads an inventory whose addresses are below base.
func ReadInventory(r io.Reader, base string) (*Inventory, error) {
	br := bufio.NewReader(r)
	line := func() (string, error) {
		l, err := br.ReadString('\n')
		return strings.TrimRight(l, "\r\n"), err
	}
	first, err := line()
	if err != nil {
		return nil, errors.New("it is no inventory: its first line is missing")
	}
	inv := &Inventory{Objects: map[string]map[string]InvItem{}, base: strings.TrimSuffix(base, "/") + "/"}
	project, _ := line()
	version, err := line()
	if err != nil {
		return nil, errors.New("it is no inventory: project and version are missing")
	}
	inv.Project, inv.Version = strings.TrimPrefix(project, "# Project: "), strings.TrimPrefix(version, "# Version: ")
	add := func(typ, name, uri, title string) {
		m := inv.Objects[typ]
		if m == nil {
			m = map[string]InvItem{}
			inv.Objects[typ] = m
		}
		m[name] = InvItem{inv.base + uri, title}
	}
	switch first {
	case "# Sphinx inventory version 1":
		for {
			l, err := line()
			if f := strings.Fields(l); len(f) == 3 {
				if f[1] == "mod" {
					add("py:module", f[0], f[2]+"#module-"+f[0], "-")
				} else {
					add("py:"+f[1], f[0], f[2]+"#"+f[0], "-")
				}
			}
			if err != nil {
				return inv, nil
			}
		}
	case "# Sphinx inventory version 2":
		if _, err := line(); err != nil {
			return nil, errors.New("it is cut short")
		}
		z, err := zlib.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		sc := bufio.NewScanner(io.LimitReader(z, maxInventory))
		sc.Buffer(nil, 1<<20)
		for sc.Scan() {
			name, typ, uri, title, ok := inventoryLine(sc.Text())
			if !ok {
				continue
			}
			if strings.HasSuffix(uri, "$") {
				uri = uri[:len(uri)-1] + name
			}
			add(typ, name, uri, title)
		}
		if err := sc.Err(); err != nil {
			return nil, fmt.Errorf("unpack it: %w", err)
		}
		return inv, nil
	}
	return nil, fmt.Errorf("it is no inventory that this program knows: it begins with %q", first[:min(len(first), 40)])
}

// inventoryLine takes `name domain:type priority uri title` apart. The name
// may hold spaces; the priority is the first number after a word with a colon.
func inventoryLine(l string) (name, typ, uri, title string, ok bool) {
	words := strings.Split(l, " ")
	for i := 1; i+2 < len(words); i++ {
		if strings.Contains(words[i], ":") && isInt(words[i+1]) {
			return strings.Join(words[:i], " "), words[i], words[i+2], strings.Join(words[i+3:], " "), true
		}
	}
	return "", "", "", "", false
}

func isInt(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// loadInventories reads the inventories that conf.py maps to local files.
// Nothing is fetched.
func (s *Site) loadInventories() {
	m, ok := s.conf.Values["intersphinx_mapping"].(map[string]any)
	if !ok {
		return
	}
	var names []string
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, name := range names {
		pair, _ := m[name].([]any)
		if len(pair) == 0 {
			continue
		}
		base, _ := pair[0].(string)
		var files []string
		if len(pair) > 1 {
			switch v := pair[1].(type) {
			case string:
				files = append(files, v)
			case []any:
				for _, e := range v {
					if f, ok := e.(string); ok {
						files = append(files, f)
					}
				}
			}
		}
		var inv *Inventory
		var last error = errors.New("no local file is named for it")
		for _, f := range files {
			if strings.Contains(f, "://") {
				continue
			}
			r, err := s.files.Open(path.Clean(f))
			if err != nil {
				last = fmt.Errorf("%s: %s", f, rootless(err))
				continue
			}
			inv, last = ReadInventory(r, base)
			r.Close()
			if last == nil {
				inv.Name = name
				s.invs = append(s.invs, inv)
				break
			}
		}
		if inv == nil {
			sev := doc.Info
			if len(files) > 0 && !errors.Is(last, fs.ErrNotExist) {
				sev = doc.Warning
			}
			s.report(doc.Diag{Severity: sev, Code: "intersphinx-missing", Source: s.conf.Source,
				Off:     max(0, strings.Index(s.conf.Source.Text, "intersphinx_mapping")),
				Message: "No inventory for `" + name + "`: " + last.Error() + ".",
				Hint:    "Save its objects.inv below the source folder and name the file in intersphinx_mapping; nothing is fetched."})
		}
	}
}

// external finds a reference in the inventories of other sites.
func (s *Site) external(types []string, name string) (target, bool) {
	if t, ok := s.externalOf(s.invs, types, name); ok {
		return t, true
	}
	if site, rest, ok := strings.Cut(name, ":"); ok {
		for i, inv := range s.invs {
			if inv.Name == site {
				t, ok := s.externalOf(s.invs[i:i+1], types, rest)
				t.site = site
				return t, ok
			}
		}
	}
	return target{}, false
}

// externalOf finds it in some of them. Where several have the name, the last
// one counts, as in Sphinx.
func (s *Site) externalOf(invs []*Inventory, types []string, name string) (target, bool) {
	for _, inv := range slices.Backward(invs) {
		for _, t := range types {
			for _, n := range []string{name, strings.ToLower(name)} {
				if it, ok := inv.Objects[t][n]; ok {
					title := it.Title
					if title == "-" || title == "" {
						title = n
					}
					return target{url: it.URI, name: title, kind: t, doc: "(in " + strings.TrimSpace(inv.Project+" "+inv.Version) + ")"}, true
				}
			}
		}
	}
	return target{}, false
}

// anonymous is the name of what has none.
var anonymous = regexp.MustCompile(`@[\pL\pN_]+`)

// inventoryOfSections lists the labels that autosectionlabel makes. Of titles
// that are there twice the first counts, as for references.
func (s *Site) inventoryOfSections(add func(name, typ, prio, url, id, title string)) {
	depth := int64(1 << 30)
	if d, ok := s.conf.Values["autosectionlabel_maxdepth"].(int64); ok {
		depth = d
	}
	seen := map[string]bool{}
	for _, p := range s.pages {
		for _, h := range p.facts.outline().heads {
			name := normal(h.text)
			if s.conf.Bool("autosectionlabel_prefix_document") {
				name = p.docname + ":" + name
			}
			if _, taken := s.labels[name]; !taken && !seen[name] && int64(h.level) <= depth {
				seen[name] = true
				add(name, "std:label", "-1", p.url, h.id, h.text)
			}
		}
	}
}

// oneLine keeps a title as it is, but on one line.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ")

// inventory writes objects.inv, so that other sites can link to this one.
func (s *Site) inventory() []byte {
	type line struct{ name, typ, uri, title, prio string }
	var lines []line
	add := func(name, typ, prio, url, id, title string) {
		uri := url
		if id != "" {
			uri += "#" + id
			if strings.HasSuffix(uri, name) {
				uri = strings.TrimSuffix(uri, name) + "$"
			}
		}
		if title == "" || title == name {
			title = "-"
		}
		lines = append(lines, line{name, typ, uri, oneLine.Replace(title), prio})
	}
	for name, t := range s.labels {
		title := ""
		if n := t.text.node(); n != nil {
			title = html.Educated(string(html.Inline(nil, &doc.Document{Root: n}, n, html.Nop{})), s.html.SmartQuotes)
		}
		add(name, "std:label", "-1", t.page.url, t.id, title)
	}
	for name, title := range generated { // as in Sphinx, labels lead to these pages
		if _, taken := s.labels[name]; !taken && (name == "search" || name == "genindex" && s.hasIndex() || strings.HasSuffix(name, "modindex") && s.hasModules()) {
			add(name, "std:label", "-1", s.generatedURL(name), "", title)
		}
	}
	for _, p := range s.pages {
		title := p.facts.html
		if s.cfg.SphinxIDs && len(p.facts.outline().heads) == 0 {
			title = "&lt;no title&gt;"
		}
		add(p.docname, "std:doc", "-1", p.url, "", html.Educated(title, s.html.SmartQuotes))
	}
	if s.sectionLabels() {
		s.inventoryOfSections(add)
	}
	for typ, m := range s.objects {
		if typ == "citation:ref" { // as in Sphinx, a label
			for name, t := range m {
				name = strings.ToLower(name)
				if _, taken := s.labels[name]; !taken {
					add(name, "std:label", "-1", t.page.url, t.id, "")
				}
			}
			continue
		}
		prio := "1"
		kind := typ
		switch typ {
		case "cpp:struct":
			typ = "cpp:class"
		case "cpp:enum-class", "cpp:enum-struct":
			typ = "cpp:enum"
		case "std:term", "std:token":
			prio = "-1"
		case "py:module":
			prio = "0"
		case "c:var", "cpp:var":
			typ = strings.Replace(typ, "var", "member", 1) // a variable and a member are one kind of object there
		}
		for name, t := range m {
			n := name
			if typ == "std:cmdoption" {
				n = strings.ReplaceAll(name, " ", ".")
			}
			p := prio
			if t.alias {
				p = "-1"
			}
			add(n, typ, p, t.page.url, t.id, anonymous.ReplaceAllString(n, "[anonymous]"))
			if domain, _, _ := strings.Cut(kind, ":"); strings.HasSuffix(kind, ":enumerator") {
				sep := map[string]string{"c": ".", "cpp": "::"}[domain]
				if short, ok := s.enumerator(domain, strings.Split(name, sep), sep, []target{t}); ok && m[short].page == nil {
					add(short, typ, p, t.page.url, t.id, "")
				}
			}
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.name, b.name), cmp.Compare(a.uri, b.uri),
			cmp.Compare(a.title, b.title), cmp.Compare(a.prio, b.prio))
	})
	var out bytes.Buffer
	project, version := s.conf.String("project"), s.conf.String("version", "release")
	if project == "" {
		project = s.title
	}
	clean := func(v string) string { return strings.Join(strings.Fields(v), " ") }
	fmt.Fprintf(&out, "# Sphinx inventory version 2\n# Project: %s\n# Version: %s\n# The remainder of this file is compressed using zlib.\n",
		clean(project), clean(version))
	z, _ := zlib.NewWriterLevel(&out, 6) // 9 takes eight times as long, for 1 % of the bytes
	var text []byte
	for _, l := range lines {
		for _, field := range []string{l.name, l.typ, l.prio, l.uri} {
			text = append(append(text, field...), ' ')
		}
		text = append(append(text, l.title...), '\n')
	}
	z.Write(text)
	z.Close()
	return out.Bytes()
}
