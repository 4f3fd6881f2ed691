package site

import (
	"regexp"
	"strings"
)

// compileGlobs makes one test of several patterns as Sphinx understands
// them: `*` and `?` stay in a folder, `**` crosses folders, and a pattern
// that names a folder covers all below it.
func compileGlobs(patterns []string) func(name string) bool {
	var parts []string
	for _, p := range patterns {
		if p = strings.TrimSuffix(strings.TrimPrefix(p, "./"), "/"); p != "" {
			parts = append(parts, globSource(p))
		}
	}
	if len(parts) == 0 {
		return func(string) bool { return false }
	}
	re, err := regexp.Compile("^(?:" + strings.Join(parts, "|") + ")(?:/.*)?$")
	if err != nil {
		return func(string) bool { return false }
	}
	return re.MatchString
}

func isGlob(p string) bool { return strings.ContainsAny(p, "*?[") }

func globSource(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case '*':
			if strings.HasPrefix(p[i:], "**/") {
				b.WriteString("(?:.*/)?")
				i += 2
			} else if strings.HasPrefix(p[i:], "**") {
				b.WriteString(".*")
				i++
			} else {
				b.WriteString("[^/]*")
			}
		case '?':
			b.WriteString("[^/]")
		case '[':
			end := strings.IndexByte(p[i+1:], ']')
			if end < 1 {
				b.WriteString(`\[`)
				continue
			}
			set := p[i+1 : i+1+end]
			set = strings.ReplaceAll(set, `\`, `\\`)
			if set[0] == '!' {
				set = "^/" + set[1:]
			}
			b.WriteString("[" + set + "]")
			i += end + 1
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}
