package rst

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/docutilstest"
)

// -differ N sets N changed texts side by side with docutils, from the seed of
// -differ-seed. Without it, a few hundred that never change.
var (
	differ     = flag.Int("differ", 400, "how many texts to set side by side with docutils")
	differSeed = flag.Uint64("differ-seed", 1, "where they begin")
)

// difference says how our reading of a text differs from docutils', or "".
func difference(t *testing.T, p *docutilstest.Peer, text string, cfg *directive.Config) string {
	ref, ok := p.Read(t, text)
	if !ok {
		return ""
	}
	// In names docutils prints the NUL that it has for a backslash.
	want, theirs := strings.ReplaceAll(ref.Tree, "\x00", `\`), len(ref.Messages)
	for _, m := range ref.Messages {
		if strings.HasPrefix(m.Text, "No suitable element following") {
			theirs-- // it is said also of what is not in the tree
		}
	}
	d := Parse("<stdin>", text, cfg, Options{})
	inside(t, d)
	if got := doc.PseudoXML(d.Root); docutilstest.Structure(got) != docutilstest.Structure(want) {
		return fmt.Sprintf("tree: want\n%s\ngot\n%s", docutilstest.Structure(want), docutilstest.Structure(got))
	}
	ours := warnings(d)
	if ours < theirs {
		return fmt.Sprintf("docutils warns %d times, we %d times: %v", theirs, ours, ref.Messages)
	}
	return ""
}

// shorten takes lines and then characters away while the text still differs.
func shorten(t *testing.T, p *docutilstest.Peer, text string, cfg *directive.Config) string {
	differs := func(s string) bool { return difference(t, p, s, cfg) != "" }
	lines := strings.Split(text, "\n")
	for size := max(1, len(lines)/2); size > 0; size /= 2 {
		for i := 0; i < len(lines); {
			less := append(append([]string{}, lines[:i]...), lines[min(len(lines), i+size):]...)
			if differs(strings.Join(less, "\n")) {
				lines = less
			} else {
				i += size
			}
		}
	}
	text = strings.Join(lines, "\n")
	for i := 0; i < len(text) && len(text) < 300; {
		if less := text[:i] + text[i+1:]; differs(strings.ToValidUTF8(less, "?")) {
			text = less
		} else {
			i++
		}
	}
	return text
}

// pieces are put into texts to change them.
var pieces = strings.Split("*|**|`|``|_|__|[1]_|[#]_|[#a]_|[*]_|[a]_|::|:|.. |.. _a: b|.. _a:|.. [1] x|.. [#] x|.. [#a] y|.. [*] z|"+
	"a_|`a b`_|`a <b>`_|`a <b_>`__|__ x|.. __: x|- |* |+ |1. |#. |a. |i) |(I) |A. |:a: |-a  |--long=x  |/V  |>>> x|====|----|~~~~|"+
	"+---+|=== ===|\\|\\ |\t|    |.. note:: x|.. image:: a.png|.. figure:: a|.. class:: c|.. table:: t|.. list-table::|.. csv-table:: t|"+
	".. contents::|.. sectnum::|.. topic:: t|.. sidebar:: s|.. code:: python|.. math:: x|.. rubric:: r|.. epigraph::|.. compound::|"+
	".. container:: c|.. parsed-literal::|.. line-block::|.. admonition:: t|.. raw:: html|.. role:: r(emphasis)|.. role:: x|"+
	".. default-role:: strong|.. meta::|.. title:: x|.. header:: x|.. footer:: x|.. target-notes::|.. unknown::|"+
	":emphasis:`x`|:sub:`x`|:math:`x`|:code:`x`|:pep:`8`|:rfc:`2822`|:r:`x`|:unknown:`y`|`x`:strong:|http://a.b|mailto:x@y.z|a@b.c|"+
	"-- me|:name: n|:class: c|:width: 50%|:align: left|:alt: x|:target: a_|:header-rows: 1|:widths: 1 2|:number-lines: 3|:depth: 2|"+
	":local:|é|“|’|\u00a0|\u3000|中文|\"|'|(|)|<|>|{|[|]|.|,|!|?|-|--|...|#|=|+|~|^|@|$|%|&|/|x|Title|word word", "|")

var holders = []string{"- ", "1. ", ".. note:: ", ".. container:: a\n\n", "| ", "* - ", ".. topic:: T\n\n", ":f: ", ".. sidebar:: S\n\n",
	".. figure:: x\n\n", ".. table:: t\n\n", ".. compound::\n\n", ".. [1] ", ".. |s| replace:: ", ".. class:: k\n\n", ".. epigraph::\n\n", ".. list-table::\n\n"}

// change changes a text in a few places.
func change(r *rand.Rand, text string, corpus []string) string {
	for range 1 + r.IntN(4) {
		lines := strings.Split(text, "\n")
		i := r.IntN(len(lines))
		switch r.IntN(12) {
		case 0:
			lines = append(lines[:i:i], lines[i+1:]...)
		case 1:
			lines = append(lines[:i:i], append([]string{lines[r.IntN(len(lines))]}, lines[i:]...)...)
		case 2:
			lines[i] = strings.Repeat(" ", 1+r.IntN(4)) + lines[i]
		case 3:
			lines[i] = lines[i][min(len(lines[i]), 1+r.IntN(3)):]
		case 4:
			lines = append(lines[:i:i], append([]string{pieces[r.IntN(len(pieces))]}, lines[i:]...)...)
		case 5, 6:
			k := r.IntN(len(lines[i]) + 1)
			lines[i] = lines[i][:k] + pieces[r.IntN(len(pieces))] + lines[i][k:]
		case 7:
			lines = append(lines[:i:i], append([]string{""}, lines[i:]...)...)
		case 8:
			other := strings.Split(corpus[r.IntN(len(corpus))], "\n")
			k := r.IntN(len(other))
			lines = append(lines[:i:i], append(other[k:min(len(other), k+1+r.IntN(6)):len(other)], lines[i:]...)...)
		case 9:
			for k := i; k < min(len(lines), i+1+r.IntN(5)); k++ {
				if lines[k] != "" {
					lines[k] = "   " + lines[k]
				}
			}
		case 10:
			h := holders[r.IntN(len(holders))]
			for k := range lines {
				if lines[k] != "" && (k > 0 || strings.HasSuffix(h, "\n")) {
					lines[k] = "   " + lines[k]
				}
			}
			lines[0] = h + lines[0]
		case 11:
			lines = append(lines, append([]string{""}, strings.Split(corpus[r.IntN(len(corpus))], "\n")...)...)
		}
		text = strings.ToValidUTF8(strings.Join(lines, "\n"), "?")
		if len(text) > 2000 {
			break
		}
	}
	return text
}

// TestDiffer changes the sources of the golden cases at random, writes random
// documents of its own, and sets what comes out side by side with docutils: the same tree, and no less messages.
func TestDiffer(t *testing.T) {
	p := docutilstest.Start(t, "")
	files, _ := filepath.Glob("testdata/*.txt")
	var corpus []string
	for _, name := range files {
		for _, c := range readCases(t, name) {
			corpus = append(corpus, c.source)
		}
	}
	r := rand.New(rand.NewPCG(*differSeed, 0))
	wrong := 0
	for i := range *differ {
		text := ""
		switch i % 4 {
		case 0:
			text = change(r, corpus[r.IntN(len(corpus))], corpus)
		case 1, 2:
			text = strings.ToValidUTF8((&generator{Rand: r}).document(), "?")
		case 3:
			text = change(r, strings.ToValidUTF8((&generator{Rand: r}).document(), "?"), corpus)
		}
		if difference(t, p, text, build) == "" {
			continue
		}
		short := shorten(t, p, text, build)
		if _, known := differs(short); known {
			continue
		}
		wrong++
		t.Errorf("%q\n%s\n%s", short, short, difference(t, p, short, build))
	}
	t.Logf("%d of %d texts are read as docutils reads them", *differ-wrong, *differ)
}
