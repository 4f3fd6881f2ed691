package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A person finds the session as the step before left it, on the host and in
// the container that the page opened.
func TestVisit(t *testing.T) {
	open := commands("open", "docker run -it x bash")
	open.Step.Opens, open.Step.KeepOpen = "container:1", true
	inside := commands("inside", "echo never")
	inside.Step.Session = "container:1"
	for _, c := range []struct {
		at, types string
		want, not string
	}{
		{"second", "pwd; hi $NAME\nfalse\n", "/work/deep\nhi ada\n", "never"},
		{"inside", "echo in $WHERE\nexit\n", "in the box", "never"},
		{"", "echo \"at the end: $NAME\"\n", "at the end: bob", ""},
	} {
		t.Run(c.at, func(t *testing.T) {
			deps := testDeps(t, `export WHERE="the box"; exec bash --norc --noprofile -i`)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "in"), []byte(c.types), 0o644); err != nil {
				t.Fatal(err)
			}
			in, err := os.Open(filepath.Join(dir, "in"))
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			out, err := os.Create(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			where := ""
			deps.Visit = &Visit{Step: c.at, In: in, Out: out, Err: out, Arrive: func(s string) { where = s }}
			steps := page(t, deps, commands("first", "NAME=ada; mkdir deep; cd deep; hi() { echo hi $1; }"), open, inside, commands("second", "NAME=bob", "echo never > never"))
			text, err := os.ReadFile(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.want) || where == "" {
				t.Errorf("in %q the person saw\n%s\nwant\n%s", where, text, c.want)
			}
			if _, ran := steps[c.at]; ran || c.not != "" && len(steps) == 4 {
				t.Errorf("the visited step ran, or one after it: %v", steps)
			}
		})
	}
}
