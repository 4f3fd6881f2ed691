package ngc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"docent/labs/engine"
)

// version is what "ngc --version" says. It names no version of the real
// program, since it is not that program.
const version = "NGC CLI (Docent stand-in)"

// A failure ends a command with a message and a status.
type failure struct {
	exit int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// statusError carries the status of a command that spoke for itself.
type statusError int

func (s statusError) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// Run carries out one ngc command line and returns its exit status: 0, 1 when
// the command failed, 2 when it was used wrongly.
func (p *Platform) Run(ctx context.Context, call Call) int {
	if p.opts.Live != "" {
		return p.live(ctx, call)
	}
	s := &session{p: p, call: call, out: bufio.NewWriter(writer(call.Stdout)), err: writer(call.Stderr)}
	root := s.root()
	root.SetArgs(singleDashes(call.Args))
	err := root.ExecuteContext(ctx)
	s.out.Flush() // a reader that is gone needs no answer
	var f *failure
	var status statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &f):
		fmt.Fprintf(s.err, "Error: %v\n", f.err)
		return f.exit
	default: // cobra's own: the command line is wrong
		fmt.Fprintf(s.err, "ngc: error: %v\n", err)
		return 2
	}
}

func writer(f *os.File) io.Writer {
	if f == nil {
		return io.Discard
	}
	return f
}

// live hands the command line to the real program.
func (p *Platform) live(ctx context.Context, call Call) int {
	cmd := exec.CommandContext(ctx, p.opts.Live, call.Args...)
	cmd.Dir, cmd.Env = call.Dir, os.Environ()
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	if call.Stdin != nil {
		cmd.Stdin = call.Stdin
	}
	cmd.Stdout, cmd.Stderr = call.Stdout, call.Stderr
	err := cmd.Run()
	var ee *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ee):
		return ee.ExitCode()
	}
	fmt.Fprintf(writer(call.Stderr), "ngc: the real program did not start: %v\n", err)
	return 127
}

// singleDashes turns the real program's two-letter short options into long
// ones.
func singleDashes(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		switch {
		case a == "--":
			return out
		case a == "-in":
			out[i] = "--instance"
		case a == "-de":
			out[i] = "--desc"
		}
	}
	return out
}

// A session is one call of the command.
type session struct {
	p    *Platform
	call Call
	out  *bufio.Writer
	err  io.Writer

	format, org, team, ace string
	yes                    bool
}

func fail(format string, args ...any) error { return &failure{1, fmt.Errorf(format, args...)} }

// usage says what is wrong with a command line.
func usage(format string, args ...any) error { return &failure{2, fmt.Errorf(format, args...)} }

type formatter interface {
	format(string) (string, error)
}

func (s *session) show(f formatter) error {
	text, err := f.format(s.format)
	if err != nil {
		return &failure{2, err}
	}
	s.out.WriteString(text)
	return nil
}

func (s *session) root() *cobra.Command {
	s.p.mu.Lock()
	c := s.p.config
	s.p.mu.Unlock()
	root := &cobra.Command{
		Use:           "ngc",
		Short:         "NVIDIA NGC, played on this machine by a Docent lab",
		SilenceErrors: true, SilenceUsage: true,
		Version: version,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.CompletionOptions.DisableDefaultCmd = true
	pf := root.PersistentFlags()
	pf.StringVar(&s.format, "format_type", c.format, "ascii, csv or json")
	pf.StringVar(&s.org, "org", c.org, "organisation")
	pf.StringVar(&s.team, "team", c.team, "team, or no-team")
	pf.StringVar(&s.ace, "ace", c.ace, "accelerated compute environment")
	pf.BoolVarP(&s.yes, "yes", "y", false, "do not ask")
	pf.Bool("debug", false, "no effect")
	root.AddCommand(s.configCommand(), s.workspaceCommand(), s.batchCommand(), s.registryCommand(), s.resultCommand(), s.datasetCommand(),
		s.userCommand(), s.orgCommand(), s.teamCommand(), s.aceCommand(), s.versionCommand())
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if s.team == "no-team" {
			s.team = ""
		}
		if !slices.Contains([]string{"ascii", "csv", "json"}, s.format) {
			return usage("argument --format_type: invalid choice: %q (choose from ascii, csv, json)", s.format)
		}
		return nil
	}
	return root
}

// group is a command that only has subcommands. Unlike cobra's own, it refuses
// a word it does not know.
func group(name, short string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return usage("%s has no command %q. It has: %s", cmd.CommandPath(), args[0], strings.Join(names, ", "))
	}, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(sub...)
	return c
}

func (s *session) configCommand() *cobra.Command {
	current := &cobra.Command{Use: "current", Short: "Show the configuration", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.showConfig() }}
	set := &cobra.Command{Use: "set", Short: "Change the configuration", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.setConfig(cmd) }}
	clear := &cobra.Command{Use: "clear", Short: "Forget the configuration", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s.p.mu.Lock()
			defer s.p.mu.Unlock()
			s.p.config = config{format: "ascii"}
			return nil
		}}
	return group("config", "The configuration of this command", current, set, clear)
}

func (s *session) showConfig() error {
	s.p.mu.Lock()
	c := s.p.config
	orgName := ""
	if c.org == s.p.opts.Org {
		orgName = s.p.opts.OrgName
	}
	s.p.mu.Unlock()
	t := table{heads: []string{"key", "value", "source"}, wrap: 20}
	add := func(k, v string) {
		if v != "" {
			t.rows = append(t.rows, []string{k, v, "user settings"})
		}
	}
	if n := len(c.apikey); n > 4 {
		add("apikey", strings.Repeat("*", n-4)+c.apikey[n-4:])
	}
	add("format_type", c.format)
	if orgName != "" {
		add("org", orgName+" ("+c.org+")")
	} else {
		add("org", c.org)
	}
	add("team", c.team)
	add("ace", c.ace)
	return s.show(t)
}

// setConfig asks for each value, as the real program does. An empty answer, or
// none at all, keeps what is there; so does a value that a flag gives.
func (s *session) setConfig(cmd *cobra.Command) error {
	s.p.mu.Lock()
	c := s.p.config
	s.p.mu.Unlock()
	var in *bufio.Scanner
	if s.call.Stdin != nil {
		in = bufio.NewScanner(s.call.Stdin)
	}
	ask := func(flag, label, now, choices string) string {
		if flag != "" && cmd.Flags().Changed(flag) {
			return cmd.Flag(flag).Value.String()
		}
		fmt.Fprintf(s.out, "Enter %s [%s]. Choices: [%s]: ", label, now, choices)
		s.out.Flush()
		if in == nil || !in.Scan() || strings.TrimSpace(in.Text()) == "" {
			fmt.Fprintln(s.out)
			return now
		}
		return strings.TrimSpace(in.Text())
	}
	hidden := "no-apikey"
	if n := len(c.apikey); n > 4 {
		hidden = "****" + c.apikey[n-4:]
	}
	if key := ask("", "API key", hidden, "<VALID_APIKEY>, 'no-apikey'"); key != hidden {
		c.apikey = key
	}
	c.format = ask("format_type", "CLI output format type", c.format, "'ascii', 'csv', 'json'")
	if !slices.Contains([]string{"ascii", "csv", "json"}, c.format) {
		return fail("Invalid format %q. Choose ascii, csv or json.", c.format)
	}
	c.org = ask("org", "org", c.org, "'"+c.org+"'")
	c.team = ask("team", "team", c.team, "'"+c.team+"', 'no-team'")
	if c.team == "no-team" {
		c.team = ""
	}
	c.ace = ask("ace", "ace", c.ace, "'"+c.ace+"', 'no-ace'")
	s.p.mu.Lock()
	s.p.config = c
	s.p.mu.Unlock()
	fmt.Fprintln(s.out, "Successfully saved NGC configuration.")
	return nil
}

func (s *session) workspaceCommand() *cobra.Command {
	var name, description, source, destination, dest string
	var files, dirs []string
	create := &cobra.Command{Use: "create", Short: "Make a workspace", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w, err := s.p.createWorkspace(name, description, s.ace, s.org, s.team)
			if err != nil {
				return &failure{1, err}
			}
			fmt.Fprintf(s.out, "Successfully created workspace with id: %s\n", w.id)
			return s.showWorkspace(w)
		}}
	create.Flags().StringVar(&name, "name", "", "name of the workspace")
	create.Flags().StringVar(&description, "desc", "", "description")

	list := &cobra.Command{Use: "list", Short: "List the workspaces", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t := table{heads: []string{"Id", "Name", "Description", "ACE", "Creator Username", "Shared", "Created Date", "Owned", "Size"}}
			s.p.mu.Lock()
			all := slices.Clone(s.p.workspaces)
			s.p.mu.Unlock()
			for _, w := range all {
				n, _ := w.size()
				t.rows = append(t.rows, []string{w.id, w.name, w.description, w.ace, s.p.opts.User, "Private", date(w.created), "Yes", bytesText(n)})
			}
			return s.show(t)
		}}
	list.Flags().Bool("owned", false, "only your own")
	list.Flags().String("name", "", "only those with this name")

	info := &cobra.Command{Use: "info WORKSPACE", Short: "Show a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			return s.showWorkspace(w)
		}}
	upload := &cobra.Command{Use: "upload WORKSPACE", Short: "Copy files into a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			started := s.p.opts.Now()
			c, err := s.p.upload(w, s.call.Dir, source, destination)
			if err != nil {
				return &failure{1, err}
			}
			var sh sheet
			sh.add(0, "Workspace", w.id)
			sh.add(0, "Status", "Completed")
			sh.add(0, "Total files", c.files)
			sh.add(0, "Uploaded", bytesText(c.bytes))
			sh.add(0, "Duration taken", s.p.opts.Now().Sub(started).Round(time.Millisecond))
			return s.show(sh)
		}}
	upload.Flags().StringVar(&source, "source", "", "file or folder to copy")
	upload.Flags().StringVar(&destination, "destination", "/", "folder in the workspace")
	upload.Flags().Int("threads", 0, "no effect")
	upload.MarkFlagRequired("source")

	download := &cobra.Command{Use: "download WORKSPACE", Short: "Copy files out of a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			into, c, err := s.p.download(w.dir, w.id, s.call.Dir, dest, append(slices.Clone(files), dirs...))
			if err != nil {
				return &failure{1, err}
			}
			var sh sheet
			sh.add(0, "Transfer id", w.id)
			sh.add(0, "Download status", "Completed")
			sh.add(0, "Downloaded local path", into)
			sh.add(0, "Total files downloaded", c.files)
			sh.add(0, "Total downloaded size", bytesText(c.bytes))
			return s.show(sh)
		}}
	download.Flags().StringVar(&dest, "dest", ".", "folder to copy to")
	download.Flags().StringArrayVar(&files, "file", nil, "only this file")
	download.Flags().StringArrayVar(&dirs, "dir", nil, "only this folder")
	download.Flags().Bool("zip", false, "no effect")

	remove := &cobra.Command{Use: "remove WORKSPACE", Short: "Remove a workspace", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			w, err := s.p.workspace(args[0])
			if err != nil {
				return &failure{1, err}
			}
			if err := s.p.removeWorkspace(w); err != nil {
				return &failure{1, err}
			}
			fmt.Fprintf(s.out, "Successfully removed workspace with id: '%s'.\n", w.id)
			return nil
		}}
	return group("workspace", "Folders that outlive jobs", create, list, info, upload, download, remove)
}

func (s *session) showWorkspace(w *workspace) error {
	n, files := w.size()
	var sh sheet
	sh.title(0, "Workspace Information")
	sh.add(1, "ID", w.id)
	sh.add(1, "Name", w.name)
	sh.add(1, "Created By", s.p.opts.User)
	sh.add(1, "Size", bytesText(n))
	sh.add(1, "Total Files", files)
	sh.add(1, "ACE", w.ace)
	sh.add(1, "Org", w.org)
	sh.add(1, "Description", w.description)
	sh.add(1, "Shared with", "None")
	sh.add(1, "Creation Date", date(w.created))
	return s.show(sh)
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func (s *session) batchCommand() *cobra.Command {
	var spec jobSpec
	var workspaces, ports, datasets []string
	var runtime string
	run := &cobra.Command{Use: "run", Short: "Submit a job", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			spec.org, spec.team, spec.ace = s.org, s.team, s.ace
			if err := s.complete(&spec, workspaces, ports, datasets, runtime); err != nil {
				return err
			}
			j, err := s.p.submit(spec)
			if err != nil {
				return &failure{1, err}
			}
			return s.showJob(j)
		}}
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
	list := &cobra.Command{Use: "list", Short: "List the jobs", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return s.listJobs(only) }}
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

// docker hands a command to the engine with the caller's own files.
func (s *session) docker(ctx context.Context, args ...string) error {
	s.out.Flush()
	exit, err := s.p.opts.Engine.Docker(ctx, engine.Call{
		Args: args, Dir: s.call.Dir, Env: s.call.Env,
		Stdin: s.call.Stdin, Stdout: s.call.Stdout, Stderr: s.call.Stderr, Signals: s.call.Signals,
	})
	switch {
	case err != nil:
		return &failure{1, err}
	case exit != 0:
		return statusError(exit)
	}
	return nil
}

func (s *session) registryCommand() *cobra.Command {
	full := func(ref string) string {
		if !strings.Contains(strings.SplitN(ref, "/", 2)[0], ".") {
			return "nvcr.io/" + ref
		}
		return ref
	}
	push := &cobra.Command{Use: "push IMAGE", Short: "Push an image", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref := full(args[0])
			if err := s.docker(cmd.Context(), "push", ref); err != nil {
				return err
			}
			s.p.Pushed(ref)
			return nil
		}}
	pull := &cobra.Command{Use: "pull IMAGE", Short: "Pull an image", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.docker(cmd.Context(), "pull", full(args[0])) }}
	list := &cobra.Command{Use: "list [PATTERN]", Short: "List the images that this lab pushed", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.listImages(cmd.Context(), args) }}
	info := &cobra.Command{Use: "info IMAGE", Short: "Show an image", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			img, err := s.p.opts.Engine.Image(cmd.Context(), full(args[0]))
			if errors.Is(err, engine.ErrNoImage) {
				return fail("Image %q could not be found.", args[0])
			} else if err != nil {
				return &failure{1, err}
			}
			name, tag := splitRef(full(args[0]))
			var sh sheet
			sh.title(0, "Image Repository Information")
			sh.add(1, "Name", path.Base(name))
			sh.add(1, "Repository", strings.TrimPrefix(name, "nvcr.io/"))
			sh.add(1, "Tag", tag)
			sh.add(1, "Image Size", bytesText(img.Size))
			sh.add(1, "Layers", len(img.Layers))
			sh.add(1, "Digest", img.Digest)
			sh.add(1, "Updated Date", date(img.Created))
			return s.show(sh)
		}}
	image := group("image", "Images", list, info, push, pull)
	return group("registry", "The private registry", image)
}

func splitRef(ref string) (name, tag string) {
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		return ref[:i], ref[i+1:]
	}
	return ref, "latest"
}

// Pushed notes that the lab pushed an image, by whatever command.
func (p *Platform) Pushed(ref string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.pushed, ref) {
		p.pushed = append(p.pushed, ref)
	}
}

func (s *session) listImages(ctx context.Context, args []string) error {
	t := table{heads: []string{"Name", "Repository", "Latest Tag", "Image Size", "Updated Date", "Permission"}}
	s.p.mu.Lock()
	refs := slices.Clone(s.p.pushed)
	s.p.mu.Unlock()
	for _, ref := range refs {
		name, tag := splitRef(ref)
		repo := strings.TrimPrefix(name, "nvcr.io/")
		if len(args) == 1 {
			if ok, err := path.Match(strings.TrimPrefix(args[0], "nvcr.io/"), repo); err != nil {
				return usage("the pattern %q cannot be read: %v", args[0], err)
			} else if !ok && args[0] != repo {
				continue
			}
		}
		size, updated := "", ""
		if img, err := s.p.opts.Engine.Image(ctx, ref); err == nil {
			size, updated = bytesText(img.Size), date(img.Created)
		}
		t.rows = append(t.rows, []string{path.Base(name), repo, tag, size, updated, "private"})
	}
	return s.show(t)
}
