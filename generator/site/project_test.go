package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Pages of a Sphinx tree include text of the project that they document, and
// nothing beyond it.
func TestPagesIncludeTheirProject(t *testing.T) {
	top := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(top, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("secret.txt", "the secret")
	write("project/pyproject.toml", "")
	write("project/src/code.py", "answer = 42\n")
	write("project/docs/conf.py", "project = 'P'\n")
	write("project/docs/a/page.rst", "T\n=\n\n.. literalinclude:: ../../src/code.py\n\n.. literalinclude:: ../../../secret.txt\n\n.. image:: ../../src/code.py\n")
	if err := os.Symlink(filepath.Join(top, "secret.txt"), filepath.Join(top, "project", "src", "link.txt")); err != nil {
		t.Fatal(err)
	}
	write("project/docs/link.rst", "L\n=\n\n.. literalinclude:: ../src/link.txt\n")
	m, diags := buildSite(t, Options{Source: filepath.Join(top, "project", "docs")})
	if page := string(m.files["a/page/index.html"]); !strings.Contains(page, "42") {
		t.Errorf("the project's code is not on the page:\n%s", page)
	}
	for name, data := range m.files {
		if strings.Contains(string(data), "the secret") {
			t.Errorf("%s holds what lies outside the project", name)
		}
	}
	refused := 0
	for _, d := range diags {
		if d.Code == "file-unreadable" || d.Code == "image-missing" {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d files were refused, want 3: %v", refused, diags)
	}

	// A tree of ours stays in its folder.
	if err := os.Remove(filepath.Join(top, "project", "docs", "conf.py")); err != nil {
		t.Fatal(err)
	}
	if m, _ := buildSite(t, Options{Source: filepath.Join(top, "project", "docs")}); strings.Contains(string(m.files["a/page/index.html"]), "42") {
		t.Error("a tree without conf.py includes files from outside")
	}
}
