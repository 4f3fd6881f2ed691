package directive

import (
	_ "embed" // the names of the standard definition files
	"fmt"
	"html"
	"strings"
)

// entityFiles holds the character names of the standard definition files,
// one file per line: "isonum: amp apos half=BD ...". A name without a code is
// the HTML entity of that name.
//
//go:embed entities.txt
var entityFiles string

// slideDefinitions is <s5defs.txt>, which is in the public domain.
//
//go:embed s5defs.txt
var slideDefinitions string

// entityHead is what the standard definition files begin with.
const entityHead = `.. This data file has been placed in the public domain.
.. Derived from the Unicode character mappings available from
   <http://www.w3.org/2003/entities/xml/>.
   Processed by unicode2rstsubs.py, part of Docutils:
   <https://docutils.sourceforge.io>.

`

// standardFile gives a standard definition file, such as isonum.txt: a
// substitution for each of its characters; or s5defs.txt, the roles of slides.
func standardFile(name string) (text string, ok bool) {
	if name == "s5defs.txt" {
		return slideDefinitions, true
	}
	base := strings.TrimSuffix(name, ".txt")
	for _, line := range strings.Split(entityFiles, "\n") {
		file, names, _ := strings.Cut(line, ": ")
		if file != base || base == name {
			continue
		}
		var s strings.Builder
		s.WriteString(entityHead)
		for _, n := range strings.Fields(names) {
			entity, codes, given := strings.Cut(n, "=")
			if !given {
				var hex []string
				for _, r := range html.UnescapeString("&" + entity + ";") {
					hex = append(hex, fmt.Sprintf("%X", r))
				}
				codes = strings.Join(hex, "+")
			}
			s.WriteString(".. |" + entity + "| unicode:: U+" + strings.ReplaceAll(codes, "+", " U+") + "\n")
		}
		return s.String(), true
	}
	return "", false
}
