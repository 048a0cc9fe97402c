package app

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/mod/sumdb/note"

	"harkara/storage"
	"harkara/storage/ledger"
)

// TestCommandsOnAStoppedGateway: readers make and change nothing, whatever their configuration says and without the tenants'
// passwords; what a command appends it signs for, PostgreSQL or not.
func TestCommandsOnAStoppedGateway(t *testing.T) {
	cfg := &Config{Node: "gw", Data: t.TempDir(), Tenants: []Tenant{{ID: "acme", PasswordEnv: "HARKARA_TEST_NOT_SET"}}}
	cfg.NATS.Listen, cfg.NATS.Sync = "127.0.0.1:0", "100ms"
	cfg.Postgres.DSN = "postgres://nobody@127.0.0.1:1/none"
	cfg.Ledger.Keep = time.Hour
	log := slog.New(slog.DiscardHandler)
	if _, _, _, err := ReadLedger(t.Context(), cfg); !errors.Is(err, ledger.ErrNoLedger) {
		t.Fatalf("without a ledger: %v", err)
	}
	vault, err := OpenVault(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, _, end, err := reachLedger(cfg, func(js jetstream.JetStream, _ *storage.Vault) (*ledger.Ledger, func(), error) {
		l, err := ledger.Open(t.Context(), js, ledger.Config{Node: "gw", Keep: 500 * time.Hour})
		return l, func() { l.Close() }, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if alive, err := Alive(cfg); err != nil || !alive {
		t.Errorf("while the data folder is in use: %v, %v", alive, err)
	}
	end()
	if alive, err := Alive(cfg); err != nil || alive {
		t.Errorf("while nobody uses it: %v, %v", alive, err)
	}
	l, _, end, err := OpenLedger(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), ledger.Event{Kind: ledger.Planned}); err != nil {
		t.Fatal(err)
	}
	end()

	_, js, end, err := ReadLedger(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	stream, err := js.Stream(t.Context(), ledger.Stream)
	if err != nil {
		t.Fatal(err)
	}
	if keep := stream.CachedInfo().Config.MaxAge; keep != 500*time.Hour {
		t.Errorf("the ledger keeps frames for %s now", keep)
	}
	known, err := note.NewVerifier(vault.Verifier("gw-cli"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := ledger.Verify(t.Context(), js, storage.Checkpoints(t.Context(), nil, cfg.Data), note.VerifierList(known))
	if err != nil || len(found.Faults) > 0 || len(found.Nodes) != 1 || found.Nodes[0].Attested != 1 {
		t.Errorf("%+v, %v", found, err)
	}
}
