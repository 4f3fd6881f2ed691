package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JUnit writes runs as JUnit XML: a suite for each page, a case for each step
// that could run, with file and line. A step that was not reached is told as
// skipped, since the one that failed before it says why.
func JUnit(w io.Writer, pages []Page) error {
	all := junitSuites{Name: "labs"}
	for _, p := range pages {
		s := junitSuite{Name: p.Page + " (" + p.Machine.Engine + ")", Hostname: p.Machine.OS, Time: seconds(p.Duration), File: p.Page}
		if !p.Started.IsZero() {
			s.Timestamp = p.Started.UTC().Format("2006-01-02T15:04:05")
		}
		for _, prop := range [][2]string{{"engine", p.Machine.EngineVersion}, {"arch", p.Machine.Arch}, {"hermetic", strconv.FormatBool(p.Hermetic)}} {
			if prop[1] != "" {
				s.Properties = append(s.Properties, junitProperty{prop[0], clean(prop[1])})
			}
		}
		for _, g := range p.Machine.GPUs {
			s.Properties = append(s.Properties, junitProperty{"gpu", clean(g.Name)})
		}
		for _, st := range p.Steps {
			if st.Role == "example" {
				continue
			}
			c := junitCase{Class: p.Page, Name: name(st), File: file(p, st), Line: st.Line, Time: seconds(st.Duration)}
			switch st.Verdict {
			case Failed:
				s.Failures++
				kind := string(st.Blame)
				if kind == "" {
					kind = string(BlamePage)
				}
				c.Failure = &junitMessage{Message: clean(st.Why), Type: kind, Text: clean(detail(st))}
			case Skipped, Unreached:
				s.Skipped++
				c.Skipped = &junitMessage{Message: clean(why(st))}
			default:
				c.Out = clean(st.Output)
			}
			if st.Verdict == StandIn {
				c.Properties = &[]junitProperty{{"stand-in", clean(strings.Join(st.StandIn, ", "))}}
			}
			s.Tests++
			s.Cases = append(s.Cases, c)
		}
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	File       string          `xml:"file,attr,omitempty"`
	Hostname   string          `xml:"hostname,attr,omitempty"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Time       string          `xml:"time,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Properties []junitProperty `xml:"properties>property,omitempty"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class      string           `xml:"classname,attr"`
	Name       string           `xml:"name,attr"`
	File       string           `xml:"file,attr,omitempty"`
	Line       int              `xml:"line,attr,omitempty"`
	Time       string           `xml:"time,attr"`
	Properties *[]junitProperty `xml:"properties>property,omitempty"`
	Failure    *junitMessage    `xml:"failure,omitempty"`
	Skipped    *junitMessage    `xml:"skipped,omitempty"`
	Out        string           `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }

func file(p Page, s Step) string {
	if s.File != "" {
		return s.File
	}
	return p.Page
}

// name is what a step is called: its line, role and first command.
func name(s Step) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s.Command), "\n")
	if r := []rune(first); len(r) > 80 {
		first = string(r[:80]) + "..."
	}
	called := fmt.Sprintf("line %d, %s", s.Line, s.Role)
	if first != "" {
		called += ": " + clean(first)
	}
	return called
}

func why(s Step) string {
	if s.Why == "" {
		return string(s.Verdict)
	}
	return s.Why
}

// detail is the text of a failure: the difference, else the command and what
// came.
func detail(s Step) string {
	var b strings.Builder
	if s.Command != "" {
		b.WriteString("$ " + s.Command + "\n")
	}
	if s.Exit != nil && *s.Exit != 0 {
		fmt.Fprintf(&b, "exit code %d\n", *s.Exit)
	}
	if s.Diff != "" {
		b.WriteString(s.Diff)
	} else {
		b.WriteString(s.Output)
	}
	return b.String()
}

// clean leaves out what XML 1.0 cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0xd800 && r <= 0xdfff || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, s)
}

// Annotations writes the failed steps, and the listings nobody accounted for,
// as GitHub Actions reads them from a log: they then stand beside the line of
// the page. root is the content root below the repository, such as "content".
func Annotations(w io.Writer, root string, pages []Page) error {
	for _, p := range pages {
		for _, s := range p.Steps {
			level, title := "", ""
			switch {
			case s.Verdict == Failed:
				level, title = "error", "labs: this listing fails"
				if s.Blame == BlameMachine || s.Blame == BlameLabs {
					title = "labs: this listing could not be run"
				}
			case s.Role == "unaccounted":
				level, title = "warning", "labs: this listing is not accounted for"
			default:
				continue
			}
			path := file(p, s)
			if root != "" && root != "." {
				path = strings.TrimSuffix(root, "/") + "/" + path
			}
			text := why(s)
			if s.Verdict == Failed {
				text += "\n" + detail(s)
			}
			if len(text) > 4000 {
				text = strings.ToValidUTF8(text[:4000], "") + "..."
			}
			if _, err := fmt.Fprintf(w, "::%s file=%s,line=%d,title=%s::%s\n", level, property(path), max(1, s.Line), property(title), data(text)); err != nil {
				return fmt.Errorf("write annotations: %w", err)
			}
		}
	}
	return nil
}

// data and property escape as GitHub's workflow commands ask for.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
