// Package docutilstest asks docutils, the reference implementation, for the
// tree of a text. Tests of the parser and of the directives use it: Debian's
// python3-docutils, 0.19.
package docutilstest

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Tree gives the pseudo-XML that docutils prints for a text. Files that the
// text names are looked for in dir.
func Tree(dir, text string) (string, error) {
	cmd := exec.Command("rst2pseudoxml", "--no-doc-title", "--no-doc-info", "--syntax-highlight=none", "--report=5", "--halt=5")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(text)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("rst2pseudoxml: %w\n%s", err, errs.String())
	}
	return out.String(), nil
}

var registered = regexp.MustCompile(` (?:ids|names|dupnames|name|refid|backrefs)="[^"]*"`)

// Structure leaves out of a tree what is not compared: messages, and the
// attributes that only serve linking.
func Structure(tree string) string {
	var out []string
	skip := -1
	for l := range strings.SplitSeq(tree, "\n") {
		depth := len(l) - len(strings.TrimLeft(l, " "))
		if skip >= 0 && (depth > skip || l == "") {
			continue
		}
		skip = -1
		if strings.HasPrefix(strings.TrimSpace(l), "<system_message") {
			skip = depth
			continue
		}
		out = append(out, registered.ReplaceAllString(l, ""))
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}
