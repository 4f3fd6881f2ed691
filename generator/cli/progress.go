package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A progress shows how far long work has come: a bar on a terminal, a line
// every few seconds elsewhere. Work that ends within a moment shows nothing.
type progress struct {
	w     io.Writer
	live  bool
	began time.Time

	mu    sync.Mutex
	shown time.Time
	drawn bool
}

func newProgress(w io.Writer) *progress {
	return &progress{w: w, live: isTerminal(w), began: time.Now()}
}

func (p *progress) step(name string, done, total int) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	pause, patience := 5*time.Second, 5*time.Second
	if p.live {
		pause, patience = 80*time.Millisecond, 400*time.Millisecond
	}
	if now.Sub(p.began) < patience || now.Sub(p.shown) < pause && done < total {
		return
	}
	p.shown = now
	if !p.live {
		fmt.Fprintf(p.w, "%-8s %d of %d pages\n", name, done, total)
		return
	}
	const width = 30
	full := width * done / max(1, total)
	fmt.Fprintf(p.w, "\r%-8s %s%s %d/%d\x1b[K", name, strings.Repeat("━", full), strings.Repeat("─", width-full), done, total)
	p.drawn = true
}

// clear takes the bar away, before anything else is printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
