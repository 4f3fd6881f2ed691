package site

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"docent/labs/report"
)

// reportHTML writes the page that shows every run: what ran when, how big
// the images came out, how fast the benchmark was.
func (s *Site) reportHTML(at string) string {
	words := s.bookOf(nil)
	b := appendTagged(nil, "h1", words.of("Lab report"))
	b = appendTagged(b, "p", words.of("Every listing of the tutorials that a machine has run, with the verdict, the time it took and where."))
	b = s.appendFacts(b, words)
	b = s.appendRuns(b, words)
	for i := range s.reports {
		b = s.appendRun(b, words, at, &s.reports[i])
	}
	b = s.appendThroughput(b, words)
	return string(b)
}

// appendFacts writes the numbers that sum all runs up.
func (s *Site) appendFacts(b []byte, words *book) []byte {
	if len(s.reports) == 0 {
		return b
	}
	// A listing counts by its best run: what a GPU machine proved is not
	// undone by a machine without one. A failure always counts.
	type key struct{ page, id string }
	best := map[key]report.Verdict{}
	for i := range s.reports {
		r := &s.reports[i]
		for _, st := range r.Steps {
			if st.Role == "example" {
				continue
			}
			k := key{r.Page, st.ID}
			if _, ok := best[k]; !ok || st.Verdict.OK() && !best[k].OK() && best[k] != report.Failed {
				best[k] = st.Verdict
			}
		}
	}
	by := map[report.Verdict]int{}
	for _, v := range best {
		by[v]++
	}
	fact := func(n, text string) {
		b = append(b, "<li><b>"...)
		b = appendEscaped(b, n)
		b = append(b, "</b><span>"...)
		b = appendEscaped(b, text)
		b = append(b, "</span></li>"...)
	}
	b = append(b, `<ul class="facts">`...)
	if ran := by[report.Passed] + by[report.StandIn] + by[report.Failed]; len(best) > 0 {
		fact(fmt.Sprintf("%d %%", 100*ran/len(best)), fmt.Sprintf(words.of("%d of %d listings ran"), ran, len(best)))
	}
	fact(strconv.Itoa(by[report.Passed]), words.of("passed"))
	fact(strconv.Itoa(by[report.StandIn]), words.of("passed on a stand-in"))
	fact(strconv.Itoa(by[report.Failed]), words.of("failed"))
	fact(strconv.Itoa(by[report.Skipped]+by[report.Unreached]), words.of("skipped")+", "+words.of("not reached"))
	return append(b, "</ul>"...)
}

func reportID(r *report.Page) string {
	kind := r.Machine.Engine
	if len(r.Machine.GPUs) > 0 {
		kind += "-gpu"
	}
	return strings.NewReplacer("/", "-", ".", "-", "_", "-").Replace(trimSuffix(r.Page)) + "-" + kind
}

// about gives the title and the address of the page that a report is about.
func (s *Site) about(r *report.Page) (title, url string) {
	for _, p := range s.pages {
		if p.name == r.Page {
			return p.title, p.url
		}
	}
	return r.Title, ""
}

// ranOn names the machine of a run in a few words.
func ranOn(r *report.Page) string {
	out := where(r, &report.Step{})
	if len(r.Machine.GPUs) > 0 {
		out += ", " + r.Machine.GPUs[0].Name
	}
	return out
}

// appendRuns writes a line per run, with how its listings ended.
func (s *Site) appendRuns(b []byte, words *book) []byte {
	if len(s.reports) == 0 {
		return b
	}
	b = append(b, `<h2 id="runs">`+escape(words.of("Runs"))+`</h2><div class="scroll"><table class="runs">`...)
	b = appendHeads(b, column{words.of("Page"), false}, column{words.of("Machine"), false}, column{words.of("Listings"), false},
		column{words.of("Time"), true}, column{words.of("Date"), true})
	for i := range s.reports {
		r := &s.reports[i]
		title, _ := s.about(r)
		b = append(b, `<tr><td><a href="#`+escape(reportID(r))+`">`...)
		b = appendEscaped(b, title)
		b = append(b, "</a></td><td>"...)
		b = appendEscaped(b, ranOn(r))
		b = append(b, `</td><td class="counts">`...)
		by := map[string]int{}
		for _, st := range r.Steps {
			if st.Role != "example" {
				by[string(st.Verdict)]++
			}
		}
		for j := len(verdictOrder) - 1; j >= 0; j-- {
			if v := verdictOrder[j]; by[v] > 0 {
				b = append(b, `<span class="verdict v-`+escape(v)+`">`+verdictIcon(v)...)
				b = strconv.AppendInt(b, int64(by[v]), 10)
				b = append(b, ` <span class="sr">`...)
				b = appendEscaped(b, words.of(verdictWords[v]))
				b = append(b, `</span></span> `...)
			}
		}
		b = append(b, `</td><td class="num">`...)
		b = appendEscaped(b, duration(r.Duration))
		b = append(b, `</td><td class="num">`...)
		b = appendTime(b, words, r.Started)
		b = append(b, "</td></tr>"...)
	}
	b = append(b, `</tbody></table></div><p class="legend">`...)
	for _, v := range []report.Verdict{report.Passed, report.StandIn, report.Failed, report.Skipped, report.Unreached} {
		b = appendVerdict(b, words, string(v))
		b = append(b, ' ')
	}
	return append(b, "</p>"...)
}

// appendRun writes one run of one page: facts, timeline, images, table.
func (s *Site) appendRun(b []byte, words *book, at string, r *report.Page) []byte {
	id := reportID(r)
	title, url := s.about(r)
	b = append(b, `<section id="`+escape(id)+`"><h2>`...)
	b = appendEscaped(b, title+", "+ranOn(r))
	b = append(b, `</h2><p><a href="`...)
	b = appendEscaped(b, relative(at, url))
	b = append(b, `">`+escape(words.of("Page"))+`</a> · `...)
	b = appendTime(b, words, r.Started)
	b = appendEscaped(b, " · "+duration(r.Duration)+" · "+machineText(words, r))
	if r.Hermetic {
		b = appendEscaped(b, " · "+words.of("No request left the machine."))
	}
	b = append(b, "</p>"...)
	if len(r.StandIns) > 0 {
		b = appendTagged(b, "p", words.of("Stand-ins took the place of images that could not be pulled:"))
		b = append(b, `<ul class="simple">`...)
		for _, si := range r.StandIns {
			b = append(b, "<li>"...)
			b = append(b, "<code>"+escape(si.Image)+"</code>: "+escape(si.Recipe)...)
			b = append(b, "</li>"...)
		}
		b = append(b, "</ul>"...)
	}
	b = appendTimeline(b, words, at, url, id, r)
	b = appendImages(b, words, id, r)
	b = appendSteps(b, words, at, url, id, r)
	return append(b, "</section>"...)
}

// A column is a heading of a table; figures stand at its right.
type column struct {
	head   string
	number bool
}

// appendHeads writes the headings of a table and begins its body.
func appendHeads(b []byte, columns ...column) []byte {
	b = append(b, "<thead><tr>"...)
	for _, c := range columns {
		if c.number {
			b = append(b, `<th scope="col" class="num">`...)
		} else {
			b = append(b, `<th scope="col">`...)
		}
		b = append(appendEscaped(b, c.head), "</th>"...)
	}
	return append(b, "</tr></thead><tbody>"...)
}

// A scale maps values to a length, with ticks at round numbers.
type scale struct {
	max, step float64
	from, len float64
}

func newScale(most, from, length float64) scale {
	if most <= 0 {
		most = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if most/(step*m) <= 6 {
			step *= m
			break
		}
	}
	return scale{max: math.Ceil(most/step) * step, step: step, from: from, len: length}
}

func (s scale) at(v float64) float64 { return s.from + v/s.max*s.len }

func f1(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func svgText(b []byte, x, y float64, class, anchor, text string) []byte {
	b = append(b, `<text x="`+f1(x)+`" y="`+f1(y)+`"`...)
	if class != "" {
		b = append(b, ` class="`+class+`"`...)
	}
	if anchor != "" {
		b = append(b, ` text-anchor="`+anchor+`"`...)
	}
	b = append(b, '>')
	b = appendEscaped(b, text)
	return append(b, "</text>"...)
}

// svgStart begins a chart. Its role is "img", or "group" where it holds links.
func svgStart(b []byte, id, role string, w, h float64, title, desc string) []byte {
	b = append(b, `<div class="chart"><svg viewBox="0 0 `+f1(w)+` `+f1(h)+`" role="`+role+`" aria-labelledby="`+escape(id)+`-t `+escape(id)+`-d"><title id="`+escape(id)+`-t">`...)
	b = appendEscaped(b, title)
	b = append(b, `</title><desc id="`+escape(id)+`-d">`...)
	b = appendEscaped(b, desc)
	return append(b, "</desc>"...)
}

func (s scale) ticks(b []byte, y0, y1 float64, label func(float64) string) []byte {
	for v := 0.0; v <= s.max*1.0001; v += s.step {
		x := f1(s.at(v))
		b = append(b, `<path class="grid-line" d="M`+x+` `+f1(y0)+`V`+f1(y1)+`"/>`...)
		anchor := "middle"
		if v == 0 && s.from < 20 { // else half of it would be cut off
			anchor = ""
		}
		b = svgText(b, s.at(v), y0-6, "dim", anchor, label(v))
	}
	return b
}

// appendTimeline draws a bar per step on a time axis, grouped by session.
func appendTimeline(b []byte, words *book, at, url, id string, r *report.Page) []byte {
	var steps []*report.Step
	var end int64
	for i := range r.Steps {
		st := &r.Steps[i]
		if st.Role == "example" || st.Duration <= 0 {
			continue
		}
		steps = append(steps, st)
		end = max(end, st.Started+st.Duration)
	}
	if len(steps) == 0 {
		return b
	}
	sessions := []string{}
	group := map[string][]*report.Step{}
	for _, st := range steps {
		name := st.Session
		if name == "" {
			name = "host"
		}
		if group[name] == nil {
			sessions = append(sessions, name)
		}
		group[name] = append(group[name], st)
	}
	const width, left, row, top = 900.0, 270.0, 22.0, 30.0
	sc := newScale(float64(end)/1000, left, width-left-70)
	height := top + row*float64(len(steps)+len(sessions)) + 8
	b = appendTagged(b, "h3", words.of("When each listing ran"))
	b = svgStart(b, id+"-time", "group", width, height, words.of("When each listing ran"),
		words.of("One bar per listing on a time axis, grouped by session.")+" "+words.of("The table below holds the same values."))
	b = sc.ticks(b, top-6, height-8, func(v float64) string {
		if sc.step < 1 {
			return strconv.FormatFloat(v*1000, 'f', 0, 64) + " ms"
		}
		return f1(v) + " s"
	})
	y := top
	for _, name := range sessions {
		b = svgText(b, 0, y+15, "group", "", name)
		y += row
		for _, st := range group[name] {
			x0 := sc.at(float64(st.Started) / 1000)
			w := math.Max(2.5, sc.at(float64(st.Started+st.Duration)/1000)-x0)
			b = append(b, `<a href="`...)
			b = appendEscaped(b, relative(at, url)+"#l-"+st.ID)
			b = append(b, `"><title>`...)
			b = appendEscaped(b, fmt.Sprintf("%s: %s, %s", stepName(words, st), words.of(verdictWords[string(st.Verdict)]), duration(st.Duration)))
			b = append(b, `</title>`...)
			b = svgText(b, 14, y+15, "code", "", clipText(stepName(words, st), 32))
			b = append(b, `<rect class="bar `+escape(string(st.Verdict))+`" x="`+f1(x0)+`" y="`+f1(y+4)+`" width="`+f1(w)+`" height="14" rx="2"/>`...)
			tx, anchor := x0+w+6, ""
			b = svgText(b, tx, y+15, "dim", anchor, duration(st.Duration)+mark(st.Verdict))
			b = append(b, "</a>"...)
			y += row
		}
	}
	return append(b, "</svg></div>"...)
}

// mark repeats in a sign what the colour of a bar says.
func mark(v report.Verdict) string {
	switch v {
	case report.Failed:
		return " ✕"
	case report.StandIn:
		return " ◐"
	}
	return ""
}

func stepName(words *book, st *report.Step) string {
	t := st.Command
	for _, l := range strings.Split(t, "\n") {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			return l
		}
	}
	if st.File != "" && st.Role == "file" {
		return st.File
	}
	return fmt.Sprintf(words.of("Line %d"), st.Line)
}

func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// appendSteps writes the table of a run.
func appendSteps(b []byte, words *book, at, url, id string, r *report.Page) []byte {
	b = append(b, `<details class="steps"><summary>`+escape(words.of("Details"))+`</summary><div class="scroll"><table>`...)
	b = appendHeads(b, column{words.of("Listings"), false}, column{words.of("Session"), false}, column{words.of("Verdict"), false},
		column{words.of("Time"), true}, column{words.of("Exit code"), true}, column{words.of("Note"), false})
	for i := range r.Steps {
		st := &r.Steps[i]
		if st.Role == "example" {
			continue
		}
		b = append(b, `<tr id="`+escape(id+"-"+st.ID)+`"><td><a href="`...)
		b = appendEscaped(b, relative(at, url)+"#l-"+st.ID)
		b = append(b, `"><code>`...)
		b = appendEscaped(b, clipText(stepName(words, st), 60))
		b = append(b, `</code></a></td><td>`...)
		b = appendEscaped(b, st.Session)
		b = append(b, `</td><td>`...)
		b = appendVerdict(b, words, string(st.Verdict))
		b = append(b, `</td><td class="num">`...)
		if st.Duration > 0 {
			b = appendEscaped(b, duration(st.Duration))
		}
		b = append(b, `</td><td class="num">`...)
		if st.Exit != nil {
			b = strconv.AppendInt(b, int64(*st.Exit), 10)
		}
		b = append(b, `</td><td>`...)
		b = appendEscaped(b, st.Why)
		b = append(b, "</td></tr>"...)
	}
	return append(b, "</tbody></table></div></details>"...)
}

// bytesText writes a size as docker does, in powers of ten.
func bytesText(n int64) string {
	v, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for v >= 1000 && i < len(units)-1 {
		v /= 1000
		i++
	}
	if v >= 100 || i == 0 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.3g %s", v, units[i])
}

// appendImages draws the images of a run as bars of layers on one scale.
func appendImages(b []byte, words *book, id string, r *report.Page) []byte {
	var images []report.Image
	var most int64
	seen := map[string]bool{}
	for _, im := range r.Images {
		if im.SizeBytes > 0 && !seen[im.Ref] {
			seen[im.Ref] = true
			images = append(images, im)
			most = max(most, im.SizeBytes)
		}
	}
	if len(images) == 0 {
		return b
	}
	sort.SliceStable(images, func(i, j int) bool { return images[i].SizeBytes > images[j].SizeBytes })
	const width, row, top = 900.0, 50.0, 30.0
	sc := newScale(float64(most)/1e6, 0.5, width-90)
	height := top + row*float64(len(images)) + 6
	b = appendTagged(b, "h3", words.of("How big the images are, layer by layer"))
	b = svgStart(b, id+"-images", "img", width, height, words.of("How big the images are, layer by layer"),
		words.of("One bar per image on one scale, cut into its layers, the base first.")+" "+words.of("The table below holds the same values."))
	b = sc.ticks(b, top-6, height-4, func(v float64) string { return bytesText(int64(v * 1e6)) })
	y := top
	for _, im := range images {
		b = svgText(b, 0, y+13, "", "", shortRef(im.Ref)+"  ·  "+bytesText(im.SizeBytes))
		x := 0.0
		layers := im.Layers
		if len(layers) == 0 {
			layers = []report.Layer{{SizeBytes: im.SizeBytes}}
		}
		for i, l := range layers {
			if l.SizeBytes <= 0 {
				continue
			}
			x0, x1 := sc.at(x), sc.at(x+float64(l.SizeBytes)/1e6)
			x += float64(l.SizeBytes) / 1e6
			b = append(b, `<rect class="layer l`+strconv.Itoa(i%3)+`" x="`+f1(x0)+`" y="`+f1(y+20)+`" width="`+f1(math.Max(.5, x1-x0))+`" height="18"><title>`...)
			b = appendEscaped(b, bytesText(l.SizeBytes))
			if l.CreatedBy != "" {
				b = appendEscaped(b, ": "+clipText(l.CreatedBy, 120))
			}
			b = append(b, "</title></rect>"...)
		}
		y += row
	}
	b = append(b, `</svg></div><details><summary>`+escape(words.of("The values as a table"))+`</summary><div class="scroll"><table>`...)
	b = appendHeads(b, column{words.of("Image"), false}, column{words.of("Size"), true}, column{words.of("Made by"), false})
	for _, im := range images {
		b = append(b, `<tr><th scope="row"><code>`...)
		b = appendEscaped(b, im.Ref)
		b = append(b, `</code></th><td class="num">`+bytesText(im.SizeBytes)+`</td><td>`...)
		b = append(b, escape(words.of("the whole image"))+"</td></tr>"...)
		for _, l := range im.Layers {
			b = append(b, `<tr><td></td><td class="num">`+bytesText(l.SizeBytes)+`</td><td>`...)
			b = appendEscaped(b, clipText(l.CreatedBy, 160))
			b = append(b, "</td></tr>"...)
		}
	}
	return append(b, "</tbody></table></div></details>"...)
}

func shortRef(ref string) string {
	if i := strings.LastIndexByte(ref, '/'); i >= 0 {
		return ref[i+1:]
	}
	return ref
}
