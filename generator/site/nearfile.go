package site

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"docent/generator/doc"
)

// fileNamed finds the name of a file in a message that says that there is none.
var fileNamed = regexp.MustCompile("(?:the file|The picture|The download) `([^`]+)`.*: there is no such file")

// nearFile says in a message about a file that is not there which one may be
// meant. It looks when messages are told: what stands in a folder is in no
// page's cache.
func (s *Site) nearFile(d doc.Diag) doc.Diag {
	if d.Code != "file-unreadable" && d.Code != "image-missing" && d.Code != "download-missing" || d.Source == nil {
		return d
	}
	m := fileNamed.FindStringSubmatch(d.Message)
	if m == nil {
		return d
	}
	ref := m[1]
	at := path.Join(path.Dir(d.Source.Name), ref)
	lead, other := "/", strings.TrimPrefix(path.Clean("/"+ref), "/") // where it would be, were it meant the other way
	if strings.HasPrefix(ref, "/") {
		at, lead, other = other, "", path.Join(path.Dir(d.Source.Name), other)
	}
	if name := s.nearName(path.Dir(at), path.Base(at)); name != "" {
		d.Hint = "Did you mean `" + ref[:len(ref)-len(path.Base(ref))] + name + "`?"
	} else if info, err := fs.Stat(s.files, other); err == nil && info.Mode().IsRegular() {
		d.Hint = "Did you mean `" + lead + strings.TrimPrefix(ref, "/") + "`?"
	}
	return d
}

// nearName gives the name of a file in a folder that is nearest to another.
func (s *Site) nearName(dir, name string) string {
	if !fs.ValidPath(dir) {
		return ""
	}
	entries, err := fs.ReadDir(s.files, dir)
	if err != nil {
		return ""
	}
	var names []string
	bare := strings.TrimSuffix(name, path.Ext(name))
	for _, e := range entries {
		switch n := e.Name(); {
		case e.IsDir() || strings.HasPrefix(n, "."):
		case strings.EqualFold(n, name), n != name && path.Ext(name) == "" && strings.TrimSuffix(n, path.Ext(n)) == bare:
			return n // but for its case or its suffix it is the one
		default:
			names = append(names, n)
		}
	}
	return doc.Nearest(name, slices.Values(names))
}
