//go:build failpoints

package app

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// failpoint ends the process, as a power switch would end it, at the place and the time of coming there that
// HARKARA_FAILPOINT names: "after_write:3" is the third time after a write. It is nil where that is not set.
var failpoint = newFailpoint(os.Getenv("HARKARA_FAILPOINT"))

// ackWait is HARKARA_ACK_WAIT: tests do not wait as long as others for what a killed gateway had.
var ackWait = ackWaitOf(os.Getenv("HARKARA_ACK_WAIT"))

func newFailpoint(setting string) func(place string) {
	if setting == "" {
		return nil
	}
	name, times, _ := strings.Cut(setting, ":")
	nth, err := strconv.ParseInt(times, 10, 64)
	if err != nil || nth < 1 {
		panic(fmt.Sprintf("HARKARA_FAILPOINT=%q: want a place and a number, such as after_write:3", setting))
	}
	var passes atomic.Int64
	return func(place string) {
		if place == name && passes.Add(1) == nth {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // nothing more happens here until it has
		}
	}
}

func ackWaitOf(setting string) time.Duration {
	if setting == "" {
		return 0
	}
	wait, err := time.ParseDuration(setting)
	if err != nil {
		panic("HARKARA_ACK_WAIT: " + err.Error())
	}
	return wait
}
