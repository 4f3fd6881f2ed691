package markdown_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"docent/generator/doc"
	render "docent/generator/html"
	"docent/generator/parse"
	"docent/generator/parse/directive"
)

// A use is a directive with words that read the same in both languages.
type use struct{ args, options, content string }

// uses are the directives that need more than any words to make sense.
// Content is in no language: paragraphs, or what the directive reads itself.
var uses = map[string][]use{
	"list-table":     {{"Title", ":header-rows: 1", "* - a\n  - b\n* - c\n  - d"}},
	"csv-table":      {{"Title", ":header: a, b\n:widths: 1, 2", "1, 2\n3, 4"}},
	"image":          {{"a.png", ":alt: words\n:width: 50%", ""}},
	"figure":         {{"a.png", ":alt: words", "The caption.\n\nThe legend."}},
	"code":           {{"python", "", "x = 1\n\ny = 2"}},
	"code-block":     {{"bash", ":linenos:\n:emphasize-lines: 1", "ls\ncd"}, {"bash", ":caption: Words", "ls"}},
	"literalinclude": {{"a.py", ":lines: 1-2", ""}},
	"include":        {{"words.txt", "", ""}},
	"math":           {{"", ":label: euler", "e = mc^2"}},
	"role":           {{"newrole", "", ""}},
	"default-role":   {{"emphasis", "", ""}},
	"hlist":          {{"", ":columns: 2", "* a\n* b\n* c"}},
	"acks":           {{"", "", "* a\n* b"}},
	"tabs":           {{"", "", ""}},
	"only":           {{"html", "", "Words."}},
	"ifconfig":       {{"True", "", "Words."}},
	"raw":            {{"html", "", "<b>x</b>"}},
	"replace":        {{"", "", ""}},
	"unicode":        {{"", "", ""}},
	"date":           {{"", "", ""}},
	"versionadded":   {{"1.2", "", "Words."}},
	"topic":          {{"Title", "", "Words."}},
	"sidebar":        {{"Title", ":subtitle: Sub", "Words."}},
	"admonition":     {{"Title words", ":class: x", "Words.\n\nMore words."}},
	"rubric":         {{"Title words", "", ""}},
	"dropdown":       {{"Title", ":open:", "Words."}},
	"card":           {{"Title", ":link: https://example.com", "Words."}},
	"grid":           {{"1 2", "", ""}},
	"button-link":    {{"https://example.com", ":color: primary", "Words"}},
	"py:function":    {{"f(a, b=1)", "", "Words."}},
	"option":         {{"--long <value>", "", "Words."}},
	"productionlist": {{"", "", ""}},
	"graphviz":       {{"", "", "digraph { a -> b }"}},
	"mermaid":        {{"", "", "graph LR\n  a --> b"}},
	"line-block":     {{"", "", "one\ntwo"}},
	"parsed-literal": {{"", "", "one\n  two"}},
	"note":           {{"", "", "Words."}, {"Words on the first line", "", ""}, {"", ":class: x", "Words.\n\nMore."}},
	"container":      {{"one two", "", "Words."}},
	"tab-set-code":   {{"", "", ""}},
	"glossary":       {{"", "", "term\n   Words.\n\nother\n   More."}},
	"index":          {{"single: words", "", ""}},
}

// notBoth are directives whose content is a language of its own, so that no
// words serve both, or that steer the page and show nothing.
var notBoth = map[string]string{
	"replace": "stands in a substitution definition", "unicode": "stands in a substitution definition", "date": "stands in a substitution definition",
	"table": "its content is a table of the language", "tabs": "its content is further directives", "tab-set": "its content is further directives",
	"tab-set-code": "its content is further directives", "grid": "its content is further directives", "card-carousel": "its content is further directives",
	"contents": "a transform of reStructuredText", "sectnum": "a transform of reStructuredText", "section-numbering": "a transform of reStructuredText",
	"target-notes": "a transform of reStructuredText", "class": "applies to what follows", "rst-class": "applies to what follows", "py:class": "",
	"header": "decoration of reStructuredText", "footer": "decoration of reStructuredText", "meta": "its content is a field list", "title": "sets the title",
}

// TestBothLanguages renders every directive of the table from
// reStructuredText and from Markdown, as a backtick and as a colon fence, and
// compares the HTML.
func TestBothLanguages(t *testing.T) {
	files := fstest.MapFS{"a.py": {Data: []byte("x = 1\ny = 2\nz = 3\n")}, "words.txt": {Data: []byte("Included words.\n")}}
	table := directive.Standard()
	compared := 0
	for _, name := range slices.Sorted(maps.Keys(table.Directives)) {
		d := table.Directives[name]
		if notBoth[name] != "" {
			continue
		}
		forms, ok := uses[name]
		if !ok {
			forms = uses[d.Name]
		}
		if !ok && forms == nil {
			u := use{}
			for range d.Required {
				u.args = strings.TrimSpace(u.args + " name")
			}
			if d.Content != directive.NoContent {
				u.content = "Words."
			}
			forms = []use{u}
		}
		for _, u := range forms {
			rst := html(t, "page.rst", asRST(name, u), files)
			for _, fence := range []string{"````", "::::"} {
				md := html(t, "page.md", asMarkdown(fence, name, u), files)
				if md != rst {
					t.Errorf("%s %+v with %s\nMarkdown gives\n%s\nreStructuredText gives\n%s", name, u, fence, md, rst)
				}
			}
			compared++
		}
	}
	t.Logf("%d uses of %d directives compared; %d are left out by name", compared, len(table.Directives), len(notBoth))
}

// TestBothLanguagesRoles does the same for the roles that take any text.
func TestBothLanguagesRoles(t *testing.T) {
	table := directive.Standard()
	compared := 0
	for _, name := range slices.Sorted(maps.Keys(table.Roles)) {
		text := "words"
		switch name {
		case "issue", "gh", "source":
			continue // of CPython's tree
		case "raw":
			continue // only its own roles may be used
		case "pep", "pep-reference", "rfc", "rfc-reference":
			text = "123"
		case "menuselection":
			text = "A --> B"
		case "abbr", "abbreviation":
			text = "RST (the language)"
		}
		rst := html(t, "page.rst", "a :"+name+":`"+text+"` b\n", nil)
		md := html(t, "page.md", "a {"+name+"}`"+text+"` b\n", nil)
		if rst != md {
			t.Errorf("%s\nMarkdown gives\n%s\nreStructuredText gives\n%s", name, md, rst)
		}
		compared++
	}
	t.Logf("%d roles compared", compared)
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "   " + strings.ReplaceAll(strings.ReplaceAll(s, "\n", "\n   "), "\n   \n", "\n\n") + "\n"
}

func asRST(name string, u use) string {
	s := ".. " + name + ":: " + u.args + "\n" + indent(u.options)
	if u.content != "" {
		s += "\n" + indent(u.content)
	}
	return s + "\nAfter.\n"
}

func asMarkdown(fence, name string, u use) string {
	s := fence + "{" + name + "} " + u.args + "\n"
	if u.options != "" {
		s += u.options + "\n\n"
	}
	if u.content != "" {
		s += u.content + "\n"
	}
	return s + fence + "\n\nAfter.\n"
}

type linking struct {
	render.Nop
	t *testing.T
}

func (e linking) Link(n *doc.Node) (render.Link, bool) {
	return render.Link{Href: "/" + n.Attr(doc.AttrRefDomain) + "/" + n.Attr(doc.AttrRefType) + "/" + n.Attr(doc.AttrRefTarget)}, true
}

// anchors differ where a language makes ids its own way.
var (
	idAttr = regexp.MustCompile(` (id|href)="#?(code-[0-9a-f]{8}|id[0-9]+)"`)
	failed = regexp.MustCompile(`(?s)<pre class="problematic">.*?</pre>`)
)

func html(t *testing.T, name, text string, files fstest.MapFS) string {
	t.Helper()
	d := parse.Page(name, text, &parse.Config{FS: files})
	out := string(render.Render(nil, d, d.Root, linking{render.Nop{O: render.Options{Highlighter: &render.Highlighter{}}}, t}))
	out = failed.ReplaceAllString(out, `<pre class="problematic">`) // shows the source in its language
	return idAttr.ReplaceAllString(out, "")
}
