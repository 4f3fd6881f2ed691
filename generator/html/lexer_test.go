package html

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// tokensBy gives the tokens of a lexer, neighbours of one type as one.
func tokensBy(t *testing.T, l chroma.Lexer, code string) []chroma.Token {
	t.Helper()
	it, err := l.Tokenise(&chroma.TokeniseOptions{State: "root"}, code)
	if err != nil {
		t.Fatal(err)
	}
	var out []chroma.Token
	for tok := it(); tok != chroma.EOF; tok = it() {
		if tok.Value == "" {
			continue
		}
		if k := len(out); k > 0 && out[k-1].Type == tok.Type {
			out[k-1].Value += tok.Value
			continue
		}
		out = append(out, tok)
	}
	return out
}

// same compares the hand-written lexer with chroma's, token for token.
func same(t *testing.T, lang, code string) {
	t.Helper()
	theirs := lexers.Get(lang)
	want, got := tokensBy(t, theirs, code), tokensBy(t, byHand(theirs), code)
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			t.Fatalf("%s: %q: token %d is missing, want %v", lang, code, i, want[i])
		case i >= len(want):
			t.Fatalf("%s: %q: token %d is %v, want none", lang, code, i, got[i])
		case want[i] != got[i]:
			t.Fatalf("%s: %.300q: token %d is %v, want %v", lang, code, i, got[i], want[i])
		}
	}
}

func TestHandLexersGiveChromasTokens(t *testing.T) {
	for lang, codes := range map[string][]string{
		"bash": {samples["bash"], samples["docker"], samples["console"], samples["python"], samples["yaml"], samples["json"],
			"cat <<EOF > x\nbody $x\nEOF\necho done\n", "cat <<-'END'\n\tx\n\tEND\n", "cat << EOF\nnever", "echo $((1 + 16#ff ** x)) ${#a[@]} ${b:-c} ${d/x/\"y\"}",
			"a=1 b+=2 c = 3\nif true; then echo \"x $y \\\" $(ls `pwd`)\"; fi", "x='a\nb' $'c\\'d' $\"e\" # f\n", "echo 12 13a 14\n15", "'open", "tail \\", "done\ndo", "for x in *.md; do rm -- \"$x\"; done",
			"[[ $a == b* ]] && echo ${1} $? $! $- $_ $@ || exit 1", "#!/bin/bash\n#!x\n", "a <<< b", "$", "$(", "${", "\"", "\"$", "if if\nelse(", "echo>x"},
		"json": {samples["json"], `[1, -0, 0.5, 1e5, 1.5E-3, 01, "a\"b\\", true, nullx]`, "{\"a\": {\"b\": []}, \"c\": [{}, []]} // end\n", "{", "[1,", `{"a" 1}`, `"open`,
			"// only\n1", "{\"a\": 1,\n \"b\": 2}", "-", "1.", "1e", `{"a":1}}`, "]"},
		"docker": {samples["docker"], samples["bash"], "# c\nFROM a:1 as b\nFROM  two\nWORKDIR /opt/\nUSER ${X}\nVOLUME [\"/data\", \"x\"]\nVOLUME /data\n",
			"ENV A=b C=d \\\n    E=f\nENV X y\nLABEL a=\"b c\"\nHEALTHCHECK --interval=5m --timeout=3s \\\n  CMD curl -f http://localhost/\nONBUILD RUN x\n",
			"RUN a \\\n\nRUN b \\", "RUN x && \\\n  # inner\n  y\n", "run apt-get install\ncmd [\"a\"]\nENTRYPOINT [ sh", "EXPOSE 80/tcp 443\nSTOPSIGNAL\nADD a b\n", "CMD []\nSHELL [\"x\", ]\n", "FROM"},
	} {
		for _, code := range codes {
			same(t, lang, code)
		}
	}
}

// TestHandLexersOnRealSources reads the shell scripts and JSON files that the
// machine has.
func TestHandLexersOnRealSources(t *testing.T) {
	read := 0
	for lang, patterns := range map[string][]string{
		"bash":   {"/etc/init.d/*", "/etc/profile", "/etc/bash.bashrc", "/usr/share/bash-completion/completions/*", "/usr/lib/git-core/*.sh", "../../content/*/assets/*"},
		"docker": {"../../content/*/assets/Dockerfile*"},
		"json":   {"/usr/share/*/*.json", "../../content/*/assets/*.json", "/usr/share/nodejs/*/package.json"},
	} {
		n := 0
		for _, p := range patterns {
			files, _ := filepath.Glob(p)
			for _, name := range files {
				code, err := os.ReadFile(name)
				if err != nil || len(code) > 20<<10 || !isASCII(string(code)) || strings.Contains(string(code), "\x00") || n >= 25 {
					continue
				}
				n++
				same(t, lang, string(code))
			}
		}
		read += n
	}
	t.Logf("%d files compared", read)
}

func FuzzHandLexers(f *testing.F) {
	f.Add(uint8(0), samples["bash"])
	f.Add(uint8(2), samples["docker"])
	f.Add(uint8(2), "FROM a AS b\nHEALTHCHECK --a=b CMD [\"x\"]\nENV A=b \\\n\nRUN x \\\ny\n")
	f.Add(uint8(0), "cat <<E\n${a:-\"$(b)\"} $((1#2)) 'c' \\\n")
	f.Add(uint8(1), samples["json"])
	f.Fuzz(func(t *testing.T, lang uint8, code string) {
		if len(code) > 300 || !isASCII(code) {
			return
		}
		same(t, [...]string{"bash", "json", "docker"}[lang%3], code)
	})
}
