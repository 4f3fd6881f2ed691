package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// calm is how long nothing may be saved before pages run again: editors write
// a file in several goes.
const calm = 300 * time.Millisecond

// watch runs pages, and again those that an edit touched: the page itself, a
// file that it shows, or one that it offers. It ends when ctx does.
func watch(ctx context.Context, o verifyOptions, args []string, stdout, stderr io.Writer) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching the pages: %w", err)
	}
	defer w.Close()
	pages, err := lessons(o.source, args)
	if err != nil {
		return err
	}
	roots := []string{o.source}
	for _, l := range pages {
		if !slices.Contains(roots, l.root) {
			roots = append(roots, l.root)
		}
	}
	for _, root := range roots {
		if err := watchTree(w, root); err != nil {
			return err
		}
	}
	run := args
	for {
		// What is wrong has been said; the author mends it and saves.
		var f *fault
		if err := verify(ctx, o, run, stdout, stderr); err != nil && !errors.As(err, &f) {
			return err
		} else if err != nil && f.code != exitFault {
			if text := err.Error(); text != "" && f.code != exitUsage {
				return err
			} else if text != "" {
				fmt.Fprintf(stderr, "labs: %s\n", text)
			}
		}
		if ctx.Err() != nil {
			return &fault{exitInterrupted, errors.New("")}
		}
		fmt.Fprintln(stdout, "Waiting for a change. Stop with Ctrl-C.")
		for {
			changed, err := nextChange(ctx, w)
			if err != nil {
				return err
			}
			if run = touched(o.source, args, changed, stderr); len(run) > 0 {
				fmt.Fprintf(stdout, "\nChanged: %s\n", strings.Join(changed, ", "))
				break
			}
		}
	}
}

// watchTree watches all folders below one.
func watchTree(w *fsnotify.Watcher, root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if err := w.Add(path); err != nil {
			return fmt.Errorf("watching %s: %w", path, err)
		}
		return nil
	})
}

// nextChange waits until files have changed and then been left alone.
func nextChange(ctx context.Context, w *fsnotify.Watcher) (changed []string, err error) {
	var quiet <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, &fault{exitInterrupted, errors.New("")}
		case err := <-w.Errors:
			return nil, fmt.Errorf("watching the pages: %w", err)
		case e := <-w.Events:
			base := filepath.Base(e.Name)
			if e.Op == fsnotify.Chmod || strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") {
				continue
			}
			if e.Op.Has(fsnotify.Create) {
				watchTree(w, e.Name) // a new folder; a file is refused, and seen by its folder
			}
			if !slices.Contains(changed, e.Name) {
				changed = append(changed, e.Name)
			}
			quiet = time.After(calm)
		case <-quiet:
			return changed, nil
		}
	}
}

// touched gives the pages, as arguments, that files belong to.
func touched(source string, args, changed []string, stderr io.Writer) []string {
	pages, err := lessons(source, args)
	if err != nil {
		fmt.Fprintf(stderr, "labs: %v\n", err)
		return nil
	}
	var out []string
	for _, l := range pages {
		names := []string{l.doc.Name()}
		for _, d := range l.doc.Deps {
			names = append(names, d.Name)
		}
		for _, d := range l.downloads {
			names = append(names, d.From)
		}
		if slices.ContainsFunc(changed, func(file string) bool {
			return slices.ContainsFunc(names, func(n string) bool { return same(file, filepath.Join(l.root, filepath.FromSlash(n))) })
		}) {
			out = append(out, filepath.Join(l.root, filepath.FromSlash(l.doc.Name())))
		}
	}
	return out
}

func same(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && a == b
}
