package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"docent/generator/doc"
	"docent/labs/report"
)

// telling is how a run is told besides its reports.
type telling struct{ sarif, html, attest string }

func (t *telling) flags(f *pflag.FlagSet) {
	f.StringVar(&t.sarif, "sarif", "", "write failures, and what is wrong on the pages, as SARIF to this file")
	f.StringVar(&t.html, "html", "", "write a timeline as one HTML file")
	f.StringVar(&t.attest, "attest", "", "write an in-toto test-result statement per page to this folder, to be signed")
}

// files are the files among them: flag and path.
func (t *telling) files() [][2]string { return [][2]string{{"--sarif", t.sarif}, {"--html", t.html}} }

// write puts out what was asked for.
func (t *telling) write(source string, pages []*lesson, reports []report.Page) (written []string, err error) {
	for _, out := range []struct {
		path string
		to   func(io.Writer) error
	}{
		{t.sarif, func(w io.Writer) error { return report.SARIF(w, source, "", reports, findings(pages)) }},
		{t.html, func(w io.Writer) error { return report.Timeline(w, reports) }},
	} {
		if out.path == "" {
			continue
		}
		if err := writeFile(out.path, out.to); err != nil {
			return written, err
		}
		written = append(written, out.path)
	}
	if t.attest == "" {
		return written, nil
	}
	if err := os.MkdirAll(t.attest, 0o755); err != nil {
		return written, fmt.Errorf("writing statements: %w", err)
	}
	for i := range reports {
		p := &reports[i]
		at := slices.IndexFunc(pages, func(l *lesson) bool { return l.doc.Name() == p.Page })
		if at < 0 {
			continue
		}
		text, err := statement(pages[at], p)
		if err != nil {
			return written, err
		}
		name := strings.TrimSuffix(report.FileName(p.Page, p.Machine.Engine, len(p.Machine.GPUs) > 0), ".json") + ".intoto.json"
		path := filepath.Join(t.attest, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return written, fmt.Errorf("writing a statement: %w", err)
		}
		written = append(written, path)
	}
	return written, nil
}

func writeFile(path string, to func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("writing %s: %w", path, cerr)
		}
	}()
	return to(f)
}

// findings are the diagnostics of pages, for SARIF.
func findings(pages []*lesson) []report.Finding {
	var out []report.Finding
	for _, l := range pages {
		for _, d := range l.diags {
			if d.Severity < doc.Warning || d.Source == nil {
				continue
			}
			level := "warning"
			if d.Severity >= doc.Error {
				level = "error"
			}
			line, col := d.Source.LineCol(d.Off)
			text := d.Message
			if d.Hint != "" {
				text += " " + d.Hint
			}
			out = append(out, report.Finding{Rule: d.Code, Level: level, File: d.Source.Name, Line: line, Column: col, Message: credentials(text)})
		}
	}
	return out
}

// testResultType names the predicate.
const testResultType = "https://in-toto.io/attestation/test-result/v0.1"

// statement says about a page and the files that it shows, by their digests,
// which of its listings passed. Steps that passed on a stand-in, and those that
// were skipped, are warnings: the claim is not made for them.
func statement(l *lesson, p *report.Page) ([]byte, error) {
	st := &intoto.Statement{Type: intoto.StatementTypeUri, PredicateType: testResultType}
	names := []string{l.doc.Name()}
	for _, d := range l.doc.Deps {
		names = append(names, d.Name)
	}
	for _, d := range l.downloads {
		names = append(names, d.From)
	}
	slices.Sort(names[1:])
	for _, name := range slices.Compact(names) {
		data, err := os.ReadFile(filepath.Join(l.root, filepath.FromSlash(name)))
		if os.IsNotExist(err) {
			continue // a file that is missing has no digest to attest
		} else if err != nil {
			return nil, fmt.Errorf("reading %s for the statement: %w", name, err)
		}
		sum := sha256.Sum256(data)
		st.Subject = append(st.Subject, &intoto.ResourceDescriptor{Name: name, Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}})
	}
	text, err := report.Encode(p)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	result := &testresult.TestResult{Result: "PASSED", Configuration: []*intoto.ResourceDescriptor{{
		Name: report.FileName(p.Page, p.Machine.Engine, len(p.Machine.GPUs) > 0), MediaType: "application/json", Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])},
	}}}
	for i := range p.Steps {
		s := &p.Steps[i]
		name := fmt.Sprintf("%s#%s line %d, %s", p.Page, s.ID, s.Line, s.Role)
		switch {
		case s.Role == "example":
		case s.Verdict == report.Passed:
			result.PassedTests = append(result.PassedTests, name)
		case s.Verdict == report.Failed, s.Verdict == report.Unreached:
			result.FailedTests = append(result.FailedTests, name)
		default:
			result.WarnedTests = append(result.WarnedTests, name)
		}
	}
	switch {
	case len(result.FailedTests) > 0:
		result.Result = "FAILED"
	case len(result.WarnedTests) > 0:
		result.Result = "WARNED"
	}
	predicate, err := protojson.Marshal(result)
	if err != nil {
		return nil, fmt.Errorf("writing the statement of %s: %w", p.Page, err)
	}
	st.Predicate = &structpb.Struct{}
	if err := protojson.Unmarshal(predicate, st.Predicate); err != nil {
		return nil, fmt.Errorf("writing the statement of %s: %w", p.Page, err)
	}
	if err := st.Validate(); err != nil {
		return nil, fmt.Errorf("the statement of %s: %w", p.Page, err)
	}
	raw, err := protojson.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing the statement of %s: %w", p.Page, err)
	}
	// protojson varies its blanks on purpose; a statement is signed, so the
	// same one must be the same bytes.
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, fmt.Errorf("writing the statement of %s: %w", p.Page, err)
	}
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the statement of %s: %w", p.Page, err)
	}
	return append(out, '\n'), nil
}
