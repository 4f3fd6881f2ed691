package lex

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

var realBytes = flag.Int("real", 150<<10, "bytes of real sources that each lexer is compared on")

// languages are those of this package.
var languages = []string{"bash", "json", "docker", "python", "yaml", "go", "cpp", "c", "cuda"}

// theirs is the lexer that one of this package is compared with.
func theirs(lang string) chroma.Lexer {
	if lang == "cuda" {
		return cuda
	}
	return lexers.Get(lang)
}

// tokensBy gives the tokens of a lexer that are not empty, up to the end of
// the code: chroma ends some texts in a line end of its own.
func tokensBy(t *testing.T, l chroma.Lexer, code string) []chroma.Token {
	t.Helper()
	tokens, err := Append(nil, l, code)
	if err != nil {
		t.Fatal(err)
	}
	var out []chroma.Token
	left := len(code)
	for _, tok := range tokens {
		tok.Value = tok.Value[:min(left, len(tok.Value))]
		left -= len(tok.Value)
		if tok.Value != "" {
			out = append(out, tok)
		}
	}
	return out
}

// same compares a lexer with chroma's, token for token, and reports where
// they part. Chroma gives a regular expression a quarter of a second, which a
// busy machine may take from it, so it is asked again.
func same(t *testing.T, lang, name, code string) bool {
	t.Helper()
	code = strings.ToValidUTF8(code, "\uFFFD") // chroma reads it so
	got := tokensBy(t, Get(lang), code)
	var want []chroma.Token
	for range 3 {
		if want = tokensBy(t, theirs(lang), code); slices.Equal(got, want) {
			return true
		}
	}
	at := 0
	for i := range max(len(want), len(got)) {
		var w, g chroma.Token
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			t.Errorf("%s: %s: at byte %d, after %q: %v %.100q, want %v %.100q", lang, name, at, code[max(0, at-60):at], g.Type, g.Value, w.Type, w.Value)
			break
		}
		at += len(w.Value)
	}
	return false
}

// whole checks that the tokens of a text are the text.
func whole(t *testing.T, lang, code string) {
	t.Helper()
	tokens, err := Append(nil, Get(lang), code)
	if err != nil {
		t.Fatal(err)
	}
	rest := code
	for _, tok := range tokens {
		if tok.Value == "" || !strings.HasPrefix(rest, tok.Value) {
			t.Fatalf("%s: %.300q: the token %q does not follow", lang, code, tok.Value)
		}
		rest = rest[len(tok.Value):]
	}
	if rest != "" {
		t.Fatalf("%s: %.300q: %q is in no token", lang, code, rest)
	}
}

func TestTokensAreChromas(t *testing.T) {
	for lang, codes := range cases {
		for _, code := range codes {
			same(t, lang, "case", code)
			whole(t, lang, code)
		}
	}
	// What is right in one language is wrong in another.
	for _, lang := range languages {
		for other, codes := range cases {
			for i, code := range codes {
				if other == lang || i > 5 {
					continue
				}
				same(t, lang, "case of "+other, code)
			}
		}
	}
}

// TestKnown holds the names that Get finds against those of chroma's registry.
func TestKnown(t *testing.T) {
	for _, name := range append(lexers.Names(true), "Makefile", "makefile", "rs", "bash_x", "9", "sed", "py.bak", "in", "../a.py") {
		if lexers.Get(name) != nil && !known(name) {
			t.Errorf("chroma's registry has %q, known does not", name)
		}
	}
	for _, name := range []string{"peg", "asdl", "none", "x/y", "[", "*"} {
		if lexers.Get(name) == nil && Get(name) != nil {
			t.Errorf("Get finds %q, chroma's registry does not", name)
		}
	}
	if known("peg") || known("no-such-language") {
		t.Error("a name that nobody knows is looked for")
	}
}

// sources gives real files of a language: those that Go and the Debian
// packages of the tests bring, and this repository's own.
func sources(lang string) []string {
	root := filepath.Join("..", "..")
	env, _ := exec.Command("go", "env", "GOROOT", "GOMODCACHE").Output()
	goroot, modules, _ := strings.Cut(strings.TrimSpace(string(env)), "\n")
	python, _ := filepath.Glob("/usr/lib/python3*")
	type place struct {
		dirs  []string
		match func(base string) bool
	}
	ext := func(exts ...string) func(string) bool {
		return func(base string) bool {
			for _, e := range exts {
				if strings.HasSuffix(base, e) {
					return true
				}
			}
			return false
		}
	}
	p := map[string]place{
		"bash":   {[]string{"/etc/init.d", "/usr/share/bash-completion", "/usr/lib/git-core", "/usr/share/debootstrap/scripts", root}, func(b string) bool { return ext(".sh")(b) || !strings.Contains(b, ".") && b != "Makefile" }},
		"json":   {[]string{"/usr/share", root}, ext(".json")},
		"docker": {[]string{root, modules}, func(b string) bool { return strings.HasPrefix(b, "Dockerfile") && !ext(".go", ".md", ".tmpl")(b) }},
		"python": {append(python, root), ext(".py")},
		"yaml":   {[]string{root, modules}, ext(".yaml", ".yml")},
		"go":     {[]string{filepath.Join(goroot, "src"), root}, ext(".go")},
		"cpp":    {[]string{"/usr/include/c++", root + "/cuda"}, func(b string) bool { return ext(".h", ".hpp", ".cpp", ".tcc")(b) || !strings.Contains(b, ".") }},
		"c":      {[]string{"/usr/include/linux", "/usr/include", filepath.Join(goroot, "src")}, ext(".h", ".c")},
		"cuda":   {[]string{root + "/cuda", "/usr/include/cub", "/usr/include/thrust", "/usr/local/cuda/include"}, ext(".cu", ".cuh", ".h", ".hpp")},
	}[lang]
	var files []string
	for _, dir := range p.dirs {
		filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() && (e.Name() == ".git" || e.Name() == "node_modules") {
				return fs.SkipDir
			}
			if err == nil && e.Type().IsRegular() && p.match(e.Name()) {
				files = append(files, name)
			}
			return nil
		})
	}
	return files
}

// TestRealSources compares over files spread evenly over those that the
// machine has.
func TestRealSources(t *testing.T) {
	for _, lang := range languages {
		t.Run(lang, func(t *testing.T) {
			files := sources(lang)
			read, count, bad := 0, 0, 0
			// A stride that is prime to the number of files visits each once.
			stride := len(files)*5/8 | 1
			for stride > 1 && len(files)%stride == 0 {
				stride += 2
			}
			for i := range files {
				if read >= *realBytes || bad > 20 {
					break
				}
				name := files[i*stride%len(files)]
				b, err := os.ReadFile(name)
				if err != nil || len(b) > 200<<10 || len(b) > *realBytes/4 || !utf8.Valid(b) || strings.ContainsAny(string(b), "\x00\r") {
					continue
				}
				whole(t, lang, string(b))
				if !same(t, lang, name, string(b)) {
					bad++
				}
				read += len(b)
				count++
			}
			t.Logf("%d files of %d, %d bytes", count, len(files), read)
		})
	}
}

// FuzzLex compares with chroma's lexers and checks that the tokens are the
// text, also where it is no UTF-8.
func FuzzLex(f *testing.F) {
	for i, lang := range languages {
		for _, code := range cases[lang] {
			f.Add(uint8(i), code)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, code string) {
		lang := languages[int(i)%len(languages)]
		if len(code) > 400 {
			code = code[:400]
		}
		whole(t, lang, code)
		same(t, lang, "fuzz", code)
	})
}

// TestLinear reads shapes on which a lexer that looks ahead, or back, from
// every place takes quadratic time. Sixteen times the text may take 64 times
// as long before it fails.
func TestLinear(t *testing.T) {
	var tokens []chroma.Token
	for _, lang := range languages {
		for _, shape := range []string{
			"a", " ", "\n", "(", "[", "{", "\"", "'", "`", "\\", "/", "*", "#", "-", ":", "0", "_", "é", "\u00a0", "//", "/*", "\"\\", "'\\", "{{", "{{/*", "${", "$(", "$((", "<<",
			"<<a ", "<<é1 ", "'\"", "a b(", "a b()", "} a b(c) ", "a b{", "a b;", "a\n", " \n", "\n/*", "/* */ ", "//\\\n", "#if\n", "#if 0\n", "#include <", "#include \"", "[[", "[[a", "R\"", "class ", "x:y",
			"a: ", "\"a\" ", "- ", "? ", "a: |\n ", "a #", " //", "{a[", "{a[b]", "{a[{a[x]", "%(a", "\\N{", "f'{", "f\"{'", "@a.", "import a,", "from .", "=  ", "1.", "1_", "1e", "FROM a ", "ENV a=b ", "RUN a\\\n", "VOLUME [", "\\\n",
		} {
			took := func(n, times int) time.Duration {
				text := strings.Repeat(shape, n/len(shape)+1)
				best := time.Hour
				for range times {
					start := time.Now()
					tokens, _ = Append(tokens[:0], Get(lang), text)
					best = min(best, time.Since(start))
				}
				return best
			}
			const n, limit = 4 << 10, 60 * time.Millisecond
			if took(16*n, 1) < limit {
				continue
			}
			if small, large := took(n, 10), took(16*n, 10); large > limit && large > 64*small {
				t.Errorf("%s: %q takes %v for %d bytes, and %v for %d", lang, shape, small, n, large, 16*n)
			}
		}
	}
}

func BenchmarkLex(b *testing.B) {
	for _, lang := range languages {
		code := strings.Repeat(cases[lang][0], 8)
		b.Run(lang, func(b *testing.B) {
			l := Get(lang)
			b.SetBytes(int64(len(code)))
			b.ReportAllocs()
			var tokens []chroma.Token
			for b.Loop() {
				tokens, _ = Append(tokens[:0], l, code)
			}
		})
		b.Run(lang+"/chroma", func(b *testing.B) {
			l := theirs(lang)
			b.SetBytes(int64(len(code)))
			for b.Loop() {
				Append(nil, l, code)
			}
		})
	}
}
