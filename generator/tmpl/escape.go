package tmpl

import (
	"bytes"
	"html/template"
	"reflect"
	"strings"
)

// escaping gives what appends a value of a type through the escapers that
// html/template has chosen for its place. They are known by html/template's
// names for them.
func escaping(names []string, typ reflect.Type) (func([]byte, reflect.Value) ([]byte, error), error) {
	const prefix = "_html_template_"
	for i, n := range names {
		names[i] = strings.TrimPrefix(n, prefix)
	}
	chain := strings.Join(names, " ")
	switch typ {
	case reflect.TypeFor[template.HTML]():
		if chain != "htmlescaper" {
			return nil, errBeyond
		}
		return func(dst []byte, v reflect.Value) ([]byte, error) { return append(dst, v.String()...), nil }, nil
	case reflect.TypeFor[template.CSS](), reflect.TypeFor[template.HTMLAttr](), reflect.TypeFor[template.JS](), reflect.TypeFor[template.JSStr](),
		reflect.TypeFor[template.Srcset](), reflect.TypeFor[template.URL]():
		return nil, errBeyond
	}
	if chain == "jsvalescaper" {
		return inScript, nil
	}
	str, err := text(typ)
	if err != nil {
		return nil, err
	}
	switch chain {
	case "htmlescaper", "attrescaper", "rcdataescaper":
		return func(dst []byte, v reflect.Value) ([]byte, error) { return appendText(dst, str(v)), nil }, nil
	case "urlnormalizer attrescaper":
		return func(dst []byte, v reflect.Value) ([]byte, error) { return appendURL(dst, str(v)), nil }, nil
	case "urlfilter urlnormalizer attrescaper":
		return func(dst []byte, v reflect.Value) ([]byte, error) { return appendURL(dst, filterURL(str(v))), nil }, nil
	}
	return nil, errBeyond
}

// script is the place of a value in JSON-LD and other scripts.
var script = template.Must(template.New("").Parse("<script>{{.}}</script>"))

// inScript writes a value as a script's literal, which is left to
// html/template.
func inScript(dst []byte, v reflect.Value) ([]byte, error) {
	var b bytes.Buffer
	if err := script.Execute(&b, reflectInterface(v)); err != nil {
		return dst, err
	}
	return append(dst, bytes.TrimSuffix(bytes.TrimPrefix(b.Bytes(), []byte("<script>")), []byte("</script>"))...), nil
}

var entities = [256]string{0: "\uFFFD", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '+': "&#43;", '<': "&lt;", '>': "&gt;"}

// appendText escapes text for an element or a quoted attribute.
func appendText(dst []byte, s string) []byte {
	last := 0
	for i := range len(s) {
		if e := entities[s[i]]; e != "" {
			dst = append(append(dst, s[last:i]...), e...)
			last = i + 1
		}
	}
	return append(dst, s[last:]...)
}

// filterURL refuses addresses whose scheme may run a script.
func filterURL(s string) string {
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || strings.Contains(scheme, "/") || strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "mailto") {
		return s
	}
	return "#ZgotmplZ"
}

// plainInURL are the bytes that an address keeps.
var plainInURL = func() (plain [256]bool) {
	for _, c := range []byte("!#$&*+,/:;=?@[]-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
		plain[c] = true
	}
	return plain
}()

// appendURL encodes what an address cannot hold, and escapes it for an
// attribute.
func appendURL(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		c := s[i]
		switch {
		case !plainInURL[c] && (c != '%' || i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		case entities[c] != "":
			dst = append(dst, entities[c]...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
