package lint

import (
	"strings"
	"testing"
	"testing/fstest"

	"docent/generator/parse"
	"docent/labs/step"
)

// findings reads a page beside files and gives what lint says of it, a line
// each.
func findings(t *testing.T, name, text string, files map[string]string) string {
	t.Helper()
	fsys := fstest.MapFS{}
	for n, f := range files {
		fsys[n] = &fstest.MapFile{Data: []byte(f)}
	}
	steps, _ := step.Steps(parse.Page(name, text, &parse.Config{FS: fsys}))
	var b strings.Builder
	for i := range steps {
		for _, d := range Step(&steps[i]) {
			b.WriteString(d.String() + "\n")
		}
	}
	return b.String()
}

func TestDockerfiles(t *testing.T) {
	for _, c := range []struct {
		name, dockerfile string
		want             []string // line:col, and words of the message
	}{
		{"fine", "FROM debian:12 AS build\nRUN make\nFROM debian:12\nCOPY --from=build /x /x\nCMD [\"/x\"]\n", nil},
		{"casing of stages and keywords", "FROM debian:12 as Build\nRUN true\n", []string{"5:1: warning: Stage name 'Build' should be lowercase", "5:1: warning: 'as' and 'FROM' keywords' casing do not match"}},
		{"casing of instructions", "FROM debian:12\nrun true\nCOPY a b\n", []string{"6:1: warning: Command 'run' should match the case of the command majority (uppercase)"}},
		{"maintainer", "FROM debian:12\nMAINTAINER me\n", []string{"6:1: warning: Maintainer instruction is deprecated"}},
		{"shell form", "FROM debian:12\nCMD echo hi\n", []string{"6:1: warning: JSON arguments recommended for CMD"}},
		{"secrets", "FROM debian:12\nARG API_TOKEN\nENV PUBLIC_KEY=x\n", []string{"6:1: warning: Do not use ARG or ENV instructions for sensitive data (ARG \"API_TOKEN\")"}},
		{"legacy form", "FROM debian:12\nENV A b\n", []string{`6:1: warning: "ENV key=value" should be used instead of legacy`}},
		{"relative folder", "FROM debian:12\nWORKDIR app\n", []string{`6:1: warning: Relative workdir "app"`}},
		{"twice", "FROM debian:12\nCMD [\"a\"]\nCMD [\"b\"]\n", []string{"7:1: warning: Multiple CMD instructions"}},
		{"one name twice", "FROM debian:12 AS a\nFROM debian:12 AS a\n", []string{`6:1: warning: Duplicate stage name "a"`}},
		{"unknown argument", "ARG V=12\nFROM debian:${V}\nFROM debian:$W\n", []string{"7:1: warning: FROM argument 'debian:$W' is not declared"}},
		{"empty continuation", "FROM debian:12\nRUN true \\\n\n  && true\n", []string{"Empty continuation line"}},
		{"not a Dockerfile", "FROM debian:12\nRUNN true\n", []string{"6:1: error: This Dockerfile cannot be built: ", "unknown instruction: RUNN"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := "# T\n\nCreate a `Dockerfile`:\n```docker\n" + c.dockerfile + "```\n"
			got := findings(t, "a/index.md", page, nil)
			if len(c.want) == 0 && got != "" {
				t.Errorf("got\n%s", got)
			}
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("got\n%swant %q in it", got, w)
				}
			}
		})
	}
}

func TestPositionsInIncludedFiles(t *testing.T) {
	files := map[string]string{"a/assets/Dockerfile": "# a comment\n\nFROM debian:12\nMAINTAINER me\n", "a/assets/x.sh": "#!/bin/sh\nif [[ a = b ]]; then\n"}
	page := "T\n=\n\n.. literalinclude:: assets/Dockerfile\n    :caption: :download:`Dockerfile <assets/Dockerfile>`\n\n.. literalinclude:: assets/x.sh\n    :caption: :download:`x.sh <assets/x.sh>`\n"
	got := findings(t, "a/index.rst", page, files)
	if !strings.Contains(got, "a/assets/Dockerfile:4:1: warning: Maintainer") || !strings.Contains(got, "a/assets/x.sh:2:") || !strings.Contains(got, "shell-syntax") {
		t.Errorf("got\n%s", got)
	}
}

func TestTypography(t *testing.T) {
	got := findings(t, "i.rst", "T\n=\n\n.. code-block:: console\n\n    $ echo one\n    one\n    $ nbody \u2013benchmark \"1 \u2013 2\"\n\n.. code-block:: shell\n\n    echo \u201chello\u201d\n    echo \"1 \u2014 2\"\n", nil)
	want := "i.rst:8:13: warning: Here stands a dash that starts no option: write - or --. [shell-typography]\ni.rst:12:10: warning: Here stands a curly quote"
	if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 2 {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
