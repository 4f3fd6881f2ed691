package lex

// cases are what the rules of each language turn on: the plain, the odd and
// the broken.
var cases = map[string][]string{
	"bash": {`# Build the image, then push it
export ORG=r2kuatviomfd
if [ -z "$TEAM" ]; then
  TEAM=/sandbox
fi
docker build -f Dockerfile.nbody -t nvcr.io/${ORG}${TEAM}/${USER}_nbody:simple . && docker images | head -n 5
for i in $(seq 1 4); do echo "run $i"; done
`,
		"cat <<EOF > x\nbody $x\nEOF\necho done\n", "cat <<-'END'\n\tx\n\tEND\n", "cat << EOF\nnever", "echo $((1 + 16#ff ** x)) ${#a[@]} ${b:-c} ${d/x/\"y\"}",
		"a=1 b+=2 c = 3\nif true; then echo \"x $y \\\" $(ls `pwd`)\"; fi", "x='a\nb' $'c\\'d' $\"e\" # f\n", "echo 12 13a 14\n15", "'open", "tail \\", "done\ndo", "for x in *.md; do rm -- \"$x\"; done",
		"[[ $a == b* ]] && echo ${1} $? $! $- $_ $@ || exit 1", "#!/bin/bash\n#!x\n", "a <<< b", "$", "$(", "${", "\"", "\"$", "if if\nelse(", "echo>x",
		"größe=3 # é\necho \"ü$größe\" naïve\u00a0x \\é ٣ $٣ «a»", "$((٣#٤ 2# 3#))", "cat <<ü\nxü"},
	"json": {`{"name": "nbody", "sizes": [1, 2.5, -3e8], "ok": true, "next": null, "path": "a\\b"}
`, `[1, -0, 0.5, 1e5, 1.5E-3, 01, "a\"b\\", true, nullx]`, "{\"a\": {\"b\": []}, \"c\": [{}, []]} // end\n", "{", "[1,", `{"a" 1}`, `"open`, `"open\"x`,
		"// only\n1", "{\"a\": 1,\n \"b\": 2}", "-", "1.", "1e", `{"a":1}}`, "]", "{x\n1}", "[ü, \"ü\"]\u00a0٣ 1٣", "{\"a\":1 2,,}", "[}\n]"},
	"docker": {`FROM nvcr.io/nvidia/cuda:12.4.0-devel-ubuntu22.04 AS build
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends git cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt
COPY --from=build /opt/nbody /usr/local/bin/nbody
ENV PATH="/opt/bin:${PATH}"
CMD ["nbody", "-benchmark"]
`,
		"# c\nFROM a:1 as b\nFROM  two\nWORKDIR /opt/\nUSER ${X}\nVOLUME [\"/data\", \"x\"]\nVOLUME /data\n",
		"ENV A=b C=d \\\n    E=f\nENV X y\nLABEL a=\"b c\"\nHEALTHCHECK --interval=5m --timeout=3s \\\n  CMD curl -f http://localhost/\nONBUILD RUN x\n",
		"RUN a \\\n\nRUN b \\", "RUN x && \\\n  # inner\n  y\n", "run apt-get install\ncmd [\"a\"]\nENTRYPOINT [ sh", "EXPOSE 80/tcp 443\nSTOPSIGNAL\nADD a b\n", "CMD []\nSHELL [\"x\", ]\n", "FROM",
		"FROM ü AS é\nLABEL größe=ä\nUSER ü-\n", "FROM a\nAS\nb", "FROM a AS - x", "CMD [\"a\n\"]", "FROM\u00a0x"},
	"python": {`import torch
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
		"#!/usr/bin/python3\n#!x\nimport os.path as p, sys , re\nfrom . import x\nfrom ..a.b import (c,\n d as e)\nfrom x import *\nraise X from None\nraise X from e\n",
		`f"{x!r:>{width}} {{}} {y=} {z = !s} {a['b']} {d:{w}.{p}} {f(1, {2: 3})[0]}" f'''{
 x
}''' rf"\d{x}\"" F'\N{DASH}\x41\u00e9\U0001F600\101\8'`,
		`"%s %(name)-5.2f %% %d%" "{} {0} {a.b[c]!r:<10,.2f} {{x}} {:=+#010x} {!z} {" '%*.*d' b"%r" u'x' Rb'\n\'' bR"""a"b""" r'\\'`,
		"0x1F 0b10_1 0o17 1_000 1e5 1.5e-3j 1. .5 1.e5 1_ 0_0 0xg 0b2 1e 1e+ 1__0 5j 0X_f", "x = y@z\n@decor.a . b\n@ x\n@x\n.y(", "a != b == c <= d << e := f -> g ** h ~i ! j ? $ `k`",
		"class\nclass (x)\ndef\ndef __init__(self): ...\ndef __str__ __x\nimport\nimport \nfrom \ndef\\\n f", "'open\nx = 1", "\"a\\\nb\" '''a\n'b''c''' \"\"\"x\\\"\"\"\" 'a\\", "f'{x\n}' f\"{x", "f'{a:{b}}' f'{x:%Y-%m}' f'{x!r}' f'{a[\"b\"]}'",
		"yield from x\nyield fromx\nasync for\nasync def f(): await x\nlambda: x\nnot in is and or\nmatch x:\n case _: pass", "__name__ __doc__ self.print print .print self cls Ellipsis ValueError x.ValueError Exceptionx",
		"größe = 3; π = 3.14; naïve_é٣ = ٣.٤; def größe(): pass\nclass Ä: pass\nimport ü.ä as ö\n@ü.ä\nx\u00a0=\u3000y\n", "self\u0301 in\u0301 a\u0301b \u0301", "x\u200d = 1", "[]{}:(),;[", "\\\n\\ x", "r{,2}'''", "\"\\N{abc\" \"\\N{x}\\x4 \\u12 \\U1234567\"",
		"f'{x:é<3}' '{:é<3}' '{:é}' '{0[]}' '{0[a]' '{0.}' '{é.ü[ö]}' '%(é)s' '%(é' '%.x' '%.5' '%5.*hd'", "if  True:\n\tpass\n\n\n   \n  \n# c\n"},
	"yaml": {`services:
  web:
    image: "nginx:1.27"   # pinned
    ports: ["80:80", 443]
    environment:
      DEBUG: false
      RETRIES: 3
`,
		"---\n- a: b\n- c\n- - d\n...\n? - x\n? key\n: value\n", "a: |\n  line one\n   two\n\n  three\n four\nb: >-\n\n  no\nc: >+\n  x\n", "x: &anchor y\nz: *anchor\nt: !!str 5\nu: !local v\n",
		"date: 2001-12-14 21:59:43.10 -5\nd2: 2001-12-14T21:59:43Z\nd3: 2001-12-14\nd4: 2001-12-1\nt: 10:20:30\n", "n: [1, -2, +3.5, 1e5, 1.5e-3, 0x1f, 0o17, .5, .inf, -.inf, .nan, 1., 1.a, 1.5a, 1.5e3x, 12a, 1.2.3.4, 1_000, 0xg, 0x1g]\n",
		"s: \"a \\\" b: c\" # x\nq: 'it''s' // y\nopen: \"abc\nmore: 'x\n", "\"key with: colon\": v\n\"k\": v # \"z\": \n\"\": x\n\"#\": y\n", "url: http://example.com/x # y\n// comment\na//b: c\nhttp://x: y\n",
		"a: b # c # d\ne: f // g // h\ni: j//k#l\n", "yes: no\non: off\nY: n\nnope: yesx\n", "{a: b, c: [d, e]}\n[?, :, @, !]\n", "%include  foo.yaml\n%YAML 1.2\n%include \n\n", "key:\n\n\n  - x\n  -y\n-\n- \n-", "a:b\nc :d\ne: \nf:\n: g\n:\n",
		"größe: ü # é\n- ä: ö\né\u00a0: x\nn-5 y+3\n٣: ٣.٤\n", "|\n  at once\n", "|", ">\n", "| x\n", "a: |\n", "a: |\n  x", "a: |2\n  x\n", "t: `x` @y %z\n", "a: \"x\\\"", "k: 'a\\'b", "- |\n    deep\n  less\n"},
	"go": {`// Package x is one.
package x

import "fmt"

//go:generate stringer
type T[K comparable] struct{ a map[string]*int } // end
//
/* many
lines */
func (t *T) Do(n int, f ...func() error) (err error) {
	for i := range n {
		x, ok := <-ch; go f (i)
		fmt.Println("a\"b\\", 'x', '\n', '\x41', '\u00e9', ` + "`raw\n\\`" + `, len(x), len (x), string("x"), min(1, 2), any(x), error)
	}
	return nil
}
`,
		"0x1F_f 0b1_0 017 08 0 1_000 1.5 1. .5 1e5 1e+5 1.5e-3 1i 1.5i 1.e+5i .5e-3i 1e5i 0o17 1.e5 0x 0b 1__", "a &^= b &^ c <<= d >>= e && f || g <- h ++ -- != == := ... <= >= ~ ! | ^ % & * ?", "'\\'' '' ''' '\\777' '\\8' '\\x4' '\\u12' 'é' 'ab' '\n' '", "\"open\nx", "\"open \\\" x", "`open", "/* open", "/*/", "/\\\n* x *\\\n/", "//\n// \n//x\n//é\n//\u00a0x\r\n",
		"x := `{{ range $i, $x := .Items }}{{/* c */}}{{- printf \"%s\" (index $x.y 0x1F) | html -}}{{ end }}{ {{ $5 0x1F 8 (8) .5x $٣ -5 1.5 .5 -.5 'a' $ . := = , ) }} {{`", "`{{/* open` `{{- /* x */ -}}` `{{ \"a}}\" }}` `{{ ( }} ) }}` `{{-}}`", "größe := ü(x) + é (y); Ä٣ ٣ ٣.٤", "f\n\n (x) g \n(", "int8(x) int8 x.len() lenx()", "x\u200dy 0\x00 $ # @ \\"},
	"cpp": {`#include <iostream>
#include "x.h"
# include <sys/types.h>
#define MAX(a, b) \
  ((a) > (b) ? (a) : (b)) // c
#if 0
left out
# if x
#if 1
#else
#endif
#endif
namespace a::b {
template <typename T, class U> struct alignas(16) Foo : public Bar<T> {
  static constexpr int n = 1'000'000; /* c */
  virtual ~Foo() = default;
  int get(int x, char *y) const noexcept { return x + *y; }
  enum class E : int { A, B };
  [[nodiscard]] auto f() -> decltype(auto);
public:
  float a = 1.5f, b = .5, c = 1e-3L, d = 0x1F, e = 017, g = 0b101u, h = 5ull;
};
int main(int argc, char **argv) {
  std::cout << "a\n\x41\u00e9" << L"w" << u8"x" << R"(raw)" << 'c' << '\n' << L'x' << std::endl;
  if (argc) { goto end; }
end:
  return 0;
}
}
`,
		"int f();\nint f(int a, int b) { return 0; }\nvoid g(void (*h)(int)) { }\nstatic inline const char * const *k (x) const;\n**foo(x);\n*foo(x);\nfoo(x);\nint x = f(3);\na b(c) d(e) { f; }\n", "int f(int x) : a(b) { c; } }\n } ; x\n", "f f(x) { a } b c(d) } e f(g) ; h\n",
		"// c \\\nmore\n//\n///\n// last", "// last \\", "/* open", "/\\\n* x *\\\n/ y", "*/ x", "/* a */ #define X\n  #define Y /* c\nd */ z\n\n\n#if 0\n#el x\n#elif\n#if 0 x \\\n#endif\n", "  /* a */ b */ # x\n", "#if 0", "#if 0 \\\n#endif \\\n#endif\nx", "#include <a\n>\n#include \"\"\n#include <>\n#include x\n#include  \"open\n", "#define x /* c */ y // d\nz\n#define x / y \\\n", "#",
		"\"open\nx \"a\\\nb\" \"\\8\\x4\\q\" '' 'ab' '\\777' '\\7777' '\\x4' '\\x123' '\n' L'' L\"x\" U\"y\" u8\"z\" u8'c'", "class { struct { }; class\n A; enum class B { }; enum  class  C; class [[x]] D; struct <E> class 1\nF; union U; classy; enumclass", "[[a]] [[b] [c]] [[]] [[x]] y ]]", "1.5e3f 1f 1ff 0f 1. .5f 1.e5 08 0'7 0x 0x' 1' 0b2 5LLU 0b1'0 1'2'3 0x'f .",
		"a: b:: c : d ? e : f :: g", "bool int8_t int_fast8_t uint_least64_t char16_t wchar_t size_t __int32 __m128 __asm typename inline true NULL nullptr __wchar_t", "größe f(ü) { é: 'é' \"é\" } // é\n#define ü é\n\u00a0 #x\nä ö(x);\n", "R\"a{,16}(x)a\" R\"(x)\"", "{{{}}} ; int f(x) {{}} ; } }", "int a(b) ; {", "f\u00e9 g(x) { \"\n }"},
}

func init() {
	cases["c"] = append([]string{
		"#include <stdio.h>\n#include   /* c */  \"x.h\" // d\n#include\n\n  y\n#include /* open\n#include x /* y */ z\nstruct s { int a; size_t b; foo_t c; a_t _t x_t; };\nint main(void) { printf (\"x\"); return f(1); }\n",
		"#include  \n", "#include", "#include /* a */ \n", "#include /* a */", "#include /* a */\u00a0\n", "0X1F 0x1fL 0b1 1'0 017 1a_t 1f_t 5f(", "x y(z) { a { b } c } d } e ; f\n{ } ; g(h) ; {\n",
	}, cases["cpp"]...)
	cases["cuda"] = append([]string{`__global__ void __launch_bounds__(256) add(const float4 *__restrict__ a, float *b, int n) {
  extern __shared__ float tile[];
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  __syncthreads();
  if (i < n) atomicAdd(&b[i], rsqrtf(a[i].x));
}
void run() { dim3 grid(1); add<<<grid, 256, 0, stream>>>(a, b, n); cudaStream_t s; }
`}, cases["cpp"]...)
}
