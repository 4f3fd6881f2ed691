package ngc

import (
	"path/filepath"
	"slices"
	"time"
)

// A State is what a platform knows while no job of it is under way. Together
// with the platform's folder, another one goes on from it.
type State struct {
	Config     [5]string        `json:"config"`
	Workspaces []workspaceState `json:"workspaces,omitempty"`
	Jobs       []jobState       `json:"jobs,omitempty"`
	Pushed     []string         `json:"pushed,omitempty"`
}

type workspaceState struct {
	ID, Name, Description, ACE, Org, Team string
	Created                               time.Time
}

type mountState struct{ Workspace, Target, Mode string }

type jobState struct {
	Name, Image, Instance, ACE, Org, Team, Command string
	Description, Result, ArrayType                 string
	Entrypoint                                     string
	UseEntrypoint                                  bool
	Mounts                                         []mountState
	Ports                                          []int
	Env, Labels                                    []string
	Runtime                                        time.Duration
	Preempt                                        string
	Replicas                                       int
	Priority                                       string
	Order                                          int

	ID                      int
	Status                  status
	Why                     string
	Created, Started, Ended time.Time
	Exit                    int
	Devices                 []int
}

// State gives what the platform knows. ok is false while a job is under way, or
// its container is being removed, and of a real platform.
func (p *Platform) State() (s State, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opts.Live != "" || p.under > 0 {
		return s, false
	}
	c := p.config
	s.Config = [5]string{c.apikey, c.format, c.org, c.team, c.ace}
	s.Pushed = slices.Clone(p.pushed)
	for _, w := range p.workspaces {
		s.Workspaces = append(s.Workspaces, workspaceState{w.id, w.name, w.description, w.ace, w.org, w.team, w.created})
	}
	for _, j := range p.jobs {
		if !j.status.ended() {
			return s, false
		}
		o := jobState{Name: j.name, Image: j.image, Instance: j.instance, ACE: j.ace, Org: j.org, Team: j.team, Command: j.command,
			Description: j.description, Result: j.result, ArrayType: j.arrayType, Entrypoint: j.entrypoint, UseEntrypoint: j.useEntrypoint,
			Ports: j.ports, Env: j.env, Labels: j.labels, Runtime: j.runtime, Preempt: j.preempt, Replicas: j.replicas, Priority: j.priority, Order: j.order,
			ID: j.id, Status: j.status, Why: j.why, Created: j.created, Started: j.started, Ended: j.ended, Exit: j.exit, Devices: j.devices}
		for _, m := range j.mounts {
			if !slices.Contains(p.workspaces, m.ws) {
				return s, false // its workspace was removed since
			}
			o.Mounts = append(o.Mounts, mountState{m.ws.id, m.target, m.mode})
		}
		s.Jobs = append(s.Jobs, o)
	}
	return s, true
}

// Resume has a platform that has just been opened know what another one knew.
func (p *Platform) Resume(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = config{s.Config[0], s.Config[1], s.Config[2], s.Config[3], s.Config[4]}
	p.pushed = slices.Clone(s.Pushed)
	for _, w := range s.Workspaces {
		p.workspaces = append(p.workspaces, &workspace{id: w.ID, name: w.Name, description: w.Description, ace: w.ACE, org: w.Org, team: w.Team,
			created: w.Created, dir: filepath.Join(p.opts.Dir, "workspaces", w.ID)})
	}
	for _, o := range s.Jobs {
		j := &job{p: p, id: o.ID, status: o.Status, why: o.Why, created: o.Created, started: o.Started, ended: o.Ended, exit: o.Exit, devices: o.Devices,
			stop: func(error) {}}
		j.jobSpec = jobSpec{name: o.Name, image: o.Image, instance: o.Instance, ace: o.ACE, org: o.Org, team: o.Team, command: o.Command,
			description: o.Description, result: o.Result, arrayType: o.ArrayType, entrypoint: o.Entrypoint, useEntrypoint: o.UseEntrypoint,
			ports: o.Ports, env: o.Env, labels: o.Labels, runtime: o.Runtime, preempt: o.Preempt, replicas: o.Replicas, priority: o.Priority, order: o.Order}
		for _, m := range o.Mounts {
			for _, w := range p.workspaces {
				if w.id == m.Workspace {
					j.mounts = append(j.mounts, mount{w, m.Target, m.Mode})
				}
			}
		}
		p.jobs = append(p.jobs, j)
	}
}
