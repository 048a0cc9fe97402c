package crash

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gateway is one process.
type gateway struct {
	*site
	cmd   *exec.Cmd
	ready chan struct{}
	ended chan struct{}
	err   error // what it ended with, once ended is closed
	tail  tail  // the last it wrote
}

// start runs a gateway that kills itself at a failpoint, "name:nth", or at none.
func (w *world) start(t *testing.T, s *site, failpoint string) *gateway {
	t.Helper()
	g := &gateway{site: s, cmd: exec.Command(binary, "serve", "--config", s.file), ready: make(chan struct{}), ended: make(chan struct{})}
	g.cmd.Env = append(os.Environ(), "HARKARA_FAILPOINT="+failpoint, "HARKARA_ACK_WAIT="+w.ackWait)
	out, err := g.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w.log, "--- %s %s\n", s.cfg.Node, failpoint)
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		g.follow(io.TeeReader(out, io.MultiWriter(w.log, &g.tail)))
		g.err = g.cmd.Wait()
		close(g.ended)
	}()
	t.Cleanup(func() { g.kill() })
	return g
}

func (g *gateway) follow(out io.Reader) {
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if line == "ready\n" {
			close(g.ready)
		}
		if err != nil {
			return
		}
	}
}

// startTime is how long a gateway may take until it takes requests, after whatever happened to it.
const startTime = 30 * time.Second

// awaitReady waits until the gateway takes requests or has killed itself.
func (g *gateway) awaitReady(t *testing.T) {
	t.Helper()
	select {
	case <-g.ready:
	case <-g.ended:
		if !g.killed() {
			t.Fatalf("the gateway ended with %v:\n%s", g.err, g.tail.text())
		}
	case <-time.After(startTime):
		t.Fatalf("the gateway is not ready after %s:\n%s", startTime, g.tail.text())
	}
}

// kill ends the process as a power switch would, and returns when it is gone.
func (g *gateway) kill() {
	_ = g.cmd.Process.Kill() // it may be gone already
	<-g.ended
}

// killed says whether it was kill -9 that ended the process.
func (g *gateway) killed() bool {
	var exit *exec.ExitError
	if !errors.As(g.err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// drain ends the process by SIGTERM and asserts that it ends well.
func (g *gateway) drain(t *testing.T) {
	t.Helper()
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-g.ended:
	case <-time.After(startTime):
		t.Fatalf("the gateway has not drained after %s:\n%s", startTime, g.tail.text())
	}
	if g.err != nil {
		t.Fatalf("the gateway ended with %v:\n%s", g.err, g.tail.text())
	}
}

// redelivered is how many requests JetStream has brought this process again.
func (g *gateway) redelivered(t *testing.T) int {
	return g.count(t, "harkara_requests_redelivered_total{")
}

// count adds up the metrics whose lines begin with a text.
func (g *gateway) count(t *testing.T, beginning string) (n int) {
	t.Helper()
	answer, err := http.Get("http://" + g.cfg.HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, beginning) {
			value, err := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			n += value
		}
	}
	return n
}

// killPostgres kills the private cluster's postmaster; its children follow it.
func (s *site) killPostgres(t *testing.T) {
	t.Helper()
	mark, err := os.ReadFile(filepath.Join(s.cfg.Data, "postgres", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := bytes.Cut(mark, []byte("\n"))
	pid, err := strconv.Atoi(string(first))
	if err != nil {
		t.Fatal(err)
	}
	// The number may have gone to somebody else, whom we must not touch.
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err != nil || !bytes.Contains(line, []byte(s.cfg.Data)) {
		t.Fatalf("process %d is not the PostgreSQL of %s: %q, %v", pid, s.cfg.Data, line, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// tail keeps the last octets that were written to it, for the words of a failure.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailSize = 4 << 10

func (x *tail) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = append(x.last, p...)
	x.last = x.last[max(0, len(x.last)-tailSize):]
	return len(p), nil
}

func (x *tail) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return string(x.last)
}
