package docent_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"os"
)

// allowed says which of our packages each of our packages may import. It is
// the table of ARCHITECTURE.md; a package that is not in it fails the test.
// Imports of test files count too, except those named in testOnly.
var allowed = map[string][]string{
	".":                            {},
	"assets":                       {},
	"bench":                        {},
	"bench/profile":                {"generator/cli"},
	"generator":                    {"generator/cli", "generator/config"},
	"generator/cli":                {"generator/build", "generator/config", "generator/doc", "generator/parse", "generator/parse/directive", "generator/site", "generator/serve", "generator/links"},
	"generator/config":             {"generator/doc"},
	"generator/build":              {},
	"generator/doc":                {},
	"generator/parse/directive":    {"generator/doc"},
	"generator/parse/docutilstest": {},
	"generator/parse/rst":          {"generator/doc", "generator/parse/directive"},
	"generator/parse/markdown":     {"generator/doc", "generator/parse/directive"},
	"generator/parse":              {"generator/doc", "generator/parse/directive", "generator/parse/rst", "generator/parse/markdown"},
	"generator/lex":                {},
	"generator/html":               {"generator/doc", "generator/lex"},
	"generator/links":              {},
	"generator/plain":              {"generator/doc", "generator/html"},
	"generator/search":             {"generator/doc"},
	"generator/tmpl":               {},
	"generator/site":               {"assets", "generator/build", "generator/config", "generator/doc", "generator/parse", "generator/parse/directive", "generator/html", "generator/plain", "generator/search", "generator/tmpl", "labs/report", "labs/step"},
	"generator/serve":              {"generator/doc", "generator/site"},
	"labs":                         {"generator/doc", "generator/parse", "labs/step", "labs/match", "labs/run", "labs/engine", "labs/network", "labs/network/recipes", "labs/gpu", "labs/lint", "labs/ngc", "labs/report", "labs/snapshot"},
	"labs/lint":                    {"generator/doc", "labs/step"},
	"labs/step":                    {"generator/doc"},
	"labs/match":                   {},
	"labs/report":                  {"labs/match"},
	"labs/report/sarifschema":      {},
	"labs/gpu":                     {},
	"labs/network":                 {"labs/network/recipes"},
	"labs/network/recipes":         {},
	"labs/engine":                  {"labs/gpu"},
	"labs/engine/enginetest":       {"labs/engine", "labs/gpu"},
	"labs/ngc":                     {"labs/engine", "labs/gpu"},
	"labs/run":                     {"generator/doc", "labs/step", "labs/match", "labs/report", "labs/engine", "labs/network", "labs/gpu", "labs/ngc", "labs/snapshot"},
	"labs/snapshot":                {},
}

// testOnly names what the tests of a package import beyond the table: they
// look at a whole way of the data, from bytes to result.
var testOnly = map[string][]string{
	"generator":                 {"generator/doc", "generator/parse/directive", "labs/report/sarifschema"},
	"labs/report":               {"labs/report/sarifschema"},
	"generator/parse/directive": {"generator/parse/docutilstest", "generator/parse/rst", "generator/parse/markdown"},
	"generator/parse/rst":       {"generator/parse/docutilstest"},
	"generator/parse/markdown":  {"generator/html", "generator/parse", "generator/parse/rst"},
	"generator/html":            {"generator/parse", "generator/parse/markdown", "generator/parse/rst", "generator/parse/directive"},
	"generator/plain":           {"generator/parse"},
	"labs/engine":               {"labs/engine/enginetest", "labs/network", "labs/network/recipes"},
	"labs/lint":                 {"generator/parse"},
	"labs/step":                 {"generator/parse"},
}

func TestImportsFollowTheTable(t *testing.T) {
	seen := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && name != "." && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || name == "public") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		pkg := path.Dir(name)
		may, listed := allowed[pkg]
		if !listed {
			t.Errorf("%s: package %s is not in the table of allowed imports: add it to arch_test.go and ARCHITECTURE.md", name, pkg)
			return nil
		}
		seen[pkg] = true
		if strings.HasSuffix(name, "_test.go") {
			may = append(append(slices.Clone(may), testOnly[pkg]...), pkg)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			ours, ok := strings.CutPrefix(imported, "docent/")
			if ok && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s, which the table does not allow", name, ours)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the table lists %s, which has no Go file", pkg)
		}
	}
}

// TestArchitectureShowsTheTable keeps the table in ARCHITECTURE.md equal to
// the one above.
func TestArchitectureShowsTheTable(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	pkgs := make([]string, 0, len(allowed))
	for pkg := range allowed {
		if pkg != "." {
			pkgs = append(pkgs, pkg)
		}
	}
	sort.Strings(pkgs)
	var want strings.Builder
	for _, pkg := range pkgs {
		imports := "nothing of ours"
		if len(allowed[pkg]) > 0 {
			sorted := slices.Clone(allowed[pkg])
			sort.Strings(sorted)
			imports = strings.Join(sorted, ", ")
		}
		want.WriteString("| " + pkg + " | " + imports + " |\n")
	}
	if !strings.Contains(string(text), want.String()) {
		t.Errorf("the table of allowed imports in ARCHITECTURE.md differs from the one in arch_test.go; it should read:\n%s", want.String())
	}
}
