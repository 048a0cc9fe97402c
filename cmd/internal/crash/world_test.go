package crash

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/loopback"
	"harkara/deploy/samples"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// binary is the gateway, built with failpoints.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "harkara-crash-")
		if err == nil {
			defer os.RemoveAll(dir)
			binary = filepath.Join(dir, "harkara")
			build := exec.Command("go", "build", "-tags", "failpoints", "-o", binary, "harkara/cmd/harkara")
			build.Stderr = os.Stderr
			err = build.Run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "build the gateway:", err)
			return 1
		}
		return m.Run()
	}())
}

// world is what outlives a gateway: the simulators, the tenants, the folder and what the books said so far.
type world struct {
	dir      string
	ackWait  string
	stands   bool // gateways stand still
	sites    []*site
	sims     map[sms.SMSCID]*simulator
	tenants  map[sms.TenantID]*tenant
	db       *sqlx.DB
	postgres string   // the folder of its cluster
	log      *os.File // what the gateways wrote

	taken    map[string][]taken // by number: what the SMSCs accepted, all rounds
	known    map[handle]bool    // those in taken
	statuses map[name][]status  // as SMS_STATUS has them, all rounds
	status   uint64             // the last of them that was read
	requests []*request         // of all rounds
	position ledger.Position    // the ledger's end before the round
}

// site is one gateway's place: its configuration and data folder.
type site struct {
	file string
	cfg  *app.Config
}

// setting is what differs between worlds.
type setting struct {
	sites    int
	url      string // of a NATS outside; empty: the gateway's own
	postgres string // the folder of a PostgreSQL outside; empty: the gateway's own
	ackWait  string // how long JetStream waits before it brings what a killed gateway had
}

// password is everybody's; all listen on loopback.
const password = "made-up"

func newWorld(t *testing.T, set setting) *world {
	t.Helper()
	dir := folder(t)
	w := &world{dir: dir, ackWait: set.ackWait, postgres: set.postgres, sims: map[sms.SMSCID]*simulator{}, tenants: map[sms.TenantID]*tenant{},
		taken: map[string][]taken{}, known: map[handle]bool{}, statuses: map[name][]status{}}
	var err error
	if w.log, err = os.Create(filepath.Join(dir, "gateway.log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.log.Close() })
	for _, id := range []sms.SMSCID{"sim-a", "sim-b"} {
		w.sims[id] = listen(t, id)
	}
	for n := range set.sites {
		w.sites = append(w.sites, w.configure(t, n, set))
	}
	w.prepareDatabase(t)
	return w
}

// folder makes a folder that a PostgreSQL run by another user can reach, with a name short enough for its socket. It stays
// where the test fails.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hkc-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("left to be looked at: %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freeAddr finds a port on loopback that nobody listens on now.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// prepareDatabase makes the database, puts the sample register in, and opens it for us: our connections come and go with
// the server.
func (w *world) prepareDatabase(t *testing.T) {
	t.Helper()
	cfg, quiet := w.sites[0].cfg, slog.New(slog.DiscardHandler)
	db, closeDB, err := app.OpenDatabase(t.Context(), cfg, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB()
	rows, err := dlt.Read(dlt.KindTemplate, dlt.CSV(bytes.NewReader(samples.Register)), dlt.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	from := storage.Source{File: "the sample register", By: "crash test", At: time.Now()}
	if _, err := storage.ImportRegister(t.Context(), db, rows, from, storage.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	if w.postgres == "" {
		w.postgres = cfg.Data
		t.Cleanup(func() { w.stopPostgres(cfg) })
	}
	if w.db, err = sqlx.Open("postgres", dsnOf(t, w.postgres)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
}

// dsnOf is how to connect to the cluster in a folder.
func dsnOf(t *testing.T, dir string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "postgres.dsn"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

// stopPostgres stops the private cluster that a killed gateway has left: as its last user.
func (w *world) stopPostgres(cfg *app.Config) {
	_, closeDB, err := app.OpenDatabase(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err == nil {
		closeDB()
	}
}
