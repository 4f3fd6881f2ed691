package step

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"docent/generator/parse"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestTutorials reads whole tutorials in which nobody said anything to a lab,
// and shows what it takes each listing for. Read the golden files with care:
// a form that is run, a command that is compared, or a script that is typed
// line by line is wrong; a listing that is not accounted for never is.
func TestTutorials(t *testing.T) {
	pages, err := filepath.Glob("testdata/tutorials/*.*")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range []string{"Dockerfile.nbody", "Dockerfile.nbody-efficient", "Dockerfile.lightning", "nbody_2M_1gpu.sh", "interactive.sh", "python_dev.tar.gz"} {
		text := "FROM nvcr.io/nvidia/cuda:12.4.1-devel-ubuntu22.04\n"
		if strings.HasSuffix(f, ".sh") {
			text = "ngc batch run --name x --commandline true\n"
		}
		files["assets/"+f] = &fstest.MapFile{Data: []byte(text)}
	}
	for _, file := range pages {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			steps, _ := Steps(parse.Page(filepath.Base(file), string(text), &parse.Config{FS: files}))
			var b strings.Builder
			for _, s := range steps {
				first, _, _ := strings.Cut(strings.TrimSpace(s.Text), "\n")
				what := cut(first, 60)
				if s.Role == File {
					what = s.File
				}
				fmt.Fprintf(&b, "%4d  %-11s %-5s %s\n%18s%s\n", s.Line, s.Role, s.Session, what, "", s.Why)
				for _, c := range s.Commands {
					if c.Inside {
						fmt.Fprintf(&b, "%18sinside: %s\n", "", cut(c.Text, 50))
					}
				}
				if s.Role != Output && s.Expect != "" {
					sample, _, _ := strings.Cut(s.Expect, "\n")
					fmt.Fprintf(&b, "%18ssample: %s\n", "", cut(sample, 50))
				}
			}
			golden := file + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; make it with -update", err)
			}
			if b.String() != string(want) {
				t.Errorf("the reading of %s has changed; see the difference with -update and git diff. Now:\n%s", file, b.String())
			}
		})
	}
}
