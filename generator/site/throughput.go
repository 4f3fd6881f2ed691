package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"docent/generator/doc"
)

// A measurement is one line of an n-body result file, or a value that a lab
// captured.
type measurement struct {
	GPU     string
	Method  string // the kernel
	Bodies  int
	FP64    bool
	Devices int
	GFLOPS  float64
	Bound   float64 // what the device could do at most, in GFLOP/s; 0 if unknown
}

// maxResults bounds how much of a result file is read, in bytes.
const maxResults = 8 << 20

// loadResults reads measurements from cuda/nbody/results/*.json: one object,
// a list, or a "results" list with what all have in common around it.
func (s *Site) loadResults(beside string) {
	dir, asked := s.opt.Results, s.opt.Results != ""
	if !asked {
		dir = filepath.Join(beside, "cuda", "nbody", "results")
	}
	entries, err := os.ReadDir(dir)
	if err != nil && (asked || !errors.Is(err, fs.ErrNotExist)) {
		s.report(doc.Diag{Severity: doc.Warning, Code: "results-unreadable",
			Message: "The measurements in " + dir + " are not read: " + rootless(err) + ".", Hint: "Name their folder with --results."})
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		if info, err := e.Info(); err != nil || info.Size() > maxResults {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err == nil {
			var found []measurement
			if found, err = readMeasurements(data); err == nil {
				s.results = append(s.results, found...)
			}
		}
		if err != nil {
			s.report(doc.Diag{Severity: doc.Warning, Code: "results-unreadable",
				Message: "The measurements in " + e.Name() + " are not read: " + err.Error() + ".", Hint: "Measure again, or remove the file."})
		}
	}
	for i := range s.reports { // a lab captures the benchmark's last line
		r := &s.reports[i]
		for _, st := range r.Steps {
			v, ok := st.Values["gflops"]
			if !ok {
				v, ok = st.Values["GFLOP/s"]
			}
			g, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if !ok || err != nil || st.GPU == "" {
				continue
			}
			n, _ := strconv.Atoi(strings.TrimSpace(st.Values["bodies"]))
			s.results = append(s.results, measurement{GPU: st.GPU, Method: "lab", Bodies: n, Devices: 1, GFLOPS: g})
		}
	}
	sort.SliceStable(s.results, func(i, j int) bool {
		a, b := s.results[i], s.results[j]
		if a.GPU != b.GPU {
			return a.GPU < b.GPU
		}
		if a.FP64 != b.FP64 {
			return !a.FP64
		}
		if a.Bodies != b.Bodies {
			return a.Bodies < b.Bodies
		}
		return a.Method < b.Method
	})
}

func readMeasurements(data []byte) ([]measurement, error) {
	var any interface{}
	if err := json.Unmarshal(data, &any); err != nil {
		return nil, err
	}
	var out []measurement
	var walk func(v interface{}, up map[string]interface{}, depth int)
	walk = func(v interface{}, up map[string]interface{}, depth int) {
		if depth > 8 {
			return
		}
		switch v := v.(type) {
		case []interface{}:
			for _, e := range v {
				walk(e, up, depth+1)
			}
		case map[string]interface{}:
			all := map[string]interface{}{}
			for k, x := range up {
				all[k] = x
			}
			for k, x := range v {
				all[strings.ToLower(k)] = x
			}
			if g := num(all, "gflops", "gflop_s", "gflops_per_second"); num(v, "gflops", "gflop_s", "gflops_per_second") > 0 {
				out = append(out, measurement{GPU: text(all, "gpu", "device", "device_name", "name"), Method: text(all, "method", "kernel"),
					Bodies: int(num(all, "bodies", "numbodies", "n")), FP64: truth(all, "fp64") || text(all, "precision") == "double",
					Devices: int(math.Max(1, num(all, "devices", "numdevices"))), GFLOPS: g, Bound: num(all, "bound_gflops", "bound", "peak_gflops")})
				return
			}
			for _, x := range v {
				switch x.(type) {
				case []interface{}, map[string]interface{}:
					walk(x, all, depth+1)
				}
			}
		}
	}
	walk(any, nil, 0)
	return out, nil
}

func num(m map[string]interface{}, keys ...string) float64 {
	for _, k := range keys {
		if v, ok := m[k].(float64); ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v
		}
	}
	return 0
}

func text(m map[string]interface{}, keys ...string) string {
	for _, k := range keys {
		if v, ok := m[k].(string); ok {
			return v
		}
	}
	return ""
}

func truth(m map[string]interface{}, key string) bool { v, _ := m[key].(bool); return v }

// appendThroughput draws the benchmark's throughput: a dot per kernel, a row
// per size, the device's bound as a line.
func (s *Site) appendThroughput(b []byte) []byte {
	type group struct {
		title string
		rows  map[string][]measurement
		order []string
		most  float64
		bound float64
	}
	groups := map[string]*group{}
	var order []string
	for _, m := range s.results {
		precision := "single precision"
		if m.FP64 {
			precision = "double precision"
		}
		name := m.GPU
		if name == "" {
			name = "CPU"
		}
		key := name + ", " + precision
		g := groups[key]
		if g == nil {
			g = &group{title: key, rows: map[string][]measurement{}}
			groups[key] = g
			order = append(order, key)
		}
		row := fmt.Sprintf("%s bodies", thousands(m.Bodies))
		if m.Bodies == 0 {
			row = "the tutorial's job"
		}
		if m.Devices > 1 {
			row += fmt.Sprintf(", %d GPUs", m.Devices)
		}
		if g.rows[row] == nil {
			g.order = append(g.order, row)
		}
		g.rows[row] = append(g.rows[row], m)
		g.most = math.Max(g.most, math.Max(m.GFLOPS, m.Bound))
		g.bound = math.Max(g.bound, m.Bound)
	}
	if len(order) == 0 {
		return b
	}
	b = append(b, `<section id="throughput"><h2>N-body throughput</h2><p>GFLOP/s at 20 operations per interaction in single precision, 30 in double, as the benchmark counts them. A filled dot is our kernel, a ring the plain tile kernel, the dashed line what the device could do at most.</p>`...)
	for i, key := range order {
		g := groups[key]
		const width, left, row, top = 900.0, 190.0, 30.0, 30.0
		sc := newScale(g.most, left, width-left-90)
		height := top + row*float64(len(g.order)) + 6
		id := "nbody-" + strconv.Itoa(i)
		b = append(b, "<h3>"...)
		b = appendEscaped(b, g.title)
		b = append(b, "</h3>"...)
		b = svgStart(b, id, width, height, "N-body throughput on "+g.title, "One row per number of bodies, GFLOP/s on the horizontal axis. The table below holds the same values.")
		b = sc.ticks(b, top-6, height-4, func(v float64) string { return thousands(int(v)) })
		if g.bound > 0 {
			b = append(b, `<path class="bound" d="M`+f1(sc.at(g.bound))+` `+f1(top-6)+`V`+f1(height-4)+`"><title>bound</title></path>`...)
		}
		for j, r := range g.order {
			y := top + row*float64(j) + row/2
			b = svgText(b, 0, y+4, "", "", r)
			for _, m := range g.rows[r] {
				class := "dot"
				if strings.Contains(m.Method, "plain") {
					class += " plain"
				}
				b = append(b, `<circle class="`+class+`" cx="`+f1(sc.at(m.GFLOPS))+`" cy="`+f1(y)+`" r="5.500"><title>`...)
				b = appendEscaped(b, fmt.Sprintf("%s: %s GFLOP/s", m.Method, thousands(int(m.GFLOPS))))
				b = append(b, "</title></circle>"...)
			}
		}
		b = append(b, `</svg></div><details><summary>The values as a table</summary><div class="scroll"><table><thead><tr><th scope="col">Size</th><th scope="col">Kernel</th><th scope="col" class="num">GFLOP/s</th></tr></thead><tbody>`...)
		for _, r := range g.order {
			for _, m := range g.rows[r] {
				b = append(b, "<tr><td>"...)
				b = appendEscaped(b, r)
				b = append(b, "</td><td>"...)
				b = appendEscaped(b, m.Method)
				b = append(b, `</td><td class="num">`+thousands(int(m.GFLOPS))+"</td></tr>"...)
			}
		}
		b = append(b, "</tbody></table></div></details>"...)
	}
	return append(b, "</section>"...)
}

// thousands writes a number with thin groups of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
