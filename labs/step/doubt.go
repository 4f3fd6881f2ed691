package step

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// doubtText looks at commands that nobody said are to be run, and that a lab
// would type on the host: what looks like a form to fill in, what changes the
// machine or reaches another one, and what waits for a person or never ends.
// Such a listing is unaccounted until a lab comment says what it is.
func (p *pageReader) doubtText(i int) {
	s := &p.steps[i]
	if s.Role != Run && s.Role != Transcript {
		return
	}
	facts := make([]facts, len(s.Commands))
	for j, c := range s.Commands {
		facts[j] = readFacts(c.Text)
	}
	defer func() {
		if s.Role.Runs() || s.Said {
			for j, f := range facts {
				if !s.Commands[j].Inside && !s.Opt.Alt {
					p.remember(f)
				}
			}
		}
	}()
	if p.notes[i].runs() || s.Session != Host {
		return
	}
	if why := p.context[i].choice(); why != "" {
		s.Role, s.Why, p.hints[i] = Unaccounted, why, "Say `alt` if it changes nothing for others, `run`, or `example`."
		return
	}
	doubt := func(why, hint string) {
		s.Role, s.Why, p.hints[i] = Unaccounted, why, hint
	}
	for j, f := range facts {
		c := s.Commands[j]
		if why := f.form(); why != "" {
			doubt(why, "Say `example`; or `run` if it is meant as it stands; or give the value with `lab-page: values=`.")
			return
		}
		if c.Inside {
			continue // a container is thrown away, and has variables of its own
		}
		if name := p.unset(f); name != "" {
			doubt(fmt.Sprintf("it uses ${%s}, which no command before it sets", name), fmt.Sprintf("Set it on the page, or with `lab-page: values=\"%s=...\"`; or say `example`.", name))
			return
		}
		if f.downloadsAndRuns {
			doubt("it runs what it downloads", "Say `run` or `example`.")
			return
		}
		for _, call := range f.calls {
			if call.words[0] == "ngc" || p.cluster && (call.words[0] == "kubectl" || call.words[0] == "helm") {
				continue // labs play it, or the page made it
			}
			if why, hint := hazard(call); why != "" {
				doubt(why, hint)
				return
			}
		}
		p.remember(f)
	}
}

var someReaders = regexp.MustCompile(`(?i)^(?:alternatively|otherwise|or,? )|\bif you (?:do not|don't|have no|are on|are using|use|prefer|already have|run into)\b|\bif you're (?:on|using)\b|\b(?:on|for|under) (?:windows|macos|mac os|a mac)\b|\b(?:windows|mac|macos) users\b`)

// choice says why a listing may be for some readers only, or "".
func (c *context) choice() string {
	if c.tab != "" {
		return "it stands in the tab `" + cut(c.tab, 30) + "`, and a reader follows one tab only"
	}
	if m := someReaders.FindString(lastSentence(c.nearer)); m != "" {
		return fmt.Sprintf("it may be for some readers only: the text before it says %q", strings.TrimSpace(m))
	}
	return ""
}

// runs reports whether a lab comment shows that its author means the listing
// to be run: it says so, or it holds a key that only a run has.
func (a *annotation) runs() bool {
	if a.role == Run || a.role == Transcript {
		return true
	}
	for _, k := range []string{"in", "alt", "background", "cleanup", "exit", "timeout", "needs", "match", "within", "ready", "save", "assert", "cpu", "label"} {
		if _, ok := a.set[k]; ok {
			return true
		}
	}
	return false
}

// remember keeps what later listings may use.
func (p *pageReader) remember(f facts) {
	if p.sets == nil {
		p.sets = map[string]bool{}
	}
	for _, n := range f.sets {
		p.sets[n] = true
	}
	p.sourced = p.sourced || f.sources
	for _, c := range f.calls {
		if slices.Contains([]string{"kind", "minikube", "k3d", "k3s"}, c.words[0]) {
			p.cluster = true
		}
		if slices.Contains([]string{"mkdir", "touch", "tee", "cp", "mv"}, c.words[0]) {
			for _, w := range c.words[1:] {
				p.sets[w] = true // a name that the page itself gives
			}
		}
	}
}

// unset gives a variable that the commands need and that nothing sets.
func (p *pageReader) unset(f facts) string {
	if p.sourced || f.sources {
		return ""
	}
	for _, name := range f.uses {
		if _, ok := p.values[name]; ok || p.sets[name] || slices.Contains(f.sets, name) || slices.Contains(given, name) {
			continue
		}
		if slices.ContainsFunc(p.notes, func(a annotation) bool {
			return slices.ContainsFunc(a.opt.Saves, func(s Save) bool { return s.Name == name })
		}) {
			continue
		}
		return name
	}
	return ""
}

// given are variables that a shell or its user has, whether a page sets them
// or not.
var given = strings.Fields(`HOME USER LOGNAME PATH PWD OLDPWD SHELL LANG LC_ALL TERM HOSTNAME HOSTTYPE OSTYPE UID EUID GROUPS PPID
	RANDOM SECONDS LINENO BASHPID BASH_VERSION BASH_SOURCE SHLVL IFS TMPDIR EDITOR DISPLAY COLUMNS LINES REPLY PIPESTATUS FUNCNAME
	LD_LIBRARY_PATH LIBRARY_PATH CPATH PYTHONPATH MANPATH PKG_CONFIG_PATH CFLAGS CXXFLAGS LDFLAGS VIRTUAL_ENV XDG_RUNTIME_DIR
	XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME`)

// facts are what the text of a command says about itself.
type facts struct {
	calls   []call
	sets    []string // variables that it gives a value
	uses    []string // variables that it needs
	values  []string // what it assigns
	sources bool     // it reads another file's commands: anything may be set after it
	// downloadsAndRuns: curl ... | sh.
	downloadsAndRuns bool
}

// A call is one simple command of a text.
type call struct {
	words      []string
	quoted     []bool // the word is quoted, at least in part
	background bool
	writes     []string // files that it redirects to
}

func readFacts(text string) (f facts) {
	if len(text) > maxShell {
		return f
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return f
	}
	background := map[*syntax.CallExpr]bool{}
	writes := map[*syntax.CallExpr][]string{}
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Stmt:
			if c, ok := n.Cmd.(*syntax.CallExpr); ok {
				background[c] = n.Background
				for _, r := range n.Redirs {
					if r.Word != nil && (r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrAll || r.Op == syntax.AppAll || r.Op == syntax.RdrClob) {
						writes[c] = append(writes[c], wordText(r.Word))
					}
				}
			}
		case *syntax.CallExpr:
			for _, a := range n.Assigns {
				f.assign(a)
			}
			if len(n.Args) > 0 {
				f.call(n, background[n], writes[n])
			}
		case *syntax.DeclClause:
			for _, a := range n.Args {
				f.assign(a)
			}
		case *syntax.ForClause:
			if w, ok := n.Loop.(*syntax.WordIter); ok && w.Name != nil {
				f.sets = append(f.sets, w.Name.Value)
			}
		case *syntax.FuncDecl:
			return true
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				f.downloadsAndRuns = f.downloadsAndRuns || fetches(n.X) && isShell(n.Y)
			}
		case *syntax.ParamExp:
			name := ""
			if n.Param != nil {
				name = n.Param.Value
			}
			if identifier(name) && n.Exp == nil && !slices.Contains(f.sets, name) && !slices.Contains(f.uses, name) {
				f.uses = append(f.uses, name)
			}
		}
		return true
	})
	return f
}

func identifier(s string) bool {
	return s != "" && (s[0] == '_' || s[0] >= 'A' && s[0] <= 'Z' || s[0] >= 'a' && s[0] <= 'z')
}

func (f *facts) assign(a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	if a.Naked {
		return // export NAME: it gives no value
	}
	if a.Value != nil {
		f.values = append(f.values, wordText(a.Value))
		// export PATH=$PATH:/x needs no PATH.
	}
	f.sets = append(f.sets, a.Name.Value)
}

func (f *facts) call(n *syntax.CallExpr, background bool, writes []string) {
	c := call{background: background, writes: writes}
	for _, w := range n.Args {
		c.words = append(c.words, wordText(w))
		c.quoted = append(c.quoted, slices.ContainsFunc(w.Parts, func(p syntax.WordPart) bool {
			switch p.(type) {
			case *syntax.SglQuoted, *syntax.DblQuoted:
				return true
			}
			return false
		}))
	}
	switch c.words[0] {
	case "source", ".", "eval", "module", "conda", "mamba", "spack":
		f.sources = true
	case "read", "mapfile", "readarray", "getopts", "printf", "let":
		f.sets = append(f.sets, c.words[1:]...)
	}
	f.calls = append(f.calls, c)
}

// fetches and isShell look at the two sides of a pipe.
func fetches(s *syntax.Stmt) bool {
	c, ok := s.Cmd.(*syntax.CallExpr)
	return ok && len(c.Args) > 0 && slices.Contains([]string{"curl", "wget"}, wordText(c.Args[0]))
}

func isShell(s *syntax.Stmt) bool {
	c, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(c.Args) == 0 {
		return false
	}
	for _, a := range c.Args {
		w := wordText(a)
		switch w[strings.LastIndexByte(w, '/')+1:] {
		case "sudo", "env", "-E":
			continue
		case "sh", "bash", "zsh", "python", "python3", "perl":
			return true
		}
		return false
	}
	return false
}

var (
	// softRE finds words that stand for a value of the reader's.
	softRE = []*regexp.Regexp{
		regexp.MustCompile(`(?i)(?:^|[^a-z])(your|my)[-_. ]?(?:own[-_. ])?(?:api|app|access|auth|secret|personal|private|github|gitlab|docker|hf|ngc|openai)?[-_. ]?(?:key|token|secret|password|passwd|user|username|name|id|email|host|hostname|server|domain|ip|org|team|project|bucket|account|region|image|repo|message)s?\b`),
		regexp.MustCompile(`(?:^|[^A-Za-z])(?:YOUR|your)[-_ .A-Z]|(?:^|[^A-Za-z])your [a-z]`),
		regexp.MustCompile(`(?i)\b(?:change[-_]?me|replace[-_]?(?:me|this|with)|fix[-_]?me|placeholder|insert[-_ ]\w+|todo|(?:put|paste|enter)[-_ ]\w+[-_ ](?:here|\w+[-_ ]here))\b`),
		regexp.MustCompile(`(?:^|[=:/@_.-])(?:x{3,}|X{3,}|\.{3}|…|\*{3,})(?:$|[^A-Za-z0-9])`),
		regexp.MustCompile(`(?:^|[^A-Za-z0-9])(?:[XYZN]\.[XYZN](?:\.[XYZN])?|[vV]?\d+\.(?:\d+\.)*[xX]|[Xx]\.[Yy](?:\.[Zz])?)(?:$|[^A-Za-z0-9])`),
		regexp.MustCompile(`(?:^|[=:@"'])/?path/to(?:/|$)|/path/to/`),
		regexp.MustCompile(`(?i)(?:^|[/:@])user-?name(?:$|[@/:])|^user@|@host(?:name)?(?:$|[:/])`),
		regexp.MustCompile(`(?i)(?:^|[@/.])example\.(?:com|org|net|edu)(?:$|[/:?"'])`),
		regexp.MustCompile(`https?://\S*(?:\{[A-Za-z_][\w-]*\}|/:[a-z_]\w*|\*)`),
		regexp.MustCompile(`(?i)^(?:user(?:name)?|login|admin):(?:pass(?:word|wd)?|secret|token)(?:@|$)`),
		regexp.MustCompile(`^/dev/(?:sd|nvme|hd|disk)[XxNn]`),
	}
	reference = regexp.MustCompile(`\$\{\w+\}`)
	braceRE   = regexp.MustCompile(`(?:^|[^${])\{[A-Za-z_][\w -]*\}`)
	boxRE     = regexp.MustCompile(`^\[[a-z][a-z_-]{2,}\]?$`)
	capsRE    = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*$`)
)

// form says what makes it a form to fill in, or "".
func (f *facts) form() string {
	soft := func(w string) string {
		w = reference.ReplaceAllString(w, "") // whether a variable is set is another question
		for _, re := range softRE {
			if m := strings.TrimSpace(re.FindString(w)); m != "" {
				return fmt.Sprintf("`%s` may stand for a value of the reader's", cut(w, 40))
			}
		}
		return ""
	}
	for _, v := range f.values {
		if why := soft(v); why != "" {
			return why
		}
	}
	for _, c := range f.calls {
		for i, w := range c.words {
			if why := soft(w); why != "" {
				return why
			}
			if i == 0 || c.quoted[i] {
				continue
			}
			if m := braceRE.FindString(w); m != "" && !strings.Contains(w, "{{") {
				return fmt.Sprintf("`%s` may stand for a value of the reader's", cut(w, 40))
			}
			if boxRE.MatchString(w) && c.words[0] != "[" && c.words[0] != "test" {
				return fmt.Sprintf("`%s` may be an optional part", cut(w, 40))
			}
			if name := c.capital(i); name != "" {
				return fmt.Sprintf("`%s` may stand for a value of the reader's", cut(name, 40))
			}
		}
	}
	return ""
}

// known are words in capitals that are meant as they stand.
var known = strings.Fields(`README LICENSE COPYING CHANGELOG NOTICE TODO HEAD GET POST PUT DELETE PATCH OPTIONS HUP INT KILL TERM QUIT USR1 USR2
	STOP CONT ALRM CHLD EXIT ERR RETURN ON OFF YES NO TRUE FALSE NULL NONE ALL DEBUG INFO WARN WARNING ERROR TRACE UTC GMT MIT JSON CSV XML ASCII
	HTTP HTTPS TCP UDP PASS FAIL A B C D`)

// capital gives a word in capitals that stands for a value: docker stop ID,
// --name=NAME, USER@HOST.
func (c *call) capital(i int) string {
	w := c.words[i]
	before := c.words[i-1]
	switch c.words[0] {
	case "echo", "printf", "unset", "export", "read", "printenv", "env", "declare", "test", "[", "grep", "egrep", "fgrep", "awk", "sed", "tr", "trap", "set", "shopt", "cat", "touch", "mkdir", "cd", "ls":
		return ""
	}
	if slices.Contains([]string{"-X", "--request", "-e", "--env", "--build-arg", "--cap-add", "--cap-drop", "-s", "--signal", "-D", "-U", "-I"}, before) {
		return ""
	}
	if name, v, ok := strings.Cut(w, "="); ok {
		if !strings.HasPrefix(name, "-") || slices.Contains([]string{"--cap-add", "--cap-drop", "--signal", "--build-arg", "--env", "--request"}, name) {
			return "" // NAME=VALUE of make, cmake and others
		}
		w = v
	}
	if strings.Contains(w, "://") {
		return "" // an address may hold a name in capitals
	}
	image := c.words[0] == "docker" || c.words[0] == "podman" // whose images have names in small letters
	for part := range strings.FieldsFuncSeq(w, func(r rune) bool { return r == '@' || r == ':' || r == '/' && image }) {
		if len(part) > 1 && capsRE.MatchString(part) && !slices.Contains(known, part) && !strings.HasPrefix(part, "SIG") && strings.ContainsAny(part, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			return part
		}
	}
	return ""
}
