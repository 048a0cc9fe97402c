package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/loopback"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
	"harkara/storage/postgres/pgtest"
)

// patience bounds every wait of these tests; a wait that is over makes its test fail.
const patience = 30 * time.Second

// Passwords of the world, all made up, and unlike any other text in it.
const (
	acmePassword = "canary-acme-71"
	zipPassword  = "canary-zip-72"
	smscPassword = "Kz7-pQ9w"
)

// world is one gateway with two simulated SMSCs that the package's tests share; the first that asks starts it. A test
// that runs once more (-count) gets a new one, in which what it sends is not known yet.
var world struct {
	err   error
	ended map[string]bool // tests that used it

	dir    string
	file   string // configuration
	http   string
	nats   string
	smscs  map[sms.SMSCID]*smsctest.SMSC
	db     *sqlx.DB
	closed func() // of db, and of the cluster
	serve  *running
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := endWorld(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// gateway returns the world's configuration file once the gateway is ready.
func gateway(t *testing.T) string {
	t.Helper()
	if world.ended[t.Name()] {
		if err := endWorld(); err != nil {
			t.Fatal(err)
		}
	}
	if world.dir == "" {
		world.ended, world.err = map[string]bool{}, startWorld()
	}
	if world.err != nil {
		t.Fatal(world.err)
	}
	t.Cleanup(func() { world.ended[t.Name()] = true })
	return world.file
}

// startWorld does what an operator does: write a configuration, import the register, serve.
func startWorld() (err error) {
	if world.dir, err = pgtest.Dir(); err != nil {
		return err
	}
	world.smscs = map[sms.SMSCID]*smsctest.SMSC{}
	for _, id := range []sms.SMSCID{"sim-a", "sim-b"} {
		world.smscs[id], err = smsctest.Listen("127.0.0.1:0", smsctest.Config{SystemID: "harkara", Password: smscPassword,
			Latency: time.Millisecond, ReceiptDelay: 50 * time.Millisecond})
		if err != nil {
			return err
		}
	}
	zipFile := filepath.Join(world.dir, "zipkart.password")
	if err := errors.Join(os.WriteFile(zipFile, []byte(zipPassword+"\n"), 0o600),
		os.Setenv("HARKARA_TEST_ACME", acmePassword), os.Setenv("HARKARA_TEST_SMSC", smscPassword)); err != nil {
		return err
	}
	world.http, world.nats = freeAddr(), freeAddr()
	world.file = filepath.Join(world.dir, "harkara.yaml")
	if err := os.WriteFile(world.file, fmt.Appendf(nil, `node: test
data: %s/data
nats: {listen: "%s", sync: 100ms}
http: %s
tenants:
  - {id: acme, password_env: HARKARA_TEST_ACME, headers: [ACMEBK, NEWHDR]}
  - {id: zipkart, password_file: %s, headers: [ZIPKRT]}
smscs:
  - {id: sim-a, addr: "%s", system_id: harkara, password_env: HARKARA_TEST_SMSC, binds: 2}
  - id: sim-b
    addr: "%s"
    system_id: harkara
    password_env: HARKARA_TEST_SMSC
    price: 0.15
    encoding: {long: payload}
    statuses: [{status: 0x0401, submit: throttled}]
routes:
  - match: {tenants: [acme]}
    targets: [{smsc: sim-a, weight: 3}]
    failover: [sim-b]
  - match: {tenants: [zipkart]}
    targets: [{smsc: sim-b}]
`, world.dir, world.nats, world.http, zipFile, world.smscs["sim-a"].Addr(), world.smscs["sim-b"].Addr()), 0o600); err != nil {
		return err
	}
	cfg, err := app.Load(world.file)
	if err != nil {
		return err
	}
	// Held open, so that the commands find the private cluster up and need not start and stop it each time.
	world.db, world.closed, err = app.OpenDatabase(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"dlt", "import", "--config", world.file, "--kind", "templates",
		"../../deploy/samples/register.csv"}, nil, &out, &errs); code != 0 || out.String() != "templates: 15 new, 0 changed, 0 unchanged, 0 refused\n" {
		return fmt.Errorf("import of the sample register: exit status %d, %s%s", code, &out, &errs)
	}
	world.serve = serve(world.file)
	return world.serve.stderr.await("ready\n")
}

func endWorld() error {
	if world.dir == "" {
		return nil
	}
	var errs []error
	if world.serve != nil {
		if code := world.serve.stop(); code != 0 {
			errs = append(errs, fmt.Errorf("serve ended with %d:\n%s", code, world.serve.stderr))
		}
	}
	if world.db != nil {
		world.closed()
	}
	for _, s := range world.smscs {
		errs = append(errs, s.Close())
	}
	errs = append(errs, os.RemoveAll(world.dir))
	world.dir, world.serve, world.db, world.smscs = "", nil, nil, nil
	return errors.Join(errs...)
}

// freeAddr finds a port of loopback that nobody listens on.
func freeAddr() string {
	addr, err := loopback.Addr()
	if err != nil {
		panic(err)
	}
	return addr
}

// running is `harkara serve` in this process.
type running struct {
	stderr *watched
	cancel context.CancelFunc
	done   chan struct{}
	code   int
}

func serve(file string) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stderr: newWatched(), cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		defer r.stderr.end()
		r.code = run(ctx, []string{"serve", "--config", file}, nil, io.Discard, r.stderr)
	}()
	return r
}

// stop is what SIGTERM does; it returns the exit status.
func (r *running) stop() int {
	r.cancel()
	<-r.done
	return r.code
}

// watched is an output that can be waited on.
type watched struct {
	mu    sync.Mutex
	text  []byte
	moved chan struct{} // closed at the next write
	ended bool
}

func newWatched() *watched { return &watched{moved: make(chan struct{})} }

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, p...)
	close(w.moved)
	w.moved = make(chan struct{})
	return len(p), nil
}

func (w *watched) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	close(w.moved)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.text)
}

// await returns when the text was written.
func (w *watched) await(text string) error {
	over := time.After(patience)
	for {
		w.mu.Lock()
		found, ended, moved := bytes.Contains(w.text, []byte(text)), w.ended, w.moved
		w.mu.Unlock()
		switch {
		case found:
			return nil
		case ended:
			return fmt.Errorf("the program ended without %q:\n%s", text, w)
		}
		select {
		case <-moved:
		case <-over:
			return fmt.Errorf("no %q after %s:\n%s", text, patience, w)
		}
	}
}

// harkara runs the program to its end.
func harkara(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return harkaraReading(t, "", args...)
}

// harkaraReading runs a command with something on its stdin.
func harkaraReading(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

// must runs a command that has to succeed and returns its stdout.
func must(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := harkara(t, args...)
	if code != 0 {
		t.Fatalf("harkara %s: exit status %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// eventually asks again until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	over, tick := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("after %s still not: %s", patience, what)
		}
	}
}

// get fetches from the console.
func get(t *testing.T, addr, path string) (status int, body string) {
	t.Helper()
	resp, err := http.Get("http://" + addr + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// lines decodes one JSON object a line.
func lines[T any](t *testing.T, text string) []T {
	t.Helper()
	var list []T
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var v T
		err := dec.Decode(&v)
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		list = append(list, v)
	}
}
