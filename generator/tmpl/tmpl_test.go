package tmpl_test

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"testing"

	"docent/generator/tmpl"
)

type link struct{ Href, Title string }

type inner struct{ Deep string }

type data struct {
	Text, Empty, URL string
	HTML             template.HTML
	On, Off          bool
	Count            int
	Links            []link
	None             []link
	Prev, Next       *link
	Facts            any
	Nothing          any
	inner
	Embedded
}

// Embedded is promoted.
type Embedded struct{ Promoted string }

func (d *data) Asset(name string) (string, error) {
	if name == "missing" {
		return "", errors.New("no such asset")
	}
	return "_assets/" + name, nil
}

func (d *data) Loud() string { return strings.ToUpper(d.Text) }

// sample is data that needs escaping everywhere.
func sample(s string) *data {
	return &data{Text: s, URL: s, HTML: template.HTML("<b>" + s + "</b>"), On: true, Count: 42, Links: []link{{"a/" + s, s}, {"", "x"}, {s, ""}},
		Prev: &link{s, s}, Facts: map[string]any{"a": s, "b": []int{1}}, Embedded: Embedded{s}}
}

var texts = []string{"", "plain", `a&b<c>"d'e+f`, "x\x00y", "ä\u2028ö\ufffe", "\xff\xfe", "javascript:alert(1)", "http://a.b/c?d=e&f#g h", "mailto:x@y", "a/b:c", "%41%zz%4", "</script><!--", "日本語"}

// TestSame compares what each template writes with html/template.
func TestSame(t *testing.T) {
	for _, c := range []struct {
		text   string
		beyond bool
	}{
		{text: `<p title="{{.Text}}">{{.Text}}</p>`},
		{text: `<title>{{.Text}}</title><textarea>{{.Text}}</textarea>`},
		{text: `<a href="{{.URL}}">{{.Text}}</a><a href="{{.Text}}_assets/x{{.URL}}?q={{.Count}}">x</a>`, beyond: true},
		{text: `<a href="{{.URL}}">{{.Text}}</a><img src="{{.Text}}_assets/x{{.URL}}">`},
		{text: `{{.HTML}}<i>{{.Count}} {{.On}} {{.Promoted}}</i>`},
		{text: `{{with .Text}}<b>{{.}}</b>{{else}}none{{$.Count}}{{end}}{{with .Empty}}x{{end}}`},
		{text: `{{if .On}}on{{end}}{{if .Off}}off{{else}}not{{end}}{{if eq .Text "plain"}}=={{end}}{{if ne .Text "plain"}}!={{end}}`},
		{text: `{{if or .Prev .Next}}turn{{end}}{{if and .On .Off}}both{{end}}{{if not .Off}}no{{end}}{{if and .On (or .Off (eq .Text "plain"))}}mix{{end}}`},
		{text: `{{range .Links}}<a href="{{.Href}}">{{.Title}}{{$.Count}}</a>{{else}}none{{end}}{{range .None}}x{{else}}none{{end}}`},
		{text: `{{with .Prev}}<a href="{{.Href}}">{{.Title}}</a>{{end}}{{with .Next}}<a href="{{.Href}}">{{end}}{{.Prev.Title}}`},
		{text: `<script type="application/ld+json">{{.Facts}}</script>{{with .Facts}}x{{end}}{{if .Nothing}}y{{end}}`},
		{text: `{{.Asset "x.css"}} <link href="{{.Text}}{{.Asset "x.css"}}"> {{.Loud}}`},
		{text: `{{.Asset "missing"}}after`},
		{text: `{{.Next.Title}}`},
		{text: `{{template "part" .}}{{template "part" $}}{{define "part"}}<i title="{{.Text}}">{{range .Links}}{{$.Text}}{{.Title}}{{end}}</i>{{end}}`},
		{text: `{{template "link" .Prev}}{{define "link"}}{{.Title}}{{$.Href}}{{end}}`},
		{text: `{{/* said */}}{{- /* trimmed */ -}}   {{.Text -}}   x`},
		{text: `{{len .Text}}`, beyond: true},
		{text: `{{printf "%q" .Text}}`, beyond: true},
		{text: `{{$x := .Text}}{{$x}}`, beyond: true},
		{text: `{{range $i, $l := .Links}}{{$i}}{{end}}`, beyond: true},
		{text: `{{range .Links}}{{break}}{{end}}`, beyond: true},
		{text: `<p style="color: {{.Text}}" onclick="f({{.Text}})">x</p>`, beyond: true},
		{text: `<p title="{{.HTML}}">x</p>`, beyond: true},
		{text: `{{.Facts}}`, beyond: true},
		{text: `{{template "self" .}}{{define "self"}}{{if .Off}}{{template "self" .}}{{end}}{{end}}`, beyond: true},
	} {
		set := template.Must(template.New("t").Parse(c.text))
		p := tmpl.Compile(set, "t", &data{})
		if p.Compiled() == c.beyond {
			t.Errorf("%s: compiled is %v", c.text, p.Compiled())
		}
		for _, s := range texts {
			d := sample(s)
			var want bytes.Buffer
			wantErr := set.ExecuteTemplate(&want, "t", d)
			got, err := p.Append([]byte("before:"), d)
			if (err != nil) != (wantErr != nil) {
				t.Errorf("%s with %q: error %v, html/template has %v", c.text, s, err, wantErr)
			}
			if err == nil && string(got) != "before:"+want.String() {
				t.Errorf("%s with %q:\n got %q\nwant %q", c.text, s, got[len("before:"):], want.String())
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	set := template.Must(template.New("u").Parse(`<p title="{{.Text}}">{{.Text}}</p><title>{{.Text}}</title><a href="{{.URL}}">x</a><a href="/{{.URL}}">y</a>`))
	p := tmpl.Compile(set, "u", &data{})
	if !p.Compiled() {
		f.Fatal("not compiled")
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := sample(s)
		var want bytes.Buffer
		if err := set.ExecuteTemplate(&want, "u", d); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Append(nil, d); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("got %s, %v\nwant %s", got, err, want.Bytes())
		}
	})
}

func ExampleCompile() {
	set := template.Must(template.New("page").Parse(`<h1>{{.Title}}</h1>`))
	p := tmpl.Compile(set, "page", &link{})
	out, err := p.Append(nil, &link{Title: "Tom & Jerry"})
	fmt.Println(string(out), err)
	// Output: <h1>Tom &amp; Jerry</h1> <nil>
}
