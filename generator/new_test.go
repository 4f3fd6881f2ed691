package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"docent/generator/cli"
)

// verify runs labs on a site and gives what it said.
func verify(t *testing.T, dir string, args ...string) string {
	t.Helper()
	labs := filepath.Join(t.TempDir(), "labs")
	compile := exec.Command("go", "build", "-o", labs, "docent/labs")
	compile.Env = append(os.Environ(), "XDG_CACHE_HOME=") // TestMain's is empty, and all would be compiled again
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build labs: %v: %s", err, out)
	}
	c := exec.Command(labs, append([]string{"verify", "--engine", "oci", "--strict"}, args...)...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code == cli.ExitMachine && os.Getenv("CI") != "true" {
		t.Skipf("this machine runs no lab: %s", out)
	} else if err != nil {
		t.Fatalf("labs verify: exit code %d: %s", code, out)
	}
	return string(out)
}

// TestNewSite makes a site and two tutorials, runs their labs, builds the
// site, and runs the script that a reader downloads.
func TestNewSite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my-labs")
	if code, _, said := call(t, "new", "site", dir); code != cli.ExitFine || !strings.Contains(said, "labs verify") {
		t.Fatalf("exit code %d: %s", code, said)
	}
	content := filepath.Join(dir, "content")
	for _, args := range [][]string{{"deep/second", "--title", "The Second"}, {"third", "--rst", "--title", "日本 third"}} {
		if code, _, said := call(t, append([]string{"new", "tutorial", "--source", content}, args...)...); code != cli.ExitFine {
			t.Fatalf("exit code %d: %s", code, said)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "labs", "reports"), 0o777); err != nil {
		t.Fatal(err)
	}
	said := verify(t, dir)
	if !strings.Contains(said, "9 passed") || !strings.Contains(said, "9 of 9") {
		t.Errorf("labs verify said %s", said)
	}
	out := filepath.Join(dir, "public")
	if code, _, said := call(t, "build", "--strict", "--source", content, "--out", out, "--base-url", "https://example.org/"); code != cli.ExitFine {
		t.Fatalf("exit code %d: %s", code, said)
	}
	if code, _, said := call(t, "check", "--source", content); code != cli.ExitFine {
		t.Errorf("a new site has mistakes: %s", said)
	}
	page, _ := os.ReadFile(filepath.Join(out, "first_lab", "index.md"))
	for _, want := range []string{`lab: "3 of 3 listings ran`, "Lab: passed, oci", "It printed:\n\n```text\nHello, reader."} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page as Markdown lacks %q: %s", want, page)
		}
	}
	for value, want := range map[string]string{"": "Hello, reader.", "NAME=Ada 'B' $x": "Hello, Ada 'B' $x."} {
		c := exec.Command("bash", filepath.Join(out, "third", "lab.sh"))
		c.Dir = t.TempDir()
		c.Env = append(os.Environ(), value)
		if got, err := c.CombinedOutput(); err != nil || !strings.Contains(string(got), want) || !strings.Contains(string(got), "The lab is done.") {
			t.Errorf("the script with %q: %v: %s", value, err, got)
		}
	}
	t.Run("with the reader's values", func(t *testing.T) {
		ctx, told := chromium(t)
		if err := chromedp.Do(ctx, chromedp.Navigate(onNetlify(t, out)+"/first_lab/")); err != nil {
			t.Fatal(err)
		}
		got := look[string](ctx, t, `(async () => {
			let blob;
			URL.createObjectURL = (b) => { blob = b; return "#"; };
			const input = document.querySelector(".values-bar input");
			input.value = "Grace";
			input.dispatchEvent(new Event("input"));
			document.querySelector("a.lab-script").click();
			for (let i = 0; i < 100 && !blob; i++) await new Promise((r) => setTimeout(r, 50));
			return blob ? await blob.text() : "nothing came";
		})()`)
		if c := told(); c != "" {
			t.Error("the browser complains:", c)
		}
		c := exec.Command("bash")
		c.Dir, c.Stdin = t.TempDir(), strings.NewReader(got)
		if said, err := c.CombinedOutput(); err != nil || !bytes.Contains(said, []byte("Hello, Grace.")) {
			t.Errorf("%v: %s\n%s", err, said, got)
		}
	})
}

func TestNewWritesOverNothing(t *testing.T) {
	src := pages(t, "index.md", "# A\n", "there/x.md", "# X\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"new", "site", src}, "is not empty"},
		{[]string{"new", "site", filepath.Join(src, "index.md")}, "cannot be used"},
		{[]string{"new", "tutorial", "--source", src, "there"}, "is there already"},
		{[]string{"new", "tutorial", "--source", src, "../out"}, "is no place below"},
		{[]string{"new", "tutorial", "--source", src, "/etc/x"}, "is no place below"},
		{[]string{"new", "tutorial", "--source", src + "/none", "x"}, "there is no folder"},
		{[]string{"new", "tutorial"}, "see `generator new tutorial --help`"},
		{[]string{"new"}, "say what"},
		{[]string{"new", "page"}, "unknown command"},
	} {
		was := snapshot(t, filepath.Dir(src))
		if code, _, said := call(t, c.args...); code != cli.ExitUsage || !strings.Contains(said, c.want) {
			t.Errorf("%v: exit code %d: %s", c.args, code, said)
		}
		if !same(was, snapshot(t, filepath.Dir(src))) {
			t.Errorf("%v wrote something", c.args)
		}
	}
}
