package directive

import (
	_ "embed" // the names of the standard definition files
	"fmt"
	"html"
	"strings"

	"docent/generator/doc"
)

// entityFiles holds the character names of the standard definition files,
// one file per line: "isonum: amp apos half=BD ...". A name without a code is
// the HTML entity of that name.
//
//go:embed entities.txt
var entityFiles string

// standardInclude reads a standard definition file, such as <isonum.txt>: a
// substitution for each of its characters.
func standardInclude(p Parser, name string) ([]*doc.Node, bool) {
	base := strings.TrimSuffix(name, ".txt")
	for _, line := range strings.Split(entityFiles, "\n") {
		file, names, _ := strings.Cut(line, ": ")
		if file != base || base == name {
			continue
		}
		var s strings.Builder
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
		src := doc.NewSource("<"+name+">", s.String())
		return p.Include(src, 0, len(src.Text), "rst"), true
	}
	return nil, false
}
