package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A preview is a server that shows a source while it is written.
type preview struct {
	name    string
	dir     string // where it is started
	pages   string // below it
	url     string
	argv    []string
	process *exec.Cmd
	said    *bytes.Buffer
	client  http.Client
}

// serve saves a page while a preview server runs, and waits until the server
// gives the new text; then the same with a title that another page shows.
func (b *bench) serve() error {
	b.runs++
	ours, err := b.follow("Docent", filepath.Join(b.sources, "md"), "", b.saves, true, b.docent, "serve",
		"--source", filepath.Join(b.sources, "md"), "--cache", b.out("cache"), "--addr")
	if err != nil || b.alone {
		return err
	}
	theirs, err := b.follow("Hugo", filepath.Join(b.sources, "hugo"), "content", max(5, b.saves/3), false, b.hugo, "server",
		"--noBuildLock", "--cacheDir", filepath.Join(b.work, "hugo-cache"), "--port")
	if err != nil {
		return err
	}
	fmt.Printf("            %.0f times sooner in the median\n", float64(theirs)/float64(ours))
	return nil
}

// follow measures one server and gives the median time from saving to
// serving. The last of its arguments is the name of the one for the address.
func (b *bench) follow(name, dir, pages string, saves int, remembers bool, argv ...string) (time.Duration, error) {
	p := &preview{name: name, dir: dir, pages: filepath.Join(dir, pages), argv: argv, client: http.Client{Timeout: time.Minute}}
	cold, err := p.start()
	if err != nil {
		return 0, err
	}
	defer func() { p.stop() }()
	up := fmt.Sprintf("first page after %.2f s", cold.Seconds())
	if remembers {
		if err := p.rests(); err != nil {
			return 0, err
		}
		p.stop()
		warm, err := p.start()
		if err != nil {
			return 0, err
		}
		up += fmt.Sprintf(", with a cache after %.2f s", warm.Seconds())
	}
	if err := p.rests(); err != nil {
		return 0, err
	}
	text, err := p.saves(saves, place(3), place(3), func(i int, was string) (now, want string) {
		want = fmt.Sprintf("Saved the %dth time for %s.", i, name)
		return was + "\n" + want + "\n", want
	})
	if err != nil {
		return 0, err
	}
	title, err := p.saves(max(3, saves/6), place(3), place(4), func(i int, was string) (now, want string) {
		_, rest, _ := strings.Cut(was, "\n# ")
		_, rest, _ = strings.Cut(rest, "\n")
		want = fmt.Sprintf("Title %d for %s", i, name)
		return front(want) + "# " + want + "\n" + rest, want
	})
	if err != nil {
		return 0, err
	}
	fmt.Printf("  preview   %-7s %s\n            saved to served: %s; a title on another page: %s\n", name, up, spread(text), spread(title))
	return text[len(text)/2], nil
}

func spread(sorted []time.Duration) string {
	at := func(percent int) time.Duration {
		return sorted[min(len(sorted)-1, len(sorted)*percent/100)].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("median %s, 99th percentile %s", at(50), at(99))
}

// start starts the server and gives the time from its start to its first
// page.
func (p *preview) start() (time.Duration, error) {
	port, err := freePort()
	if err != nil {
		return 0, err
	}
	at := fmt.Sprint(port)
	if !strings.HasSuffix(p.argv[len(p.argv)-1], "port") {
		at = "127.0.0.1:" + at
	}
	p.url = fmt.Sprintf("http://127.0.0.1:%d/", port)
	p.process, p.said = exec.Command(p.argv[0], append(slices.Clone(p.argv[1:]), at)...), &bytes.Buffer{}
	p.process.Dir, p.process.Stdout, p.process.Stderr = p.dir, p.said, p.said
	began := time.Now()
	if err := p.process.Start(); err != nil {
		return 0, err
	}
	err = p.shows(place(3), "</article>", 5*time.Minute)
	return time.Since(began), err
}

func (p *preview) stop() {
	p.process.Process.Signal(os.Interrupt)
	p.process.Wait()
}

// rests waits until the server has nothing to do: until its processor time
// stands still for a second.
func (p *preview) rests() error {
	last, since := time.Duration(-1), time.Now()
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		now, err := processorTime(p.process.Process.Pid)
		if err != nil {
			return err
		}
		if now > last+20*time.Millisecond {
			last, since = now, time.Now()
		}
		if time.Since(since) > time.Second {
			return nil
		}
	}
	return fmt.Errorf("%s does not come to rest", p.name)
}

// saves changes a page again and again, and gives, in order, how long it took
// each time until a page showed it.
func (p *preview) saves(n int, at, seen string, edit func(i int, was string) (now, want string)) ([]time.Duration, error) {
	file := filepath.Join(p.pages, at+".md")
	was, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	defer os.WriteFile(file, was, 0o666)
	var took []time.Duration
	for i := range n {
		now, want := edit(i, string(was))
		if err := save(file, []byte(now)); err != nil {
			return nil, err
		}
		began := time.Now()
		if err := p.shows(seen, want, time.Minute); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
		time.Sleep(200 * time.Millisecond)
	}
	slices.Sort(took)
	return took, nil
}

// shows waits until a page holds a text.
func (p *preview) shows(page, text string, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		if holds(&p.client, p.url+page+"/", text) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not serve %q at %s\n%s", p.name, text, p.url+page, tail(p.said.Bytes()))
		}
	}
}

func holds(c *http.Client, url, text string) bool {
	r, err := c.Get(url)
	if err != nil {
		return false
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return err == nil && r.StatusCode == http.StatusOK && bytes.Contains(body, []byte(text))
}

// processorTime is what a running process has used, from /proc.
func processorTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from the state on
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, err
	}
	return time.Duration(user+system) * (time.Second / 100), nil // ticks, of which Linux tells 100 a second
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }
