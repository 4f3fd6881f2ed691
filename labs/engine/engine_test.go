package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"docent/labs/engine"
	"docent/labs/engine/enginetest"
	"docent/labs/network"
	"docent/labs/network/recipes"
)

const image = "nvcr.io/nvidia/cuda:12.4.1-base-ubuntu22.04"

// lacking skips a test for want of something, but fails it in CI, which is meant
// to have everything.
func lacking(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// lab starts a hermetic network in a scratch folder.
func lab(t *testing.T) (*network.Network, string) {
	t.Helper()
	if err := recipes.Ready(); err != nil {
		lacking(t, err)
	}
	scratch := t.TempDir()
	n, err := network.Start(t.Context(), network.Options{Scratch: scratch, RunID: "test", Hermetic: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n, scratch
}

func open(t *testing.T, name string, n *network.Network, scratch string) engine.Engine {
	t.Helper()
	e, err := engine.Open(t.Context(), engine.Options{
		Name: name, RunID: "contract-" + name, Scratch: scratch, Proxy: n.ProxyURL(), CACert: n.CACert(), Source: n, Private: true,
		Mounts: []string{filepath.Join(scratch, "work")}, Log: func(s string) { t.Log(s) },
	})
	var missing *engine.Missing
	if errors.As(err, &missing) {
		lacking(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	return e
}

func TestContract(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: starts real engines")
	}
	for _, name := range []string{"docker", "podman", "oci"} {
		t.Run(name, func(t *testing.T) {
			n, scratch := lab(t)
			enginetest.Run(t, enginetest.Bench{
				Open:   func(t *testing.T) (engine.Engine, string) { return open(t, name, n, scratch), scratch },
				Image:  image,
				Pushed: n.Pushed,
			})
		})
	}
}

func TestOpenRefusesNonsense(t *testing.T) {
	for _, o := range []engine.Options{
		{Name: "lxc", RunID: "a", Scratch: "/tmp/x"},
		{RunID: "no spaces", Scratch: "/tmp/x"},
		{RunID: "a", Scratch: "relative"},
	} {
		if _, err := engine.Open(t.Context(), o); err == nil {
			t.Errorf("opened %+v", o)
		}
	}
}

func TestSurveyNamesInstallCommands(t *testing.T) {
	for _, f := range engine.Survey(t.Context()) {
		if f.Name == "" || f.Detail == "" {
			t.Errorf("finding %+v says nothing", f)
		}
		t.Logf("%+v", f)
	}
}
