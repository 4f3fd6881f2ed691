package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	yaml "github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"docent/generator/doc"
)

const (
	maxFile  = 256 << 10 // bytes
	maxDepth = 16        // maps and lists in each other
)

// A reader reads one file and collects what is wrong with it.
type reader struct {
	src    *doc.Source
	places map[string]int // offset of a value, by its path
	keys   map[string]int // offset of a key, by its path
	diags  []doc.Diag
}

func (r *reader) fail(off, length int, code, message, hint string) {
	r.diags = append(r.diags, doc.Diag{Severity: doc.Error, Code: code, Message: message, Hint: hint, Source: r.src, Off: off, Len: length})
}

// file reads the YAML into the types of JSON. It gives what it understood.
func (r *reader) file() map[string]any {
	empty := map[string]any{}
	if r.src == nil {
		return empty
	}
	text := r.src.Text
	if len(text) > maxFile {
		r.fail(0, 1, "config-too-long", fmt.Sprintf("The file is %d KiB long; %d are allowed.", len(text)>>10, maxFile>>10), "Keep data in files of their own.")
		return empty
	}
	if off := tooDeep(text); off >= 0 {
		r.fail(off, 1, "config-yaml", "The YAML nests too deep here.", "Write it flatter.")
		return empty
	}
	f, err := yamlparser.ParseBytes([]byte(text), 0)
	if err != nil {
		line, col, why := 1, 1, err.Error()
		fmt.Sscanf(why, "[%d:%d]", &line, &col)
		if i := strings.Index(why, "] "); i > 0 {
			why = why[i+2:]
		}
		why, _, _ = strings.Cut(why, "\n")
		r.fail(r.offset(line, col), 1, "config-yaml", "The YAML cannot be read: "+why+".", "Correct it here.")
		return empty
	}
	for i, d := range f.Docs {
		if d.Body == nil {
			continue
		}
		if i > 0 {
			r.fail(r.at(d.Body), 1, "config-yaml", "A second document begins here.", "Keep one in the file.")
			break
		}
		v, ok := r.value(d.Body, nil).(map[string]any)
		if !ok {
			r.fail(r.at(d.Body), 1, "config-yaml", "The file is not a list of `key: value`.", "Write it so, or remove it.")
			return empty
		}
		empty = v
	}
	return empty
}

func (r *reader) offset(line, col int) int {
	off := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(r.src.Text[off:], '\n')
		if i < 0 {
			break
		}
		off += i + 1
	}
	return min(len(r.src.Text), off+max(0, col-1))
}

func (r *reader) at(n yaml.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return r.offset(t.Position.Line, t.Position.Column)
	}
	return 0
}

// value turns a node into a value of JSON and notes where it stands.
func (r *reader) value(n yaml.Node, path []string) any {
	if n == nil {
		return nil
	}
	r.places[join(path)] = r.at(n)
	switch n := n.(type) {
	case *yaml.MappingNode:
		m := map[string]any{}
		for _, v := range n.Values {
			r.pair(m, v, path)
		}
		return m
	case *yaml.MappingValueNode:
		m := map[string]any{}
		r.pair(m, n, path)
		return m
	case *yaml.SequenceNode:
		out := make([]any, len(n.Values))
		for i, v := range n.Values {
			out[i] = r.value(v, append(slices.Clip(path), fmt.Sprint(i)))
		}
		return out
	case *yaml.AnchorNode, *yaml.AliasNode, *yaml.TagNode:
		r.fail(r.at(n), 1, "config-yaml", "YAML anchors, aliases and tags are not allowed here.", "Write the value out.")
		return nil
	case *yaml.LiteralNode:
		return n.Value.Value
	case *yaml.StringNode:
		return n.Value
	case *yaml.BoolNode:
		return n.Value
	case *yaml.NullNode:
		return nil
	case *yaml.IntegerNode, *yaml.FloatNode:
		text := strings.ReplaceAll(n.GetToken().Value, "_", "")
		if json.Valid([]byte(text)) {
			return json.Number(text)
		}
		return n.GetToken().Value
	}
	return n.GetToken().Value
}

func (r *reader) pair(m map[string]any, n *yaml.MappingValueNode, path []string) {
	if n.Key.IsMergeKey() {
		r.fail(r.at(n.Key), 2, "config-yaml", "YAML merges are not allowed here.", "Write the values out.")
		return
	}
	key := n.Key.GetToken().Value
	full := append(slices.Clip(path), key)
	r.keys[join(full)] = r.at(n.Key)
	v := r.value(n.Value, full)
	if v == nil { // `key:` with nothing behind it says nothing
		return
	}
	m[key] = v
}

// tooDeep gives the offset where the YAML nests deeper than allowed, or -1:
// its reader is recursive.
func tooDeep(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			if depth++; depth > maxDepth {
				return i
			}
		case ']', '}':
			depth--
		case '\n':
			signs := 0
			for j := i + 1; j < len(text) && (text[j] == ' ' || text[j] == '-' || text[j] == '?'); j++ {
				if text[j] != ' ' {
					signs++
				}
			}
			if signs > maxDepth {
				return i + 1
			}
		}
	}
	return -1
}

var compiled = sync.OnceValue(func() *jsonschema.Schema {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		panic("config: its own schema: " + err.Error())
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("docent.schema.json", v); err != nil {
		panic("config: its own schema: " + err.Error())
	}
	return c.MustCompile("docent.schema.json")
})

var english = message.NewPrinter(language.English)

// validate reports everything that the schema forbids and takes it out of the
// values. A wrong setting is an error: it is no part of the file.
func (r *reader) validate(values map[string]any, set map[string]Setting) error {
	var all *jsonschema.ValidationError
	if err := compiled().Validate(values); !errors.As(err, &all) {
		return err
	}
	var walk func(e *jsonschema.ValidationError) error
	walk = func(e *jsonschema.ValidationError) error {
		if k, ok := e.ErrorKind.(*kind.PropertyNames); ok {
			// The location of this kind of error is overwritten by later
			// ones (jsonschema 6.0.3), so the schema says where it is.
			_, at, _ := strings.Cut(e.SchemaURL, "#/properties/")
			r.unknownName(strings.Split(strings.TrimSuffix(at, "/propertyNames"), "/properties/"), k.Property, values)
			return nil
		}
		for _, c := range e.Causes {
			if err := walk(c); err != nil {
				return err
			}
		}
		if len(e.Causes) > 0 {
			return nil
		}
		return r.wrong(e, values, set)
	}
	if err := walk(all); err != nil {
		return err
	}
	slices.SortStableFunc(r.diags, func(a, b doc.Diag) int { return a.Off - b.Off })
	return nil
}

// wrong tells one error of the validator.
func (r *reader) wrong(e *jsonschema.ValidationError, values map[string]any, set map[string]Setting) error {
	path := e.InstanceLocation
	if k, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, name := range k.Properties {
			r.unknownKey(path, name, values)
		}
		return nil
	}
	key := strings.Join(path, ".")
	why, hint := reason(e.ErrorKind), ""
	p := find(path)
	if p != nil {
		hint = p.Description
	}
	for n := len(path); n > 0; n-- { // an item of a list belongs to its list
		if s, ok := set[join(path[:n])]; ok {
			return &BadSetting{s.From, s.Value, why + ". " + hint}
		}
	}
	if _, ok := e.ErrorKind.(*kind.Pattern); ok {
		why += ": `" + written(r.src, r.places[join(path)]) + "`"
	}
	r.fail(r.places[join(path)], len(written(r.src, r.places[join(path)])), "config-value", fmt.Sprintf("The value of `%s` %s.", key, why), hint)
	remove(values, path)
	return nil
}

func (r *reader) unknownKey(path []string, name string, values map[string]any) {
	full := append(slices.Clip(path), name)
	hint := "The manual's page on configuration lists the keys."
	if p := find(path); p != nil {
		if near := doc.Nearest(name, maps.Keys(p.Properties)); near != "" {
			hint = "Did you mean `" + near + "`?"
		}
	}
	r.fail(r.keys[join(full)], len(name), "config-unknown-key", "There is no key `"+strings.Join(full, ".")+"`.", hint)
	remove(values, full)
}

// unknownName tells of a key of the author's own that has the wrong form.
func (r *reader) unknownName(path []string, name string, values map[string]any) {
	full := append(slices.Clip(path), name)
	hint := ""
	if p := find(path); p != nil {
		hint = p.Description
	}
	r.fail(r.keys[join(full)], len(name), "config-value", fmt.Sprintf("`%s` may not stand in `%s`.", name, strings.Join(path, ".")), hint)
	remove(values, full)
}

// written is what stands at an offset, up to the end of its line or comment.
func written(src *doc.Source, off int) string {
	if src == nil || off >= len(src.Text) {
		return ""
	}
	line, _, _ := strings.Cut(src.Text[off:], "\n")
	line, _, _ = strings.Cut(line, " #")
	return strings.TrimRight(line, " \r")
}

// reason says what is wrong with a value, after its name.
func reason(k jsonschema.ErrorKind) string {
	words := map[string]string{"string": "a text", "boolean": "true or false", "integer": "a whole number", "array": "a list", "object": "a list of `key: value`",
		"number": "a number", "null": "nothing"}
	switch k := k.(type) {
	case *kind.Type:
		want := make([]string, len(k.Want))
		for i, w := range k.Want {
			want[i] = words[w]
		}
		if k.Got == "number" && slices.Contains(k.Want, "string") {
			return "must be a text; put it between quotes"
		}
		return "must be " + strings.Join(want, " or ") + ", not " + words[k.Got]
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString()
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString()
	case *kind.MinLength:
		return "must not be empty"
	case *kind.Pattern:
		return "has not the right form"
	}
	return "is wrong: " + k.LocalizedString(english)
}

// remove takes a value out, so that its default counts.
func remove(values map[string]any, path []string) {
	var in any = values
	for i, name := range path {
		switch m := in.(type) {
		case map[string]any:
			if i == len(path)-1 {
				delete(m, name)
				return
			}
			in = m[name]
		case []any: // an item: the list stays, the item becomes empty
			var n int
			if _, err := fmt.Sscan(name, &n); err != nil || n >= len(m) {
				return
			}
			if i == len(path)-1 {
				m[n] = ""
				return
			}
			in = m[n]
		default:
			return
		}
	}
}
