package outage

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"harkara/cmd/internal/loopback"
)

// What tells a process of this test binary to be a NATS server: where it stores, and where it listens.
const (
	natsDir  = "HARKARA_TEST_NATS_DIR"
	natsAddr = "HARKARA_TEST_NATS_ADDR"
)

// serveNATS is the external NATS server, in a process of its own that can be killed. It syncs every write.
func serveNATS(dir, addr string) int {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		panic(err)
	}
	s, err := server.NewServer(&server.Options{ServerName: "outage", Host: host, Port: port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends with the process that started this one, however that ends
		os.Exit(1)
	}()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		fmt.Fprintln(os.Stderr, "the NATS server does not take connections")
		return 1
	}
	fmt.Println("ready")
	<-told
	s.Shutdown()
	s.WaitForShutdown()
	return 0
}

// broker is the external NATS server: its store and its address outlive its process.
type broker struct {
	dir, addr string
	process   *exec.Cmd // nil while it is down
}

func newBroker(t *testing.T, dir string) *broker {
	t.Helper()
	b := &broker{dir: filepath.Join(dir, "nats"), addr: freeAddr(t)}
	b.start(t)
	t.Cleanup(func() {
		if b.process != nil {
			b.kill(t)
		}
	})
	return b
}

func (b *broker) url() string { return "nats://" + b.addr }

func (b *broker) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), natsDir+"="+b.dir, natsAddr+"="+b.addr)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // held open until the process ends
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.process = cmd
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the NATS server said %q, %v", line, err)
	}
}

// kill ends the server without a word.
func (b *broker) kill(t *testing.T) {
	t.Helper()
	if err := b.process.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = b.process.Wait() // killed, it says
	b.process = nil
}

// stop ends the server as an administrator does.
func (b *broker) stop(t *testing.T) {
	t.Helper()
	if err := b.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := b.process.Wait(); err != nil {
		t.Errorf("the NATS server ended with %v", err)
	}
	b.process = nil
}

// freeAddr finds a port of loopback that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
