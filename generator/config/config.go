// Package config reads docent.yaml, the one configuration file of a site.
//
// The file is optional and so is every key. Its JSON Schema ([Schema]) is the
// one description of it: the same schema is published, checks the file, and
// names the environment variables. A value set by the environment or by the
// command line ([Setting]) takes the place of the file's.
package config

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"docent/generator/doc"
)

// Name is what the file is called. It stands in the source folder, beside a
// Sphinx tree's conf.py: everything a site reads then lies below one folder,
// which is opened as the root of what its pages may name.
const Name = "docent.yaml"

// Schema is the JSON Schema of the file.
//
//go:embed schema.json
var Schema []byte

// A Config is what a site's configuration says. Strings that were not given
// are empty; what has a default has it.
type Config struct {
	Title             string            `json:"title"`
	Description       string            `json:"description"`
	Author            string            `json:"author"`
	Copyright         string            `json:"copyright"`
	Version           string            `json:"version"`
	Language          string            `json:"language"`
	BaseURL           string            `json:"base_url"`
	EditURL           string            `json:"edit_url"`
	Exclude           []string          `json:"exclude"`
	HighlightLanguage string            `json:"highlight_language"`
	Theme             string            `json:"theme"`
	Reports           string            `json:"reports"`
	Results           string            `json:"results"`
	Strict            bool              `json:"strict"`
	Drafts            bool              `json:"drafts"`
	RawHTML           bool              `json:"raw_html"`
	Index             bool              `json:"index"`
	Markdown          bool              `json:"markdown"`
	Cards             bool              `json:"cards"`
	Git               bool              `json:"git"`
	Feed              Feed              `json:"feed"`
	Redirects         map[string]string `json:"redirects"`
	Versions          string            `json:"versions"`
	Languages         map[string]string `json:"languages"`
	LocaleDirs        []string          `json:"locale_dirs"`
	Check             Check             `json:"check"`

	source *doc.Source
	places map[string]int // where a value stands in the source, by its path
}

// A Feed says what the Atom feed holds.
type Feed struct {
	Enabled bool `json:"enabled"`
	Limit   int  `json:"limit"`
}

// A Check says what a check looks at.
type Check struct {
	Alt      bool     `json:"alt"`
	Orphans  bool     `json:"orphans"`
	External External `json:"external"`
}

// External says how links to other sites are tried.
type External struct {
	Ignore  []string `json:"ignore"`
	Timeout Duration `json:"timeout"`
	Retries int      `json:"retries"`
	PerHost int      `json:"per_host"`
	Pause   Duration `json:"pause"`
	Fresh   Duration `json:"fresh"`
	Private bool     `json:"private"`
}

// A Duration is written like 10s or 250ms.
type Duration time.Duration

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// Default is the configuration of a site that has none.
func Default() *Config {
	return &Config{Theme: "_theme", Index: true, Markdown: true, Cards: true, Git: true, Feed: Feed{Enabled: true, Limit: 20},
		Check: Check{Alt: true, Orphans: true, External: External{Timeout: Duration(10 * time.Second), Retries: 2, PerHost: 2,
			Pause: Duration(250 * time.Millisecond), Fresh: Duration(24 * time.Hour)}}}
}

// Place gives a diagnostic its position: that of a key, such as
// "check.external.ignore". Without a file it has none.
func (c *Config) Place(d doc.Diag, key ...string) doc.Diag {
	d.Source = c.source
	d.Off = c.places[join(key)]
	return d
}

// A Setting is one value that the environment or the command line sets.
type Setting struct {
	Key   string // as in the schema, with dots: "check.external.timeout"
	Value string // as text; the items of a list are separated by commas
	From  string // who set it: "DOCENT_BASE_URL" or "--base-url"
}

// A BadSetting says that a setting is wrong.
type BadSetting struct{ From, Value, Why string }

func (e *BadSetting) Error() string { return fmt.Sprintf("%s: %q %s", e.From, e.Value, e.Why) }

// A property is the part of the schema that this package reads itself.
type property struct {
	Type        string               `json:"type"`
	Description string               `json:"description"`
	Properties  map[string]*property `json:"properties"`
}

var root = sync.OnceValue(func() *property {
	p := new(property)
	if err := json.Unmarshal(Schema, p); err != nil {
		panic("config: its own schema: " + err.Error())
	}
	return p
})

// Keys gives the keys that a setting may have, sorted: all but maps.
func Keys() []string {
	var out []string
	var walk func(p *property, key string)
	walk = func(p *property, key string) {
		for name, c := range p.Properties {
			full := strings.TrimPrefix(key+"."+name, ".")
			if c.Type == "object" {
				walk(c, full)
			} else {
				out = append(out, full)
			}
		}
	}
	walk(root(), "")
	slices.Sort(out)
	return out
}

// Describe gives what the schema says about a key.
func Describe(key string) string {
	if p := find(strings.Split(key, ".")); p != nil {
		return p.Description
	}
	return ""
}

func find(path []string) *property {
	p := root()
	for _, name := range path {
		if p = p.Properties[name]; p == nil {
			return nil
		}
	}
	return p
}

// Variable is the environment variable of a key.
func Variable(key string) string {
	return "DOCENT_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// FromEnvironment takes the settings out of an environment of NAME=value.
func FromEnvironment(environ []string) []Setting {
	byName := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			byName[name] = value
		}
	}
	var out []Setting
	for _, key := range Keys() {
		if v, ok := byName[Variable(key)]; ok && v != "" {
			out = append(out, Setting{key, v, Variable(key)})
		}
	}
	return out
}

// ParseSetting reads KEY=VALUE, as --set takes it.
func ParseSetting(text string) (Setting, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return Setting{}, &BadSetting{"--set", text, "is no KEY=VALUE"}
	}
	if !slices.Contains(Keys(), key) {
		why := "names no key of " + Name
		if near := doc.Nearest(key, slices.Values(Keys())); near != "" {
			why += "; did you mean " + near + "?"
		}
		return Setting{}, &BadSetting{"--set", key, why}
	}
	return Setting{key, value, "--set " + key}, nil
}

// value turns the text of a setting into a value of the schema's type.
func (s *Setting) value(p *property) (any, error) {
	switch p.Type {
	case "boolean":
		switch strings.ToLower(s.Value) {
		case "true", "yes", "on", "1":
			return true, nil
		case "false", "no", "off", "0":
			return false, nil
		}
		return nil, &BadSetting{s.From, s.Value, "is neither true nor false"}
	case "integer":
		n, err := strconv.Atoi(s.Value)
		if err != nil {
			return nil, &BadSetting{s.From, s.Value, "is no whole number"}
		}
		return json.Number(strconv.Itoa(n)), nil
	case "array":
		out := []any{}
		for _, v := range strings.Split(s.Value, ",") {
			if v = strings.TrimSpace(v); v != "" {
				out = append(out, v)
			}
		}
		return out, nil
	}
	return s.Value, nil
}

// apply puts the settings into a file's values, and tells by path which
// setting stands there now.
func apply(values map[string]any, settings []Setting) (map[string]Setting, error) {
	by := map[string]Setting{}
	for _, s := range settings {
		path := strings.Split(s.Key, ".")
		p := find(path)
		if p == nil || p.Type == "object" {
			return nil, &BadSetting{s.From, s.Key, "is no key of " + Name}
		}
		v, err := s.value(p)
		if err != nil {
			return nil, err
		}
		m := values
		for _, name := range path[:len(path)-1] {
			sub, ok := m[name].(map[string]any)
			if !ok {
				sub = map[string]any{}
				m[name] = sub
			}
			m = sub
		}
		m[path[len(path)-1]] = v
		by[join(path)] = s
	}
	return by, nil
}

// join makes one word of a path, to look it up by.
func join(path []string) string { return strings.Join(path, "\x00") }

// Read reads a configuration and puts the settings above it. src is nil when
// there is no file. What is wrong with the file is reported all at once, and
// what is right still counts; an error is a *[BadSetting].
func Read(src *doc.Source, settings []Setting) (*Config, []doc.Diag, error) {
	r := reader{src: src, places: map[string]int{}, keys: map[string]int{}}
	values := r.file()
	set, err := apply(values, settings)
	if err != nil {
		return nil, nil, err
	}
	if err := r.validate(values, set); err != nil {
		return nil, nil, err
	}
	c := Default()
	data, err := json.Marshal(values)
	if err == nil {
		err = json.Unmarshal(data, c)
	}
	if err != nil { // the schema let something through that the type does not take
		return nil, nil, fmt.Errorf("read %s: %w", Name, err)
	}
	c.source, c.places = src, r.places
	return c, r.diags, nil
}
