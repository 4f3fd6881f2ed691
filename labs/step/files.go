package step

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	fileNameRE = regexp.MustCompile(`^(?:\./)?(?:[\w-][\w.-]*/)*(?:[\w-][\w.-]*\.[A-Za-z][A-Za-z0-9]{0,9}|(?:Dockerfile|Containerfile|Makefile|Procfile|Vagrantfile|Jenkinsfile|Snakefile)(?:[.-][\w.-]+)?|\.(?:env|gitignore|dockerignore|npmrc|condarc|editorconfig)(?:\.\w+)?)$`)
	makesFile  = regexp.MustCompile(`(?i)\b(?:creat(?:e|ing)|writ(?:e|ing)|sav(?:e|ing)|stor(?:e|ing)|mak(?:e|ing) (?:a|an|the|this|one)\b[^.]*?\b(?:file|script|module|program)|put (?:this|it|that|the following|these lines)|new file)\b`)
	editsFile  = regexp.MustCompile(`(?i)\b(add|append|edit|chang(?:e|es|ed|ing)|modif(?:y|ies|ied)|updat(?:e|es|ed|ing)|replac(?:e|es|ed|ing)|extend|insert|excerpt|part of|the end of|the top of|near|similar|remove|delete|uncomment|overrid\w+|open)\b`)
	comesAfter = regexp.MustCompile(`(?i)^(?:now,? )?(?:save|store|write|put) (?:it|this|that|the (?:file|script|above|listing|code))\b`)
	nameLineRE = regexp.MustCompile(`^\s*(?:#|//|--|;|<!--)\s*(?:file(?:name)?:\s*)?(\S+?)\s*(?:-->)?\s*$`)
	elisionRE  = regexp.MustCompile(`(?m)^\s*(?:#|//|--|;|/\*)?\s*(?:\[?(?:\.\.\.|…)\]?)(?:\s.*)?$`)
	formFileRE = regexp.MustCompile(`<[Yy]our[^>]*>|<YOUR[^>]*>|\b(?:YOUR|your)[_-][A-Za-z]|(?i:\bchange_?me\b)`)
)

// A namedFile is a file name that the page gives a listing, and how.
type namedFile struct {
	name, why string
	// sure is false where the name alone does not say that the reader makes
	// the file: then a command of the page must use it.
	sure bool
}

// fileByName looks whether the page says that a listing without a role is the
// content of a file that the reader makes: in the prose before it or after it,
// in its caption, or in a comment on its first line.
func (p *pageReader) fileByName(i int) {
	s := &p.steps[i]
	lang := strings.ToLower(s.Language)
	if s.Role != Unaccounted || s.Said || s.FileFrom != "" || slices.Contains(markup, lang) && lang != "html" && lang != "xml" && lang != "css" {
		return
	}
	lines := splitLines(s.Text)
	if slices.Contains(shells, lang) && !strings.HasPrefix(s.Text, "#!") || firstPrompt(lines, lang) >= 0 {
		return // shell that was doubted stays doubted
	}
	c := p.context[i]
	var f namedFile
	switch {
	case fileNameRE.MatchString(s.Caption):
		f = namedFile{s.Caption, "its caption names the file, and a command uses it", false}
	case len(c.literals) == 1 && makesFile.MatchString(c.nearer) && !editsFile.MatchString(c.nearer):
		f = namedFile{c.literals[0], "the prose before it says that the reader makes the file", true}
	case len(c.after) > 0 && comesAfter.MatchString(c.afterText):
		f = namedFile{c.after[0], "the prose after it says under which name the reader saves it", true}
	default:
		if m := nameLineRE.FindStringSubmatch(lines[0]); m != nil && fileNameRE.MatchString(m[1]) {
			f = namedFile{m[1], "its first line names the file, and a command uses it", false}
		}
	}
	if f.name == "" || !f.sure && !p.usesFile(f.name) {
		return
	}
	switch {
	case elisionRE.MatchString(s.Text):
		s.Why = "it is the file `" + f.name + "`, but it leaves something out"
		p.hints[i] = "Show the whole file, or say `example`."
	case formFileRE.MatchString(s.Text):
		s.Why = "it is the file `" + f.name + "`, but it has a placeholder, `" + formFileRE.FindString(s.Text) + "`"
		p.hints[i] = "Say `example`, or `file name=" + f.name + "` if it is meant as it stands."
	default:
		s.Role, s.File, s.Why = File, path.Clean(f.name), f.why
		s.Images = fromImages(s.Text)
		p.hints[i] = ""
	}
}

// implied are files that a command reads without naming them.
var implied = map[string][]string{
	"Makefile": {"make"}, "CMakeLists.txt": {"cmake"}, "package.json": {"npm", "yarn", "pnpm"}, "requirements.txt": {},
	"pyproject.toml": {"pip", "pip3", "uv"}, "setup.py": {"pip", "pip3", "python", "python3"}, "go.mod": {"go"}, "Cargo.toml": {"cargo"},
	"docker-compose.yml": {"docker", "docker-compose"}, "docker-compose.yaml": {"docker", "docker-compose"}, "compose.yml": {"docker"}, "compose.yaml": {"docker"},
}

// usesFile reports whether a command of the page that runs uses a file.
func (p *pageReader) usesFile(name string) bool {
	name = path.Clean(name)
	for i := range p.steps {
		if !p.steps[i].Role.Runs() {
			continue
		}
		for _, call := range p.calls[i] {
			if file, ok := buildFile(call); ok && file == name {
				return true
			}
			if by, ok := implied[name]; ok && slices.Contains(by, call[0]) && (call[0] != "docker" || slices.Contains(call, "compose")) {
				return true
			}
			for _, w := range call[1:] {
				for part := range strings.FieldsFuncSeq(w, func(r rune) bool { return r == '=' || r == ':' || r == ',' || r == '@' }) {
					if path.Clean(part) == name {
						return true
					}
				}
			}
			if path.Clean(call[0]) == name {
				return true
			}
		}
	}
	return false
}
