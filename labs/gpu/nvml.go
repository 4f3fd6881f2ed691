//go:build cgo && linux

package gpu

import (
	"context"
	"fmt"
	"sync"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// Looked says whether this binary can ask the driver.
const Looked = true

// session makes sure that one caller at a time starts and ends the library: it
// counts its users, but its Go binding loads and unloads it each time.
var session sync.Mutex

// with runs f while the driver's library is open.
func with(f func() error) error {
	session.Lock()
	defer session.Unlock()
	switch ret := nvml.Init(); ret {
	case nvml.SUCCESS:
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return &Absent{"the driver's library libnvidia-ml.so.1 is not here"}
	case nvml.ERROR_DRIVER_NOT_LOADED:
		return &Absent{"the NVIDIA driver is not loaded"}
	default:
		return &Absent{nvml.ErrorString(ret)}
	}
	defer func() { _ = nvml.Shutdown() }()
	return f()
}

// Devices lists the GPUs of this machine by NVML index. With none, the list is
// empty and the error an *Absent that says why; without cgo the error is
// ErrNotLooked.
func Devices(ctx context.Context) ([]Device, error) {
	var list []Device
	err := with(func() error {
		n, ret := nvml.DeviceGetCount()
		if ret != nvml.SUCCESS {
			return fmt.Errorf("count the GPUs: %s", nvml.ErrorString(ret))
		}
		if n == 0 {
			return &Absent{"the driver lists none"}
		}
		driver, _ := nvml.SystemGetDriverVersion()
		cuda := ""
		if v, ret := nvml.SystemGetCudaDriverVersion_v2(); ret == nvml.SUCCESS {
			cuda = fmt.Sprintf("%d.%d", v/1000, v%1000/10)
		}
		for i := range n {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			d, err := describe(i)
			if err != nil {
				return err
			}
			d.Driver, d.CUDA = driver, cuda
			list = append(list, d)
		}
		return nil
	})
	return list, err
}

func describe(i int) (Device, error) {
	d := Device{Index: i}
	h, ret := nvml.DeviceGetHandleByIndex(i)
	if ret != nvml.SUCCESS {
		return d, fmt.Errorf("open GPU %d: %s", i, nvml.ErrorString(ret))
	}
	if d.UUID, ret = h.GetUUID(); ret != nvml.SUCCESS {
		return d, fmt.Errorf("ask GPU %d for its UUID: %s", i, nvml.ErrorString(ret))
	}
	if d.Name, ret = h.GetName(); ret != nvml.SUCCESS {
		return d, fmt.Errorf("ask GPU %d for its name: %s", i, nvml.ErrorString(ret))
	}
	if m, ret := h.GetMemoryInfo(); ret == nvml.SUCCESS {
		d.Memory = m.Total
	}
	if major, minor, ret := h.GetCudaComputeCapability(); ret == nvml.SUCCESS {
		d.ComputeCapability = fmt.Sprintf("%d.%d", major, minor)
	}
	d.Minor = i
	if m, ret := h.GetMinorNumber(); ret == nvml.SUCCESS {
		d.Minor = m
	}
	if mode, _, ret := h.GetMigMode(); ret == nvml.SUCCESS {
		d.MIG = mode == nvml.DEVICE_MIG_ENABLE
	}
	return d, nil
}

// Read samples one GPU, by NVML index. What the GPU does not tell is 0.
func Read(_ context.Context, index int) (Sample, error) {
	var s Sample
	err := with(func() error {
		h, ret := nvml.DeviceGetHandleByIndex(index)
		if ret != nvml.SUCCESS {
			return fmt.Errorf("open GPU %d: %s", index, nvml.ErrorString(ret))
		}
		if mw, ret := h.GetPowerUsage(); ret == nvml.SUCCESS {
			s.Power = float64(mw) / 1000
		}
		if mhz, ret := h.GetClockInfo(nvml.CLOCK_SM); ret == nvml.SUCCESS {
			s.SMClock = int(mhz)
		}
		if mhz, ret := h.GetClockInfo(nvml.CLOCK_MEM); ret == nvml.SUCCESS {
			s.MemoryClock = int(mhz)
		}
		if u, ret := h.GetUtilizationRates(); ret == nvml.SUCCESS {
			s.Utilisation = int(u.Gpu)
		}
		if m, ret := h.GetMemoryInfo(); ret == nvml.SUCCESS {
			s.MemoryUsed = m.Used
		}
		if c, ret := h.GetTemperature(nvml.TEMPERATURE_GPU); ret == nvml.SUCCESS {
			s.Temperature = int(c)
		}
		return nil
	})
	return s, err
}
