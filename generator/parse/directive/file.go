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

	encodings "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

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
	if e := charsetOf(enc); e != nil {
		if s, err = e.NewDecoder().String(s); err != nil {
			return nil, fail("file-encoding", fmt.Sprintf("The file `%s` is not %s text.", name, enc), "Name the encoding that it has with `:encoding:`.")
		}
	} else {
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

// charsetOf gives the encoding of a name that [encoding] has let through, or
// nil for UTF-8.
func charsetOf(name string) encodings.Encoding {
	switch key := charsetKey(name); key {
	case "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	default:
		for _, e := range charmap.All {
			if m, ok := e.(*charmap.Charmap); ok && charsetKey(m.String()) == key {
				return e
			}
		}
	}
	return nil
}

// charsetKey is what is left of an encoding's name when two ways to write it
// are compared.
func charsetKey(name string) string {
	key := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_ ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	if windows, ok := strings.CutPrefix(key, "cp125"); ok {
		return "windows125" + windows
	}
	if full := charsetNames[key]; full != "" {
		return full
	}
	return key
}

// charsetNames are other names of encodings, by their keys.
var charsetNames = map[string]string{
	"latin1": "iso88591", "latin": "iso88591", "l1": "iso88591", "88591": "iso88591", "latin2": "iso88592", "latin3": "iso88593", "latin4": "iso88594", "latin5": "iso88599",
	"latin6": "iso885910", "latin8": "iso885914", "latin9": "iso885915", "latin10": "iso885916", "cp437": "ibmcodepage437", "cp850": "ibmcodepage850", "cp852": "ibmcodepage852",
	"cp855": "ibmcodepage855", "cp858": "ibmcodepage858", "cp866": "ibmcodepage866", "macroman": "macintosh", "utf8sig": "utf8", "u8": "utf8", "usascii": "ascii",
}
