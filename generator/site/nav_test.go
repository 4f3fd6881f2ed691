package site

import (
	"fmt"
	"strings"
	"testing"
)

// TestNavOfLargeSites looks at the navigation of a site with more pages than
// each page can show, in folders without a page of their own: the folder of
// the page is open, and each other leads to its first page.
func TestNavOfLargeSites(t *testing.T) {
	var files []string
	for dir := range 50 {
		for i := range 3 {
			files = append(files, fmt.Sprintf("part-%02d/deep/p%d.md", dir, i), fmt.Sprintf("# Page %02d %d\n", dir, i))
		}
	}
	m, _ := buildSite(t, Options{Source: tree(t, files...)})
	data, ok := m.File("part-20/deep/p1/index.html")
	if !ok {
		t.Fatal("the page is missing")
	}
	_, nav, _ := strings.Cut(string(data), "<nav")
	nav, _, _ = strings.Cut(nav, "</nav>")
	for _, want := range []string{
		"<summary><span>Part 20</span></summary>",
		"<a href=../p0/>Page 20 0</a>", "<a href=./ aria-current=page>Page 20 1</a>", "<a href=../p2/>Page 20 2</a>",
		"<a href=../../../part-30/deep/p0/>Part 30</a>",
	} {
		if !strings.Contains(nav, want) {
			t.Errorf("the navigation has no %s:\n%s", want, nav)
		}
	}
	if got := strings.Count(nav, "<a "); got > 60 {
		t.Errorf("the navigation has %d links:\n%s", got, nav)
	}
	long := make([]string, 0, 2000)
	for i := range 1000 {
		long = append(long, fmt.Sprintf("p%03d.md", i), fmt.Sprintf("# Page %03d\n", i))
	}
	m, _ = buildSite(t, Options{Source: tree(t, long...)})
	if data, ok = m.File("p500/index.html"); !ok {
		t.Fatal("the page is missing")
	}
	for _, want := range []string{">Page 461</a>", ">Page 539</a>", "<a href=./ aria-current=page>Page 500</a>", " more</a>"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(string(data), ">Page 600</a>") {
		t.Error("the page shows one that stands far away")
	}
}
