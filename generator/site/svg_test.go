package site

import "testing"

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
