package main

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"docent/generator/doc"
	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/network"
	"docent/labs/network/recipes"
	"docent/labs/report"
	"docent/labs/snapshot"
	"docent/labs/step"
)

// cacheFormat changes when what an entry means does.
const cacheFormat = "2"

// A cache keeps the evidence of pages that passed: one in which nothing has
// changed that any of its steps had to do with is not run again. Where a part has,
// pasts help.
type cache struct {
	dir  string
	base string // digest of what all pages of this run have to do with
	read bool
	age  time.Duration
	now  func() time.Time
	ask  func(ctx context.Context, ref string) string // the digest that an image has outside now; "" if it cannot be had
}

// A kept page is one entry.
type kept struct {
	When   time.Time         `json:"when"`
	Page   report.Page       `json:"page"`
	Files  map[string]string `json:"files"`            // that the run was served from this machine: path -> digest
	Images map[string]string `json:"images,omitempty"` // that the outside was asked for: reference -> digest, "" if it could not be had
}

// openCache opens the cache for a run with these options. It is nil where no
// evidence may be taken from it or put into it.
func openCache(ctx context.Context, o verifyOptions) *cache {
	if o.platform == "live" || o.saveImages != "" || o.keep || o.record {
		return nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil // no folder, no cache
	}
	c := &cache{dir: filepath.Join(dir, "docent", "verified"), read: !o.noCache, age: o.maxAge, now: time.Now}
	c.ask = network.Digest
	if c.base, err = surroundings(ctx, o); err != nil {
		return nil // the run itself says what is wrong
	}
	return c
}

// surroundings is the digest of what every page of a run has to do with: labs
// itself, the engine, the recipes, this machine, and how the run is done.
func surroundings(ctx context.Context, o verifyOptions) (string, error) {
	h := sha256.New()
	add := func(what string, value any) { fmt.Fprintf(h, "%s=%v\x00", what, value) }
	add("format", cacheFormat)
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for _, program := range []string{self, filepath.Join(filepath.Dir(self), "generator")} {
		add("program", programID(program))
	}
	which, err := engine.Choose(ctx, o.engine)
	add("engine", which.Detail)
	add("no engine", err)
	for _, r := range recipes.All() {
		add("recipe "+r.Name, r.Digest())
	}
	devices, err := gpu.Devices(ctx)
	add("gpus", devices)
	add("no gpu", err)
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		add("kernel", unix.ByteSliceToString(u.Release[:]))
	}
	add("machine", fmt.Sprint(runtime.GOARCH, runtime.NumCPU()))
	for _, file := range []string{"/etc/os-release", "/var/lib/dpkg/status"} { // the programs a session may find
		if info, err := os.Stat(file); err == nil {
			add(file, fmt.Sprint(info.Size(), info.ModTime().UnixNano()))
		}
	}
	m, err := network.OpenMirror("", nil)
	if err != nil {
		return "", err
	}
	for _, file := range []string{m.IndexFile(), filepath.Join(o.source, mirrorFile)} {
		d, err := snapshot.Digest(file)
		add("mirror", fmt.Sprint(d, errors.Is(err, os.ErrNotExist)))
	}
	add("hermetic", o.hermetic)
	add("timeout", o.timeout)
	add("base-url", o.baseURL)
	if o.layout != "" {
		index := o.layout
		if info, err := os.Stat(index); err == nil && info.IsDir() {
			index = filepath.Join(index, "index.json") // it names all else by digest
		}
		d, err := snapshot.Digest(index)
		if err != nil {
			return "", err
		}
		add("layout", d)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// programID tells one build of a program from another: the linker's build id,
// which follows from all that went in.
func programID(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return "none"
	}
	defer f.Close()
	if s := f.Section(".note.go.buildid"); s != nil {
		if data, err := s.Data(); err == nil {
			return hex.EncodeToString(data)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return "none"
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}

// key is the name of a page's entry: the digest of the surroundings and of all
// that the page says to a lab. Where a listing stands in its file is no part of
// it, so that an edit of the prose changes nothing.
func (c *cache) key(l *lesson) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", c.base, l.doc.Name())
	enc := json.NewEncoder(h)
	for _, s := range l.steps {
		if err := enc.Encode(placeless(s)); err != nil {
			return "", err
		}
	}
	if err := enc.Encode(l.environment()); err != nil { // only its digest is kept
		return "", err
	}
	for _, d := range l.downloads {
		digest, err := snapshot.Digest(filepath.Join(l.root, filepath.FromSlash(d.From)))
		if err != nil {
			digest = "absent"
		}
		fmt.Fprintf(h, "%s %s %s\x00", d.Name, d.From, digest)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// placeless is a step without where it stands.
func placeless(s step.Step) step.Step {
	s.Source, s.Pos, s.Line, s.Col, s.Place = nil, doc.Pos{}, 0, 0, ""
	s.Body, s.BodyLine, s.BodyCol = nil, 0, 0
	cmds := make([]step.Command, len(s.Commands))
	for i, cmd := range s.Commands {
		cmd.Line, cmd.Col = 0, 0
		cmds[i] = cmd
	}
	s.Commands = cmds
	return s
}

func (c *cache) path(key string) string { return filepath.Join(c.dir, key+".json") }

// find gives the evidence of a page, if an earlier run made it, every step
// passed or was skipped for the same reasons, and nothing has changed since.
func (c *cache) find(ctx context.Context, l *lesson) (*report.Page, bool) {
	if c == nil || !c.read {
		return nil, false
	}
	key, err := c.key(l)
	if err != nil {
		return nil, false
	}
	text, err := os.ReadFile(c.path(key))
	if err != nil {
		return nil, false
	}
	var k kept
	if json.Unmarshal(text, &k) != nil || c.now().Sub(k.When) > c.age || len(k.Page.Steps) != len(l.steps) {
		return nil, false
	}
	for path, want := range k.Files {
		if got, err := snapshot.Digest(path); err != nil || got != want {
			return nil, false
		}
	}
	if !c.alike(ctx, k.Images) {
		return nil, false
	}
	when := k.Page.Started
	k.Page.Title = l.title
	for i := range k.Page.Steps {
		s := &k.Page.Steps[i]
		if s.Line, s.Place, s.File = l.steps[i].Line, l.steps[i].Place, ""; s.Cached == nil {
			s.Cached = &when
		}
		if src := l.steps[i].Source; src != nil && src.Name != l.doc.Name() {
			s.File = src.Name
		}
	}
	return &k.Page, true
}

// alike says whether images are outside what they were, or cannot be had now
// either.
func (c *cache) alike(ctx context.Context, images map[string]string) bool {
	changed := make(chan bool, len(images))
	for ref, want := range images {
		go func() {
			now := c.ask(ctx, ref)
			changed <- now != "" && now != want
		}()
	}
	same := true
	for range images {
		same = same && !<-changed
	}
	return same
}

// keep stores the evidence of a page that passed. served are the files of this
// machine that the run was served, asked the images that it asked the outside for.
func (c *cache) keep(l *lesson, page report.Page, served []string, asked map[string]string) error {
	if c == nil {
		return nil
	}
	for _, s := range page.Steps {
		if !s.Verdict.OK() && s.Verdict != report.Skipped {
			return nil
		}
	}
	key, err := c.key(l)
	if err != nil {
		return err
	}
	when := c.now().UTC()
	for _, s := range page.Steps {
		if s.Cached != nil && s.Cached.Before(when) {
			when = *s.Cached // the age of a page is that of its oldest step
		}
	}
	k := kept{When: when, Page: page, Files: map[string]string{}, Images: asked}
	for _, path := range served {
		abs, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		if k.Files[abs], err = snapshot.Digest(abs); errors.Is(err, os.ErrNotExist) {
			return nil // it was made and removed while the page ran
		} else if err != nil {
			return err
		}
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	c.prune()
	tmp, err := os.CreateTemp(c.dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), c.path(key))
}

// keptFor is how long an entry is of any use.
const keptFor = 30 * 24 * time.Hour

// prune drops entries that are too old for any run.
func (c *cache) prune() {
	entries, _ := os.ReadDir(c.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && c.now().Sub(info.ModTime()) > keptFor {
			os.Remove(filepath.Join(c.dir, e.Name()))
		}
	}
}
