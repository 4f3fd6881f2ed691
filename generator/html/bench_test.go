package html

import (
	"fmt"
	"strings"
	"testing"

	"docent/generator/doc"
)

// samples are listings as tutorials have them, one per language.
var samples = map[string]string{
	"bash": `# Build the image, then push it
export ORG=r2kuatviomfd
if [ -z "$TEAM" ]; then
  TEAM=/sandbox
fi
docker build -f Dockerfile.nbody -t nvcr.io/${ORG}${TEAM}/${USER}_nbody:simple . && docker images | head -n 5
for i in $(seq 1 4); do echo "run $i"; done
`,
	"console": `$ docker images
REPOSITORY            TAG        IMAGE ID       SIZE
nvcr.io/org/nbody     simple     3765675fad29   8.26GB
$ docker run --rm -it nvcr.io/org/nbody \
> bash -l
root@f5e06e291d60:/# nbody -benchmark -numbodies=2000000
`,
	"docker": `FROM nvcr.io/nvidia/cuda:12.4.0-devel-ubuntu22.04 AS build
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends git cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt
COPY --from=build /opt/nbody /usr/local/bin/nbody
ENV PATH="/opt/bin:${PATH}"
CMD ["nbody", "-benchmark"]
`,
	"python": `import torch
from pathlib import Path

class Net(torch.nn.Module):
    """A small net."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.layers = [torch.nn.Linear(width, width) for _ in range(3)]

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x) * 0.5  # keep it small
        return x if x.sum() > 1e-3 else None
`,
	"yaml": `services:
  web:
    image: "nginx:1.27"   # pinned
    ports: ["80:80", 443]
    environment:
      DEBUG: false
      RETRIES: 3
`,
	"json": `{"name": "nbody", "sizes": [1, 2.5, -3e8], "ok": true, "next": null, "path": "a\\b"}
`,
}

func BenchmarkHighlight(b *testing.B) {
	for lang, code := range samples {
		code = strings.Repeat(code, 4)
		b.Run(lang, func(b *testing.B) {
			var h Highlighter
			b.SetBytes(int64(len(code)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = h.Append(dst[:0], lang, code, Lines{Start: 1})
			}
		})
	}
	b.Run("remembered", func(b *testing.B) {
		h := NewHighlighter(1 << 20)
		code := samples["python"]
		b.SetBytes(int64(len(code)))
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			dst = h.Append(dst[:0], "python", code, Lines{Start: 1})
		}
	})
}

// page is a document of prose, lists, a table and listings.
func page(sections int) *doc.Document {
	root := doc.New(doc.KindDocument, doc.Pos{})
	text := func(s string) *doc.Node { return doc.NewText(doc.Pos{}, s) }
	for i := range sections {
		s := doc.New(doc.KindSection, doc.Pos{}, doc.New(doc.KindTitle, doc.Pos{}, text(fmt.Sprintf("Section %d", i)))).AddID(fmt.Sprintf("section-%d", i))
		for range 4 {
			s.Append(doc.New(doc.KindParagraph, doc.Pos{}, text("Containers are meant to be static, reproducible checkpoints for your code that can "),
				doc.New(doc.KindEmphasis, doc.Pos{}, text("always")), text(" be started in the same way. Use "),
				doc.New(doc.KindLiteral, doc.Pos{}, text("docker run <image>")), text(" & see "),
				doc.New(doc.KindReference, doc.Pos{}, text("the manual")).Set("refuri", "https://docs.docker.com/reference/"), text(".\n")))
		}
		list := doc.New(doc.KindBulletList, doc.Pos{})
		for range 5 {
			list.Append(doc.New(doc.KindListItem, doc.Pos{}, doc.New(doc.KindParagraph, doc.Pos{}, text("Only install runtime libraries in the final container"))))
		}
		s.Append(list, doc.New(doc.KindLiteralBlock, doc.Pos{}, text(samples["bash"])).Set(doc.AttrLanguage, "bash"))
		root.Append(s)
	}
	return &doc.Document{Sources: []*doc.Source{doc.NewSource("page.rst", "")}, Root: root}
}

func BenchmarkRender(b *testing.B) {
	d := page(10)
	env := Nop{O: Options{Highlighter: NewHighlighter(1 << 20)}}
	out := Render(nil, d, d.Root, env)
	b.SetBytes(int64(len(out)))
	b.ReportAllocs()
	for b.Loop() {
		out = Render(out[:0], d, d.Root, env)
	}
}
