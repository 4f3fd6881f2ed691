package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"docent/generator/doc"
)

// A printer shows diagnostics.
type printer struct {
	w      io.Writer
	colour bool
	prefix string // the source folder, so that a terminal can open the position
}

func newPrinter(w io.Writer, source string) *printer {
	return &printer{w: w, colour: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", prefix: folderOf(source)}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func folderOf(source string) string {
	if info, err := os.Stat(source); err == nil && !info.IsDir() {
		source = filepath.Dir(source)
	}
	return filepath.ToSlash(filepath.Clean(source))
}

// place gives file:line:col with the file as the shell knows it.
func (p *printer) place(d doc.Diag) string {
	pos := d.Position()
	if pos == "" || d.Source.Name == "<stdin>" || p.prefix == "." || p.prefix == "" {
		return pos
	}
	return path.Join(p.prefix, d.Source.Name) + pos[len(d.Source.Name):]
}

const (
	bold, dim, red, yellow, blue, reset = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[0m"
)

func (p *printer) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return colour + s + reset
}

func severityColour(s doc.Severity) string {
	switch {
	case s >= doc.Error:
		return bold + red
	case s == doc.Warning:
		return bold + yellow
	}
	return bold + blue
}

// print shows all diagnostics from the given severity on.
func (p *printer) print(diags []doc.Diag, least doc.Severity) {
	var b strings.Builder
	for _, d := range diags {
		if d.Severity < least {
			continue
		}
		if at := p.place(d); at != "" {
			b.WriteString(p.paint(bold, at+":") + " ")
		}
		b.WriteString(p.paint(severityColour(d.Severity), d.Severity.String()+":") + " " + safe(d.Message))
		if d.Hint != "" {
			b.WriteString(" " + safe(d.Hint))
		}
		b.WriteString(" " + p.paint(dim, "["+d.Code+"]") + "\n")
		if ex := d.Excerpt(); ex != "" {
			line, mark, _ := strings.Cut(ex, "\n")
			b.WriteString(safe(line) + "\n" + p.paint(severityColour(d.Severity), strings.TrimRight(mark, "\n")) + "\n")
		}
	}
	io.WriteString(p.w, b.String())
}

// safe keeps control characters of the content from steering the terminal.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// count gives how many diagnostics are errors and how many are warnings.
func count(diags []doc.Diag) (errors, warnings int) {
	for _, d := range diags {
		switch {
		case d.Severity >= doc.Error:
			errors++
		case d.Severity == doc.Warning:
			warnings++
		}
	}
	return errors, warnings
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// tally says how many mistakes there are, or "".
func tally(errors, warnings int) string {
	switch {
	case errors > 0 && warnings > 0:
		return plural(errors, "error") + " and " + plural(warnings, "warning")
	case errors > 0:
		return plural(errors, "error")
	case warnings > 0:
		return plural(warnings, "warning")
	}
	return ""
}

// jsonDiag is a diagnostic as other programs read it.
type jsonDiag struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"` // 1-based
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	Excerpt  string `json:"excerpt,omitempty"`
}

func (p *printer) printJSON(diags []doc.Diag) error {
	out := struct {
		Diagnostics []jsonDiag `json:"diagnostics"`
		Errors      int        `json:"errors"`
		Warnings    int        `json:"warnings"`
	}{Diagnostics: []jsonDiag{}}
	out.Errors, out.Warnings = count(diags)
	for _, d := range diags {
		j := jsonDiag{Severity: d.Severity.String(), Code: d.Code, Message: d.Message, Hint: d.Hint, Excerpt: d.Excerpt()}
		if d.Source != nil {
			j.File = path.Join(p.prefix, d.Source.Name)
			j.Line, j.Column = d.Source.LineCol(d.Off)
		}
		out.Diagnostics = append(out.Diagnostics, j)
	}
	enc := json.NewEncoder(p.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// printGitHub writes workflow commands that annotate a pull request.
func (p *printer) printGitHub(diags []doc.Diag, least doc.Severity) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	prop := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, d := range diags {
		if d.Severity < least {
			continue
		}
		kind := "notice"
		switch {
		case d.Severity >= doc.Error:
			kind = "error"
		case d.Severity == doc.Warning:
			kind = "warning"
		}
		at := ""
		if d.Source != nil {
			line, col := d.Source.LineCol(d.Off)
			at = fmt.Sprintf("file=%s,line=%d,col=%d,", prop.Replace(path.Join(p.prefix, d.Source.Name)), line, col)
		}
		text := d.Message
		if d.Hint != "" {
			text += " " + d.Hint
		}
		fmt.Fprintf(p.w, "::%s %stitle=%s::%s\n", kind, at, prop.Replace(d.Code), data.Replace(text))
	}
}
