package match

import (
	"strings"
	"testing"
)

const help70 = `Run "nbody -benchmark [-numbodies=<numBodies>]" to measure performanc
e.
        -fullscreen       (run n-body simulation in fullscreen mode)
        -fp64             (use double precision floating point values
for simulation)
        -hostmem          (stores simulation data in host memory)
        -benchmark        (run benchmark to measure performance) 
        -numbodies=<N>    (number of bodies (>= 1) to run in simulati
on) 
        -device=<d>       (where d=0,1,2.... for the CUDA device to u
se)
        -numdevices=<i>   (where i=(number of CUDA devices > 0) to us
e for simulation)
        -compare          (compares simulation results running once o
n the default GPU and once on the CPU)
        -cpu              (run n-body simulation on the CPU)
        -tipsy=<file.bin> (load a tipsy model file for simulation)

NOTE: The CUDA Samples are not meant for performance measurements. Re
sults may vary when GPU Boost is enabled.

Error: only 0 Devices available, 1 requested.  Exiting.
`

// helpTabs is the same text as the program prints it: whole lines, and tabs.
const helpTabs = "Run \"nbody -benchmark [-numbodies=<numBodies>]\" to measure performance.\r\n" +
	"\t-fullscreen       (run n-body simulation in fullscreen mode)\n" +
	"\t-fp64             (use double precision floating point values for simulation)\n" +
	"\t-hostmem          (stores simulation data in host memory)\n" +
	"\t-benchmark        (run benchmark to measure performance) \n" +
	"\t-numbodies=<N>    (number of bodies (>= 1) to run in simulation) \n" +
	"\t-device=<d>       (where d=0,1,2.... for the CUDA device to use)\n" +
	"\t-numdevices=<i>   (where i=(number of CUDA devices > 0) to use for simulation)\n" +
	"\t-compare          (compares simulation results running once on the default GPU and once on the CPU)\n" +
	"\t-cpu              (run n-body simulation on the CPU)\n" +
	"\t-tipsy=<file.bin> (load a tipsy model file for simulation)\n\n" +
	"NOTE: The CUDA Samples are not meant for performance measurements. Results may vary when GPU Boost is enabled.\n\n" +
	"Error: only 0 Devices available, 1 requested.  Exiting.\n"

const images = `REPOSITORY                                            TAG        IMAGE ID       CREATED          SIZE
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody    simple     3765675fad29   17 seconds ago   8.26GB
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody    efficient  d8c9e8efef45   8 minutes ago    443MB
`

const result = `> Windowed mode
> Simulation data stored in video memory
> Single precision floating point simulation
> 1 Devices used for simulation
GPU Device 0: "Ampere" with compute capability 8.0

> Compute 8.0 CUDA device: [NVIDIA A100-SXM4-80GB]                    
Warning: "number of bodies" specified 2000000 is not a multiple of 256.
Rounding up to the nearest multiple: 2000128.
2000128 bodies, total time for 10 iterations: 57412.602 ms
= 696.800 billion interactions per second
= 13936.007 single-precision GFLOP/s at 20 flops per interaction
`

const onHopper = `> Windowed mode
> Simulation data stored in video memory
> Single precision floating point simulation
> 1 Devices used for simulation
GPU Device 0: "Hopper" with compute capability 9.0

> Compute 9.0 CUDA device: [NVIDIA H200]
Warning: "number of bodies" specified 2000000 is not a multiple of 256.
Rounding up to the nearest multiple: 2000128.
2000128 bodies, total time for 10 iterations: 12001.9 ms
= 3333.250 billion interactions per second
= 66665.007 single-precision GFLOP/s at 20 flops per interaction
`

const config = `+-------------+----------------------+---------------+
| key         | value                | source        |
+-------------+----------------------+---------------+
| apikey      | ******************** | user settings |
|             | ******************** |               |
|             | ZWRk                 |               |
| format_type | ascii                | user settings |
| org         | SA-NVEX              | user settings |
|             | (r2kuatviomfd)       |               |
| team        | internal-sandbox     | user settings |
| ace         | sa-nvex-scus-ace     | user settings |
+-------------+----------------------+---------------+
`

const configHere = `+-------------+---------------------------+---------------+
| key         | value                     | source        |
+-------------+---------------------------+---------------+
| apikey      | ************************* | user settings |
|             | c3ab                      |               |
| format_type | ascii                     | user settings |
| org         | SA-NVEX (r2kuatviomfd)    | user settings |
| team        | internal-sandbox          | user settings |
| ace         | sa-nvex-scus-ace          | user settings |
+-------------+---------------------------+---------------+
`

func TestCompare(t *testing.T) {
	gflops := Options{Within: []Tolerance{{"GFLOP/s", 0.2}}}
	for _, c := range []struct {
		name, want, got string
		o               Options
		ok              bool
		why             string // part of it
	}{
		{"help wrapped at 70 columns", help70, helpTabs, Options{}, true, ""},
		{"the same, and the terminal wrapped it elsewhere", help70, wrap(helpTabs, 100), Options{}, true, ""},
		{"a line of the help is missing", help70, strings.Replace(helpTabs, "\t-hostmem          (stores simulation data in host memory)\n", "", 1), Options{}, false, "-hostmem"},
		{"a wrapped line says something else", help70, strings.Replace(helpTabs, "precision floating point values for simulation", "precision values for simulation", 1), Options{}, false, "floating"},
		{"whole lines promised, terminal wrapped them", helpTabs, wrap(helpTabs, 80), Options{}, true, ""},

		{"images: ids, ages and sizes differ", images, `REPOSITORY                                           TAG         IMAGE ID       CREATED              SIZE
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   efficient   111111111111   About a minute ago   312MB
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   simple      aaaaaaaaaaaa   4 minutes ago        7.1GB
debian                                               bookworm    222222222222   2 weeks ago          117MB
`, Options{}, true, ""},
		{"images: one is missing", images, `REPOSITORY                                           TAG         IMAGE ID       CREATED              SIZE
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   efficient   111111111111   About a minute ago   312MB
`, Options{}, false, "simple"},
		{"images: another repository", images, strings.ReplaceAll(images, "gzynda", "reader"), Options{}, false, "gzynda_nbody"},
		{"images: the author's user", images, strings.ReplaceAll(images, "gzynda", "reader"), Options{Own: []string{"reader"}}, true, ""},
		{"images: the author's user, and no other name", images, strings.ReplaceAll(strings.ReplaceAll(images, "gzynda", "reader"), "nbody", "other"), Options{Own: []string{"reader"}}, false, ""},
		{"own: one value everywhere", "hello ann\nbye ann", "hello reader\nbye reader", Options{Own: []string{"reader"}}, true, ""},
		{"own: not two", "hello ann\nbye bob", "hello reader\nbye reader", Options{Own: []string{"reader"}}, false, ""},
		{"own: only what is one's own", "hello ann", "hello bob", Options{Own: []string{"reader"}}, false, ""},
		{"images: the user comes from a value", strings.ReplaceAll(images, "gzynda", "${USER}"), strings.ReplaceAll(images, "gzynda", "reader"), Options{Vars: map[string]string{"USER": "reader"}}, true, ""},
		{"images: no table at all", images, "Cannot connect to the Docker daemon", Options{}, false, "REPOSITORY, TAG"},
		{"images: size within tolerance, other unit", "REPOSITORY  TAG  SIZE\nx           y    443MB ±5%", "REPOSITORY  TAG  SIZE\nx           y    0.45GB", Options{}, true, ""},
		{"a column within tolerance", "NAME  SIZE\nx     443MB", "NAME  SIZE\nx     0.45GB", Options{Within: []Tolerance{{"SIZE", 0.05}}}, true, ""},
		{"a column out of tolerance", "NAME  SIZE\nx     443MB", "NAME  SIZE\nx     0.5GB", Options{Within: []Tolerance{{"size", 0.05}}}, false, "443MB"},
		{"a column out of tolerance, in binary units", "NAME  SIZE\nx     443MiB", "NAME  SIZE\nx     443MB", Options{Within: []Tolerance{{"SIZE", 0.02}}}, false, "443MiB"},
		{"images: size out of tolerance", "REPOSITORY  TAG  SIZE\nx           y    443MB ±5%", "REPOSITORY  TAG  SIZE\nx           y    0.5GB", Options{}, false, "443MB"},

		{"nbody on another GPU", result, onHopper, Options{}, true, ""},
		{"nbody with other bodies", result, strings.ReplaceAll(onHopper, "2000128", "16384"), Options{}, false, "2000128"},
		{"nbody with other bodies, on purpose", result, strings.ReplaceAll(onHopper, "2000128", "16384"), Options{Loose: true}, true, ""},
		{"nbody slower than promised", result, onHopper, gflops, false, "13936.007"},
		{"nbody as fast as promised", result, strings.Replace(onHopper, "66665.007", "15001.5", 1), gflops, true, ""},
		{"tolerance in the sample", "13936.007 GFLOP/s ±20%", "12000 GFLOP/s", Options{}, true, ""},
		{"tolerance in the sample, too far", "13936.007 GFLOP/s ±20%", "11000 GFLOP/s", Options{}, false, "13936.007"},
		{"lines around it", result, "Container image pulled\n" + onHopper + "\nJob done\n", Options{}, true, ""},
		{"in another order", "one\ntwo", "two\none", Options{}, false, "two"},

		{"config table: other secret, no wrapped cells", config, configHere, Options{}, true, ""},
		{"config table: another team", config, strings.Replace(configHere, "internal-sandbox", "other-team      ", 1), Options{}, false, "internal-sandbox"},
		{"config table: no secret", config, strings.Replace(strings.Replace(configHere, "*************************", "                         ", 1), "c3ab", "    ", 1), Options{}, false, "apikey"},

		{"size in bytes against MB", "image size 443MB ±1%", "image size 443000000 bytes", Options{}, true, ""},
		{"binary units", "uses 1GiB ±0.1%", "uses 1073741824 B", Options{}, true, ""},
		{"milliseconds against seconds", "took 1500 ms ±1%", "took 1.5 s", Options{}, true, ""},
		{"a size is no timing", "took 15 MB", "took 15 ms", Options{}, false, "15 MB"},
		{"a number inside a name is the name", "fp64 simulation", "fp32 simulation", Options{}, false, "fp64"},
		{"a word is missing", "hello, world", "hello, reader", Options{}, false, "`world`, and `reader` came"},
		{"dates", "built 2024-04-21T10:00:00Z", "built 2026-11-23 09:00:00", Options{}, true, ""},
		{"digests", "digest: sha256:0123456789ab size: 3", "digest: sha256:ffffff456789ab size: 17", Options{}, true, ""},
		{"a number of the command", "listening on 8888", "listening on 9999", Options{Command: "serve --port 8888"}, false, "8888"},
		{"dots in a line", "Successfully installed ... torch-2.2 ...", "Successfully installed a-1 b-2 torch-2.9 z-3", Options{}, true, ""},
		{"dots for lines", "first\n...\nlast", "first\n1\n2\nlast", Options{}, true, ""},
		{"nothing promised", "", "anything", Options{}, true, ""},
		{"nothing came", "Hello", "", Options{}, false, "Hello"},
		{"colours and progress", "done 100%\nok", "\x1b[32mload 1%\rload 50%\rdone 100%\x1b[0m \n\x1b]0;title\aok\n", Options{}, true, ""},
		{"pip list", "Package  Version\n-------- -------\ntorch    2.2.0\n", "Package      Version\n------------ -------\nnumpy        1.0\ntorch        2.3.1\n", Options{}, true, ""},

		{"exact", "a  b\n", "a  b   \n\n", Options{Mode: Exact}, true, ""},
		{"exact: a number", "1", "2", Options{Mode: Exact}, false, "line 1"},
		{"exact: more came", "a", "a\nb", Options{Mode: Exact}, false, "more came"},
		{"exact: less came", "a\nb", "a", Options{Mode: Exact}, false, "only 1 line came"},
		{"regex", `^total: \d+$`, "x\ntotal: 12\n", Options{Mode: Regex}, true, ""},
		{"regex: none", `^total: \d+$`, "total: x", Options{Mode: Regex}, false, "nothing"},
		{"regex: broken", `(`, "(", Options{Mode: Regex}, false, "no regular expression"},
		{"none", "a", "b", Options{Mode: None}, true, ""},
		{"unknown mode", "a", "a", Options{Mode: "fuzzy"}, false, "fuzzy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Compare(c.want, c.got, c.o)
			if r.OK != c.ok {
				t.Fatalf("OK is %v\nwhy: %s\n%s", r.OK, r.Why, r.Diff)
			}
			if !strings.Contains(r.Why, c.why) {
				t.Errorf("why is %q, want it to speak of %q", r.Why, c.why)
			}
			if r.OK != (r.Why == "") {
				t.Errorf("OK %v goes with why %q", r.OK, r.Why)
			}
		})
	}
}

// wrap breaks lines at a width as a terminal does, tabs expanded.
func wrap(s string, at int) string {
	var b strings.Builder
	for _, l := range strings.Split(s, "\n") {
		l = strings.ReplaceAll(l, "\t", "        ")
		for len(l) > at {
			b.WriteString(l[:at] + "\n")
			l = l[at:]
		}
		b.WriteString(l + "\n")
	}
	return b.String()
}

func TestDiffMarksTheFirstDifference(t *testing.T) {
	r := Compare(result, strings.ReplaceAll(onHopper, "2000128 bodies", "16384 bodies"), Options{})
	want := `  (6 lines before this came as promised)
  > Compute 8.0 CUDA device: [NVIDIA A100-SXM4-80GB]
  Warning: "number of bodies" specified 2000000 is not a multiple of 256.
  Rounding up to the nearest multiple: 2000128.
- 2000128 bodies, total time for 10 iterations: 57412.602 ms
+ 16384 bodies, total time for 10 iterations: 12001.9 ms
  ^^^^^
  (2 lines after this not looked at)
`
	if r.Diff != want {
		t.Errorf("got\n%s\nwant\n%s", r.Diff, want)
	}
}

// A number that may differ is not what is marked.
func TestDiffMarksWhatMatters(t *testing.T) {
	r := Compare("took 12.5 ms, 2000256 bodies", "took 57.1 ms, 2000128 bodies", Options{})
	want := "- took 12.5 ms, 2000256 bodies\n+ took 57.1 ms, 2000128 bodies\n                ^^^^^^^\n"
	if r.Diff != want {
		t.Errorf("got\n%s\nwant\n%s", r.Diff, want)
	}
}

func TestDiffWithoutALikeLineShowsWhatCame(t *testing.T) {
	r := Compare("Hello\nGoodbye", "Hello\nError: no such file\n", Options{})
	want := "  Hello\n- Goodbye\n  what came from there on:\n+ Error: no such file\n"
	if r.Diff != want {
		t.Errorf("got\n%s\nwant\n%s", r.Diff, want)
	}
}

func TestValues(t *testing.T) {
	r := Compare(`= (?P<gflops>[\d.]+) single`, result, Options{Mode: Regex, Saves: []Save{{"bodies", `^(\d+) bodies`}}})
	if !r.OK || r.Values["gflops"] != "13936.007" || r.Values["bodies"] != "2000128" {
		t.Errorf("got %+v", r)
	}
	if r := Compare("", "nothing here", Options{Saves: []Save{{"id", `Id: (\d+)`}}}); r.OK || !strings.Contains(r.Why, "save=id") {
		t.Errorf("a save that finds nothing passed: %+v", r)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\rb":                 "b",
		"abc\rX":               "Xbc",
		"ab\b\bxy":             "xy",
		"\x1b[1;31mred\x1b[0m": "red",
		"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\": "link",
		"50%\x1b[2K\r100%":                         "100%",
		"\x1b":                                     "",
		"\x1b[":                                    "",
		"\n\n a \n\n":                              " a",
		"\xff":                                     "\ufffd",
		"a\r\nb\r\n":                               "a\nb",
		"bell\a":                                   "bell",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzCompare(f *testing.F) {
	for _, s := range []string{help70, helpTabs, images, result, onHopper, config, configHere, "5 ±20%", "...", "a\n...\nb", "| a | b |", "A  B\n-- --\n1  2", "${X}"} {
		f.Add(s, "", "")
		f.Add(s, result, "GFLOP/s")
	}
	f.Fuzz(func(t *testing.T, a, b, unit string) {
		o := Options{Within: []Tolerance{{unit, 0.1}}, Vars: map[string]string{"X": b}, Command: unit}
		for _, m := range []Mode{Shape, Exact, None} {
			o.Mode = m
			if r := Compare(a, a, o); !r.OK {
				t.Errorf("%s: a text does not match itself: %s\n%s", m, r.Why, r.Diff)
			}
			if r := Compare(a, b, o); !r.OK && (r.Why == "" || r.Diff == "") {
				t.Errorf("%s: a mismatch says nothing: %+v", m, r)
			}
		}
	})
}
