package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A progress shows how far long work has come: a bar on a terminal, a line
// every few seconds elsewhere. Work that ends within a moment shows nothing.
type progress struct {
	w     io.Writer
	live  bool
	began time.Time

	patience, pause time.Duration // until something is shown, and then between two times
	next            atomic.Int64  // when it is shown again, since it began

	mu    sync.Mutex
	drawn bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, live: isTerminal(w), began: time.Now(), patience: 5 * time.Second, pause: 5 * time.Second}
	if p.live {
		p.patience, p.pause = 400*time.Millisecond, 80*time.Millisecond
	}
	return p
}

// step is called for each piece of the work, so it does little.
func (p *progress) step(name string, done, total int) {
	now := time.Since(p.began)
	next := p.next.Load()
	if now < p.patience || int64(now) < next && done < total {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.next.CompareAndSwap(next, int64(now+p.pause)) { // another was faster
		return
	}
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
