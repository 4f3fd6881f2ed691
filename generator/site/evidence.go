package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"docent/generator/doc"
	"docent/generator/html"
	"docent/labs/report"
	"docent/labs/step"
)

// evidence is what labs say about one listing.
type evidence struct {
	listing doc.Listing
	found   []report.Evidence // newest first
	role    string
}

// verdictStale and verdictNone are the two verdicts that no report holds:
// they follow from comparing it with the page.
const (
	verdictStale = "stale"
	verdictNone  = "not-run"
)

// verdictWords are the words that readers see. Colour only repeats them.
var verdictWords = map[string]string{
	string(report.Passed): "passed", string(report.StandIn): "passed on a stand-in", string(report.Failed): "failed",
	string(report.Skipped): "skipped", string(report.Unreached): "not reached", verdictStale: "stale", verdictNone: "not run",
}

var verdictIcons = map[string]string{
	string(report.Passed):    `<circle cx="8" cy="8" r="7.500"/><path class="cut" d="M4.500 8.300l2.400 2.400 4.600-5.200"/>`,
	string(report.StandIn):   `<circle class="ring" cx="8" cy="8" r="6.700"/><path d="M8 1.300a6.700 6.700 0 0 1 0 13.400z"/>`,
	string(report.Failed):    `<path d="M5 .500h6L15.500 5v6L11 15.500H5L.500 11V5z"/><path class="cut" d="M5.300 5.300l5.400 5.400m0-5.400l-5.400 5.400"/>`,
	string(report.Skipped):   `<circle class="ring" cx="8" cy="8" r="6.700"/><path class="ring" d="M4.800 8h6.400"/>`,
	string(report.Unreached): `<circle class="ring" cx="8" cy="8" r="6.700"/><path class="ring" d="M8 4.300v4.200"/>`,
	verdictStale:             `<path class="ring" d="M13.800 5.200A6.500 6.500 0 1 0 14.500 8M14.300 1.500v4h-4"/>`,
	verdictNone:              `<circle class="ring dash" cx="8" cy="8" r="6.700"/>`,
}

func verdictIcon(v string) string {
	return `<svg viewBox="0 0 16 16" aria-hidden="true" class="vi">` + verdictIcons[v] + `</svg>`
}

// loadEvidence reads the committed reports. One that cannot be read is a
// diagnostic: a page must not look unproven because a file is broken.
func (s *Site) loadEvidence() {
	beside := filepath.Dir(filepath.Clean(s.opt.Source))
	dir, asked := s.opt.Reports, s.opt.Reports != ""
	if !asked {
		dir = filepath.Join(beside, "labs", "reports")
	}
	entries, err := os.ReadDir(dir)
	if err != nil && (asked || !errors.Is(err, fs.ErrNotExist)) {
		s.report(doc.Diag{Severity: doc.Warning, Code: "report-unreadable",
			Message: "The lab reports in " + dir + " are not read: " + rootless(err) + ".", Hint: "Name their folder with --reports."})
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		p, err := report.Read(filepath.Join(dir, e.Name()))
		if err != nil {
			s.report(doc.Diag{Severity: doc.Warning, Code: "report-unreadable",
				Message: "The lab report " + e.Name() + " is not read: " + err.Error() + ".", Hint: "Run labs verify again, or remove it."})
			continue
		}
		if s.knows(p.Page) {
			s.reports = append(s.reports, *p)
		}
	}
	sort.SliceStable(s.reports, func(i, j int) bool {
		a, b := &s.reports[i], &s.reports[j]
		if a.Page != b.Page {
			return a.Page < b.Page
		}
		return a.Started.After(b.Started)
	})
	s.loadResults(beside)
}

func (s *Site) knows(name string) bool {
	for _, p := range s.pages {
		if p.name == name {
			return true
		}
	}
	return false
}

// loadEvidence finds what labs say about each listing of the page.
func (e *env) loadEvidence() {
	list, _ := doc.Listings(e.doc)
	if len(list) == 0 {
		return
	}
	var mine []report.Page
	for _, r := range e.s.reports {
		if r.Page == e.p.name {
			mine = append(mine, r)
		}
	}
	e.byBox = map[*doc.Node]evidence{}
	// What of a listing is run, and what is a sample of its output, is for the
	// lab's reader to say.
	var steps []step.Step
	if len(mine) > 0 {
		steps, _ = step.Steps(e.doc)
	}
	var found [][]report.Evidence
	if len(steps) == len(list) {
		names := make([]report.Name, len(steps))
		for i, s := range steps {
			names[i] = report.Name{ID: s.ID, Place: s.Place, Digest: s.Digest, Sample: s.Sample}
		}
		found = report.Find(mine, e.p.name, names)
	}
	for i, l := range list {
		ev := evidence{listing: l}
		if len(steps) == len(list) {
			s := &steps[i]
			ev.listing.ID = s.ID
			made(&e.digests)
			e.digests[s.ID] = s.Digest
			for _, v := range s.Opt.Saves {
				made(&e.saved)
				e.saved[v.Name] = true
			}
			ev.found = found[i]
		}
		if len(ev.found) > 0 {
			ev.role = ev.found[0].Step.Role
		}
		e.byBox[l.Node] = ev
	}
	e.ran = len(mine) > 0
}

// Listing tells the renderer what the site knows of a listing.
func (e *env) Listing(n *doc.Node) html.Listing {
	ev, ok := e.byBox[n]
	if !ok {
		return html.Listing{}
	}
	l := html.Listing{ID: "l-" + ev.listing.ID, Role: ev.role}
	if l.Role == "" && e.isOutput(ev) {
		l.Role = "output"
	}
	if f := n.Attr(doc.AttrFilename); f != "" && n.Attr(doc.AttrDiff) == "" {
		l.Name = f[strings.LastIndexByte(f, '/')+1:]
		if name, why := e.file("/" + f); why == "" {
			l.Download = relative(e.p.url, e.s.served(name))
		}
	}
	if l.Role == "output" && l.Name == "" {
		l.Name = e.word("Output")
	}
	l.Fold = l.Role == "output" && strings.Count(n.PlainText(), "\n") > 20
	if e.ran {
		l.Evidence = e.evidenceHTML(ev)
	}
	return l
}

// isOutput reports whether the page itself calls a listing output.
func (e *env) isOutput(ev evidence) bool {
	for _, n := range ev.listing.Notes {
		if _, keys, ok := doc.Note(n); ok && strings.HasPrefix(keys, "output") {
			return true
		}
	}
	return false
}

func verdictOf(x report.Evidence) string {
	if x.Stale {
		return verdictStale
	}
	return string(x.Step.Verdict)
}

// evidenceHTML writes the line under a listing, and below it, folded, what
// one run or several printed. Examples have none: nothing is claimed.
func (e *env) evidenceHTML(ev evidence) string {
	if ev.role == "example" || ev.role == "" && len(ev.found) == 0 && !e.ran {
		return ""
	}
	var b []byte
	if len(ev.found) == 0 {
		b = append(b, `<div class="evidence bare" data-ui>`...)
		b = appendVerdict(b, e.s.bookOf(e.p), verdictNone)
		b = append(appendTagged(b, "span", e.word("no run has reached this listing yet")), "</div>"...)
		return string(b)
	}
	// Runs that ended alike share a line, so that a page is not longer for
	// every machine that proves it.
	var order []string
	runs := map[string][]report.Evidence{}
	for i, x := range ev.found {
		if i > 0 && x.Stale { // an older run of an older text says nothing new
			continue
		}
		v := verdictOf(x)
		if runs[v] == nil {
			order = append(order, v)
		}
		runs[v] = append(runs[v], x)
	}
	// Where a machine carried the listing out, those that skipped it stand in
	// the details.
	var aside []report.Evidence
	if carried := slices.ContainsFunc(order, isOutcome); carried {
		for _, v := range order {
			if !isOutcome(v) {
				aside = append(aside, runs[v]...)
			}
		}
		order = slices.DeleteFunc(order, func(v string) bool { return !isOutcome(v) })
	}
	for i, v := range order {
		if i > 0 {
			aside = nil
		}
		b = e.appendEvidence(b, v, runs[v], aside)
	}
	return string(b)
}

// isOutcome reports whether a verdict says that the listing was carried out.
func isOutcome(v string) bool {
	return v != string(report.Skipped) && v != string(report.Unreached)
}

func appendVerdict(b []byte, words *book, v string) []byte {
	b = append(b, `<span class="verdict v-`...)
	b = appendEscaped(b, v)
	b = append(b, `">`...)
	b = append(b, verdictIcon(v)...)
	b = appendEscaped(b, words.of(verdictWords[v]))
	return append(b, `</span>`...)
}

// appendEvidence writes the line of the runs that ended alike, newest first,
// and below it what each of them printed, and which runs left it out.
func (e *env) appendEvidence(b []byte, v string, runs, aside []report.Evidence) []byte {
	st, pg, words := runs[0].Step, runs[0].Page, e.s.bookOf(e.p)
	b = append(b, `<details class="evidence" data-ui data-verdict="`...)
	b = appendEscaped(b, v)
	b = append(b, `"><summary>`...)
	b = appendVerdict(b, words, v)
	if st.Duration > 0 && st.Verdict.OK() || st.Verdict == report.Failed {
		b = appendTagged(b, "span", duration(st.Duration))
	}
	for _, x := range runs {
		b = appendTagged(b, "span", where(x.Page, x.Step))
	}
	b = appendTime(b, words, ranAt(pg, st))
	b = append(b, `</summary><div class="evidence-body">`...)
	for _, x := range runs {
		if len(runs) > 1 {
			b = append(b, `<p class="evidence-run">`...)
			b = appendEscaped(b, where(x.Page, x.Step)+", ")
			b = appendTime(b, words, ranAt(x.Page, x.Step))
			b = append(b, "</p>"...)
		}
		b = e.appendRunEvidence(b, x)
	}
	for _, x := range aside {
		b = append(b, `<p class="evidence-run">`...)
		b = appendEscaped(b, where(x.Page, x.Step)+", ")
		b = appendTime(b, words, ranAt(x.Page, x.Step))
		b = append(b, `</p><p>`...)
		b = appendVerdict(b, words, verdictOf(x))
		if x.Step.Why != "" {
			b = appendEscaped(b, ": "+x.Step.Why)
		}
		b = append(b, `</p>`...)
	}
	return append(b, `</div></details>`...)
}

// appendTagged writes text in an element, or nothing without text.
func appendTagged(b []byte, tag, s string) []byte {
	if s == "" {
		return b
	}
	b = append(b, '<')
	b = append(b, tag...)
	b = append(b, '>')
	b = appendEscaped(b, s)
	b = append(b, "</"...)
	b = append(b, tag...)
	return append(b, '>')
}

// appendRunEvidence writes what one run typed, got and ran on.
func (e *env) appendRunEvidence(b []byte, x report.Evidence) []byte {
	st, pg, words := x.Step, x.Page, e.s.bookOf(e.p)
	if x.Stale {
		b = appendTagged(b, "p", fmt.Sprintf(words.of("The listing, its notes or its files changed after this run, which ended as: %s."), words.of(verdictWords[string(st.Verdict)])))
	}
	if x.Edited {
		b = appendTagged(b, "p", words.of("The sample on the page was edited after this run, which was compared with the one before."))
	}
	b = appendTagged(b, "p", st.Why)
	code := func(title, text string, diff bool) {
		b = append(b, "<p>"+escape(title)+`</p><pre><code>`...)
		if diff {
			b = appendDiff(b, text)
		} else {
			b = appendEscaped(b, text)
		}
		b = append(b, "</code></pre>"...)
	}
	if st.Command != "" && st.Role != "transcript" {
		code(words.of("Typed"), st.Command, false)
	}
	if st.Output != "" {
		code(words.of("What it printed"), st.Output, false)
	}
	if st.Diff != "" {
		code(words.of("The page’s sample against this run"), st.Diff, true)
	}
	b = append(b, "<dl>"...)
	def := func(k, v string) {
		if v != "" {
			b = appendTagged(appendTagged(b, "dt", k), "dd", v)
		}
	}
	if st.Exit != nil {
		def(words.of("Exit code"), strconv.Itoa(*st.Exit))
	}
	def(words.of("Stand-in"), strings.Join(st.StandIn, ", "))
	for _, a := range st.Asserts {
		word := words.of("passed")
		if !a.OK {
			word = words.of("failed")
		}
		def(words.of("Claim"), a.Expr+" · "+a.Shown+" · "+word)
	}
	def(words.of("Compared"), st.Compared)
	def(words.of("Image"), strings.Join(st.Images, ", "))
	def(words.of("Session"), st.Session)
	def("GPU", gpuText(words, pg, st))
	def(words.of("Machine"), machineText(words, pg))
	if st.Cached != nil {
		def(words.of("Unchanged since"), words.date(st.Cached.UTC())+st.Cached.UTC().Format(" 15:04")+" UTC")
	}
	b = append(b, `</dl><p><a href="`...)
	b = appendEscaped(b, relative(e.p.url, "lab-report/")+"#"+reportID(pg)+"-"+st.ID)
	return append(b, `">`+escape(words.of("Lab report"))+`</a></p>`...)
}

// appendDiff colours a unified difference by its first characters, which
// stay: colour only repeats them.
func appendDiff(b []byte, diff string) []byte {
	for i, l := range strings.Split(strings.TrimRight(diff, "\n"), "\n") {
		if i > 0 {
			b = append(b, '\n')
		}
		class := ""
		switch {
		case strings.HasPrefix(l, "+"):
			class = "gi"
		case strings.HasPrefix(l, "-"):
			class = "gd"
		case strings.HasPrefix(l, "@"):
			class = "gu"
		}
		if class != "" {
			b = append(b, `<span class="`+class+`">`...)
		}
		b = appendEscaped(b, l)
		if class != "" {
			b = append(b, "</span>"...)
		}
	}
	return b
}

func ranAt(pg *report.Page, st *report.Step) time.Time {
	if st.Cached != nil {
		return *st.Cached
	}
	return pg.Started
}

func appendTime(b []byte, words *book, t time.Time) []byte {
	t = t.UTC()
	b = append(b, `<time datetime="`...)
	b = t.AppendFormat(b, time.RFC3339)
	b = append(b, `">`...)
	if len(words.words) == 0 {
		b = t.AppendFormat(b, "2 Jan 2006")
	} else {
		b = appendEscaped(b, words.date(t))
	}
	return append(b, "</time>"...)
}

// where says engine and GPU in a few words.
func where(pg *report.Page, st *report.Step) string {
	out := pg.Machine.Engine
	if v := pg.Machine.EngineVersion; v != "" && out != "" {
		out += " " + v
	}
	if st.GPU != "" {
		if out != "" {
			out += ", "
		}
		out += st.GPU
	}
	return out
}

func gpuText(words *book, pg *report.Page, st *report.Step) string {
	if st.GPU == "" {
		return ""
	}
	out := st.GPU
	for _, g := range pg.Machine.GPUs {
		if g.Name == st.GPU {
			if g.Driver != "" {
				out += ", " + fmt.Sprintf(words.of("driver %s"), g.Driver)
			}
			if g.CUDA != "" {
				out += ", CUDA " + g.CUDA
			}
			break
		}
	}
	return out
}

func machineText(words *book, pg *report.Page) string {
	m := pg.Machine
	out := m.OS
	if m.Arch != "" {
		out += ", " + m.Arch
	}
	if m.CPUs > 0 {
		out += ", " + fmt.Sprintf(words.of("%d CPUs"), m.CPUs)
	}
	if len(m.GPUs) == 0 {
		out += ", " + words.of("no GPU")
	}
	if m.CI {
		out += ", CI"
	}
	return strings.TrimPrefix(out, ", ")
}

// duration writes milliseconds as a person says them.
func duration(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%d ms", ms)
	case ms < 60_000:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	case ms < 3_600_000:
		return fmt.Sprintf("%d min %d s", ms/60_000, ms/1000%60)
	}
	return fmt.Sprintf("%d h %d min", ms/3_600_000, ms/60_000%60)
}

// A tallied page: how many of its listings ended how, by its newest runs.
type tallied struct {
	by       map[string]int
	listings int // that claim something
	ran      int
	newest   time.Time
}

func (e *env) count() tallied {
	t := tallied{by: map[string]int{}}
	for _, ev := range e.byBox {
		if ev.role == "example" {
			continue
		}
		t.listings++
		if len(ev.found) == 0 {
			t.by[verdictNone]++
			continue
		}
		x := ev.found[0]
		v := verdictOf(x)
		t.by[v]++
		if x.Step.Verdict.OK() && !x.Stale || x.Step.Verdict == report.Failed && !x.Stale {
			t.ran++
		}
		if at := ranAt(x.Page, x.Step); at.After(t.newest) {
			t.newest = at
		}
	}
	return t
}

// verdictOrder is worst first, for summaries.
var verdictOrder = []string{string(report.Failed), verdictStale, string(report.Unreached), verdictNone, string(report.Skipped),
	string(report.StandIn), string(report.Passed)}

// underTitle puts under a page's title what the theme says of its labs: the
// evidence in one line, and the fields for the reader's values.
func (e *env) underTitle(body []byte, values []value) []byte {
	b := appendValues(e.appendSummary(nil), e.word("Your values stand in every command below and stay in this browser."), values)
	if len(b) == 0 {
		return body
	}
	i := bytes.Index(body, []byte("</h1>"))
	if i >= 0 {
		i += len("</h1>")
	}
	return slices.Insert(body, max(0, i), b...)
}

func (e *env) appendSummary(b []byte) []byte {
	if !e.ran {
		return b
	}
	t := e.count()
	if t.listings == 0 {
		return b
	}
	tone := string(report.Passed)
	switch {
	case t.by[string(report.Failed)] > 0:
		tone = string(report.Failed)
	case t.by[string(report.StandIn)]+t.by[verdictStale] > 0:
		tone = string(report.StandIn)
	}
	b = append(b, `<div class="lab-summary v-`+tone+`" data-ui><strong>`...)
	b = append(b, fmt.Sprintf(e.word("%d of %d listings ran"), t.ran, t.listings)...)
	b = append(b, `</strong>`...)
	for i := len(verdictOrder) - 1; i >= 0; i-- {
		v := verdictOrder[i]
		if t.by[v] > 0 {
			b = append(b, `<span class="count">`...)
			b = appendVerdict(b, e.s.bookOf(e.p), v)
			b = append(b, fmt.Sprintf(" %d</span>", t.by[v])...)
		}
	}
	if !t.newest.IsZero() {
		b = append(b, "<span>"+e.word("last run")+" "...)
		b = appendTime(b, e.s.bookOf(e.p), t.newest)
		b = append(b, `</span>`...)
	}
	b = append(b, `<a href="`...)
	b = appendEscaped(b, relative(e.p.url, "lab-report/"))
	return append(b, `">`+e.word("Lab report")+"</a></div>"...)
}

// appendValues writes the fields for the reader's values. They stand in the
// page from the start, so that nothing moves when the script takes them up;
// without the script they are not shown.
func appendValues(b []byte, about string, values []value) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(b, `<form class="values-bar" data-ui>`...)
	b = appendTagged(b, "p", about)
	for _, v := range values {
		b = append(b, `<label><code>`...)
		b = appendEscaped(b, v.Name)
		b = append(b, `</code><input placeholder="`...)
		b = appendEscaped(b, v.Default)
		b = append(b, `"></label>`...)
	}
	return append(b, "</form>"...)
}

var exportLine = regexp.MustCompile(`^\s*export ([A-Z_][A-Z0-9_]*)=("[^"\n]*"|[^\s;#]*)`)

// A value is a variable of the tutorial that readers may fill in.
type value struct {
	Name, Default string
}

// values are those that the page declares in a lab-page note, or else those
// that its listings export.
func (e *env) values() []value {
	var out []value
	seen := map[string]bool{}
	add := func(n, v string) {
		if !seen[n] && n != "" {
			seen[n] = true
			out = append(out, value{n, v})
		}
	}
	var listings []*doc.Node
	for n := range e.doc.Root.All() {
		if n.Is(doc.KindLiteralBlock, doc.KindDoctestBlock) {
			listings = append(listings, n)
		}
		kind, keys, ok := doc.Note(n)
		if !ok || kind != doc.NotePage {
			continue
		}
		if _, rest, ok := strings.Cut(keys, `values="`); ok {
			rest, _, _ = strings.Cut(rest, `"`)
			for _, f := range strings.Fields(rest) {
				if name, v, ok := strings.Cut(f, "="); ok {
					add(name, v)
				}
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, n := range listings {
		text := n.PlainText()
		if !strings.Contains(text, "export ") {
			continue
		}
		for line := range strings.SplitSeq(text, "\n") {
			if !strings.Contains(line, "export ") {
				continue
			}
			if m := exportLine.FindStringSubmatch(line); m != nil {
				if v := strings.Trim(m[2], `"`); v != "" && !strings.ContainsAny(v, "$`") {
					add(m[1], v)
				}
			}
		}
	}
	return out
}
