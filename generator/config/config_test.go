package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"docent/generator/doc"
)

func read(t *testing.T, text string, settings ...Setting) (*Config, string) {
	t.Helper()
	c, diags, err := Read(doc.NewSource(Name, text), settings)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, d := range diags {
		b.WriteString(d.String() + "\n")
	}
	return c, b.String()
}

// TestSchema holds the published schema against the standard's own, and
// against the type that the file is read into: a key that is in one of them
// only would be silently ignored.
func TestSchema(t *testing.T) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	meta, err := jsonschema.NewCompiler().Compile("https://json-schema.org/draft/2020-12/schema")
	if err != nil {
		t.Fatal(err)
	}
	if err := meta.Validate(v); err != nil {
		t.Error(err)
	}
	var compare func(p *property, typ reflect.Type, at string)
	compare = func(p *property, typ reflect.Type, at string) {
		var fields []string
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := f.Tag.Get("json")
			if name == "" {
				continue
			}
			fields = append(fields, name)
			c := p.Properties[name]
			switch {
			case c == nil:
				t.Errorf("%s%s is not in the schema", at, name)
			case c.Description == "":
				t.Errorf("%s%s has no description", at, name)
			case c.Properties != nil:
				compare(c, f.Type, at+name+".")
			}
		}
		for name := range p.Properties {
			if !slices.Contains(fields, name) {
				t.Errorf("%s%s is in the schema and has no field", at, name)
			}
		}
	}
	compare(root(), reflect.TypeFor[Config](), "")
	// The defaults obey the schema too.
	data, _ := json.Marshal(Default().Feed)
	if c, said := read(t, "feed: "+string(data)); said != "" || c.Feed.Limit != 20 {
		t.Errorf("the default feed: %s", said)
	}
}

func TestEverythingWrongIsToldAtOnce(t *testing.T) {
	c, said := read(t, `titel: Docent
version: 1.10
base_url: example.org
strict: "yes"
feed:
  limit: 0
  limits: 3
check:
  external: {timeout: 10, ignore: [ok, 3]}
redirects:
  old: /new/
author: Ada
`)
	want := []string{
		"docent.yaml:1:1: error: There is no key `titel`. Did you mean `title`? [config-unknown-key]",
		"docent.yaml:2:10: error: The value of `version` must be a text; put it between quotes.",
		"docent.yaml:3:11: error: The value of `base_url` has not the right form: `example.org`.",
		"docent.yaml:4:9: error: The value of `strict` must be true or false, not a text.",
		"docent.yaml:6:10: error: The value of `feed.limit` must be at least 1.",
		"docent.yaml:7:3: error: There is no key `feed.limits`. Did you mean `limit`?",
		"docent.yaml:9:23: error: The value of `check.external.timeout` must be a text",
		"docent.yaml:9:40: error: The value of `check.external.ignore.1` must be a text",
		"docent.yaml:11:3: error: `old` may not stand in `redirects`.",
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if len(lines) != len(want) {
		t.Errorf("%d diagnostics, want %d:\n%s", len(lines), len(want), said)
	}
	for i, w := range want {
		if i < len(lines) && !strings.HasPrefix(lines[i], w) {
			t.Errorf("got  %s\nwant %s", lines[i], w)
		}
	}
	if c.Author != "Ada" || c.Feed.Limit != 20 || c.BaseURL != "" {
		t.Errorf("what is right does not count, or what is wrong does: %+v", c)
	}
}

func TestHostileFiles(t *testing.T) {
	for name, text := range map[string]string{
		"bomb":      "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
		"deep":      "exclude: " + strings.Repeat("[", 50000),
		"dashes":    "exclude:\n  " + strings.Repeat("- ", 50000),
		"long":      "title: " + strings.Repeat("x", 1<<20),
		"no map":    "- a\n- b\n",
		"broken":    "title: [a\nb: }\n",
		"tag":       "title: !!binary aGk=\n",
		"merge":     "feed:\n  <<: {limit: 3}\n",
		"two parts": "title: a\n---\ntitle: b\n",
		"twice":     "title: a\ntitle: b\n",
	} {
		if _, said := read(t, text); !strings.Contains(said, "error: ") || !strings.HasPrefix(said, "docent.yaml:") {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestSettings(t *testing.T) {
	env := FromEnvironment([]string{"DOCENT_TITLE=Env", "DOCENT_CHECK_EXTERNAL_TIMEOUT=5s", "DOCENT_EXCLUDE=a, b", "DOCENT_DRAFTS=1", "DOCENT_FEED_LIMIT=7", "DOCENT_COPYRIGHT=", "OTHER=x"})
	c, said := read(t, "title: File\nfeed:\n  limit: 3\ncopyright: us\n", append(env, Setting{"title", "Flag", "--set title"})...)
	if said != "" || c.Title != "Flag" || time.Duration(c.Check.External.Timeout) != 5*time.Second || !slices.Equal(c.Exclude, []string{"a", "b"}) ||
		!c.Drafts || c.Feed.Limit != 7 || c.Copyright != "us" {
		t.Errorf("%+v %s", c, said)
	}
	for _, s := range []Setting{{"drafts", "perhaps", "DOCENT_DRAFTS"}, {"feed.limit", "0", "DOCENT_FEED_LIMIT"}, {"feed.limit", "x", "--set feed.limit"}, {"base_url", "here", "--base-url"}, {"exclude", "a,b", "no such"}} {
		_, _, err := Read(nil, []Setting{s})
		var bad *BadSetting
		if s.From == "no such" {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.As(err, &bad) || bad.From != s.From {
			t.Errorf("%v: %v", s, err)
		}
	}
	if _, err := ParseSetting("chek.alt=false"); err == nil || !strings.Contains(err.Error(), "did you mean check.alt?") {
		t.Error(err)
	}
	if s, err := ParseSetting("check.alt=false"); err != nil || s.Key != "check.alt" || s.Value != "false" {
		t.Error(s, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("title: a\nfeed: {limit: 3}\n")
	f.Add("a: &a b\n<<: *a\n? - x\n: |\n  y\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, diags, err := Read(doc.NewSource(Name, text), nil)
		if err != nil || c == nil {
			t.Fatal(err)
		}
		for _, d := range diags {
			if d.Position() == "" {
				t.Errorf("%s has no position", d)
			}
		}
	})
}
