package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"docent/labs/engine"
	"docent/labs/network"
	"docent/labs/ngc"
	"docent/labs/report"
	"docent/labs/snapshot"
	"docent/labs/step"
)

// A Past is what a run of a page leaves for a later one to go on from.
type Past struct {
	Done   []Done  `json:"done"`   // by step, as far as every step passed or was skipped
	Points []Point `json:"points"` // moments to go on from, in order
}

// A Done is what came of one step.
type Done struct {
	Report  report.Step `json:"report"`
	Output  string      `json:"output,omitempty"`
	Instead bool        `json:"instead,omitempty"`
	When    time.Time   `json:"when"` // the run that carried it out
}

// A Point is all that there was after a step: a later run that finds the same
// steps up to it goes on from here. There is none where something lives on that
// cannot be kept: a process, a terminal, a job, a container.
type Point struct {
	After  int               `json:"after"` // steps that lie before it
	Key    string            `json:"key"`   // see Resume.Keys
	Files  string            `json:"files"` // snapshot of the page's folders
	Shells map[string]string `json:"shells"`
	Used   map[string]string `json:"used,omitempty"`   // downloads that a step had to do with: name -> digest
	Served map[string]string `json:"served,omitempty"` // files of this machine that the network served: path -> digest
	Asked  map[string]string `json:"asked,omitempty"`  // see network.Asked
	Hosts  []string          `json:"hosts,omitempty"`

	Engine   bool           `json:"engine,omitempty"` // it was called
	Stock    engine.Stock   `json:"stock,omitempty"`
	Pushes   []network.Push `json:"pushes,omitempty"`
	Platform ngc.State      `json:"platform"`

	Taint     map[string][]string      `json:"taint,omitempty"`
	JobTaint  []string                 `json:"job_taint,omitempty"`
	TermTaint map[string][]string      `json:"term_taint,omitempty"`
	Images    map[string]*report.Image `json:"images,omitempty"`
	Due       []string                 `json:"due,omitempty"`
	Broken    map[string][2]string     `json:"broken,omitempty"` // what is not there: why, and the verdict of what needs it
}

// A Resume has a page go on from where an earlier run of it was, and keeps what
// this one leaves.
type Resume struct {
	Files *snapshot.Store
	// Keys are the digests of the page's steps: Keys[n] is of all that the first
	// n have to do with, but for downloads.
	Keys []string
	From *Point // to go on from; nil is the start
	Past Past   // what From belongs to; then what this run leaves
	Log  func(string)

	doubt  string // why nothing is kept any more
	placed map[string]unix.Stat_t
}

// ErrNotResumed says that what an earlier run left could not be put back. The
// page has not been run.
var ErrNotResumed = errors.New("what an earlier run left cannot be put back")

// parts are the folders of a page that a snapshot has; see the package.
var parts = []string{"work", "home", "tmp", "ngc"}

// unused is the time of use of a download that nobody has read.
var unused = time.Unix(1, 0)

// markDownload notes how a download looks before the first step. A file that is read
// gets another time of use, where the file system says so.
func (r *runner) markDownload(name string) {
	if r.deps.Resume == nil {
		return
	}
	path := filepath.Join(r.workDir(), filepath.FromSlash(name))
	var st unix.Stat_t
	if os.Chtimes(path, unused, time.Time{}) == nil && unix.Lstat(path, &st) == nil {
		r.deps.Resume.placed[name] = st
	}
}

// used lists the downloads that some step so far had to do with.
func (r *runner) used() map[string]string {
	out := map[string]string{}
	for _, d := range r.deps.Downloads {
		was, placed := r.deps.Resume.placed[d.Name]
		var st unix.Stat_t
		err := unix.Lstat(filepath.Join(r.workDir(), filepath.FromSlash(d.Name)), &st)
		if placed && err == nil && st.Ino == was.Ino && st.Atim == was.Atim && st.Mtim == was.Mtim && st.Mode == was.Mode && st.Size == was.Size && timesOfUse(r.deps.Scratch) {
			continue
		}
		out[d.Name] = fileDigest(filepath.Join(r.deps.Content, filepath.FromSlash(d.From)))
	}
	return out
}

// timesOfUse says whether a file system tells when a file was read.
func timesOfUse(dir string) bool {
	var fs unix.Statfs_t
	return unix.Statfs(dir, &fs) == nil && fs.Flags&unix.ST_NOATIME == 0
}

var (
	// What a step finds out anew each time.
	changing = regexp.MustCompile(`\bdate\b|\$\{?(?:EPOCH|RANDOM|SRANDOM|SECONDS)|\b(?:uuidgen|mktemp|hwclock|uptime)\b|/dev/u?random`)
	// What an engine keeps beside images, containers, volumes and networks.
	elsewhere = regexp.MustCompile(`\bdocker\s+(?:context|plugin|swarm|service|stack|secret|config|node|trust|manifest|checkpoint|buildx\s+(?:create|use|rm))\b`)
)

// doubts says why what a step left may be another thing the next time.
func (r *runner) doubts(s step.Step, res report.Step) string {
	if !res.Verdict.OK() && res.Verdict != report.Skipped {
		return "it " + string(res.Verdict)
	}
	for _, c := range s.Commands {
		if changing.MatchString(c.Text) {
			return "it reads the clock, or chance"
		}
		if elsewhere.MatchString(c.Text) {
			return "the engine keeps what it did where labs do not look"
		}
	}
	if n := r.deps.Network; n != nil {
		if hosts := n.Strangers(); len(hosts) > 0 {
			return "the host " + hosts[0] + " was asked"
		}
	}
	return ""
}

// hold keeps what there is after a step, if it can be kept.
func (r *runner) hold(ctx context.Context, p step.Planned, res report.Step, after int) {
	k := r.deps.Resume
	if k == nil || k.doubt != "" || ctx.Err() != nil {
		return
	}
	if k.doubt = r.doubts(p.Step, res); k.doubt != "" {
		k.Log(fmt.Sprintf("from line %d on, nothing is kept: %s", p.Step.Line, k.doubt))
		return
	}
	fin := r.done[p.Step.ID]
	k.Past.Done = append(k.Past.Done, Done{Report: res, Output: fin.output, Instead: fin.instead, When: r.started.UTC()})
	if p.Action != step.DoRun {
		return // nothing is there that the next step does not make anew
	}
	point, err := r.point(ctx, after)
	if err != nil {
		k.Log(fmt.Sprintf("after line %d, a run cannot go on: %v", p.Step.Line, err))
		return
	}
	k.Past.Points = append(k.Past.Points, *point)
}

// point gives what there is now. The error says what cannot be kept.
func (r *runner) point(ctx context.Context, after int) (*Point, error) {
	k := r.deps.Resume
	if len(r.terminals) > 0 {
		return nil, errors.New("a terminal is open")
	}
	for _, b := range r.background {
		select {
		case <-b.done:
		default:
			return nil, errors.New("a command runs in the background")
		}
	}
	if len(marked(r.deps.Scratch+"/")) > 0 {
		return nil, errors.New("a process lives on")
	}
	p := &Point{After: after, Key: k.Keys[after], Shells: map[string]string{}, Used: r.used()}
	var ok bool
	if p.Platform, ok = r.deps.NGC.State(); !ok {
		return nil, errors.New("a job is under way")
	}
	var err error
	if p.Engine = r.called.Load(); p.Engine {
		if p.Stock, err = r.stock(ctx); err != nil {
			return nil, err
		}
	}
	if n := r.deps.Network; n != nil {
		if p.Pushes, err = n.Pushes(k.Files.Link); err != nil {
			return nil, err
		}
		p.Asked, p.Hosts, p.Served = n.Asked(), r.outside(), map[string]string{}
		for _, path := range n.Served() {
			if p.Served[path] = fileDigest(path); p.Served[path] == "" {
				return nil, errors.New(path + " is gone")
			}
		}
	}
	for name, sh := range r.shells {
		if p.Shells[name], err = r.shellText(sh); err != nil {
			return nil, err
		}
	}
	if p.Files, err = k.Files.Take(r.deps.Scratch, parts...); err != nil {
		return nil, err
	}
	p.Broken = map[string][2]string{}
	for word, l := range r.broken.words {
		p.Broken[word] = [2]string{l.why, string(l.verdict)}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.Taint, p.TermTaint, p.JobTaint = maps.Clone(r.taint), maps.Clone(r.termTaint), r.jobTaint
	p.Images, p.Due = maps.Clone(r.images), slices.Sorted(maps.Keys(r.due))
	return p, nil
}

// stock says which images there are, if that is all that the engine holds.
func (r *runner) stock(ctx context.Context) (engine.Stock, error) {
	keeper, ok := r.deps.Engine.(engine.Keeper)
	if !ok {
		return nil, errors.New("the engine keeps nothing")
	}
	stock, busy, err := keeper.Stock(ctx)
	if err == nil && busy != "" {
		err = errors.New(busy)
	}
	stock, still := r.ahead.without(stock)
	if err == nil && !still {
		err = errors.New("an image is being built ahead")
	}
	return stock, err
}

// proxyMark stands for the address of the run's proxy, which is a secret and
// another one in each run.
const proxyMark = "\x1fdocent proxy\x1f"

func (r *runner) shellText(sh *shell) (string, error) {
	text, err := os.ReadFile(sh.state)
	if err != nil {
		return "", err
	}
	if n := r.deps.Network; n != nil {
		text = bytes.ReplaceAll(text, []byte(n.ProxyURL()), []byte(proxyMark))
		if bytes.Contains(text, []byte(n.Token())) {
			return "", errors.New("a session holds the token of this run")
		}
	}
	return string(text), nil
}

// resume puts back what there was at the point to go on from. It comes in place
// of place.
func (r *runner) resume(ctx context.Context) error {
	k, p := r.deps.Resume, r.deps.Resume.From
	if p.Engine {
		keeper, ok := r.deps.Engine.(engine.Keeper)
		if !ok {
			return errors.New("the engine keeps nothing")
		}
		if err := keeper.Restock(ctx, p.Stock); err != nil {
			return err
		}
		r.called.Store(true)
	}
	for _, part := range parts { // they are there, and empty
		if err := os.RemoveAll(filepath.Join(r.deps.Scratch, part)); err != nil {
			return err
		}
	}
	if err := k.Files.Restore(r.deps.Scratch, p.Files); err != nil {
		return err
	}
	proxy := ""
	if n := r.deps.Network; n != nil {
		proxy = n.ProxyURL()
		if err := n.PushAgain(p.Pushes, k.Files.Path); err != nil {
			return err
		}
	}
	for name, text := range p.Shells {
		sh := r.shells[name]
		if sh == nil {
			sh = &shell{filepath.Join(r.deps.Scratch, "state", fmt.Sprintf("named-%d", len(r.shells)))}
			r.shells[name] = sh
		}
		if err := os.WriteFile(sh.state, []byte(strings.ReplaceAll(text, proxyMark, proxy)), 0o600); err != nil {
			return err
		}
	}
	r.deps.NGC.Resume(p.Platform)
	for word, l := range p.Broken {
		r.broken.words[word] = lack{l[0], report.Verdict(l[1])}
	}
	for _, d := range p.Due {
		r.due[d] = true
	}
	for to, from := range map[*map[string][]string]map[string][]string{&r.taint: p.Taint, &r.termTaint: p.TermTaint} {
		maps.Copy(*to, from)
	}
	maps.Copy(r.images, p.Images)
	r.jobTaint, r.hosts = p.JobTaint, p.Hosts
	k.Past.Done = k.Past.Done[:p.After]
	k.Past.Points = slices.DeleteFunc(k.Past.Points, func(o Point) bool { return o.After > p.After })
	// Downloads that no step had to do with are those of now.
	for _, d := range r.deps.Downloads {
		if _, used := p.Used[d.Name]; used {
			continue
		}
		os.Remove(filepath.Join(r.workDir(), filepath.FromSlash(d.Name)))
		if err := r.download(d.From, d.Name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		r.markDownload(d.Name)
	}
	return nil
}

// repeat gives what an earlier run found of a step, which is not run again.
func (r *runner) repeat(i int, s step.Step) report.Step {
	d := r.deps.Resume.Past.Done[i]
	out := d.Report
	out.Line, out.Place, out.File = s.Line, s.Place, ""
	if s.Source != nil && s.Source.Name != s.Page {
		out.File = s.Source.Name
	}
	if out.Cached == nil {
		when := d.When
		out.Cached = &when
	}
	r.done[s.ID] = &finished{report: &out, output: d.Output, instead: d.Instead}
	return out
}

// outside lists the hosts outside that were reached, in this run of the page and
// in those that it goes on from.
func (r *runner) outside() []string {
	hosts := slices.Clone(r.hosts)
	for _, h := range r.deps.Network.Hosts() {
		if h.Outcome == "allowed" {
			hosts = append(hosts, h.Host)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Check says whether a past that was read from a file can be one.
func (p *Past) Check() error {
	for _, point := range p.Points {
		if point.After < 1 || point.After > len(p.Done) {
			return errors.New("a point lies beyond the last step")
		}
	}
	return nil
}

func fileDigest(path string) string {
	digest, err := snapshot.Digest(path)
	if err != nil {
		return ""
	}
	return digest
}
