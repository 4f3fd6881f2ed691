package directive_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/generator/doc"
	"docent/generator/parse/directive"
	"docent/generator/parse/docutilstest"
	"docent/generator/parse/rst"
)

// -update asks docutils (Debian's python3-docutils, 0.19) for the expected
// trees of the cases in testdata/*.docutils anew.
var update = flag.Bool("update", false, "write the expected trees anew")

// A case file holds cases one after the other:
//
//	==== name
//	input
//	----
//	expected pseudo-XML
func readCases(t *testing.T, file string) (names, inputs, wants []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split("\n"+string(data), "\n==== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		input, want, _ := strings.Cut(rest, "\n----\n")
		names, inputs, wants = append(names, name), append(inputs, input+"\n"), append(wants, strings.TrimRight(want, "\n")+"\n")
	}
	return names, inputs, wants
}

func writeCases(t *testing.T, file string, names, inputs, wants []string) {
	t.Helper()
	var s strings.Builder
	for i := range names {
		s.WriteString("==== " + names[i] + "\n" + strings.TrimRight(inputs[i], "\n") + "\n----\n" + wants[i])
	}
	if err := os.WriteFile(file, []byte(s.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// comparable is the structure of a tree, as the case files hold it.
func comparable(tree string) string { return docutilstest.Structure(tree) + "\n" }

func page(input string) *doc.Document {
	return rst.Parse("index.rst", input, &directive.Config{FS: os.DirFS("testdata/files"), AllowRaw: true}, rst.Options{})
}

func TestTreesEqualDocutils(t *testing.T) {
	files, err := filepath.Glob("testdata/*.docutils")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		names, inputs, wants := readCases(t, file)
		if *update {
			peer := docutilstest.Start(t, "testdata/files")
			for i, in := range inputs {
				a, ok := peer.Read(t, in)
				if !ok {
					t.Fatalf("docutils fails on\n%s", in)
				}
				wants[i] = comparable(strings.Replace(a.Tree, `<document source="<stdin>"`, "<document", 1))
			}
			writeCases(t, file, names, inputs, wants)
		}
		for i, name := range names {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".docutils")+"/"+name, func(t *testing.T) {
				got := comparable(strings.Replace(doc.PseudoXML(page(inputs[i]).Root), `<document source="index.rst"`, "<document", 1))
				if got != wants[i] {
					t.Errorf("input:\n%s\ngot:\n%s\nwant:\n%s", inputs[i], got, wants[i])
				}
			})
		}
	}
}
