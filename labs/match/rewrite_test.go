package match

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	for _, c := range []struct {
		name, sample, got, want string
		o                       Options
	}{
		{"the same", "hello", "hello\n", "hello", Options{}},
		{"numbers, with the author's blanks", "= 13936.007   GFLOP/s  at 20", "= 64532.134 GFLOP/s at 20", "= 64532.134   GFLOP/s  at 20", Options{}},
		{"a tolerance stays", "13936.007 GFLOP/s ±20%", "12000.5 GFLOP/s", "12000.5 GFLOP/s ±20%", Options{}},
		{"what the author left out stays out", "first 1\nlast 2", "first 10\nmiddle\nlast 20\nmore", "first 10\nlast 20", Options{}},
		{"three dots stay", "first 1\n...\nlast 2", "first 10\na\nb\nlast 20", "first 10\n...\nlast 20", Options{}},
		{"three dots in a line stay", "Successfully installed ... torch-2.2 ...", "Successfully installed a-1 torch-2.9 z-3", "Successfully installed ... torch-2.2 ...", Options{}},
		{"another word", "hello, world\nbye", "hello, reader\nbye", "hello, reader\nbye", Options{}},
		{"lines that are gone", "one\ntwo\nthree", "one\nthree", "one\nthree", Options{}},
		{"lines in place of one", "one\ntwo\nthree", "one\n2a\n2b\nthree", "one\n2a\n2b\nthree", Options{}},
		{"lines at the end", "one\ntwo", "one\nzwei\ndrei", "one\nzwei\ndrei", Options{}},
		{"empty lines stay where they are", "one\n\ntwo 2\n\nthree", "one\n\ntwo 3\n\nthree", "one\n\ntwo 3\n\nthree", Options{}},
		{"all other", "one\ntwo", "Error: no", "Error: no", Options{}},
		{"nothing came", "one", "", "", Options{}},
		{"rows the author shows, with new ids", images, `REPOSITORY                                           TAG         IMAGE ID       CREATED          SIZE
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   efficient   111111111111   3 seconds ago    312MB
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   simple      aaaaaaaaaaaa   4 minutes ago    7.1GB
debian                                               bookworm    222222222222   2 weeks ago      117MB
`, `REPOSITORY                                           TAG         IMAGE ID       CREATED          SIZE
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   efficient   111111111111   3 seconds ago    312MB
nvcr.io/r2kuatviomfd/internal-sandbox/gzynda_nbody   simple      aaaaaaaaaaaa   4 minutes ago    7.1GB`, Options{}},
		{"a drawn table with a secret stays", config, configHere, strings.TrimRight(config, "\n"), Options{}},
		{"a drawn table", "+---+-----+\n| k | v   |\n+---+-----+\n| a | 1.5 |\n+---+-----+", "+---+------+\n| k | v    |\n+---+------+\n| a | 22.5 |\n| b | 7    |\n+---+------+", "+---+------+\n| k | v    |\n+---+------+\n| a | 22.5 |\n+---+------+", Options{}},
		{"wrapped hard, and the same", help70, helpTabs, strings.TrimRight(help70, "\n"), Options{}},
		{"wrapped hard, and another number", strings.Replace(help70, "only 0 Devices", "only 3 Devices", 1), helpTabs, strings.TrimRight(help70, "\n"), Options{}},
		{"wrapped hard, and another word", strings.Replace(help70, "for simulation)", "for simulating)", 1), helpTabs, strings.TrimRight(strings.Replace(help70, "        -fp64             (use double precision floating point values\nfor simulation)", "        -fp64             (use double precision floating point values \nfor simulation)", 1), "\n"), Options{}},
		{"nbody on another GPU", result, onHopper, strings.TrimRight(strings.Replace(onHopper, "[NVIDIA H200]", "[NVIDIA H200]                    ", 1), "\n"), Options{}},
		{"exact", "a", "b\nc\n", "b\nc", Options{Mode: Exact}},
		{"regex", `^total: \d+$`, "total: x", `^total: \d+$`, Options{Mode: Regex}},
		{"a variable stays", "hello ${USER} 5", "hello reader 6", "hello ${USER} 5", Options{Vars: map[string]string{"USER": "reader"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Rewrite(c.sample, c.got, c.o)
			if squash(got) != squash(c.want) {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if again := Rewrite(got, c.got, c.o); again != got {
				t.Errorf("a second time gives\n%s\nnot\n%s", again, got)
			}
			if c.o.Mode != Regex && c.got != "" {
				if r := Compare(got, c.got, c.o); !r.OK {
					t.Errorf("the rewritten sample does not match: %s", r.Why)
				}
			}
		})
	}
}

// squash leaves out blanks at line ends.
func squash(s string) string {
	ls := strings.Split(s, "\n")
	for i := range ls {
		ls[i] = strings.TrimRight(ls[i], " ")
	}
	return strings.Join(ls, "\n")
}

func FuzzRewrite(f *testing.F) {
	for _, s := range []string{help70, images, result, config, "5 ±20%", "...", "a\n...\nb", "A  B\n-- --\n1  2", "${X}", "***"} {
		f.Add(s, onHopper)
		f.Add(s, s)
		f.Add(s, configHere)
	}
	f.Fuzz(func(t *testing.T, sample, got string) {
		for _, m := range []Mode{Shape, Exact} {
			o := Options{Mode: m}
			out := Rewrite(sample, got, o)
			if strings.TrimSpace(Clean(got)) != "" && len(strings.Split(sample, "\n")) < 1000 && len(got) < 1<<16 {
				if r := Compare(out, got, o); !r.OK {
					t.Errorf("%s: %q for %q became %q, which does not match: %s", m, sample, got, out, r.Why)
				}
			}
			if again := Rewrite(out, got, o); again != out {
				t.Errorf("%s: %q for %q became %q, and then %q", m, sample, got, out, again)
			}
		}
	})
}

// TestRewriteSettles cuts samples and outputs into pieces and mixes them.
func TestRewriteSettles(t *testing.T) {
	seeds := []string{help70, images, result, config, onHopper, configHere, helpTabs, "5 ±20%", "...", "a\n...\nb", "A  B\n-- --\n1  2", "${X}", "***", "+---+\n|a|\n+---+"}
	r := rand.New(rand.NewPCG(1, 2))
	mix := func(s string) string {
		for range r.IntN(6) {
			if s == "" {
				return s
			}
			i := r.IntN(len(s))
			switch r.IntN(4) {
			case 0:
				s = s[:i] + s[min(len(s), i+r.IntN(30)):]
			case 1:
				s = s[:i] + seeds[r.IntN(len(seeds))] + s[i:]
			case 2:
				s = s[:i] + string(rune(32+r.IntN(96))) + s[i:]
			case 3:
				ls := strings.Split(s, "\n")
				a, b := r.IntN(len(ls)), r.IntN(len(ls))
				ls[a], ls[b] = ls[b], ls[a]
				s = strings.Join(ls, "\n")
			}
		}
		return s
	}
	for range 300 {
		sample, got := mix(seeds[r.IntN(len(seeds))]), mix(seeds[r.IntN(len(seeds))])
		out := Rewrite(sample, got, Options{})
		if c := Compare(out, got, Options{}); Clean(got) != "" && !c.OK {
			t.Errorf("%q for %q became %q, which does not match: %s", sample, got, out, c.Why)
		}
		if again := Rewrite(out, got, Options{}); again != out {
			t.Errorf("%q for %q became %q, and then %q", sample, got, out, again)
		}
	}
}
