package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/cli"
	"docent/generator/config"
)

func TestConfigurationFile(t *testing.T) {
	src := pages(t, "index.md", "# Home\n", "old/x.md", "# Old\n", "docent.yaml", "title: From the file\nexclude: [old]\nlanguage: de\ncopyright: 2026 Ada\n")
	out := filepath.Join(t.TempDir(), "public")
	page := func(args ...string) string {
		t.Helper()
		if code, _, said := call(t, append([]string{"build", "--source", src, "--out", out}, args...)...); code != cli.ExitFine {
			t.Fatalf("exit code %d: %s", code, said)
		}
		data, err := os.ReadFile(filepath.Join(out, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if p := page(); !strings.Contains(p, "From the file") || !strings.Contains(p, `lang="de"`) || !strings.Contains(p, "© 2026 Ada") {
		t.Errorf("the file does not count: %s", p)
	}
	if _, err := os.Stat(filepath.Join(out, "old")); err == nil {
		t.Error("a folder was not excluded")
	}
	t.Setenv("DOCENT_TITLE", "From the environment")
	if p := page(); !strings.Contains(p, "From the environment") {
		t.Error("the environment does not count")
	}
	if p := page("--set", "title=From the flag"); !strings.Contains(p, "From the flag") {
		t.Error("the flag does not count")
	}
	if schema, err := os.ReadFile(filepath.Join(out, "docent.schema.json")); err != nil || string(schema) != string(config.Schema) {
		t.Error("the schema is not published:", err)
	}
	t.Setenv("DOCENT_FEED_LIMIT", "many")
	if code, _, said := call(t, "build", "--source", src, "--out", out); code != cli.ExitUsage || !strings.Contains(said, `DOCENT_FEED_LIMIT: "many" is no whole number`) {
		t.Errorf("exit code %d: %s", code, said)
	}
	t.Setenv("DOCENT_FEED_LIMIT", "")
	if code, _, said := call(t, "check", "--source", src, "--set", "titel=x"); code != cli.ExitUsage || !strings.Contains(said, "did you mean title?") {
		t.Errorf("exit code %d: %s", code, said)
	}
	put(t, filepath.Join(src, "docent.yaml"), "titel: x\nstrict: perhaps\n")
	code, _, said := call(t, "check", "--source", src)
	if code != cli.ExitContent || !strings.Contains(said, "content/docent.yaml:1:1: error: There is no key `titel`. Did you mean `title`?") || !strings.Contains(said, "docent.yaml:2:9: error: ") {
		t.Errorf("exit code %d: %s", code, said)
	}
}

func TestConfPyStandsBelowTheFile(t *testing.T) {
	src := pages(t, "index.rst", "Home\n====\n", "conf.py", "project = 'Sphinx'\ncopyright = '2020 Bob'\nlanguage = 'fr'\n", "docent.yaml", "title: Ours\n")
	out := filepath.Join(t.TempDir(), "public")
	call(t, "build", "--source", src, "--out", out)
	data, _ := os.ReadFile(filepath.Join(out, "index.html"))
	if p := string(data); !strings.Contains(p, "Ours") || !strings.Contains(p, "© 2020 Bob") || !strings.Contains(p, `lang="fr"`) || strings.Contains(p, "Sphinx<") {
		t.Error(p)
	}
}

// TestManualNamesEveryKey keeps the page on configuration whole.
func TestManualNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile("../content/manual/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range append(config.Keys(), "redirects", "languages") {
		if !strings.Contains(string(text), "`"+key+"`") {
			t.Errorf("the manual does not name `%s`: %s", key, config.Describe(key))
		}
	}
}
