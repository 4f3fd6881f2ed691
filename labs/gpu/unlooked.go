//go:build !cgo || !linux

package gpu

import "context"

// Looked says whether this binary can ask the driver.
const Looked = false

// Devices cannot ask the driver without cgo.
func Devices(context.Context) ([]Device, error) { return nil, ErrNotLooked }

// Read cannot ask the driver without cgo.
func Read(context.Context, int) (Sample, error) { return Sample{}, ErrNotLooked }
