package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestPreviewInTheBrowser edits pages that a real browser shows: it keeps its
// place, tells what is wrong until that is mended, follows a title that changes
// elsewhere, and loads nothing again for nothing.
func TestPreviewInTheBrowser(t *testing.T) {
	ctx, _ := chromium(t)
	long := strings.Repeat("Words about a tutorial, and more of them.\n\n", 200)
	src := pages(t, "index.md", "# Home\n", "a.md", "# First\n\n"+long, "b.md", "# Second\n", "theme/assets/css/own.css", "", "docent.yaml", "theme: theme\n")
	save := func(name, text string) { put(t, filepath.Join(src, name), text) }
	c := play("serve", "--source", src, "--addr", "127.0.0.1:0", "--cache", t.TempDir())
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout = c.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { c.Process.Kill(); c.Wait() }()
	address := ""
	lines := bufio.NewScanner(said)
	for address == "" && lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "http://"); found {
			address = "http://" + strings.TrimRight(strings.Fields(rest)[0], "/,")
		}
	}
	go func() {
		for lines.Scan() { // else the server waits until someone reads
		}
	}()

	until := func(what, script string) {
		t.Helper()
		var last any
		for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			v, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
			if last = err; err == nil && v {
				return
			}
		}
		shown, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.pathname + " " + scrollY + " " + document.body.innerText.slice(0, 300) + document.querySelector(".preview-panel")?.innerText`))
		t.Fatalf("%s: it did not come (%v); the browser shows %s", what, last, shown)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address+"/a/")); err != nil {
		t.Fatal(err)
	}
	until("the page", `document.querySelector("h1")?.textContent.includes("First")`)
	// A page that is loaded again has forgotten its mark.
	mark := func() { look[int](ctx, t, `window.mark = 1`) }

	look[int](ctx, t, `scrollTo({top: 2000, behavior: "instant"}), 1`)
	mark()
	save("a.md", "# First\n\n"+long+"\nThe last words.\n")
	until("a save", `document.body.innerText.includes("The last words.") && !window.mark`)
	until("the place in the page", `Math.abs(scrollY - 2000) < 2`)

	until("no panel at first", `document.querySelector(".preview-panel")?.hidden === true`)
	save("a.md", "# First\n\n"+long+"\n[nowhere](gone.md)\n")
	until("what is wrong", `(() => { const p = document.querySelector(".preview-panel"); return p && !p.hidden && p.innerText.includes("a.md") && p.innerText.includes("[nowhere](gone.md)") && p.innerText.includes("link-broken"); })()`)
	if dir := os.Getenv("DOCENT_PICTURES"); dir != "" { // to look at
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "overlay.png"), picture, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	save("a.md", "# First\n\n"+long)
	until("what is mended", `document.querySelector(".preview-panel")?.hidden === true`)

	save("b.md", "# Another title\n")
	until("a title elsewhere", `document.querySelector("nav").textContent.includes("Another title")`)
	save("c.md", "# Third\n")
	until("a new page", `document.querySelector("nav").textContent.includes("Third")`)
	save("c.md", "---\ndraft: true\n---\n# Third\n")
	until("a page that becomes a draft", `!document.querySelector("nav").textContent.includes("Third")`)
	if err := os.Remove(filepath.Join(src, "b.md")); err != nil {
		t.Fatal(err)
	}
	until("a page that is gone", `!document.querySelector("nav").textContent.includes("Another title")`)
	save("theme/assets/css/own.css", "p { color: red }\n")
	time.Sleep(time.Second)

	// Nothing changes now, and several saves of one moment are one.
	mark()
	time.Sleep(1500 * time.Millisecond)
	if again := look[bool](ctx, t, `!window.mark`); again {
		t.Error("the page was loaded again though nothing changed")
	}
	for i := range 5 {
		save("a.md", fmt.Sprintf("# First\n\nSave %d.\n", i))
		save("index.md", fmt.Sprintf("# Home\n\nSave %d.\n", i))
		save("d.md", fmt.Sprintf("# Fourth %d\n", i))
	}
	until("the last of several saves", `document.body.innerText.includes("Save 4.") && document.querySelector("nav").textContent.includes("Fourth 4")`)
}
