package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Finding is something wrong at a place of a page that no run is needed to
// see: an unknown key, a Dockerfile that cannot be built.
type Finding struct {
	Rule    string // "dockerfile-stage-name-casing"
	Level   string // note, warning or error
	File    string // below the content root
	Line    int    // 1-based; 0 is the whole file
	Column  int    // 1-based, in characters
	Message string
}

// SARIF writes failed steps, listings that nobody accounted for and findings
// as SARIF 2.1.0, which code hosts show beside the lines of a page. root is
// the content root below the repository, such as "content".
func SARIF(w io.Writer, root, version string, pages []Page, findings []Finding) error {
	all := slices.Clone(findings)
	for _, p := range pages {
		for _, s := range p.Steps {
			f := Finding{File: file(p, s), Line: s.Line, Column: 1}
			switch {
			case s.Verdict == Failed:
				f.Rule, f.Level, f.Message = "lab-failed", "error", why(s)
				if s.Blame != BlamePage && s.Blame != "" {
					f.Rule, f.Level = "lab-not-run", "warning"
				}
				if d := detail(s); d != "" {
					f.Message += "\n\n" + d
				}
			case s.Role == "unaccounted":
				f.Rule, f.Level, f.Message = "lab-unaccounted", "warning", why(s)
			default:
				continue
			}
			// A reading of the page says the same with a better place.
			if !slices.ContainsFunc(all, func(o Finding) bool { return o.Rule == f.Rule && o.File == f.File && o.Line == f.Line }) {
				all = append(all, f)
			}
		}
	}
	run := sarifRun{Results: []sarifResult{}, ColumnKind: "unicodeCodePoints"}
	run.Tool.Driver = sarifDriver{Name: "labs", Version: version, InformationURI: "https://docent-labs.netlify.app/manual/labs/", Rules: []sarifRule{}}
	for _, f := range all {
		i := slices.IndexFunc(run.Tool.Driver.Rules, func(r sarifRule) bool { return r.ID == f.Rule })
		if i < 0 {
			i = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{f.Rule})
		}
		r := sarifResult{RuleID: f.Rule, RuleIndex: i, Level: f.Level, Message: sarifText{clean(f.Message)}}
		loc := sarifLocation{}
		path := f.File
		if root != "" && root != "." {
			path = strings.TrimSuffix(root, "/") + "/" + path
		}
		loc.Physical.Artifact.URI = sarifURI(path)
		if f.Line > 0 {
			loc.Physical.Region = &sarifRegion{f.Line, max(1, f.Column)}
		}
		r.Locations = []sarifLocation{loc}
		run.Results = append(run.Results, r)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
	if err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// sarifURI escapes a path as a relative reference.
func sarifURI(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c == '/' || c == '-' || c == '_' || c == '.' || c == '~' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID string `json:"id"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
}

type sarifRegion struct {
	Line   int `json:"startLine"`
	Column int `json:"startColumn"`
}
