package site

import (
	"context"
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
	d, err := OpenDir(out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Abandon()
	s, err := Load(context.Background(), Options{Source: src, BaseURL: "https://example.org/"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Commit(); err != nil {
		t.Fatal(err)
	}
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
