package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"docent/labs/report"
	"docent/labs/step"
)

// needGroups skips a test where control groups cannot be made; CI can.
func needGroups(t *testing.T) {
	t.Helper()
	if !Bounded(t.TempDir()) {
		if os.Getenv("CI") == "true" && os.Geteuid() == 0 {
			t.Fatal("no control groups can be made here")
		}
		t.Skip("no control groups can be made here")
	}
}

// within gives a step a time-out of its own.
func within(d time.Duration, p step.Planned) step.Planned {
	p.Step.Opt.Timeout = d
	return p
}

// Whatever a step does, it gets a clear verdict with the right blame, the steps
// after it go on, and nothing is left of it.
func TestFaultySteps(t *testing.T) {
	for name, c := range map[string]struct {
		lines   []string
		groups  bool // needs control groups
		verdict report.Verdict
		why     string
		output  string
	}{
		"ignores SIGTERM":   {lines: []string{"trap '' TERM HUP INT; echo deaf; while :; do sleep 1; done"}, verdict: report.Failed, why: "still running after", output: "deaf"},
		"eats memory":       {lines: []string{"head -c 600000000 /dev/zero | tail -c 590000000 | wc -c"}, groups: true, verdict: report.Failed, why: "wanted more than 268 MB of memory"},
		"forks without end": {lines: []string{"bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 1"}, groups: true, verdict: report.Failed, why: "wanted more than 200 processes"},
		"kills its parent":  {lines: []string{"kill -9 $PPID; sleep 100"}, verdict: report.Failed, why: "ended with status 137"},
		"reads the terminal": {lines: []string{"read -t 5 x </dev/tty || echo no terminal", "cat", "echo end of file"}, verdict: report.Passed,
			output: "no terminal\nend of file"},
		"prints escapes": {lines: []string{`printf '\033[31mred\033[0m \033]0;title\007\033[2K\rclean\033[?1049h\033[?1049l\033c\n'`}, verdict: report.Passed},
		"changes the clock": {lines: []string{"export TZ=Pacific/Kiritimati", "date +%Z", "date -s 2001-01-01 2>&1 >/dev/null | tail -1"}, verdict: report.Passed,
			output: "+14\ndate: cannot set date: Operation not permitted"},
		"mounts": {lines: []string{"mount -t tmpfs none $TMPDIR 2>&1 || echo no"}, verdict: report.Passed, output: "no"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.groups {
				needGroups(t)
			}
			deps := testDeps(t, "")
			deps.Limits = Limits{Memory: 256 << 20, Processes: 200}
			started := time.Now()
			got := page(t, deps, within(4*time.Second, commands("fault", c.lines...)), commands("after", "echo alive in ${PWD##*/}"))
			s := got["fault"]
			if s.Verdict != c.verdict || !strings.Contains(s.Why, c.why) || !strings.Contains(strings.ReplaceAll(s.Output, "\n\n", "\n"), c.output) {
				t.Errorf("%s %q, output %q", s.Verdict, s.Why, s.Output)
			}
			if s.Verdict == report.Failed && s.Blame != report.BlamePage {
				t.Errorf("blame %q, want the page", s.Blame)
			}
			if strings.ContainsAny(s.Output+s.Why, "\x1b\x07\r") {
				t.Errorf("terminal codes in the report: %q", s.Output)
			}
			if a := got["after"]; a.Verdict != report.Passed || a.Output != "alive in work" {
				t.Errorf("the step after it: %+v", a)
			}
			if took := time.Since(started); took > 15*time.Second {
				t.Errorf("took %v", took)
			}
			for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory"} {
				if left, _ := filepath.Glob(root + "/" + groupName(deps.Scratch) + "*"); len(left) > 0 {
					t.Errorf("control groups left: %v", left)
				}
			}
		})
	}
}

// A line that the world is shown holds no terminal codes either.
func TestEventsHoldNoEscapes(t *testing.T) {
	deps := testDeps(t, "")
	var mu sync.Mutex
	var lines []string
	deps.Events = func(e Event) {
		if e.Kind == StepOutput {
			mu.Lock()
			lines = append(lines, e.Line)
			mu.Unlock()
		}
	}
	page(t, deps, commands("esc", `printf '\033[2J\033[1;1H\033]52;c;aGk=\007hello \033[5mthere\033[0m\n'`))
	if len(lines) != 1 || lines[0] != "hello there" {
		t.Errorf("lines %q", lines)
	}
}

// smallDisk gives a scratch folder on a disk of 64 MB.
func smallDisk(t *testing.T, deps *Deps) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	if err := unix.Mount("none", deps.Scratch, "tmpfs", 0, "size=64m"); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { unix.Unmount(deps.Scratch, unix.MNT_DETACH) })
}

func TestFullDisk(t *testing.T) {
	for name, c := range map[string]struct {
		limit int64
		blame report.Blame
		why   string
	}{
		"the page takes too much":    {20e6, report.BlamePage, "wrote more than 20 MB"},
		"the machine has too little": {0, report.BlameMachine, "set TMPDIR to a larger place"},
	} {
		t.Run(name, func(t *testing.T) {
			deps := testDeps(t, "")
			smallDisk(t, &deps)
			deps.Limits.Disk = c.limit
			got := page(t, deps,
				commands("before", "KEPT=yes"),
				commands("fill", "i=0; while head -c 1000000 /dev/zero >>big; do sleep 0.02; done; exit 1"),
				commands("room", "rm -f b*", "echo KEPT=$KEPT"))
			if s := got["fill"]; s.Verdict != report.Failed || s.Blame != c.blame || !strings.Contains(s.Why, c.why) {
				t.Errorf("%s, blame %s: %s", s.Verdict, s.Blame, s.Why)
			}
			if s := got["room"]; s.Verdict != report.Passed || s.Output != "KEPT=yes" {
				t.Errorf("after it: %+v", s)
			}
		})
	}
}

// Nothing that a session does changes a file outside its scratch folder.
func TestFence(t *testing.T) {
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); errno != 0 {
		t.Skip("this kernel has no Landlock")
	}
	outside := t.TempDir()
	kept := filepath.Join(outside, "kept")
	if err := os.WriteFile(kept, []byte("the user's"), 0o666); err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, try := range []string{"echo x >%s/kept", "rm %s/kept", "mv %s/kept .", "ln %s/kept link", "touch %s/new", "mkdir %s/dir", "truncate -s 0 %s/kept",
		"bash -c 'echo x >%s/kept'", "cp /bin/true %s/true"} {
		lines = append(lines, "{ "+fmt.Sprintf(try, outside)+"; } 2>/dev/null && echo escaped || :")
	}
	lines = append(lines, "touch /etc/docent-test 2>/dev/null && echo escaped || :", "touch "+home+"/docent-test 2>/dev/null && echo escaped || :",
		"ln -s "+outside+" out; { echo x >out/kept; } 2>/dev/null && echo escaped || :", "ln -sf /usr/share/zoneinfo/UTC /etc/localtime 2>/dev/null && echo escaped || :",
		"cat "+kept)
	got := page(t, testDeps(t, ""), commands("out", lines...))["out"]
	if got.Verdict != report.Passed || got.Output != "the user's" {
		t.Errorf("%s: %q", got.Why, got.Output)
	}
	if text, _ := os.ReadFile(kept); string(text) != "the user's" {
		t.Errorf("the file now holds %q", text)
	}
	for _, path := range []string{"/etc/docent-test", home + "/docent-test"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was made", path)
		}
	}
	if entries, _ := os.ReadDir(outside); len(entries) != 1 {
		t.Errorf("the folder outside holds %v", entries)
	}
}

// A source tree that cannot be written to is no hindrance.
func TestReadOnlySource(t *testing.T) {
	deps := testDeps(t, "")
	if err := os.WriteFile(filepath.Join(deps.Content, "job.sh"), []byte("echo job\n"), 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := unix.Mount(deps.Content, deps.Content, "", unix.MS_BIND, ""); err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { unix.Unmount(deps.Content, unix.MNT_DETACH) })
		if err := unix.Mount("", deps.Content, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Chmod(deps.Content, 0o555); err != nil {
		t.Fatal(err)
	}
	deps.Downloads = []step.Download{{Name: "job.sh", From: "job.sh"}}
	got := page(t, deps, commands("run", "./job.sh", "echo more >>job.sh", "./job.sh"))["run"]
	if got.Verdict != report.Passed || got.Output != "job\njob" {
		t.Errorf("%s %s: %q", got.Verdict, got.Why, got.Output)
	}
}
