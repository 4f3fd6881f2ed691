package html

import (
	"strings"

	"docent/generator/doc"
)

// SafeURL says whether an address may stand in a link. Relative addresses and
// the schemes of documents may; those that run code may not, however they are
// spelled: browsers skip tabs and newlines in a scheme and ignore its case.
func SafeURL(u string) bool {
	scheme, rest, ok := strings.Cut(u, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true
	}
	scheme = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, scheme)
	switch scheme {
	case "javascript", "vbscript", "livescript", "mocha", "file", "blob", "filesystem", "about", "view-source", "jar", "feed",
		"intent", "search-ms", "res", "resource", "chrome":
		return false
	case "data":
		return safeData(rest)
	}
	return !strings.HasPrefix(scheme, "ms-") // programs of the reader's system
}

// safeData accepts the raster pictures of a data address. SVG is left out: it
// can hold scripts.
func safeData(rest string) bool {
	rest = strings.ToLower(strings.TrimSpace(rest))
	for _, t := range [...]string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"} {
		if strings.HasPrefix(rest, t+";base64,") {
			return true
		}
	}
	return false
}

// escapeURL percent-encodes what may not stand in an address, and leaves what
// is encoded already.
func escapeURL(u string) string { return escapeBytes(u, urlSafe) }

// escapeFragment is escapeURL for an anchor's name, in which # is literal.
func escapeFragment(id string) string {
	return strings.ReplaceAll(escapeBytes(id, urlSafe), "#", "%23")
}

const urlSafe = "-._~:/?#[]@!$&'()*+,;=%"

func escapeBytes(u, safe string) string {
	const hex = "0123456789ABCDEF"
	var b []byte
	for i := 0; i < len(u); i++ {
		c := u[i]
		ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(safe, c) >= 0
		if c == '%' && (i+2 >= len(u) || !isHex(u[i+1]) || !isHex(u[i+2])) || c == '[' || c == ']' {
			ok = false
		}
		if ok {
			if b != nil {
				b = append(b, c)
			}
			continue
		}
		if b == nil {
			b = append(make([]byte, 0, len(u)+16), u[:i]...)
		}
		b = append(b, '%', hex[c>>4], hex[c&15])
	}
	if b == nil {
		return u
	}
	return string(b)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// href writes a link's address, which is known to be safe.
func (w *writer) href(u string) {
	w.str(` href="`)
	w.b = appendEscaped(w.b, escapeURL(u))
	w.str(`"`)
}

// refuse reports an address that the page may not have.
func (w *writer) refuse(n *doc.Node, u string) {
	if len(u) > 60 {
		u = u[:60] + "…"
	}
	w.env.Report(n, doc.Error, "html-unsafe-url", "The address `"+strings.ToValidUTF8(u, "")+"` could run code, so it is left out.",
		"Link to an http, https or mailto address or to a page of the site.")
}
