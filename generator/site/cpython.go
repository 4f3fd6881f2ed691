package site

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"docent/generator/parse"
)

// configureCPython reads what the extensions of Python's own documentation
// would do, where conf.py names them. They are not run.
func (s *Site) configureCPython(cfg *parse.Config) {
	extensions := s.conf.Strings("extensions")
	if !slices.Contains(extensions, "pyspecific") && !slices.Contains(extensions, "c_annotations") {
		return
	}
	c := &parse.CPython{}
	cfg.CPython = c
	cfg.ArabicOnly = slices.Contains(extensions, "pyspecific")
	if s.conf.String("version") == "" && strings.Contains(s.conf.Source.Text, "patchlevel.get_version_info()") {
		c.Version, c.Release = s.patchLevel()
		if c.Version != "" {
			cfg.Substitutions["version"], cfg.Substitutions["release"] = c.Version, c.Release
		}
	} else {
		c.Version, c.Release = s.conf.String("version"), s.conf.String("release")
	}
	if !slices.Contains(extensions, "c_annotations") {
		return
	}
	if text, err := fs.ReadFile(s.files, s.conf.String("refcount_file")); err == nil {
		c.ReadRefcounts(string(text))
	}
	if f, err := s.files.Open(s.conf.String("stable_abi_file")); err == nil {
		defer f.Close()
		if rows, err := csv.NewReader(f).ReadAll(); err == nil {
			c.ReadStableABI(rows)
		}
	}
}

var headerDefine = regexp.MustCompile(`(?m)^#define\s+(PY_[A-Z_]+)\s+(\S+)`)

// patchLevel reads the version from the header that stands beside the
// documentation in Python's own tree, as its conf.py does.
func (s *Site) patchLevel() (version, release string) {
	dir := s.opt.Source
	text, err := os.ReadFile(filepath.Join(dir, "..", "Include", "patchlevel.h"))
	if err != nil {
		return "", ""
	}
	d := map[string]string{}
	for _, m := range headerDefine.FindAllStringSubmatch(string(text), -1) {
		d[m[1]] = m[2]
	}
	if d["PY_MAJOR_VERSION"] == "" || d["PY_MINOR_VERSION"] == "" || d["PY_MICRO_VERSION"] == "" {
		return "", ""
	}
	version = d["PY_MAJOR_VERSION"] + "." + d["PY_MINOR_VERSION"]
	release = version + "." + d["PY_MICRO_VERSION"]
	if s := map[string]string{"PY_RELEASE_LEVEL_ALPHA": "a", "PY_RELEASE_LEVEL_BETA": "b", "PY_RELEASE_LEVEL_GAMMA": "rc"}[d["PY_RELEASE_LEVEL"]]; s != "" {
		release += fmt.Sprint(s, d["PY_RELEASE_SERIAL"])
	}
	return version, release
}
