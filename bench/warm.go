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

// warm builds once, changes a page, and builds again in a new process.
func (b *bench) warm() error {
	source, out := filepath.Join(b.sources, "md"), filepath.Join(b.output, "docent")
	if _, err := b.fresh(source); err != nil {
		return err
	}
	page := filepath.Join(source, place(3)+".md")
	was, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	defer os.WriteFile(page, was, 0o666)
	var text, title, same []cost
	again := func(to *[]cost, now string) error {
		if err := save(page, []byte(now)); err != nil {
			return err
		}
		c, err := measure(b.work, b.docent, "build", "--source", source, "--out", out)
		*to = append(*to, c)
		return err
	}
	for i := range max(3, b.rounds) {
		edited := fmt.Sprintf("%s\nSaved the %dth time.\n", was, i)
		if err := again(&text, edited); err != nil {
			return err
		}
		if err := again(&same, edited); err != nil {
			return err
		}
		head, rest, _ := strings.Cut(edited, "\n# ")
		_, rest, _ = strings.Cut(rest, "\n")
		if err := again(&title, fmt.Sprintf("%s\n# Another title %d\n%s", strings.Replace(head, "title:", "was:", 1), i, rest)); err != nil {
			return err
		}
	}
	fmt.Printf("  warm      nothing changed  %v\n            a page's text    %v\n            a page's title   %v\n", median(same), median(text), median(title))
	return nil
}

// save writes as editors do: another file, then a rename.
func save(name string, text []byte) error {
	temp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".tmp")
	if err := os.WriteFile(temp, text, 0o666); err != nil {
		return err
	}
	return os.Rename(temp, name)
}

// serve saves a page while a preview server runs, and waits until the server
// gives the new text.
func (b *bench) serve() error {
	port, err := freePort()
	if err != nil {
		return err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	ours, err := b.preview("Docent", filepath.Join(b.sources, "md"), "", "http://"+addr+"/", b.saves,
		b.docent, "serve", "--source", filepath.Join(b.sources, "md"), "--addr", addr)
	if err != nil {
		return err
	}
	theirs, err := b.preview("Hugo", filepath.Join(b.sources, "hugo"), "content", "http://"+addr+"/", max(5, b.saves/3),
		b.hugo, "server", "--noBuildLock", "--disableLiveReload=false", "--port", fmt.Sprint(port), "--cacheDir", filepath.Join(b.work, "hugo-cache"))
	if err != nil {
		return err
	}
	fmt.Printf("            %.0f times sooner in the median\n", float64(theirs)/float64(ours))
	return nil
}

func (b *bench) preview(name, dir, below, url string, saves int, argv ...string) (time.Duration, error) {
	c := exec.Command(argv[0], argv[1:]...)
	c.Dir = dir
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	began := time.Now()
	if err := c.Start(); err != nil {
		return 0, err
	}
	defer func() { c.Process.Signal(os.Interrupt); c.Wait() }()
	client := &http.Client{Timeout: 10 * time.Second}
	waitFor := func(url, text string, limit time.Duration) error {
		for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
			if holds(client, url, text) {
				return nil
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not serve %q at %s\n%s", name, text, url, tail(said.Bytes()))
			}
		}
	}
	at := place(3)
	if err := waitFor(url+at+"/", "<article>", 10*time.Minute); err != nil {
		return 0, err
	}
	started := time.Since(began)
	page := filepath.Join(dir, below, at+".md")
	was, err := os.ReadFile(page)
	if err != nil {
		return 0, err
	}
	defer os.WriteFile(page, was, 0o666)
	time.Sleep(2 * time.Second)
	var took []time.Duration
	for i := range saves {
		text := fmt.Sprintf("Saved the %dth time for %s.", i, name)
		if err := save(page, fmt.Appendf(nil, "%s\n%s\n", was, text)); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := waitFor(url+at+"/", text, time.Minute); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
		time.Sleep(100 * time.Millisecond)
	}
	slices.Sort(took)
	mid, last := took[len(took)/2], took[len(took)*99/100]
	fmt.Printf("  preview   %-7s up in %.2f s; saved to served: median %s, 99th percentile %s\n", name, started.Seconds(), mid.Round(100*time.Microsecond), last.Round(100*time.Microsecond))
	return mid, nil
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

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }

// sphinxTree builds a Sphinx source with Sphinx and with Docent.
func (b *bench) sphinxTree(source string) error {
	if source == "" {
		return fmt.Errorf("name a Sphinx tree with -sphinx-source, for example Doc of a Python source package (apt-get source python3.11)")
	}
	var ours, theirs []cost
	for range b.rounds {
		c, err := b.fresh(source)
		if err != nil {
			return err
		}
		ours = append(ours, c)
		out := filepath.Join(b.output, "sphinx")
		os.RemoveAll(out)
		if c, err = measure(source, "sphinx-build", "-q", "-j", "auto", "-b", "html", "-D", "html_theme=basic", source, out); err != nil {
			return err
		}
		theirs = append(theirs, c)
	}
	us, them := median(ours), median(theirs)
	fmt.Printf("\n%s\n  Docent  %v\n  Sphinx  %v\n          %s\n", source, us, them, us.against(them))
	return nil
}
