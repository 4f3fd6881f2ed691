package directive

import (
	"fmt"
	"regexp"
	"strings"

	"docent/generator/doc"
)

// doctests are the blocks of sphinx.ext.doctest, shown but not run here, and
// the directives of autodoc, which need Python.
func doctests(t *Table) {
	options := map[string]Check{"hide": flag, "trim-doctest-flags": flag, "no-trim-doctest-flags": flag, "skipif": text, "pyversion": text, "options": text}
	for name, lang := range map[string]string{"doctest": "pycon", "testcode": "python", "testoutput": "none", "testsetup": "", "testcleanup": ""} {
		t.add(&Directive{Name: name, Optional: 1, FinalSpace: true, Content: MayContent, Options: checks(named, options),
			Run: func(p Parser, b *Block) ([]*doc.Node, error) { return doctestBlock(p, b, name, lang) }})
	}
	for _, name := range []string{"automodule", "autoclass", "autoexception", "autofunction", "automethod", "autoattribute", "autodata", "autoproperty",
		"autodecorator", "autosummary", "autoapimodule", "autoapiclass", "autopydantic_model", "autoclasstree", "automodapi", "automodsumm",
		"doxygenindex", "autodoxygenindex", "doxygenfunction", "doxygenstruct", "doxygenclass", "doxygenenum", "doxygendefine", "doxygenvariable", "doxygentypedef",
		"doxygenunion", "doxygenfile", "doxygengroup", "doxygennamespace", "doxygeninterface", "doxygenpage", "kernel-doc", "show-options", "show-policy"} {
		t.add(&Directive{Name: name, Optional: 1, FinalSpace: true, Content: MayContent, AnyOption: true, Run: autodoc})
	}
	t.add(&Directive{Name: "argparse", Optional: 1, FinalSpace: true, Content: MayContent, AnyOption: true, Run: autodoc}, "click", "program-output", "command-output", "inheritance-diagram")
}

var (
	doctestFlag = regexp.MustCompile(`(?m)#\s*doctest:.+$`)
	blankLine   = regexp.MustCompile(`(?m)^\s*<BLANKLINE>`)
)

func doctestBlock(p Parser, b *Block, name, lang string) ([]*doc.Node, error) {
	code := joinLines(b.Content)
	if name == "doctest" {
		if strings.Contains(code, "<BLANKLINE>") {
			code = blankLine.ReplaceAllString(code, "")
		}
		if strings.Contains(code, "doctest:") && !b.has("no-trim-doctest-flags") {
			code = doctestFlag.ReplaceAllString(code, "")
		}
	}
	kind := doc.KindLiteralBlock
	if lang == "" || b.has("hide") {
		kind = doc.KindComment
	}
	n := plain(kind, b.contentPos(), code).Set("xml:space", "preserve")
	if lang != "" {
		n.Set(doc.AttrLanguage, lang)
	}
	group := b.Arg(0)
	if group == "" {
		group = "default"
	}
	if b.has("trim-doctest-flags") {
		n.Set("trim_flags", "True")
	} else if b.has("no-trim-doctest-flags") {
		n.Set("trim_flags", "False")
	}
	n.Set(doc.AttrGroup, group).Set("testnodetype", name)
	if o := b.opt("options"); o != "" {
		n.Set(doc.AttrOptions, o)
	}
	b.classes(n, "class")
	b.addName(p, n)
	return one(n)
}

// autodoc says once per page that Python is needed, and shows what the page
// itself says.
func autodoc(p Parser, b *Block) ([]*doc.Node, error) {
	if p.State().serialID("autodoc") == "autodoc-0" {
		p.Report(doc.Warning, "needs-python", b.Pos, b.Len, fmt.Sprintf("`%s` reads Python modules, which are not run here.", b.Name),
			"Describe the objects with py:module, py:class and py:function, or keep this page in Sphinx.")
	}
	if b.Name == "autosummary" {
		return nil, nil
	}
	return p.Blocks(b.Content, b.Titles), nil
}
