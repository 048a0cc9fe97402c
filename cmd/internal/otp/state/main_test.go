package state

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"harkara/cmd/internal/loopback"
)

// serveEnv makes the test binary a NATS server on "<address> <folder>", to be killed.
const serveEnv = "HARKARA_STATE_TEST_NATS"

func TestMain(m *testing.M) {
	if where := os.Getenv(serveEnv); where != "" {
		serve(where)
	}
	flag.Set("test.parallel", "8") // they wait more than they work
	goleak.VerifyTestMain(m)
}

func serverOptions(dir string) *server.Options {
	return &server.Options{ServerName: "test", JetStream: true, StoreDir: dir, DontListen: true, NoSigs: true, NoLog: true,
		SyncInterval: time.Minute, JetStreamMaxMemory: 1 << 30, JetStreamMaxStore: 8 << 30}
}

func start(opts *server.Options) (*server.Server, error) {
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		s.Shutdown()
		return nil, fmt.Errorf("the NATS server does not take connections at %s:%d", opts.Host, opts.Port)
	}
	return s, nil
}

// serve runs a server until it is killed, or its parent is gone.
func serve(where string) {
	address, dir, _ := strings.Cut(where, " ")
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err == nil {
		opts := serverOptions(dir)
		opts.DontListen, opts.Host, opts.Port = false, addr.IP.String(), addr.Port
		_, err = start(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1)) // ends with the parent
	os.Exit(0)
}

// broker is a NATS server in the test's process, without a socket.
type broker struct {
	server atomic.Pointer[server.Server]
	dir    string
}

func startBroker(t testing.TB) *broker {
	t.Helper()
	b := &broker{dir: t.TempDir()}
	b.restart(t)
	t.Cleanup(b.stop)
	return b
}

func (b *broker) restart(t testing.TB) {
	t.Helper()
	s, err := start(serverOptions(b.dir))
	if err != nil {
		t.Fatal(err)
	}
	b.server.Store(s)
}

func (b *broker) stop() {
	b.server.Load().Shutdown()
	b.server.Load().WaitForShutdown()
}

// InProcessConn lets a connection follow the server through restarts.
func (b *broker) InProcessConn() (net.Conn, error) { return b.server.Load().InProcessConn() }

func (b *broker) connect(t testing.TB) jetstream.JetStream {
	t.Helper()
	return connect(t, "", nats.InProcessServer(b))
}

func connect(t testing.TB, url string, opts ...nats.Option) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, append(opts, nats.ReconnectWait(10*time.Millisecond), nats.MaxReconnects(-1),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// open opens a Store on a connection of its own, as another process has it.
func (b *broker) open(t testing.TB, memory bool) *Store {
	t.Helper()
	return openStore(t, b.connect(t), memory)
}

func openStore(t testing.TB, js jetstream.JetStream, memory bool) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{JS: js, Memory: memory, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// process is a NATS server in a process of its own, for kill -9.
type process struct {
	address, dir string
	command      *exec.Cmd
}

func startProcess(t testing.TB) *process {
	t.Helper()
	address, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{address: address, dir: t.TempDir()}
	p.start(t)
	t.Cleanup(p.kill)
	return p
}

func (p *process) start(t testing.TB) {
	t.Helper()
	p.command = exec.Command(os.Args[0])
	p.command.Env = append(os.Environ(), serveEnv+"="+p.address+" "+p.dir)
	p.command.Stderr = os.Stderr
	_, err := p.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatalf("the server's process did not start: %v", err)
	}
}

// kill ends the server as kill -9 does.
func (p *process) kill() {
	p.command.Process.Kill()
	p.command.Wait()
}

func (p *process) connect(t testing.TB) jetstream.JetStream {
	t.Helper()
	return connect(t, "nats://"+p.address)
}

// within bounds a test's calls.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
