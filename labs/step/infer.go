package step

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A reading is what a listing's text says by itself.
type reading struct {
	role     Role
	why      string
	commands []Command // Line is 0-based, in the listing
	calls    [][]string
	expect   string
	opens    bool // the first command opens a shell
	hint     string
}

// unsure is a reading that needs an annotation.
func unsure(why, hint string) reading { return reading{role: Unaccounted, why: why, hint: hint} }

var shells = []string{"sh", "bash", "shell", "zsh", "ksh", "dash", "console", "shell-session", "shellsession", "bash-session", "sh-session", "shell_session", "terminal"}

// markup are languages that a page about writing shows; no one runs them.
var markup = []string{"rst", "rest", "restructuredtext", "md", "markdown", "myst", "html", "xml", "css", "diff", "patch", "tex", "latex", "bnf", "ebnf", "abnf"}

// readListing infers the role of a listing that is not a file from its text and
// language.
func readListing(text, language string) reading {
	language = strings.ToLower(language)
	shell := slices.Contains(shells, language)
	if strings.TrimSpace(text) == "" {
		return reading{role: Example, why: "it is empty"}
	}
	lines := splitLines(text)
	if p := firstPrompt(lines, language); p >= 0 && (shell || plain(language)) {
		return readPrompted(lines, p, language)
	}
	switch {
	case shell:
		return readShell(text, lines)
	case slices.Contains(markup, language):
		return reading{role: Example, why: "it is " + language + " source"}
	case plain(language):
		if why := outputSign(lines, 0); why != "" {
			return unsure("it looks like output ("+why+"), but nothing says of which command", "Say `output` or `example`.")
		}
		return unsure("it names no language", "Say `run`, `output` or `example`.")
	}
	return unsure("a listing in "+language+" is neither shell nor a file that the page offers", "Say `example`, or offer it with a `:download:` caption.")
}

func plain(language string) bool {
	return slices.Contains([]string{"", "none", "text", "plain", "plaintext", "default", "output"}, language)
}

func splitLines(text string) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// Prompts. A long prompt names a user and a machine; nothing else looks so.
var (
	longPrompt  = regexp.MustCompile(`^((?:\([\w.-]+\) ?)?(?:\[[\w.-]+@[\w.-]+ [^\]]*\]|[\w.-]+@[\w.-]+:[^\s$#]*|[\w.-]+@[\w.-]+ [~/][^\s$#%>]*|(?:bash|sh)-\d+(?:\.\d+)*) ?[$#%])(?: (.*)|$)`)
	shortPrompt = regexp.MustCompile(`^((?:\([\w.-]+\) ?)?\$|(?:❯|➜ +\S+(?: git:\(\S+\))?(?: ✗)?))(?: +(.*)|$)`)
	rootPrompt  = regexp.MustCompile(`^([#%])(?: (.*)|$)`)
)

// innerPrompt finds what is typed at the prompt of a program: Python, a
// debugger, a database.
var innerPrompt = regexp.MustCompile(`^\s*(?:>>> |In \[\d+\]: |\([a-z]\w*\) \S|[\w.:-]+(?:\([\w.:]+\))?> \S|[\w-]+=[#>] \S|\w+\d*:\d+:\d+> )`)

// prompt takes the prompt off a line. root allows the bare prompts # and %,
// which in a plain shell listing start a comment.
func prompt(line string, root bool) (p, command string, ok bool) {
	line = strings.TrimLeft(line, " ")
	for _, re := range []*regexp.Regexp{longPrompt, shortPrompt, rootPrompt} {
		if re == rootPrompt && !root {
			break
		}
		if m := re.FindStringSubmatch(line); m != nil {
			return m[1], m[2], true
		}
	}
	return "", "", false
}

// firstPrompt is the index of the first line that proves that the listing
// shows prompts, or -1: its first line, or a long prompt further down.
func firstPrompt(lines []string, language string) int {
	root := rootPrompts(lines, language)
	for i, l := range lines {
		if strings.TrimSpace(l) == "" || !root && strings.HasPrefix(strings.TrimSpace(l), "#") {
			continue
		}
		if _, _, ok := prompt(l, root); ok {
			return i
		}
		break
	}
	for i, l := range lines {
		if m := longPrompt.FindStringSubmatch(strings.TrimLeft(l, " ")); m != nil {
			return i
		}
	}
	return -1
}

// rootPrompts reports whether "#" at a line's start is a prompt in this
// listing: the language says that there are prompts, none of another kind is
// there, and a command follows. Otherwise it starts a comment.
func rootPrompts(lines []string, language string) bool {
	if !slices.Contains([]string{"console", "shell-session", "shellsession", "bash-session", "sh-session", "shell_session", "terminal"}, language) {
		return false
	}
	command := false
	for _, l := range lines {
		if _, _, other := prompt(l, false); other {
			return false
		}
		if _, text, ok := prompt(l, true); ok && !command {
			cmds, err := parseShell(text)
			if err != nil || len(cmds) != 1 || cmds[0].grade != strong {
				return false
			}
			command = true
		}
	}
	return command
}

// readPrompted reads a transcript: lines[first] is the first prompt. What
// stands before it is commands without prompts.
func readPrompted(lines []string, first int, language string) reading {
	r := reading{role: Transcript, why: "it shows prompts"}
	head := strings.Join(lines[:first], "\n")
	opened := "" // the prompt of the shell that opened another one
	inside := false
	if cmds, err := parseShell(head); err != nil || len(cmds) > 0 {
		if err != nil || len(cmds) == 0 || slices.ContainsFunc(cmds, func(t typed) bool { return t.grade == weak }) {
			return unsure("before its first prompt stand lines that are not certainly commands", "Say `transcript`, or put the prompt before each command.")
		}
		last := cmds[len(cmds)-1]
		if yes, _ := opensTyped(last); !yes {
			return unsure("some commands have a prompt and some do not", "Put the prompt before each command.")
		}
		if why := form(head, true); why != "" {
			return reading{role: Example, why: why}
		}
		for _, t := range cmds {
			r.commands = append(r.commands, Command{Text: t.text, Line: t.line})
			r.calls = append(r.calls, t.calls...)
		}
		r.why = "a command that opens a shell, and what is typed in it"
		r.opens = len(cmds) == 1
		inside = true
	}
	firstMark, _, _ := prompt(lines[first], true)
	root := firstMark == "#" || firstMark == "%"
	var cur *Command
	var out []string
	asked := "" // a line typed at the prompt of another program
	flush := func() {
		for _, l := range out {
			if asked == "" && (innerPrompt.MatchString(l) || strings.HasPrefix(strings.TrimSpace(l), "^C") || strings.HasPrefix(strings.TrimSpace(l), "^D")) {
				asked = l
			}
		}
		if cur != nil {
			cur.Output = strings.Join(trimBlank(out), "\n")
		}
		cur, out = nil, nil
	}
	for i := first; i < len(lines); i++ {
		p, text, ok := prompt(lines[i], root || inside || opened != "")
		if ok && p == "#" && !root && cur != nil && !inside && opened == "" {
			ok = false
		}
		if !ok {
			out = append(out, lines[i])
			continue
		}
		flush()
		if opened != "" {
			inside = !samePrompt(p, opened)
			if !inside && len(r.commands) > 0 && !isExit(r.commands[len(r.commands)-1]) {
				return unsure("it is not clear in which shell the lines after `docker run -it` are typed: the prompt does not change", "Say `transcript`, or show the prompt of the container.")
			}
		}
		at := i
		for incomplete(text) && i+1 < len(lines) {
			if _, _, again := prompt(lines[i+1], false); again {
				break
			}
			i++
			next := strings.TrimLeft(lines[i], " ")
			if rest, ok := strings.CutPrefix(next, ">"); ok && p != ">" {
				next = strings.TrimPrefix(rest, " ")
			} else {
				next = lines[i]
			}
			text += "\n" + next
		}
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "^C") || strings.HasPrefix(text, "^D") {
			asked = text
			continue
		}
		if text == "" || strings.HasPrefix(text, "#") && !strings.Contains(text, "\n") {
			continue // a bare prompt, or a comment typed at one
		}
		r.commands = append(r.commands, Command{Text: text, Prompt: p, Line: at, Inside: inside})
		cur = &r.commands[len(r.commands)-1]
		cmds, err := parseShell(text)
		if err != nil {
			if why := form(text, false); why != "" {
				return reading{role: Example, why: why}
			}
			return unsure(fmt.Sprintf("`%s` is not shell: %s", cut(text, 40), shellError(err)), "Correct it, or say `example`.")
		}
		if why := form(text, true); why != "" {
			return reading{role: Example, why: why}
		}
		for _, t := range cmds {
			if t.grade == weak && sentence(t) {
				return unsure(fmt.Sprintf("`%s` may be a sentence, not a command", cut(t.text, 40)), "Say `transcript` or `example`.")
			}
			r.calls = append(r.calls, t.calls...)
		}
		if len(cmds) == 1 && !inside {
			if yes, _ := opensTyped(cmds[0]); yes {
				opened = p
				r.opens = r.opens || len(r.commands) == 1
			}
		}
		if isExit(*cur) && inside && opened == "" {
			// The shell that the head opened is closed: what follows would be
			// typed on the host again.
			inside = false
		}
	}
	flush()
	if asked != "" {
		return unsure(fmt.Sprintf("a program in it is typed at (`%s`), which labs do not do", cut(strings.TrimSpace(asked), 40)), "Say `example`.")
	}
	if len(r.commands) == 0 {
		return unsure("it shows a prompt and no command", "Say `example`.")
	}
	var all []string
	for _, c := range r.commands {
		if c.Output != "" {
			all = append(all, c.Output)
		}
	}
	r.expect = strings.Join(all, "\n\n")
	return r
}

// sentence reports whether a command is a few plain words.
func sentence(t typed) bool {
	return len(t.calls) == 1 && len(t.calls[0]) > 3 && !slices.ContainsFunc(t.calls[0], func(w string) bool { return !plainWord.MatchString(w) })
}

var plainWord = regexp.MustCompile(`^[A-Za-z']+[.,!?]?$`)

func isExit(c Command) bool {
	return c.Text == "exit" || strings.HasPrefix(c.Text, "exit ") || c.Text == "logout"
}

// samePrompt compares the user and machine of two prompts, not their folder.
func samePrompt(a, b string) bool {
	who := func(p string) string {
		w, _, _ := strings.Cut(strings.TrimLeft(p, "["), ":")
		w, _, _ = strings.Cut(w, " ")
		return w
	}
	return who(a) == who(b)
}

func opensTyped(t typed) (yes, sure bool) {
	if len(t.calls) != 1 || len(t.stmts) != 1 || t.stmts[0].Background {
		return false, false
	}
	return opens(t.calls[0])
}

// readShell reads a shell listing without prompts.
func readShell(text string, lines []string) reading {
	if sign := outputSign(lines, 0); sign != "" && !startsKnown(lines) {
		return unsure("it is labelled shell but looks like output ("+sign+")", "Say `output` or `example`.")
	}
	if strings.HasPrefix(text, "#!") {
		return unsure("it starts with `#!`, so it is the content of a script", "Say `file name=NAME`, or `run` if its lines are typed.")
	}
	if why := form(text, false); why != "" {
		if strings.HasPrefix(why, "it leaves something out") && slices.ContainsFunc(lines, func(l string) bool { l = strings.TrimSpace(l); return l == "..." || l == "…" }) {
			return unsure("a line of it leaves something out: it may be a form, or commands and what they print", "Say `example`; or use prompts.")
		}
		return reading{role: Example, why: why}
	}
	cmds, err := parseShell(text)
	if err == nil {
		if len(cmds) == 1 && isExit(Command{Text: cmds[0].text}) {
			return unsure("it is not clear which shell it leaves", "Say `example`.")
		}
		if len(cmds) == 0 && rootPrompts(lines, "console") {
			return unsure("`#` may start a comment or be root's prompt", "Say `transcript` or `example`.")
		}
		if len(cmds) == 0 {
			return reading{role: Example, why: "it holds comments only"}
		}
		bad := slices.IndexFunc(cmds, func(t typed) bool { return t.grade == weak })
		if bad < 0 {
			if why := form(text, true); why != "" {
				return unsure(why, "Say `run` or `example`.")
			}
			return readCommands(cmds, lines, "")
		}
	}
	if r, ok := splitSample(lines); ok {
		return r
	}
	if err != nil {
		return unsure("it is not shell: "+shellError(err), "Say `output` or `example`, or correct it.")
	}
	for _, t := range cmds {
		if t.grade == weak {
			return unsure(fmt.Sprintf("its line %d does not look like a command: %s", t.line+1, t.why), "Say `run`, `output` or `example`.")
		}
	}
	return unsure("it cannot be told apart", "Say `run`, `output` or `example`.")
}

// readCommands makes a run of commands that a reader types. After one that
// opens a shell, the others are typed inside.
func readCommands(cmds []typed, lines []string, expect string) reading {
	r := reading{role: Run, why: "it holds shell commands", expect: expect}
	if expect != "" {
		r.why = "it holds shell commands, and under them what they print"
	}
	inside := false
	for i, t := range cmds {
		if inside && outsideNote.MatchString(t.note) {
			return unsure("a comment says that its line "+fmt.Sprint(t.line+1)+" is not typed in the shell that `docker run -it` opened", "Split the listing, or use prompts.")
		}
		if inside {
			for _, call := range t.calls {
				if slices.Contains([]string{"docker", "podman", "ngc", "nerdctl"}, call[0]) {
					return unsure(fmt.Sprintf("it is not clear whether `%s` is typed inside the container that the listing opens", cut(t.text, 40)), "Split the listing, or use prompts.")
				}
			}
		}
		r.commands = append(r.commands, Command{Text: t.text, Line: t.line, Inside: inside})
		r.calls = append(r.calls, t.calls...)
		if inside && isExit(Command{Text: t.text}) {
			inside = false
			continue
		}
		yes, sure := opensTyped(t)
		if !yes || inside {
			continue
		}
		if i == 0 {
			r.opens = true
		}
		if rootComment(lines[t.end+1:]) {
			return unsure("after `docker run -it`, `#` may start a comment or be the prompt of the container", "Show the whole prompt, or say `run`.")
		}
		if i+1 < len(cmds) {
			if !sure && !insideNote.MatchString(cmds[i+1].note) {
				return unsure("it is not clear whether the lines after `docker run -it` are typed inside the container", "Name the shell (`docker run -it IMAGE bash`), or use prompts.")
			}
			inside = true
			r.role, r.why = Transcript, "a command that opens a shell, and what is typed in it"
		}
	}
	if expect != "" {
		r.commands[len(r.commands)-1].Output = expect
	}
	return r
}

// rootComment reports whether a comment in the lines reads like a command.
func rootComment(lines []string) bool {
	for _, l := range lines {
		if c, ok := strings.CutPrefix(strings.TrimSpace(l), "# "); ok {
			if cmds, err := parseShell(c); err == nil && len(cmds) == 1 && cmds[0].grade == strong && !sentence(cmds[0]) {
				return true
			}
		}
	}
	return false
}

var (
	insideNote  = regexp.MustCompile(`(?i)\b(in|inside|within)\b.*\b(container|shell|job|image)\b`)
	outsideNote = regexp.MustCompile(`(?i)\b(on|from) (the|your) (host|machine|laptop|workstation)\b|\boutside\b|\bback on\b|\bafter (you )?(exit|leav)`)
)

// splitSample splits a listing into commands and what the last of them
// prints: a blank line apart, or a drawn table right below.
func splitSample(lines []string) (reading, bool) {
	tried := 0
	for i := 1; i < len(lines) && tried < 64; i++ {
		apart := strings.TrimSpace(lines[i-1]) == ""
		sign := outputSign(lines, i)
		if sign == "" || !apart && !tableSign(lines, i) {
			continue
		}
		tried++
		head := strings.Join(lines[:i], "\n")
		cmds, err := parseShell(head)
		if err != nil || len(cmds) == 0 {
			continue // maybe inside a here-document
		}
		if slices.ContainsFunc(cmds, func(t typed) bool { return t.grade == weak }) {
			return reading{}, false
		}
		if why := form(head, true); why != "" {
			return reading{role: Example, why: why}, true
		}
		// A command further down would be compared as output.
		for j := i + 1; j < len(lines); j++ {
			if strings.TrimSpace(lines[j-1]) != "" || strings.TrimSpace(lines[j]) == "" {
				continue
			}
			if again, err := parseShell(lines[j]); err == nil && len(again) == 1 && again[0].grade == strong && outputSign(lines, j) == "" {
				return unsure(fmt.Sprintf("output and commands take turns in it (line %d looks like a command again)", j+1), "Split the listing, or use prompts."), true
			}
		}
		r := readCommands(cmds, lines[:i], strings.Join(trimBlank(lines[i:]), "\n"))
		if r.opens && r.role == Run {
			return unsure("it is not clear what prints the output below `docker run -it`", "Show the prompt and the command."), true
		}
		return r, true
	}
	return reading{}, false
}

func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

var (
	drawnRE   = regexp.MustCompile(`^\s*(\+[-=+]{3,}\+|[┌╭╔├└][─═┬┼┐╮]+.*|\|[-=+ ]{3,}\|)\s*$`)
	columnsRE = regexp.MustCompile(`^[A-Z][A-Z0-9_()%/-]*( [A-Z0-9_()%/-]+)*( {2,}[A-Z][A-Z0-9_()%/-]*( [A-Z0-9_()%/-]+)*)+\s*$`)
	signs     = []struct {
		re  *regexp.Regexp
		why string
	}{
		{regexp.MustCompile(`^\s*[>=*] [A-Z0-9]`), "a line that starts with a mark"},
		{regexp.MustCompile(`^(\[?\d{4}-\d\d-\d\d|\[ *\d+[.\]]|\d\d:\d\d:\d\d)`), "a time"},
		{regexp.MustCompile(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d`), "a date"},
		{regexp.MustCompile(`^\d[\d.,]*( [A-Za-z]|%|$)`), "a line that starts with a number"},
		{regexp.MustCompile(`(?i)^(usage|error|warning|info|note|fatal|traceback|successfully|collecting|requirement already|installing collected|step \d+/\d+|status|digest)\b[ :]`), "a message"},
		{regexp.MustCompile(`^[A-Z][\w ./()-]{0,40}: \S`), "a name and a value"},
		{regexp.MustCompile(`^[A-Z][a-z]+( [\w",.:'()-]+){2,}$`), "a sentence"},
		{regexp.MustCompile(`^\s*(\{|\[)\s*$|^\s*"[\w-]+":`), "JSON"},
		{regexp.MustCompile(`^[a-z][\w.-]*: [\w ]`), "a message"},
		{regexp.MustCompile(`^[dl-][rwx-]{9}[ .+]`), "a list of files"},
		{regexp.MustCompile(`^total \d+$`), "a list of files"},
	}
)

func tableSign(lines []string, i int) bool {
	return drawnRE.MatchString(lines[i]) || columnsRE.MatchString(lines[i])
}

// outputSign says what shows that output starts at line i, or "".
func outputSign(lines []string, i int) string {
	for i < len(lines) && strings.TrimSpace(lines[i]) == "" {
		i++
	}
	if i >= len(lines) {
		return ""
	}
	if drawnRE.MatchString(lines[i]) {
		return "a drawn table"
	}
	if columnsRE.MatchString(lines[i]) {
		return "a table with headings"
	}
	for _, s := range signs {
		if s.re.MatchString(lines[i]) {
			return s.why
		}
	}
	return ""
}

// startsKnown reports whether the first line is a command that is known,
// whatever else it looks like.
func startsKnown(lines []string) bool {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		cmds, err := parseShell(l)
		return err == nil && len(cmds) == 1 && cmds[0].grade == strong && len(cmds[0].calls) > 0
	}
	return false
}

var (
	placeRE = regexp.MustCompile(`<[A-Za-z](?:[\w .:|/-]*[\w.])?>`)
	bracket = regexp.MustCompile(`(?:^|\s)\[(?:[A-Z][A-Z0-9_-]+(?:\s?\.\.\.)?|-[^\]]*)\](?:\s|\.|$)`)
	yours   = regexp.MustCompile(`(?i)\byour[-_][a-z][\w-]*|\b(?:TODO|CHANGEME|REPLACE_ME)\b`)
	dots    = regexp.MustCompile(`(?:^|\s)(?:\.\.\.|…)(?:\s|$)`)
)

// form says what makes commands a form to fill in, or "". A placeholder in a
// here-document is text. With quoted, one inside quotes counts too.
func form(text string, quoted bool) string {
	spans := quotedSpans(text)
	in := func(at int) (heredoc, quote bool) {
		for _, s := range spans {
			if at >= s.from && at < s.to {
				return s.heredoc, !s.heredoc
			}
		}
		return false, false
	}
	for _, p := range []struct {
		re  *regexp.Regexp
		why string
	}{{placeRE, "it has a placeholder, `%s`"}, {bracket, "it has an optional part, `%s`"}, {dots, "it leaves something out, `%s`"}, {yours, "it has a placeholder, `%s`"}} {
		for _, m := range p.re.FindAllStringIndex(text, 64) {
			heredoc, quote := in(m[0])
			if heredoc || quote && !(quoted && p.re == placeRE) || comment(text, m[0]) {
				continue
			}
			if quote && markupTag(text, text[m[0]:m[1]]) {
				continue
			}
			if p.re == yours && !quoted {
				continue // a name like your-image may be real: it is only doubted
			}
			return fmt.Sprintf(p.why, strings.TrimSpace(text[m[0]:m[1]]))
		}
	}
	return ""
}

// markupTag reports whether a quoted <word> is a tag of HTML or XML: the text
// closes it, or everybody knows it.
func markupTag(text, tag string) bool {
	name, _, _ := strings.Cut(strings.Trim(tag, "<>"), " ")
	return strings.Contains(text, "</"+name+">") ||
		slices.Contains([]string{"html", "head", "body", "title", "meta", "link", "script", "style", "div", "span", "p", "br", "hr", "img", "a", "pre", "code", "table", "tr", "td", "th", "ul", "ol", "li", "h1", "h2", "h3", "article", "section", "main", "nav"}, strings.ToLower(name))
}

// comment reports whether a place stands in a line that is a comment.
func comment(text string, at int) bool {
	start := strings.LastIndexByte(text[:at], '\n') + 1
	return strings.HasPrefix(strings.TrimSpace(text[start:at]), "#")
}

type span struct {
	from, to int
	heredoc  bool
}

// quotedSpans gives where quotes and here-documents stand, if text parses.
func quotedSpans(text string) []span {
	if len(text) > maxShell {
		return nil
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		return nil
	}
	var out []span
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.SglQuoted, *syntax.DblQuoted:
			out = append(out, span{int(n.Pos().Offset()), int(n.End().Offset()), false})
		case *syntax.Redirect:
			if n.Hdoc != nil {
				out = append(out, span{int(n.Hdoc.Pos().Offset()), int(n.Hdoc.End().Offset()), true})
			}
		}
		return true
	})
	return out
}

// shellError is the parser's message without its position.
func shellError(err error) string {
	s := err.Error()
	if i := strings.Index(s, ": "); i >= 0 && i < 12 {
		s = s[i+2:]
	}
	return s
}
