package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// simulator is a running smscsim.
type simulator struct {
	process *exec.Cmd
	addr    string // of SMPP
	stats   string // URL of its counters
}

// counters is what the benchmark reads of the simulator's books.
type counters struct {
	Receipts  uint64 // made
	MaxWindow int    `json:"max_window"`
}

// startSimulator starts smscsim, which answers at once and sends receipts at once, and reads where it listens.
func startSimulator(program string, c cores) (*simulator, error) {
	s := &simulator{process: c.command(program, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--latency", "0s",
		"--receipt-delay", "0s", "--count-only")}
	stderr, err := s.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("start the simulator (make build makes it): %w", err)
	}
	lines := bufio.NewScanner(stderr)
	for s.stats == "" && lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			s.addr = addr
		} else if url, _, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "books on "), " "); ok && s.addr != "" {
			s.stats = url
		}
	}
	if s.stats == "" {
		s.stop()
		return nil, fmt.Errorf("the simulator %s does not say where it listens; make build makes a new one", program)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }() // until the process ends
	return s, nil
}

// stop ends the process.
func (s *simulator) stop() {
	_ = s.process.Process.Signal(os.Interrupt) // one that has ended already is as good
	_ = s.process.Wait()                       // nothing hangs on its status
}

// books reads the counters.
func (s *simulator) books() (c counters, err error) {
	resp, err := http.Get(s.stats)
	if err != nil {
		return c, fmt.Errorf("read the simulator's books: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		return c, fmt.Errorf("read the simulator's books: %w", err)
	}
	return c, nil
}

// cpu is the CPU time of the process so far, to a hundredth of a second: proc(5), /proc/PID/stat, fields 14 and 15.
func (s *simulator) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the simulator's CPU time: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before it may hold spaces
	fields := strings.Fields(rest)
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the simulator's CPU time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
