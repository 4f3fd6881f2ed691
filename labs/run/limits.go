package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"docent/labs/report"
)

// Limits are what one step of a host session may take of the machine. Memory
// and processes are bounded by control groups, which only root may make.
type Limits struct {
	Memory    int64 // bytes; 0 is four fifths of the machine's
	Processes int   // 0 is 4096
	Disk      int64 // bytes that it may write to the scratch disk; 0 is 50 GB
}

func (l Limits) filled() Limits {
	if l.Memory == 0 {
		var info unix.Sysinfo_t
		if unix.Sysinfo(&info) == nil {
			l.Memory = int64(info.Totalram) * int64(info.Unit) / 5 * 4
		}
	}
	if l.Processes == 0 {
		l.Processes = 4096
	}
	if l.Disk == 0 {
		l.Disk = 50e9
	}
	return l
}

// groupRoots are the folders below which control groups are made: one per
// controller on older machines, one for all on newer ones.
func groupRoots() (memory, pids string) {
	const top = "/sys/fs/cgroup"
	if _, err := os.Stat(top + "/cgroup.controllers"); err == nil {
		return top, top
	}
	return top + "/memory", top + "/pids"
}

// groupName names the control groups of the sessions below a folder.
func groupName(folder string) string {
	return "docent-session" + strings.NewReplacer("/", "-", ":", "_").Replace(filepath.Clean(folder))
}

// A stepGroup holds the processes of one step, also those that left their
// process group, their parent and their terminal. It may hold none of the two
// folders, where the machine does not let us make them.
type stepGroup struct {
	limits       Limits
	memory, pids string // folders; "" if there is none
	disk         diskUse
}

// newStepGroup makes the control groups of the page's step number n.
func newStepGroup(limits Limits, scratch string, n int) *stepGroup {
	g := &stepGroup{limits: limits, disk: diskUse{folder: scratch, limit: limits.Disk}}
	name := groupName(scratch) + "." + strconv.Itoa(n)
	memory, pids := groupRoots()
	set := func(root, value string, files ...string) string {
		dir := filepath.Join(root, name)
		made := os.Mkdir(dir, 0o755) == nil
		if !made && !isDir(dir) {
			return ""
		}
		for _, f := range files {
			if os.WriteFile(filepath.Join(dir, f), []byte(value), 0) == nil {
				return dir
			}
		}
		if made { // else it holds another limit
			os.Remove(dir)
		}
		return ""
	}
	g.pids = set(pids, strconv.Itoa(limits.Processes), "pids.max")
	g.memory = set(memory, strconv.FormatInt(limits.Memory, 10), "memory.max", "memory.limit_in_bytes")
	return g
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Bounded says whether the memory and the processes of steps can be bounded on
// this machine.
func Bounded(folder string) bool {
	g := newStepGroup(Limits{}.filled(), filepath.Join(folder, fmt.Sprintf("docent-probe-%d", os.Getpid())), 0)
	defer g.close()
	return g.memory != "" && g.pids != ""
}

// argument is what the fence is told about the group.
func (g *stepGroup) argument() string {
	switch {
	case g == nil || g.memory == "" && g.pids == "":
		return "-"
	case g.memory == "" || g.memory == g.pids:
		return g.pids // on newer machines, one folder for both
	case g.pids == "":
		return g.memory
	}
	return g.memory + ":" + g.pids
}

// count reads one counter of a group's file of events; 0 if it is not there.
func count(path, key string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == key {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

// overrun says which limit the step ran into; "" if none. A step that started
// processes without end is ended here, since it would go on in the background.
func (g *stepGroup) overrun() string {
	if g.pids != "" && count(filepath.Join(g.pids, "pids.events"), "max") > 0 {
		endGroup(g.pids)
		return fmt.Sprintf("it wanted more than %d processes, the limit of a step", g.limits.Processes)
	}
	if g.memory != "" && count(filepath.Join(g.memory, "memory.oom_control"), "oom_kill")+count(filepath.Join(g.memory, "memory.events"), "oom_kill") > 0 {
		return fmt.Sprintf("it wanted more than %s of memory, the limit of a step", gigabytes(g.limits.Memory))
	}
	return ""
}

// gigabytes writes a number of bytes for a person.
func gigabytes(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%d MB", n/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// close gives the groups back. Processes that live on keep theirs until the
// page ends.
func (g *stepGroup) close() {
	for _, dir := range []string{g.memory, g.pids} {
		if dir != "" {
			os.Remove(dir)
		}
	}
}

// endGroup ends every process of a group. With no new one allowed, they are
// soon gone.
func endGroup(dir string) (found int) {
	os.WriteFile(filepath.Join(dir, "pids.max"), []byte("0"), 0) // a memory group has none
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		pids := strings.Fields(string(text))
		if err != nil || len(pids) == 0 {
			break
		}
		found = max(found, len(pids))
		for _, p := range pids {
			if pid, err := strconv.Atoi(p); err == nil && pid != os.Getpid() {
				unix.Kill(pid, unix.SIGKILL)
			}
		}
	}
	return found
}

// endGroups ends the control groups of every session whose scratch folder is,
// or lies below, a folder, and says how many processes were in them.
func endGroups(folder string) (found int) {
	memory, pids := groupRoots()
	for _, root := range []string{pids, memory} {
		for _, sep := range []string{".*", "-*"} {
			dirs, _ := filepath.Glob(filepath.Join(root, groupName(folder)+sep))
			for _, dir := range dirs {
				found += endGroup(dir)
				os.Remove(dir)
			}
		}
	}
	return found
}

// errWrote is the cause of a step's end when it wrote more than it may;
// errNoRoom, when the disk had no room for what it may write.
var (
	errWrote  = errors.New("it filled the disk")
	errNoRoom = errors.New("the scratch disk is full")
)

// diskUse watches how much room is left on a step's disk.
type diskUse struct {
	folder string
	limit  int64
	before int64 // bytes free when the step began
}

func room(folder string) (free, reserve int64) {
	var st unix.Statfs_t
	if unix.Statfs(folder, &st) != nil {
		return 1 << 62, 0
	}
	total := int64(st.Blocks) * int64(st.Bsize)
	return int64(st.Bavail) * int64(st.Bsize), min(256<<20, total/50)
}

// watch ends the step when it has written too much, or when nothing is left.
func (d *diskUse) watch(ctx context.Context, stop context.CancelCauseFunc) (done func()) {
	var reserve int64
	d.before, reserve = room(d.folder)
	full := d.before < reserve // it may be here to make room
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := d.check(); err != nil && !(full && errors.Is(err, errNoRoom)) {
				stop(err)
				return
			}
		}
	})
	return func() { close(quit); wg.Wait() }
}

// check says what is wrong with the disk; nil if nothing.
func (d *diskUse) check() error {
	free, reserve := room(d.folder)
	switch {
	case d.before-free > d.limit:
		return fmt.Errorf("%w: it wrote more than %s, the limit of a step", errWrote, gigabytes(d.limit))
	case free < reserve:
		return fmt.Errorf("%w: %s were free before the step and %s are left; set TMPDIR to a larger place", errNoRoom, gigabytes(d.before), gigabytes(free))
	}
	return nil
}

// judgeLimits says of a step that ended by itself whether a limit was the
// reason. The page is to blame for what a step takes, the machine for a disk
// that has no room for what a step may take.
func (r *runner) judgeLimits(g *stepGroup, out *report.Step) {
	why, blame := g.overrun(), report.BlamePage
	if why == "" && out.Verdict == report.Failed {
		err := g.disk.check()
		if err == nil && strings.Contains(strings.ToLower(out.Output), "no space left on device") {
			err = fmt.Errorf("%w: %s were free before the step; set TMPDIR to a larger place", errNoRoom, gigabytes(g.disk.before))
		}
		if err != nil {
			why = err.Error()
			if errors.Is(err, errNoRoom) {
				blame = report.BlameMachine
			}
		}
	}
	if why == "" {
		return
	}
	if out.Why != "" {
		why = out.Why + ": " + why
	}
	out.Verdict, out.Blame, out.Why = report.Failed, blame, why
}
