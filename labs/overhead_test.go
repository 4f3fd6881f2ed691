package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"docent/labs/engine"
	"docent/labs/network"
	"docent/labs/report"
)

// What the page of the benchmark types, in order.
var benchCommands = []string{
	"docker pull nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04",
	"docker build -t nvcr.io/org/bench:1 .",
	"docker run --rm nvcr.io/org/bench:1 sh -c 'sha256sum /work | cut -c1-8'",
	"docker run --rm nvcr.io/org/bench:1 sh -c 'gzip -c /work | wc -c'",
	"docker push nvcr.io/org/bench:1",
	"docker rmi nvcr.io/org/bench:1",
	"docker pull nvcr.io/org/bench:1",
	"docker images",
}

const benchDockerfile = `FROM nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04
RUN seq 6000000 > /work
RUN gzip -k9 /work && sha256sum /work.gz
`

// BenchmarkColdRun runs the same docker commands bare and as a page's listings,
// each on an engine of its own that has nothing yet, in turns.
//
//   - "page/commands" is what the page took over what the commands took that it
//     handed to the engine, in the same run: what labs adds.
//   - "labs/bare" is what the page took over what the commands took bare, in a
//     run of their own: the same, with all the noise between two runs.
//   - "whole/bare" counts the start and the end of the engine and the network in.
func BenchmarkColdRun(b *testing.B) {
	for _, name := range []string{"docker", "podman"} {
		b.Run(name, func(b *testing.B) {
			var bare, page, whole, commands time.Duration
			for i := range b.N {
				if i%2 == 0 {
					bare += bareRun(b, name)
				}
				p, w, c := pageRun(b, name)
				page, whole, commands = page+p, whole+w, commands+c
				if i%2 == 1 {
					bare += bareRun(b, name)
				}
			}
			b.ReportMetric(bare.Seconds()/float64(b.N), "bare-s")
			b.ReportMetric(page.Seconds()/float64(b.N), "labs-s")
			b.ReportMetric(float64(page)/float64(commands), "page/commands")
			b.ReportMetric(float64(page)/float64(bare), "labs/bare")
			b.ReportMetric(float64(whole)/float64(bare), "whole/bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// timed is an engine that adds up how long the commands take that a page hands
// to it.
type timed struct {
	engine.Engine
	sum atomic.Int64
}

func (t *timed) Docker(ctx context.Context, call engine.Call) (int, error) {
	began := time.Now()
	defer func() { t.sum.Add(int64(time.Since(began))) }()
	return t.Engine.Docker(ctx, call)
}

// bareRun times the commands on an engine without a page around them: typed
// into the engine's own program where that can be, which is with docker.
func bareRun(b *testing.B, name string) time.Duration {
	b.Helper()
	scratch := benchFolder(b)
	n, err := network.Start(b.Context(), network.Options{Scratch: scratch, Hermetic: true})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	e, err := engine.Open(b.Context(), engine.Options{Name: name, RunID: "bare", Scratch: scratch, Proxy: n.ProxyURL(), CACert: n.CACert(), Private: true})
	var missing *engine.Missing
	if errors.As(err, &missing) {
		b.Skip(err)
	} else if err != nil {
		b.Fatal(err)
	}
	defer e.Close(context.Background())
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	if err := os.WriteFile(filepath.Join(scratch, "Dockerfile"), []byte(benchDockerfile), 0o644); err != nil {
		b.Fatal(err)
	}
	started := time.Now()
	for _, line := range benchCommands {
		if d, ok := e.(interface{ Host() string }); ok {
			cmd := exec.Command("bash", "-c", line)
			cmd.Dir, cmd.Env = scratch, append(os.Environ(), "DOCKER_HOST="+d.Host(), "DOCKER_BUILDKIT=1", "SSL_CERT_FILE="+n.CACert(),
				"PATH=/usr/bin:/usr/sbin:"+os.Getenv("PATH")) // one with BuildKit in it, where there are two
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%s: %v\n%s", line, err, out)
			}
			continue
		}
		args := strings.Fields(line)[1:]
		if _, script, ok := strings.Cut(line, " -c '"); ok {
			args = append(args[:len(args)-len(strings.Fields(script))], strings.TrimSuffix(script, "'"))
		}
		exit, err := e.Docker(b.Context(), engine.Call{Args: args, Dir: scratch, Stdout: null, Stderr: null})
		if err != nil || exit != 0 {
			b.Fatalf("%s: exit %d, %v", line, exit, err)
		}
	}
	return time.Since(started)
}

// pageRun times the same commands as the listings of a page.
func pageRun(b *testing.B, name string) (page, whole, commands time.Duration) {
	b.Helper()
	content := benchFolder(b)
	var text strings.Builder
	text.WriteString("Bench\n=====\n\n:download:`Dockerfile`\n")
	for _, line := range benchCommands {
		text.WriteString("\n.. lab: run match=none\n\n.. code-block:: shell\n\n   " + line + "\n")
	}
	for file, data := range map[string]string{"page.rst": text.String(), "Dockerfile": benchDockerfile} {
		if err := os.WriteFile(filepath.Join(content, file), []byte(data), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	pages, err := lessons(content, nil)
	if err != nil || len(pages) != 1 {
		b.Fatalf("%d pages, %v", len(pages), err)
	}
	o := verifyOptions{source: content, engine: name, platform: "local", baseURL: defaultBaseURL, hermetic: true, noCache: true, jobs: 1, timeout: 5 * time.Minute}
	watch := &timed{}
	o.wrap = func(e engine.Engine) engine.Engine { watch.Engine = e; return watch }
	started := time.Now()
	reports, err := o.run(b.Context(), pages, newView(io.Discard, io.Discard, true))
	whole = time.Since(started)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range reports[0].Steps {
		if !s.Verdict.OK() {
			b.Fatalf("%s: %s %s\n%s", s.Command, s.Verdict, s.Why, s.Output)
		}
	}
	return duration(reports[0]), whole, time.Duration(watch.sum.Load())
}

func duration(p report.Page) time.Duration { return time.Duration(p.Duration) * time.Millisecond }

// benchFolder is a folder whose path is short enough for sockets.
func benchFolder(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("/tmp", "dl")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
