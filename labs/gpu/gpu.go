// Package gpu answers two questions: which NVIDIA GPUs are in this machine, and
// what a container needs to use them.
//
// The first is answered by NVML, the driver's own library, which needs cgo. A
// binary built without cgo says ErrNotLooked instead of guessing. The second is
// answered by a CDI specification: the machine's own where there is one, else
// one written from what is found on the disk. It needs no cgo.
package gpu

import (
	"errors"
	"fmt"
)

// ErrNotLooked says that this binary cannot ask the driver: it was built
// without cgo. It does not mean that there are no GPUs.
var ErrNotLooked = errors.New("GPUs not looked for: this binary was built without cgo")

// Device is one GPU as NVML describes it.
type Device struct {
	Index             int    `json:"index"`              // NVML index, from 0
	UUID              string `json:"uuid"`               // "GPU-..."
	Name              string `json:"name"`               // as the driver says it, such as "NVIDIA H200"
	Memory            uint64 `json:"memory"`             // bytes in all
	Driver            string `json:"driver"`             // driver version, such as "550.54.15"
	CUDA              string `json:"cuda"`               // newest CUDA version the driver runs, such as "12.4"
	ComputeCapability string `json:"compute_capability"` // such as "9.0"
	Minor             int    `json:"minor"`              // N of /dev/nvidiaN
	MIG               bool   `json:"mig,omitempty"`      // multi-instance mode is on
}

// Absent says why there is no GPU to list: no driver library, no device, a
// driver that does not answer. Devices returns it beside an empty list.
type Absent struct{ Reason string }

func (e *Absent) Error() string { return "no GPU found by NVML: " + e.Reason }

// Sample is a reading of one GPU at one moment.
type Sample struct {
	Power       float64 // watts
	SMClock     int     // MHz
	MemoryClock int     // MHz
	Utilisation int     // per cent
	MemoryUsed  uint64  // bytes
	Temperature int     // degrees Celsius
}

// String gives one line for a person.
func (d Device) String() string {
	return fmt.Sprintf("GPU %d: %s, %d MiB, compute capability %s, driver %s, CUDA %s",
		d.Index, d.Name, d.Memory>>20, d.ComputeCapability, d.Driver, d.CUDA)
}
