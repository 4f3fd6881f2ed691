package main

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"docent/generator/parse"
	"docent/labs/report"
	"docent/labs/step"
)

// Of several equal listings, each keeps its evidence when another is put before
// them, when one goes, and when what stands around them is edited.
func TestEqualListingsKeepTheirEvidence(t *testing.T) {
	const one = ".. code-block:: console\n\n   $ docker images\n\n"
	const shown = ".. code-block:: console\n\n   $ docker images\n   REPOSITORY  TAG\n   x  y\n\n"
	read := func(source string) []step.Step {
		steps, _ := step.Steps(parse.Page("a/index.rst", source, &parse.Config{FS: fstest.MapFS{}}))
		return steps
	}
	first, second := "Look at the size.\n\n"+one, "Build\n-----\n\nOnce again, look.\n\n"+one
	for _, body := range [][2]string{{first, second}, {strings.Replace(first, one, shown, 1), strings.Replace(second, one, shown, 1)}} {
		first, second := body[0], body[1]
		source := "T\n=\n\n" + first + second
		before := read(source)
		reported := report.Page{Page: "a/index.rst"}
		for i, s := range before {
			reported.Steps = append(reported.Steps, report.Step{ID: s.ID, Place: s.Place, Digest: s.Digest, Line: i + 1})
		}
		for name, c := range map[string]struct {
			source string
			want   []int // the step before whose evidence each has; 0 is none
		}{
			"the same":            {source, []int{1, 2}},
			"another before them": {"T\n=\n\nFirst of all.\n\n" + strings.TrimPrefix(first, "Look at the size.\n\n") + first + second, []int{0, 1, 2}},
			"another between":     {"T\n=\n\n" + first + "Then.\n\n" + strings.TrimPrefix(first, "Look at the size.\n\n") + second, []int{1, 0, 2}},
			"the first is gone":   {"T\n=\n\n" + second, []int{2}},
			"the second is gone":  {"T\n=\n\n" + first, []int{1}},
			"the text is edited":  {"Other\n=====\n\nNew prose.\n\n" + strings.ReplaceAll(first+second, "ook at", "ook well at"), []int{1, 2}},
		} {
			var got []int
			for _, found := range report.Find([]report.Page{reported}, "a/index.rst", (&lesson{steps: read(c.source)}).names()) {
				at := 0
				if len(found) > 0 && !found[0].Stale {
					at = found[0].Step.Line
				}
				got = append(got, at)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: evidence of %v, want %v", name, got, c.want)
			}
		}
	}
}
