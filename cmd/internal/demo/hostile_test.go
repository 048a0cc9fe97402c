package demo

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"text/template"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/loopback"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// hostile is one row of the fault matrix: an SMSC of its own that misbehaves in one way, and what must hold. The proxy
// before the SMSC is what the gateway dials.
type hostile struct {
	row      int
	part     int // of several under one number
	name     string
	test     func(*testing.T, *peer)
	smsc     smsctest.Config // of the simulator; its latencies are quick's where it names none
	Binds    int             // 0: 2
	Window   int             // 0: 16
	Response time.Duration   // 0: 500 ms
	Password string          // empty: the right one

	ID, Addr, Numbers string // of the configuration
}

// TestHostile runs the rows in one gateway, side by side: each has an SMSC and numbers of its own, so that nothing that
// one SMSC does may show in another's row.
func TestHostile(t *testing.T) {
	rows := []*hostile{
		{row: 7, name: "disconnect_between_submit_and_answer", test: hostileDisconnect},
		{row: 8, name: "answer_lost_on_a_live_link", test: hostileSilence, Binds: 1, Window: 8, Response: time.Second},
		{row: 9, name: "answers_reordered_repeated_and_to_nothing", test: hostileAnswers},
		{row: 10, name: "deliver_sm_numbered_like_a_submit_in_flight", test: hostileNumbers,
			smsc: smsctest.Config{Latency: 20 * time.Millisecond,
				Faults: map[smsctest.Fault]float64{smsctest.ReceiptSeqClash: 1}}},
		{row: 11, name: "other_and_unknown_commands", test: hostileCommands},
		{row: 12, name: "malformed_pdus", test: hostileOctets, Binds: 1},
		{row: 13, name: "peer_stops_reading", test: hostileStandstill},
		{row: 14, name: "half_open", test: hostileCable},
		{row: 15, name: "latency_jitter_stall_bandwidth", test: hostileLine, Response: 2 * time.Second},
		{row: 15, name: "wide_window_on_a_narrow_line", part: 1, test: hostileNarrow,
			Binds: 1, Window: 256, Response: 2 * time.Second},
		{row: 16, name: "throttled_and_queue_full", test: hostileBusy},
		{row: 17, name: "bind_refused", test: hostileRefusal, Password: "wrong"},
		// Right behind its answer a receipt may still be projected before it, and go to who had the id before: see README.
		{row: 18, name: "restart_with_ids_reused", test: hostileRestart, smsc: smsctest.Config{TextOnly: true,
			ReceiptDelay: 200 * time.Millisecond}},
		{row: 19, name: "receipts_early_stormy_and_strange", test: hostileReceipts, smsc: smsctest.Config{
			AckTimeout: time.Minute,
			Faults:     map[smsctest.Fault]float64{smsctest.ReceiptBeforeAnswer: 0.5, smsctest.DuplicateReceipt: 0.3}}},
	}
	peers := startHostile(t, rows)
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			t.Run(row.title(), func(t *testing.T) {
				t.Parallel()
				row.test(t, peers[i])
			})
		}
	})
}

// hostileConfig is the configuration of the gateway: every number belongs to one row by its first digits. What a row
// can't take goes to the spare SMSC, but only where its own refuses us.
var hostileConfig = template.Must(template.New("hostile").Parse(`node: hostile
data: {{.Data}}
nats: {listen: "{{.NATS}}", sync: 100ms}
http: {{.HTTP}}
tenants:
  - {id: acme, password: {{.Password}}, headers: [ACMEBK]}
  - {id: zipkart, password: {{.Password}}, headers: [ZIPKRT]}
smscs:{{range .Rows}}
  - id: {{.ID}}
    addr: {{.Addr}}
    system_id: harkara
    password: {{.Password}}
    binds: {{.Binds}}
    window: {{.Window}}
    timeouts: {bind: 2s, response: {{.Response}}, enquire_link: 1s}{{end}}
routes:{{range .Rows}}
  - match: {prefixes: ["91{{.Numbers}}"]}
    targets: [{smsc: {{.ID}}}]{{if ne .Password $.Password}}
    failover: [spare]{{end}}{{end}}
in_doubt: {otp: resend_once, txn: hold, bulk: hold}
`))

// startHostile runs a gateway with an SMSC behind a proxy for each row, until the test ends.
func startHostile(t *testing.T, rows []*hostile) []*peer {
	t.Helper()
	w := &World{SMSCs: map[sms.SMSCID]*smsctest.SMSC{}, Dir: t.TempDir(), arrivals: newArrivals(), stop: func() {}}
	if err := os.Chmod(w.Dir, 0o711); err != nil { // PostgreSQL may run as another user, who must be able to pass
		t.Fatal(err)
	}
	var peers []*peer
	settings := append(rows[:len(rows):len(rows)], &hostile{ID: "spare", Numbers: "699"})
	for _, row := range settings {
		peers = append(peers, w.peer(t, row))
	}
	w.write(t, settings)
	log := slog.New(slog.DiscardHandler)
	if err := w.importRegister(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context()) // the gateway ends by Stop, with what that waits for
	if err := w.serve(ctx, log); err != nil {
		t.Fatal(err)
	}
	db, closeDB, err := app.OpenDatabase(t.Context(), w.Config, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		p.db = db
	}
	t.Cleanup(func() {
		closeDB()
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
		for _, p := range peers {
			if err := p.proxy.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return peers
}

// peer starts a row's simulator and its proxy, and fills in what its configuration needs.
func (w *World) peer(t *testing.T, row *hostile) *peer {
	t.Helper()
	if row.ID == "" {
		row.ID, row.Numbers = row.id(), row.numbers()
	}
	row.Binds, row.Window = orElse(row.Binds, 2), orElse(row.Window, 16)
	row.Response, row.Password = orElse(row.Response, 500*time.Millisecond), orElse(row.Password, password)
	cfg, usual := row.smsc, quick("")
	cfg.SystemID, cfg.Password, cfg.Seed, cfg.Seen = "harkara", password, uint64(row.row), w.arrivals.saw
	cfg.Latency, cfg.ReceiptDelay = orElse(cfg.Latency, usual.Latency), orElse(cfg.ReceiptDelay, usual.ReceiptDelay)
	cfg.AckTimeout = orElse(cfg.AckTimeout, usual.AckTimeout)
	addr, err := loopback.Addr() // row 18 starts another one there
	if err != nil {
		t.Fatal(err)
	}
	smsc, err := smsctest.Listen(addr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	proxy, err := smsctest.ListenProxy("127.0.0.1:0", smsc.Addr().String(), uint64(row.row))
	if err != nil {
		t.Fatal(err)
	}
	id := sms.SMSCID(row.ID)
	row.Addr, w.SMSCs[id] = proxy.Addr().String(), smsc
	return &peer{World: w, hostile: row, id: id, cfg: cfg, smsc: smsc, proxy: proxy}
}

// write makes the configuration file, and reads it.
func (w *World) write(t *testing.T, rows []*hostile) {
	t.Helper()
	natsAddr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	httpAddr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = hostileConfig.Execute(&b, map[string]any{"Data": filepath.Join(w.Dir, "data"), "NATS": natsAddr,
		"HTTP": httpAddr, "Password": password, "Rows": rows})
	if err != nil {
		t.Fatal(err)
	}
	w.File = filepath.Join(w.Dir, "harkara.yaml")
	if err := os.WriteFile(w.File, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.Config, err = app.Parse(w.File, b.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// peer is a row while it runs: the SMSC, the proxy before it, and what was sent there.
type peer struct {
	*World
	*hostile
	db    *sqlx.DB
	id    sms.SMSCID
	cfg   smsctest.Config
	smsc  *smsctest.SMSC
	proxy *smsctest.Proxy
	loads int // so far
}
