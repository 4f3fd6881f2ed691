package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docent/labs/report"
)

// What a run writes into its log, which --keep leaves, holds no secret.
func TestLogHoldsNoSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{log: f}
	b.masker.Store(report.NewMasker("hunter22-secret"))
	b.logf("engine")("login with hunter22-secret failed")
	f.Close()
	if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "hunter22") || !strings.Contains(string(text), "engine: login with ***") {
		t.Errorf("the log holds %q, %v", text, err)
	}
}
