package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"
)

//go:embed timeline.html
var timelineText string

var timelineTemplate = template.Must(template.New("timeline").Parse(timelineText))

// Timeline writes runs as one HTML file that needs no other: a bar for each
// step on a time axis, grouped by session, and what each printed.
func Timeline(w io.Writer, pages []Page) error {
	var runs []timelineRun
	for i := range pages {
		runs = append(runs, newTimelineRun(&pages[i]))
	}
	if err := timelineTemplate.Execute(w, runs); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	return nil
}

type timelineRun struct {
	Page     *Page
	Where    string
	Started  string
	Took     string
	Counts   []timelineCount
	Sessions []timelineSession
	Ticks    []timelineTick
}

type timelineCount struct {
	Verdict Verdict
	N       int
}

type timelineSession struct {
	Name  string
	Steps []timelineStep
}

type timelineStep struct {
	*Step
	Name        string
	Took        string
	Left, Width float64 // of the bar, in percent of the axis
	Power       string  // points of a line over the bar: watts over time
	Watts       string
}

// End and Right are where the text beside the bar stands: after it, or before
// it where there is no room.
func (t timelineStep) End() float64   { return t.Left + t.Width }
func (t timelineStep) Right() float64 { return 100 - t.Left }

type timelineTick struct {
	Left float64
	Text string
}

func newTimelineRun(p *Page) timelineRun {
	r := timelineRun{Page: p, Where: p.Machine.Engine, Started: p.Started.UTC().Format("2 January 2006 15:04 UTC"), Took: took(p.Duration)}
	if v := p.Machine.EngineVersion; v != "" {
		r.Where += " " + strings.TrimPrefix(v, p.Machine.Engine+" ")
	}
	for _, g := range p.Machine.GPUs {
		r.Where += ", " + g.Name
	}
	r.Where += ", " + p.Machine.OS
	whole, fresh := max(p.Duration, 1), false
	for _, s := range p.Steps {
		fresh = fresh || s.Cached == nil
	}
	before := func(s *Step) bool { return fresh && s.Cached != nil } // an earlier run carried it out
	for i := range p.Steps {
		if s := &p.Steps[i]; !before(s) {
			whole = max(whole, s.Started+s.Duration)
		}
	}
	whole += whole / 8 // room for what stands beside the last bar
	count := map[Verdict]int{}
	at := map[string]int{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Role == "example" {
			continue
		}
		count[s.Verdict]++
		session := s.Session
		if session == "" {
			session = "page"
		}
		k, known := at[session]
		if !known {
			k = len(r.Sessions)
			at[session] = k
			r.Sessions = append(r.Sessions, timelineSession{Name: session})
		}
		t := timelineStep{Step: s, Name: name(*s), Took: took(s.Duration),
			Left: 100 * float64(s.Started) / float64(whole), Width: math.Max(0.3, 100*float64(s.Duration)/float64(whole))}
		if before(s) {
			t.Took, t.Left, t.Width = "as it was on "+s.Cached.UTC().Format("2 January 2006 15:04 UTC"), 0, 0
		} else if s.Ahead > 0 && s.Ahead == s.Duration { // it was over when its turn came
			t.Left = math.Max(0, t.Left-t.Width)
		}
		t.Power, t.Watts = powerLine(s)
		r.Sessions[k].Steps = append(r.Sessions[k].Steps, t)
	}
	for _, v := range []Verdict{Failed, Unreached, Skipped, StandIn, Passed} {
		if count[v] > 0 {
			r.Counts = append(r.Counts, timelineCount{v, count[v]})
		}
	}
	step := tickEvery(whole)
	for ms := int64(0); ms <= whole*19/20; ms += step {
		r.Ticks = append(r.Ticks, timelineTick{100 * float64(ms) / float64(whole), took(ms)})
	}
	return r
}

// tickEvery gives a round time of which four to nine fit on the axis.
func tickEvery(whole int64) int64 {
	for _, s := range []int64{100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1200000, 1800000} {
		if whole/s < 9 {
			return s
		}
	}
	return 3600000
}

// powerLine is the power of a step's GPUs together, as points of an SVG line in
// a box of 100 by 20, and its highest reading.
func powerLine(s *Step) (points, watts string) {
	var rounds []Sample // one reading of all devices
	for _, m := range s.Samples {
		if m.GPU > 0 && len(rounds) > 0 {
			rounds[len(rounds)-1].PowerWatts += m.PowerWatts
			continue
		}
		rounds = append(rounds, m)
	}
	top := 0.0
	for _, m := range rounds {
		top = math.Max(top, m.PowerWatts)
	}
	if top == 0 || len(rounds) < 2 {
		return "", ""
	}
	end := float64(max(rounds[len(rounds)-1].At, 1))
	var b strings.Builder
	for _, m := range rounds {
		fmt.Fprintf(&b, "%.1f,%.1f ", 100*float64(m.At)/end, 20-20*m.PowerWatts/top)
	}
	return strings.TrimSpace(b.String()), fmt.Sprintf("%.0f W at most", top)
}

func took(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", ms)
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}
