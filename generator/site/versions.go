package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"docent/generator/doc"
)

// A versionLink is one version of the site, as versions.json lists it. The
// file has the form that Sphinx's themes read: a list of objects with
// version, url and, where it is shown under another name, name.
type versionLink struct {
	Version   string `json:"version"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	Preferred bool   `json:"preferred"`
}

// title is what readers see.
func (v versionLink) title() string { return first(v.Name, v.Version) }

// maxVersions bounds what the switcher lists.
const maxVersions = 200

// loadVersions reads the list of versions. Every page shows it as links, so
// the switcher works without a script.
func (s *Site) loadVersions() {
	name := path.Clean(first(s.set.Versions, "versions.json"))
	fail := func(off int, message, hint string) {
		s.report(doc.Diag{Severity: doc.Error, Code: "versions", Source: s.text(name), Off: off, Message: message, Hint: hint})
	}
	if !fs.ValidPath(name) {
		s.report(s.set.Place(doc.Diag{Severity: doc.Error, Code: "versions", Message: "The list of versions lies outside the source folder.", Hint: "Name a file below it."}, "versions"))
		return
	}
	s.inputs = append(s.inputs, name)
	data, err := fs.ReadFile(s.files, name)
	if err != nil {
		if s.set.Versions != "" || !errors.Is(err, fs.ErrNotExist) {
			d := doc.Diag{Severity: doc.Error, Code: "versions", Message: "The list of versions is not read: " + fileError(err) + ".", Hint: "Correct its name."}
			if d = s.set.Place(d, "versions"); s.set.Versions == "" {
				d.Source, d.Off = doc.NewSource(name, ""), 0
			}
			s.report(d)
		}
		return
	}
	const form = `Write it like [{"version": "1.0", "url": "https://example.org/1.0/"}].`
	var all []versionLink
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&all); err != nil {
		off := 0
		var syntax *json.SyntaxError
		var typ *json.UnmarshalTypeError
		if errors.As(err, &syntax) {
			off = int(syntax.Offset) - 1
		} else if errors.As(err, &typ) {
			off = int(typ.Offset)
		}
		fail(max(0, off), "The list of versions cannot be read: "+err.Error()+".", form)
		return
	}
	if len(all) > maxVersions {
		fail(0, fmt.Sprintf("The list has %d versions; %d are shown.", len(all), maxVersions), "Leave out the oldest.")
		all = all[:maxVersions]
	}
	for i, v := range all {
		u, err := url.Parse(v.URL)
		if v.title() == "" || err != nil || v.URL == "" || u.Scheme != "" && u.Scheme != "https" && u.Scheme != "http" || u.Scheme == "" && !strings.HasPrefix(v.URL, "/") {
			fail(max(0, bytes.Index(data, []byte(v.URL))), fmt.Sprintf("Version %d of the list has no name or no address.", i+1), form)
			continue
		}
		s.versions = append(s.versions, v)
	}
}

// versionLinks are the entries of the switcher.
func (s *Site) versionLinks(current string) []themeLink {
	var out []themeLink
	for _, v := range s.versions {
		l := themeLink{v.URL, v.title()}
		if v.Version == current || v.Name == current {
			l.Href = ""
		}
		out = append(out, l)
	}
	return out
}
