package natstest

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Server is one server without a listening socket; its store outlives a Stop.
type Server struct {
	server atomic.Pointer[server.Server] // connections look at it while it is replaced
	dir    string
	sync   time.Duration
}

// Start runs a server that stores in dir. sync is the interval between syncs; 0 syncs every write. It ends with the test.
func Start(t testing.TB, dir string, sync time.Duration) *Server {
	t.Helper()
	s := &Server{dir: dir, sync: sync}
	s.Restart(t)
	t.Cleanup(s.Stop)
	return s
}

// Restart runs the server again on the same store.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	made, err := server.NewServer(&server.Options{
		ServerName: "test", JetStream: true, StoreDir: s.dir, DontListen: true, NoSigs: true, NoLog: true,
		SyncAlways: s.sync == 0, SyncInterval: max(s.sync, time.Millisecond),
		JetStreamMaxMemory: 256 << 20, JetStreamMaxStore: 8 << 30,
	})
	if err != nil {
		t.Fatalf("make the NATS server: %v", err)
	}
	made.Start()
	if !made.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not take connections")
	}
	s.server.Store(made)
}

// Stop ends the server and waits for it.
func (s *Server) Stop() {
	s.server.Load().Shutdown()
	s.server.Load().WaitForShutdown()
}

// InProcessConn lets a connection follow the server through restarts.
func (s *Server) InProcessConn() (net.Conn, error) { return s.server.Load().InProcessConn() }

// JetStream connects to the server inside the process. The connection ends with the test.
func (s *Server) JetStream(t testing.TB) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.ReconnectWait(10*time.Millisecond), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatalf("jetstream: %v", err)
	}
	return js
}
