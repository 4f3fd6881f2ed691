package run

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"docent/labs/engine"
	"docent/labs/report"
)

// askedEngine counts how often it is asked about each image.
type askedEngine struct {
	engine.Engine
	mu    sync.Mutex
	asked []string
}

func (e *askedEngine) Image(_ context.Context, ref string) (*engine.Image, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, ref)
	return &engine.Image{Ref: ref, ID: "sha256:" + ref, Size: int64(1000 * len(e.asked))}, nil
}

// Images are measured once for all steps; those that are removed, before they
// are; and those that a claim is about, when it is judged.
func TestImagesAreMeasuredOnce(t *testing.T) {
	deps := testDeps(t, "exit 0")
	asks := &askedEngine{Engine: deps.Engine}
	deps.Engine = asks
	claim := commands("claim", "docker run org.example/c:1")
	claim.Step.Opt.Asserts = []string{"size(c) > 1"}
	got := page(t, deps,
		commands("build", "docker build -t a:1 .", "docker build --tag=b:1 ."), commands("run", "docker run a:1", "docker run a:1", "docker images"),
		commands("more", "docker run a:1", "docker push b:1"))
	if want := []string{"a:1", "b:1"}; !slices.Equal(asks.asked, want) {
		t.Errorf("asked about %v, want %v", asks.asked, want)
	}
	if !slices.Contains(got["build"].Images, "a:1") {
		t.Errorf("the build's images: %v", got["build"].Images)
	}

	deps = testDeps(t, "exit 0")
	asks = &askedEngine{Engine: deps.Engine}
	deps.Engine = asks
	got = page(t, deps,
		commands("build", "docker build -t a:1 ."), commands("remove", "docker rmi a:1"),
		commands("again", "docker build -t a:1 ."), commands("tag", "docker tag a:1 d:1"), claim)
	if want := []string{"a:1", "org.example/c:1", "a:1", "d:1", "org.example/c:1"}; !slices.Equal(asks.asked, want) {
		t.Errorf("asked about %v, want %v", asks.asked, want)
	}
	if s := got["claim"]; s.Verdict != report.Passed {
		t.Error(fmt.Sprint(s.Verdict, s.Why))
	}
}
