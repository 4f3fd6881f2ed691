package html

import (
	lru "container/list"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/chroma/v2"

	"docent/generator/lex"
)

// maxHighlight bounds the size in bytes of the code that is coloured: more
// than that nobody reads as a listing, and lexers are not all linear.
const maxHighlight = 512 << 10

// Lines says how the lines of a listing are shown.
type Lines struct {
	Numbers  bool
	Start    int   // number of the first line
	Emphasis []int // 1-based, whatever Start is
	Diff     bool  // added and removed lines get classes
}

func (f Lines) plain() bool { return !f.Numbers && len(f.Emphasis) == 0 && !f.Diff }

// A Digest names a coloured listing by all that went into it.
type Digest [sha256.Size]byte

// A Highlighter colours code with chroma's token classes. It remembers the
// listings it has seen, up to a number of bytes, and is safe for use by
// several goroutines. The zero value works and remembers nothing.
type Highlighter struct {
	mu     sync.Mutex
	limit  int
	size   int
	recent *lru.List // of *coloured, most recent first
	byKey  map[Digest]*lru.Element

	lexersMu sync.RWMutex
	lexers   map[string]chroma.Lexer // nil for a name nobody knows
}

type coloured struct {
	key  Digest
	html []byte
}

// NewHighlighter makes a Highlighter that remembers up to limit bytes of
// HTML.
func NewHighlighter(limit int) *Highlighter {
	return &Highlighter{limit: limit, recent: lru.New(), byKey: map[Digest]*lru.Element{}}
}

// highlightVersion is part of every digest: raise it when the HTML changes.
const highlightVersion = 3

func digest(lang, code string, f Lines) Digest {
	h := sha256.New()
	var head []byte
	head = append(head, highlightVersion)
	head = binary.AppendUvarint(head, uint64(len(lang)))
	head = append(head, lang...)
	flags := byte(0)
	if f.Numbers {
		flags |= 1
	}
	if f.Diff {
		flags |= 2
	}
	head = append(head, flags)
	head = binary.AppendVarint(head, int64(f.Start))
	head = binary.AppendUvarint(head, uint64(len(f.Emphasis)))
	for _, e := range f.Emphasis {
		head = binary.AppendVarint(head, int64(e))
	}
	h.Write(head)
	h.Write([]byte(code))
	return Digest(h.Sum(nil))
}

// Append appends the code as HTML: spans with chroma's short class names,
// everything escaped. Its text is the code, also where the lexer of the
// language fails; an unknown language is shown plain.
func (h *Highlighter) Append(dst []byte, lang, code string, f Lines) []byte {
	lexer := h.lexer(lang)
	if lexer == nil && !isSession(lang) || len(code) > maxHighlight {
		return appendLines(dst, nil, code, f)
	}
	if h.limit == 0 {
		return h.append(dst, lexer, lang, code, f)
	}
	key := digest(lang, code, f)
	if html, ok := h.get(key); ok {
		return append(dst, html...)
	}
	from := len(dst)
	dst = h.append(dst, lexer, lang, code, f)
	h.put(key, slices.Clone(dst[from:]))
	return dst
}

func (h *Highlighter) get(key Digest) ([]byte, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.byKey[key]
	if e == nil {
		return nil, false
	}
	h.recent.MoveToFront(e)
	return e.Value.(*coloured).html, true
}

func (h *Highlighter) put(key Digest, html []byte) {
	if len(html) > h.limit/4 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.byKey[key] != nil {
		return
	}
	h.byKey[key] = h.recent.PushFront(&coloured{key, html})
	h.size += len(html)
	for h.size > h.limit {
		e := h.recent.Back()
		old := h.recent.Remove(e).(*coloured)
		delete(h.byKey, old.key)
		h.size -= len(old.html)
	}
}

// lexer finds the lexer of a language, or nil.
func (h *Highlighter) lexer(lang string) chroma.Lexer {
	h.lexersMu.RLock()
	l, ok := h.lexers[lang]
	h.lexersMu.RUnlock()
	if ok {
		return l
	}
	switch lang {
	case "", "none", "text", "plain", "plaintext", "txt", "output":
	default:
		name := lang
		if a := aliases[lang]; a != "" {
			name = a
		}
		if len(name) < 64 {
			l = lex.Get(name)
		}
	}
	h.lexersMu.Lock()
	defer h.lexersMu.Unlock()
	if h.lexers == nil {
		h.lexers = map[string]chroma.Lexer{}
	}
	if len(h.lexers) < 10000 { // names come from pages
		h.lexers[lang] = l
	}
	return l
}

// aliases are names that Pygments knows and chroma does not.
var aliases = map[string]string{
	"ipython": "python", "ipython3": "python", "ipythonconsole": "python", "py3": "python", "py": "python",
	"python3": "python", "pycon3": "pycon", "default": "python", "guess": "", "c++": "cpp",
	"ps1con": "powershell", "doscon": "bat", "rst": "rst", "restructuredtext": "rst", "udiff": "diff",
	"dotenv": "bash", "shell": "bash", "sh": "bash", "zsh": "bash", "jsonc": "json", "json5": "json", "golang": "go",
	"containerfile": "docker", "conf": "ini", "cfg": "ini", "myst": "markdown", "commonmark": "markdown",
}

// append colours code that is not remembered.
func (h *Highlighter) append(dst []byte, lexer chroma.Lexer, lang, code string, f Lines) []byte {
	if isSession(lang) {
		return appendLines(dst, h.session(code), code, f)
	}
	work := scratch.Get().(*workspace)
	if tokens, ok := work.tokenise(lexer, code); ok {
		dst = appendLines(dst, tokens, code, f)
	} else {
		dst = appendLines(dst, nil, code, f)
	}
	clear(work.lexed) // keep no page alive
	clear(work.tokens)
	scratch.Put(work)
	return dst
}

// A token is a piece of the code and its class; "" is plain.
type token struct {
	text, class string
}

// A workspace is what cutting up a listing needs, lent by scratch.
type workspace struct {
	lexed  []chroma.Token
	tokens []token
}

var scratch = sync.Pool{New: func() any { return new(workspace) }}

// tokenise cuts code up with a lexer; the tokens are good until the next
// call. ok is false where the lexer gave something else than the code: then
// nothing of it is used.
func (w *workspace) tokenise(lexer chroma.Lexer, code string) (out []token, ok bool) {
	lexed, err := lex.Append(w.lexed[:0], lexer, code)
	w.lexed = lexed
	if err != nil {
		return nil, false
	}
	out = w.tokens[:0]
	at := 0
	for _, t := range lexed {
		v := t.Value[:min(len(t.Value), len(code)-at)]
		if code[at:at+len(v)] != v || len(v) < len(t.Value) && strings.Trim(t.Value[len(v):], "\n") != "" { // chroma may add newlines
			return nil, false
		}
		if v == "" {
			continue
		}
		class := classOf(t.Type)
		if k := len(out); k > 0 && out[k-1].class == class {
			// Neighbours of one class become one span.
			out[k-1].text = code[at-len(out[k-1].text) : at+len(v)]
		} else {
			out = append(out, token{code[at : at+len(v)], class})
		}
		at += len(v)
	}
	w.tokens = out
	return out, at == len(code)
}

// classOf is the class that a theme has a colour for: chroma's own short
// name, or "" for the types that read as plain text.
func classOf(t chroma.TokenType) string {
	if t < 0 || int(t) >= len(classes) {
		return ""
	}
	return classes[t]
}

var classes = func() []string {
	last := chroma.TokenType(0)
	for t := range chroma.StandardTypes {
		last = max(last, t)
	}
	all := make([]string, last+1)
	for t := range chroma.StandardTypes {
		switch t {
		case chroma.Text, chroma.TextWhitespace, chroma.Name, chroma.NameOther, chroma.Punctuation, chroma.Operator, chroma.Other,
			chroma.TextPunctuation:
		default:
			if t >= 0 {
				all[t] = chroma.StandardTypes[t]
			}
		}
	}
	return all
}()

// appendLines writes tokens, or with no tokens the plain code, and puts lines
// in elements of their own where f asks for it.
func appendLines(dst []byte, tokens []token, code string, f Lines) []byte {
	if tokens == nil {
		if code == "" {
			return dst
		}
		tokens = []token{{text: code}}
	}
	if f.plain() {
		for _, t := range tokens {
			dst = appendToken(dst, t.text, t.class)
		}
		return dst
	}
	emphasis := map[int]bool{}
	for _, l := range f.Emphasis {
		emphasis[l] = true
	}
	total := strings.Count(strings.TrimSuffix(code, "\n"), "\n") + 1
	width := len(itoa(f.Start + total - 1))
	line, open := 1, false
	begin := func(first byte) {
		dst = append(dst, `<span class="line`...)
		if emphasis[line] {
			dst = append(dst, " em"...)
		}
		if f.Diff && first == '+' {
			dst = append(dst, " added"...)
		}
		if f.Diff && first == '-' {
			dst = append(dst, " removed"...)
		}
		dst = append(dst, '"')
		if f.Numbers {
			dst = append(dst, ` data-line="`...)
			num := itoa(f.Start + line - 1)
			for range width - len(num) {
				dst = append(dst, ' ')
			}
			dst = append(append(dst, num...), '"')
		}
		dst = append(dst, '>')
		open = true
	}
	for _, t := range tokens {
		text := t.text
		for text != "" {
			if !open {
				begin(text[0])
			}
			part, after, nl := strings.Cut(text, "\n")
			if nl {
				part = text[:len(part)+1]
			}
			dst = appendToken(dst, part, t.class)
			if nl {
				dst = append(dst, "</span>"...)
				line++
				open = false
			}
			text = after
		}
	}
	if open {
		dst = append(dst, "</span>"...)
	}
	return dst
}

func appendToken(dst []byte, text, class string) []byte {
	if class == "" {
		return appendText(dst, text)
	}
	dst = append(dst, `<span class=`...) // no quotes: a page has hundreds of these
	dst = append(dst, class...)
	dst = append(dst, '>')
	dst = appendText(dst, text)
	return append(dst, "</span>"...)
}

// languageName is how a reader knows a language.
func languageName(lang string) string {
	switch lang {
	case "", "none", "default", "text", "plain", "plaintext", "txt":
		return "text"
	}
	return lang
}
