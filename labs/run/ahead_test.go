package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docent/labs/report"
	"docent/labs/step"
)

// A build begins when no step before the page's own can tell any more: after those
// that list images, run a script, or measure.
func TestBuildAheadIsNotSeen(t *testing.T) {
	build := commands("build", "docker build -t x .")
	other := commands("other", "sleep 1")
	measures := commands("measures", "echo 5 ms")
	measures.Step.Opt.Saves = []step.Save{{Name: "t", Regex: "[0-9]+"}}
	rate := commands("rate", "echo 5 GB/s")
	rate.Step.Expect = "5 GB/s ±20%"
	for name, c := range map[string]struct {
		plan []step.Planned
		from int // -1: it is not done ahead
	}{
		"at once":         {[]step.Planned{other, build}, 0},
		"nothing beside":  {[]step.Planned{build}, -1},
		"nothing long":    {[]step.Planned{commands("e", "export A=b"), build}, -1},
		"after images":    {[]step.Planned{other, commands("i", "docker images"), other, build}, 2},
		"after a script":  {[]step.Planned{commands("s", "bash all.sh"), other, build}, 1},
		"after a measure": {[]step.Planned{measures, rate, other, build}, 2},
		"right after":     {[]step.Planned{other, commands("i", "docker system df"), build}, -1},
	} {
		deps := testDeps(t, "true")
		r := &runner{deps: deps}
		if err := os.MkdirAll(filepath.Join(deps.Scratch, "ahead"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(deps.Scratch, "ahead", "Dockerfile"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		a := r.buildAhead(t.Context(), c.plan, 0)
		from := -1
		if b := a.builds["build"]; b != nil {
			from = b.from
		}
		a.close()
		if from != c.from {
			t.Errorf("%s: it begins with step %d, want %d", name, from, c.from)
		}
	}
}

// Dockerfiles that are there are built while earlier steps run, without their
// tags, and the page's own build waits for that. What the page shows the output
// of, what the shell has a part in and what is not there yet it builds itself.
func TestBuildAhead(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	deps := testDeps(t, `set -- $(echo "$*" | sed "s/--iidfile [^ ]* //"); echo "begin $*" >> `+log+`; case "$*" in *slow*) sleep 0.7;; *fails*) exit 1;; esac; echo "end $*" >> `+log)
	deps.Ahead = true
	for _, name := range []string{"Dockerfile.slow", "Dockerfile.fails", "Dockerfile.shown", "Dockerfile"} {
		if err := os.WriteFile(filepath.Join(deps.Content, name), []byte("FROM scratch\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		deps.Downloads = append(deps.Downloads, step.Download{Name: name, From: name})
	}
	shown := commands("shown", "docker build -f Dockerfile.shown -t x:1 .")
	shown.Step.Expect = "begin"
	shown.Step.Commands[0].Output = "begin"
	shown.Step.Opt.Match = "none"
	alone := commands("fails", "docker build -f Dockerfile.fails .")
	got := page(t, deps, commands("work", "sleep 0.5; echo worked >> "+filepath.Join(deps.Scratch, "work", "l")),
		commands("slow", "docker build -f Dockerfile.slow \\\n  -t nvcr.io/${ORG}/x:1 ."), shown, alone,
		commands("arg", "docker build --build-arg A=$B ."), commands("fresh", "docker build --no-cache ."), commands("made", "docker build -f Dockerfile.made . || true"))
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	count := func(line string) (n int) {
		for _, l := range lines {
			if l == line {
				n++
			}
		}
		return n
	}
	for line, want := range map[string]int{
		"begin build -f Dockerfile.slow .": 1, "begin build -f Dockerfile.slow -t nvcr.io//x:1 .": 1, "begin build -f Dockerfile.shown .": 0, "begin build -f Dockerfile.shown -t x:1 .": 1,
		"begin build -f Dockerfile.fails .": 2, "begin build --build-arg A= .": 1, "begin build --no-cache .": 1, "begin build -f Dockerfile.made .": 1,
	} {
		if count(line) != want {
			t.Errorf("%q came %d times, want %d:\n%s", line, count(line), want, text)
		}
	}
	if lines[0] != "begin build -f Dockerfile.slow ." {
		t.Errorf("the first build is not begun while the first step runs:\n%s", text)
	}
	own := strings.Index(string(text), "begin build -f Dockerfile.slow -t")
	if end := strings.Index(string(text), "end build -f Dockerfile.slow .\n"); end < 0 || end > own {
		t.Errorf("the page's build did not wait for the one ahead:\n%s", text)
	}
	if s := got["slow"]; s.Verdict != report.Passed || s.Ahead < 600 {
		t.Errorf("slow: %+v", s)
	}
	if s := got["fails"]; s.Verdict != report.Failed || s.Blame != report.BlamePage || s.Ahead != 0 {
		t.Errorf("fails: %+v", s)
	}

	// A page that ends takes the builds along that it did not come to.
	deps = testDeps(t, "sleep 30")
	deps.Ahead, deps.Content = true, t.TempDir()
	if err := os.WriteFile(filepath.Join(deps.Content, "Dockerfile"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	deps.Downloads = []step.Download{{Name: "Dockerfile", From: "Dockerfile"}}
	began := time.Now()
	page(t, deps, commands("fail", "IMAGE=$(false)"), commands("build", "docker build -t $IMAGE ."))
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the page waited %v for a build that it did not come to", took)
	}
}
