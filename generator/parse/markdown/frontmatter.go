package markdown

import (
	"fmt"
	"strings"

	yaml "github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"

	"docent/generator/doc"
	"docent/generator/parse/directive"
)

const (
	maxFrontMatter = 64 << 10 // bytes
	maxFrontDepth  = 32       // maps and lists in each other
)

// frontMatterOf finds the YAML between a first line --- and the next, and the
// offset of what follows; after is 0 if there is none.
func frontMatterOf(src string, from int) (start, end, after int) {
	first, _, ok := strings.Cut(src[from:], "\n")
	if !ok || strings.TrimRight(first, " \t\r") != "---" {
		return 0, 0, 0
	}
	start = from + len(first) + 1
	for off := start; off < len(src); {
		line := src[off:]
		next := len(src)
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], off+i+1
		}
		if t := strings.TrimRight(line, " \t\r"); t == "---" || t == "..." {
			return start, off, next
		}
		off = next
	}
	return 0, 0, 0 // a thematic break
}

// frontMatter reads the page's front matter and gives the offset of what
// follows. Aliases are refused, since a few lines of them can stand for
// gigabytes.
func (p *page) frontMatter(src string, from int) int {
	start, end, after := frontMatterOf(src, from)
	if after == 0 {
		return from
	}
	body := src[start:end]
	if len(body) > maxFrontMatter {
		p.Report(doc.Error, "md-front-matter", doc.Pos{Off: int32(start)}, 1,
			fmt.Sprintf("The front matter is %d KiB long; %d are allowed.", len(body)>>10, maxFrontMatter>>10), "Keep data in a file of its own.")
		return after
	}
	p.meta = map[string]string{}
	p.substitutions = map[string]string{}
	p.yaml(body, func(off int) doc.Pos { return doc.Pos{Off: int32(start + off)} }, func(path []string, value string, _ int) {
		key := strings.ToLower(strings.Join(path, "."))
		for _, prefix := range [...]string{"myst.substitutions.", "substitutions."} {
			if name, ok := strings.CutPrefix(key, prefix); ok {
				p.substitutions[strings.Join(path, ".")[len(key)-len(name):]] = value
				return
			}
		}
		if have, ok := p.meta[key]; ok {
			value = have + ", " + value
		}
		p.meta[key] = value
	})
	return after
}

// yamlOptions reads the options of a directive that are written as YAML.
func (p *page) yamlOptions(lines []directive.Line) []directive.Option {
	if len(lines) == 0 {
		return nil
	}
	pc := joined(lines)
	var out []directive.Option
	p.yaml(pc.text, pc.at, func(path []string, value string, off int) {
		switch value {
		case "true", "True":
			value = "" // a flag
		case "false", "False":
			return
		}
		out = append(out, directive.Option{Name: strings.Join(path, "."), Value: value, Pos: pc.at(off), ValuePos: pc.at(off)})
	})
	return out
}

// yaml reads a map and gives its scalars, with their path of keys and offset.
// Items of lists come one after the other under the same path.
func (p *page) yaml(src string, at func(int) doc.Pos, give func(path []string, value string, off int)) {
	if !simpleYAML(src, give) {
		p.anyYAML(src, at, give)
	}
}

// anyYAML is yaml for what [simpleYAML] leaves alone.
func (p *page) anyYAML(src string, at func(int) doc.Pos, give func(path []string, value string, off int)) {
	fail := func(off int, message, hint string) {
		p.Report(doc.Error, "md-front-matter", at(off), 1, message, hint)
	}
	if off := tooDeep(src); off >= 0 {
		fail(off, "The YAML nests too deep here.", "Write it flatter.")
		return
	}
	f, err := yamlparser.ParseBytes([]byte(src), 0)
	if err != nil {
		line, message := 0, err.Error()
		if _, e := fmt.Sscanf(message, "[%d:", &line); e == nil {
			if i := strings.Index(message, "] "); i > 0 {
				message = message[i+2:]
			}
		}
		message, _, _ = strings.Cut(message, "\n")
		fail(lineStart(src, line), "The YAML cannot be read: "+message+".", "Correct it here; quote values that hold a colon or begin with a sign.")
		return
	}
	off := func(n yaml.Node) int {
		if t := n.GetToken(); t != nil && t.Position != nil {
			return min(len(src), lineStart(src, t.Position.Line)+max(0, t.Position.Column-1))
		}
		return 0
	}
	var walk func(n yaml.Node, path []string, depth int)
	walk = func(n yaml.Node, path []string, depth int) {
		if depth > maxFrontDepth {
			fail(off(n), "The YAML nests too deep here.", "Write it flatter.")
			return
		}
		switch n := n.(type) {
		case nil:
		case *yaml.MappingNode:
			for _, v := range n.Values {
				walk(v, path, depth+1)
			}
		case *yaml.MappingValueNode:
			if n.Key.IsMergeKey() {
				fail(off(n), "YAML merges are not allowed here.", "Write the values out.")
				return
			}
			key := strings.Trim(n.Key.GetToken().Value, `"'`)
			walk(n.Value, append(path[:len(path):len(path)], key), depth+1)
		case *yaml.SequenceNode:
			for _, v := range n.Values {
				walk(v, path, depth+1)
			}
		case *yaml.AnchorNode, *yaml.AliasNode:
			fail(off(n), "YAML anchors and aliases are not allowed here.", "Write the value out.")
		case *yaml.TagNode:
			walk(n.Value, path, depth+1)
		case *yaml.NullNode:
			give(path, "", off(n))
		case *yaml.LiteralNode:
			give(path, n.Value.Value, off(n))
		case *yaml.StringNode:
			give(path, n.Value, off(n))
		default:
			if len(path) == 0 {
				fail(off(n), "Front matter is a list of `name: value`.", "Write it so, or remove it.")
				return
			}
			give(path, n.GetToken().Value, off(n))
		}
	}
	for _, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if s, ok := d.Body.(*yaml.StringNode); ok {
			fail(off(s), "Front matter is a list of `name: value`.", "Write it so, or remove it.")
			continue
		}
		walk(d.Body, nil, 0)
	}
}

// tooDeep gives the offset where brackets or indentation nest deeper than
// allowed, or -1: the reader of YAML is recursive.
func tooDeep(src string) int {
	depth := 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '[', '{':
			if depth++; depth > maxFrontDepth {
				return i
			}
		case ']', '}':
			depth--
		case '\n':
			// "- - - -" nests as well.
			n := 0
			for j := i + 1; j < len(src) && (src[j] == ' ' || src[j] == '-' || src[j] == '?'); j++ {
				if src[j] != ' ' {
					n++
				}
			}
			if n > maxFrontDepth {
				return i + 1
			}
		}
	}
	return -1
}

func lineStart(src string, line int) int {
	off := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(src[off:], '\n')
		if i < 0 {
			break
		}
		off += i + 1
	}
	return off
}

// simpleYAML reads lines `name: plain words`, which most front matter is,
// without the whole machinery. It gives false, and nothing, for anything
// else.
func simpleYAML(src string, give func(path []string, value string, off int)) bool {
	type pair struct {
		key, value string
		off        int
	}
	var pairs []pair
	for off := 0; off < len(src); {
		line := src[off:]
		next := len(src)
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], off+i+1
		}
		line = strings.TrimRight(line, " \r")
		if line == "" {
			off = next
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		value = strings.TrimSpace(value)
		if !ok || !isPlainKey(key) || !isPlainValue(value) && !isQuoted(value) {
			return false
		}
		for _, p := range pairs {
			if p.key == key {
				return false
			}
		}
		pairs = append(pairs, pair{key, value, off + len(key) + 2 + strings.Index(line[len(key)+2:], value)})
		off = next
	}
	for _, p := range pairs {
		if isQuoted(p.value) {
			p.value = p.value[1 : len(p.value)-1]
		}
		give([]string{p.key}, p.value, p.off)
	}
	return true
}

func isPlainKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' && i > 0 || c == '_' || c == '-' && i > 0) {
			return false
		}
	}
	return s != ""
}

// isQuoted accepts scalars in quotes whose text stands between them as it is.
func isQuoted(s string) bool {
	n := len(s) - 1
	return n > 0 && (s[0] == '"' || s[0] == '\'') && s[n] == s[0] && strings.IndexByte(s[1:n], s[0]) < 0 &&
		(s[0] == '\'' || strings.IndexByte(s, '\\') < 0) && strings.IndexByte(s, '\t') < 0
}

// isPlainValue accepts scalars whose text is their value in YAML too.
func isPlainValue(s string) bool {
	if s == "" || strings.IndexByte("&*!|>'\"%@`{[,?:-#~", s[0]) >= 0 {
		return false
	}
	if strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") || strings.ContainsRune(s, '\t') {
		return false
	}
	return s != "null" && s != "Null" && s != "NULL"
}
