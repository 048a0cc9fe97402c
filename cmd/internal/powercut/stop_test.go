//go:build powercut

package powercut

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// others are the processes of this namespace but the test, as far as they are not dead: a gateway, what it started, and
// PostgreSQL, by their numbers.
func others() (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if s := state(filepath.Join("/proc", entry.Name())); s != 'Z' && s != 'X' && s != 0 {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// state is the letter of a process's or thread's state (proc_pid_stat(5)); 0 where it is gone.
func state(dir string) byte {
	raw, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return 0
	}
	end := bytes.LastIndexByte(raw, ')') // the name may hold anything
	if end < 0 || len(raw) < end+3 {
		return 0
	}
	return raw[end+2]
}

// freeze stops the first process, then all others, and looks again until there is none that was not stopped: PostgreSQL may
// have been starting one. It returns when none of them runs.
func freeze(first int) error {
	stopped := map[int]bool{}
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop the gateway: %w", err)
	}
	stopped[first] = true
	for fresh := true; fresh; {
		fresh = false
		pids, err := others()
		if err != nil {
			return err
		}
		for _, pid := range pids {
			if stopped[pid] {
				continue
			}
			fresh, stopped[pid] = true, true
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("stop process %d: %w", pid, err)
			}
		}
	}
	return await(10*time.Second, "all processes to stop", func() bool {
		for pid := range stopped {
			if runs(pid) {
				return false
			}
		}
		return true
	})
}

// runs says whether a thread of a process still may do something. One in state D is in the kernel, mostly in an fsync, and
// stops before it comes back.
func runs(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid)) // the pattern is sound
	for _, task := range tasks {
		if s := state(task); s == 'R' || s == 'S' {
			return true
		}
	}
	return false
}

// killAll kills every process but the test and waits until they have let go of their files.
func killAll() error {
	return await(30*time.Second, "all processes to die", func() bool {
		pids, err := others()
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone by now
		}
		return err == nil && len(pids) == 0
	})
}

// await asks until something is so.
func await(patience time.Duration, what string, so func() bool) error {
	for end := time.Now().Add(patience); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("waited %s in vain for %s", patience, what)
		}
	}
	return nil
}
