package match

import (
	"strings"
	"testing"
)

var env = Env{
	Value: func(name string) (string, bool) {
		v, ok := map[string]string{"gflops": "13936.007", "took": "57412.602 ms", "image": "443MB", "gpu": "H200"}[name]
		return v, ok
	},
	Size: func(image string) (int64, bool) {
		n, ok := map[string]int64{"efficient": 443_000_000, "simple": 8_260_000_000, "nvcr.io/r2/x_nbody:efficient": 443_000_000}[image]
		return n, ok
	},
}

func TestAssert(t *testing.T) {
	for _, c := range []struct {
		expr  string
		ok    bool
		shown string
	}{
		{"size(efficient) < size(simple)/10", true, "443MB < 8.26GB/10"},
		{"size(efficient) < size(simple)/20", false, "443MB < 8.26GB/20"},
		{"size(nvcr.io/r2/x_nbody:efficient) == size(\"efficient\")", true, "443MB == 443MB"},
		{"size(efficient) <= 443 MB and size(simple) > 8GB", true, "443MB <= 443MB and 8.26GB > 8GB"},
		{"size(efficient) < 0.5GiB", true, "443MB < 0.5GiB"},
		{"gflops >= 10000", true, "13936.007 >= 10000"},
		{"took < 1min", true, "57412.602 ms < 1min"},
		{"took < 1 min or took > 100s", true, "57412.602 ms < 1min or 57412.602 ms > 100s"},
		{"image == size(efficient)", true, "443MB == 443MB"},
		{"gpu == 'H200'", true, `"H200" == "H200"`},
		{"gpu != \"H200\"", false, `"H200" != "H200"`},
		{"not (gflops < 1) && 1 = 1", true, "not (13936.007 < 1) and 1 = 1"},
		{"max(1, 2, 3) - min(4, 5) == -1", true, "max(1, 2, 3) - min(4, 5) == -1"},
		{"abs(2 - 5) * 2 == 6", true, "abs(2 - 5)*2 == 6"},
		{"2 + 3 * 4 == 14 and 10 / 4 == 2.5", true, "2 + 3*4 == 14 and 10/4 == 2.5"},
		{"size(simple) / size(efficient) > 18", true, "8.26GB/443MB > 18"},
	} {
		got, err := Assert(c.expr, env)
		if err != nil || got.OK != c.ok || got.Shown != c.shown {
			t.Errorf("%s: got %v %q, %v; want %v %q", c.expr, got.OK, got.Shown, err, c.ok, c.shown)
		}
		if err := CheckAssert(c.expr); err != nil {
			t.Errorf("%s: the check refuses it: %v", c.expr, err)
		}
	}
}

func TestAssertSaysWhatIsWrong(t *testing.T) {
	for expr, want := range map[string]string{
		"":                          "column 1: it ends too early",
		"5":                         "column 1: it says a value",
		"size(efficient) <":         "column 18: it ends too early",
		"size(tiny) < 5MB":          "column 6: there is no image `tiny`",
		"size(efficient < 5":        "a `)` is missing",
		"speed > 5":                 "column 1: no value is called `speed`; keep one with save=speed:REGEX",
		"took < 5MB":                "a second and a byte cannot be compared",
		"gpu < 5":                   "needs numbers, and `\"H200\"` is none",
		"1 < 2 < 3":                 "`<` does not belong here",
		"5 parsecs < 6":             "`parsecs` does not belong here",
		"5parsecs < 6":              "`parsecs` is not a unit",
		"(1 < 2":                    "a `)` is missing before the end",
		"1/0 > 1":                   "divided by zero",
		"sin(1) > 0":                "there is no function `sin`",
		"'a' == 'b":                 "a quote is not closed",
		"1.2.3 == 1":                "`1.2.3` is not a number",
		"1 and 2":                   "joins claims",
		"took * took > 1":           "has no meaning here",
		strings.Repeat("(", 500):    "nested too deep",
		strings.Repeat("not ", 500): "nested too deep",
		"§":                         "is not a value",
	} {
		_, err := Assert(expr, env)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", expr, err, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for in, want := range map[string]int64{"443MB": 443e6, "8.26 GB": 826e7, "1.5GiB": 3 << 29, "12": 12, "7 bytes": 7, "2,048kB": 2048000} {
		if got, ok := ParseSize(in); !ok || got != want {
			t.Errorf("%s is %d bytes, want %d", in, got, want)
		}
	}
	for _, in := range []string{"", "MB", "5 ms", "-3MB", "1e300GB", "12 parsecs"} {
		if got, ok := ParseSize(in); ok {
			t.Errorf("%q was read as %d bytes", in, got)
		}
	}
	for in, want := range map[int64]string{0: "0B", 999: "999B", 1500: "1.5kB", 443_000_000: "443MB", 8_260_000_000: "8.26GB", 117_123_456: "117MB", 999_999: "1MB"} {
		if got := FormatSize(in); got != want {
			t.Errorf("%d bytes are written %s, want %s", in, got, want)
		}
	}
	if _, err := ParseTolerance("fast"); err == nil {
		t.Error("a tolerance without a percentage was taken")
	}
	if got, err := ParseTolerance("GFLOP/s ±20%"); err != nil || got != (Tolerance{"GFLOP/s", 0.2}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzAssert(f *testing.F) {
	for _, s := range []string{"size(a) < size(b)/10", "not (x >= 5 MB) and 'a' == \"b\"", "min(1,2)+abs(-3)*4 != 5s", "5 or"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		c, err := Assert(expr, env)
		if err != nil && c.OK {
			t.Error("a claim with an error holds")
		}
		if err == nil {
			if err := CheckAssert(expr); err != nil {
				t.Errorf("it evaluates, and the check refuses it: %v", err)
			}
		}
	})
}

func TestValue(t *testing.T) {
	for expr, want := range map[string]string{
		"gflops":                         "13936.007",
		"took":                           "57412.602 ms",
		"gpu":                            "H200",
		"size(efficient)":                "443MB",
		"size(simple)/size(efficient)":   "18.6",
		"size(simple) - size(efficient)": "7.82GB",
		"gflops * 2":                     "27872",
	} {
		if got, err := Value(expr, env); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", expr, got, err, want)
		}
	}
	for _, expr := range []string{"", "1 < 2", "nothing", "size(tiny)", "gflops gflops"} {
		if got, err := Value(expr, env); err == nil {
			t.Errorf("%s: got %q, want an error", expr, got)
		}
	}
}
