package assets

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Text stands out from every ground by 7:1, code and what is said by colour
// beside a sign by 4.5:1, in both themes. The ratio is WCAG 2's.
func TestContrast(t *testing.T) {
	css, err := Files.ReadFile("css/docent.css")
	if err != nil {
		t.Fatal(err)
	}
	colours := map[string][2]string{} // light, dark
	for _, m := range regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`).FindAllStringSubmatch(string(css), -1) {
		colours[m[1]] = [2]string{m[2], m[3]}
	}
	checked := 0
	for _, ground := range []string{"paper", "raised", "sunk", "tint-part", "tint-fail", "tint-pass", "mark"} {
		for name := range colours {
			want := 4.5
			switch {
			case name == "ink":
				want = 7
			case name == "soft" && (ground == "paper" || ground == "raised"):
				want = 7
			case name == "link", name == "soft", name == "pass", name == "fail", name == "part", name == "idle", strings.HasPrefix(name, "c-"):
			default:
				continue // a ground or a line
			}
			for theme := range 2 {
				checked++
				if got := contrast(t, colours[name][theme], colours[ground][theme]); got < want {
					t.Errorf("%s on %s has a contrast of %.2f in theme %d, want %.1f", name, ground, got, theme, want)
				}
			}
		}
	}
	if checked < 150 {
		t.Errorf("only %d pairs of colours were found", checked)
	}
}

func contrast(t *testing.T, a, b string) float64 {
	luminance := func(s string) float64 {
		v, err := strconv.ParseUint(s[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		part := func(c uint64) float64 {
			f := float64(c&255) / 255
			if f <= 0.04045 {
				return f / 12.92
			}
			return math.Pow((f+0.055)/1.055, 2.4)
		}
		return 0.2126*part(v>>16) + 0.7152*part(v>>8) + 0.0722*part(v)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
