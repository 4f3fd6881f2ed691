package directive

import (
	"strings"

	"docent/generator/doc"
)

// tabs are those of sphinx-tabs and of sphinx-design.
func tabs(t *Table) {
	t.add(&Directive{Name: "tabs", Content: MustContent, Options: named, AnyOption: true, Run: tabSet})
	t.add(&Directive{Name: "tab-set", Content: MustContent, Options: checks(named, map[string]Check{"sync-group": text}), AnyOption: true, Run: tabSet})
	t.add(&Directive{Name: "tab-set-code", Content: MustContent, Options: named, AnyOption: true, Run: tabSetCode})
	t.add(&Directive{Name: "tab", Required: 1, FinalSpace: true, Content: MustContent, AnyOption: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		return one(tabItem(p, b, b.Arg(0), "", p.Blocks(b.Content, false)))
	}})
	t.add(&Directive{Name: "group-tab", Required: 1, FinalSpace: true, Content: MustContent, AnyOption: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
		return one(tabItem(p, b, b.Arg(0), b.Arg(0), p.Blocks(b.Content, false)))
	}})
	t.add(&Directive{Name: "code-tab", Required: 1, Optional: 1, FinalSpace: true, Content: MustContent,
		Options: checks(named, listingOptions, map[string]Check{"caption": textRequired, "selected": flag}), Run: codeTab})
	t.add(&Directive{Name: "tab-item", Required: 1, FinalSpace: true, Content: MustContent,
		Options: map[string]Check{"sync": textRequired, "selected": flag, "name": text}, AnyOption: true, Run: func(p Parser, b *Block) ([]*doc.Node, error) {
			n := tabItem(p, b, b.Arg(0), b.opt("sync"), p.Blocks(b.Content, false))
			b.addName(p, n)
			return one(n)
		}})
}

// tabSet collects the tabs of its content. What stands between them is kept
// before the set.
func tabSet(p Parser, b *Block) ([]*doc.Node, error) {
	n := b.classes(doc.New(doc.KindTabSet, b.Pos), "class")
	if g := b.opt("sync-group"); g != "" {
		n.Set(doc.AttrGroup, g)
	}
	b.addName(p, n)
	var out []*doc.Node
	for _, c := range p.Blocks(b.Content, false) {
		if c.Kind == doc.KindTabItem {
			n.Append(c)
			continue
		}
		if c.Kind != doc.KindComment && c.Kind != doc.KindTarget {
			p.Report(doc.Warning, "tabs-content", c.Pos, 1, "The content of a tab set must be tabs; this stands before the set now.", "Put it into a tab, or outside the set.")
		}
		out = append(out, c)
	}
	return append(out, n), nil
}

func tabItem(p Parser, b *Block, label, sync string, content []*doc.Node) *doc.Node {
	n := doc.New(doc.KindTabItem, b.Pos, wrap(p, doc.KindTabLabel, label, b.ArgPos), doc.New(doc.KindTabContent, b.contentPos(), content...))
	if sync != "" {
		n.Set(doc.AttrSync, strings.ToLower(OneLine(sync)))
	}
	if b.has("selected") {
		n.Set(doc.AttrSelected, "1")
	}
	return n
}

// languageNames are labels of tabs whose language has a name of its own.
var languageNames = map[string]string{
	"c": "C", "cpp": "C++", "c++": "C++", "csharp": "C#", "cs": "C#", "js": "JavaScript", "javascript": "JavaScript", "ts": "TypeScript",
	"typescript": "TypeScript", "py": "Python", "python": "Python", "sh": "Shell", "shell": "Shell", "bash": "Bash", "console": "Console",
	"php": "PHP", "html": "HTML", "css": "CSS", "json": "JSON", "yaml": "YAML", "xml": "XML", "sql": "SQL", "go": "Go", "ini": "INI", "toml": "TOML",
}

func languageName(lang string) string {
	if n, ok := languageNames[strings.ToLower(lang)]; ok {
		return n
	}
	if lang == "" {
		return "Code"
	}
	return strings.ToUpper(lang[:1]) + lang[1:]
}

func codeTab(p Parser, b *Block) ([]*doc.Node, error) {
	lang, label := b.Arg(0), b.Arg(1)
	if label == "" {
		label = languageName(lang)
	}
	lines := make([]string, len(b.Content))
	for i, l := range b.Content {
		lines[i] = l.Text
	}
	if d, ok := b.Option("dedent"); ok {
		lines = dedentLines(p, b, lines, d)
	}
	n := literal(b.contentPos(), strings.Join(lines, "\n")).AddClass("code", lang)
	content, err := listing(p, b, n, lang, len(lines), 1, b.opt("caption"))
	if err != nil {
		return nil, err
	}
	return one(tabItem(p, b, label, label, content))
}

// tabSetCode makes one tab of each listing in it.
func tabSetCode(p Parser, b *Block) ([]*doc.Node, error) {
	n := b.classes(doc.New(doc.KindTabSet, b.Pos), "class")
	for _, c := range p.Blocks(b.Content, false) {
		lang := c.Attr(doc.AttrLanguage)
		if inner := c.First(doc.KindLiteralBlock); inner != nil {
			lang = inner.Attr(doc.AttrLanguage)
		}
		label := plain(doc.KindTabLabel, c.Pos, languageName(lang))
		n.Append(doc.New(doc.KindTabItem, c.Pos, label, doc.New(doc.KindTabContent, c.Pos, c)).Set(doc.AttrSync, strings.ToLower(lang)))
	}
	return one(n)
}
