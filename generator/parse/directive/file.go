package directive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	gopath "path"
	"strings"
	"unicode/utf8"

	"docent/generator/doc"
)

var errOutside = errors.New("it lies outside the content folder; copy the file into it")

// ReadFile reads a file that a page names: ref is relative to the page's
// folder, or with a leading slash to the root. A name that leads outside the
// root begins with "../" and is for [Config.FS] to allow or to refuse. It
// gives the dependency also when the file cannot be read. Parsers call it to
// implement Parser.ReadFile.
func ReadFile(cfg *Config, page, ref string) (*doc.Source, doc.Dep, error) {
	name := gopath.Join(gopath.Dir(page), ref)
	if rest, ok := strings.CutPrefix(ref, "/"); ok {
		name = gopath.Clean(rest)
	}
	dep := doc.Dep{Name: name}
	inside := name
	for strings.HasPrefix(inside, "../") {
		inside = inside[3:]
	}
	switch {
	case ref == "" || strings.ContainsRune(ref, 0):
		return nil, dep, errors.New("it is not a file name")
	case name == ".." || !fs.ValidPath(inside):
		return nil, dep, errOutside
	case cfg == nil || cfg.FS == nil:
		return nil, dep, errors.New("no files can be read here")
	}
	if info, err := fs.Stat(cfg.FS, name); err == nil && info.IsDir() {
		return nil, dep, errors.New("it is a folder; name a file in it")
	}
	data, err := fs.ReadFile(cfg.FS, name)
	if inside != name && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid)) {
		return nil, dep, errOutside // what is there is nobody's business
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, dep, errors.New("there is no such file; check the name, which is relative to this page")
	}
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, dep, fmt.Errorf("it cannot be read: %w", err)
	}
	sum := sha256.Sum256(data)
	dep.Digest = hex.EncodeToString(sum[:])
	return doc.NewSource(name, string(data)), dep, nil
}

// read reads a text file that a directive names, in the given encoding (""
// is UTF-8), with line ends as "\n" and without a byte order mark.
func (b *Block) read(p Parser, ref string, pos doc.Pos, enc string) (*doc.Source, error) {
	src, name, err := p.ReadFile(ref)
	fail := func(code, message, hint string) error {
		return &Fail{Severity: doc.Severe, Code: code, Message: message, Hint: hint, Pos: pos, Len: len(ref)}
	}
	if err != nil {
		return nil, fail("file-unreadable", fmt.Sprintf("`%s` cannot read the file `%s` (%s): %v.", b.Name, ref, name, err), "")
	}
	s := src.Text
	switch enc {
	case "latin-1", "latin1", "iso-8859-1", "iso8859-1", "cp1252", "windows-1252":
		s = fromLatin(s, strings.Contains(enc, "1252"))
	default:
		s = strings.TrimPrefix(s, "\ufeff")
		if !utf8.ValidString(s) {
			return nil, fail("file-encoding", fmt.Sprintf("The file `%s` is not UTF-8 text.", name), "Save it as UTF-8, or name its encoding with `:encoding:`.")
		}
	}
	if strings.ContainsRune(s, '\r') {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if s == src.Text {
		return src, nil
	}
	return doc.NewSource(src.Name, s), nil
}

// windows1252 holds what the bytes 0x80 to 0x9f mean there.
var windows1252 = []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")

func fromLatin(s string, windows bool) string {
	var out strings.Builder
	for i := range len(s) {
		c := rune(s[i])
		if windows && c >= 0x80 && c < 0xa0 {
			c = windows1252[c-0x80]
		}
		out.WriteRune(c)
	}
	return out.String()
}
