package ngc

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// These are the commands around workspaces, jobs and images: who one is, where
// one is, what jobs left behind.

// resultCommand is about the folders that jobs write their results to.
func (s *session) resultCommand() *cobra.Command {
	var what transfer
	download := s.jobCommand("download JOB", "Copy a job's results", func(_ context.Context, j *job, replica int, _ []string) error {
		id := strconv.Itoa(j.id)
		return s.download(what, j.results(replica), id, id+"[download]")
	})
	what.flags(download)

	info := s.jobCommand("info JOB", "Show a job's results", func(_ context.Context, j *job, replica int, _ []string) error {
		n, count := (&workspace{dir: j.results(replica)}).size()
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		var sh sheet
		sh.title(0, "Result Information")
		sh.add(1, "Id", j.id)
		sh.add(1, "Name", j.name)
		sh.add(1, "Owner", s.p.opts.User)
		sh.add(1, "Status", j.status)
		sh.add(1, "Total Files", count)
		sh.add(1, "Size", bytesText(n))
		return s.show(sh)
	})
	remove := s.jobCommand("remove JOB", "Remove a job's results", func(_ context.Context, j *job, replica int, _ []string) error {
		s.p.mu.Lock()
		ended := j.status.ended()
		s.p.mu.Unlock()
		if !ended {
			return fail("Job %d has not ended: its results cannot be removed.", j.id)
		}
		entries, err := os.ReadDir(j.results(replica))
		if err != nil {
			return &failure{1, err}
		}
		for _, e := range entries {
			if err := os.RemoveAll(filepath.Join(j.results(replica), e.Name())); err != nil {
				return &failure{1, err}
			}
		}
		fmt.Fprintf(s.out, "Successfully removed result for job with id: %d\n", j.id)
		return nil
	})
	return group("result", "What jobs left behind", download, info, remove)
}

// datasetCommand says that there are none: data sets are the platform's own.
func (s *session) datasetCommand() *cobra.Command {
	list := plain("list", "List the data sets", func() error {
		return s.show(table{heads: []string{"Id", "Integer Id", "Name", "Description", "ACE", "Shared", "Size", "Status", "Created Date", "Owned"}})
	})
	list.Flags().Bool("owned", false, "only your own")
	list.Flags().Bool("all", false, "no effect")
	return group("dataset", "Data sets; this stand-in has none", list)
}

func (s *session) userCommand() *cobra.Command {
	who := plain("who", "Say who you are", func() error {
		var sh sheet
		sh.title(0, "User Information")
		sh.add(1, "Username", s.p.opts.User)
		sh.add(1, "Org", s.org)
		sh.add(1, "Team", s.team)
		sh.add(1, "ACE", s.ace)
		return s.show(sh)
	})
	return group("user", "You", who)
}

func (s *session) orgCommand() *cobra.Command {
	list := plain("list", "List your organisations", func() error {
		return s.show(table{heads: []string{"Id", "Org Name", "Display Name"}, rows: [][]string{{"1", s.p.opts.Org, s.p.opts.OrgName}}})
	})
	return group("org", "Organisations", list)
}

func (s *session) teamCommand() *cobra.Command {
	list := plain("list", "List your teams", func() error {
		t := table{heads: []string{"Id", "Name", "Description"}}
		if s.p.opts.Team != "" {
			t.rows = append(t.rows, []string{"1", s.p.opts.Team, ""})
		}
		return s.show(t)
	})
	return group("team", "Teams", list)
}

// aceCommand shows the accelerated compute environment, which is this machine.
func (s *session) aceCommand() *cobra.Command {
	list := plain("list", "List the environments", func() error {
		return s.show(table{heads: []string{"ACE", "Id", "Description", "Instances"}, rows: [][]string{
			{s.p.opts.ACE, "1", "this machine", strings.Join(s.p.instances(), ", ")},
		}})
	})
	info := &cobra.Command{Use: "info ACE", Short: "Show an environment", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] != s.p.opts.ACE {
				return fail("ACE %q could not be found.", args[0])
			}
			var sh sheet
			sh.title(0, "ACE Information")
			sh.add(1, "Name", s.p.opts.ACE)
			sh.add(1, "Id", 1)
			sh.add(1, "Description", "this machine")
			for _, i := range s.p.instances() {
				sh.add(1, "Instance", i)
			}
			for _, d := range s.p.opts.GPUs {
				sh.add(2, fmt.Sprintf("GPU %d", d.Index), fmt.Sprintf("%s, %d MiB", d.Name, d.Memory>>20))
			}
			return s.show(sh)
		}}
	return group("ace", "Accelerated compute environments", list, info)
}

// instances names the kinds of machine that jobs can have here.
func (p *Platform) instances() []string {
	all := []string{fmt.Sprintf("cpu.x86.%d", runtime.NumCPU())}
	for n := 1; n <= len(p.opts.GPUs); n *= 2 {
		all = append(all, fmt.Sprintf("dgx.%dg.%d.norm", p.opts.GPUs[0].Memory>>30, n))
	}
	return all
}

func (s *session) versionCommand() *cobra.Command {
	info := plain("info", "Say which program this is", func() error {
		var sh sheet
		sh.add(0, "Version", version)
		return s.show(sh)
	})
	return group("version", "The version of this command", info)
}

// updateCommand changes what may be changed of a job after it was submitted.
func (s *session) updateCommand() *cobra.Command {
	var labels []string
	var clear bool
	update := s.jobCommand("update JOB", "Change a job's labels", func(_ context.Context, j *job, _ int, _ []string) error {
		if len(labels) == 0 && !clear {
			return usage("say what to change, with --label or --clear-labels")
		}
		s.p.mu.Lock()
		if clear {
			j.labels = nil
		}
		j.labels = append(j.labels, labels...)
		s.p.mu.Unlock()
		return s.showJob(j)
	})
	update.Flags().StringArrayVar(&labels, "label", nil, "label to add")
	update.Flags().BoolVar(&clear, "clear-labels", false, "drop the labels there are")
	return update
}

// jsonCommand prints a job in the form that can be submitted again.
func (s *session) jsonCommand() *cobra.Command {
	return s.jobCommand("get-json JOB", "Print a job's submission", func(_ context.Context, j *job, _ int, _ []string) error {
		s.p.mu.Lock()
		defer s.p.mu.Unlock()
		type workspaceMount struct {
			ID    string `json:"id"`
			Mount string `json:"containerMountPoint"`
			Mode  string `json:"mountMode"`
		}
		mounts := []workspaceMount{}
		for _, m := range j.mounts {
			mounts = append(mounts, workspaceMount{m.ws.id, m.target, m.mode})
		}
		enc := json.NewEncoder(s.out)
		enc.SetIndent("", "    ")
		return enc.Encode(map[string]any{
			"name": j.name, "dockerImageName": strings.TrimPrefix(j.image, "nvcr.io/"), "aceName": j.ace, "aceInstance": j.instance,
			"command": j.command, "replicaCount": j.replicas, "arrayType": j.arrayType, "resultContainerMountPoint": j.result,
			"workspaceMounts": mounts, "publishedContainerPorts": j.ports, "envs": j.env, "labels": j.labels,
			"runPolicy": map[string]any{"preemptClass": j.preempt, "totalRuntimeSeconds": int(j.runtime.Seconds())},
		})
	})
}
