package step

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Plan says what a machine does with each step, in order. A step that it
// cannot do is skipped for a reason; nothing is left out.
func Plan(steps []Step, m Machine) []Planned {
	out := make([]Planned, len(steps))
	action := map[string]Action{}
	why := map[string]string{}
	for i, s := range steps {
		p := Planned{Step: s}
		switch {
		case s.Role == Example:
			p.Action, p.Why = DoNothing, s.Why
		case s.Role == Unaccounted:
			p.Action, p.Why = DoSkip, "not accounted for: "+s.Why
		case s.Opt.Skip != "":
			p.Action, p.Why = DoSkip, s.Opt.Skip
		case s.Role == File:
			p.Action = DoPlace
		case s.Role == Output:
			p.Action = DoCompare
			if a := action[s.Of]; a == DoSkip {
				p.Action, p.Why = DoSkip, "the step that prints it is skipped: "+why[s.Of]
			}
		default:
			p.Action = DoRun
			if lack := m.lacks(s); lack != "" {
				if noGPU(s, m) && s.Opt.CPU != "" && m.lacksBut(s, "gpu", "gpu-memory", "compute") == "" {
					p.Instead, p.Why = s.Opt.CPU, lack+"; the page names a command for the CPU"
				} else {
					p.Action, p.Why = DoSkip, lack
				}
			}
		}
		if p.Action != DoSkip && p.Action != DoNothing && m.StandIn != nil {
			for _, image := range s.Images {
				if recipe, ok := m.StandIn(image); ok && !slices.Contains(p.StandIns, recipe) {
					p.StandIns = append(p.StandIns, recipe)
				}
			}
		}
		action[s.ID], why[s.ID] = p.Action, p.Why
		out[i] = p
	}
	return out
}

func noGPU(s Step, m Machine) bool {
	return m.lacks(s) != "" && slices.ContainsFunc(s.Opt.Needs, func(n Need) bool { return n.Name == "gpu" || n.Name == "gpu-memory" || n.Name == "compute" })
}

// lacks says what of a step's needs the machine does not have, or "".
func (m Machine) lacks(s Step) string { return m.lacksBut(s) }

func (m Machine) lacksBut(s Step, without ...string) string {
	if m.Engine == "" && slices.ContainsFunc(s.Commands, func(c Command) bool { return engineRE.MatchString(c.Text) }) {
		return "no container engine is here"
	}
	for _, n := range s.Opt.Needs {
		if slices.Contains(without, n.Name) {
			continue
		}
		if lack := m.lack(n); lack != "" {
			return lack
		}
	}
	return ""
}

var engineRE = regexp.MustCompile(`(?m)(^|[;&|(]\s*|\bsudo )(docker|podman) `)

func (m Machine) lack(n Need) string {
	enough := func(have float64) bool {
		if n.Op == "=" {
			return have == n.Amount
		}
		return have >= n.Amount
	}
	noGPU := m.NoGPU
	if noGPU == "" {
		noGPU = "no GPU found"
	}
	if name, ok := strings.CutPrefix(n.Name, "secret="); ok {
		if m.HasSecret == nil || !m.HasSecret(name) {
			return "it needs the secret " + name + ", which is not in the environment of labs"
		}
		return ""
	}
	switch n.Name {
	case "gpu":
		if m.GPUs == 0 && n.Amount > 0 {
			return noGPU
		}
		if !enough(float64(m.GPUs)) {
			return fmt.Sprintf("it needs %s, and %d is here", n.Text, m.GPUs)
		}
	case "gpu-memory":
		if m.GPUs == 0 {
			return noGPU
		}
		if !enough(float64(m.GPUMemory)) {
			return fmt.Sprintf("it needs %s, and the GPU has %.1f GB", n.Text, float64(m.GPUMemory)/1e9)
		}
	case "compute":
		if m.GPUs == 0 {
			return noGPU
		}
		if !enough(m.Compute) {
			return fmt.Sprintf("it needs %s, and the GPU has compute capability %.1f", n.Text, m.Compute)
		}
	case "memory":
		if !enough(float64(m.Memory)) {
			return fmt.Sprintf("it needs %s, and this machine has %.1f GB", n.Text, float64(m.Memory)/1e9)
		}
	case "network":
		if !m.Network {
			return "it needs the network, and no request may leave this machine"
		}
	case "ngc":
		if !m.NGC {
			return "no ngc is here"
		}
	case "build":
		if !m.Builds {
			if m.NoBuild != "" {
				return m.NoBuild
			}
			return strings.TrimSpace("the "+m.Engine+" engine") + " does not build images"
		}
	case "command":
		if name := strings.TrimPrefix(n.Text, "command="); m.Has != nil && !m.Has(name) {
			return "it needs the program " + name + ", which is not here"
		}
	case "platform":
		if want := strings.TrimPrefix(n.Text, "platform="); want != m.Platform {
			return fmt.Sprintf("it needs %s, and this machine is %s", want, m.Platform)
		}
	}
	return ""
}

// A Count is the coverage of a plan, like that of tests.
type Count struct {
	Listings    int      // all
	Runnable    int      // that could run or be compared: run, transcript, setup, file, output
	Planned     int      // of these, those that this machine does
	Unaccounted int      // that nobody accounted for
	Skipped     []string // "page:line: reason", also of those not accounted for
}

// Percent is Planned of Runnable; unaccounted listings count as runnable,
// since nobody said that they are not.
func (c Count) Percent() float64 {
	if all := c.Runnable + c.Unaccounted; all > 0 {
		return 100 * float64(c.Planned) / float64(all)
	}
	return 100
}

// Coverage counts the steps of plans, of one page or of many.
func Coverage(plans ...[]Planned) Count {
	var c Count
	for _, plan := range plans {
		for _, p := range plan {
			c.Listings++
			switch {
			case p.Step.Role == Unaccounted:
				c.Unaccounted++
			case p.Step.Role != Example:
				c.Runnable++
			}
			switch p.Action {
			case DoRun, DoPlace, DoCompare:
				c.Planned++
			case DoSkip:
				c.Skipped = append(c.Skipped, fmt.Sprintf("%s:%d: %s", p.Step.Page, p.Step.Line, p.Why))
			}
		}
	}
	return c
}
