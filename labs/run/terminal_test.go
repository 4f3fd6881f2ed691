package run

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestScreenText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "a\nb\n", "a\nb"},
		{"progress", "10%\r50%\r100%\ndone\n", "100%\ndone"},
		{"colour", "\x1b[31mred\x1b[0m and \x1b[1mbold\x1b[m\r\n", "red and bold"},
		{"cursor up", "one\ntwo\n\x1b[2A\x1b[2Kuno\n\n", "uno\ntwo"},
		{"long line stays whole", strings.Repeat("x", 300) + "\x1b[0m\n", strings.Repeat("x", 300)},
		{"leading blank lines", "\n\n\x1b[0mx\n", "\n\nx"},
		{"tab", "a\tb\n", "a       b"},
		{"scrolled", strings.Repeat("line\n", 80) + "\x1b[0mend\n", strings.Repeat("line\n", 80) + "end"},
		{"question", "\x1b[6nstill here\n", "still here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := screenText([]byte(tt.in)); got != tt.want {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A container's shell is played by a shell of this machine: to the terminal
// they are the same.
func TestTerminal(t *testing.T) {
	for _, shell := range [][]string{{"bash", "--norc", "-i"}, {"bash", "-l"}, {"sh", "-i"}} {
		t.Run(strings.Join(shell, " "), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := exec.Command(shell[0], shell[1:]...)
			cmd.Env = []string{"PATH=/usr/bin:/bin", "TERM=xterm", "HOME=" + t.TempDir(), `PS1=root@f5e06e291d60:/# `}
			term, _, err := openTerminal(ctx, cmd, "m1234567", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer term.kill()
			for _, step := range []struct {
				type_, want string
				exit        int
			}{
				{"echo hello", "hello", 0},
				{"X=5; false", "", 1},
				{"echo $X $?", "5 1", 0},
				{"for i in 1 2; do\n  echo $i\ndone", "1\n2", 0},
				{"tput cols 2>/dev/null || stty size", "", 0},
				{"cat <<E\nthere\nE", "there", 0},
				{"nosuchcommand 2>/dev/null", "", 127},
				{"printf 'no newline'", "no newline", 0},
			} {
				got, err := term.run(ctx, step.type_)
				if err != nil {
					t.Fatalf("%s: %v", step.type_, err)
				}
				if step.want != "" && string(got.Output) != step.want || got.Exit != step.exit || !got.Ran {
					t.Errorf("%s: got %+v %q, want %q, exit %d", step.type_, got, got.Output, step.want, step.exit)
				}
			}
			if _, err := term.run(shortly(t), "sleep 100"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a command that does not end: %v", err)
			}
		})
	}
}

func TestTerminalExit(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	term, banner, err := openTerminal(ctx, exec.Command("bash", "-c", "echo welcome; exec bash --norc -i"), "m1234567", nil)
	if err != nil {
		t.Fatal(err)
	}
	if banner != "welcome" {
		t.Errorf("banner is %q", banner)
	}
	if _, err := term.run(ctx, "(exit 4)"); err != nil {
		t.Fatal(err)
	}
	if code, err := term.exit(ctx); code != 4 || err != nil {
		t.Errorf("exit gave %d, %v", code, err)
	}
}

func TestTerminalNoPrompt(t *testing.T) {
	_, banner, err := openTerminal(t.Context(), exec.Command("sh", "-c", "echo cannot pull; exit 125"), "m1234567", nil)
	if !errors.Is(err, errNoPrompt) || banner != "cannot pull" {
		t.Errorf("got %q, %v", banner, err)
	}
}

func shortly(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}
