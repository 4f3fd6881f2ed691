package step

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// maxShell bounds the bytes of a listing that are read as shell.
const maxShell = 256 << 10

// A grade says how sure it is that a line is a command somebody types.
type grade int

const (
	weak   grade = iota // it parses, but so does a sentence
	medium              // an unknown word with options
	strong              // a command that is known
)

// A typed is a command line as found in a listing: whole lines, comments
// left out.
type typed struct {
	text  string
	line  int // 0-based, in the listing
	end   int // last line
	grade grade
	calls [][]string // the words of each simple command in it, variables as written
	note  string     // the comment lines right before it
	why   string     // what makes it weak
	stmts []*syntax.Stmt
}

// parseShell splits text into the commands that a reader types one after the
// other. Commands on one line are one. The error is the parser's.
func parseShell(text string) ([]typed, error) {
	if len(text) > maxShell {
		return nil, errors.New("it is too long for a list of commands")
	}
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("it holds a zero byte")
	}
	file, err := syntax.NewParser(syntax.KeepComments(true), syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(text, "\n")
	known := map[string]bool{}
	syntax.Walk(file, func(n syntax.Node) bool {
		if f, ok := n.(*syntax.FuncDecl); ok && f.Name != nil {
			known[f.Name.Value] = true
		}
		return true
	})
	var out []typed
	for _, s := range file.Stmts {
		first, last := int(s.Pos().Line())-1, lastLine(s, lines)
		last = min(max(last, first), len(lines)-1)
		if n := len(out); n > 0 && out[n-1].end >= first {
			t := &out[n-1]
			t.end = max(t.end, last)
			t.stmts = append(t.stmts, s)
			continue
		}
		t := typed{line: first, end: last, stmts: []*syntax.Stmt{s}}
		from := 0
		if n := len(out); n > 0 {
			from = out[n-1].end + 1
		}
		for i := from; i < first; i++ {
			if c, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), "#"); ok {
				t.note += strings.TrimSpace(c) + "\n"
			}
		}
		out = append(out, t)
	}
	for i := range out {
		t := &out[i]
		t.text = strings.TrimRight(strings.Join(lines[t.line:t.end+1], "\n"), " \t\r\n")
		t.text = strings.TrimLeft(t.text, " \t")
		t.grade = strong
		for _, s := range t.stmts {
			t.judge(s, known)
		}
	}
	return out, nil
}

// lastLine is the 0-based line where a statement ends, here-documents and
// their closing words included.
func lastLine(s *syntax.Stmt, lines []string) int {
	last := int(s.End().Line()) - 1
	syntax.Walk(s, func(n syntax.Node) bool {
		r, ok := n.(*syntax.Redirect)
		if !ok || r.Op != syntax.Hdoc && r.Op != syntax.DashHdoc || r.Word == nil {
			return true
		}
		word := r.Word.Lit()
		if word == "" && len(r.Word.Parts) == 1 {
			switch q := r.Word.Parts[0].(type) {
			case *syntax.SglQuoted:
				word = q.Value
			case *syntax.DblQuoted:
				if len(q.Parts) == 1 {
					if l, ok := q.Parts[0].(*syntax.Lit); ok {
						word = l.Value
					}
				}
			}
		}
		for i := max(last, int(r.OpPos.Line())); i < len(lines); i++ {
			line := lines[i]
			if r.Op == syntax.DashHdoc {
				line = strings.TrimLeft(line, "\t")
			}
			if strings.TrimRight(line, "\r") == word {
				last = max(last, i)
				break
			}
		}
		return true
	})
	return last
}

// incomplete reports whether a reader who typed this would get a
// continuation prompt.
func incomplete(text string) bool {
	if strings.HasSuffix(strings.TrimRight(text, "\n"), "\\") {
		return true
	}
	if len(text) > maxShell {
		return false
	}
	_, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text+"\n"), "")
	return err != nil && (syntax.IsIncomplete(err) || strings.Contains(err.Error(), "unclosed here-document"))
}

// judge grades the simple commands of a statement.
func (t *typed) judge(s *syntax.Stmt, known map[string]bool) {
	lower := func(g grade, why string) {
		if g < t.grade {
			t.grade, t.why = g, why
		}
	}
	if s.Cmd == nil {
		lower(weak, "a redirection alone")
	}
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) == 0 {
				return true // assignments
			}
			call := make([]string, len(n.Args))
			for i, w := range n.Args {
				call[i] = wordText(w)
			}
			t.calls = append(t.calls, call)
			if known[call[0]] {
				return true
			}
			g, why := gradeCall(call)
			lower(g, why)
		case *syntax.DeclClause:
			call := []string{n.Variant.Value}
			bare := 0
			for _, a := range n.Args {
				if a.Naked && a.Name != nil {
					bare++
				}
			}
			t.calls = append(t.calls, call)
			if bare > 1 {
				lower(weak, "`"+n.Variant.Value+"` followed by words")
			}
		case *syntax.ArithmCmd, *syntax.LetClause, *syntax.Subshell, *syntax.CoprocClause:
			lower(medium, "")
		}
		return true
	})
}

// wordText is a word as a reader sees it, without its quotes where it has
// nothing but text in them.
func wordText(w *syntax.Word) string {
	var b strings.Builder
	var part func(p syntax.WordPart)
	part = func(p syntax.WordPart) {
		switch p := p.(type) {
		case *syntax.Lit:
			b.WriteString(p.Value)
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			for _, q := range p.Parts {
				part(q)
			}
		case *syntax.ParamExp:
			if p.Param != nil {
				b.WriteString("${" + p.Param.Value + "}")
			}
		default:
			b.WriteString("$()")
		}
	}
	for _, p := range w.Parts {
		part(p)
	}
	return b.String()
}

var (
	commandRE = regexp.MustCompile(`^[a-z][a-z0-9_.+-]*$`)
	pathRE    = regexp.MustCompile(`^(\.{1,2}|~|\$\{?\w+\}?)?/?([\w.+@-]+/)*[\w.+@-]+$`)
	optionRE  = regexp.MustCompile(`^--?[A-Za-z][\w-]*(=.*)?$`)
)

// gradeCall grades one simple command by its words.
func gradeCall(call []string) (grade, string) {
	name, args := call[0], call[1:]
	if last := call[len(call)-1]; len(args) >= 3 && strings.HasSuffix(last, ".") && len(last) > 1 && !strings.HasSuffix(last, "..") &&
		!slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") }) {
		return weak, "it ends like a sentence"
	}
	if subs, ok := subcommands[name]; ok {
		if len(args) == 0 || strings.HasPrefix(args[0], "-") || slices.Contains(subs, args[0]) {
			return strong, ""
		}
		return weak, "`" + name + "` has no command `" + args[0] + "`"
	}
	signs := slices.ContainsFunc(args, func(a string) bool { return strings.ContainsAny(a, "-/.$~*=0123456789{}@:%+") || a == "" })
	switch {
	case slices.Contains(english, name):
		if len(args) == 0 || signs {
			return strong, ""
		}
		return weak, "`" + name + "` may be a word of a sentence"
	case slices.Contains(commands, name):
		if len(args) >= 4 && !signs && !slices.Contains(talkative, name) {
			return weak, "it reads like a sentence"
		}
		return strong, ""
	case strings.Contains(name, "/") && pathRE.MatchString(name):
		return strong, ""
	case commandRE.MatchString(name) && slices.ContainsFunc(args, optionRE.MatchString):
		return medium, ""
	case strings.HasPrefix(name, "${env}:"):
		return weak, "it is PowerShell"
	case strings.HasPrefix(name, "${"):
		return medium, ""
	}
	return weak, "`" + cut(name, 40) + "` is not a command that is known"
}

// subcommands are those of programs that do nothing without one.
var subcommands = map[string][]string{
	"docker":    docker,
	"podman":    append([]string{"generate", "healthcheck", "init", "kube", "machine", "mount", "play", "pod", "quadlet", "secret", "unmount", "unshare", "untag"}, docker...),
	"nerdctl":   docker,
	"ngc":       {"ace", "audit", "base-command", "batch", "config", "data-mover", "dataset", "diag", "fleet-command", "org", "pym", "quick-start", "registry", "result", "team", "user", "version", "workspace"},
	"labs":      {"bless", "clean", "completion", "doctor", "help", "list", "mirror", "shell", "verify", "version"},
	"generator": {"build", "check", "completion", "help", "inspect", "new", "serve", "version"},
	"git":       {"add", "am", "apply", "archive", "bisect", "blame", "branch", "checkout", "cherry-pick", "clean", "clone", "commit", "config", "describe", "diff", "fetch", "grep", "init", "lfs", "log", "ls-files", "merge", "mv", "pull", "push", "rebase", "remote", "reset", "restore", "revert", "rm", "show", "stash", "status", "submodule", "switch", "tag", "worktree"},
	"pip":       pip,
	"pip3":      pip,
	"conda":     {"activate", "clean", "config", "create", "deactivate", "env", "info", "init", "install", "list", "remove", "run", "search", "update", "upgrade"},
	"kubectl":   {"annotate", "apply", "attach", "auth", "autoscale", "cluster-info", "config", "cordon", "cp", "create", "debug", "delete", "describe", "drain", "edit", "exec", "explain", "expose", "get", "label", "logs", "patch", "port-forward", "proxy", "replace", "rollout", "run", "scale", "set", "taint", "top", "uncordon", "version", "wait"},
	"helm":      {"create", "dependency", "env", "get", "history", "install", "lint", "list", "package", "pull", "push", "repo", "rollback", "search", "show", "status", "template", "test", "uninstall", "upgrade", "version"},
	"apt":       apt,
	"apt-get":   apt,
	"dnf":       apt,
	"yum":       apt,
	"apk":       {"add", "del", "update", "upgrade", "info", "search"},
	"go":        {"build", "clean", "doc", "env", "fix", "fmt", "generate", "get", "help", "install", "list", "mod", "run", "test", "tool", "version", "vet", "work"},
	"cargo":     {"add", "bench", "build", "check", "clean", "clippy", "doc", "fmt", "init", "install", "new", "run", "test", "update"},
	"npm":       {"ci", "exec", "init", "install", "run", "start", "test", "update", "view"},
	"module":    {"avail", "list", "load", "purge", "show", "spider", "swap", "unload", "use"},
}

var (
	docker = []string{"attach", "build", "builder", "buildx", "commit", "compose", "container", "context", "cp", "create", "diff", "events", "exec", "export", "history", "image", "images", "import", "info", "inspect", "kill", "load", "login", "logout", "logs", "manifest", "network", "pause", "plugin", "port", "ps", "pull", "push", "rename", "restart", "rm", "rmi", "run", "save", "scout", "search", "service", "stack", "start", "stats", "stop", "swarm", "system", "tag", "top", "trust", "unpause", "update", "version", "volume", "wait"}
	pip    = []string{"cache", "check", "config", "debug", "download", "freeze", "hash", "help", "index", "inspect", "install", "list", "search", "show", "uninstall", "wheel"}
	apt    = []string{"autoclean", "autoremove", "build-dep", "clean", "dist-upgrade", "download", "full-upgrade", "install", "list", "makecache", "purge", "remove", "search", "show", "source", "update", "upgrade"}
)

// commands are programs and builtins whose names are no words of English.
var commands = strings.Fields(`
	. : [ alias apptainer awk base64 basename bash bg bzip2 cat cd chgrp chmod chown clear cmake cmp command cp crictl
	ctest cuda-gdb cuobjdump curl cython dd debootstrap declare df diff dirname dmesg docker-compose dpkg du echo egrep
	enroot env eval exec export fgrep fg g++ gawk gcc gdb getent getopts gh glxinfo gpg grep gsutil gunzip gzip head
	hostname htop id ifconfig ip ipython java javac journalctl jq jupyter ldconfig ldd ln local locale ls lsblk lscpu
	lsmod lspci lsof make md5sum mkdir mktemp modprobe mount mpirun mv nano nbody-cpu nc ncu netstat nm node nproc nsys
	numactl nvcc nvidia-ctk nvidia-ctl nvidia-smi objdump openssl passwd patchelf pgrep pidof ping pip-compile pkill
	popd printenv printf ps pushd pwd pytest python python2 python3 realpath rm rmdir rsync sbatch scancel scontrol scp
	screen sed seq sh sha256sum shopt singularity sinfo skopeo sleep source squeue srun ssh ssh-keygen strace stat su
	sudo systemctl tail tar tee tmux torchrun touch tox tr tree trap true false uname unalias uniq unset unzip uv useradd
	vi vim wc wget whoami xargs xz zcat zip zsh umount ulimit umask usermod virtualenv yq zstd gcloud aws az accelerate
	crane dig nslookup perl ruby rustc make ninja meson tput sudoedit`)

// talkative commands take any number of plain words.
var talkative = []string{"echo", "printf", "grep", "egrep", "fgrep"}

// english are commands that also start sentences: a plain word after them
// decides nothing.
var english = strings.Fields(`cut date file find host install join kill last less link more paste read set sort split
	start stop test time timeout top type wait watch which who w yes write look nice expand shift return exit history
	hash help jobs let logout dirs disown builtin break continue at batch column comm fold units users`)

// opens reports whether a command gives the reader another shell to type in.
// sure is false where that depends on the image: it names no command to run.
func opens(call []string) (yes, sure bool) {
	if len(call) > 0 && (call[0] == "sudo" || call[0] == "winpty") {
		call = call[1:]
	}
	if len(call) < 3 || call[0] != "docker" && call[0] != "podman" && call[0] != "nerdctl" {
		return false, false
	}
	args := call[1:]
	if args[0] == "container" {
		args = args[1:]
	}
	if args[0] != "run" && args[0] != "exec" {
		return false, false
	}
	flags, rest := dockerFlags(args[1:])
	if !flags.tty || !flags.stdin || flags.detach || len(rest) == 0 {
		return false, false
	}
	if len(rest) == 1 {
		return args[0] == "run" && !flags.entry, false
	}
	return startsShell(rest[1:]), true
}

// startsShell reports whether the words start a shell that reads what is
// typed.
func startsShell(words []string) bool {
	name := words[0][strings.LastIndexByte(words[0], '/')+1:]
	if !slices.Contains([]string{"bash", "sh", "zsh", "ash", "dash", "ksh", "fish"}, name) {
		return false
	}
	for _, w := range words[1:] {
		if !slices.Contains([]string{"-l", "-i", "-il", "-li", "--login", "-x", "--norc", "--noprofile"}, w) {
			return false
		}
	}
	return true
}

type runFlags struct{ stdin, tty, detach, entry, gpus, publish bool }

// dockerFlags takes the options of docker run or exec off its words.
func dockerFlags(words []string) (f runFlags, rest []string) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if !strings.HasPrefix(w, "-") || w == "-" {
			return f, words[i:]
		}
		if w == "--" {
			return f, words[i+1:]
		}
		name, _, eq := strings.Cut(w, "=")
		switch name {
		case "--interactive":
			f.stdin = true
			continue
		case "--tty":
			f.tty = true
			continue
		case "--detach":
			f.detach = true
			continue
		case "--rm", "--init", "--privileged", "--read-only", "--no-healthcheck", "--oom-kill-disable",
			"--sig-proxy", "--disable-content-trust", "--quiet", "--help":
			continue
		case "--gpus":
			f.gpus = true
		case "--publish", "--publish-all":
			f.publish = true
		case "--entrypoint":
			f.entry = true
		}
		if strings.HasPrefix(w, "--") {
			if !eq && name != "--publish-all" {
				i++
			}
			continue
		}
		for j, c := range w[1:] {
			switch c {
			case 'i':
				f.stdin = true
			case 't':
				f.tty = true
			case 'd':
				f.detach = true
			case 'P':
				f.publish = true
			case 'q':
			default: // it takes a value: the rest of the word, or the next one
				if j == len(w)-2 {
					i++
				}
				f.publish = f.publish || c == 'p'
				c = 0
			}
			if c == 0 {
				break
			}
		}
	}
	return f, nil
}

// images lists the images that a command names: run, create and pull, push.
func images(call []string) []string {
	if len(call) > 0 && call[0] == "sudo" {
		call = call[1:]
	}
	if len(call) < 3 || call[0] != "docker" && call[0] != "podman" && call[0] != "nerdctl" {
		return nil
	}
	args := call[1:]
	if args[0] == "container" || args[0] == "image" {
		args = args[1:]
	}
	switch args[0] {
	case "run", "create":
		if _, rest := dockerFlags(args[1:]); len(rest) > 0 {
			return rest[:1]
		}
	case "pull", "push":
		for _, a := range args[1:] {
			if !strings.HasPrefix(a, "-") {
				return []string{a}
			}
		}
	}
	return nil
}

// buildFile gives the Dockerfile of a "docker build" command.
func buildFile(call []string) (file string, ok bool) {
	if len(call) > 0 && call[0] == "sudo" {
		call = call[1:]
	}
	if len(call) < 2 || call[0] != "docker" && call[0] != "podman" && call[0] != "nerdctl" {
		return "", false
	}
	args := call[1:]
	if len(args) > 1 && (args[0] == "buildx" || args[0] == "image" || args[0] == "builder") {
		args = args[1:]
	}
	if args[0] != "build" {
		return "", false
	}
	file = "Dockerfile"
	for i, a := range args[1:] {
		switch {
		case (a == "-f" || a == "--file") && i+2 < len(args):
			file = args[i+2]
		case strings.HasPrefix(a, "--file="):
			file = a[len("--file="):]
		}
	}
	return strings.TrimPrefix(file, "./"), true
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "..."
	}
	return s
}
