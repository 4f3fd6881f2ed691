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
	Label   string // of the row in its file
	Method  string // the kernel
	Host    bool   // the bodies lie in the host's memory
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
			if num(v, "gflops", "gflop_s", "gflops_per_second") > 0 {
				out = append(out, oneMeasurement(all))
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

func oneMeasurement(all map[string]interface{}) measurement {
	m := measurement{GPU: text(all, "gpu", "device", "device_name", "name"), Label: text(all, "label"), Method: text(all, "method", "kernel"),
		Host: text(all, "memory") == "host", Bodies: int(num(all, "bodies", "numbodies", "n")), FP64: truth(all, "fp64") || text(all, "precision") == "double",
		Devices: int(math.Max(1, num(all, "devices", "numdevices"))), GFLOPS: num(all, "gflops", "gflop_s", "gflops_per_second"),
		Bound: num(all, "bound_gflops", "bound", "peak_gflops")}
	if list, ok := all["devices"].([]interface{}); ok && len(list) > 1 {
		m.Devices = len(list)
	}
	// The benchmark says what share of the bound its headline row reached.
	if ratios, ok := all["ratios"].(map[string]interface{}); ok && m.Bound == 0 && m.Label == "pairs" {
		if share := num(ratios, "share_of_issue_bound"); share > 0 {
			m.Bound = m.GFLOPS / share
		}
	}
	return m
}

// textbook reports whether the kernel is the one that everybody starts from,
// here to compare with.
func (m measurement) textbook() bool {
	return strings.Contains(m.Method, "plain") || strings.Contains(m.Method, "tile")
}

// name says which kernel a row of the chart is.
func (m measurement) name(words *book) string {
	out := m.Method
	if m.textbook() {
		out = fmt.Sprintf(words.of("textbook kernel (%s)"), m.Method)
	}
	if m.Host {
		out += ", " + words.of("host memory")
	}
	if m.Devices > 1 {
		out += ", " + fmt.Sprintf("%d × GPU", m.Devices)
	}
	return out
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

// A throughputChart is what was measured on one kind of GPU in one precision:
// a group of rows per number of bodies.
type throughputChart struct {
	title string
	sizes []string
	rows  map[string][]measurement
	most  float64 // GFLOP/s
	bound float64 // GFLOP/s, or 0
}

func (s *Site) throughputCharts(words *book) []*throughputChart {
	var out []*throughputChart
	byTitle := map[string]*throughputChart{}
	for _, m := range s.results {
		title := m.GPU
		if title == "" {
			title = "CPU"
		}
		if m.FP64 {
			title += ", " + words.of("double precision")
		} else {
			title += ", " + words.of("single precision")
		}
		c := byTitle[title]
		if c == nil {
			c = &throughputChart{title: title, rows: map[string][]measurement{}}
			byTitle[title] = c
			out = append(out, c)
		}
		size := fmt.Sprintf(words.of("%s bodies"), thousands(m.Bodies))
		if m.Bodies == 0 {
			size = words.of("Lab report")
		}
		if c.rows[size] == nil {
			c.sizes = append(c.sizes, size)
		}
		c.rows[size] = append(c.rows[size], m)
		c.most = max(c.most, m.GFLOPS, m.Bound)
		c.bound = max(c.bound, m.Bound)
	}
	for _, c := range out {
		for _, rows := range c.rows {
			sort.SliceStable(rows, func(i, j int) bool { return rows[i].GFLOPS > rows[j].GFLOPS })
		}
	}
	return out
}

// appendThroughput draws the benchmark's throughput: a row and a dot per
// kernel, grouped by size, the device's bound as a line.
func (s *Site) appendThroughput(b []byte, words *book) []byte {
	charts := s.throughputCharts(words)
	if len(charts) == 0 {
		return b
	}
	b = append(b, `<section id="throughput"><h2>`+escape(words.of("N-body throughput"))+`</h2>`...)
	b = appendTagged(b, "p", words.of("GFLOP/s at 20 operations per interaction in single precision, 30 in double. A filled dot is our kernel, a ring the textbook kernel, measured in the same run. The dashed line is the bound: an instruction in every cycle."))
	for i, c := range charts {
		b = c.append(b, words, "nbody-"+strconv.Itoa(i))
	}
	return append(b, "</section>"...)
}

func (c *throughputChart) append(b []byte, words *book, id string) []byte {
	const width, left, row, top = 900.0, 390.0, 26.0, 44.0
	lines := len(c.sizes)
	for _, rows := range c.rows {
		lines += len(rows)
	}
	sc := newScale(c.most, left, width-left-110)
	height := top + row*float64(lines) + 6
	b = append(b, "<h3>"...)
	b = appendEscaped(b, c.title)
	b = append(b, "</h3>"...)
	b = svgStart(b, id, "img", width, height, words.of("N-body throughput")+": "+c.title,
		words.of("One row per kernel, grouped by the number of bodies.")+" "+words.of("The table below holds the same values."))
	b = sc.ticks(b, top-6, height-4, func(v float64) string { return thousands(int(v)) })
	if c.bound > 0 {
		x := sc.at(c.bound)
		b = append(b, `<path class="bound" d="M`+f1(x)+` `+f1(top-6)+`V`+f1(height-4)+`"/>`...)
		b = svgText(b, x, top-27, "", "middle", fmt.Sprintf(words.of("bound %s"), thousands(int(c.bound))))
	}
	y := top
	for _, size := range c.sizes {
		b = svgText(b, 0, y+17, "group", "", size)
		y += row
		for _, m := range c.rows[size] {
			x, class := sc.at(m.GFLOPS), "dot"
			if m.textbook() {
				class = "dot plain"
			}
			b = svgText(b, 14, y+17, "dim", "", clipText(m.name(words), 56))
			b = append(b, `<path class="axis" d="M`+f1(left)+` `+f1(y+row/2)+`H`+f1(x)+`"/><circle class="`+class+`" cx="`+f1(x)+`" cy="`+f1(y+row/2)+`" r="5.500"><title>`...)
			b = appendEscaped(b, fmt.Sprintf("%s, %s: %s GFLOP/s", size, m.name(words), thousands(int(m.GFLOPS))))
			b = append(b, "</title></circle>"...)
			b = svgText(b, x+12, y+17, "", "", thousands(int(m.GFLOPS)))
			y += row
		}
	}
	b = append(b, `</svg></div><details><summary>`+escape(words.of("The values as a table"))+`</summary><div class="scroll"><table>`...)
	b = appendHeads(b, column{words.of("Size"), false}, column{"Kernel", false}, column{"GFLOP/s", true})
	for _, size := range c.sizes {
		for _, m := range c.rows[size] {
			b = appendTagged(appendTagged(append(b, "<tr>"...), "td", size), "td", m.name(words))
			b = append(b, `<td class="num">`+thousands(int(m.GFLOPS))+"</td></tr>"...)
		}
	}
	return append(b, "</tbody></table></div></details>"...)
}

// thousands writes a number with thin groups of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
