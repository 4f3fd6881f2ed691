package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"docent/generator/cli"
)

// onNetlify serves a built site with the headers of netlify.toml, and /probe,
// a page that breaks what the test looks for, so that a blind test shows.
func onNetlify(t *testing.T, dir string) string {
	rules, files := readNetlify(t).Headers, http.FileServer(http.Dir(dir))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, rule := range rules {
			if prefix, all := strings.CutSuffix(rule.For, "*"); r.URL.Path == rule.For || all && strings.HasPrefix(r.URL.Path, prefix) {
				for k, v := range rule.Values {
					w.Header().Set(k, v)
				}
			}
		}
		if r.URL.Path == "/probe" {
			fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><title>x</title><script>1</script><pre>`, strings.Repeat("wide", 99), `</pre>`)
		} else if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(r.URL.Path))); err != nil {
			missing, _ := os.ReadFile(filepath.Join(dir, "404.html"))
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, "%s", missing)
		} else {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// chromium starts the browser with one tab, 360 pixels wide. told gives what the
// pages complained about since it was last asked; a missing page's 404 is wanted.
func chromium(t *testing.T) (ctx context.Context, told func() string) {
	if _, err := exec.LookPath("chromium"); err != nil {
		told := map[bool]func(...any){true: t.Fatal, false: t.Skip}[os.Getenv("CI") == "true"]
		told("chromium is not installed; type: apt-get install chromium")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath("chromium"), chromedp.Headless, chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir())}
	for _, f := range []string{"disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(f, true))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	mu, complaints := sync.Mutex{}, ""
	err := chromedp.Listen(ctx, func(event any) {
		_, bad := event.(*runtime.EventExceptionThrown)
		switch e := event.(type) {
		case *log.EventEntryAdded: // violations of the policy come here
			bad = (e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning) && !strings.HasSuffix(e.Entry.URL, "/no/such/page")
		case *runtime.EventConsoleAPICalled:
			bad = e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning
		}
		if text, _ := json.Marshal(event); bad {
			mu.Lock()
			complaints += string(text) + "\n"
			mu.Unlock()
		}
	})
	if err := errors.Join(err, chromedp.Do(ctx, chromedp.EmulateViewport(360, 740))); err != nil {
		t.Fatal(err)
	}
	return ctx, func() (c string) { mu.Lock(); defer mu.Unlock(); c, complaints = complaints, ""; return c }
}

// overflow opens what is folded and gives how far the page scrolls sideways.
const overflow = `document.querySelectorAll("details").forEach((d) => { d.open = true; }),
	innerWidth === 360 ? document.documentElement.scrollWidth - document.documentElement.clientWidth : -innerWidth`

// copies presses every copy button and gives what was copied wrongly, after
// the number of listings that had prompts to leave out.
const copies = `(async () => {
	let got, consoles = 0, wrong = [];
	navigator.clipboard.writeText = async (text) => { got = text; };
	for (const l of document.querySelectorAll(".listing")) {
		const text = l.querySelector("pre > code").textContent, button = l.querySelector("button.copy"), prompts = "prompts" in l.dataset;
		got = "";
		if (button) { button.click(); await null; }
		const want = text.split("\n").filter((line) => line.startsWith("$ ")).map((line) => line.slice(2) + "\n").join("");
		if (!got.trim() || prompts && got !== want) wrong.push(text + " was copied as: " + got);
		consoles += prompts;
	}
	return [String(consoles), ...wrong];
})()`

func TestBrowser(t *testing.T) {
	ctx, told := chromium(t)
	out := filepath.Join(t.TempDir(), "public")
	if code := cli.Run(t.Context(), []string{"build", "--source", "../content", "--out", out}, cli.Terminal{Out: t.Output(), Err: t.Output()}); code != cli.ExitFine {
		t.Fatal("the site was not built: exit code", code)
	}
	root, tutorial := onNetlify(t, out), "/containers_on_bcp/"
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	quiet := func(what string) {
		t.Helper()
		if wide, c := look[int](ctx, t, overflow), told(); wide != 0 || c != "" {
			t.Errorf("%s scrolls sideways by %d pixels at a width of 360; complaints: %s", what, wide, c)
		}
	}

	do(chromedp.Navigate(root + "/probe"))
	if wide, c := look[int](ctx, t, overflow), told(); wide <= 0 || !strings.Contains(c, "Content Security Policy") {
		t.Errorf("the probe is too wide by %d, and complains: %s", wide, c)
	}

	kinds, consoles := map[string]bool{}, false
	for name := range snapshot(t, out) {
		path, isPage := strings.CutSuffix(filepath.ToSlash(strings.TrimPrefix(name, out)), "index.html")
		if path == "/404.html" {
			path, isPage = "/no/such/page", true
		}
		if isPage {
			do(chromedp.Navigate(root + path))
			kinds[look[string](ctx, t, "document.documentElement.dataset.kind || 'page'")] = true
			got := look[[]string](ctx, t, copies)
			if consoles = consoles || got[0] != "0"; len(got) > 1 {
				t.Errorf("%s: %q", path, got[1:])
			}
			quiet(path)
		}
	}
	if !kinds["home"] || !kinds["page"] || !kinds["search"] || !kinds["missing"] || !consoles {
		t.Errorf("not all kinds of pages were looked at: %v; a console listing: %t", kinds, consoles)
	}

	do(chromedp.Navigate(root + tutorial))
	seen := map[string]bool{}
	for _, want := range []string{"light", "dark"} {
		do(chromedp.Click(chromedp.CSS("button.theme")), chromedp.Reload())
		theme, colour := look[string](ctx, t, `document.documentElement.dataset.theme || "none"`), look[string](ctx, t, "getComputedStyle(document.body).backgroundColor")
		if theme != want || seen[colour] {
			t.Errorf("after a click and a reload the theme is %s on %s, want %s", theme, colour, want)
		}
		seen[colour] = true
		quiet(want)
	}

	hit := chromedp.CSS(`.results a[href*="containers_on_bcp/"][href*="highlight=constraints"]`)
	do(chromedp.Navigate(root+"/search/?q=constraints"), chromedp.WaitVisible(hit))
	do(chromedp.Navigate(root), chromedp.SendKeys(chromedp.CSS(".find input"), "constraints"), chromedp.WaitVisible(hit))
	quiet("the list of results")
	do(chromedp.Click(hit), chromedp.WaitReady(chromedp.CSS("article mark")))
	if at := look[string](ctx, t, `location.pathname + document.querySelector("article mark")?.textContent`); !strings.EqualFold(at, tutorial+"constraints") {
		t.Errorf("the hit leads to %s", at)
	}

	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(chromedp.Navigate(root + tutorial))
	text := look[string](ctx, t, `document.documentElement.className + document.querySelector("article").innerText`)
	if strings.HasPrefix(text, "js") || !strings.Contains(text, "docker build") || !strings.Contains(text, "FROM ") || !strings.Contains(text, "constraints") {
		t.Errorf("without scripts the tutorial says: %s", text)
	}
	links := look[int](ctx, t, `[...document.querySelectorAll("article a[href]")].filter((a) => a.checkVisibility() && a.textContent).length`)
	if nav := look[int](ctx, t, `document.querySelectorAll("nav a[href*='manual/']").length`); links < 10 || nav < 3 {
		t.Errorf("without scripts there are %d links in the text, %d to the manual", links, nav)
	}
	quiet("the tutorial without scripts")
}

func look[T any](ctx context.Context, t *testing.T, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}
