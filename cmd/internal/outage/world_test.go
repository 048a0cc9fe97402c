package outage

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"harkara/cmd/internal/app"
	"harkara/deploy/samples"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
	"harkara/storage"
)

// world is a gateway in this process, with a PostgreSQL and a NATS that are not its own, and two simulated SMSCs.
type world struct {
	dir      string
	config   *app.Config
	smscs    map[sms.SMSCID]*smsctest.SMSC
	broker   *broker
	database *database
	proxy    *proxy // between the gateway and PostgreSQL
	log      *journal
	load     atomic.Pointer[load] // nil until it has begun
	watch    *watch
}

// startTime bounds the wait for a gateway that is to become ready.
const startTime = 60 * time.Second

// newWorld starts everything, and the load. At the test's end the gateway drains; the test fails where it does not.
func newWorld(t *testing.T, database func(t *testing.T, dir string) *database) *world {
	t.Helper()
	w := &world{dir: newDir(t), smscs: map[sms.SMSCID]*smsctest.SMSC{}, log: &journal{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the gateway's log:\n%s", w.log)
		}
	})
	for _, id := range []sms.SMSCID{"sim-a", "sim-b"} {
		smsc, err := smsctest.Listen("127.0.0.1:0", smsctest.Config{SystemID: "harkara", Password: "made-up",
			Latency: 20 * time.Millisecond, ReceiptDelay: 500 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { smsc.Close() })
		w.smscs[id] = smsc
	}
	w.database, w.broker = database(t, filepath.Join(w.dir, "pg")), newBroker(t, w.dir)
	var dsn string
	w.proxy, dsn = newProxy(t, w.database)
	w.configure(t, dsn)
	w.importRegister(t)
	w.serve(t)
	w.watch = watchOf(t, w)
	w.load.Store(startLoad(t, w))
	return w
}

// newDir makes a folder with a short name (Unix sockets ask for that) that PostgreSQL's user may pass through.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hko")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// configure writes the configuration as an operator would. Class txn is held when in doubt, otp sent once more.
func (w *world) configure(t *testing.T, dsn string) {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "node: outage\ndata: %s/data\nnats: {url: %q}\npostgres: {dsn: %q}\nhttp: %q\ntenants:\n", w.dir, w.broker.url(), dsn,
		freeAddr(t))
	for _, k := range kinds {
		fmt.Fprintf(&b, "  - {id: %s, password: made-up, headers: [%s]}\n", k.tenant, k.header)
	}
	b.WriteString("smscs:\n")
	for id, smsc := range w.smscs {
		fmt.Fprintf(&b, "  - {id: %s, addr: %q, system_id: harkara, password: made-up, binds: 2, timeouts: {bind: 2s, response: 2s}}\n",
			id, smsc.Addr())
	}
	b.WriteString("routes:\n  - targets: [{smsc: sim-a, weight: 1}, {smsc: sim-b, weight: 1}]\n")
	file := filepath.Join(w.dir, "harkara.yaml")
	err := os.WriteFile(file, b.Bytes(), 0o600)
	if err == nil {
		w.config, err = app.Parse(file, b.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// importRegister puts the sample register in.
func (w *world) importRegister(t *testing.T) {
	t.Helper()
	db, closeDB, err := app.OpenDatabase(t.Context(), w.config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB()
	rows, err := dlt.Read(dlt.KindTemplate, dlt.CSV(bytes.NewReader(samples.Register)), dlt.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	from := storage.Source{File: "sample", By: "test", At: time.Now()}
	if _, err := storage.ImportRegister(t.Context(), db, rows, from, storage.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
}

// serve runs the gateway until the test ends.
func (w *world) serve(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	gateway, err := app.Open(ctx, w.config, slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- gateway.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the gateway ended with %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil // it is told here
		t.Fatalf("the gateway ended early: %v", err)
	case <-time.After(startTime):
		t.Fatalf("the gateway is not ready after %s: %v", startTime, gateway.Ready())
	}
}

// journal keeps the gateway's log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
