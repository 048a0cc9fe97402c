package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/state"
	"harkara/cmd/internal/webhook"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// childVariable makes a run of the tests a process of the service: it holds the address of NATS and the node's name.
const childVariable = "HARKARA_OTP_CHILD"

func TestMain(m *testing.M) {
	if at := os.Getenv(childVariable); at != "" {
		child(at)
		return
	}
	goleak.VerifyTestMain(m)
}

const acme sms.TenantID = "acme"

// testKeys are made up.
var testKeys = sync.OnceValues(func() (*otp.Keyring, error) {
	return otp.NewKeyring(bytes.Repeat([]byte{1}, 32), "k1", map[otp.KeyID][]byte{"k1": bytes.Repeat([]byte{2}, 32)})
})

// testPolicy is strict, without cool-down.
var testPolicy = otp.Policy{Length: 6, Alphabet: otp.Digits, Life: 5 * time.Minute, Sends: 4, Tries: 5, Cooldown: []time.Duration{0},
	LockAfter: 7, Lock: []time.Duration{time.Hour}, Workflow: []otp.Step{{Kind: otp.ByBest}}}

// world is NATS with the streams that the service needs, and the code of each challenge, read off the lane.
type world struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream

	nodes int

	mu    sync.Mutex
	codes map[string]string   // by challenge
	sends map[string][]string // request ids, by challenge
	avoid map[string][]string // of the newest send, by challenge
}

func newWorld(t testing.TB) *world {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(),
		NoLog: true, NoSigs: true, SyncInterval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS is not ready")
	}
	w := &world{server: srv, codes: map[string]string{}, sends: map[string][]string{}, avoid: map[string][]string{}}
	w.conn, w.js = connect(t, srv.ClientURL())
	_, err = w.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "SMS_SEND", Subjects: []string{"sms.*.send.*"},
		Retention: jetstream.WorkQueuePolicy, Duplicates: 10 * time.Minute})
	if err == nil {
		err = storage.OpenStatuses(t.Context(), w.js, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := w.js.CreateConsumer(t.Context(), "SMS_SEND", jetstream.ConsumerConfig{Durable: "handset", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	reading, err := consumer.Consume(w.handset)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reading.Stop(); <-reading.Closed() })
	return w
}

func connect(t testing.TB, url string, opts ...nats.Option) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	conn, err := nats.Connect(url, append(opts, nats.MaxReconnects(-1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return conn, js
}

// handset reads a code off the lane.
func (w *world) handset(msg jetstream.Msg) {
	var req struct {
		ID          string
		Vars, Avoid []string
	}
	if json.Unmarshal(msg.Data(), &req) == nil {
		challenge, _, _ := sms.OTPSend(sms.RequestID(req.ID))
		w.mu.Lock()
		w.codes[challenge] = req.Vars[0]
		w.sends[challenge] = append(w.sends[challenge], req.ID)
		w.avoid[challenge] = req.Avoid
		w.mu.Unlock()
	}
	_ = msg.Ack() // it comes again, and says the same
}

// code waits until a challenge's code is on the handset.
func (w *world) code(t testing.TB, challenge otp.ChallengeID) string {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(20 * time.Second)
	for {
		w.mu.Lock()
		code := w.codes[string(challenge)]
		w.mu.Unlock()
		if code != "" {
			return code
		}
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("no code came for challenge %s", challenge)
		}
	}
}

// config is a service's on NATS at a connection.
func config(ctx context.Context, conn *nats.Conn, js jetstream.JetStream, node string, log *slog.Logger, memory bool) (Config, func(), error) {
	store, err := state.Open(ctx, state.Config{JS: js, Memory: memory, Log: log})
	if err != nil {
		return Config{}, nil, err
	}
	book, err := ledger.Open(ctx, js, ledger.Config{Node: node})
	if err != nil {
		store.Close()
		return Config{}, nil, err
	}
	return Config{Conn: conn, JS: js, State: store, Ledger: book, Keys: testKeys, Log: log, Replicas: 1,
		Proof:   func(sms.TenantID, sms.RequestID) string { return "proof" },
		Known:   func(id sms.TenantID) bool { return id == acme || id == "zip" },
		Policy:  func(sms.TenantID, otp.Purpose) *otp.Policy { return &testPolicy },
		Check:   func(*sms.Request) (Checked, *sms.Failure) { return Checked{Slots: 1, Text: "text"}, nil },
		Profile: func(dlt.TemplateID, sms.Secret, sms.Secret) error { return nil },
		Poster:  webhook.NewPoster(nil),
	}, func() { book.Close(); store.Close() }, nil
}

// running is a service until stop.
type running struct {
	*Service
	stop func()
}

// serve runs a service until the test ends.
func (w *world) serve(t testing.TB, change func(*Config)) *Service {
	t.Helper()
	s := w.serveUntil(t, change)
	t.Cleanup(s.stop)
	return s.Service
}

func (w *world) serveUntil(t testing.TB, change func(*Config)) running {
	t.Helper()
	w.nodes++
	conn, js := connect(t, "", nats.InProcessServer(w.server)) // as a gateway with the embedded server
	cfg, end, err := config(t.Context(), conn, js, fmt.Sprintf("node-%d", w.nodes), slog.New(slog.DiscardHandler), true)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg)
	}
	s := New(cfg)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return running{s, func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		end()
	}}
}

// ask makes a call over NATS as a tenant does. An error says that no answer came.
func ask[Answer any](conn *nats.Conn, call string, body map[string]any, wait time.Duration) (answer Answer, fault *otp.Error, err error) {
	data, err := json.Marshal(body)
	if err != nil {
		return answer, nil, err
	}
	reply, err := conn.Request("sms.acme.otp."+call, data, wait)
	if err != nil {
		return answer, nil, err
	}
	var f otp.Fault
	if err := json.Unmarshal(reply.Data, &f); err != nil || f.Error != nil {
		return answer, f.Error, err
	}
	return answer, nil, json.Unmarshal(reply.Data, &answer)
}

// child is a process of the service, until it is killed.
func child(at string) {
	url, node, _ := strings.Cut(at, " ")
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	conn, err := nats.Connect(url)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	js, err := jetstream.New(conn)
	if err == nil {
		var cfg Config
		if cfg, _, err = config(ctx, conn, js, node, log, false); err == nil {
			s := New(cfg)
			if err = s.Start(ctx); err == nil {
				fmt.Println("ready")
				err = s.Run(ctx)
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// startChild starts a process of the service and waits until it takes calls.
func (w *world) startChild(t testing.TB, node string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+w.server.ClientURL()+" "+node)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	if _, err := out.Read(line); err != nil || string(line) != "ready\n" {
		_ = cmd.Process.Kill()
		t.Fatalf("a process of the service did not start: %q, %v", line, err)
	}
	return cmd
}
