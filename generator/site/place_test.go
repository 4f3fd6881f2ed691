package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesAndFolders builds a site whose pages and files want one name for a
// file and for a folder: it is built all the same, and says what it lacks.
func TestFilesAndFolders(t *testing.T) {
	src := tree(t,
		"README.md", "# Home\n\n[](run.md) [](index.md/index.md) [](404.html/a.md)\n",
		"run.md", "# Run\n\n{download}`run`, {download}`/index.md/pic.txt`\n",
		"run", "x",
		"index.md/index.md", "# In a folder\n",
		"index.md/pic.txt", "y",
		"404.html/a.md", "# Under what is not found\n",
		"one/index.html/b.md", "# Deep\n",
		"one/index.md", "# One\n",
		"sitemap.xml.md", "# About a file\n",
	)
	out := filepath.Join(t.TempDir(), "out")
	s := buildTo(t, out, Options{Source: src, BaseURL: "https://example.org/"})
	for _, name := range []string{"run/index.html", "index.md", "index.md.page/index.html", "404.html", "404.html.page/a/index.html",
		"one/index.html", "one/index.html.page/b/index.html", "sitemap.xml", "sitemap.xml.page/index.html"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s is no file: %v", name, err)
		}
	}
	if said := saidOf(s.Diags()); strings.Count(said, "site-name-taken") != 2 {
		t.Errorf("said of the two files that find no place:\n%s", said)
	}
}
