package cli

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// headroom is how much a build may allocate between two collections, in
// bytes. Collecting a small heap again and again often costs more than the
// build itself, and letting a large one double costs memory.
const headroom = 84 << 20

// collectLess sets the collector for a build, and again after each collection
// for what is alive then. A user's own GOGC stays.
func collectLess() {
	if os.Getenv("GOGC") != "" {
		return
	}
	var again func(*[16]byte)
	again = func(*[16]byte) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(int(max(40, 100*headroom/max(4<<20, live[0].Value.Uint64()))))
		runtime.SetFinalizer(new([16]byte), again) // runs when it is found unused
	}
	again(nil)
}
