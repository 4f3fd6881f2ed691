package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"docent/labs/report"
)

// tutorial makes a content folder with a page that shows and offers a file.
func tutorial(t *testing.T) (source string, l *lesson) {
	t.Helper()
	source = t.TempDir()
	for name, text := range map[string]string{
		"page.rst":        "Page\n====\n\n.. literalinclude:: assets/run.sh\n    :caption: :download:`run.sh <assets/run.sh>`\n\n.. code-block:: shell\n\n    sh run.sh\n",
		"assets/run.sh":   "echo hi\n",
		"other.md":        "# Other\n\n```shell\necho other\n```\n",
		"assets/loose.sh": "echo nobody\n",
	} {
		file := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := readLesson(source, filepath.Join(source, "page.rst"))
	if err != nil {
		t.Fatal(err)
	}
	return source, l
}

func TestStatement(t *testing.T) {
	source, l := tutorial(t)
	p := &report.Page{Page: "page.rst", Machine: report.Machine{Engine: "docker"}, Steps: []report.Step{
		{ID: "a", Role: "file", Line: 4, Verdict: report.Passed}, {ID: "b", Role: "run", Line: 7, Verdict: report.StandIn}}}
	first, err := statement(l, p)
	if err != nil {
		t.Fatal(err)
	}
	var st struct {
		Type          string `json:"_type"`
		PredicateType string
		Subject       []struct {
			Name   string
			Digest map[string]string
		}
		Predicate struct {
			Result                                string
			PassedTests, WarnedTests, FailedTests []string
			Configuration                         []struct{ Name string }
		}
	}
	if err := json.Unmarshal(first, &st); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range st.Subject {
		names = append(names, s.Name)
		data, err := os.ReadFile(filepath.Join(source, s.Name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); s.Digest["sha256"] != hex.EncodeToString(sum[:]) {
			t.Errorf("the digest of %s is not that of the file", s.Name)
		}
	}
	if st.Type != "https://in-toto.io/Statement/v1" || st.PredicateType != "https://in-toto.io/attestation/test-result/v0.1" || !slices.Equal(names, []string{"page.rst", "assets/run.sh"}) ||
		st.Predicate.Result != "WARNED" || len(st.Predicate.PassedTests) != 1 || len(st.Predicate.WarnedTests) != 1 || st.Predicate.Configuration[0].Name != "page.rst.docker.json" {
		t.Errorf("got %s", first)
	}
	for range 5 {
		if again, _ := statement(l, p); !bytes.Equal(again, first) {
			t.Fatal("the same run gives other bytes")
		}
	}
	p.Steps[1].Verdict = report.Failed
	if text, _ := statement(l, p); !strings.Contains(string(text), `"FAILED"`) {
		t.Errorf("a failure does not show: %s", text)
	}
}

func TestWatchKnowsWhatAnEditTouches(t *testing.T) {
	source, _ := tutorial(t)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := watchTree(w, source); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"page.rst": "page.rst", "assets/run.sh": "page.rst", "other.md": "other.md", "assets/loose.sh": ""} {
		path := filepath.Join(source, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, "\n"...), 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		changed, err := nextChange(ctx, w)
		cancel()
		if err != nil || !slices.Contains(changed, path) {
			t.Fatalf("%s was saved, and %v seen: %v", file, changed, err)
		}
		pages := touched(source, nil, changed, os.Stderr)
		if want == "" && len(pages) > 0 || want != "" && (len(pages) != 1 || filepath.Base(pages[0]) != want) {
			t.Errorf("%s touches %v, want %q", file, pages, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := nextChange(ctx, w); exitCode(err) != exitInterrupted {
		t.Errorf("a stop gives %v", err)
	}
}
