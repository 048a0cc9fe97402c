//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lines keeps what a program printed, by lines.
type lines struct {
	mu   sync.Mutex
	part []byte
	all  []string
	news chan struct{} // holds one token when there is more than the last reader saw
}

func newLines() *lines { return &lines{news: make(chan struct{}, 1)} }

// Write takes a piece of the program's output.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, p...)
	for {
		line, rest, whole := bytes.Cut(l.part, []byte("\n"))
		if !whole {
			break
		}
		l.all, l.part = append(l.all, string(line)), rest
	}
	select {
	case l.news <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (l *lines) get() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all[:len(l.all):len(l.all)]
}

// decode reads the lines as one JSON object each.
func decode[T any](t *testing.T, l *lines) []T {
	t.Helper()
	var all []T
	for _, line := range l.get() {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q is no line of JSON: %v", line, err)
		}
		all = append(all, v)
	}
	return all
}

// process is a program that this test started, and ends.
type process struct {
	name     string
	cmd      *exec.Cmd
	out, err *lines
	exited   chan struct{}
	status   error // once exited is closed
}

// start runs a program until its context or the test ends. env is added to this process's environment.
func start(ctx context.Context, t *testing.T, name string, stdin string, env []string, argv ...string) *process {
	t.Helper()
	p := &process{name: name, cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), out: newLines(), err: newLines(),
		exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	p.cmd.Stdin = strings.NewReader(stdin)
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v; run make interop, which installs what is missing", name, err)
	}
	go func() {
		p.status = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended already where the test came to its end
		<-p.exited
	})
	return p
}

// await waits until ok holds of what the program prints on l. The test ends when the program or the context does first.
func (p *process) await(ctx context.Context, t *testing.T, l *lines, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-l.news:
		case <-p.exited:
			if ok() {
				return
			}
			t.Fatalf("%s ended (%v) before %s\n%s", p.name, p.status, what, p.tail())
		case <-ctx.Done():
			t.Fatalf("%s: still waiting for %s: %v\n%s", p.name, what, context.Cause(ctx), p.tail())
		}
	}
}

// stopTime is how long a program may take to end once it is told to.
const stopTime = 30 * time.Second

// stop tells the program to end and waits for it. It returns its exit status, -1 where a signal ended it.
func (p *process) stop(t *testing.T, sig syscall.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Errorf("%s: %v: %v\n%s", p.name, sig, err, p.tail())
	}
	select {
	case <-p.exited:
	case <-time.After(stopTime):
		t.Fatalf("%s does not end %s after %v\n%s", p.name, stopTime, sig, p.tail())
	}
	return p.cmd.ProcessState.ExitCode()
}

// output waits for the program's end and returns its stdout.
func (p *process) output(ctx context.Context) (string, error) {
	select {
	case <-p.exited:
		return strings.Join(p.out.get(), "\n"), p.status
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// tail is the end of what the program printed.
func (p *process) tail() string {
	last := func(l *lines) string {
		all := l.get()
		return strings.Join(all[max(0, len(all)-20):], "\n")
	}
	return "stdout:\n" + last(p.out) + "\nstderr:\n" + last(p.err)
}

// run runs a program to its end, which must be a good one, and returns its stdout.
func run(ctx context.Context, t *testing.T, env []string, argv ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out, stderr.Bytes())
	}
	return out
}
