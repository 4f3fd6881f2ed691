package report

import "testing"

func TestMeasured(t *testing.T) {
	p := full()
	p.Images = []Image{{Ref: "nvcr.io/x/y_nbody:efficient", SizeBytes: 443e6}, {Ref: "nvcr.io/x/y_nbody:simple", SizeBytes: 8.26e9}}
	for expr, want := range map[string]string{"gflops": "1.5", "size(efficient)": "443MB", "size(simple)/size(efficient)": "18.6"} {
		if got, err := p.Measured(expr, nil); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", expr, got, err, want)
		}
	}
	if v, err := p.Measured("gflops", func(string, string) bool { return false }); err == nil {
		t.Errorf("a value of a step that has changed since is shown: %s", v)
	}
	if _, err := p.Measured("size(minimal)", nil); err == nil {
		t.Error("an image that was not there has a size")
	}
}
