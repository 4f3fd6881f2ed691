// Package docutilstest asks docutils, the reference implementation, for the
// tree of a text. Tests of the parser and of the directives use it: Debian's
// python3-docutils, 0.19.
package docutilstest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

//go:embed reference.py
var reference string

// A Peer is a docutils that runs beside the tests.
type Peer struct {
	in  io.Writer
	out *bufio.Reader
}

// Start starts a docutils in a folder, where it looks for files that texts
// name. It skips the test where docutils 0.19 is missing. The arguments may be
// --doc-title and --doc-info.
func Start(t testing.TB, dir string, args ...string) *Peer {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", append([]string{"-c", reference}, args...)...)
	cmd.Dir = dir
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("python3 is not here: apt-get install python3-docutils")
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	p := &Peer{in, bufio.NewReaderSize(out, 1<<20)}
	if _, ok := p.Read(t, "x\n"); !ok {
		t.Skip("docutils 0.19 is not here: apt-get install python3-docutils")
	}
	return p
}

// An Answer is what docutils makes of a text.
type Answer struct {
	Tree     string    // pseudo-XML
	Messages []Message // of level warning or above, each once
}

// A Message is a system message of docutils.
type Message struct {
	Level int // 2 warning, 3 error, 4 severe
	Line  int // 1-based; 0 where docutils does not say
	Text  string
}

// Read asks for the answer to a text. ok is false where docutils itself
// failed.
func (p *Peer) Read(t testing.TB, text string) (a Answer, ok bool) {
	t.Helper()
	line, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(p.in, "%s\n", line); err != nil {
		return a, false
	}
	answer, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, false
	}
	var tree *string
	var messages [][3]any
	if err := json.Unmarshal(answer, &[]any{&tree, &messages}); err != nil {
		t.Fatal(err)
	}
	if tree == nil {
		return a, false
	}
	a.Tree = *tree
	for _, m := range messages {
		a.Messages = append(a.Messages, Message{int(m[0].(float64)), int(m[1].(float64)), m[2].(string)})
	}
	return a, true
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
