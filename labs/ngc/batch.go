package ngc

import (
	"context"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func (s *session) batchCommand() *cobra.Command {
	var spec jobSpec
	var workspaces, ports, datasets []string
	var runtime string
	run := plain("run", "Submit a job", func() error {
		spec.org, spec.team, spec.ace = s.org, s.team, s.ace
		if err := s.complete(&spec, workspaces, ports, datasets, runtime); err != nil {
			return err
		}
		j, err := s.p.submit(spec)
		if err != nil {
			return &failure{1, err}
		}
		return s.showJob(j)
	})
	f := run.Flags()
	f.StringVarP(&spec.name, "name", "n", "", "name of the job")
	f.StringVarP(&spec.image, "image", "i", "", "image to run")
	f.StringVar(&spec.instance, "instance", "", "kind of machine, such as dgxa100.80g.1.norm")
	f.StringVarP(&spec.command, "commandline", "c", "", "command to run, with /bin/bash -c")
	f.StringVarP(&spec.description, "desc", "d", "", "description")
	f.StringVar(&spec.result, "result", "", "folder for results")
	f.StringArrayVarP(&workspaces, "workspace", "w", nil, "NAME:/path[:RW|RO]")
	f.StringArrayVarP(&ports, "port", "p", nil, "port to publish")
	f.StringArrayVar(&datasets, "datasetid", nil, "ID:/path")
	f.StringVar(&runtime, "total-runtime", "", "longest time to run, such as 10m or 2h")
	f.StringVar(&spec.preempt, "preempt", "RUNONCE", "RUNONCE, RESTARTABLE or RESUMABLE")
	f.StringVar(&spec.arrayType, "array-type", "", "PYTORCH, MPI or PARALLEL")
	f.IntVar(&spec.replicas, "replicas", 1, "number of containers")
	f.StringArrayVar(&spec.env, "env-var", nil, "KEY:VALUE")
	f.StringArrayVar(&spec.labels, "label", nil, "label")
	f.StringVar(&spec.entrypoint, "entry-point", "", "program to run in place of /bin/bash -c")
	f.BoolVar(&spec.useEntrypoint, "use-image-entrypoint", false, "run the image's own program")
	f.StringVar(&spec.priority, "priority", "NORMAL", "LOW, NORMAL or HIGH")
	f.IntVar(&spec.order, "order", 50, "place in the queue")
	f.String("min-timeslice", "", "no effect")
	f.String("network", "", "no effect")
	f.String("topology-constraint", "", "no effect")
	f.String("coscheduling", "", "no effect")
	f.Int("min-availability", 0, "no effect")

	info := s.jobCommand("info JOB", "Show a job", func(_ context.Context, j *job, _ int, _ []string) error { return s.showJob(j) })
	var head, tail bool
	var lines int
	log := s.jobCommand("log JOB", "Show a job's output", func(_ context.Context, j *job, replica int, _ []string) error {
		switch {
		case head:
			return s.showLog(j, replica, lines)
		case tail:
			return s.showLog(j, replica, -lines)
		}
		return s.showLog(j, replica, 0)
	})
	log.Aliases = []string{"logs"}
	log.Flags().BoolVar(&head, "head", false, "only the first lines")
	log.Flags().BoolVar(&tail, "tail", false, "only the last lines")
	log.Flags().IntVar(&lines, "lines", 10, "how many lines --head and --tail show")

	var execCommand string
	var detach bool
	execute := s.jobCommand("exec JOB", "Run a command in a job", func(ctx context.Context, j *job, replica int, _ []string) error {
		return s.exec(ctx, j, replica, execCommand, detach)
	})
	execute.Flags().StringVar(&execCommand, "commandline", "", "command to run; without it a shell")
	execute.Flags().BoolVar(&detach, "detach", false, "do not wait for the command")
	attach := s.jobCommand("attach JOB", "Open a shell in a job", func(ctx context.Context, j *job, replica int, _ []string) error {
		return s.exec(ctx, j, replica, "", false)
	})
	kill := s.jobCommand("kill JOB", "End a job", func(_ context.Context, j *job, _ int, _ []string) error {
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		if j.status.ended() {
			return fail("Job %d has ended already: its status is %s.", j.id, j.status)
		}
		j.kill(killedByUser, "killed by "+s.p.opts.User)
		fmt.Fprintf(s.out, "Submitted job kill request for Job ID: '%d'\n", j.id)
		return nil
	})
	kill.Flags().String("reason", "", "why")
	var only []string
	list := plain("list", "List the jobs", func() error { return s.listJobs(only) })
	list.Flags().Bool("all", false, "no effect")
	list.Flags().StringArrayVar(&only, "status", nil, "only jobs in this state")
	list.Flags().String("duration", "", "no effect")
	return group("batch", "Jobs", run, info, list, log, execute, attach, kill, s.updateCommand(), s.jsonCommand())
}

// jobCommand makes a command about one job: ID or ID:REPLICA.
func (s *session) jobCommand(use, short string, do func(context.Context, *job, int, []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, rep, _ := strings.Cut(args[0], ":")
			n, err := strconv.Atoi(id)
			if err != nil {
				return usage("argument <job id>: %q is not a job's number", args[0])
			}
			replica := 0
			if rep != "" {
				if replica, err = strconv.Atoi(rep); err != nil {
					return usage("argument <job id>: %q has no replica's number after the colon", args[0])
				}
			}
			s.p.mu.Lock()
			var j *job
			for _, o := range s.p.jobs {
				if o.id == n {
					j = o
				}
			}
			s.p.mu.Unlock()
			if j == nil {
				return fail("Job %d does not exist. \"ngc batch list\" shows those that do.", n)
			}
			if replica < 0 || replica >= j.replicas {
				return fail("Job %d has %d replicas, numbered from 0.", n, j.replicas)
			}
			return do(cmd.Context(), j, replica, args[1:])
		}}
}

var jobName = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_. ]*$`)

// complete checks what a job was given and fills in the rest.
func (s *session) complete(spec *jobSpec, workspaces, ports, datasets []string, runtime string) error {
	for _, need := range []struct{ flag, value string }{{"--name", spec.name}, {"--image", spec.image}, {"--instance", spec.instance}} {
		if need.value == "" {
			return usage("the following arguments are required: %s", need.flag)
		}
	}
	if !jobName.MatchString(spec.name) {
		return usage("argument --name: %q must start with a letter or digit and hold letters, digits, '-', '_' and '.' only", spec.name)
	}
	if spec.command == "" && spec.entrypoint == "" && !spec.useEntrypoint {
		return usage("the following arguments are required: --commandline")
	}
	if spec.result != "" && !path.IsAbs(spec.result) {
		return usage("argument --result: %q is not an absolute path", spec.result)
	}
	if !strings.Contains(strings.SplitN(spec.image, "/", 2)[0], ".") {
		spec.image = "nvcr.io/" + spec.image
	}
	for _, w := range workspaces {
		parts := strings.Split(w, ":")
		if len(parts) < 2 || len(parts) > 3 || !path.IsAbs(parts[1]) {
			return usage("argument --workspace: %q must be NAME:/path or NAME:/path:RW", w)
		}
		mode := "RW"
		if len(parts) == 3 {
			mode = strings.ToUpper(parts[2])
		}
		if mode != "RW" && mode != "RO" {
			return usage("argument --workspace: the mode of %q must be RW or RO", w)
		}
		ws, err := s.p.workspace(parts[0])
		if err != nil {
			return &failure{1, err}
		}
		spec.mounts = append(spec.mounts, mount{ws, parts[1], mode})
	}
	if len(datasets) > 0 {
		return fail("Dataset %s does not exist: this stand-in of Base Command Platform has no datasets.", datasets[0])
	}
	for _, text := range ports {
		text, _, _ = strings.Cut(text, "/")
		if _, after, ok := strings.Cut(text, ":"); ok {
			text = after
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 65535 {
			return usage("argument --port: %q is not a port", text)
		}
		spec.ports = append(spec.ports, n)
	}
	for i, kv := range spec.env {
		k, v, ok := strings.Cut(kv, ":")
		if !ok || k == "" {
			return usage("argument --env-var: %q must be KEY:VALUE", kv)
		}
		spec.env[i] = k + "=" + v
	}
	if spec.replicas < 1 || spec.replicas > 64 {
		return usage("argument --replicas: must be between 1 and 64")
	}
	if runtime != "" {
		d, err := duration(runtime)
		if err != nil {
			return usage("argument --total-runtime: %v", err)
		}
		spec.runtime = d
	}
	return nil
}

var durationPart = regexp.MustCompile(`(?i)^(\d+)([dhms])`)

// duration reads the platform's form of a time: 1D2H30M10S, in any case.
func duration(s string) (time.Duration, error) {
	var total time.Duration
	rest := s
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q is not a time such as 10m, 2h or 1D2H", s)
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n > 1e6 {
			return 0, fmt.Errorf("%q is too long", s)
		}
		unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}[strings.ToLower(m[2])]
		total += time.Duration(n) * unit
		rest = rest[len(m[0]):]
	}
	if total <= 0 {
		return 0, fmt.Errorf("%q is no time at all", s)
	}
	return total, nil
}

func (s *session) showJob(j *job) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	var sh sheet
	sh.title(0, "Job Information")
	sh.add(1, "Id", j.id)
	sh.add(1, "Name", j.name)
	sh.add(1, "Number of Replicas", j.replicas)
	if j.arrayType != "" {
		sh.add(1, "Array Type", j.arrayType)
	}
	sh.add(1, "Job Type", "BATCH")
	sh.add(1, "Submitted By", s.p.opts.User)
	sh.add(1, "Order", j.order)
	sh.add(1, "Priority", j.priority)
	sh.title(0, "Job Container Information")
	sh.add(1, "Docker Image URL", strings.TrimPrefix(j.image, "nvcr.io/"))
	for _, p := range j.ports {
		sh.add(1, "Port Mapping", fmt.Sprintf("Port: %d mapped to http://127.0.0.1:%d", p, p))
	}
	sh.title(0, "Job Commands")
	sh.add(1, "Command", j.command)
	sh.add(1, "Dockerfile Image Entrypoint", title(j.useEntrypoint))
	sh.title(0, "Datasets, Workspaces and Results")
	for _, m := range j.mounts {
		sh.add(1, "Workspace ID", m.ws.id)
		sh.add(2, "Workspace Name", m.ws.name)
		sh.add(2, "Workspace Mount Point", m.target)
		sh.add(2, "Workspace Mount Mode", m.mode)
	}
	if j.result != "" {
		sh.add(1, "Result Mount Point", j.result)
	}
	sh.title(0, "Job Resources")
	sh.add(1, "Instance Type", j.instance)
	sh.add(1, "Instance Details", fmt.Sprintf("%d GPU asked for, %d of this machine given", gpusOf(j.instance), len(j.devices)))
	sh.add(1, "ACE", j.ace)
	sh.add(1, "Team", j.team)
	sh.title(0, "Job Labels")
	sh.add(1, "Labels", strings.Join(j.labels, ", "))
	sh.title(0, "Job Status")
	sh.add(1, "Created at", date(j.created))
	if !j.started.IsZero() {
		sh.add(1, "Started at", date(j.started))
	}
	if !j.ended.IsZero() {
		sh.add(1, "Ended at", date(j.ended))
		sh.add(1, "Duration", compact(j.length()))
	}
	sh.add(1, "Status", j.status)
	if j.why != "" {
		sh.add(1, "Status Details", j.why)
	}
	sh.add(1, "Preempt Class", j.preempt)
	if j.runtime > 0 {
		sh.add(1, "Total Runtime", compact(j.runtime))
	}
	return s.show(sh)
}

func title(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// length is how long the job has run. The caller holds the lock.
func (j *job) length() time.Duration {
	switch {
	case j.started.IsZero():
		return 0
	case j.ended.IsZero():
		return j.p.opts.Now().Sub(j.started)
	}
	return j.ended.Sub(j.started)
}

// compact writes a time as the platform does: 1D2H30M10S.
func compact(d time.Duration) string {
	var b strings.Builder
	d = d.Round(time.Second)
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "D"}, {time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := d / u.unit; n > 0 || u.name == "S" && b.Len() == 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
		}
		d %= u.unit
	}
	return b.String()
}

func (s *session) listJobs(only []string) error {
	s.p.mu.Lock()
	t := table{heads: []string{"Id", "Replicas", "Name", "Team", "Status", "Duration", "Status Details"}}
	for i := len(s.p.jobs) - 1; i >= 0; i-- {
		j := s.p.jobs[i]
		if len(only) > 0 && !slices.ContainsFunc(only, func(o string) bool { return strings.EqualFold(o, string(j.status)) }) {
			continue
		}
		t.rows = append(t.rows, []string{strconv.Itoa(j.id), strconv.Itoa(j.replicas), j.name, j.team, string(j.status), compact(j.length()), j.why})
	}
	s.p.mu.Unlock()
	return s.show(t)
}

// showLog prints a job's output: the first lines, the last if there are less
// than none, or all if lines is 0.
func (s *session) showLog(j *job, replica, lines int) error {
	text, err := os.ReadFile(j.logFile(replica))
	if err != nil {
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		return fail("Job %d has no log yet: its status is %s%s.", j.id, j.status, j.because())
	}
	all := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	switch {
	case lines > 0 && lines < len(all):
		all = all[:lines]
	case lines < 0 && -lines < len(all):
		all = all[len(all)+lines:]
	}
	s.out.WriteString(strings.TrimSuffix(strings.Join(all, ""), "\n"))
	if len(text) > 0 {
		s.out.WriteByte('\n')
	}
	return nil
}

// exec runs a command in a job's container, with the caller's own files.
func (s *session) exec(ctx context.Context, j *job, replica int, command string, detach bool) error {
	s.p.mu.Lock()
	st, why := j.status, j.because()
	s.p.mu.Unlock()
	if st != running {
		return fail("Job %d is not running: its status is %s%s.", j.id, st, why)
	}
	args := []string{"exec"}
	if detach {
		args = append(args, "-d")
	} else {
		args = append(args, "-i")
		if terminal(s.call.Stdin) && terminal(s.call.Stdout) {
			args = append(args, "-t")
		}
	}
	args = append(args, j.container(replica), "/bin/bash")
	if command != "" {
		args = append(args, "-c", command)
	}
	return s.docker(ctx, args...)
}

func terminal(f *os.File) bool {
	if f == nil {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
