package site

import (
	"strconv"
	"strings"
)

// pyText is what str() makes of a value, where that is plain.
func pyText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case bool:
		return map[bool]string{true: "True", false: "False"}[v], true
	case nil:
		return "None", true
	}
	return "", false
}

// pyPercent fills the %s and %d of a text.
func pyPercent(format, v any) (any, error) {
	f, ok := format.(string)
	args, many := v.([]any)
	if !many {
		args = []any{v}
	}
	if m, isMap := v.(map[string]any); !ok || isMap && len(m) >= 0 {
		return nil, notLiteral{}
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(f, '%')
		if i < 0 || i+1 == len(f) {
			break
		}
		b.WriteString(f[:i])
		verb := f[i+1]
		f = f[i+2:]
		if verb == '%' {
			b.WriteByte('%')
			continue
		}
		if len(args) == 0 || verb != 's' && verb != 'd' {
			return nil, notLiteral{}
		}
		s, ok := pyText(args[0])
		if !ok || tooLarge(b.Len()+len(s)) {
			return nil, notLiteral{}
		}
		b.WriteString(s)
		args = args[1:]
	}
	if len(args) > 0 || strings.Contains(f, "%") {
		return nil, notLiteral{}
	}
	return b.String() + f, nil
}

// pyMethod carries out the methods that settings are put together with.
func pyMethod(v any, name string, args []any, named map[string]any) (any, error) {
	if f, ok := v.(pyFile); ok && name == "read" && len(args)+len(named) == 0 {
		return string(f), nil
	}
	s, ok := v.(string)
	if !ok {
		return nil, notLiteral{}
	}
	if name == "format" {
		return pyFormat(s, args, named)
	}
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i], ok = a.(string)
		if !ok && !(name == "join" || i == 1 && strings.HasSuffix(name, "split")) {
			return nil, notLiteral{}
		}
	}
	if len(named) > 0 {
		return nil, notLiteral{}
	}
	switch {
	case name == "join" && len(args) == 1:
		return pyJoin(s, args[0])
	case (name == "split" || name == "rsplit") && len(args) <= 2:
		return pySplit(s, name, args, texts)
	case name == "replace" && len(args) == 2:
		if out := strings.Count(s, texts[0]) * len(texts[1]); texts[0] != "" && !tooLarge(len(s)+out) {
			return strings.ReplaceAll(s, texts[0], texts[1]), nil
		}
	case strings.HasSuffix(name, "partition") && len(args) == 1 && texts[0] != "":
		i := map[string]func(string, string) int{"partition": strings.Index, "rpartition": strings.LastIndex}[name](s, texts[0])
		switch {
		case i >= 0:
			return []any{s[:i], texts[0], s[i+len(texts[0]):]}, nil
		case name == "partition":
			return []any{s, "", ""}, nil
		}
		return []any{"", "", s}, nil
	case strings.HasSuffix(name, "strip") && len(args) <= 1:
		cut := " \t\n\r\f\v"
		if len(args) == 1 {
			cut = texts[0]
		}
		switch name {
		case "strip":
			return strings.Trim(s, cut), nil
		case "lstrip":
			return strings.TrimLeft(s, cut), nil
		case "rstrip":
			return strings.TrimRight(s, cut), nil
		}
	case name == "lower" && len(args) == 0:
		return strings.ToLower(s), nil
	case name == "upper" && len(args) == 0:
		return strings.ToUpper(s), nil
	case name == "removeprefix" && len(args) == 1:
		return strings.TrimPrefix(s, texts[0]), nil
	case name == "removesuffix" && len(args) == 1:
		return strings.TrimSuffix(s, texts[0]), nil
	}
	return nil, notLiteral{}
}

func pyJoin(sep string, v any) (any, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, notLiteral{}
	}
	var b strings.Builder
	for i, e := range list {
		t, ok := e.(string)
		if !ok || tooLarge(b.Len()+len(t)+len(sep)) {
			return nil, notLiteral{}
		}
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(t)
	}
	return b.String(), nil
}

func pySplit(s, name string, args []any, texts []string) (any, error) {
	most := -1
	if len(args) == 2 {
		n, ok := args[1].(int64)
		if !ok || n < 0 || n > 1<<16 {
			return nil, notLiteral{}
		}
		most = int(n) + 1
	}
	var parts []string
	switch {
	case len(args) == 0 && name == "split":
		parts = strings.Fields(s)
	case len(args) == 0 || texts[0] == "":
		return nil, notLiteral{}
	case name == "split" || most < 0:
		parts = strings.SplitN(s, texts[0], most)
	default:
		for most > 1 {
			i := strings.LastIndex(s, texts[0])
			if i < 0 {
				break
			}
			parts = append([]string{s[i+len(texts[0]):]}, parts...)
			s = s[:i]
			most--
		}
		parts = append([]string{s}, parts...)
	}
	out := make([]any, len(parts))
	for i, t := range parts {
		out[i] = t
	}
	return out, nil
}

// pyFormat fills the fields of str.format: {}, {0} and {name}.
func pyFormat(s string, args []any, named map[string]any) (any, error) {
	next := 0
	return pyFields(s, func(field string) (any, error) {
		if field == "" {
			field = strconv.Itoa(next)
			next++
		}
		if n, err := strconv.Atoi(field); err == nil && n >= 0 && n < len(args) {
			return args[n], nil
		}
		if v, ok := named[field]; ok {
			return v, nil
		}
		return nil, notLiteral{}
	})
}

// pyFields fills what stands in braces; double braces are braces.
func pyFields(s string, fill func(field string) (any, error)) (any, error) {
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		if strings.HasPrefix(s[i+1:], s[i:i+1]) {
			b.WriteByte(s[i])
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if s[i] == '}' || end < 0 {
			return nil, notLiteral{}
		}
		v, err := fill(strings.TrimSpace(s[i+1 : i+end]))
		if err != nil {
			return nil, err
		}
		t, ok := pyText(v)
		if !ok || tooLarge(b.Len()+len(t)) {
			return nil, notLiteral{}
		}
		b.WriteString(t)
		s = s[i+end+1:]
	}
	return b.String() + s, nil
}
