package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

type netlifyFile struct {
	Build struct {
		Command, Publish string
		Environment      map[string]string
	}
	Headers []struct {
		For    string
		Values map[string]string
	}
	Redirects []struct {
		From, To string
		Status   int
	}
}

func readNetlify(t *testing.T) (file netlifyFile) {
	t.Helper()
	if _, err := toml.DecodeFile("../netlify.toml", &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestNetlifyFile(t *testing.T) {
	f := readNetlify(t)
	if f.Build.Publish != "public" || !strings.Contains(f.Build.Command, "./generator build") ||
		!strings.Contains(f.Build.Command, "CGO_ENABLED=0") || !strings.Contains(f.Build.Command, "--out public") {
		t.Errorf("build: %+v", f.Build)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if v := f.Build.Environment["GO_VERSION"]; v == "" || !regexp.MustCompile(`(?m)^go `+regexp.QuoteMeta(v)+`(\.\d+)?$`).Match(mod) {
		t.Errorf("GO_VERSION %q is not that of go.mod", v)
	}
	values := map[string]map[string]string{}
	for _, h := range f.Headers {
		values[h.For] = h.Values
	}
	all := values["/*"]
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "Strict-Transport-Security": "max-age=63072000",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "strict-origin", "Permissions-Policy": "camera=()"} {
		if !strings.Contains(all[name], want) {
			t.Errorf("%s is %q, want %q in it", name, all[name], want)
		}
	}
	csp := all["Content-Security-Policy"]
	for _, bad := range []string{"unsafe-inline", "unsafe-eval", "*", "http:"} {
		if strings.Contains(csp, bad) {
			t.Errorf("the policy allows %s", bad)
		}
	}
	for _, want := range []string{"script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %s", want)
		}
	}
	if c := values["/_assets/*"]["Cache-Control"]; !strings.Contains(c, "immutable") || !strings.Contains(c, "max-age=31536000") {
		t.Errorf("assets are cached as %q", c)
	}
	if len(f.Redirects) == 0 || f.Redirects[len(f.Redirects)-1].To != "/404.html" || f.Redirects[len(f.Redirects)-1].Status != 404 {
		t.Errorf("redirects: %+v", f.Redirects)
	}
}

// What the policy forbids a page: style and handlers in attributes, scripts
// and styles without an address, and addresses of other sites for both.
var forbidden = map[string]*regexp.Regexp{
	"a style attribute":     regexp.MustCompile(`(?i)<[a-z](?:[^>"]|"[^"]*")*?\sstyle\s*=`),
	"a style element":       regexp.MustCompile(`(?i)<style[\s>]`),
	"a script without src":  regexp.MustCompile(`(?i)<script(?:\s+(?:defer|async|type="[^"]*"))*\s*>`),
	"an event handler":      regexp.MustCompile(`(?i)<[a-z](?:[^>"]|"[^"]*")*?\son[a-z]+\s*=`),
	"a javascript: address": regexp.MustCompile(`(?i)(?:href|src|action)="\s*javascript:`),
	"another site's script": regexp.MustCompile(`(?i)<script[^>]*src="(?:https?:)?//`),
	"another site's style":  regexp.MustCompile(`(?i)<link[^>]*rel="stylesheet"[^>]*href="(?:https?:)?//`),
	"a base element":        regexp.MustCompile(`(?i)<base[\s>]`),
	"a frame":               regexp.MustCompile(`(?i)<i?frame[\s>]`),
}

// TestEveryPageObeysThePolicy builds every kind of page, with content that
// tries to get around it.
func TestEveryPageObeysThePolicy(t *testing.T) {
	src := pages(t, "index.rst", `Home
====

.. toctree::

   lab
   md

.. index:: term

.. math:: a^2 + \frac{b}{c}

.. list-table::
   :widths: 20 80
   :header-rows: 1

   * - a
     - b
   * - c
     - d

.. image:: p.svg
   :width: 50%
   :height: 30px

.. raw:: html

   <script>alert(1)</script><b onclick="x()" style="color:red">

`+"`link <javascript:alert(1)>`_\n", "lab.rst", "Lab\n===\n\n.. code-block:: bash\n   :linenos:\n   :emphasize-lines: 1\n\n   export ORG='<script>'\n",
		"md.md", "# Md\n\n<script>alert(1)</script>\n\n<b onclick=\"x\" style=\"y\">b</b>\n\n| a | b |\n| :-- | --: |\n| 1 | 2 |\n\n[x](javascript:alert(1))\n\n- [x] done\n",
		"p.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	out := filepath.Join(t.TempDir(), "public")
	call(t, "build", "--source", src, "--out", out, "--reports", "../labs/reports")
	kinds := map[string]bool{}
	for name, text := range snapshot(t, out) {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		if m := regexp.MustCompile(`data-kind="([a-z]+)"`).FindStringSubmatch(text); m != nil {
			kinds[m[1]] = true
		} else {
			kinds["page"] = true
		}
		// JSON-LD is data: no policy stops it, and TestBrowser sees that.
		text = strings.ReplaceAll(text, `<script type="application/ld+json">`, "<data>")
		for what, re := range forbidden {
			if m := re.FindString(text); m != "" {
				t.Errorf("%s holds %s: %s", name, what, m)
			}
		}
	}
	for _, k := range []string{"home", "page", "search", "wide", "missing"} {
		if !kinds[k] {
			t.Errorf("no page of the kind %s was built; there are %v", k, kinds)
		}
	}
	if _, err := os.Stat(filepath.Join(out, "p.svg")); err == nil {
		t.Error("a picture with a script was published")
	}
}
