package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docent/labs/report"
)

const blessRST = `Page
====

.. lab: match=shape

.. code-block:: console

    $ slow
    took 5 s
    ...
    end

    $ echo Hello, reader
    Hello, world

* In a list:

  .. code-block:: shell

     docker images

     REPOSITORY   TAG   IMAGE ID       CREATED          SIZE
     x            a     3765675fad29   17 seconds ago   8.26GB
`

const blessMD = "# Page\r\n\r\n```shell\r\nslow --now\r\n```\r\n\r\n> Quoted:\r\n>\r\n> <!-- lab: output -->\r\n> ```text\r\n> = 13936.007 GFLOP/s ±20%\r\n>\r\n> bye\r\n> ```\r\n"

// blessed makes a content folder with pages and the reports of their runs;
// outputs are by command.
func blessed(t *testing.T, pages map[string]string, outputs map[string][]string) (source, reports string) {
	t.Helper()
	dir := t.TempDir()
	source, reports = filepath.Join(dir, "content"), filepath.Join(dir, "reports")
	if err := os.MkdirAll(source, 0o755); err != nil {
		t.Fatal(err)
	}
	zero := 0
	for name, text := range pages {
		file := filepath.Join(source, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := readLesson(source, file)
		if err != nil {
			t.Fatal(err)
		}
		p := report.Page{Page: name, Started: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Machine: report.Machine{OS: "x", Arch: "amd64", CPUs: 1, Engine: "docker"}}
		for _, s := range l.steps {
			r := report.Step{ID: s.ID, Digest: s.Digest, Sample: s.Sample, Role: string(s.Role), Line: s.Line, Verdict: report.Passed, Exit: &zero}
			for _, c := range s.Commands {
				r.Outputs = append(r.Outputs, strings.Join(outputs[c.Text], "\n"))
			}
			r.Output = strings.Join(r.Outputs, "\n")
			if s.Of != "" {
				r.Output = strings.Join(outputs["of "+name], "\n")
			}
			p.Steps = append(p.Steps, r)
		}
		if err := report.Write(filepath.Join(reports, report.FileName(name, "docker", false)), &p); err != nil {
			t.Fatal(err)
		}
	}
	return source, reports
}

func labs(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if got := command(context.Background(), args, &out, &out); got != code {
		t.Errorf("labs %s ended with %d, want %d\n%s", strings.Join(args, " "), got, code, out.String())
	}
	return out.String()
}

func TestBless(t *testing.T) {
	source, reports := blessed(t, map[string]string{"page.rst": blessRST, "page.md": blessMD}, map[string][]string{
		"slow":               {"took 7.5 s", "much", "more", "end"},
		"echo Hello, reader": {"Hello, reader"},
		"docker images": {"REPOSITORY   TAG   IMAGE ID       CREATED         SIZE", "debian       12    111111111111   2 weeks ago     117MB",
			"x            a     222222222222   3 seconds ago   677MB"},
		"of page.md": {"= 12000.5 GFLOP/s", "", "good bye"},
	})
	args := func(more ...string) []string {
		return append([]string{"bless", "--source", source, "--reports", reports}, more...)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	out := labs(t, 1, args("--check")...)
	for _, want := range []string{"page.rst:9\n", "  - took 5 s\n  + took 7.5 s\n", "  - Hello, world\n  + Hello, reader\n", "page.md:11\n", "4 samples are not what came"} {
		if !strings.Contains(out, want) {
			t.Errorf("--check does not say %q:\n%s", want, out)
		}
	}
	if read("page.rst") != blessRST || read("page.md") != blessMD {
		t.Fatal("--check wrote")
	}
	if out := labs(t, 1, args("--check", "--failed")...); strings.Contains(out, "took") || !strings.Contains(out, "2 samples are not") {
		t.Errorf("--failed also shows samples that match:\n%s", out)
	}
	labs(t, 0, args()...)
	wantRST := strings.NewReplacer("took 5 s", "took 7.5 s", "Hello, world", "Hello, reader",
		"IMAGE ID       CREATED          SIZE", "IMAGE ID       CREATED         SIZE", "3765675fad29   17 seconds ago   8.26GB", "222222222222   3 seconds ago   677MB").Replace(blessRST)
	if got := read("page.rst"); got != wantRST {
		t.Errorf("page.rst is\n%s\nwant\n%s", got, wantRST)
	}
	wantMD := strings.NewReplacer("13936.007", "12000.5", "> bye", "> good bye").Replace(blessMD)
	if got := read("page.md"); got != wantMD {
		t.Errorf("page.md is\n%q\nwant\n%q", got, wantMD)
	}
	for _, more := range [][]string{nil, {"--check"}} {
		if out := labs(t, 0, args(more...)...); !strings.Contains(out, "Every sample says what came") {
			t.Errorf("a second time: %s", out)
		}
	}
	if read("page.rst") != wantRST || read("page.md") != wantMD {
		t.Error("a second time changed something")
	}

	// The evidence stays: nothing that ran has changed, and the new samples
	// agree with it.
	pages, _ := report.ReadDir(reports)
	for _, name := range []string{"page.rst", "page.md"} {
		l, err := readLesson(source, filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		found := report.Find(pages, name, l.names())
		for i, s := range l.steps {
			if ev := found[i]; len(ev) != 1 || ev[0].Stale || ev[0].Edited {
				t.Errorf("%s:%d: the evidence is %+v", name, s.Line, ev)
			}
		}
	}

	// A report of other commands says nothing about these.
	other := strings.Replace(wantRST, "$ slow", "$ slow -x", 1)
	if err := os.WriteFile(filepath.Join(source, "page.rst"), []byte(strings.Replace(other, "7.5 s", "1 s", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := labs(t, 0, args("page.rst")...); !strings.Contains(out, "Every sample") {
		t.Errorf("a report of other commands was used:\n%s", out)
	}
	labs(t, 1, "bless", "--source", source, "--reports", filepath.Join(reports, "nowhere"))
}

// A sample that would end the listing it stands in is refused, and the page
// stays.
func TestBlessKeepsThePageWhole(t *testing.T) {
	page := "# T\n\n```console\n$ show\nold\n```\n"
	source, reports := blessed(t, map[string]string{"page.md": page}, map[string][]string{"show": {"one", "```", "two"}})
	if out := labs(t, 1, "bless", "--source", source, "--reports", reports); !strings.Contains(out, "edit them by hand") {
		t.Errorf("got %s", out)
	}
	if data, _ := os.ReadFile(filepath.Join(source, "page.md")); string(data) != page {
		t.Errorf("the page is now %q", data)
	}
}

// The text of a measured role becomes what the newest run measured, in both
// languages, and nothing else of the prose changes.
func TestBlessMeasured(t *testing.T) {
	const rst = "Page\n====\n\n.. lab: save=\"rate:rate ([0-9.]+)\"\n\n.. code-block:: shell\n\n   bench\n\nIt does :measured:`1.5 <rate>` of these, so :measured:`443MB <size(small)>`, and\n:measured:`rate` or :measured:`1.5 <other>` or :measured:`a\nb <rate>`.\n"
	const md = "# Page\r\n\r\nÄ {measured}`443MB <size(small)>` and `443MB <size(small)>`.\r\n"
	source, reports := blessed(t, map[string]string{"page.rst": rst, "page.md": md}, map[string][]string{"bench": {"rate 2.25"}})
	for _, name := range []string{"page.rst", "page.md"} {
		file := filepath.Join(reports, report.FileName(name, "docker", false))
		p, err := report.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		p.Images = []report.Image{{Ref: "nvcr.io/org/x:small", SizeBytes: 75_700_000}}
		if len(p.Steps) > 0 {
			p.Steps[0].Values = map[string]string{"rate": "2.25"}
		}
		if err := report.Write(file, p); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"bless", "--source", source, "--reports", reports, "page.rst", "page.md"}
	if out := labs(t, 1, append(args, "--check")...); !strings.Contains(out, "page.rst:10\n") || !strings.Contains(out, "- 443MB\n  + 75.7MB") || !strings.Contains(out, "3 samples are not what came") {
		t.Errorf("--check says\n%s", out)
	}
	labs(t, 0, args...)
	for name, want := range map[string]string{
		"page.rst": strings.NewReplacer("`1.5 <rate>`", "`2.25 <rate>`", "443MB <", "75.7MB <").Replace(rst),
		"page.md":  strings.Replace(md, "{measured}`443MB", "{measured}`75.7MB", 1),
	} {
		if got, err := os.ReadFile(filepath.Join(source, name)); err != nil || string(got) != want {
			t.Errorf("%s is\n%q\nwant\n%q", name, got, want)
		}
	}
	if out := labs(t, 0, append(args, "--check")...); !strings.Contains(out, "Every sample says what came") {
		t.Errorf("a second time: %s", out)
	}
}
