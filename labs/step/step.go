// Package step reads a document as a lab does: every listing becomes a step
// with a role, a session, the commands a reader types and the output the page
// promises. It plans what a machine can do of it.
//
// The package is pure: no process, no network, no clock, no file. Its one rule
// is that a guess must be safe. A listing that is not certainly commands is
// never run, and a listing that is not certainly output is never compared:
// it is "not accounted for" until an annotation says what it is.
package step

import (
	"time"

	"docent/generator/doc"
)

// A Role says what a listing is to the reader.
type Role string

// The roles. Unaccounted is a listing whose role nobody said and that could
// not be inferred safely.
const (
	Run         Role = "run"        // commands the reader types
	File        Role = "file"       // a file the reader downloads into the working folder
	Output      Role = "output"     // what a run before it printed
	Transcript  Role = "transcript" // prompts, typed commands and output mixed
	Example     Role = "example"    // to look at, not to run
	Setup       Role = "setup"      // commands of a lab-run comment; readers do not see them
	Unaccounted Role = "unaccounted"
)

// Runs reports whether steps of this role are carried out by typing commands.
func (r Role) Runs() bool { return r == Run || r == Transcript || r == Setup }

// The sessions that have a name of their own. Other names are shells of the
// page's making; "container:1" is the terminal that a step opened.
const (
	Host = "host"
	Job  = "job" // the container of the latest job
)

// A Step is one listing as a lab sees it.
type Step struct {
	// ID names the step in its page: letters and digits. It depends on what
	// is typed, or on the listing's text where nothing is, and survives edits
	// elsewhere. It does not depend on sample output.
	ID string
	// Place names it by what stands around it, too: see [doc.Identify].
	Place string
	Page  string // path below the content root, with slashes

	Source    *doc.Source // the file the listing stands in
	Pos       doc.Pos
	Line, Col int // 1-based, of the listing

	Role Role
	Said bool   // an annotation says the role
	Why  string // else the reason of the inference, one phrase

	// Session is where the commands are typed: "host", "job", "container:1"
	// or a name. Opens is the session that the step's own first command
	// opens ("docker run -it ... bash"), or "". KeepOpen says that later
	// steps are typed there, so that it must not be closed after the step.
	Session  string
	Opens    string
	KeepOpen bool

	Text string // as shown
	// Body is the source in which Text stands, BodyLine the 1-based line of
	// its first line, BodyCol the 1-based column in bytes. They are those of
	// the listing where the text cannot be found.
	Body              *doc.Source
	BodyLine, BodyCol int
	Commands          []Command // of run, transcript and setup, in order
	// Expect is the sample output: the text of an output step, or all that
	// the page promises in a run or transcript listing.
	Expect string
	// Of is the ID of the step whose output an output step shows.
	Of string

	File     string // of a file step: the name the reader has on disk
	FileFrom string // path below the content root that it is downloaded from
	Partial  bool   // the listing shows only a part of the file

	Language string
	Caption  string
	Images   []string // image references in the commands or FROM lines, variables as written
	Opt      Options
	// Digest is the hex SHA-256 of all on the page that decides what happens
	// when the step is run: as [doc.Listing.Digest], but without the sample.
	// A page whose sample alone was edited does not make evidence stale.
	Digest string
	Sample string // digest of Expect, "" if the page shows no output
}

// A Command is one command line, maybe over several lines, as a reader types
// it.
type Command struct {
	Text   string // without its prompt
	Prompt string // as shown, such as "root@f5e06e291d60:/#"; "" if none
	Output string // sample of what it prints; "" if the page shows none
	Line   int    // 1-based, in the step's source
	Col    int
	// Inside says that the command is typed in the terminal that the
	// listing's first command opened.
	Inside bool
}

// Options are the keys of the annotations of a step, those of the page
// included.
type Options struct {
	In         string // session as written; "" is the default
	Alt        bool   // in a copy of the session that is thrown away
	Exit       Exit
	Timeout    time.Duration // 0 is the default
	Needs      []Need
	Match      string   // shape, exact, regex, none; "" is shape
	Within     []string // tolerances, such as "GFLOP/s ±20%"
	Background bool
	Ready      *Ready
	Saves      []Save
	Cleanup    bool
	Skip       string   // why it is skipped; "" if it is not
	Name       string   // the name under which a file is used
	Asserts    []string // claims that must hold after the step
	CPU        string   // the command where there is no GPU
}

// Exit is the exit code a step must end with: by default 0.
type Exit struct {
	Said    bool
	NonZero bool // any but 0
	Code    int
}

// OK reports whether an exit code is the promised one.
func (e Exit) OK(code int) bool {
	if e.NonZero {
		return code != 0
	}
	return code == e.Code
}

// A Need is something a machine must have for a step.
type Need struct {
	// Name is gpu, gpu-memory, compute, memory, network, ngc, build, platform,
	// command (needs=command=jq), secret=NAME, or job: the work of the steps typed in the job before it. Only the run
	// can tell whether that is there.
	Name string
	Op   string // "", ">=", "=" and the like
	// Amount is the number after Op: devices, bytes, or a compute capability.
	Amount float64
	Text   string // as written
}

// Ready says when a background step is ready.
type Ready struct {
	Kind  string // "port", "http" or "log"
	Value string // a port number, a URL, a regular expression
}

// A Save keeps what a regular expression finds in the output.
type Save struct{ Name, Regex string }

// A Download is a file that the page offers.
type Download struct {
	Name string // the name the reader has on disk
	From string // path below the content root
	Pos  doc.Pos
}

// A Value is a variable that the page sets for its lab: lab-page values="...".
type Value struct{ Name, Value string }

// A Machine is what a plan is made for.
type Machine struct {
	Engine    string // docker, podman, oci; "" is none
	Builds    bool   // the engine builds images
	NoBuild   string // why not
	GPUs      int
	GPUMemory int64   // bytes, of the smallest device
	Compute   float64 // compute capability, of the least device
	NoGPU     string  // why there is none, "no GPU found by NVML"
	Network   bool    // requests may leave the machine
	NGC       bool    // an ngc is there, real or played
	Memory    int64   // bytes
	Platform  string  // linux/amd64
	// Has reports whether a session finds a program; nil finds all.
	Has func(program string) bool
	// HasSecret reports whether the value of a secret is there; nil is none.
	HasSecret func(name string) bool
	// StandIn gives the recipe that plays an image which cannot be pulled.
	StandIn func(image string) (recipe string, ok bool)
}

// An Action is what a plan does with a step.
type Action string

// The actions.
const (
	DoRun     Action = "run"
	DoPlace   Action = "place"   // put a file into the working folder
	DoCompare Action = "compare" // with the output of another step
	DoSkip    Action = "skip"
	DoNothing Action = "nothing" // an example
)

// A Planned is a step and what this machine does with it.
type Planned struct {
	Step     Step
	Action   Action
	Why      string   // of a skip, or of a command that was replaced
	Instead  string   // run this instead of the step's commands (cpu=)
	StandIns []string // recipes that play its images
}
