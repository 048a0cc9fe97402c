package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// cores says where the two processes run.
type cores struct {
	Pinned bool `json:"pinned"` // this process on core 0, the SMSC on core 1, GOMAXPROCS=1 each
	Procs  int  `json:"gomaxprocs"`
}

// giveCores puts all threads of this process, and so those to come, on core 0 where there is a second one for the SMSC
// and taskset(1) to do it. Else both processes share what there is, and the report says so.
func giveCores() cores {
	pin := exec.Command("taskset", "-a", "-c", "-p", "0", strconv.Itoa(os.Getpid()))
	if runtime.NumCPU() < 2 || pin.Run() != nil {
		return cores{false, runtime.GOMAXPROCS(0)}
	}
	runtime.GOMAXPROCS(1) // what the runtime takes by itself where it may use one core
	return cores{true, 1}
}

// command gives the SMSC's command, on its own core where there is one.
func (c cores) command(name string, args ...string) *exec.Cmd {
	if c.Pinned {
		return exec.Command("taskset", append([]string{"-c", "1", name}, args...)...)
	}
	return exec.Command(name, args...)
}
