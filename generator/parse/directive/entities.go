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

// slideRoles are the roles that <s5defs.txt> makes, each a class of its name.
var slideRoles = strings.Fields("black gray silver white maroon red magenta fuchsia pink orange yellow lime green olive teal cyan aqua blue navy " +
	"purple huge big small tiny outline print handout incremental")

// standardInclude reads a standard definition file, such as <isonum.txt>: a
// substitution for each of its characters; or <s5defs.txt>, the roles of slides.
func standardInclude(p Parser, name string) ([]*doc.Node, bool) {
	base := strings.TrimSuffix(name, ".txt")
	if name == "s5defs.txt" {
		text := ".. role:: " + strings.Join(slideRoles, "\n.. role:: ") + "\n.. role:: slide\n   :class: slide-display\n.. default-role:: incremental\n"
		src := doc.NewSource("<"+name+">", text)
		return p.Include(src, 0, len(text), "rst"), true
	}
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
