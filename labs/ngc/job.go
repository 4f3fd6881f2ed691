package ngc

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"docent/labs/engine"
)

// A status is a job's state, in the platform's words.
type status string

const (
	queued          status = "QUEUED"
	starting        status = "STARTING"
	running         status = "RUNNING"
	finished        status = "FINISHED_SUCCESS"
	failed          status = "FAILED"
	killedByUser    status = "KILLED_BY_USER"
	killedBySystem  status = "KILLED_BY_SYSTEM"
	runtimeExceeded status = "FAILED_RUN_LIMIT_EXCEEDED"
)

func (s status) ended() bool { return s != queued && s != starting && s != running }

// firstJob is the id of a run's first job. Real ids have seven digits.
const firstJob = 1000001

// A mount is a workspace in a job.
type mount struct {
	ws     *workspace
	target string
	mode   string // "RW" or "RO"
}

// A jobSpec is what "ngc batch run" was given.
type jobSpec struct {
	name, image, instance, ace, org, team, command string
	description, result, arrayType                 string
	entrypoint                                     string
	useEntrypoint                                  bool
	mounts                                         []mount
	ports                                          []int
	env, labels                                    []string
	runtime                                        time.Duration // 0: no limit
	preempt                                        string
	replicas                                       int
	priority                                       string
	order                                          int
}

// A job is one submitted job. The Platform's lock guards its fields after
// submission.
type job struct {
	jobSpec
	p       *Platform
	id      int
	status  status
	why     string
	created time.Time
	started time.Time
	ended   time.Time
	exit    int
	devices []int // NVML indices
	stop    context.CancelCauseFunc
}

func (j *job) because() string {
	if j.why == "" {
		return ""
	}
	return " (" + j.why + ")"
}

// container names the container of a replica.
func (j *job) container(replica int) string {
	name := fmt.Sprintf("docent-%s-job-%d", j.p.opts.RunID, j.id)
	if j.replicas > 1 {
		name += "-" + strconv.Itoa(replica)
	}
	return name
}

func (j *job) containers() []string {
	var out []string
	for r := range j.replicas {
		out = append(out, j.container(r))
	}
	return out
}

// results is the folder of a replica's results on this machine.
func (j *job) results(replica int) string {
	dir := filepath.Join(j.p.opts.Dir, "results", strconv.Itoa(j.id))
	if j.replicas > 1 {
		dir = filepath.Join(dir, strconv.Itoa(replica))
	}
	return dir
}

func (j *job) logFile(replica int) string { return filepath.Join(j.results(replica), "joblog.log") }

var instanceGPUs = regexp.MustCompile(`\.(\d+)\.(norm|mig|nvlink)?`)

// gpusOf reads the number of GPUs off an instance's name:
// dgxa100.80g.1.norm has one, cpu.x86.tiny none.
func gpusOf(instance string) int {
	if strings.HasPrefix(instance, "cpu.") {
		return 0
	}
	m := instanceGPUs.FindAllStringSubmatch(instance, -1)
	if len(m) == 0 {
		return 0
	}
	n, err := strconv.Atoi(m[len(m)-1][1])
	if err != nil {
		return 0
	}
	return n
}

// submit queues a job and returns at once.
func (p *Platform) submit(spec jobSpec) (*job, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, fmt.Errorf("the lab run is over")
	}
	spec.replicas = max(1, spec.replicas)
	ctx, stop := context.WithCancelCause(p.ctx)
	j := &job{jobSpec: spec, p: p, id: firstJob + len(p.jobs), status: queued, created: p.opts.Now(), stop: stop}
	for r := range j.replicas {
		if err := os.MkdirAll(j.results(r), 0o755); err != nil {
			stop(nil)
			return nil, fmt.Errorf("making the result folder: %w", err)
		}
	}
	p.jobs = append(p.jobs, j)
	p.under++
	p.changed.Broadcast()
	p.wg.Go(func() {
		j.run(ctx)
		p.mu.Lock()
		p.under--
		p.mu.Unlock()
	})
	return j, nil
}

// kill marks the job as ended in this way and stops it. The caller holds the
// lock.
func (j *job) kill(s status, why string) {
	if !j.status.ended() {
		j.end(s, why)
	}
	j.stop(fmt.Errorf("%s", why))
}

// end sets the final state. The caller holds the lock.
func (j *job) end(s status, why string) {
	j.status, j.why, j.ended = s, why, j.p.opts.Now()
	j.p.changed.Broadcast()
}

// set changes the state of a job that was not ended meanwhile.
func (j *job) set(s status, why string) bool {
	j.p.mu.Lock()
	defer j.p.mu.Unlock()
	if j.status.ended() {
		return false
	}
	if s.ended() {
		j.end(s, why)
	} else {
		j.status = s
		if s == running {
			j.started = j.p.opts.Now()
		}
		j.p.changed.Broadcast()
	}
	return true
}

// run takes the job from the queue to its end.
func (j *job) run(ctx context.Context) {
	defer j.stop(nil)
	if !j.takeGPUs(ctx) {
		return
	}
	defer j.freeGPUs()
	if !j.set(starting, "") {
		return
	}
	// The containers are removed whatever happens, also after the platform
	// has closed.
	tidy := context.WithoutCancel(ctx)
	defer func() {
		j.p.docker(tidy, append([]string{"rm", "-f"}, j.containers()...)...)
		if j.replicas > 1 && j.network() != "" {
			j.p.docker(tidy, "network", "rm", j.network())
		}
	}()
	if j.replicas > 1 && j.network() != "" {
		if out, exit, err := j.p.docker(ctx, "network", "create", "--label", engine.Label+"="+j.p.opts.RunID, j.network()); err != nil || exit != 0 {
			j.set(failed, reason("the network between the replicas: ", out, err))
			return
		}
	}
	for r := range j.replicas {
		out, exit, err := j.p.docker(ctx, j.args(r)...)
		if err != nil || exit != 0 {
			j.writeLog(r, out)
			j.set(failed, reason("the container did not start: ", out, err))
			return
		}
	}
	if !j.set(running, "") {
		return
	}
	if j.runtime > 0 {
		timer := time.AfterFunc(j.runtime, func() {
			j.p.mu.Lock()
			defer j.p.mu.Unlock()
			j.kill(runtimeExceeded, "its total runtime of "+j.runtime.String()+" is over")
		})
		defer timer.Stop()
	}
	worst := 0
	codes := make(chan int, j.replicas)
	for r := range j.replicas {
		go func() { codes <- j.watch(ctx, r) }()
	}
	for range j.replicas {
		if c := <-codes; c != 0 {
			worst = c
		}
	}
	j.p.mu.Lock()
	j.exit = worst
	j.p.mu.Unlock()
	if worst == 0 {
		j.set(finished, "")
	} else {
		j.set(failed, fmt.Sprintf("its command ended with status %d", worst))
	}
}

func reason(what, out string, err error) string {
	if err != nil {
		return what + err.Error()
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return what + lines[len(lines)-1]
}

// network names the network between a job's replicas; "" where the engine's
// containers share this machine's.
func (j *job) network() string {
	if j.p.opts.Engine.Name() == "oci" {
		return ""
	}
	return fmt.Sprintf("docent-%s-net-%d", j.p.opts.RunID, j.id)
}

// args is the docker command line of a replica.
func (j *job) args(replica int) []string {
	args := []string{"run", "-d", "--name", j.container(replica), "--label", engine.Label + "=" + j.p.opts.RunID}
	env := []string{
		fmt.Sprintf("NGC_JOB_ID=%d", j.id),
		"NGC_JOB_NAME=" + j.name,
		"NGC_RESULT_DIR=" + j.result,
		fmt.Sprintf("NGC_ARRAY_SIZE=%d", j.replicas),
		fmt.Sprintf("NGC_ARRAY_INDEX=%d", replica),
		fmt.Sprintf("NGC_REPLICA_ID=%d", replica),
		fmt.Sprintf("NGC_GPUS_PER_NODE=%d", len(j.devices)/j.replicas),
	}
	if j.replicas > 1 {
		master := j.container(0)
		if j.network() == "" {
			master = "localhost"
		} else {
			args = append(args, "--network", j.network(), "--hostname", j.container(replica))
		}
		env = append(env, "NGC_MASTER_ADDR="+master, "MASTER_ADDR="+master, "NGC_ARRAY_TYPE="+j.arrayType)
	}
	for _, kv := range append(env, j.env...) {
		args = append(args, "-e", kv)
	}
	for _, m := range j.mounts {
		mode := ""
		if m.mode == "RO" {
			mode = ":ro"
		}
		args = append(args, "-v", m.ws.dir+":"+m.target+mode)
	}
	if j.result != "" {
		args = append(args, "-v", j.results(replica)+":"+j.result)
	}
	if replica == 0 { // one address on this machine, so one replica can have the port
		for _, port := range j.ports {
			args = append(args, "-p", fmt.Sprintf("127.0.0.1:%d:%d", port, port))
		}
	}
	if n := len(j.devices) / j.replicas; n > 0 {
		var ids []string
		for _, d := range j.devices[replica*n : (replica+1)*n] {
			ids = append(ids, strconv.Itoa(d))
		}
		args = append(args, "--gpus", `"device=`+strings.Join(ids, ",")+`"`)
		if len(ids) == 1 {
			args[len(args)-1] = "device=" + ids[0]
		}
	}
	switch {
	case j.entrypoint != "":
		args = append(args, "--entrypoint", j.entrypoint, j.image)
		if j.command != "" {
			args = append(args, j.command)
		}
	case j.useEntrypoint:
		args = append(args, j.image)
		args = append(args, strings.Fields(j.command)...)
	default:
		args = append(args, "--entrypoint", "", j.image, "/bin/bash", "-c", j.command)
	}
	return args
}

// watch copies a replica's output to its log and waits for its end.
func (j *job) watch(ctx context.Context, replica int) (exit int) {
	name := j.container(replica)
	f, err := os.OpenFile(j.logFile(replica), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		defer f.Close()
		logged := make(chan struct{})
		go func() {
			defer close(logged)
			j.p.opts.Engine.Docker(ctx, engine.Call{Args: []string{"logs", "-f", name}, Dir: j.p.opts.Dir, Env: j.p.opts.Env, Stdout: f, Stderr: f})
		}()
		defer func() {
			select {
			case <-logged:
			case <-time.After(5 * time.Second):
			}
		}()
	}
	out, code, err := j.p.docker(ctx, "wait", name)
	if err != nil || code != 0 {
		return 1
	}
	fields := strings.Fields(out)
	if len(fields) == 0 {
		return 1
	}
	exit, err = strconv.Atoi(fields[len(fields)-1])
	if err != nil {
		return 1
	}
	return exit
}

func (j *job) writeLog(replica int, text string) {
	f, err := os.OpenFile(j.logFile(replica), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return // the job's state says what went wrong
	}
	defer f.Close()
	fmt.Fprintln(f, text)
}

// takeGPUs waits until the GPUs that the instance asks for are free. A machine
// that has fewer than asked gives all it has; a machine that has none, none.
func (j *job) takeGPUs(ctx context.Context) bool {
	p := j.p
	stop := context.AfterFunc(ctx, func() { p.mu.Lock(); p.changed.Broadcast(); p.mu.Unlock() })
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	want := min(gpusOf(j.instance)*j.replicas, len(p.opts.GPUs))
	want -= want % j.replicas
	for {
		if ctx.Err() != nil || j.status.ended() {
			return false
		}
		var free []int
		for _, d := range p.opts.GPUs {
			if !p.busy[d.Index] {
				free = append(free, d.Index)
			}
		}
		if len(free) >= want && j.first() {
			j.devices = slices.Clone(free[:want])
			for _, d := range j.devices {
				p.busy[d] = true
			}
			return true
		}
		p.changed.Wait()
	}
}

// first says whether no older job is queued: small jobs do not overtake.
func (j *job) first() bool {
	for _, o := range j.p.jobs {
		if o == j {
			return true
		}
		if o.status == queued && len(j.p.opts.GPUs) > 0 && o.devices == nil && gpusOf(o.instance) > 0 {
			return false
		}
	}
	return true
}

func (j *job) freeGPUs() {
	j.p.mu.Lock()
	defer j.p.mu.Unlock()
	for _, d := range j.devices {
		delete(j.p.busy, d)
	}
	j.p.changed.Broadcast()
}
