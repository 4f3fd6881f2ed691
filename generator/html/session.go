package html

import (
	"strconv"
	"strings"

	"github.com/alecthomas/chroma/v2"
)

func itoa(i int) string { return strconv.Itoa(i) }

// isSession reports whether a language is a transcript: prompts, what was
// typed, and what came out.
func isSession(lang string) bool {
	switch lang {
	case "console", "shell-session", "bash-session", "shellsession", "sh-session", "terminal", "pycon", "doctest",
		"python-console", "pycon3":
		return true
	}
	return false
}

// guess names the language of a listing whose source leaves it to the code:
// Python at a >>> prompt is a transcript.
func guess(lang, code string) string {
	switch lang {
	case "", "default", "python", "python3", "py", "py3":
		if strings.HasPrefix(code, ">>> ") || strings.HasPrefix(code, ">>>\n") {
			return "pycon"
		}
	}
	return lang
}

// session cuts up a transcript. Prompts get the class gp, output go, and
// what was typed is coloured as the language of the prompt, line by line
// continued where the prompt says so.
func (h *Highlighter) session(code string) []token {
	var out []token
	add := func(text, class string) {
		if text != "" {
			out = append(out, token{text, class})
		}
	}
	for rest := code; rest != ""; {
		line := firstLine(rest)
		prompt, lang := promptOf(line)
		if prompt == 0 {
			add(line, "go")
			rest = rest[len(line):]
			continue
		}
		add(line[:prompt], "gp")
		typed := line[prompt:]
		rest = rest[len(line):]
		lexer := h.lexer(lang)
		// A command goes on where its line ends in a backslash.
		for lang == "bash" && strings.HasSuffix(strings.TrimRight(typed, "\r\n"), `\`) && rest != "" {
			next := firstLine(rest)
			if p := continuationOf(next); p > 0 {
				out = appendTyped(out, lexer, typed)
				add(next[:p], "gp")
				typed = next[p:]
			} else if q, _ := promptOf(next); q > 0 {
				break
			} else {
				typed += next
			}
			rest = rest[len(next):]
		}
		out = appendTyped(out, lexer, typed)
	}
	return out
}

// appendTyped appends what was typed, coloured.
func appendTyped(dst []token, lexer chroma.Lexer, typed string) []token {
	work := scratch.Get().(*workspace)
	defer scratch.Put(work)
	if lexer != nil {
		if tokens, ok := work.tokenise(lexer, typed); ok {
			return append(dst, tokens...)
		}
	}
	if typed == "" {
		return dst
	}
	return append(dst, token{text: typed})
}

func firstLine(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i+1]
	}
	return s
}

// continuationOf gives the length of the prompt that a shell shows inside a
// command, or 0.
func continuationOf(line string) int {
	if strings.HasPrefix(line, "> ") {
		return 2
	}
	return 0
}

// promptOf gives the length of the prompt that begins a line, with its space,
// and the language typed after it. Prompts are $, #, %, > alone, or after a
// user, host, folder or environment: user@host:~/dir$, [user@host dir]#,
// (venv) $, sh-5.2#; and Python's >>> and "...".
func promptOf(line string) (n int, lang string) {
	bare := strings.TrimRight(line, "\r\n")
	for _, p := range [...]string{">>>", "..."} {
		if bare == p || strings.HasPrefix(line, p+" ") {
			return min(4, len(bare)), "python"
		}
	}
	at := 0
	if strings.HasPrefix(bare, "(") { // (venv) $
		if i := strings.Index(bare, ") "); i > 0 && i < 40 && !strings.ContainsAny(bare[1:i], " ()") {
			at = i + 2
		}
	}
	head := bare[at:]
	if strings.HasPrefix(head, "[") { // [user@host dir]$
		if i := strings.IndexByte(head, ']'); i > 0 && i < 80 && strings.IndexByte(head[:i], '@') > 0 {
			j := i + 1
			if j < len(head) && head[j] == ' ' {
				j++
			}
			if j < len(head) && strings.IndexByte("$#%", head[j]) >= 0 && endsPrompt(head, j) {
				return at + promptEnd(head, j), "bash"
			}
		}
	}
	if head == "" {
		return 0, ""
	}
	if strings.IndexByte("$#%>", head[0]) >= 0 && endsPrompt(head, 0) {
		return at + promptEnd(head, 0), "bash"
	}
	// user@host:dir$ and sh-5.2#: one word that ends in the sign.
	i := strings.IndexAny(head, "$# \t")
	if i <= 0 || i > 120 || head[i] == ' ' || head[i] == '\t' || !endsPrompt(head, i) {
		return 0, ""
	}
	word := head[:i]
	if strings.Contains(word, "@") || isShellName(word) {
		return at + promptEnd(head, i), "bash"
	}
	return 0, ""
}

// isShellName matches sh-5.2, bash-4.4 and the like.
func isShellName(word string) bool {
	name, version, ok := strings.Cut(word, "-")
	return ok && strings.HasSuffix(name, "sh") && strings.Trim(version, "0123456789.") == "" && version != ""
}

func endsPrompt(s string, i int) bool { return i+1 == len(s) || s[i+1] == ' ' }

func promptEnd(s string, i int) int {
	if i+1 < len(s) {
		return i + 2
	}
	return i + 1
}
