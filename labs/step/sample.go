package step

import "strings"

// A Sample is a part of a listing that shows what a command prints.
type Sample struct {
	Command int    // index in Step.Commands; -1 for all of the step's output
	Text    string // as the comparison takes it
	// Line and Lines are where it stands in Step.Body: the 1-based first line
	// and how many there are. Indent is what stands before the text there.
	Line, Lines int
	Indent      string
}

// Samples gives the samples of a step, in order. ok is false if one cannot be
// found in the source, line by line: in a file that is shown in parts, or
// text that a directive changed.
func (s *Step) Samples() (list []Sample, ok bool) {
	lines := splitLines(s.Text)
	find := func(command, from int, text string) bool {
		want := strings.Split(text, "\n")
		for i := range want {
			want[i] = strings.TrimRight(want[i], " \t\r")
		}
		for i := from; i+len(want) <= len(lines); i++ {
			same := true
			for k := range want {
				same = same && strings.TrimRight(lines[i+k], " \t") == want[k]
			}
			if !same {
				continue
			}
			smp := Sample{Command: command, Text: text, Line: s.BodyLine + i, Lines: len(want)}
			if smp.Indent, same = s.indent(smp, lines[i:i+len(want)]); !same {
				return false
			}
			list = append(list, smp)
			return true
		}
		return false
	}
	switch {
	case s.Body == nil || s.Expect == "":
		return nil, true
	case s.Role == Output:
		text := strings.Join(trimBlank(splitLines(s.Text)), "\n")
		return list, find(-1, 0, text)
	}
	for i, c := range s.Commands {
		if c.Output == "" {
			continue
		}
		from := 0
		if s.Body == s.Source {
			from = max(0, c.Line-s.BodyLine)
		}
		if !find(i, from, c.Output) {
			return nil, false
		}
	}
	return list, true
}

// indent gives what stands before the text of a sample in its source, and
// whether all its lines are there.
func (s *Step) indent(smp Sample, text []string) (string, bool) {
	indent, known := "", false
	for i, t := range text {
		line := s.Body.Line(smp.Line + i)
		t = strings.TrimRight(t, " \t\r")
		before, ok := strings.CutSuffix(strings.TrimRight(line, " \t\r"), t)
		if !ok {
			return "", false
		}
		if t != "" && !known {
			indent, known = before, true
		}
		if t != "" && before != indent {
			return "", false
		}
	}
	return indent, known
}
