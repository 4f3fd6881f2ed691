// Package report is the file that labs and the site share: the evidence of one
// run of one page on one machine. It is JSON under a published schema
// ([Schema]); the same run can be told as JUnit XML, as GitHub annotations and
// as a summary.
//
// A report holds no secret: [Masker] takes them out before anything is put
// into it. It holds no clock either: times come from the run.
package report

import (
	"time"
)

// Version is the value of Page.Schema in reports that this package writes.
const Version = "docent.report/1"

// A Verdict says how a step ended.
type Verdict string

// The verdicts. A step that a stand-in image took part in is StandIn, never
// Passed.
const (
	Passed    Verdict = "passed"
	StandIn   Verdict = "stand-in" // passed, but on an image that a recipe built
	Failed    Verdict = "failed"
	Skipped   Verdict = "skipped"   // for a reason that Why gives
	Unreached Verdict = "unreached" // a step before it failed, or the run was stopped
)

// OK reports whether the step did what the page promises.
func (v Verdict) OK() bool { return v == Passed || v == StandIn }

// Blame says whose fault a failure is.
type Blame string

// Who can be at fault.
const (
	BlamePage    Blame = "page"    // the tutorial promises what does not happen
	BlameMachine Blame = "machine" // this machine lacks or lost something
	BlameLabs    Blame = "labs"    // the lab runner itself
)

// A Page is one run of one page.
type Page struct {
	Schema   string            `json:"schema"` // Version
	Page     string            `json:"page"`   // path below the content root, with slashes
	Title    string            `json:"title,omitempty"`
	Started  time.Time         `json:"started"` // UTC, to the second
	Duration int64             `json:"duration_ms"`
	Machine  Machine           `json:"machine"`
	Hermetic bool              `json:"hermetic"`            // no request left the machine
	StandIns []StandInImage    `json:"stand_ins,omitempty"` // by image
	Hosts    []string          `json:"hosts,omitempty"`     // outside hosts that the run reached, sorted
	Images   []Image           `json:"images,omitempty"`    // that the run built, pulled or pushed
	Steps    []Step            `json:"steps"`
	Coverage Coverage          `json:"coverage"`
	Values   map[string]string `json:"values,omitempty"` // captured: name -> text, such as "443MB"
}

// A Machine is what the run ran on.
type Machine struct {
	OS            string `json:"os"` // as os-release names it, "Debian GNU/Linux 12 (bookworm)"
	Kernel        string `json:"kernel,omitempty"`
	Arch          string `json:"arch"` // Go's name: amd64, arm64
	CPUs          int    `json:"cpus"`
	Memory        int64  `json:"memory_bytes,omitempty"` // bytes
	Engine        string `json:"engine"`                 // docker, podman, oci
	EngineVersion string `json:"engine_version,omitempty"`
	GPUs          []GPU  `json:"gpus,omitempty"`
	CI            bool   `json:"ci"`
}

// A GPU is one device of a machine.
type GPU struct {
	Name        string `json:"name"`
	Driver      string `json:"driver,omitempty"`
	CUDA        string `json:"cuda,omitempty"`    // highest version the driver supports
	Compute     string `json:"compute,omitempty"` // compute capability, "9.0"
	MemoryBytes int64  `json:"memory_bytes,omitempty"`
}

// A StandInImage is an image that a recipe built in place of one that could
// not be pulled.
type StandInImage struct {
	Image  string `json:"image"`  // the name the page uses
	Recipe string `json:"recipe"` // such as "cuda-devel"
	Digest string `json:"digest"` // of the recipe and all that went in
}

// An Image is one image of the run.
type Image struct {
	Ref       string  `json:"ref"`
	ID        string  `json:"id,omitempty"`     // digest of the configuration
	Digest    string  `json:"digest,omitempty"` // of the manifest, where a registry gave one
	SizeBytes int64   `json:"size_bytes"`       // unpacked; the sum of the layers where they are known
	Layers    []Layer `json:"layers,omitempty"`
}

// A Layer is one layer of an image.
type Layer struct {
	Digest    string `json:"digest"`
	SizeBytes int64  `json:"size_bytes"`
	CreatedBy string `json:"created_by,omitempty"`
}

// A Step is the evidence for one listing.
type Step struct {
	ID      string   `json:"id"`               // step.Step.ID
	Place   string   `json:"place,omitempty"`  // step.Step.Place
	Digest  string   `json:"digest"`           // step.Step.Digest: of what decides what happens
	Sample  string   `json:"sample,omitempty"` // step.Step.Sample: of the sample it was compared with
	Role    string   `json:"role"`             // as package step names it
	Said    bool     `json:"said,omitempty"`
	Session string   `json:"session,omitempty"`
	Line    int      `json:"line"` // 1-based, in File
	File    string   `json:"file,omitempty"`
	Verdict Verdict  `json:"verdict"`
	Why     string   `json:"why,omitempty"`   // of every verdict but passed; one sentence
	Blame   Blame    `json:"blame,omitempty"` // of a failed step
	StandIn []string `json:"stand_in,omitempty"`
	// Cached is when the evidence was made, if an earlier run made it and
	// nothing that went in has changed since.
	Cached   *time.Time `json:"cached,omitempty"`
	Started  int64      `json:"started_ms"` // after Page.Started
	Duration int64      `json:"duration_ms"`
	Ahead    int64      `json:"ahead_ms,omitempty"` // what a build took that was done ahead; the step then found it in the cache
	Exit     *int       `json:"exit,omitempty"`     // of the last command; absent if none ran
	Command  string     `json:"command,omitempty"`  // what was typed, lines joined with "\n"
	Output   string     `json:"output,omitempty"`   // masked, without terminal codes, see Clip
	// Outputs is what each command printed, where the page shows samples of
	// several of them.
	Outputs  []string          `json:"outputs,omitempty"`
	Diff     string            `json:"diff,omitempty"`     // promised against got, of a mismatch
	Compared string            `json:"compared,omitempty"` // what was compared: "shape", "exact", ...
	Asserts  []Assert          `json:"asserts,omitempty"`
	Images   []string          `json:"images,omitempty"` // digests or references of images it used
	GPU      string            `json:"gpu,omitempty"`    // the device it ran on
	Samples  []Sample          `json:"samples,omitempty"`
	Values   map[string]string `json:"values,omitempty"`
}

// An Assert is a claim of the page and how it came out.
type Assert struct {
	Expr  string `json:"expr"`
	OK    bool   `json:"ok"`
	Shown string `json:"shown"` // with the values put in: "443MB < 8.26GB/10"
}

// A Sample is one reading of a GPU during a step.
type Sample struct {
	At          int64   `json:"at_ms"` // after Step.Started
	PowerWatts  float64 `json:"power_watts,omitempty"`
	SMClockMHz  int     `json:"sm_clock_mhz,omitempty"`
	Temperature int     `json:"temperature_celsius,omitempty"`
	Utilization int     `json:"utilization_percent,omitempty"`
	GPU         int     `json:"gpu,omitempty"` // which of the step\'s devices, from 0
}

// Coverage counts the listings of a page.
type Coverage struct {
	Listings    int `json:"listings"`
	Runnable    int `json:"runnable"`    // listings that could run: run, transcript and the outputs compared with them
	Run         int `json:"run"`         // of these, those that ran
	Unaccounted int `json:"unaccounted"` // listings nobody accounted for
}

// Evidence is what one report says about one step.
type Evidence struct {
	Page *Page
	Step *Step
	// Stale is true when what runs has changed since: the commands, their
	// annotations or their files.
	Stale bool
	// Edited is true when that is the same, but the page shows another sample
	// than the one that the run was compared with.
	Edited bool
}
