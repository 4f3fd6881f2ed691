package site

import (
	"path"
	"strings"
)

// A pyFile is an open file of the tree: its text.
type pyFile string

// pyPaths are the functions about names of files that settings are put
// together with, and os.path's names for them. Names are relative to the folder
// of conf.py, in which Sphinx runs it too; so abspath leaves them as they are.
var pyPaths = map[string]func(args []string) (string, bool){
	"join": func(args []string) (string, bool) {
		out := ""
		for _, a := range args {
			if strings.HasPrefix(a, "/") {
				out = a
			} else {
				out = path.Join(out, a)
			}
		}
		return out, len(args) > 0
	},
	"dirname": func(args []string) (string, bool) {
		if len(args) != 1 {
			return "", false
		}
		p := path.Clean(args[0])
		if p == "." || p == ".." || strings.HasSuffix(p, "/..") {
			return path.Join(p, ".."), true
		}
		return path.Dir(p), true
	},
	"basename": func(args []string) (string, bool) { return path.Base(strings.Join(args, "")), len(args) == 1 },
	"abspath":  cleanPath,
	"realpath": cleanPath,
	"normpath": cleanPath,
}

func cleanPath(args []string) (string, bool) {
	return path.Clean(strings.Join(args, "")), len(args) == 1
}

// pathAtom reads __file__, os.path.join(...) and its kin, and open(...). known
// is false where the name is none of these.
func (p *pyReader) pathAtom(name string, depth int) (v any, known bool, err error) {
	switch {
	case name == "__file__":
		return "conf.py", true, nil
	case name == "open" || (name == "io" || name == "codecs") && p.take(".open"):
		if p.blanks(); !p.take("(") || p.read == nil {
			return nil, false, nil
		}
		args, _, err := p.arguments(depth)
		if err != nil || len(args) == 0 {
			return nil, true, notLiteral{p.pos}
		}
		s, ok := args[0].(string)
		if !ok {
			return nil, true, notLiteral{p.pos}
		}
		text, ok := p.read(path.Clean(s))
		if !ok {
			return nil, true, notLiteral{p.pos}
		}
		return pyFile(text), true, nil
	case name == "os" && p.take(".path."):
		name = p.ident()
	case name == "os" && p.take(".getcwd()"):
		return ".", true, nil
	case name == "os" && (p.take(".path.pardir") || p.take(".pardir")):
		return "..", true, nil
	case name == "path" && strings.Contains(p.text, "from os import path") && p.take("."):
		name = p.ident()
	case !strings.Contains(p.text, "from os.path import"):
		return nil, false, nil
	}
	f := pyPaths[name]
	if f == nil || !p.take("(") {
		return nil, false, nil
	}
	args, named, err := p.arguments(depth)
	if err != nil || len(named) > 0 {
		return nil, true, notLiteral{p.pos}
	}
	texts := make([]string, len(args))
	for i, a := range args {
		s, ok := a.(string)
		if !ok {
			return nil, true, notLiteral{p.pos}
		}
		texts[i] = s
	}
	out, ok := f(texts)
	if !ok || tooLarge(len(out)) {
		return nil, true, notLiteral{p.pos}
	}
	return out, true, nil
}

// with reads `with open(name) as f:` and the assignments under it.
func (p *pyReader) with() bool {
	if p.blanks(); p.read == nil {
		return false
	}
	v, err := p.expr(0)
	file, ok := v.(pyFile)
	if err != nil || !ok {
		return false
	}
	if p.blanks(); p.ident() != "as" {
		return false
	}
	p.blanks()
	name := p.ident()
	if p.blanks(); name == "" || !p.take(":") {
		return false
	}
	var body []string
	_, rest, _ := strings.Cut(p.text[p.pos:], "\n")
	indent := rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
	for line := range strings.Lines(rest) {
		if text, inside := strings.CutPrefix(line, indent); inside && indent != "" {
			body = append(body, text)
		} else if strings.TrimSpace(line) != "" {
			break
		}
	}
	p.values[name] = file
	in := pyReader{text: strings.Join(body, ""), values: p.values, read: p.read}
	in.file()
	delete(p.values, name)
	for _, s := range in.skipped {
		p.skipped = append(p.skipped, skippedName{s.name, p.pos})
	}
	return true
}
