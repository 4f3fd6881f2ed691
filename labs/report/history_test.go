package report

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestHistory(t *testing.T) {
	dir := t.TempDir()
	if runs, err := History(dir, "bcp/index.rst"); err != nil || runs != nil {
		t.Fatalf("no history gives %v, %v", runs, err)
	}
	p := full()
	p.Machine.GPUs = nil
	gpu := full()
	if err := Remember(dir, gpu); err != nil {
		t.Fatal(err)
	}
	for i := range KeepRuns + 3 {
		p.Started = gpu.Started.Add(time.Duration(i+1) * time.Hour)
		for range 2 { // the same run twice is one
			if err := Remember(dir, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	runs, err := History(dir, "bcp/index.rst")
	if err != nil || len(runs) != KeepRuns+1 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	first, last := runs[0], runs[len(runs)-1]
	if first.GPU != "NVIDIA H200" || first.GPUs != 1 {
		t.Error("the only GPU run made room for others")
	}
	if !last.Started.Equal(p.Started) || !runs[1].Started.Equal(gpu.Started.Add(4*time.Hour)) {
		t.Errorf("the newest runs are not kept: %v to %v", runs[1].Started, last.Started)
	}
	if last.Verdicts[Skipped] != 2 || last.Values["size"] != "443MB" || len(last.Steps) != 2 || last.Steps[0].Duration != 60_000 || !last.Steps[0].Cached ||
		last.Images[0] != (PastImage{"x:efficient", 443e6}) || last.Coverage.Runnable != 5 {
		t.Errorf("got %+v", last)
	}

	file := HistoryFile(dir, "bcp/index.rst")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), "{", "", 1)
	if err := os.WriteFile(file, []byte(broken), 0o644); err != nil {
		t.Fatal(err)
	}
	runs, err = History(dir, "bcp/index.rst")
	if len(runs) != KeepRuns || err == nil || !strings.Contains(err.Error(), file+":1: ") {
		t.Errorf("a broken line gives %d runs, %v", len(runs), err)
	}
	if err := Remember(dir, p); err == nil {
		t.Error("a broken history was overwritten")
	}
}
