package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// A terminal is a shell in a container that a step opened with "docker run
// -it": commands are typed into it as a reader types them, one at a time.
//
// Its prompt is replaced by one that carries the exit status, so that the end
// of each command and its status are known and need no guess.
type terminal struct {
	proc    *process
	mark    string
	newline bool // the shell ends each typed line with a newline, though it echoes nothing

	mu     sync.Mutex
	stream []byte        // raw bytes since the last prompt
	grown  chan struct{} // one token whenever the stream grows
	answer io.Writer     // the emulator, which answers what programs ask of a terminal
	guest  func([]byte)  // sees the stream too; may be nil
}

var (
	errNoPrompt = errors.New("no prompt came up")
	errClosed   = errors.New("the terminal closed")
)

// promptLine is what the end of a screen looks like when a shell waits.
var promptLine = regexp.MustCompile(`[#$%>] ?$`)

// openTerminal starts cmd on a pseudo-terminal and waits for its prompt.
// banner is what came before the prompt.
func openTerminal(ctx context.Context, cmd *exec.Cmd, mark string, watch func([]byte)) (t *terminal, banner string, err error) {
	t = &terminal{mark: mark, grown: make(chan struct{}, 1)}
	emulator := vt.NewSafeEmulator(termCols, termRows)
	t.answer = emulator
	out := &tape{watch: func(p []byte) {
		t.feed(p)
		if watch != nil {
			watch(p)
		}
	}}
	if t.proc, err = startProcess(cmd, out, true); err != nil {
		return nil, "", err
	}
	go io.Copy(t.proc.tty, emulator) // ends when the terminal does
	banner, err = t.settlePrompt(ctx)
	if err != nil {
		t.kill()
		return nil, banner, err
	}
	return t, banner, nil
}

func (t *terminal) feed(p []byte) {
	t.mu.Lock()
	t.stream = append(t.stream, p...)
	if over := len(t.stream) - keepHead - keepTail; over > 0 {
		t.stream = append(t.stream[:keepHead], t.stream[keepHead+over:]...)
	}
	guest := t.guest
	t.mu.Unlock()
	if guest != nil {
		guest(p) // the person's own terminal answers
	} else {
		t.answer.Write(p)
	}
	select {
	case t.grown <- struct{}{}:
	default:
	}
}

// watchWith lets somebody else see the stream, and answer it.
func (t *terminal) watchWith(f func([]byte)) {
	t.mu.Lock()
	t.guest = f
	t.mu.Unlock()
}

// settlePrompt waits for the shell's own prompt, then puts ours in its place
// and turns the echo off: what follows a command is then its output alone.
func (t *terminal) settlePrompt(ctx context.Context) (banner string, err error) {
	err = t.until(ctx, 250*time.Millisecond, func(raw []byte) bool {
		return promptLine.MatchString(lastLine(screenText(raw)))
	})
	banner = screenText(t.take())
	if err != nil {
		return banner, fmt.Errorf("%w: %w", errNoPrompt, err)
	}
	banner = strings.TrimRight(strings.TrimSuffix(banner, lastLine(banner)), "\n")
	// printf makes the control characters: typed ones would be taken for
	// editing keys. It also keeps the echo of this line from looking like the
	// prompt.
	setup := fmt.Sprintf(" stty -echo 2>/dev/null; unset PROMPT_COMMAND; PS2=; PS1=$(printf '\\036%%s $?\\036' %s)\n", t.mark)
	if _, err := io.WriteString(t.proc.tty, setup); err != nil {
		return banner, fmt.Errorf("%w: %w", errClosed, err)
	}
	if _, _, err := t.prompt(ctx); err != nil {
		return banner, fmt.Errorf("%w: %w", errNoPrompt, err)
	}
	if _, err := io.WriteString(t.proc.tty, ":\n"); err != nil {
		return banner, fmt.Errorf("%w: %w", errClosed, err)
	}
	probe, _, err := t.prompt(ctx)
	if err != nil {
		return banner, fmt.Errorf("%w: %w", errNoPrompt, err)
	}
	t.newline = bytes.Contains(probe, []byte("\n"))
	return banner, nil
}

// run types one command and waits for the prompt after it.
func (t *terminal) run(ctx context.Context, command string) (outcome, error) {
	t.take()
	if _, err := io.WriteString(t.proc.tty, command+"\n"); err != nil {
		return outcome{}, fmt.Errorf("%w: %w", errClosed, err)
	}
	out, exit, err := t.prompt(ctx)
	if t.newline {
		for range strings.Count(command, "\n") + 1 {
			if _, rest, ok := bytes.Cut(out, []byte("\n")); ok {
				out = rest
			}
		}
	}
	text := withoutEcho(screenText(out), command)
	if err != nil {
		return outcome{Output: []byte(text)}, err
	}
	return outcome{Ran: true, Exit: exit, Output: []byte(text)}, nil
}

// prompt waits for our prompt and gives what came before it.
func (t *terminal) prompt(ctx context.Context) (out []byte, exit int, err error) {
	re := regexp.MustCompile("\x1e" + regexp.QuoteMeta(t.mark) + ` (\d+)` + "\x1e")
	var at []int
	err = t.until(ctx, 0, func(raw []byte) bool {
		at = re.FindSubmatchIndex(raw)
		return at != nil
	})
	raw := t.take()
	if err != nil {
		return raw, -1, err
	}
	exit, _ = strconv.Atoi(string(raw[at[2]:at[3]]))
	return raw[:at[0]], exit, nil
}

// until waits until the stream meets the condition and has been quiet for that
// long.
func (t *terminal) until(ctx context.Context, quiet time.Duration, met func([]byte) bool) error {
	for {
		t.mu.Lock()
		ok := met(t.stream)
		t.mu.Unlock()
		var calm <-chan time.Time
		if ok {
			if quiet == 0 {
				return nil
			}
			calm = time.After(quiet)
		}
		select {
		case <-t.grown:
		case <-calm:
			return nil
		case <-t.proc.done:
			t.mu.Lock()
			ok := quiet == 0 && met(t.stream)
			t.mu.Unlock()
			if ok {
				return nil
			}
			return errClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (t *terminal) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.stream
	t.stream = nil
	return out
}

// exit types "exit" and waits for the shell to leave. It gives the status that
// the opening command ended with.
func (t *terminal) exit(ctx context.Context) (int, error) {
	io.WriteString(t.proc.tty, "exit\n") // a terminal that is gone shows in the wait
	code, err := t.proc.wait(ctx)
	t.proc.close()
	return code, err
}

func (t *terminal) kill() {
	t.proc.kill()
	t.proc.close()
}

// screenText turns what was written to a terminal into the text that a person
// sees and can scroll back to: carriage returns, colours and cursor movements
// have done their work, and lines that the terminal broke are whole again.
func screenText(raw []byte) string {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	if !bytes.ContainsAny(raw, "\r\x1b\b\x1e\x00\t\v\f") {
		return trimLines(string(raw))
	}
	raw = bytes.ReplaceAll(raw, []byte("\x1e"), nil)
	// As wide as the longest line can get: nothing is broken that the program
	// did not break itself.
	width := termCols
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		width = max(width, min(len(line)+8*bytes.Count(line, []byte("\t"))+1, 4096))
	}
	em := vt.NewEmulator(width, termRows)
	em.SetScrollbackSize(1 << 20)
	drained := make(chan struct{})
	go func() { io.Copy(io.Discard, em); close(drained) }() // answers to questions that nobody waits for
	em.Write(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
	var b strings.Builder
	line := func(at func(x int) *uv.Cell) {
		for x := range width {
			if c := at(x); c != nil {
				b.WriteString(c.Content)
			}
		}
		b.WriteByte('\n')
	}
	if !em.IsAltScreen() {
		for y := range em.ScrollbackLen() {
			line(func(x int) *uv.Cell { return em.ScrollbackCellAt(x, y) })
		}
	}
	for y := range termRows {
		line(func(x int) *uv.Cell { return em.CellAt(x, y) })
	}
	// The pipe is closed, not the emulator, whose Close races with its Read.
	if pipe, ok := em.InputPipe().(io.Closer); ok {
		pipe.Close()
		<-drained
	}
	return trimLines(b.String())
}

// trimLines drops the blanks at the end of each line and the empty lines at
// the end of the text.
func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func lastLine(s string) string { return s[strings.LastIndexByte(s, '\n')+1:] }

// withoutEcho drops the typed command from the start of its output, for shells
// that echo although they were told not to.
func withoutEcho(out, command string) string {
	for line := range strings.SplitSeq(command, "\n") {
		first, rest, _ := strings.Cut(out, "\n")
		if line == "" || !strings.HasSuffix(strings.TrimSpace(first), strings.TrimSpace(line)) {
			break
		}
		out = rest
	}
	return out
}
