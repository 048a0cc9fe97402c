package app

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// gcPercent trades memory for CPU: what the gateway holds live is small and bounded by its windows and lanes, and
// collecting it at the usual 100 % costs some 8 µs a message. A large register is live too: what may gather beside it is
// bounded by garbageMax, in bytes.
const (
	gcPercent  = 400
	garbageMax = 256 << 20
)

var tuned atomic.Bool

// TuneMemory sets the garbage collector for a gateway, unless GOGC says otherwise.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		tuned.Store(true)
		debug.SetGCPercent(gcPercent)
	}
}

// settleMemory gives back what a change of the register left behind, and bounds the garbage by what is live now.
func settleMemory() {
	if !tuned.Load() {
		return
	}
	debug.FreeOSMemory()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetGCPercent(max(50, min(gcPercent, int(100*garbageMax/max(now.HeapAlloc, 1)))))
}
