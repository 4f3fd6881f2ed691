package site

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// checkSVG says why a picture may not be published, or "". It is served as a
// file of its own, so whatever runs in it matters where a reader opens it
// alone. A browser runs what stands before a mistake, so a file that is no
// whole XML is refused as well, and so is one whose encoding or entities could
// spell something that is not seen here.
func checkSVG(data []byte) string {
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return "it is not UTF-8"
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") {
			return in, nil
		}
		return nil, errors.New("its encoding is " + label + ", not UTF-8")
	}
	styled := false // in a style element
	for {
		t, err := dec.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return whole(data)
		case err != nil:
			return "it cannot be read: " + err.Error()
		}
		switch t := t.(type) {
		case xml.Directive: // a document type with entities of its own
			if bytes.ContainsAny(t, "[]") {
				return "it defines entities"
			}
		case xml.ProcInst:
			if t.Target != "xml" {
				return "it asks for a style sheet"
			}
		case xml.StartElement:
			if runs(t) {
				return "it holds a script"
			}
			if calls(t) {
				return "it loads from another site"
			}
			styled = strings.EqualFold(t.Name.Local, "style")
		case xml.EndElement:
			styled = false
		case xml.CharData:
			if styled && callsStyle(string(t)) {
				return "it loads from another site"
			}
		}
	}
}

// whole reports what keeps a file from being one whole document.
func whole(data []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return ""
		} else if err != nil {
			return "it cannot be read: " + err.Error()
		}
	}
}

// calls reports whether an element asks another site for something. A link
// may lead there.
func calls(e xml.StartElement) bool {
	link := strings.EqualFold(e.Name.Local, "a")
	for _, a := range e.Attr {
		value := strings.ToLower(strings.TrimSpace(a.Value))
		switch strings.ToLower(a.Name.Local) {
		case "href", "src":
			if !link && (strings.HasPrefix(value, "//") || strings.Contains(value, "://")) {
				return true
			}
		default:
			if a.Name.Space != "xmlns" && callsStyle(value) {
				return true
			}
		}
	}
	return false
}

// callsStyle reports whether a style, or an attribute that may hold one, asks
// another site for something.
func callsStyle(s string) bool {
	s = strings.ToLower(s)
	if strings.Contains(s, "@import") {
		return true
	}
	for {
		_, rest, ok := strings.Cut(s, "url(")
		if !ok {
			return false
		}
		s = rest
		to := strings.TrimLeft(rest, " \t\r\n\"'")
		if !strings.HasPrefix(to, "#") && !strings.HasPrefix(to, "data:image/") && !strings.HasPrefix(to, "data:font/") && !strings.HasPrefix(to, "data:application/font") {
			return true
		}
	}
}

// runs reports whether an element runs something, or brings HTML that may.
func runs(e xml.StartElement) bool {
	switch strings.ToLower(e.Name.Local) {
	case "script", "foreignobject", "iframe", "embed", "object", "handler", "listener":
		return true
	}
	for _, a := range e.Attr {
		name := strings.ToLower(a.Name.Local)
		if strings.HasPrefix(name, "on") || name == "attributename" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Value)), "on") {
			return true
		}
		// What a browser skips in the scheme of an address is skipped here.
		value := strings.ToLower(strings.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, a.Value))
		if strings.Contains(value, "javascript:") || strings.Contains(value, "vbscript:") || strings.Contains(value, "data:text/") ||
			strings.Contains(value, "data:image/svg") || strings.Contains(value, "data:application/") {
			return true
		}
	}
	return false
}
