package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"docent/generator/doc"
	"docent/labs/engine"
	"docent/labs/gpu"
	"docent/labs/network/recipes"
	"docent/labs/run"
	"docent/labs/step"
)

// list is what "labs list --json" prints.
type list struct {
	Engine   string         `json:"engine"` // that the plan is for; "" is none
	GPUs     []string       `json:"gpus"`
	Listings []listed       `json:"listings"`
	Findings []finding      `json:"findings"`
	Pages    []listCoverage `json:"pages"`
	Coverage listCoverage   `json:"coverage"` // of all pages
}

// listed is a listing in it.
type listed struct {
	Page     string   `json:"page"`
	ID       string   `json:"id"`
	Line     int      `json:"line"`
	File     string   `json:"in_file,omitempty"` // where Line is, if not the page
	Role     string   `json:"role"`
	Said     bool     `json:"said"`          // by a lab comment; else it was inferred
	Why      string   `json:"why,omitempty"` // of the inference
	Session  string   `json:"session,omitempty"`
	Opens    string   `json:"opens,omitempty"` // the session that its first command opens
	Needs    []string `json:"needs,omitempty"`
	Plays    []string `json:"plays,omitempty"` // "IMAGE: stand-in RECIPE, ..."
	Images   []string `json:"images,omitempty"`
	Action   string   `json:"action"` // here: run, place, compare, skip or nothing
	Skip     string   `json:"skip,omitempty"`
	Instead  string   `json:"instead,omitempty"`
	Commands []string `json:"commands,omitempty"`
	Expect   string   `json:"expect,omitempty"` // the sample
	Name     string   `json:"file,omitempty"`   // of a file step
	Of       string   `json:"of,omitempty"`
	Digest   string   `json:"digest"`
}

// finding is something wrong on a page.
type finding struct {
	Position string `json:"position"` // file:line:col
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

type listCoverage struct {
	Page        string  `json:"page,omitempty"`
	Listings    int     `json:"listings"`
	Runnable    int     `json:"runnable"`
	Planned     int     `json:"planned"` // of these, those that this machine would run
	Unaccounted int     `json:"unaccounted"`
	Percent     float64 `json:"percent"`
}

type listOptions struct {
	source                  string
	asJSON, strict, noColor bool
}

func listCommand(stdout, stderr io.Writer) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list [PAGE...]",
		Short: "Show how a lab reads pages: what each listing is, why, and what this machine would do with it",
		Long: `list shows, for every listing of the pages, its role and whether a lab comment
says it or why it was inferred, the session it is typed in, what it needs, and
what plays images and platforms that are not here. Nothing is run.

Dockerfiles are read as BuildKit's linter does, shell as bash does; what they
find is printed with its place on the page, or in the file that the page shows.`,
		Example: "  labs list\n  labs list tutorial.rst --strict\n  labs list --json | jq '.listings[] | select(.role == \"unaccounted\")'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return listPages(cmd.Context(), o, args, stdout, stderr)
		},
		ValidArgsFunction: pageNames(&o.source),
	}
	f := cmd.Flags()
	f.StringVar(&o.source, "source", "content", "folder with the pages")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	f.BoolVar(&o.strict, "strict", false, "fail on listings that nobody accounted for")
	f.BoolVar(&o.noColor, "no-color", false, "no colours")
	return cmd
}

func listPages(ctx context.Context, o listOptions, args []string, stdout, stderr io.Writer) error {
	pages, err := lessons(o.source, args)
	if err != nil {
		return err
	}
	v := newView(stdout, stderr, o.noColor)
	m, gpus := machineHere(ctx)
	all := list{Engine: m.Engine, GPUs: gpus, Listings: []listed{}, Findings: []finding{}, Pages: []listCoverage{}}
	if all.GPUs == nil {
		all.GPUs = []string{}
	}
	bad := false
	var plans [][]step.Planned
	for _, l := range pages {
		plan := step.Plan(l.steps, m)
		plans = append(plans, plan)
		for _, d := range l.diags {
			bad = bad || d.Severity >= doc.Error
			all.Findings = append(all.Findings, finding{d.Position(), d.Severity.String(), d.Code, credentials(d.Message), d.Hint})
			if !o.asJSON {
				v.diag(d)
			}
		}
		for i := range plan {
			all.Listings = append(all.Listings, entry(&plan[i]))
		}
		all.Pages = append(all.Pages, covered(l.doc.Name(), plan))
		if !o.asJSON {
			v.listPage(l, plan)
		}
	}
	all.Coverage = covered("", plans...)
	if o.asJSON {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(all); err != nil {
			return fmt.Errorf("writing the list: %w", err)
		}
	} else {
		v.listEnd(all, m)
	}
	switch n := all.Coverage.Unaccounted; {
	case o.strict && n == 1:
		return &fault{exitFault, fmt.Errorf("1 listing is not accounted for; say with a lab comment what it is")}
	case o.strict && n > 0:
		return &fault{exitFault, fmt.Errorf("%d listings are not accounted for; say with a lab comment what they are", n)}
	case bad:
		return errAtFault
	}
	return nil
}

// machineHere describes this machine to a plan without starting anything.
func machineHere(ctx context.Context) (step.Machine, []string) {
	m := step.Machine{NGC: true, Network: true, HasSecret: hasSecret, Platform: "linux/" + runtime.GOARCH, Has: func(name string) bool {
		return name == "labs" || name == "generator" || run.HasProgram(name)
	}, StandIn: func(image string) (string, bool) {
		if r := recipes.For(image); r != nil {
			return r.Name, true
		}
		return "", false
	}}
	for _, f := range engine.Survey(ctx) {
		if f.OK && m.Engine == "" && slices.Contains([]string{"docker", "podman", "oci"}, f.Name) {
			m.Engine, m.Builds = f.Name, f.Name != "oci"
		}
	}
	devices, err := gpu.Devices(ctx)
	if err != nil {
		m.NoGPU = err.Error()
	}
	var names []string
	m.GPUs = len(devices)
	for i, d := range devices {
		names = append(names, d.Name)
		if i == 0 || int64(d.Memory) < m.GPUMemory {
			m.GPUMemory = int64(d.Memory)
		}
		if c, err := strconv.ParseFloat(d.ComputeCapability, 64); err == nil && (i == 0 || c < m.Compute) {
			m.Compute = c
		}
	}
	m.Memory = thisMachine("", "", nil).Memory
	return m, names
}

func covered(page string, plans ...[]step.Planned) listCoverage {
	c := step.Coverage(plans...)
	return listCoverage{page, c.Listings, c.Runnable + c.Unaccounted, c.Planned, c.Unaccounted, float64(int(c.Percent()*10)) / 10}
}

func entry(p *step.Planned) listed {
	s := &p.Step
	e := listed{Page: s.Page, ID: s.ID, Line: s.Line, Role: string(s.Role), Said: s.Said, Why: s.Why, Session: s.Session, Opens: s.Opens,
		Images: s.Images, Action: string(p.Action), Instead: p.Instead, Name: s.File, Of: s.Of, Digest: s.Digest, Plays: plays(p), Needs: needs(s)}
	if s.Source != nil && s.Source.Name != s.Page {
		e.File = s.Source.Name
	}
	if p.Action == step.DoSkip {
		e.Skip = p.Why
	}
	for _, c := range s.Commands {
		e.Commands = append(e.Commands, credentials(c.Text))
	}
	if s.Role != step.Output {
		e.Expect = credentials(s.Expect)
	}
	return e
}

func needs(s *step.Step) []string {
	var out []string
	for _, n := range s.Opt.Needs {
		out = append(out, n.Text)
	}
	return out
}

// plays says what takes the place of what.
func plays(p *step.Planned) []string {
	var out []string
	if p.Action != step.DoRun {
		return nil
	}
	for _, image := range p.Step.Images {
		if r := recipes.For(image); r != nil {
			out = append(out, fmt.Sprintf("%s: stand-in %s, if it cannot be pulled", image, r.Name))
		}
	}
	if slices.Contains(needs(&p.Step), "ngc") {
		out = append(out, "ngc: labs play it")
	}
	return out
}

// listPage prints one page: two lines a listing, and its coverage.
func (v *view) listPage(l *lesson, plan []step.Planned) {
	c := covered(l.doc.Name(), plan)
	right := plural(c.Listings, "listing", "listings")
	fmt.Fprintln(v.out, v.spread(v.paint(bold, c.Page), v.paint(dim, right)))
	for i := range plan {
		v.listing(&plan[i])
	}
	v.coverageLine(c)
	fmt.Fprintln(v.out)
}

func (v *view) coverageLine(c listCoverage) {
	left := 24
	if v.width < 96 {
		left = 8
	}
	full := int(c.Percent * float64(left) / 100)
	bar := v.paint(green, strings.Repeat("━", full)) + v.paint(dim, strings.Repeat("─", left-full))
	text := fmt.Sprintf("%s %d of %d that can run would run here (%.0f %%)", bar, c.Planned, c.Runnable, c.Percent)
	if c.Unaccounted > 0 {
		text += ", " + v.paint(yellow, fmt.Sprintf("%d not accounted for", c.Unaccounted))
	}
	fmt.Fprintln(v.out, "  "+v.fit(text, v.width-2))
}

// listing prints one listing.
func (v *view) listing(p *step.Planned) {
	s := &p.Step
	mark, colour := "▸", ""
	switch {
	case s.Role == step.Unaccounted:
		mark, colour = "?", yellow
	case p.Action == step.DoSkip:
		mark, colour = "-", yellow
	case p.Action == step.DoNothing:
		mark, colour = "·", dim
	}
	session := s.Session
	if s.Opens != "" {
		session += "→" + s.Opens
	}
	left := fmt.Sprintf("  %s %5d  %s  %-10s ", v.paint(colour, mark), s.Line, v.paint(colour, fmt.Sprintf("%-11s", s.Role)), session)
	fmt.Fprintln(v.out, v.fit(left+label(s), v.width))

	how := "said"
	if !s.Said {
		how = "inferred: " + s.Why
	}
	if s.Role == step.Unaccounted {
		how = s.Why
	}
	notes := []string{how}
	if n := needs(s); len(n) > 0 {
		notes = append(notes, "needs "+strings.Join(n, ", "))
	}
	for _, word := range []struct {
		on   bool
		text string
	}{{s.Opt.Alt, "alt"}, {s.Opt.Background, "in the background"}, {s.Opt.Cleanup, "cleanup"}, {s.Opt.Exit.Said, "must fail"}} {
		if word.on && !(word.text == "must fail" && s.Opt.Exit.OK(0)) {
			notes = append(notes, word.text)
		}
	}
	if p.Action == step.DoSkip && s.Role != step.Unaccounted {
		notes = append(notes, "skipped here: "+p.Why)
	}
	if p.Instead != "" {
		notes = append(notes, "here instead: "+p.Instead)
	}
	notes = append(notes, plays(p)...)
	v.notes(notes)
}

// notes prints notes below a line, wrapped between them.
func (v *view) notes(notes []string) {
	const indent = 11
	line := ""
	flush := func() {
		if line != "" && v.live {
			line = ansi.Wordwrap(line, max(20, v.width-indent), "")
		}
		for l := range strings.SplitSeq(line, "\n") {
			if l != "" {
				fmt.Fprintln(v.out, strings.Repeat(" ", indent)+v.paint(dim, l))
			}
		}
		line = ""
	}
	for _, n := range notes {
		if line != "" && indent+ansi.StringWidth(line)+2+ansi.StringWidth(n) > v.width {
			flush()
		}
		if line != "" {
			line += "; "
		}
		line += n
	}
	flush()
}

// spread puts two texts at the two ends of a line.
func (v *view) spread(left, right string) string {
	gap := v.width - ansi.StringWidth(left) - ansi.StringWidth(right)
	if gap < 1 {
		return v.fit(left+" "+right, v.width)
	}
	return left + strings.Repeat(" ", gap) + right
}

// fit cuts a line to a width; nothing is cut where the output is no terminal.
func (v *view) fit(line string, width int) string {
	if !v.live {
		return strings.TrimRight(line, " ")
	}
	return ansi.Truncate(strings.TrimRight(line, " "), width, "…")
}

// listEnd prints the sum of all pages, and what to do.
func (v *view) listEnd(all list, m step.Machine) {
	here := "no container engine"
	if m.Engine != "" {
		here = m.Engine
	}
	if len(all.GPUs) > 0 {
		here += fmt.Sprintf(", %d GPUs (%s)", len(all.GPUs), all.GPUs[0])
	} else {
		here += ", no GPU"
	}
	if len(all.Pages) > 1 {
		fmt.Fprintln(v.out, v.spread(v.paint(bold, plural(len(all.Pages), "page", "pages")), v.paint(dim, plural(all.Coverage.Listings, "listing", "listings"))))
		v.coverageLine(all.Coverage)
	}
	fmt.Fprintf(v.out, "%s, %d of them not accounted for. This machine: %s.\n", plural(all.Coverage.Listings, "listing", "listings"), all.Coverage.Unaccounted, here)
	if all.Coverage.Unaccounted > 0 {
		fmt.Fprintln(v.out, "Say what they are in a comment before each: .. lab: run, or <!-- lab: example -->.")
	}
}
