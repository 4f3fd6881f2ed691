package site

import (
	"strings"
	"testing"
)

func TestPlainPicturesArePublished(t *testing.T) {
	for _, svg := range []string{
		`<svg xmlns="http://www.w3.org/2000/svg"><title>On it</title><path d="M0 0"/><text x="1">on = 3, javascript</text></svg>`,
		"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n<!-- a -->\n<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"><use xlink:href=\"#a\"/><style>a { fill: red }</style><image href=\"data:image/png;base64,AA==\"/></svg>\n",
	} {
		if why := checkSVG([]byte(svg)); why != "" {
			t.Errorf("refused, since %s: %s", why, svg)
		}
	}
}

func FuzzSVG(f *testing.F) {
	f.Add([]byte(`<svg onload="x"><a href="java&#9;script:x"/></svg>`))
	f.Fuzz(func(t *testing.T, data []byte) { checkSVG(data) })
}

// TestHostilePictures: what runs, or asks another site, is not published.
func TestHostilePictures(t *testing.T) {
	for body, why := range map[string]string{
		`<script>alert(1)</script>`: "script", `<foreignObject/>`: "script", `<g onload="alert(1)"/>`: "script",
		`<a href="java&#9;script:alert(1)"/>`: "script", `<animate attributeName="href" to="javascript:alert(1)"/>`: "script",
		`<set attributeName=" onload" to="alert(1)"/>`: "script", `<use xlink:href="data:image/svg+xml,x#a"/>`: "script",
		`<use href="https://evil.example/x.svg#a"/>`: "another site", `<use xlink:href="//evil.example/x.svg#a"/>`: "another site",
		`<image href=" HTTP://evil.example/x.png"/>`: "another site", `<feImage href="https://evil.example/x.png"/>`: "another site",
		`<style>@import "x.css";</style>`: "another site", `<style>a{fill:url( 'https://evil.example/#a')}</style>`: "another site",
		`<rect fill="url(https://evil.example/#a)"/>`: "another site", `<rect style="fill:URL(//evil.example/#a)"/>`: "another site",
		`<a href="https://example.org/"><text>x</text></a><rect fill="url(#a)"/><style>a{fill:url(#a)}</style>`: "",
	} {
		got := checkSVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">` + body + `</svg>`))
		if why == "" && got != "" || !strings.Contains(got, why) {
			t.Errorf("%s: %q, want %q", body, got, why)
		}
	}
}
