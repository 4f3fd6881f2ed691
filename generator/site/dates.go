package site

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A history is when the files of a folder changed last, as git has it.
type history map[string]time.Time

// maxGit bounds how long git may take; without its answer pages have no date.
const maxGit = time.Minute

// readHistory asks git once for the whole tree: not once per page. It reads
// the log from the newest commit on and stops when every tracked file has its
// date. Without git, or outside a repository, the history is empty. A shallow
// clone does not know when the files of its oldest commits changed: they have
// no date either.
//
// The repository may be another's: nothing that its configuration names is
// run, and nothing is fetched.
func readHistory(ctx context.Context, dir string) history {
	ctx, stop := context.WithTimeout(ctx, maxGit)
	defer stop()
	git := func(args ...string) *exec.Cmd {
		all := append([]string{"-C", dir, "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "log.showSignature=false"}, args...)
		c := exec.CommandContext(ctx, "git", all...)
		c.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
		c.WaitDelay = time.Second
		return c
	}
	listed, err := git("ls-files", "-z", "--", ".").Output()
	if err != nil || len(listed) == 0 {
		return nil
	}
	missing := map[string]bool{}
	for _, name := range bytes.Split(listed, []byte{0}) {
		if len(name) > 0 {
			missing[string(name)] = true
		}
	}
	oldest := map[string]bool{}
	if where, err := git("rev-parse", "--path-format=absolute", "--git-path", "shallow").Output(); err == nil {
		if text, err := os.ReadFile(strings.TrimSpace(string(where))); err == nil {
			for _, hash := range strings.Fields(string(text)) {
				oldest[hash] = true
			}
		}
	}
	log := git("log", "--format=%x00%H %ct", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative", "--", ".")
	out, err := log.StdoutPipe()
	if err != nil || log.Start() != nil {
		return nil
	}
	h := readLog(out, missing, oldest)
	stop() // git need not go on
	log.Wait()
	return h
}

// readLog takes the dates out of the log until nothing is missing.
func readLog(r io.Reader, missing, oldest map[string]bool) history {
	h := history{}
	var at time.Time
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for len(missing) > 0 && lines.Scan() {
		line := lines.Text()
		if head, ok := strings.CutPrefix(line, "\x00"); ok {
			hash, when, _ := strings.Cut(head, " ")
			at = time.Time{}
			if s, err := strconv.ParseInt(when, 10, 64); err == nil && !oldest[hash] {
				at = time.Unix(s, 0).UTC()
			}
			continue
		}
		if strings.HasPrefix(line, `"`) { // a name with a quote or a control character
			if s, err := strconv.Unquote(line); err == nil {
				line = s
			}
		}
		if missing[line] {
			delete(missing, line)
			if !at.IsZero() {
				h[line] = at
			}
		}
	}
	return h
}

// date gives every page the time at which it, or a file that it includes,
// changed last.
func (s *Site) date(ctx context.Context) {
	if !s.set.Git || s.opt.Preview {
		return
	}
	h := readHistory(ctx, s.root.Name())
	for _, p := range s.pages {
		p.updated = h[p.name]
		if p.updated.IsZero() {
			continue // not committed yet: what it includes may be old
		}
		for _, dep := range p.facts.deps {
			if t := h[dep]; t.After(p.updated) {
				p.updated = t
			}
		}
	}
}
