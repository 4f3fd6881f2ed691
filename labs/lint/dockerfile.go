package lint

import (
	"errors"
	"path"
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"docent/generator/doc"
	"docent/labs/step"
)

// dockerfile reports what BuildKit's own linter would say. Its parser carries
// out the rules about single instructions; those that look at a whole stage
// stand in BuildKit's compiler, which needs a daemon's worth of packages, and
// are carried out here under BuildKit's names and words.
func (f *finder) dockerfile() {
	text := f.s.Text
	if f.s.Partial {
		return // a part of a file need not stand by itself
	}
	ast, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		f.broken(err)
		return
	}
	l := linter.New(&linter.Config{Warn: f.warn})
	for _, w := range ast.Warnings {
		l.Run(&linter.RuleNoEmptyContinuation, location(w.Location), linter.RuleNoEmptyContinuation.Format())
	}
	stages, args, err := instructions.Parse(ast.AST, l)
	if err != nil {
		f.broken(err)
		return
	}
	casing(ast.AST, l)
	checkStages(stages, args, l)
}

func location(r *parser.Range) []parser.Range {
	if r == nil {
		return nil
	}
	return []parser.Range{*r}
}

// warn is called by the linter for each finding.
func (f *finder) warn(rule, _, _, message string, loc []parser.Range) {
	line, length := 0, 1
	if len(loc) > 0 {
		line = max(0, loc[0].Start.Line-1)
		length = len(strings.TrimRight(lineOf(f.s.Text, line), " \t"))
	}
	f.report(doc.Warning, "dockerfile-"+kebab(rule), line, 0, length, strings.TrimSuffix(message, ".")+".", "See https://docs.docker.com/reference/build-checks/"+kebab(rule)+"/.")
}

// broken reports a Dockerfile that no build can read.
func (f *finder) broken(err error) {
	line := 0
	var at *parser.LocationError
	if errors.As(err, &at) && len(at.Locations) > 0 && len(at.Locations[0]) > 0 {
		line = max(0, at.Locations[0][0].Start.Line-1)
	}
	sev := doc.Error
	if f.s.Role != step.File {
		sev = doc.Warning // nobody builds it
	}
	f.report(sev, "dockerfile-syntax", line, 0, len(lineOf(f.s.Text, line)), "This Dockerfile cannot be built: "+strings.TrimSuffix(err.Error(), ".")+".", "")
}

func lineOf(text string, n int) string {
	lines := strings.Split(text, "\n")
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

var capitals = regexp.MustCompile(`([a-z])([A-Z])|([A-Z]+)([A-Z][a-z])`)

// kebab writes a rule's name as its address in Docker's manual does.
func kebab(rule string) string {
	return strings.ToLower(capitals.ReplaceAllString(rule, "$1$3-$2$4"))
}

// casing: instructions are written all in capitals or all in small letters.
func casing(ast *parser.Node, l *linter.Linter) {
	upper, lower := 0, 0
	for _, n := range ast.Children {
		if n.Value == strings.ToUpper(n.Value) {
			upper++
		} else {
			lower++
		}
	}
	for _, n := range ast.Children {
		isUpper, isLower := n.Value == strings.ToUpper(n.Value), n.Value == strings.ToLower(n.Value)
		majority := "lowercase"
		if upper >= lower {
			majority = "uppercase"
		}
		if majority == "uppercase" && !isUpper || majority == "lowercase" && !isLower {
			l.Run(&linter.RuleConsistentInstructionCasing, n.Location(), linter.RuleConsistentInstructionCasing.Format(n.Value, majority))
		}
	}
}

var (
	secretRE = regexp.MustCompile(`(?i)(?:^|_)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)`)
	publicRE = regexp.MustCompile(`(?i)(?:^|_)public(?:_|$)`)
	legacyRE = regexp.MustCompile(`^(?i:ENV|LABEL)\s+[^=\s]+\s+\S`)
	absolute = regexp.MustCompile(`^(?:/|[A-Za-z]:|\$)`)
)

// checkStages carries out the rules that need a whole stage.
func checkStages(stages []instructions.Stage, args []instructions.ArgCommand, l *linter.Linter) {
	global := map[string]bool{"TARGETPLATFORM": true, "TARGETOS": true, "TARGETARCH": true, "TARGETVARIANT": true, "BUILDPLATFORM": true, "BUILDOS": true, "BUILDARCH": true, "BUILDVARIANT": true, "TARGETSTAGE": true}
	for _, a := range args {
		for _, kv := range a.Args {
			global[kv.Key] = true
			secret(l, a.Location(), "ARG", kv.Key)
		}
	}
	names := map[string]bool{}
	for i := range stages {
		s := &stages[i]
		for _, m := range variableRE.FindAllStringSubmatch(s.BaseName, -1) {
			if !global[m[1]] && !strings.Contains(m[0], ":-") {
				l.Run(&linter.RuleUndefinedArgInFrom, s.Location, linter.RuleUndefinedArgInFrom.Format(s.BaseName, ""))
			}
		}
		if s.Name != "" {
			if names[s.Name] {
				l.Run(&linter.RuleDuplicateStageName, s.Location, linter.RuleDuplicateStageName.Format(s.Name))
			}
			names[s.Name] = true
		}
		checkStage(s, names, l)
	}
}

var variableRE = regexp.MustCompile(`\$\{?([A-Za-z_]\w*)(?::-[^}]*)?\}?`)

func checkStage(s *instructions.Stage, names map[string]bool, l *linter.Linter) {
	workdir := names[s.BaseName] // the stage below may have set one
	only := map[string]bool{}
	once := func(name string, loc []parser.Range) {
		if only[name] {
			l.Run(&linter.RuleMultipleInstructionsDisallowed, loc, linter.RuleMultipleInstructionsDisallowed.Format(name))
		}
		only[name] = true
	}
	for _, c := range s.Commands {
		switch c := c.(type) {
		case *instructions.WorkdirCommand:
			if !workdir && !absolute.MatchString(path.Clean(c.Path)) {
				l.Run(&linter.RuleWorkdirRelativePath, c.Location(), linter.RuleWorkdirRelativePath.Format(c.Path))
			}
			workdir = workdir || absolute.MatchString(c.Path)
		case *instructions.CmdCommand:
			once("CMD", c.Location())
			shellForm(l, c.Location(), "CMD", c.PrependShell)
		case *instructions.EntrypointCommand:
			once("ENTRYPOINT", c.Location())
			shellForm(l, c.Location(), "ENTRYPOINT", c.PrependShell)
		case *instructions.HealthCheckCommand:
			once("HEALTHCHECK", c.Location())
		case *instructions.EnvCommand:
			legacy(l, c.Location(), command.Env, c.String())
			for _, kv := range c.Env {
				secret(l, c.Location(), "ENV", kv.Key)
			}
		case *instructions.ArgCommand:
			for _, kv := range c.Args {
				secret(l, c.Location(), "ARG", kv.Key)
			}
		}
	}
}

func shellForm(l *linter.Linter, loc []parser.Range, name string, shell bool) {
	if shell {
		l.Run(&linter.RuleJSONArgsRecommended, loc, linter.RuleJSONArgsRecommended.Format(name))
	}
}

func secret(l *linter.Linter, loc []parser.Range, instruction, key string) {
	if secretRE.MatchString(key) && !publicRE.MatchString(key) {
		l.Run(&linter.RuleSecretsUsedInArgOrEnv, loc, linter.RuleSecretsUsedInArgOrEnv.Format(instruction, key))
	}
}

func legacy(l *linter.Linter, loc []parser.Range, name, text string) {
	if legacyRE.MatchString(text) {
		l.Run(&linter.RuleLegacyKeyValueFormat, loc, linter.RuleLegacyKeyValueFormat.Format(strings.ToUpper(name)))
	}
}
