package run

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"docent/labs/report"
)

// A session cannot signal the run that it belongs to, its group, or everything
// that there is; its own processes, also those of an earlier step, it can. The
// signal is 0, which does nothing where it is allowed.
func TestSessionsSpareTheRun(t *testing.T) {
	pid, group := os.Getpid(), unix.Getpgrp()
	got := page(t, testDeps(t, ""),
		commands("all", "kill -0 -1 2>/dev/null && echo reached || echo spared"),
		commands("run", fmt.Sprintf("kill -0 %d 2>/dev/null && echo reached || echo spared", pid)),
		commands("group", fmt.Sprintf("kill -0 -- -%d 2>/dev/null && echo reached || echo spared", group)),
		commands("child", fmt.Sprintf("bash -c 'exec sh -c \"kill -0 %d\"' 2>/dev/null && echo reached || echo spared", pid)),
		commands("own", "sleep 60 & echo $! > pid; disown"),
		commands("later", "kill -9 $(cat pid) && echo ended"),
		commands("itself", "(kill -TERM $BASHPID); echo \"lives $?\""))
	for id, want := range map[string]string{"all": "spared", "run": "spared", "group": "spared", "child": "spared", "own": "", "later": "ended", "itself": "Terminated\nlives 143"} {
		if s := got[id]; s.Verdict != report.Passed || s.Output != want {
			t.Errorf("%s: %s, %q, want %q", id, s.Verdict, s.Output, want)
		}
	}
}
