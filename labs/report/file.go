package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// maxFile bounds what Read takes: a report is bounded by its steps, and a file
// beyond this is something else.
const maxFile = 64 << 20

// FileName is the name of the report of a page: one per page, engine, and
// whether there were GPUs.
func FileName(page, engine string, gpu bool) string {
	name := strings.ReplaceAll(page, "/", "__") + "." + engine
	if gpu {
		name += "-gpu"
	}
	return name + ".json"
}

// Read reads one report. A report of another version, or one with fields that
// are not known here, is an error that names the file.
func Read(path string) (*Page, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("read report: %s is not a report: it is no plain file or larger than %d MiB", path, maxFile>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	p, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("read report %s: %w", path, err)
	}
	return p, nil
}

// Decode reads a report from JSON.
func Decode(data []byte) (*Page, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, err
	}
	if head.Schema != Version {
		return nil, fmt.Errorf("its schema is %q, this program reads %q; run `labs verify` again to make a new report", head.Schema, Version)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	p := new(Page)
	if err := dec.Decode(p); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("there is more after the report")
	}
	if p.Page == "" {
		return nil, errors.New("it names no page")
	}
	return p, nil
}

// ReadDir reads all reports of a folder, newest first. Files that are not
// reports of this version are left out; errs says which and why. A folder that
// is not there holds no reports.
func ReadDir(dir string) (pages []Page, errs []error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("read reports: %w", err)}
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".json") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p, err := Read(filepath.Join(dir, e.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		pages = append(pages, *p)
	}
	sort.SliceStable(pages, func(i, j int) bool { return pages[i].Started.After(pages[j].Started) })
	return pages, errs
}

// Encode gives the report as JSON: the same report gives the same bytes, with
// times in UTC to the second, and a line end at the end.
func Encode(p *Page) ([]byte, error) {
	q := *p
	q.Schema = Version
	q.Started = p.Started.UTC().Truncate(1e9)
	if q.Steps == nil {
		q.Steps = []Step{}
	}
	q.Hosts = append([]string(nil), p.Hosts...)
	sort.Strings(q.Hosts)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&q); err != nil {
		return nil, fmt.Errorf("encode report of %s: %w", p.Page, err)
	}
	return b.Bytes(), nil
}

// Write writes a report. It appears as a whole or not at all: a reader, or a
// run that is killed, never sees a part. The folder is made if it is missing.
func Write(path string, p *Page) error {
	data, err := Encode(p)
	if err != nil {
		return err
	}
	return replaceFile(path, data)
}

// replaceFile puts a whole file in the place of another.
func replaceFile(path string, data []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
			err = fmt.Errorf("write report %s: %w", path, err)
		}
	}()
	if _, err := tmp.Write(data); err != nil {
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// A Name is how a step of a page is found in reports: what it is called, and
// what it is today.
type Name struct{ ID, Place, Digest, Sample string }

// Find gives, for each step of a page, what reports say about it: first the runs
// that carried it out, then those that skipped or did not reach it, each newest
// first. A machine without a GPU thus does not hide what one with a GPU found. A
// report of another page does not count.
func Find(reports []Page, page string, steps []Name) [][]Evidence {
	found := make([][]Evidence, len(steps))
	for i := range reports {
		if reports[i].Page != page {
			continue
		}
		for k, s := range same(reports[i].Steps, steps) {
			if s != nil {
				found[k] = append(found[k], Evidence{Page: &reports[i], Step: s, Stale: s.Digest != steps[k].Digest,
					Edited: s.Digest == steps[k].Digest && s.Sample != steps[k].Sample})
			}
		}
	}
	ran := func(e Evidence) bool { return e.Step.Verdict.OK() || e.Step.Verdict == Failed }
	for _, f := range found {
		sort.SliceStable(f, func(i, j int) bool {
			if a, b := ran(f[i]), ran(f[j]); a != b {
				return a
			}
			return f[i].Page.Started.After(f[j].Page.Started)
		})
	}
	return found
}

// same finds the steps of a page in a report, nil for one that is not in it.
// Equal listings are counted in their ids, so that those in the same place come
// first: one that was put before the others has not taken their evidence.
func same(reported []Step, steps []Name) []*Step {
	found := make([]*Step, len(steps))
	byPlace, byID := map[string]*Step{}, map[string]*Step{}
	for i := range reported {
		if s := &reported[i]; s.Place != "" {
			byPlace[s.Place] = s
		}
		byID[reported[i].ID] = &reported[i]
	}
	taken := map[*Step]bool{}
	for k, n := range steps {
		if s := byPlace[n.Place]; s != nil {
			found[k], taken[s] = s, true
		}
	}
	for k, n := range steps {
		if s := byID[n.ID]; found[k] == nil && s != nil && !taken[s] {
			found[k] = s
		}
	}
	return found
}
