package site

import (
	"path"
	"strings"
)

// activeTypes are the suffixes of files that a browser opens as a page of the
// site, with the scripts in it. SVG has its own check, which takes scripts
// for what they are.
var activeTypes = map[string]bool{
	".html": true, ".htm": true, ".xhtml": true, ".xht": true, ".shtml": true, ".mhtml": true, ".mht": true,
	".xml": true, ".xsl": true, ".xslt": true, ".rdf": true, ".svgz": true,
}

func isActive(name string) bool { return activeTypes[strings.ToLower(path.Ext(name))] }

// served gives the name under which a file that pages offer is published. One
// that could run scripts becomes text, since no host is known to send our
// policy with it; a reader who downloads it keeps it under its own name. A
// site that trusts every author publishes all files as they are.
func (s *Site) served(name string) string {
	if isActive(name) && !s.set.RawHTML {
		return name + ".txt"
	}
	return name
}
