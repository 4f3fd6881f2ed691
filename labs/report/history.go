package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// HistoryVersion is the value of Past.Schema in histories that this package
// writes.
const HistoryVersion = "docent.history/1"

// KeepRuns bounds a history: of each engine, with and without GPUs, so many
// runs are kept, the newest.
const KeepRuns = 100

// A Past is what the history of a page keeps of one run: enough to draw
// durations, image sizes and captured values over time.
type Past struct {
	Schema        string            `json:"schema"` // HistoryVersion
	Started       time.Time         `json:"started"`
	Duration      int64             `json:"duration_ms"`
	Engine        string            `json:"engine"`
	EngineVersion string            `json:"engine_version,omitempty"`
	GPU           string            `json:"gpu,omitempty"` // name of the first device
	GPUs          int               `json:"gpus,omitempty"`
	Hermetic      bool              `json:"hermetic"`
	Verdicts      map[Verdict]int   `json:"verdicts"`
	Coverage      Coverage          `json:"coverage"`
	Steps         []PastStep        `json:"steps,omitempty"` // that ran, in the order of the page
	Images        []PastImage       `json:"images,omitempty"`
	Values        map[string]string `json:"values,omitempty"` // captured: name -> text, such as "443MB"
}

// A PastStep is one step of a past run.
type PastStep struct {
	ID       string  `json:"id"`
	Verdict  Verdict `json:"verdict"`
	Duration int64   `json:"duration_ms"`
	Cached   bool    `json:"cached,omitempty"` // the time is that of the run that made the evidence
}

// A PastImage is the size of an image in a past run.
type PastImage struct {
	Ref       string `json:"ref"`
	SizeBytes int64  `json:"size_bytes"`
}

// Past gives what a history keeps of a run.
func (p *Page) Past() Past {
	h := Past{Schema: HistoryVersion, Started: p.Started.UTC().Truncate(time.Second), Duration: p.Duration,
		Engine: p.Machine.Engine, EngineVersion: p.Machine.EngineVersion, GPUs: len(p.Machine.GPUs),
		Hermetic: p.Hermetic, Verdicts: map[Verdict]int{}, Coverage: p.Coverage, Values: p.Values}
	if h.GPUs > 0 {
		h.GPU = p.Machine.GPUs[0].Name
	}
	for _, s := range p.Steps {
		if s.Role == "example" {
			continue
		}
		h.Verdicts[s.Verdict]++
		if s.Exit != nil {
			h.Steps = append(h.Steps, PastStep{s.ID, s.Verdict, s.Duration, s.Cached != nil})
		}
	}
	for _, img := range p.Images {
		h.Images = append(h.Images, PastImage{img.Ref, img.SizeBytes})
	}
	return h
}

// HistoryFile is where the history of a page stands, beside its reports in
// dir: one run a line, oldest first.
func HistoryFile(dir, page string) string {
	return filepath.Join(dir, "history", strings.ReplaceAll(page, "/", "__")+".jsonl")
}

// History reads the history of a page from the folder of its reports, oldest
// run first. No history is none. Lines that are not runs of this version are
// left out; the error names the first.
func History(dir, page string) ([]Past, error) {
	path := HistoryFile(dir, page)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxFile) {
		err = fmt.Errorf("%s is no history: it is no plain file or larger than %d MiB", path, maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	var runs []Past
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var p Past
		jerr := json.Unmarshal(line, &p)
		if jerr == nil && p.Schema != HistoryVersion {
			jerr = fmt.Errorf("its schema is %q, this program reads %q", p.Schema, HistoryVersion)
		}
		if jerr != nil {
			if err == nil {
				err = fmt.Errorf("read history: %s:%d: %w", path, n, jerr)
			}
			continue
		}
		runs = append(runs, p)
	}
	slices.SortStableFunc(runs, func(a, b Past) int { return a.Started.Compare(b.Started) })
	return runs, err
}

// Remember appends a run to the history of its page in the folder of its
// reports, and drops what is beyond [KeepRuns]. A run that is there already is
// replaced. The file changes as a whole or not at all.
func Remember(dir string, p *Page) error {
	runs, err := History(dir, p.Page)
	if err != nil {
		return fmt.Errorf("%w; move the file away to begin a new history", err)
	}
	now := p.Past()
	runs = slices.DeleteFunc(runs, func(h Past) bool { return h.Started.Equal(now.Started) && h.kind() == now.kind() })
	runs = append(runs, now)
	seen := map[string]int{}
	for i := len(runs) - 1; i >= 0; i-- {
		if seen[runs[i].kind()]++; seen[runs[i].kind()] > KeepRuns {
			runs = slices.Delete(runs, i, i+1)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i := range runs {
		if err := enc.Encode(&runs[i]); err != nil {
			return fmt.Errorf("write history of %s: %w", p.Page, err)
		}
	}
	return replaceFile(HistoryFile(dir, p.Page), b.Bytes())
}

// kind is what must be alike in runs that are compared with each other.
func (h *Past) kind() string { return fmt.Sprint(h.Engine, "/", h.GPUs > 0) }
