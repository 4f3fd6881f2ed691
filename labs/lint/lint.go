// Package lint reads the listings of a page as their own tools would: a
// Dockerfile as BuildKit's linter does, shell as a strict parser does. What it
// finds carries the position on the page, or in the file that the page shows.
//
// The package is pure, as step is: no process, no network, no file.
package lint

import (
	"path"
	"slices"
	"strings"

	"docent/generator/doc"
	"docent/labs/step"
)

// Step gives what is wrong with one listing. Examples and output are not
// looked at.
func Step(s *step.Step) []doc.Diag {
	f := finder{s: s}
	switch {
	case dockerfile(s):
		f.dockerfile()
	case s.Role == step.File && shellFile(s):
		f.shell(s.Text, 0, dialect(s))
	case s.Role == step.Unaccounted && strings.HasPrefix(s.Why, "it is not shell: "):
		f.shell(s.Text, 0, dialect(s)) // where it stops being shell
	case s.Role.Runs():
		for _, c := range s.Commands {
			f.typed(c)
		}
	}
	return f.diags
}

func dockerfile(s *step.Step) bool {
	if s.Role != step.File && s.Role != step.Unaccounted {
		return false
	}
	name := path.Base(s.File)
	return slices.Contains([]string{"docker", "dockerfile", "containerfile"}, strings.ToLower(s.Language)) ||
		strings.HasPrefix(name, "Dockerfile") || strings.HasPrefix(name, "Containerfile") || strings.HasSuffix(strings.ToLower(name), ".dockerfile")
}

func shellFile(s *step.Step) bool {
	return strings.HasSuffix(s.File, ".sh") || strings.HasSuffix(s.File, ".bash") || strings.HasPrefix(s.Text, "#!/bin/sh") || strings.HasPrefix(s.Text, "#!/bin/bash") || strings.HasPrefix(s.Text, "#!/usr/bin/env bash")
}

type finder struct {
	s     *step.Step
	diags []doc.Diag
}

// report adds a finding at a line of the listing's text, from 0, and a column,
// from 0, in bytes.
func (f *finder) report(sev doc.Severity, code string, line, col, length int, message, hint string) {
	src := f.s.Body
	if src == nil {
		src = f.s.Source
	}
	off := src.Offset(f.s.BodyLine+line, f.s.BodyCol+col)
	f.diags = append(f.diags, doc.Diag{Severity: sev, Code: code, Message: message, Hint: hint, Source: src, Off: off, Len: max(1, length)})
}
