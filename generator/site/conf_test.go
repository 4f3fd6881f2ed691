package site

import (
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
	c := ReadConf(src)
	want := map[string]any{
		"project": `A "quoted" name`, "version": "3.11", "release": "3.11", "copyright": "2001-2024, Someone",
		"exclude_patterns": []any{"build", "x/*.rst", `a\b`}, "numfig": true,
		"extlinks": map[string]any{"issue": []any{"https://example.org/%s", "issue %s"},
			"src": []any{"https://e.org/%s", nil}},
		"rst_epilog": "\n.. |x| replace:: y = 1\n", "extensions": []any{"a", "b"}, "typed": "é\n",
	}
	if !reflect.DeepEqual(c.Values, want) {
		t.Errorf("got  %#v\nwant %#v", c.Values, want)
	}
	if len(c.Diags) != 1 || c.Diags[0].Severity != doc.Warning ||
		!strings.Contains(c.Diags[0].Message, "html_title, today_fmt") {
		t.Errorf("diagnostics %v", c.Diags)
	}
	if got := c.Diags[0].Position(); got != "conf.py:14:1" {
		t.Errorf("position %s", got)
	}
}

func FuzzReadConf(f *testing.F) {
	for _, s := range []string{"a = [1,(2,),{'x': '''y'''}]\n", "a = \"\\x4", "x: int\n=3", "a='b' + c\n((((", "é = r'\\'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := ReadConf(doc.NewSource("conf.py", s))
		for _, d := range c.Diags {
			if d.Off < 0 || d.Off > len(s) {
				t.Fatalf("position outside the file: %d", d.Off)
			}
		}
	})
}
