package cli

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"

	"docent/generator/doc"
)

// The parts of SARIF 2.1.0 that a check fills in.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifText   struct{ Text string } // see MarshalJSON
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)

// MarshalJSON writes a text as SARIF has it: an object with one field.
func (t sarifText) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"text": t.Text})
}

// printSARIF writes the diagnostics as a SARIF log, for code scanning.
func (p *printer) printSARIF(diags []doc.Diag, least doc.Severity) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "docent", Version: versionText(), Rules: []sarifRule{}}
	for _, d := range diags {
		if d.Severity < least {
			continue
		}
		rules := &run.Tool.Driver.Rules
		at := slices.IndexFunc(*rules, func(r sarifRule) bool { return r.ID == d.Code })
		if at < 0 {
			at = len(*rules)
			*rules = append(*rules, sarifRule{d.Code})
		}
		r := sarifResult{RuleID: d.Code, RuleIndex: at, Level: "note", Message: sarifText{d.Message}}
		if d.Hint != "" {
			r.Message.Text += " " + d.Hint
		}
		switch {
		case d.Severity >= doc.Error:
			r.Level = "error"
		case d.Severity == doc.Warning:
			r.Level = "warning"
		}
		if d.Source != nil {
			r.Locations = []sarifLocation{p.sarifPlace(d)}
		}
		run.Results = append(run.Results, r)
	}
	enc := json.NewEncoder(p.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func (p *printer) sarifPlace(d doc.Diag) sarifLocation {
	var l sarifLocation
	u := url.URL{Path: path.Join(p.prefix, d.Source.Name)}
	l.Physical.Artifact.URI = u.EscapedPath()
	if d.Source.Text != "" {
		line, col := d.Source.LineCol(d.Off)
		l.Physical.Region = &sarifRegion{StartLine: line, StartColumn: col}
		if d.Len > 0 {
			if endLine, endCol := d.Source.LineCol(d.Off + d.Len); endLine == line && endCol > col {
				l.Physical.Region.EndColumn = endCol
			}
		}
	}
	return l
}
