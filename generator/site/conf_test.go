package site

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"docent/generator/doc"
)

func TestReadConf(t *testing.T) {
	src := doc.NewSource("conf.py", `# -*- coding: utf-8 -*-
import os, sys
sys.path.insert(0, os.path.abspath('.'))
project = u'A "quoted" name'
version = '3.' '11'
release = version
copyright = ('2001-2024, '
             'Someone')  # trailing comment
exclude_patterns = ['build', "x/*.rst",   # why
    r'a\b', ]
numfig = True
extlinks = {'issue': ('https://example.org/%s', 'issue %s'),
            'src': ("https://e.org/%s", None)}
html_title = f"{project} docs"
today_fmt = time.strftime('%Y')
rst_epilog = '''
.. |x| replace:: y = 1
'''
extensions = ['a']
extensions += ['b']
if True:
    project = 'not this'
def setup(app):
    master_doc = 'nor this'
typed: str = "\u00e9\n"
`)
	c := ReadConf(src, nil)
	want := map[string]any{
		"project": `A "quoted" name`, "version": "3.11", "release": "3.11", "copyright": "2001-2024, Someone",
		"exclude_patterns": []any{"build", "x/*.rst", `a\b`}, "numfig": true,
		"extlinks": map[string]any{"issue": []any{"https://example.org/%s", "issue %s"},
			"src": []any{"https://e.org/%s", nil}},
		"rst_epilog": "\n.. |x| replace:: y = 1\n", "extensions": []any{"a", "b"}, "typed": "é\n", "html_title": `A "quoted" name docs`,
	}
	if !reflect.DeepEqual(c.Values, want) {
		t.Errorf("got  %#v\nwant %#v", c.Values, want)
	}
	if len(c.Diags) != 1 || c.Diags[0].Severity != doc.Warning ||
		!strings.Contains(c.Diags[0].Message, "project, today_fmt") {
		t.Errorf("diagnostics %v", c.Diags)
	}
	if got := c.Diags[0].Position(); got != "conf.py:15:1" {
		t.Errorf("position %s", got)
	}
}

// TestReadPython is about the ways in which real conf.py files put their
// values together. A value of nil is one that cannot be known.
func TestReadPython(t *testing.T) {
	files := func(name string) (string, bool) { return "4.5\n", name == "../VERSION" }
	for text, want := range map[string]map[string]any{
		`version, release = "1", "1.2"`:     {"version": "1", "release": "1.2"},
		`(version, release) = ("1", "1.2")`: {"version": "1", "release": "1.2"},
		`version = release = "1.2"`:         {"version": "1.2", "release": "1.2"},
		"version, release = 1, 2, 3":        {"version": nil, "release": nil},
		"version, release = get()":          {"version": nil, "release": nil},
		"a, = ['x']":                        {"a": "x"},
		`t = "a", "b"`:                      {"t": []any{"a", "b"}},
		`t = {"a", "b",}`:                   {"t": []any{"a", "b"}},
		`t = {"a": 1, "b"}`:                 {"t": nil},
		"release = '1.2.3'\nversion = '.'.join(release.split('.')[:2])":                                {"version": "1.2"},
		"release = '1.2.3rc1'\nversion = release.rsplit('.', 1)[0]":                                    {"version": "1.2"},
		"release = 'v1.2'\nversion = release.lstrip('v').strip()":                                      {"version": "1.2"},
		"r = '1.2.3'\nv = r[:3]\nw = r[-1]\nx = r[1:][0]":                                              {"v": "1.2", "w": "3", "x": "."},
		"v = '1.2'\nt = f'{v!r}'":                                                                      {"t": nil},
		"v = '1.2'\nt = f'Docs {v} {{x}} {v[0]}' ' end'":                                               {"t": "Docs 1.2 {x} 1 end"},
		"v = '1'\nt = 'a %s b %d%%' % (v, 3)":                                                          {"t": "a 1 b 3%"},
		"v = '1'\nt = 'a %s' % v":                                                                      {"t": "a 1"},
		"t = 'a %s' % now()":                                                                           {"t": nil},
		"t = '{} {0} {x}'.format('a', x='b')":                                                          {"t": "a a b"},
		"t = '{:>3}'.format('a')":                                                                      {"t": nil},
		"e = ['a']\ne += ['b',]\ne.append('c')\ne.extend(('d', 'e'))\ne.insert(0, 'z')\ne.remove('b')": {"e": []any{"z", "a", "c", "d", "e"}},
		"e = ['a']\ne.append(name)\ne += more()":                                                       {"e": []any{"a"}},
		"e = ['a'] + ['b']\nf = [*e, 'c']":                                                             {"f": []any{"a", "b", "c"}},
		"d = {'a': ('x', None)}\nd['b'] = ('y', 'z %s')\nd.update({'c': 1})":                           {"d": map[string]any{"a": []any{"x", nil}, "b": []any{"y", "z %s"}, "c": int64(1)}},
		"d = dict(a='x')\ne = {**d, 'b': d['a']}":                                                      {"e": map[string]any{"a": "x", "b": "x"}},
		"u = 'https://e.org'\nextlinks = {'i': (u + '/%s', '#%s'), 'p': (f'{u}/p/%s', None)}": {"extlinks": map[string]any{
			"i": []any{"https://e.org/%s", "#%s"}, "p": []any{"https://e.org/p/%s", nil}}},
		"y = 2024\nc = str(y) + ', Us'": {"c": "2024, Us"},
		"if x:\n    project = 'a'\n":    {"project": nil},
		"def f():\n    project = 'a'\n": {},
		"import os\nhere = os.path.dirname(os.path.abspath(__file__))\ns = [os.path.join(here, '_static')]\nup = os.path.join(here, os.pardir, 'x')": {"s": []any{"_static"}, "up": "../x"},
		"from os.path import dirname, join\nt = join(dirname(dirname(__file__)), 'a')":                                                               {"t": "../a"},
		"release = open('../VERSION').read().strip()":                                                                                                {"release": "4.5"},
		"with open(os.path.join('..', 'VERSION'), encoding='utf-8') as f:\n    release = f.read().strip()\nversion = release[:1]":                    {"release": "4.5", "version": "4"},
		"with open('none') as f:\n    release = f.read()":                                                                                            {"release": nil},
		"release = open('none').read()":   {"release": nil},
		"release = os.path.splitext('x')": {"release": nil},
		"a = 'x'; b = 'y'":                {"a": "x"},
		"a = 'x' if y else 'z'":           {"a": nil},
		"a = [x for x in 'b']":            {"a": nil},
		"a == 'x'\nb: int\nc.d = 'e'":     {},
		"a = (\n  'x'\n  # why\n  'y'\n)": {"a": "xy"},
	} {
		c := ReadConf(doc.NewSource("conf.py", text+"\n"), files)
		for name, v := range want {
			got, known := c.Values[name]
			if v == nil == known || !reflect.DeepEqual(got, v) {
				t.Errorf("%q: %s is %#v (known: %t), want %#v", text, name, got, known, v)
			}
			if said := fmt.Sprint(c.Diags); (v == nil) != strings.Contains(said, name) && !strings.Contains(text, "more()") {
				t.Errorf("%q: said %s", text, said)
			}
		}
		if len(want) == 0 && (len(c.Values) > 0 || len(c.Diags) > 0) {
			t.Errorf("%q: %v, %v", text, c.Values, c.Diags)
		}
	}
}

// TestHostileConf is about values that grow with every line.
func TestHostileConf(t *testing.T) {
	for _, line := range []string{"a = a + a", "a = f'{a}{a}'", "a = '%s%s' % (a, a)", "a = a.replace('x', 'xx')", "a = '{0}{0}'.format(a)", "a = a.join([a, a])", "b += b", "b = [*b, *b]"} {
		c := ReadConf(doc.NewSource("conf.py", "a = 'x'\nb = ['x']\n"+strings.Repeat(line+"\n", 200)), nil)
		if len(fmt.Sprint(c.Values)) > 4*maxValue {
			t.Errorf("%s: it grew", line)
		}
	}
}

func FuzzReadConf(f *testing.F) {
	for _, s := range []string{"a = [1,(2,),{'x': '''y'''}]\n", "a = \"\\x4", "x: int\n=3", "a='b' + c\n((((", "é = r'\\'", "a = f'{a[0]}' % (1,)\n", "a.append([*b])\na[1] = 2", "a = b = 'x'.join('y'.split('z', 1)[:2])"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := ReadConf(doc.NewSource("conf.py", s), func(name string) (string, bool) { return name, true })
		for _, d := range c.Diags {
			if d.Off < 0 || d.Off > len(s) {
				t.Fatalf("position outside the file: %d", d.Off)
			}
		}
	})
}

// Calls that no Python would take end nothing.
func TestBrokenCalls(t *testing.T) {
	for _, call := range []string{"add_role('x', ])", "add_role(])", "add_role('x', }, 1)", "add_generic_role(name='x', nodeclass=nodes.strong)", "add_generic_role('x')",
		"add_directive(name='x')", "add_directive('x'", "add_object_type('x')", "add_object_type(", "add_crossref_type('', '', '')", "add_role(=", "add_role(a=", "add_role('x',,,)"} {
		dir := tree(t, "conf.py", "def setup(app):\n    app."+call+"\n", "index.rst", "T\n=\n\n:x:`y` and `z`\n\n.. x:: y\n")
		m, _ := buildSite(t, Options{Source: dir})
		has(t, call, shown(t, m, "index.html"), "<cite>z</cite>")
	}
}

func FuzzSetupCalls(f *testing.F) {
	for _, s := range []string{"app.add_role('x', ])", "app.add_object_type('a', 'b', indextemplate=\"pair: %s; c\", parse_node=lambda *a: a)", "app.add_directive(('x')"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range setupCalls(s) {
			if c.off < 0 || c.off >= len(s) || len(c.args) != len(c.raw) {
				t.Fatalf("%+v", c)
			}
		}
	})
}
