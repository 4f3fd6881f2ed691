package main

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
)

// generate writes one site three times: Markdown for Docent and for Hugo,
// which differ in the name of a folder's own page only, and the same text as
// reStructuredText. A page has about 650 words, listings in bash, Python and
// Dockerfile, a table, lists, and links to its neighbours. Twenty pages make
// a chapter, 25 chapters a part.
func generate(dir string, pages int, seed int64) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	put := func(name, text string) error {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		return os.WriteFile(name, []byte(text), 0o666)
	}
	w := &words{rand.New(rand.NewSource(seed))}
	folder := func(name, title string) error {
		text := w.sentence() + " " + w.sentence()
		for _, to := range []string{"md/" + name + "index.md", "hugo/content/" + name + "_index.md"} {
			if err := put(to, front(title)+"# "+title+"\n\n"+text+"\n"); err != nil {
				return err
			}
		}
		return put("rst/"+name+"index.rst", title+"\n"+strings.Repeat("=", len(title))+"\n\n"+text+"\n")
	}
	if err := folder("", "A site of "+fmt.Sprint(pages)+" pages"); err != nil {
		return err
	}
	for i := range pages {
		at := place(i)
		if i%(perChapter*chapters) == 0 {
			if err := folder(fmt.Sprintf("part-%02d/", i/(perChapter*chapters)), w.title()); err != nil {
				return err
			}
		}
		if i%perChapter == 0 {
			if err := folder(filepath.Dir(at)+"/", w.title()); err != nil {
				return err
			}
		}
		p := w.page(i, pages)
		if err := put("md/"+at+".md", p.markdown()); err != nil {
			return err
		}
		if err := put("hugo/content/"+at+".md", p.markdown()); err != nil {
			return err
		}
		if err := put("rst/"+at+".rst", p.restructured()); err != nil {
			return err
		}
	}
	for name, text := range hugoTheme {
		if err := put("hugo/"+name, text); err != nil {
			return err
		}
	}
	return put("done", "")
}

const perChapter, chapters = 20, 25

func place(i int) string {
	return fmt.Sprintf("part-%02d/chapter-%02d/page-%02d", i/(perChapter*chapters), i/perChapter%chapters, i%perChapter)
}

func front(title string) string { return "---\ntitle: \"" + title + "\"\n---\n" }

// A block is one element of a page, in both languages.
type block struct{ md, rst string }

type testPage struct {
	title  string
	blocks []block
}

func (p testPage) markdown() string {
	var b strings.Builder
	b.WriteString(front(p.title) + "# " + p.title + "\n")
	for _, k := range p.blocks {
		b.WriteString("\n" + k.md)
	}
	return b.String()
}

func (p testPage) restructured() string {
	var b strings.Builder
	b.WriteString(p.title + "\n" + strings.Repeat("=", len(p.title)) + "\n")
	for _, k := range p.blocks {
		b.WriteString("\n" + k.rst)
	}
	return b.String()
}

// words makes text. Its words are made of syllables, as many as a manual has.
type words struct{ *rand.Rand }

var syllables = strings.Fields("con tain er im age ker nel mem o ry net work job queue node vol ume reg is try lay mount " +
	"build run push pull trace sched ule clus ter driv er host de vice batch ten sor grid block thread cache")

var common = strings.Fields("the a of to and in is that it for as with on by this at from or an be are which its when " +
	"then each file page command container image step result run build one two after before same other")

func (w *words) word() string {
	if w.Intn(3) > 0 {
		return common[w.Intn(len(common))]
	}
	out := ""
	for range 1 + w.Intn(3) {
		out += syllables[w.Intn(len(syllables))]
	}
	return out
}

func (w *words) some(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = w.word()
	}
	return strings.Join(out, " ")
}

func (w *words) title() string {
	t := w.some(2 + w.Intn(4))
	return strings.ToUpper(t[:1]) + t[1:]
}

func (w *words) sentence() string { return w.title() + " " + w.some(5+w.Intn(12)) + "." }

// paragraph gives the same text with the inline markup of each language.
func (w *words) paragraph(sentences int) block {
	var md, rst []string
	for range sentences {
		s := w.sentence()
		md, rst = append(md, s), append(rst, s)
		t := w.some(2)
		switch w.Intn(5) {
		case 0:
			md, rst = append(md, "*"+t+"*"), append(rst, "*"+t+"*")
		case 1:
			md, rst = append(md, "**"+t+"**"), append(rst, "**"+t+"**")
		case 2:
			md, rst = append(md, "`"+t+"`"), append(rst, "``"+t+"``")
		}
	}
	return block{strings.Join(md, " ") + "\n", strings.Join(rst, " ") + "\n"}
}

func (w *words) page(i, pages int) testPage {
	p := testPage{title: fmt.Sprintf("%s %d", w.title(), i)}
	heading := func() {
		t := w.title()
		p.blocks = append(p.blocks, block{"## " + t + "\n", t + "\n" + strings.Repeat("-", len(t)) + "\n"})
	}
	listing := func(lang, code string) {
		p.blocks = append(p.blocks, block{"```" + lang + "\n" + code + "```\n",
			".. code-block:: " + lang + "\n\n   " + strings.ReplaceAll(strings.TrimSuffix(code, "\n"), "\n", "\n   ") + "\n"})
	}
	p.blocks = append(p.blocks, w.paragraph(4), w.links(i, pages))
	heading()
	p.blocks = append(p.blocks, w.paragraph(5))
	listing("bash", w.bash())
	p.blocks = append(p.blocks, w.paragraph(5), w.list())
	heading()
	p.blocks = append(p.blocks, w.paragraph(6))
	listing("python", w.python())
	p.blocks = append(p.blocks, w.table(), w.paragraph(6))
	heading()
	p.blocks = append(p.blocks, w.paragraph(5))
	listing("dockerfile", w.dockerfile())
	p.blocks = append(p.blocks, w.paragraph(6), w.list(), w.paragraph(5))
	return p
}

// links leads to pages of the same chapter and of another.
func (w *words) links(i, pages int) block {
	var md, rst []string
	first := i - i%perChapter
	for _, j := range []int{min(first+(i+1)%perChapter, pages-1), min(first+(i+7)%perChapter, pages-1), (i + perChapter) % pages} {
		text := w.some(2)
		to := place(j)
		if filepath.Dir(to) == filepath.Dir(place(i)) {
			md = append(md, "["+text+"]("+filepath.Base(to)+".md)")
		} else {
			md = append(md, "["+text+"](/"+to+".md)")
		}
		rst = append(rst, ":doc:`"+text+" </"+to+">`")
	}
	return block{"See " + strings.Join(md, ", ") + ", and [the project](https://example.org/project).\n",
		"See " + strings.Join(rst, ", ") + ", and `the project <https://example.org/project>`__.\n"}
}

func (w *words) list() block {
	var b strings.Builder
	for range 4 {
		b.WriteString("- " + w.sentence() + "\n")
	}
	return block{b.String(), b.String()}
}

func (w *words) table() block {
	var md strings.Builder
	var rows [][3]string
	for range 5 {
		rows = append(rows, [3]string{w.word(), w.word(), fmt.Sprint(w.Intn(10000))})
	}
	md.WriteString("| name | kind | size |\n| --- | --- | --- |\n")
	rst := ".. list-table::\n   :header-rows: 1\n\n   * - name\n     - kind\n     - size\n"
	for _, r := range rows {
		fmt.Fprintf(&md, "| %s | %s | %s |\n", r[0], r[1], r[2])
		rst += fmt.Sprintf("   * - %s\n     - %s\n     - %s\n", r[0], r[1], r[2])
	}
	return block{md.String(), rst}
}

func (w *words) name() string { return strings.ReplaceAll(w.some(2), " ", "_") }

func (w *words) bash() string {
	return fmt.Sprintf(`# %s
export %s=%d
if [ -z "${TEAM:-}" ]; then
  TEAM=%s
fi
docker build -f Dockerfile.%s -t registry.example/${ORG}/%s:simple . && docker images | head -n %d
for i in $(seq 1 %d); do
  docker run --rm -it -v "$PWD/%s:/data" %s bash -lc "echo run $i"
done
`, w.some(6), strings.ToUpper(w.name()), w.Intn(9999), w.name(), w.name(), w.name(), w.Intn(9)+1, w.Intn(9)+1, w.name(), w.name())
}

func (w *words) python() string {
	return fmt.Sprintf(`import torch
from pathlib import Path


class %s(torch.nn.Module):
    """%s"""

    def __init__(self, width: int = %d) -> None:
        super().__init__()
        self.%s = [torch.nn.Linear(width, width) for _ in range(%d)]

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x) * 0.%d  # %s
        return x if x.sum() > 1e-%d else None


print(f"{%d:>8} bodies", Path("%s").read_text())
`, strings.ToUpper(w.word()[:1])+"net", w.sentence(), w.Intn(999), w.name(), w.Intn(9)+1, w.Intn(99), w.some(4),
		w.Intn(9)+1, w.Intn(99999), w.name())
}

func (w *words) dockerfile() string {
	return fmt.Sprintf(`FROM registry.example/%s/cuda:12.%d-devel AS build
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends git cmake %s \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/%s
COPY --from=build /opt/%s /usr/local/bin/%s
ENV PATH="/opt/bin:${PATH}" MODE=%d
CMD ["%s", "-benchmark"]
`, w.name(), w.Intn(9), w.word(), w.name(), w.name(), w.name(), w.Intn(99), w.name())
}

// hugoTheme is of the weight of Docent's own: the same navigation on every
// page (the top, the branch of the page, its neighbours), made once per
// section, contents, the way here, and the page before and after.
var hugoTheme = map[string]string{
	"hugo.toml": `baseURL = "https://example.org/"
title = "A site"
disableKinds = ["taxonomy", "term", "RSS"]
[markup.highlight]
noClasses = false
[markup.goldmark.renderHooks.link]
useEmbedded = "always"
`,
	"layouts/_default/baseof.html": `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ .Title }} · {{ site.Title }}</title>
<meta name="description" content="{{ .Summary | plainify | truncate 160 }}">
<link rel="canonical" href="{{ .Permalink }}"><meta property="og:title" content="{{ .Title }}">
<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head>
<body><a class="skip" href="#main">Skip to the text</a>
<header class="top"><a class="brand" href="/">{{ site.Title }}</a><form class="find" role="search" action="/search/"><input type="search" name="q"></form></header>
<div class="frame"><nav id="nav" class="tree" aria-label="Pages">{{ partialCached "nav.html" . .CurrentSection.Path }}</nav>
<main id="main"><nav class="crumbs"><ol>{{ range .Ancestors.Reverse }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}<li>{{ .Title }}</li></ol></nav>
<article>{{ block "main" . }}{{ end }}</article>
<nav class="turn">{{ with .PrevInSection }}<a rel="prev" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}{{ with .NextInSection }}<a rel="next" href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}</nav>
</main><aside class="contents">{{ .TableOfContents }}</aside></div></body></html>
`,
	"layouts/_default/single.html": `{{ define "main" }}{{ .Content }}{{ end }}`,
	"layouts/_default/list.html":   `{{ define "main" }}{{ .Content }}{{ end }}`,
	"layouts/partials/nav.html": `{{ $here := .CurrentSection }}<ul>{{ range site.Home.Sections }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a>
{{ if or (eq . $here) (.IsAncestor $here) }}<ul>{{ range .Sections }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a>
{{ if eq . $here }}<ul>{{ range .RegularPages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a></li>{{ end }}</ul>{{ end }}</li>{{ end }}</ul>{{ end }}</li>{{ end }}</ul>`,
	"static/style.css": "body { font: 17px/1.65 system-ui }\n",
	"static/script.js": "document.documentElement.classList.add('js');\n",
}
