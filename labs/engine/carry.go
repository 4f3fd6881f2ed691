package engine

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// A daemon that was running before the lab cannot be led through the lab's
// proxy. What it would fetch is therefore put into it under the real name before
// the command runs, and what it would push is carried to the run's registry.

// carry does that for one command line. done says that nothing is left to do.
func (e *docker) carry(ctx context.Context, c *commandLine, call Call) (done bool, exit int, err error) {
	switch c.verb {
	case "run", "create":
		if r, err := parseRun(c.rest); err == nil {
			_, err := e.provide(ctx, r.image)
			return false, 0, err
		}
	case "pull":
		if ref := lastWord(c.rest); ref != "" {
			ok, err := e.provide(ctx, ref)
			if err != nil || !ok {
				return false, -1, err
			}
			printPulled(call.Stdout, ref)
			return true, 0, nil
		}
	case "build":
		fs, err := parseBuild(c.rest)
		if err != nil || fs.NArg() != 1 {
			return false, 0, nil
		}
		file, _ := fs.GetString("file")
		path := buildFile(call.Dir, file, fs.Arg(0))
		for _, ref := range baseImages(path) {
			if _, err := e.provide(ctx, ref); err != nil {
				return false, -1, err
			}
		}
		with, err := e.bring(ctx, path)
		if err != nil {
			say(call.Stderr, "docker: %v", err)
			return true, 1, nil
		}
		if with != "" {
			c.rest = append([]string{"--file", with}, withoutFile(c.rest)...)
		}
	case "push":
		ref := lastWord(c.rest)
		if ref == "" {
			return false, 0, nil
		}
		img, err := e.Save(ctx, ref)
		if errors.Is(err, ErrNoImage) {
			return false, 0, nil // docker itself says so best
		}
		if err != nil {
			return false, -1, err
		}
		if err := e.opts.Source.Accept(ctx, ref, img); err != nil {
			say(call.Stderr, "%v", err)
			return true, 1, nil
		}
		return true, 0, printPushed(call.Stdout, ref, img)
	case "login", "logout":
		if c.verb == "login" {
			say(call.Stdout, "Login Succeeded")
		}
		return true, 0, nil
	}
	return false, 0, nil
}

// provide loads what the lab's network has for a name, unless this run did so
// before or built it.
func (e *docker) provide(ctx context.Context, ref string) (bool, error) {
	e.mu.Lock()
	_, had := e.loans[ref]
	e.mu.Unlock()
	if had {
		return true, nil
	}
	if img, err := e.Image(ctx, ref); err == nil && img.Labels[Label] == e.opts.RunID {
		return true, nil
	}
	img, ok, err := e.opts.Source.Provide(ctx, ref)
	if err != nil || !ok {
		return false, err
	}
	return true, e.Load(ctx, ref, img)
}

func lastWord(args []string) string {
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") {
		return ""
	}
	return args[len(args)-1]
}

// buildFile is the Dockerfile that a build reads.
func buildFile(dir, file, context string) string {
	abs := func(p string) string {
		if filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	if file != "" {
		return abs(file)
	}
	return filepath.Join(abs(context), "Dockerfile")
}

// baseImages lists the images that a Dockerfile starts from, without the stages
// it names itself. An unreadable file has none.
func baseImages(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	args := map[string]string{}
	stages := map[string]bool{"scratch": true}
	var refs []string
	text = bytes.ReplaceAll(text, []byte("\\\n"), nil)
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		expand := func(s string) string { return os.Expand(s, func(k string) string { return args[k] }) }
		var ref string
		switch strings.ToUpper(words[0]) {
		case "ARG":
			if k, v, ok := strings.Cut(words[1], "="); ok {
				args[k] = strings.Trim(v, `"'`)
			}
		case "FROM":
			for len(words) > 2 && strings.HasPrefix(words[1], "--") {
				words = append(words[:1], words[2:]...)
			}
			ref = expand(words[1])
			if len(words) == 4 && strings.EqualFold(words[2], "as") {
				if !stages[ref] {
					refs = append(refs, ref)
				}
				stages[words[3]] = true
				continue
			}
		case "COPY":
			if from, ok := strings.CutPrefix(words[1], "--from="); ok {
				ref = expand(from)
				if ref != "" && ref[0] >= '0' && ref[0] <= '9' && len(ref) < 3 {
					continue
				}
			}
		}
		if ref == "" || stages[ref] {
			continue
		}
		if _, err := name.ParseReference(ref); err == nil {
			refs = append(refs, ref)
		}
	}
	return refs
}

func printPulled(f *os.File, ref string) {
	say(f, "Status: Downloaded newer image for %s\n%s", ref, fullName(ref))
}

// fullName is a reference as docker prints it after a pull.
func fullName(ref string) string {
	r, err := name.ParseReference(ref)
	if err != nil {
		return ref
	}
	full := r.Name()
	if host := r.Context().RegistryStr(); host == name.DefaultRegistry {
		full = "docker.io" + strings.TrimPrefix(full, host)
	}
	return full
}
