package gpu

import (
	"context"

	cdi "tags.cncf.io/container-device-interface/specs-go"
)

// Spec is a CDI specification and where it came from.
type Spec struct {
	Source string   // "system: /etc/cdi/nvidia.yaml", or "found on disk"
	CDI    cdi.Spec // kind "nvidia.com/gpu"; devices "0", "1" ... and "all"
	Path   string   // the file that holds it; empty if it was not read from one
}

// CDI says what a container needs to use the GPUs of this machine: the
// machine's own specification if it has one, else one read off the disk. The
// error is an *Absent where there is no GPU.
func CDI(ctx context.Context) (*Spec, error) { return nil, &Absent{"not looked for"} }

// Devices lists the GPUs of this machine by NVML index. With none, the list is
// empty and the error an *Absent that says why; without cgo the error is
// ErrNotLooked.
func Devices(ctx context.Context) ([]Device, error) { return nil, ErrNotLooked }

// Names reads docker's --gpus argument: "all", a count, or
// "device=0,1", with or without quotes. The names it gives are for Spec.
func Names(argument string, devs []Device) ([]string, error) { return nil, ErrNotLooked }

// Flags says in docker run's own flags what a container needs for the named
// devices: --device, -v, -e.
func (s *Spec) Flags(devs []Device, names ...string) ([]string, error) { return nil, ErrNotLooked }
