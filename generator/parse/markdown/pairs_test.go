package markdown_test

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"docent/generator/parse/directive"
)

// pairs are the directives whose content is in the language of the page, or
// that act on what stands around them: the same page, in both languages.
var pairs = map[string][2]string{
	"table": {
		".. table:: Title\n   :align: center\n\n   == ==\n   a  b\n   == ==\n   c  d\n   == ==\n",
		"```{table} Title\n:align: center\n\n| a | b |\n| --- | --- |\n| c | d |\n```\n"},
	"tabs": {
		".. tabs::\n\n   .. tab:: One\n\n      First.\n\n   .. group-tab:: Two\n\n      Second.\n\n   .. code-tab:: python\n\n      x = 1\n",
		"`````{tabs}\n````{tab} One\nFirst.\n````\n````{group-tab} Two\nSecond.\n````\n````{code-tab} python\nx = 1\n````\n`````\n"},
	"tab-set": {
		".. tab-set::\n   :sync-group: os\n\n   .. tab-item:: One\n      :sync: one\n\n      First.\n\n   .. tab-item:: Two\n      :selected:\n\n      Second.\n",
		"::::{tab-set}\n:sync-group: os\n\n:::{tab-item} One\n:sync: one\n\nFirst.\n:::\n:::{tab-item} Two\n:selected:\n\nSecond.\n:::\n::::\n"},
	"tab-set-code": {
		".. tab-set-code::\n\n   .. code-block:: python\n\n      x = 1\n\n   .. code-block:: bash\n\n      ls\n",
		"````{tab-set-code}\n```{code-block} python\nx = 1\n```\n```{code-block} bash\nls\n```\n````\n"},
	"grid": {
		".. grid:: 1 2 3 4\n   :gutter: 2\n\n   .. grid-item-card:: Title\n      :link: https://example.com\n\n      Words.\n\n   .. grid-item::\n\n      More.\n",
		"::::{grid} 1 2 3 4\n:gutter: 2\n\n:::{grid-item-card} Title\n:link: https://example.com\n\nWords.\n:::\n:::{grid-item}\nMore.\n:::\n::::\n"},
	"card-carousel": {
		".. card-carousel:: 2\n\n   .. card:: One\n\n      First.\n\n   .. card:: Two\n\n      Second.\n",
		"::::{card-carousel} 2\n:::{card} One\nFirst.\n:::\n:::{card} Two\nSecond.\n:::\n::::\n"},
	"class": {
		".. class:: special\n\nA paragraph.\n\n.. class:: other\n\n   Another.\n",
		"```{class} special\n```\n\nA paragraph.\n\n```{class} other\nAnother.\n```\n"},
	"rst-class": {
		".. rst-class:: special\n\nA paragraph.\n",
		"```{rst-class} special\n```\n\nA paragraph.\n"},
	"title": {
		".. title:: The words of the window\n\nA paragraph.\n",
		"```{title} The words of the window\n```\n\nA paragraph.\n"},
	"meta": {
		".. meta::\n   :description: Words\n   :keywords lang=en: a, b\n\nA paragraph.\n",
		"```{meta}\n:description: Words\n:keywords lang=en: a, b\n```\n\nA paragraph.\n"},
	"header": {
		".. header:: Words above.\n\nA paragraph.\n",
		"```{header} Words above.\n```\n\nA paragraph.\n"},
	"footer": {
		".. footer:: Words below.\n\nA paragraph.\n",
		"```{footer} Words below.\n```\n\nA paragraph.\n"},
	"contents": {
		".. contents:: On this page\n   :local:\n\nOne\n===\n\nWords.\n\nTwo\n===\n\nWords.\n",
		"```{contents} On this page\n:local:\n```\n\n# One\n\nWords.\n\n# Two\n\nWords.\n"},
	"sectnum": {
		".. sectnum::\n\nOne\n===\n\nWords.\n\nTwo\n===\n\nWords.\n",
		"```{sectnum}\n```\n\n# One\n\nWords.\n\n# Two\n\nWords.\n"},
	"section-numbering": {
		".. section-numbering::\n\nOne\n===\n\nWords.\n",
		"```{section-numbering}\n```\n\n# One\n\nWords.\n"},
	"replace": {
		".. |x| replace:: the *words*\n\nSay |x| here.\n",
		"```{eval-rst}\n.. |x| replace:: the *words*\n\nSay |x| here.\n```\n"},
	"unicode": {
		".. |c| unicode:: 0xA9\n\nSay |c| here.\n",
		"```{eval-rst}\n.. |c| unicode:: 0xA9\n\nSay |c| here.\n```\n"},
	"date": {
		".. |d| date:: year\n\nSay |d| here.\n",
		"```{eval-rst}\n.. |d| date:: year\n\nSay |d| here.\n```\n"},
}

// TestPairs compares the HTML of each pair, and asks that every directive of
// the table is compared here or by TestBothLanguages.
func TestPairs(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		files := fstest.MapFS{}
		rst, md := html(t, "page.rst", pairs[name][0], files), html(t, "page.md", pairs[name][1], files)
		if rst != md {
			t.Errorf("%s\nMarkdown gives\n%s\nreStructuredText gives\n%s", name, md, rst)
		}
	}
	table := directive.Standard()
	for name := range notBoth {
		if _, ok := pairs[name]; !ok && name != "target-notes" && table.Directives[name] != nil && notBoth[name] != "" { // it is reported in Markdown
			t.Errorf("%s is compared nowhere", name)
		}
	}
}
