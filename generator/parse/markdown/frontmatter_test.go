package markdown

import (
	"fmt"
	"strings"
	"testing"
)

// What is read without the YAML library reads as with it.
func TestSimpleYAML(t *testing.T) {
	type scalar struct {
		path, value string
		off         int
	}
	for _, src := range []string{"a: b\n", "title: \"A title\"\nother: 'one'\n", "a:   b\n\nb: 2 c\r\n", "a: \"\"\nb: ''\n", "a: \"b: c # d\"\n",
		"url: https://example.org/x\n", "t: \"é 'x'\"\n", "n: 'say \"x\"'\n", "a_b-c: -x\n", "a: \"b\" # c\n", "a: 'it''s'\n", "a: \"b\\n\"\n", "a: \"b\" c\n"} {
		var simple, all []scalar
		take := func(to *[]scalar) func([]string, string, int) {
			return func(path []string, value string, off int) {
				*to = append(*to, scalar{strings.Join(path, "."), value, off})
			}
		}
		if !simpleYAML(src, take(&simple)) {
			continue
		}
		(&page{}).anyYAML(src, nil, take(&all))
		if fmt.Sprint(simple) != fmt.Sprint(all) {
			t.Errorf("%q: %v, with the library %v", src, simple, all)
		}
	}
	if !simpleYAML("title: \"A title\"\nother: 'one'\n", func([]string, string, int) {}) || simpleYAML("a: 'it''s'\n", nil) {
		t.Error("quotes are not looked at")
	}
}
